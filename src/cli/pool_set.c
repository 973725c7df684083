// SPDX-License-Identifier: Apache-2.0

#include "cli/order.h"

static const struct output_table table = {"muster.pool_set/1", exchange_columns, false};

static const struct column columns[] = {
    {"POOL", "pool", COLUMN_TEXT, false, false, "name of the pool"},
    {"MOVES", "moves", COLUMN_INTEGER, false, false, "units that would change their collector"},
    {"PLACED", "placed", COLUMN_INTEGER, false, false, "pending ones that would get one"},
    {"UNPLACED", "unplaced", COLUMN_INTEGER, false, false, "that would lose theirs and be pending"},
    {"ASSIGNED", "assigned_before", COLUMN_INTEGER, false, false, "units with a collector, now"},
    {"->", "assigned_after", COLUMN_INTEGER, false, false, "... and then"},
    {"PENDING", "pending_before", COLUMN_INTEGER, false, false, "units without a collector, now"},
    {"->", "pending_after", COLUMN_INTEGER, false, false, "... and then"},
    {"BALANCE", "balance_before", COLUMN_TEXT, false, false,
     "what max, min and mean are counted in, now"},
    {"->", "balance_after", COLUMN_TEXT, false, false, "... and then"},
    {"MAX", "max_before", COLUMN_INTEGER, false, true, "most that a collector has, now"},
    {"->", "max_after", COLUMN_INTEGER, false, true, "... and then"},
    {"MIN", "min_before", COLUMN_INTEGER, false, true, "least that a collector has, now"},
    {"->", "min_after", COLUMN_INTEGER, false, true, "... and then"},
    {"MEAN", "mean_before", COLUMN_INTEGER, false, true,
     "mean over the collectors, rounded down, now"},
    {"->", "mean_after", COLUMN_INTEGER, false, true, "... and then"},
    {"WANTED", "wanted_before", COLUMN_INTEGER, false, true,
     "collectors that the pool needs, now; null = not bounded"},
    {"->", "wanted_after", COLUMN_INTEGER, false, true, "... and then"},
    {"COLLECTORS CHANGED", "collectors_changed", COLUMN_INTEGER, false, false,
     "collectors that would get another assignment"},
    {"TO WRITE", "publish_bytes", COLUMN_BYTES, false, false,
     "what would be written to Kafka, roughly"},
    {"DECIDING US", "decide_us", COLUMN_INTEGER, false, false,
     "time that deciding takes, microseconds"},
    {0},
};

static const struct output_table table_dry_run = {"muster.pool_trial/1", columns, true};

static const struct flag flags[] = {
    ORDER_FLAGS,
    FLAG_ROW_SWITCH("dry-run", "say what it would do, and do nothing"),
    FLAG_ROW_END,
};

static enum exit_code run(struct invocation *invocation)
{
    return order_pool(invocation, "pool.set");
}

const struct command command_pool_set = {
    .noun = "pool",
    .verb = "set",
    .arguments = "NAME KEY=VALUE...",
    .arguments_min = 2,
    .arguments_max = -1,
    .flags = flags,
    .output = &table,
    .output_dry_run = &table_dry_run,
    .takes_policy = true,
    .help = "set keys of the policy of a pool",
    .example = "muster pool set default max_topics_per_collector=100",
    .run = run,
};
