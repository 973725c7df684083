// SPDX-License-Identifier: Apache-2.0
//
// Old and new binaries together, in both orders, and the raise of the cell's level. "New" is a
// binary that knows level 2.
#include <string.h>

#include "control/view.h"
#include "tale.h"

static int64_t level(struct world *world)
{
    struct cell_view cell = {0};
    for (int i = 0; i < world->process_count; i++)
        if (world->processes[i].is_up && world->processes[i].is_coordinator &&
            strcmp(world->processes[i].id, world_leader(world)) == 0)
            control_view_cell(world->processes[i].control, &cell);
    return cell.level;
}

static void installed(struct world *world, int64_t new_level)
{
    world->options.level = new_level;
}

// An old cell; new binaries come one by one, the coordinator first. Nothing moves, and the level is
// raised only when the last old one is gone.
static void new_ones_join_an_old_cell(void)
{
    struct world *world = world_create(&(struct world_options){.seed = 1, .level = 1});
    world_coordinator(world, "north");
    world_collector(world, "a");
    world_collector(world, "b");
    world_run(world, 3000);
    world_announce(world, "agent", "set", "t1 t2");
    world_run(world, 3000);
    installed(world, 2);
    world_coordinator(world, "south");
    world_run(world, 7000);
    tale_skip(world);
    world_order(world, "cell.upgrade", "to", "next");
    world_run(world, 1000);
    tale_has(world, "the leader 'north' knows level 1, collector 'default/a' knows level 1, "
                    "collector 'default/b' knows level 1, the next one is 2: replace what is older "
                    "first");
    world_stop(world, "north");
    world_run(world, 3000);
    CHECK_TEXT(world_leader(world), "south");
    CHECK_INT(level(world), 1);
    CHECK_TEXT(world_reading(world), "a: t1\nb: t2\n");
    world_crash(world, "a");
    world_restart(world, "a", true);
    world_run(world, 6000);
    tale_skip(world);
    world_order(world, "cell.upgrade", "to", "next");
    world_run(world, 1000);
    tale_has(world,
             "'cell.upgrade': collector 'default/b' knows level 1, the next one is 2: replace what "
             "is older first");
    CHECK_INT(level(world), 1);
    world_crash(world, "b");
    world_restart(world, "b", true);
    world_run(world, 3000);
    tale_skip(world);
    world_order(world, "cell.upgrade", "to", "next");
    world_run(world, 1000);
    tale_has(world, "event cell.upgraded south: records are of level 2 from now on, before 1");
    CHECK_INT(level(world), 2);
    CHECK_TEXT(world_reading(world), "a: t1\nb: t2\n");
    CHECK_INT(world->moves, 0);
    world_order(world, "cell.upgrade", "to", "next");
    world_run(world, 1000);
    tale_has(world, "operator > order cell.upgrade -> done");
    CHECK_INT(level(world), 2);
    tale_end(world);
}

// A cell of the higher level: an old coordinator neither leads nor follows, an old collector is not
// admitted, says so and ends; what the new ones do is not touched.
static void old_ones_meet_a_new_cell(void)
{
    struct world *world = world_create(&(struct world_options){.seed = 1, .level = 2});
    world_coordinator(world, "north");
    world_collector(world, "a");
    world_run(world, 3000);
    world_announce(world, "agent", "set", "t1 t2");
    world_run(world, 3000);
    CHECK_INT(level(world), 2);
    installed(world, 1);
    tale_skip(world);
    world_coordinator(world, "south");
    world_collector(world, "b");
    world_run(world, 3000);
    tale_has(world, "the state has records of a higher level than this binary knows: this "
                    "coordinator refuses to lead");
    tale_has(world,
             "collector 'b' knows level 1 only, the cell writes level 2: it is not admitted; "
             "upgrade it");
    tale_has(world, "b exits with 1: the cell writes a newer record level than this binary reads: "
                    "upgrade it");
    CHECK_TEXT(world_reading(world), "a: t1 t2\n");
    world_crash(world, "north");
    world_run(world, 20000);
    CHECK_TEXT(world_leader(world), "");
    installed(world, 2);
    world_restart(world, "north", false);
    world_run(world, 8000);
    CHECK_TEXT(world_leader(world), "north");
    world_restart(world, "b", false);
    world_run(world, 5000);
    CHECK_TEXT(world_reading(world), "a: t1\nb: t2\n");
    world_crash(world, "south");
    tale_end(world);
}

static const struct test tests[] = {
    TEST(new_ones_join_an_old_cell),
    TEST(old_ones_meet_a_new_cell),
};

TEST_MAIN("story/upgrade", tests)
