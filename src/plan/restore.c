// SPDX-License-Identifier: Apache-2.0
//
// From owners and numbers back to lists: the restored units, which came in any order, are sorted by
// number (a radix sort, least digit first, over as many digits as the numbers have) and appended
// to their lists. So the lists are those of the plan that was stored. The same is done when the
// lists have to be others: the policy looks at other labels, or a group becomes mixed or even.
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "plan/state.h"

#define DIGIT_BITS 11
#define DIGITS (1U << DIGIT_BITS)

struct sortable {
    uint64_t number;
    uint32_t unit;
};

static uint32_t digit(uint64_t number, uint32_t shift)
{
    return (uint32_t)(number >> shift) & (DIGITS - 1);
}

// One stable pass by one digit.
static void sort_digit(const struct sortable *from, struct sortable *to, uint32_t count,
                       uint32_t shift)
{
    uint32_t starts[DIGITS] = {0};
    for (uint32_t i = 0; i < count; i++)
        starts[digit(from[i].number, shift)]++;
    uint32_t start = 0;
    for (uint32_t i = 0; i < DIGITS; i++) {
        uint32_t size = starts[i];
        starts[i] = start;
        start += size;
    }
    for (uint32_t i = 0; i < count; i++)
        to[starts[digit(from[i].number, shift)]++] = from[i];
}

// Sorts plan->restored by number.
static void restored_sort(struct plan *plan)
{
    uint32_t count = plan->restored_count;
    struct sortable *from = memory_resize(NULL, count * sizeof(*from));
    struct sortable *to = memory_resize(NULL, count * sizeof(*to));
    uint64_t greatest = 0;
    for (uint32_t i = 0; i < count; i++) {
        from[i] = (struct sortable){unit_at(plan, plan->restored[i])->number, plan->restored[i]};
        if (from[i].number > greatest)
            greatest = from[i].number;
    }
    for (uint32_t shift = 0; shift < 64 && greatest >> shift; shift += DIGIT_BITS) {
        sort_digit(from, to, count, shift);
        struct sortable *swap = from;
        from = to;
        to = swap;
    }
    for (uint32_t i = 0; i < count; i++)
        plan->restored[i] = from[i].unit;
    memory_release(from);
    memory_release(to);
}

static enum status restored_link(struct plan *plan)
{
    for (uint32_t i = 0; i < plan->restored_count; i++) {
        uint32_t unit = plan->restored[i];
        struct unit *it = unit_at(plan, unit);
        if (i > 0 && it->number == unit_at(plan, plan->restored[i - 1])->number)
            return STATUS_INVALID;
        unit_own(plan, unit);
        unit_append(plan, unit);
        if (it->number >= plan->number_next)
            plan->number_next = it->number + 1;
    }
    return STATUS_OK;
}

// Every group is what the policy makes of it; its shelves and those of its collectors are empty.
static void groups_prepare(struct plan *plan)
{
    for (uint32_t i = 0; i < plan->groups_count; i++) {
        struct group *group = plan->groups[i];
        if (!group)
            continue;
        group->is_mixed = group_wants_mixed(plan, group);
        group->is_order_stale = true;
        group->has_room_gained = true;
        group->is_settled = false;
        shelf_finish(&group->waiting);
        shelf_init(&group->waiting, group->is_mixed ? SIZE_COUNT : 0);
        group->orphans = LIST_EMPTY;
    }
    for (uint32_t i = 0; i < plan->order_count; i++) {
        struct collector *it = &plan->collectors[plan->order[i]];
        shelf_finish(&it->units);
        shelf_init(&it->units, plan->groups[it->group]->is_mixed ? SIZE_COUNT * BOND_COUNT : 0);
    }
}

static enum status restored_return(struct plan *plan)
{
    groups_prepare(plan);
    if (plan->restored_count)
        restored_sort(plan);
    enum status status = restored_link(plan);
    if (status)
        return status;
    for (uint32_t i = 0; i < plan->order_count; i++)
        collector_file(plan, plan->order[i]);
    memory_release(plan->restored);
    plan->restored = NULL;
    plan->restored_count = plan->restored_capacity = 0;
    return STATUS_OK;
}

enum status plan_restore_end(struct plan *plan)
{
    plan->is_recalled = true;
    return restored_return(plan);
}

// ---- Regrouping.

static void list_collect(struct plan *plan, const struct list *list)
{
    plan->restored = array_reserve(plan->restored, &plan->restored_capacity,
                                   plan->restored_count + list->count, sizeof(*plan->restored));
    uint32_t unit = list->oldest;
    for (uint32_t i = 0; i < list->count; i++) {
        plan->restored[plan->restored_count++] = unit;
        unit = unit_at(plan, unit)->newer;
    }
}

static void shelf_collect(struct plan *plan, struct shelf *shelf, uint32_t lists)
{
    list_collect(plan, &shelf->list);
    for (uint32_t i = 0; shelf->sizes && i < lists; i++)
        list_collect(plan, &shelf->sizes[i]);
    shelf_finish(shelf);
    shelf_init(shelf, 0);
}

static void group_collect(struct plan *plan, struct group *group)
{
    shelf_collect(plan, &group->waiting, SIZE_COUNT);
    list_collect(plan, &group->orphans);
    group->orphans = LIST_EMPTY;
    group->waiting_count = group->orphan_count = group->away = 0;
    group->pending_weight = 0;
    for (uint32_t i = 0; i < group->hosts_count; i++)
        group->hosts[i].count = 0;
    for (uint32_t i = 0; i < group->order_count; i++) {
        struct collector *it = &plan->collectors[group->order[i]];
        shelf_collect(plan, &it->units, SIZE_COUNT * BOND_COUNT);
        it->count = 0;
        it->weight = it->load = 0;
    }
}

// All units and collectors into the group of those without labels.
static void labels_forget(struct plan *plan)
{
    for (uint32_t i = 0; i < plan->restored_count; i++) {
        uint32_t kind = unit_kind_get(plan, plan->restored[i]);
        uint32_t plain = kind_take(plan, &(struct policy_unit){0});
        heavy_count(plan, plan->restored[i], false);
        unit_kind_set(plan->units, plan->restored[i], plain);
        heavy_count(plan, plan->restored[i], true);
        kind_release(plan, kind);
    }
    kind_plain_release(plan);
    struct policy_place place = policy_collector_place(&plan->policy, NULL, 0);
    for (uint32_t i = 0; i < plan->order_count; i++) {
        uint32_t collector = plan->order[i];
        collector_tally(plan, &plan->collectors[collector], false);
        collector_leave_group(plan, collector);
        collector_enter_group(plan, collector, &place);
        collector_tally(plan, &plan->collectors[collector], true);
    }
}

void regroup_begin(struct plan *plan, bool labels_too)
{
    if (!plan->is_regrouping)
        for (uint32_t i = 0; i < plan->groups_count; i++)
            if (plan->groups[i])
                group_collect(plan, plan->groups[i]);
    plan->is_regrouping = true;
    if (labels_too)
        labels_forget(plan);
}

void regroup_end(struct plan *plan)
{
    if (!plan->is_regrouping)
        return;
    plan->is_regrouping = false;
    enum status status = restored_return(plan);
    ensure(status == STATUS_OK);
}
