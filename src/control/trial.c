// SPDX-License-Identifier: Apache-2.0
//
// A change of policy, tried on a plan beside the one in force.
#include "control/trial.h"

#include <string.h>

#include "base/memory.h"
#include "control/scratch.h"
#include "proto/unit.h"

enum { STATE_BYTES = 128, HEAD_BYTES = 256, CHANGES_AT_ONCE = 256 };

struct control_trial {
    const struct control *control;
    uint32_t pool;
    struct scratch *scratch;
    struct policy_change change;
    uint32_t *collectors; // by handle in the plan: collector
    uint16_t *touched;    // by collector: bit per bucket that would be written anew
    struct trial_view view;
};

static struct plan *trial_plan(const struct control_trial *trial)
{
    return trial->scratch->plans[trial->pool];
}

static bool is_in_state(const struct control_trial *trial, enum pool_state state)
{
    return trial->control->tables.pools[trial->pool]->state == state;
}

static void side_fill(const struct control_trial *trial, struct trial_side *side)
{
    static const char *const balances[] = {"count", "weight", "load"};
    const struct plan *plan = trial_plan(trial);
    struct plan_counts counts;
    struct plan_wanted wanted;
    plan_counts_get(plan, &counts);
    plan_wanted_get(plan, UINT32_MAX, &wanted);
    *side = (struct trial_side){.assigned = counts.assigned,
                                .pending = counts.pending,
                                .burden_max = counts.burden_max,
                                .burden_min = counts.burden_min,
                                .burden_sum = counts.burden_sum,
                                .collectors = counts.collectors - counts.draining,
                                .wanted = wanted.count == PLAN_NOBODY ? -1 : (int64_t)wanted.count,
                                .balance = balances[plan_policy(plan)->balance]};
    if (is_in_state(trial, POOL_PAUSED)) { // whatever the plan says, nobody has anything
        side->assigned = side->burden_max = side->burden_min = side->burden_sum = 0;
        side->pending = counts.units;
    }
}

// All that a policy wants, at whatever pace; of a frozen pool what is done without thawing it.
static void trial_settle(const struct control_trial *trial)
{
    plan_settle(trial_plan(trial), is_in_state(trial, POOL_FROZEN) ? 0 : PLAN_UNLIMITED);
}

// What is not decided yet, or held back by the policy in force, is not the doing of another one.
static void changes_pass(const struct control_trial *trial)
{
    struct plan_change changes[CHANGES_AT_ONCE];
    trial_settle(trial);
    while (plan_changes_take(trial_plan(trial), changes, CHANGES_AT_ONCE) > 0)
        continue;
}

// The collectors of the plan, by its handles.
static void collectors_map(struct control_trial *trial)
{
    const struct tables *tables = &trial->control->tables;
    uint32_t most = 0;
    for (uint32_t i = 0; i < tables->collectors_count; i++)
        if (trial->scratch->planned[i] != PLAN_NOBODY && trial->scratch->planned[i] >= most)
            most = trial->scratch->planned[i] + 1;
    trial->collectors = memory_get((most + 1) * sizeof(*trial->collectors));
    trial->touched = memory_get((tables->collectors_count + 1) * sizeof(*trial->touched));
    for (uint32_t i = 0; i < tables->collectors_count; i++)
        if (trial->scratch->planned[i] != PLAN_NOBODY)
            trial->collectors[trial->scratch->planned[i]] = i;
}

enum status control_trial_create(const struct control *control, struct text pool,
                                 const struct label *args, uint32_t args_count, struct buffer *why,
                                 struct control_trial **ret_trial)
{
    uint32_t handle = pool_find(&control->tables, pool);
    struct policy_change change;
    *ret_trial = NULL;
    if (handle == NONE) {
        buffer_print(why, "there is no such pool");
        return STATUS_NOT_FOUND;
    }
    if (args_count == 0) {
        buffer_print(why, "nothing to set");
        return STATUS_INVALID;
    }
    const struct pool *row = control->tables.pools[handle];
    if (policy_propose(row->policy, row->policy_count, args, args_count, why, &change) != NULL)
        return STATUS_INVALID;
    struct control_trial *trial = memory_get(sizeof(*trial));
    trial->control = control;
    trial->pool = handle;
    trial->change = change;
    trial->scratch = scratch_create(control, handle);
    if (!control->is_restored || trial_plan(trial) == NULL) {
        control_trial_destroy(trial);
        buffer_print(why, "the state is being restored");
        return STATUS_AGAIN;
    }
    collectors_map(trial);
    changes_pass(trial);
    trial->view.pool = text_of(row->name);
    side_fill(trial, &trial->view.before);
    *ret_trial = trial;
    return STATUS_OK;
}

void control_trial_destroy(struct control_trial *trial)
{
    if (trial == NULL)
        return;
    scratch_destroy(trial->scratch);
    policy_change_finish(&trial->change);
    memory_release(trial->collectors);
    memory_release(trial->touched);
    memory_release(trial);
}

// ---- Deciding.

// As pool_tell does it for the plan in force.
static void trial_tell(struct control_trial *trial)
{
    const struct tables *tables = &trial->control->tables;
    struct plan *plan = trial_plan(trial);
    for (uint32_t i = 0; i < tables->collectors_count; i++) {
        if (trial->scratch->planned[i] == PLAN_NOBODY)
            continue;
        struct plan_collector_options options = member_options(tables->collectors[i]);
        plan_collector_set(plan, trial->scratch->planned[i], &options);
    }
    for (uint32_t topic = 0; topic < tables->topics_count; topic++) {
        if (tables->topics[topic].name == 0 || tables->topics[topic].pool != trial->pool)
            continue;
        struct plan_unit_options options = topic_options(tables, topic);
        for (uint32_t u = tables->topics[topic].units; u != NONE; u = tables->units[u].sibling)
            if (plan_unit_is_known(plan, u))
                plan_unit_set(plan, u, &options);
    }
}

static void touch(struct control_trial *trial, uint32_t planned, uint32_t bucket)
{
    if (planned != PLAN_NOBODY)
        trial->touched[trial->collectors[planned]] |= (uint16_t)(1U << bucket);
}

static void change_count(struct control_trial *trial, const struct plan_change *change)
{
    const struct tables *tables = &trial->control->tables;
    struct trial_view *view = &trial->view;
    struct buffer name = {0};
    if (change->from == change->to)
        return;
    unit_print(tables, change->unit, &name);
    uint32_t bucket = unit_bucket(buffer_text(&name));
    int64_t record = STATE_BYTES + (int64_t)name.size;
    buffer_finish(&name);
    touch(trial, change->from, bucket);
    touch(trial, change->to, bucket);
    view->moves += change->from != PLAN_NOBODY && change->to != PLAN_NOBODY;
    view->placed += change->from == PLAN_NOBODY;
    view->unplaced += change->to == PLAN_NOBODY;
    // A move is written as it is taken away and as it is given.
    view->publish_bytes += change->from == PLAN_NOBODY ? record : 2 * record;
}

static void publication_count(struct control_trial *trial)
{
    const struct tables *tables = &trial->control->tables;
    for (uint32_t i = 0; i < tables->collectors_count; i++) {
        if (trial->touched[i] == 0)
            continue;
        trial->view.collectors_changed++;
        trial->view.publish_bytes += HEAD_BYTES;
        for (uint32_t b = 0; b < BUCKET_COUNT; b++)
            if (trial->touched[i] >> b & 1)
                trial->view.publish_bytes += tables->collectors[i]->buckets[b].size;
    }
}

void control_trial_decide(struct control_trial *trial)
{
    struct plan_change changes[CHANGES_AT_ONCE];
    uint32_t count;
    struct plan *plan = trial_plan(trial);
    if (plan_policy_set(plan, &trial->change.asked))
        trial_tell(trial);
    trial_settle(trial);
    while ((count = plan_changes_take(plan, changes, CHANGES_AT_ONCE)) > 0)
        for (uint32_t i = 0; i < count && !is_in_state(trial, POOL_PAUSED); i++)
            change_count(trial, &changes[i]);
    publication_count(trial);
    side_fill(trial, &trial->view.after);
}

void control_trial_view(const struct control_trial *trial, struct trial_view *ret)
{
    *ret = trial->view;
}
