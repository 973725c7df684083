// SPDX-License-Identifier: Apache-2.0
//
// Pending units of a mixed group: many at once, and again.
#include <stdio.h>

#include "plan/queue.h"
#include "test.h"
#include "unit/plan/pool.h"

enum { UNITS = 300, COLLECTORS = 7, SIZES = 10 };

static int64_t weight_of(uint32_t unit)
{
    uint64_t mixed = (unit + 1) * 0x9e3779b97f4a7c15u;
    return 1 + (int64_t)((mixed >> 40) % 1000 >> (mixed >> 60 & 7));
}

static void weight_balance(struct pool *pool)
{
    struct label keys[] = {{text_of("balance"), text_of("weight")}};
    struct plan_policy policy;
    struct buffer why = {0};
    CHECK(!policy_parse(keys, 1, &why, &policy));
    plan_policy_set(pool->plan, &policy);
    policy_finish(&policy);
    buffer_finish(&why);
}

static void by_weight(struct pool *pool)
{
    pool_init(pool, 0);
    weight_balance(pool);
}

// Of different capacities, which together are more than enough; two can take so few that whoever
// has least is soon one without room.
static void collectors_join(struct pool *pool)
{
    for (uint32_t i = 0; i < COLLECTORS; i++) {
        char id[8];
        snprintf(id, sizeof(id), "c%u", i);
        plan_collector_join(pool->plan, text_of(id),
                            &(struct plan_collector_options){.weight_max = i < 2 ? 1500 : 100000,
                                                             .units_max = i == 3 ? 20 : 0});
    }
}

static void unit_add(struct pool *pool, uint32_t unit)
{
    plan_unit_add(pool->plan, unit, &(struct plan_unit_options){.weight = weight_of(unit)});
}

// Nothing moves for the sake of balance here.
static void many_at_once_go_where_they_would_go_one_by_one(void)
{
    struct pool once, single;
    by_weight(&once);
    by_weight(&single);
    collectors_join(&once);
    collectors_join(&single);
    for (uint32_t unit = 0; unit < UNITS; unit++)
        unit_add(&once, unit);
    plan_settle(once.plan, 0);
    plan_check(once.plan);
    for (uint32_t size = SIZES; size-- > 0;) // the largest powers of two first
        for (uint32_t unit = 0; unit < UNITS; unit++)
            if (weight_of(unit) >> size == 1) {
                unit_add(&single, unit);
                plan_settle(single.plan, 0);
            }
    plan_check(single.plan);
    for (uint32_t unit = 0; unit < UNITS; unit++) {
        CHECK(plan_unit_owner(once.plan, unit) != PLAN_NOBODY);
        CHECK_INT(plan_unit_owner(once.plan, unit), plan_unit_owner(single.plan, unit));
    }
    pool_finish(&once);
    pool_finish(&single);
}

// What is on the shelf is served before what came later, in each size.
static void who_did_not_fit_is_tried_before_who_came_later(void)
{
    struct pool pool;
    by_weight(&pool);
    plan_collector_join(pool.plan, text_of("a"),
                        &(struct plan_collector_options){.weight_max = 10});
    for (uint32_t unit = 1; unit <= 4; unit++)
        plan_unit_add(pool.plan, unit, &(struct plan_unit_options){.weight = 4 + unit % 2});
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "1 -> a, 2 -> a");
    plan_unit_add(pool.plan, 5, &(struct plan_unit_options){.weight = 1});
    plan_unit_add(pool.plan, 6, &(struct plan_unit_options){.weight = 5});
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "5 -> a");
    pool_join(&pool, "b");
    plan_unit_add(pool.plan, 2000, &(struct plan_unit_options){.weight = 5});
    plan_unit_add(pool.plan, 2001, &(struct plan_unit_options){.weight = 8});
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "2001 -> b, 3 -> b, 4 -> b, 6 -> b, 2000 -> b");
    pool_finish(&pool);
}

static void a_waiting_unit_keeps_its_place_when_it_weighs_otherwise(void)
{
    struct pool pool;
    by_weight(&pool);
    for (uint32_t unit = 1; unit <= 4; unit++)
        plan_unit_add(pool.plan, unit, &(struct plan_unit_options){.weight = unit});
    for (uint32_t unit = 1; unit <= 4; unit++) {
        plan_unit_set(pool.plan, unit, &(struct plan_unit_options){.weight = 8});
        plan_check(pool.plan);
    }
    plan_unit_set(pool.plan, 2, &(struct plan_unit_options){.weight = 15});
    pool_join(&pool, "a");
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "1 -> a, 2 -> a, 3 -> a, 4 -> a");
    plan_unit_set(pool.plan, 2, &(struct plan_unit_options){.weight = 5}); // into another list
    CHECK_INT(plan_collector_weight(pool.plan, 0), 29);
    pool_settle(&pool);
    pool_finish(&pool);
}

// Those that wait have a change to be told, or none; either way they are told in the order of the
// decisions, and what is known of them is whole when the next ones come.
static void many_at_once_are_told_in_order(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_join(&pool, "a");
    pool_add(&pool, 1, 4);
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "1 -> a, 2 -> a, 3 -> a, 4 -> a");
    pool_leave(&pool, "a");
    pool_settle(&pool);
    for (uint32_t unit = 5; unit <= 10; unit++)
        plan_unit_add(pool.plan, unit,
                      &(struct plan_unit_options){.weight = unit < 9 ? 1 : unit - 5});
    weight_balance(&pool);
    pool_join(&pool, "b c");
    pool_settle(&pool);
    CHECK_TEXT(pool_owners(&pool), "b: 9 1 2 4 6 8 | c: 10 3 5 7");
    CHECK_TEXT(pool_changes(&pool), "1 a -> b (left), 2 a -> b (left), 3 a -> c (left), "
                                    "4 a -> b (left), 9 -> b, 10 -> c, 5 -> c, 6 -> b, 7 -> c, "
                                    "8 -> b");
    pool_add(&pool, 11, 14);
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "11 -> c, 12 -> b, 13 -> c, 14 -> b");
    pool_leave(&pool, "b");
    pool_settle(&pool);
    CHECK_INT(pool_moves(&pool), 8);
    pool_finish(&pool);
}

// Units of the table do not come in the order of their numbers, and lie far apart.
static void many_at_once_may_lie_anywhere(void)
{
    struct pool pool;
    by_weight(&pool);
    collectors_join(&pool);
    plan_unit_add(pool.plan, 100000, &(struct plan_unit_options){.weight = 3});
    for (uint32_t i = 0; i < UNITS; i++)
        unit_add(&pool, (i * 7919 % UNITS) * 300);
    pool_settle(&pool);
    for (uint32_t i = 0; i < UNITS; i++)
        CHECK(plan_unit_owner(pool.plan, i * 300) != PLAN_NOBODY);
    pool_finish(&pool);
}

static void who_is_too_heavy_for_a_race_goes_one_by_one(void)
{
    int64_t most = race_load_max(8);
    struct group group = {.order_count = 8};
    struct queue queue = {.counts = {[3] = 8}};
    tree_reset(&group.tree, 8);
    tree_update(&group.tree, 2, (struct tree_node){1, most - 8 * 16, -1, 1});
    CHECK(queue_can_race(&group, &queue, 3));
    tree_update(&group.tree, 2, (struct tree_node){1, most - 8 * 16 + 1, -1, 1});
    CHECK(!queue_can_race(&group, &queue, 3));
    tree_update(&group.tree, 2, (struct tree_node){1, 1, -1, 1});
    queue.counts[3] = 7; // and for so few it is not worth while
    CHECK(!queue_can_race(&group, &queue, 3));
    tree_finish(&group.tree);
}

static const struct test tests[] = {
    TEST(many_at_once_are_told_in_order),
    TEST(many_at_once_may_lie_anywhere),
    TEST(who_is_too_heavy_for_a_race_goes_one_by_one),
    TEST(many_at_once_go_where_they_would_go_one_by_one),
    TEST(who_did_not_fit_is_tried_before_who_came_later),
    TEST(a_waiting_unit_keeps_its_place_when_it_weighs_otherwise),
};

TEST_MAIN("plan/place", tests)
