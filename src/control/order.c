// SPDX-License-Identifier: Apache-2.0
//
// Orders of operators. An order is checked as a whole; a wrong one is refused with its reason and
// what was in force stays in force. Verbs are rows of one table.
#include <string.h>

#include "base/memory.h"
#include "base/name.h"
#include "control/core.h"

// ---- Verbs.

// Merges the arguments into what was set in the pool, which stays as it is if the whole is refused.
static const char *policy_order(struct control *control, uint32_t handle, const struct order *order)
{
    const struct pool *pool = control->tables.pools[handle];
    struct policy_change change;
    buffer_clear(&control->line);
    const char *fault = policy_propose(pool->policy, pool->policy_count, order->args,
                                       order->args_count, &control->line, &change);
    if (fault == NULL)
        policy_take(control, handle, &change);
    return fault;
}

static const char *pool_set(struct control *control, const struct order_call *call)
{
    if (call->order->args_count == 0)
        return "nothing to set";
    const char *fault = policy_order(control, call->pool, call->order);
    if (fault == NULL)
        pool_note(control, call->pool, call->order, "policy set");
    return fault;
}

static const char *pool_reset(struct control *control, const struct order_call *call)
{
    struct policy_change change;
    buffer_clear(&control->line);
    const char *fault = policy_propose(NULL, 0, NULL, 0, &control->line, &change);
    if (fault != NULL)
        return fault;
    policy_take(control, call->pool, &change);
    pool_note(control, call->pool, call->order, "policy reset");
    return NULL;
}

static const char *pool_create(struct control *control, const struct order_call *call)
{
    const char *fault = name_fault(call->pool_name);
    struct policy_change change;
    if (fault != NULL)
        return "the name of the pool is not a name";
    if (call->pool != NONE && control->tables.pools[call->pool]->state == POOL_DELETED)
        return "the pool of this name is still being deleted";
    if (call->pool != NONE)
        return "the pool exists already";
    buffer_clear(&control->line);
    fault = policy_propose(NULL, 0, call->order->args, call->order->args_count, &control->line,
                           &change);
    if (fault != NULL)
        return fault;
    uint32_t pool = NONE;
    fault = pool_make(control, call, &pool);
    if (fault != NULL) {
        policy_change_finish(&change);
        return fault;
    }
    policy_take(control, pool, &change);
    return NULL;
}

const char no_collector[] = "there is no such collector";

struct collector *order_collector(const struct control *control, const struct order_call *call)
{
    struct text id =
        label_value(call->order->args, call->order->args_count, TEXT_LITERAL("collector"));
    uint32_t handle = collector_find(&control->tables, call->pool, id);
    return handle == NONE ? NULL : control->tables.collectors[handle];
}

static const char *collector_drained(struct control *control, const struct order_call *call,
                                     bool drained)
{
    struct collector *collector = order_collector(control, call);
    if (collector == NULL)
        return no_collector;
    if (collector->drained == drained)
        return NULL;
    collector->drained = drained;
    collector_touch(&control->tables, collector->handle);
    if (collector->planned != PLAN_NOBODY)
        member_plan(control, collector->handle);
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

// Who has not acknowledged a head that names it would not know that it is meant, and wait on.
static const char *collector_evict(struct control *control, const struct order_call *call)
{
    struct collector *collector = order_collector(control, call);
    if (collector == NULL)
        return no_collector;
    if (!member_is_alive(collector))
        return "it does not live: there is nothing to evict";
    if (collector->is_evicted)
        return NULL;
    if (collector->applied_generation < collector->admitted)
        return "it has not acknowledged yet that it is admitted: try again";
    member_evict(control, collector, "an operator wants it: its head names nobody");
    return NULL;
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

static const char *topic_retry(struct control *control, const struct order_call *call)
{
    struct text name =
        label_value(call->order->args, call->order->args_count, TEXT_LITERAL("topic"));
    uint32_t topic = topic_find(&control->tables, call->pool, name);
    if (topic == NONE)
        return "there is no such topic";
    return quarantine_end(control, topic) ? NULL : "it is not in quarantine";
}

static const char *cell_upgrade(struct control *control, const struct order_call *call)
{
    (void)call;
    return upgrade_order(control);
}

static const struct {
    const char *name;
    order_verb *take;
    bool needs_pool;
} verbs[] = {
    {"agent.forget", agent_forget, true},
    {"cell.upgrade", cell_upgrade, false},
    {"collector.drain", collector_drain, true},
    {"collector.evict", collector_evict, true},
    {"collector.report", command_give, true},
    {"collector.rotate", command_give, true},
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
    {"topic.retry", topic_retry, true},
};

static const char no_verb[] = "there is no such verb";

// `*ret_done` becomes what is to be said of it when it is not refused.
static const char *order_carry_out(struct control *control, const struct order_call *call,
                                   const char **ret_done)
{
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (!text_equals(call->order->verb, verbs[i].name))
            continue;
        if (verbs[i].needs_pool && call->pool == NONE)
            return "there is no such pool";
        if (verbs[i].needs_pool && control->tables.pools[call->pool]->state == POOL_DELETED)
            return "the pool is being deleted";
        *ret_done = verbs[i].take == command_give ? "given to it" : "carried out";
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
    const char *done = "";
    const char *fault = order_carry_out(control, &call, &done);
    if (fault != NULL) {
        // The answer tells the missing from the wrong, for whoever cannot read.
        bool is_missing = text_has_prefix(text_of(fault), TEXT_LITERAL("there is no such")) &&
                          strcmp(fault, no_verb) != 0;
        input_answer(control, order->id, is_missing ? "not found" : "refused", "order '%.*s': %s",
                     TEXT_ARGS(order->verb), fault);
        return;
    }
    char *words[2] = {text_copy(order->verb), text_copy(order->id)};
    trace(control, "operator > order %s -> done", words[0]);
    event_tell(control, &(struct event_draft){.kind = "order.taken",
                                              .pool = call.pool,
                                              .subject = words[0],
                                              .text = done,
                                              .id = words[1],
                                              .answer = "done"});
    memory_release(words[0]);
    memory_release(words[1]);
}
