// SPDX-License-Identifier: Apache-2.0
//
// Rule 2 in a mixed group: who is pending gets an owner, if it fits anywhere.
//
// Units that came since the last time, and the evicted, lie in one list each, in the order of their
// coming. They are taken from it at once and sorted by size into an array (queue.c). What fits
// nowhere goes to the shelf of those that wait, in lists by size, and is tried again only when room
// was gained.
#include "plan/queue.h"

// Whether all pending units may fit by weight, so that the largest had better be placed first.
static bool is_roomy(const struct plan *plan, const struct group *group)
{
    int64_t room = 0;
    if (!group->weighed_count)
        return true;
    for (uint32_t i = 0; i < group->order_count; i++) {
        int64_t one = collector_room(plan, &plan->collectors[group->order[i]]);
        if (one > 0 && (one == INT64_MAX || (room += one) >= group->pending_weight))
            return true;
    }
    return false;
}

// Whether a unit of that size may fit anywhere.
static bool has_room(const struct plan *plan, const struct group *group, uint32_t size)
{
    bool is_by_weight = plan->policy.balance != PLAN_BALANCE_LOAD;
    int64_t room = tree_root(&group->tree).room;
    return room >= 0 && (!is_by_weight || INT64_C(1) << size <= room);
}

// Where a pending unit goes; PLAN_NOBODY = it fits nowhere.
static uint32_t owner_find(const struct plan *plan, const struct group *group, uint32_t unit)
{
    if (unit_weight(plan, unit) > tree_root(&group->tree).room)
        return PLAN_NOBODY;
    return mixed_choose(plan, group, unit, PLAN_NOBODY);
}

// ---- What was tried before.

static void shelf_place(struct plan *plan, struct group *group, uint32_t size)
{
    const struct list *list = &group->waiting.sizes[size];
    uint32_t unit = list->oldest;
    for (uint32_t count = list->count; count > 0; count--) {
        uint32_t next = count > 1 ? unit_at(plan, unit)->newer : UNIT_NONE;
        uint32_t collector = owner_find(plan, group, unit);
        if (collector != PLAN_NOBODY) {
            unit_lift(plan, unit);
            unit_place(plan, unit, collector, PLAN_WHY_PLACED);
            collector_file(plan, collector);
        }
        unit = next;
    }
}

// ---- What was not.

// Whether all that matters in the group is who has least and has room.
static bool is_plain(const struct plan *plan, const struct group *group)
{
    const struct plan_policy *policy = &plan->policy;
    return !policy->is_packed && !policy->affinity && !policy->spread_by && !group->pins;
}

// Places the units of one size that fit anywhere; the others stay, in front. Returns their number.
static uint32_t units_place(struct plan *plan, struct group *group, struct queue *queue,
                            uint32_t size)
{
    struct queued *units = &queue->units[queue->starts[size]];
    uint32_t count = queue->counts[size];
    uint32_t left = 0;
    uint32_t first = 0;
    if (is_plain(plan, group) && queue_can_race(group, queue, size))
        first = queue_race(plan, group, queue, size);
    if (first < count)
        queue_write(plan, queue);
    for (uint32_t i = first; i < count; i++) {
        if (i + AHEAD < count)
            unit_prefetch(plan, units[i + AHEAD].unit);
        uint32_t unit = units[i].unit;
        uint32_t collector = owner_find(plan, group, unit);
        if (collector == PLAN_NOBODY) {
            units[left++] = units[i];
            continue;
        }
        unit_place(plan, unit, collector, PLAN_WHY_PLACED);
        collector_file(plan, collector);
    }
    return left;
}

// Places the units of the queue, and before those of each size the ones on the shelf, if they are
// to be tried. Sizes whose smallest units fit nowhere are not looked at.
static void queue_place(struct plan *plan, struct group *group, struct queue *queue,
                        bool largest_first, bool with_shelf)
{
    for (uint32_t i = 0; i < SIZE_COUNT; i++) {
        uint32_t size = largest_first ? SIZE_COUNT - 1 - i : i;
        if (with_shelf && group->waiting.sizes[size].count && has_room(plan, group, size)) {
            queue_write(plan, queue);
            shelf_place(plan, group, size);
        }
        if (queue->counts[size] > 0 && has_room(plan, group, size))
            queue->counts[size] = units_place(plan, group, queue, size);
    }
    queue_write(plan, queue);
}

static bool pending_place(struct plan *plan, struct group *group)
{
    bool is_again = group->has_room_gained;
    if (group->waiting_count + group->orphan_count == 0)
        return false;
    bool largest_first = is_roomy(plan, group);
    struct queue queue = queue_take(plan, group, &group->waiting.list, &group->waiting_count);
    group->tried = UINT64_MAX; // what waits from here on goes on the shelf
    queue_place(plan, group, &queue, largest_first, is_again);
    uint32_t left = queue_end(plan, &queue);
    if (group->orphan_count) {
        largest_first = is_roomy(plan, group);
        queue = queue_take(plan, group, &group->orphans, &group->orphan_count);
        queue_place(plan, group, &queue, largest_first, false);
        left += queue_end(plan, &queue);
    }
    group->has_room_gained = false;
    group->tried = plan->number_next;
    return left > 0 || (is_again && group->waiting_count > 0);
}

void mixed_place(struct plan *plan, struct group *group)
{
    while (pending_place(plan, group) && room_make(plan, group))
        continue;
}
