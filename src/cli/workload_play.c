// SPDX-License-Identifier: Apache-2.0
//
// Plays what is queued to the planner. This is what plan_us measures: nothing here looks up a name.
#include <time.h>

#include "base/memory.h"
#include "cli/workload_inner.h"

#define CHANGES_MAX 4096 // taken at once

static int64_t clock_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

// ---- Collectors.

static struct plan_collector_options collector_options(const struct workload_collector *collector)
{
    return (struct plan_collector_options){
        .units_max = collector->units_max,
        .weight_max = collector->weight_max,
        .is_draining = collector->is_draining,
        .is_held = collector->presence == WORKLOAD_HELD,
        .labels = collector->labels.rows,
        .labels_count = collector->labels.count,
    };
}

static void collector_join(struct workload *workload, uint32_t row)
{
    struct workload_collector *collector = &workload->collectors[row];
    struct plan_collector_options options = collector_options(collector);
    uint32_t handle = plan_collector_join(workload->plan, text_of(collector->id), &options);
    workload->by_handle = array_reserve(workload->by_handle, &workload->by_handle_capacity,
                                        handle + 1, sizeof(*workload->by_handle));
    workload->by_handle[handle] = row;
    collector->handle = handle;
}

static void collector_set(struct workload *workload, uint32_t row)
{
    const struct workload_collector *collector = &workload->collectors[row];
    struct plan_collector_options options = collector_options(collector);
    plan_collector_set(workload->plan, collector->handle, &options);
}

static void collector_leave(struct workload *workload, uint32_t row)
{
    plan_collector_leave(workload->plan, workload->collectors[row].handle);
    workload->collectors[row].handle = PLAN_NOBODY;
}

// ---- Units.

static struct plan_unit_options unit_options(const struct workload *workload, uint32_t unit)
{
    const struct workload_topic *topic = &workload->topics[workload->units[unit].topic];
    return (struct plan_unit_options){
        .weight = topic->weight,
        .said = {.name = topic->name,
                 .labels = topic->labels.rows,
                 .labels_count = topic->labels.count},
    };
}

static void unit_add(struct workload *workload, uint32_t unit)
{
    struct plan_unit_options options = unit_options(workload, unit);
    plan_unit_add(workload->plan, unit, &options);
}

// Without labels, and where names mean nothing, the weight is all there is to say: a million of
// them are added without looking at what the file said of each.
static void unit_add_plain(struct workload *workload, uint32_t unit, int64_t weight)
{
    struct plan_unit_options options = {.weight = weight};
    if (plan_policy(workload->plan)->label_suffix)
        unit_add(workload, unit);
    else
        plan_unit_add(workload->plan, unit, &options);
}

static void unit_set(struct workload *workload, uint32_t unit)
{
    struct plan_unit_options options = unit_options(workload, unit);
    plan_unit_set(workload->plan, unit, &options);
}

// ---- Policies.

// Where other labels count, the planner wants to hear them all again.
static void policy_set(struct workload *workload, uint32_t row)
{
    if (!plan_policy_set(workload->plan, &workload->policies[row]))
        return;
    for (uint32_t i = 0; i < workload->collectors_count; i++)
        if (workload->collectors[i].handle != PLAN_NOBODY)
            collector_set(workload, i);
    for (uint32_t unit = 0; unit < workload->units_count; unit++)
        if (plan_unit_is_known(workload->plan, unit))
            unit_set(workload, unit);
}

// ---- A step.

static void op_play(struct workload *workload, const struct workload_op *op)
{
    switch (op->kind) {
    case OP_JOIN:
        collector_join(workload, op->row);
        break;
    case OP_SET:
        collector_set(workload, op->row);
        break;
    case OP_LEAVE:
        collector_leave(workload, op->row);
        break;
    case OP_ADD:
        unit_add(workload, op->row);
        break;
    case OP_ADD_PLAIN:
        unit_add_plain(workload, op->row, op->value);
        break;
    case OP_CHANGE:
        unit_set(workload, op->row);
        break;
    case OP_LOAD:
        plan_unit_load(workload->plan, op->row, op->value);
        break;
    case OP_REMOVE:
        plan_unit_remove(workload->plan, op->row);
        break;
    case OP_POLICY:
        policy_set(workload, op->row);
        break;
    }
}

// What was withdrawn is forgotten now that the planner has heard of it.
static void forget_played(struct workload *workload)
{
    for (uint32_t i = 0; i < workload->topics_gone.count; i++) {
        struct workload_topic *topic = &workload->topics[workload->topics_gone.rows[i]];
        memory_release((void *)topic->name.data);
        memory_release(topic->units);
        memory_release(topic->labels.rows);
        *topic = (struct workload_topic){0};
        workload_free_add(&workload->topics_free, workload->topics_gone.rows[i]);
    }
    workload->topics_gone.count = 0;
    for (uint32_t i = 0; i < workload->policies_count; i++)
        policy_finish(&workload->policies[i]);
    workload->policies_count = 0;
    workload->ops_count = 0;
}

// A unit of a collector that was held had no owner as far as was told: it is placed, not moved.
static void change_keep(struct workload *workload, const struct plan_change *change,
                        struct workload_step *step)
{
    struct workload_unit *unit = &workload->units[change->unit];
    bool is_move = change->from != PLAN_NOBODY && change->to != PLAN_NOBODY;
    bool was_held = is_move && workload->collectors[workload->by_handle[change->from]].was_held;
    step->moves += is_move && !was_held;
    step->placed += was_held;
    unit->from =
        change->from == PLAN_NOBODY || was_held ? WORKLOAD_NONE : workload->by_handle[change->from];
    unit->why = (uint8_t)change->why;
}

static void changes_take(struct workload *workload, struct workload_step *step)
{
    struct plan_change *changes = memory_get(CHANGES_MAX * sizeof(*changes));
    uint32_t count;
    do {
        int64_t begin_ns = clock_ns();
        count = plan_changes_take(workload->plan, changes, CHANGES_MAX);
        step->plan_ns += clock_ns() - begin_ns;
        for (uint32_t i = 0; i < count; i++)
            change_keep(workload, &changes[i], step);
    } while (count);
    memory_release(changes);
}

void workload_play(struct workload *workload)
{
    workload_tidy(workload);
    int64_t begin_ns = clock_ns();
    plan_units_reserve(workload->table, workload->units_capacity);
    for (uint32_t i = 0; i < workload->ops_count; i++)
        op_play(workload, &workload->ops[i]);
    workload->played_ns += clock_ns() - begin_ns;
    forget_played(workload);
}

// The planner counts what those that are no longer held lose; the fewest moves without it are known
// if there were none, or if all went as it would go for units without an owner.
static uint64_t moves_min_of(const struct workload *workload, const struct workload_step *step)
{
    bool is_any_back = false;
    for (uint32_t row = 0; workload->was_any_held && row < workload->collectors_count; row++) {
        const struct workload_collector *it = &workload->collectors[row];
        is_any_back |= it->was_held && it->presence == WORKLOAD_IN;
    }
    if (step->moves_min == UINT64_MAX || (step->placed == 0 && !is_any_back))
        return step->moves_min;
    if (step->moves == 0)
        return 0;
    return is_any_back || step->counts.pending ? UINT64_MAX : step->moves_min - step->placed;
}

// Notes who is held: nobody is told that it has its units.
static void held_note(struct workload *workload)
{
    bool is_any = workload->was_any_held || workload->held;
    for (uint32_t row = 0; is_any && row < workload->collectors_count; row++)
        workload->collectors[row].was_held = workload->collectors[row].presence == WORKLOAD_HELD;
    workload->was_any_held = workload->held > 0;
}

struct workload_step workload_settle(struct workload *workload)
{
    workload_play(workload);
    struct workload_step step = {.plan_ns = workload->played_ns};
    workload->played_ns = 0;
    step.moves_min = plan_moves_minimum(workload->plan);

    int64_t begin_ns = clock_ns();
    bool is_whole = plan_settle_at(workload->plan, workload->now_ms);
    step.plan_ns += clock_ns() - begin_ns;
    if (!is_whole)
        step.moves_min = UINT64_MAX; // it will take more than this step

    changes_take(workload, &step);
    plan_counts_get(workload->plan, &step.counts);
    step.moves_min = moves_min_of(workload, &step);
    held_note(workload);
    workload->step++;
    return step;
}
