// SPDX-License-Identifier: Apache-2.0

#include "cli/announce.h"
#include "net/loop.h"

static const struct output_table table = {"muster.topic_withdraw/1", exchange_columns, false};

static const struct flag flags[] = {
    ANNOUNCE_FLAGS,
    FLAG_ROW_END,
};

static enum exit_code run(struct invocation *invocation)
{
    const struct announcement_topic model = {.weight = 1};
    struct announcement draft = {.mode = TEXT_LITERAL("remove"), .sent_at_ms = loop_wall_ms()};
    return announce_words(invocation, &draft, &model);
}

const struct command command_topic_withdraw = {
    .noun = "topic",
    .verb = "withdraw",
    .arguments = "NAME...",
    .arguments_min = 1,
    .arguments_max = -1,
    .flags = flags,
    .output = &table,
    .help = "take back what an agent has announced",
    .example = "muster topic withdraw edge.cpu1 --agent edge --wait",
    .run = run,
};
