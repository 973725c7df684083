// SPDX-License-Identifier: Apache-2.0
//
// Rule 4 under `mode = pack`: as few collectors as possible are in use, the others are empty and
// can be let go. Rules 1, 2, 3 and 5 are those of settle.c.
//
//   place    with whoever has most and is not full, among equals the first by id, up to its cap;
//            an empty one only when nobody else has room
//   empty    whoever has least, among equals the last by id, as long as all of its units fit with
//            the others in use
//
// An example, cap 5, eleven units: a 5, b 5, c 1. Two of a and three of b go: a 3, b 2, c 1. b and
// c together fit with nobody, but c's one fits with a and b: a 4, b 2; then b's two do not: two
// collectors, one move.
//
// Why the fewest moves. With one cap for all, k = ceil(units / cap) collectors are needed. Whoever
// stays, its units may stay; so the k with the most units stay, and only the units of the others
// move. Taking from the least and giving to the most never touches one of the k otherwise than to
// give to it, because the k have room for everything. Where collectors have capacities of
// their own the result is only that the least loaded one cannot be emptied.
#include "plan/state.h"

void pack_place(struct plan *plan, struct list *list)
{
    while (list->count && plan->roomy.highest != LADDER_NONE) {
        const struct level *level = &plan->roomy.levels[plan->roomy.highest];
        uint32_t collector = plan->order[bitset_first(&level->ranks)];
        const struct collector *it = &plan->collectors[collector];
        while (list->count && it->units.count < it->cap)
            unit_place(plan, list_take_oldest(plan, list), collector, PLAN_WHY_PLACED);
        collector_file(plan, collector);
    }
}

// Whoever has least of those that have any, the last by id; PLAN_NOBODY if all are empty.
static uint32_t least_loaded(const struct plan *plan)
{
    const struct ladder *ladder = &plan->roomy;
    uint32_t level = ladder->lowest;
    if (level != LADDER_NONE && ladder->levels[level].load == 0)
        level = ladder->levels[level].higher;
    uint32_t full = plan->full.lowest;
    if (level == LADDER_NONE ||
        (full != LADDER_NONE && plan->full.levels[full].load < ladder->levels[level].load)) {
        ladder = &plan->full;
        level = full;
    }
    if (level == LADDER_NONE)
        return PLAN_NOBODY;
    return plan->order[bitset_last(&ladder->levels[level].ranks)];
}

// Whether the others in use have room for all of its units. Looks at no more collectors than it has
// units: each has room for one at least.
static bool is_superfluous(const struct plan *plan, uint32_t collector)
{
    uint64_t needed = plan->collectors[collector].units.count;
    uint32_t level = plan->roomy.highest;
    for (; level != LADDER_NONE; level = plan->roomy.levels[level].lower) {
        const struct level *it = &plan->roomy.levels[level];
        if (it->load == 0)
            return false;
        uint32_t rank = bitset_first(&it->ranks);
        for (; rank != BITSET_NONE; rank = bitset_next(&it->ranks, rank)) {
            const struct collector *other = &plan->collectors[plan->order[rank]];
            if (plan->order[rank] == collector)
                continue;
            if (other->cap - other->units.count >= needed)
                return true;
            needed -= other->cap - other->units.count;
        }
    }
    return false;
}

// Moves the newest unit of `donor`, which is not filed anew, to whoever has most.
static void unit_pack(struct plan *plan, uint32_t donor)
{
    const struct level *level = &plan->roomy.levels[plan->roomy.highest];
    uint32_t recipient = plan->order[bitset_first(&level->ranks)];
    uint32_t unit = plan->collectors[donor].units.newest;
    list_remove(plan, &plan->collectors[donor].units, unit);
    unit_place(plan, unit, recipient, PLAN_WHY_BALANCE);
    collector_file(plan, recipient);
}

bool pack_settle(struct plan *plan, uint64_t moves_max)
{
    uint32_t donor = least_loaded(plan);
    while (donor != PLAN_NOBODY && is_superfluous(plan, donor)) {
        const struct list *units = &plan->collectors[donor].units;
        for (; units->count && moves_max > 0; moves_max--)
            unit_pack(plan, donor);
        bool is_held_back = units->count > 0;
        collector_file(plan, donor);
        if (is_held_back)
            return false;
        donor = least_loaded(plan);
    }
    return true;
}
