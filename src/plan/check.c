// SPDX-License-Identifier: Apache-2.0
//
// Everything that must be true of a plan at any time, looked at from scratch.
#include "base/ensure.h"
#include "base/memory.h"
#include "base/text.h"
#include "plan/state.h"

// What is added up over the units of a shelf.
struct tally {
    uint32_t count;
    uint32_t plain; // of the kind that the plan keeps
    int64_t weight;
    int64_t load;
    uint32_t away;
};

// The owner is right, numbers grow along the list unless it is of orphans, and both ends are where
// the list says.
static void list_check(const struct plan *plan, const struct group *group, const struct list *list,
                       uint32_t owner, struct tally *tally)
{
    ensure((list->count == 0) == (list->oldest == UNIT_NONE));
    ensure((list->count == 0) == (list->newest == UNIT_NONE));
    uint32_t unit = list->oldest;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct unit *it = unit_at(plan, unit);
        const struct kind *kind = unit_kind(plan, unit);
        ensure(it->owner == owner && group_of(plan, unit) == group &&
               it->number < plan->number_next);
        ensure(unit_list(plan, unit) == list);
        ensure((i + 1 == list->count) == (unit == list->newest));
        if (unit != list->newest) {
            ensure(unit_at(plan, it->newer)->older == unit);
            ensure(owner == OWNER_ORPHAN || unit_at(plan, it->newer)->number > it->number);
        }
        tally->count++;
        tally->plain += unit_kind_get(plan, unit) == KIND_PLAIN;
        tally->weight += unit_weight(plan, unit);
        tally->load += unit_load(plan, unit);
        if (owner < COLLECTOR_MAX && kind->zone != NAME_NONE && kind->pin == NAME_NONE)
            tally->away += kind->zone != plan->collectors[owner].zone;
        unit = it->newer;
    }
}

static struct tally shelf_check(const struct plan *plan, const struct group *group,
                                const struct shelf *shelf, uint32_t lists, uint32_t owner)
{
    struct tally tally = {0};
    ensure((shelf->sizes != NULL) == group->is_mixed);
    list_check(plan, group, &shelf->list, owner, &tally);
    ensure(!shelf->sizes || owner == PLAN_NOBODY || tally.count == 0);
    for (uint32_t i = 0; shelf->sizes && i < lists; i++)
        list_check(plan, group, &shelf->sizes[i], owner, &tally);
    return tally;
}

static void file_check(const struct plan *plan, const struct group *group, uint32_t collector)
{
    const struct collector *it = &plan->collectors[collector];
    uint32_t rank = plan->ranks[collector];
    bool is_overweight = it->weight_max && it->weight > it->weight_max;
    bool is_forced = it->has_left || it->count > it->cap || is_overweight;
    ensure(bitset_has(&group->forced, rank) == is_forced);
    bool is_filed = !group->is_mixed && !is_forced && !it->is_held && it->cap > 0;
    ensure(is_filed == (it->level != LADDER_NONE));
    if (!is_filed)
        return;
    ensure(it->is_full == (it->count == it->cap));
    const struct level *level = &(it->is_full ? &group->full : &group->roomy)->levels[it->level];
    ensure(level->load == it->count && bitset_has(&level->ranks, rank));
}

static void leaf_check(const struct plan *plan, const struct group *group, uint32_t collector)
{
    const struct collector *it = &plan->collectors[collector];
    struct tree_node leaf = tree_leaf(&group->tree, plan->ranks[collector]);
    bool can_take = !it->is_held && it->count < it->cap;
    ensure(!it->gives_no_more && !it->takes_no_more);
    if (it->host != NAME_NONE && plan->policy.spread_max)
        can_take &= group->hosts[it->host].count < plan->policy.spread_max;
    if (it->weight_max)
        can_take &= it->weight < it->weight_max;
    ensure((leaf.room >= 0) == can_take);
    ensure(!can_take || (leaf.take_min == it->load && leaf.take_max == it->load));
    ensure(leaf.give_max == (it->count && !it->is_held ? it->load : -1));
}

static struct tally collector_check(const struct plan *plan, const struct group *group,
                                    uint32_t rank)
{
    uint32_t collector = group->order[rank];
    const struct collector *it = &plan->collectors[collector];
    ensure(collector < plan->collector_used && plan->ranks[collector] == rank && it->id);
    ensure(plan->groups[it->group] == group);
    if (rank > 0) {
        const struct collector *before = &plan->collectors[group->order[rank - 1]];
        int order = text_compare(name_text(plan, before->zone), name_text(plan, it->zone));
        ensure(order < 0 || (order == 0 && text_compare((struct text){before->id, before->id_size},
                                                        (struct text){it->id, it->id_size}) < 0));
    }
    uint32_t policy = policy_cap(&plan->policy);
    uint32_t cap = it->units_max ? it->units_max : CAP_NONE;
    if (policy && policy < cap)
        cap = policy;
    if (group->is_light && it->weight_max && it->weight_max < cap)
        cap = (uint32_t)it->weight_max;
    ensure(it->cap == (it->has_left || it->is_draining ? 0 : cap));
    file_check(plan, group, collector);
    if (group->is_mixed && !group->is_order_stale)
        leaf_check(plan, group, collector);
    struct tally tally = shelf_check(plan, group, &it->units, SIZE_COUNT * BOND_COUNT, collector);
    ensure(tally.count == it->count && tally.weight == it->weight);
    ensure(!group->is_mixed || tally.load == it->load);
    return tally;
}

static void hosts_check(const struct plan *plan, const struct group *group)
{
    for (uint32_t i = 0; i < group->hosts_count; i++) {
        uint32_t count = 0;
        uint32_t other =
            group->hosts[i].name == NAME_NONE ? PLAN_NOBODY : group->hosts[i].collector;
        for (; other != PLAN_NOBODY; other = plan->collectors[other].host_next) {
            ensure(plan->collectors[other].host == i);
            count += plan->collectors[other].count;
        }
        ensure(!group->is_mixed || count == group->hosts[i].count);
    }
}

// The kinds of a group know its units, but for the plain ones, which nobody counts.
static void kinds_check(const struct plan *plan, uint32_t group, uint32_t plain)
{
    uint32_t kinds = 0;
    uint32_t units = plain;
    for (uint32_t i = 0; i < plan->kinds_count; i++)
        if (plan->kinds[i].references && plan->kinds[i].group == group) {
            kinds++;
            units += plan->kinds[i].references - (i == plan->kind_plain);
        }
    ensure(kinds == plan->groups[group]->kinds && units == plan->groups[group]->unit_count);
}

// The group's sums, and what is on its shelves. Returns its number of units.
static uint32_t group_check(const struct plan *plan, uint32_t handle)
{
    const struct group *group = plan->groups[handle];
    struct tally waiting = shelf_check(plan, group, &group->waiting, SIZE_COUNT, PLAN_NOBODY);
    struct tally orphans = {0};
    list_check(plan, group, &group->orphans, OWNER_ORPHAN, &orphans);
    uint32_t count = waiting.count + orphans.count;
    uint32_t plain = waiting.plain + orphans.plain;
    uint32_t away = 0;
    uint32_t left = 0, draining = 0, weighed = 0;
    ensure(waiting.count == group->waiting_count && orphans.count == group->orphan_count);
    ensure(waiting.weight + orphans.weight == group->pending_weight);
    for (uint32_t rank = 0; rank < group->order_count; rank++) {
        const struct collector *it = &plan->collectors[group->order[rank]];
        struct tally tally = collector_check(plan, group, rank);
        count += tally.count;
        plain += tally.plain;
        away += tally.away;
        left += it->has_left;
        weighed += it->weight_max > 0;
        draining += !it->has_left && (it->is_draining || it->is_held);
    }
    ensure(count == group->unit_count && (!group->is_mixed || away == group->away));
    ensure(left == group->left_count && draining == group->draining_count);
    ensure(weighed == group->weighed_count);
    hosts_check(plan, group);
    kinds_check(plan, handle, plain);
    return count;
}

void plan_check(const struct plan *plan)
{
    uint32_t units = 0;
    uint32_t collectors = 0;
    if (plan->is_regrouping || plan->restored_count)
        return;
    for (uint32_t i = 0; i < plan->group_order_count; i++) {
        const struct group *group = plan->groups[plan->group_order[i]];
        units += group_check(plan, plan->group_order[i]);
        collectors += group->order_count;
        if (i > 0)
            ensure(text_compare(plan_group_name(plan, i - 1), plan_group_name(plan, i)) < 0);
    }
    ensure(units == plan->unit_count && collectors == plan->order_count);
    for (uint32_t i = plan->change_first; i < plan->change_count; i++) {
        uint32_t unit = change_at(plan, i).unit;
        ensure(unit == UNIT_NONE || unit_at(plan, unit)->change == i + 1);
    }
}
