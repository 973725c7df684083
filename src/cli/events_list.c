// SPDX-License-Identifier: Apache-2.0

#include "base/memory.h"
#include "cli/fetch.h"
#include "cli/history.h"
#include "net/loop.h"

// From Kafka: kept where no --limit says otherwise, and at most.
#define ROWS_USUAL 1000
#define ROWS_MAX 100000

static const struct column columns[] = {
    {"AT", "at_ms", COLUMN_TIME, false, false, "when it was decided, ms since 1970"},
    {"KIND", "kind", COLUMN_TEXT, false, false, "what happened"},
    {"POOL", "pool", COLUMN_TEXT, false, true, "pool"},
    {"SUBJECT", "subject", COLUMN_TEXT, false, true, "unit, collector, agent or pool"},
    {"FROM", "from", COLUMN_TEXT, true, true, "owner before"},
    {"TO", "to", COLUMN_TEXT, true, true, "owner after"},
    {"RULE", "rule", COLUMN_TEXT, true, true, "rule that decided"},
    {"GENERATION", "generation", COLUMN_INTEGER, true, true, "generation of the decision"},
    {"ANSWER", "answer", COLUMN_TEXT, true, true,
     "done, refused or not found, where it answers an id"},
    {"ID", "id", COLUMN_TEXT, true, true, "id of the announcement or order that it answers"},
    {"TEXT", "text", COLUMN_TEXT, false, true, "in words"},
    {0},
};

static const struct output_table table = {"muster.event_list/1", columns, false};

// ---- From Kafka.

// The newest rows, a ring. Texts are in the order of the columns.
struct row {
    int64_t at_ms, generation;
    char *texts[9]; // kind, pool, subject, from, to, rule, answer, id, text; owned
};

struct rows {
    const char *subject, *pool; // only those, NULL = all
    struct row *items;
    size_t limit, taken;
};

static void row_release(struct row *row)
{
    for (size_t i = 0; i < sizeof(row->texts) / sizeof(row->texts[0]); i++)
        memory_release(row->texts[i]);
}

static void event_take(void *context, const struct event_record *event)
{
    struct rows *rows = context;
    if ((rows->subject != NULL && !text_equals(event->subject, rows->subject)) ||
        (rows->pool != NULL && !text_equals(event->pool, rows->pool)))
        return;
    struct row *row = &rows->items[rows->taken++ % rows->limit];
    const struct text texts[] = {event->kind, event->pool,   event->subject, event->from, event->to,
                                 event->rule, event->answer, event->id,      event->text};
    row_release(row);
    *row = (struct row){.at_ms = event->at_ms, .generation = event->generation};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        row->texts[i] = text_copy(texts[i]);
}

static struct value given(const char *text)
{
    return text[0] == '\0' ? value_null() : value_string(text);
}

static void row_print(const struct row *row, struct output *output)
{
    char *const *texts = row->texts;
    struct value values[] = {value_integer(row->at_ms),
                             value_string(texts[0]),
                             given(texts[1]),
                             given(texts[2]),
                             given(texts[3]),
                             given(texts[4]),
                             given(texts[5]),
                             value_integer(row->generation),
                             given(texts[6]),
                             given(texts[7]),
                             given(texts[8])};
    output_row(output, values, sizeof(values) / sizeof(values[0]));
}

// The newest first.
static enum exit_code rows_print(const struct invocation *invocation, const struct rows *rows)
{
    struct output *output = invocation_answer(invocation);
    size_t count = rows->taken < rows->limit ? rows->taken : rows->limit;
    for (size_t i = 1; i <= count; i++)
        row_print(&rows->items[(rows->taken - i) % rows->limit], output);
    return invocation_answered(output, EXIT_DONE);
}

static enum exit_code list_since(const struct invocation *invocation, int64_t since_ms)
{
    struct history history = {0};
    struct history_range range = {loop_wall_ms() - since_ms, INT64_MAX};
    struct rows rows = {.subject = invocation_flag(invocation, "subject"),
                        .pool = fetch_pool(invocation),
                        .limit = (size_t)invocation_int(invocation, "limit", ROWS_USUAL)};
    if (rows.limit == 0 || rows.limit > ROWS_MAX)
        rows.limit = ROWS_MAX;
    rows.items = memory_get(rows.limit * sizeof(*rows.items));
    enum exit_code code = history_open(&history, invocation);
    if (code == EXIT_DONE)
        code = history_read(&history, &range, event_take, &rows);
    history_close(&history);
    if (code == EXIT_DONE)
        code = rows_print(invocation, &rows);
    for (size_t i = 0; i < rows.limit; i++)
        row_release(&rows.items[i]);
    memory_release(rows.items);
    return code;
}

static enum exit_code run(struct invocation *invocation)
{
    if (invocation_flag(invocation, "since") != NULL)
        return list_since(invocation, invocation_int(invocation, "since", 0));
    const struct fetch_filter filters[] = {
        {"subject", invocation_flag(invocation, "subject"), false},
        {0},
    };
    return fetch_list(invocation, "/api/v1/events", filters);
}

static const struct flag flags[] = {
    FLAG_ROW_TEXT("subject", "NAME", "only those about this unit, collector, agent or pool"),
    FLAG_ROW_DURATION("since", "DURATION",
                      "those of so long ago until now, from Kafka; default: the latest that the "
                      "coordinator has in memory"),
    FLAG_ROW_INTEGER("limit", "N",
                     "show at most N; 0 = all, with --since 100000; default there: 1000"),
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
