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

static const struct test tests[] = {
    TEST(the_worked_example_is_true),
    TEST(even_and_packed_are_two_ways_and_neither_is_an_accident),
    TEST(a_collector_without_units_is_no_longer_used),
    TEST(emptying_keeps_to_the_budget_and_goes_on_later),
    TEST(the_hard_rules_hold_as_ever),
};

TEST_MAIN("plan/pack", tests)
