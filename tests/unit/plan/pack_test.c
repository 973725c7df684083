// SPDX-License-Identifier: Apache-2.0
//
// `mode = pack`: the fewest collectors.
#include "test.h"
#include "unit/plan/pool.h"

// The example at the head of pack.c.
static void the_worked_example_is_true(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_pack(&pool, 5);
    pool_join(&pool, "a b c");
    pool_add(&pool, 1, 11);
    CHECK(pool_settle(&pool));
    CHECK_TEXT(pool_owners(&pool), "a: 1 2 3 4 5 | b: 6 7 8 9 10 | c: 11");
    pool_changes(&pool);
    pool_remove(&pool, 1, 2);
    pool_remove(&pool, 6, 8);
    CHECK(pool_settle(&pool));
    CHECK_TEXT(pool_owners(&pool), "a: 3 4 5 11 | b: 9 10 | c:");
    CHECK_TEXT(pool_changes(&pool), "11 c -> a (balance)");
    pool_finish(&pool);
}

// CB-17: both ways are reached by the policy, and by nothing else.
static void even_and_packed_are_two_ways_and_neither_is_an_accident(void)
{
    struct pool pool;
    pool_init(&pool, 5);
    pool_join(&pool, "a b c d");
    pool_add(&pool, 1, 11);
    pool_moves(&pool);
    CHECK_TEXT(pool_loads(&pool), "a 3, b 3, c 3, d 2");
    pool_pack(&pool, 5);
    CHECK_INT(pool_moves(&pool), 2);
    CHECK_TEXT(pool_loads(&pool), "a 5, b 3, c 3, d 0");
    pool_pack(&pool, 6);
    CHECK_INT(pool_moves(&pool), 3);
    CHECK_TEXT(pool_loads(&pool), "a 6, b 5, c 0, d 0");
    pool_join(&pool, "e");
    CHECK_INT(pool_moves(&pool), 0);
    pool_cap(&pool, 6);
    CHECK_INT(pool_moves(&pool), 6);
    CHECK_TEXT(pool_loads(&pool), "a 3, b 2, c 2, d 2, e 2");
    pool_finish(&pool);
}

// CB-4: with the last unit of a collector it is in use no more.
static void a_collector_without_units_is_no_longer_used(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_pack(&pool, 2);
    pool_join(&pool, "a b c");
    pool_add(&pool, 1, 5);
    pool_moves(&pool);
    CHECK_TEXT(pool_loads(&pool), "a 2, b 2, c 1");
    pool_remove(&pool, 2, 2);
    CHECK_INT(pool_moves(&pool), 1);
    CHECK_TEXT(pool_loads(&pool), "a 2, b 2, c 0");
    pool_finish(&pool);
}

static void emptying_keeps_to_the_budget_and_goes_on_later(void)
{
    struct pool pool;
    pool_init(&pool, 10);
    pool_join(&pool, "a b");
    pool_add(&pool, 1, 8);
    pool_moves(&pool);
    pool_pack(&pool, 10);
    CHECK(!plan_settle(pool.plan, 1));
    CHECK_TEXT(pool_loads(&pool), "a 5, b 3");
    CHECK(!plan_settle(pool.plan, 0));
    CHECK(plan_settle(pool.plan, 3));
    CHECK_TEXT(pool_loads(&pool), "a 8, b 0");
    pool_finish(&pool);
}

static void the_hard_rules_hold_as_ever(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_pack(&pool, 3);
    pool_join(&pool, "a b c");
    pool_drain(&pool, "a");
    pool_add(&pool, 1, 7);
    pool_settle(&pool);
    CHECK_TEXT(pool_owners(&pool), "a: | b: 1 2 3 | c: 4 5 6 | pending: 7");
    pool_capacity(&pool, "b", 1);
    pool_undrain(&pool, "a");
    pool_settle(&pool);
    CHECK_TEXT(pool_loads(&pool), "a 3, b 1, c 3");
    pool_finish(&pool);
}

// One that could have all is worth the moves, and of those that are empty the largest is opened.
static void few_large_ones_are_used_instead_of_many_small_ones(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_pack(&pool, 0);
    pool_join(&pool, "a b c d z");
    pool_capacity(&pool, "a", 1);
    pool_capacity(&pool, "b", 1);
    pool_capacity(&pool, "c", 1);
    pool_capacity(&pool, "d", 3);
    pool_capacity(&pool, "z", 10);
    pool_drain(&pool, "z");
    pool_add(&pool, 1, 5);
    pool_moves(&pool);
    CHECK_TEXT(pool_loads(&pool), "a 1, b 1, c 0, d 3, z 0");
    plan_collector_set(pool.plan, plan_collector_find(pool.plan, TEXT_LITERAL("z")),
                       &(struct plan_collector_options){.units_max = 10});
    CHECK_INT(pool_moves(&pool), 5);
    CHECK_TEXT(pool_loads(&pool), "a 0, b 0, c 0, d 0, z 5");
    pool_add(&pool, 6, 12);
    CHECK_INT(pool_moves(&pool), 0);
    CHECK_TEXT(pool_loads(&pool), "a 0, b 0, c 0, d 2, z 10");
    // The one with least cannot be emptied into d, but d can be into z; d and a are enough then.
    pool_remove(&pool, 1, 4);
    pool_capacity(&pool, "z", 6);
    CHECK_INT(pool_moves(&pool), 0);
    CHECK_TEXT(pool_loads(&pool), "a 0, b 0, c 0, d 2, z 6");
    pool_finish(&pool);
}

static void choosing_anew_keeps_to_the_budget_and_goes_on_later(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_pack(&pool, 0);
    pool_join(&pool, "a b c");
    pool_capacity(&pool, "a", 2);
    pool_capacity(&pool, "b", 2);
    pool_capacity(&pool, "c", 2);
    pool_add(&pool, 1, 6);
    pool_moves(&pool);
    pool_join(&pool, "z");
    pool_capacity(&pool, "z", 8);
    CHECK(!plan_settle(pool.plan, 0));
    CHECK_TEXT(pool_loads(&pool), "a 2, b 2, c 2, z 0");
    CHECK(!plan_settle(pool.plan, 3));
    CHECK(plan_settle(pool.plan, 3));
    CHECK_TEXT(pool_loads(&pool), "a 0, b 0, c 0, z 6");
    pool_finish(&pool);
}

// ---- Weights.

static void weights_init(struct pool *pool)
{
    struct plan_policy policy = {.is_packed = true, .balance = PLAN_BALANCE_WEIGHT};
    pool_init(pool, 0);
    plan_policy_set(pool->plan, &policy);
}

static uint32_t join(struct pool *pool, const char *id, int64_t weight_max)
{
    return plan_collector_join(pool->plan, text_of(id),
                               &(struct plan_collector_options){.weight_max = weight_max});
}

// A unit of 9 fits once into a ten and often into a hundred: the largest is opened, and one that
// comes later is worth emptying two.
static void weights_are_packed_into_the_largest(void)
{
    struct pool pool;
    weights_init(&pool);
    join(&pool, "a", 10);
    join(&pool, "b", 10);
    join(&pool, "z", 100);
    for (uint32_t unit = 1; unit <= 3; unit++)
        plan_unit_add(pool.plan, unit, &(struct plan_unit_options){.weight = 9});
    pool_settle(&pool);
    CHECK_TEXT(pool_owners(&pool), "a: | b: | z: 1 2 3");
    pool_leave(&pool, "z");
    pool_settle(&pool);
    CHECK_TEXT(pool_owners(&pool), "a: 1 | b: 2 | pending: 3");
    pool_changes(&pool);
    join(&pool, "z", 100);
    CHECK_INT(pool_moves(&pool), 2);
    CHECK_TEXT(pool_loads(&pool), "a 0, b 0, z 3");
    CHECK_INT(pool_moves(&pool), 0);
    pool_finish(&pool);
}

// x has least, a unit of 7 that fits nowhere else; y has more, in smaller ones that do.
static void whoever_can_be_emptied_is(void)
{
    static const int64_t weights[] = {14, 7, 3, 3, 3, 16};
    struct pool pool;
    weights_init(&pool);
    uint32_t w = join(&pool, "w", 20);
    uint32_t x = join(&pool, "x", 10);
    uint32_t y = join(&pool, "y", 12);
    uint32_t z = join(&pool, "z", 20);
    uint32_t owners[] = {w, x, y, y, y, z};
    for (uint32_t i = 0; i < 6; i++)
        plan_unit_restore(pool.plan, i, owners[i], i,
                          &(struct plan_unit_options){.weight = weights[i]});
    CHECK_INT(plan_restore_end(pool.plan), STATUS_OK);
    CHECK_INT(pool_moves(&pool), 3);
    CHECK_TEXT(pool_owners(&pool), "w: 0 3 2 | x: 1 | y: | z: 5 4");
    pool_finish(&pool);
}

// With one capacity for all, any two in use have more than that together.
static void fewer_than_twice_the_fewest_are_used(void)
{
    uint64_t random = 1;
    struct pool pool;
    weights_init(&pool);
    for (int i = 0; i < 20; i++)
        join(&pool, (char[]){(char)('a' + i), '\0'}, 100);
    for (uint32_t step = 0; step < 400; step++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint32_t unit = (uint32_t)(random >> 33) % 60;
        if (plan_unit_is_known(pool.plan, unit))
            plan_unit_remove(pool.plan, unit);
        else
            plan_unit_add(pool.plan, unit,
                          &(struct plan_unit_options){.weight = 1 + (int64_t)(random >> 40) % 70});
        pool_moves(&pool);
        int64_t least[2] = {1000, 1000}; // of those that have any
        for (uint32_t rank = 0; rank < 20; rank++) {
            int64_t weight = plan_collector_weight(pool.plan, plan_collector_at(pool.plan, rank));
            if (weight > 0 && weight < least[0]) {
                least[1] = least[0];
                least[0] = weight;
            } else if (weight > 0 && weight < least[1]) {
                least[1] = weight;
            }
        }
        CHECK(least[0] + least[1] > 100);
    }
    pool_finish(&pool);
}

static const struct test tests[] = {
    TEST(the_worked_example_is_true),
    TEST(even_and_packed_are_two_ways_and_neither_is_an_accident),
    TEST(a_collector_without_units_is_no_longer_used),
    TEST(emptying_keeps_to_the_budget_and_goes_on_later),
    TEST(the_hard_rules_hold_as_ever),
    TEST(few_large_ones_are_used_instead_of_many_small_ones),
    TEST(choosing_anew_keeps_to_the_budget_and_goes_on_later),
    TEST(weights_are_packed_into_the_largest),
    TEST(whoever_can_be_emptied_is),
    TEST(fewer_than_twice_the_fewest_are_used),
};

TEST_MAIN("plan/pack", tests)
