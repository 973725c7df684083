// SPDX-License-Identifier: Apache-2.0
//
// The table of units and the lists they are in. A list's ends leave their outward link undefined,
// so taking the newest unit, which is what balancing does, touches that one unit and not its
// neighbour.
#include "base/ensure.h"
#include "base/memory.h"
#include "plan/state.h"

struct plan_units *plan_units_create(void)
{
    return memory_get(sizeof(struct plan_units));
}

void plan_units_destroy(struct plan_units *units)
{
    if (!units)
        return;
    memory_release(units->units);
    memory_release(units);
}

void plan_units_reserve(struct plan_units *units, uint32_t count)
{
    ensure(count <= PLAN_UNIT_MAX);
    units->units = array_reserve(units->units, &units->capacity, count, sizeof(*units->units));
}

static void units_cover(struct plan_units *units, uint32_t unit)
{
    if (unit < units->count)
        return;
    ensure(unit < PLAN_UNIT_MAX);
    plan_units_reserve(units, unit + 1);
    while (units->count <= unit)
        units->units[units->count++] = (struct unit){.owner = OWNER_ABSENT};
}

void list_remove(struct plan *plan, struct list *list, uint32_t unit)
{
    const struct unit *it = unit_at(plan, unit);
    if (--list->count == 0) {
        *list = LIST_EMPTY;
    } else if (list->newest == unit) {
        list->newest = it->older;
    } else if (list->oldest == unit) {
        list->oldest = it->newer;
    } else {
        unit_at(plan, it->older)->newer = it->newer;
        unit_at(plan, it->newer)->older = it->older;
    }
}

void unit_evict(struct plan *plan, uint32_t unit, struct list *orphans, enum plan_why why)
{
    struct unit *it = unit_at(plan, unit);
    change_note(plan, unit, why);
    list_remove(plan, &plan->collectors[it->owner].units, unit);
    it->owner = PLAN_NOBODY;
    list_append(plan, orphans, unit);
}

void unit_place(struct plan *plan, uint32_t unit, uint32_t collector, enum plan_why why)
{
    struct unit *it = unit_at(plan, unit);
    change_note(plan, unit, why);
    it->owner = collector;
    it->number = plan->number_next++;
    list_append(plan, &plan->collectors[collector].units, unit);
}

void unit_wait(struct plan *plan, uint32_t unit)
{
    struct unit *it = unit_at(plan, unit);
    it->owner = PLAN_NOBODY;
    it->number = plan->number_next++;
    list_append(plan, &plan->waiting, unit);
}

void plan_unit_add(struct plan *plan, uint32_t unit)
{
    ensure(plan->restored_count == 0);
    units_cover(plan->units, unit);
    ensure(unit_at(plan, unit)->owner == OWNER_ABSENT);
    plan->unit_count++;
    unit_wait(plan, unit);
}

void plan_unit_remove(struct plan *plan, uint32_t unit)
{
    ensure(plan->restored_count == 0);
    ensure(plan_unit_is_known(plan, unit));
    struct unit *it = unit_at(plan, unit);
    uint32_t owner = it->owner;
    change_forget(plan, unit);
    list_remove(plan, owner == PLAN_NOBODY ? &plan->waiting : &plan->collectors[owner].units, unit);
    if (owner != PLAN_NOBODY)
        collector_file(plan, owner);
    *it = (struct unit){.owner = OWNER_ABSENT};
    plan->unit_count--;
}

void plan_unit_restore(struct plan *plan, uint32_t unit, uint32_t owner, uint64_t number)
{
    ensure(plan->unit_count == plan->restored_count);
    ensure(owner == PLAN_NOBODY || owner < plan->collector_used);
    units_cover(plan->units, unit);
    ensure(unit_at(plan, unit)->owner == OWNER_ABSENT);
    *unit_at(plan, unit) = (struct unit){.number = number, .owner = owner};
    plan->unit_count++;
    plan->restored = array_reserve(plan->restored, &plan->restored_capacity,
                                   plan->restored_count + 1, sizeof(*plan->restored));
    plan->restored[plan->restored_count++] = unit;
}

bool plan_unit_is_known(const struct plan *plan, uint32_t unit)
{
    return unit < plan->units->count && unit_at(plan, unit)->owner != OWNER_ABSENT;
}

uint32_t plan_unit_owner(const struct plan *plan, uint32_t unit)
{
    ensure(plan_unit_is_known(plan, unit));
    return unit_at(plan, unit)->owner;
}

uint64_t plan_unit_number(const struct plan *plan, uint32_t unit)
{
    ensure(plan_unit_is_known(plan, unit));
    return unit_at(plan, unit)->number;
}
