// SPDX-License-Identifier: Apache-2.0
#include "unit/plan/instance.h"

#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "plan/plan.h"
#include "unit/plan/flow.h"
#include "unit/plan/policy_text.h"

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

uint32_t instance_cap(const struct instance *instance, uint32_t index)
{
    const struct instance_collector *it = &instance->collector[index];
    if (it->is_draining || it->has_left)
        return 0;
    uint32_t cap = INSTANCE_UNITS;
    if (instance->is_isolated)
        cap = 1;
    if (instance->cap)
        cap = least(cap, instance->cap);
    return it->units_max ? least(cap, it->units_max) : cap;
}

// Whether the unit may be with the collector as far as group and state go.
static bool may(const struct instance *instance, uint32_t unit, uint32_t collector)
{
    const struct instance_collector *it = &instance->collector[collector];
    return it->group == instance->unit[unit].group && instance_cap(instance, collector) > 0 &&
           (!it->is_held || instance->unit[unit].owner == (int)collector);
}

// Rules 1 and 2 say how many; then the shape, then the moves.
static bool is_better(struct outcome a, struct outcome b)
{
    if (a.held != b.held)
        return a.held > b.held;
    if (a.assigned != b.assigned)
        return a.assigned > b.assigned;
    return a.shape != b.shape ? a.shape < b.shape : a.moves < b.moves;
}

// What the owners come to; `owners` are collectors or INSTANCE_NOBODY.
static struct outcome outcome_of(const struct instance *instance, const int *owners)
{
    struct outcome outcome = {0};
    uint32_t loads[INSTANCE_COLLECTORS] = {0};
    for (uint32_t i = 0; i < instance->units; i++) {
        if (owners[i] == INSTANCE_NOBODY)
            continue;
        outcome.assigned++;
        loads[owners[i]]++;
        outcome.held += instance->collector[owners[i]].is_held;
        outcome.moves +=
            instance->unit[i].owner != INSTANCE_NOBODY && instance->unit[i].owner != owners[i];
    }
    for (uint32_t i = 0; i < instance->collectors; i++)
        if (!instance->collector[i].is_held)
            outcome.shape += instance->is_packed ? loads[i] > 0 : (uint64_t)loads[i] * loads[i];
    return outcome;
}

// ---- By the planner.

static struct plan *plan_of(const struct instance *instance, struct plan_units *units)
{
    struct buffer why = {0};
    struct plan_policy policy = {0};
    char keys[200];
    int size = snprintf(keys, sizeof(keys), "mode=%s", instance->is_packed ? "pack" : "even");
    if (instance->is_isolated)
        size += snprintf(keys + size, sizeof(keys) - (size_t)size, ";isolated=true");
    if (instance->cap)
        size += snprintf(keys + size, sizeof(keys) - (size_t)size, ";max_topics_per_collector=%u",
                         instance->cap);
    if (instance->has_groups)
        snprintf(keys + size, sizeof(keys) - (size_t)size, ";group_by=group");
    ensure(!policy_of(keys, &why, &policy));
    struct plan *plan = plan_create(units, &(struct plan_options){.policy = &policy});
    policy_finish(&policy);
    buffer_finish(&why);
    return plan;
}

static struct label label_of(uint32_t group)
{
    static const char *const names[INSTANCE_GROUPS] = {"blue", "green", "red"};
    return (struct label){text_of("group"), text_of(names[group])};
}

// First everybody is there and has what it has, then things change.
static void events_tell(const struct instance *instance, struct plan *plan, uint32_t *ret_handles)
{
    char id[8];
    for (uint32_t i = 0; i < instance->collectors; i++) {
        struct label label = label_of(instance->collector[i].group);
        snprintf(id, sizeof(id), "c%u", i * 7 % INSTANCE_COLLECTORS);
        ret_handles[i] = plan_collector_join(
            plan, text_of(id),
            &(struct plan_collector_options){.labels = &label, .labels_count = 1});
    }
    for (uint32_t i = 0; i < instance->units; i++) {
        const struct instance_unit *it = &instance->unit[i];
        struct label label = label_of(it->group);
        struct plan_unit_options options = {.weight = 1,
                                            .said = {.labels = &label, .labels_count = 1}};
        uint32_t owner = it->owner == INSTANCE_NOBODY ? PLAN_NOBODY : ret_handles[it->owner];
        plan_unit_restore(plan, i, owner, i, &options);
    }
    ensure(plan_restore_end(plan) == STATUS_OK);
    for (uint32_t i = 0; i < instance->collectors; i++) {
        const struct instance_collector *it = &instance->collector[i];
        struct label label = label_of(it->group);
        plan_collector_set(
            plan, ret_handles[i],
            &(struct plan_collector_options){.units_max = it->is_by_weight ? 0 : it->units_max,
                                             .weight_max = it->is_by_weight ? it->units_max : 0,
                                             .is_draining = it->is_draining,
                                             .is_held = it->is_held,
                                             .labels = &label,
                                             .labels_count = 1});
        if (it->has_left)
            plan_collector_leave(plan, ret_handles[i]);
    }
}

static int collector_of(const struct instance *instance, const uint32_t *handles, uint32_t handle)
{
    for (uint32_t i = 0; i < instance->collectors; i++)
        if (handles[i] == handle)
            return (int)i;
    return INSTANCE_NOBODY;
}

struct outcome instance_plan(const struct instance *instance)
{
    struct plan_units *units = plan_units_create();
    struct plan *plan = plan_of(instance, units);
    uint32_t handles[INSTANCE_COLLECTORS];
    uint32_t loads[INSTANCE_COLLECTORS] = {0};
    int owners[INSTANCE_UNITS];
    events_tell(instance, plan, handles);
    plan_check(plan);
    uint64_t minimum = plan_moves_minimum(plan);
    ensure(plan_settle(plan, PLAN_UNLIMITED));
    plan_check(plan);
    for (uint32_t i = 0; i < instance->units; i++) {
        owners[i] = collector_of(instance, handles, plan_unit_owner(plan, i));
        if (owners[i] == INSTANCE_NOBODY)
            continue;
        ensure(may(instance, i, (uint32_t)owners[i]));
        ensure(++loads[owners[i]] <= instance_cap(instance, (uint32_t)owners[i]));
    }
    plan_destroy(plan);
    plan_units_destroy(units);
    struct outcome outcome = outcome_of(instance, owners);
    ensure(minimum == outcome.moves);
    return outcome;
}

// ---- By trying.

struct trial {
    const struct instance *instance;
    int owners[INSTANCE_UNITS];
    uint32_t loads[INSTANCE_COLLECTORS];
    struct outcome best;
};

static void units_try(struct trial *trial, uint32_t unit)
{
    const struct instance *instance = trial->instance;
    if (unit == instance->units) {
        struct outcome outcome = outcome_of(instance, trial->owners);
        if (is_better(outcome, trial->best))
            trial->best = outcome;
        return;
    }
    trial->owners[unit] = INSTANCE_NOBODY;
    units_try(trial, unit + 1);
    for (uint32_t i = 0; i < instance->collectors; i++) {
        if (!may(instance, unit, i) || trial->loads[i] == instance_cap(instance, i))
            continue;
        trial->owners[unit] = (int)i;
        trial->loads[i]++;
        units_try(trial, unit + 1);
        trial->loads[i]--;
    }
}

struct outcome instance_try(const struct instance *instance)
{
    struct trial trial = {.instance = instance, .best = {.shape = UINT64_MAX}};
    units_try(&trial, 0);
    return trial.best;
}

// ---- By flow. Units of one group and owner are alike: source -> such a class -> collectors ->
// sink. A move costs 1; the k-th unit of a collector 2k - 1 times more than all moves together, so
// that the sum is that of the squares; and a unit that stays with a held one is worth more than
// that all.

enum {
    CLASSES = INSTANCE_GROUPS * (INSTANCE_COLLECTORS + 1),
    SOURCE = CLASSES + INSTANCE_COLLECTORS,
    SINK,
    NODES,
};
static const int64_t square_cost = INSTANCE_UNITS + 1;
static const int64_t held_gain = 4 * (int64_t)(INSTANCE_UNITS + 1) * INSTANCE_UNITS;

static uint32_t class_of(const struct instance_unit *unit)
{
    return unit->group * (INSTANCE_COLLECTORS + 1) + (uint32_t)(unit->owner + 1);
}

static void class_edges(const struct instance *instance, struct flow *flow, uint32_t unit,
                        uint32_t in_use)
{
    const struct instance_unit *it = &instance->unit[unit];
    for (uint32_t i = 0; i < instance->collectors; i++) {
        bool is_move = it->owner != INSTANCE_NOBODY && it->owner != (int)i;
        if (may(instance, unit, i) && (in_use >> i & 1))
            flow_edge(flow, class_of(it), CLASSES + i,
                      (struct flow_cost){.most = INSTANCE_UNITS, .first = is_move});
    }
}

static void network_make(const struct instance *instance, struct flow *flow, uint32_t in_use)
{
    uint32_t supply[CLASSES] = {0};
    flow_init(flow, NODES);
    for (uint32_t i = 0; i < instance->units; i++)
        if (supply[class_of(&instance->unit[i])]++ == 0)
            class_edges(instance, flow, i, in_use);
    for (uint32_t i = 0; i < CLASSES; i++)
        if (supply[i] > 0)
            flow_edge(flow, SOURCE, i, (struct flow_cost){.most = supply[i]});
    for (uint32_t i = 0; i < instance->collectors; i++) {
        struct flow_cost cost = {.most = instance_cap(instance, i)};
        if (instance->collector[i].is_held)
            cost.first = -held_gain;
        else if (!instance->is_packed)
            cost = (struct flow_cost){cost.most, square_cost, 2 * square_cost};
        flow_edge(flow, CLASSES + i, SINK, cost);
    }
}

static struct outcome network_solve(const struct instance *instance, uint32_t in_use)
{
    struct flow flow;
    struct outcome outcome = {0};
    network_make(instance, &flow, in_use);
    outcome.assigned = flow_run(&flow, SOURCE, SINK);
    for (uint32_t i = 0; i < flow.edges_count; i++) {
        const struct flow_edge *it = &flow.edges[i];
        if (it->to == SINK && instance->collector[it->from - CLASSES].is_held)
            outcome.held += it->amount;
        else if (it->to == SINK)
            outcome.shape +=
                instance->is_packed ? it->amount > 0 : (uint64_t)it->amount * it->amount;
        else if (it->from != SOURCE)
            outcome.moves += (uint32_t)it->cost.first * it->amount;
    }
    flow_finish(&flow);
    return outcome;
}

struct outcome instance_flow(const struct instance *instance)
{
    struct outcome best = {.shape = UINT64_MAX};
    uint32_t sets = instance->is_packed ? UINT32_C(1) << instance->collectors : 1;
    for (uint32_t set = 0; set < sets; set++) {
        struct outcome outcome = network_solve(instance, instance->is_packed ? set : UINT32_MAX);
        if (is_better(outcome, best))
            best = outcome;
    }
    return best;
}
