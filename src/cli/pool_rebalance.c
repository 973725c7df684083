// SPDX-License-Identifier: Apache-2.0

#include "cli/order.h"

static const struct output_table table = {"muster.pool_rebalance/1", exchange_columns, false};

static const struct flag flags[] = {
    ORDER_POOL_FLAGS,
    FLAG_ROW_END,
};

static enum exit_code run(struct invocation *invocation)
{
    return order_pools(invocation, "pool.rebalance", (struct label){0}, ORDER_RUNNING);
}

const struct command command_pool_rebalance = {
    .noun = "pool",
    .verb = "rebalance",
    .arguments = "POOL...",
    .arguments_min = 1,
    .arguments_max = -1,
    .flags = flags,
    .output = &table,
    .help = "even pools out at once, whatever the move budget",
    .example = "muster pool rebalance edge --wait",
    .run = run,
};
