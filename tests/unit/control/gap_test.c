// SPDX-License-Identifier: Apache-2.0
//
// Logs that are not as they were left: control that was made anew, that has lost its end or more of
// its start than was read. What was known stands: not yet known is never none. PD-15, MR-12.
#include <stdio.h>
#include <string.h>

#include "cell.h"
#include "control/view.h"
#include "test.h"

// "a" and "b" both announce t1; b was last and asks for 7 partitions.
static void begin(struct cell *cell)
{
    cell_begin(cell, &(struct cell_options){0});
    cell_beat(cell, 0, 1, "active", 0);
    cell_say(cell, INPUT_CONTROL,
             "{\"agent\": \"a\", \"topics\": [{\"name\": \"t1\", \"partitions\": 1}]}");
    cell_say(
        cell, INPUT_CONTROL,
        "{\"agent\": \"b\", \"topics\": [{\"name\": \"t1\", \"partitions\": 1, \"weight\": 7}, "
        "{\"name\": \"t2\", \"partitions\": 1}]}");
    cell_say(cell, INPUT_ORDERS,
             "{\"verb\": \"pool.set\", \"args\": {\"max_topics_per_collector\": \"9\"}}");
    cell_settle(cell, 1);
    CHECK_TEXT(cell_owners(cell), "c0:t1 c0:t2");
}

// Another leader finds the logs so; where it reads on and whether it has told of a gap.
static void lead_on(struct cell *next, const struct cell *cell, struct control_log control)
{
    struct control_log logs[INPUT_LOG_COUNT] = {
        control, {.end = INT64_MAX, .anchor_found = true, .anchor_time_ms = 7, .anchor_crc = 7}};
    cell_restore(next, &(struct cell_options){.hash_seed = 3, .logs = logs}, cell, 4711);
    next->options.logs = NULL;
    CHECK_TEXT(cell_owners(next), "c0:t1 c0:t2");
    CHECK_INT(next->reads[INPUT_ORDERS].next, 1);
}

static bool has_told_of_gap(const struct cell *cell)
{
    const struct event_record *event;
    for (uint32_t cursor = 0; control_next_event(cell->control, &cursor, &event);)
        if (text_equals(event->kind, "control-gap"))
            return cell->was_alarmed;
    return false;
}

// The weight that the last standing statement asks for.
static int64_t weight(const struct cell *cell, const char *topic)
{
    struct claim_view claim;
    int64_t last = -1;
    for (uint32_t cursor = 0; control_next_claim(cell->control, TEXT_LITERAL("default"),
                                                 text_of(topic), &cursor, &claim);)
        last = claim.weight;
    return last;
}

static void as_it_was_left(void)
{
    struct cell cell, next;
    begin(&cell);
    lead_on(
        &next, &cell,
        (struct control_log){.end = 9, .anchor_found = true, .anchor_time_ms = 7, .anchor_crc = 7});
    CHECK(!has_told_of_gap(&next));
    CHECK_INT(next.reads[INPUT_CONTROL].next, 2);
    cell_end(&next);
    cell_end(&cell);
}

// What was read has expired, and nothing more: no gap.
static void expired_behind_the_position(void)
{
    struct cell cell, next;
    begin(&cell);
    lead_on(&next, &cell, (struct control_log){.start = 2, .end = 9});
    CHECK(!has_told_of_gap(&next));
    CHECK_INT(next.reads[INPUT_CONTROL].next, 2);
    cell_end(&next);
    cell_end(&cell);
}

// The outage was longer than control's retention: records went unread.
static void retention_shorter_than_the_outage(void)
{
    struct cell cell, next;
    begin(&cell);
    lead_on(&next, &cell, (struct control_log){.start = 5, .end = 9});
    CHECK(has_told_of_gap(&next));
    CHECK_INT(next.reads[INPUT_CONTROL].next, 5);
    cell_end(&next);
    cell_end(&cell);
}

// Where the leader after the next one reads on.
static int64_t read_on(struct cell *third, const struct cell *next, struct control_log control)
{
    struct control_log logs[INPUT_LOG_COUNT] = {
        control, {.end = INT64_MAX, .anchor_found = true, .anchor_time_ms = 7, .anchor_crc = 7}};
    cell_restore(third, &(struct cell_options){.hash_seed = 3, .logs = logs}, next, 4711);
    return third->reads[INPUT_CONTROL].next;
}

// A gap, nothing taken since, and then it is made anew: of the new one nothing is passed over.
static void made_anew_before_anything_was_taken(void)
{
    struct cell cell, next, third;
    begin(&cell);
    lead_on(&next, &cell, (struct control_log){.start = 5, .end = 5});
    CHECK_INT(next.reads[INPUT_CONTROL].next, 5);
    CHECK_INT(read_on(&third, &next, (struct control_log){.start = 5, .end = 5}), 5);
    CHECK(!has_told_of_gap(&third));
    cell_end(&third);
    CHECK_INT(read_on(&third, &next, (struct control_log){.start = 0, .end = 9}), 0);
    CHECK(has_told_of_gap(&third));
    cell_end(&third);
    cell_end(&next);
    cell_end(&cell);
}

// The state is ahead of control, or control is another log of the same length: what is in it counts
// as said later than all that was said in the former one.
static void made_anew(struct control_log found)
{
    struct cell cell, next, third;
    begin(&cell);
    lead_on(&next, &cell, found);
    CHECK(has_told_of_gap(&next));
    CHECK_INT(next.reads[INPUT_CONTROL].next, 0);
    CHECK_INT(weight(&next, "t1"), 7);
    next.offsets[INPUT_CONTROL] = 0;
    cell_say(&next, INPUT_CONTROL,
             "{\"agent\": \"a\", \"topics\": [{\"name\": \"t1\", \"partitions\": 1, \"weight\": "
             "3}]}");
    CHECK_INT(weight(&next, "t1"), 3);
    cell_settle(&next, 1);
    CHECK_TEXT(cell_owners(&next), "c0:t1 c0:t2");
    // It is in the state, in the same order.
    cell_restore(&third, &(struct cell_options){.hash_seed = 5}, &next, 815);
    CHECK_INT(weight(&third, "t1"), 3);
    cell_end(&third);
    cell_end(&next);
    cell_end(&cell);
}

static void state_ahead_of_control(void)
{
    made_anew((struct control_log){.end = 1});
}

static void deleted_and_made_again(void)
{
    made_anew((struct control_log){.end = 0});
}

static void another_log_of_the_same_length(void)
{
    made_anew(
        (struct control_log){.end = 9, .anchor_found = true, .anchor_time_ms = 8, .anchor_crc = 7});
    made_anew(
        (struct control_log){.end = 9, .anchor_found = true, .anchor_time_ms = 7, .anchor_crc = 8});
}

static const struct test tests[] = {
    TEST(as_it_was_left),
    TEST(expired_behind_the_position),
    TEST(retention_shorter_than_the_outage),
    TEST(made_anew_before_anything_was_taken),
    TEST(state_ahead_of_control),
    TEST(deleted_and_made_again),
    TEST(another_log_of_the_same_length),
};

TEST_MAIN("control/gap", tests)
