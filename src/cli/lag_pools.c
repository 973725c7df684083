// SPDX-License-Identifier: Apache-2.0

#include "cli/fetch.h"

static const struct column columns[] = {
    {"POOL", "pool", COLUMN_TEXT, false, false, "pool; the Kafka group is PREFIX.POOL"},
    {"UNITS", "units", COLUMN_INTEGER, false, true, "units in it"},
    {"UNKNOWN", "lag_unknown", COLUMN_INTEGER, false, true, "units whose lag is not known yet"},
    {"LAG", "lag_records", COLUMN_INTEGER, false, true, "offsets behind, over its units"},
    {"BEHIND", "oldest_unprocessed_ms", COLUMN_DURATION, false, true,
     "age of the oldest record that is not delivered, ms"},
    {"RECORDS/S", "records_per_s", COLUMN_INTEGER, false, true, "records delivered a second"},
    {0},
};

static const struct output_table table = {"muster.pool_lag_list/1", columns, false};

static enum exit_code run(struct invocation *invocation)
{
    return fetch_list(invocation, "/api/v1/lag/pools", NULL);
}

const struct command command_lag_pools = {
    .noun = "lag",
    .verb = "pools",
    .arguments = "",
    .output = &table,
    .help = "show how far behind each pool is",
    .example = "muster lag pools",
    .run = run,
};
