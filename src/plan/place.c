// SPDX-License-Identifier: Apache-2.0
//
// Rule 2 in a mixed group: who is pending gets an owner, if it fits anywhere.
//
// Units that came since the last time, and the evicted, lie in one list each, in the order of their
// coming. They are taken from it at once and sorted by size into an array. For a million of them
// waiting on memory would take longest: they lie scattered over the table, and an array says early
// enough where the next ones are, which a list does not. What fits nowhere goes to the shelf of
// those that wait, in lists by size, and is tried again only when room was gained.
#include "base/memory.h"
#include "plan/hand.h"
#include "plan/state.h"

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

// Units that are in no list.
struct queue {
    uint32_t *units;                 // owned; by size, and of one size in the order of the list
    uint32_t starts[SIZE_COUNT + 1]; // of each size, and the end
    uint32_t counts[SIZE_COUNT];     // of each size, from its start on, that have no owner
};

// Takes all units out of the list, which are no longer pending.
static struct queue queue_take(struct plan *plan, struct group *group, struct list *list,
                               uint32_t *pending_count)
{
    struct sized {
        uint32_t unit;
        uint32_t size;
    } *all = memory_resize(NULL, list->count * sizeof(*all));
    struct queue queue = {.units = memory_resize(NULL, list->count * sizeof(*queue.units))};
    uint32_t unit = list->oldest;
    int64_t weight = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        unit_ahead_prefetch(plan, unit);
        all[i] = (struct sized){unit, unit_size(plan, unit)};
        queue.starts[all[i].size + 1]++;
        weight += unit_weight(plan, unit);
        unit = unit_at(plan, unit)->newer;
    }
    for (uint32_t size = 0; size < SIZE_COUNT; size++)
        queue.starts[size + 1] += queue.starts[size];
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t size = all[i].size;
        queue.units[queue.starts[size] + queue.counts[size]++] = all[i].unit;
    }
    group->pending_weight -= weight;
    *pending_count -= list->count;
    *list = LIST_EMPTY;
    memory_release(all);
    return queue;
}

// Makes those without an owner wait. Returns their number.
static uint32_t queue_end(struct plan *plan, struct queue *queue)
{
    uint32_t left = 0;
    for (uint32_t size = 0; size < SIZE_COUNT; size++) {
        for (uint32_t i = 0; i < queue->counts[size]; i++) {
            uint32_t unit = queue->units[queue->starts[size] + i];
            if (unit_at(plan, unit)->owner == OWNER_ORPHAN)
                unit_wait(plan, unit);
            else
                unit_append(plan, unit);
        }
        left += queue->counts[size];
    }
    memory_release(queue->units);
    return left;
}

// Whether all that matters in the group is who has least and has room.
static bool is_plain(const struct plan *plan, const struct group *group)
{
    const struct plan_policy *policy = &plan->policy;
    return !policy->is_packed && !policy->affinity && !policy->spread_by && !group->pins;
}

// A collector that takes part in a race.
struct runner {
    struct hand hand;
    int64_t load;
    int64_t room;  // as collector_room says
    uint32_t left; // units up to its cap
};

static struct list *list_of(const struct plan *plan, uint32_t collector, uint32_t size)
{
    return &plan->collectors[collector].units.sizes[BOND_FREE * SIZE_COUNT + size];
}

static struct runner *race_enter(struct plan *plan, struct group *group, uint32_t size)
{
    struct runner *runners = memory_resize(NULL, group->order_count * sizeof(*runners));
    race_reset(&group->race, group->order_count);
    for (uint32_t rank = 0; rank < group->order_count; rank++) {
        uint32_t collector = group->order[rank];
        const struct collector *it = &plan->collectors[collector];
        runners[rank] = (struct runner){.hand = hand_of(collector, list_of(plan, collector, size)),
                                        .load = it->load,
                                        .room = collector_room(plan, it),
                                        .left = it->cap - it->count};
        race_set(&group->race, rank, runners[rank].room < 0 ? RACE_OUT : it->load);
    }
    race_begin(&group->race);
    return runners;
}

static void race_end(struct plan *plan, struct group *group, uint32_t size, struct runner *runners)
{
    for (uint32_t rank = 0; rank < group->order_count; rank++) {
        uint32_t collector = group->order[rank];
        hand_end(plan, &runners[rank].hand, list_of(plan, collector, size));
        plan->collectors[collector].load = runners[rank].load;
    }
    memory_release(runners);
    mixed_file_all(plan, group);
}

// Places many units of one size in a plain group, up to one that does not fit with whoever has
// least. Returns how many it placed.
static uint32_t units_race(struct plan *plan, struct group *group, uint32_t size,
                           const uint32_t *units, uint32_t count)
{
    struct runner *runners = race_enter(plan, group, size);
    uint32_t done = 0;
    changes_reserve(plan, count);
    for (; done < count; done++) {
        if (done + AHEAD < count)
            unit_prefetch(plan, units[done + AHEAD]);
        struct runner *it = &runners[race_winner(&group->race).rank];
        int64_t weight = unit_weight(plan, units[done]);
        if (it->room < weight)
            break;
        hand_give(plan, &it->hand, units[done]);
        it->load += unit_load(plan, units[done]);
        it->room -= it->room == INT64_MAX ? 0 : weight;
        if (--it->left == 0 || it->room == 0)
            it->room = -1;
        race_go_on(&group->race, it->room < 0 ? RACE_OUT : it->load);
    }
    race_end(plan, group, size, runners);
    return done;
}

// Places the units of one size that fit anywhere; the others stay, in front. Returns their number.
static uint32_t units_place(struct plan *plan, struct group *group, uint32_t size, uint32_t *units,
                            uint32_t count)
{
    uint32_t left = 0;
    uint32_t first = 0;
    if (count >= group->order_count && is_plain(plan, group))
        first = units_race(plan, group, size, units, count);
    for (uint32_t i = first; i < count; i++) {
        if (i + AHEAD < count)
            unit_prefetch(plan, units[i + AHEAD]);
        uint32_t collector = owner_find(plan, group, units[i]);
        if (collector == PLAN_NOBODY) {
            units[left++] = units[i];
            continue;
        }
        unit_place(plan, units[i], collector, PLAN_WHY_PLACED);
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
        if (with_shelf && has_room(plan, group, size))
            shelf_place(plan, group, size);
        uint32_t *count = &queue->counts[size];
        if (*count > 0 && has_room(plan, group, size))
            *count = units_place(plan, group, size, queue->units + queue->starts[size], *count);
    }
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
