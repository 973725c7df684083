// SPDX-License-Identifier: Apache-2.0
//
// A stranger in the group of a pool: nobody can commit, and all the same each unit is read on where
// its former owner has stopped. S6, CB-28.
#include "tale.h"

enum { ALWAYS_MS = 3600 * 1000 };

// "a" and "b" read t1 and t2, of which five records each are committed and three could not be.
static struct world *refused(void)
{
    struct world *world = tale_with(2, 0);
    world_topic(world, "t1", 1);
    world_topic(world, "t2", 1);
    world_announce(world, "agent", "set", "t1 t2");
    world_write(world, "t1", 5);
    world_write(world, "t2", 5);
    world_run(world, 5000);
    CHECK_TEXT(world_reading(world), "a: t1\nb: t2\n");
    world_join_group(world, "default", ALWAYS_MS);
    world_write(world, "t1", 3);
    world_write(world, "t2", 3);
    world_run(world, 3000);
    tale_has(world, "default/a@a0010001 > commits are refused -> positions go with the acks (S6)");
    tale_skip(world);
    return world;
}

static void position_goes_with_the_ack(void)
{
    struct world *world = refused();
    world_order(world, "collector.drain", "collector", "a");
    world_run(world, 3000);
    TALE(world,
         "operator > order collector.drain -> done\n"
         "event order.taken collector.drain: carried out\n"
         "event unit.revoked t1 a->: its former owner drains (rule 1)\n"
         "default/a@a0010001 > head 3 of epoch 1 is a whole (active units 1) -> applied, active "
         "units 1 (S2)\n"
         "default/a@a0010001 > 't1' stopped after 1 ms, position handed over -> acks 3 (S2)\n"
         "a acked generation 3 -> what it let go of is free (S2)\n"
         "event unit.moved t1 a->b: its former owner drains (rule 1)\n"
         "default/b@a0020001 > head 4 of epoch 1 is a whole (active units 1) -> applied, active "
         "units 2 (S2)\n"
         "b goes on in 't1' (0) at 8, where it was handed over\n");
    CHECK_TEXT(world_reading(world), "a:\nb: t1 t2\n");
    world_join_group(world, "default", 0);
    world_run(world, 3000);
    tale_has(world, "default/b@a0020001 > commits are taken again");
    tale_end(world);
}

// Nobody had asked it to let go of its unit.
static void who_leaves_hands_over_what_it_had(void)
{
    struct world *world = refused();
    world_stop(world, "b");
    world_run(world, 3000);
    TALE(world,
         "b is asked to stop\n"
         "default/b@a0020001 > asked to stop (active units 1) -> drains for at most 5000 ms\n"
         "default/b@a0020001 > everything has stopped -> leaving (S5)\n"
         "b > collector.ended -> it has stopped reading and writing for good (S5)\n"
         "event unit.moved t2 b->a: its former owner left (rule 1)\n"
         "default/b@a0020001 > head names '' -> goodbye confirmed, exits (S5)\n"
         "b exits with 0: stopped\n"
         "default/a@a0010001 > head 3 of epoch 1 is a whole (active units 1) -> applied, active "
         "units 2 (S2)\n"
         "a goes on in 't2' (0) at 8, where it was handed over\n");
    CHECK_TEXT(world_reading(world), "a: t1 t2\n");
    tale_end(world);
}

static const struct test tests[] = {
    TEST(position_goes_with_the_ack),
    TEST(who_leaves_hands_over_what_it_had),
};

TEST_MAIN("story/handed", tests)
