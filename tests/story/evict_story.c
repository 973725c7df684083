// SPDX-License-Identifier: Apache-2.0
//
// An operator evicts a collector: its head names nobody, so it ends without a flush, and until that
// is known its units and its id wait (S5). MR-15.
#include "control/view.h"
#include "tale.h"

// As the leader shows it.
static const char *shown(struct world *world, const char *id)
{
    static char text[32];
    const struct process *leader = world_find(world, world_leader(world));
    struct collector_view view;
    uint32_t cursor = 0;
    while (control_next_collector(leader->control, world->now, &cursor, &view))
        if (text_equals(view.id, id)) {
            snprintf(text, sizeof(text), "%.*s", TEXT_ARGS(view.state));
            return text;
        }
    return "not there";
}

static void it_ends_and_the_others_read_on(void)
{
    struct world *world = tale_with(2, 4);
    world_order(world, "collector.evict", "collector", "a");
    world_run(world, 900);
    TALE(world, "a > collector.evicted -> an operator wants it: its head names nobody (S5)\n"
                "operator > order collector.evict -> done\n"
                "event order.taken collector.evict: carried out\n"
                "default/a@a0010001 > head names '' instead of this life -> ends at once (S5)\n"
                "default/a@a0010001 > everything has stopped, work left uncommitted -> leaving "
                "(S5)\n"
                "a > collector.ended -> it has stopped reading and writing for good (S5)\n"
                "a exits with 8: named no longer: evicted, or the id is in use\n"
                "event unit.moved t1 a->b: its former owner left (rule 1)\n"
                "event unit.moved t3 a->b: its former owner left (rule 1)\n"
                "default/b@a0020001 > head 4 of epoch 1 is a whole (active units 2) -> applied, "
                "active units 4 (S2)\n");
    CHECK_TEXT(world_reading(world), "b: t1 t2 t3 t4\n");
    CHECK_TEXT(shown(world, "a"), "gone");
    world_restart(world, "a", false);
    world_run(world, 3000);
    CHECK_TEXT(shown(world, "a"), "active");
    tale_end(world);
}

// A process that stands still reads no head: nothing goes to others, and no newcomer is admitted,
// before its silence is proved (S4). Then the newcomer has the same units: no move.
static void one_that_stands_still_is_waited_for(void)
{
    struct world *world = tale_with(2, 4);
    world_pause(world, "a");
    world_order(world, "collector.evict", "collector", "a");
    world_impostor(world, "a2", "a");
    world_run(world, 13000);
    CHECK_TEXT(shown(world, "a"), "evicted");
    CHECK_TEXT(world_reading(world), "a: t1 t3\na2:\nb: t2 t4\n");
    tale_skip(world);
    world_run(world, 4000);
    tale_has(world, "a > collector.ended -> silent for longer than its lease (S4)\n");
    tale_has(world, "a > collector.admitted -> its head names this life (S5)\n");
    CHECK_TEXT(shown(world, "a"), "active");
    world_resume(world, "a");
    world_run(world, 100);
    world_crash(world, "a");
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a2: t1 t3\nb: t2 t4\n");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

static void proof_of_death_is_faster(void)
{
    struct world *world = tale_with(2, 4);
    world_pause(world, "a");
    world_order(world, "collector.evict", "collector", "a");
    world_run(world, 2000);
    CHECK_TEXT(shown(world, "a"), "evicted");
    world_crash(world, "a");
    world_restart(world, "a", true);
    world_run(world, 2000);
    CHECK_TEXT(shown(world, "a"), "active");
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t2 t4\n");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

// The leader dies with the eviction half done. The next one knows of it from the state: it waits
// for the same life, gives it nothing new, and its units to nobody.
static void the_next_leader_goes_on_with_it(void)
{
    struct world *world = tale_with(2, 4);
    world_coordinator(world, "south");
    world_run(world, 5000);
    world_pause(world, "a");
    world_order(world, "collector.evict", "collector", "a");
    world_run(world, 300);
    CHECK_TEXT(shown(world, "a"), "evicted");
    world_crash(world, "north");
    world_run(world, 8000);
    CHECK_TEXT(world_leader(world), "south");
    CHECK_TEXT(shown(world, "a"), "evicted");
    world_announce(world, "agent", "add", "t5 t6");
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t2 t4 t5 t6\n");
    tale_skip(world);
    world_resume(world, "a");
    world_run(world, 3000);
    tale_has(world, "a > collector.ended -> it has stopped reading and writing for good (S5)\n");
    CHECK_TEXT(world_reading(world), "b: t1 t2 t3 t4 t5 t6\n");
    tale_end(world);
}

static void a_pool_that_waits_gives_the_same_units_back(void)
{
    struct world *world = tale_with(2, 4);
    world_order(world, "pool.set", "bounce_delay", "5s");
    world_order(world, "collector.evict", "collector", "a");
    world_run(world, 2000);
    CHECK_TEXT(shown(world, "a"), "held");
    world_restart(world, "a", false);
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t2 t4\n");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

static const struct test tests[] = {
    TEST(it_ends_and_the_others_read_on),
    TEST(one_that_stands_still_is_waited_for),
    TEST(proof_of_death_is_faster),
    TEST(the_next_leader_goes_on_with_it),
    TEST(a_pool_that_waits_gives_the_same_units_back),
};

TEST_MAIN("story/evict", tests)
