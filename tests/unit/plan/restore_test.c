// SPDX-License-Identifier: Apache-2.0
//
// A plan from stored owners and numbers (CB-42, CB-43); random histories with restarts are in
// random_test.c.
#include "test.h"
#include "unit/plan/pool.h"

static uint32_t join(struct pool *pool, const char *id)
{
    return plan_collector_join(pool->plan, text_of(id), &(struct plan_collector_options){0});
}

static void lists_come_back_in_the_order_of_the_numbers(void)
{
    struct pool pool;
    pool_init(&pool, 2);
    uint32_t b = join(&pool, "b");
    plan_unit_restore(pool.plan, 7, PLAN_NOBODY, 100000000000,
                      &(struct plan_unit_options){.weight = 1});
    plan_unit_restore(pool.plan, 3, b, 5000000, &(struct plan_unit_options){.weight = 1});
    uint32_t a = join(&pool, "a");
    plan_unit_restore(pool.plan, 1, a, 3, &(struct plan_unit_options){.weight = 1});
    plan_unit_restore(pool.plan, 2, a, 2, &(struct plan_unit_options){.weight = 1});
    plan_unit_restore(pool.plan, 8, PLAN_NOBODY, 1, &(struct plan_unit_options){.weight = 1});
    plan_unit_restore(pool.plan, 4, b, 70, &(struct plan_unit_options){.weight = 1});
    CHECK_INT(plan_restore_end(pool.plan), STATUS_OK);
    plan_check(pool.plan);
    CHECK_TEXT(pool_owners(&pool), "a: 2 1 | b: 4 3 | pending: 8 7");
    CHECK_INT(plan_number_next(pool.plan), 100000000001);
    CHECK_INT(pool_moves(&pool), 0);
    pool_finish(&pool);
}

// CB-43
static void one_more_after_a_restart_moves_nobody(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    uint32_t a = join(&pool, "a");
    uint32_t b = join(&pool, "b");
    for (uint32_t unit = 0; unit < 1000; unit++)
        plan_unit_restore(pool.plan, unit, unit % 2 ? a : b, 5000 - 3 * (uint64_t)unit,
                          &(struct plan_unit_options){.weight = 1});
    CHECK_INT(plan_restore_end(pool.plan), STATUS_OK);
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "");
    pool_add(&pool, 1000, 1000);
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "1000 -> a");
    pool_finish(&pool);
}

static void an_empty_plan_is_restored_too(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    CHECK_INT(plan_restore_end(pool.plan), STATUS_OK);
    CHECK(pool_settle(&pool));
    pool_finish(&pool);
}

static void numbers_go_on_where_they_were(void)
{
    struct plan_units *units = plan_units_create();
    struct plan *plan = plan_create(units, &(struct plan_options){.number_next = 77});
    plan_unit_restore(plan, 0, PLAN_NOBODY, 12, &(struct plan_unit_options){.weight = 1});
    CHECK_INT(plan_restore_end(plan), STATUS_OK);
    CHECK_INT(plan_number_next(plan), 77);
    plan_unit_add(plan, 1, &(struct plan_unit_options){.weight = 1});
    CHECK_INT(plan_unit_number(plan, 1), 77);
    plan_destroy(plan);
    plan_units_destroy(units);
}

static void one_number_twice_is_refused(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    uint32_t a = join(&pool, "a");
    plan_unit_restore(pool.plan, 1, a, 4, &(struct plan_unit_options){.weight = 1});
    plan_unit_restore(pool.plan, 2, PLAN_NOBODY, 9, &(struct plan_unit_options){.weight = 1});
    plan_unit_restore(pool.plan, 3, PLAN_NOBODY, 4, &(struct plan_unit_options){.weight = 1});
    CHECK_INT(plan_restore_end(pool.plan), STATUS_INVALID);
    plan_destroy(pool.plan);
    pool.plan = plan_create(pool.units, &(struct plan_options){0});
    pool_add(&pool, 1, 3); // the table is free of the refused ones
    pool_finish(&pool);
}

static const struct test tests[] = {
    TEST(lists_come_back_in_the_order_of_the_numbers),
    TEST(one_more_after_a_restart_moves_nobody),
    TEST(an_empty_plan_is_restored_too),
    TEST(numbers_go_on_where_they_were),
    TEST(one_number_twice_is_refused),
};

TEST_MAIN("plan/restore", tests)
