// SPDX-License-Identifier: Apache-2.0
//
// Rules 1 to 4 together, where they are promised exactly (groups, caps, capacities by units,
// isolated; even, and packed with one cap): as many units as possible have an owner, with the
// fewest moves. On small pools beside a search through all outcomes, on middle ones beside a
// min-cost flow, and the flow beside the search.
#include "test.h"
#include "unit/plan/instance.h"

struct random {
    uint64_t state;
};

static uint32_t below(struct random *random, uint32_t limit)
{
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return (uint32_t)((random->state >> 11) % limit);
}

struct size {
    uint32_t collectors, units, groups; // at most
};

static void collector_draw(struct random *random, const struct instance *instance,
                           struct instance_collector *it, uint32_t groups, uint32_t capacity)
{
    uint32_t state = below(random, 12);
    *it = (struct instance_collector){.group = below(random, groups)};
    it->is_draining = state == 0;
    it->is_held = state == 1;
    it->has_left = state == 2;
    it->is_by_weight = below(random, 2);
    if (!instance->is_packed && below(random, 3) == 0)
        it->units_max = 1 + below(random, capacity);
}

// Owners are the first few more often than the others, and now and then of another group.
static int owner_draw(struct random *random, const struct instance *instance, uint32_t group)
{
    if (below(random, 4) == 0)
        return INSTANCE_NOBODY;
    for (uint32_t i = 0; i < 20; i++) {
        uint32_t owner = below(random, 1 + below(random, instance->collectors));
        if (instance->collector[owner].group == group || below(random, 40) == 0)
            return (int)owner;
    }
    return INSTANCE_NOBODY;
}

// `kind`: 0 no cap, 1 a cap, 2 isolated, 3 packed.
static struct instance instance_draw(struct random *random, struct size size, uint32_t kind)
{
    struct instance instance = {.is_isolated = kind == 2, .is_packed = kind == 3};
    uint32_t groups = 1 + below(random, size.groups);
    instance.has_groups = groups > 1;
    instance.collectors = 1 + below(random, size.collectors);
    instance.units = 1 + below(random, size.units);
    uint32_t share = 1 + instance.units / instance.collectors;
    if (kind == 1 || kind == 3)
        instance.cap = 1 + below(random, 2 * share);
    for (uint32_t i = 0; i < instance.collectors; i++)
        collector_draw(random, &instance, &instance.collector[i], groups, 3 * share);
    for (uint32_t i = 0; i < instance.units; i++) {
        instance.unit[i].group = below(random, groups);
        instance.unit[i].owner = owner_draw(random, &instance, instance.unit[i].group);
    }
    return instance;
}

static bool is_equal(struct outcome a, struct outcome b)
{
    return a.held == b.held && a.assigned == b.assigned && a.shape == b.shape && a.moves == b.moves;
}

typedef struct outcome solver(const struct instance *instance);

// Draws as many instances of some kinds and compares; in a good part of them something must move.
static void compare(solver *one, solver *other, struct size size, uint32_t first_kind,
                    uint32_t kinds, uint32_t count)
{
    struct random random = {88172645463325252u + first_kind};
    uint32_t wrong = 0;
    uint32_t moved = 0;
    uint32_t pending = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct instance instance = instance_draw(&random, size, first_kind + i % kinds);
        struct outcome expected = other(&instance);
        wrong += !is_equal(one(&instance), expected);
        moved += expected.moves > 0;
        pending += expected.assigned < instance.units;
    }
    CHECK_INT(wrong, 0);
    CHECK(moved > count / 6);
    CHECK(pending > count / 6);
}

static void no_small_pool_with_groups_could_be_settled_better(void)
{
    struct size size = {.collectors = 4, .units = 6, .groups = 2};
    compare(instance_plan, instance_try, size, 0, 4, 4000);
}

static void flow_finds_what_the_search_finds(void)
{
    struct size size = {.collectors = 4, .units = 6, .groups = 2};
    compare(instance_flow, instance_try, size, 0, 4, 1000);
}

static void no_middle_pool_could_be_settled_better(void)
{
    struct size size = {INSTANCE_COLLECTORS, INSTANCE_UNITS, INSTANCE_GROUPS};
    compare(instance_plan, instance_flow, size, 0, 3, 1000);
}

static void no_middle_pool_could_be_packed_better(void)
{
    struct size size = {.collectors = 8, .units = 60, .groups = 2};
    compare(instance_plan, instance_flow, size, 3, 1, 200);
}

static const struct test tests[] = {
    TEST(no_small_pool_with_groups_could_be_settled_better),
    TEST(flow_finds_what_the_search_finds),
    TEST(no_middle_pool_could_be_settled_better),
    TEST(no_middle_pool_could_be_packed_better),
};

TEST_MAIN("plan/minimum", tests)
