// SPDX-License-Identifier: Apache-2.0
//
// CB-9, CB-42, MR-12, PD-20: a coordinator restored from what another one wrote goes on
// byte for byte as that one does, from the whole log and from a compacted one in any order, with
// any seed of its hashes. The state alone is the truth. MR-25: so the limits of a policy hold after
// a restart as before.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "test.h"
#include "wire/wire.h"

enum { COLLECTORS = 4 };

struct dice {
    uint64_t state;
    int left[COLLECTORS]; // lives of each that are over
};

static uint32_t roll(struct dice *dice, uint32_t below)
{
    dice->state = dice->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(dice->state >> 33) % below;
}

static const char *labels_pick(struct dice *dice)
{
    static const char *const sets[] = {"",
                                       ", \"labels\": {\"csp\": \"aws\"}",
                                       ", \"labels\": {\"csp\": \"gcp\", \"zone\": \"west\"}",
                                       ", \"labels\": {\"zone\": \"east\"}",
                                       ", \"labels\": {\"pin\": \"c2\"}",
                                       ", \"labels\": {\"csp\": \"azure\"}"};
    return sets[roll(dice, 6)];
}

static void say_something(struct cell *cell, struct dice *dice)
{
    static const char *const modes[] = {"set", "add", "add", "remove"};
    char json[512];
    uint32_t topic = roll(dice, 12);
    uint32_t agent = roll(dice, 3), mode = roll(dice, 4), partitions = 1 + roll(dice, 3);
    bool is_split = topic % 4 == 0 && roll(dice, 2);
    uint32_t weight = 1 + roll(dice, 40);
    const char *topic_labels = labels_pick(dice), *agent_labels = labels_pick(dice);
    snprintf(json, sizeof(json),
             "{\"agent\": \"agent%u\", \"mode\": \"%s\"%s, \"topics\": [{\"name\": \"t%u\", "
             "\"partitions\": %u, \"split\": %s, \"weight\": %u%s}, {\"name\": \"u%u\", "
             "\"partitions\": 1}]}",
             agent, modes[mode], agent_labels, topic, partitions, is_split ? "true" : "false",
             weight, topic_labels, topic);
    cell_say(cell, INPUT_CONTROL, json);
}

static void order_something(struct cell *cell, struct dice *dice)
{
    static const char *const orders[] = {
        "{\"verb\": \"pool.set\", \"args\": {\"max_topics_per_collector\": \"3\"}}",
        "{\"verb\": \"pool.set\", \"args\": {\"max_topics_per_collector\": \"none\"}}",
        "{\"verb\": \"pool.set\", \"args\": {\"start\": \"latest\"}}",
        "{\"verb\": \"collector.drain\", \"args\": {\"collector\": \"c1\"}}",
        "{\"verb\": \"collector.undrain\", \"args\": {\"collector\": \"c1\"}}",
        "{\"verb\": \"collector.rotate\", \"args\": {\"collector\": \"c1\"}}",
        "{\"verb\": \"agent.forget\", \"args\": {\"agent\": \"agent2\"}}",
        "{\"verb\": \"pool.set\", \"args\": {\"group_by\": \"csp\", \"other\": \"gcp\"}}",
        "{\"verb\": \"pool.set\", \"args\": {\"group_by\": \"none\", \"other\": \"none\"}}",
        "{\"verb\": \"pool.set\", \"args\": {\"balance\": \"weight\"}}",
        "{\"verb\": \"pool.set\", \"args\": {\"affinity\": \"zone\"}}",
        "{\"verb\": \"pool.set\", \"args\": {\"spread_by\": \"host\", \"spread_max\": \"4\"}}",
        "{\"verb\": \"pool.set\", \"args\": {\"mode\": \"pack\"}}",
        "{\"verb\": \"pool.reset\"}"};
    cell_say(cell, INPUT_ORDERS, orders[roll(dice, sizeof(orders) / sizeof(orders[0]))]);
}

// One batch of what the dice say; the same dice, the same events.
static void round_play(struct cell *cell, struct dice *dice)
{
    uint32_t said = roll(dice, 4);
    for (uint32_t i = 0; i < said; i++)
        say_something(cell, dice);
    if (roll(dice, 3) == 0)
        order_something(cell, dice);
    for (int i = 0; i < COLLECTORS; i++) {
        uint32_t mood = roll(dice, 10);
        if (mood < 6)
            cell_beat(cell, i, 1 + dice->left[i], "active", cell->heads[i]);
        else if (mood == 9 && i > 1)
            cell_beat(cell, i, 1 + dice->left[i]++, "leaving", cell->heads[i]);
    }
    cell_commit(cell);
}

static int compare_writes(const void *a, const void *b)
{
    const struct cell_write *left = a, *right = b;
    int order = (int)left->target - (int)right->target;
    if (order == 0)
        order = text_compare(left->key, right->key);
    return order != 0 ? order : text_compare(left->value, right->value);
}

// What must be equal between leaders of different epochs: all but cell, heads and events.
static bool is_compared(const struct cell_write *write, bool epochs_differ)
{
    if (!epochs_differ)
        return true;
    return write->kind != RECORD_STATE_CELL && write->kind != RECORD_HEAD &&
           write->target != WRITE_EVENT;
}

static uint32_t select_writes(const struct cell *cell, bool epochs_differ,
                              struct cell_write *ret_writes)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < cell->writes.count; i++)
        if (is_compared(&cell->writes.items[i], epochs_differ))
            ret_writes[count++] = cell->writes.items[i];
    qsort(ret_writes, count, sizeof(*ret_writes), compare_writes);
    return count;
}

static void write_tell(const struct cell_write *write)
{
    struct wire_record decoded;
    struct arena arena = {0};
    struct buffer json = {0};
    if (write->value.data != NULL &&
        wire_decode(write->value, &arena, NULL, &decoded, NULL) == STATUS_OK)
        wire_encode_json(decoded.kind, decoded.record, &json);
    printf("     %.*s = %s\n", TEXT_ARGS(write->key), buffer_string(&json));
    buffer_finish(&json);
    arena_finish(&arena);
}

// The same bytes; between leaders of different epochs placement numbers may be others, as long as
// their order is the same: what was given to units that are gone is given again.
static bool is_equal(const struct cell_write *left, const struct cell_write *right,
                     bool epochs_differ)
{
    struct wire_record decoded[2];
    struct arena arena = {0};
    if (!text_equal(left->key, right->key) || text_equal(left->value, right->value))
        return text_equal(left->key, right->key);
    if (!epochs_differ || left->kind != RECORD_STATE_UNIT || left->value.data == NULL ||
        right->value.data == NULL)
        return false;
    REQUIRE(wire_decode(left->value, &arena, NULL, &decoded[0], NULL) == STATUS_OK);
    REQUIRE(wire_decode(right->value, &arena, NULL, &decoded[1], NULL) == STATUS_OK);
    struct buffer bytes[2] = {{0}, {0}};
    for (int i = 0; i < 2; i++) {
        struct state_unit unit = *(const struct state_unit *)decoded[i].record;
        unit.placement = unit.placement < 0 ? -1 : 0;
        wire_encode_avro(RECORD_STATE_UNIT, &unit, &bytes[i]);
    }
    bool equal = text_equal(buffer_text(&bytes[0]), buffer_text(&bytes[1]));
    buffer_finish(&bytes[0]);
    buffer_finish(&bytes[1]);
    arena_finish(&arena);
    return equal;
}

static void compare(const struct cell *a, const struct cell *b, bool epochs_differ)
{
    static struct cell_write writes[2][4096];
    uint32_t counts[2] = {select_writes(a, epochs_differ, writes[0]),
                          select_writes(b, epochs_differ, writes[1])};
    CHECK_INT(counts[1], counts[0]);
    for (uint32_t i = 0; i < counts[0] && i < counts[1]; i++) {
        bool same = is_equal(&writes[0][i], &writes[1][i], epochs_differ);
        CHECK(same);
        if (!same) {
            write_tell(&writes[0][i]);
            write_tell(&writes[1][i]);
        }
    }
}

static void play(uint64_t seed)
{
    struct cell first, whole, compacted;
    struct dice dice = {.state = seed};
    struct beat_capacity capacity = {.weight = seed % 3 == 0 ? 60 : 0};
    cell_begin(&first, &(struct cell_options){.hash_seed = seed, .capacity = capacity});
    for (int i = 0; i < 30; i++)
        round_play(&first, &dice);
    cell_restore(&whole, &(struct cell_options){.hash_seed = seed + 1, .capacity = capacity},
                 &first, 0);
    cell_restore(&compacted, &(struct cell_options){.hash_seed = seed + 2, .capacity = capacity},
                 &first, seed * 2 + 1);
    first.now.us += 1000000;
    CHECK_TEXT(cell_owners(&whole), cell_owners(&first));
    for (int i = 0; i < 15; i++) {
        struct dice dices[3] = {dice, dice, dice};
        round_play(&first, &dices[0]);
        round_play(&whole, &dices[1]);
        round_play(&compacted, &dices[2]);
        dice = dices[0];
        compare(&whole, &compacted, false);
        compare(&first, &whole, true);
    }
    cell_end(&first);
    cell_end(&whole);
    cell_end(&compacted);
}

static void restored_goes_on_byte_for_byte(void)
{
    for (uint64_t seed = 1; seed <= 40; seed++)
        play(seed);
}

static void announce_one(struct cell *cell, const char *pool, const char *topic)
{
    char json[256];
    snprintf(json, sizeof(json),
             "{\"pool\": \"%s\", \"agent\": \"a\", \"mode\": \"add\", \"topics\": [{\"name\": "
             "\"%s\", \"partitions\": 1}]}",
             pool, topic);
    cell_say(cell, INPUT_CONTROL, json);
    cell_commit(cell);
}

// The number that the next unit of the pool is placed with.
static int64_t next_placement(struct cell *cell, const char *pool, const char *topic)
{
    char key[64];
    announce_one(cell, pool, topic);
    snprintf(key, sizeof(key), "unit/%s/%s", pool, topic);
    const struct state_unit *unit = cell_value(cell, key);
    REQUIRE(unit != NULL);
    return unit->placement;
}

// Numbers are each pool's own: what is placed last moves first, among its own.
static void each_pool_goes_on_behind_its_own_last_placement(void)
{
    struct cell first, second;
    static const char *const pools[] = {"default", "p2", "p3"};
    cell_begin(&first, &(struct cell_options){.hash_seed = 5});
    for (int p = 1; p < 3; p++) {
        char json[128];
        snprintf(json, sizeof(json), "{\"verb\": \"pool.create\", \"pool\": \"%s\"}", pools[p]);
        cell_say(&first, INPUT_ORDERS, json);
        cell_commit(&first);
    }
    for (int p = 0; p < 3; p++) {
        cell_beat_in(&first, pools[p], p, 1, "active", 0);
        cell_commit(&first);
        for (int i = 0; i < 5 - 2 * p; i++) {
            char topic[32];
            snprintf(topic, sizeof(topic), "t%d%d", p, i);
            announce_one(&first, pools[p], topic);
        }
    }
    cell_restore(&second, &(struct cell_options){.hash_seed = 6}, &first, 77);
    int64_t numbers[3];
    for (int p = 0; p < 3; p++) {
        numbers[p] = next_placement(&first, pools[p], "next");
        CHECK_INT(next_placement(&second, pools[p], "next"), numbers[p]);
    }
    CHECK(numbers[0] > numbers[1] && numbers[1] > numbers[2]);
    cell_end(&first);
    cell_end(&second);
}

static const struct test tests[] = {
    TEST(restored_goes_on_byte_for_byte),
    TEST(each_pool_goes_on_behind_its_own_last_placement),
};

TEST_MAIN("control/restore", tests)
