// SPDX-License-Identifier: Apache-2.0
//
// For a million units waiting on memory would take longest. They come by their size, so each is
// somewhere else in the table: 64 bytes to fetch and to write back for each touch of one. The queue
// therefore holds all that a race looks at, and the table is written when all sizes were raced: a
// piece of it after the other, each of them for all sizes while it lies in the nearest cache.
#include "plan/queue.h"

#include "base/memory.h"
#include "plan/hand.h"

// ---- Taking.

#define LISTED_NOTED (UINT32_C(1) << 31) // a change is noted for the unit

// The units of a list, which is walked once: it tells its next one too late to be fetched, if that
// does not stand at an even distance. Counts each size, one place behind its own.
static uint32_t *list_read(const struct plan *plan, const struct list *list, uint32_t *counts)
{
    uint32_t *all = memory_resize(NULL, list->count * sizeof(*all));
    uint32_t unit = list->oldest;
    for (uint32_t i = 0; i < list->count; i++) {
        unit_ahead_prefetch(plan, unit);
        const struct unit *it = unit_at(plan, unit);
        all[i] = it->change ? LISTED_NOTED | unit : unit;
        counts[unit_size(plan, unit) + 1]++;
        unit = it->newer;
    }
    return all;
}

struct queue queue_take(struct plan *plan, struct group *group, struct list *list,
                        uint32_t *pending_count)
{
    struct queue queue = {.count = list->count};
    uint32_t ends[SIZE_COUNT]; // so far
    uint32_t *all = list_read(plan, list, queue.starts);
    struct queued *units = memory_resize(NULL, queue.count * sizeof(*units));
    int64_t sum = 0;
    for (uint32_t size = 0; size < SIZE_COUNT; size++) {
        queue.counts[size] = queue.starts[size + 1];
        queue.starts[size + 1] += queue.starts[size];
        ends[size] = queue.starts[size];
    }
    for (uint32_t i = 0; i < queue.count; i++) {
        uint32_t unit = all[i] & ~LISTED_NOTED;
        int64_t weight = unit_weight(plan, unit);
        units[ends[unit_size(plan, unit)]++] =
            (struct queued){.unit = unit,
                            .owner = all[i] & LISTED_NOTED ? QUEUED_NOTED : QUEUED_NEW,
                            .weight = weight};
        sum += weight;
    }
    queue.units = units;
    group->pending_weight -= sum;
    *pending_count -= queue.count;
    *list = LIST_EMPTY;
    memory_release(all);
    return queue;
}

uint32_t queue_end(struct plan *plan, struct queue *queue)
{
    uint32_t left = 0;
    for (uint32_t size = 0; size < SIZE_COUNT; size++) {
        for (uint32_t i = 0; i < queue->counts[size]; i++) {
            uint32_t unit = queue->units[queue->starts[size] + i].unit;
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

// ---- Racing.

// A collector that takes part in a race.
struct runner {
    struct hand hand;
    int64_t load;
    int64_t room;  // as collector_room says
    uint32_t left; // units up to its cap
    uint32_t last; // place in the queue of the last unit that it got, UNIT_NONE = none yet
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
                                        .left = it->cap - it->count,
                                        .last = UNIT_NONE};
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

// What hand_give does, for a unit of the queue and in the queue.
static void runner_give(struct plan *plan, struct queue *queue, struct runner *runner, uint32_t at)
{
    struct queued *it = &queue->units[at];
    struct list *list = &runner->hand.list;
    if (it->owner == QUEUED_NEW)
        plan->changes[plan->change_count++] = it->unit;
    runner->hand.weight += it->weight;
    it->owner = runner->hand.collector;
    it->older = list->newest;
    if (runner->last != UNIT_NONE)
        queue->units[runner->last].newer = it->unit;
    else if (list->count)
        unit_at(plan, list->newest)->newer = it->unit;
    else
        list->oldest = it->unit;
    list->newest = it->unit;
    list->count++;
    runner->last = at;
}

bool queue_can_race(const struct group *group, const struct queue *queue, uint32_t size)
{
    int64_t most = tree_root(&group->tree).take_max;
    int64_t left = race_load_max(group->order_count) - most;
    return queue->counts[size] >= group->order_count && queue->counts[size] <= left >> (size + 1);
}

uint32_t queue_race(struct plan *plan, struct group *group, struct queue *queue, uint32_t size)
{
    bool is_by_weight = plan->policy.balance == PLAN_BALANCE_WEIGHT;
    struct race *race = &group->race;
    uint32_t count = queue->counts[size];
    uint32_t start = queue->starts[size];
    if (plan->change_capacity - plan->change_count < count) {
        queue_write(plan, queue); // what is made room for may be moved, and units tell where it is
        changes_reserve(plan, queue->count);
    }
    struct raced raced = {start, start, plan->change_count, plan->number_next};
    struct runner *runners = race_enter(plan, group, size);
    struct race_winner winner = race_winner(race);
    for (; raced.end < start + count && winner.load != RACE_OUT; raced.end++) {
        struct runner *it = &runners[winner.rank];
        int64_t weight = queue->units[raced.end].weight;
        if (it->room < weight)
            break;
        int64_t load = is_by_weight ? weight : unit_load(plan, queue->units[raced.end].unit);
        runner_give(plan, queue, it, raced.end);
        it->load += load;
        if (it->room != INT64_MAX)
            it->room -= weight;
        bool is_out = --it->left == 0 || it->room == 0;
        winner = race_go_on(race, winner, is_out ? RACE_OUT : winner.load + load);
    }
    race_end(plan, group, size, runners);
    uint32_t done = raced.end - start;
    plan->number_next += done;
    queue->raced[size] = raced;
    queue->raced_count += done;
    return done;
}

// ---- Writing.

// The units of one size, up to the first that is not below `limit`.
static void raced_write(struct plan *plan, const struct queue *queue, struct raced *raced,
                        uint32_t limit)
{
    for (; raced->at < raced->end && queue->units[raced->at].unit < limit; raced->at++) {
        const struct queued *from = &queue->units[raced->at];
        if (raced->at + AHEAD < raced->end)
            __builtin_prefetch(unit_at(plan, from[AHEAD].unit), 1);
        struct unit *to = unit_at(plan, from->unit);
        to->number = raced->number++;
        to->owner = from->owner;
        to->older = from->older;
        to->newer = from->newer;
        if (!to->change)
            to->change = ++raced->change;
    }
}

// The units of each size mostly rise. Those that do not are written with the last piece.
void queue_write(struct plan *plan, struct queue *queue)
{
    enum { PIECE = 1024 }; // units of it, as many as the nearest cache holds
    uint32_t pieces = queue->raced_count / PIECE + 1;
    uint32_t width = plan->units->count / pieces + 1;
    if (!queue->raced_count)
        return;
    for (uint32_t i = 1; i <= pieces; i++)
        for (uint32_t size = 0; size < SIZE_COUNT; size++)
            raced_write(plan, queue, &queue->raced[size], i < pieces ? i * width : UNIT_NONE);
    queue->raced_count = 0;
}
