// SPDX-License-Identifier: Apache-2.0
//
// Time-to-live of statements: each goes at its own time, whatever the order in which they came, and
// only behind a marker that was read back.
#include <stdio.h>

#include "cell.h"
#include "control/view.h"
#include "test.h"

enum { STATEMENTS = 40 };

static void say(struct cell *cell, int agent, int64_t ttl_ms)
{
    char json[160];
    snprintf(json, sizeof(json),
             "{\"agent\": \"a%d\", \"ttl_ms\": %lld, \"topics\": [{\"name\": \"t%d\", "
             "\"partitions\": 1}]}",
             agent, (long long)ttl_ms, agent);
    cell_say(cell, INPUT_CONTROL, json);
}

// Lets time pass and, if `is_back`, reads the marker back that is sent then.
static void pass(struct cell *cell, int64_t ms, bool is_back)
{
    struct marker marker = {.epoch = -1};
    cell->now.us += ms * 1000;
    cell_step(cell, (struct control_event){.kind = CONTROL_TICKED});
    for (uint32_t i = 0; i < cell->effects.count; i++)
        if (cell->effects.items[i].kind == EFFECT_SEND_MARKER)
            marker = cell->effects.items[i].marker;
    if (marker.epoch < 0 || !is_back)
        return;
    struct control_event event = {.kind = CONTROL_INPUT_RECEIVED};
    event.input = (struct control_input){.log = INPUT_CONTROL,
                                         .offset = cell->offsets[INPUT_CONTROL]++,
                                         .kind = RECORD_MARKER,
                                         .record = &marker};
    cell_step(cell, event);
    cell_step(cell, (struct control_event){.kind = CONTROL_TICKED});
}

static int64_t agents(const struct cell *cell)
{
    struct cell_view view;
    control_view_cell(cell->control, &view);
    return view.agents;
}

// Each goes in its second, the longest first announced.
static void each_goes_in_its_time(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    for (int i = 0; i < STATEMENTS; i++)
        say(&cell, i, 2000 + (i * 7 % STATEMENTS) * 1000);
    CHECK_INT(agents(&cell), STATEMENTS);
    int64_t before = STATEMENTS;
    for (int second = 1; second <= STATEMENTS + 4; second++) {
        pass(&cell, 1000, true);
        int64_t now = agents(&cell);
        CHECK(now <= before && now >= before - 2);
        CHECK(now >= STATEMENTS - (second > 2 ? second - 2 : 0));
        before = now;
        cell_commit(&cell);
    }
    CHECK_INT(agents(&cell), 0);
    CHECK(control_deadline(cell.control).us > cell.now.us);
    cell_end(&cell);
}

static void nothing_goes_without_a_marker(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    say(&cell, 1, 2000);
    for (int i = 0; i < 20; i++)
        pass(&cell, 1000, false);
    CHECK_INT(agents(&cell), 1);
    pass(&cell, 1000, true);
    CHECK_INT(agents(&cell), 0);
    cell_end(&cell);
}

static void repeated_in_time_it_stays(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    for (int i = 0; i < 20; i++) {
        say(&cell, 1, 3000);
        pass(&cell, 1500, true);
        cell_commit(&cell);
    }
    CHECK_INT(agents(&cell), 1);
    say(&cell, 1, 0);
    for (int i = 0; i < 20; i++)
        pass(&cell, 1500, true);
    CHECK_INT(agents(&cell), 1);
    cell_end(&cell);
}

static const struct test tests[] = {
    TEST(each_goes_in_its_time),
    TEST(nothing_goes_without_a_marker),
    TEST(repeated_in_time_it_stays),
};

TEST_MAIN("control/statement", tests)
