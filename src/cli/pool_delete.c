// SPDX-License-Identifier: Apache-2.0

#include "cli/order.h"

static const struct output_table table = {"muster.pool_delete/1", exchange_columns, false};

static const struct flag flags[] = {
    ORDER_POOL_FLAGS,
    FLAG_ROW_SWITCH("yes", "it is meant: what is announced for it is withdrawn"),
    FLAG_ROW_SWITCH("force", "also with live collectors and agents in it"),
    FLAG_ROW_END,
};

static enum exit_code run(struct invocation *invocation)
{
    if (!invocation_switch(invocation, "yes"))
        return invocation_fail(invocation, EXIT_USAGE,
                               "'pool delete' takes the pool away for good: say it with --yes");
    struct label force = {0};
    if (invocation_switch(invocation, "force"))
        force = (struct label){TEXT_LITERAL("force"), TEXT_LITERAL("true")};
    return order_pools(invocation, "pool.delete", force, ORDER_GONE);
}

const struct command command_pool_delete = {
    .noun = "pool",
    .verb = "delete",
    .arguments = "POOL...",
    .arguments_min = 1,
    .arguments_max = -1,
    .flags = flags,
    .output = &table,
    .help = "delete pools",
    .example = "muster pool delete edge --yes --wait",
    .run = run,
};
