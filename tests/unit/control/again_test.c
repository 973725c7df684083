// SPDX-License-Identifier: Apache-2.0
//
// PD-9: a hundred thousand agents say again what they have said: nothing leaves, nothing comes
// back, nothing is published.
#include <stdio.h>

#include "cell.h"
#include "control/view.h"
#include "test.h"

enum { AGENTS = 100000, CHUNK = 25000, COLLECTORS = 4 };

static void chunk_say(struct cell *cell, int first)
{
    for (int i = first; i < first + CHUNK; i++) {
        char json[128];
        snprintf(json, sizeof(json),
                 "{\"agent\": \"a%d\", \"topics\": [{\"name\": \"t%d\", \"partitions\": 1}]}", i,
                 i);
        cell_say(cell, INPUT_CONTROL, json);
    }
}

static void set_that_is_said_again_moves_nothing(void)
{
    struct cell cell;
    struct cell_view before, after;
    cell_begin(&cell, &(struct cell_options){.is_large = true});
    for (int i = 0; i < COLLECTORS; i++)
        cell_beat(&cell, i, 1, "active", 0);
    cell_settle(&cell, COLLECTORS);
    for (int first = 0; first < AGENTS; first += CHUNK) {
        chunk_say(&cell, first);
        cell_settle(&cell, COLLECTORS);
    }
    control_view_cell(cell.control, &before);
    CHECK_INT(before.agents, AGENTS);
    CHECK_INT(before.owned, AGENTS);
    for (int first = 0; first < AGENTS; first += CHUNK) {
        chunk_say(&cell, first);
        CHECK(cell_commit(&cell));
        CHECK_INT(cell.writes.count, 1); // how far control was taken
        CHECK(text_equals(cell.writes.items[0].key, "cell"));
    }
    CHECK(!cell_commit(&cell));
    control_view_cell(cell.control, &after);
    CHECK_INT(after.moves, before.moves);
    CHECK_INT(after.owned, AGENTS);
    control_check(cell.control);
    cell_end(&cell);
}

static const struct test tests[] = {TEST(set_that_is_said_again_moves_nothing)};

TEST_MAIN("control/again", tests)
