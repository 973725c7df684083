// SPDX-License-Identifier: Apache-2.0

#include "cli/pool_list.h"

#include "cli/fetch.h"

const struct column pool_columns[] = {
    {"POOL", "name", COLUMN_TEXT, false, false, "name of the pool"},
    {"STATE", "state", COLUMN_TEXT, false, true, "active, paused, frozen or deleted"},
    {"STATUS", "status", COLUMN_TEXT, false, true,
     "CREATING until it has the collectors it needs, RUNNING with them, DISABLED while paused, "
     "DELETED until nobody is left"},
    {"DESIRED", "desired", COLUMN_INTEGER, false, true, "collectors that it needs, at least"},
    {"ACTUAL", "actual", COLUMN_INTEGER, false, true, "live collectors that do not drain"},
    {"UNITS", "units", COLUMN_INTEGER, false, true, "units in it"},
    {"OWNED", "owned", COLUMN_INTEGER, true, true, "units with an owner"},
    {"REVOKING", "revoking", COLUMN_INTEGER, true, true, "units that an owner is to let go of"},
    {"PENDING", "pending", COLUMN_INTEGER, false, true, "units without an owner"},
    {"GAP", "gap", COLUMN_INTEGER, true, true,
     "pending units that another plan might place, at most; 0 = none could"},
    {"COLLECTORS", "collectors", COLUMN_INTEGER, false, true, "live collectors"},
    {"WANTED", "wanted", COLUMN_INTEGER, false, true,
     "collectors that it needs; null = not bounded"},
    {"BECAUSE", "wanted_why", COLUMN_TEXT, true, true, "why so many are wanted"},
    {"VICTIM", "victim", COLUMN_TEXT, true, true,
     "of more than wanted the one whose leaving moves least"},
    {"NO VICTIM", "victim_refusal", COLUMN_TEXT, true, true, "why none may leave"},
    {"GROUPS", "groups", COLUMN_LIST, true, true, "the same of each value of group_by"},
    {"SINCE", "since_ms", COLUMN_TIME, true, true, "when it last changed"},
    {"WHY", "why", COLUMN_TEXT, true, true, "reason of the last change"},
    {"POLICY", "policy", COLUMN_LABELS, false, true, "policy keys that were set"},
    {0},
};

static const struct output_table table = {"muster.pool_list/1", pool_columns, false};

static enum exit_code run(struct invocation *invocation)
{
    return fetch_list(invocation, "/api/v1/pools", NULL);
}

static const struct flag flags[] = {
    FLAG_ROW_INTEGER("limit", "N", "show at most N; 0 = all"),
    FLAG_ROW_END,
};

const struct command command_pool_list = {
    .noun = "pool",
    .verb = "list",
    .arguments = "",
    .flags = flags,
    .output = &table,
    .help = "show the pools and their policies",
    .example = "muster pool list",
    .run = run,
};
