// SPDX-License-Identifier: Apache-2.0
//
// How many collectors are wanted and for how long, and which one may go.
#include <stdio.h>

#include "test.h"
#include "unit/plan/words.h"

static void wanted_is(struct pool *pool, uint32_t count, const char *reason)
{
    struct plan_wanted wanted;
    plan_wanted_get(pool->plan, UINT32_MAX, &wanted);
    CHECK_INT(wanted.count, count);
    CHECK_TEXT(wanted.reason, reason);
}

// Of a group, or UINT32_MAX.
static uint32_t wanted_count(const struct pool *pool, uint32_t group)
{
    struct plan_wanted wanted;
    plan_wanted_get(pool->plan, group, &wanted);
    return wanted.count;
}

// The id of whoever may go, or in brackets why none may, or "".
static const char *victim(const struct pool *pool, uint32_t group)
{
    static char words[200];
    struct plan_victim victim;
    plan_victim_get(pool->plan, group, &victim);
    words[0] = '\0';
    if (victim.collector != PLAN_NOBODY)
        snprintf(words, sizeof(words), "%s", plan_collector_id(pool->plan, victim.collector).data);
    if (victim.refusal)
        snprintf(words, sizeof(words), "(%s)", victim.refusal);
    return words;
}

// CB-2: as many as the bounds ask for, within limits.
static void the_wanted_number_follows_the_bounds(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    wanted_is(&pool, PLAN_NOBODY, "");
    join(&pool, "a", "weight=100");
    add_all(&pool, 1, 7, "weight=60");
    wanted_is(&pool, 5, "420 weight / 100 per collector = 5");
    policy(&pool, "max_topics_per_collector=1");
    wanted_is(&pool, 7, "7 topics / 1 per collector = 7");
    policy(&pool, "max_topics_per_collector=1 collectors_max=6");
    wanted_is(&pool, 6, "7 topics / 1 per collector = 7, but collectors_max = 6");
    policy(&pool, "collectors_min=9");
    wanted_is(&pool, 9, "420 weight / 100 per collector = 5, but collectors_min = 9");
    pool_finish(&pool);
}

// The lower of the cap and of what each can have itself; and their sum, not a rounded mean of it.
static void own_capacities_count_under_a_cap(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "max_topics_per_collector=10");
    join(&pool, "a", "units=2");
    join(&pool, "b", "units=2");
    pool_add(&pool, 1, 20);
    pool_settle(&pool);
    wanted_is(&pool, 10, "20 topics / 2 per collector = 10");
    join(&pool, "c", "");
    wanted_is(&pool, 5, "20 topics / 4.6 per collector = 5");
    pool_finish(&pool);

    pool_init(&pool, 0);
    join(&pool, "a", "units=1");
    join(&pool, "b", "units=2");
    pool_add(&pool, 1, 3);
    pool_settle(&pool);
    wanted_is(&pool, 2, "3 topics / 1.5 per collector = 2");
    pool_finish(&pool);
}

static void the_wanted_number_has_an_end(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    join(&pool, "a", "weight=1");
    add(&pool, 1, "weight=4294967297");
    wanted_is(&pool, UINT32_MAX - 1, "4294967297 weight / 1 per collector = 4294967294");
    pool_finish(&pool);

    // And far from it nothing is lost: 3 × 10^10 collectors' worth, of 10^10 each and 20,000 of
    // them.
    pool_init(&pool, 0);
    for (uint32_t i = 0; i < 20000; i++) {
        char id[16];
        snprintf(id, sizeof(id), "c%05u", i);
        join(&pool, id, "weight=10000000000");
    }
    add_all(&pool, 1, 3, "weight=100000000000");
    CHECK_INT(wanted_count(&pool, UINT32_MAX), 30);
    pool_finish(&pool);
}

// A group that nothing bounds needs those that it has; one without any needs one.
static void groups_without_a_bound_count_as_they_are(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "group_by=g");
    join(&pool, "a1", "units=5 g=a");
    join(&pool, "b1", "g=b");
    join(&pool, "b2", "g=b");
    add(&pool, 1, "g=a");
    add_all(&pool, 2, 101, "g=b");
    pool_settle(&pool);
    wanted_is(&pool, 3, "sum over 2 groups = 3");
    CHECK_TEXT(victim(&pool, UINT32_MAX), "");
    add(&pool, 102, "g=c");
    pool_settle(&pool);
    wanted_is(&pool, 4, "sum over 3 groups = 4");
    pool_finish(&pool);
}

// ---- Stabilization.

static void fewer_are_wanted_only_after_a_while(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "max_topics_per_collector=2 stabilization=10s");
    pool_add(&pool, 1, 6);
    plan_settle_at(pool.plan, 0);
    wanted_is(&pool, 3, "6 topics / 2 per collector = 3");
    CHECK_INT(plan_deadline_ms(pool.plan), INT64_MAX);
    pool_remove(&pool, 3, 6);
    wanted_is(&pool, 3, "2 topics / 2 per collector = 1, but 3 until that has lasted");
    plan_settle_at(pool.plan, 60000); // up to here three were needed
    wanted_is(&pool, 3, "2 topics / 2 per collector = 1, but 3 until that has lasted");
    CHECK_INT(plan_deadline_ms(pool.plan), 70000);
    pool_add(&pool, 7, 7);
    plan_settle_at(pool.plan, 69999);
    wanted_is(&pool, 3, "3 topics / 2 per collector = 2, but 3 until that has lasted");
    plan_settle_at(pool.plan, 70000);
    wanted_is(&pool, 2, "3 topics / 2 per collector = 2");
    CHECK_INT(plan_deadline_ms(pool.plan), INT64_MAX);
    pool_add(&pool, 8, 15);
    plan_settle_at(pool.plan, 70001);
    wanted_is(&pool, 6, "11 topics / 2 per collector = 6");
    pool_finish(&pool);
}

static void each_need_counts_for_as_long_as_it_is_the_highest(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "max_topics_per_collector=1 stabilization=60s");
    pool_add(&pool, 1, 9);
    plan_settle_at(pool.plan, 0);
    pool_remove(&pool, 6, 9);
    plan_settle_at(pool.plan, 10000); // nine up to here
    pool_remove(&pool, 3, 5);
    plan_settle_at(pool.plan, 20000); // five up to here
    pool_add(&pool, 6, 7);
    plan_settle_at(pool.plan, 25000);
    pool_remove(&pool, 2, 2);
    pool_remove(&pool, 6, 7);
    plan_settle_at(pool.plan, 30000); // four up to here, and from here on one
    static const struct {
        int64_t at_ms;
        uint32_t count;
    } falls[] = {{70000, 5}, {80000, 4}, {90000, 1}};
    for (int i = 0; i < 3; i++) {
        CHECK_INT(plan_deadline_ms(pool.plan), falls[i].at_ms);
        plan_settle_at(pool.plan, falls[i].at_ms - 1);
        CHECK_INT(wanted_count(&pool, UINT32_MAX), i == 0 ? 9 : falls[i - 1].count);
        plan_settle_at(pool.plan, falls[i].at_ms);
        CHECK_INT(wanted_count(&pool, UINT32_MAX), falls[i].count);
    }
    CHECK_INT(plan_deadline_ms(pool.plan), INT64_MAX);
    pool_finish(&pool);
}

// Against a list of all that was needed: never sooner, and at most a sixteenth later. What is kept
// of it is bounded.
static void a_number_never_falls_too_soon(void)
{
    enum { STEPS = 3000, WINDOW_MS = 16000, SLICE_MS = 1001 };
    static uint32_t needs[STEPS];
    static int64_t times[STEPS];
    struct pool pool;
    uint32_t random = 7, count = 0;
    pool_init(&pool, 0);
    policy(&pool, "max_topics_per_collector=1 stabilization=16s");
    for (uint32_t i = 0; i < STEPS; i++) {
        random = random * 1664525 + 1013904223;
        times[i] = (i ? times[i - 1] : 0) + (random >> 16) % (i / 500 % 2 ? 50 : 2000);
        uint32_t target = i % 700 < 400 ? 700 - i % 700 : (random >> 8) % 60;
        for (; count < target; count++)
            pool_add(&pool, count + 1, count + 1);
        for (; count > target; count--)
            pool_remove(&pool, count, count);
        needs[i] = target;
        plan_settle_at(pool.plan, times[i]);
        // What was needed from times[k] on was needed up to times[k + 1].
        uint32_t least = target, most = target;
        for (uint32_t k = 0; k < i; k++) {
            least = times[i] - times[k + 1] < WINDOW_MS && needs[k] > least ? needs[k] : least;
            most =
                times[i] - times[k + 1] < WINDOW_MS + SLICE_MS && needs[k] > most ? needs[k] : most;
        }
        uint32_t wanted = wanted_count(&pool, UINT32_MAX);
        CU_ASSERT_FATAL(wanted >= least && wanted <= most);
    }
    pool_finish(&pool);
}

static void limits_hold_for_what_lasts(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "max_topics_per_collector=1 stabilization=60s");
    pool_add(&pool, 1, 10);
    plan_settle_at(pool.plan, 0);
    pool_remove(&pool, 6, 10);
    policy(&pool, "max_topics_per_collector=1 stabilization=60s collectors_max=3");
    plan_settle_at(pool.plan, 1000);
    wanted_is(&pool, 3,
              "5 topics / 1 per collector = 5, but 10 until that has lasted, "
              "but collectors_max = 3");
    policy(&pool, "max_topics_per_collector=1");
    CHECK_INT(wanted_count(&pool, UINT32_MAX), 5);
    // It begins anew when it comes back.
    plan_settle_at(pool.plan, 2000);
    CHECK_INT(plan_deadline_ms(pool.plan), INT64_MAX);
    policy(&pool, "max_topics_per_collector=1 stabilization=60s");
    pool_remove(&pool, 4, 5);
    CHECK_INT(wanted_count(&pool, UINT32_MAX), 3);
    plan_settle_at(pool.plan, 3000);
    CHECK_INT(wanted_count(&pool, UINT32_MAX), 3);
    pool_finish(&pool);
}

static void a_group_holds_on_to_its_number_too(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "max_topics_per_collector=1 stabilization=60s group_by=g");
    add_all(&pool, 1, 5, "g=a");
    add_all(&pool, 6, 7, "g=b");
    plan_settle_at(pool.plan, 0);
    pool_remove(&pool, 4, 5);
    plan_settle_at(pool.plan, 50000);
    CHECK_INT(wanted_count(&pool, UINT32_MAX), 7);
    CHECK_INT(wanted_count(&pool, 0), 5);
    CHECK_INT(wanted_count(&pool, 1), 2);
    plan_settle_at(pool.plan, 110000);
    CHECK_INT(wanted_count(&pool, UINT32_MAX), 5);
    CHECK_INT(wanted_count(&pool, 0), 3);
    pool_finish(&pool);
}

static void it_is_noted_at_any_pace(void)
{
    static const enum plan_pace paces[] = {PLAN_PACE_CALM, PLAN_PACE_FROZEN, PLAN_PACE_FORCED};
    for (int i = 0; i < 3; i++) {
        struct pool pool;
        pool_init(&pool, 0);
        policy(&pool, "max_topics_per_collector=1 stabilization=60s");
        pool_add(&pool, 1, 5);
        plan_settle_paced(pool.plan, paces[i], 0);
        pool_remove(&pool, 2, 5);
        plan_settle_paced(pool.plan, paces[i], 1000);
        CHECK_INT(wanted_count(&pool, UINT32_MAX), 5);
        CHECK_INT(plan_deadline_ms(pool.plan), 61000);
        plan_settle_paced(pool.plan, paces[i], 61000);
        CHECK_INT(wanted_count(&pool, UINT32_MAX), 1);
        pool_finish(&pool);
    }
}

// Whoever takes over knows who is there, not what was needed, and does not send them home at once.
static void a_restored_plan_begins_with_those_who_are_there(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "max_topics_per_collector=4 stabilization=60s move_budget=2");
    pool_join(&pool, "a b c");
    for (uint32_t unit = 1; unit <= 4; unit++)
        plan_unit_restore(pool.plan, unit, 0, unit, &(struct plan_unit_options){.weight = 1});
    CHECK_INT(plan_restore_end(pool.plan), STATUS_OK);
    // The budget may have been used up just before, so it begins empty.
    CHECK(!plan_settle_at(pool.plan, 5000));
    CHECK_TEXT(pool_loads(&pool), "a 4, b 0, c 0");
    CHECK_INT(plan_deadline_ms(pool.plan), 35001);
    wanted_is(&pool, 3, "4 topics / 4 per collector = 1, but 3 until that has lasted");
    plan_settle_at(pool.plan, 35001);
    CHECK_TEXT(pool_loads(&pool), "a 3, b 1, c 0");
    plan_settle_at(pool.plan, 65000);
    CHECK_INT(wanted_count(&pool, UINT32_MAX), 1);
    pool_finish(&pool);
}

// ---- Who may go.

static void the_one_that_moves_least_may_go(void)
{
    struct pool pool;
    pool_init(&pool, 3);
    pool_join(&pool, "a b c");
    pool_add(&pool, 1, 5);
    pool_settle(&pool);
    CHECK_INT(wanted_count(&pool, UINT32_MAX), 2);
    CHECK_TEXT(victim(&pool, UINT32_MAX), "c");
    pool_finish(&pool);
}

static void nobody_may_go_whom_the_rest_cannot_replace(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    join(&pool, "a", "weight=100");
    join(&pool, "b", "weight=100");
    join(&pool, "c", "weight=100");
    add_all(&pool, 1, 3, "weight=60");
    pool_settle(&pool);
    CHECK_INT(wanted_count(&pool, UINT32_MAX), 2);
    CHECK_TEXT(victim(&pool, UINT32_MAX), "(the rest may not carry what any one of them has)");
    retell(&pool, 1, "weight=40");
    pool_settle(&pool);
    CHECK_TEXT(victim(&pool, UINT32_MAX), "c"); // a takes its 60
    pool_finish(&pool);
}

static void nobody_may_go_who_has_a_pinned_unit(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "max_topics_per_collector=10");
    pool_join(&pool, "a b c");
    add(&pool, 1, "pin=c");
    add_all(&pool, 2, 6, "");
    pool_settle(&pool);
    CHECK_INT(wanted_count(&pool, UINT32_MAX), 1);
    CHECK_TEXT(victim(&pool, UINT32_MAX), "b");
    pool_finish(&pool);
}

static void nobody_may_go_whose_host_is_needed(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "spread_by=host spread_max=2 collectors_max=1");
    join(&pool, "a", "host=1");
    join(&pool, "b", "host=2");
    join(&pool, "c", "host=2");
    pool_add(&pool, 1, 4);
    pool_settle(&pool);
    CHECK_TEXT(victim(&pool, UINT32_MAX), "c"); // b can take what c has
    pool_leave(&pool, "c");
    pool_settle(&pool);
    CHECK_TEXT(victim(&pool, UINT32_MAX), "(the rest may not carry what any one of them has)");
    pool_finish(&pool);
}

static void nobody_may_go_from_a_group_that_needs_it(void)
{
    struct pool pool;
    pool_init(&pool, 0);
    policy(&pool, "group_by=g max_topics_per_collector=10");
    join(&pool, "a1", "g=a");
    join(&pool, "a2", "g=a");
    join(&pool, "a3", "g=a");
    join(&pool, "b1", "g=b");
    join(&pool, "b2", "g=b");
    add_all(&pool, 1, 15, "g=a");
    add_all(&pool, 16, 27, "g=b");
    pool_settle(&pool);
    CHECK_INT(wanted_count(&pool, UINT32_MAX), 4);
    CHECK_TEXT(victim(&pool, UINT32_MAX), "a3");
    CHECK_TEXT(victim(&pool, 0), "a3");
    CHECK_TEXT(victim(&pool, 1), "");
    policy(&pool, "group_by=g max_topics_per_collector=10 collectors_max=3");
    pool_leave(&pool, "a3");
    pool_settle(&pool);
    CHECK_TEXT(victim(&pool, UINT32_MAX), "(no group has more of them than it needs)");
    pool_finish(&pool);
}

static void nobody_may_go_who_waits_or_drains(void)
{
    struct pool pool;
    pool_init(&pool, 5);
    pool_join(&pool, "a b c");
    pool_add(&pool, 1, 5);
    pool_settle(&pool);
    set(&pool, "c", "held=1");
    CHECK_TEXT(victim(&pool, UINT32_MAX), "b");
    pool_drain(&pool, "b");
    pool_settle(&pool);
    CHECK_TEXT(victim(&pool, UINT32_MAX), "(the rest may not carry what any one of them has)");
    pool_finish(&pool);
}

// A policy with other labels was set, and everything is to be told again first.
static void nobody_may_go_while_labels_are_told(void)
{
    char zone[] = "zone";
    struct pool pool;
    pool_init(&pool, 3);
    pool_join(&pool, "a b c");
    pool_add(&pool, 1, 5);
    pool_settle(&pool);
    CHECK_TEXT(victim(&pool, UINT32_MAX), "c");
    CHECK(plan_policy_set(pool.plan,
                          &(struct plan_policy){.max_topics_per_collector = 3, .affinity = zone}));
    CHECK_TEXT(victim(&pool, UINT32_MAX), "(the rest may not carry what any one of them has)");
    pool_settle(&pool);
    CHECK_TEXT(victim(&pool, UINT32_MAX), "c");
    pool_finish(&pool);
}

static const struct test tests[] = {
    TEST(the_wanted_number_follows_the_bounds),
    TEST(own_capacities_count_under_a_cap),
    TEST(the_wanted_number_has_an_end),
    TEST(groups_without_a_bound_count_as_they_are),
    TEST(fewer_are_wanted_only_after_a_while),
    TEST(each_need_counts_for_as_long_as_it_is_the_highest),
    TEST(a_number_never_falls_too_soon),
    TEST(limits_hold_for_what_lasts),
    TEST(a_group_holds_on_to_its_number_too),
    TEST(it_is_noted_at_any_pace),
    TEST(a_restored_plan_begins_with_those_who_are_there),
    TEST(the_one_that_moves_least_may_go),
    TEST(nobody_may_go_whom_the_rest_cannot_replace),
    TEST(nobody_may_go_who_has_a_pinned_unit),
    TEST(nobody_may_go_whose_host_is_needed),
    TEST(nobody_may_go_from_a_group_that_needs_it),
    TEST(nobody_may_go_who_waits_or_drains),
    TEST(nobody_may_go_while_labels_are_told),
};

TEST_MAIN("plan/wanted", tests)
