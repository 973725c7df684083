// SPDX-License-Identifier: Apache-2.0

#include "cli/fetch.h"

static const struct column columns[] = {
    {"AGENT", "id", COLUMN_TEXT, false, false, "name of the agent"},
    {"POOL", "pool", COLUMN_TEXT, false, false, "pool that it belongs to"},
    {"HEALTH", "health", COLUMN_TEXT, false, true, "healthy, silent or unhealthy"},
    {"MISSES", "misses", COLUMN_INTEGER, false, true, "intervals of silence in a row"},
    {"TOPICS", "topics", COLUMN_INTEGER, false, true, "topics that it announces"},
    {"SINCE", "since_ms", COLUMN_TIME, false, true, "when it was first heard, ms since 1970"},
    {"NAMES", "names", COLUMN_LIST, false, true, "the topics that it announces"},
    {0},
};

static const struct output_table table = {"muster.agent/1", columns, true};

static enum exit_code run(struct invocation *invocation)
{
    return fetch_each(invocation, "/api/v1/agents", "");
}

const struct command command_agent_show = {
    .noun = "agent",
    .verb = "show",
    .arguments = "AGENT...",
    .arguments_min = 1,
    .arguments_max = -1,
    .output = &table,
    .help = "show all about agents",
    .example = "muster agent show host7",
    .run = run,
};
