// SPDX-License-Identifier: Apache-2.0
//
// What owners say of lost positions, and what they are told so that they notice one: a unit that
// had an owner before must have a committed position, and is never taken for a new one.
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

static const struct test tests[] = {
    TEST(first_owner_begins_and_the_next_one_goes_on),
    TEST(withdrawn_and_announced_again_is_new),
    TEST(lost_position_is_told_once_and_counted),
};

TEST_MAIN("control/lag", tests)
