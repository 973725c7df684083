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

void pack_place(struct plan *plan, struct group *group, bool is_orphans)
{
    const uint32_t *count = is_orphans ? &group->orphan_count : &group->waiting_count;
    while (*count && group->roomy.highest != LADDER_NONE) {
        const struct level *level = &group->roomy.levels[group->roomy.highest];
        uint32_t collector = group->order[bitset_first(&level->ranks)];
        const struct collector *it = &plan->collectors[collector];
        while (*count && it->count < it->cap)
            even_place(plan, pending_take(plan, group, is_orphans), collector);
        collector_file(plan, collector);
    }
}

// Whoever has least of those that have any, the last by id; PLAN_NOBODY if all are empty.
static uint32_t least_loaded(const struct group *group)
{
    const struct ladder *ladder = &group->roomy;
    uint32_t level = ladder->lowest;
    if (level != LADDER_NONE && ladder->levels[level].load == 0)
        level = ladder->levels[level].higher;
    uint32_t full = group->full.lowest;
    if (level == LADDER_NONE ||
        (full != LADDER_NONE && group->full.levels[full].load < ladder->levels[level].load)) {
        ladder = &group->full;
        level = full;
    }
    if (level == LADDER_NONE)
        return PLAN_NOBODY;
    return group->order[bitset_last(&ladder->levels[level].ranks)];
}

// Whether the others in use have room for all of its units. Looks at no more collectors than it has
// units: each has room for one at least.
static bool is_superfluous(const struct plan *plan, const struct group *group, uint32_t collector)
{
    uint64_t needed = plan->collectors[collector].count;
    uint32_t level = group->roomy.highest;
    for (; level != LADDER_NONE; level = group->roomy.levels[level].lower) {
        const struct level *it = &group->roomy.levels[level];
        if (it->load == 0)
            return false;
        uint32_t rank = bitset_first(&it->ranks);
        for (; rank != BITSET_NONE; rank = bitset_next(&it->ranks, rank)) {
            const struct collector *other = &plan->collectors[group->order[rank]];
            if (group->order[rank] == collector)
                continue;
            if (other->cap - other->count >= needed)
                return true;
            needed -= other->cap - other->count;
        }
    }
    return false;
}

// Moves the newest unit of `donor`, which is not filed anew, to whoever has most.
static void unit_pack(struct plan *plan, struct group *group, uint32_t donor)
{
    const struct level *level = &group->roomy.levels[group->roomy.highest];
    uint32_t recipient = group->order[bitset_first(&level->ranks)];
    uint32_t unit = plan->collectors[donor].units.list.newest;
    unit_lift(plan, unit);
    unit_place(plan, unit, recipient, PLAN_WHY_BALANCE);
    collector_file(plan, recipient);
}

bool pack_settle(struct plan *plan, struct group *group, uint64_t *moves_left)
{
    uint32_t donor = least_loaded(group);
    while (donor != PLAN_NOBODY && is_superfluous(plan, group, donor)) {
        const struct collector *it = &plan->collectors[donor];
        for (; it->count && *moves_left > 0; (*moves_left)--)
            unit_pack(plan, group, donor);
        bool is_held_back = it->count > 0;
        collector_file(plan, donor);
        if (is_held_back)
            return false;
        donor = least_loaded(group);
    }
    return true;
}
