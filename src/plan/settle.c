// SPDX-License-Identifier: Apache-2.0
//
// Who should own what. The rules, the earlier the stronger:
//
//   1. Hard limits hold. Nobody has more than its cap, which is the lower of the pool's
//      max_topics_per_collector and its own capacity; who drains or has left has nothing.
//   2. As many units as possible have an owner; the others are pending, with a reason.
//   3. Of all ways to satisfy 1, 2 and 4, one that moves the fewest units. A move is a unit that
//   had
//      an owner before the settle and has another one after it.
//   4. Even by number: whoever can still take a unit has at most one less than anyone has. Or, when
//      the pool says `mode = pack`, as few collectors as possible have any: see pack.c.
//   5. What is still open is decided by ids and numbers. The collector with the fewest units takes
//      first, among equals the first by id; the one with the most gives first, among equals the
//      last by id; what was placed last moves first. Pending units wait in line; those who never
//      ran are served before those who lost their owner in this very settle (a first placement is
//      not a move), each by the time of their coming.
//
// It is done in three steps, each of which does only what it must:
//
//   evict    the units of those who left or drain, the newest beyond a cap     rules 1, 5
//   place    first the queue, then the evicted, each with whoever has least    rules 2, 3, 4, 5
//   balance  from whoever has most to whoever has least while they differ by
//            two or more                                                       rules 3, 4, 5
//
// An example, cap 4. a has 4 units, b has 3, c has 1 (numbered 1 to 8 in the order of their
// placing: a: 1 2 3 4, b: 5 6 7, c: 8). b leaves, unit 9 is added and d joins.
//
//   evict    b's units 5 6 7, in this order                                    a 4      c 1  d 0
//   place    9, new, goes to d (least); 5 to c (1 and 1: first by id);
//            6 to d, 7 to c: c 8 5 7, d 9 6                                    a 4      c 3  d 2
//   balance  a has two more than d: its newest, 4, goes there                  a 3      c 3  d 3
//
// Units 5 6 7 had to move because b left, 4 because nine units on three collectors are three each
// and a had one too many: four moves, and no plan that satisfies rules 1, 2 and 4 has fewer.
//
// Why the fewest (rule 3). Let L be the even share, such that the collectors filled to L, as far as
// their caps let them, hold no more units than are to be held, and filled to L + 1 no fewer. The
// state that is wanted has everyone between L and L + 1 or at a cap below that. What is above L + 1
// must go (E units), what is missing to L must come (D); F units without an owner fill first what
// is missing. So at least max(E, D − F) units with a good owner move in any plan. Each step of
// `balance` takes from the most and gives to the least: while there is both an excess and a lack it
// lessens both, later the one that is left; so it takes exactly that many steps.
#include "base/ensure.h"
#include "plan/state.h"

// Rule 1 for one collector: all units, or the newest ones beyond its cap.
static void collector_evict(struct plan *plan, uint32_t collector, struct list *orphans)
{
    struct collector *it = &plan->collectors[collector];
    if (it->has_left || it->is_draining) {
        enum plan_why why = it->has_left ? PLAN_WHY_LEFT : PLAN_WHY_DRAINED;
        while (it->units.count)
            unit_evict(plan, it->units.oldest, orphans, why);
    }
    while (it->units.count > it->cap)
        unit_evict(plan, it->units.newest, orphans, PLAN_WHY_OVER_CAP);
}

static void settle_evict(struct plan *plan, struct list *orphans)
{
    uint32_t rank = bitset_first(&plan->forced);
    while (rank != BITSET_NONE) {
        uint32_t collector = plan->order[rank];
        collector_evict(plan, collector, orphans);
        if (plan->collectors[collector].has_left)
            collector_remove(plan, collector);
        else
            collector_file(plan, collector);
        rank = bitset_first(&plan->forced);
    }
}

static void place_oldest(struct plan *plan, struct list *list, uint32_t collector)
{
    uint32_t unit = list_take_oldest(plan, list);
    unit_place(plan, unit, collector, PLAN_WHY_PLACED);
}

// Whether everyone in the lowest level can be given a unit in one go: there are enough units, and
// nobody meets those who have one more already.
static bool is_round_possible(const struct plan *plan, const struct list *list)
{
    const struct level *level = &plan->roomy.levels[plan->roomy.lowest];
    return list->count >= level->count &&
           (level->higher == LADDER_NONE ||
            plan->roomy.levels[level->higher].load > level->load + 1);
}

// The same units to the same collectors as one by one, without taking each from level to level.
static void place_round(struct plan *plan, struct list *list)
{
    const struct bitset *ranks = &plan->roomy.levels[plan->roomy.lowest].ranks;
    bool is_any_full = false;
    for (uint32_t rank = bitset_first(ranks); rank != BITSET_NONE;
         rank = bitset_next(ranks, rank)) {
        uint32_t collector = plan->order[rank];
        place_oldest(plan, list, collector);
        is_any_full |= plan->collectors[collector].units.count == plan->collectors[collector].cap;
    }
    ladder_lowest_raise(&plan->roomy);
    if (!is_any_full)
        return;
    for (uint32_t rank = bitset_first(ranks); rank != BITSET_NONE; rank = bitset_next(ranks, rank))
        collector_file(plan, plan->order[rank]);
}

// Rule 2: gives the units of the list an owner, from its oldest on, as long as anyone has room.
static void settle_place(struct plan *plan, struct list *list)
{
    while (list->count && plan->roomy.lowest != LADDER_NONE) {
        if (is_round_possible(plan, list)) {
            place_round(plan, list);
        } else {
            uint32_t collector = plan->order[ladder_first(&plan->roomy)];
            place_oldest(plan, list, collector);
            collector_file(plan, collector);
        }
    }
}

static uint32_t load_highest(const struct ladder *ladder)
{
    return ladder->highest == LADDER_NONE ? 0 : ladder->levels[ladder->highest].load;
}

// Rule 5: the last by id of those that have most.
static uint32_t donor_find(const struct plan *plan)
{
    uint32_t roomy = load_highest(&plan->roomy);
    uint32_t full = load_highest(&plan->full);
    if (roomy != full)
        return plan->order[ladder_last(roomy > full ? &plan->roomy : &plan->full)];
    uint32_t roomy_rank = ladder_last(&plan->roomy);
    uint32_t full_rank = ladder_last(&plan->full);
    return plan->order[roomy_rank > full_rank ? roomy_rank : full_rank];
}

// Rule 4: whether somebody has two more than somebody who could take one.
static bool is_uneven(const struct plan *plan)
{
    if (plan->roomy.lowest == LADDER_NONE)
        return false;
    uint32_t most = load_highest(&plan->roomy);
    if (load_highest(&plan->full) > most)
        most = load_highest(&plan->full);
    return most > plan->roomy.levels[plan->roomy.lowest].load + 1;
}

static bool settle_balance(struct plan *plan, uint64_t moves_max)
{
    for (uint64_t moves = 0; is_uneven(plan); moves++) {
        if (moves == moves_max)
            return false;
        uint32_t donor = donor_find(plan);
        uint32_t unit = plan->collectors[donor].units.newest;
        uint32_t recipient = plan->order[ladder_first(&plan->roomy)];
        list_remove(plan, &plan->collectors[donor].units, unit);
        unit_place(plan, unit, recipient, PLAN_WHY_BALANCE);
        collector_file(plan, recipient);
        collector_file(plan, donor);
    }
    return true;
}

bool plan_settle(struct plan *plan, uint64_t moves_max)
{
    ensure(plan->restored_count == 0);
    change_retire(plan);
    struct list orphans = LIST_EMPTY;
    bool is_packed = plan->policy.is_packed;
    void (*place)(struct plan *, struct list *) = is_packed ? pack_place : settle_place;
    settle_evict(plan, &orphans);
    place(plan, &plan->waiting);
    place(plan, &orphans);
    while (orphans.count)
        unit_wait(plan, list_take_oldest(plan, &orphans));
    return is_packed ? pack_settle(plan, moves_max) : settle_balance(plan, moves_max);
}
