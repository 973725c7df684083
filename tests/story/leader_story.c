// SPDX-License-Identifier: Apache-2.0
//
// Who leads, and that it makes no difference to what is read: restarts, takeovers, frozen leaders,
// commits of which nobody knows the outcome. CB-42, CB-43, CB-44, MR-6, MR-12, MR-13, MR-20, MR-21,
// MR-22, MR-23, PD-10, PD-15, PD-20.
#include "control/view.h"
#include "tale.h"

// CB-42, MR-13, MR-23: alone it restarts in place, whatever the downtime: nothing moves, nothing
// stops, no head is written. Beats of that time may have expired, the collectors' leases run on
// them.
static void check_restart_after(int64_t downtime_ms)
{
    struct world *world = tale_with(2, 4);
    uint32_t before = world->logs[SIM_ASSIGNMENTS].count;
    world_crash(world, "north");
    world_run(world, downtime_ms);
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t2 t4\n");
    world_restart(world, "north", false);
    world_run(world, 9000);
    TALE(world, "north is killed\n"
                "north is started again\n"
                "north > no leader -> claims leadership (S4)\n"
                "north > claim committed -> restores until its marker comes back\n"
                "north > restored 4 topics, 2 collectors -> leads epoch 2\n");
    CHECK_INT(world->moves, 0);
    CHECK_INT(world->logs[SIM_ASSIGNMENTS].count, before);
    CHECK_INT(world_find(world, "a")->life, 1);
    tale_end(world);
}

static void restarted_leader_moves_nothing(void)
{
    check_restart_after(2000);
}

static void leader_that_was_away_for_hours_stops_nobody(void)
{
    check_restart_after(5 * 3600 * 1000);
}

// MR-21: nothing was ever written, nobody reports, there is no standby: it leads, says what is
// wanted, and waits; so does the next one.
static void alone_with_nothing_it_waits_and_says_so(void)
{
    struct world *world = world_create(&(struct world_options){.seed = 1});
    world_coordinator(world, "north");
    world_run(world, 10000);
    CHECK_TEXT(world_leader(world), "north");
    world_announce(world, "agent", "set", "t1");
    world_run(world, 2000);
    for (int i = 0; i < 2; i++) {
        CHECK_TEXT(world_unit(world, "t1"), "pending: no collector is in the pool; start one");
        world_crash(world, "north");
        world_run(world, 60000);
        CHECK_TEXT(world_leader(world), "");
        world_restart(world, "north", false);
        world_run(world, 9000);
        CHECK_TEXT(world_leader(world), "north");
    }
    world_collector(world, "a");
    world_run(world, 3000);
    CHECK_TEXT(world_reading(world), "a: t1\n");
    tale_end(world);
}

// CB-43: and the next topic goes where there is most room; the others stay.
static void restarted_and_one_topic_more(void)
{
    struct world *world = tale_with(2, 3);
    world_crash(world, "north");
    world_restart(world, "north", false);
    world_announce(world, "late", "add", "t9");
    world_run(world, 9000);
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t2 t9\n");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

// CB-18: announced, acknowledged by Kafka, and the coordinator is killed before it looks.
static void announced_and_killed_at_once(void)
{
    struct world *world = tale_with(1, 1);
    world_announce(world, "agent", "add", "t2");
    world_crash(world, "north");
    world_run(world, 3000);
    world_restart(world, "north", false);
    world_run(world, 9000);
    CHECK_TEXT(world_reading(world), "a: t1 t2\n");
    tale_end(world);
}

// CB-44: one of two publishes; the other takes over when that one is silent, and nothing moves.
static void killed_leader_is_replaced(void)
{
    struct world *world = tale_with(2, 4);
    world_coordinator(world, "south");
    world_run(world, 5000);
    CHECK_TEXT(world_leader(world), "north");
    tale_skip(world);
    world_crash(world, "north");
    world_run(world, 7500);
    TALE(world, "north is killed\n"
                "south > no leader -> claims leadership (S4)\n"
                "south > claim committed -> restores until its marker comes back\n"
                "south > restored 4 topics, 2 collectors -> leads epoch 2\n");
    CHECK_TEXT(world_leader(world), "south");
    CHECK_INT(world->moves, 0);
    world_announce(world, "agent", "add", "t5");
    world_run(world, 2000);
    tale_end(world);
}

// A leader that is asked to stop says goodbye in its last transaction: the next one begins at once.
static void leader_that_goes_is_replaced_at_once(void)
{
    struct world *world = tale_with(2, 4);
    world_coordinator(world, "south");
    world_run(world, 5000);
    tale_skip(world);
    world_stop(world, "north");
    world_run(world, 1000);
    TALE(world, "north is asked to stop\n"
                "south > no leader -> claims leadership (S4)\n"
                "south > claim committed -> restores until its marker comes back\n"
                "south > restored 4 topics, 2 collectors -> leads epoch 2\n");
    CHECK_TEXT(world_leader(world), "south");
    tale_end(world);
}

// MR-20: of two standbys the one that comes first by generation, then by id.
static void two_standbys_take_turns(void)
{
    struct world *world = tale_with(1, 1);
    world_coordinator(world, "west");
    world_coordinator(world, "south");
    world_run(world, 5000);
    world_crash(world, "north");
    world_run(world, 10000);
    CHECK_TEXT(world_leader(world), "south");
    tale_end(world);
}

// MR-22: a leader that was frozen is fenced when it wakes: it writes nothing and stands by.
static void frozen_leader_is_fenced(void)
{
    struct world *world = tale_with(2, 2);
    world_coordinator(world, "south");
    world_run(world, 5000);
    tale_skip(world);
    world_pause(world, "north");
    world_run(world, 8000);
    CHECK_TEXT(world_leader(world), "");
    world_announce(world, "agent", "add", "t3");
    world_run(world, 1000);
    uint32_t before = world->logs[SIM_STATE].count;
    world_resume(world, "north");
    world_announce(world, "agent", "add", "t4");
    world_run(world, 4000);
    TALE(world, "north is frozen\n"
                "south > no leader -> claims leadership (S4)\n"
                "south > claim committed -> restores until its marker comes back\n"
                "south > restored 2 topics, 2 collectors -> leads epoch 2\n"
                "event unit.placed t3 ->a: placed where the load is least (rule 2)\n"
                "default/a@a0010001 > head 3 of epoch 2 is a whole (active units 1) -> applied, "
                "active units 2 (S2)\n"
                "north wakes up\n"
                "north > fenced -> forgets everything and stands by\n"
                "a > beat ignored -> no such pool\n"
                "b > beat ignored -> no such pool\n"
                "a > beat ignored -> no such pool\n"
                "b > beat ignored -> no such pool\n"
                "a > beat ignored -> no such pool\n"
                "b > beat ignored -> no such pool\n"
                "a > beat ignored -> no such pool\n"
                "b > beat ignored -> no such pool\n"
                "event unit.placed t4 ->b: placed where the load is least (rule 2)\n"
                "default/b@a0020001 > head 4 of epoch 2 is a whole (active units 1) -> applied, "
                "active units 2 (S2)\n");
    CHECK(world->logs[SIM_STATE].count > before);
    CHECK_TEXT(world_leader(world), "south");
    tale_end(world);
}

// Two coordinators on an empty cell claim at once; one of them stays, the other does not fight.
static void two_begin_together(void)
{
    struct world *world = world_create(&(struct world_options){.seed = 1});
    world_coordinator(world, "north");
    world_coordinator(world, "south");
    world_collector(world, "a");
    world_announce(world, "agent", "set", "t1");
    world_run(world, 10000);
    TALE(world, "north > no leader -> claims leadership (S4)\n"
                "south > no leader -> claims leadership (S4)\n"
                "a > beat ignored -> no such pool\n"
                "a > beat ignored -> no such pool\n"
                "north > claim failed -> stands by\n"
                "south > claim committed -> restores until its marker comes back\n"
                "south > state is empty -> creates lineage 00000000000000000000000000010001\n"
                "south > restored 0 topics, 0 collectors -> leads epoch 1\n"
                "event pool.creating default: 0 of 1 collectors are in\n"
                "a > collector.admitted -> its head names this life (S5)\n"
                "event unit.placed t1 ->a: placed where the load is least (rule 2)\n"
                "event pool.running default: 1 of 1 collectors are in\n"
                "default/a@a0020001 > head 1 names this life -> active (S5)\n"
                "default/a@a0020001 > head 1 of epoch 1 is a whole (active units 0) -> applied, "
                "active units 1 (S2)\n");
    tale_end(world);
}

// MR-6: nobody knows whether the transaction was committed: memory is thrown away, and what is in
// the log is the truth, whichever it was.
static void unknown_outcome(enum sim_outcome outcome)
{
    struct world *world = tale_with(2, 4);
    world->next_outcome = outcome;
    world_announce(world, "agent", "add", "t5");
    world_run(world, 6000);
    CHECK_TEXT(world_leader(world), "north");
    CHECK_TEXT(world_reading(world), "a: t1 t3 t5\nb: t2 t4\n");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

static void unknown_outcome_of_what_is_committed(void)
{
    unknown_outcome(SIM_UNKNOWN_COMMITTED);
}

static void unknown_outcome_of_what_is_lost(void)
{
    unknown_outcome(SIM_UNKNOWN_LOST);
}

// CB-51, MR-18: asked to stop, and nobody knows what became of the transaction with its goodbye, or
// it is fenced: it goes all the same, and the other one leads.
static void asked_to_stop_and_the_goodbye_is_unknown(void)
{
    struct world *world = tale_with(1, 2);
    world_coordinator(world, "south");
    world_run(world, 5000);
    world->next_outcome = SIM_UNKNOWN_LOST;
    world_stop(world, "north");
    world_run(world, 12000);
    CHECK_INT(world_find(world, "north")->exit_code, 0);
    CHECK(!world_find(world, "north")->is_up);
    CHECK_TEXT(world_leader(world), "south");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

// A transaction hangs for longer than leader.timeout while a collector is silent: the leader falls
// silent too and waits for the answer. It does not wake up again and again to a beat that it may
// not send.
static void hung_transaction_keeps_nobody_awake(void)
{
    struct world *world = tale_with(2, 4);
    world_crash(world, "a");
    world_stick_topic(world, SIM_STATE, 40000);
    world_announce(world, "agent", "add", "t5");
    uint64_t before = world->steps;
    world_run(world, 39000);
    CHECK(world->steps - before < 1000);
    world_run(world, 30000);
    CHECK_TEXT(world_reading(world), "b: t1 t2 t3 t4 t5\n");
    tale_end(world);
}

// Only what the leader writes is stuck: it falls silent, the other one takes over, and the commit
// is refused when it arrives.
static void leader_that_cannot_commit_is_replaced(void)
{
    struct world *world = tale_with(2, 4);
    world_coordinator(world, "south");
    world_run(world, 5000);
    world_stick_topic(world, SIM_STATE, 25000);
    world_announce(world, "agent", "add", "t5");
    world_run(world, 500);
    world->topic_stuck_until[SIM_STATE] = world->now; // for whoever comes from now on
    tale_skip(world);
    world_run(world, 15000);
    tale_has(world, "south > restored 4 topics, 2 collectors -> leads epoch 2\n");
    CHECK_TEXT(world_reading(world), "a: t1 t3 t5\nb: t2 t4\n");
    world_run(world, 15000);
    tale_has(world, "north > fenced -> forgets everything and stands by\n");
    CHECK_TEXT(world_leader(world), "south");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

// S2 over a takeover: the revoke stands in the state, so the next leader waits for the same ack.
static void takeover_between_revoke_and_ack(void)
{
    struct world *world = tale_with(1, 2);
    world_coordinator(world, "south");
    world_run(world, 5000);
    world_deafen(world, "a", 12000);
    world_collector(world, "b");
    world_run(world, 2000);
    CHECK_TEXT(world_unit(world, "t2"), "revoking: its former owner had more than its share");
    world_crash(world, "north");
    world_run(world, 8000);
    CHECK_TEXT(world_leader(world), "south");
    CHECK_TEXT(world_unit(world, "t2"), "revoking: its former owner had more than its share");
    CHECK_TEXT(world_reading(world), "a: t1 t2\nb:\n");
    world_run(world, 6000);
    CHECK_TEXT(world_reading(world), "a: t1\nb: t2\n");
    tale_end(world);
}

// PD-15: nobody decides before the state is read to its own marker; compacted, it says the same.
static void compacted_state_says_the_same(void)
{
    struct world *world = tale_with(2, 4);
    for (int i = 0; i < 5; i++) {
        world_announce(world, "other", i % 2 == 0 ? "add" : "remove", "t5 t6");
        world_run(world, 2000);
    }
    world_crash(world, "north");
    log_compact(&world->logs[SIM_STATE], world->logs[SIM_STATE].count, 0);
    for (int i = 0; i < SIM_ASSIGNMENTS_PARTITIONS; i++)
        log_compact(&world->logs[SIM_ASSIGNMENTS + i], world->logs[SIM_ASSIGNMENTS + i].count, 0);
    world_restart(world, "north", false);
    int64_t moves = world->moves;
    world_run(world, 9000);
    CHECK_INT(world->moves, moves);
    tale_end(world);
}

// MR-7: who has said goodbye is gone from the state, also for a leader that begins from nothing.
static void who_is_gone_stays_gone(void)
{
    struct world *world = tale_with(1, 2);
    struct agent_view agent;
    uint32_t cursor = 0;
    world_announce(world, "other", "set", "t8 t9");
    world_run(world, 2000);
    world_announce(world, "other", "set", "");
    world_run(world, 2000);
    world_crash(world, "north");
    log_compact(&world->logs[SIM_STATE], world->logs[SIM_STATE].count,
                world->logs[SIM_STATE].count);
    world_restart(world, "north", false);
    world_run(world, 9000);
    CHECK_TEXT(world_leader(world), "north");
    const struct control *leader = world_find(world, "north")->control;
    CHECK(control_next_agent(leader, &cursor, &agent));
    CHECK(text_equals(agent.id, "agent"));
    CHECK(!control_next_agent(leader, &cursor, &agent));
    CHECK_TEXT(world_unit(world, "t8"), "");
    CHECK_TEXT(world_reading(world), "a: t1 t2\n");
    tale_end(world);
}

static const struct test tests[] = {
    TEST(restarted_leader_moves_nothing),
    TEST(leader_that_was_away_for_hours_stops_nobody),
    TEST(alone_with_nothing_it_waits_and_says_so),
    TEST(restarted_and_one_topic_more),
    TEST(announced_and_killed_at_once),
    TEST(killed_leader_is_replaced),
    TEST(leader_that_goes_is_replaced_at_once),
    TEST(two_standbys_take_turns),
    TEST(frozen_leader_is_fenced),
    TEST(two_begin_together),
    TEST(unknown_outcome_of_what_is_committed),
    TEST(unknown_outcome_of_what_is_lost),
    TEST(asked_to_stop_and_the_goodbye_is_unknown),
    TEST(hung_transaction_keeps_nobody_awake),
    TEST(leader_that_cannot_commit_is_replaced),
    TEST(who_is_gone_stays_gone),
    TEST(takeover_between_revoke_and_ack),
    TEST(compacted_state_says_the_same),
};

TEST_MAIN("story/leader", tests)
