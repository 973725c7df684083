// SPDX-License-Identifier: Apache-2.0

#include "cli/order.h"

static const struct output_table table = {"muster.pool_reset/1", exchange_columns, false};

static const struct flag flags[] = {
    ORDER_FLAGS,
    FLAG_ROW_END,
};

static enum exit_code run(struct invocation *invocation)
{
    return order_pool(invocation, "pool.reset");
}

const struct command command_pool_reset = {
    .noun = "pool",
    .verb = "reset",
    .arguments = "NAME",
    .arguments_min = 1,
    .arguments_max = 1,
    .flags = flags,
    .output = &table,
    .help = "give all keys of the policy of a pool their defaults",
    .example = "muster pool reset default",
    .run = run,
};
