// SPDX-License-Identifier: Apache-2.0
//
// What the caller is told: each unit once, the net effect, nothing about what is gone.
#include "test.h"
#include "unit/plan/pool.h"

static void each_unit_is_told_once_and_nothing_twice(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_join(&pool, "a b");
    pool_add(&pool, 1, 3);
    CHECK_TEXT(pool_changes(&pool), "");
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "1 -> a, 2 -> b, 3 -> a");
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "");
    pool_finish(&pool);
}

static void only_the_net_effect_is_told(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_join(&pool, "a");
    pool_add(&pool, 1, 2);
    pool_settle(&pool);
    pool_changes(&pool);
    pool_drain(&pool, "a"); // to nobody, and from there back
    pool_settle(&pool);
    pool_undrain(&pool, "a");
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "");
    pool_leave(&pool, "a");
    pool_settle(&pool);
    pool_join(&pool, "b");
    pool_settle(&pool);
    pool_join(&pool, "c");
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "1 a -> b (left), 2 a -> c (left)");
    pool_finish(&pool);
}

// A handle that was used again at once would look like no change.
static void a_namesake_of_a_handle_is_no_namesake_of_an_owner(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_join(&pool, "a");
    pool_add(&pool, 1, 1);
    pool_settle(&pool);
    pool_changes(&pool);
    uint32_t a = plan_collector_find(pool.plan, text_of("a"));
    pool_leave(&pool, "a");
    pool_settle(&pool);
    pool_join(&pool, "b");
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "1 a -> b (left)");
    pool_join(&pool, "c");
    CHECK_INT(plan_collector_find(pool.plan, text_of("c")), a);
    pool_finish(&pool);
}

static void nothing_is_told_about_a_removed_unit(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_join(&pool, "a");
    pool_add(&pool, 1, 3);
    pool_settle(&pool);
    pool_remove(&pool, 2, 2);
    CHECK_TEXT(pool_changes(&pool), "1 -> a, 3 -> a");
    pool_finish(&pool);
}

static void a_unit_that_comes_anew_is_told_anew(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_join(&pool, "a");
    pool_add(&pool, 1, 1);
    pool_settle(&pool);
    pool_changes(&pool);
    pool_remove(&pool, 1, 1);
    pool_add(&pool, 1, 1);
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "1 -> a");
    pool_add(&pool, 2, 2);
    pool_settle(&pool);
    pool_remove(&pool, 2, 2);
    pool_add(&pool, 2, 2);
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "2 -> a");
    pool_finish(&pool);
}

static void taking_is_bounded_and_survives_more_changes_between(void)
{
    struct pool pool;
    struct plan_change changes[7];
    uint32_t seen[2000] = {0};
    uint32_t next = 0;
    pool_init(&pool, 0);
    pool_join(&pool, "a b c");
    for (uint32_t round = 0; round < 200; round++) {
        pool_add(&pool, next, next + 9);
        next += 10;
        if (round % 2)
            pool_remove(&pool, next - 3, next - 3);
        pool_settle(&pool);
        uint32_t count = plan_changes_take(pool.plan, changes, 7);
        CHECK(count <= 7);
        for (uint32_t i = 0; i < count; i++)
            seen[changes[i].unit]++;
    }
    uint32_t count;
    while ((count = plan_changes_take(pool.plan, changes, 7)) > 0)
        for (uint32_t i = 0; i < count; i++)
            seen[changes[i].unit]++;
    uint32_t wrong = 0;
    for (uint32_t unit = 0; unit < 2000; unit++)
        wrong += seen[unit] != (plan_unit_is_known(pool.plan, unit) ? 1 : 0) &&
                 plan_unit_is_known(pool.plan, unit);
    CHECK_INT(wrong, 0);
    plan_check(pool.plan);
    pool_finish(&pool);
}

static const struct test tests[] = {
    TEST(each_unit_is_told_once_and_nothing_twice),
    TEST(only_the_net_effect_is_told),
    TEST(a_namesake_of_a_handle_is_no_namesake_of_an_owner),
    TEST(nothing_is_told_about_a_removed_unit),
    TEST(a_unit_that_comes_anew_is_told_anew),
    TEST(taking_is_bounded_and_survives_more_changes_between),
};

TEST_MAIN("plan/changes", tests)
