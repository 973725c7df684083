// SPDX-License-Identifier: Apache-2.0
//
// What is concluded from what is read where a log's anchor was: "not there" has the whole log read
// from its start, so it must be true.

#include <stdlib.h>

#include "base/hash.h"
#include "daemon/coordinator_inner.h"
#include "test.h"

#define ANCHOR 7

static struct coordinator coordinator;

static void room_open(void)
{
    struct control_options options = {.prefix = TEXT_LITERAL("muster"),
                                      .id = TEXT_LITERAL("k1"),
                                      .incarnation =
                                          TEXT_LITERAL("0123456789abcdef0123456789abcdef"),
                                      .lineage = TEXT_LITERAL("L1"),
                                      .default_pool = TEXT_LITERAL("default"),
                                      .beat_interval = span_of_ms(1000),
                                      .leader_timeout = span_of_ms(5000)};
    struct state_position positions[INPUT_LOG_COUNT] = {
        [INPUT_CONTROL] = {.next = ANCHOR + 1, .anchor_offset = ANCHOR},
        [INPUT_ORDERS] = {.next = 0, .anchor_offset = -1}};
    coordinator = (struct coordinator){.control = control_create(&options)};
    check_start(&coordinator, positions);
    coordinator.check.stage = CHECK_ANCHORS;
    coordinator.check.is_waiting[INPUT_CONTROL] = true;
    coordinator.check.deadline = INSTANT_NEVER;
}

static void room_close(void)
{
    control_destroy(coordinator.control);
    control_effects_finish(&coordinator.effects);
}

static void hear(enum kafka_record_kind kind, int64_t offset)
{
    struct kafka_record record = {.kind = kind,
                                  .tag = KAFKA_CELL_CONTROL,
                                  .offset = offset,
                                  .timestamp_ms = 42,
                                  .value = TEXT_LITERAL("hello")};
    check_record(&coordinator, &record);
}

static void record_at_the_anchor_is_compared(void)
{
    room_open();
    hear(KAFKA_RECORD, ANCHOR);
    CHECK_INT(coordinator.check.stage, CHECK_NONE);
    CHECK(coordinator.check.logs[INPUT_CONTROL].anchor_found);
    CHECK_INT(coordinator.check.logs[INPUT_CONTROL].anchor_time_ms, 42);
    CHECK_INT(coordinator.check.logs[INPUT_CONTROL].anchor_crc, hash_crc32(text_of("hello")));
    room_close();
}

static void record_behind_the_anchor_says_that_it_is_gone(void)
{
    room_open();
    hear(KAFKA_RECORD, ANCHOR + 1);
    CHECK_INT(coordinator.check.stage, CHECK_NONE);
    CHECK(!coordinator.check.logs[INPUT_CONTROL].anchor_found);
    room_close();
}

// A broker that has just become the leader may not yet know how far its log may be read.
static void end_at_the_anchor_is_waited_out(void)
{
    room_open();
    hear(KAFKA_END_OF_PARTITION, ANCHOR);
    CHECK_INT(coordinator.check.stage, CHECK_ANCHORS);
    hear(KAFKA_RECORD, ANCHOR);
    CHECK_INT(coordinator.check.stage, CHECK_NONE);
    CHECK(coordinator.check.logs[INPUT_CONTROL].anchor_found);
    room_close();
}

static void end_behind_the_anchor_says_that_it_is_gone(void)
{
    room_open();
    hear(KAFKA_END_OF_PARTITION, ANCHOR + 1);
    CHECK_INT(coordinator.check.stage, CHECK_NONE);
    CHECK(!coordinator.check.logs[INPUT_CONTROL].anchor_found);
    room_close();
}

static void position_that_is_lost_is_looked_for_again(void)
{
    room_open();
    hear(KAFKA_OFFSET_LOST, ANCHOR);
    CHECK_INT(coordinator.check.stage, CHECK_STARTS);
    CHECK_INT(coordinator.check.positions[INPUT_CONTROL].anchor_offset, ANCHOR);
    room_close();
}

static void check_that_takes_too_long_begins_again_with_the_same_positions(void)
{
    room_open();
    coordinator.check.deadline = (struct instant){0};
    check_turn(&coordinator, loop_now());
    CHECK_INT(coordinator.check.stage, CHECK_STARTS);
    CHECK_INT(coordinator.check.positions[INPUT_CONTROL].next, ANCHOR + 1);
    CHECK_INT(coordinator.check.positions[INPUT_CONTROL].anchor_offset, ANCHOR);
    CHECK_INT(coordinator.check.positions[INPUT_ORDERS].anchor_offset, -1);
    room_close();
}

static const struct test tests[] = {
    TEST(record_at_the_anchor_is_compared),
    TEST(record_behind_the_anchor_says_that_it_is_gone),
    TEST(end_at_the_anchor_is_waited_out),
    TEST(end_behind_the_anchor_says_that_it_is_gone),
    TEST(position_that_is_lost_is_looked_for_again),
    TEST(check_that_takes_too_long_begins_again_with_the_same_positions),
};

TEST_MAIN("daemon/coordinator_check", tests)
