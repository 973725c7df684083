// SPDX-License-Identifier: Apache-2.0
//
// Orders of operators. An order is checked as a whole; a wrong one is refused with its reason and
// what was in force stays in force. Verbs are rows of one table.
#include <string.h>

#include "base/memory.h"
#include "base/name.h"
#include "control/core.h"

// ---- Policy keys.

const char *policy_fault(struct text key, struct text value)
{
    int64_t number = 0;
    if (text_equals(key, "max_topics_per_collector")) {
        if (text_equals(value, "none"))
            return NULL;
        if (text_parse_int64(value, &number) != STATUS_OK || number < 1 || number > UINT32_MAX - 1)
            return "max_topics_per_collector is neither a number of 1 or more nor 'none'";
        return NULL;
    }
    if (text_equals(key, "match"))
        return value.size > 0 ? NULL : "match is empty";
    if (text_equals(key, "balance"))
        return text_equals(value, "count") ? NULL : "balance is not 'count'";
    if (text_equals(key, "start"))
        return text_equals(value, "earliest") || text_equals(value, "latest")
                   ? NULL
                   : "start is neither 'earliest' nor 'latest'";
    if (text_equals(key, "on_gap"))
        return text_equals(value, "earliest") || text_equals(value, "latest") ||
                       text_equals(value, "hold")
                   ? NULL
                   : "on_gap is none of 'earliest', 'latest', 'hold'";
    return "no such policy key: it is one of balance, max_topics_per_collector, on_gap, start";
}

void policy_apply(struct control *control, uint32_t handle)
{
    struct pool *pool = control->tables.pools[handle];
    struct text cap =
        label_value(pool->policy, pool->policy_count, TEXT_LITERAL("max_topics_per_collector"));
    struct text gap = label_value(pool->policy, pool->policy_count, TEXT_LITERAL("on_gap"));
    int64_t number = 0;
    pool->cap = text_parse_int64(cap, &number) == STATUS_OK ? number : 0;
    pool->start_latest =
        text_equals(label_value(pool->policy, pool->policy_count, TEXT_LITERAL("start")), "latest");
    memset(pool->on_gap, 0, sizeof(pool->on_gap));
    memcpy(pool->on_gap, gap.size > 0 ? gap.data : "earliest", gap.size > 0 ? gap.size : 8);
    if (pool->plan == NULL)
        return;
    struct plan_policy policy = policy_copy(plan_policy(pool->plan));
    policy.max_topics_per_collector = (uint32_t)pool->cap;
    memory_release(policy.match);
    struct text match = label_value(pool->policy, pool->policy_count, TEXT_LITERAL("match"));
    policy.match = match.size > 0 ? text_copy(match) : NULL;
    plan_policy_set(pool->plan, &policy);
    policy_finish(&policy);
    pool->is_unsettled = true;
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

static void pool_changed(struct control *control, uint32_t pool)
{
    policy_apply(control, pool);
    pool_touch(&control->tables, pool);
    heads_change(control, pool);
}

// ---- Verbs.

static const char *policy_args_fault(const struct order *order)
{
    for (uint32_t i = 0; i < order->args_count; i++) {
        const char *fault = policy_fault(order->args[i].key, order->args[i].value);
        if (fault != NULL)
            return fault;
    }
    return NULL;
}

// Merges the arguments into what was set; "none" takes a key back.
static void policy_merge(struct pool *pool, const struct order *order)
{
    struct label *merged = memory_get((pool->policy_count + order->args_count) * sizeof(*merged));
    uint32_t count = 0;
    for (uint32_t i = 0; i < pool->policy_count; i++)
        if (label_find(order->args, order->args_count, pool->policy[i].key) == NULL)
            merged[count++] = pool->policy[i];
    for (uint32_t i = 0; i < order->args_count; i++)
        if (!text_equals(order->args[i].value, "none"))
            merged[count++] = order->args[i];
    struct label *copy = labels_copy(merged, count);
    memory_release(merged);
    labels_release(pool->policy, pool->policy_count);
    pool->policy = copy;
    pool->policy_count = count;
}

static const char *pool_set(struct control *control, const struct order_call *call)
{
    const char *fault = policy_args_fault(call->order);
    if (fault != NULL)
        return fault;
    if (call->order->args_count == 0)
        return "nothing to set";
    policy_merge(control->tables.pools[call->pool], call->order);
    pool_note(control, call->pool, call->order, "policy set");
    pool_changed(control, call->pool);
    return NULL;
}

static const char *pool_reset(struct control *control, const struct order_call *call)
{
    struct pool *pool = control->tables.pools[call->pool];
    labels_release(pool->policy, pool->policy_count);
    pool->policy = NULL;
    pool->policy_count = 0;
    pool_note(control, call->pool, call->order, "policy reset");
    pool_changed(control, call->pool);
    return NULL;
}

static const char *pool_create(struct control *control, const struct order_call *call)
{
    const char *fault = name_fault(call->pool_name);
    if (fault != NULL)
        return "the name of the pool is not a name";
    if (call->pool != NONE && control->tables.pools[call->pool]->state == POOL_DELETED)
        return "the pool of this name is still being deleted";
    if (call->pool != NONE)
        return "the pool exists already";
    fault = policy_args_fault(call->order);
    if (fault != NULL)
        return fault;
    uint32_t pool = NONE;
    fault = pool_make(control, call, &pool);
    if (fault != NULL)
        return fault;
    policy_merge(control->tables.pools[pool], call->order);
    pool_changed(control, pool);
    return NULL;
}

static const char *collector_drained(struct control *control, const struct order_call *call,
                                     bool drained)
{
    struct text id =
        label_value(call->order->args, call->order->args_count, TEXT_LITERAL("collector"));
    uint32_t handle = collector_find(&control->tables, call->pool, id);
    if (handle == NONE)
        return "there is no such collector";
    struct collector *collector = control->tables.collectors[handle];
    if (collector->drained == drained)
        return NULL;
    collector->drained = drained;
    collector_touch(&control->tables, handle);
    if (collector->planned != PLAN_NOBODY)
        member_plan(control, handle);
    return NULL;
}

static const char *collector_drain(struct control *control, const struct order_call *call)
{
    return collector_drained(control, call, true);
}

static const char *collector_undrain(struct control *control, const struct order_call *call)
{
    return collector_drained(control, call, false);
}

static const char *agent_forget(struct control *control, const struct order_call *call)
{
    struct tables *tables = &control->tables;
    struct text id = label_value(call->order->args, call->order->args_count, TEXT_LITERAL("agent"));
    uint32_t agent = agent_find(tables, call->pool, id);
    if (agent == NONE)
        return "there is no such agent";
    struct handles statements = {0};
    for (uint32_t s = tables->agents[agent].statements; s != NONE;
         s = tables->statements[s].next_of_agent)
        handles_add(&statements, s);
    handles_sort(&statements, tables, statement_before);
    for (uint32_t i = 0; i < statements.count; i++)
        statement_withdraw(control, statements.items[i]);
    handles_finish(&statements);
    return NULL;
}

static const struct {
    const char *name;
    order_verb *take;
    bool needs_pool;
} verbs[] = {
    {"agent.forget", agent_forget, true},
    {"collector.drain", collector_drain, true},
    {"collector.undrain", collector_undrain, true},
    {"pool.create", pool_create, false},
    {"pool.delete", pool_delete, true},
    {"pool.freeze", pool_freeze, true},
    {"pool.pause", pool_pause, true},
    {"pool.rebalance", pool_rebalance, true},
    {"pool.reset", pool_reset, true},
    {"pool.resume", pool_resume, true},
    {"pool.set", pool_set, true},
    {"pool.unfreeze", pool_unfreeze, true},
};

static const char no_verb[] = "there is no such verb";

static const char *order_carry_out(struct control *control, const struct order_call *call)
{
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (!text_equals(call->order->verb, verbs[i].name))
            continue;
        if (verbs[i].needs_pool && call->pool == NONE)
            return "there is no such pool";
        if (verbs[i].needs_pool && control->tables.pools[call->pool]->state == POOL_DELETED)
            return "the pool is being deleted";
        return verbs[i].take(control, call);
    }
    return no_verb;
}

void order_take(struct control *control, const struct order *order)
{
    struct order_call call = {.order = order};
    call.pool_name = order->pool.size > 0 ? order->pool : text_of(control->default_pool);
    call.pool = pool_find(&control->tables, call.pool_name);
    control->orders++;
    const char *fault = order_carry_out(control, &call);
    if (fault != NULL) {
        // The answer tells the missing from the wrong, for whoever cannot read.
        bool is_missing = text_has_prefix(text_of(fault), TEXT_LITERAL("there is no such")) &&
                          strcmp(fault, no_verb) != 0;
        input_answer(control, order->id, is_missing ? "not found" : "refused",
                     "order '%.*s' refused: %s", TEXT_ARGS(order->verb), fault);
        return;
    }
    char *words[2] = {text_copy(order->verb), text_copy(order->id)};
    trace(control, "operator > order %s -> done", words[0]);
    event_tell(control, &(struct event_draft){.kind = "order.taken",
                                              .pool = call.pool,
                                              .subject = words[0],
                                              .text = "carried out",
                                              .id = words[1],
                                              .answer = "done"});
    memory_release(words[0]);
    memory_release(words[1]);
}
