// SPDX-License-Identifier: Apache-2.0

#include "cli/fetch.h"

static const struct column columns[] = {
    {"AT", "at_ms", COLUMN_TIME, false, false, "when it was decided, ms since 1970"},
    {"KIND", "kind", COLUMN_TEXT, false, false, "what happened"},
    {"POOL", "pool", COLUMN_TEXT, false, true, "pool"},
    {"SUBJECT", "subject", COLUMN_TEXT, false, true, "unit, collector, agent or pool"},
    {"FROM", "from", COLUMN_TEXT, true, true, "owner before"},
    {"TO", "to", COLUMN_TEXT, true, true, "owner after"},
    {"RULE", "rule", COLUMN_TEXT, true, true, "rule that decided"},
    {"GENERATION", "generation", COLUMN_INTEGER, true, true, "generation of the decision"},
    {"ANSWER", "answer", COLUMN_TEXT, true, true, "done or refused, where it answers an id"},
    {"ID", "id", COLUMN_TEXT, true, true, "id of the announcement or order that it answers"},
    {"TEXT", "text", COLUMN_TEXT, false, true, "in words"},
    {0},
};

static const struct output_table table = {"muster.event_list/1", columns, false};

static enum exit_code run(struct invocation *invocation)
{
    const struct fetch_filter filters[] = {
        {"subject", invocation_flag(invocation, "subject")},
        {0},
    };
    return fetch_list(invocation, "/api/v1/events", filters);
}

static const struct flag flags[] = {
    FLAG_ROW_TEXT("subject", "NAME", "only those about this unit, collector, agent or pool"),
    FLAG_ROW_INTEGER("limit", "N", "show at most N"),
    FLAG_ROW_END,
};

const struct command command_events_list = {
    .noun = "events",
    .verb = "list",
    .arguments = "",
    .flags = flags,
    .output = &table,
    .help = "show the latest decisions, newest first",
    .example = "muster events list --limit 20",
    .run = run,
};
