// SPDX-License-Identifier: Apache-2.0
//
// Strangers write into the state, whose one writer is the leader. MR-11, CB-42: what is not ours
// decides nothing, and is never taken for "there is none".
#include "tale.h"

#include <stdio.h>

static const char unknown[] = "what was there is not known here, so this one must not lead. Who "
                              "knows it may; else write there what was, or null for nothing";

// The leader writes over it what it knows, and deletes what is not.
static void leader_writes_over_it(void)
{
    struct world *world = tale_with(2, 4);
    tale_skip(world);
    world_spoil(world, TEXT_LITERAL("unit/default/t1"), false);
    world_spoil(world, TEXT_LITERAL("unit/default/t9"), true);
    world_spoil(world, TEXT_LITERAL("cell"), false);
    world_spoil(world, TEXT_LITERAL("?"), false);
    world_run(world, 1000);
    tale_has(world, "under key 'unit/default/t1': it is written over");
    tale_has(world, "under key 'unit/default/t9': it is written over");
    tale_has(world, "under key 'cell': it is written over");
    world_crash(world, "north");
    world_restart(world, "north", false);
    world_run(world, 20000);
    CHECK(world_leading(world) != NULL);
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t2 t4\n");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

// A standby that has read all of it knows what stood there: it leads, and writes it.
static void standby_that_knows_leads(void)
{
    struct world *world = tale_with(2, 4);
    world_coordinator(world, "south");
    world_run(world, 2000);
    world_pause(world, "north");
    world_spoil(world, TEXT_LITERAL("unit/default/t1"), false);
    world_spoil(world, TEXT_LITERAL("collector/default/a"), false);
    world_spoil(world, TEXT_LITERAL("pool/default"), false);
    world_run(world, 20000);
    tale_has(world, "under key 'unit/default/t1': it changes nothing, and is written over by who "
                    "leads");
    world_crash(world, "north");
    CHECK_TEXT(world_leader(world), "south");
    world_crash(world, "south");
    world_restart(world, "north", false);
    world_run(world, 20000);
    CHECK_TEXT(world_leader(world), "north");
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t2 t4\n");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

// Nobody lives who knows it, and it was compacted away: nobody leads, and collectors read on. What
// is written there ends it.
static void nobody_knows(struct text key, const char *told)
{
    struct world *world = tale_with(2, 4);
    world_crash(world, "north");
    world_spoil(world, key, false);
    log_compact(&world->logs[SIM_STATE], world->logs[SIM_STATE].count, 0);
    world_restart(world, "north", false);
    world_run(world, 20000);
    tale_has(world, told);
    CHECK(world_leading(world) == NULL);
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t2 t4\n");
    world_unspoil(world);
    world_run(world, 20000);
    CHECK_TEXT(world_leader(world), "north");
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t2 t4\n");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

static void what_is_not_known_is_waited_for(void)
{
    nobody_knows(TEXT_LITERAL("unit/default/t1"), unknown);
    nobody_knows(TEXT_LITERAL("unit/default/t9"), unknown);
    nobody_knows(TEXT_LITERAL("collector/default/b"), unknown);
    nobody_knows(TEXT_LITERAL("cell"), unknown);
}

// A later version may be able to read it, so it is no stranger's, perhaps.
static void later_level_is_waited_for(void)
{
    struct world *world = tale_with(2, 4);
    world_coordinator(world, "south");
    world_run(world, 2000);
    world_crash(world, "north");
    world_spoil(world, TEXT_LITERAL("unit/default/t1"), true);
    world_run(world, 20000);
    tale_has(world, "it may be of a later version, so this one must not lead");
    CHECK(world_leading(world) == NULL);
    world_unspoil(world);
    world_run(world, 20000);
    CHECK_TEXT(world_leader(world), "south");
    tale_end(world);
}

// More than one can keep count of.
static void too_much_is_too_much(void)
{
    struct world *world = tale_with(1, 1);
    world_coordinator(world, "south");
    world_run(world, 2000);
    world_crash(world, "north");
    for (int i = 0; i < 1001; i++) {
        char key[40];
        snprintf(key, sizeof(key), "unit/default/x%d", i);
        world_spoil(world, text_of(key), false);
    }
    world_run(world, 20000);
    tale_has(world, "that is too much: this coordinator does not lead until it is mended and "
                    "this one started again");
    world_unspoil(world);
    world_run(world, 20000);
    CHECK(world_leading(world) == NULL);
    log_compact(&world->logs[SIM_STATE], world->logs[SIM_STATE].count, 0);
    world_crash(world, "south");
    world_restart(world, "south", false);
    world_run(world, 20000);
    CHECK_TEXT(world_leader(world), "south");
    tale_end(world);
}

static const struct test tests[] = {
    TEST(leader_writes_over_it),
    TEST(standby_that_knows_leads),
    TEST(what_is_not_known_is_waited_for),
    TEST(later_level_is_waited_for),
    TEST(too_much_is_too_much),
};

TEST_MAIN("story/damage", tests)
