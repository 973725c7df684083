// SPDX-License-Identifier: Apache-2.0
//
// The table of units that plans share, and the lists.
#include "test.h"
#include "unit/plan/pool.h"

static void two_plans_share_one_table(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    struct plan_policy policy = {.max_topics_per_collector = 2};
    struct plan *other = plan_create(pool.units, &(struct plan_options){.policy = &policy});
    plan_collector_join(other, text_of("a"), &(struct plan_collector_options){0});
    pool_join(&pool, "a");
    for (uint32_t unit = 0; unit < 10; unit++)
        plan_unit_add(unit % 2 ? other : pool.plan, unit, &(struct plan_unit_options){.weight = 1});
    pool_settle(&pool);
    plan_settle(other, PLAN_UNLIMITED);
    plan_check(other);
    CHECK_TEXT(pool_loads(&pool), "a 5");
    plan_unit_remove(other, 1);
    plan_unit_add(pool.plan, 1,
                  &(struct plan_unit_options){
                      .weight = 1}); // goes over while its change is still in the other's queue
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "0 -> a, 2 -> a, 4 -> a, 6 -> a, 8 -> a, 1 -> a");
    struct plan_change change;
    CHECK_INT(plan_changes_take(other, &change, 1), 1);
    CHECK_INT(change.unit, 3);
    CHECK_INT(plan_changes_take(other, &change, 1), 0);
    plan_destroy(other);
    CHECK(!plan_unit_is_known(pool.plan, 3));
    CHECK(plan_unit_is_known(pool.plan, 1));
    pool_finish(&pool);
}

static void a_unit_leaves_its_list_from_anywhere(void)
{
    static const uint32_t orders[][4] = {{1, 2, 3, 4}, {4, 3, 2, 1}, {2, 3, 1, 4}, {3, 1, 4, 2}};
    for (uint32_t i = 0; i < 4; i++)
        for (uint32_t with_owner = 0; with_owner < 2; with_owner++) {
            struct pool pool;
            pool_init(&pool, 0);
            if (with_owner)
                pool_join(&pool, "a");
            pool_add(&pool, 1, 4);
            pool_settle(&pool);
            for (uint32_t k = 0; k < 4; k++) {
                pool_remove(&pool, orders[i][k], orders[i][k]);
                plan_check(pool.plan);
            }
            CHECK_TEXT(pool_owners(&pool), with_owner ? "a:" : "");
            pool_finish(&pool);
        }
}

static void units_far_apart_cost_only_room(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    plan_unit_add(pool.plan, 1000000, &(struct plan_unit_options){.weight = 1});
    CHECK(!plan_unit_is_known(pool.plan, 999999));
    CHECK(!plan_unit_is_known(pool.plan, 1000001));
    CHECK(plan_unit_is_known(pool.plan, 1000000));
    pool_finish(&pool);
}

static const struct test tests[] = {
    TEST(two_plans_share_one_table),
    TEST(a_unit_leaves_its_list_from_anywhere),
    TEST(units_far_apart_cost_only_room),
};

TEST_MAIN("plan/units", tests)
