// SPDX-License-Identifier: Apache-2.0
//
// What was taken away is gone, from memory too, however many names there have been. PD-3.
// MUSTER_NAMES=1000000 is a million of them, and takes half a minute.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cell.h"
#include "control/view.h"
#include "test.h"

#ifdef __SANITIZE_ADDRESS__
size_t __sanitizer_get_current_allocated_bytes(void); // of its runtime, which has no header
static size_t bytes_used(void)
{
    return __sanitizer_get_current_allocated_bytes();
}
#else
// glibc counts as used what it keeps for the next small allocation, so only the sanitizer can say.
static size_t bytes_used(void)
{
    return 0;
}
#endif

enum { TOPICS = 500, ROUNDS_FIRST = 20, NAMES = 200000 };

static void say_round(struct cell *cell, int round, bool is_there)
{
    struct buffer json = {0};
    buffer_print(&json, "{\"agent\": \"agent%d\", \"source\": \"s%d\", \"topics\": [", round,
                 round);
    for (int i = 0; i < TOPICS && is_there; i++)
        buffer_print(&json,
                     "%s{\"name\": \"topic.%d.%d\", \"partitions\": 2, \"split\": %s, \"weight\": "
                     "%d, \"labels\": {\"name\": \"n%d\"}}",
                     i > 0 ? ", " : "", round, i, i % 7 == 0 ? "true" : "false", i + 1, round);
    buffer_add_string(&json, "]}");
    cell_say(cell, INPUT_CONTROL, buffer_string(&json));
    buffer_finish(&json);
    cell_settle(cell, 2);
}

// The cell keeps all that was written, for a restore that does not come.
static void log_drop(struct cell *cell)
{
    for (uint32_t i = 0; i < cell->log.count; i++) {
        memory_release((char *)(uintptr_t)cell->log.items[i].key.data);
        memory_release((char *)(uintptr_t)cell->log.items[i].value.data);
    }
    cell->log.count = 0;
}

// Whether every collector has been told that it has nothing.
static void check_told(const struct cell *cell)
{
    struct collector_view view;
    for (uint32_t cursor = 0;
         control_next_collector(cell->control, (struct instant){0}, &cursor, &view);) {
        CHECK_INT(view.units, 0);
        CHECK_INT(view.revoking, 0);
        CHECK_INT(view.applied_generation, view.generation);
    }
}

static void names_that_come_and_go_leave_nothing_behind(void)
{
    struct cell cell;
    struct cell_view view;
    size_t before = 0;
    const char *asked = getenv("MUSTER_NAMES");
    int rounds = (asked ? atoi(asked) : NAMES) / TOPICS;
    cell_begin(&cell, &(struct cell_options){.agent_topics_max = TOPICS, .is_large = true});
    cell_beat(&cell, 0, 1, "active", 0);
    cell_beat(&cell, 1, 1, "active", 0);
    cell_settle(&cell, 2);
    for (int round = 0; round < rounds; round++) {
        say_round(&cell, round, true);
        control_view_cell(cell.control, &view);
        CHECK_INT(view.topics, TOPICS);
        say_round(&cell, round, false);
        check_told(&cell);
        log_drop(&cell);
        if (round == ROUNDS_FIRST)
            before = bytes_used();
    }
    control_view_cell(cell.control, &view);
    CHECK_INT(view.topics, 0);
    CHECK_INT(view.units, 0);
    CHECK_INT(view.agents, 0);
    CHECK_INT(bytes_used(), before);
    cell_end(&cell);
}

static const struct test tests[] = {TEST(names_that_come_and_go_leave_nothing_behind)};

TEST_MAIN("control/forget", tests)
