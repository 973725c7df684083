// SPDX-License-Identifier: Apache-2.0
//
// Commands that ask a coordinator: the answer of its HTTP API, page after page, printed in the form
// that the user wants. The items of a route have the members that the command's columns name, so
// `muster topic list --output schema` describes both.
//
//     GET /api/v1/topics ?pool= &state= &owner=     topic list
//     GET /api/v1/topics/{unit}                     topic show
//     GET /api/v1/topics/{unit}/explain             topic explain
//     GET /api/v1/collectors ?pool=                 collector list
//     GET /api/v1/collectors/{id}                   collector show
//     GET /api/v1/collectors/{id}/explain           collector explain
//     GET /api/v1/agents ?pool=                     agent list
//     GET /api/v1/agents/{id}                       agent show
//     GET /api/v1/pools                             pool list
//     GET /api/v1/pools/{name}                      pool show
//     GET /api/v1/pools/{name}/trial ?KEY=VALUE     pool set --dry-run
//     GET /api/v1/coordinators                      coordinator list
//     GET /api/v1/lag ?pool= &owner= &topic=        lag show
//     GET /api/v1/lag/pools                         lag pools
//     GET /api/v1/events ?pool= &subject=           events list (newest first)
//
// Every list takes ?limit= (1..10000) and ?after= (the `next` of the page before). A split topic,
// and a name that is in several pools, gives several items. 404 is answered for a name that nobody
// knows, with {"error": {"message": ...}} as for every refusal.
#ifndef MUSTER_CLI_FETCH_H
#define MUSTER_CLI_FETCH_H

#include "base/arena.h"
#include "base/label.h"
#include "cli/command.h"

// ?name=value of a request; left out if the value is NULL.
struct fetch_filter {
    const char *name;
    const char *value;
    bool is_argument; // somebody has named it: EXIT_NOT_FOUND if nothing fits
};

// The pool that somebody asked for, NULL where it is only the default.
const char *fetch_pool(const struct invocation *invocation);

// Prints the list behind `path` ("/api/v1/topics"); the filters end with a name NULL. --limit is
// heeded where the command has it. The pool is a filter where somebody has set it.
enum exit_code fetch_list(const struct invocation *invocation, const char *path,
                          const struct fetch_filter *filters);

// Prints the items behind `path`/ARGUMENT`suffix` for each argument. EXIT_NOT_FOUND if one is not
// known, after the others were printed.
enum exit_code fetch_each(const struct invocation *invocation, const char *path,
                          const char *suffix);

// The same, where each item is changed before it is printed (`amend` of answer.h, maybe NULL), and
// more is told of a name that nobody knows (maybe NULL).
struct fetch_amend {
    void (*amend)(void *context, struct value *values, struct arena *arena);
    void (*missing)(void *context, const char *name);
    void *context;
};
enum exit_code fetch_each_amended(const struct invocation *invocation, const char *path,
                                  const char *suffix, const struct fetch_amend *amend);

// Prints what setting these keys of the pool that the first argument names would do.
enum exit_code fetch_trial(const struct invocation *invocation, const struct label *keys,
                           uint32_t count);

#endif
