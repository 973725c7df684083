// SPDX-License-Identifier: Apache-2.0
//
// From the state topic to the tables. Records come in any order (compaction keeps the newest of
// each key), so a unit may come before its topic's claims and a claim before its agent; every
// record makes the rows that it names. What is wrong between them is looked at once, at the end.
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "control/scratch.h"
#include "proto/key.h"

static void text_replace(char **slot, struct text text)
{
    memory_release(*slot);
    *slot = text_copy(text);
}

static uint32_t pool_row(struct control *control, struct text name)
{
    uint32_t pool = pool_find(&control->tables, name);
    return pool == NONE ? pool_add(&control->tables, name) : pool;
}

static enum pool_state pool_state_of(struct text text)
{
    for (int i = 0; i < POOL_STATE_COUNT; i++)
        if (text_equals(text, pool_state_text((enum pool_state)i)))
            return (enum pool_state)i;
    return POOL_ACTIVE;
}

static uint32_t collector_row(struct control *control, uint32_t pool, struct text id)
{
    uint32_t collector = collector_find(&control->tables, pool, id);
    return collector == NONE ? collector_add(&control->tables, pool, id) : collector;
}

// ---- One file of records each.

static void restore_cell(struct control *control, const struct state_cell *record)
{
    text_replace(&control->lineage, record->lineage);
    text_replace(&control->leader, record->leader);
    text_replace(&control->leader_incarnation, record->leader_incarnation);
    text_replace(&control->cell_cluster_id, record->cluster_id);
    control->level = record->level;
    control->epoch = record->epoch;
    control->generation = record->generation;
    control->moves = record->moves;
    control->resigned = record->resigned;
    control->state_partitions = record->assignments_partitions;
    control->positions[INPUT_CONTROL] = record->control;
    control->positions[INPUT_ORDERS] = record->orders;
    newest_note(control);
}

static void restore_pool(struct control *control, struct text name, const struct state_pool *record)
{
    uint32_t handle = pool_find(&control->tables, name);
    if (record == NULL) {
        if (handle != NONE && control->tables.pools[handle]->units == 0)
            pool_remove(&control->tables, handle);
        return;
    }
    handle = pool_row(control, name);
    struct pool *pool = control->tables.pools[handle];
    labels_release(pool->policy, pool->policy_count);
    pool->policy = labels_copy(record->policy, record->policy_count);
    pool->policy_count = record->policy_count;
    pool->state = (uint8_t)pool_state_of(record->state);
    text_replace(&pool->why, record->why);
    pool->since_ms = record->since_ms;
    policy_restore(control, handle);
}

static void restore_agent(struct control *control, uint32_t pool, struct text id,
                          const struct state_agent *record)
{
    struct tables *tables = &control->tables;
    uint32_t agent = agent_find(tables, pool, id);
    if (record == NULL) {
        if (agent != NONE && tables->agents[agent].statements == NONE)
            agent_remove(tables, agent, false);
        return;
    }
    if (agent == NONE)
        agent = agent_add(tables, pool, id);
    struct agent *row = &tables->agents[agent];
    labels_release(row->labels, row->labels_count);
    row->labels = labels_copy(record->labels, record->labels_count);
    row->labels_count = record->labels_count;
    row->since_ms = record->since_ms;
    row->misses = record->misses > 0 && record->misses < UINT32_MAX ? (uint32_t)record->misses : 0;
    agent_health_set(tables, agent, AGENT_HEALTHY);
    for (int i = 0; i < AGENT_HEALTH_COUNT; i++)
        if (text_equals(record->health, agent_health_text((enum agent_health)i)))
            agent_health_set(tables, agent, (enum agent_health)i);
}

static uint32_t claim_of_key(const struct tables *tables, uint32_t pool,
                             const struct state_key *key)
{
    uint32_t agent = agent_find(tables, pool, key->name);
    uint32_t statement = agent == NONE ? NONE : statement_find(tables, agent, key->source);
    uint32_t topic = topic_find(tables, pool, key->unit);
    return statement == NONE || topic == NONE ? NONE : claim_find(tables, statement, topic);
}

// Takes back the claim that a key names, if it is there.
static void unclaim(struct tables *tables, uint32_t pool, const struct state_key *key)
{
    uint32_t claim = claim_of_key(tables, pool, key);
    if (claim == NONE)
        return;
    uint32_t statement = tables->claims[claim].statement, topic = tables->claims[claim].topic;
    claim_remove(tables, claim, false);
    if (tables->statements[statement].claims == NONE)
        statement_remove(tables, statement);
    if (tables->topics[topic].claims == NONE && tables->topics[topic].units == NONE)
        topic_remove(tables, topic);
}

static uint32_t statement_row(struct tables *tables, uint32_t pool, const struct state_key *key)
{
    uint32_t agent = agent_find(tables, pool, key->name);
    if (agent == NONE)
        agent = agent_add(tables, pool, key->name);
    uint32_t statement = statement_find(tables, agent, key->source);
    return statement == NONE ? statement_add(tables, agent, key->source) : statement;
}

static void restore_claim(struct control *control, uint32_t pool, const struct state_key *key,
                          const struct state_claim *record)
{
    struct tables *tables = &control->tables;
    if (record == NULL) {
        unclaim(tables, pool, key);
        return;
    }
    uint32_t statement = statement_row(tables, pool, key);
    uint32_t topic = topic_get(tables, pool, key->unit);
    uint32_t claim = claim_find(tables, statement, topic);
    if (claim != NONE)
        claim_remove(tables, claim, false);
    tables->statements[statement].ttl_ms = record->ttl_ms;
    struct attributes wanted = {.weight = record->weight,
                                .partitions = (int32_t)record->partitions,
                                .split = record->split,
                                .labels = record->labels,
                                .labels_count = record->labels_count};
    claim_add(tables, statement, topic, record->order, attributes_share(tables, &wanted));
}

static enum unit_reason reason_of(struct text text)
{
    for (int i = 0; i < UNIT_REASON_COUNT; i++)
        if (text_equals(text, unit_reason_text((enum unit_reason)i)))
            return (enum unit_reason)i;
    return UNIT_WAITS;
}

static enum unit_state state_of(struct text text)
{
    for (int i = 0; i < UNIT_STATE_COUNT; i++)
        if (text_equals(text, unit_state_text((enum unit_state)i)))
            return (enum unit_state)i;
    return UNIT_PENDING;
}

// Units come in the order of their claims, mostly: so the topic behind that of the last one is
// looked at first, which is beside it, while a look-up is a miss of the processor's cache.
static uint32_t unit_topic_row(struct control *control, uint32_t pool, struct text name, bool make)
{
    struct tables *tables = &control->tables;
    uint32_t topic = control->topic_next;
    if (topic >= tables->topics_count || tables->topics[topic].name == 0 ||
        tables->topics[topic].pool != pool || !text_equal(topic_name(tables, topic), name))
        topic = make ? topic_get(tables, pool, name) : topic_find(tables, pool, name);
    if (topic != NONE)
        control->topic_next = topic + 1;
    return topic;
}

// The unit that a key names, made if need be. The text is "[cluster:]topic[/partition]".
static uint32_t unit_row(struct control *control, uint32_t pool, struct text text, bool make)
{
    struct tables *tables = &control->tables;
    struct unit_name name;
    if (unit_name_parse(text, &name) != STATUS_OK)
        return NONE;
    uint32_t topic = unit_topic_row(control, pool, unit_topic(text, name), make);
    if (topic == NONE)
        return NONE;
    uint32_t unit = unit_find(tables, topic, (int32_t)name.partition);
    return unit == NONE && make ? unit_add(tables, topic, (int32_t)name.partition) : unit;
}

// Whether a unit is left of those that Kafka does not have.
static bool has_beyond(const struct tables *tables, uint32_t topic)
{
    for (uint32_t u = tables->topics[topic].units; u != NONE; u = tables->units[u].sibling)
        if (topic_is_beyond(&tables->topics[topic], tables->units[u].partition))
            return true;
    return false;
}

static void unit_unrestore(struct control *control, uint32_t unit)
{
    struct tables *tables = &control->tables;
    uint32_t topic = tables->units[unit].topic;
    lag_forget(control, unit);
    unit_move(tables, unit, UNIT_PENDING, NONE);
    unit_remove(tables, unit, false);
    tables->topics[topic].is_short = has_beyond(tables, topic);
    if (tables->topics[topic].claims == NONE && tables->topics[topic].units == NONE)
        topic_remove(tables, topic);
}

static void numbers_reserve(struct control *control, uint32_t unit)
{
    uint32_t had = control->numbers_capacity;
    control->numbers = array_reserve(control->numbers, &control->numbers_capacity, unit + 1,
                                     sizeof(struct number));
    memset(control->numbers + had, 0, (control->numbers_capacity - had) * sizeof(struct number));
}

// What Kafka has of the topic, by what the record of one of its units says.
static void restore_presence(struct topic *topic, const struct unit *unit, int32_t partitions)
{
    bool is_absent = unit->reason == UNIT_ABSENT;
    bool is_beyond = partitions > 0 && unit->partition >= partitions;
    if (topic->partitions != partitions)
        topic->is_short = false;
    topic->partitions = partitions;
    if (unit->is_doomed)
        return;
    topic->is_missing = is_absent && !is_beyond;
    if (is_beyond && is_absent)
        topic->is_short = true;
}

static void restore_unit(struct control *control, uint32_t pool, struct text text,
                         const struct state_unit *record)
{
    struct tables *tables = &control->tables;
    uint32_t unit = unit_row(control, pool, text, record != NULL);
    if (unit == NONE)
        return;
    if (record == NULL) {
        unit_unrestore(control, unit);
        return;
    }
    enum unit_state state = state_of(record->state);
    bool is_held = state == UNIT_OWNED || state == UNIT_REVOKING;
    uint32_t owner = is_held ? collector_row(control, pool, record->owner) : NONE;
    uint32_t previous =
        record->previous.size > 0 ? collector_row(control, pool, record->previous) : NONE;
    if (tables->units[unit].owner != owner)
        lag_unheard(control, unit);
    unit_move(tables, unit, UNIT_PENDING, NONE);
    unit_previous_set(tables, unit, previous);
    struct unit *row = &tables->units[unit];
    row->generation = state == UNIT_REVOKING ? record->revoked : record->fence;
    row->since_s = (uint32_t)(record->since_ms / 1000);
    row->reason = (uint8_t)reason_of(record->reason);
    row->failures =
        record->failures > 0 && record->failures < UINT8_MAX ? (uint8_t)record->failures : 0;
    row->is_grown = record->grown;
    row->is_doomed =
        state == UNIT_REVOKING && (row->reason == UNIT_WITHDRAWN || row->reason == UNIT_RESHAPED);
    unit_move(tables, unit, state, owner);
    restore_presence(&tables->topics[row->topic], row, (int32_t)record->partitions);
    numbers_reserve(control, unit);
    control->numbers[unit].number = record->placement;
    control->numbers[unit].next = NONE;
    if (state == UNIT_OWNED)
        control->numbers[unit].next = owner;
    else if ((state == UNIT_REVOKING || state == UNIT_PENDING) && record->next.size > 0)
        control->numbers[unit].next = collector_row(control, pool, record->next);
}

// A leader has forgotten it. What beats have said of the same id meanwhile stays.
static void collector_unrestore(struct control *control, uint32_t handle)
{
    struct collector *row = handle == NONE ? NULL : control->tables.collectors[handle];
    if (row == NULL || row->references > 0)
        return;
    row->is_known = false;
    for (int i = 0; i < COLLECTOR_WAITING_MAX; i++)
        if (row->waiting[i].incarnation[0] != '\0')
            return;
    collector_discard(&control->tables, handle);
}

static void restore_collector(struct control *control, uint32_t pool, struct text id,
                              const struct state_collector *record)
{
    if (record == NULL) {
        collector_unrestore(control, collector_find(&control->tables, pool, id));
        return;
    }
    uint32_t handle = collector_row(control, pool, id);
    struct collector *row = control->tables.collectors[handle];
    bool is_same = text_equals(record->incarnation, row->incarnation);
    if (!is_same && row->incarnation[0] != '\0')
        member_ended(row, text_of(row->incarnation));
    memset(row->incarnation, 0, sizeof(row->incarnation));
    memcpy(row->incarnation, record->incarnation.data ? record->incarnation.data : "",
           record->incarnation.size <= 32 ? record->incarnation.size : 0);
    if (!is_same) {
        row->seq = 0;
        row->applied_generation = 0;
        row->heard = control->now;
        member_waits_no_more(row, record->incarnation);
    }
    row->lease_ms = record->lease_ms;
    row->level = record->level;
    row->capacity_units = record->capacity_units;
    row->capacity_weight = record->capacity_weight;
    row->drained = record->drained;
    row->generation = record->generation;
    row->admitted = record->admitted;
    row->hold_ms = record->hold_ms;
    row->since_ms = record->since_ms;
    commands_restore(row, record);
    labels_release(row->labels, row->labels_count);
    row->labels = labels_copy(record->labels, record->labels_count);
    row->labels_count = record->labels_count;
    row->state = COLLECTOR_GONE;
    for (int i = 0; i <= COLLECTOR_GONE; i++)
        if (text_equals(record->state, collector_state_text((enum collector_state)i)))
            row->state = (enum collector_state)i;
    row->is_evicted = text_equals(record->state, COLLECTOR_EVICTED) && member_is_alive(row);
    if (row->is_evicted)
        row->state = COLLECTOR_ACTIVE; // member_plan says whether it is drained
    for (uint32_t i = 0; i < BUCKET_COUNT; i++)
        row->buckets[i].generation = i < record->buckets_count ? record->buckets[i] : 0;
    row->is_known = true;
}

void restore_record(struct control *control, const struct state_key *key, const void *record)
{
    bool is_in_pool = key->pool.size > 0 && key->kind != RECORD_STATE_POOL;
    uint32_t pool = is_in_pool ? pool_find(&control->tables, key->pool) : NONE;
    if (is_in_pool && pool == NONE && record == NULL)
        return; // its pool is gone
    if (is_in_pool && pool == NONE)
        pool = pool_row(control, key->pool);
    switch (key->kind) {
    case RECORD_STATE_CELL:
        if (record != NULL)
            restore_cell(control, record);
        break;
    case RECORD_STATE_POOL:
        restore_pool(control, key->pool, record);
        break;
    case RECORD_STATE_AGENT:
        restore_agent(control, pool, key->name, record);
        break;
    case RECORD_STATE_CLAIM:
        restore_claim(control, pool, key, record);
        break;
    case RECORD_STATE_UNIT:
        restore_unit(control, pool, key->unit, record);
        break;
    case RECORD_STATE_COLLECTOR:
        restore_collector(control, pool, key->name, record);
        break;
    default:
        break;
    }
}

uint32_t restore_row(struct control *control, const struct state_key *key)
{
    struct tables *tables = &control->tables;
    if (key->kind == RECORD_STATE_CELL)
        return control->lineage != NULL ? 0 : NONE;
    uint32_t pool = pool_find(tables, key->pool);
    if (pool == NONE || key->kind == RECORD_STATE_POOL)
        return pool;
    if (key->kind == RECORD_STATE_AGENT)
        return agent_find(tables, pool, key->name);
    if (key->kind == RECORD_STATE_CLAIM)
        return claim_of_key(tables, pool, key);
    if (key->kind == RECORD_STATE_UNIT)
        return unit_row(control, pool, key->unit, false);
    uint32_t collector = collector_find(tables, pool, key->name);
    return collector != NONE && tables->collectors[collector]->is_known ? collector : NONE;
}

// ---- The end: from tables to plans.

static void plans_join(struct control *control)
{
    struct tables *tables = &control->tables;
    for (uint32_t i = 0; i < tables->collectors_count; i++) {
        struct collector *collector = tables->collectors[i];
        if (collector == NULL)
            continue;
        if (collector->state == COLLECTOR_GONE) {
            collector->heard = control->now; // it is forgotten an hour after that at the earliest
            continue;
        }
        collector->asks_drain = collector->state == COLLECTOR_DRAINING && !collector->drained;
        if (member_is_alive(collector) && collector->state == COLLECTOR_HELD)
            collector->state = COLLECTOR_ACTIVE;
        collector->heard = control->now;
        collector->hold_until = instant_add(control->now, span_of_ms(collector->hold_ms));
        member_plan(control, i);
    }
}

bool restore_is_planned(const struct control *control, uint32_t unit)
{
    const struct tables *tables = &control->tables;
    if (unit >= control->numbers_capacity)
        return false;
    const struct unit *row = &tables->units[unit];
    const struct topic *topic = &tables->topics[row->topic];
    uint32_t last = claim_last(tables, row->topic);
    if (topic->is_missing || topic_is_beyond(topic, row->partition) || last == NONE ||
        row->is_doomed || control->numbers[unit].number < 0)
        return false;
    const struct attributes *said = &tables->attributes[tables->claims[last].attributes];
    int32_t size = said->partitions > topic->partitions ? said->partitions : topic->partitions;
    if (said->split && size > 0)
        return row->partition >= 0 && row->partition < size;
    return said->split || row->partition < 0;
}

static void plans_restore(struct control *control)
{
    struct tables *tables = &control->tables;
    for (uint32_t unit = 0; unit < tables->units_count; unit++) {
        if (tables->units[unit].topic == NONE || !restore_is_planned(control, unit))
            continue;
        struct plan *plan = tables->pools[tables->topics[tables->units[unit].topic].pool]->plan;
        uint32_t next = control->numbers[unit].next;
        uint32_t planned = next == NONE ? PLAN_NOBODY : tables->collectors[next]->planned;
        struct plan_unit_options options = topic_options(tables, tables->units[unit].topic);
        plan_unit_restore(plan, unit, planned, (uint64_t)control->numbers[unit].number, &options);
    }
}

// Units whose grant was decided but not published: the fence is newer than the bucket.
static void buckets_resume(struct control *control)
{
    struct tables *tables = &control->tables;
    for (uint32_t i = 0; i < tables->collectors_count; i++)
        for (uint32_t b = 0; tables->collectors[i] != NULL && b < BUCKET_COUNT; b++) {
            struct collector *collector = tables->collectors[i];
            for (uint32_t u = collector->buckets[b].units; u != NONE; u = tables->units[u].next)
                if (tables->units[u].generation > collector->buckets[b].generation) {
                    collector_change(tables, i, (int)b, false);
                    control->is_assignment_changed = true;
                    break;
                }
        }
}

// The numbers that the planners go on with: behind all that were given out in their pools. One pass
// for all of them; released by the caller.
static uint64_t *numbers_next(const struct control *control)
{
    const struct tables *tables = &control->tables;
    uint64_t *next = memory_get(tables->pools_count * sizeof(*next));
    for (uint32_t unit = 0; unit < tables->units_count; unit++) {
        if (tables->units[unit].topic == NONE || control->numbers[unit].number < 0)
            continue;
        uint64_t number = (uint64_t)control->numbers[unit].number;
        uint32_t pool = tables->topics[tables->units[unit].topic].pool;
        if (number >= next[pool])
            next[pool] = number + 1;
    }
    return next;
}

static void plans_create(struct control *control)
{
    struct tables *tables = &control->tables;
    control->plan_units = plan_units_create();
    plan_units_reserve(control->plan_units, tables->units_count);
    numbers_reserve(control, tables->units_count);
    uint64_t *next = numbers_next(control);
    for (uint32_t i = 0; i < tables->pools_count; i++) {
        if (tables->pools[i]->is_gone)
            continue;
        struct plan_options options = {.policy = &tables->pools[i]->asked, .number_next = next[i]};
        tables->pools[i]->plan = plan_create(control->plan_units, &options);
    }
    memory_release(next);
}

enum status restore_end(struct control *control)
{
    struct tables *tables = &control->tables;
    if (pool_find(tables, text_of(control->default_pool)) == NONE)
        pool_touch(tables, pool_add(tables, text_of(control->default_pool)));
    scratch_destroy(*control->peeked);
    *control->peeked = NULL;
    plans_create(control);
    plans_join(control);
    pools_ghosts_join(control);
    plans_restore(control);
    for (uint32_t i = 0; i < tables->pools_count; i++)
        if (!tables->pools[i]->is_gone && plan_restore_end(tables->pools[i]->plan) != STATUS_OK)
            return STATUS_INVALID;
    pools_ghosts_leave(control);
    for (uint32_t i = 0; i < tables->pools_count; i++)
        if (!tables->pools[i]->is_gone && tables->pools[i]->asked.balance == PLAN_BALANCE_LOAD)
            loads_tell(control, i);
    for (uint32_t i = 0; i < tables->collectors_count; i++)
        if (tables->collectors[i] != NULL)
            revoked_sort(tables, i);
    buckets_resume(control);
    silence_begin(control);
    for (uint32_t topic = 0; topic < tables->topics_count; topic++)
        if (tables->topics[topic].name != 0)
            topic_reconcile(control, topic);
    handles_sort(&tables->asks, tables, topic_before);
    statements_time_all(control);
    pools_return(control);
    pools_recall(control);
    memory_release(control->numbers);
    control->numbers = NULL;
    control->numbers_capacity = 0;
    return STATUS_OK;
}
