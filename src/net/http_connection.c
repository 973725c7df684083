// SPDX-License-Identifier: Apache-2.0
//
// The connections of the HTTP server: how many there may be, and for how long.
//
// evhttp accepts by itself and tells nobody. It does ask for a bufferevent for each connection;
// that is the moment in which a slot is taken, and, with the last slot taken, listening pauses.
// evhttp sets itself as the bufferevent's callback context directly afterwards, so the admission,
// which runs before anything is read, finds its connection there, counts the address and asks to be
// told of the end. From then on a timer ends a connection whose phase is past its deadline.
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/ensure.h"
#include "net/http_internal.h"

#define INPUT_BYTES_MAX (64 * 1024)  // unread bytes of a client that we keep
#define WRITE_BYTES_MAX (256 * 1024) // handed to the kernel at once
#define ACCEPT_PAUSE_MS 100          // after accept failed: out of descriptors

static bool slot_is_free(const struct http_connection *connection)
{
    return connection->fresh == NULL && connection->handle == NULL;
}

struct bufferevent *http_connection_accept(struct event_base *base, void *ctx)
{
    struct http_server *server = ctx;
    struct http_connection *connection = server->connections;
    while (!slot_is_free(connection)) {
        connection++;
        ensure(connection < server->connections + server->options.connections_max);
    }
    connection->server = server;
    connection->fresh = bufferevent_socket_new(base, -1, 0);
    ensure(connection->fresh != NULL);
    bufferevent_incref(connection->fresh);
    bufferevent_setwatermark(connection->fresh, EV_READ, 0, INPUT_BYTES_MAX);
    bufferevent_set_max_single_write(connection->fresh, WRITE_BYTES_MAX);
    event_active(server->admission, 0, 0);
    if (++server->stats.connections == server->options.connections_max)
        evconnlistener_disable(server->listener);
    return connection->fresh;
}

// Frees the slot.
static void connection_forget(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    *connection = (struct http_connection){0};
    server->stats.connections--;
    if (server->listener && !server->is_accept_paused)
        evconnlistener_enable(server->listener);
}

// evhttp frees the connection after this, and with it the request, unless it has taken that off
// before. It closes the descriptor before it stops watching it, and by then another thread may have
// got the same number: so that is done here.
static void connection_closed(struct evhttp_connection *handle, void *ctx)
{
    struct http_connection *connection = ctx;
    struct http_request *request = connection->request;
    bufferevent_disable(evhttp_connection_get_bufferevent(handle), EV_READ | EV_WRITE);
    if (request) {
        request->connection = NULL;
        if (evhttp_request_get_connection(request->raw))
            request->raw = NULL;
    }
    connection_forget(connection);
}

static bool address_has_room(const struct http_connection *newcomer)
{
    const struct http_server *server = newcomer->server;
    uint32_t count = 0;
    for (uint32_t i = 0; i < server->options.connections_max; i++) {
        const struct http_connection *other = &server->connections[i];
        count += other->handle && strcmp(other->address, newcomer->address) == 0;
    }
    return count <= server->options.connections_per_address_max;
}

static void connection_turn_away(struct http_connection *connection)
{
    static const char refusal[] =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
        "Connection: close\r\nContent-Length: 95\r\n\r\n"
        "{\"error\":{\"code\":503,\"name\":\"unavailable\",\"message\":\"too many connections "
        "from this address\"}}\n";
    struct bufferevent *stream = evhttp_connection_get_bufferevent(connection->handle);
    ssize_t sent =
        send(bufferevent_getfd(stream), refusal, sizeof(refusal) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)sent; // a courtesy: the close says it too
    connection->server->stats.refused++;
    evhttp_connection_free(connection->handle);
}

static void connection_admit(struct http_connection *connection)
{
    struct bufferevent *stream = connection->fresh;
    void *handle = NULL;
    char *address = NULL;
    uint16_t port = 0;

    bufferevent_getcb(stream, NULL, NULL, NULL, &handle);
    connection->fresh = NULL;
    bufferevent_decref(stream);
    if (handle == NULL) { // evhttp gave up on it
        connection_forget(connection);
        return;
    }
    connection->handle = handle;
    evhttp_connection_set_closecb(connection->handle, connection_closed, connection);
    evhttp_connection_get_peer(connection->handle, &address, &port);
    snprintf(connection->address, sizeof(connection->address), "%s", address);
    if (address_has_room(connection))
        http_connection_enter(connection, HTTP_READING);
    else
        connection_turn_away(connection);
}

void http_connections_admit(struct http_server *server)
{
    for (uint32_t i = 0; i < server->options.connections_max; i++)
        if (server->connections[i].fresh)
            connection_admit(&server->connections[i]);
}

struct http_connection *http_connection_of(struct http_server *server,
                                           const struct evhttp_connection *handle)
{
    struct http_connection *connection = server->connections;
    while (connection->handle != handle) {
        connection++;
        ensure(connection < server->connections + server->options.connections_max);
    }
    return connection;
}

void http_connection_enter(struct http_connection *connection, enum http_phase phase)
{
    struct http_server *server = connection->server;
    const struct span spans[] = {
        [HTTP_READING] = server->options.read,
        [HTTP_ANSWERING] = server->options.answer,
        [HTTP_WRITING] = server->options.write,
    };
    connection->phase = phase;
    connection->deadline = instant_add(loop_now(), spans[phase]);
    if (instant_is_before(connection->deadline, server->expiry_at)) {
        server->expiry_at = connection->deadline;
        loop_timer_set(server->expiry, server->expiry_at);
    }
}

static void connection_expire(struct http_connection *connection)
{
    connection->server->stats.expired++;
    if (connection->phase == HTTP_ANSWERING)
        http_request_expire(connection->request);
    else
        evhttp_connection_free(connection->handle);
}

void http_connections_expire(void *ctx)
{
    struct http_server *server = ctx;
    struct instant now = loop_now();
    server->expiry_at = INSTANT_NEVER;
    for (uint32_t i = 0; i < server->options.connections_max; i++) {
        struct http_connection *connection = &server->connections[i];
        if (connection->handle && instant_has_come(connection->deadline, now))
            connection_expire(connection);
        if (connection->handle)
            server->expiry_at = instant_earlier(server->expiry_at, connection->deadline);
    }
    loop_timer_set(server->expiry, server->expiry_at);
}

void http_accept_failed(struct evconnlistener *listener, void *ctx)
{
    struct http_server *server = ctx;
    server->is_accept_paused = true;
    evconnlistener_disable(listener);
    loop_timer_set(server->accept_again, instant_add(loop_now(), span_of_ms(ACCEPT_PAUSE_MS)));
}

void http_accept_again(void *ctx)
{
    struct http_server *server = ctx;
    server->is_accept_paused = false;
    if (server->stats.connections < server->options.connections_max)
        evconnlistener_enable(server->listener);
}
