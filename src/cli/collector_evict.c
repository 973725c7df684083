// SPDX-License-Identifier: Apache-2.0

#include "cli/order.h"

static const struct output_table table = {"muster.collector_evict/1", exchange_columns, false};

static const struct flag flags[] = {
    ORDER_NO_WAIT,
    FLAG_ROW_SWITCH("wait", "wait until the life that is evicted is known to be over"),
    FLAG_ROW_END,
};

static enum exit_code run(struct invocation *invocation)
{
    enum exit_code code = order_each(invocation, "collector.evict", "collector");
    return code == EXIT_DONE ? order_wait(invocation, invocation->argument_count, ORDER_EVICTED)
                             : code;
}

const struct command command_collector_evict = {
    .noun = "collector",
    .verb = "evict",
    .arguments = "ID...",
    .arguments_min = 1,
    .arguments_max = -1,
    .flags = flags,
    .output = &table,
    .help = "end a collector at once; unlike drain it flushes nothing, the next owner reads that "
            "again",
    .example = "muster collector evict rack1 --wait",
    .run = run,
};
