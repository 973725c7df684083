// SPDX-License-Identifier: Apache-2.0
//
// The HTTP server of a daemon, on its loop: a table of routes, requests that may be answered later,
// and limits on everything that a stranger could make large or slow. HEAD is answered like GET
// without the body. Every response forbids sniffing, framing and outside resources.
#ifndef MUSTER_NET_HTTP_SERVER_H
#define MUSTER_NET_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"
#include "net/loop.h"

#define HTTP_CAPTURES_MAX 4    // parts of a path that a pattern leaves open
#define HTTP_PARAMETERS_MAX 16 // of a query; more is answered with 400
#define HTTP_HEADERS_MAX 8192  // bytes of request line and headers

struct http_server;
struct http_request; // a request that waits for its answer

enum http_method {
    HTTP_GET,
    HTTP_POST,
};

// One row of the table. A pattern is a path in which `{name}` stands for one segment that is not
// empty: "/api/v1/topics/{unit}". Of several that fit, the first row is taken.
struct http_route {
    enum http_method method;
    const char *pattern;
    int id;           // the caller's
    const char *help; // one line for people
};

struct http_parameter {
    struct text name;
    struct text value;
};

// What was asked, decoded. All texts are valid until the request is answered.
struct http_call {
    int route;                               // id of the row
    struct text path;                        // as sent, without the query
    struct text captures[HTTP_CAPTURES_MAX]; // the `{...}` of the pattern in order, percent-decoded
    uint32_t capture_count;
    struct http_parameter parameters[HTTP_PARAMETERS_MAX]; // of the query, in order
    uint32_t parameter_count;
    struct text accept; // header Accept, or empty
    struct text body;   // of a POST
};

struct http_server_options {
    const char *address;             // to listen on; NULL = 127.0.0.1
    uint16_t port;                   // 0 = any free one
    const struct http_route *routes; // borrowed for the server's life
    uint32_t route_count;
    // Called for each request that fits a route. It answers at once or keeps the handle and answers
    // later.
    void (*handler)(void *ctx, struct http_request *request, const struct http_call *call);
    void *ctx;
    size_t body_bytes_max;                // of a request; 0 = 64 KiB; 413 above
    uint32_t connections_max;             // 0 = 256; the rest waits in the listen queue
    uint32_t connections_per_address_max; // 0 = 64; 503 above
    uint32_t waiting_max;                 // requests not yet answered; 0 = 128; 503 above
    struct span read;   // for a whole request, idle time before it included; 0 = 30 s
    struct span answer; // for the handler; 0 = 10 s, then 503 is sent for it
    struct span write;  // for the client to take the response; 0 = 30 s
};

// Listens. On failure (STATUS_INVALID: address; STATUS_EXISTS: in use; STATUS_DENIED;
// STATUS_FAILED) `*ret_server` is NULL and `error` says why, for people; the caller can go on
// without.
enum status http_server_create(struct loop *loop, const struct http_server_options *options,
                               struct http_server **ret_server, struct buffer *error) MUST_CHECK;

// Closes everything. Handles of requests that wait for an answer are dead afterwards. NULL is fine.
void http_server_destroy(struct http_server *server);

// "127.0.0.1:9469", "[::1]:9469": where it listens. Valid as long as the server.
const char *http_server_address(const struct http_server *server);

// Counters for metrics.
struct http_server_stats {
    uint64_t requests; // that were taken up, refused ones included
    uint64_t refused;  // answered with 4xx or 503 by the server itself
    uint64_t
        expired; // connections closed, or answered for the handler, because a deadline had passed
    uint32_t connections; // open now
    uint32_t waiting;     // requests not yet answered
};
struct http_server_stats http_server_stats(const struct http_server *server);

// The value of the first query parameter of that name, or NULL.
const struct text *http_call_parameter(const struct http_call *call, const char *name);

// A query parameter as a whole number of min..max. `*ret_value` is left alone where it is not
// given. STATUS_INVALID if it is anything else.
enum status http_call_int64(const struct http_call *call, const char *name, int64_t min,
                            int64_t max, int64_t *ret_value) MUST_CHECK;

// Each request is answered exactly once by one of the three below, which ends the handle and its
// call. A client that has gone, or a deadline that has passed, makes no difference to the caller.

// The body's bytes move into the response; the buffer is empty afterwards. `content_type` as in the
// header.
void http_request_answer(struct http_request *request, int code, const char *content_type,
                         struct buffer *body);

// 200 with bytes that live as long as the server.
void http_request_answer_constant(struct http_request *request, const char *content_type,
                                  struct text body);

// {"error": {"code": CODE, "name": "not_found", "message": MESSAGE}}
void http_request_refuse(struct http_request *request, int code, const char *message);

#endif
