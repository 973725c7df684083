// SPDX-License-Identifier: Apache-2.0
//
// The checks use nothing of the planner but what its header promises.
#include "unit/plan/world.h"

#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"

#define UNLIMITED UINT32_MAX

uint32_t world_random(struct world *world, uint32_t limit)
{
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return (uint32_t)((world->random >> 16) % limit);
}

void world_init(struct world *world, uint64_t seed)
{
    *world = (struct world){.random = seed ? seed : 1};
    for (uint32_t i = 0; i < 2; i++) {
        world->units[i] = plan_units_create();
        world->plans[i] = plan_create(world->units[i], &(struct plan_options){0});
    }
    for (uint32_t i = 0; i < WORLD_COLLECTORS; i++) {
        struct world_collector *collector = &world->collectors[i];
        snprintf(collector->id, sizeof collector->id, "c%u", i * 29 % WORLD_COLLECTORS);
    }
    for (uint32_t i = 0; i < WORLD_UNITS; i++)
        world->owners[i] = WORLD_NOBODY;
}

void world_finish(struct world *world)
{
    for (uint32_t i = 0; i < 2; i++) {
        plan_destroy(world->plans[i]);
        plan_units_destroy(world->units[i]);
    }
}

void world_add(struct world *world, uint32_t unit)
{
    if (world->is_known[unit])
        return;
    world->is_known[unit] = true;
    world->owners[unit] = WORLD_NOBODY;
    world->unsettled++;
    for (uint32_t i = 0; i < 2; i++)
        plan_unit_add(world->plans[i], unit, &(struct plan_unit_options){.weight = 1});
}

void world_remove(struct world *world, uint32_t unit)
{
    if (!world->is_known[unit])
        return;
    world->is_known[unit] = false;
    world->unsettled++;
    for (uint32_t i = 0; i < 2; i++)
        plan_unit_remove(world->plans[i], unit);
}

static struct plan_collector_options options_of(const struct world_collector *collector)
{
    return (struct plan_collector_options){.units_max = collector->units_max,
                                           .is_draining = collector->is_draining};
}

static void join_one(struct world *world, uint32_t number, uint32_t plan)
{
    struct world_collector *collector = &world->collectors[number];
    struct plan_collector_options options = options_of(collector);
    collector->handles[plan] =
        plan_collector_join(world->plans[plan], text_of(collector->id), &options);
}

void world_join(struct world *world, uint32_t number)
{
    struct world_collector *collector = &world->collectors[number];
    if (collector->is_in)
        return;
    collector->is_in = true;
    collector->is_draining = false;
    collector->units_max = 0;
    world->unsettled++;
    join_one(world, number, 0);
    join_one(world, number, 1);
}

void world_leave(struct world *world, uint32_t number)
{
    struct world_collector *collector = &world->collectors[number];
    if (!collector->is_in)
        return;
    collector->is_in = false;
    world->unsettled++;
    for (uint32_t i = 0; i < 2; i++)
        plan_collector_leave(world->plans[i], collector->handles[i]);
}

static void collector_set(struct world *world, const struct world_collector *collector)
{
    struct plan_collector_options options = options_of(collector);
    world->unsettled++;
    for (uint32_t i = 0; i < 2; i++)
        plan_collector_set(world->plans[i], collector->handles[i], &options);
}

void world_drain(struct world *world, uint32_t number, bool is_draining)
{
    struct world_collector *collector = &world->collectors[number];
    if (!collector->is_in)
        return;
    collector->is_draining = is_draining;
    collector_set(world, collector);
}

void world_capacity(struct world *world, uint32_t number, uint32_t units_max)
{
    struct world_collector *collector = &world->collectors[number];
    if (!collector->is_in)
        return;
    collector->units_max = units_max;
    collector_set(world, collector);
}

static void policy_set(struct world *world)
{
    world->unsettled++;
    for (uint32_t i = 0; i < 2; i++)
        plan_policy_set(world->plans[i],
                        &(struct plan_policy){.max_topics_per_collector = world->cap,
                                              .is_packed = world->is_packed});
}

void world_cap(struct world *world, uint32_t cap)
{
    world->cap = cap;
    policy_set(world);
}

void world_pack(struct world *world, bool is_packed)
{
    world->is_packed = is_packed;
    policy_set(world);
}

uint32_t world_unit_count(const struct world *world)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < WORLD_UNITS; i++)
        count += world->is_known[i];
    return count;
}

uint32_t world_collector_count(const struct world *world)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < WORLD_COLLECTORS; i++)
        count += world->collectors[i].is_in;
    return count;
}

// Most units it may have (rule 1).
static uint32_t cap_of(const struct world *world, uint32_t number)
{
    const struct world_collector *collector = &world->collectors[number];
    if (!collector->is_in || collector->is_draining)
        return 0;
    uint32_t cap = collector->units_max ? collector->units_max : UNLIMITED;
    return world->cap && world->cap < cap ? world->cap : cap;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

// Units that the collectors hold when filled up to `level`.
static uint64_t filled_to(const struct world *world, uint32_t level)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < WORLD_COLLECTORS; i++)
        sum += least(cap_of(world, i), level);
    return sum;
}

// What must come out, from the owners before: how many have one after (rule 2), and the fewest
// moves (rule 3).
struct expectation {
    uint32_t assigned;
    uint32_t moves; // UNLIMITED = not known
};

static bool has_capacities(const struct world *world)
{
    bool has = false;
    for (uint32_t i = 0; i < WORLD_COLLECTORS; i++)
        has |= world->collectors[i].is_in && world->collectors[i].units_max > 0;
    return has;
}

// With one cap for all: those that have most stay, as many as are needed; all other units move.
static uint32_t moves_packed(const struct world *world, const uint32_t *loads, uint32_t assigned,
                             uint32_t fresh)
{
    bool is_chosen[WORLD_COLLECTORS] = {false};
    uint32_t stay = 0;
    if (has_capacities(world))
        return UNLIMITED;
    for (uint64_t held = 0; held < assigned;) {
        uint32_t best = UNLIMITED;
        for (uint32_t i = 0; i < WORLD_COLLECTORS; i++)
            if (!is_chosen[i] && cap_of(world, i) && (best == UNLIMITED || loads[i] > loads[best]))
                best = i;
        is_chosen[best] = true;
        stay += least(loads[best], cap_of(world, best));
        held += cap_of(world, best);
    }
    return assigned - stay > fresh ? assigned - stay - fresh : 0;
}

static struct expectation expect(const struct world *world)
{
    uint32_t units = world_unit_count(world);
    uint32_t loads[WORLD_COLLECTORS] = {0};
    uint32_t fresh = 0; // units without an owner
    for (uint32_t i = 0; i < WORLD_UNITS; i++)
        if (world->is_known[i] && world->owners[i] == WORLD_NOBODY)
            fresh++;
        else if (world->is_known[i])
            loads[world->owners[i]]++;
    uint32_t assigned =
        (uint32_t)(filled_to(world, units) < units ? filled_to(world, units) : units);
    if (world->is_packed)
        return (struct expectation){assigned, moves_packed(world, loads, assigned, fresh)};
    uint32_t level = 0;
    while (level < units && filled_to(world, level + 1) <= assigned)
        level++;
    // Who holds level + 1 already may keep it, as many as there are to be.
    uint32_t extra = (uint32_t)(assigned - filled_to(world, level));
    uint32_t stay = 0;
    uint32_t keepers = 0;
    for (uint32_t i = 0; i < WORLD_COLLECTORS; i++) {
        stay += least(loads[i], least(cap_of(world, i), level));
        keepers += cap_of(world, i) > level && loads[i] > level;
    }
    stay += least(extra, keepers);
    uint32_t moves = assigned - stay;
    return (struct expectation){assigned, moves > fresh ? moves - fresh : 0};
}

// Number of the collector that has this handle in a plan.
static int number_of(const struct world *world, uint32_t plan, uint32_t handle)
{
    if (handle == PLAN_NOBODY)
        return WORLD_NOBODY;
    struct text id = plan_collector_id(world->plans[plan], handle);
    int number = 0;
    while (!text_equals(id, world->collectors[number].id)) {
        number++;
        ensure(number < WORLD_COLLECTORS);
    }
    return number;
}

// Takes one change of each plan; they must say the same. Returns whether there was one.
static bool change_take(struct world *world)
{
    struct plan_change changes[2];
    uint32_t count = plan_changes_take(world->plans[0], &changes[0], 1);
    ensure(plan_changes_take(world->plans[1], &changes[1], 1) == count);
    if (count == 0)
        return false;
    int from = number_of(world, 0, changes[0].from);
    int to = number_of(world, 0, changes[0].to);
    uint32_t unit = changes[0].unit;
    ensure(unit == changes[1].unit && changes[0].why == changes[1].why);
    ensure(from == number_of(world, 1, changes[1].from));
    ensure(to == number_of(world, 1, changes[1].to));
    ensure(from != to && world->is_known[unit] && world->owners[unit] == from);
    ensure((changes[0].why == PLAN_WHY_PLACED) == (from == WORLD_NOBODY));
    world->owners[unit] = to;
    world->moves_last += from != WORLD_NOBODY && to != WORLD_NOBODY;
    return true;
}

static void owners_check(const struct world *world)
{
    for (uint32_t unit = 0; unit < WORLD_UNITS; unit++)
        for (uint32_t i = 0; i < 2; i++) {
            ensure(plan_unit_is_known(world->plans[i], unit) == world->is_known[unit]);
            if (!world->is_known[unit])
                continue;
            uint32_t owner = plan_unit_owner(world->plans[i], unit);
            int told = world->owners[unit];
            ensure(owner ==
                   (told == WORLD_NOBODY ? PLAN_NOBODY : world->collectors[told].handles[i]));
            enum plan_reason reason = plan_unit_reason(world->plans[i], unit);
            ensure((reason == PLAN_REASON_NONE) == (owner != PLAN_NOBODY));
            ensure(reason != PLAN_REASON_NOT_SETTLED);
        }
}

// How many collectors hold so many units, the largest taken first.
static uint32_t fewest_for(const struct world *world, uint64_t units)
{
    uint32_t caps[WORLD_COLLECTORS];
    uint32_t used = 0;
    for (uint32_t i = 0; i < WORLD_COLLECTORS; i++)
        caps[i] = cap_of(world, i);
    for (; units > 0; used++) {
        uint32_t largest = 0;
        for (uint32_t i = 0; i < WORLD_COLLECTORS; i++)
            largest = caps[i] > caps[largest] ? i : largest;
        units -= units < caps[largest] ? units : caps[largest];
        caps[largest] = 0;
    }
    return used;
}

static void rules_check(const struct world *world, struct expectation expected)
{
    uint32_t loads[WORLD_COLLECTORS] = {0};
    uint32_t assigned = 0;
    uint32_t most = 0;
    uint32_t least_roomy = UNLIMITED;
    uint32_t used = 0;
    for (uint32_t i = 0; i < WORLD_UNITS; i++)
        if (world->is_known[i] && world->owners[i] != WORLD_NOBODY)
            loads[world->owners[i]]++;
    for (uint32_t i = 0; i < WORLD_COLLECTORS; i++) {
        uint32_t load = loads[i];
        ensure(load <= cap_of(world, i)); // rule 1
        assigned += load;
        used += load > 0;
        most = load > most ? load : most;
        if (load < cap_of(world, i))
            least_roomy = least(least_roomy, load);
    }
    ensure(assigned == expected.assigned);                                   // rule 2
    ensure(assigned == world_unit_count(world) || least_roomy == UNLIMITED); // rule 2 again
    if (expected.moves != UNLIMITED)
        ensure(world->moves_last == expected.moves); // rule 3
    if (!world->is_packed)
        ensure(least_roomy == UNLIMITED || most <= least_roomy + 1); // rule 4
    else
        ensure(used == fewest_for(world, assigned));
}

static void counts_check(const struct world *world)
{
    uint32_t units = world_unit_count(world);
    for (uint32_t i = 0; i < 2; i++) {
        struct plan_counts counts;
        plan_counts_get(world->plans[i], &counts);
        ensure(counts.units == units && counts.assigned + counts.pending == units);
        ensure(counts.collectors == world_collector_count(world));
        ensure(plan_collector_count(world->plans[i]) == counts.collectors);
        struct plan_wanted wanted;
        plan_wanted_get(world->plans[i], UINT32_MAX, &wanted);
        ensure(has_capacities(world) ||
               wanted.count == (world->cap ? (units + world->cap - 1) / world->cap : PLAN_NOBODY));
        ensure((counts.pending > 0) <= (counts.room == 0));
        for (uint32_t rank = 1; rank < counts.collectors; rank++) {
            struct text before =
                plan_collector_id(world->plans[i], plan_collector_at(world->plans[i], rank - 1));
            struct text id =
                plan_collector_id(world->plans[i], plan_collector_at(world->plans[i], rank));
            ensure(text_compare(before, id) < 0);
        }
        for (uint32_t c = 0; c < WORLD_COLLECTORS; c++)
            ensure((plan_collector_find(world->plans[i], text_of(world->collectors[c].id)) !=
                    PLAN_NOBODY) == world->collectors[c].is_in);
    }
}

void world_settle(struct world *world)
{
    struct expectation expected = expect(world);
    world->moves_last = 0;
    for (uint32_t i = 0; i < 2; i++) {
        plan_check(world->plans[i]);
        if (expected.moves != UNLIMITED)
            ensure(plan_moves_minimum(world->plans[i]) == expected.moves);
        ensure(plan_settle(world->plans[i], PLAN_UNLIMITED));
        plan_check(world->plans[i]);
    }
    while (change_take(world))
        ;
    owners_check(world);
    rules_check(world, expected);
    counts_check(world);
    world->settles++;
    world->moves += world->moves_last;
    world->unsettled = 0;
}

// Random order of 0 to count − 1.
static void shuffle(struct world *world, uint32_t *numbers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = world_random(world, i + 1);
        numbers[i] = numbers[at];
        numbers[at] = i;
    }
}

void world_restart(struct world *world)
{
    static const uint32_t spare = 7; // rows of the table that belong to no unit of the plan
    uint32_t order[WORLD_UNITS];
    if (world->unsettled)
        world_settle(world);
    plan_destroy(world->plans[1]);
    plan_units_destroy(world->units[1]);
    world->units[1] = plan_units_create();
    if (world_random(world, 2))
        plan_units_reserve(world->units[1], WORLD_UNITS + spare);
    struct plan_policy policy = {.max_topics_per_collector = world->cap,
                                 .is_packed = world->is_packed};
    struct plan_options options = {.policy = &policy,
                                   .number_next = plan_number_next(world->plans[0])};
    world->plans[1] = plan_create(world->units[1], &options);
    shuffle(world, order, WORLD_COLLECTORS);
    for (uint32_t i = 0; i < WORLD_COLLECTORS; i++)
        if (world->collectors[order[i]].is_in)
            join_one(world, order[i], 1);
    shuffle(world, order, WORLD_UNITS);
    for (uint32_t i = 0; i < WORLD_UNITS; i++) {
        uint32_t unit = order[i];
        if (!world->is_known[unit])
            continue;
        int owner = world->owners[unit];
        plan_unit_restore(world->plans[1], unit,
                          owner == WORLD_NOBODY ? PLAN_NOBODY : world->collectors[owner].handles[1],
                          plan_unit_number(world->plans[0], unit),
                          &(struct plan_unit_options){.weight = 1});
    }
    ensure(plan_restore_end(world->plans[1]) == STATUS_OK);
    ensure(plan_number_next(world->plans[0]) == plan_number_next(world->plans[1]));
    plan_check(world->plans[1]);
}
