// SPDX-License-Identifier: Apache-2.0
//
// State and assignments are deleted while collectors read. CB-29, S1, S7.
#include "tale.h"

// Everybody hears of the new lineage, stops, and begins anew; after a lease they read again.
static void all_hear_of_it(void)
{
    struct world *world = tale_with(2, 2);
    CHECK_TEXT(world_reading(world), "a: t1\nb: t2\n");
    world_crash(world, "north");
    world_new_lineage(world);
    tale_skip(world);
    world_restart(world, "north", false);
    world_run(world, 3000);
    TALE(world,
         "north is started again\n"
         "north > no leader -> claims leadership (S4)\n"
         "north > claim committed -> restores until its marker comes back\n"
         "north > state is empty -> creates lineage 00000000000000010000000000010000\n"
         "north > restored 0 topics, 0 collectors -> leads epoch 1\n"
         "collector 'a' may go on under another lineage -> its head names nobody, it is not "
         "admitted (S7)\n"
         "collector 'b' may go on under another lineage -> its head names nobody, it is not "
         "admitted (S7)\n"
         "event pool.creating default: 0 of 1 collectors are in\n"
         "default/a@a0010001 > lineage '00000000000000010000000000010000' instead of "
         "'00000000000000000000000000010000' -> life is over (S7)\n"
         "default/b@a0020001 > lineage '00000000000000010000000000010000' instead of "
         "'00000000000000000000000000010000' -> life is over (S7)\n"
         "north > nobody was ever admitted, and there was another lineage, or may have been -> "
         "admits nobody for a lease of 15000 ms (S1)\n");
    CHECK_TEXT(world_reading(world), "a:\nb:\n");
    world_run(world, 15000);
    CHECK_TEXT(world_reading(world), "a: t1\nb: t2\n");
    tale_end(world);
}

// "a" is cut off from Kafka and reads on by its lease; until that is over nobody is given t1.
static void one_hears_nothing(void)
{
    struct world *world = tale_with(2, 2);
    world_cut(world, "a", 14000, false);
    world_crash(world, "north");
    world_new_lineage(world);
    world_restart(world, "north", false);
    world_run(world, 12000);
    CHECK_TEXT(world_reading(world), "a: t1\nb:\n");
    world_run(world, 20000);
    CHECK_TEXT(world_reading(world), "a: t1\nb: t2\n");
    tale_end(world);
}

// "b" was admitted by a head that it has not read: it names no lineage, and when the state alone is
// lost it may read that head at any moment, here after half a minute and just before the lease of
// its last beat would be over for the others.
static void one_has_read_no_head_yet(uint32_t effects)
{
    struct world *world = tale_with(1, 4);
    world_pause(world, "north");
    world_collector(world, "b");
    world_run(world, 1500);
    world_deafen(world, "b", 20000);
    world_resume(world, "north");
    world_run(world, 1000);
    world_crash(world, "north");
    world_lose_state(world);
    world_restart(world, "north", false);
    world_run(world, 18900);
    world_trip(world, "b", SIM_TRIP_PAUSE, effects, 3000);
    world_run(world, 60000);
    CHECK_TEXT(world->fault ? world->fault : "", "");
    tale_end(world);
}

static void one_has_read_no_head_yet_wherever_it_stands_still(void)
{
    for (uint32_t effects = 1; effects < 8; effects++)
        one_has_read_no_head_yet(effects);
}

static const struct test tests[] = {
    TEST(all_hear_of_it),
    TEST(one_hears_nothing),
    TEST(one_has_read_no_head_yet_wherever_it_stands_still),
};

TEST_MAIN("story/lineage", tests)
