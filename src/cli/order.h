// SPDX-License-Identifier: Apache-2.0
//
// Orders of operators: one record of orders each, and by default its answer.
#ifndef MUSTER_CLI_ORDER_H
#define MUSTER_CLI_ORDER_H

#include "base/label.h"
#include "cli/exchange.h"

#define ORDER_NO_WAIT                                                                              \
    FLAG_ROW_SWITCH("no-wait", "do not wait until the coordinator has carried it out")

#define ORDER_FLAGS                                                                                \
    ORDER_NO_WAIT,                                                                                 \
        FLAG_ROW_SWITCH("wait", "wait until the coordinator has carried it out: the default")

// The flags of orders about the life of a pool.
#define ORDER_POOL_FLAGS                                                                           \
    ORDER_NO_WAIT, FLAG_ROW_SWITCH("wait", "wait until the pool has come to what it says")

// What --wait waits for.
enum order_goal {
    ORDER_RUNNING, // it has the collectors that it needs and nothing is being handed over
    ORDER_PAUSED,  // nobody reads anything of it
    ORDER_GONE,    // nothing is left of it
    ORDER_DRAINED, // the collector has nothing left
    ORDER_EVICTED, // the life that was evicted is over
};

// Gives the order `verb` about each pool that a word names, with `label` as its argument if it has
// a key, then waits for the goal where --wait says so, at most timeout.ms.
enum exit_code order_pools(const struct invocation *invocation, const char *verb,
                           struct label label, enum order_goal goal);

// Gives the order `verb` about each word of the command line, as its argument `argument`
// ("collector"), in the pool of the configuration.
enum exit_code order_each(const struct invocation *invocation, const char *verb,
                          const char *argument);

// With --wait: until the first `count` pools of the command line, or collectors of the pool of the
// configuration, have reached the goal, at most timeout.ms. Asks a coordinator's API.
enum exit_code order_wait(const struct invocation *invocation, size_t count, enum order_goal goal);

// Gives the order `verb` about the pool that the first word names, with the KEY=VALUE behind it as
// arguments. With --wait, if the command has it, until the pool is running.
enum exit_code order_pool(const struct invocation *invocation, const char *verb);

// Gives the order `verb` about the cell as a whole.
enum exit_code order_cell(const struct invocation *invocation, const char *verb);

#endif
