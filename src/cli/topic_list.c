// SPDX-License-Identifier: Apache-2.0

#include "cli/fetch.h"

static const struct column columns[] = {
    {"UNIT", "unit", COLUMN_TEXT, false, false,
     "[cluster:]topic, with /partition where the topic is split"},
    {"POOL", "pool", COLUMN_TEXT, false, false, "pool that it belongs to"},
    {"STATE", "state", COLUMN_TEXT, false, false,
     "pending, owned, revoking, missing, dormant or quarantined"},
    {"OWNER", "owner", COLUMN_TEXT, false, true, "collector that reads it; null = none"},
    {"LAG", "lag_records", COLUMN_INTEGER, false, true, "offsets behind; null = not known"},
    {"PREVIOUS", "previous", COLUMN_TEXT, true, true, "collector that read it before"},
    {"SINCE", "since_ms", COLUMN_TIME, true, true, "since when it is in this state, ms since 1970"},
    {"PARTITIONS", "partitions", COLUMN_INTEGER, true, true, "partitions of the topic"},
    {"FENCE", "fence", COLUMN_INTEGER, true, true, "generation of its grant"},
    {"RULE", "rule", COLUMN_TEXT, true, true, "rule that decided"},
    {"REASON", "reason", COLUMN_TEXT, false, true, "why it is there, or why nobody reads it"},
    {"AGENTS", "agents", COLUMN_LIST, true, true, "who announced it: agent, or agent/source"},
    {0},
};

static const struct output_table table = {"muster.topic_list/1", columns, false};

static enum exit_code run(struct invocation *invocation)
{
    const struct fetch_filter filters[] = {
        {"state", invocation_flag(invocation, "state"), false},
        {"owner", invocation_flag(invocation, "owner"), false},
        {0},
    };
    return fetch_list(invocation, "/api/v1/topics", filters);
}

static const struct flag flags[] = {
    FLAG_ROW_CHOICE("state", "pending|owned|revoking|missing|dormant|quarantined",
                    "only those in this state"),
    FLAG_ROW_TEXT("owner", "COLLECTOR", "only those that it reads"),
    FLAG_ROW_INTEGER("limit", "N", "show at most N; 0 = all"),
    FLAG_ROW_END,
};

const struct command command_topic_list = {
    .noun = "topic",
    .verb = "list",
    .arguments = "",
    .flags = flags,
    .output = &table,
    .help = "show the topics and who reads them",
    .example = "muster topic list --state pending",
    .run = run,
};
