// SPDX-License-Identifier: Apache-2.0
//
// Scale-in: which collector may go, of more than are wanted.
//
// The one whose leaving moves least, of those whose units all find a place with the rest of their
// group, in whatever order the planner places them. That is so where the sum of
//
//     the lower of its room by number and floor(its room by weight / the greatest unit's weight)
//
// over the rest, on no host more than spread_max leaves, is not less than the number of units: a
// unit that found no place would find each of the rest full by number, or with less room by weight
// than the unit needs, and so with at least as many of the units as it was counted for. Where it is
// less they may fit all the same; nobody is named then, for what is drained cannot be given back.
// Only the TRIES_MAX with the fewest units are looked at.
#include <stdio.h>

#include "base/ensure.h"
#include "plan/state.h"

enum { TRIES_MAX = 16 };

// Units that a collector takes in any case, if none weighs more than that.
static uint64_t places_at(const struct collector *it, int64_t weight_most)
{
    if (it->has_left || it->is_draining || it->is_held || it->count >= it->cap)
        return 0;
    uint64_t places = it->cap == CAP_NONE ? UINT32_MAX : it->cap - it->count;
    int64_t room = it->weight_max - it->weight;
    if (it->weight_max == 0 || room / weight_most >= (int64_t)places)
        return places;
    return room > 0 ? (uint64_t)(room / weight_most) : 0;
}

// The same of all others on a host.
static uint64_t host_places(const struct plan *plan, const struct host *host, uint32_t except,
                            int64_t weight_most)
{
    uint32_t count = host->count;
    uint64_t places = 0;
    for (uint32_t i = host->collector; i != PLAN_NOBODY; i = plan->collectors[i].host_next) {
        if (i == except)
            count -= plan->collectors[i].count;
        else
            places += places_at(&plan->collectors[i], weight_most);
    }
    uint32_t most = plan->policy.spread_max;
    uint32_t left = most > count ? most - count : 0;
    return most && left < places ? left : places;
}

static uint64_t rest_places(const struct plan *plan, const struct group *group, uint32_t except,
                            int64_t weight_most)
{
    uint64_t places = 0;
    for (uint32_t rank = 0; rank < group->order_count; rank++) {
        const struct collector *it = &plan->collectors[group->order[rank]];
        if (it->host == NAME_NONE && group->order[rank] != except)
            places += places_at(it, weight_most);
    }
    for (uint32_t i = 0; i < group->hosts_count; i++)
        if (group->hosts[i].name != NAME_NONE)
            places += host_places(plan, &group->hosts[i], except, weight_most);
    return places;
}

static bool has_pinned(const struct group *group, const struct collector *it)
{
    for (uint32_t size = 0; group->is_mixed && size < SIZE_COUNT; size++)
        if (it->units.sizes[BOND_PINNED * SIZE_COUNT + size].count > 0)
            return true;
    return false;
}

static int64_t weight_greatest(const struct plan *plan, uint32_t collector)
{
    int64_t greatest = 1;
    uint32_t unit = plan_collector_unit_next(plan, collector, PLAN_NOBODY);
    for (; unit != PLAN_NOBODY; unit = plan_collector_unit_next(plan, collector, unit))
        if (unit_weight(plan, unit) > greatest)
            greatest = unit_weight(plan, unit);
    return greatest;
}

// Whether the rest of its group certainly carries what a collector has. What waits to be tried, or
// has just lost its owner, takes room first, nobody knows how much.
static bool is_dispensable(const struct plan *plan, uint32_t collector)
{
    const struct collector *it = &plan->collectors[collector];
    const struct group *group = plan->groups[it->group];
    if (plan->is_regrouping) // what anyone has is not counted just now
        return false;
    if (it->count == 0)
        return true;
    if (group->orphan_count + group->waiting.list.count > 0 || has_pinned(group, it))
        return false;
    int64_t weight_most = group->weighed_count ? weight_greatest(plan, collector) : 1;
    return rest_places(plan, group, collector, weight_most) >= it->count;
}

// Whether one would be named before another.
static bool comes_before(const struct plan *plan, uint32_t a, uint32_t b)
{
    uint32_t count = plan->collectors[a].count;
    uint32_t other = plan->collectors[b].count;
    return count < other || (count == other && text_compare(plan_collector_id(plan, a),
                                                            plan_collector_id(plan, b)) > 0);
}

// The first one of the group, or behind another.
static uint32_t candidate_next(const struct plan *plan, const struct group *group, uint32_t behind)
{
    uint32_t next = PLAN_NOBODY;
    for (uint32_t rank = 0; rank < group->order_count; rank++) {
        uint32_t collector = group->order[rank];
        const struct collector *it = &plan->collectors[collector];
        bool is_one = !it->has_left && !it->is_draining && !it->is_held &&
                      (behind == PLAN_NOBODY || comes_before(plan, behind, collector));
        if (is_one && (next == PLAN_NOBODY || comes_before(plan, collector, next)))
            next = collector;
    }
    return next;
}

static uint32_t victim_find(const struct plan *plan, const struct group *group)
{
    uint32_t collector = PLAN_NOBODY;
    for (uint32_t tries = 0; tries < TRIES_MAX; tries++) {
        collector = candidate_next(plan, group, collector);
        if (collector == PLAN_NOBODY || is_dispensable(plan, collector))
            return collector;
    }
    return PLAN_NOBODY;
}

static bool has_too_many(const struct plan *plan, uint32_t group)
{
    struct plan_wanted wanted;
    plan_wanted_get(plan, group, &wanted);
    return wanted.count != PLAN_NOBODY && wanted.actual > wanted.count;
}

void plan_victim_get(const struct plan *plan, uint32_t group, struct plan_victim *ret_victim)
{
    bool is_pool = group == UINT32_MAX;
    bool is_any = false;
    *ret_victim = (struct plan_victim){.collector = PLAN_NOBODY};
    if (!has_too_many(plan, group))
        return;
    for (uint32_t i = is_pool ? 0 : group; i < (is_pool ? plan->group_order_count : group + 1);
         i++) {
        // In a pool of several groups one that needs what it has loses none.
        if (is_pool && plan->group_order_count > 1 && !has_too_many(plan, i))
            continue;
        uint32_t found = victim_find(plan, plan->groups[plan->group_order[i]]);
        is_any = true;
        if (found != PLAN_NOBODY && (ret_victim->collector == PLAN_NOBODY ||
                                     comes_before(plan, found, ret_victim->collector)))
            ret_victim->collector = found;
    }
    if (ret_victim->collector == PLAN_NOBODY)
        ret_victim->refusal = is_any ? "the rest may not carry what any one of them has"
                                     : "no group has more of them than it needs";
}
