// SPDX-License-Identifier: Apache-2.0
//
// How many collectors a group needs, which one may go, and how far a plan may be from assigning as
// many units as possible.
//
//     count = clamp(the greatest of ceil(units / cap), ceil(weight / capacity),
//                   ceil(units / spread_max), min, max)
//
// where the cap is the policy's, or else the mean of the collectors' own capacities by units;
// capacity is the mean of their capacities by weight, and stands for loads under balance = load.
// collectors_min and collectors_max hold for the pool as a whole. More collectors are wanted at
// once; fewer only after the number was lower all through the policy's stabilization.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "plan/state.h"

// What the collectors of a group that do not drain can have.
struct capacity {
    uint32_t count;
    uint64_t units;       // sum of own capacities
    uint32_t units_count; // of those that have one
    int64_t weight;
    uint32_t weight_count;
};

static struct capacity capacity_of(const struct plan *plan, const struct group *group)
{
    struct capacity capacity = {0};
    for (uint32_t i = 0; i < group->order_count; i++) {
        const struct collector *it = &plan->collectors[group->order[i]];
        if (it->has_left || it->is_draining)
            continue;
        capacity.count++;
        capacity.units += it->units_max;
        capacity.units_count += it->units_max > 0;
        capacity.weight += it->weight_max;
        capacity.weight_count += it->weight_max > 0;
    }
    return capacity;
}

// Sum of the weights of all units of a group, or of their loads under balance = load.
static int64_t demand_of(const struct plan *plan, const struct group *group)
{
    int64_t sum = group->pending_weight;
    bool is_load = group->is_mixed && plan->policy.balance == PLAN_BALANCE_LOAD;
    for (uint32_t i = 0; i < group->order_count; i++) {
        const struct collector *it = &plan->collectors[group->order[i]];
        sum += is_load ? it->load : it->weight;
    }
    return sum;
}

static uint64_t divide_up(uint64_t a, uint64_t b)
{
    return a / b + (a % b != 0);
}

// Takes a bound if it is the greatest so far.
static void bound_take(struct plan_wanted *wanted, uint64_t amount, uint64_t each, const char *what)
{
    uint64_t count = divide_up(amount, each);
    if (wanted->count != PLAN_NOBODY && count <= wanted->count)
        return;
    wanted->count = (uint32_t)count;
    snprintf(wanted->reason, sizeof(wanted->reason), "%" PRIu64 " %s = %" PRIu64, amount, what,
             count);
}

static void group_wanted(const struct plan *plan, const struct group *group,
                         struct plan_wanted *wanted)
{
    struct capacity capacity = capacity_of(plan, group);
    uint32_t cap = policy_cap(&plan->policy);
    char what[80];
    wanted->count = PLAN_NOBODY;
    wanted->actual = capacity.count;
    if (!cap && capacity.units_count > 0 && capacity.units_count == capacity.count)
        cap = (uint32_t)(capacity.units / capacity.units_count);
    if (cap) {
        snprintf(what, sizeof(what), "topics / %" PRIu32 " per collector", cap);
        bound_take(wanted, group->unit_count, cap, what);
    }
    if (plan->policy.spread_max) {
        snprintf(what, sizeof(what), "topics / %" PRIu32 " per host", plan->policy.spread_max);
        bound_take(wanted, group->unit_count, plan->policy.spread_max, what);
    }
    if (capacity.weight_count > 0 && capacity.weight_count == capacity.count) {
        int64_t mean = capacity.weight / capacity.weight_count;
        bool is_load = plan->policy.balance == PLAN_BALANCE_LOAD;
        snprintf(what, sizeof(what), "%s / %" PRId64 " per collector", is_load ? "load" : "weight",
                 mean);
        bound_take(wanted, (uint64_t)demand_of(plan, group), (uint64_t)mean, what);
    }
}

// ---- Scale-in.

// Whether the others of its group can take all that a collector has: by number, by weight, by host.
static bool is_dispensable(const struct plan *plan, uint32_t collector)
{
    const struct collector *it = &plan->collectors[collector];
    const struct group *group = plan->groups[it->group];
    uint64_t units = 0;
    int64_t weight = 0;
    for (uint32_t i = 0; i < group->order_count; i++) {
        const struct collector *other = &plan->collectors[group->order[i]];
        if (other == it || other->has_left || other->is_draining || other->is_held)
            continue;
        uint64_t room = other->cap > other->count ? other->cap - other->count : 0;
        units += other->cap == CAP_NONE ? UINT32_MAX : room;
        weight += other->weight_max ? other->weight_max - other->weight : PLAN_WEIGHT_MAX;
        if (units >= it->count && weight >= it->weight)
            return true;
    }
    return it->count == 0;
}

// Whoever has least units, the last by id: its leaving moves least.
static void victim_find(const struct plan *plan, const struct group *only,
                        struct plan_wanted *wanted)
{
    bool is_any = false;
    wanted->victim = PLAN_NOBODY;
    if (wanted->count == PLAN_NOBODY || wanted->actual <= wanted->count)
        return;
    for (uint32_t i = 0; i < plan->order_count; i++) {
        const struct collector *it = &plan->collectors[plan->order[i]];
        if (it->has_left || it->is_draining || (only && plan->groups[it->group] != only))
            continue;
        is_any = true;
        if (wanted->victim != PLAN_NOBODY && it->count > plan->collectors[wanted->victim].count)
            continue;
        if (is_dispensable(plan, plan->order[i]))
            wanted->victim = plan->order[i];
    }
    if (is_any && wanted->victim == PLAN_NOBODY)
        snprintf(wanted->refusal, sizeof(wanted->refusal),
                 "the rest cannot carry what any one of them has");
}

static void wanted_clamp(const struct plan *plan, struct plan_wanted *wanted)
{
    const struct plan_policy *policy = &plan->policy;
    size_t size = strlen(wanted->reason);
    if (wanted->count == PLAN_NOBODY && !policy->collectors_min)
        return;
    if (wanted->count == PLAN_NOBODY || wanted->count < policy->collectors_min) {
        wanted->count = policy->collectors_min;
        snprintf(wanted->reason + size, sizeof(wanted->reason) - size,
                 "%scollectors_min = %" PRIu32, size ? ", but " : "", policy->collectors_min);
    } else if (policy->collectors_max && wanted->count > policy->collectors_max) {
        wanted->count = policy->collectors_max;
        snprintf(wanted->reason + size, sizeof(wanted->reason) - size,
                 ", but collectors_max = %" PRIu32, policy->collectors_max);
    }
}

static void pool_wanted(const struct plan *plan, struct plan_wanted *wanted)
{
    uint32_t bounded = 0;
    wanted->count = PLAN_NOBODY;
    for (uint32_t i = 0; i < plan->group_order_count; i++) {
        struct plan_wanted one = {0};
        group_wanted(plan, plan->groups[plan->group_order[i]], &one);
        wanted->actual += one.actual;
        if (one.count == PLAN_NOBODY)
            continue;
        wanted->count = bounded++ ? wanted->count + one.count : one.count;
        memcpy(wanted->reason, one.reason, sizeof(one.reason));
    }
    if (!bounded && policy_cap(&plan->policy))
        wanted->count = 0; // nothing is there that would need one
    if (bounded > 1)
        snprintf(wanted->reason, sizeof(wanted->reason), "sum over %" PRIu32 " groups = %" PRIu32,
                 bounded, wanted->count);
    wanted_clamp(plan, wanted);
}

void wanted_remember(struct plan *plan)
{
    struct plan_wanted wanted = {0};
    if (plan->policy.stabilization_ms == 0)
        return;
    pool_wanted(plan, &wanted);
    if (wanted.count == PLAN_NOBODY ||
        (wanted.count < plan->wanted_least && plan->now_ms < plan->wanted_until_ms))
        return;
    plan->wanted_least = wanted.count;
    plan->wanted_until_ms = plan->now_ms + plan->policy.stabilization_ms;
}

static void wanted_stabilise(const struct plan *plan, struct plan_wanted *wanted)
{
    size_t size = strlen(wanted->reason);
    if (plan->policy.stabilization_ms == 0 || wanted->count >= plan->wanted_least ||
        plan->now_ms >= plan->wanted_until_ms)
        return;
    wanted->count = plan->wanted_least;
    snprintf(wanted->reason + size, sizeof(wanted->reason) - size,
             ", but %" PRIu32 " until that has lasted", plan->wanted_least);
}

void plan_wanted_get(const struct plan *plan, uint32_t group, struct plan_wanted *ret_wanted)
{
    struct plan_wanted wanted = {.victim = PLAN_NOBODY};
    const struct group *only = NULL;
    if (group == UINT32_MAX) {
        pool_wanted(plan, &wanted);
        wanted_stabilise(plan, &wanted);
    } else {
        ensure(group < plan->group_order_count);
        only = plan->groups[plan->group_order[group]];
        group_wanted(plan, only, &wanted);
    }
    victim_find(plan, only, &wanted);
    *ret_wanted = wanted;
}

// ---- The gap to as many units as possible.

// Units by the power of two that is not above their weight.
static void sizes_count(const struct plan *plan, const struct group *group,
                        uint64_t counts[SIZE_COUNT])
{
    memset(counts, 0, SIZE_COUNT * sizeof(*counts));
    for (uint32_t i = 0; i < SIZE_COUNT; i++)
        counts[i] = group->waiting.sizes[i].count;
    for (uint32_t rank = 0; rank < group->order_count; rank++) {
        const struct list *sizes = plan->collectors[group->order[rank]].units.sizes;
        for (uint32_t i = 0; i < SIZE_COUNT * BOND_COUNT; i++)
            counts[i % SIZE_COUNT] += sizes[i].count;
    }
}

// Most units that the collectors could have by number and weight, were they one: no plan has more.
static uint64_t assignable_most(const struct plan *plan, const struct group *group)
{
    uint64_t counts[SIZE_COUNT];
    uint64_t units = 0;
    uint64_t weight = 0;
    for (uint32_t i = 0; i < group->order_count; i++) {
        const struct collector *it = &plan->collectors[group->order[i]];
        if (it->is_held || it->cap == 0)
            continue;
        units += it->cap;
        weight += it->weight_max ? (uint64_t)it->weight_max : UINT64_MAX / UINT32_MAX;
    }
    uint64_t most = 0;
    sizes_count(plan, group, counts);
    for (uint32_t i = 0; i < SIZE_COUNT; i++) {
        uint64_t fit = weight >> i;
        uint64_t taken = counts[i] < fit ? counts[i] : fit;
        most += taken;
        weight -= taken << i;
    }
    return most < units ? most : units;
}

uint32_t group_gap(const struct plan *plan, const struct group *group)
{
    uint32_t pending = group->waiting_count;
    if (!group->is_mixed || !pending || !group->weighed_count)
        return 0;
    if (plan->policy.balance == PLAN_BALANCE_LOAD)
        return pending;
    uint32_t assigned = group->unit_count - pending - group->orphan_count;
    uint64_t most = assignable_most(plan, group);
    uint64_t gap = most > assigned ? most - assigned : 0;
    return gap < pending ? (uint32_t)gap : pending;
}
