// SPDX-License-Identifier: Apache-2.0

#include "cli/fetch.h"

static const struct column columns[] = {
    {"TOPIC", "topic", COLUMN_TEXT, false, false, "[cluster:]topic"},
    {"PARTITION", "partition", COLUMN_INTEGER, false, true, "partition; null = not known yet"},
    {"POOL", "pool", COLUMN_TEXT, false, false, "pool; the Kafka group is PREFIX.POOL"},
    {"OWNER", "owner", COLUMN_TEXT, false, true, "collector that reads it; null = none"},
    {"POSITION", "position", COLUMN_INTEGER, false, true, "next offset to read"},
    {"COMMITTED", "committed", COLUMN_INTEGER, true, true,
     "committed offset; null = nothing was ever committed"},
    {"END", "end", COLUMN_INTEGER, false, true, "last stable offset"},
    {"LAG", "lag_records", COLUMN_INTEGER, false, true, "offsets behind; null = not known"},
    {"BEHIND", "oldest_unprocessed_ms", COLUMN_DURATION, false, true,
     "age of the oldest record that is not delivered, ms"},
    {"RECORDS/S", "records_per_s", COLUMN_INTEGER, true, true, "records delivered a second"},
    {"STATE", "state", COLUMN_TEXT, false, true,
     "ok, catching up, starting, not started (nothing was ever committed), not reported, "
     "sink refuses, holding (its position is lost), failed, stopping, revoking, paused, "
     "no owner, missing, dormant or quarantined"},
    {0},
};

static const struct output_table table = {"muster.lag_list/1", columns, false};

static enum exit_code run(struct invocation *invocation)
{
    const struct fetch_filter filters[] = {
        {"topic", invocation->argument_count ? invocation->arguments[0] : NULL, true},
        {"owner", invocation_flag(invocation, "owner"), false},
        {0},
    };
    return fetch_list(invocation, "/api/v1/lag", filters);
}

static const struct flag flags[] = {
    FLAG_ROW_TEXT("owner", "COLLECTOR", "only what it reads"),
    FLAG_ROW_INTEGER("limit", "N", "show at most N; 0 = all"),
    FLAG_ROW_END,
};

const struct command command_lag_show = {
    .noun = "lag",
    .verb = "show",
    .arguments = "[TOPIC]",
    .arguments_max = 1,
    .flags = flags,
    .output = &table,
    .help = "show how far behind each partition is",
    .example = "muster lag show --owner rack1",
    .run = run,
};
