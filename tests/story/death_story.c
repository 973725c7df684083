// SPDX-License-Identifier: Apache-2.0
//
// How collectors end and who reads on: proof of death, silence (S4), the same id twice (S5),
// leaving and draining. CB-40, EE-13, TG-18.
#include "tale.h"

// EE-12: the same units, no move, long before the lease is over.
static void restarted_with_the_lock_reads_on(void)
{
    struct world *world = tale_with(2, 4);
    world_crash(world, "a");
    world_restart(world, "a", true);
    world_run(world, 900);
    TALE(world, "a is killed\n"
                "a is started again\n"
                "default/a@a0010002 > head names incarnation 'a0010001000000000000000000000000' -> "
                "waits (S5)\n"
                "a > collector.ended -> another process holds the lock of its state file (S4)\n"
                "a > collector.admitted -> its head names this life (S5)\n"
                "default/a@a0010002 > head 3 names this life -> active (S5)\n"
                "default/a@a0010002 > head 3 of epoch 1 is a whole (active units 0) -> applied, "
                "active units 2 (S2)\n");
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t2 t4\n");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

static void death_published_units_go_at_once(void)
{
    struct world *world = tale_with(2, 4);
    world_crash(world, "a");
    world_death(world, "a", 0);
    world_run(world, 900);
    TALE(world, "a is killed\n"
                "the death of a is published\n"
                "a > collector.ended -> somebody has waited for its process (S4)\n"
                "event unit.moved t1 a->b: its former owner left (rule 1)\n"
                "event unit.moved t3 a->b: its former owner left (rule 1)\n"
                "default/b@a0020001 > head 3 of epoch 1 is a whole (active units 2) -> applied, "
                "active units 4 (S2)\n");
    CHECK_TEXT(world_reading(world), "b: t1 t2 t3 t4\n");
    CHECK_INT(world->moves, 2);
    tale_end(world);
}

// S4: the leader dies too before it has heard of it. The next one has, and does not wait for the
// lease.
static void death_published_while_nobody_leads(void)
{
    struct world *world = tale_with(2, 4);
    world_coordinator(world, "south");
    world_run(world, 5000);
    world_crash(world, "a");
    world_death(world, "a", 0);
    world_crash(world, "north");
    world_run(world, 9000);
    CHECK_TEXT(world_leader(world), "south");
    tale_has(world, "a > collector.ended -> somebody has waited for its process (S4)\n");
    CHECK_TEXT(world_reading(world), "b: t1 t2 t3 t4\n");
    CHECK_INT(world->moves, 2);
    tale_end(world);
}

// S3, S5: a beat that was under way when its life ended comes behind the proof of its death. It is
// no newcomer, for which the units would wait another lease.
static void late_beat_of_the_dead_is_no_newcomer(void)
{
    struct world *world = tale_with(2, 4);
    world_stall(world, "a", 2500);
    world_run(world, 2000);
    world_crash(world, "a");
    world_death(world, "a", 0);
    world_run(world, 1500);
    CHECK_TEXT(world_reading(world), "b: t1 t2 t3 t4\n");
    world_run(world, 20000);
    CHECK_TEXT(world_reading(world), "b: t1 t2 t3 t4\n");
    CHECK_INT(world->moves, 2);
    tale_end(world);
}

// The same behind a death by silence: whoever was found dead is over for good.
static void late_beat_of_the_silent_is_no_newcomer(void)
{
    struct world *world = tale_with(2, 4);
    world_stall(world, "a", 20000);
    world_run(world, 5000);
    world_crash(world, "a");
    world_run(world, 30000);
    CHECK_TEXT(world_reading(world), "b: t1 t2 t3 t4\n");
    CHECK_INT(world->moves, 2);
    tale_end(world);
}

static void death_with_a_hold_waits_for_the_same_id(void)
{
    struct world *world = tale_with(2, 4);
    world_crash(world, "a");
    world_death(world, "a", 2000);
    world_run(world, 1000);
    CHECK_TEXT(world_reading(world), "b: t2 t4\n");
    world_restart(world, "a", false);
    world_run(world, 1500);
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t2 t4\n");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

static void nobody_comes_while_held(void)
{
    struct world *world = tale_with(2, 4);
    world_crash(world, "a");
    world_death(world, "a", 2000);
    world_run(world, 3500);
    CHECK_TEXT(world_reading(world), "b: t1 t2 t3 t4\n");
    tale_end(world);
}

// Lease 15 s, then 1 % and 200 ms more, and an own beat sent after that.
static void silent_beyond_its_lease_is_dead(void)
{
    struct world *world = tale_with(2, 4);
    world_crash(world, "a");
    world_run(world, 14000);
    CHECK_TEXT(world_reading(world), "b: t2 t4\n");
    tale_skip(world);
    world_run(world, 2000);
    TALE(world, "a > collector.ended -> silent for longer than its lease (S4)\n"
                "event unit.moved t1 a->b: its former owner left (rule 1)\n"
                "event unit.moved t3 a->b: its former owner left (rule 1)\n"
                "default/b@a0020001 > head 3 of epoch 1 is a whole (active units 2) -> applied, "
                "active units 4 (S2)\n");
    CHECK_TEXT(world_reading(world), "b: t1 t2 t3 t4\n");
    tale_end(world);
}

// S4: what all write is stuck, as when a broker dies; reads go on. Nobody is declared dead, because
// the leader's own beats are stuck too, and everybody's lease outlasts it.
static void stuck_appends_kill_nobody(void)
{
    struct world *world = tale_with(2, 4);
    world_stall(world, "a", 12000);
    world_stall(world, "b", 12000);
    world_stall(world, "north", 12000);
    world_run(world, 30000);
    CHECK_INT(world->moves, 0);
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t2 t4\n");
    tale_end(world);
}

// S4: only the leader's own beats are stuck; a collector is gone for good meanwhile. Its death
// waits for the proof.
static void no_death_without_an_own_beat_read_back(void)
{
    struct world *world = tale_with(2, 4);
    world_crash(world, "a");
    world_stall(world, "north", 25000);
    world_run(world, 24500);
    CHECK_TEXT(world_reading(world), "b: t2 t4\n");
    world_run(world, 18000);
    CHECK_TEXT(world_reading(world), "b: t1 t2 t3 t4\n");
    tale_end(world);
}

// S3: acknowledgements stay out for longer than the lease, so it stops by its own clock before
// anybody may have its units, and comes back as a new life.
static void unacknowledged_collector_stops_itself(void)
{
    struct world *world = tale_with(2, 2);
    world_hold_acks(world, "a", 20000);
    world_run(world, 13900);
    CHECK_TEXT(world_reading(world), "a: t1\nb: t2\n");
    world_run(world, 35000);
    CHECK_INT(world_find(world, "a")->life, 2);
    tale_end(world);
}

// S8: it beats only while it can read what there is to read, so one that is deaf loses its units
// (CB-39, MR-15).
static void deaf_collector_falls_silent(void)
{
    struct world *world = tale_with(2, 2);
    world_deafen(world, "a", 60000);
    world_order(world, "collector.drain", "collector", "a");
    world_run(world, 50000);
    CHECK_TEXT(world_reading(world), "a:\nb: t1 t2\n");
    world_run(world, 30000);
    tale_end(world);
}

// A frozen collector wakes after its units have gone to another: S3 stops it before it does a
// thing.
static void frozen_beyond_its_lease(void)
{
    struct world *world = tale_with(2, 2);
    world_pause(world, "a");
    world_run(world, 20000);
    world_resume(world, "a");
    world_run(world, 5000);
    TALE(world, "a is frozen\n"
                "a > collector.ended -> silent for longer than its lease (S4)\n"
                "event unit.moved t1 a->b: its former owner left (rule 1)\n"
                "default/b@a0020001 > head 3 of epoch 1 is a whole (active units 1) -> applied, "
                "active units 2 (S2)\n"
                "a wakes up\n"
                "default/a@a0010001 > no beat acknowledged that was sent less than 15000 ms ago -> "
                "life is over (S3)\n"
                "default/a@a0010002 > head names incarnation 'a0010001000000000000000000000000' -> "
                "waits (S5)\n"
                "a > collector.admitted -> its head names this life (S5)\n"
                "event unit.revoked t1 b->: its former owner had more than its share (rule 4)\n"
                "default/a@a0010002 > head 4 names this life -> active (S5)\n"
                "default/a@a0010002 > head 4 of epoch 1 is a whole (active units 0) -> applied, "
                "active units 0 (S2)\n"
                "default/b@a0020001 > head 4 of epoch 1 is a whole (active units 2) -> applied, "
                "active units 2 (S2)\n"
                "default/b@a0020001 > 't1' stopped after 1 ms, committed -> acks 4 (S2)\n"
                "b acked generation 4 -> what it let go of is free (S2)\n"
                "event unit.moved t1 b->a: its former owner had more than its share (rule 4)\n"
                "default/a@a0010002 > head 5 of epoch 1 is a whole (active units 0) -> applied, "
                "active units 1 (S2)\n");
    CHECK_TEXT(world_reading(world), "a: t1\nb: t2\n");
    tale_end(world);
}

// S5: the incumbent wins while it lives; the other waits, reads nothing, and gives up.
static void same_id_twice(void)
{
    struct world *world = tale_with(1, 2);
    world_impostor(world, "a2", "a");
    world_run(world, 5000);
    TALE(world, "default/a@a0020001 > head names incarnation 'a0010001000000000000000000000000' -> "
                "waits (S5)\n");
    CHECK_TEXT(world_reading(world), "a: t1 t2\na2:\n");
    world_run(world, 30000);
    TALE(world, "default/a@a0020001 > waited 30000 ms beside live incarnation "
                "'a0010001000000000000000000000000' -> exits (S5)\n"
                "a2 exits with 8: id in use: another live collector has it\n");
    CHECK_INT(world_find(world, "a2")->exit_code, 8);
    tale_end(world);
}

// S5: the one that waits takes over when the incumbent goes: no move.
static void same_id_waits_until_the_other_leaves(void)
{
    struct world *world = tale_with(2, 4);
    world_impostor(world, "a2", "a");
    world_run(world, 5000);
    tale_skip(world);
    world_stop(world, "a");
    world_run(world, 2000);
    TALE(world,
         "a is asked to stop\n"
         "default/a@a0010001 > asked to stop (active units 2) -> drains for at most 5000 ms\n"
         "default/a@a0010001 > everything has stopped -> leaving (S5)\n"
         "a > collector.ended -> it has stopped reading and writing for good (S5)\n"
         "a > collector.admitted -> its head names this life (S5)\n"
         "default/a@a0030001 > head 3 names this life -> active (S5)\n"
         "default/a@a0030001 > head 3 of epoch 1 is a whole (active units 0) -> applied, active "
         "units 2 (S2)\n"
         "default/a@a0010001 > head names 'a0030001000000000000000000000000' -> goodbye confirmed, "
         "exits (S5)\n"
         "a exits with 0: stopped\n");
    CHECK_TEXT(world_reading(world), "a2: t1 t3\nb: t2 t4\n");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

// CB-51, MR-18: everything stops, then it says so, then others read.
static void leaves_in_order(void)
{
    struct world *world = tale_with(2, 2);
    world_stop(world, "a");
    world_run(world, 2000);
    TALE(world,
         "a is asked to stop\n"
         "default/a@a0010001 > asked to stop (active units 1) -> drains for at most 5000 ms\n"
         "default/a@a0010001 > everything has stopped -> leaving (S5)\n"
         "a > collector.ended -> it has stopped reading and writing for good (S5)\n"
         "event unit.moved t1 a->b: its former owner left (rule 1)\n"
         "default/a@a0010001 > head names '' -> goodbye confirmed, exits (S5)\n"
         "a exits with 0: stopped\n"
         "default/b@a0020001 > head 3 of epoch 1 is a whole (active units 1) -> applied, active "
         "units 2 (S2)\n");
    CHECK_TEXT(world_reading(world), "b: t1 t2\n");
    CHECK_INT(world_find(world, "a")->exit_code, 0);
    tale_end(world);
}

static void drained_and_undrained(void)
{
    struct world *world = tale_with(2, 2);
    world_order(world, "collector.drain", "collector", "a");
    world_run(world, 2000);
    TALE(world, "operator > order collector.drain -> done\n"
                "event order.taken collector.drain: carried out\n"
                "event unit.revoked t1 a->: its former owner drains (rule 1)\n"
                "default/a@a0010001 > head 3 of epoch 1 is a whole (active units 1) -> applied, "
                "active units 1 (S2)\n"
                "default/a@a0010001 > 't1' stopped after 1 ms, committed -> acks 3 (S2)\n"
                "a acked generation 3 -> what it let go of is free (S2)\n"
                "event unit.moved t1 a->b: its former owner drains (rule 1)\n"
                "default/b@a0020001 > head 4 of epoch 1 is a whole (active units 1) -> applied, "
                "active units 2 (S2)\n");
    CHECK_TEXT(world_reading(world), "a:\nb: t1 t2\n");
    world_order(world, "collector.undrain", "collector", "a");
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a: t1\nb: t2\n");
    tale_end(world);
}

static void all_drain(void)
{
    struct world *world = tale_with(1, 1);
    world_order(world, "collector.drain", "collector", "a");
    world_run(world, 2000);
    CHECK_TEXT(world_unit(world, "t1"),
               "pending: every collector that serves it drains or is away; start another one, or "
               "undrain one");
    tale_end_unsettled(world);
}

// Keys with this beginning that a log still has, from `topic` on for some partitions.
static uint32_t standing(const struct world *world, int topic, int partitions, const char *key)
{
    uint32_t count = 0;
    for (int p = topic; p < topic + partitions; p++) {
        const struct log *log = &world->logs[p];
        for (uint32_t i = 0; i < log->count; i++) {
            bool is_newest = text_has_prefix(log->items[i].key, text_of(key));
            for (uint32_t later = i + 1; later < log->count && is_newest; later++)
                is_newest = !text_equal(log->items[i].key, log->items[later].key);
            count += is_newest && log->items[i].value.data != NULL;
        }
    }
    return count;
}

static uint32_t states_of(const struct world *world, const char *key)
{
    return standing(world, SIM_STATE, 1, key);
}

static uint32_t assignments_of(const struct world *world, const char *key)
{
    return standing(world, SIM_ASSIGNMENTS, SIM_ASSIGNMENTS_PARTITIONS, key);
}

// An id that nothing rests on is forgotten after an hour, in the state and in the assignments; a
// collector with that name is a new one. "c" was the last before "b" to have t1, so it stays.
static void id_that_nobody_hears_of_is_forgotten(void)
{
    struct world *world = tale_with(3, 2);
    world_crash(world, "a");
    world_crash(world, "c");
    world_run(world, 20000);
    tale_skip(world);
    world_run(world, 3500000);
    TALE(world, "");
    CHECK_INT(states_of(world, "collector/default/a"), 1);
    CHECK_INT(assignments_of(world, "default/a"), 1);
    world_run(world, 200000);
    TALE(world,
         "a > collector.forgotten -> it was not heard for an hour, and no unit names it ()\n");
    CHECK_INT(states_of(world, "collector/default/a"), 0);
    CHECK_INT(assignments_of(world, "default/a"), 0);
    CHECK_INT(states_of(world, "collector/default/c"), 1);
    world_restart(world, "a", false);
    world_run(world, 3000);
    CHECK_TEXT(world_reading(world), "a: t1\nb: t2\n");
    tale_end(world);
}

static const struct test tests[] = {
    TEST(restarted_with_the_lock_reads_on),
    TEST(death_published_units_go_at_once),
    TEST(death_published_while_nobody_leads),
    TEST(late_beat_of_the_dead_is_no_newcomer),
    TEST(late_beat_of_the_silent_is_no_newcomer),
    TEST(death_with_a_hold_waits_for_the_same_id),
    TEST(nobody_comes_while_held),
    TEST(silent_beyond_its_lease_is_dead),
    TEST(stuck_appends_kill_nobody),
    TEST(no_death_without_an_own_beat_read_back),
    TEST(unacknowledged_collector_stops_itself),
    TEST(deaf_collector_falls_silent),
    TEST(frozen_beyond_its_lease),
    TEST(same_id_twice),
    TEST(same_id_waits_until_the_other_leaves),
    TEST(leaves_in_order),
    TEST(drained_and_undrained),
    TEST(all_drain),
    TEST(id_that_nobody_hears_of_is_forgotten),
};

TEST_MAIN("story/death", tests)
