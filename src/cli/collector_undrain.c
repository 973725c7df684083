// SPDX-License-Identifier: Apache-2.0

#include "cli/order.h"

static const struct output_table table = {"muster.collector_undrain/1", exchange_columns, false};

static const struct flag flags[] = {
    ORDER_FLAGS,
    FLAG_ROW_END,
};

static enum exit_code run(struct invocation *invocation)
{
    return order_each(invocation, "collector.undrain", "collector");
}

const struct command command_collector_undrain = {
    .noun = "collector",
    .verb = "undrain",
    .arguments = "ID...",
    .arguments_min = 1,
    .arguments_max = -1,
    .flags = flags,
    .output = &table,
    .help = "let a drained collector have topics again",
    .example = "muster collector undrain rack1",
    .run = run,
};
