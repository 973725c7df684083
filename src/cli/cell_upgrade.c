// SPDX-License-Identifier: Apache-2.0

#include "cli/order.h"

static const struct output_table table = {"muster.cell_upgrade/1", exchange_columns, false};

static const struct flag flags[] = {
    ORDER_FLAGS,
    FLAG_ROW_END,
};

static enum exit_code run(struct invocation *invocation)
{
    return order_cell(invocation, "cell.upgrade");
}

const struct command command_cell_upgrade = {
    .noun = "cell",
    .verb = "upgrade",
    .arguments = "",
    .flags = flags,
    .output = &table,
    .help = "write the newest records that every member can read",
    .example = "muster cell upgrade",
    .run = run,
};
