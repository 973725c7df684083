// SPDX-License-Identifier: Apache-2.0
//
// How long the planner takes: everything placed at once, one collector joining, one leaving, one
// unit coming and going, a restore; beside it a plain loop that only fills an array with
// round-robin owners (the floor). Every result is checked: complete, even, and moved no more than
// the minimum.
//
//     build/release/bench/plan [--small]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "plan/plan.h"

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

struct bench {
    struct plan_units *units;
    struct plan *plan;
    uint32_t unit_count;
    uint32_t collector_count;
    struct plan_change *changes;
    uint32_t change_capacity;
};

static uint32_t join(struct bench *bench, uint32_t number)
{
    char id[32];
    snprintf(id, sizeof id, "collector-%07u", number);
    return plan_collector_join(bench->plan, text_of(id), &(struct plan_collector_options){0});
}

// Number of units that have another owner than before, first placements not counted.
static uint32_t moves_take(struct bench *bench)
{
    uint32_t moves = 0;
    uint32_t count;
    while ((count = plan_changes_take(bench->plan, bench->changes, bench->change_capacity)) > 0)
        for (uint32_t i = 0; i < count; i++)
            moves += bench->changes[i].from != PLAN_NOBODY;
    return moves;
}

static void check(const struct bench *bench)
{
    struct plan_counts counts;
    plan_counts_get(bench->plan, &counts);
    ensure(counts.assigned == counts.units);
    ensure(counts.burden_max - counts.burden_min <= 1);
}

static double floor_ms(uint32_t units, uint32_t collectors)
{
    double start = now_ms();
    uint32_t *owners = malloc(units * sizeof(*owners));
    uint32_t *loads = calloc(collectors, sizeof(*loads));
    uint32_t **lists = malloc(collectors * sizeof(*lists));
    ensure(owners && loads && lists);
    for (uint32_t c = 0; c < collectors; c++)
        lists[c] = malloc((units / collectors + 1) * sizeof(**lists));
    for (uint32_t unit = 0, c = 0; unit < units; unit++, c = c + 1 == collectors ? 0 : c + 1) {
        owners[unit] = c;
        lists[c][loads[c]++] = unit;
    }
    double took = now_ms() - start;
    ensure(owners[units - 1] == (units - 1) % collectors && lists[0][0] == 0);
    for (uint32_t c = 0; c < collectors; c++)
        free(lists[c]);
    free(lists);
    free(loads);
    free(owners);
    return took;
}

static double bench_full(struct bench *bench)
{
    bench->units = plan_units_create();
    bench->plan = plan_create(bench->units, &(struct plan_options){0});
    for (uint32_t i = 0; i < bench->collector_count; i++)
        join(bench, 2 * i);
    plan_settle(bench->plan, PLAN_UNLIMITED);
    double start = now_ms();
    for (uint32_t unit = 0; unit < bench->unit_count; unit++)
        plan_unit_add(bench->plan, unit, &(struct plan_unit_options){.weight = 1});
    plan_settle(bench->plan, PLAN_UNLIMITED);
    double took = now_ms() - start;
    check(bench);
    ensure(moves_take(bench) == 0);
    return took;
}

// A collector joins in the middle of the order and leaves again; best and total moves are exact.
static void bench_join_leave(struct bench *bench, double *ret_join_ms, double *ret_leave_ms)
{
    uint32_t share = bench->unit_count / (bench->collector_count + 1);
    double joins[9];
    double leaves[9];
    for (uint32_t i = 0; i < 9; i++) {
        uint32_t number = 2 * (bench->collector_count * (i + 1) / 10) + 1;
        double start = now_ms();
        uint32_t collector = join(bench, number);
        plan_settle(bench->plan, PLAN_UNLIMITED);
        joins[i] = now_ms() - start;
        check(bench);
        ensure(moves_take(bench) == share);
        start = now_ms();
        plan_collector_leave(bench->plan, collector);
        plan_settle(bench->plan, PLAN_UNLIMITED);
        leaves[i] = now_ms() - start;
        check(bench);
        ensure(moves_take(bench) == share);
    }
    *ret_join_ms = *ret_leave_ms = 1e9;
    double join_sum = 0;
    double leave_sum = 0;
    for (uint32_t i = 0; i < 9; i++) {
        join_sum += joins[i];
        leave_sum += leaves[i];
    }
    *ret_join_ms = join_sum / 9;
    *ret_leave_ms = leave_sum / 9;
}

// Mean over many of: a unit goes, one comes, settle after each.
static double bench_churn_us(struct bench *bench)
{
    uint64_t random = 88172645463325252ULL;
    uint32_t rounds = 100000;
    double start = now_ms();
    for (uint32_t i = 0; i < rounds; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        uint32_t unit = (uint32_t)(random % bench->unit_count);
        plan_unit_remove(bench->plan, unit);
        plan_settle(bench->plan, PLAN_UNLIMITED);
        plan_unit_add(bench->plan, unit, &(struct plan_unit_options){.weight = 1});
        plan_settle(bench->plan, PLAN_UNLIMITED);
    }
    double took = (now_ms() - start) * 1e3 / rounds / 2;
    check(bench);
    moves_take(bench);
    return took;
}

static double bench_restore(struct bench *bench)
{
    uint32_t count = bench->unit_count;
    uint32_t *owners = memory_get(count * sizeof(*owners));
    uint64_t *numbers = memory_get(count * sizeof(*numbers));
    for (uint32_t unit = 0; unit < count; unit++) {
        owners[unit] = plan_unit_owner(bench->plan, unit);
        numbers[unit] = plan_unit_number(bench->plan, unit);
    }
    plan_destroy(bench->plan);
    plan_units_destroy(bench->units);
    bench->units = plan_units_create();
    bench->plan = plan_create(bench->units, &(struct plan_options){0});
    double start = now_ms();
    for (uint32_t i = 0; i < bench->collector_count; i++)
        join(bench, 2 * i); // the handles are those of before: they were given out in this order
    for (uint32_t unit = 0; unit < count; unit++)
        plan_unit_restore(bench->plan, unit, owners[unit], numbers[unit],
                          &(struct plan_unit_options){.weight = 1});
    ensure(plan_restore_end(bench->plan) == STATUS_OK);
    plan_settle(bench->plan, PLAN_UNLIMITED);
    double took = now_ms() - start;
    check(bench);
    ensure(moves_take(bench) == 0);
    memory_release(owners);
    memory_release(numbers);
    return took;
}

static void bench_run(uint32_t units, uint32_t collectors)
{
    struct bench bench = {.unit_count = units,
                          .collector_count = collectors,
                          .change_capacity = 1000,
                          .changes = memory_get(1000 * sizeof(struct plan_change))};
    double join_ms;
    double leave_ms;
    double least = floor_ms(units, collectors);
    double full = bench_full(&bench);
    bench_join_leave(&bench, &join_ms, &leave_ms);
    double churn_us = bench_churn_us(&bench);
    double restore = bench_restore(&bench);
    printf("%9u x %6u %10.2f %10.2f %10.4f %10.4f %10.3f %10.2f\n", units, collectors, least, full,
           join_ms, leave_ms, churn_us, restore);
    fflush(stdout);
    plan_destroy(bench.plan);
    plan_units_destroy(bench.units);
    memory_release(bench.changes);
}

int main(int argc, char **argv)
{
    bool is_small = argc > 1 && strcmp(argv[1], "--small") == 0;
    if (argc > 2 || (argc == 2 && !is_small)) {
        fprintf(stderr, "usage: plan [--small]\n");
        return 2;
    }
    printf("%9s x %6s %10s %10s %10s %10s %10s %10s\n", "units", "coll.", "floor ms", "full ms",
           "join ms", "leave ms", "unit us", "restore ms");
    bench_run(10000, 100);
    bench_run(100000, 100);
    bench_run(100000, 1000);
    bench_run(1000000, 1000);
    if (!is_small)
        bench_run(10000000, 10000);
    return 0;
}
