// SPDX-License-Identifier: Apache-2.0
//
// Reads of the tables for the HTTP interface.
#include "control/view.h"

#include <string.h>

#include "control/scratch.h"

enum { WANTED_AGE_MS = 10000, REASON_AGE_MS = 5000 };

static struct text phase_text(const struct control *control)
{
    static const char *const texts[] = {"standby", "claiming", "restoring", "restoring", "leader"};
    return text_of(texts[control->phase]);
}

void control_view_lag(const struct control *control, struct text pool, struct lag_view *ret)
{
    *ret = (struct lag_view){0};
    for (uint32_t i = 0; i < control->tables.pools_count; i++) {
        const struct pool *row = control->tables.pools[i];
        if (pool.size > 0 && !text_equals(pool, row->name))
            continue;
        ret->units += row->units;
        ret->unknown += row->units - row->lag_units;
        ret->records += row->lag_records;
        ret->records_per_s += row->records_per_s;
    }
}

int64_t control_view_oldest_ms(const struct control *control, struct text pool)
{
    const struct tables *tables = &control->tables;
    uint32_t handle = pool_find(tables, pool);
    int64_t oldest = -1;
    for (uint32_t i = 0; i < tables->units_count && i < control->pictures_capacity; i++)
        if (control->pictures[i] != NULL && tables->units[i].topic != NONE &&
            tables->topics[tables->units[i].topic].pool == handle) {
            int64_t ms = lag_oldest_ms(control, control->pictures[i]);
            oldest = ms > oldest ? ms : oldest;
        }
    return oldest;
}

struct span control_view_echo(const struct control *control, struct instant now)
{
    struct instant proved = control->evidence.proved;
    return instant_since(now,
                         instant_is_before(proved, control->started) ? control->started : proved);
}

void control_view_cell(const struct control *control, struct cell_view *ret)
{
    const struct tables *tables = &control->tables;
    *ret = (struct cell_view){.role = phase_text(control),
                              .lineage = text_of(control->lineage),
                              .leader = text_of(control->leader),
                              .level = control->level,
                              .epoch = control->epoch,
                              .generation = control->generation,
                              .topics = tables->topics_live,
                              .units = tables->units_live,
                              .agents = tables->agents_live,
                              .unhealthy = tables->agents_unhealthy,
                              .moves = control->moves,
                              .refused = control->refused,
                              .ignored = control->ignored,
                              .announcements = control->announcements,
                              .orders = control->orders,
                              .commits = control->commits,
                              .positions_lost = control->positions_lost,
                              .foreign = control->foreign,
                              .is_barred = control->is_barred || damage_bars(control),
                              .is_restored = control->is_restored};
    for (uint32_t i = 0; i < tables->pools_count; i++) {
        ret->pools += !tables->pools[i]->is_gone;
        ret->pending += tables->pools[i]->states[UNIT_PENDING];
        ret->owned += tables->pools[i]->states[UNIT_OWNED];
        ret->revoking += tables->pools[i]->states[UNIT_REVOKING];
        ret->missing += tables->pools[i]->states[UNIT_MISSING];
        ret->quarantined += tables->pools[i]->states[UNIT_QUARANTINED];
        ret->dormant += tables->pools[i]->states[UNIT_DORMANT];
    }
    ret->standbys = control->phase == PHASE_STANDBY;
    for (int i = 0; i < COORDINATORS_MAX; i++)
        ret->standbys += peer_is_alive(control, &control->peers[i]) &&
                         strcmp(control->peers[i].state, "standby") == 0;
    for (uint32_t i = 0; i < tables->collectors_count; i++)
        ret->collectors += tables->collectors[i] != NULL && member_is_alive(tables->collectors[i]);
}

static struct text collector_id(const struct tables *tables, uint32_t handle)
{
    return handle == NONE ? TEXT_LITERAL("") : text_of(tables->collectors[handle]->id);
}

// Of a pending unit the state has the reason of the last decision about it; another collector may
// have come or gone since.
static enum unit_reason unit_reason(const struct control *control, uint32_t unit)
{
    const struct unit *row = &control->tables.units[unit];
    uint32_t pool = control->tables.topics[row->topic].pool;
    if (control->tables.pools[pool]->plan != NULL || row->state != UNIT_PENDING)
        return unit_reason_now(control, unit);
    return unit_reason_by(control, unit, plan_peek_exact(control, pool, REASON_AGE_MS));
}

static void unit_fill(const struct control *control, uint32_t unit, struct unit_view *ret)
{
    const struct tables *tables = &control->tables;
    const struct unit *row = &tables->units[unit];
    const struct topic *topic = &tables->topics[row->topic];
    enum unit_reason reason = unit_reason(control, unit);
    *ret = (struct unit_view){.pool = text_of(tables->pools[topic->pool]->name),
                              .name = topic_name(tables, row->topic),
                              .partition = row->partition,
                              .is_paused = tables->pools[topic->pool]->state == POOL_PAUSED,
                              .state = text_of(unit_state_text((enum unit_state)row->state)),
                              .owner = collector_id(tables, row->owner),
                              .previous = collector_id(tables, row->previous),
                              .rule = text_of(unit_reason_rule(reason)),
                              .reason = text_of(unit_reason_text(reason)),
                              .fence = row->generation,
                              .since_ms = (int64_t)row->since_s * 1000,
                              .partitions = topic->partitions,
                              .position = -1,
                              .committed = -1,
                              .end = -1,
                              .lag = -1,
                              .oldest_unprocessed_ms = -1,
                              .reader_state = TEXT_LITERAL("")};
    int64_t listens_ms = span_ms(instant_since(control->now, control->listens_since));
    ret->is_older = ret->since_ms + 1000 < control->wall_ms - listens_ms;
    if (row->owner != NONE && tables->collectors[row->owner]->admitted > ret->fence)
        ret->fence = tables->collectors[row->owner]->admitted;
    const struct picture *picture =
        unit < control->pictures_capacity ? control->pictures[unit] : NULL;
    if (picture == NULL)
        return;
    ret->position = picture->position;
    ret->committed = picture->committed;
    ret->end = picture->end;
    ret->lag = picture->lag;
    ret->oldest_unprocessed_ms = lag_oldest_ms(control, picture);
    ret->records_per_s = picture->is_heard ? picture->records_per_s : 0;
    ret->bytes_per_s = picture->is_heard ? picture->bytes_per_s : 0;
    ret->positions_lost = picture->positions_lost;
    ret->reader_state = text_of(picture->state);
    ret->sink_answer = text_of(picture->answer ? picture->answer : "");
}

bool control_next_unit(const struct control *control, uint32_t *cursor, struct unit_view *ret)
{
    while (*cursor < control->tables.units_count) {
        uint32_t unit = (*cursor)++;
        if (control->tables.units[unit].topic == NONE)
            continue;
        unit_fill(control, unit, ret);
        return true;
    }
    return false;
}

const struct report_part *control_unit_parts(const struct control *control, uint32_t cursor,
                                             uint32_t *ret_count)
{
    uint32_t unit = cursor - 1;
    const struct picture *picture =
        unit < control->pictures_capacity ? control->pictures[unit] : NULL;
    *ret_count = picture ? picture->parts_count : 0;
    return picture ? picture->parts : NULL;
}

static void collector_lag(const struct control *control, const struct collector *row,
                          struct collector_view *ret)
{
    if (control->pictures_capacity == 0)
        return; // no report was heard
    for (int b = 0; b < BUCKET_COUNT; b++)
        for (uint32_t u = row->buckets[b].units; u != NONE; u = control->tables.units[u].next) {
            const struct picture *picture =
                u < control->pictures_capacity ? control->pictures[u] : NULL;
            if (picture == NULL)
                continue;
            ret->lag_records += picture->lag > 0 ? picture->lag : 0;
            ret->records_per_s += picture->is_heard ? picture->records_per_s : 0;
            if (strcmp(picture->state, "sink refuses") != 0)
                continue;
            ret->units_refused++;
            ret->sink_answer = text_of(picture->answer ? picture->answer : "it says nothing");
        }
}

bool control_next_collector(const struct control *control, struct instant now, uint32_t *cursor,
                            struct collector_view *ret)
{
    const struct tables *tables = &control->tables;
    while (*cursor < tables->collectors_count) {
        const struct collector *row = tables->collectors[(*cursor)++];
        if (row == NULL)
            continue;
        *ret = (struct collector_view){
            .pool = text_of(tables->pools[row->pool]->name),
            .id = text_of(row->id),
            .state = text_of(collector_state_shown(row)),
            .incarnation = text_of(row->incarnation),
            .host = row->info.host,
            .address = row->info.address,
            .version = row->info.version,
            .pid = row->info.pid,
            .units = row->owned,
            .revoking = row->revoking,
            .lease_ms = row->lease_ms,
            .generation = row->generation,
            .applied_generation = row->applied_generation,
            .since_ms = row->since_ms,
            .capacity_units = row->capacity_units,
            .level = row->level,
            .heard_ms_ago = row->seq > 0 ? span_ms(instant_since(now, row->heard)) : -1,
            .commands = row->commands_count,
            .drained = row->drained};
        collector_lag(control, row, ret);
        return true;
    }
    return false;
}

bool control_next_agent(const struct control *control, uint32_t *cursor, struct agent_view *ret)
{
    const struct tables *tables = &control->tables;
    while (*cursor < tables->agents_count) {
        const struct agent *row = &tables->agents[(*cursor)++];
        if (row->id == NULL)
            continue;
        *ret = (struct agent_view){.pool = text_of(tables->pools[row->pool]->name),
                                   .id = text_of(row->id),
                                   .health =
                                       text_of(agent_health_text((enum agent_health)row->health)),
                                   .misses = row->misses,
                                   .topics = row->topics,
                                   .since_ms = row->since_ms};
        return true;
    }
    return false;
}

bool control_next_pool(const struct control *control, uint32_t *cursor, struct pool_view *ret)
{
    const struct tables *tables = &control->tables;
    while (*cursor < tables->pools_count && tables->pools[*cursor]->is_gone)
        (*cursor)++;
    if (*cursor >= tables->pools_count)
        return false;
    uint32_t handle = (*cursor)++;
    const struct pool *row = tables->pools[handle];
    *ret = (struct pool_view){.name = text_of(row->name),
                              .units = row->units,
                              .pending = row->states[UNIT_PENDING],
                              .owned = row->states[UNIT_OWNED],
                              .revoking = row->states[UNIT_REVOKING],
                              .policy = row->policy,
                              .policy_count = row->policy_count};
    for (uint32_t i = 0; i < tables->collectors_count; i++)
        ret->collectors += tables->collectors[i] != NULL && tables->collectors[i]->pool == handle &&
                           member_is_alive(tables->collectors[i]);
    pool_status_get(control, handle, ret);
    return true;
}

static void wanted_fill(const struct plan *plan, uint32_t group, struct wanted_view *ret)
{
    struct plan_wanted wanted;
    struct plan_victim victim;
    plan_wanted_get(plan, group, &wanted);
    plan_victim_get(plan, group, &victim);
    ret->wanted = wanted.count == PLAN_NOBODY ? -1 : (int64_t)wanted.count;
    ret->actual = wanted.actual;
    if (victim.collector != PLAN_NOBODY)
        ret->victim = plan_collector_id(plan, victim.collector);
    if (victim.refusal)
        ret->refusal = text_of(victim.refusal);
    memcpy(ret->reason, wanted.reason, sizeof(ret->reason));
}

static const struct plan *wanted_plan(const struct control *control, struct text pool)
{
    uint32_t handle = pool_find(&control->tables, pool);
    return handle == NONE ? NULL : plan_peek(control, handle, WANTED_AGE_MS);
}

bool control_has_pool(const struct control *control, struct text pool)
{
    return pool_find(&control->tables, pool) != NONE;
}

void control_view_wanted(const struct control *control, struct text pool, struct wanted_view *ret)
{
    const struct plan *plan = wanted_plan(control, pool);
    *ret = (struct wanted_view){.wanted = -1};
    if (plan != NULL)
        wanted_fill(plan, UINT32_MAX, ret);
}

int64_t control_view_gap(const struct control *control, struct text pool)
{
    const struct plan *plan = wanted_plan(control, pool);
    struct plan_counts counts = {0};
    if (plan != NULL)
        plan_counts_get(plan, &counts);
    return counts.gap;
}

bool control_next_wanted(const struct control *control, struct text pool, uint32_t *cursor,
                         struct wanted_view *ret)
{
    const struct plan *plan = wanted_plan(control, pool);
    struct plan_counts counts;
    if (plan == NULL || plan_policy(plan)->group_by == NULL)
        return false;
    plan_counts_get(plan, &counts);
    if (*cursor >= counts.groups)
        return false;
    uint32_t group = (*cursor)++;
    *ret = (struct wanted_view){.group = plan_group_name(plan, group)};
    wanted_fill(plan, group, ret);
    return true;
}

static int64_t wall_of(const struct control *control, struct instant instant)
{
    return control->wall_ms - span_ms(instant_since(control->now, instant));
}

static void coordinator_own(const struct control *control, struct instant now,
                            struct coordinator_view *ret)
{
    bool is_leading = control->phase == PHASE_LEADING;
    *ret = (struct coordinator_view){
        .id = text_of(control->id),
        .incarnation = text_of(control->incarnation),
        .state = is_leading ? TEXT_LITERAL("leading") : TEXT_LITERAL("standby"),
        .address = control->info.address,
        .version = control->info.version,
        .host = control->info.host,
        .pid = control->info.pid,
        .epoch = control->epoch,
        .applied_generation = control->generation,
        .level = control->level_max,
        .since_ms = wall_of(control, is_leading ? control->leading_since : control->started),
        .heard_ms_ago = span_ms(control_view_echo(control, now))};
}

// Whoever led in an earlier term does not lead any more, whatever its last beat said.
static struct text peer_state(const struct control *control, const struct peer *peer)
{
    bool is_replaced = strcmp(peer->state, "leading") == 0 && peer->epoch < control->epoch;
    return is_replaced ? TEXT_LITERAL("replaced") : text_of(peer->state);
}

// A beat says how long its sender has lived, but not for how long it has led.
static int64_t peer_since(const struct control *control, const struct peer *peer)
{
    if (strcmp(peer->state, "leading") == 0 || peer->info.uptime_ms <= 0)
        return 0;
    return wall_of(control, peer->heard) - peer->info.uptime_ms;
}

bool control_next_coordinator(const struct control *control, struct instant now, uint32_t *cursor,
                              struct coordinator_view *ret)
{
    if (*cursor == 0) {
        (*cursor)++;
        coordinator_own(control, now, ret);
        return true;
    }
    while (*cursor <= COORDINATORS_MAX) {
        const struct peer *peer = &control->peers[(*cursor)++ - 1];
        if (peer->id == NULL)
            continue;
        *ret = (struct coordinator_view){.id = text_of(peer->id),
                                         .incarnation = text_of(peer->incarnation),
                                         .state = peer_state(control, peer),
                                         .address = peer->info.address,
                                         .version = peer->info.version,
                                         .host = peer->info.host,
                                         .pid = peer->info.pid,
                                         .epoch = peer->epoch,
                                         .applied_generation = peer->applied_generation,
                                         .level = peer->level,
                                         .since_ms = peer_since(control, peer),
                                         .heard_ms_ago = span_ms(instant_since(now, peer->heard))};
        return true;
    }
    return false;
}

bool control_next_event(const struct control *control, uint32_t *cursor,
                        const struct event_record **ret)
{
    if (*cursor >= control->kept_count)
        return false;
    uint32_t at = (control->kept_next + EVENTS_KEPT - 1 - (*cursor)++) % EVENTS_KEPT;
    *ret = &control->kept[at].record;
    return true;
}

bool control_next_claim(const struct control *control, struct text pool, struct text topic,
                        uint32_t *cursor, struct claim_view *ret)
{
    const struct tables *tables = &control->tables;
    uint32_t pool_handle = pool_find(tables, pool);
    uint32_t row = pool_handle == NONE ? NONE : topic_find(tables, pool_handle, topic);
    uint32_t claim = row == NONE ? NONE : tables->topics[row].claims;
    for (uint32_t i = 0; i < *cursor && claim != NONE; i++)
        claim = tables->claims[claim].next_of_topic;
    if (claim == NONE)
        return false;
    (*cursor)++;
    const struct statement *statement = &tables->statements[tables->claims[claim].statement];
    const struct attributes *said = &tables->attributes[tables->claims[claim].attributes];
    *ret = (struct claim_view){.agent = text_of(tables->agents[statement->agent].id),
                               .source = text_of(statement->source),
                               .weight = said->weight,
                               .partitions = said->partitions,
                               .ttl_ms = statement->ttl_ms,
                               .order = tables->claims[claim].order,
                               .split = said->split,
                               .labels = said->labels,
                               .labels_count = said->labels_count};
    return true;
}

bool control_next_topic_of_agent(const struct control *control, struct text pool, struct text agent,
                                 uint32_t *cursor, struct text *ret)
{
    const struct tables *tables = &control->tables;
    uint32_t pool_handle = pool_find(tables, pool);
    uint32_t row = pool_handle == NONE ? NONE : agent_find(tables, pool_handle, agent);
    while (row != NONE && *cursor < tables->claims_count) {
        const struct claim *claim = &tables->claims[(*cursor)++];
        if (claim->topic == NONE || tables->statements[claim->statement].agent != row)
            continue;
        *ret = topic_name(tables, claim->topic);
        return true;
    }
    return false;
}
