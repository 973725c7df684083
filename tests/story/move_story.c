// SPDX-License-Identifier: Apache-2.0
//
// From an announcement to a reader, and from one reader to the next (S2): what everybody says about
// it, word by word. CB-3, CB-5, CB-18, CB-29, PD-4, PD-17, TG-5.
#include "tale.h"

static void announced_assigned_read(void)
{
    struct world *world = tale_begin();
    world_collector(world, "a");
    world_run(world, 3000);
    TALE(world, "a > collector.admitted -> its head names this life (S5)\n"
                "default/a@a0010001 > head 1 names this life -> active (S5)\n"
                "default/a@a0010001 > head 1 of epoch 1 is a whole (active units 0) -> applied, "
                "active units 0 (S2)\n");
    world_announce(world, "agent", "set", "t1 t2");
    world_run(world, 1000);
    TALE(world, "event unit.placed t1 ->a: placed where the load is least (rule 2)\n"
                "event unit.placed t2 ->a: placed where the load is least (rule 2)\n"
                "default/a@a0010001 > head 2 of epoch 1 is a whole (active units 0) -> applied, "
                "active units 2 (S2)\n");
    CHECK_TEXT(world_reading(world), "a: t1 t2\n");
    tale_end(world);
}

static void newcomer_takes_its_share_by_revoke_ack_grant(void)
{
    struct world *world = tale_with(1, 4);
    world_collector(world, "b");
    world_run(world, 3000);
    TALE(world, "b > collector.admitted -> its head names this life (S5)\n"
                "event unit.revoked t4 a->: its former owner had more than its share (rule 4)\n"
                "event unit.revoked t3 a->: its former owner had more than its share (rule 4)\n"
                "default/b@a0020001 > head 3 names this life -> active (S5)\n"
                "default/b@a0020001 > head 3 of epoch 1 is a whole (active units 0) -> applied, "
                "active units 0 (S2)\n"
                "default/a@a0010001 > head 3 of epoch 1 is a whole (active units 4) -> applied, "
                "active units 4 (S2)\n"
                "default/a@a0010001 > 't4' stopped after 1 ms, committed -> acks 3 (S2)\n"
                "a acked generation 3 -> what it let go of is free (S2)\n"
                "event unit.moved t3 a->b: its former owner had more than its share (rule 4)\n"
                "event unit.moved t4 a->b: its former owner had more than its share (rule 4)\n"
                "default/b@a0020001 > head 4 of epoch 1 is a whole (active units 0) -> applied, "
                "active units 2 (S2)\n");
    CHECK_TEXT(world_reading(world), "a: t1 t2\nb: t3 t4\n");
    CHECK_INT(world->moves, 2);
    tale_end(world);
}

// CB-3, PD-9: said again, nothing is written but how far the log was taken.
static void said_again_changes_nothing(void)
{
    struct world *world = tale_with(2, 4);
    uint32_t before[2] = {world->logs[SIM_ASSIGNMENTS].count, world->logs[SIM_STATE].count};
    for (int i = 0; i < 5; i++) {
        world_announce(world, "agent", "set", "t1 t2 t3 t4");
        world_run(world, 1000);
    }
    TALE(world, "");
    CHECK_INT(world->logs[SIM_ASSIGNMENTS].count, before[0]);
    CHECK_INT(world->logs[SIM_STATE].count, before[1] + 5);
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

// CB-5: room enough, so nobody moves.
static void one_more_topic_moves_nobody(void)
{
    struct world *world = tale_with(2, 4);
    world_announce(world, "other", "add", "t5");
    world_run(world, 2000);
    TALE(world, "event unit.placed t5 ->a: placed where the load is least (rule 2)\n"
                "default/a@a0010001 > head 3 of epoch 1 is a whole (active units 2) -> applied, "
                "active units 3 (S2)\n");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

// PD-4: an empty set is a goodbye, and a collector with nothing has a head that says so (S9).
static void last_topic_withdrawn(void)
{
    struct world *world = tale_with(1, 1);
    world_announce(world, "agent", "set", "");
    world_run(world, 2000);
    TALE(world, "event unit.revoked t1 a->: no agent announces the topic any more\n"
                "default/a@a0010001 > head 3 of epoch 1 is a whole (active units 1) -> applied, "
                "active units 1 (S2)\n"
                "default/a@a0010001 > 't1' stopped after 1 ms, committed -> acks 3 (S2)\n"
                "a acked generation 3 -> what it let go of is free (S2)\n");
    CHECK_TEXT(world_reading(world), "a:\n");
    tale_end(world);
}

static void withdrawn_while_revoking(void)
{
    struct world *world = tale_with(1, 2);
    world_deafen(world, "a", 3000);
    world_collector(world, "b");
    world_run(world, 2000);
    world_announce(world, "agent", "remove", "t2");
    world_run(world, 500);
    CHECK_TEXT(world_unit(world, "t2"), "revoking: no agent announces the topic any more");
    tale_skip(world);
    world_run(world, 4000);
    TALE(world, "default/a@a0010001 > head 3 of epoch 1 is a whole (active units 2) -> applied, "
                "active units 2 (S2)\n"
                "default/a@a0010001 > 't2' stopped after 1 ms, committed -> acks 3 (S2)\n"
                "a acked generation 3 -> what it let go of is free (S2)\n");
    CHECK_TEXT(world_unit(world, "t2"), "");
    tale_end(world);
}

// Announced anew before the old owner has let go: it lets go all the same, and the topic begins
// anew with a higher fence.
static void announced_anew_while_it_goes(void)
{
    struct world *world = tale_with(2, 2);
    world_deafen(world, "a", 3000);
    world_announce(world, "agent", "remove", "t1");
    world_run(world, 500);
    world_announce(world, "agent", "add", "t1");
    world_run(world, 500);
    CHECK_TEXT(world_unit(world, "t1"), "revoking: the topic is divided otherwise now");
    world_crash(world, "north");
    world_restart(world, "north", false);
    world_run(world, 8000);
    CHECK_TEXT(world_reading(world), "a: t1\nb: t2\n");
    tale_end(world);
}

// CB-36: the sink of one is stuck, so a unit that it should let go of stays with it; what others
// are given is given at once.
static void stuck_collector_delays_nobody_else(void)
{
    struct world *world = tale_with(3, 6);
    world_stick_sink(world, "a", 8000);
    world_announce(world, "agent", "remove", "t1");
    world_run(world, 100);
    CHECK_TEXT(world_unit(world, "t1"), "revoking: no agent announces the topic any more");
    world_order(world, "collector.drain", "collector", "b");
    world_announce(world, "other", "set", "t7");
    world_run(world, 1000);
    CHECK_TEXT(world_reading(world), "a: t1 t2 t4 t7\nb:\nc: t3 t5 t6\n");
    world_order(world, "collector.undrain", "collector", "b");
    world_run(world, 9000);
    tale_end(world);
}

static void announced_without_collectors(void)
{
    struct world *world = tale_begin();
    world_announce(world, "agent", "set", "t1");
    world_run(world, 1000);
    CHECK_TEXT(world_unit(world, "t1"), "pending: no collector is in the pool; start one");
    world_collector(world, "a");
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a: t1\n");
    tale_end(world);
}

// PD-7: nobody waits for who is slow, and it ends on the newest state, over as much of the older
// ones as Kafka has not compacted by then.
static void slow_collector_is_not_waited_for(void)
{
    struct world *world = tale_with(2, 2);
    world_pause(world, "a");
    for (int i = 0; i < 8; i++) {
        char topic[16];
        snprintf(topic, sizeof(topic), "n%d", i);
        world_announce(world, "agent", "add", topic);
        world_run(world, 500);
    }
    CHECK_TEXT(world_reading(world), "a: t1\nb: n1 n3 n5 n7 t2\n");
    tale_skip(world);
    world_resume(world, "a");
    world_run(world, 2000);
    tale_has(world,
             "default/a@a0010001 > head 9 of epoch 1 is a whole (active units 4) -> applied, "
             "active units 5 (S2)");
    CHECK_TEXT(world_reading(world), "a: n0 n2 n4 n6 t1\nb: n1 n3 n5 n7 t2\n");
    tale_end(world);
}

static const struct test tests[] = {
    TEST(slow_collector_is_not_waited_for),
    TEST(announced_assigned_read),
    TEST(newcomer_takes_its_share_by_revoke_ack_grant),
    TEST(said_again_changes_nothing),
    TEST(one_more_topic_moves_nobody),
    TEST(last_topic_withdrawn),
    TEST(withdrawn_while_revoking),
    TEST(announced_anew_while_it_goes),
    TEST(announced_without_collectors),
    TEST(stuck_collector_delays_nobody_else),
};

TEST_MAIN("story/move", tests)
