// SPDX-License-Identifier: Apache-2.0
//
// What each policy does to a small pool, told in words.
#include <stdio.h>
#include <string.h>

#include "test.h"
#include "unit/plan/words.h"

// The example at the head of mixed.c.
static void the_largest_that_suits_both_moves(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "balance=weight");
    join(&pool, "b", "weight=20");
    add(&pool, 4, "weight=20");
    pool_settle(&pool);
    pool_join(&pool, "a");
    add(&pool, 1, "weight=40");
    add(&pool, 2, "weight=30");
    add(&pool, 3, "weight=10");
    pool_settle(&pool);
    set(&pool, "b", "");
    join(&pool, "c", "");
    pool_changes(&pool);
    CHECK_TEXT(pool_owners(&pool), "a: 1 2 3 | b: 4 | c:");
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "2 a -> c (balance), 3 a -> b (balance)");
    CHECK_TEXT(pool_owners(&pool), "a: 1 | b: 4 3 | c: 2");
    pool_finish(&pool);
}

// A weight that nobody can even out is set aside; the others are even all the same.
static void a_huge_unit_hides_nothing(void)
{
    struct pool pool;
    struct plan_counts counts;
    pool_init(&pool, 0);
    policy(&pool, "balance=weight");
    pool_join(&pool, "a b c");
    add(&pool, 1, "weight=1000");
    add_all(&pool, 2, 101, "weight=2");
    pool_settle(&pool);
    plan_counts_get(pool.plan, &counts);
    CHECK_INT(counts.burden_max, 1000);
    CHECK_INT(counts.burden_min, 100);
    pool_changes(&pool);
    pool_join(&pool, "d");
    CHECK_INT(pool_moves(&pool), 33);
    pool_finish(&pool);
}

// CB-10, CB-12, CB-14: groups do not mix, and the rest has a group of its own.
static void groups_do_not_mix(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "group_by=csp groups=aws,gcp other=rest max_topics_per_collector=2");
    join(&pool, "a1", "csp=aws");
    join(&pool, "a2", "csp=aws");
    join(&pool, "r", "csp=rest");
    add_all(&pool, 1, 3, "csp=AWS");
    add(&pool, 4, "csp=gcp");
    add(&pool, 5, "csp=nowhere");
    pool_settle(&pool);
    CHECK_TEXT(pool_owners(&pool), "a1: 1 3 | a2: 2 | r: 5 | pending: 4");
    CHECK_INT(pool_reason(&pool, 4), PLAN_REASON_NO_GROUP);
    join(&pool, "g", "csp=gcp");
    CHECK_INT(pool_moves(&pool), 0);
    CHECK_TEXT(pool_owners(&pool), "a1: 1 3 | a2: 2 | g: 4 | r: 5");
    pool_finish(&pool);
}

static void the_minimum_of_moves_is_exact_or_unknown(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "group_by=csp");
    join(&pool, "a", "csp=aws");
    join(&pool, "g", "csp=gcp");
    add_all(&pool, 1, 4, "csp=aws");
    pool_settle(&pool);
    CHECK(plan_moves_minimum(pool.plan) == UINT64_MAX); // the changes are not taken
    pool_changes(&pool);
    CHECK_INT(plan_moves_minimum(pool.plan), 0);
    retell(&pool, 1, "csp=gcp");
    retell(&pool, 2, "csp=nobody");
    CHECK_INT(plan_moves_minimum(pool.plan), 1); // 2 is pending, that is no move
    CHECK_INT(pool_moves(&pool), 1);
    retell(&pool, 1, "csp=aws");
    retell(&pool, 1, "csp=gcp");
    CHECK_INT(plan_moves_minimum(pool.plan), 0);
    CHECK_INT(pool_moves(&pool), 0);
    pool_finish(&pool);
}

// What is said of a unit or of its collector changes there and back, or of both to the same.
static void a_unit_that_may_go_back_does(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "group_by=g");
    join(&pool, "a", "g=x");
    add_all(&pool, 1, 4, "g=x");
    pool_moves(&pool);
    join(&pool, "b", "g=x");
    join(&pool, "c", "g=y");
    pool_moves(&pool);
    CHECK_TEXT(pool_owners(&pool), "a: 1 2 | b: 4 3 | c:");
    retell(&pool, 1, "g=y");
    retell(&pool, 2, "g=y");
    retell(&pool, 2, "g=x");
    set(&pool, "a", "g=y");
    CHECK_INT(plan_moves_minimum(pool.plan), 1); // 1 is with a again, 2 goes to b
    CHECK_INT(pool_moves(&pool), 1);
    CHECK_TEXT(pool_owners(&pool), "a: 1 | b: 4 3 2 | c:");
    set(&pool, "b", "g=y");
    set(&pool, "b", "g=x");
    CHECK_INT(pool_moves(&pool), 0);
    CHECK_TEXT(pool_owners(&pool), "a: 1 | b: 4 3 2 | c:");
    retell(&pool, 1, "g=x");
    CHECK_TEXT(pool_changes(&pool), "1 a -> nobody (group)"); // whose caller knows it as pending
    retell(&pool, 1, "g=y");
    CHECK(plan_moves_minimum(pool.plan) == UINT64_MAX);
    CHECK_INT(pool_moves(&pool), 0);
    pool_finish(&pool);
}

static void the_minimum_of_moves_waits_for_capacities(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_join(&pool, "a");
    add_all(&pool, 1, 4, "");
    add(&pool, 5, "weight=2");
    pool_moves(&pool);
    pool_remove(&pool, 5, 5);
    join(&pool, "b", "weight=1"); // which is one unit, now that all weigh one
    CHECK(plan_moves_minimum(pool.plan) == UINT64_MAX);
    CHECK_INT(pool_moves(&pool), 1);
    CHECK_INT(plan_moves_minimum(pool.plan), 0);
    pool_finish(&pool);
}

static void a_zone_is_left_only_when_it_is_full(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "affinity=zone");
    join(&pool, "n", "zone=north units=2");
    join(&pool, "s", "zone=south");
    add_all(&pool, 1, 3, "zone=north");
    add(&pool, 4, "zone=nowhere");
    pool_settle(&pool);
    CHECK_TEXT(pool_owners(&pool), "n: 1 2 | s: 3 4");
    set(&pool, "n", "zone=north units=3");
    pool_changes(&pool);
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "3 s -> n (affinity)");
    pool_finish(&pool);
}

// MR-24, MR-25: never more than d of one host, and the rest says so.
static void a_host_has_at_most_so_many(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "spread_by=host spread_max=1");
    join(&pool, "a", "host=h1");
    join(&pool, "b", "host=h1");
    join(&pool, "c", "host=h2");
    add_all(&pool, 1, 3, "");
    pool_settle(&pool);
    CHECK_TEXT(pool_owners(&pool), "a: 1 | b: | c: 2 | pending: 3");
    CHECK_INT(pool_reason(&pool, 3), PLAN_REASON_SPREAD);
    policy(&pool, "spread_by=host spread_max=2");
    pool_settle(&pool);
    CHECK_TEXT(pool_owners(&pool), "a: 1 | b: 3 | c: 2");
    pool_finish(&pool);
}

// What moves between two of one host makes the host no fuller.
static void a_full_host_is_even_within(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "spread_by=host spread_max=6");
    join(&pool, "a", "host=h");
    add_all(&pool, 1, 8, "");
    pool_settle(&pool);
    join(&pool, "b", "host=h");
    pool_changes(&pool);
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "6 a -> b (balance), 5 a -> b (balance), 4 a -> b (balance)");
    CHECK_TEXT(pool_owners(&pool), "a: 1 2 3 | b: 6 5 4 | pending: 7 8");
    join(&pool, "c", "host=i");
    pool_settle(&pool);
    CHECK_TEXT(pool_loads(&pool), "a 3, b 3, c 2");
    pool_finish(&pool);

    pool_init(&pool, 0);
    policy(&pool, "spread_by=host spread_max=3 balance=weight");
    join(&pool, "a", "host=h");
    add_all(&pool, 1, 3, "weight=5");
    pool_settle(&pool);
    join(&pool, "b", "host=h");
    pool_settle(&pool);
    CHECK_TEXT(pool_owners(&pool), "a: 1 2 | b: 3");
    pool_finish(&pool);
}

static void a_full_host_sends_home_within(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "spread_by=host spread_max=2 affinity=zone");
    join(&pool, "a", "host=h zone=x");
    add_all(&pool, 1, 2, "zone=y");
    pool_settle(&pool);
    join(&pool, "b", "host=h zone=y");
    pool_changes(&pool);
    pool_settle(&pool);
    CHECK_TEXT(pool_changes(&pool), "2 a -> b (affinity), 1 a -> b (affinity)");
    pool_finish(&pool);
}

static void a_full_host_is_packed_within(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "spread_by=host spread_max=4");
    join(&pool, "a", "host=h");
    join(&pool, "b", "host=h");
    add_all(&pool, 1, 4, "");
    pool_settle(&pool);
    policy(&pool, "spread_by=host spread_max=4 mode=pack");
    pool_settle(&pool);
    CHECK_TEXT(pool_loads(&pool), "a 4, b 0");
    pool_finish(&pool);
}

static void a_pinned_unit_is_nowhere_else(void)
{
    struct pool pool;
    pool_init(&pool, 1);
    pool_join(&pool, "a b");
    add(&pool, 1, "");
    pool_settle(&pool);
    add(&pool, 2, "pin=a");
    add(&pool, 3, "pin=z");
    pool_settle(&pool);
    // Rule 2: the other one makes room.
    CHECK_TEXT(pool_owners(&pool), "a: 2 | b: 1 | pending: 3");
    CHECK_INT(pool_reason(&pool, 3), PLAN_REASON_PIN_AWAY);
    pool_drain(&pool, "a");
    pool_settle(&pool);
    CHECK_INT(pool_reason(&pool, 2), PLAN_REASON_PIN_DRAINING);
    pool_finish(&pool);
}

// MR-26: a capacity by weight holds, and one other unit moves to make room.
static void a_heavy_unit_finds_room(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "balance=weight");
    join(&pool, "a", "weight=10");
    join(&pool, "b", "weight=10");
    add(&pool, 1, "weight=4");
    add(&pool, 2, "weight=4");
    pool_settle(&pool);
    add(&pool, 3, "weight=8");
    add(&pool, 4, "weight=8");
    pool_settle(&pool);
    CHECK_TEXT(pool_owners(&pool), "a: 3 | b: 2 1 | pending: 4");
    CHECK_INT(pool_reason(&pool, 4), PLAN_REASON_CAPACITY);
    pool_finish(&pool);
}

// Two sixes do not go into a ten, which the bound does not know; two eights do not, which it does.
// Frozen nothing moves that has an owner, not even to make room; thawed it does. A calm plan makes
// room, for balance alone is what it puts off.
static void frozen_makes_no_room(void)
{
    static const enum plan_pace paces[] = {PLAN_PACE_POLICY, PLAN_PACE_CALM};
    for (int i = 0; i < 2; i++) {
        struct pool pool;
        pool_init(&pool, 0);
        join(&pool, "a", "weight=10");
        join(&pool, "b", "weight=10");
        add_all(&pool, 1, 2, "weight=5");
        CHECK(plan_settle_paced(pool.plan, PLAN_PACE_FROZEN, 0));
        CHECK_TEXT(pool_changes(&pool), "1 -> a, 2 -> b");
        add(&pool, 3, "weight=8");
        CHECK(!plan_settle_paced(pool.plan, PLAN_PACE_FROZEN, 1));
        CHECK_TEXT(pool_changes(&pool), "");
        CHECK(pool_reason(&pool, 3) == PLAN_REASON_CAPACITY);
        CHECK(!plan_settle_paced(pool.plan, PLAN_PACE_FROZEN, 2));
        CHECK_TEXT(pool_changes(&pool), "");
        CHECK(plan_settle_paced(pool.plan, paces[i], 3));
        CHECK_TEXT(pool_owners(&pool), "a: 3 | b: 2 1");
        pool_finish(&pool);
    }
}

static void the_gap_is_a_bound_of_what_a_better_plan_could_assign(void)
{
    struct pool pool;
    struct plan_counts counts;
    pool_init(&pool, 0);
    join(&pool, "a", "weight=10");
    add_all(&pool, 1, 2, "weight=8");
    pool_settle(&pool);
    plan_counts_get(pool.plan, &counts);
    CHECK_INT(counts.pending, 1);
    CHECK_INT(counts.gap, 0);
    join(&pool, "b", "weight=10");
    pool_remove(&pool, 1, 2);
    add_all(&pool, 3, 5, "weight=6");
    pool_settle(&pool);
    plan_counts_get(pool.plan, &counts);
    CHECK_INT(counts.pending, 1);
    CHECK_INT(counts.gap, 1);
    pool_finish(&pool);
}

static void one_that_is_held_keeps_what_it_has(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_join(&pool, "a b");
    pool_add(&pool, 1, 4);
    pool_settle(&pool);
    set(&pool, "a", "held=1");
    pool_add(&pool, 5, 8);
    CHECK_INT(pool_moves(&pool), 0);
    CHECK_TEXT(pool_owners(&pool), "a: 1 3 | b: 2 4 5 6 7 8");
    set(&pool, "a", "");
    CHECK_INT(pool_moves(&pool), 2);
    pool_finish(&pool);
}

static void a_budget_paces_what_moves_for_balance(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "move_budget=2");
    pool_join(&pool, "a");
    pool_add(&pool, 1, 10);
    CHECK(plan_settle_at(pool.plan, 0));
    CHECK_INT(plan_deadline_ms(pool.plan), INT64_MAX);
    pool_join(&pool, "b");
    CHECK(!plan_settle_at(pool.plan, 1000));
    CHECK_TEXT(pool_loads(&pool), "a 8, b 2");
    CHECK_INT(plan_deadline_ms(pool.plan), 31001);
    plan_settle_at(pool.plan, 2000);
    CHECK_TEXT(pool_loads(&pool), "a 8, b 2");
    plan_settle_at(pool.plan, 32000);
    CHECK_TEXT(pool_loads(&pool), "a 7, b 3");
    // What the hard rules force is not held back.
    pool_leave(&pool, "a");
    plan_settle_at(pool.plan, 32001);
    CHECK_TEXT(pool_loads(&pool), "b 10");
    pool_finish(&pool);
}

// A difference of less than min_gain of the greater load stays.
static void nothing_moves_for_less_than_min_gain(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "balance=weight min_gain=20%");
    pool_join(&pool, "a");
    for (uint32_t unit = 1; unit <= 20; unit++)
        plan_unit_add(pool.plan, unit, &(struct plan_unit_options){.weight = 5});
    CHECK_INT(pool_moves(&pool), 0);
    pool_join(&pool, "b");
    CHECK_INT(pool_moves(&pool), 10);
    plan_unit_set(pool.plan, 1, &(struct plan_unit_options){.weight = 15}); // 60 and 50
    CHECK_INT(pool_moves(&pool), 0);
    plan_unit_set(pool.plan, 2, &(struct plan_unit_options){.weight = 8}); // 63 and 50
    CHECK_INT(pool_moves(&pool), 1);
    pool_finish(&pool);
}

static void loads_move_nothing_for_little(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "balance=load stabilization=10s");
    pool_join(&pool, "a b");
    pool_add(&pool, 1, 4);
    for (uint32_t unit = 1; unit <= 4; unit++)
        plan_unit_load(pool.plan, unit, unit <= 2 ? 100 : 10);
    plan_settle_at(pool.plan, 0);
    pool_changes(&pool);
    CHECK_TEXT(pool_owners(&pool), "a: 1 3 | b: 2 4");
    plan_unit_load(pool.plan, 1, 109); // within a tenth
    CHECK(plan_settle_at(pool.plan, 1));
    CHECK_TEXT(pool_changes(&pool), "");
    plan_unit_load(pool.plan, 3, 200);
    CHECK(plan_settle_at(pool.plan, 2));
    CHECK_TEXT(pool_changes(&pool), "1 a -> b (balance)");
    plan_unit_load(pool.plan, 4, 150);
    CHECK(!plan_settle_at(pool.plan, 3));
    CHECK_TEXT(pool_changes(&pool), "");
    CHECK_INT(plan_deadline_ms(pool.plan), 10002);
    CHECK(plan_settle_at(pool.plan, 10002));
    CHECK_TEXT(pool_changes(&pool), "1 b -> a (balance)");
    pool_finish(&pool);
}

// CB-8 in the planner: a policy that comes back is as if it had never gone.
static void policies_change_live(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    pool_join(&pool, "a b c");
    add_all(&pool, 1, 9, "weight=5");
    pool_settle(&pool);
    policy(&pool, "balance=weight");
    CHECK_INT(pool_moves(&pool), 0);
    policy(&pool, "mode=pack max_topics_per_collector=5");
    CHECK_INT(pool_moves(&pool), 3);
    policy(&pool, "");
    CHECK_INT(pool_moves(&pool), 3);
    pool_finish(&pool);
}

static const struct test tests[] = {
    TEST(the_largest_that_suits_both_moves),
    TEST(a_huge_unit_hides_nothing),
    TEST(groups_do_not_mix),
    TEST(the_minimum_of_moves_is_exact_or_unknown),
    TEST(a_unit_that_may_go_back_does),
    TEST(the_minimum_of_moves_waits_for_capacities),
    TEST(a_zone_is_left_only_when_it_is_full),
    TEST(a_host_has_at_most_so_many),
    TEST(a_full_host_is_even_within),
    TEST(a_full_host_sends_home_within),
    TEST(a_full_host_is_packed_within),
    TEST(a_pinned_unit_is_nowhere_else),
    TEST(a_heavy_unit_finds_room),
    TEST(frozen_makes_no_room),
    TEST(the_gap_is_a_bound_of_what_a_better_plan_could_assign),
    TEST(one_that_is_held_keeps_what_it_has),
    TEST(a_budget_paces_what_moves_for_balance),
    TEST(nothing_moves_for_less_than_min_gain),
    TEST(loads_move_nothing_for_little),
    TEST(policies_change_live),
};

TEST_MAIN("plan/policies", tests)
