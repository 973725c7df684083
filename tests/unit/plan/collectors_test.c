// SPDX-License-Identifier: Apache-2.0
//
// Joining, leaving, finding and the order by id.
#include <stdio.h>

#include "test.h"
#include "unit/plan/pool.h"

static void they_stand_in_the_order_of_their_ids(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_join(&pool, "b aa a ab c-10 c-9");
    CHECK_TEXT(pool_loads(&pool), "a 0, aa 0, ab 0, b 0, c-10 0, c-9 0");
    pool_finish(&pool);
}

static void one_is_found_by_its_id_while_it_is_in(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_join(&pool, "b a");
    uint32_t a = plan_collector_find(pool.plan, text_of("a"));
    CHECK(text_equals(plan_collector_id(pool.plan, a), "a"));
    CHECK_INT(plan_collector_find(pool.plan, text_of("c")), PLAN_NOBODY);
    CHECK_INT(plan_collector_find(pool.plan, text_of("")), PLAN_NOBODY);
    plan_collector_leave(pool.plan, a);
    CHECK_INT(plan_collector_find(pool.plan, text_of("a")), PLAN_NOBODY);
    CHECK(text_equals(plan_collector_id(pool.plan, a), "a"));
    pool_finish(&pool);
}

static void one_that_rejoins_has_its_new_options(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_join(&pool, "a b");
    pool_drain(&pool, "b");
    pool_add(&pool, 1, 4);
    pool_settle(&pool);
    CHECK_TEXT(pool_loads(&pool), "a 4, b 0");
    pool_leave(&pool, "b");
    pool_join(&pool, "b");
    pool_settle(&pool);
    CHECK_TEXT(pool_loads(&pool), "a 2, b 2");
    pool_finish(&pool);
}

static uint32_t wanted_count(const struct pool *pool)
{
    struct plan_wanted wanted;
    plan_wanted_get(pool->plan, UINT32_MAX, &wanted);
    return wanted.count;
}

static void counts_tell_what_is_there(void)
{
    struct pool pool;
    struct plan_counts counts;
    pool_init(&pool, 2);
    pool_join(&pool, "a b c d");
    pool_drain(&pool, "a");
    pool_add(&pool, 1, 7);
    pool_leave(&pool, "d");
    pool_settle(&pool);
    plan_counts_get(pool.plan, &counts);
    CHECK_INT(counts.units, 7);
    CHECK_INT(counts.assigned, 4);
    CHECK_INT(counts.pending, 3);
    CHECK_INT(counts.collectors, 3);
    CHECK_INT(counts.draining, 1);
    CHECK_INT(counts.burden_min, 2);
    CHECK_INT(counts.burden_max, 2);
    CHECK_INT(wanted_count(&pool), 4);
    CHECK_INT(counts.room, 0);
    pool_remove(&pool, 1, 6);
    pool_settle(&pool);
    plan_counts_get(pool.plan, &counts);
    CHECK_INT(counts.burden_min, 0);
    CHECK_INT(counts.burden_max, 1);
    CHECK_INT(wanted_count(&pool), 1);
    CHECK_INT(counts.room, 3);
    pool_cap(&pool, 0);
    plan_counts_get(pool.plan, &counts);
    CHECK_INT(wanted_count(&pool), PLAN_NOBODY);
    CHECK(counts.room == UINT64_MAX);
    pool_finish(&pool);
}

static void an_empty_pool_has_nothing(void)
{
    struct pool pool;
    struct plan_counts counts;
    pool_init(&pool, 5);
    CHECK(pool_settle(&pool));
    plan_counts_get(pool.plan, &counts);
    CHECK_INT(counts.units + counts.collectors, 0);
    CHECK_INT(counts.burden_min + counts.burden_max, 0);
    CHECK_INT(wanted_count(&pool), 0);
    CHECK_INT(counts.room, 0);
    pool_finish(&pool);
}

// Handles and memory are used again.
static void many_joins_and_leaves_leave_nothing_behind(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_join(&pool, "m");
    pool_add(&pool, 1, 20);
    for (uint32_t i = 0; i < 20000; i++) {
        char id[16];
        snprintf(id, sizeof id, "c%u", i * 7919 % 20011);
        uint32_t collector =
            plan_collector_join(pool.plan, text_of(id), &(struct plan_collector_options){0});
        CU_ASSERT_FATAL(collector < 4);
        plan_settle(pool.plan, PLAN_UNLIMITED);
        plan_collector_leave(pool.plan, collector);
        CU_ASSERT_FATAL(pool_moves(&pool) == 0);
    }
    CHECK_TEXT(pool_loads(&pool), "m 20");
    pool_finish(&pool);
}

static const struct test tests[] = {
    TEST(they_stand_in_the_order_of_their_ids),
    TEST(one_is_found_by_its_id_while_it_is_in),
    TEST(one_that_rejoins_has_its_new_options),
    TEST(counts_tell_what_is_there),
    TEST(an_empty_pool_has_nothing),
    TEST(many_joins_and_leaves_leave_nothing_behind),
};

TEST_MAIN("plan/collectors", tests)
