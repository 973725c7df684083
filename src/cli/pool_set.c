// SPDX-License-Identifier: Apache-2.0

#include "cli/order.h"

static const struct output_table table = {"muster.pool_set/1", exchange_columns, false};

static const struct flag flags[] = {
    ORDER_FLAGS,
    FLAG_ROW_END,
};

static enum exit_code run(struct invocation *invocation)
{
    return order_pool(invocation, "pool.set");
}

const struct command command_pool_set = {
    .noun = "pool",
    .verb = "set",
    .arguments = "NAME KEY=VALUE...",
    .arguments_min = 2,
    .arguments_max = -1,
    .flags = flags,
    .output = &table,
    .help = "set keys of the policy of a pool",
    .example = "muster pool set default max_topics_per_collector=100",
    .run = run,
};
