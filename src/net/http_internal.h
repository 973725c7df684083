// SPDX-License-Identifier: Apache-2.0
//
// What the files of the HTTP server share, and for them only: http_server.c takes requests and
// answers them, http_connection.c admits connections and ends those that take too long,
// http_listen.c opens the socket.
#ifndef MUSTER_NET_HTTP_INTERNAL_H
#define MUSTER_NET_HTTP_INTERNAL_H

#include "base/arena.h"
#include "net/http_route.h"
#include "net/http_server.h"

struct bufferevent;
struct event;
struct evconnlistener;
struct evhttp;
struct evhttp_connection;
struct evhttp_request;

// What a connection waits for. Each phase has an absolute deadline, so dripping bytes gains no
// time.
//
//     accepted -> READING -> ANSWERING -> WRITING -> READING -> ...
enum http_phase {
    HTTP_READING,   // for a whole request
    HTTP_ANSWERING, // for the handler
    HTTP_WRITING,   // for the client to take the response
};

// A slot of the server's table; free when `fresh` and `handle` are NULL.
struct http_connection {
    struct http_server *server;
    struct bufferevent *fresh;        // referenced: accepted, not yet admitted
    struct evhttp_connection *handle; // admitted; evhttp's
    char address[64];                 // the client's, without port
    enum http_phase phase;
    struct instant deadline;      // of the phase
    struct http_request *request; // in HTTP_ANSWERING
};

struct http_request {
    struct http_server *server;
    struct http_request *previous; // in the server's list of those that wait
    struct http_request *next;
    struct http_connection *connection; // NULL: gone, or answered for the handler
    struct evhttp_request *raw;         // evhttp's; without connection ours to free
    struct arena arena;                 // holds the texts of the call
    struct http_call call;
};

struct http_server {
    struct http_server_options options; // with the defaults filled in
    struct http_table table;
    struct loop *loop;
    struct evhttp *http;                 // owned
    struct evconnlistener *listener;     // evhttp's
    struct event *admission;             // owned; active when there are fresh connections
    struct loop_timer *expiry;           // goes off at or before the earliest deadline
    struct instant expiry_at;            // what it is set to
    struct loop_timer *accept_again;     // set after a failed accept
    bool is_accept_paused;               // accept_again is set
    struct http_connection *connections; // options.connections_max slots
    struct http_request *waiting;
    struct http_server_stats stats;
    char address[80]; // "127.0.0.1:9469"
};

// For evhttp: makes the bufferevent of a connection that is being accepted.
struct bufferevent *http_connection_accept(struct event_base *base, void *server);

// Admits what was accepted, or turns it away.
void http_connections_admit(struct http_server *server);

// The slot of an admitted connection.
struct http_connection *http_connection_of(struct http_server *server,
                                           const struct evhttp_connection *handle);

void http_connection_enter(struct http_connection *connection, enum http_phase phase);

// Callbacks of the two timers and of the listener.
void http_connections_expire(void *server);
void http_accept_again(void *server);
void http_accept_failed(struct evconnlistener *listener, void *server);

// Opens the listening socket that the options name. Failures as of http_server_create.
enum status http_listen(const struct http_server_options *options, int *ret_fd,
                        struct buffer *error) MUST_CHECK;

// Prints where the socket listens: "127.0.0.1:9469".
void http_listen_address(int fd, char *out, size_t size);

// Answers for the handler with 503; the handle stays valid until the handler answers too.
void http_request_expire(struct http_request *request);

#endif
