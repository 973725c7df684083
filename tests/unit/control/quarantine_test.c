// SPDX-License-Identifier: Apache-2.0
//
// A unit that its owners fail on is given to nobody any more; the others go on. TG-10.
#include <stdio.h>
#include <string.h>

#include "cell.h"
#include "control/view.h"
#include "test.h"

static const char *state(const struct cell *cell, const char *name)
{
    static char text[160];
    struct unit_view unit;
    text[0] = '\0';
    for (uint32_t cursor = 0; control_next_unit(cell->control, &cursor, &unit);)
        if (text_equals(unit.name, name))
            snprintf(text, sizeof(text), "%.*s", TEXT_ARGS(unit.state));
    return text;
}

// The owner of the unit, whichever that is, reports on it.
static void report(struct cell *cell, const char *name, const char *word)
{
    struct unit_view view;
    char owner[8] = "", life[33];
    for (uint32_t cursor = 0; control_next_unit(cell->control, &cursor, &view);)
        if (text_equals(view.name, name))
            snprintf(owner, sizeof(owner), "%.*s", TEXT_ARGS(view.owner));
    REQUIRE(owner[0] == 'c');
    snprintf(life, sizeof(life), "%016x%016x", 0xc0 + owner[1] - '0', 1);
    struct report_unit unit = {.unit = text_of(name),
                               .lag = strcmp(word, "reading") == 0 ? 0 : -1,
                               .state = text_of(word)};
    struct report said = {.pool = TEXT_LITERAL("default"),
                          .id = text_of(owner),
                          .incarnation = text_of(life),
                          .units = &unit,
                          .units_count = 1};
    cell_step(cell, (struct control_event){.kind = CONTROL_REPORT_RECEIVED, .report = &said});
    cell_settle(cell, 2);
}

static void announce(struct cell *cell)
{
    cell_say(cell, INPUT_CONTROL,
             "{\"agent\": \"a\", \"topics\": [{\"name\": \"t1\", \"partitions\": 1}, {\"name\": "
             "\"t2\", \"partitions\": 1}]}");
    cell_settle(cell, 2);
}

static void begin(struct cell *cell)
{
    cell_begin(cell, &(struct cell_options){0});
    cell_beat(cell, 0, 1, "active", 0);
    cell_beat(cell, 1, 1, "active", 0);
    cell_settle(cell, 2);
    announce(cell);
    CHECK_TEXT(cell_owners(cell), "c0:t1 c1:t2");
}

static void fail(struct cell *cell, int times)
{
    for (int i = 0; i < times; i++)
        report(cell, "t1", "failed");
}

static void third_failure_in_a_row_is_the_last(void)
{
    struct cell cell, next;
    begin(&cell);
    fail(&cell, 2);
    CHECK_TEXT(state(&cell, "t1"), "owned");
    CHECK(!cell.was_alarmed);
    fail(&cell, 1);
    CHECK_TEXT(state(&cell, "t1"), "quarantined");
    CHECK_TEXT(cell_owners(&cell), "c1:t2");
    CHECK(cell.was_alarmed);
    cell_restore(&next, &(struct cell_options){.hash_seed = 9}, &cell, 31);
    cell_settle(&next, 2);
    CHECK_TEXT(state(&next, "t1"), "quarantined");
    cell_say(&next, INPUT_ORDERS, "{\"verb\": \"topic.retry\", \"args\": {\"topic\": \"t1\"}}");
    CHECK_TEXT(next.reason, "");
    cell_settle(&next, 2);
    CHECK_TEXT(state(&next, "t1"), "owned");
    cell_say(&next, INPUT_ORDERS, "{\"verb\": \"topic.retry\", \"args\": {\"topic\": \"t1\"}}");
    CHECK_TEXT(next.reason, "order 'topic.retry': it is not in quarantine");
    cell_end(&next);
    cell_end(&cell);
}

static void announced_again_it_has_another_try(void)
{
    struct cell cell;
    begin(&cell);
    fail(&cell, 3);
    CHECK_TEXT(state(&cell, "t1"), "quarantined");
    announce(&cell);
    CHECK_TEXT(state(&cell, "t1"), "owned");
    fail(&cell, 3);
    CHECK_TEXT(state(&cell, "t1"), "quarantined");
    cell_say(&cell, INPUT_CONTROL, "{\"agent\": \"a\", \"topics\": []}");
    cell_settle(&cell, 2);
    CHECK_TEXT(state(&cell, "t1"), "");
    cell_end(&cell);
}

static void an_owner_that_gets_on_clears_the_count(void)
{
    struct cell cell;
    begin(&cell);
    for (int i = 0; i < 4; i++) {
        fail(&cell, 2);
        report(&cell, "t1", "reading");
    }
    CHECK_TEXT(state(&cell, "t1"), "owned");
    cell_say(&cell, INPUT_ORDERS,
             "{\"verb\": \"pool.set\", \"args\": {\"quarantine_after\": \"1\"}}");
    cell_settle(&cell, 2);
    fail(&cell, 1);
    CHECK_TEXT(state(&cell, "t1"), "quarantined");
    CHECK_TEXT(cell_owners(&cell), "c1:t2");
    cell_end(&cell);
}

static void set_limit(struct cell *cell, const char *after)
{
    char json[120];
    snprintf(json, sizeof(json),
             "{\"verb\": \"pool.set\", \"args\": {\"quarantine_after\": \"%s\"}}", after);
    cell_say(cell, INPUT_ORDERS, json);
    cell_settle(cell, 2);
}

static void another_number_counts_at_once(void)
{
    struct cell cell;
    begin(&cell);
    fail(&cell, 3);
    CHECK_TEXT(state(&cell, "t1"), "quarantined");
    set_limit(&cell, "5");
    CHECK_TEXT(state(&cell, "t1"), "owned");
    fail(&cell, 1);
    CHECK_TEXT(state(&cell, "t1"), "owned");
    set_limit(&cell, "2");
    CHECK_TEXT(state(&cell, "t1"), "quarantined");
    CHECK_TEXT(cell_owners(&cell), "c1:t2");
    cell_end(&cell);
}

// A unit that has failed before moves like any other.
static void moves_with_a_failure_behind_it(void)
{
    struct cell cell;
    begin(&cell);
    fail(&cell, 1);
    CHECK_TEXT(cell_owners(&cell), "c0:t1 c1:t2");
    cell_say(&cell, INPUT_ORDERS,
             "{\"verb\": \"collector.drain\", \"args\": {\"collector\": \"c0\"}}");
    cell_settle(&cell, 2);
    CHECK_TEXT(cell_owners(&cell), "c1:t1 c1:t2");
    cell_end(&cell);
}

static const struct test tests[] = {
    TEST(third_failure_in_a_row_is_the_last),     TEST(announced_again_it_has_another_try),
    TEST(an_owner_that_gets_on_clears_the_count), TEST(another_number_counts_at_once),
    TEST(moves_with_a_failure_behind_it),
};

TEST_MAIN("control/quarantine", tests)
