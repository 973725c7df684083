// SPDX-License-Identifier: Apache-2.0

#include "cli/fetch.h"

static const struct column columns[] = {
    {"AGENT", "id", COLUMN_TEXT, false, false, "name of the agent"},
    {"POOL", "pool", COLUMN_TEXT, false, false, "pool that it belongs to"},
    {"HEALTH", "health", COLUMN_TEXT, false, true, "healthy, silent or unhealthy"},
    {"MISSES", "misses", COLUMN_INTEGER, false, true, "intervals of silence in a row"},
    {"TOPICS", "topics", COLUMN_INTEGER, false, true, "topics that it announces"},
    {"SINCE", "since_ms", COLUMN_TIME, false, true, "when it was first heard, ms since 1970"},
    {0},
};

static const struct output_table table = {"muster.agent_list/1", columns, false};

static enum exit_code run(struct invocation *invocation)
{
    return fetch_list(invocation, "/api/v1/agents", NULL);
}

static const struct flag flags[] = {
    FLAG_ROW_INTEGER("limit", "N", "show at most N; 0 = all"),
    FLAG_ROW_END,
};

const struct command command_agent_list = {
    .noun = "agent",
    .verb = "list",
    .arguments = "",
    .flags = flags,
    .output = &table,
    .help = "show the agents",
    .example = "muster agent list --json",
    .run = run,
};
