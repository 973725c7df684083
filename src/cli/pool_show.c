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

static const struct output_table table = {"muster.pool/1", columns, true};

static enum exit_code run(struct invocation *invocation)
{
    return fetch_each(invocation, "/api/v1/pools", "");
}

const struct command command_pool_show = {
    .noun = "pool",
    .verb = "show",
    .arguments = "POOL...",
    .arguments_min = 1,
    .arguments_max = -1,
    .output = &table,
    .help = "show all about pools",
    .example = "muster pool show default",
    .run = run,
};
