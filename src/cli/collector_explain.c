// SPDX-License-Identifier: Apache-2.0

#include "cli/fetch.h"

static const struct column columns[] = {
    {"COLLECTOR", "id", COLUMN_TEXT, false, false, "name of the collector"},
    {"POOL", "pool", COLUMN_TEXT, false, false, "pool that it belongs to"},
    {"STATE", "state", COLUMN_TEXT, false, false, "active, draining, evicted, held or gone"},
    {"UNITS", "units", COLUMN_INTEGER, false, true, "units that it owns"},
    {"SINCE", "since_ms", COLUMN_TIME, false, true, "since when it is a member, ms since 1970"},
    {"WHY", "why", COLUMN_LIST, false, false,
     "its share, its limits, how its topics came to it and who could take over"},
    {0},
};

static const struct output_table table = {"muster.collector_explain/1", columns, true};

static enum exit_code run(struct invocation *invocation)
{
    return fetch_each(invocation, "/api/v1/collectors", "/explain");
}

const struct command command_collector_explain = {
    .noun = "collector",
    .verb = "explain",
    .arguments = "COLLECTOR...",
    .arguments_min = 1,
    .arguments_max = -1,
    .output = &table,
    .help = "say why collectors have what they have, and who could take over",
    .example = "muster collector explain rack1",
    .run = run,
};
