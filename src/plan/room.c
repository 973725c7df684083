// SPDX-License-Identifier: Apache-2.0
//
// Rule 2 in a mixed group: a unit that fits nowhere as things stand is placed if one other unit can
// be moved so that it fits. A collector lacks room by weight, or (for a unit that is pinned there)
// by number, or its host has as many as it may. The pending units are tried smallest first; when
// one fails, those that are as bound and no smaller fail too and are not tried. In a frozen plan
// nothing is moved; the group owes it to them, and they are tried when it is frozen no longer.
#include "plan/state.h"

// What has to be moved away, and where from.
struct search {
    uint32_t unit;      // that is pending
    uint32_t collector; // where it is to go
    int64_t least;      // weight of the unit to be moved, at least
    int64_t most;       // and at most: nobody has more room
};

static struct tree_range range_but(const struct plan *plan, const struct group *group,
                                   uint32_t except)
{
    return (struct tree_range){0, group->order_count, plan->ranks[except]};
}

// A unit of one list that can go elsewhere; `*ret_to` is where.
static uint32_t list_search(const struct plan *plan, const struct group *group,
                            const struct list *list, const struct search *search, uint32_t *ret_to)
{
    uint32_t unit = list->newest;
    for (uint32_t n = list->count; n > 0; n--) {
        int64_t weight = unit_weight(plan, unit);
        if (weight >= search->least && weight <= search->most) {
            *ret_to = mixed_choose(plan, group, unit, unit_at(plan, unit)->owner);
            if (*ret_to != PLAN_NOBODY && *ret_to != search->collector)
                return unit;
        }
        unit = unit_at(plan, unit)->older;
    }
    return UNIT_NONE;
}

// The same of a collector, but what is pinned there. Lists are by load under balance = load.
static uint32_t movable_find(const struct plan *plan, const struct group *group, uint32_t from,
                             const struct search *search, uint32_t *ret_to)
{
    const struct shelf *units = &plan->collectors[from].units;
    bool is_by_weight = plan->policy.balance != PLAN_BALANCE_LOAD;
    uint32_t first = is_by_weight ? size_of(search->least) : 0;
    uint32_t last =
        is_by_weight && search->most < PLAN_WEIGHT_MAX ? size_of(search->most) : SIZE_COUNT - 1;
    for (uint32_t bond = 0; bond < BOND_PINNED; bond++)
        for (uint32_t size = first; size <= last; size++) {
            const struct list *list = &units->sizes[bond * SIZE_COUNT + size];
            uint32_t unit = list_search(plan, group, list, search, ret_to);
            if (unit != UNIT_NONE)
                return unit;
        }
    return UNIT_NONE;
}

// Moves one unit so that the pending one fits with the collector. Returns whether it does.
static bool room_make_at(struct plan *plan, struct group *group, uint32_t unit, uint32_t collector)
{
    const struct collector *it = &plan->collectors[collector];
    struct search search = {.unit = unit, .collector = collector};
    search.most = tree_room(&group->tree, range_but(plan, group, collector));
    if (search.most < 0 || it->is_held || it->cap == 0)
        return false;
    if (it->weight_max)
        search.least = unit_weight(plan, search.unit) - (it->weight_max - it->weight);
    if (search.least > search.most)
        return false;
    bool is_host_full = it->host != NAME_NONE && it->count < it->cap && search.least <= 0;
    uint32_t first = is_host_full ? 0 : plan->ranks[collector];
    uint32_t end = is_host_full ? group->order_count : first + 1;
    for (uint32_t rank = first; rank < end; rank++) {
        uint32_t from = group->order[rank];
        uint32_t to;
        if (plan->collectors[from].host != it->host || plan->collectors[from].is_held)
            continue;
        uint32_t other = movable_find(plan, group, from, &search, &to);
        if (other != UNIT_NONE) {
            mixed_move(plan, other, to, PLAN_WHY_MADE_ROOM);
            return mixed_fits(plan, search.unit, it);
        }
    }
    return false;
}

static bool room_make_for(struct plan *plan, struct group *group, uint32_t unit)
{
    const struct kind *kind = unit_kind(plan, unit);
    uint32_t first = 0;
    uint32_t end = group->order_count;
    if (kind->pin != NAME_NONE) {
        uint32_t pin = plan_collector_find(plan, name_text(plan, kind->pin));
        if (pin == PLAN_NOBODY || plan->groups[plan->collectors[pin].group] != group)
            return false;
        first = plan->ranks[pin];
        end = first + 1;
    }
    for (uint32_t rank = first; rank < end; rank++) {
        uint32_t collector = group->order[rank];
        if (!room_make_at(plan, group, unit, collector))
            continue;
        unit_lift(plan, unit);
        unit_place(plan, unit, collector, PLAN_WHY_PLACED);
        collector_file(plan, collector);
        return true;
    }
    return false;
}

bool room_make(struct plan *plan, struct group *group)
{
    bool is_any = false;
    int64_t failed = INT64_MAX; // weight of the smallest unpinned one that failed
    if (!group->weighed_count && !group->pins)
        return false;
    if (plan->is_frozen) {
        group->owes_room = group->has_room_gained = true;
        return false;
    }
    for (uint32_t i = 0; group->waiting_count && i < SIZE_COUNT; i++) {
        struct list *list = &group->waiting.sizes[i];
        uint32_t unit = list->oldest;
        for (uint32_t count = list->count; count > 0; count--) {
            uint32_t next = count > 1 ? unit_at(plan, unit)->newer : UNIT_NONE;
            bool is_pinned = unit_kind(plan, unit)->pin != NAME_NONE;
            if (is_pinned || unit_weight(plan, unit) < failed) {
                if (room_make_for(plan, group, unit))
                    is_any = true;
                else if (!is_pinned)
                    failed = unit_weight(plan, unit);
            }
            unit = next;
        }
    }
    return is_any;
}
