// SPDX-License-Identifier: Apache-2.0

#include "cli/fetch.h"
#include "cli/pool_list.h"

static const struct output_table table = {"muster.pool/1", pool_columns, true};

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
