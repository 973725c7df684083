// SPDX-License-Identifier: Apache-2.0
//
// The level of a cell: what it begins with, who keeps it down, who is kept out.
#include "cell.h"
#include "control/view.h"
#include "test.h"

static int64_t level(const struct cell *cell)
{
    struct cell_view view;
    control_view_cell(cell->control, &view);
    CHECK_INT(control_level(cell->control), view.level);
    return view.level;
}

// A second, in which the own beat goes out and comes back.
static void second(struct cell *cell)
{
    cell->now.us += 1000000;
    cell_step(cell, (struct control_event){.kind = CONTROL_TICKED});
    cell_hear_own(cell);
}

static void upgrade(struct cell *cell)
{
    cell_say(cell, INPUT_ORDERS, "{\"verb\": \"cell.upgrade\"}");
}

static void a_new_cell_is_of_the_level_that_all_know(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){.level = 3});
    CHECK_INT(level(&cell), 3);
    cell_end(&cell);
    cell_begin(&cell, &(struct cell_options){.level = 3, .peer = 2});
    CHECK_INT(level(&cell), 2);
    cell_end(&cell);
}

// A peer that was not heard yet may be there all the same.
static void a_leader_that_has_just_begun_waits(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){.level = 2, .peer = 1});
    cell_hear_peer(&cell, 2);
    upgrade(&cell);
    CHECK_TEXT(cell.reason, "order 'cell.upgrade': this leader has not listened for long "
                            "enough to know every member: try again");
    for (int i = 0; i < 7; i++)
        second(&cell);
    cell_hear_peer(&cell, 2);
    upgrade(&cell);
    CHECK_TEXT(cell.reason, "");
    CHECK_INT(level(&cell), 2);
    cell_end(&cell);
}

static void who_knows_less_is_named(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){.level = 2, .peer = 1});
    cell_beat(&cell, 0, 1, "active", 0); // knows RECORD_LEVEL
    for (int i = 0; i < 7; i++)
        second(&cell);
    cell_hear_peer(&cell, 1);
    upgrade(&cell);
    CHECK_TEXT(cell.reason, "order 'cell.upgrade': coordinator 'south' knows level 1, "
                            "collector 'default/c0' knows level 1, the next one is 2: replace what "
                            "is older first");
    // South is silent for long enough; the collector leaves.
    cell_beat(&cell, 0, 1, "leaving", 0);
    cell_commit(&cell);
    for (int i = 0; i < 7; i++)
        second(&cell);
    upgrade(&cell);
    CHECK_TEXT(cell.reason, "");
    CHECK_INT(level(&cell), 2);
    // It comes back, and is not admitted: its head names nobody.
    cell_beat(&cell, 0, 2, "joining", 0);
    CHECK(cell.was_alarmed);
    cell_commit(&cell);
    const struct head *head = cell_value(&cell, "default/c0");
    REQUIRE(head != NULL);
    CHECK_INT(head->level, 2);
    CHECK_INT(head->incarnation.size, 0);
    upgrade(&cell);
    CHECK_TEXT(cell.reason, ""); // as it is already
    CHECK_INT(level(&cell), 2);
    cell_end(&cell);
}

static void nobody_falls_back(void)
{
    struct cell cell, older;
    cell_begin(&cell, &(struct cell_options){.level = 2});
    cell_restore(&older, &(struct cell_options){.level = 2}, &cell, 99);
    CHECK_INT(level(&older), 2);
    cell_end(&older);
    cell_end(&cell);
}

static const struct test tests[] = {
    TEST(a_new_cell_is_of_the_level_that_all_know),
    TEST(a_leader_that_has_just_begun_waits),
    TEST(who_knows_less_is_named),
    TEST(nobody_falls_back),
};

TEST_MAIN("control/upgrade", tests)
