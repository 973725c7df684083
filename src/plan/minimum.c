// SPDX-License-Identifier: Apache-2.0
//
// The fewest moves with which an even group can be settled, from the loads alone: the argument of
// settle.c and pack.c in numbers. Who lost its owner moves when it is placed, and is placed behind
// those who had none before; to that comes what goes for the sake of rule 4.
#include "plan/state.h"

// The load L such that filling everybody to L as caps allow holds at most `units`, and to L + 1 at
// least. A binary search over O(collectors) sums.
static uint64_t share_find(const struct plan *plan, const struct group *group, uint64_t units)
{
    uint64_t low = 0;
    uint64_t high = units;
    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;
        uint64_t sum = 0;
        for (uint32_t i = 0; i < group->order_count; i++) {
            const struct collector *it = &plan->collectors[group->order[i]];
            if (!it->has_left && !it->is_held)
                sum += it->cap < middle ? it->cap : middle;
        }
        if (sum <= units)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

// What a settle will find in a group.
struct outlook {
    uint64_t kept;     // units that have an owner and may stay by rule 1
    uint64_t orphaned; // that had an owner and may not
    uint64_t waiting;  // that had none at the last settle either
    uint64_t capacity; // for units, UINT64_MAX = no limit
    uint64_t cap;      // of everybody, 0 = they differ
};

static struct outlook outlook_of(const struct plan *plan, const struct group *group)
{
    struct outlook it = {.waiting = group->waiting_count, .orphaned = group->orphan_count};
    bool is_first = true;
    for (uint32_t i = 0; i < group->order_count; i++) {
        const struct collector *one = &plan->collectors[group->order[i]];
        uint32_t kept = one->count < one->cap ? one->count : one->cap;
        it.orphaned += one->count - kept;
        if (one->is_held)
            continue;
        it.kept += kept;
        if (one->has_left || one->is_draining)
            continue;
        if (one->cap == CAP_NONE)
            it.capacity = UINT64_MAX;
        else if (it.capacity != UINT64_MAX)
            it.capacity += one->cap;
        it.cap = is_first || it.cap == one->cap ? one->cap : 0;
        is_first = false;
    }
    return it;
}

static uint64_t balance_minimum(const struct plan *plan, const struct group *group, uint64_t placed,
                                uint64_t unowned)
{
    uint64_t share = share_find(plan, group, placed);
    uint64_t excess = 0;
    uint64_t lack = 0;
    for (uint32_t i = 0; i < group->order_count; i++) {
        const struct collector *it = &plan->collectors[group->order[i]];
        if (it->has_left || it->is_held)
            continue;
        uint64_t load = it->count < it->cap ? it->count : it->cap;
        uint64_t low = it->cap < share ? it->cap : share;
        if (load > share + 1)
            excess += load - share - 1;
        if (load < low)
            lack += low - load;
    }
    lack = lack > unowned ? lack - unowned : 0;
    return excess > lack ? excess : lack;
}

// Number and sum of the loads above a threshold, of those that may have any.
static uint64_t loads_above(const struct plan *plan, const struct group *group, uint64_t threshold,
                            uint64_t *ret_sum)
{
    uint64_t count = 0;
    *ret_sum = 0;
    for (uint32_t i = 0; i < group->order_count; i++) {
        const struct collector *it = &plan->collectors[group->order[i]];
        uint32_t load = it->count < it->cap ? it->count : it->cap;
        if (it->has_left || it->is_held || load <= threshold)
            continue;
        count++;
        *ret_sum += load;
    }
    return count;
}

// With one cap for all: the units of those that are not among the fullest that are needed.
static uint64_t pack_minimum(const struct plan *plan, const struct group *group, uint64_t placed,
                             uint64_t cap, uint64_t kept)
{
    uint64_t needed = placed / cap + (placed % cap != 0);
    uint64_t sum;
    uint64_t low = 0;
    uint64_t high = kept;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (loads_above(plan, group, middle, &sum) <= needed)
            high = middle;
        else
            low = middle + 1;
    }
    uint64_t above = loads_above(plan, group, low, &sum);
    uint64_t beside = loads_above(plan, group, 0, &(uint64_t){0}) - above;
    uint64_t stays = sum + low * (needed - above < beside ? needed - above : beside);
    return kept - stays;
}

static uint64_t group_minimum(const struct plan *plan, const struct group *group)
{
    struct outlook it = outlook_of(plan, group);
    bool are_caps_stale = group->weighed_count && group->is_light != (group->heavy == 0);
    if (group->is_mixed || group_wants_mixed(plan, group) || are_caps_stale ||
        (plan->policy.is_packed && it.cap == 0 && it.capacity > 0))
        return UINT64_MAX;
    if (it.capacity == 0)
        return 0; // nobody takes anything
    uint64_t all = it.kept + it.orphaned + it.waiting;
    uint64_t placed = all < it.capacity ? all : it.capacity;
    uint64_t unowned = placed - it.kept;
    uint64_t returned = unowned > it.waiting ? unowned - it.waiting : 0;
    return returned + (plan->policy.is_packed ? pack_minimum(plan, group, placed, it.cap, it.kept)
                                              : balance_minimum(plan, group, placed, unowned));
}

// Whether the caller was told all that the last settle did, and nothing since: what is noted is of
// units that lost their owner, or have it again.
static bool are_changes_taken(const struct plan *plan)
{
    uint32_t orphans = 0;
    for (uint32_t i = 0; i < plan->group_order_count; i++)
        orphans += plan->groups[plan->group_order[i]]->orphan_count;
    for (uint32_t i = plan->change_first; i < plan->change_count; i++) {
        struct moved row = change_at(plan, i);
        if (row.unit == UNIT_NONE)
            continue;
        uint32_t owner = unit_at(plan, row.unit)->owner;
        if (row.told == PLAN_NOBODY || (owner != row.told && owner != OWNER_ORPHAN))
            return false;
        orphans -= owner == OWNER_ORPHAN;
    }
    return orphans == 0;
}

uint64_t plan_moves_minimum(const struct plan *plan)
{
    uint64_t sum = 0;
    if (plan->is_regrouping || groups_will_change(plan) || !are_changes_taken(plan))
        return UINT64_MAX;
    for (uint32_t i = 0; i < plan->group_order_count; i++) {
        uint64_t one = group_minimum(plan, plan->groups[plan->group_order[i]]);
        if (one == UINT64_MAX)
            return UINT64_MAX;
        sum += one;
    }
    return sum;
}
