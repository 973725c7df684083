// SPDX-License-Identifier: Apache-2.0
//
// The HTTP interface of a coordinator, leader or standby: health, metrics, the page and the lists.
// A request waits while a transaction is under way, so that nothing is shown that is not committed.
// Every list is paged: `limit` items at most, and the token of the next page.
#include <string.h>

#include "base/memory.h"
#include "control/view.h"
#include "daemon/coordinator_api.h"
#include "web/assets.h"

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 10000 };

enum route {
    ROUTE_LIVEZ,
    ROUTE_READYZ,
    ROUTE_METRICS,
    ROUTE_ASSET,
    ROUTE_INDEX,
    ROUTE_STATUS,
    ROUTE_TOPICS,
    ROUTE_TOPIC,
    ROUTE_EXPLAIN,
    ROUTE_COLLECTORS,
    ROUTE_COLLECTOR,
    ROUTE_COLLECTOR_EXPLAIN,
    ROUTE_AGENTS,
    ROUTE_AGENT,
    ROUTE_POOLS,
    ROUTE_POOL,
    ROUTE_WANTED,
    ROUTE_TRIAL,
    ROUTE_COORDINATORS,
    ROUTE_LAG,
    ROUTE_LAG_POOLS,
    ROUTE_EVENTS,
};

static const struct http_route routes[] = {
    {HTTP_GET, "/livez", ROUTE_LIVEZ, "the process lives; never asks Kafka"},
    {HTTP_GET, "/readyz", ROUTE_READYZ, "it leads or follows with a restored state; else why not"},
    {HTTP_GET, "/healthz", ROUTE_READYZ, "the same as /readyz"},
    {HTTP_GET, "/metrics", ROUTE_METRICS, "metrics for Prometheus"},
    {HTTP_GET, "/api/v1", ROUTE_INDEX, "this list"},
    {HTTP_GET, "/api/v1/status", ROUTE_STATUS, "the cell in numbers"},
    {HTTP_GET, "/api/v1/topics", ROUTE_TOPICS, "units: who reads them"},
    {HTTP_GET, "/api/v1/topics/{unit}", ROUTE_TOPIC, "one topic"},
    {HTTP_GET, "/api/v1/topics/{unit}/explain", ROUTE_EXPLAIN, "why it is where it is"},
    {HTTP_GET, "/api/v1/collectors", ROUTE_COLLECTORS, "collectors"},
    {HTTP_GET, "/api/v1/collectors/{id}", ROUTE_COLLECTOR, "one collector"},
    {HTTP_GET, "/api/v1/collectors/{id}/explain", ROUTE_COLLECTOR_EXPLAIN,
     "why it has what it has"},
    {HTTP_GET, "/api/v1/agents", ROUTE_AGENTS, "agents"},
    {HTTP_GET, "/api/v1/agents/{id}", ROUTE_AGENT, "one agent and its topics"},
    {HTTP_GET, "/api/v1/pools", ROUTE_POOLS, "pools"},
    {HTTP_GET, "/api/v1/pools/{name}", ROUTE_POOL, "one pool"},
    {HTTP_GET, "/api/v1/pools/{name}/wanted", ROUTE_WANTED,
     "collectors that it should have, then those of its groups"},
    {HTTP_GET, "/api/v1/pools/{name}/trial", ROUTE_TRIAL,
     "what policy keys would do, each a parameter"},
    {HTTP_GET, "/api/v1/coordinators", ROUTE_COORDINATORS, "coordinators"},
    {HTTP_GET, "/api/v1/lag", ROUTE_LAG, "how far behind each partition is"},
    {HTTP_GET, "/api/v1/lag/pools", ROUTE_LAG_POOLS, "how far behind each pool is"},
    {HTTP_GET, "/api/v1/events", ROUTE_EVENTS, "the newest decisions"},
    {HTTP_GET, "/", ROUTE_ASSET, "the page"},
    {HTTP_GET, "/{file}", ROUTE_ASSET, "what the page needs"},
};

// ---- Pages of lists.

bool api_filter(const struct http_call *call, const char *name, struct text value)
{
    const struct text *wanted = http_call_parameter(call, name);
    return wanted == NULL || wanted->size == 0 || text_equal(*wanted, value);
}

static void list_begin(struct api_list *list, const char *schema)
{
    json_begin(&list->json, &list->body);
    json_object_begin(&list->json);
    json_member_string(&list->json, "schema", schema);
    json_key(&list->json, "items");
    json_array_begin(&list->json);
}

// Ends the list; `cursor` is where the next page begins, if there is more.
static void list_end(struct api_list *list, bool has_more, uint32_t cursor, int64_t total)
{
    json_array_end(&list->json);
    json_key(&list->json, "next");
    if (has_more) {
        struct buffer token = {0};
        buffer_add_int64(&token, cursor);
        json_text(&list->json, buffer_text(&token));
        buffer_finish(&token);
    } else {
        json_null(&list->json);
    }
    if (total >= 0)
        json_member_int64(&list->json, "total", total);
    json_object_end(&list->json);
    json_end(&list->json);
}

typedef bool list_walk(struct api_list *list, uint32_t *cursor, bool print);

// Prints a page of what `walk` gives. The walk says false at its end; it prints an item only if
// that fits the filters and there is room, and counts it in `list->count`.
static void list_page(struct api_list *list, const char *schema, list_walk *walk)
{
    uint32_t cursor = (uint32_t)list->after, next = cursor;
    bool has_more = false;
    list_begin(list, schema);
    while (!has_more) {
        next = cursor;
        bool had_room = list->count < list->limit;
        if (!walk(list, &cursor, had_room))
            break;
        has_more = !had_room && list->matched;
    }
    list_end(list, has_more, next, -1);
}

static bool walk_topics(struct api_list *list, uint32_t *cursor, bool print)
{
    struct unit_view unit;
    if (!control_next_unit(list->control, cursor, &unit))
        return false;
    list->matched = api_unit_matches(list->call, &unit);
    if (list->matched && print) {
        api_print_unit(list, &unit, *cursor);
        list->count++;
    }
    return true;
}

static bool walk_lag(struct api_list *list, uint32_t *cursor, bool print)
{
    struct unit_view unit;
    if (!control_next_unit(list->control, cursor, &unit))
        return false;
    list->matched = api_unit_matches(list->call, &unit);
    if (list->matched && print)
        api_print_lag(list, &unit, *cursor);
    return true;
}

static bool walk_collectors(struct api_list *list, uint32_t *cursor, bool print)
{
    struct collector_view collector;
    if (!control_next_collector(list->control, loop_now(), cursor, &collector))
        return false;
    list->matched = api_filter(list->call, "pool", collector.pool) &&
                    (list->name.data == NULL || text_equal(list->name, collector.id));
    if (list->matched && print) {
        if (list->explains)
            api_print_collector_explain(list, &collector);
        else
            api_print_collector(list, &collector);
        list->count++;
    }
    return true;
}

static bool walk_agents(struct api_list *list, uint32_t *cursor, bool print)
{
    struct agent_view agent;
    if (!control_next_agent(list->control, cursor, &agent))
        return false;
    list->matched = api_filter(list->call, "pool", agent.pool) &&
                    (list->name.data == NULL || text_equal(list->name, agent.id));
    if (list->matched && print) {
        api_print_agent(list, &agent, list->name.data != NULL);
        list->count++;
    }
    return true;
}

static bool walk_pools(struct api_list *list, uint32_t *cursor, bool print)
{
    struct pool_view pool;
    if (!control_next_pool(list->control, cursor, &pool))
        return false;
    list->matched = list->name.data == NULL || text_equal(list->name, pool.name);
    if (list->matched && print) {
        api_print_pool(list, &pool);
        list->count++;
    }
    return true;
}

// The pool itself, then its groups.
static bool walk_wanted(struct api_list *list, uint32_t *cursor, bool print)
{
    struct wanted_view wanted;
    uint32_t group = *cursor - 1;
    if (*cursor == 0) {
        if (!control_has_pool(list->control, list->name))
            return false;
        control_view_wanted(list->control, list->name, &wanted);
    } else if (!control_next_wanted(list->control, list->name, &group, &wanted)) {
        return false;
    }
    (*cursor)++;
    list->matched = true;
    if (print) {
        api_print_wanted(list, &wanted);
        list->count++;
    }
    return true;
}

static bool walk_lag_pools(struct api_list *list, uint32_t *cursor, bool print)
{
    struct pool_view pool;
    if (!control_next_pool(list->control, cursor, &pool))
        return false;
    list->matched = api_filter(list->call, "pool", pool.name);
    if (list->matched && print) {
        api_print_pool_lag(list, &pool);
        list->count++;
    }
    return true;
}

static bool walk_coordinators(struct api_list *list, uint32_t *cursor, bool print)
{
    struct coordinator_view coordinator;
    if (!control_next_coordinator(list->control, loop_now(), cursor, &coordinator))
        return false;
    list->matched = true;
    if (print) {
        api_print_coordinator(list, &coordinator);
        list->count++;
    }
    return true;
}

static bool walk_events(struct api_list *list, uint32_t *cursor, bool print)
{
    const struct event_record *event;
    if (!control_next_event(list->control, cursor, &event))
        return false;
    list->matched = api_filter(list->call, "pool", event->pool) &&
                    api_filter(list->call, "subject", event->subject);
    if (list->matched && print) {
        api_print_event(list, event);
        list->count++;
    }
    return true;
}

// ---- Topics of one name.

static bool is_named(const struct unit_view *unit, struct text name)
{
    struct buffer whole = {0};
    api_unit_name(unit, &whole);
    bool is_it = text_equal(unit->name, name) || text_equal(buffer_text(&whole), name);
    buffer_finish(&whole);
    return is_it;
}

static bool walk_topic(struct api_list *list, uint32_t *cursor, bool print)
{
    struct unit_view unit;
    if (!control_next_unit(list->control, cursor, &unit))
        return false;
    list->matched = is_named(&unit, list->name) && api_filter(list->call, "pool", unit.pool);
    if (list->matched && print) {
        if (list->explains)
            api_print_explain(list, &unit, *cursor);
        else
            api_print_topic(list, &unit);
        list->count++;
    }
    return true;
}

// ---- Answers that are no lists.

static void answer_text(struct http_request *request, int code, const char *text)
{
    struct buffer body = {0};
    buffer_print(&body, "%s\n", text);
    http_request_answer(request, code, "text/plain; charset=utf-8", &body);
}

static void answer_ready(struct coordinator *coordinator, struct http_request *request)
{
    struct cell_view cell = {0};
    if (coordinator->control != NULL)
        control_view_cell(coordinator->control, &cell);
    if (coordinator->control == NULL)
        answer_text(request, 503, "not ready: the cell's topics are not known yet");
    else if (coordinator->is_unreachable)
        answer_text(request, 503, "not ready: Kafka is not reached");
    else if (coordinator->is_deaf)
        answer_text(request, 503, "not ready: its own beats do not come back from Kafka");
    else if (!cell.is_restored)
        answer_text(request, 503, "not ready: the state is being restored");
    else if (cell.is_barred)
        answer_text(request, 503, "not ready: it refuses to lead, its log says why");
    else if (coordinator->is_stopping)
        answer_text(request, 503, "not ready: stopping");
    else
        answer_text(request, 200,
                    text_equals(cell.role, "leader") ? "ready: leader" : "ready: standby");
}

static void answer_asset(struct http_request *request, const struct http_call *call)
{
    char *name = text_copy((struct text){call->path.data + 1, call->path.size - 1});
    const struct web_asset *asset = web_asset_find(name[0] == '\0' ? "page.html" : name);
    memory_release(name);
    if (asset == NULL)
        http_request_refuse(request, 404, "there is nothing under this path");
    else
        http_request_answer_constant(request, asset->type,
                                     (struct text){(const char *)asset->data, asset->size});
}

// What can be asked.
static void answer_index(struct http_request *request)
{
    struct buffer body = {0};
    struct json json;
    json_begin(&json, &body);
    json_object_begin(&json);
    json_member_string(&json, "schema", "muster.api/1");
    json_key(&json, "items");
    json_array_begin(&json);
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        json_object_begin(&json);
        json_member_string(&json, "path", routes[i].pattern);
        json_member_string(&json, "help", routes[i].help);
        json_object_end(&json);
    }
    json_array_end(&json);
    json_object_end(&json);
    json_end(&json);
    http_request_answer(request, 200, "application/json", &body);
}

static void answer_status(struct coordinator *coordinator, struct http_request *request)
{
    struct buffer body = {0};
    api_print_status(coordinator, &body);
    http_request_answer(request, 200, "application/json", &body);
}

static void answer_metrics(struct coordinator *coordinator, struct http_request *request,
                           const struct http_call *call)
{
    struct buffer body = {0};
    enum metrics_form form = metrics_form_for(call->accept);
    api_print_metrics(coordinator, form, &body);
    http_request_answer(request, 200, metrics_content_type(form), &body);
}

// ---- Dispatch.

static const struct {
    enum route route;
    const char *schema;
    list_walk *walk;
    const char *of_name; // what the one capture names, NULL = a list of all; 404 if nothing has it
    const char *filters; // parameters beside limit, after and pool
    bool is_in_pool;     // a pool that is not there is 404, not an empty list
} lists[] = {
    {ROUTE_TOPICS, "muster.topic_list/1", walk_topics, NULL, "state owner topic q", true},
    {ROUTE_TOPIC, "muster.topic/1", walk_topic, "topic", "", true},
    {ROUTE_EXPLAIN, "muster.topic_explain/1", walk_topic, "topic", "", true},
    {ROUTE_COLLECTORS, "muster.collector_list/1", walk_collectors, NULL, "", true},
    {ROUTE_COLLECTOR, "muster.collector/1", walk_collectors, "collector", "", true},
    {ROUTE_COLLECTOR_EXPLAIN, "muster.collector_explain/1", walk_collectors, "collector", "", true},
    {ROUTE_AGENTS, "muster.agent_list/1", walk_agents, NULL, "", true},
    {ROUTE_AGENT, "muster.agent/1", walk_agents, "agent", "", true},
    {ROUTE_POOLS, "muster.pool_list/1", walk_pools, NULL, "", false},
    {ROUTE_POOL, "muster.pool/1", walk_pools, "pool", "", false},
    {ROUTE_WANTED, "muster.pool_wanted/1", walk_wanted, "pool", "", false},
    {ROUTE_COORDINATORS, "muster.coordinator_list/1", walk_coordinators, NULL, "", false},
    {ROUTE_LAG, "muster.lag_list/1", walk_lag, NULL, "state owner topic q", true},
    {ROUTE_LAG_POOLS, "muster.pool_lag_list/1", walk_lag_pools, NULL, "", true},
    {ROUTE_EVENTS, "muster.event_list/1", walk_events, NULL, "subject", false},
};

static void refuse_unknown(struct http_request *request, const char *what, struct text name)
{
    struct buffer message = {0};
    buffer_print(&message, "there is no %s '%.*s'", what, TEXT_ARGS(name));
    http_request_refuse(request, 404, buffer_string(&message));
    buffer_finish(&message);
}

// Whether `words`, with a blank between, has that word.
static bool has_word(const char *words, struct text word)
{
    for (const char *end; *words; words = *end ? end + 1 : end) {
        end = strchrnul(words, ' ');
        if (text_equal((struct text){words, (size_t)(end - words)}, word))
            return true;
    }
    return false;
}

// A filter that nobody knows would answer with everything. NULL if all are known.
static const struct text *parameter_unknown(const struct http_call *call, const char *filters)
{
    for (uint32_t i = 0; i < call->parameter_count; i++) {
        const struct text *name = &call->parameters[i].name;
        if (!has_word("limit after pool", *name) && !has_word(filters, *name))
            return name;
    }
    return NULL;
}

static void refuse_parameter(struct http_request *request, struct text name, const char *filters)
{
    struct buffer message = {0};
    buffer_print(&message, "there is no parameter '%.*s' here, but limit after pool %s",
                 TEXT_ARGS(name), filters);
    http_request_refuse(request, 400, buffer_string(&message));
    buffer_finish(&message);
}

// A pool or a state that is not there is not an empty list: it was mistyped.
static bool is_refused(struct coordinator *coordinator, struct http_request *request,
                       const struct http_call *call, bool is_in_pool)
{
    static const char states[] = "pending owned revoking missing dormant quarantined";
    const struct text *pool = http_call_parameter(call, "pool");
    const struct text *state = http_call_parameter(call, "state");
    if (state != NULL && !has_word(states, *state)) {
        struct buffer message = {0};
        buffer_print(&message, "there is no state '%.*s', but %s", TEXT_ARGS(*state), states);
        http_request_refuse(request, 400, buffer_string(&message));
        buffer_finish(&message);
        return true;
    }
    if (!is_in_pool || pool == NULL || control_has_pool(coordinator->control, *pool))
        return false;
    refuse_unknown(request, "pool", *pool);
    return true;
}

static void answer_list(struct coordinator *coordinator, struct http_request *request,
                        const struct http_call *call, size_t row)
{
    struct api_list list = {.control = coordinator->control,
                            .call = call,
                            .limit = LIMIT_DEFAULT,
                            .explains = call->route == ROUTE_EXPLAIN ||
                                        call->route == ROUTE_COLLECTOR_EXPLAIN};
    const struct text *unknown = parameter_unknown(call, lists[row].filters);
    if (unknown != NULL) {
        refuse_parameter(request, *unknown, lists[row].filters);
        return;
    }
    if (http_call_int64(call, "limit", 1, LIMIT_MAX, &list.limit) != STATUS_OK) {
        http_request_refuse(request, 400, "limit is not a whole number from 1 to 10000");
        return;
    }
    if (http_call_int64(call, "after", 0, UINT32_MAX, &list.after) != STATUS_OK) {
        http_request_refuse(request, 400, "after is not the 'next' of a page before");
        return;
    }
    if (is_refused(coordinator, request, call, lists[row].is_in_pool))
        return;
    if (lists[row].of_name != NULL)
        list.name = call->captures[0];
    list_page(&list, lists[row].schema, lists[row].walk);
    if (lists[row].of_name != NULL && list.count == 0) {
        buffer_finish(&list.body);
        refuse_unknown(request, lists[row].of_name, list.name);
        return;
    }
    http_request_answer(request, 200, "application/json", &list.body);
}

static void answer(struct coordinator *coordinator, struct http_request *request,
                   const struct http_call *call)
{
    struct cell_view cell;
    if (coordinator->control == NULL) {
        http_request_refuse(request, 503, "the cell's topics are not known yet");
        return;
    }
    if (call->route == ROUTE_STATUS) {
        answer_status(coordinator, request);
        return;
    }
    if (call->route == ROUTE_METRICS) {
        answer_metrics(coordinator, request, call);
        return;
    }
    control_view_cell(coordinator->control, &cell);
    // A part of the state would pass for all of it. Coordinators are known from their beats.
    if (!cell.is_restored && call->route != ROUTE_COORDINATORS) {
        http_request_refuse(request, 503, "the state is being restored");
        return;
    }
    if (call->route == ROUTE_TRIAL) {
        api_answer_trial(coordinator, request, call);
        return;
    }
    size_t row = 0;
    while ((int)lists[row].route != call->route)
        row++;
    answer_list(coordinator, request, call, row);
}

// What needs no memory of the cell is answered at once, the rest in the next turn that may look.
static void handle(void *ctx, struct http_request *request, const struct http_call *call)
{
    struct coordinator *coordinator = ctx;
    if (call->route == ROUTE_LIVEZ)
        answer_text(request, 200, "alive");
    else if (call->route == ROUTE_READYZ)
        answer_ready(coordinator, request);
    else if (call->route == ROUTE_ASSET)
        answer_asset(request, call);
    else if (call->route == ROUTE_INDEX)
        answer_index(request);
    else if (coordinator->waiting_count == WAITING_MAX)
        http_request_refuse(request, 503, "too many requests wait");
    else {
        coordinator->waiting[coordinator->waiting_count].request = request;
        coordinator->waiting[coordinator->waiting_count++].call = call;
    }
}

void api_turn(struct coordinator *coordinator)
{
    for (uint32_t i = 0; i < coordinator->waiting_count; i++)
        answer(coordinator, coordinator->waiting[i].request, coordinator->waiting[i].call);
    coordinator->waiting_count = 0;
}

enum status api_open(struct coordinator *coordinator, struct buffer *fault)
{
    struct text listen = text_of(conf_text(coordinator->conf, "api.listen"));
    size_t colon = listen.size;
    int64_t port = 0;
    if (listen.size == 0)
        return STATUS_OK;
    while (colon > 0 && listen.data[colon - 1] != ':')
        colon--;
    struct text digits = {listen.data + colon, listen.size - colon};
    if (colon == 0 || text_parse_int64(digits, &port) != STATUS_OK || port < 0 || port > 65535) {
        buffer_print(fault, "api.listen is not HOST:PORT");
        return STATUS_INVALID;
    }
    char *address = text_copy((struct text){listen.data, colon - 1});
    struct http_server_options options = {.address = address,
                                          .port = (uint16_t)port,
                                          .routes = routes,
                                          .route_count = sizeof(routes) / sizeof(routes[0]),
                                          .handler = handle,
                                          .ctx = coordinator};
    struct buffer why = {0};
    if (http_server_create(coordinator->loop, &options, &coordinator->http, &why) != STATUS_OK)
        coordinator_log(coordinator, "warning", "no HTTP: %s; data goes on", buffer_string(&why));
    else
        coordinator_log(coordinator, "info", "page and API at http://%s/",
                        http_server_address(coordinator->http));
    buffer_finish(&why);
    memory_release(address);
    return STATUS_OK;
}
