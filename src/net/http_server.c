// SPDX-License-Identifier: Apache-2.0
//
// The HTTP server: from evhttp's requests to calls, and answers.
//
// A handle outlives its client: when the connection goes first, the handle only loses its way back,
// and the answer is dropped. evhttp's own refusals of what is not HTTP (400, 413 far above the
// limit) carry its small HTML page.
#include "net/http_server.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdio.h>

#include "base/ensure.h"
#include "base/json.h"
#include "base/memory.h"
#include "net/http_internal.h"

#define BODY_SLACK_BYTES (64 * 1024) // above body_bytes_max: read to its end, to say 413 properly

static const char content_policy[] =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static void response_sent(struct evhttp_request *raw, void *ctx)
{
    (void)raw;
    http_connection_enter(ctx, HTTP_READING);
}

// Sends the response; `body` is emptied.
static void respond(struct http_connection *connection, struct evhttp_request *raw, int code,
                    const char *content_type, struct evbuffer *body)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(raw);
    char size[24];

    evhttp_add_header(headers, "Content-Type", content_type);
    evhttp_add_header(headers, "Cache-Control", "no-store");
    evhttp_add_header(headers, "Content-Security-Policy", content_policy);
    evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
    evhttp_add_header(headers, "Referrer-Policy", "no-referrer");
    snprintf(size, sizeof(size), "%zu", evbuffer_get_length(body));
    evhttp_add_header(headers, "Content-Length", size);
    if (evhttp_request_get_command(raw) == EVHTTP_REQ_HEAD)
        evbuffer_drain(body, evbuffer_get_length(body));
    evhttp_request_set_on_complete_cb(raw, response_sent, connection);
    http_connection_enter(connection, HTTP_WRITING);
    evhttp_send_reply(raw, code, NULL, body);
}

static const char *error_name(int code)
{
    static const struct {
        int code;
        const char *name;
    } names[] = {
        {400, "bad_request"},        {401, "unauthorized"}, {403, "forbidden"},
        {404, "not_found"},          {409, "conflict"},     {413, "too_large"},
        {405, "method_not_allowed"}, {503, "unavailable"},  {504, "timed_out"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].code == code)
            return names[i].name;
    return "failed";
}

static void error_print(struct buffer *out, int code, const char *message)
{
    struct json json;
    json_begin(&json, out);
    json_object_begin(&json);
    json_key(&json, "error");
    json_object_begin(&json);
    json_member_int64(&json, "code", code);
    json_member_string(&json, "name", error_name(code));
    json_member_string(&json, "message", message);
    json_object_end(&json);
    json_object_end(&json);
    json_end(&json);
    buffer_add_char(out, '\n');
}

// Answers in place of the handler.
static void respond_error(struct http_connection *connection, struct evhttp_request *raw, int code,
                          const char *message)
{
    struct buffer text = {0};
    struct evbuffer *body = evbuffer_new();
    ensure(body != NULL);
    error_print(&text, code, message);
    ensure(evbuffer_add(body, text.data, text.size) == 0);
    respond(connection, raw, code, "application/json", body);
    evbuffer_free(body);
    buffer_finish(&text);
}

static void refuse(struct http_connection *connection, struct evhttp_request *raw, int code,
                   const char *message)
{
    connection->server->stats.refused++;
    respond_error(connection, raw, code, message);
}

static void refuse_method(struct http_connection *connection, struct evhttp_request *raw,
                          struct text path)
{
    static const char *const allowed[] = {NULL, "GET, HEAD", "POST", "GET, HEAD, POST"};
    uint32_t methods = http_table_methods(&connection->server->table, path);
    if (methods == 0) {
        refuse(connection, raw, 404, "no such path");
        return;
    }
    evhttp_add_header(evhttp_request_get_output_headers(raw), "Allow", allowed[methods]);
    refuse(connection, raw, 405, "this path is not for this method");
}

static struct http_request *request_create(struct http_server *server)
{
    struct http_request *request = memory_get(sizeof(*request));
    request->server = server;
    request->next = server->waiting;
    if (request->next)
        request->next->previous = request;
    server->waiting = request;
    server->stats.waiting++;
    return request;
}

static void request_destroy(struct http_request *request)
{
    struct http_server *server = request->server;
    if (request->previous)
        request->previous->next = request->next;
    else
        server->waiting = request->next;
    if (request->next)
        request->next->previous = request->previous;
    server->stats.waiting--;
    if (request->connection)
        request->connection->request = NULL;
    else if (request->raw)
        evhttp_request_free(request->raw);
    arena_finish(&request->arena);
    memory_release(request);
}

// The header's value in the arena, or empty.
static struct text request_header(struct http_request *request, const char *name)
{
    struct evkeyvalq *headers = evhttp_request_get_input_headers(request->raw);
    return arena_text(&request->arena, text_of(evhttp_find_header(headers, name)));
}

// A page of another site may make a browser send a POST here; the browser then names that site.
static bool request_is_from_elsewhere(struct http_request *request)
{
    struct text origin = request_header(request, "Origin");
    struct text host = request_header(request, "Host");
    struct text scheme = TEXT_LITERAL("http://");
    if (origin.size == 0)
        return false;
    if (!text_has_prefix(origin, scheme))
        return true;
    return !text_equal((struct text){origin.data + scheme.size, origin.size - scheme.size}, host);
}

// Fills in the call. Returns 0, or the code of the refusal with its message.
static int request_parse(struct http_request *request, enum http_method method,
                         const char **ret_message)
{
    struct http_server *server = request->server;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request->raw);
    struct evbuffer *body = evhttp_request_get_input_buffer(request->raw);
    struct text path = arena_text(&request->arena, text_of(evhttp_uri_get_path(uri)));
    size_t size = evbuffer_get_length(body);

    *ret_message = "the path has a wrong escape";
    if (http_table_find(&server->table, method, path, &request->arena, &request->call))
        return 400; // that it fits a route is known
    *ret_message = "the query is malformed or has too many parameters";
    if (http_query_parse(text_of(evhttp_uri_get_query(uri)), &request->arena, &request->call))
        return 400;
    *ret_message = "the body is too large";
    if (size > server->options.body_bytes_max)
        return 413;
    *ret_message = "requests from pages of other sites are refused";
    if (method == HTTP_POST && request_is_from_elsewhere(request))
        return 403;
    request->call.accept = request_header(request, "Accept");
    request->call.body =
        arena_text(&request->arena, (struct text){(const char *)evbuffer_pullup(body, -1), size});
    return 0;
}

static void request_hand_over(struct http_connection *connection, struct evhttp_request *raw,
                              enum http_method method)
{
    struct http_server *server = connection->server;
    struct http_request *request = request_create(server);
    const char *message = NULL;

    request->connection = connection;
    request->raw = raw;
    int code = request_parse(request, method, &message);
    if (code) {
        request_destroy(request);
        refuse(connection, raw, code, message);
        return;
    }
    connection->request = request;
    http_connection_enter(connection, HTTP_ANSWERING);
    server->options.handler(server->options.ctx, request, &request->call);
}

// evhttp's callback for every well-formed request.
static void request_arrived(struct evhttp_request *raw, void *ctx)
{
    struct http_server *server = ctx;
    http_connections_admit(server);
    struct http_connection *connection =
        http_connection_of(server, evhttp_request_get_connection(raw));
    enum evhttp_cmd_type command = evhttp_request_get_command(raw);
    enum http_method method = command == EVHTTP_REQ_POST ? HTTP_POST : HTTP_GET;
    bool is_served = method == HTTP_POST || (command & (EVHTTP_REQ_GET | EVHTTP_REQ_HEAD));
    const char *path_string = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(raw));
    struct text path = text_of(path_string);

    server->stats.requests++;
    if (!is_served || !(http_table_methods(&server->table, path) >> method & 1))
        refuse_method(connection, raw, path);
    else if (server->stats.waiting >= server->options.waiting_max)
        refuse(connection, raw, 503, "too many requests wait for an answer, try again");
    else
        request_hand_over(connection, raw, method);
}

void http_request_expire(struct http_request *request)
{
    struct http_connection *connection = request->connection;
    struct evhttp_request *raw = request->raw;
    connection->request = NULL;
    request->connection = NULL;
    request->raw = NULL;
    respond_error(connection, raw, 503, "no answer in time, try again");
}

// Takes the way back out of the handle and ends it; false if there is none any more.
static bool request_take(struct http_request *request, struct http_connection **ret_connection,
                         struct evhttp_request **ret_raw)
{
    *ret_connection = request->connection;
    *ret_raw = request->raw;
    request_destroy(request);
    return *ret_connection != NULL;
}

static void release_bytes(const void *data, size_t size, void *ctx)
{
    (void)data;
    (void)size;
    memory_release(ctx);
}

void http_request_answer(struct http_request *request, int code, const char *content_type,
                         struct buffer *body)
{
    struct http_connection *connection;
    struct evhttp_request *raw;
    if (!request_take(request, &connection, &raw)) {
        buffer_finish(body);
        return;
    }
    struct evbuffer *bytes = evbuffer_new();
    ensure(bytes != NULL);
    if (body->size)
        ensure(evbuffer_add_reference(bytes, body->data, body->size, release_bytes, body->data) ==
               0);
    else
        memory_release(body->data);
    *body = (struct buffer){0};
    respond(connection, raw, code, content_type, bytes);
    evbuffer_free(bytes);
}

void http_request_answer_constant(struct http_request *request, const char *content_type,
                                  struct text body)
{
    struct http_connection *connection;
    struct evhttp_request *raw;
    if (!request_take(request, &connection, &raw))
        return;
    struct evbuffer *bytes = evbuffer_new();
    ensure(bytes != NULL);
    if (body.size)
        ensure(evbuffer_add_reference(bytes, body.data, body.size, NULL, NULL) == 0);
    respond(connection, raw, 200, content_type, bytes);
    evbuffer_free(bytes);
}

void http_request_refuse(struct http_request *request, int code, const char *message)
{
    struct buffer body = {0};
    error_print(&body, code, message);
    http_request_answer(request, code, "application/json", &body);
}

static struct http_server_options options_complete(const struct http_server_options *given)
{
    struct http_server_options options = *given;
    options.address = given->address ? given->address : "127.0.0.1";
    options.body_bytes_max = given->body_bytes_max ? given->body_bytes_max : 64 * 1024;
    options.connections_max = given->connections_max ? given->connections_max : 256;
    options.connections_per_address_max =
        given->connections_per_address_max ? given->connections_per_address_max : 64;
    options.waiting_max = given->waiting_max ? given->waiting_max : 128;
    options.read = given->read.us ? given->read : span_of_ms(30000);
    options.answer = given->answer.us ? given->answer : span_of_ms(10000);
    options.write = given->write.us ? given->write : span_of_ms(30000);
    return options;
}

static void admission_due(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    http_connections_admit(ctx);
}

static void server_start(struct http_server *server, int fd)
{
    struct event_base *base = loop_base(server->loop);
    unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC;

    server->http = evhttp_new(base);
    ensure(server->http != NULL);
    evhttp_set_max_headers_size(server->http, HTTP_HEADERS_MAX);
    evhttp_set_max_body_size(server->http,
                             (ev_ssize_t)(server->options.body_bytes_max + BODY_SLACK_BYTES));
    // All that evhttp knows: what is not served gets our own 405, with the methods that are.
    evhttp_set_allowed_methods(server->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
                                                 EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
                                                 EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
    evhttp_set_bevcb(server->http, http_connection_accept, server);
    evhttp_set_gencb(server->http, request_arrived, server);

    server->admission = event_new(base, -1, 0, admission_due, server);
    ensure(server->admission != NULL);
    server->expiry = loop_timer_create(server->loop, http_connections_expire, server);
    server->expiry_at = INSTANT_NEVER;
    server->accept_again = loop_timer_create(server->loop, http_accept_again, server);
    server->listener = evconnlistener_new(base, NULL, NULL, flags, 0, fd);
    ensure(server->listener != NULL);
    evconnlistener_set_error_cb(server->listener, http_accept_failed);
    ensure(evhttp_bind_listener(server->http, server->listener) != NULL);
}

enum status http_server_create(struct loop *loop, const struct http_server_options *options,
                               struct http_server **ret_server, struct buffer *error)
{
    struct http_server_options complete = options_complete(options);
    int fd = -1;
    *ret_server = NULL;
    enum status status = http_listen(&complete, &fd, error);
    if (status)
        return status;

    struct http_server *server = memory_get(sizeof(*server));
    server->options = complete;
    server->table = (struct http_table){complete.routes, complete.route_count};
    ensure(http_table_check(&server->table));
    server->loop = loop;
    server->connections = memory_get(complete.connections_max * sizeof(*server->connections));
    http_listen_address(fd, server->address, sizeof(server->address));
    server_start(server, fd);
    *ret_server = server;
    return STATUS_OK;
}

void http_server_destroy(struct http_server *server)
{
    if (server == NULL)
        return;
    http_connections_admit(server);
    server->listener = NULL; // goes with evhttp
    evhttp_free(server->http);
    while (server->waiting)
        request_destroy(server->waiting);
    event_free(server->admission);
    loop_timer_destroy(server->expiry);
    loop_timer_destroy(server->accept_again);
    memory_release(server->connections);
    memory_release(server);
}

const char *http_server_address(const struct http_server *server)
{
    return server->address;
}

struct http_server_stats http_server_stats(const struct http_server *server)
{
    return server->stats;
}
