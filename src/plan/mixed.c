// SPDX-License-Identifier: Apache-2.0
//
// Mixed groups: units weigh, collectors have a capacity by weight, units prefer their zone, at most
// so many of them are on one host, or they are pinned. The rules are those of settle.c; rule 4 is
//
//   4. first units are with collectors of their own zone (`affinity`): whoever is away while one of
//      its zone has room for it goes there. Nobody makes room for it, so a unit that came too late
//      may stay away for good. Then loads are even: under `balance = count` nobody who can take has
//      two less than somebody who can give; else everybody is within `tolerance` of the even share,
//      or no single unit can be moved so that the difference gets less. Within a zone, and within a
//      host that is full by spread_max, the same. Or packed: see empty.c.
//
// It is done in steps, each of which does only what it must:
//
//   evict   the units of those who left or drain; beyond a cap the newest; beyond a capacity the
//           smallest that is enough, or the largest; beyond spread_max the newest of the host
//   place   first the queue, then the evicted, the largest first (when not all can fit: the
//           smallest first), each in its zone before elsewhere, with whoever has least
//   room    for what is pending still, by moving one other unit (room.c)
//   home    units of a zone back to it, when there is room (balance.c)
//   even    from whoever has most to whoever has least (balance.c), or empty (empty.c)
//
// An example under balance = weight: a has units of 40, 30 and 10, b has 20, c joins. The share is
// 33. a gives the largest that is neither above what a has too much (47) nor above what c
// lacks: 30. Now a has 50, b 20, c 30, and a's 10 goes to b. With a 40, b 30, c 30 no unit is
// smaller than the difference, so that nothing can be gained: two moves.
//
// The bound (rule 3): a unit moves for the sake of balance only if it is smaller than the
// difference of the two collectors, so that the sum of the squares of the loads gets less by 2 at
// least with every move (by 2 x load x (difference - load)), and no more moves than that allows are
// made. It is about as large as what one has too much and the other too little allows, each going
// up to half of the tolerance beyond the share. A collector that joins gets its share so, but what
// the others have left may then be uneven, and units go between them, too. In 500 random pools of 2
// to 12 collectors, with weights of four kinds, a join cost 1.3 moves for each unit that the
// newcomer got, at most 6, and moved 0.8 of an even share, at most 2.
//
// What is reached (rule 4): where the busiest is above the tolerance, none of its units is smaller
// than its distance to the least busy one that could take it. Where nothing but weights binds, its
// load is therefore at most the share plus its smallest unit; and either it has one unit, which any
// plan must put somewhere, or that unit is at most half of its load, and then the load is at most
// 2 - 2 / (collectors + 1) times the share. So it is at most that many times the least that any
// plan could have. tests/unit/plan/bound_test.c holds all of this against random histories.
#include "base/ensure.h"
#include "base/memory.h"
#include "plan/state.h"

// ---- Zones, hosts and the tree.

struct zone *zone_find(const struct group *group, uint32_t name)
{
    for (uint32_t i = 0; name != NAME_NONE && i < group->zones_count; i++)
        if (group->zones[i].name == name)
            return &group->zones[i];
    return NULL;
}

static struct tree_node leaf_of(const struct plan *plan, const struct collector *it)
{
    struct tree_node leaf = TREE_NODE_EMPTY;
    leaf.room = collector_room(plan, it);
    if (leaf.room >= 0 && !it->takes_no_more)
        leaf.take_min = leaf.take_max = it->load;
    if (it->takes_no_more)
        leaf.room = -1;
    if (it->count > 0 && !it->is_held && !it->gives_no_more)
        leaf.give_max = it->load;
    return leaf;
}

void mixed_file(struct plan *plan, uint32_t collector, bool with_host)
{
    const struct collector *it = &plan->collectors[collector];
    struct group *group = plan->groups[it->group];
    tree_update(&group->tree, plan->ranks[collector], leaf_of(plan, it));
    if (!with_host || it->host == NAME_NONE || !plan->policy.spread_max)
        return;
    uint32_t other = group->hosts[it->host].collector;
    for (; other != PLAN_NOBODY; other = plan->collectors[other].host_next)
        tree_update(&group->tree, plan->ranks[other], leaf_of(plan, &plan->collectors[other]));
}

void mixed_file_all(struct plan *plan, struct group *group)
{
    for (uint32_t rank = 0; rank < group->order_count; rank++)
        tree_set(&group->tree, rank, leaf_of(plan, &plan->collectors[group->order[rank]]));
    tree_build(&group->tree);
}

void mixed_order(struct plan *plan, struct group *group)
{
    group->is_order_stale = false;
    group->is_home_stale = true;
    group->zones_count = 0;
    tree_reset(&group->tree, group->order_count);
    for (uint32_t rank = 0; rank < group->order_count; rank++) {
        struct collector *it = &plan->collectors[group->order[rank]];
        it->gives_no_more = it->takes_no_more = false;
        if (it->zone == NAME_NONE)
            continue;
        struct zone *last = group->zones_count ? &group->zones[group->zones_count - 1] : NULL;
        if (!last || last->name != it->zone) {
            group->zones = array_reserve(group->zones, &group->zones_capacity,
                                         group->zones_count + 1, sizeof(*group->zones));
            last = &group->zones[group->zones_count++];
            *last = (struct zone){.name = it->zone, .first = rank};
        }
        last->end = rank + 1;
    }
    mixed_file_all(plan, group);
}

// ---- Rule 1.

int64_t mixed_room(const struct plan *plan, const struct collector *it, uint32_t from)
{
    const struct collector *other = from < COLLECTOR_MAX ? &plan->collectors[from] : NULL;
    struct collector alone = *it;
    if (other && other->group == it->group && other->host == it->host)
        alone.host = NAME_NONE;
    return collector_room(plan, &alone);
}

bool mixed_fits(const struct plan *plan, uint32_t unit, const struct collector *it)
{
    return mixed_room(plan, it, unit_at(plan, unit)->owner) >= unit_weight(plan, unit);
}

// The unit to take from a collector with too much weight: the smallest that is enough, or the
// largest; among equals the newest.
static uint32_t overweight_find(const struct plan *plan, const struct collector *it)
{
    int64_t excess = it->weight - it->weight_max;
    uint32_t found = UNIT_NONE;
    int64_t best = 0; // its weight
    for (uint32_t i = 0; i < SIZE_COUNT * BOND_COUNT; i++) {
        uint32_t unit = it->units.sizes[i].newest;
        for (uint32_t n = it->units.sizes[i].count; n > 0; n--) {
            int64_t weight = unit_weight(plan, unit);
            bool is_better = found == UNIT_NONE ||
                             (best < excess ? weight > best : weight >= excess && weight < best);
            bool is_equal = found != UNIT_NONE && weight == best &&
                            unit_at(plan, unit)->number > unit_at(plan, found)->number;
            if (is_better || is_equal) {
                found = unit;
                best = weight;
            }
            unit = unit_at(plan, unit)->older;
        }
    }
    return found;
}

static void evict_newest(struct plan *plan, uint32_t collector, enum plan_why why)
{
    const struct shelf *units = &plan->collectors[collector].units;
    unit_evict(plan, shelf_newest(plan, units, SIZE_COUNT * BOND_COUNT), why);
}

// All units of a collector, list by list, each from the oldest on. A unit tells only of the next
// one of its list, so all lists are walked at once: memory answers many questions in the time of
// one.
static uint32_t *units_gather(const struct plan *plan, const struct collector *it)
{
    uint32_t *units = memory_resize(NULL, it->count * sizeof(*units));
    uint32_t last[SIZE_COUNT * BOND_COUNT]; // places of the last known unit, and of the newest one,
    uint32_t end[SIZE_COUNT * BOND_COUNT];  // of each list that is not empty
    uint32_t lists = 0;
    bool is_any = true;
    for (uint32_t i = 0, start = 0; i < SIZE_COUNT * BOND_COUNT; i++) {
        if (it->units.sizes[i].count == 0)
            continue;
        units[start] = it->units.sizes[i].oldest;
        last[lists] = start;
        start += it->units.sizes[i].count;
        end[lists++] = start - 1;
    }
    while (is_any) {
        is_any = false;
        for (uint32_t i = 0; i < lists; i++) {
            if (last[i] == end[i])
                continue;
            uint32_t unit = unit_at(plan, units[last[i]])->newer;
            units[++last[i]] = unit;
            unit_prefetch(plan, unit);
            is_any = true;
        }
    }
    return units;
}

static void collector_evict(struct plan *plan, uint32_t collector)
{
    struct collector *it = &plan->collectors[collector];
    enum plan_why why = it->has_left      ? PLAN_WHY_LEFT
                        : it->is_draining ? PLAN_WHY_DRAINED
                                          : PLAN_WHY_OVER_CAP;
    if (it->cap == 0 && it->count > 0) {
        uint32_t *units = units_gather(plan, it);
        for (uint32_t i = 0, count = it->count; i < count; i++)
            unit_evict(plan, units[i], why);
        memory_release(units);
    }
    while (it->count > it->cap)
        evict_newest(plan, collector, why);
    while (it->weight_max && it->weight > it->weight_max)
        unit_evict(plan, overweight_find(plan, it), PLAN_WHY_OVER_CAP);
}

// Whoever of a host has most units, among equals the last by rank.
static uint32_t host_busiest(const struct plan *plan, const struct host *host)
{
    uint32_t busiest = host->collector;
    for (uint32_t other = busiest; other != PLAN_NOBODY;
         other = plan->collectors[other].host_next) {
        uint32_t count = plan->collectors[other].count;
        uint32_t most = plan->collectors[busiest].count;
        if (count > most || (count == most && plan->ranks[other] > plan->ranks[busiest]))
            busiest = other;
    }
    return busiest;
}

// By rank and not by row, which tells who came first.
static void hosts_evict(struct plan *plan, struct group *group)
{
    uint32_t limit = plan->policy.spread_max;
    for (uint32_t rank = 0; limit && rank < group->order_count; rank++) {
        uint32_t host = plan->collectors[group->order[rank]].host;
        while (host != NAME_NONE && group->hosts[host].count > limit) {
            uint32_t collector = host_busiest(plan, &group->hosts[host]);
            evict_newest(plan, collector, PLAN_WHY_SPREAD);
            collector_file(plan, collector);
        }
    }
}

// ---- Rule 2.

// Of the empty ones with room for the weight the one with the greatest room, by weight and then by
// number, the first by rank. O(collectors) where some have a capacity by number, else their log.
static uint32_t greatest_in(const struct plan *plan, const struct group *group,
                            struct tree_range range, int64_t weight)
{
    int64_t room = tree_room(&group->tree, range);
    uint32_t found = tree_most(&group->tree, range, room);
    for (uint32_t rank = range.first; group->capacity_count && rank < range.end; rank++)
        if (rank != range.except && tree_leaf(&group->tree, rank).room == room &&
            plan->collectors[group->order[rank]].cap > plan->collectors[group->order[found]].cap)
            found = rank;
    ensure(room >= weight);
    return found;
}

static uint32_t best_in(const struct plan *plan, const struct group *group, struct tree_range range,
                        int64_t weight)
{
    uint32_t rank = plan->policy.is_packed ? tree_most(&group->tree, range, weight)
                                           : tree_least(&group->tree, range, weight);
    if (rank == TREE_NONE)
        return PLAN_NOBODY;
    if (plan->policy.is_packed && plan->collectors[group->order[rank]].count == 0)
        rank = greatest_in(plan, group, range, weight);
    return group->order[rank];
}

uint32_t mixed_choose(const struct plan *plan, const struct group *group, uint32_t unit,
                      uint32_t except)
{
    const struct kind *kind = unit_kind(plan, unit);
    uint32_t except_rank = except == PLAN_NOBODY ? TREE_NONE : plan->ranks[except];
    if (kind->pin != NAME_NONE) {
        uint32_t pin = plan_collector_find(plan, name_text(plan, kind->pin));
        bool is_here = pin != PLAN_NOBODY && pin != except &&
                       plan->groups[plan->collectors[pin].group] == group;
        return is_here && mixed_fits(plan, unit, &plan->collectors[pin]) ? pin : PLAN_NOBODY;
    }
    const struct zone *zone = zone_find(group, kind->zone);
    if (zone) {
        struct tree_range range = {zone->first, zone->end, except_rank};
        uint32_t found = best_in(plan, group, range, unit_weight(plan, unit));
        if (found != PLAN_NOBODY)
            return found;
    }
    struct tree_range range = {0, group->order_count, except_rank};
    return best_in(plan, group, range, unit_weight(plan, unit));
}

void mixed_move(struct plan *plan, uint32_t unit, uint32_t collector, enum plan_why why)
{
    uint32_t from = unit_at(plan, unit)->owner;
    change_note(plan, unit, why);
    unit_lift(plan, unit);
    unit_place(plan, unit, collector, why);
    collector_file(plan, from);
    collector_file(plan, collector);
}

bool mixed_settle(struct plan *plan, struct group *group, uint64_t *moves_left)
{
    enum { ROUNDS_MAX = 16 };
    bool is_whole = true;
    uint64_t before = *moves_left + 1;
    forced_evict(plan, group, collector_evict);
    if (group->is_order_stale)
        mixed_order(plan, group);
    hosts_evict(plan, group);
    // What moves for balance makes room elsewhere, so all is looked at again until nothing moves.
    for (int round = 0; round < ROUNDS_MAX && before != *moves_left; round++) {
        mixed_place(plan, group);
        before = *moves_left;
        is_whole = home_settle(plan, group, moves_left);
        is_whole &= plan->policy.is_packed ? empty_settle(plan, group, moves_left)
                                           : balance_settle(plan, group, moves_left);
    }
    mixed_place(plan, group);
    return is_whole;
}
