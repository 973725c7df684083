// SPDX-License-Identifier: Apache-2.0
//
// What owners say of lost positions, and what they are told so that they notice one: a unit that
// had an owner before must have a committed position, and is never taken for a new one. And what is
// known of a unit that nobody reads, or that nobody reports on.
#include <stdio.h>
#include <string.h>

#include "cell.h"
#include "control/view.h"
#include "proto/unit.h"
#include "test.h"

static void announce(struct cell *cell, const char *topic)
{
    char json[160];
    snprintf(json, sizeof(json),
             "{\"agent\": \"a\", \"mode\": \"add\", \"topics\": [{\"name\": \"%s\", "
             "\"partitions\": 1}]}",
             topic);
    cell_say(cell, INPUT_CONTROL, json);
}

// What the bucket of the unit says of it, as written in the last commit: 1 = begun, 0 = not, -1 =
// it was not written.
static int begun(const struct cell *cell, int collector, const char *name)
{
    char key[32];
    snprintf(key, sizeof(key), "default/c%d/%u", collector, unit_bucket(text_of(name)));
    const struct bucket *bucket = cell_value(cell, key);
    for (uint32_t i = 0; bucket != NULL && i < bucket->units_count; i++)
        if (text_equals(bucket->units[i].unit, name))
            return bucket->units[i].begun;
    return -1;
}

static void first_owner_begins_and_the_next_one_goes_on(void)
{
    struct cell cell, next;
    cell_begin(&cell, &(struct cell_options){0});
    cell_beat(&cell, 0, 1, "active", 0);
    cell_settle(&cell, 1);
    announce(&cell, "t1");
    cell_commit(&cell);
    CHECK_INT(begun(&cell, 0, "t1"), 0);
    cell_settle(&cell, 1);
    // Its owner goes while somebody else leads: what the state says is enough.
    cell_restore(&next, &(struct cell_options){.hash_seed = 3}, &cell, 7);
    cell_beat(&next, 1, 1, "active", 0);
    cell_commit(&next);
    cell_beat(&next, 0, 1, "leaving", next.heads[0]);
    cell_commit(&next);
    CHECK_TEXT(cell_owners(&next), "c1:t1");
    CHECK_INT(begun(&next, 1, "t1"), 1);
    // A topic that comes now is new.
    announce(&next, "t2");
    cell_commit(&next);
    CHECK_INT(begun(&next, 1, "t2"), 0);
    cell_end(&next);
    cell_end(&cell);
}

static void withdrawn_and_announced_again_is_new(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    cell_beat(&cell, 0, 1, "active", 0);
    announce(&cell, "t1");
    cell_settle(&cell, 1);
    cell_say(&cell, INPUT_CONTROL, "{\"agent\": \"a\", \"topics\": []}");
    cell_settle(&cell, 1);
    CHECK_TEXT(cell_owners(&cell), "");
    announce(&cell, "t1");
    cell_commit(&cell);
    CHECK_INT(begun(&cell, 0, "t1"), 0);
    cell_end(&cell);
}

static void report(struct cell *cell, int life, const char *state, int64_t lost)
{
    char words[33];
    snprintf(words, sizeof(words), "%016x%016x", 0xc0, life);
    struct report_unit unit = {
        .unit = TEXT_LITERAL("t1"), .lag = -1, .state = text_of(state), .positions_lost = lost};
    struct report said = {.pool = TEXT_LITERAL("default"),
                          .id = TEXT_LITERAL("c0"),
                          .incarnation = text_of(words),
                          .units = &unit,
                          .units_count = 1};
    cell_step(cell, (struct control_event){.kind = CONTROL_REPORT_RECEIVED, .report = &said});
    cell_commit(cell);
}

static int64_t lost(const struct cell *cell)
{
    struct cell_view view;
    control_view_cell(cell->control, &view);
    return view.positions_lost;
}

// The texts of the events about lost positions that the last commit wrote.
static const char *told(const struct cell *cell)
{
    static char text[256];
    const struct event_record *event;
    text[0] = '\0';
    for (uint32_t cursor = 0; control_next_event(cell->control, &cursor, &event);)
        if (text_equals(event->kind, "unit.position_lost"))
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%.*s: %.*s|",
                     TEXT_ARGS(event->subject), TEXT_ARGS(event->text));
    return text;
}

static void lost_position_is_told_once_and_counted(void)
{
    struct cell cell;
    struct unit_view unit;
    uint32_t cursor = 0;
    cell_begin(&cell, &(struct cell_options){0});
    cell_beat(&cell, 0, 1, "active", 0);
    announce(&cell, "t1");
    cell_settle(&cell, 1);
    report(&cell, 1, "reading", 0);
    CHECK(!cell.was_alarmed);
    report(&cell, 1, "holding", 1);
    CHECK(cell.was_alarmed);
    report(&cell, 1, "holding", 1);
    report(&cell, 1, "reading", 1);
    CHECK_INT(lost(&cell), 1);
    CHECK_TEXT(told(&cell), "t1: it has lost its position and waits for another on_gap|");
    REQUIRE(control_next_unit(cell.control, &cursor, &unit));
    CHECK_INT(unit.positions_lost, 1);
    // Another life counts from its own start; a lie is no number.
    cell_beat(&cell, 0, 1, "leaving", cell.heads[0]);
    cell_commit(&cell);
    cell_beat(&cell, 0, 2, "joining", 0);
    cell_settle(&cell, 0);
    report(&cell, 2, "reading", 1);
    CHECK_INT(lost(&cell), 2);
    report(&cell, 2, "reading", -5);
    report(&cell, 2, "reading", INT64_MAX);
    CHECK_INT(lost(&cell), 2);
    cell_end(&cell);
}

// ---- Nobody reports.

static void report_read(struct cell *cell, int number, int64_t taken, int64_t end,
                        int64_t oldest_ms)
{
    char id[8], life[33];
    snprintf(id, sizeof(id), "c%d", number);
    snprintf(life, sizeof(life), "%016x%016x", 0xc0 + number, 1);
    struct report_part part = {0, taken, taken, end};
    struct report_unit unit = {.unit = TEXT_LITERAL("t1"),
                               .parts = &part,
                               .parts_count = 1,
                               .lag = end - taken,
                               .oldest_unprocessed_ms = oldest_ms,
                               .records_per_s = 5,
                               .state = TEXT_LITERAL("reading")};
    struct report said = {.pool = TEXT_LITERAL("default"),
                          .id = text_of(id),
                          .incarnation = text_of(life),
                          .units = &unit,
                          .units_count = 1};
    cell_step(cell, (struct control_event){.kind = CONTROL_REPORT_RECEIVED, .report = &said});
}

static struct unit_view first_unit(const struct cell *cell)
{
    struct unit_view unit = {0};
    uint32_t cursor = 0;
    REQUIRE(control_next_unit(cell->control, &cursor, &unit));
    return unit;
}

static struct lag_view pool_lag(const struct cell *cell)
{
    struct lag_view lag;
    control_view_lag(cell->control, TEXT_LITERAL("default"), &lag);
    return lag;
}

// Seconds pass, in which the collectors beat; until a question about ends is put.
static void seconds(struct cell *cell, int count, int collectors)
{
    for (int i = 0; i < count && cell->ends_count == 0; i++) {
        cell->now.us += 1000000;
        cell_hear_own(cell);
        for (int c = 0; c < collectors; c++)
            cell_beat(cell, c, 1, "active", cell->heads[c]);
        cell_step(cell, (struct control_event){.kind = CONTROL_TICKED});
    }
}

static void answer(struct cell *cell, int64_t committed, int64_t end)
{
    struct control_end_answer item = {
        .topic = TEXT_LITERAL("t1"), .partition = 0, .end = end, .committed = committed};
    struct control_event event = {.kind = CONTROL_ENDS_ANSWERED};
    REQUIRE(cell->ends_count == 1 && cell->ends[0].wants_committed);
    CHECK_INT(cell->ends[0].partition, 0);
    event.ends.number = cell->ends_number;
    event.ends.items = &item;
    event.ends.count = 1;
    cell->ends_count = 0;
    cell_step(cell, event);
}

// A unit whose owner has read it to offset 100 and is gone.
static void begin_orphan(struct cell *cell, int64_t end, int64_t oldest_ms)
{
    cell_begin(cell, &(struct cell_options){0});
    cell_beat(cell, 0, 1, "active", 0);
    announce(cell, "t1");
    cell_settle(cell, 1);
    report_read(cell, 0, 100, end, oldest_ms);
    CHECK_INT(first_unit(cell).lag, end - 100);
    cell_beat(cell, 0, 1, "leaving", cell->heads[0]);
    cell_commit(cell);
    CHECK_TEXT(cell_owners(cell), "");
}

static void nobody_reads_is_no_lag_of_zero(void)
{
    struct cell cell;
    begin_orphan(&cell, 100, 0);
    struct unit_view unit = first_unit(&cell);
    CHECK_INT(unit.lag, -1);
    CHECK_INT(unit.end, -1);
    CHECK_INT(unit.oldest_unprocessed_ms, -1);
    CHECK_INT(unit.records_per_s, 0);
    CHECK_INT(unit.reader_state.size, 0);
    CHECK_INT(unit.committed, 100);
    CHECK_INT(pool_lag(&cell).unknown, 1);
    CHECK_INT(pool_lag(&cell).records_per_s, 0);
    CHECK_INT(control_view_oldest_ms(cell.control, TEXT_LITERAL("default")), -1);
    cell_end(&cell);
}

static void log_that_nobody_reads_is_asked_about(void)
{
    struct cell cell;
    begin_orphan(&cell, 100, 0);
    seconds(&cell, 10, 0);
    answer(&cell, 100, 200);
    struct unit_view unit = first_unit(&cell);
    CHECK_INT(unit.lag, 100);
    CHECK_INT(unit.end, 200);
    CHECK_INT(pool_lag(&cell).unknown, 0);
    CHECK_INT(pool_lag(&cell).records, 100);
    cell.now.us += 7000000;
    cell_step(&cell, (struct control_event){.kind = CONTROL_TICKED});
    // It grows older from when it was seen to be behind, also over the next answer.
    CHECK(first_unit(&cell).oldest_unprocessed_ms >= 7000);
    seconds(&cell, 10, 0);
    answer(&cell, 100, 201);
    CHECK_INT(first_unit(&cell).lag, 101);
    CHECK(control_view_oldest_ms(cell.control, TEXT_LITERAL("default")) >= 7000);
    // Nobody can say: what was committed stays known, nothing else.
    seconds(&cell, 10, 0);
    answer(&cell, -1, -1);
    CHECK_INT(first_unit(&cell).lag, -1);
    CHECK_INT(first_unit(&cell).committed, 100);
    CHECK_INT(pool_lag(&cell).unknown, 1);
    cell_end(&cell);
}

static void age_goes_on_from_what_the_last_owner_said(void)
{
    struct cell cell;
    begin_orphan(&cell, 150, 60000);
    seconds(&cell, 10, 0);
    answer(&cell, 100, 200);
    CHECK(first_unit(&cell).oldest_unprocessed_ms >= 60000);
    seconds(&cell, 10, 0);
    answer(&cell, 200, 200);
    CHECK_INT(first_unit(&cell).lag, 0);
    CHECK_INT(first_unit(&cell).oldest_unprocessed_ms, 0);
    cell_end(&cell);
}

static void next_owner_has_the_position_until_it_reports(void)
{
    struct cell cell;
    begin_orphan(&cell, 150, 60000);
    seconds(&cell, 10, 0);
    answer(&cell, 100, 200);
    cell_beat(&cell, 1, 1, "active", 0);
    cell_commit(&cell);
    CHECK_TEXT(cell_owners(&cell), "c1:t1");
    CHECK_INT(first_unit(&cell).committed, 100);
    CHECK_INT(first_unit(&cell).position, 100);
    CHECK_INT(first_unit(&cell).lag, -1);
    // Who is read is not asked about, and an answer of before says nothing of it.
    seconds(&cell, 20, 2);
    CHECK_INT(cell.ends_count, 0);
    report_read(&cell, 1, 180, 200, 61000);
    CHECK_INT(first_unit(&cell).lag, 20);
    CHECK_INT(pool_lag(&cell).unknown, 0);
    cell_end(&cell);
}

// USERS: producer silent, collector behind: seconds go on growing.
static void owner_that_reports_no_more_is_further_behind(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    cell_beat(&cell, 0, 1, "active", 0);
    announce(&cell, "t1");
    cell_settle(&cell, 1);
    report_read(&cell, 0, 100, 150, 7000);
    seconds(&cell, 10, 1);
    CHECK_INT(first_unit(&cell).oldest_unprocessed_ms, 7000);
    seconds(&cell, 30, 1);
    CHECK(first_unit(&cell).oldest_unprocessed_ms >= 47000);
    CHECK(control_view_oldest_ms(cell.control, TEXT_LITERAL("default")) >= 47000);
    report_read(&cell, 0, 150, 150, 0);
    seconds(&cell, 40, 1);
    CHECK_INT(first_unit(&cell).oldest_unprocessed_ms, 0);
    report_read(&cell, 0, 150, 151, INT64_MAX);
    seconds(&cell, 40, 1);
    CHECK(first_unit(&cell).oldest_unprocessed_ms > 0);
    cell_end(&cell);
}

static struct collector_view first_collector(const struct cell *cell)
{
    struct collector_view view = {0};
    uint32_t cursor = 0;
    REQUIRE(control_next_collector(cell->control, cell->now, &cursor, &view));
    return view;
}

static void sink_that_refuses_is_told_with_its_answer(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    cell_beat(&cell, 0, 1, "active", 0);
    announce(&cell, "t1");
    cell_settle(&cell, 1);
    report(&cell, 1, "sink refuses: cannot write to '/x': No space left on device", 0);
    CHECK(text_equals(first_unit(&cell).reader_state, "sink refuses"));
    CHECK(text_equals(first_unit(&cell).sink_answer,
                      "cannot write to '/x': No space left on device"));
    CHECK_INT(first_collector(&cell).units_refused, 1);
    CHECK(text_equals(first_collector(&cell).sink_answer,
                      "cannot write to '/x': No space left on device"));
    report(&cell, 1, "sink refuses", 0);
    CHECK_INT(first_unit(&cell).sink_answer.size, 0);
    CHECK_INT(first_collector(&cell).units_refused, 1);
    report(&cell, 1, "reading", 0);
    CHECK_INT(first_collector(&cell).units_refused, 0);
    CHECK_INT(first_collector(&cell).sink_answer.size, 0);
    report(&cell, 1, "a word that is much too long for one: ", 0);
    CHECK(text_equals(first_unit(&cell).reader_state, "a word that is "));
    cell_end(&cell);
}

static const struct test tests[] = {
    TEST(first_owner_begins_and_the_next_one_goes_on),
    TEST(withdrawn_and_announced_again_is_new),
    TEST(lost_position_is_told_once_and_counted),
    TEST(nobody_reads_is_no_lag_of_zero),
    TEST(log_that_nobody_reads_is_asked_about),
    TEST(age_goes_on_from_what_the_last_owner_said),
    TEST(next_owner_has_the_position_until_it_reports),
    TEST(owner_that_reports_no_more_is_further_behind),
    TEST(sink_that_refuses_is_told_with_its_answer),
};

TEST_MAIN("control/lag", tests)
