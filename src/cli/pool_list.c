// SPDX-License-Identifier: Apache-2.0

#include "cli/fetch.h"

static const struct column columns[] = {
    {"POOL", "name", COLUMN_TEXT, false, false, "name of the pool"},
    {"STATE", "state", COLUMN_TEXT, false, true, "active, paused or frozen"},
    {"UNITS", "units", COLUMN_INTEGER, false, true, "units in it"},
    {"PENDING", "pending", COLUMN_INTEGER, false, true, "units without an owner"},
    {"COLLECTORS", "collectors", COLUMN_INTEGER, false, true, "live collectors"},
    {"WANTED", "wanted", COLUMN_INTEGER, false, true,
     "collectors that it needs; null = not bounded"},
    {"POLICY", "policy", COLUMN_LABELS, false, true, "policy keys that were set"},
    {0},
};

static const struct output_table table = {"muster.pool_list/1", columns, false};

static enum exit_code run(struct invocation *invocation)
{
    return fetch_list(invocation, "/api/v1/pools", NULL);
}

static const struct flag flags[] = {
    FLAG_ROW_INTEGER("limit", "N", "show at most N"),
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
