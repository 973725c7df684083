// SPDX-License-Identifier: Apache-2.0
//
// Everything dirty becomes the writes of one transaction, drawn one by one: first what is deleted,
// then the state, the cell with the positions reached, then per collector its buckets and last its
// head, then the events. A release, a death, an admission and the grant that answers an ack go out
// with the batch that decides them; first placements wait while the leader is behind, with reading
// or with placing, so that a storm rewrites a bucket once per publish.interval.
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "control/core.h"
#include "proto/key.h"

enum stage {
    STAGE_TOMBSTONES,
    STAGE_POOLS,
    STAGE_AGENTS,
    STAGE_CLAIMS,
    STAGE_UNITS,
    STAGE_COLLECTORS,
    STAGE_CELL,
    STAGE_ASSIGNMENTS,
    STAGE_EVENTS,
    STAGE_END,
};

enum { PUBLISHED_BYTES_MAX = 2 * CONTROL_BATCH_BYTES };

// ---- What goes out.

static bool is_due(const struct control *control, const struct collector *collector)
{
    return collector->is_urgent || (control->is_caught_up && !control->has_more_changes) ||
           instant_since(control->now, collector->published).us >= control->publish_interval.us;
}

static bool has_due(const struct control *control)
{
    for (uint32_t i = 0; i < control->tables.changed_collectors.count; i++)
        if (is_due(control,
                   control->tables.collectors[control->tables.changed_collectors.items[i]]))
            return true;
    return false;
}

bool publish_is_due(const struct control *control)
{
    const struct tables *tables = &control->tables;
    return control->cell_is_dirty || control->is_assignment_changed ||
           tables->tombstones_count > 0 || tables->dirty_units.count > 0 ||
           tables->dirty_claims.count > 0 || tables->dirty_agents.count > 0 ||
           tables->dirty_collectors.count > 0 || tables->dirty_pools.count > 0 ||
           control->events_count > 0 || has_due(control);
}

// Stamps a collector's dirty buckets and head with the generation.
static void collector_stamp(struct control *control, struct collector *collector)
{
    collector->generation = control->generation;
    collector->published = control->now;
    for (uint32_t i = 0; i < BUCKET_COUNT; i++)
        if (collector->buckets[i].is_dirty)
            collector->buckets[i].generation =
                collector->buckets[i].count > 0 ? control->generation : 0;
    collector_touch(&control->tables, collector->handle);
}

// Rough bytes of the buckets that a collector is to get.
static size_t buckets_size(const struct collector *collector)
{
    size_t size = 0;
    for (uint32_t i = 0; i < BUCKET_COUNT; i++)
        size += collector->buckets[i].is_dirty ? collector->buckets[i].size : 0;
    return size;
}

// Splits the changed collectors into those that go out now and those that wait. At the end of a
// storm all of them are due: what has time goes with the transactions that follow.
static void collectors_choose(struct control *control)
{
    struct handles *changed = &control->tables.changed_collectors;
    uint32_t kept = 0;
    size_t size = 0;
    control->publishing.count = 0;
    for (uint32_t i = 0; i < changed->count; i++) {
        struct collector *collector = control->tables.collectors[changed->items[i]];
        bool has_room = collector->is_urgent || size < PUBLISHED_BYTES_MAX;
        if (has_room && is_due(control, collector)) {
            size += buckets_size(collector);
            handles_add(&control->publishing, changed->items[i]);
        } else {
            changed->items[kept++] = changed->items[i];
        }
    }
    changed->count = kept;
}

void publish_batch(struct control *control)
{
    pools_settle(control);
    pools_bury(control);
    topics_ask(control);
    if (!publish_is_due(control))
        return;
    collectors_choose(control);
    control->generation_before = control->generation;
    if (control->is_assignment_changed || control->publishing.count > 0)
        control->generation++;
    control->is_assignment_changed = false;
    for (uint32_t i = 0; i < control->publishing.count; i++)
        collector_stamp(control, control->tables.collectors[control->publishing.items[i]]);
    control->is_committing = true;
    control->committing_since = control->now;
    control->is_goodbye_in_commit = control->resigned;
    control->cell_is_dirty = false;
    control->drawing.stage = STAGE_TOMBSTONES;
    control->drawing.at = 0;
    control->drawing.bucket = 0;
    control->drawing.tombstone = 0;
    effect_add(control, EFFECT_COMMIT);
}

struct instant publish_deadline(const struct control *control)
{
    struct instant deadline = INSTANT_NEVER;
    if (control->phase != PHASE_LEADING || control->is_committing)
        return deadline;
    if (control->has_more_changes)
        return control->now;
    for (uint32_t i = 0; i < control->tables.changed_collectors.count; i++) {
        const struct collector *collector =
            control->tables.collectors[control->tables.changed_collectors.items[i]];
        deadline =
            instant_earlier(deadline, instant_add(collector->published, control->publish_interval));
    }
    return deadline;
}

// ---- Writes of the state.

static void write_state(struct control *control, struct control_write *ret, enum record_kind kind,
                        const void *record)
{
    *ret = (struct control_write){.target = WRITE_STATE,
                                  .key = buffer_text(&control->drawing.key),
                                  .kind = kind,
                                  .record = record};
}

// The key of a collector's state without its first word is that of its head.
static void write_no_head(struct control *control, struct text key, struct control_write *ret)
{
    struct assignment_key head;
    ensure(assignment_key_parse(key, &head) == STATUS_OK);
    buffer_add_text(&control->drawing.key, key);
    *ret = (struct control_write){.target = WRITE_ASSIGNMENT,
                                  .partition = assignments_partition(
                                      head.pool, head.collector, control->assignments_partitions),
                                  .key = buffer_text(&control->drawing.key),
                                  .kind = RECORD_HEAD};
}

// A collector that is forgotten gives two writes: its state, and its head.
static bool draw_tombstone(struct control *control, struct control_write *ret)
{
    const struct text collectors = TEXT_LITERAL("collector/");
    struct buffer *tombstones = &control->tables.tombstones;
    struct drawing *drawing = &control->drawing;
    uint16_t size;
    if (drawing->tombstone == tombstones->size) {
        buffer_clear(tombstones);
        control->tables.tombstones_count = 0;
        return false;
    }
    memcpy(&size, tombstones->data + drawing->tombstone, sizeof(size));
    struct text key = {tombstones->data + drawing->tombstone + sizeof(size), size};
    bool is_state = !drawing->is_head_next;
    drawing->is_head_next = is_state && text_has_prefix(key, collectors);
    if (!drawing->is_head_next)
        drawing->tombstone += sizeof(size) + size;
    if (is_state) {
        buffer_add_text(&drawing->key, key);
        write_state(control, ret, RECORD_STATE_CELL, NULL);
        return true;
    }
    key = (struct text){key.data + collectors.size, key.size - collectors.size};
    write_no_head(control, key, ret);
    return true;
}

static bool draw_pool(struct control *control, uint32_t handle, struct control_write *ret)
{
    struct pool *pool = control->tables.pools[handle];
    struct state_pool *record = arena_get(&control->drawing.arena, sizeof(*record));
    if (!pool->is_dirty)
        return false;
    pool->is_dirty = false;
    *record = (struct state_pool){.policy = pool->policy,
                                  .policy_count = pool->policy_count,
                                  .state = text_of(pool_state_text((enum pool_state)pool->state)),
                                  .since_ms = pool->since_ms,
                                  .why = text_of(pool->why)};
    state_key_print((struct state_key){.kind = RECORD_STATE_POOL, .pool = text_of(pool->name)},
                    &control->drawing.key);
    write_state(control, ret, RECORD_STATE_POOL, pool->is_buried ? NULL : record);
    return true;
}

static bool draw_agent(struct control *control, uint32_t handle, struct control_write *ret)
{
    struct agent *agent = &control->tables.agents[handle];
    struct state_agent *record = arena_get(&control->drawing.arena, sizeof(*record));
    if (!agent->is_dirty)
        return false;
    agent->is_dirty = false;
    *record =
        (struct state_agent){.labels = agent->labels,
                             .labels_count = agent->labels_count,
                             .health = text_of(agent_health_text((enum agent_health)agent->health)),
                             .misses = agent->misses,
                             .disabled = agent->health == AGENT_UNHEALTHY,
                             .since_ms = agent->since_ms};
    state_key_print((struct state_key){.kind = RECORD_STATE_AGENT,
                                       .pool = text_of(control->tables.pools[agent->pool]->name),
                                       .name = text_of(agent->id)},
                    &control->drawing.key);
    write_state(control, ret, RECORD_STATE_AGENT, record);
    return true;
}

static bool draw_claim(struct control *control, uint32_t handle, struct control_write *ret)
{
    struct tables *tables = &control->tables;
    struct claim *claim = &tables->claims[handle];
    struct state_claim *record = arena_get(&control->drawing.arena, sizeof(*record));
    if (claim->topic == NONE || !claim->is_dirty)
        return false;
    claim->is_dirty = false;
    const struct attributes *said = &tables->attributes[claim->attributes];
    const struct statement *statement = &tables->statements[claim->statement];
    const struct agent *agent = &tables->agents[statement->agent];
    *record = (struct state_claim){.partitions = said->partitions,
                                   .split = said->split,
                                   .weight = said->weight,
                                   .labels = said->labels,
                                   .labels_count = said->labels_count,
                                   .ttl_ms = statement->ttl_ms,
                                   .order = claim->order};
    state_key_print((struct state_key){.kind = RECORD_STATE_CLAIM,
                                       .pool = text_of(tables->pools[agent->pool]->name),
                                       .name = text_of(agent->id),
                                       .source = text_of(statement->source),
                                       .unit = topic_name(tables, claim->topic)},
                    &control->drawing.key);
    write_state(control, ret, RECORD_STATE_CLAIM, record);
    return true;
}

static struct text collector_text(const struct tables *tables, uint32_t handle)
{
    return handle == NONE ? (struct text){0} : text_of(tables->collectors[handle]->id);
}

static void unit_fill(const struct control *control, uint32_t handle, struct state_unit *record)
{
    const struct tables *tables = &control->tables;
    enum unit_reason reason = unit_reason_now(control, handle);
    const struct unit *unit = &tables->units[handle];
    const struct pool *pool = tables->pools[tables->topics[unit->topic].pool];
    *record = (struct state_unit){
        .state = text_of(unit_state_text((enum unit_state)unit->state)),
        .owner = collector_text(tables, unit->owner),
        .rule = text_of(unit_reason_rule(reason)),
        .reason = text_of(unit_reason_text(reason)),
        .since_ms = (int64_t)unit->since_s * 1000,
        .previous = collector_text(tables, unit->previous),
        .placement = -1,
        .partitions = tables->topics[unit->topic].partitions,
        .failures = unit->failures,
        .grown = unit->is_grown,
    };
    if (unit->state == UNIT_REVOKING)
        record->revoked = unit->generation;
    else
        record->fence = unit->generation;
    if (!plan_unit_is_known(pool->plan, handle))
        return;
    record->placement = (int64_t)plan_unit_number(pool->plan, handle);
    uint32_t planned = plan_unit_owner(pool->plan, handle);
    bool waits = unit->state == UNIT_REVOKING ||
                 (unit->state == UNIT_PENDING && unit->reason == UNIT_PAUSED);
    if (waits && planned != PLAN_NOBODY)
        record->next = collector_text(tables, pool->planned[planned]);
}

static bool draw_unit(struct control *control, uint32_t handle, struct control_write *ret)
{
    struct tables *tables = &control->tables;
    struct unit *unit = &tables->units[handle];
    struct state_unit *record = arena_get(&control->drawing.arena, sizeof(*record));
    if (unit->topic == NONE || !unit->is_dirty)
        return false;
    unit->is_dirty = false;
    unit_fill(control, handle, record);
    buffer_add_string(&control->drawing.key, "unit/");
    buffer_add_string(&control->drawing.key, tables->pools[tables->topics[unit->topic].pool]->name);
    buffer_add_char(&control->drawing.key, '/');
    unit_print(tables, handle, &control->drawing.key);
    write_state(control, ret, RECORD_STATE_UNIT, record);
    return true;
}

static int64_t *bucket_generations(struct control *control, const struct collector *collector)
{
    int64_t *generations = arena_get(&control->drawing.arena, BUCKET_COUNT * sizeof(*generations));
    for (uint32_t i = 0; i < BUCKET_COUNT; i++)
        generations[i] = collector->buckets[i].generation;
    return generations;
}

static bool draw_collector(struct control *control, uint32_t handle, struct control_write *ret)
{
    struct collector *collector = control->tables.collectors[handle];
    struct state_collector *record = arena_get(&control->drawing.arena, sizeof(*record));
    if (collector == NULL || !collector->is_dirty)
        return false;
    collector->is_dirty = false;
    collector->is_known = true;
    *record = (struct state_collector){
        .incarnation = text_of(collector->incarnation),
        .lease_ms = collector->lease_ms,
        .level = collector->level,
        .labels = collector->labels,
        .labels_count = collector->labels_count,
        .capacity_units = collector->capacity_units,
        .capacity_weight = collector->capacity_weight,
        .state = text_of(collector_state_shown(collector)),
        .drained = collector->drained,
        .generation = collector->generation,
        .admitted = collector->admitted,
        .buckets = bucket_generations(control, collector),
        .buckets_count = BUCKET_COUNT,
        .hold_ms = collector->hold_ms,
        .since_ms = collector->since_ms,
    };
    commands_fill_state(collector, &control->drawing.arena, record);
    state_key_print(
        (struct state_key){.kind = RECORD_STATE_COLLECTOR,
                           .pool = text_of(control->tables.pools[collector->pool]->name),
                           .name = text_of(collector->id)},
        &control->drawing.key);
    write_state(control, ret, RECORD_STATE_COLLECTOR, collector->is_buried ? NULL : record);
    return true;
}

static bool draw_cell(struct control *control, struct control_write *ret)
{
    struct state_cell *record = arena_get(&control->drawing.arena, sizeof(*record));
    *record = (struct state_cell){
        .lineage = text_of(control->lineage),
        .level = control->level,
        .epoch = control->epoch,
        .generation = control->generation,
        .leader = text_of(control->id),
        .leader_incarnation = text_of(control->incarnation),
        .resigned = control->resigned,
        .cluster_id = text_of(control->cluster_id),
        .assignments_partitions = control->assignments_partitions,
        .moves = control->moves,
        .control = control->positions[INPUT_CONTROL],
        .orders = control->positions[INPUT_ORDERS],
    };
    buffer_add_string(&control->drawing.key, "cell");
    write_state(control, ret, RECORD_STATE_CELL, record);
    return true;
}

// ---- Writes of assignments.

static bool sinks_below(const struct bucket_unit *units, uint32_t a, uint32_t b)
{
    return text_compare(units[a].unit, units[b].unit) < 0;
}

static void heap_sink(struct bucket_unit *units, uint32_t at, uint32_t count)
{
    for (;;) {
        uint32_t most = at;
        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < count && sinks_below(units, most, child))
                most = child;
        if (most == at)
            return;
        struct bucket_unit kept = units[at];
        units[at] = units[most];
        units[most] = kept;
        at = most;
    }
}

static bool are_sorted(const struct bucket_unit *units, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        if (sinks_below(units, i, i - 1))
            return false;
    return true;
}

// Heap sort by name: the same set is the same bytes, whatever the history.
static void units_sort(struct bucket_unit *units, uint32_t count)
{
    if (are_sorted(units, count))
        return;
    for (uint32_t i = count / 2; i-- > 0;)
        heap_sink(units, i, count);
    for (uint32_t rest = count; rest-- > 1;) {
        struct bucket_unit kept = units[0];
        units[0] = units[rest];
        units[rest] = kept;
        heap_sink(units, 0, rest);
    }
}

static const struct bucket *bucket_record(struct control *control, const struct bucket_row *row)
{
    struct tables *tables = &control->tables;
    struct arena *arena = &control->drawing.arena;
    struct bucket *record = arena_get(arena, sizeof(*record));
    *record = (struct bucket){.generation = row->generation,
                              .units = arena_get(arena, row->count * sizeof(*record->units)),
                              .units_count = row->count};
    // The list begins with the newest unit, and newer names are often greater ones.
    struct bucket_unit *unit = record->units + row->count;
    for (uint32_t u = row->units; u != NONE; u = tables->units[u].next) {
        struct text name = topic_name(tables, tables->units[u].topic);
        if (tables->units[u].partition >= 0) {
            buffer_clear(&control->line);
            unit_print(tables, u, &control->line);
            name = arena_text(arena, buffer_text(&control->line));
        }
        *--unit = (struct bucket_unit){.unit = name,
                                       .fence = tables->units[u].generation,
                                       .begun = tables->units[u].previous != NONE};
        handed_fill(control, arena, u, unit);
    }
    units_sort(record->units, record->units_count);
    return record;
}

static void write_assignment(struct control *control, struct collector *collector, int bucket,
                             struct control_write *ret)
{
    struct text pool = text_of(control->tables.pools[collector->pool]->name);
    struct text id = text_of(collector->id);
    assignment_key_print((struct assignment_key){pool, id, bucket}, &control->drawing.key);
    *ret = (struct control_write){
        .target = WRITE_ASSIGNMENT,
        .partition = assignments_partition(pool, id, control->assignments_partitions),
        .key = buffer_text(&control->drawing.key),
        .kind = bucket < 0 ? RECORD_HEAD : RECORD_BUCKET};
}

static const struct head *head_record(struct control *control, struct collector *collector)
{
    const struct pool *pool = control->tables.pools[collector->pool];
    struct head *record = arena_get(&control->drawing.arena, sizeof(*record));
    *record = (struct head){
        .lineage = text_of(control->lineage),
        .level = control->level,
        .epoch = control->epoch,
        .generation = collector->generation,
        .incarnation = text_of(collector->is_evicted ? "" : collector->incarnation),
        .admitted = collector->admitted,
        .lease_ms = control->lease_ms,
        .buckets = bucket_generations(control, collector),
        .buckets_count = BUCKET_COUNT,
        .start = pool->asked.start_latest ? TEXT_LITERAL("latest") : TEXT_LITERAL("earliest"),
        .on_gap = text_of(pool->asked.on_gap),
    };
    commands_fill_head(collector, &control->drawing.arena, record);
    return record;
}

static bool draw_assignment(struct control *control, uint32_t handle, struct control_write *ret)
{
    struct collector *collector = control->tables.collectors[handle];
    uint32_t *bucket = &control->drawing.bucket;
    while (*bucket < BUCKET_COUNT && !collector->buckets[*bucket].is_dirty)
        (*bucket)++;
    if (*bucket < BUCKET_COUNT) {
        struct bucket_row *row = &collector->buckets[*bucket];
        row->is_dirty = false;
        write_assignment(control, collector, (int)*bucket, ret);
        ret->record = row->count > 0 ? bucket_record(control, row) : NULL;
        return true;
    }
    if (!collector->is_changed)
        return false;
    collector->is_changed = false;
    collector->is_urgent = false;
    write_assignment(control, collector, -1, ret);
    ret->record = collector->is_buried ? NULL : head_record(control, collector);
    return true;
}

static bool draw_event(struct control *control, uint32_t at, struct control_write *ret)
{
    const struct event_row *row = &control->events[at];
    struct event_record *record = arena_get(&control->drawing.arena, sizeof(*record));
    struct text pool = text_of(row->pool == NONE ? "" : control->tables.pools[row->pool]->name);
    *record = (struct event_record){.at_ms = row->at_ms,
                                    .generation = control->generation,
                                    .epoch = control->epoch,
                                    .kind = text_of(row->kind),
                                    .pool = pool,
                                    .subject = text_of(row->subject),
                                    .rule = text_of(row->rule),
                                    .text = text_of(row->text),
                                    .id = text_of(row->id),
                                    .answer = text_of(row->answer),
                                    .from = text_of(row->from),
                                    .to = text_of(row->to)};
    buffer_add_text(&control->drawing.key, pool);
    *ret = (struct control_write){.target = WRITE_EVENT,
                                  .key = buffer_text(&control->drawing.key),
                                  .kind = RECORD_EVENT,
                                  .record = record};
    return true;
}

// ---- Drawing.

typedef bool draw_row(struct control *control, uint32_t handle, struct control_write *ret);

// Draws from a list of handles; a row that was written already or is gone gives nothing.
static bool draw_list(struct control *control, struct handles *list, draw_row *draw,
                      struct control_write *ret)
{
    struct drawing *drawing = &control->drawing;
    while (drawing->at < list->count) {
        // A collector gives several writes, its head is the last.
        bool stays = draw == draw_assignment;
        uint32_t handle = list->items[drawing->at];
        if (draw(control, handle, ret)) {
            drawing->at += !stays;
            return true;
        }
        drawing->at++;
        drawing->bucket = 0;
    }
    list->count = 0;
    return false;
}

static bool draw_stage(struct control *control, struct control_write *ret)
{
    struct tables *tables = &control->tables;
    struct drawing *drawing = &control->drawing;
    switch ((enum stage)drawing->stage) {
    case STAGE_TOMBSTONES:
        return draw_tombstone(control, ret);
    case STAGE_POOLS:
        return draw_list(control, &tables->dirty_pools, draw_pool, ret);
    case STAGE_AGENTS:
        return draw_list(control, &tables->dirty_agents, draw_agent, ret);
    case STAGE_CLAIMS:
        return draw_list(control, &tables->dirty_claims, draw_claim, ret);
    case STAGE_UNITS:
        return draw_list(control, &tables->dirty_units, draw_unit, ret);
    case STAGE_COLLECTORS:
        return draw_list(control, &tables->dirty_collectors, draw_collector, ret);
    case STAGE_CELL:
        return drawing->at++ == 0 && draw_cell(control, ret);
    case STAGE_ASSIGNMENTS:
        return draw_list(control, &control->publishing, draw_assignment, ret);
    case STAGE_EVENTS:
        return drawing->at < control->events_count && draw_event(control, drawing->at++, ret);
    case STAGE_END:
        break;
    }
    return false;
}

bool control_next_write(struct control *control, struct control_write *ret)
{
    struct drawing *drawing = &control->drawing;
    ensure(control->is_committing);
    while (drawing->stage < STAGE_END) {
        buffer_clear(&drawing->key);
        arena_clear(&drawing->arena);
        if (draw_stage(control, ret))
            return true;
        drawing->stage++;
        drawing->at = 0;
        drawing->bucket = 0;
    }
    control->tables.dirty_bytes = 0;
    return false;
}
