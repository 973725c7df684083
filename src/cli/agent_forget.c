// SPDX-License-Identifier: Apache-2.0

#include "cli/order.h"

static const struct output_table table = {"muster.agent_forget/1", exchange_columns, false};

static const struct flag flags[] = {
    ORDER_FLAGS,
    FLAG_ROW_SWITCH("yes", "it is meant: all of its topics are withdrawn"),
    FLAG_ROW_END,
};

static enum exit_code run(struct invocation *invocation)
{
    if (!invocation_switch(invocation, "yes"))
        return invocation_fail(invocation, EXIT_USAGE,
                               "'agent forget' withdraws all that the agent has announced: say it "
                               "with --yes");
    return order_each(invocation, "agent.forget", "agent");
}

const struct command command_agent_forget = {
    .noun = "agent",
    .verb = "forget",
    .arguments = "ID...",
    .arguments_min = 1,
    .arguments_max = -1,
    .flags = flags,
    .output = &table,
    .help = "withdraw all that an agent has announced",
    .example = "muster agent forget host7 --yes",
    .run = run,
};
