// SPDX-License-Identifier: Apache-2.0
//
// The numbered rules one by one, by example.
#include "test.h"
#include "unit/plan/pool.h"

// The example at the head of settle.c.
static void the_worked_example_is_true(void)
{
    struct pool pool;
    pool_init(&pool, 4);
    pool_join(&pool, "a");
    pool_add(&pool, 1, 4);
    pool_settle(&pool);
    pool_join(&pool, "b");
    pool_capacity(&pool, "b", 3);
    pool_add(&pool, 5, 7);
    pool_settle(&pool);
    pool_join(&pool, "c");
    pool_add(&pool, 8, 8);
    plan_settle(pool.plan, 0); // frozen, so that c has one only
    CHECK_TEXT(pool_owners(&pool), "a: 1 2 3 4 | b: 5 6 7 | c: 8");
    pool_changes(&pool);
    pool_leave(&pool, "b");
    pool_add(&pool, 9, 9);
    pool_join(&pool, "d");
    CHECK(pool_settle(&pool));
    CHECK_TEXT(pool_owners(&pool), "a: 1 2 3 | c: 8 5 7 | d: 9 6 4");
    CHECK_TEXT(pool_changes(&pool), "5 b -> c (left), 6 b -> d (left), 7 b -> c (left), 9 -> d, "
                                    "4 a -> d (balance)");
    pool_finish(&pool);
}

static void rule_1_nobody_has_more_than_its_cap(void)
{
    struct pool pool;
    pool_init(&pool, 3);
    pool_join(&pool, "a b");
    pool_capacity(&pool, "b", 1);
    pool_add(&pool, 1, 9);
    pool_settle(&pool);
    CHECK_TEXT(pool_owners(&pool), "a: 1 3 4 | b: 2 | pending: 5 6 7 8 9");
    pool_finish(&pool);
}

static void rule_1_who_drains_gets_nothing_and_loses_what_it_has(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_join(&pool, "a b c");
    pool_add(&pool, 1, 6);
    pool_settle(&pool);
    pool_changes(&pool);
    pool_drain(&pool, "b");
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "2 b -> a (drained), 5 b -> c (drained)");
    pool_add(&pool, 7, 9);
    pool_settle(&pool);
    CHECK_TEXT(pool_loads(&pool), "a 5, b 0, c 4");
    pool_changes(&pool);
    pool_undrain(&pool, "b");
    CHECK_INT(pool_moves(&pool), 3);
    CHECK_TEXT(pool_loads(&pool), "a 3, b 3, c 3");
    pool_finish(&pool);
}

static void rule_2_what_is_pending_is_placed_when_room_appears(void)
{
    struct pool pool;
    pool_init(&pool, 2);
    pool_add(&pool, 1, 7);
    pool_settle(&pool);
    CHECK_TEXT(pool_owners(&pool), " | pending: 1 2 3 4 5 6 7");
    pool_join(&pool, "a");
    pool_settle(&pool);
    CHECK_TEXT(pool_owners(&pool), "a: 1 2 | pending: 3 4 5 6 7");
    pool_remove(&pool, 1, 1);
    pool_settle(&pool);
    CHECK_TEXT(pool_owners(&pool), "a: 2 3 | pending: 4 5 6 7");
    pool_cap(&pool, 4);
    pool_settle(&pool);
    CHECK_TEXT(pool_owners(&pool), "a: 2 3 4 5 | pending: 6 7");
    pool_cap(&pool, 0);
    pool_settle(&pool);
    CHECK_TEXT(pool_owners(&pool), "a: 2 3 4 5 6 7");
    pool_finish(&pool);
}

static void rule_3_a_newcomer_gets_its_share_and_nothing_else_moves(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_join(&pool, "a c");
    pool_add(&pool, 1, 7);
    pool_settle(&pool);
    pool_changes(&pool);
    pool_join(&pool, "b");
    pool_settle(&pool);
    CHECK_TEXT(pool_owners(&pool), "a: 1 3 5 | b: 7 6 | c: 2 4");
    CHECK_TEXT(pool_changes(&pool), "7 a -> b (balance), 6 c -> b (balance)");
    pool_finish(&pool);
}

static void rule_3_who_leaves_takes_nobody_elses_units_along(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_join(&pool, "a b c d");
    pool_add(&pool, 1, 100);
    pool_settle(&pool);
    pool_changes(&pool);
    pool_leave(&pool, "c");
    CHECK_INT(pool_moves(&pool), 25);
    CHECK_TEXT(pool_loads(&pool), "a 34, b 33, d 33");
    pool_finish(&pool);
}

static void rule_3_who_leaves_and_comes_back_before_the_settle_keeps_all(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_join(&pool, "a b c");
    pool_add(&pool, 1, 30);
    pool_settle(&pool);
    pool_changes(&pool);
    pool_leave(&pool, "b");
    pool_join(&pool, "b");
    CHECK_INT(pool_moves(&pool), 0);
    pool_finish(&pool);
}

// Every one of them waits or is disturbed in vain, but only one way needs no move.
static void rule_3_those_who_never_ran_take_scarce_room_first(void)
{
    struct pool pool;
    pool_init(&pool, 2);
    pool_join(&pool, "a b");
    pool_add(&pool, 1, 4);
    pool_settle(&pool);
    pool_changes(&pool);
    pool_leave(&pool, "a");
    pool_remove(&pool, 2, 2);
    pool_add(&pool, 5, 5);
    pool_settle(&pool);
    CHECK_TEXT(pool_owners(&pool), "b: 4 5 | pending: 1 3");
    CHECK_TEXT(pool_changes(&pool), "1 a -> nobody (left), 3 a -> nobody (left), 5 -> b");
    pool_finish(&pool);
}

static void rule_4_a_hole_is_filled_by_one_move(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_join(&pool, "a b c");
    pool_add(&pool, 1, 9);
    pool_settle(&pool);
    pool_changes(&pool);
    pool_remove(&pool, 2, 2);
    CHECK_INT(pool_moves(&pool), 0); // 3 2 3 is even
    pool_remove(&pool, 5, 5);
    CHECK_INT(pool_moves(&pool), 1);
    CHECK_TEXT(pool_owners(&pool), "a: 1 4 7 | b: 8 9 | c: 3 6");
    pool_finish(&pool);
}

static void rule_4_capacities_fill_up_and_the_others_share_evenly(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_join(&pool, "a b c d");
    pool_capacity(&pool, "a", 2);
    pool_capacity(&pool, "c", 5);
    pool_add(&pool, 1, 30);
    pool_settle(&pool);
    CHECK_TEXT(pool_loads(&pool), "a 2, b 12, c 5, d 11");
    pool_finish(&pool);
}

static void rule_4_at_most_so_many_units_move_for_balance(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_join(&pool, "a b");
    pool_add(&pool, 1, 20);
    pool_settle(&pool);
    pool_changes(&pool);
    pool_join(&pool, "c");
    CHECK(!plan_settle(pool.plan, 0));
    CHECK_TEXT(pool_changes(&pool), "");
    CHECK(!plan_settle(pool.plan, 2));
    CHECK_TEXT(pool_loads(&pool), "a 9, b 9, c 2");
    pool_leave(&pool, "a");
    CHECK(plan_settle(pool.plan, 0)); // what the hard rules force is not held back
    CHECK_TEXT(pool_loads(&pool), "b 10, c 10");
    CHECK(plan_settle(pool.plan, 0));
    pool_finish(&pool);
}

static void rule_5_the_order_of_joining_decides_nothing(void)
{
    static const char *const orders[] = {"a b c d e", "e d c b a", "c a e b d"};
    for (uint32_t i = 0; i < 3; i++) {
        struct pool pool;
        pool_init(&pool, 0);
        pool_join(&pool, orders[i]);
        pool_add(&pool, 1, 8);
        pool_settle(&pool);
        pool_leave(&pool, "b");
        pool_remove(&pool, 3, 3);
        pool_settle(&pool);
        CHECK_TEXT(pool_owners(&pool), "a: 1 6 | c: 8 2 | d: 4 7 | e: 5");
        pool_finish(&pool);
    }
}

static void pending_units_say_why(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_add(&pool, 1, 5);
    CHECK_INT(pool_reason(&pool, 1), PLAN_REASON_NO_COLLECTOR);
    pool_join(&pool, "a");
    CHECK_INT(pool_reason(&pool, 1), PLAN_REASON_NOT_SETTLED);
    pool_settle(&pool);
    CHECK_INT(pool_reason(&pool, 1), PLAN_REASON_NONE);
    pool_capacity(&pool, "a", 1);
    pool_settle(&pool);
    CHECK_INT(pool_reason(&pool, 1), PLAN_REASON_NONE);
    CHECK_INT(pool_reason(&pool, 5), PLAN_REASON_CAPACITY);
    pool_capacity(&pool, "a", 0);
    pool_cap(&pool, 2);
    pool_settle(&pool);
    CHECK_INT(pool_reason(&pool, 2), PLAN_REASON_CAP);
    pool_drain(&pool, "a");
    pool_settle(&pool);
    CHECK_INT(pool_reason(&pool, 2), PLAN_REASON_ALL_DRAINING);
    for (enum plan_reason reason = PLAN_REASON_NONE; reason <= PLAN_REASON_CAPACITY; reason++)
        CHECK(plan_reason_text(reason) != NULL);
    for (enum plan_why why = PLAN_WHY_NONE; why <= PLAN_WHY_BALANCE; why++)
        CHECK(plan_why_text(why) != NULL);
    pool_finish(&pool);
}

static const struct test tests[] = {
    TEST(the_worked_example_is_true),
    TEST(rule_1_nobody_has_more_than_its_cap),
    TEST(rule_1_who_drains_gets_nothing_and_loses_what_it_has),
    TEST(rule_2_what_is_pending_is_placed_when_room_appears),
    TEST(rule_3_a_newcomer_gets_its_share_and_nothing_else_moves),
    TEST(rule_3_who_leaves_takes_nobody_elses_units_along),
    TEST(rule_3_who_leaves_and_comes_back_before_the_settle_keeps_all),
    TEST(rule_3_those_who_never_ran_take_scarce_room_first),
    TEST(rule_4_a_hole_is_filled_by_one_move),
    TEST(rule_4_capacities_fill_up_and_the_others_share_evenly),
    TEST(rule_4_at_most_so_many_units_move_for_balance),
    TEST(rule_5_the_order_of_joining_decides_nothing),
    TEST(pending_units_say_why),
};

TEST_MAIN("plan/settle", tests)
