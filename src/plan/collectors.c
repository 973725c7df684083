// SPDX-License-Identifier: Apache-2.0
//
// Collectors: all of a plan in the order of ids, those of a group in the order of zones and ids,
// and filed by load within it. The rank, which is the place in the group's order, is what ladders,
// sets and the tree know a collector by.
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "plan/state.h"

static struct text id_of(const struct plan *plan, uint32_t collector)
{
    const struct collector *it = &plan->collectors[collector];
    return (struct text){it->id, it->id_size};
}

// ---- The order of ids.

// Place of the first collector whose id is not before `id`.
static uint32_t order_search(const struct plan *plan, struct text id)
{
    uint32_t low = 0;
    uint32_t high = plan->order_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (text_compare(id_of(plan, plan->order[middle]), id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// Handle of the one at that place if that is its id, or PLAN_NOBODY.
static uint32_t order_at(const struct plan *plan, uint32_t at, struct text id)
{
    if (at < plan->order_count && text_equal(id_of(plan, plan->order[at]), id))
        return plan->order[at];
    return PLAN_NOBODY;
}

static void handles_insert(uint32_t *handles, uint32_t *count, uint32_t at, uint32_t handle)
{
    memmove(handles + at + 1, handles + at, (*count - at) * sizeof(*handles));
    handles[at] = handle;
    (*count)++;
}

static void handles_remove(uint32_t *handles, uint32_t *count, uint32_t at)
{
    (*count)--;
    memmove(handles + at, handles + at + 1, (*count - at) * sizeof(*handles));
}

// ---- The order within a group.

static int place_compare(const struct plan *plan, uint32_t a, uint32_t b)
{
    int order = text_compare(name_text(plan, plan->collectors[a].zone),
                             name_text(plan, plan->collectors[b].zone));
    return order ? order : text_compare(id_of(plan, a), id_of(plan, b));
}

static uint32_t rank_search(const struct plan *plan, const struct group *group, uint32_t collector)
{
    uint32_t low = 0;
    uint32_t high = group->order_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (place_compare(plan, group->order[middle], collector) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void ranks_write(struct plan *plan, const struct group *group, uint32_t from)
{
    for (uint32_t i = from; i < group->order_count; i++)
        plan->ranks[group->order[i]] = i;
}

static void rank_insert(struct plan *plan, struct group *group, uint32_t collector)
{
    uint32_t rank = rank_search(plan, group, collector);
    group->order = array_reserve(group->order, &group->order_capacity, group->order_count + 1,
                                 sizeof(*group->order));
    handles_insert(group->order, &group->order_count, rank, collector);
    ranks_write(plan, group, rank);
    ladder_place_insert(&group->roomy, rank);
    ladder_place_insert(&group->full, rank);
    bitset_reserve(&group->forced, group->order_count);
    bitset_place_insert(&group->forced, rank);
}

static void rank_remove(struct plan *plan, struct group *group, uint32_t rank)
{
    handles_remove(group->order, &group->order_count, rank);
    ranks_write(plan, group, rank);
    ladder_place_remove(&group->roomy, rank);
    ladder_place_remove(&group->full, rank);
    bitset_place_remove(&group->forced, rank);
}

// ---- Hosts.

// The row of a host, made if need be; `name` is a reference that the call takes over.
static uint32_t host_get(struct plan *plan, struct group *group, uint32_t name)
{
    uint32_t unused = group->hosts_count;
    for (uint32_t i = 0; i < group->hosts_count; i++) {
        if (group->hosts[i].name == name) {
            name_release(plan, name);
            return i;
        }
        if (group->hosts[i].name == NAME_NONE)
            unused = i;
    }
    if (unused == group->hosts_count)
        group->hosts = array_reserve(group->hosts, &group->hosts_capacity, ++group->hosts_count,
                                     sizeof(*group->hosts));
    group->hosts[unused] = (struct host){.name = name, .collector = PLAN_NOBODY};
    return unused;
}

static void host_enter(struct plan *plan, struct group *group, uint32_t collector, struct text text)
{
    struct collector *it = &plan->collectors[collector];
    it->host = NAME_NONE;
    if (text.size == 0)
        return;
    it->host = host_get(plan, group, name_take(plan, text));
    it->host_next = group->hosts[it->host].collector;
    group->hosts[it->host].collector = collector;
}

static void host_leave(struct plan *plan, struct group *group, uint32_t collector)
{
    struct collector *it = &plan->collectors[collector];
    if (it->host == NAME_NONE)
        return;
    struct host *host = &group->hosts[it->host];
    uint32_t *link = &host->collector;
    while (*link != collector)
        link = &plan->collectors[*link].host_next;
    *link = it->host_next;
    if (host->collector == PLAN_NOBODY) {
        name_release(plan, host->name);
        host->name = NAME_NONE;
    }
    it->host = NAME_NONE;
}

// ---- Groups of collectors.

void collector_enter_group(struct plan *plan, uint32_t collector, const struct policy_place *place)
{
    struct collector *it = &plan->collectors[collector];
    it->group = group_get(plan, name_take(plan, place->group));
    struct group *group = plan->groups[it->group];
    it->zone = name_take(plan, place->zone);
    host_enter(plan, group, collector, place->host);
    shelf_init(&it->units, group->is_mixed ? SIZE_COUNT * BOND_COUNT : 0);
    rank_insert(plan, group, collector);
    group->is_order_stale = true;
    group->is_settled = false;
}

void collector_leave_group(struct plan *plan, uint32_t collector)
{
    struct collector *it = &plan->collectors[collector];
    struct group *group = plan->groups[it->group];
    uint32_t rank = plan->ranks[collector];
    ensure(it->count == 0);
    if (it->level != LADDER_NONE)
        ladder_remove(it->is_full ? &group->full : &group->roomy, rank, it->level);
    it->level = LADDER_NONE;
    rank_remove(plan, group, rank);
    host_leave(plan, group, collector);
    name_release(plan, it->zone);
    it->zone = NAME_NONE;
    shelf_finish(&it->units);
    group->is_order_stale = true;
    group->is_settled = false;
    group_release(plan, it->group);
    it->group = NAME_NONE;
}

static void file_in_ladder(struct plan *plan, struct group *group, uint32_t collector,
                           bool is_forced)
{
    struct collector *it = &plan->collectors[collector];
    uint32_t rank = plan->ranks[collector];
    uint32_t load = it->count;
    uint32_t old_level = it->level;
    struct ladder *old = it->is_full ? &group->full : &group->roomy;
    it->level = LADDER_NONE;
    it->is_full = load == it->cap;
    if (!is_forced && !it->is_held && it->cap > 0) {
        struct ladder *ladder = it->is_full ? &group->full : &group->roomy;
        bool is_near = old == ladder && old_level != LADDER_NONE;
        uint32_t near = is_near ? old_level : load == 0 ? ladder->lowest : ladder->highest;
        if (is_near && ladder->levels[old_level].load == load) {
            it->level = old_level;
            return;
        }
        it->level = ladder_add(ladder, rank, load, near);
    }
    if (old_level != LADDER_NONE)
        ladder_remove(old, rank, old_level);
}

void collector_file(struct plan *plan, uint32_t collector)
{
    struct collector *it = &plan->collectors[collector];
    struct group *group = plan->groups[it->group];
    uint32_t rank = plan->ranks[collector];
    bool is_forced =
        it->has_left || it->count > it->cap || (it->weight_max && it->weight > it->weight_max);
    if (plan->is_regrouping)
        return;
    if (is_forced)
        bitset_add(&group->forced, rank);
    else
        bitset_remove(&group->forced, rank);
    if (!group->is_mixed) {
        file_in_ladder(plan, group, collector, is_forced);
        return;
    }
    if (it->level != LADDER_NONE)
        ladder_remove(it->is_full ? &group->full : &group->roomy, rank, it->level);
    it->level = LADDER_NONE;
    if (!group->is_order_stale)
        mixed_file(plan, collector, true);
}

void collector_remove(struct plan *plan, uint32_t collector)
{
    struct collector *it = &plan->collectors[collector];
    ensure(it->has_left && it->count == 0);
    collector_tally(plan, it, false);
    it->has_left = false;
    collector_leave_group(plan, collector);
    handles_remove(plan->order, &plan->order_count, order_search(plan, id_of(plan, collector)));
    plan->retired = array_reserve(plan->retired, &plan->retired_capacity, plan->retired_count + 1,
                                  sizeof(*plan->retired));
    plan->retired[plan->retired_count++] = collector;
}

// ---- What collectors may have.

void collector_tally(struct plan *plan, const struct collector *it, bool is_added)
{
    struct group *group = plan->groups[it->group];
    uint32_t one = is_added ? 1 : UINT32_MAX; // −1
    uint32_t policy = policy_cap(&plan->policy);
    plan->are_groups_stale = true;
    group->is_settled = false;
    if (it->weight_max)
        group->weighed_count += one;
    if (it->has_left)
        group->left_count += one;
    else if (it->is_draining || it->is_held)
        group->draining_count += one;
    if (it->cap != 0 && !it->is_held && it->cap < (policy ? policy : CAP_NONE))
        group->capacity_count += one;
}

void collector_admit(struct plan *plan, uint32_t collector)
{
    struct collector *it = &plan->collectors[collector];
    uint32_t policy = policy_cap(&plan->policy);
    it->cap = it->units_max ? it->units_max : CAP_NONE;
    if (policy && policy < it->cap)
        it->cap = policy;
    if (plan->groups[it->group]->is_light && it->weight_max && it->weight_max < it->cap)
        it->cap = (uint32_t)it->weight_max;
    if (it->has_left || it->is_draining)
        it->cap = 0;
    collector_tally(plan, it, true);
    plan->groups[it->group]->has_room_gained = true;
    plan->groups[it->group]->is_home_stale = true;
    collector_file(plan, collector);
}

// ---- The doors.

static uint32_t handle_take(struct plan *plan)
{
    if (plan->free_count)
        return plan->free[--plan->free_count];
    uint32_t needed = plan->collector_used + 1;
    ensure(needed < COLLECTOR_MAX);
    plan->collectors = array_reserve(plan->collectors, &plan->collector_capacity, needed,
                                     sizeof(*plan->collectors));
    plan->ranks = array_reserve(plan->ranks, &plan->rank_capacity, needed, sizeof(*plan->ranks));
    return plan->collector_used++;
}

static void options_take(struct collector *it, const struct plan_collector_options *options)
{
    ensure(options->weight_max >= 0 && options->weight_max <= PLAN_WEIGHT_MAX);
    it->units_max = options->units_max;
    it->weight_max = options->weight_max;
    it->is_draining = options->is_draining;
    it->is_held = options->is_held && !options->is_draining;
}

static bool place_is_equal(const struct plan *plan, const struct collector *it,
                           const struct policy_place *place)
{
    const struct group *group = plan->groups[it->group];
    uint32_t host = it->host == NAME_NONE ? NAME_NONE : group->hosts[it->host].name;
    return text_equal(name_text(plan, group->name), place->group) &&
           text_equal(name_text(plan, it->zone), place->zone) &&
           text_equal(name_text(plan, host), place->host);
}

// Gives it back what it had, and lost by a change of what is said of the units.
static void orphans_return(struct plan *plan, uint32_t collector)
{
    const struct list *orphans = &plan->groups[plan->collectors[collector].group]->orphans;
    uint32_t unit = orphans->oldest;
    for (uint32_t count = orphans->count; count > 0; count--) {
        uint32_t newer = count > 1 ? unit_at(plan, unit)->newer : UNIT_NONE;
        if (change_told(plan, unit) == collector) {
            unit_lift(plan, unit);
            unit_return(plan, unit);
        }
        unit = newer;
    }
}

// Its labels say another group, zone or host: it goes there with those of its units that may.
static void collector_relocate(struct plan *plan, uint32_t collector,
                               const struct policy_place *place)
{
    struct collector *it = &plan->collectors[collector];
    uint32_t count = 0;
    uint32_t *units = memory_resize(NULL, (it->count + 1) * sizeof(*units));
    while (it->count > 0) {
        units[count] = shelf_newest(plan, &it->units, SIZE_COUNT * BOND_COUNT);
        unit_lift(plan, units[count++]);
    }
    collector_leave_group(plan, collector);
    collector_enter_group(plan, collector, place);
    while (count > 0)
        unit_return(plan, units[--count]);
    orphans_return(plan, collector);
    memory_release(units);
}

static void collector_retell(struct plan *plan, uint32_t collector,
                             const struct plan_collector_options *options)
{
    struct collector *it = &plan->collectors[collector];
    struct policy_place place =
        policy_collector_place(&plan->policy, options->labels, options->labels_count);
    collector_tally(plan, it, false);
    it->has_left = false;
    options_take(it, options);
    if (!place_is_equal(plan, it, &place))
        collector_relocate(plan, collector, &place);
    collector_admit(plan, collector);
}

uint32_t plan_collector_join(struct plan *plan, struct text id,
                             const struct plan_collector_options *options)
{
    regroup_end(plan);
    uint32_t at = order_search(plan, id);
    uint32_t collector = order_at(plan, at, id);
    if (collector != PLAN_NOBODY) {
        ensure(plan->collectors[collector].has_left);
        collector_retell(plan, collector, options);
        return collector;
    }
    collector = handle_take(plan);
    plan->collectors[collector] = (struct collector){.level = LADDER_NONE,
                                                     .zone = NAME_NONE,
                                                     .host = NAME_NONE,
                                                     .id = text_copy(id),
                                                     .id_size = id.size};
    plan->order = array_reserve(plan->order, &plan->order_capacity, plan->order_count + 1,
                                sizeof(*plan->order));
    handles_insert(plan->order, &plan->order_count, at, collector);
    struct policy_place place =
        policy_collector_place(&plan->policy, options->labels, options->labels_count);
    collector_enter_group(plan, collector, &place);
    options_take(&plan->collectors[collector], options);
    collector_admit(plan, collector);
    return collector;
}

static struct collector *collector_get(const struct plan *plan, uint32_t collector)
{
    ensure(collector < plan->collector_used && plan->collectors[collector].id);
    return &plan->collectors[collector];
}

void plan_collector_leave(struct plan *plan, uint32_t collector)
{
    regroup_end(plan);
    struct collector *it = collector_get(plan, collector);
    ensure(!it->has_left);
    collector_tally(plan, it, false);
    it->has_left = true;
    it->is_held = false;
    collector_admit(plan, collector);
}

void plan_collector_set(struct plan *plan, uint32_t collector,
                        const struct plan_collector_options *options)
{
    ensure(!collector_get(plan, collector)->has_left);
    collector_retell(plan, collector, options);
}

uint32_t plan_collector_find(const struct plan *plan, struct text id)
{
    uint32_t collector = order_at(plan, order_search(plan, id), id);
    if (collector != PLAN_NOBODY && plan->collectors[collector].has_left)
        return PLAN_NOBODY;
    return collector;
}

struct text plan_collector_id(const struct plan *plan, uint32_t collector)
{
    collector_get(plan, collector);
    return id_of(plan, collector);
}

uint32_t plan_collector_load(const struct plan *plan, uint32_t collector)
{
    return collector_get(plan, collector)->count;
}

int64_t plan_collector_weight(const struct plan *plan, uint32_t collector)
{
    return collector_get(plan, collector)->weight;
}

int64_t plan_collector_burden(const struct plan *plan, uint32_t collector)
{
    const struct collector *it = collector_get(plan, collector);
    return plan->groups[it->group]->is_mixed ? it->load : it->count;
}

uint32_t plan_collector_at(const struct plan *plan, uint32_t rank)
{
    ensure(rank < plan->order_count);
    return plan->order[rank];
}

uint32_t plan_collector_count(const struct plan *plan)
{
    return plan->order_count;
}

// The list of a shelf behind which to go on, and the newest unit of the next one with any.
static uint32_t lists_next(const struct shelf *shelf, const struct list *behind)
{
    const struct list *end = shelf->sizes + SIZE_COUNT * BOND_COUNT;
    for (const struct list *list = behind ? behind + 1 : shelf->sizes; list < end; list++)
        if (list->count)
            return list->newest;
    return PLAN_NOBODY;
}

uint32_t plan_collector_unit_next(const struct plan *plan, uint32_t collector, uint32_t unit)
{
    const struct shelf *units = &collector_get(plan, collector)->units;
    if (unit == PLAN_NOBODY)
        return units->sizes ? lists_next(units, NULL) : units->list.newest;
    const struct list *list = unit_list(plan, unit);
    if (unit != list->oldest)
        return unit_at(plan, unit)->older;
    return units->sizes ? lists_next(units, list) : PLAN_NOBODY;
}
