// SPDX-License-Identifier: Apache-2.0

#include "cli/order.h"

static const struct output_table table = {"muster.topic_retry/1", exchange_columns, false};

static const struct flag flags[] = {
    ORDER_FLAGS,
    FLAG_ROW_END,
};

static enum exit_code run(struct invocation *invocation)
{
    return order_each(invocation, "topic.retry", "topic");
}

const struct command command_topic_retry = {
    .noun = "topic",
    .verb = "retry",
    .arguments = "TOPIC...",
    .arguments_min = 1,
    .arguments_max = -1,
    .flags = flags,
    .output = &table,
    .help = "give topics in quarantine another try",
    .example = "muster topic retry t1",
    .run = run,
};
