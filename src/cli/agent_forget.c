// SPDX-License-Identifier: Apache-2.0

#include "cli/order.h"

static const struct output_table table = {"muster.agent_forget/1", exchange_columns, false};

static const struct flag flags[] = {
    ORDER_FLAGS,
    FLAG_ROW_END,
};

static enum exit_code run(struct invocation *invocation)
{
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
    .example = "muster agent forget host7",
    .run = run,
};
