// SPDX-License-Identifier: Apache-2.0
//
// Random histories of pools with every policy, held to the rules after every step.
#include <stdio.h>

#include "test.h"
#include "unit/plan/mix.h"

static void history_run(uint64_t seed, const char *keys, uint32_t steps)
{
    struct mix mix;
    mix_init(&mix, seed);
    if (keys)
        mix_policy(&mix, keys);
    for (uint32_t step = 0; step < steps; step++) {
        for (uint32_t i = mix_random(&mix, 6) + 1; i > 0; i--)
            mix_event(&mix);
        if (!keys && mix_random(&mix, 20) == 0)
            mix_policy_draw(&mix);
        mix.is_brief = steps >= 10000 && step % 20 != 0;
        mix_settle(&mix);
        if (mix_random(&mix, 10) == 0)
            mix_restart(&mix);
    }
    mix_finish(&mix);
}

static void groups_keep_the_rules(void)
{
    history_run(1, "group_by=group", 200);
    history_run(11, "group_by=group other=green", 200);
    history_run(2, "group_by=group groups=red,blue other=green max_topics_per_collector=9", 200);
}

static void weights_keep_the_rules(void)
{
    history_run(3, "balance=weight", 200);
    history_run(4, "balance=weight tolerance=10% max_topics_per_collector=15", 200);
    history_run(5, "balance=load", 200);
}

static void zones_and_hosts_keep_the_rules(void)
{
    history_run(6, "affinity=zone", 200);
    history_run(7, "spread_by=host spread_max=7", 200);
    history_run(8, "affinity=zone spread_by=host spread_max=20 balance=weight", 200);
}

static void packing_keeps_the_rules(void)
{
    history_run(9, "mode=pack max_topics_per_collector=12 affinity=zone", 200);
    history_run(10, "mode=pack balance=weight spread_by=host spread_max=30", 200);
}

// All policies in turn over ten thousand steps: what is kept up step by step never drifts from what
// is counted from scratch.
static void any_history_keeps_the_rules(void)
{
    for (uint64_t seed = 100; seed < 106; seed++)
        history_run(seed, NULL, 200);
    history_run(1000, NULL, 10000);
}

// Whoever is said to be dispensable is: what it had finds a place with the others. The pool says
// that it wants one collector, so that as many go as may.
static void the_rest_can_carry_what_the_victim_has(void)
{
    static const char *const policies[] = {
        "collectors_min=1 collectors_max=1",
        "collectors_min=1 collectors_max=1 max_topics_per_collector=20 affinity=zone",
        "collectors_min=1 collectors_max=1 balance=weight",
        "collectors_min=1 collectors_max=1 balance=weight mode=pack",
        "collectors_min=1 collectors_max=1 spread_by=host spread_max=40",
        ("collectors_min=1 collectors_max=1 balance=weight spread_by=host spread_max=30 "
         "affinity=zone"),
    };
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct mix mix;
        uint32_t gone = 0;
        mix_init(&mix, 500 + seed);
        mix.is_brief = true;
        mix_policy(&mix, policies[seed % 6]);
        for (uint32_t step = 0; step < 60; step++) {
            for (uint32_t i = mix_random(&mix, 12) + 1; i > 0; i--)
                mix_event(&mix);
            mix_settle(&mix);
            while (mix_random(&mix, 3) > 0 && mix_scale_in(&mix))
                gone++;
        }
        CHECK(gone > 0);
        mix_finish(&mix);
    }
}

// 100 collectors have 25 units of 28 and 260 of 5 each; 2000 becomes 1980. Nobody has 28 more than
// that, but within the tolerance (19, of which half is used) everybody can give one away.
static void newcomer_takes_few_large_units_within_the_tolerance(void)
{
    struct mix mix;
    struct plan_change change;
    uint32_t moves = 0;
    mix_init(&mix, 1);
    mix_policy(&mix, "balance=weight");
    for (uint32_t i = 0; i < 100; i++) {
        char id[8];
        snprintf(id, sizeof(id), "m%02u", i);
        plan_collector_join(mix.plans[0], text_of(id), &(struct plan_collector_options){0});
    }
    for (uint32_t i = 0; i < 100 * 285; i++)
        plan_unit_add(mix.plans[0], i,
                      &(struct plan_unit_options){.weight = i < 100 * 25 ? 28 : 5});
    plan_settle(mix.plans[0], PLAN_UNLIMITED);
    while (plan_changes_take(mix.plans[0], &change, 1))
        continue;
    plan_collector_join(mix.plans[0], text_of("new"), &(struct plan_collector_options){0});
    plan_settle(mix.plans[0], PLAN_UNLIMITED);
    for (; plan_changes_take(mix.plans[0], &change, 1); moves++)
        CHECK_INT(change.why, PLAN_WHY_BALANCE);
    CHECK_INT(moves, 71); // 1988, which is as even as it gets
    mix_finish(&mix);
}

static uint32_t join_ten(struct plan *plan, const char *id)
{
    return plan_collector_join(plan, text_of(id),
                               &(struct plan_collector_options){.weight_max = 10});
}

// As in even groups: a first placement is no move, so scarce room is for those who never ran.
static void those_who_never_ran_take_scarce_room_first(void)
{
    struct mix mix;
    mix_init(&mix, 1);
    mix_policy(&mix, "balance=weight");
    struct plan *plan = mix.plans[0];
    uint32_t a = join_ten(plan, "a");
    for (uint32_t i = 0; i < 2; i++)
        plan_unit_add(plan, i, &(struct plan_unit_options){.weight = 10});
    plan_settle(plan, PLAN_UNLIMITED);
    CHECK_INT(plan_unit_owner(plan, 0), a);
    CHECK_INT(plan_unit_owner(plan, 1), PLAN_NOBODY);
    plan_collector_leave(plan, a);
    uint32_t b = join_ten(plan, "b");
    plan_settle(plan, PLAN_UNLIMITED);
    CHECK_INT(plan_unit_owner(plan, 0), PLAN_NOBODY);
    CHECK_INT(plan_unit_owner(plan, 1), b);
    mix_finish(&mix);
}

static const struct test tests[] = {
    TEST(groups_keep_the_rules),
    TEST(weights_keep_the_rules),
    TEST(zones_and_hosts_keep_the_rules),
    TEST(packing_keeps_the_rules),
    TEST(any_history_keeps_the_rules),
    TEST(the_rest_can_carry_what_the_victim_has),
    TEST(newcomer_takes_few_large_units_within_the_tolerance),
    TEST(those_who_never_ran_take_scarce_room_first),
};

TEST_MAIN("plan/mixed", tests)
