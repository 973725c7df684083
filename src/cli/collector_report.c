// SPDX-License-Identifier: Apache-2.0

#include "cli/order.h"

static const struct output_table table = {"muster.collector_report/1", exchange_columns, false};

static const struct flag flags[] = {
    ORDER_FLAGS,
    FLAG_ROW_END,
};

static enum exit_code run(struct invocation *invocation)
{
    return order_each(invocation, "collector.report", "collector");
}

const struct command command_collector_report = {
    .noun = "collector",
    .verb = "report",
    .arguments = "ID...",
    .arguments_min = 1,
    .arguments_max = -1,
    .flags = flags,
    .output = &table,
    .help = "let a collector report on all its topics now",
    .example = "muster collector report rack1",
    .run = run,
};
