// SPDX-License-Identifier: Apache-2.0
//
// The life of pools: what operators want of them, and what has come of it.
//
//                       pause                freeze
//         paused <---------------> active <---------------> frozen      delete (from any of them)
//                       resume               unfreeze                      v
//                                                                       deleted ---> gone
//
// paused    Every unit is taken from its owner (S2) and stays pending. The planner sleeps, so it
//           goes on holding who had what: resume gives each back to whoever had it and came back,
//           and what else has changed meanwhile is settled once, at the resume.
// frozen    The planner places what has no owner, and moves nothing for balance.
// deleted   All statements are withdrawn, so all units are taken away (S2). Whoever has let go of
//           everything is named no longer. When nobody is left, every record of the pool is
//           deleted in one transaction, and after it the name is free.
//
// All of it is level-triggered on the state's record: a leader that takes over goes on with what
// the one before had not finished.
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "control/core.h"

enum { POOLS_MAX = 1000 };

// ---- What is told of a pool.

static const char *const statuses[] = {"CREATING", "RUNNING", "DISABLED", "DELETED"};

static uint32_t collectors_alive(const struct control *control, uint32_t pool, bool draining_too)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < control->tables.collectors_count; i++) {
        const struct collector *row = control->tables.collectors[i];
        count += row != NULL && row->pool == pool && member_is_alive(row) &&
                 (draining_too || row->state != COLLECTOR_DRAINING);
    }
    return count;
}

// Collectors that the pool needs and has. Without a bound one is enough for any unit at all. Who
// does not lead has no plan and knows the cap alone.
static void pool_count(const struct control *control, uint32_t handle, struct plan_wanted *ret)
{
    const struct pool *pool = control->tables.pools[handle];
    *ret = (struct plan_wanted){.count = PLAN_NOBODY};
    if (pool->plan != NULL) {
        plan_wanted_get(pool->plan, UINT32_MAX, ret);
    } else {
        ret->actual = collectors_alive(control, handle, false);
        uint32_t cap = policy_cap(&pool->asked);
        if (cap > 0)
            ret->count = (pool->units + cap - 1) / cap;
    }
    if (ret->count == PLAN_NOBODY)
        ret->count = pool->units > 0;
}

static enum pool_status status_of(const struct pool *pool, const struct plan_wanted *wanted)
{
    if (pool->state == POOL_DELETED)
        return POOL_IS_DELETED;
    if (pool->state == POOL_PAUSED)
        return POOL_IS_DISABLED;
    return wanted->actual >= wanted->count ? POOL_IS_RUNNING : POOL_IS_CREATING;
}

void pool_status_get(const struct control *control, uint32_t handle, struct pool_view *ret)
{
    const struct pool *pool = control->tables.pools[handle];
    struct plan_wanted wanted;
    pool_count(control, handle, &wanted);
    bool is_ending = pool->state == POOL_DELETED;
    ret->state = text_of(pool_state_text((enum pool_state)pool->state));
    ret->status = text_of(statuses[status_of(pool, &wanted)]);
    ret->desired = is_ending ? 0 : wanted.count;
    ret->actual = is_ending ? collectors_alive(control, handle, true) : wanted.actual;
    ret->since_ms = pool->since_ms;
    ret->why = text_of(pool->why ? pool->why : "");
}

static void why_set(struct control *control, uint32_t handle, const char *why)
{
    struct pool *pool = control->tables.pools[handle];
    memory_release(pool->why);
    pool->why = text_copy(text_of(why));
    pool->since_ms = control->wall_ms;
    pool_touch(&control->tables, handle);
}

static void pool_tell(struct control *control, uint32_t handle, const char *kind)
{
    const struct pool *pool = control->tables.pools[handle];
    event_tell(control,
               &(struct event_draft){
                   .kind = kind, .pool = handle, .subject = pool->name, .text = pool->why});
}

void pool_judge(struct control *control, uint32_t handle)
{
    struct pool *pool = control->tables.pools[handle];
    struct plan_wanted wanted;
    struct buffer why = {0};
    pool_count(control, handle, &wanted);
    enum pool_status status = status_of(pool, &wanted);
    if (status == pool->status)
        return;
    pool->status = (uint8_t)status;
    buffer_print(&why, "%u of %u collectors are in", wanted.actual, wanted.count);
    if (wanted.reason[0] != '\0')
        buffer_print(&why, ": %s", wanted.reason);
    why_set(control, handle, buffer_string(&why));
    pool_tell(control, handle, status == POOL_IS_RUNNING ? "pool.running" : "pool.creating");
    buffer_finish(&why);
}

void pools_recall(struct control *control)
{
    struct plan_wanted wanted;
    for (uint32_t i = 0; i < control->tables.pools_count; i++) {
        if (control->tables.pools[i]->is_gone)
            continue;
        pool_count(control, i, &wanted);
        control->tables.pools[i]->status = (uint8_t)status_of(control->tables.pools[i], &wanted);
    }
}

void pool_note(struct control *control, uint32_t handle, const struct order *order,
               const char *what)
{
    struct buffer why = {0};
    if (order->id.size > 0)
        buffer_print(&why, "%s by order %.*s", what, TEXT_ARGS(order->id));
    else
        buffer_print(&why, "%s by an order", what);
    why_set(control, handle, buffer_string(&why));
    buffer_finish(&why);
}

// ---- Pause and resume.

// Takes the units of a paused pool from their owners, as many as one batch may write.
void pool_revoke(struct control *control, uint32_t handle)
{
    struct tables *tables = &control->tables;
    struct handles owners = {0}, units = {0};
    for (uint32_t i = 0; i < tables->collectors_count; i++)
        if (tables->collectors[i] != NULL && tables->collectors[i]->pool == handle &&
            tables->collectors[i]->owned > 0)
            handles_add(&owners, i);
    handles_sort(&owners, tables, collector_before);
    for (uint32_t i = 0; i < owners.count; i++)
        for (uint32_t b = 0; b < BUCKET_COUNT && tables->dirty_bytes < BATCH_BYTES_MAX; b++) {
            const struct bucket_row *bucket = &tables->collectors[owners.items[i]]->buckets[b];
            units.count = 0;
            for (uint32_t u = bucket->units; u != NONE; u = tables->units[u].next)
                handles_add(&units, u);
            handles_sort(&units, tables, unit_before);
            for (uint32_t k = 0; k < units.count; k++)
                unit_revoke(control, units.items[k], UNIT_PAUSED);
        }
    struct pool *pool = tables->pools[handle];
    pool->decide_again = INSTANT_NEVER;
    pool->is_unsettled = tables->dirty_bytes >= BATCH_BYTES_MAX;
    control->has_more_changes = control->has_more_changes || pool->is_unsettled;
    handles_finish(&owners);
    handles_finish(&units);
}

// Units without hands whose owner the planner still knows are given out at the next settle.
static void units_return(struct control *control, uint32_t pool)
{
    struct tables *tables = &control->tables;
    struct handles units = {0};
    for (uint32_t u = 0; u < tables->units_count; u++) {
        const struct unit *row = &tables->units[u];
        if (row->topic != NONE && row->state == UNIT_PENDING && row->reason == UNIT_PAUSED &&
            (pool == NONE || tables->topics[row->topic].pool == pool) &&
            tables->pools[tables->topics[row->topic].pool]->state != POOL_PAUSED)
            handles_add(&units, u);
    }
    handles_sort(&units, tables, unit_before);
    for (uint32_t i = 0; i < units.count; i++)
        handles_add(&control->loose, units.items[i]);
    handles_finish(&units);
}

void pools_return(struct control *control)
{
    units_return(control, NONE);
}

// ---- Collectors that left during a pause: the planner slept and still holds their units for them.

void pools_ghosts_join(struct control *control)
{
    struct tables *tables = &control->tables;
    for (uint32_t u = 0; u < tables->units_count; u++) {
        const struct unit *row = &tables->units[u];
        uint32_t next = control->numbers[u].next;
        if (row->topic == NONE || row->state != UNIT_PENDING || next == NONE)
            continue;
        struct collector *ghost = tables->collectors[next];
        if (ghost->planned != PLAN_NOBODY || tables->pools[ghost->pool]->state != POOL_PAUSED)
            continue;
        member_plan(control, next);
        ghost->state = COLLECTOR_GONE;
    }
}

void pools_ghosts_leave(struct control *control)
{
    struct tables *tables = &control->tables;
    for (uint32_t i = 0; i < tables->collectors_count; i++) {
        struct collector *ghost = tables->collectors[i];
        if (ghost == NULL || ghost->state != COLLECTOR_GONE || ghost->planned == PLAN_NOBODY)
            continue;
        plan_collector_leave(tables->pools[ghost->pool]->plan, ghost->planned);
        ghost->planned = PLAN_NOBODY;
    }
}

// ---- Deleting.

// Whoever has let go of everything hears that nobody is named any more, and ends. Who has not
// acknowledged a head that names it is left to do so first: without ever having been named it would
// go on waiting.
static void pool_evict(struct control *control, uint32_t handle)
{
    const struct tables *tables = &control->tables;
    for (uint32_t i = 0; i < tables->collectors_count; i++) {
        struct collector *row = tables->collectors[i];
        if (row == NULL || row->pool != handle || row->is_evicted || !member_is_alive(row) ||
            row->owned + row->revoking > 0 || row->applied_generation < row->admitted)
            continue;
        member_evict(control, row, "its pool is deleted: its head names nobody");
    }
}

static bool has_agents(const struct tables *tables, uint32_t pool)
{
    for (uint32_t i = 0; i < tables->agents_count; i++)
        if (tables->agents[i].id != NULL && tables->agents[i].pool == pool)
            return true;
    return false;
}

static bool has_collectors(const struct tables *tables, uint32_t pool)
{
    for (uint32_t i = 0; i < tables->collectors_count; i++)
        if (tables->collectors[i] != NULL && tables->collectors[i]->pool == pool &&
            tables->collectors[i]->state != COLLECTOR_GONE)
            return true;
    return false;
}

// Marks every record of the pool to be deleted by the next commit.
static void pool_bury(struct control *control, uint32_t handle)
{
    struct tables *tables = &control->tables;
    struct pool *pool = tables->pools[handle];
    pool->is_buried = true;
    pool_touch(tables, handle);
    for (uint32_t i = 0; i < tables->collectors_count; i++) {
        struct collector *row = tables->collectors[i];
        if (row == NULL || row->pool != handle || !row->is_known)
            continue;
        row->is_buried = true;
        collector_touch(tables, i);
        collector_change(tables, i, -1, true);
        control->is_assignment_changed = true;
    }
    trace(control, "pool %s > nobody is left in it -> its records are deleted", pool->name);
    event_tell(control, &(struct event_draft){.kind = "pool.gone",
                                              .pool = handle,
                                              .subject = pool->name,
                                              .text = "nobody was left in it; the name is free"});
}

void pools_bury(struct control *control)
{
    struct tables *tables = &control->tables;
    for (uint32_t i = 0; i < tables->pools_count; i++) {
        struct pool *pool = tables->pools[i];
        if (pool->is_gone || pool->is_buried || pool->state != POOL_DELETED)
            continue;
        pool_evict(control, i);
        if (pool->units == 0 && !has_agents(tables, i) && !has_collectors(tables, i))
            pool_bury(control, i);
    }
}

void pools_buried(struct control *control)
{
    for (uint32_t i = 0; i < control->tables.pools_count; i++)
        if (control->tables.pools[i]->is_buried)
            pool_remove(&control->tables, i);
}

static void statements_withdraw(struct control *control, uint32_t pool)
{
    struct tables *tables = &control->tables;
    struct handles statements = {0};
    for (uint32_t s = 0; s < tables->statements_count; s++)
        if (tables->statements[s].source != NULL &&
            tables->agents[tables->statements[s].agent].pool == pool)
            handles_add(&statements, s);
    handles_sort(&statements, tables, statement_before);
    for (uint32_t i = 0; i < statements.count; i++)
        statement_withdraw(control, statements.items[i]);
    handles_finish(&statements);
}

// ---- Verbs.

static const char *arguments_fault(const struct order *order, const char *known)
{
    for (uint32_t i = 0; i < order->args_count; i++)
        if (known == NULL || !text_equals(order->args[i].key, known))
            return known ? "it takes no argument but 'force'" : "it takes no arguments";
    return NULL;
}

// What is so already is done, not refused: an order says what is to be.
static const char *pool_turn(struct control *control, const struct order_call *call,
                             enum pool_state to, const char *kind, const char *what)
{
    struct pool *pool = control->tables.pools[call->pool];
    struct plan_wanted wanted;
    const char *fault = arguments_fault(call->order, NULL);
    if (fault != NULL || pool->state == to)
        return fault;
    pool->state = (uint8_t)to;
    pool->is_unsettled = true;
    pool_note(control, call->pool, call->order, what);
    pool_count(control, call->pool, &wanted);
    pool->status = (uint8_t)status_of(pool, &wanted);
    trace(control, "operator > pool %s -> %s", pool->name, what);
    pool_tell(control, call->pool, kind);
    return NULL;
}

const char *pool_pause(struct control *control, const struct order_call *call)
{
    if (control->tables.pools[call->pool]->state == POOL_FROZEN)
        return "the pool is frozen: unfreeze it first";
    return pool_turn(control, call, POOL_PAUSED, "pool.paused", "paused");
}

const char *pool_resume(struct control *control, const struct order_call *call)
{
    bool was_paused = control->tables.pools[call->pool]->state == POOL_PAUSED;
    if (control->tables.pools[call->pool]->state == POOL_FROZEN)
        return "the pool is frozen, not paused: unfreeze it";
    const char *fault = pool_turn(control, call, POOL_ACTIVE, "pool.resumed", "resumed");
    if (fault == NULL && was_paused)
        units_return(control, call->pool);
    return fault;
}

const char *pool_freeze(struct control *control, const struct order_call *call)
{
    if (control->tables.pools[call->pool]->state == POOL_PAUSED)
        return "the pool is paused: resume it first";
    return pool_turn(control, call, POOL_FROZEN, "pool.frozen", "frozen");
}

const char *pool_unfreeze(struct control *control, const struct order_call *call)
{
    if (control->tables.pools[call->pool]->state == POOL_PAUSED)
        return "the pool is paused, not frozen: resume it";
    return pool_turn(control, call, POOL_ACTIVE, "pool.unfrozen", "unfrozen");
}

const char *pool_rebalance(struct control *control, const struct order_call *call)
{
    struct pool *pool = control->tables.pools[call->pool];
    const char *fault = arguments_fault(call->order, NULL);
    if (fault != NULL)
        return fault;
    if (pool->state == POOL_PAUSED)
        return "the pool is paused: resume it first";
    pool->is_forced = true;
    pool->is_unsettled = true;
    trace(control, "operator > pool %s -> rebalanced", pool->name);
    event_tell(control, &(struct event_draft){.kind = "pool.rebalanced",
                                              .pool = call->pool,
                                              .subject = pool->name,
                                              .text = "evened out at once, whatever the budget"});
    return NULL;
}

// Why the pool may not go, in the control's line; NULL = it may.
static const char *pool_keeps(struct control *control, uint32_t pool, bool is_forced)
{
    uint32_t alive = collectors_alive(control, pool, true), agents = 0;
    for (uint32_t i = 0; i < control->tables.agents_count; i++)
        agents += control->tables.agents[i].id != NULL && control->tables.agents[i].pool == pool;
    if (is_forced || alive + agents == 0)
        return NULL;
    buffer_clear(&control->line);
    buffer_print(&control->line,
                 "the pool has %u live collectors and %u agents: stop them first, or delete it "
                 "with force=true",
                 alive, agents);
    return buffer_string(&control->line);
}

const char *pool_delete(struct control *control, const struct order_call *call)
{
    struct order bare = *call->order;
    struct order_call turn = {&bare, call->pool, call->pool_name};
    struct text force =
        label_value(call->order->args, call->order->args_count, TEXT_LITERAL("force"));
    const char *fault = arguments_fault(call->order, "force");
    if (fault != NULL)
        return fault;
    if (force.size > 0 && !text_equals(force, "true") && !text_equals(force, "false"))
        return "force is neither 'true' nor 'false'";
    if (text_equals(call->pool_name, control->default_pool))
        return "the default pool cannot be deleted: 'pool reset' takes its policy back";
    fault = pool_keeps(control, call->pool, text_equals(force, "true"));
    if (fault != NULL)
        return fault;
    bare.args_count = 0;
    (void)pool_turn(control, &turn, POOL_DELETED, "pool.deleted", "deleted");
    statements_withdraw(control, call->pool);
    return NULL;
}

const char *pool_make(struct control *control, const struct order_call *call, uint32_t *ret_pool)
{
    struct tables *tables = &control->tables;
    uint32_t count = 0;
    for (uint32_t i = 0; i < tables->pools_count; i++)
        count += !tables->pools[i]->is_gone;
    if (count >= POOLS_MAX)
        return "there are 1000 pools already";
    *ret_pool = pool_add(tables, call->pool_name);
    tables->pools[*ret_pool]->plan = plan_create(control->plan_units, &(struct plan_options){0});
    pool_note(control, *ret_pool, call->order, "created");
    pool_tell(control, *ret_pool, "pool.created");
    return NULL;
}
