// SPDX-License-Identifier: Apache-2.0
//
// Pools that are paused, frozen and deleted while leaders change and collectors come and go (CB-46,
// CB-47, MR-3, MR-12, MR-19).
#include "control/view.h"
#include "tale.h"

// Nobody reads while a pool is paused, whoever leads; after it everybody has what he had.
static void pause_outlives_its_leader(void)
{
    struct world *world = tale_with(2, 4);
    world_coordinator(world, "south");
    world_run(world, 2000);
    world_order_pool(world, "default", "pool.pause");
    world_run(world, 50);
    world_crash(world, "north");
    world_run(world, 10000);
    CHECK_TEXT(world_leader(world), "south");
    CHECK_TEXT(world_reading(world), "a:\nb:\n");
    CHECK_TEXT(world_unit(world, "t1"), "pending: paused: 'muster pool resume' gives it back");
    world_announce(world, "other", "set", "t5");
    world_run(world, 2000);
    CHECK_TEXT(world_unit(world, "t5"), "pending: paused: 'muster pool resume' gives it back");
    world_order_pool(world, "default", "pool.resume");
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a: t1 t3 t5\nb: t2 t4\n");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

// A collector that is restarted during a pause takes up its own topics at the end of it.
static void restart_during_a_pause_moves_nothing(void)
{
    struct world *world = tale_with(2, 4);
    world_order_pool(world, "default", "pool.pause");
    world_run(world, 1000);
    world_stop(world, "a");
    world_stop(world, "b");
    world_run(world, 3000);
    world_restart(world, "b", false);
    world_restart(world, "a", false);
    world_run(world, 3000);
    world_order_pool(world, "default", "pool.resume");
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t2 t4\n");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

static struct pool_view look(struct world *world)
{
    struct pool_view pool = {0};
    uint32_t cursor = 0;
    CHECK(control_next_pool(world_find(world, "north")->control, &cursor, &pool));
    return pool;
}

// MR-19: a process that is up, but has not read what there is to read, is no collector yet: the
// pool goes on being created.
static void member_counts_once_it_has_read(void)
{
    struct world *world = tale_with(1, 4);
    world_order(world, "pool.set", "max_topics_per_collector", "2");
    world_run(world, 2000);
    world_collector(world, "b");
    world_deafen(world, "b", 60000);
    world_run(world, 30000);
    CHECK_INT(look(world).desired, 2);
    CHECK_INT(look(world).actual, 1);
    CHECK(text_equals(look(world).status, "CREATING"));
    CHECK_TEXT(world_reading(world), "a: t1 t2\nb:\n");
    world_run(world, 40000);
    CHECK_INT(look(world).actual, 2);
    CHECK(text_equals(look(world).status, "RUNNING"));
    CHECK_TEXT(world_reading(world), "a: t1 t2\nb: t3 t4\n");
    tale_end(world);
}

// One that dies is replaced; one that joins gets nothing before the pool is unfrozen.
static void frozen_pool_replaces_the_dead_only(void)
{
    struct world *world = tale_with(2, 4);
    world_order_pool(world, "default", "pool.freeze");
    world_collector(world, "c");
    world_run(world, 3000);
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t2 t4\nc:\n");
    world_crash(world, "b");
    world_run(world, 20000);
    CHECK_TEXT(world_reading(world), "a: t1 t3\nc: t2 t4\n");
    world_restart(world, "b", false);
    world_run(world, 3000);
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb:\nc: t2 t4\n");
    world_order_pool(world, "default", "pool.unfreeze");
    world_run(world, 3000);
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t4\nc: t2\n");
    tale_end(world);
}

// MR-3: what is deleted lets go of everything, ends, and leaves nothing; the name begins clean.
static void deleted_and_made_again(void)
{
    struct world *world = tale_begin();
    world_order_pool(world, "side", "pool.create");
    world_collector_in(world, "side", "s");
    world_say(world, SIM_CONTROL,
              "{\"pool\": \"side\", \"agent\": \"x\", \"topics\": [{\"name\": \"t1\", "
              "\"partitions\": 1}]}");
    world_run(world, 3000);
    CHECK_TEXT(world_reading(world), "s: t1\n");
    tale_skip(world);
    world_say(world, SIM_ORDERS,
              "{\"pool\": \"side\", \"verb\": \"pool.delete\", \"args\": {\"force\": \"true\"}}");
    world_run(world, 3000);
    TALE(world, "operator > pool side -> deleted\n"
                "operator > order pool.delete -> done\n"
                "event pool.deleted side: deleted by an order\n"
                "event unit.revoked t1 s->: no agent announces the topic any more\n"
                "event order.taken pool.delete: carried out\n"
                "side/s@a0010001 > head 2 of epoch 1 is a whole (active units 1) -> applied, "
                "active units 1 (S2)\n"
                "side/s@a0010001 > 't1' stopped after 1 ms, committed -> acks 2 (S2)\n"
                "s acked generation 2 -> what it let go of is free (S2)\n"
                "s > collector.evicted -> its pool is deleted: its head names nobody (S5)\n"
                "side/s@a0010001 > head names '' instead of this life -> ends at once (S5)\n"
                "side/s@a0010001 > everything has stopped -> leaving (S5)\n"
                "s > collector.ended -> it has stopped reading and writing for good (S5)\n"
                "pool side > nobody is left in it -> its records are deleted\n"
                "s exits with 8: named no longer: evicted, or the id is in use\n"
                "event pool.gone side: nobody was left in it; the name is free\n");
    CHECK_TEXT(world_reading(world), "");
    world_order_pool(world, "side", "pool.create");
    world_run(world, 1000);
    world_restart(world, "s", false);
    world_say(world, SIM_CONTROL,
              "{\"pool\": \"side\", \"agent\": \"x\", \"topics\": [{\"name\": \"t2\", "
              "\"partitions\": 1}]}");
    world_run(world, 3000);
    CHECK_TEXT(world_reading(world), "s: t2\n");
    tale_end(world);
}

static const struct test tests[] = {
    TEST(pause_outlives_its_leader),      TEST(restart_during_a_pause_moves_nothing),
    TEST(member_counts_once_it_has_read), TEST(frozen_pool_replaces_the_dead_only),
    TEST(deleted_and_made_again),
};

TEST_MAIN("story/pool", tests)
