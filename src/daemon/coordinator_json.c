// SPDX-License-Identifier: Apache-2.0
//
// The items of the HTTP interface. Members have the names of the columns of the commands that print
// them; what is not known is null, never 0 and never -1.
#include "daemon/coordinator_api.h"
#include "wire/wire.h"

enum { WANTED_GROUPS_MAX = 100 };

static void member_known(struct json *json, const char *key, int64_t value)
{
    if (value < 0)
        json_member_null(json, key);
    else
        json_member_int64(json, key, value);
}

static void member_given(struct json *json, const char *key, struct text value)
{
    if (value.size == 0)
        json_member_null(json, key);
    else
        json_member_text(json, key, value);
}

static bool text_contains(struct text text, struct text part)
{
    for (size_t i = 0; i + part.size <= text.size; i++)
        if (text_has_prefix((struct text){text.data + i, text.size - i}, part))
            return true;
    return false;
}

bool api_unit_matches(const struct http_call *call, const struct unit_view *unit)
{
    const struct text *part = http_call_parameter(call, "q");
    return api_filter(call, "pool", unit->pool) && api_filter(call, "state", unit->state) &&
           api_filter(call, "owner", unit->owner) && api_filter(call, "topic", unit->name) &&
           (part == NULL || text_contains(unit->name, *part));
}

void api_unit_name(const struct unit_view *unit, struct buffer *buffer)
{
    buffer_add_text(buffer, unit->name);
    if (unit->partition >= 0)
        buffer_print(buffer, "/%lld", (long long)unit->partition);
}

// ---- Topics.

static void unit_members(struct json *json, const struct unit_view *unit)
{
    struct buffer name = {0};
    api_unit_name(unit, &name);
    json_member_text(json, "unit", buffer_text(&name));
    json_member_text(json, "topic", unit->name);
    member_known(json, "partition", unit->partition);
    json_member_text(json, "pool", unit->pool);
    json_member_text(json, "state", unit->state);
    member_given(json, "owner", unit->owner);
    member_given(json, "previous", unit->previous);
    json_member_int64(json, "since_ms", unit->since_ms);
    member_known(json, "partitions", unit->partitions > 0 ? unit->partitions : -1);
    json_member_int64(json, "fence", unit->fence);
    member_given(json, "rule", unit->rule);
    member_given(json, "reason", unit->reason);
    member_known(json, "lag_records", unit->lag);
    buffer_finish(&name);
}

static void agents_member(struct api_list *list, const struct unit_view *unit)
{
    enum { AGENTS_SHOWN = 100 };
    struct claim_view claim;
    uint32_t cursor = 0;
    struct buffer name = {0};
    json_key(&list->json, "agents");
    json_array_begin(&list->json);
    while (cursor < AGENTS_SHOWN &&
           control_next_claim(list->control, unit->pool, unit->name, &cursor, &claim)) {
        buffer_clear(&name);
        buffer_add_text(&name, claim.agent);
        if (claim.source.size > 0)
            buffer_print(&name, "/%.*s", TEXT_ARGS(claim.source));
        json_text(&list->json, buffer_text(&name));
    }
    json_array_end(&list->json);
    buffer_finish(&name);
}

void api_print_unit(struct api_list *list, const struct unit_view *unit, uint32_t cursor)
{
    (void)cursor;
    json_object_begin(&list->json);
    unit_members(&list->json, unit);
    agents_member(list, unit);
    json_object_end(&list->json);
}

void api_print_topic(struct api_list *list, const struct unit_view *unit)
{
    struct json *json = &list->json;
    json_object_begin(json);
    unit_members(json, unit);
    member_known(json, "position", unit->position);
    member_known(json, "committed", unit->committed);
    member_known(json, "end", unit->end);
    member_known(json, "oldest_unprocessed_ms", unit->oldest_unprocessed_ms);
    json_member_int64(json, "records_per_s", unit->records_per_s);
    json_member_int64(json, "bytes_per_s", unit->bytes_per_s);
    json_member_int64(json, "positions_lost", unit->positions_lost);
    member_given(json, "reader_state", unit->reader_state);
    agents_member(list, unit);
    json_object_end(json);
}

// ---- Why.

void api_print_explain(struct api_list *list, const struct unit_view *unit, uint32_t cursor)
{
    struct json *json = &list->json;
    json_object_begin(json);
    unit_members(json, unit);
    json_key(json, "why");
    json_array_begin(json);
    int64_t generation = api_print_why(list, unit, cursor);
    json_array_end(json);
    member_known(json, "generation", generation);
    json_object_end(json);
}

// ---- Lag.

// NULL = the word of its owner. What is committed says whether there is a position at all.
static const char *lag_state(const struct unit_view *unit, int64_t lag, int64_t committed)
{
    if (text_equals(unit->state, "missing"))
        return "missing";
    if (text_equals(unit->state, "dormant"))
        return "dormant";
    if (text_equals(unit->state, "quarantined"))
        return "quarantined";
    if (unit->owner.size == 0)
        return unit->is_paused ? "paused" : "no owner";
    if (text_equals(unit->state, "revoking"))
        return "revoking";
    bool is_reading = text_equals(unit->reader_state, "reading");
    if (unit->reader_state.size == 0 || text_equals(unit->reader_state, "starting") ||
        (is_reading && lag < 0))
        return committed >= 0 ? "starting" : unit->is_older ? "not reported" : "not started";
    if (!is_reading)
        return NULL;
    return lag == 0 ? "ok" : "catching up";
}

static void lag_item(struct api_list *list, const struct unit_view *unit,
                     const struct report_part *part)
{
    struct json *json = &list->json;
    int64_t lag = unit->lag;
    if (part != NULL)
        lag = part->end < 0 || part->position < 0 ? -1
              : part->end > part->position        ? part->end - part->position
                                                  : 0;
    const char *state = lag_state(unit, lag, part ? part->committed : -1);
    json_object_begin(json);
    json_member_text(json, "topic", unit->name);
    member_known(json, "partition", part ? part->partition : unit->partition);
    json_member_text(json, "pool", unit->pool);
    member_given(json, "owner", unit->owner);
    member_known(json, "position", part ? part->position : -1);
    member_known(json, "committed", part ? part->committed : -1);
    member_known(json, "end", part ? part->end : -1);
    member_known(json, "lag_records", lag);
    member_known(json, "oldest_unprocessed_ms", lag == 0 ? 0 : unit->oldest_unprocessed_ms);
    json_member_int64(json, "records_per_s", unit->records_per_s);
    if (state != NULL)
        json_member_string(json, "state", state);
    else
        json_member_text(json, "state", unit->reader_state);
    json_object_end(json);
    list->count++;
}

void api_print_lag(struct api_list *list, const struct unit_view *unit, uint32_t cursor)
{
    uint32_t count;
    const struct report_part *parts = control_unit_parts(list->control, cursor, &count);
    if (count == 0)
        lag_item(list, unit, NULL);
    for (uint32_t i = 0; i < count; i++)
        lag_item(list, unit, &parts[i]);
}

// ---- The others.

void api_print_collector(struct api_list *list, const struct collector_view *collector)
{
    struct json *json = &list->json;
    json_object_begin(json);
    json_member_text(json, "id", collector->id);
    json_member_text(json, "pool", collector->pool);
    json_member_text(json, "state", collector->state);
    json_member_int64(json, "units", collector->units);
    json_member_int64(json, "revoking", collector->revoking);
    member_known(json, "capacity_units",
                 collector->capacity_units > 0 ? collector->capacity_units : -1);
    json_member_int64(json, "lag_records", collector->lag_records);
    json_member_int64(json, "records_per_s", collector->records_per_s);
    member_known(json, "heard_ms_ago", collector->heard_ms_ago);
    member_given(json, "host", collector->host);
    member_known(json, "pid", collector->pid > 0 ? collector->pid : -1);
    member_given(json, "address", collector->address);
    member_given(json, "version", collector->version);
    json_member_int64(json, "lease_ms", collector->lease_ms);
    json_member_int64(json, "level", collector->level);
    json_member_bool(json, "drained", collector->drained);
    json_member_int64(json, "commands", collector->commands);
    json_member_int64(json, "units_refused", collector->units_refused);
    member_given(json, "sink", collector->sink_answer);
    json_member_int64(json, "generation", collector->generation);
    json_member_int64(json, "applied_generation", collector->applied_generation);
    json_member_int64(json, "since_ms", collector->since_ms);
    member_given(json, "incarnation", collector->incarnation);
    json_object_end(json);
}

void api_print_collector_explain(struct api_list *list, const struct collector_view *collector)
{
    struct json *json = &list->json;
    json_object_begin(json);
    json_member_text(json, "id", collector->id);
    json_member_text(json, "pool", collector->pool);
    json_member_text(json, "state", collector->state);
    json_member_int64(json, "units", collector->units);
    json_member_int64(json, "since_ms", collector->since_ms);
    json_key(json, "why");
    json_array_begin(json);
    api_print_collector_why(list, collector);
    json_array_end(json);
    json_object_end(json);
}

static void names_member(struct api_list *list, const struct agent_view *agent)
{
    enum { NAMES_SHOWN = 10000 };
    struct text name;
    uint32_t cursor = 0, shown = 0;
    json_key(&list->json, "names");
    json_array_begin(&list->json);
    while (shown < NAMES_SHOWN &&
           control_next_topic_of_agent(list->control, agent->pool, agent->id, &cursor, &name)) {
        json_text(&list->json, name);
        shown++;
    }
    json_array_end(&list->json);
}

void api_print_agent(struct api_list *list, const struct agent_view *agent, bool with_names)
{
    struct json *json = &list->json;
    json_object_begin(json);
    json_member_text(json, "id", agent->id);
    json_member_text(json, "pool", agent->pool);
    json_member_text(json, "health", agent->health);
    json_member_int64(json, "misses", agent->misses);
    json_member_int64(json, "topics", agent->topics);
    json_member_int64(json, "since_ms", agent->since_ms);
    if (with_names)
        names_member(list, agent);
    json_object_end(json);
}

static void wanted_print(struct json *json, const struct wanted_view *wanted)
{
    member_known(json, "wanted", wanted->wanted);
    member_given(json, "wanted_why", text_of(wanted->reason));
    member_given(json, "victim", wanted->victim);
    member_given(json, "victim_refusal", wanted->refusal);
}

static void wanted_members(struct api_list *list, struct text pool)
{
    struct json *json = &list->json;
    struct wanted_view wanted;
    struct buffer line = {0};
    uint32_t cursor = 0;
    control_view_wanted(list->control, pool, &wanted);
    wanted_print(json, &wanted);
    json_key(json, "groups");
    json_array_begin(json);
    while (cursor < WANTED_GROUPS_MAX &&
           control_next_wanted(list->control, pool, &cursor, &wanted)) {
        buffer_clear(&line);
        if (wanted.group.size > 0)
            buffer_print(&line, "%.*s: ", TEXT_ARGS(wanted.group));
        else
            buffer_print(&line, "without a group: ");
        if (wanted.wanted >= 0)
            buffer_print(&line, "%lld wanted (%s), ", (long long)wanted.wanted, wanted.reason);
        buffer_print(&line, "%lld there", (long long)wanted.actual);
        json_text(json, buffer_text(&line));
    }
    json_array_end(json);
    buffer_finish(&line);
}

void api_print_wanted(struct api_list *list, const struct wanted_view *wanted)
{
    json_object_begin(&list->json);
    member_given(&list->json, "group", wanted->group);
    wanted_print(&list->json, wanted);
    json_object_end(&list->json);
}

void api_print_pool(struct api_list *list, const struct pool_view *pool)
{
    struct json *json = &list->json;
    json_object_begin(json);
    json_member_text(json, "name", pool->name);
    json_member_text(json, "state", pool->state);
    json_member_text(json, "status", pool->status);
    json_member_int64(json, "desired", pool->desired);
    json_member_int64(json, "actual", pool->actual);
    member_known(json, "since_ms", pool->since_ms > 0 ? pool->since_ms : -1);
    member_given(json, "why", pool->why);
    json_member_int64(json, "units", pool->units);
    json_member_int64(json, "owned", pool->owned);
    json_member_int64(json, "revoking", pool->revoking);
    json_member_int64(json, "pending", pool->pending);
    json_member_int64(json, "gap", control_view_gap(list->control, pool->name));
    json_member_int64(json, "collectors", pool->collectors);
    wanted_members(list, pool->name);
    json_key(json, "policy");
    json_object_begin(json);
    for (uint32_t i = 0; i < pool->policy_count; i++) {
        json_key_text(json, pool->policy[i].key);
        json_text(json, pool->policy[i].value);
    }
    json_object_end(json);
    json_object_end(json);
}

void api_print_pool_lag(struct api_list *list, const struct pool_view *pool)
{
    struct json *json = &list->json;
    struct lag_view lag;
    control_view_lag(list->control, pool->name, &lag);
    json_object_begin(json);
    json_member_text(json, "pool", pool->name);
    json_member_int64(json, "units", lag.units);
    json_member_int64(json, "lag_unknown", lag.unknown);
    member_known(json, "lag_records", lag.unknown < lag.units ? lag.records : -1);
    member_known(json, "oldest_unprocessed_ms", control_view_oldest_ms(list->control, pool->name));
    json_member_int64(json, "records_per_s", lag.records_per_s);
    json_object_end(json);
}

void api_print_coordinator(struct api_list *list, const struct coordinator_view *coordinator)
{
    struct json *json = &list->json;
    json_object_begin(json);
    json_member_text(json, "id", coordinator->id);
    json_member_text(json, "state", coordinator->state);
    json_member_int64(json, "epoch", coordinator->epoch);
    json_member_int64(json, "applied_generation", coordinator->applied_generation);
    json_member_int64(json, "level", coordinator->level);
    member_known(json, "since_ms", coordinator->since_ms > 0 ? coordinator->since_ms : -1);
    member_known(json, "heard_ms_ago", coordinator->heard_ms_ago);
    member_given(json, "host", coordinator->host);
    member_given(json, "address", coordinator->address);
    json_member_int64(json, "pid", coordinator->pid);
    member_given(json, "version", coordinator->version);
    json_member_text(json, "incarnation", coordinator->incarnation);
    json_object_end(json);
}

void api_print_event(struct api_list *list, const struct event_record *event)
{
    struct buffer bytes = {0};
    wire_encode_json(RECORD_EVENT, event, &bytes);
    json_raw(&list->json, buffer_text(&bytes));
    buffer_finish(&bytes);
}

// ---- The cell.

void api_print_status(struct coordinator *coordinator, struct buffer *body)
{
    struct json json;
    struct cell_view cell;
    struct lag_view lag;
    control_view_cell(coordinator->control, &cell);
    control_view_lag(coordinator->control, (struct text){0}, &lag);
    json_begin(&json, body);
    json_object_begin(&json);
    json_member_string(&json, "schema", "muster.status/1");
    json_key(&json, "cell");
    json_object_begin(&json);
    json_member_string(&json, "prefix", conf_text(coordinator->conf, "prefix"));
    member_given(&json, "lineage", cell.lineage);
    json_member_int64(&json, "level", cell.level);
    json_member_int64(&json, "epoch", cell.epoch);
    json_member_int64(&json, "generation", cell.generation);
    member_given(&json, "leader", cell.leader);
    json_member_text(&json, "role", cell.role);
    json_object_end(&json);
    json_key(&json, "counts");
    json_object_begin(&json);
    json_member_int64(&json, "topics", cell.topics);
    json_member_int64(&json, "units", cell.units);
    json_member_int64(&json, "assigned", cell.owned);
    json_member_int64(&json, "pending", cell.pending);
    json_member_int64(&json, "missing", cell.missing);
    json_member_int64(&json, "dormant", cell.dormant);
    json_member_int64(&json, "quarantined", cell.quarantined);
    json_member_int64(&json, "revoking", cell.revoking);
    json_member_int64(&json, "collectors", cell.collectors);
    json_member_int64(&json, "agents", cell.agents);
    json_member_int64(&json, "pools", cell.pools);
    json_member_int64(&json, "moves_total", cell.moves);
    json_object_end(&json);
    json_member_int64(&json, "lag_records", lag.records);
    json_member_int64(&json, "lag_unknown", lag.unknown);
    json_object_end(&json);
    json_end(&json);
}
