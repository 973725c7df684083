// SPDX-License-Identifier: Apache-2.0

#include "cli/fetch.h"

static const struct column columns[] = {
    {"UNIT", "unit", COLUMN_TEXT, false, false,
     "[cluster:]topic, with /partition where the topic is split"},
    {"POOL", "pool", COLUMN_TEXT, false, false, "pool that it belongs to"},
    {"STATE", "state", COLUMN_TEXT, false, false,
     "pending, owned, revoking, missing, dormant or quarantined"},
    {"OWNER", "owner", COLUMN_TEXT, false, true, "collector that reads it; null = none"},
    {"PREVIOUS", "previous", COLUMN_TEXT, true, true, "collector that read it before"},
    {"SINCE", "since_ms", COLUMN_TIME, true, true, "since when it is in this state, ms since 1970"},
    {"PARTITIONS", "partitions", COLUMN_INTEGER, true, true, "partitions of the topic"},
    {"FENCE", "fence", COLUMN_INTEGER, true, true, "generation of its grant"},
    {"RULE", "rule", COLUMN_TEXT, true, true, "rule that decided"},
    {"REASON", "reason", COLUMN_TEXT, false, true, "why it is not read, in words"},
    {"POSITION", "position", COLUMN_INTEGER, false, true, "next offset to read"},
    {"COMMITTED", "committed", COLUMN_INTEGER, true, true,
     "committed offset; null = nothing was ever committed"},
    {"END", "end", COLUMN_INTEGER, false, true, "last stable offset"},
    {"LAG", "lag_records", COLUMN_INTEGER, false, true, "offsets behind; null = not known"},
    {"BEHIND", "oldest_unprocessed_ms", COLUMN_DURATION, false, true,
     "age of the oldest record that is not delivered, ms"},
    {"RECORDS/S", "records_per_s", COLUMN_INTEGER, true, true, "records delivered a second"},
    {"BYTES/S", "bytes_per_s", COLUMN_INTEGER, true, true, "bytes delivered a second"},
    {"LOST", "positions_lost", COLUMN_INTEGER, true, false,
     "positions lost since its owner began: not committed any more, or not in the log"},
    {"READER", "reader_state", COLUMN_TEXT, false, true, "what its owner says of it"},
    {"AGENTS", "agents", COLUMN_LIST, false, true, "who announced it: agent, or agent/source"},
    {0},
};

static const struct output_table table = {"muster.topic/1", columns, true};

static enum exit_code run(struct invocation *invocation)
{
    return fetch_each(invocation, "/api/v1/topics", "");
}

const struct command command_topic_show = {
    .noun = "topic",
    .verb = "show",
    .arguments = "TOPIC...",
    .arguments_min = 1,
    .arguments_max = -1,
    .output = &table,
    .help = "show all about topics",
    .example = "muster topic show edge.cpu0",
    .run = run,
};
