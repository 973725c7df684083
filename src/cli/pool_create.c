// SPDX-License-Identifier: Apache-2.0

#include "cli/order.h"

static const struct output_table table = {"muster.pool_create/1", exchange_columns, false};

static const struct flag flags[] = {
    ORDER_POOL_FLAGS,
    FLAG_ROW_END,
};

static enum exit_code run(struct invocation *invocation)
{
    return order_pool(invocation, "pool.create");
}

const struct command command_pool_create = {
    .noun = "pool",
    .verb = "create",
    .arguments = "NAME [KEY=VALUE...]",
    .arguments_min = 1,
    .arguments_max = -1,
    .flags = flags,
    .output = &table,
    .takes_policy = true,
    .help = "make a pool, with the policy that is given",
    .example = "muster pool create edge max_topics_per_collector=100",
    .run = run,
};
