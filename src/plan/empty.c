// SPDX-License-Identifier: Apache-2.0
//
// Rule 4 under `mode = pack` in a mixed group: whoever has least is emptied, as long as every unit
// of its fits with another one that is in use. Whether it does is tried first, the largest unit
// first, with the rooms only; nothing moves unless all can. Rule 5: whoever has least, the last by
// rank; the units go to whoever has most and room, the first by rank.
//
// If nobody can be emptied so, two are tried at once that are smaller than one which is empty: they
// may need it.
//
// How few is the problem of packing bins, and no promise: TRIES_MAX of the least loaded are tried,
// by one order of units. But with one capacity by weight for all, and nothing else that binds, no
// two in use have together what one could have: the units of the least loaded would fit with the
// next. So fewer than twice the least number that any plan could do with are in use.
#include "base/memory.h"
#include "plan/state.h"

enum { TRIES_MAX = 8 };

// Where the units of some donors would go.
struct trial {
    uint32_t *units;
    uint32_t *collectors;
    uint32_t count;
    bool may_open; // an empty one
};

// Those with the least load, the last by rank first.
struct donors {
    uint32_t collectors[TRIES_MAX];
    uint32_t count;
};

static bool has_pinned(const struct collector *it)
{
    for (uint32_t i = 0; i < SIZE_COUNT; i++)
        if (it->units.sizes[BOND_PINNED * SIZE_COUNT + i].count)
            return true;
    return false;
}

// Room by weight and number of all in use, whatever their hosts have.
struct room {
    int64_t weight; // INT64_MAX = no limit
    uint64_t units;
};

static struct room room_get(const struct plan *plan, const struct group *group)
{
    struct room room = {0};
    for (uint32_t rank = 0; rank < group->order_count; rank++) {
        const struct collector *it = &plan->collectors[group->order[rank]];
        int64_t weight = it->count ? mixed_room(plan, it, group->order[rank]) : -1;
        if (weight < 0)
            continue;
        room.weight =
            weight == INT64_MAX || room.weight == INT64_MAX ? INT64_MAX : room.weight + weight;
        room.units += it->cap - it->count;
    }
    return room;
}

// Whether the room of the others is enough in sum. Its own is counted, too, so a bit too much.
static bool is_hopeful(const struct plan *plan, uint32_t collector, const struct room *room)
{
    const struct collector *it = &plan->collectors[collector];
    int64_t own = mixed_room(plan, it, collector);
    int64_t others = room->weight == INT64_MAX || own < 0 ? room->weight : room->weight - own;
    return it->weight <= others && it->count <= room->units;
}

static void donor_add(const struct plan *plan, struct donors *donors, uint32_t collector)
{
    uint32_t at = donors->count < TRIES_MAX ? donors->count++ : TRIES_MAX;
    while (at > 0 &&
           plan->collectors[donors->collectors[at - 1]].load >= plan->collectors[collector].load) {
        if (at < TRIES_MAX)
            donors->collectors[at] = donors->collectors[at - 1];
        at--;
    }
    if (at < TRIES_MAX)
        donors->collectors[at] = collector;
}

// Those in use that may be emptied; with `room`, only where that may be enough.
static struct donors donors_find(const struct plan *plan, const struct group *group,
                                 const struct room *room)
{
    struct donors donors = {.count = 0};
    for (uint32_t rank = 0; rank < group->order_count; rank++) {
        const struct collector *it = &plan->collectors[group->order[rank]];
        if (it->count > 0 && !it->is_held && !has_pinned(it) &&
            (!room || is_hopeful(plan, group->order[rank], room)))
            donor_add(plan, &donors, group->order[rank]);
    }
    return donors;
}

// ---- A trial.

// Counts a unit as if it lay with the collector, or takes that back.
static void room_lend(struct plan *plan, uint32_t unit, uint32_t collector, bool is_lent)
{
    struct collector *it = &plan->collectors[collector];
    uint32_t one = is_lent ? 1 : UINT32_MAX;
    it->count += one;
    it->weight += is_lent ? unit_weight(plan, unit) : -unit_weight(plan, unit);
    it->load += is_lent ? unit_load(plan, unit) : -unit_load(plan, unit);
    if (it->host != NAME_NONE)
        plan->groups[it->group]->hosts[it->host].count += one;
    mixed_file(plan, collector, true);
}

// Somebody in use, or an empty one if that may be, with room for a unit of a donor. One that is in
// its zone stays there.
static uint32_t recipient_find(const struct plan *plan, const struct group *group,
                               const struct trial *trial, uint32_t unit)
{
    uint32_t owner = unit_at(plan, unit)->owner;
    uint32_t found = mixed_choose(plan, group, unit, owner);
    if (found == PLAN_NOBODY || (plan->collectors[found].count == 0 && !trial->may_open))
        return PLAN_NOBODY;
    uint32_t zone = unit_kind(plan, unit)->zone;
    bool leaves_home = zone != NAME_NONE && zone == plan->collectors[owner].zone &&
                       zone != plan->collectors[found].zone;
    return leaves_home ? PLAN_NOBODY : found;
}

// Whether a unit has somewhere to go; the trial says where.
static bool unit_try(struct plan *plan, struct group *group, struct trial *trial, uint32_t unit)
{
    uint32_t owner = unit_at(plan, unit)->owner;
    room_lend(plan, unit, owner, false);
    uint32_t to = recipient_find(plan, group, trial, unit);
    if (to == PLAN_NOBODY) {
        room_lend(plan, unit, owner, true);
        return false;
    }
    trial->may_open &= plan->collectors[to].count > 0;
    trial->units[trial->count] = unit;
    trial->collectors[trial->count++] = to;
    room_lend(plan, unit, to, true);
    return true;
}

static bool donor_try(struct plan *plan, struct group *group, struct trial *trial, uint32_t donor)
{
    const struct shelf *units = &plan->collectors[donor].units;
    bool fits = true;
    for (uint32_t i = SIZE_COUNT * BOND_COUNT; fits && i-- > 0;) {
        // Sizes from the greatest down, each with all bonds.
        const struct list *list = &units->sizes[i % BOND_COUNT * SIZE_COUNT + i / BOND_COUNT];
        uint32_t unit = list->newest;
        for (uint32_t n = list->count; fits && n > 0; n--) {
            fits = unit_try(plan, group, trial, unit);
            unit = unit_at(plan, unit)->older;
        }
    }
    return fits;
}

// Closes donors to each other's units, or opens them again.
static void donors_close(struct plan *plan, const uint32_t *donors, uint32_t count, bool is_closed)
{
    for (uint32_t i = 0; i < count; i++) {
        plan->collectors[donors[i]].takes_no_more = is_closed;
        mixed_file(plan, donors[i], false);
    }
}

// Empties some donors if all of their units have somewhere to go, several of them with the help of
// an empty one. Returns whether they have.
static bool donors_empty(struct plan *plan, struct group *group, const uint32_t *donors,
                         uint32_t count, uint64_t *moves_left, bool *ret_is_whole)
{
    uint32_t units = 0;
    bool fits = true;
    for (uint32_t i = 0; i < count; i++)
        units += plan->collectors[donors[i]].count;
    struct trial trial = {.units = memory_resize(NULL, units * sizeof(uint32_t)),
                          .collectors = memory_resize(NULL, units * sizeof(uint32_t)),
                          .may_open = count > 1};
    donors_close(plan, donors, count, true);
    for (uint32_t i = 0; i < count && fits; i++)
        fits = donor_try(plan, group, &trial, donors[i]);
    for (uint32_t i = trial.count; i-- > 0;) {
        room_lend(plan, trial.units[i], trial.collectors[i], false);
        room_lend(plan, trial.units[i], unit_at(plan, trial.units[i])->owner, true);
    }
    donors_close(plan, donors, count, false);
    for (uint32_t i = 0; i < trial.count && fits && *ret_is_whole; i++) {
        *ret_is_whole = *moves_left > 0;
        if (*ret_is_whole) {
            (*moves_left)--;
            mixed_move(plan, trial.units[i], trial.collectors[i], PLAN_WHY_BALANCE);
        }
    }
    memory_release(trial.units);
    memory_release(trial.collectors);
    return fits;
}

// ---- Emptying.

// Whether an empty one could have more than the collector.
static bool is_any_greater(const struct plan *plan, const struct group *group,
                           const struct collector *it)
{
    for (uint32_t rank = 0; rank < group->order_count; rank++) {
        const struct collector *empty = &plan->collectors[group->order[rank]];
        if (empty->count > 0 || collector_room(plan, empty) < 0)
            continue;
        bool has_more =
            it->weight_max && (!empty->weight_max || empty->weight_max > it->weight_max);
        if (has_more || empty->cap > it->cap)
            return true;
    }
    return false;
}

// The two least loaded that are smaller than an empty one; false if there are none.
static bool pair_find(const struct plan *plan, const struct group *group, uint32_t *ret_pair)
{
    struct donors donors = donors_find(plan, group, NULL);
    uint32_t count = 0;
    for (uint32_t i = 0; i < donors.count && count < 2; i++)
        if (is_any_greater(plan, group, &plan->collectors[donors.collectors[i]]))
            ret_pair[count++] = donors.collectors[i];
    return count == 2;
}

bool empty_settle(struct plan *plan, struct group *group, uint64_t *moves_left)
{
    bool is_whole = true;
    bool is_any = true;
    while (is_any && is_whole) {
        struct room room = room_get(plan, group);
        struct donors donors = donors_find(plan, group, &room);
        uint32_t pair[2];
        is_any = false;
        for (uint32_t i = 0; i < donors.count && !is_any; i++)
            is_any = donors_empty(plan, group, &donors.collectors[i], 1, moves_left, &is_whole);
        if (!is_any && pair_find(plan, group, pair))
            is_any = donors_empty(plan, group, pair, 2, moves_left, &is_whole);
    }
    return is_whole;
}
