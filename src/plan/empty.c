// SPDX-License-Identifier: Apache-2.0
//
// Rule 4 under `mode = pack` in a mixed group: whoever has least is emptied, as long as every unit
// of its fits with another one that is in use. Whether it does is tried first, the largest unit
// first, with the rooms only; nothing moves unless all can. Rule 5: whoever has least, the last by
// rank; the units go to whoever has most and room, the first by rank.
#include "base/memory.h"
#include "plan/state.h"

// Where the units of the donor would go.
struct trial {
    uint32_t *units;
    uint32_t *collectors;
    uint32_t count;
};

static bool has_pinned(const struct collector *it)
{
    for (uint32_t i = 0; i < SIZE_COUNT; i++)
        if (it->units.sizes[BOND_PINNED * SIZE_COUNT + i].count)
            return true;
    return false;
}

// The one in use that has least, the last by rank; PLAN_NOBODY = none.
static uint32_t donor_find(const struct plan *plan, const struct group *group)
{
    uint32_t found = PLAN_NOBODY;
    for (uint32_t rank = 0; rank < group->order_count; rank++) {
        const struct collector *it = &plan->collectors[group->order[rank]];
        if (it->count == 0 || it->is_held || has_pinned(it))
            continue;
        if (found == PLAN_NOBODY || it->load <= plan->collectors[found].load)
            found = group->order[rank];
    }
    return found;
}

// Counts a unit as if it lay with the collector, or takes that back.
static void room_lend(struct plan *plan, uint32_t unit, uint32_t collector, bool is_lent)
{
    struct collector *it = &plan->collectors[collector];
    uint32_t one = is_lent ? 1 : UINT32_MAX;
    it->count += one;
    it->weight += is_lent ? unit_weight(plan, unit) : -unit_weight(plan, unit);
    if (it->host != NAME_NONE)
        plan->groups[it->group]->hosts[it->host].count += one;
    mixed_file(plan, collector, true);
}

// Somebody in use, other than the donor, with room for a unit. One that is in its zone stays there.
static uint32_t recipient_find(const struct plan *plan, const struct group *group, uint32_t unit)
{
    uint32_t owner = unit_at(plan, unit)->owner;
    uint32_t found = mixed_choose(plan, group, unit, owner);
    if (found == PLAN_NOBODY || plan->collectors[found].count == 0)
        return PLAN_NOBODY;
    uint32_t zone = unit_kind(plan, unit)->zone;
    bool leaves_home = zone != NAME_NONE && zone == plan->collectors[owner].zone &&
                       zone != plan->collectors[found].zone;
    return leaves_home ? PLAN_NOBODY : found;
}

// Whether all units of the donor have somewhere to go; the trial says where.
static bool donor_try(struct plan *plan, struct group *group, uint32_t donor, struct trial *trial)
{
    const struct shelf *units = &plan->collectors[donor].units;
    bool fits = true;
    for (uint32_t i = SIZE_COUNT * BOND_COUNT; fits && i-- > 0;) {
        // Sizes from the greatest down, each with all bonds.
        const struct list *list = &units->sizes[i % BOND_COUNT * SIZE_COUNT + i / BOND_COUNT];
        uint32_t unit = list->newest;
        for (uint32_t n = list->count; fits && n > 0; n--) {
            uint32_t to = recipient_find(plan, group, unit);
            fits = to != PLAN_NOBODY;
            if (fits) {
                trial->units[trial->count] = unit;
                trial->collectors[trial->count++] = to;
                room_lend(plan, unit, to, true);
            }
            unit = unit_at(plan, unit)->older;
        }
    }
    for (uint32_t i = 0; i < trial->count; i++)
        room_lend(plan, trial->units[i], trial->collectors[i], false);
    return fits;
}

bool empty_settle(struct plan *plan, struct group *group, uint64_t *moves_left)
{
    bool is_whole = true;
    uint32_t donor = donor_find(plan, group);
    while (donor != PLAN_NOBODY && is_whole) {
        uint32_t count = plan->collectors[donor].count;
        struct trial trial = {.units = memory_resize(NULL, count * sizeof(uint32_t)),
                              .collectors = memory_resize(NULL, count * sizeof(uint32_t))};
        bool fits = donor_try(plan, group, donor, &trial);
        for (uint32_t i = 0; fits && i < count && is_whole; i++) {
            is_whole = *moves_left > 0;
            if (is_whole) {
                (*moves_left)--;
                mixed_move(plan, trial.units[i], trial.collectors[i], PLAN_WHY_BALANCE);
            }
        }
        memory_release(trial.units);
        memory_release(trial.collectors);
        // Emptying the next one would not be easier: it has more.
        donor = fits && is_whole ? donor_find(plan, group) : PLAN_NOBODY;
    }
    return is_whole;
}
