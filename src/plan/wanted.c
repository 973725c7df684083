// SPDX-License-Identifier: Apache-2.0
//
// How many collectors a group and the pool need, and how far a plan may be from assigning as many
// units as possible.
//
//     need  = the greatest of ceil(units / cap), ceil(weight / capacity), ceil(units / spread_max)
//     count = clamp(the highest need within the last stabilization, min, max)
//
// where cap is the mean of what the collectors may have by units, each the lower of the policy's
// cap and its own capacity; capacity is the mean of their capacities by weight, and stands for
// loads under balance = load. A pool needs what its groups need; a group that nothing bounds needs
// those that it has, or one. collectors_min and collectors_max hold for the pool as a whole.
//
// More collectors are wanted at once; fewer only when no need within the policy's stabilization was
// higher. Of the past only what can still be the highest is kept: needs that fell to a lower one,
// the highest and oldest first, each with the time up to which it was there. Two that ended within
// the same sixteenth of the stabilization are kept as one, the higher, so a number falls at most
// so much later, and never sooner.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "plan/state.h"

enum { SLICES = 16 }; // of the stabilization

// What the collectors of a group that do not drain can have.
struct capacity {
    uint32_t count;
    uint64_t units;       // sum of what they may have
    uint32_t units_count; // of those for which that is bounded
    uint64_t weight;
    uint32_t weight_count;
};

static struct capacity capacity_of(const struct plan *plan, const struct group *group)
{
    struct capacity capacity = {0};
    uint32_t cap = policy_cap(&plan->policy);
    for (uint32_t i = 0; i < group->order_count; i++) {
        const struct collector *it = &plan->collectors[group->order[i]];
        if (it->has_left || it->is_draining)
            continue;
        uint32_t units = !cap || (it->units_max && it->units_max < cap) ? it->units_max : cap;
        capacity.count++;
        capacity.units += units;
        capacity.units_count += units > 0;
        capacity.weight += (uint64_t)it->weight_max;
        capacity.weight_count += it->weight_max > 0;
    }
    return capacity;
}

// Sum of the weights of all units of a group, or of their loads under balance = load.
static uint64_t demand_of(const struct plan *plan, const struct group *group)
{
    int64_t sum = group->pending_weight;
    bool is_load = group->is_mixed && plan->policy.balance == PLAN_BALANCE_LOAD;
    for (uint32_t i = 0; i < group->order_count; i++) {
        const struct collector *it = &plan->collectors[group->order[i]];
        sum += is_load ? it->load : it->weight;
    }
    return (uint64_t)sum;
}

static uint64_t divide_up(uint64_t a, uint64_t b)
{
    return a / b + (a % b != 0);
}

// Numbers end below PLAN_NOBODY, which is none.
static uint32_t count_clamp(uint64_t count)
{
    return count < PLAN_NOBODY ? (uint32_t)count : PLAN_NOBODY - 1;
}

// ceil(amount / mean), of `parts` with this sum.
static uint32_t parts_for(uint64_t amount, uint64_t sum, uint32_t parts)
{
    uint64_t whole = amount / sum;
    uint64_t rest = amount % sum;
    if (whole >= PLAN_NOBODY)
        return PLAN_NOBODY - 1;
    // Far beyond what there is: at the cost of the last digits, upwards.
    while (rest > UINT64_MAX / parts) {
        rest = divide_up(rest, 2);
        sum /= 2;
    }
    return count_clamp(whole * parts + divide_up(rest * parts, sum));
}

// What may bound the collectors of a group.
struct bound {
    uint64_t amount;
    const char *what;
    uint64_t sum; // of what `parts` of them can have
    uint32_t parts;
    const char *part;
};

// Takes a bound if it is the greatest so far.
static void bound_take(struct plan_wanted *wanted, const struct bound *bound)
{
    uint32_t count = parts_for(bound->amount, bound->sum, bound->parts);
    uint64_t over = bound->sum % bound->parts;
    char tenth[] = {'.', '0', '\0'};
    if (wanted->count != PLAN_NOBODY && count <= wanted->count)
        return;
    wanted->count = count;
    tenth[1] = (char)('0' + over * 10 / bound->parts);
    snprintf(wanted->reason, sizeof(wanted->reason),
             "%" PRIu64 " %s / %" PRIu64 "%s per %s = %" PRIu32, bound->amount, bound->what,
             bound->sum / bound->parts, over ? tenth : "", bound->part, count);
}

// What a group needs as things are.
static void group_need(const struct plan *plan, const struct group *group,
                       struct plan_wanted *wanted)
{
    const struct plan_policy *policy = &plan->policy;
    struct capacity capacity = capacity_of(plan, group);
    uint32_t cap = policy_cap(policy);
    wanted->count = PLAN_NOBODY;
    wanted->actual = capacity.count;
    if (capacity.count == 0 && cap)
        capacity = (struct capacity){.count = 1, .units = cap, .units_count = 1};
    if (capacity.units_count > 0 && capacity.units_count == capacity.count)
        bound_take(wanted, &(struct bound){group->unit_count, "topics", capacity.units,
                                           capacity.count, "collector"});
    if (policy->spread_max)
        bound_take(wanted,
                   &(struct bound){group->unit_count, "topics", policy->spread_max, 1, "host"});
    if (capacity.weight_count > 0 && capacity.weight_count == capacity.count)
        bound_take(wanted, &(struct bound){demand_of(plan, group),
                                           policy->balance == PLAN_BALANCE_LOAD ? "load" : "weight",
                                           capacity.weight, capacity.count, "collector"});
}

// What all groups need together.
static void pool_need(const struct plan *plan, struct plan_wanted *wanted)
{
    uint32_t summed = 0;
    bool is_bounded = false;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < plan->group_order_count; i++) {
        const struct group *group = plan->groups[plan->group_order[i]];
        struct plan_wanted one = {0};
        group_need(plan, group, &one);
        wanted->actual += one.actual;
        bool is_one_bounded = one.count != PLAN_NOBODY;
        if (!is_one_bounded)
            one.count = one.actual ? one.actual : group->unit_count > 0;
        is_bounded |= is_one_bounded;
        sum += one.count;
        summed += is_one_bounded || one.count > 0;
        if (is_one_bounded)
            memcpy(wanted->reason, one.reason, sizeof(one.reason));
    }
    wanted->count = is_bounded ? count_clamp(sum) : PLAN_NOBODY;
    if (!is_bounded && policy_cap(&plan->policy))
        wanted->count = 0; // nothing is there that would need one
    if (is_bounded && summed > 1)
        snprintf(wanted->reason, sizeof(wanted->reason), "sum over %" PRIu32 " groups = %" PRIu32,
                 summed, wanted->count);
}

// ---- Stabilization.

static bool is_past(const struct plan *plan, const struct need_past *past)
{
    return plan->now_ms - past->ended_ms >= plan->policy.stabilization_ms;
}

// The highest need of the past that still counts.
static const struct need_past *past_highest(const struct plan *plan, const struct needs *needs)
{
    for (uint32_t i = 0; i < needs->count; i++)
        if (!is_past(plan, &needs->past[i]))
            return &needs->past[i];
    return NULL;
}

// The need that was there up to now has fallen.
static void past_add(const struct plan *plan, struct needs *needs)
{
    struct need_past *past = needs->past;
    int64_t slice_ms = plan->policy.stabilization_ms / SLICES + 1;
    uint32_t gone = 0;
    while (gone < needs->count && is_past(plan, &past[gone]))
        gone++;
    needs->count -= gone;
    memmove(past, past + gone, needs->count * sizeof(*past));
    struct need_past *last = needs->count ? &past[needs->count - 1] : NULL;
    bool is_full = needs->count == NEEDS_PAST;
    if (last && (is_full || last->ended_ms / slice_ms == plan->now_ms / slice_ms))
        last->ended_ms = plan->now_ms;
    else
        past[needs->count++] = (struct need_past){needs->now, plan->now_ms};
}

// What is needed from now on.
static void needs_note(const struct plan *plan, struct needs *needs,
                       const struct plan_wanted *wanted)
{
    uint32_t need = wanted->count == PLAN_NOBODY ? 0 : wanted->count;
    if (!plan->has_needs)
        needs->now = needs->count = 0;
    // A plan that was restored knows no past but those who are there.
    if (plan->is_recalled && wanted->actual > needs->now)
        needs->now = wanted->actual;
    if (need < needs->now)
        past_add(plan, needs);
    while (needs->count > 0 && needs->past[needs->count - 1].need <= need)
        needs->count--;
    needs->now = need;
}

void wanted_note(struct plan *plan)
{
    struct plan_wanted wanted = {0};
    if (plan->policy.stabilization_ms == 0) {
        plan->has_needs = false;
        return;
    }
    pool_need(plan, &wanted);
    needs_note(plan, &plan->needs, &wanted);
    for (uint32_t i = 0; i < plan->group_order_count; i++) {
        struct group *group = plan->groups[plan->group_order[i]];
        group_need(plan, group, &wanted);
        needs_note(plan, &group->needs, &wanted);
    }
    plan->has_needs = true;
}

static int64_t needs_deadline(const struct plan *plan, const struct needs *needs)
{
    const struct need_past *past = past_highest(plan, needs);
    return past ? past->ended_ms + plan->policy.stabilization_ms : INT64_MAX;
}

int64_t wanted_deadline_ms(const struct plan *plan)
{
    if (!plan->has_needs)
        return INT64_MAX;
    int64_t deadline_ms = needs_deadline(plan, &plan->needs);
    for (uint32_t i = 0; i < plan->group_order_count; i++) {
        const struct group *group = plan->groups[plan->group_order[i]];
        int64_t one_ms = needs_deadline(plan, &group->needs);
        deadline_ms = one_ms < deadline_ms ? one_ms : deadline_ms;
    }
    return deadline_ms;
}

static void wanted_stabilise(const struct plan *plan, const struct needs *needs,
                             struct plan_wanted *wanted)
{
    size_t size = strlen(wanted->reason);
    const struct need_past *past = past_highest(plan, needs);
    uint32_t highest = past && past->need > needs->now ? past->need : needs->now;
    if (!plan->has_needs || plan->policy.stabilization_ms == 0 || wanted->count >= highest)
        return;
    wanted->count = highest;
    snprintf(wanted->reason + size, sizeof(wanted->reason) - size,
             ", but %" PRIu32 " until that has lasted", highest);
}

// ---- The number.

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

void plan_wanted_get(const struct plan *plan, uint32_t group, struct plan_wanted *ret_wanted)
{
    struct plan_wanted wanted = {0};
    if (group == UINT32_MAX) {
        pool_need(plan, &wanted);
        wanted_stabilise(plan, &plan->needs, &wanted);
        wanted_clamp(plan, &wanted);
    } else {
        ensure(group < plan->group_order_count);
        const struct group *only = plan->groups[plan->group_order[group]];
        group_need(plan, only, &wanted);
        wanted_stabilise(plan, &only->needs, &wanted);
    }
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
