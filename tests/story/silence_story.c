// SPDX-License-Identifier: Apache-2.0
//
// Agents that fall silent, and what brings them back. CB-24, CB-34, CB-35, CB-42, MR-12.
#include "tale.h"

enum { INTERVAL_MS = 12000 };

// "a" reads the topics of three agents: t1 of "one", t2 of "two", t3 of "three".
static struct world *three_agents(void)
{
    struct world *world = tale_with(1, 0);
    world_topic(world, "t1", 1);
    world_topic(world, "t2", 1);
    world_topic(world, "t3", 1);
    world_order(world, "pool.set", "agent_interval", "10s");
    world_announce(world, "one", "set", "t1");
    world_announce(world, "two", "set", "t2");
    world_announce(world, "three", "set", "t3");
    world_write(world, "t1", 5);
    world_run(world, 3000);
    world_report(world, "a", "t1");
    world_report(world, "a", "t2");
    world_report(world, "a", "t3");
    world_run(world, INTERVAL_MS);
    CHECK_TEXT(world_reading(world), "a: t1 t2 t3\n");
    tale_skip(world);
    return world;
}

// An interval in which "two" writes and "three" repeats its announcement.
static void interval(struct world *world)
{
    world_write(world, "t2", 1);
    world_report(world, "a", "t2");
    world_announce(world, "three", "set", "t3");
    world_run(world, INTERVAL_MS);
}

// CB-34, CB-35, CB-24: one of three falls silent; the others are not touched; it comes back.
static void one_of_three_falls_silent(void)
{
    struct world *world = three_agents();
    interval(world);
    interval(world);
    TALE(world,
         "one > agent.missed -> no announcement and no record in 1 intervals of 10000 ms (S4)\n"
         "one > agent.missed -> no announcement and no record in 2 intervals of 10000 ms (S4)\n");
    CHECK_TEXT(world_reading(world), "a: t1 t2 t3\n");
    interval(world);
    TALE(
        world,
        "one > agent.unhealthy -> no announcement and no record in 3 intervals of 10000 ms (S4)\n"
        "event agent.unhealthy one: no announcement and no record in 3 intervals of 10000 ms (S4)\n"
        "event unit.revoked t1 a->: its agent is silent; a record or an announcement brings it "
        "back "
        "(S4)\n"
        "default/a@a0010001 > head 3 of epoch 1 is a whole (active units 3) -> applied, active "
        "units 3 (S2)\n"
        "default/a@a0010001 > 't1' stopped after 1 ms, committed -> acks 3 (S2)\n"
        "a acked generation 3 -> what it let go of is free (S2)\n");
    CHECK_TEXT(world_reading(world), "a: t2 t3\n");
    CHECK_TEXT(world_unit(world, "t1"),
               "dormant: its agent is silent; a record or an announcement brings it back");
    world_write(world, "t1", 1);
    interval(world);
    TALE(world,
         "one > agent.returned -> there is a record in one of its topics (S4)\n"
         "event agent.returned one: there is a record in one of its topics (S4)\n"
         "event unit.moved t1 a->a: placed where the load is least (rule 2)\n"
         "default/a@a0010001 > head 4 of epoch 1 is a whole (active units 2) -> applied, active "
         "units 3 (S2)\n");
    CHECK_TEXT(world_reading(world), "a: t1 t2 t3\n");
    tale_end(world);
}

// CB-42, MR-12: the leader is killed; the next one moves nothing, leaves what sleeps asleep, and
// finds the record that came while nobody led.
static void sleeps_on_under_another_leader(void)
{
    struct world *world = three_agents();
    world_coordinator(world, "south");
    for (int i = 0; i < 3; i++)
        interval(world);
    CHECK_TEXT(world_reading(world), "a: t2 t3\n");
    int64_t moves = world->moves;
    world_crash(world, "north");
    world_run(world, 8000);
    CHECK_TEXT(world_leader(world), "south");
    interval(world);
    CHECK_TEXT(world_reading(world), "a: t2 t3\n");
    world_crash(world, "south");
    world_write(world, "t1", 1);
    world_restart(world, "north", false);
    world_run(world, 8000);
    interval(world);
    CHECK_TEXT(world_leader(world), "north");
    CHECK_TEXT(world_reading(world), "a: t1 t2 t3\n");
    CHECK_INT(world->moves, moves);
    tale_end(world);
}

// What is stuck on its way to the log is no silence: own markers are stuck with it.
static void stuck_markers_count_nothing(void)
{
    struct world *world = three_agents();
    world_run(world, 2 * INTERVAL_MS);
    tale_skip(world);
    world_stall(world, "north", 40000);
    world_run(world, 40000);
    CHECK_TEXT(world_reading(world), "a: t1 t2 t3\n");
    tale_end_unsettled(world);
}

static const struct test tests[] = {
    TEST(one_of_three_falls_silent),
    TEST(sleeps_on_under_another_leader),
    TEST(stuck_markers_count_nothing),
};

TEST_MAIN("story/silence", tests)
