// SPDX-License-Identifier: Apache-2.0

#include "cli/fetch.h"

static const struct column columns[] = {
    {"COLLECTOR", "id", COLUMN_TEXT, false, false, "name of the collector"},
    {"POOL", "pool", COLUMN_TEXT, false, false, "pool that it belongs to"},
    {"STATE", "state", COLUMN_TEXT, false, false,
     "active, draining, evicted (it is to end), held (its units wait for it to come back) or "
     "gone"},
    {"UNITS", "units", COLUMN_INTEGER, false, true, "units that it owns"},
    {"REVOKING", "revoking", COLUMN_INTEGER, false, true, "units that it is to let go"},
    {"CAPACITY", "capacity_units", COLUMN_INTEGER, false, true,
     "most units that it takes; null = no limit"},
    {"LAG", "lag_records", COLUMN_INTEGER, false, true, "offsets behind, over its units"},
    {"RECORDS/S", "records_per_s", COLUMN_INTEGER, false, true, "records delivered a second"},
    {"HEARD", "heard_ms_ago", COLUMN_DURATION, false, true, "since its last beat, ms"},
    {"HOST", "host", COLUMN_TEXT, false, true, "machine that it runs on"},
    {"PID", "pid", COLUMN_INTEGER, false, true, "its process"},
    {"ADDRESS", "address", COLUMN_TEXT, false, true, "address of its own HTTP"},
    {"VERSION", "version", COLUMN_TEXT, false, true, "version of its binary"},
    {"LEVEL", "level", COLUMN_INTEGER, false, true, "highest level of records that it knows"},
    {"LEASE", "lease_ms", COLUMN_DURATION, false, true, "lease that it promised, ms"},
    {"DRAINED", "drained", COLUMN_BOOLEAN, false, true, "whether an operator keeps it empty"},
    {"COMMANDS", "commands", COLUMN_INTEGER, false, true,
     "what it was told to do and has not done yet"},
    {"REFUSED", "units_refused", COLUMN_INTEGER, false, true,
     "units whose records its sink does not take"},
    {"SINK", "sink", COLUMN_TEXT, false, true, "what its sink answers then; null = it takes them"},
    {"GENERATION", "generation", COLUMN_INTEGER, false, true,
     "generation that was published to it"},
    {"APPLIED", "applied_generation", COLUMN_INTEGER, false, true,
     "generation that it has applied"},
    {"SINCE", "since_ms", COLUMN_TIME, false, true, "since when it is a member, ms since 1970"},
    {"INCARNATION", "incarnation", COLUMN_TEXT, false, true, "this life of the process"},
    {0},
};

static const struct output_table table = {"muster.collector/1", columns, true};

static enum exit_code run(struct invocation *invocation)
{
    return fetch_each(invocation, "/api/v1/collectors", "");
}

const struct command command_collector_show = {
    .noun = "collector",
    .verb = "show",
    .arguments = "COLLECTOR...",
    .arguments_min = 1,
    .arguments_max = -1,
    .output = &table,
    .help = "show all about collectors",
    .example = "muster collector show rack1",
    .run = run,
};
