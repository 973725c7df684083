// SPDX-License-Identifier: Apache-2.0
//
// A split topic that is shorter than was announced: what is there is left alone, the rest is
// missing and comes back when the topic has grown.
#include <stdio.h>

#include "cell.h"
#include "control/view.h"
#include "proto/unit.h"
#include "test.h"

static void announce(struct cell *cell, int partitions)
{
    char json[160];
    snprintf(json, sizeof(json),
             "{\"agent\": \"a\", \"topics\": [{\"name\": \"s\", \"partitions\": %d, "
             "\"split\": true}]}",
             partitions);
    cell_say(cell, INPUT_CONTROL, json);
}

// c0 finds no such partition.
static void miss(struct cell *cell, const char *name)
{
    struct report_unit unit = {.unit = text_of(name), .lag = -1, .state = TEXT_LITERAL("missing")};
    struct report said = {.pool = TEXT_LITERAL("default"),
                          .id = TEXT_LITERAL("c0"),
                          .incarnation = TEXT_LITERAL("00000000000000c00000000000000001"),
                          .units = &unit,
                          .units_count = 1};
    cell_step(cell, (struct control_event){.kind = CONTROL_REPORT_RECEIVED, .report = &said});
}

static void answer(struct cell *cell, int partitions)
{
    struct control_topic_answer item = {.topic = TEXT_LITERAL("s"), .partitions = partitions};
    struct control_event event = {.kind = CONTROL_TOPICS_ANSWERED};
    event.topics.items = &item;
    event.topics.count = 1;
    cell_step(cell, event);
}

// "0 owned, 1 owned, 2 missing": each part and its state.
static const char *parts(const struct cell *cell)
{
    static char line[256];
    int size = 0;
    line[0] = '\0';
    for (int64_t partition = 0; partition < 8; partition++) {
        struct unit_view unit;
        for (uint32_t cursor = 0; control_next_unit(cell->control, &cursor, &unit);)
            if (unit.partition == partition)
                size += snprintf(line + size, sizeof(line) - (size_t)size, "%s%lld %.*s",
                                 size > 0 ? ", " : "", (long long)partition, TEXT_ARGS(unit.state));
    }
    return line;
}

// Generation of the newest head of c0.
static int64_t head(const struct cell *cell)
{
    return cell->heads[0];
}

static void begin(struct cell *cell, int partitions)
{
    cell_begin(cell, &(struct cell_options){0});
    cell_beat(cell, 0, 1, "active", 0);
    cell_settle(cell, 1);
    announce(cell, partitions);
    cell_settle(cell, 1);
}

// Announced are 4, Kafka has 2.
static void shorten(struct cell *cell)
{
    begin(cell, 4);
    miss(cell, "s/2");
    cell_commit(cell);
    CHECK_INT(cell->asked, 1);
    answer(cell, 2);
    CHECK(cell_commit(cell));
    CHECK_TEXT(parts(cell), "0 owned, 1 owned, 2 revoking, 3 revoking");
    cell_settle(cell, 1);
    CHECK_TEXT(parts(cell), "0 owned, 1 owned, 2 missing, 3 missing");
}

static void only_what_is_beyond_is_taken_and_once(void)
{
    struct cell cell;
    shorten(&cell);
    int64_t before = head(&cell);
    for (int i = 0; i < 3; i++) {
        miss(&cell, "s/3");
        answer(&cell, 2);
        announce(&cell, 4);
        cell_settle(&cell, 1);
        CHECK_TEXT(parts(&cell), "0 owned, 1 owned, 2 missing, 3 missing");
    }
    CHECK_INT(head(&cell), before);
    cell_end(&cell);
}

// What is in a part that was not there is new: it is read from its beginning.
static void it_comes_back_when_the_topic_grows(void)
{
    struct cell cell;
    char key[32];
    shorten(&cell);
    answer(&cell, 3);
    CHECK(cell_commit(&cell));
    CHECK_TEXT(parts(&cell), "0 owned, 1 owned, 2 owned, 3 missing");
    snprintf(key, sizeof(key), "default/c0/%u", unit_bucket(TEXT_LITERAL("s/2")));
    const struct bucket *bucket = cell_value(&cell, key);
    REQUIRE(bucket != NULL && bucket->units_count == 1);
    REQUIRE(bucket->units[0].from_count == 1);
    CHECK_INT(bucket->units[0].from[0].position, 0);
    answer(&cell, 4);
    cell_settle(&cell, 1);
    CHECK_TEXT(parts(&cell), "0 owned, 1 owned, 2 owned, 3 owned");
    cell_end(&cell);
}

// Kafka has it after all: nothing was taken from anybody.
static void a_report_alone_takes_nothing(void)
{
    struct cell cell;
    begin(&cell, 4);
    int64_t before = head(&cell);
    miss(&cell, "s/2");
    cell_settle(&cell, 1);
    answer(&cell, 4);
    cell_settle(&cell, 1);
    CHECK_TEXT(parts(&cell), "0 owned, 1 owned, 2 owned, 3 owned");
    CHECK_INT(head(&cell), before);
    cell_end(&cell);
}

// Nothing more is announced than there is: then the rest is gone, and not missing.
static void announced_shorter_it_has_no_more_parts(void)
{
    struct cell cell;
    shorten(&cell);
    announce(&cell, 2);
    cell_settle(&cell, 1);
    CHECK_TEXT(parts(&cell), "0 owned, 1 owned");
    cell_end(&cell);
}

static void without_its_first_part_all_of_it_is_missing(void)
{
    struct cell cell;
    begin(&cell, 2);
    miss(&cell, "s/0");
    cell_settle(&cell, 1);
    CHECK_TEXT(parts(&cell), "0 missing, 1 missing");
    answer(&cell, 2);
    cell_settle(&cell, 1);
    CHECK_TEXT(parts(&cell), "0 owned, 1 owned");
    cell_end(&cell);
}

static void the_state_knows_it(void)
{
    for (uint64_t seed = 0; seed < 5; seed++) {
        struct cell cell, next;
        shorten(&cell);
        cell_restore(&next, &(struct cell_options){.hash_seed = 3}, &cell, seed);
        cell_settle(&next, 0);
        CHECK_TEXT(parts(&next), "0 owned, 1 owned, 2 missing, 3 missing");
        CHECK_INT(next.asked, 1);
        answer(&next, 2);
        cell_settle(&next, 0);
        CHECK_TEXT(parts(&next), "0 owned, 1 owned, 2 missing, 3 missing");
        answer(&next, 4);
        cell_commit(&next);
        CHECK_TEXT(parts(&next), "0 owned, 1 owned, 2 owned, 3 owned");
        cell_end(&next);
        cell_end(&cell);
    }
}

static const struct test tests[] = {
    TEST(only_what_is_beyond_is_taken_and_once),
    TEST(it_comes_back_when_the_topic_grows),
    TEST(a_report_alone_takes_nothing),
    TEST(announced_shorter_it_has_no_more_parts),
    TEST(without_its_first_part_all_of_it_is_missing),
    TEST(the_state_knows_it),
};

TEST_MAIN("control/topic", tests)
