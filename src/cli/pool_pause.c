// SPDX-License-Identifier: Apache-2.0

#include "cli/order.h"

static const struct output_table table = {"muster.pool_pause/1", exchange_columns, false};

static const struct flag flags[] = {
    ORDER_POOL_FLAGS,
    FLAG_ROW_END,
};

static enum exit_code run(struct invocation *invocation)
{
    return order_pools(invocation, "pool.pause", (struct label){0}, ORDER_PAUSED);
}

const struct command command_pool_pause = {
    .noun = "pool",
    .verb = "pause",
    .arguments = "POOL...",
    .arguments_min = 1,
    .arguments_max = -1,
    .flags = flags,
    .output = &table,
    .help = "take all topics of pools from their collectors until they are resumed",
    .example = "muster pool pause edge --wait",
    .run = run,
};
