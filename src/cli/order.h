// SPDX-License-Identifier: Apache-2.0
//
// Orders of operators: one record of orders each, and by default its answer.
#ifndef MUSTER_CLI_ORDER_H
#define MUSTER_CLI_ORDER_H

#include "base/label.h"
#include "cli/exchange.h"

#define ORDER_FLAGS                                                                                \
    FLAG_ROW_SWITCH("no-wait", "do not wait until the coordinator has carried it out")

// Gives the order `verb` about each word of the command line, as its argument `argument`
// ("collector"), in the pool of the configuration.
enum exit_code order_each(const struct invocation *invocation, const char *verb,
                          const char *argument);

// Gives the order `verb` about the pool that the first word names, with the KEY=VALUE behind it as
// arguments.
enum exit_code order_pool(const struct invocation *invocation, const char *verb);

#endif
