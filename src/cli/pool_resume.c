// SPDX-License-Identifier: Apache-2.0

#include "cli/order.h"

static const struct output_table table = {"muster.pool_resume/1", exchange_columns, false};

static const struct flag flags[] = {
    ORDER_POOL_FLAGS,
    FLAG_ROW_END,
};

static enum exit_code run(struct invocation *invocation)
{
    return order_pools(invocation, "pool.resume", (struct label){0}, ORDER_RUNNING);
}

const struct command command_pool_resume = {
    .noun = "pool",
    .verb = "resume",
    .arguments = "POOL...",
    .arguments_min = 1,
    .arguments_max = -1,
    .flags = flags,
    .output = &table,
    .help = "give the topics of paused pools back to who had them",
    .example = "muster pool resume edge",
    .run = run,
};
