// SPDX-License-Identifier: Apache-2.0
//
// Random histories in the world that checks all rules, the fewest moves and the restart after each
// settle; and every history of a very small world against an exhaustive search.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"
#include "unit/plan/world.h"

struct shape {
    uint32_t units;      // at most
    uint32_t collectors; // at most
    uint32_t cap_max;    // random caps are up to this, 0 = no cap is ever set
    uint32_t batch;      // events between settles, up to
    bool has_capacity;   // collectors have capacities of their own
    bool is_packing;     // the mode changes now and then
};

static void event(struct world *world, const struct shape *shape)
{
    uint32_t collector = world_random(world, shape->collectors);
    uint32_t kind = world_random(world, 100);
    if (kind < 50)
        world_add(world, world_random(world, shape->units));
    else if (kind < 75)
        world_remove(world, world_random(world, shape->units));
    else if (kind < 83)
        world_join(world, collector);
    else if (kind < 89)
        world_leave(world, collector);
    else if (kind < 95)
        world_drain(world, collector, world_random(world, 3) == 0);
    else if (kind < 97 && shape->has_capacity)
        world_capacity(world, collector, world_random(world, 2 * shape->units / shape->collectors));
    else if (kind < 98 && shape->is_packing)
        world_pack(world, world_random(world, 3) > 0);
    else if (shape->cap_max)
        world_cap(world, world_random(world, shape->cap_max + 1));
}

static void history(const struct shape *shape, uint64_t seed, uint32_t steps)
{
    struct world *world = malloc(sizeof *world);
    REQUIRE(world != NULL);
    world_init(world, seed);
    for (uint32_t step = 0; step < steps; step++) {
        for (uint32_t i = world_random(world, shape->batch); i-- > 0;)
            event(world, shape);
        world_settle(world);
        if (world_random(world, 8) == 0)
            world_restart(world);
    }
    CHECK_INT(world->settles, steps);
    world_finish(world);
    free(world);
}

static void small_pools_keep_the_rules(void)
{
    static const struct shape shape = {12, 5, 4, 4, false, false};
    for (uint64_t seed = 1; seed <= 60; seed++)
        history(&shape, seed * 7919, 60);
}

static void capacities_of_their_own_keep_the_rules(void)
{
    static const struct shape shape = {40, 8, 9, 12, true, false};
    for (uint64_t seed = 1; seed <= 40; seed++)
        history(&shape, seed * 104729, 60);
}

static void one_event_at_a_time_keeps_the_rules(void)
{
    static const struct shape shape = {100, 10, 20, 2, false, false};
    for (uint64_t seed = 1; seed <= 6; seed++)
        history(&shape, seed * 31337, 400);
}

static void large_batches_keep_the_rules(void)
{
    static const struct shape shape = {WORLD_UNITS, WORLD_COLLECTORS, 0, 800, true, false};
    for (uint64_t seed = 1; seed <= 3; seed++)
        history(&shape, seed * 65537, 40);
}

static void packed_pools_keep_the_rules(void)
{
    static const struct shape shape = {60, 10, 12, 6, false, true};
    for (uint64_t seed = 1; seed <= 60; seed++)
        history(&shape, seed * 50021, 60);
}

static void packed_pools_with_capacities_use_the_fewest(void)
{
    static const struct shape shape = {80, 10, 12, 6, true, true};
    for (uint64_t seed = 1; seed <= 60; seed++)
        history(&shape, seed * 70001, 60);
}

static void a_long_history_drifts_nowhere(void)
{
    static const struct shape shape = {60, 12, 12, 5, true, false};
    history(&shape, 4242, 10000);
}

static const struct test tests[] = {
    TEST(small_pools_keep_the_rules),          TEST(capacities_of_their_own_keep_the_rules),
    TEST(one_event_at_a_time_keeps_the_rules), TEST(large_batches_keep_the_rules),
    TEST(packed_pools_keep_the_rules),         TEST(packed_pools_with_capacities_use_the_fewest),
    TEST(a_long_history_drifts_nowhere),
};

TEST_MAIN("plan/random", tests)
