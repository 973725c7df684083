// SPDX-License-Identifier: Apache-2.0
//
// Rule 4 under `mode = pack`: as few collectors as possible are in use, the others are empty and
// can be let go. Rules 1, 2, 3 and 5 are those of settle.c.
//
//   place    with whoever has most and is not full, among equals the first by id, up to its cap;
//            an empty one only when nobody else has room, and then the one with the greatest cap
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
// give to it, because the k have room for everything.
//
// Where collectors have capacities of their own, k is the least number of caps, from the greatest
// down, that hold all units. If more are in use, those that stay are chosen anew: the k with the
// most units, and as long as their caps are too small together, the smallest of them is exchanged
// for the greatest that is not among them. So exactly the fewest collectors are in use; which k
// move the fewest units is a knapsack problem, and that is not promised. O(collectors) whenever the
// group is settled, and their logarithm besides unless it is plain that all is well.
#include "base/memory.h"
#include "plan/state.h"

// ---- Capacities of their own.

// A collector in a sorted list.
struct stand {
    uint64_t key;
    uint32_t rank;
};

// By key, the least first; among equals as before.
static void stands_sort(struct stand *stands, uint32_t count)
{
    struct stand *other = memory_resize(NULL, (count + 1) * sizeof(*other));
    for (uint32_t width = 1; width < count; width *= 2) {
        for (uint32_t first = 0; first < count; first += 2 * width) {
            uint32_t middle = first + width < count ? first + width : count;
            uint32_t end = first + 2 * width < count ? first + 2 * width : count;
            uint32_t a = first;
            uint32_t b = middle;
            for (uint32_t i = first; i < end; i++) {
                bool is_b = a == middle || (b < end && stands[b].key < stands[a].key);
                other[i] = stands[is_b ? b++ : a++];
            }
        }
        for (uint32_t i = 0; i < count; i++)
            stands[i] = other[i];
    }
    memory_release(other);
}

// Those that may be in use, the greatest cap or the most units first, among equals the first by id.
static struct stand *stands_get(const struct plan *plan, const struct group *group, bool is_by_cap,
                                uint32_t *ret_count)
{
    struct stand *stands = memory_resize(NULL, (group->order_count + 1) * sizeof(*stands));
    uint32_t count = 0;
    for (uint32_t rank = 0; rank < group->order_count; rank++) {
        const struct collector *it = &plan->collectors[group->order[rank]];
        if (it->cap > 0 && !it->is_held)
            stands[count++] = (struct stand){UINT32_MAX - (is_by_cap ? it->cap : it->count), rank};
    }
    stands_sort(stands, count);
    *ret_count = count;
    return stands;
}

static struct collector *at_rank(const struct plan *plan, const struct group *group, uint32_t rank)
{
    return &plan->collectors[group->order[rank]];
}

// Gives pending units to empty collectors, the greatest first; nobody else has room.
static void empties_place(struct plan *plan, struct group *group, bool is_orphans)
{
    const uint32_t *pending = is_orphans ? &group->orphan_count : &group->waiting_count;
    uint32_t count;
    struct stand *stands = stands_get(plan, group, true, &count);
    for (uint32_t i = 0; i < count && *pending; i++) {
        const struct collector *it = at_rank(plan, group, stands[i].rank);
        if (it->count == it->cap)
            continue;
        while (*pending && it->count < it->cap)
            even_place(plan, pending_take(plan, group, is_orphans), group->order[stands[i].rank]);
        collector_file(plan, group->order[stands[i].rank]);
    }
    memory_release(stands);
}

// ---- Placing, and emptying under one cap.

void pack_place(struct plan *plan, struct group *group, bool is_orphans)
{
    const uint32_t *count = is_orphans ? &group->orphan_count : &group->waiting_count;
    while (*count && group->roomy.highest != LADDER_NONE) {
        const struct level *level = &group->roomy.levels[group->roomy.highest];
        uint32_t collector = group->order[bitset_first(&level->ranks)];
        const struct collector *it = &plan->collectors[collector];
        if (level->load == 0 && group->capacity_count) {
            empties_place(plan, group, is_orphans);
            return;
        }
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

// ---- Emptying where capacities differ.

// Who is to stay in use.
struct choice {
    bool *stays;          // by rank
    struct stand *by_cap; // of all that may be in use, the greatest cap first
    struct stand *by_load;
    uint32_t count;
    uint32_t used;   // in use now
    uint32_t needed; // that hold all units
};

static struct choice choice_begin(const struct plan *plan, const struct group *group)
{
    struct choice it = {.stays = memory_get((group->order_count + 1) * sizeof(bool))};
    uint64_t units = 0;
    uint64_t room = 0;
    it.by_cap = stands_get(plan, group, true, &it.count);
    it.by_load = stands_get(plan, group, false, &it.count);
    for (uint32_t i = 0; i < it.count; i++) {
        uint32_t load = at_rank(plan, group, it.by_load[i].rank)->count;
        units += load;
        it.used += load > 0;
    }
    for (; room < units; it.needed++)
        room += at_rank(plan, group, it.by_cap[it.needed].rank)->cap;
    return it;
}

static void choice_end(struct choice *choice)
{
    memory_release(choice->stays);
    memory_release(choice->by_cap);
    memory_release(choice->by_load);
}

// Those with most units, the smallest exchanged for the greatest until they hold all of them.
static void choice_make(const struct plan *plan, const struct group *group, struct choice *choice)
{
    uint64_t units = 0;
    uint64_t room = 0;
    for (uint32_t i = 0; i < choice->count; i++) {
        const struct collector *it = at_rank(plan, group, choice->by_load[i].rank);
        units += it->count;
        room += i < choice->needed ? it->cap : 0;
        choice->stays[choice->by_load[i].rank] = i < choice->needed;
    }
    uint32_t greatest = 0;
    uint32_t smallest = choice->count;
    while (room < units) {
        while (choice->stays[choice->by_cap[greatest].rank])
            greatest++;
        do
            smallest--;
        while (!choice->stays[choice->by_cap[smallest].rank]);
        choice->stays[choice->by_cap[greatest].rank] = true;
        choice->stays[choice->by_cap[smallest].rank] = false;
        room += at_rank(plan, group, choice->by_cap[greatest].rank)->cap;
        room -= at_rank(plan, group, choice->by_cap[smallest].rank)->cap;
    }
}

// Moves the units of those that do not stay, from the least loaded on, to those that do, of which
// the one with most is filled first. Returns whether no move was lacking.
static bool choice_move(struct plan *plan, struct group *group, const struct choice *choice,
                        uint64_t *moves_left)
{
    uint32_t to = 0;
    for (uint32_t i = choice->count; i-- > 0;) {
        uint32_t donor = choice->by_load[i].rank;
        const struct collector *it = at_rank(plan, group, donor);
        for (; !choice->stays[donor] && it->count && *moves_left > 0; (*moves_left)--) {
            uint32_t recipient = choice->by_load[to].rank;
            while (!choice->stays[recipient] ||
                   at_rank(plan, group, recipient)->count == at_rank(plan, group, recipient)->cap)
                recipient = choice->by_load[++to].rank;
            uint32_t unit = it->units.list.newest;
            unit_lift(plan, unit);
            unit_place(plan, unit, group->order[recipient], PLAN_WHY_BALANCE);
            collector_file(plan, group->order[recipient]);
        }
        collector_file(plan, group->order[donor]);
        if (!choice->stays[donor] && it->count)
            return false;
    }
    return true;
}

// Whether it is plain to see that no fewer would do: no empty one is larger than one in use, and
// without the smallest the others are too small together. O(collectors).
static bool are_plainly_fewest(const struct plan *plan, const struct group *group)
{
    uint64_t units = 0;
    uint64_t room = 0;
    uint32_t smallest = UINT32_MAX;
    uint32_t greatest_empty = 0;
    for (uint32_t rank = 0; rank < group->order_count; rank++) {
        const struct collector *it = at_rank(plan, group, rank);
        if (it->is_held || it->cap == 0)
            continue;
        if (it->count == 0) {
            greatest_empty = it->cap > greatest_empty ? it->cap : greatest_empty;
            continue;
        }
        units += it->count;
        room += it->cap;
        smallest = it->cap < smallest ? it->cap : smallest;
    }
    return units == 0 || (greatest_empty <= smallest && room - smallest < units);
}

static bool choose_settle(struct plan *plan, struct group *group, uint64_t *moves_left)
{
    bool is_whole = true;
    if (are_plainly_fewest(plan, group))
        return true;
    struct choice choice = choice_begin(plan, group);
    if (choice.used > choice.needed) {
        choice_make(plan, group, &choice);
        is_whole = choice_move(plan, group, &choice, moves_left);
    }
    choice_end(&choice);
    return is_whole;
}

bool pack_settle(struct plan *plan, struct group *group, uint64_t *moves_left)
{
    uint32_t donor = group->capacity_count ? PLAN_NOBODY : least_loaded(group);
    if (group->capacity_count)
        return choose_settle(plan, group, moves_left);
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
