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
