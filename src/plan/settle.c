// SPDX-License-Identifier: Apache-2.0
//
// Who should own what, in a group of collectors and units that share nothing with others (a pool is
// one group, or one for each value of `group_by`). The rules, the earlier the stronger:
//
//   1. Hard limits hold. Nobody has more than its cap, which is the lower of the pool's
//      max_topics_per_collector and its own capacity; who drains or has left has nothing; who is
//      held, because it died and may come back, keeps what it has and gets nothing.
//   2. As many units as possible have an owner; the others are pending, with a reason.
//   3. Of all ways to satisfy 1, 2 and 4, one that moves the fewest units. A move is a unit that
//      had an owner before the settle and has another one after it.
//   4. Even by number: whoever can still take a unit has at most one less than anyone has. Or, when
//      the pool says `mode = pack`, as few collectors as possible have any: see pack.c.
//   5. What is still open is decided by ids and numbers. The collector with the fewest units takes
//      first, among equals the first by id; the one with the most gives first, among equals the
//      last by id; what was placed last moves first. Pending units wait in line; those who never
//      ran are served before those who lost their owner in this very settle (a first placement is
//      not a move), each by the time of their coming.
//
// This file is for even groups, in which every unit counts one and all collectors are alike to it;
// what is promised there is exact. Weights, loads, zones, hosts and pins: mixed.c.
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
#include "base/memory.h"
#include "plan/hand.h"
#include "plan/state.h"

// What unit_evict does, for even groups.
static void even_evict(struct plan *plan, struct collector *from, uint32_t unit, enum plan_why why)
{
    struct unit *it = unit_at(plan, unit);
    struct group *group = plan->groups[from->group];
    int64_t weight = unit_weight(plan, unit);
    change_note(plan, unit, why);
    list_remove(plan, &from->units.list, unit);
    from->count--;
    from->weight -= weight;
    it->owner = OWNER_ORPHAN;
    list_append(plan, &group->orphans, unit);
    group->orphan_count++;
    group->pending_weight += weight;
}

// Rule 1 for one collector: all units, or the newest ones beyond its cap.
static void collector_evict(struct plan *plan, uint32_t collector)
{
    struct collector *it = &plan->collectors[collector];
    if (it->has_left || it->is_draining) {
        enum plan_why why = it->has_left ? PLAN_WHY_LEFT : PLAN_WHY_DRAINED;
        while (it->count) {
            uint32_t unit = it->units.list.oldest;
            unit_ahead_prefetch(plan, unit);
            even_evict(plan, it, unit, why);
        }
    }
    while (it->count > it->cap)
        even_evict(plan, it, it->units.list.newest, PLAN_WHY_OVER_CAP);
}

void forced_evict(struct plan *plan, struct group *group,
                  void (*evict)(struct plan *plan, uint32_t collector))
{
    uint32_t rank = bitset_first(&group->forced);
    while (rank != BITSET_NONE) {
        uint32_t collector = group->order[rank];
        evict(plan, collector);
        if (plan->collectors[collector].has_left)
            collector_remove(plan, collector);
        else
            collector_file(plan, collector);
        rank = bitset_first(&group->forced);
    }
}

static struct list *pending_list(struct group *group, bool is_orphans)
{
    return is_orphans ? &group->orphans : &group->waiting.list;
}

static uint32_t *pending_count(struct group *group, bool is_orphans)
{
    return is_orphans ? &group->orphan_count : &group->waiting_count;
}

uint32_t pending_take(struct plan *plan, struct group *group, bool is_orphans)
{
    uint32_t unit = list_take_oldest(plan, pending_list(group, is_orphans));
    *pending_count(group, is_orphans) -= 1;
    group->pending_weight -= unit_weight(plan, unit);
    return unit;
}

static void place_oldest(struct plan *plan, struct group *group, bool is_orphans,
                         uint32_t collector)
{
    uint32_t unit = pending_take(plan, group, is_orphans);
    even_place(plan, unit, collector);
}

// How often everyone in the lowest level can be given a unit in one go: there are enough units, all
// have room, and nobody meets those who have more already.
static uint32_t rounds_possible(const struct plan *plan, struct group *group, bool is_orphans)
{
    const struct level *level = &group->roomy.levels[group->roomy.lowest];
    uint32_t rounds = *pending_count(group, is_orphans) / level->count;
    if (level->higher != LADDER_NONE) {
        uint32_t gap = group->roomy.levels[level->higher].load - level->load - 1;
        rounds = gap < rounds ? gap : rounds;
    }
    for (uint32_t rank = rounds ? bitset_first(&level->ranks) : BITSET_NONE; rank != BITSET_NONE;
         rank = bitset_next(&level->ranks, rank)) {
        uint32_t room = plan->collectors[group->order[rank]].cap - level->load;
        rounds = room < rounds ? room : rounds;
    }
    return rounds;
}

// Takes the oldest units out of a list and gives one to each hand, in turn.
static void hands_give(struct plan *plan, struct list *list, struct hand *hands, uint32_t count,
                       uint32_t rounds)
{
    uint32_t unit = list->oldest;
    for (uint32_t round = 0; round < rounds; round++)
        for (uint32_t i = 0; i < count; i++) {
            uint32_t newer = unit_at(plan, unit)->newer;
            unit_ahead_prefetch(plan, unit);
            hand_give(plan, &hands[i], unit);
            unit = newer;
        }
    list->oldest = unit;
    list->count -= rounds * count;
    if (list->count == 0)
        *list = LIST_EMPTY;
}

// The same units to the same collectors as one by one, without taking each from level to level.
static void rounds_place(struct plan *plan, struct group *group, bool is_orphans, uint32_t rounds)
{
    struct level *level = &group->roomy.levels[group->roomy.lowest];
    struct hand *hands = memory_resize(NULL, level->count * sizeof(*hands));
    uint32_t count = 0;
    for (uint32_t rank = bitset_first(&level->ranks); rank != BITSET_NONE;
         rank = bitset_next(&level->ranks, rank))
        hands[count++] =
            hand_of(group->order[rank], &plan->collectors[group->order[rank]].units.list);
    changes_reserve(plan, rounds * count);
    hands_give(plan, pending_list(group, is_orphans), hands, count, rounds);
    *pending_count(group, is_orphans) -= rounds * count;
    ladder_lowest_raise(&group->roomy, rounds);
    for (uint32_t i = 0; i < count; i++) {
        hand_end(plan, &hands[i], &plan->collectors[hands[i].collector].units.list);
        group->pending_weight -= hands[i].weight;
    }
    for (uint32_t i = 0; i < count; i++)
        if (plan->collectors[hands[i].collector].count == plan->collectors[hands[i].collector].cap)
            collector_file(plan, hands[i].collector);
    memory_release(hands);
}

// Rule 2: gives pending units an owner, from the oldest on, as long as anyone has room.
static void settle_place(struct plan *plan, struct group *group, bool is_orphans)
{
    while (*pending_count(group, is_orphans) && group->roomy.lowest != LADDER_NONE) {
        uint32_t rounds = rounds_possible(plan, group, is_orphans);
        if (rounds > 0) {
            rounds_place(plan, group, is_orphans, rounds);
        } else {
            uint32_t collector = group->order[ladder_first(&group->roomy)];
            place_oldest(plan, group, is_orphans, collector);
            collector_file(plan, collector);
        }
    }
}

static uint32_t load_highest(const struct ladder *ladder)
{
    return ladder->highest == LADDER_NONE ? 0 : ladder->levels[ladder->highest].load;
}

// Rule 5: the last by id of those that have most.
static uint32_t donor_find(const struct group *group)
{
    uint32_t roomy = load_highest(&group->roomy);
    uint32_t full = load_highest(&group->full);
    if (roomy != full)
        return group->order[ladder_last(roomy > full ? &group->roomy : &group->full)];
    uint32_t roomy_rank = ladder_last(&group->roomy);
    uint32_t full_rank = ladder_last(&group->full);
    return group->order[roomy_rank > full_rank ? roomy_rank : full_rank];
}

// Rule 4: whether somebody has two more than somebody who could take one.
static bool is_uneven(const struct group *group)
{
    if (group->roomy.lowest == LADDER_NONE)
        return false;
    uint32_t most = load_highest(&group->roomy);
    if (load_highest(&group->full) > most)
        most = load_highest(&group->full);
    return most > group->roomy.levels[group->roomy.lowest].load + 1;
}

static bool settle_balance(struct plan *plan, struct group *group, uint64_t *moves_left)
{
    while (is_uneven(group)) {
        if (*moves_left == 0)
            return false;
        (*moves_left)--;
        uint32_t donor = donor_find(group);
        uint32_t unit = plan->collectors[donor].units.list.newest;
        uint32_t recipient = group->order[ladder_first(&group->roomy)];
        unit_lift(plan, unit);
        unit_place(plan, unit, recipient, PLAN_WHY_BALANCE);
        collector_file(plan, recipient);
        collector_file(plan, donor);
    }
    return true;
}

bool even_settle(struct plan *plan, struct group *group, uint64_t *moves_left)
{
    bool is_packed = plan->policy.is_packed;
    void (*place)(struct plan *, struct group *, bool) = is_packed ? pack_place : settle_place;
    forced_evict(plan, group, collector_evict);
    place(plan, group, false);
    place(plan, group, true);
    while (group->orphan_count)
        unit_wait(plan, pending_take(plan, group, true));
    return is_packed ? pack_settle(plan, group, moves_left)
                     : settle_balance(plan, group, moves_left);
}
