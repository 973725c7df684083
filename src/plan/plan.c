// SPDX-License-Identifier: Apache-2.0
//
// The plan as a whole: its life, its policy and its counts.
#include "plan/plan.h"

#include "base/ensure.h"
#include "base/memory.h"
#include "plan/state.h"

struct plan *plan_create(struct plan_units *units, const struct plan_options *options)
{
    struct plan *plan = memory_get(sizeof(*plan));
    plan->units = units;
    plan->number_next = options->number_next;
    plan->kind_plain = NAME_NONE;
    plan->deadline_ms = INT64_MAX;
    if (options->policy) {
        plan->policy = policy_copy(options->policy);
    } else {
        struct buffer why = {0};
        const char *fault = policy_parse(NULL, 0, &why, &plan->policy);
        ensure(!fault);
        buffer_finish(&why);
    }
    return plan;
}

static void list_forget(struct plan *plan, const struct list *list)
{
    uint32_t unit = list->oldest;
    for (uint32_t i = 0; i < list->count; i++) {
        unit_ahead_prefetch(plan, unit);
        uint32_t newer = unit_at(plan, unit)->newer;
        unit_clear(plan->units, unit);
        unit = newer;
    }
}

static void shelf_forget(struct plan *plan, struct shelf *shelf, uint32_t lists)
{
    list_forget(plan, &shelf->list);
    for (uint32_t i = 0; shelf->sizes && i < lists; i++)
        list_forget(plan, &shelf->sizes[i]);
    shelf_finish(shelf);
}

void plan_destroy(struct plan *plan)
{
    if (!plan)
        return;
    struct plan_units *units = plan->units;
    for (uint32_t i = 0; i < plan->restored_count; i++)
        unit_clear(units, plan->restored[i]);
    for (uint32_t i = 0; !plan->restored_count && i < plan->order_count; i++)
        shelf_forget(plan, &plan->collectors[plan->order[i]].units, SIZE_COUNT * BOND_COUNT);
    for (uint32_t i = 0; !plan->restored_count && i < plan->groups_count; i++)
        if (plan->groups[i]) {
            shelf_forget(plan, &plan->groups[i]->waiting, SIZE_COUNT);
            list_forget(plan, &plan->groups[i]->orphans);
        }
    for (uint32_t i = 0; i < plan->collector_used; i++) {
        shelf_finish(&plan->collectors[i].units);
        memory_release(plan->collectors[i].id);
    }
    groups_finish(plan);
    policy_finish(&plan->policy);
    memory_release(plan->collectors);
    memory_release(plan->ranks);
    memory_release(plan->order);
    memory_release(plan->changes);
    memory_release(plan->moved);
    memory_release(plan->free);
    memory_release(plan->retired);
    memory_release(plan->restored);
    memory_release(plan);
}

bool plan_policy_set(struct plan *plan, const struct plan_policy *policy)
{
    struct plan_policy before = plan->policy;
    bool is_relabelled = !policy_labels_equal(&before, policy);
    for (uint32_t i = 0; i < plan->order_count; i++)
        collector_tally(plan, &plan->collectors[plan->order[i]], false);
    plan->policy = policy_copy(policy);
    if (is_relabelled || before.balance != policy->balance)
        regroup_begin(plan, false); // what units count as, and so their lists, are others
    for (uint32_t i = 0; i < plan->groups_count; i++)
        if (plan->groups[i])
            plan->groups[i]->is_order_stale = true;
    for (uint32_t i = 0; i < plan->order_count; i++)
        collector_admit(plan, plan->order[i]);
    if (is_relabelled)
        regroup_begin(plan, true);
    else
        regroup_end(plan);
    policy_finish(&before);
    return is_relabelled;
}

const struct plan_policy *plan_policy(const struct plan *plan)
{
    return &plan->policy;
}

uint64_t plan_number_next(const struct plan *plan)
{
    return plan->number_next;
}

// Adds what the collectors of the plan have and could have.
static void collectors_count(const struct plan *plan, struct plan_counts *counts)
{
    bool is_first = true;
    for (uint32_t i = 0; i < plan->order_count; i++) {
        const struct collector *it = &plan->collectors[plan->order[i]];
        int64_t burden = plan_collector_burden(plan, plan->order[i]);
        counts->burden_sum += burden;
        if (it->has_left)
            continue;
        counts->collectors++;
        if (it->is_draining || it->is_held) {
            counts->draining++;
            continue;
        }
        if (is_first || burden < counts->burden_min)
            counts->burden_min = burden;
        if (is_first || burden > counts->burden_max)
            counts->burden_max = burden;
        is_first = false;
        if (it->cap == CAP_NONE)
            counts->room = UINT64_MAX;
        else if (counts->room != UINT64_MAX && it->cap > it->count)
            counts->room += it->cap - it->count;
    }
}

void plan_counts_get(const struct plan *plan, struct plan_counts *ret_counts)
{
    struct plan_counts counts = {.units = plan->unit_count};
    for (uint32_t i = 0; i < plan->group_order_count; i++) {
        const struct group *group = plan->groups[plan->group_order[i]];
        counts.pending += group->waiting_count + group->orphan_count;
        counts.groups += group->unit_count > 0 || group->order_count > 0;
        counts.gap += group_gap(plan, group);
    }
    counts.assigned = counts.units - counts.pending;
    collectors_count(plan, &counts);
    *ret_counts = counts;
}

// ---- The fewest moves of an even group.

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
    uint64_t waiting;  // that never had one
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
