// SPDX-License-Identifier: Apache-2.0

#include "cli/order.h"

static const struct output_table table = {"muster.collector_rotate/1", exchange_columns, false};

static const struct flag flags[] = {
    ORDER_FLAGS,
    FLAG_ROW_END,
};

static enum exit_code run(struct invocation *invocation)
{
    return order_each(invocation, "collector.rotate", "collector");
}

const struct command command_collector_rotate = {
    .noun = "collector",
    .verb = "rotate",
    .arguments = "ID...",
    .arguments_min = 1,
    .arguments_max = -1,
    .flags = flags,
    .output = &table,
    .help = "let a collector begin a new file, where its sink has files",
    .example = "muster collector rotate rack1",
    .run = run,
};
