// SPDX-License-Identifier: Apache-2.0
//
// From a method and a request target to a row of the route table and its decoded parts. No sockets
// here.
#ifndef MUSTER_NET_HTTP_ROUTE_H
#define MUSTER_NET_HTTP_ROUTE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "net/http_server.h"

struct http_table {
    const struct http_route *routes; // borrowed
    uint32_t count;
};

// Whether every pattern is well-formed: begins with '/', at most HTTP_CAPTURES_MAX captures, each a
// whole segment.
bool http_table_check(const struct http_table *table);

// Sets route, path and captures of `ret_call` from a raw path, which must outlive the call; decoded
// texts are in the arena. STATUS_NOT_FOUND: no pattern fits; STATUS_DENIED: one fits, but not with
// this method; STATUS_INVALID: a wrong percent-escape.
enum status http_table_find(const struct http_table *table, enum http_method method,
                            struct text path, struct arena *arena,
                            struct http_call *ret_call) MUST_CHECK;

// Which methods fit the path: bit 1 << method. 0 if none.
uint32_t http_table_methods(const struct http_table *table, struct text path);

// Sets the parameters of `ret_call` from a raw query (without '?'): "a=1&b=x+y%2F". A name without
// '=' has an empty value. STATUS_INVALID: a wrong percent-escape; STATUS_TOO_LARGE: more than
// HTTP_PARAMETERS_MAX.
enum status http_query_parse(struct text query, struct arena *arena,
                             struct http_call *ret_call) MUST_CHECK;

#endif
