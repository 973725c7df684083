// SPDX-License-Identifier: Apache-2.0

#include "cli/order.h"

static const struct output_table table = {"muster.collector_drain/1", exchange_columns, false};

static const struct flag flags[] = {
    ORDER_NO_WAIT,
    FLAG_ROW_SWITCH("wait", "wait until the collector has nothing left"),
    FLAG_ROW_END,
};

static enum exit_code run(struct invocation *invocation)
{
    enum exit_code code = order_each(invocation, "collector.drain", "collector");
    return code == EXIT_DONE ? order_wait(invocation, invocation->argument_count, ORDER_DRAINED)
                             : code;
}

const struct command command_collector_drain = {
    .noun = "collector",
    .verb = "drain",
    .arguments = "ID...",
    .arguments_min = 1,
    .arguments_max = -1,
    .flags = flags,
    .output = &table,
    .help = "let a collector hand over its topics and get no others",
    .example = "muster collector drain rack1 --wait",
    .run = run,
};
