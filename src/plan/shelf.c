// SPDX-License-Identifier: Apache-2.0
//
// Shelves: the lists that the units of a collector, or those without one, lie in. In a mixed group
// a unit lies by its size, the greatest power of two that is not above what it counts, so that one
// of about a wanted size is found without a search, and by what binds it to its collector.
#include "base/memory.h"
#include "plan/state.h"

void shelf_init(struct shelf *shelf, uint32_t lists)
{
    shelf->list = LIST_EMPTY;
    shelf->sizes = lists ? memory_resize(NULL, lists * sizeof(struct list)) : NULL;
    for (uint32_t i = 0; i < lists; i++)
        shelf->sizes[i] = LIST_EMPTY;
}

void shelf_finish(struct shelf *shelf)
{
    memory_release(shelf->sizes);
    shelf->sizes = NULL;
}

static enum bond unit_bond(const struct plan *plan, uint32_t unit)
{
    const struct kind *kind = unit_kind(plan, unit);
    if (kind->pin != NAME_NONE)
        return BOND_PINNED;
    if (kind->zone == NAME_NONE)
        return BOND_FREE;
    return kind->zone == plan->collectors[unit_at(plan, unit)->owner].zone ? BOND_HOME : BOND_AWAY;
}

struct list *unit_list(const struct plan *plan, uint32_t unit)
{
    const struct unit *it = unit_at(plan, unit);
    struct group *group = group_of(plan, unit);
    if (it->owner == OWNER_ORPHAN)
        return &group->orphans;
    bool is_owned = it->owner < COLLECTOR_MAX;
    struct shelf *shelf = is_owned ? &plan->collectors[it->owner].units : &group->waiting;
    if (!shelf->sizes || (!is_owned && it->number >= group->tried))
        return &shelf->list;
    uint32_t bond = is_owned ? unit_bond(plan, unit) : 0;
    return &shelf->sizes[bond * SIZE_COUNT + unit_size(plan, unit)];
}

uint32_t shelf_newest(const struct plan *plan, const struct shelf *shelf, uint32_t lists)
{
    if (!shelf->sizes)
        return shelf->list.newest;
    uint32_t newest = UNIT_NONE;
    for (uint32_t i = 0; i < lists; i++) {
        uint32_t unit = shelf->sizes[i].newest;
        if (unit != UNIT_NONE &&
            (newest == UNIT_NONE || unit_at(plan, unit)->number > unit_at(plan, newest)->number))
            newest = unit;
    }
    return newest;
}
