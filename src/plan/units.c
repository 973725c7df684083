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
    memory_release(units->kinds);
    memory_release(units->weights);
    memory_release(units->loads);
    memory_release(units);
}

void plan_units_reserve(struct plan_units *units, uint32_t count)
{
    ensure(count <= PLAN_UNIT_MAX);
    units->units = array_reserve(units->units, &units->capacity, count, sizeof(*units->units));
}

// Covers a unit that is above all known ones. Its own record is the caller's to write.
static void units_cover(struct plan_units *units, uint32_t unit)
{
    ensure(unit < PLAN_UNIT_MAX);
    if (unit >= units->capacity)
        plan_units_reserve(units, unit + 1);
    for (uint32_t i = units->count; i < unit; i++)
        units->units[i] = (struct unit){.owner = OWNER_ABSENT};
    units->count = unit + 1;
}

static void loads_cover(struct plan_units *units, uint32_t unit)
{
    units->loads =
        array_reserve(units->loads, &units->loads_capacity, unit + 1, sizeof(*units->loads));
    while (units->loads_count <= unit)
        units->loads[units->loads_count++] = LOAD_UNKNOWN;
}

// Where one does not weigh one, most do not.
static void weights_cover(struct plan_units *units, uint32_t unit)
{
    if (unit >= units->weights_capacity)
        units->weights = array_reserve(units->weights, &units->weights_capacity, units->capacity,
                                       sizeof(*units->weights));
    while (units->weights_count <= unit)
        units->weights[units->weights_count++] = 1;
}

// Most units weigh one, and where all do nothing is kept.
static inline void weight_set(struct plan_units *units, uint32_t unit, int64_t weight)
{
    if (unit >= units->weights_count && weight == 1)
        return;
    if (unit == units->weights_count && unit < units->weights_capacity)
        units->weights_count++;
    else if (unit >= units->weights_count)
        weights_cover(units, unit);
    units->weights[unit] = weight;
}

void unit_kind_set(struct plan_units *units, uint32_t unit, uint32_t kind)
{
    if (unit >= units->kinds_count && kind == KIND_PLAIN)
        return;
    units->kinds =
        array_reserve(units->kinds, &units->kinds_capacity, unit + 1, sizeof(*units->kinds));
    while (units->kinds_count <= unit)
        units->kinds[units->kinds_count++] = KIND_PLAIN;
    units->kinds[unit] = kind;
}

void heavy_count(struct plan *plan, uint32_t unit, bool is_added)
{
    if (unit_weight(plan, unit) != 1)
        group_of(plan, unit)->heavy += is_added ? 1 : UINT32_MAX;
}

void unit_clear(struct plan_units *units, uint32_t unit)
{
    units->units[unit] = (struct unit){.owner = OWNER_ABSENT};
    weight_set(units, unit, 1);
    unit_kind_set(units, unit, KIND_PLAIN);
    if (unit < units->loads_count)
        units->loads[unit] = LOAD_UNKNOWN;
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

// Puts a unit into its place by number, looked for from the newest on.
static void list_insert(struct plan *plan, struct list *list, uint32_t unit)
{
    struct unit *it = unit_at(plan, unit);
    uint32_t older = list->newest;
    uint32_t newer = UNIT_NONE;
    for (uint32_t i = 0; i < list->count && unit_at(plan, older)->number > it->number; i++) {
        newer = older;
        older = older == list->oldest ? UNIT_NONE : unit_at(plan, older)->older;
    }
    if (newer == UNIT_NONE) {
        list_append(plan, list, unit);
        return;
    }
    it->newer = newer;
    it->older = older;
    unit_at(plan, newer)->older = unit;
    if (older == UNIT_NONE)
        list->oldest = unit;
    else
        unit_at(plan, older)->newer = unit;
    list->count++;
}

// Adds a unit to the sums of whoever has it, or takes it away again.
static void sums_change(struct plan *plan, uint32_t unit, bool is_added)
{
    struct group *group = group_of(plan, unit);
    uint32_t one = is_added ? 1 : UINT32_MAX; // −1
    int64_t weight = unit_weight(plan, unit);
    uint32_t owner = unit_at(plan, unit)->owner;
    weight = is_added ? weight : -weight;
    if (owner >= COLLECTOR_MAX) {
        *(owner == PLAN_NOBODY ? &group->waiting_count : &group->orphan_count) += one;
        group->pending_weight += weight;
        return;
    }
    struct collector *it = &plan->collectors[owner];
    it->count += one;
    it->weight += weight;
    if (!group->is_mixed)
        return;
    it->load += is_added ? unit_load(plan, unit) : -unit_load(plan, unit);
    const struct kind *kind = unit_kind(plan, unit);
    if (kind->zone != NAME_NONE && kind->pin == NAME_NONE && kind->zone != it->zone) {
        group->away += one;
        group->is_home_stale |= zone_find(group, kind->zone) != NULL;
    }
    if (it->host != NAME_NONE)
        group->hosts[it->host].count += one;
}

void unit_lift(struct plan *plan, uint32_t unit)
{
    const struct unit *it = unit_at(plan, unit);
    struct group *group = group_of(plan, unit);
    list_remove(plan, unit_list(plan, unit), unit);
    sums_change(plan, unit, false);
    group->has_room_gained |= it->owner < COLLECTOR_MAX;
    group->is_home_stale |= it->owner < COLLECTOR_MAX;
    group->is_settled = false;
}

void unit_shelve(struct plan *plan, uint32_t unit)
{
    const struct unit *it = unit_at(plan, unit);
    list_insert(plan, unit_list(plan, unit), unit);
    sums_change(plan, unit, true);
    group_of(plan, unit)->is_settled = false;
    // One that waits under other labels may fit now.
    group_of(plan, unit)->has_room_gained |= it->owner == PLAN_NOBODY;
}

void unit_append(struct plan *plan, uint32_t unit)
{
    list_append(plan, unit_list(plan, unit), unit);
    sums_change(plan, unit, true);
}

void unit_evict(struct plan *plan, uint32_t unit, enum plan_why why)
{
    struct unit *it = unit_at(plan, unit);
    change_note(plan, unit, why);
    unit_lift(plan, unit);
    it->owner = OWNER_ORPHAN;
    unit_append(plan, unit);
}

void unit_place(struct plan *plan, uint32_t unit, uint32_t collector, enum plan_why why)
{
    struct unit *it = unit_at(plan, unit);
    change_note(plan, unit, why);
    it->owner = collector;
    it->number = plan->number_next++;
    unit_append(plan, unit);
}

void unit_wait(struct plan *plan, uint32_t unit)
{
    struct unit *it = unit_at(plan, unit);
    it->owner = PLAN_NOBODY;
    it->number = plan->number_next++;
    unit_append(plan, unit);
}

// Makes it a unit of the plan that is on no shelf; returns its group. A million may come at once,
// mostly one behind the other, and their records are written only as fast as they are fetched.
__attribute__((always_inline)) static inline struct group *
unit_enter(struct plan *plan, uint32_t unit, uint32_t owner, uint64_t number,
           const struct plan_unit_options *options)
{
    struct plan_units *units = plan->units;
    ensure(options->weight >= 1 && options->weight <= PLAN_WEIGHT_MAX);
    if (unit < units->count)
        ensure(units->units[unit].owner == OWNER_ABSENT);
    else if (unit == units->count && unit < units->capacity)
        units->count++;
    else
        units_cover(units, unit);
    if (unit + AHEAD < units->capacity)
        __builtin_prefetch(&units->units[unit + AHEAD], 1);
    struct unit *it = &units->units[unit];
    it->number = number;
    it->owner = owner;
    it->change = 0;
    uint32_t kind = kind_take(plan, &options->said);
    weight_set(units, unit, options->weight);
    if (kind != KIND_PLAIN || unit < units->kinds_count)
        unit_kind_set(units, unit, kind);
    plan->unit_count++;
    struct group *group = plan->groups[kind_at(plan, kind)->group];
    if (options->weight != 1)
        group->heavy++;
    return group;
}

// What unit_wait comes to for one that is new.
void plan_unit_add(struct plan *plan, uint32_t unit, const struct plan_unit_options *options)
{
    regroup_end(plan);
    struct group *group = unit_enter(plan, unit, PLAN_NOBODY, plan->number_next++, options);
    list_append(plan, &group->waiting.list, unit);
    group->waiting_count++;
    group->pending_weight += options->weight;
    group->is_settled = false;
}

void plan_unit_remove(struct plan *plan, uint32_t unit)
{
    regroup_end(plan);
    ensure(plan_unit_is_known(plan, unit));
    struct unit *it = unit_at(plan, unit);
    change_forget(plan, unit);
    unit_lift(plan, unit);
    if (it->owner < COLLECTOR_MAX)
        collector_file(plan, it->owner);
    heavy_count(plan, unit, false);
    kind_release(plan, unit_kind_get(plan, unit));
    unit_clear(plan->units, unit);
    plan->unit_count--;
}

enum plan_why unit_fault(const struct plan *plan, uint32_t unit, uint32_t collector)
{
    const struct kind *kind = unit_kind(plan, unit);
    if (collector >= COLLECTOR_MAX)
        return PLAN_WHY_NONE;
    if (plan->collectors[collector].group != kind->group)
        return PLAN_WHY_GROUP;
    if (kind->pin != NAME_NONE &&
        !text_equal(plan_collector_id(plan, collector), name_text(plan, kind->pin)))
        return PLAN_WHY_PINNED;
    return PLAN_WHY_NONE;
}

void unit_own(struct plan *plan, uint32_t unit)
{
    struct unit *it = unit_at(plan, unit);
    uint32_t owner = it->owner;
    if (owner == OWNER_ORPHAN && change_told(plan, unit) != PLAN_NOBODY)
        owner = change_told(plan, unit);
    enum plan_why fault = unit_fault(plan, unit, owner);
    if (fault)
        change_note(plan, unit, fault);
    it->owner = fault ? OWNER_ORPHAN : owner;
}

void unit_return(struct plan *plan, uint32_t unit)
{
    uint32_t before = unit_at(plan, unit)->owner;
    unit_own(plan, unit);
    uint32_t owner = unit_at(plan, unit)->owner;
    unit_shelve(plan, unit);
    if (before < COLLECTOR_MAX)
        collector_file(plan, before);
    if (owner < COLLECTOR_MAX && owner != before)
        collector_file(plan, owner);
}

// Takes a unit out of the sums for a change of what it weighs or counts, and puts it back. In
// between it stays in its list, which is what both functions speak of: where many units wait, a
// place in the order of their numbers is not found again at once.
static struct list *unit_recount_begin(struct plan *plan, uint32_t unit)
{
    const struct unit *it = unit_at(plan, unit);
    struct group *group = group_of(plan, unit);
    sums_change(plan, unit, false);
    group->has_room_gained |= it->owner != OWNER_ORPHAN;
    group->is_home_stale |= it->owner < COLLECTOR_MAX;
    group->is_settled = false;
    return unit_list(plan, unit);
}

static void unit_recount_end(struct plan *plan, uint32_t unit, struct list *before)
{
    const struct unit *it = unit_at(plan, unit);
    struct list *list = unit_list(plan, unit);
    sums_change(plan, unit, true);
    if (list != before) {
        list_remove(plan, before, unit);
        list_insert(plan, list, unit);
    }
    if (it->owner < COLLECTOR_MAX)
        collector_file(plan, it->owner);
}

// Writes the options of a unit that is in no sum.
static void options_write(struct plan *plan, uint32_t unit, uint32_t kind, int64_t weight)
{
    heavy_count(plan, unit, false);
    unit_kind_set(plan->units, unit, kind);
    weight_set(plan->units, unit, weight);
    heavy_count(plan, unit, true);
}

void plan_unit_set(struct plan *plan, uint32_t unit, const struct plan_unit_options *options)
{
    ensure(plan_unit_is_known(plan, unit));
    ensure(options->weight >= 1 && options->weight <= PLAN_WEIGHT_MAX);
    uint32_t kind = kind_take(plan, &options->said);
    uint32_t before = unit_kind_get(plan, unit);
    int64_t weight = unit_weight(plan, unit);
    if (plan->is_regrouping) {
        options_write(plan, unit, kind, options->weight);
    } else if (kind != before) {
        unit_lift(plan, unit);
        options_write(plan, unit, kind, options->weight);
        unit_return(plan, unit);
    } else if (weight != options->weight) {
        struct list *list = unit_recount_begin(plan, unit);
        options_write(plan, unit, kind, options->weight);
        unit_recount_end(plan, unit, list);
    }
    kind_release(plan, before);
}

// Whether a measurement is so close to the one in force that it changes nothing.
static bool load_is_alike(int64_t old, int64_t load)
{
    int64_t difference = old > load ? old - load : load - old;
    return old != LOAD_UNKNOWN && difference <= old / 10;
}

void plan_unit_load(struct plan *plan, uint32_t unit, int64_t load)
{
    regroup_end(plan);
    ensure(plan_unit_is_known(plan, unit));
    ensure(load >= 0 && load <= PLAN_WEIGHT_MAX);
    loads_cover(plan->units, unit);
    if (load_is_alike(plan->units->loads[unit], load))
        return;
    bool is_used = plan->policy.balance == PLAN_BALANCE_LOAD;
    struct list *list = is_used ? unit_recount_begin(plan, unit) : NULL;
    plan->units->loads[unit] = load;
    if (is_used)
        unit_recount_end(plan, unit, list);
}

void plan_unit_restore(struct plan *plan, uint32_t unit, uint32_t owner, uint64_t number,
                       const struct plan_unit_options *options)
{
    ensure(plan->unit_count == plan->restored_count);
    ensure(owner == PLAN_NOBODY || owner < plan->collector_used);
    unit_enter(plan, unit, owner, number, options);
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
    uint32_t owner = unit_at(plan, unit)->owner;
    return owner == OWNER_ORPHAN ? PLAN_NOBODY : owner;
}

uint64_t plan_unit_number(const struct plan *plan, uint32_t unit)
{
    ensure(plan_unit_is_known(plan, unit));
    return unit_at(plan, unit)->number;
}
