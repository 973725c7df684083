// SPDX-License-Identifier: Apache-2.0
//
// CB-26: announcements that name no pool reach the right one by the pools' match rules.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "control/view.h"
#include "test.h"

static void pool(struct cell *cell, const char *name, const char *match)
{
    char json[300];
    snprintf(json, sizeof(json),
             "{\"pool\": \"%s\", \"verb\": \"pool.create\", \"args\": {\"match\": \"%s\"}}", name,
             match);
    cell_say(cell, INPUT_ORDERS, json);
    CHECK_TEXT(cell->reason, "");
}

static void match(struct cell *cell, const char *name, const char *rules)
{
    char json[300];
    snprintf(json, sizeof(json),
             "{\"pool\": \"%s\", \"verb\": \"pool.set\", \"args\": {\"match\": \"%s\"}}", name,
             rules);
    cell_say(cell, INPUT_ORDERS, json);
    CHECK_TEXT(cell->reason, "");
}

// Topics named with blanks between them; `more` is put into the announcement.
static void say(struct cell *cell, const char *agent, const char *mode, const char *topics,
                const char *more)
{
    char json[2000], copy[200];
    char *rest = NULL;
    snprintf(copy, sizeof(copy), "%s", topics);
    size_t used = (size_t)snprintf(json, sizeof(json),
                                   "{\"agent\": \"%s\", \"mode\": \"%s\", %s\"topics\": [", agent,
                                   mode, more);
    const char *comma = "";
    for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
        used += (size_t)snprintf(json + used, sizeof(json) - used,
                                 "%s{\"name\": \"%s\", \"partitions\": 1}", comma, name);
        comma = ", ";
    }
    snprintf(json + used, sizeof(json) - used, "]}");
    cell_say(cell, INPUT_CONTROL, json);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(a, b);
}

// "default:t1 edge:t2": the topics of each pool.
static const char *places(const struct cell *cell)
{
    static char text[2000];
    char lines[64][64];
    struct unit_view unit;
    uint32_t cursor = 0, count = 0;
    size_t used = 0;
    while (count < 64 && control_next_unit(cell->control, &cursor, &unit))
        snprintf(lines[count++], sizeof(lines[0]), "%.*s:%.*s", TEXT_ARGS(unit.pool),
                 TEXT_ARGS(unit.name));
    qsort(lines, count, sizeof(lines[0]), compare_lines);
    text[0] = '\0';
    for (uint32_t i = 0; i < count; i++)
        used +=
            (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i > 0 ? " " : "", lines[i]);
    return text;
}

// CB-26
static void cluster_and_vm_agents_reach_their_pools(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    pool(&cell, "cluster", "label.kind=cluster");
    pool(&cell, "vm", "label.kind=vm agent=vm-*");
    say(&cell, "k1", "set", "t1", "\"labels\": {\"kind\": \"cluster\"}, ");
    say(&cell, "m1", "set", "t2", "\"labels\": {\"kind\": \"vm\"}, ");
    say(&cell, "vm-7", "set", "t3", "");
    say(&cell, "z", "set", "t4", "");
    CHECK_TEXT(places(&cell), "cluster:t1 default:t4 vm:t2 vm:t3");
    say(&cell, "k1", "add", "t5", "");
    CHECK_TEXT(places(&cell), "cluster:t1 cluster:t5 default:t4 vm:t2 vm:t3");
    cell_end(&cell);
}

static void first_pool_by_name_wins(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    pool(&cell, "m", "name=t*");
    pool(&cell, "b", "name=t1*");
    pool(&cell, "z", "name=*");
    say(&cell, "x", "set", "t1 t12 t2 u", "");
    CHECK_TEXT(places(&cell), "b:t1 b:t12 m:t2 z:u");
    say(&cell, "x", "set", "t2", "");
    CHECK_TEXT(places(&cell), "m:t2");
    say(&cell, "x", "set", "", "");
    CHECK_TEXT(places(&cell), "");
    cell_end(&cell);
}

// Rules that change move a statement with the next announcement, not before.
static void changed_rules_move_at_the_next_announcement(void)
{
    struct cell cell, next;
    cell_begin(&cell, &(struct cell_options){0});
    pool(&cell, "edge", "name=t1");
    say(&cell, "x", "set", "t1 t2 t3", "");
    CHECK_TEXT(places(&cell), "default:t2 default:t3 edge:t1");
    match(&cell, "edge", "name=t2");
    CHECK_TEXT(places(&cell), "default:t2 default:t3 edge:t1");
    CHECK(cell_commit(&cell));
    cell_restore(&next, &(struct cell_options){0}, &cell, 2);
    CHECK_TEXT(places(&next), "default:t2 default:t3 edge:t1");
    say(&next, "x", "set", "t1 t2 t3", "");
    CHECK_TEXT(places(&next), "default:t1 default:t3 edge:t2");
    match(&next, "edge", "none");
    say(&next, "x", "set", "t1 t2 t3", "");
    CHECK_TEXT(places(&next), "default:t1 default:t2 default:t3");
    cell_end(&cell);
    cell_end(&next);
}

static void add_takes_over_and_remove_finds(void)
{
    struct cell cell;
    struct cell_view before, after;
    cell_begin(&cell, &(struct cell_options){0});
    say(&cell, "x", "set", "t1 t2 t3", "");
    pool(&cell, "edge", "name=t*");
    say(&cell, "x", "add", "t1", "");
    CHECK_TEXT(places(&cell), "default:t2 default:t3 edge:t1");
    control_view_cell(cell.control, &before);
    say(&cell, "x", "remove", "t1 t2 t9", "");
    CHECK_TEXT(places(&cell), "default:t3");
    control_view_cell(cell.control, &after);
    CHECK_INT(after.ignored - before.ignored, 1);
    say(&cell, "x", "set", "", "");
    CHECK_TEXT(places(&cell), "");
    say(&cell, "x", "set", "", "");
    control_view_cell(cell.control, &after);
    CHECK_INT(after.ignored - before.ignored, 2);
    cell_end(&cell);
}

static void named_pool_is_heeded(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    pool(&cell, "edge", "name=t*");
    pool(&cell, "west", "name=w*");
    say(&cell, "x", "set", "t1", "\"pool\": \"west\", ");
    CHECK_TEXT(places(&cell), "west:t1");
    say(&cell, "y", "set", "t2", "");
    CHECK_TEXT(places(&cell), "edge:t2 west:t1");
    say(&cell, "x", "set", "t1", "");
    CHECK_TEXT(places(&cell), "edge:t1 edge:t2");
    cell_end(&cell);
}

static void limit_counts_all_pools(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    pool(&cell, "edge", "name=e*");
    say(&cell, "x", "set", "e1 e2 e3 e4 e5 t1 t2 t3 t4 t5", "");
    CHECK_TEXT(cell.reason, "");
    say(&cell, "x", "add", "t6", "");
    CHECK_TEXT(cell.reason, "agent 'x' would have more topics than agent.topics.max");
    say(&cell, "x", "set", "e1 e2 e3 e4 e5 e6 t2 t3 t4 t5", "");
    CHECK_TEXT(cell.reason, "");
    cell_end(&cell);
}

// A pool that is being deleted takes nothing more.
static void deleted_pool_does_not_match(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    pool(&cell, "edge", "name=t*");
    say(&cell, "x", "set", "t1", "");
    cell_say(&cell, INPUT_ORDERS,
             "{\"pool\": \"edge\", \"verb\": \"pool.delete\", \"args\": {\"force\": \"true\"}}");
    CHECK_TEXT(places(&cell), "");
    say(&cell, "x", "set", "t1", "");
    CHECK_TEXT(places(&cell), "default:t1");
    cell_end(&cell);
}

static const struct test tests[] = {
    TEST(cluster_and_vm_agents_reach_their_pools),
    TEST(first_pool_by_name_wins),
    TEST(changed_rules_move_at_the_next_announcement),
    TEST(add_takes_over_and_remove_finds),
    TEST(named_pool_is_heeded),
    TEST(limit_counts_all_pools),
    TEST(deleted_pool_does_not_match),
};

TEST_MAIN("control/route", tests)
