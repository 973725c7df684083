// SPDX-License-Identifier: Apache-2.0
//
// While a stranger in the group blocks all commits, positions go with the ack of one owner into the
// bucket of the next, and no further than they are needed. S6, CB-28.
#include <stdio.h>
#include <string.h>

#include "cell.h"
#include "test.h"

static const char pool[] = "default";

// A beat of c<number>, which acknowledges its head and says where it stopped.
static void hand_over_as(struct cell *cell, int number, const char *state, const char *unit,
                         int32_t partition, int64_t position)
{
    char id[8], life[33];
    snprintf(id, sizeof(id), "c%d", number);
    snprintf(life, sizeof(life), "%016x%016x", 0xc0 + number, 1);
    struct beat_handed handed = {text_of(unit), partition, position};
    struct beat beat = {.role = TEXT_LITERAL("collector"),
                        .pool = text_of(pool),
                        .id = text_of(id),
                        .incarnation = text_of(life),
                        .seq = ++cell->seqs[number],
                        .state = text_of(state),
                        .lease_ms = 15000,
                        .applied_generation = cell->heads[number],
                        .lineage = TEXT_LITERAL("11111111111111111111111111111111"),
                        .level = RECORD_LEVEL,
                        .handed = &handed,
                        .handed_count = 1};
    cell_step(cell, (struct control_event){.kind = CONTROL_BEAT_RECEIVED, .beat = &beat});
}

static void hand_over(struct cell *cell, int number, const char *unit, int32_t partition,
                      int64_t position)
{
    hand_over_as(cell, number, "active", unit, partition, position);
}

static void committed(struct cell *cell, int number, int64_t offset)
{
    char id[8], life[33];
    snprintf(id, sizeof(id), "c%d", number);
    snprintf(life, sizeof(life), "%016x%016x", 0xc0 + number, 1);
    struct report_part part = {0, offset, offset, offset};
    struct report_unit unit = {.unit = TEXT_LITERAL("t1"),
                               .parts = &part,
                               .parts_count = 1,
                               .state = TEXT_LITERAL("reading")};
    struct report report = {.pool = text_of(pool),
                            .id = text_of(id),
                            .incarnation = text_of(life),
                            .units = &unit,
                            .units_count = 1};
    cell_step(cell, (struct control_event){.kind = CONTROL_REPORT_RECEIVED, .report = &report});
}

// "0@77" of t1 in the bucket of a collector that the last commit wrote, "" if it has no positions.
static const char *from(const struct cell *cell, int number)
{
    static char text[64];
    text[0] = '\0';
    for (int b = 0; b < 16; b++) {
        char key[32];
        snprintf(key, sizeof(key), "default/c%d/%d", number, b);
        const struct bucket *bucket = cell_value(cell, key);
        for (uint32_t i = 0; bucket != NULL && i < bucket->units_count; i++) {
            const struct bucket_unit *unit = &bucket->units[i];
            if (text_equals(unit->unit, "t1") && unit->from_count > 0)
                snprintf(text, sizeof(text), "%lld@%lld", (long long)unit->from[0].partition,
                         (long long)unit->from[0].position);
            if (text_equals(unit->unit, "t1") && unit->from_count == 0)
                snprintf(text, sizeof(text), "committed");
        }
    }
    return text;
}

static void drain(struct cell *cell, int number, const char *verb)
{
    char json[96];
    snprintf(json, sizeof(json), "{\"verb\": \"collector.%s\", \"args\": {\"collector\": \"c%d\"}}",
             verb, number);
    cell_say(cell, INPUT_ORDERS, json);
    CHECK(cell_commit(cell));
}

// c0 reads t1, c1 has nothing.
static void begin(struct cell *cell)
{
    cell_begin(cell, &(struct cell_options){0});
    cell_beat(cell, 0, 1, "active", 0);
    cell_beat(cell, 1, 1, "active", 0);
    cell_settle(cell, 2);
    cell_say(cell, INPUT_CONTROL,
             "{\"agent\": \"a\", \"topics\": [{\"name\": \"t1\", \"partitions\": 1}]}");
    cell_settle(cell, 2);
    CHECK_TEXT(cell_owners(cell), "c0:t1");
}

// "c0" drains, and has told where it stands in t1 with its acknowledgement.
static void begin_handing_over(struct cell *cell)
{
    begin(cell);
    drain(cell, 0, "drain");
    hand_over(cell, 0, "t1", 0, 77);
}

static void position_goes_with_the_ack(void)
{
    struct cell cell;
    begin_handing_over(&cell);
    CHECK(cell_commit(&cell));
    CHECK_TEXT(cell_owners(&cell), "c1:t1");
    CHECK_TEXT(from(&cell, 1), "0@77");
    cell_settle(&cell, 2);
    // The next owner cannot commit either, and dies without a word: the position is good still.
    drain(&cell, 0, "undrain");
    cell_beat(&cell, 1, 1, "leaving", cell.heads[1]);
    CHECK(cell_commit(&cell));
    CHECK_TEXT(cell_owners(&cell), "c0:t1");
    CHECK_TEXT(from(&cell, 0), "0@77");
    cell_end(&cell);
}

static void committed_as_far_it_is_over(void)
{
    struct cell cell;
    begin_handing_over(&cell);
    CHECK(cell_commit(&cell));
    committed(&cell, 1, 80);
    cell_settle(&cell, 2);
    drain(&cell, 0, "undrain");
    drain(&cell, 1, "drain");
    cell_beat(&cell, 1, 1, "active", cell.heads[1]);
    CHECK(cell_commit(&cell));
    CHECK_TEXT(from(&cell, 0), "committed");
    cell_end(&cell);
}

// Who does not let go of the unit has nothing to hand over.
static void nobody_else_hands_over(void)
{
    struct cell cell;
    begin(&cell);
    hand_over(&cell, 1, "t1", 0, 5);
    hand_over(&cell, 0, "t1", 0, 6);
    drain(&cell, 0, "drain");
    hand_over(&cell, 0, "t1", -1, 7);
    CHECK(cell_commit(&cell));
    CHECK_TEXT(from(&cell, 1), "committed");
    cell_end(&cell);
}

// Nobody had asked it to let go: both beats of its stop were read in one turn.
static void who_leaves_hands_over_what_it_owns(void)
{
    struct cell cell;
    begin(&cell);
    cell_beat(&cell, 0, 1, "draining", cell.heads[0]);
    hand_over_as(&cell, 0, "leaving", "t1", 0, 77);
    CHECK(cell_commit(&cell));
    CHECK_TEXT(cell_owners(&cell), "c1:t1");
    CHECK_TEXT(from(&cell, 1), "0@77");
    cell_end(&cell);
}

// It was given the unit again, and leaves before it knows.
static void what_it_handed_over_before_is_old(void)
{
    struct cell cell;
    begin_handing_over(&cell);
    cell_settle(&cell, 2);
    drain(&cell, 0, "undrain");
    drain(&cell, 1, "drain");
    hand_over(&cell, 1, "t1", 0, 100);
    CHECK(cell_commit(&cell));
    CHECK_TEXT(from(&cell, 0), "0@100");
    drain(&cell, 1, "undrain");
    hand_over_as(&cell, 0, "leaving", "t1", 0, 77);
    CHECK(cell_commit(&cell));
    CHECK_TEXT(from(&cell, 1), "0@100");
    cell_end(&cell);
}

// The next life of the same id has the same units, by a bucket that tells the position.
static void it_goes_on_there_itself(void)
{
    struct cell cell;
    begin(&cell);
    cell_say(&cell, INPUT_ORDERS,
             "{\"verb\": \"pool.set\", \"args\": {\"bounce_delay\": \"60000\"}}");
    cell_settle(&cell, 2);
    hand_over_as(&cell, 0, "leaving", "t1", 0, 77);
    CHECK(cell_commit(&cell));
    CHECK_TEXT(from(&cell, 0), "0@77");
    cell.seqs[0] = 0;
    cell_beat(&cell, 0, 2, "joining", 0);
    CHECK(cell_commit(&cell));
    CHECK_TEXT(cell_owners(&cell), "c0:t1");
    cell_end(&cell);
}

static void report_missing(struct cell *cell, int number)
{
    char id[8], life[33];
    snprintf(id, sizeof(id), "c%d", number);
    snprintf(life, sizeof(life), "%016x%016x", 0xc0 + number, 1);
    struct report_unit unit = {.unit = TEXT_LITERAL("t1"), .state = TEXT_LITERAL("missing")};
    struct report report = {.pool = text_of(pool),
                            .id = text_of(id),
                            .incarnation = text_of(life),
                            .units = &unit,
                            .units_count = 1};
    cell_step(cell, (struct control_event){.kind = CONTROL_REPORT_RECEIVED, .report = &report});
}

static void made_again(struct cell *cell)
{
    struct control_topic_answer item = {.topic = TEXT_LITERAL("t1"), .partitions = 1};
    struct control_event event = {.kind = CONTROL_TOPICS_ANSWERED};
    event.topics.items = &item;
    event.topics.count = 1;
    cell_step(cell, event);
    CHECK(cell_commit(cell));
}

// A topic that is made again is another log, in which the position would skip records.
static void position_in_a_topic_that_is_gone_is_forgotten(void)
{
    struct cell cell;
    begin_handing_over(&cell);
    CHECK(cell_commit(&cell));
    CHECK_TEXT(from(&cell, 1), "0@77");
    cell_settle(&cell, 2);
    report_missing(&cell, 1);
    cell_settle(&cell, 2);
    made_again(&cell);
    CHECK_TEXT(cell_owners(&cell), "c1:t1");
    CHECK_TEXT(from(&cell, 1), "committed");
    cell_end(&cell);
}

// Nor does its owner bring it back with the ack.
static void who_lets_go_of_what_is_gone_hands_over_nothing(void)
{
    struct cell cell;
    begin(&cell);
    report_missing(&cell, 0);
    CHECK(cell_commit(&cell));
    hand_over(&cell, 0, "t1", 0, 77);
    cell_settle(&cell, 2);
    made_again(&cell);
    CHECK_TEXT(cell_owners(&cell), "c0:t1");
    CHECK_TEXT(from(&cell, 0), "committed");
    cell_end(&cell);
}

static const struct test tests[] = {
    TEST(who_leaves_hands_over_what_it_owns),
    TEST(what_it_handed_over_before_is_old),
    TEST(it_goes_on_there_itself),
    TEST(position_in_a_topic_that_is_gone_is_forgotten),
    TEST(who_lets_go_of_what_is_gone_hands_over_nothing),
    TEST(position_goes_with_the_ack),
    TEST(committed_as_far_it_is_over),
    TEST(nobody_else_hands_over),
};

TEST_MAIN("control/handed", tests)
