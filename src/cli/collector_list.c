// SPDX-License-Identifier: Apache-2.0

#include "cli/fetch.h"

static const struct column columns[] = {
    {"COLLECTOR", "id", COLUMN_TEXT, false, false, "name of the collector"},
    {"POOL", "pool", COLUMN_TEXT, false, false, "pool that it belongs to"},
    {"STATE", "state", COLUMN_TEXT, false, false,
     "active, draining, evicted (it is to end), held (its units wait for it to come back) or "
     "gone"},
    {"UNITS", "units", COLUMN_INTEGER, false, true, "units that it owns"},
    {"REVOKING", "revoking", COLUMN_INTEGER, true, true, "units that it is to let go"},
    {"CAPACITY", "capacity_units", COLUMN_INTEGER, true, true,
     "most units that it takes; null = no limit"},
    {"LAG", "lag_records", COLUMN_INTEGER, false, true, "offsets behind, over its units"},
    {"RECORDS/S", "records_per_s", COLUMN_INTEGER, false, true, "records delivered a second"},
    {"HEARD", "heard_ms_ago", COLUMN_DURATION, false, true, "since its last beat, ms"},
    {"HOST", "host", COLUMN_TEXT, false, true, "machine that it runs on"},
    {"PID", "pid", COLUMN_INTEGER, true, true, "its process"},
    {"ADDRESS", "address", COLUMN_TEXT, true, true, "address of its own HTTP"},
    {"VERSION", "version", COLUMN_TEXT, true, true, "version of its binary"},
    {"LEASE", "lease_ms", COLUMN_DURATION, true, true, "lease that it promised, ms"},
    {"DRAINED", "drained", COLUMN_BOOLEAN, true, true, "whether an operator keeps it empty"},
    {"REFUSED", "units_refused", COLUMN_INTEGER, true, true,
     "units whose records its sink does not take"},
    {"SINK", "sink", COLUMN_TEXT, true, true, "what its sink answers then; null = it takes them"},
    {"GENERATION", "generation", COLUMN_INTEGER, true, true, "generation that was published to it"},
    {"APPLIED", "applied_generation", COLUMN_INTEGER, true, true, "generation that it has applied"},
    {"SINCE", "since_ms", COLUMN_TIME, true, true, "since when it is a member, ms since 1970"},
    {"INCARNATION", "incarnation", COLUMN_TEXT, true, true, "this life of the process"},
    {0},
};

static const struct output_table table = {"muster.collector_list/1", columns, false};

static enum exit_code run(struct invocation *invocation)
{
    return fetch_list(invocation, "/api/v1/collectors", NULL);
}

static const struct flag flags[] = {
    FLAG_ROW_INTEGER("limit", "N", "show at most N; 0 = all"),
    FLAG_ROW_END,
};

const struct command command_collector_list = {
    .noun = "collector",
    .verb = "list",
    .arguments = "",
    .flags = flags,
    .output = &table,
    .help = "show the collectors",
    .example = "muster collector list --output wide",
    .run = run,
};
