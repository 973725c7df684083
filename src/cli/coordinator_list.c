// SPDX-License-Identifier: Apache-2.0

#include "cli/fetch.h"

static const struct column columns[] = {
    {"COORDINATOR", "id", COLUMN_TEXT, false, false, "name of the coordinator"},
    {"STATE", "state", COLUMN_TEXT, false, false,
     "leading, standby, leaving, or replaced by a later leader"},
    {"EPOCH", "epoch", COLUMN_INTEGER, false, true,
     "term that it leads in, or the newest it has seen"},
    {"SINCE", "since_ms", COLUMN_TIME, false, true,
     "when it began to lead, or to live if it does not, ms since 1970; null = not known to the one "
     "that was asked"},
    {"GENERATION", "applied_generation", COLUMN_INTEGER, false, true,
     "generation up to which it has read the state"},
    {"HEARD", "heard_ms_ago", COLUMN_DURATION, false, true, "since its last beat, ms"},
    {"HOST", "host", COLUMN_TEXT, false, true, "machine that it runs on"},
    {"ADDRESS", "address", COLUMN_TEXT, false, true, "address of its HTTP API"},
    {"PID", "pid", COLUMN_INTEGER, true, true, "its process"},
    {"LEVEL", "level", COLUMN_INTEGER, true, true, "highest level of records that it knows"},
    {"VERSION", "version", COLUMN_TEXT, true, true, "version of its binary"},
    {"INCARNATION", "incarnation", COLUMN_TEXT, true, true, "this life of the process"},
    {0},
};

static const struct output_table table = {"muster.coordinator_list/1", columns, false};

static enum exit_code run(struct invocation *invocation)
{
    return fetch_list(invocation, "/api/v1/coordinators", NULL);
}

const struct command command_coordinator_list = {
    .noun = "coordinator",
    .verb = "list",
    .arguments = "",
    .output = &table,
    .help = "show the coordinators and which one leads",
    .example = "muster coordinator list",
    .run = run,
};
