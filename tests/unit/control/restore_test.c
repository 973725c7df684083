// SPDX-License-Identifier: Apache-2.0
//
// CB-9, CB-42, MR-12, PD-20: a coordinator restored from what another one wrote goes on
// byte for byte as that one does, from the whole log and from a compacted one in any order, with
// any seed of its hashes. The state alone is the truth.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "test.h"
#include "wire/wire.h"

enum { COLLECTORS = 4 };

struct dice {
    uint64_t state;
};

static uint32_t roll(struct dice *dice, uint32_t below)
{
    dice->state = dice->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(dice->state >> 33) % below;
}

static void say_something(struct cell *cell, struct dice *dice)
{
    static const char *const modes[] = {"set", "add", "add", "remove"};
    char json[256];
    uint32_t topic = roll(dice, 12);
    snprintf(json, sizeof(json),
             "{\"agent\": \"agent%u\", \"mode\": \"%s\", \"topics\": [{\"name\": \"t%u\", "
             "\"partitions\": %u, \"split\": %s}, {\"name\": \"u%u\", \"partitions\": 1}]}",
             roll(dice, 3), modes[roll(dice, 4)], topic, 1 + roll(dice, 3),
             topic % 4 == 0 && roll(dice, 2) ? "true" : "false", topic);
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
        "{\"verb\": \"agent.forget\", \"args\": {\"agent\": \"agent2\"}}"};
    cell_say(cell, INPUT_ORDERS, orders[roll(dice, 6)]);
}

// One batch of what the dice say; the same dice, the same events.
static void round_play(struct cell *cell, struct dice *dice)
{
    uint32_t said = roll(dice, 4);
    for (uint32_t i = 0; i < said; i++)
        say_something(cell, dice);
    if (roll(dice, 5) == 0)
        order_something(cell, dice);
    for (int i = 0; i < COLLECTORS; i++) {
        uint32_t mood = roll(dice, 10);
        if (mood < 6)
            cell_beat(cell, i, 1, "active", cell->heads[i]);
        else if (mood == 9 && i > 1)
            cell_beat(cell, i, 1, "leaving", cell->heads[i]);
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

static void compare(const struct cell *a, const struct cell *b, bool epochs_differ)
{
    static struct cell_write writes[2][4096];
    uint32_t counts[2] = {select_writes(a, epochs_differ, writes[0]),
                          select_writes(b, epochs_differ, writes[1])};
    CHECK_INT(counts[1], counts[0]);
    for (uint32_t i = 0; i < counts[0] && i < counts[1]; i++) {
        const struct cell_write *left = &writes[0][i], *right = &writes[1][i];
        bool is_equal = text_equal(left->key, right->key) && text_equal(left->value, right->value);
        CHECK(is_equal);
        if (!is_equal) {
            write_tell(left);
            write_tell(right);
        }
    }
}

static void play(uint64_t seed)
{
    struct cell first, whole, compacted;
    struct dice dice = {seed};
    cell_begin(&first, &(struct cell_options){.hash_seed = seed});
    for (int i = 0; i < 30; i++)
        round_play(&first, &dice);
    cell_restore(&whole, &(struct cell_options){.hash_seed = seed + 1}, &first, 0);
    cell_restore(&compacted, &(struct cell_options){.hash_seed = seed + 2}, &first, seed * 2 + 1);
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
    for (uint64_t seed = 1; seed <= 20; seed++)
        play(seed);
}

static const struct test tests[] = {TEST(restored_goes_on_byte_for_byte)};

TEST_MAIN("control/restore", tests)
