// SPDX-License-Identifier: Apache-2.0
//
// Plans from the tables, beside the one in force.
#include "control/scratch.h"

#include "base/memory.h"

// ---- What the plan that is in force, or the state, says of a unit.

struct standing {
    bool is_planned;
    uint32_t owner; // collector that should have it, NONE
    uint64_t number;
};

static struct standing standing_of(const struct control *control, uint32_t unit)
{
    const struct tables *tables = &control->tables;
    const struct pool *pool = tables->pools[tables->topics[tables->units[unit].topic].pool];
    struct standing standing = {.owner = NONE};
    if (pool->plan == NULL) {
        standing.is_planned = restore_is_planned(control, unit);
        if (standing.is_planned) {
            standing.owner = control->numbers[unit].next;
            standing.number = (uint64_t)control->numbers[unit].number;
        }
        return standing;
    }
    standing.is_planned = plan_unit_is_known(pool->plan, unit);
    if (!standing.is_planned)
        return standing;
    uint32_t owner = plan_unit_owner(pool->plan, unit);
    standing.owner = owner == PLAN_NOBODY ? NONE : pool->planned[owner];
    standing.number = plan_unit_number(pool->plan, unit);
    return standing;
}

// ---- Making.

static void scratch_join(const struct control *control, struct scratch *scratch)
{
    const struct tables *tables = &control->tables;
    for (uint32_t i = 0; i < tables->collectors_count; i++) {
        const struct collector *collector = tables->collectors[i];
        scratch->planned[i] = PLAN_NOBODY;
        if (collector == NULL || collector->state == COLLECTOR_GONE ||
            scratch->plans[collector->pool] == NULL)
            continue;
        struct plan_collector_options options = member_options(collector);
        options.is_draining = options.is_draining || collector->state == COLLECTOR_DRAINING;
        scratch->planned[i] =
            plan_collector_join(scratch->plans[collector->pool], text_of(collector->id), &options);
    }
}

static void scratch_restore(const struct control *control, struct scratch *scratch, uint32_t topic)
{
    const struct tables *tables = &control->tables;
    struct plan *plan = scratch->plans[tables->topics[topic].pool];
    struct plan_unit_options options = topic_options(tables, topic);
    for (uint32_t u = tables->topics[topic].units; u != NONE; u = tables->units[u].sibling) {
        struct standing standing = standing_of(control, u);
        if (!standing.is_planned)
            continue;
        uint32_t owner = standing.owner == NONE ? PLAN_NOBODY : scratch->planned[standing.owner];
        plan_unit_restore(plan, u, owner, standing.number, &options);
    }
}

static void scratch_measure(const struct control *control, struct scratch *scratch)
{
    const struct tables *tables = &control->tables;
    for (uint32_t unit = 0; unit < tables->units_count; unit++) {
        if (tables->units[unit].topic == NONE)
            continue;
        uint32_t pool = tables->topics[tables->units[unit].topic].pool;
        int64_t load = load_of(control, unit);
        if (load > 0 && scratch->plans[pool] != NULL &&
            plan_unit_is_known(scratch->plans[pool], unit))
            plan_unit_load(scratch->plans[pool], unit, load);
    }
}

struct scratch *scratch_create(const struct control *control, uint32_t pool)
{
    const struct tables *tables = &control->tables;
    struct scratch *scratch = memory_get(sizeof(*scratch));
    scratch->units = plan_units_create();
    plan_units_reserve(scratch->units, tables->units_count);
    scratch->count = tables->pools_count;
    scratch->plans = memory_get((scratch->count + 1) * sizeof(struct plan *));
    scratch->planned = memory_get((tables->collectors_count + 1) * sizeof(*scratch->planned));
    scratch->state_taken = control->state_taken;
    scratch->made = control->now;
    for (uint32_t i = 0; i < scratch->count; i++)
        if (pool == NONE || pool == i)
            scratch->plans[i] = plan_create(
                scratch->units, &(struct plan_options){.policy = &tables->pools[i]->asked});
    scratch_join(control, scratch);
    for (uint32_t topic = 0; topic < tables->topics_count; topic++)
        if (tables->topics[topic].name != 0 && scratch->plans[tables->topics[topic].pool] != NULL)
            scratch_restore(control, scratch, topic);
    for (uint32_t i = 0; i < scratch->count; i++)
        if (scratch->plans[i] != NULL && plan_restore_end(scratch->plans[i]) != STATUS_OK) {
            plan_destroy(scratch->plans[i]);
            scratch->plans[i] = NULL;
        }
    scratch_measure(control, scratch);
    return scratch;
}

void scratch_destroy(struct scratch *scratch)
{
    if (scratch == NULL)
        return;
    for (uint32_t i = 0; i < scratch->count; i++)
        plan_destroy(scratch->plans[i]);
    plan_units_destroy(scratch->units);
    memory_release(scratch->plans);
    memory_release(scratch->planned);
    memory_release(scratch);
}

// ---- Looking.

// A standby makes its plans only when somebody looks, all at once, and keeps them for a while.
static const struct plan *peek_standby(const struct control *control, uint32_t pool, int64_t age_ms)
{
    struct scratch **kept = control->peeked;
    bool is_stale = *kept == NULL || (*kept)->count <= pool ||
                    ((*kept)->state_taken != control->state_taken &&
                     instant_since(control->now, (*kept)->made).us >= span_of_ms(age_ms).us);
    if (is_stale) {
        scratch_destroy(*kept);
        *kept = scratch_create(control, NONE);
        for (uint32_t i = 0; i < (*kept)->count; i++)
            if ((*kept)->plans[i] != NULL)
                plan_settle((*kept)->plans[i], 0);
    }
    return (*kept)->plans[pool];
}

const struct plan *plan_peek(const struct control *control, uint32_t pool, int64_t age_ms)
{
    const struct plan *plan = control->tables.pools[pool]->plan;
    if (plan != NULL || !control->is_restored)
        return plan;
    return peek_standby(control, pool, age_ms);
}

const struct plan *plan_peek_exact(const struct control *control, uint32_t pool, int64_t age_ms)
{
    const struct plan *plan = plan_peek(control, pool, age_ms);
    bool is_leading = control->tables.pools[pool]->plan != NULL;
    return is_leading || plan == NULL || (*control->peeked)->state_taken == control->state_taken
               ? plan
               : NULL;
}
