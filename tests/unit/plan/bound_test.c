// SPDX-License-Identifier: Apache-2.0
//
// What is promised of weights where nothing else binds (the head of mixed.c): how much the busiest
// collector has after any history, and how much may move for that.
#include <stdio.h>

#include "test.h"
#include "unit/plan/pool.h"

enum { UNITS = 200, COLLECTORS = 16 };

struct history {
    struct pool pool;
    uint64_t random;
    int64_t weights[UNITS]; // 0 = not in
    uint32_t spread;        // of the weights: how they are drawn
};

static uint32_t draw(struct history *history, uint32_t limit)
{
    history->random = history->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((history->random >> 33) % limit);
}

static int64_t weight_draw(struct history *history)
{
    switch (history->spread) {
    case 0:
        return 1 + draw(history, 100);
    case 1:
        return draw(history, 2) ? 1 : 50;
    case 2:
        return INT64_C(1) << draw(history, 12);
    default:
        return 1 + 100000 / (1 + draw(history, 200));
    }
}

static void unit_event(struct history *history)
{
    uint32_t unit = draw(history, UNITS);
    bool is_in = history->weights[unit] > 0;
    if (is_in && draw(history, 2)) {
        plan_unit_remove(history->pool.plan, unit);
        history->weights[unit] = 0;
        return;
    }
    history->weights[unit] = weight_draw(history);
    struct plan_unit_options options = {.weight = history->weights[unit]};
    if (is_in)
        plan_unit_set(history->pool.plan, unit, &options);
    else
        plan_unit_add(history->pool.plan, unit, &options);
}

static void collector_event(struct history *history)
{
    struct pool *pool = &history->pool;
    char id[8];
    snprintf(id, sizeof(id), "c%u", draw(history, COLLECTORS));
    if (plan_collector_find(pool->plan, text_of(id)) == PLAN_NOBODY)
        pool_join(pool, id);
    else if (plan_collector_count(pool->plan) > 1)
        pool_leave(pool, id);
}

// The units, and what they make of the collectors.
struct state {
    int64_t sum, largest;
    int64_t loads[COLLECTORS]; // by rank
    uint32_t collectors;
    uint32_t busiest, idlest; // ranks
    double squares;
};

static struct state state_get(const struct history *history)
{
    const struct plan *plan = history->pool.plan;
    struct state it = {.collectors = plan_collector_count(plan)};
    for (uint32_t i = 0; i < UNITS; i++) {
        it.sum += history->weights[i];
        it.largest = history->weights[i] > it.largest ? history->weights[i] : it.largest;
    }
    for (uint32_t rank = 0; rank < it.collectors; rank++) {
        it.loads[rank] = plan_collector_burden(plan, plan_collector_at(plan, rank));
        it.squares += (double)it.loads[rank] * (double)it.loads[rank];
        it.busiest = it.loads[rank] > it.loads[it.busiest] ? rank : it.busiest;
        it.idlest = it.loads[rank] < it.loads[it.idlest] ? rank : it.idlest;
    }
    return it;
}

// Whether the busiest has no more than the tolerance of 1 % allows, or than is promised beyond it.
static void busiest_check(const struct history *history, const struct state *it)
{
    const struct plan *plan = history->pool.plan;
    int64_t most = it->loads[it->busiest];
    int64_t share = it->sum / it->collectors;
    uint32_t busiest = plan_collector_at(plan, it->busiest);
    if (most <= share + (it->sum % it->collectors != 0) + share / 100)
        return;
    // 2 − 2 / (M + 1) times the even share is 2 W / (M + 1).
    CHECK(most <= it->largest || most * (it->collectors + 1) <= 2 * it->sum);
    uint32_t unit = plan_collector_unit_next(plan, busiest, PLAN_NOBODY);
    for (; unit != PLAN_NOBODY; unit = plan_collector_unit_next(plan, busiest, unit)) {
        CHECK(history->weights[unit] >= most - it->loads[it->idlest]);
        CHECK(most <= share + 1 + history->weights[unit]);
    }
}

static void history_run(uint64_t seed, uint32_t spread, uint32_t steps)
{
    struct history history = {.random = seed, .spread = spread};
    struct plan_policy policy = {.balance = PLAN_BALANCE_WEIGHT, .tolerance_ppm = 10000};
    pool_init(&history.pool, 0);
    plan_policy_set(history.pool.plan, &policy);
    pool_join(&history.pool, "c0");
    for (uint32_t i = draw(&history, UNITS); i > 0; i--)
        unit_event(&history);
    pool_moves(&history.pool);
    for (uint32_t step = 0; step < steps; step++) {
        uint32_t before = plan_collector_count(history.pool.plan);
        bool is_join_alone = false;
        if (draw(&history, 3) == 0) {
            collector_event(&history);
            is_join_alone = plan_collector_count(history.pool.plan) > before;
        }
        for (uint32_t i = is_join_alone ? 0 : draw(&history, 6); i > 0; i--)
            unit_event(&history);
        struct state old = state_get(&history);
        uint32_t moves = pool_moves(&history.pool);
        struct state now = state_get(&history);
        busiest_check(&history, &now);
        // Every move lessens the sum of the squares by 2 at least.
        if (is_join_alone)
            CHECK(moves * 2.0 <= old.squares - now.squares);
    }
    pool_finish(&history.pool);
}

// MR-26 and rule 4 for weights, after every step.
static void the_busiest_has_what_is_promised_after_any_history(void)
{
    for (uint64_t seed = 1; seed <= 12; seed++)
        for (uint32_t spread = 0; spread < 4; spread++)
            history_run(seed * 4 + spread, spread, 250);
}

static const struct test tests[] = {
    TEST(the_busiest_has_what_is_promised_after_any_history),
};

TEST_MAIN("plan/bound", tests)
