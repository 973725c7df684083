// SPDX-License-Identifier: Apache-2.0

#include "cli/fetch.h"

static const struct column columns[] = {
    {"UNIT", "unit", COLUMN_TEXT, false, false,
     "[cluster:]topic, with /partition where the topic is split"},
    {"POOL", "pool", COLUMN_TEXT, false, false, "pool that it belongs to"},
    {"STATE", "state", COLUMN_TEXT, false, false,
     "pending, owned, revoking, missing, dormant or quarantined"},
    {"OWNER", "owner", COLUMN_TEXT, false, true, "collector that reads it; null = none"},
    {"SINCE", "since_ms", COLUMN_TIME, false, true, "since when, ms since 1970"},
    {"WHY", "why", COLUMN_LIST, false, false, "the reasons, the first one first"},
    {0},
};

static const struct output_table table = {"muster.topic_explain/1", columns, true};

static enum exit_code run(struct invocation *invocation)
{
    return fetch_each(invocation, "/api/v1/topics", "/explain");
}

const struct command command_topic_explain = {
    .noun = "topic",
    .verb = "explain",
    .arguments = "TOPIC...",
    .arguments_min = 1,
    .arguments_max = -1,
    .output = &table,
    .help = "say why topics are where they are, or are not read",
    .example = "muster topic explain edge.cpu0",
    .run = run,
};
