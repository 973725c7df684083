// SPDX-License-Identifier: Apache-2.0
//
// Policies of pools: the keys that were set, which live in the state, and what they ask of the
// planner. A policy is always looked at as a whole, so that a key is refused which contradicts one
// that was set before.
#include "base/memory.h"
#include "control/core.h"

static bool has_key(const struct label *labels, uint32_t count, struct text key)
{
    for (uint32_t i = 0; i < count; i++)
        if (text_equal(policy_key(labels[i].key), key))
            return true;
    return false;
}

// The keys that are not said anew, then what is said, word by word, so that a refusal has the words
// of whoever said it.
static struct label *merged(const struct label *keys, uint32_t keys_count, const struct label *args,
                            uint32_t args_count, uint32_t *ret_count)
{
    struct label *all = memory_get((keys_count + args_count + 1) * sizeof(*all));
    uint32_t count = 0;
    for (uint32_t i = 0; i < keys_count; i++)
        if (!has_key(args, args_count, keys[i].key))
            all[count++] = keys[i];
    for (uint32_t i = 0; i < args_count; i++)
        all[count++] = args[i];
    *ret_count = count;
    return all;
}

// As they are to be kept: aliases resolved, and without what was taken back, unless a preset would
// set it again.
static uint32_t normalise(struct label *keys, uint32_t count)
{
    struct text preset = label_value(keys, count, TEXT_LITERAL("preset"));
    bool keeps_none = preset.size > 0 && !text_equals(preset, "none");
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (text_equals(keys[i].value, "none") && !keeps_none)
            continue;
        keys[kept].value = keys[i].value;
        keys[kept++].key = policy_key(keys[i].key);
    }
    return kept;
}

const char *policy_propose(const struct label *keys, uint32_t keys_count, const struct label *args,
                           uint32_t args_count, struct buffer *why, struct policy_change *ret)
{
    uint32_t count;
    struct label *all = merged(keys, keys_count, args, args_count, &count);
    struct policy_change change = {0};
    const char *fault = policy_parse(all, count, why, &change.asked);
    if (fault == NULL) {
        // What is in force is what the kept keys say, now and after a restart.
        policy_finish(&change.asked);
        change.keys_count = normalise(all, count);
        fault = policy_parse(all, change.keys_count, why, &change.asked);
    }
    if (fault == NULL) {
        change.keys = labels_copy(all, change.keys_count);
        *ret = change;
    }
    memory_release(all);
    return fault;
}

void policy_change_finish(struct policy_change *change)
{
    labels_release(change->keys, change->keys_count);
    policy_finish(&change->asked);
    *change = (struct policy_change){0};
}

// ---- Putting it into force.

// Tells the planner the labels of everything in the pool again. The planner puts units in the order
// of their numbers and collectors in that of their ids, in whatever order it is told.
static void pool_tell(struct control *control, uint32_t handle)
{
    struct tables *tables = &control->tables;
    struct plan *plan = tables->pools[handle]->plan;
    for (uint32_t i = 0; i < tables->collectors_count; i++)
        if (tables->collectors[i] != NULL && tables->collectors[i]->pool == handle &&
            tables->collectors[i]->planned != PLAN_NOBODY)
            member_plan(control, i);
    for (uint32_t topic = 0; topic < tables->topics_count; topic++) {
        if (tables->topics[topic].name == 0 || tables->topics[topic].pool != handle)
            continue;
        struct plan_unit_options options = topic_options(tables, topic);
        for (uint32_t u = tables->topics[topic].units; u != NONE; u = tables->units[u].sibling)
            if (plan_unit_is_known(plan, u))
                plan_unit_set(plan, u, &options);
    }
}

// Every head of the pool carries part of the policy.
static void heads_change(struct control *control, uint32_t pool)
{
    for (uint32_t i = 0; i < control->tables.collectors_count; i++) {
        struct collector *collector = control->tables.collectors[i];
        if (collector == NULL || collector->pool != pool || !member_is_alive(collector))
            continue;
        collector_change(&control->tables, i, -1, true);
        control->is_assignment_changed = true;
    }
}

void policy_take(struct control *control, uint32_t handle, struct policy_change *change)
{
    struct pool *pool = control->tables.pools[handle];
    bool has_other_limit = pool->asked.quarantine_after != change->asked.quarantine_after;
    labels_release(pool->policy, pool->policy_count);
    policy_finish(&pool->asked);
    pool->policy = change->keys;
    pool->policy_count = change->keys_count;
    pool->asked = change->asked;
    pool->since_ms = control->wall_ms;
    *change = (struct policy_change){0};
    if (plan_policy_set(pool->plan, &pool->asked))
        pool_tell(control, handle);
    if (pool->asked.balance == PLAN_BALANCE_LOAD)
        loads_tell(control, handle);
    silence_apply(control, handle);
    if (has_other_limit)
        quarantine_apply(control, handle);
    pool->is_unsettled = true;
    pool_touch(&control->tables, handle);
    heads_change(control, handle);
}

void policy_restore(struct control *control, uint32_t handle)
{
    struct pool *pool = control->tables.pools[handle];
    struct buffer why = {0};
    struct plan_policy asked;
    const char *fault = policy_parse(pool->policy, pool->policy_count, &why, &asked);
    pool->is_unreadable = fault != NULL;
    if (fault != NULL) {
        alarm_raise(control, "the state has a policy of pool '%s' that nobody can read: %s",
                    pool->name, fault);
    } else {
        policy_finish(&pool->asked);
        pool->asked = asked;
        silence_apply(control, handle);
    }
    buffer_finish(&why);
}
