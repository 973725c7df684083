// SPDX-License-Identifier: Apache-2.0
//
// The coordinator says why. What it does not keep comes from Kafka: the decision and its cause from
// before it began to lead, and why a name that nobody knows was refused. Not with --api: then Kafka
// may be out of reach.
#include <string.h>

#include "base/memory.h"
#include "cli/fetch.h"
#include "cli/history.h"

// A revoke comes before the time that the state keeps, and clocks differ.
#define LOOK_BACK_MS 20000
#define CAUSES_MAX 4096
#define HEADERS_MAX 32

enum { UNIT, POOL, STATE, OWNER, SINCE, WHY, GENERATION };

static const struct column columns[] = {
    [UNIT] = {"UNIT", "unit", COLUMN_TEXT, false, false,
              "[cluster:]topic, with /partition where the topic is split"},
    [POOL] = {"POOL", "pool", COLUMN_TEXT, false, false, "pool that it belongs to"},
    [STATE] = {"STATE", "state", COLUMN_TEXT, false, false,
               "pending, owned, revoking, missing, dormant or quarantined"},
    [OWNER] = {"OWNER", "owner", COLUMN_TEXT, false, true, "collector that reads it; null = none"},
    [SINCE] = {"SINCE", "since_ms", COLUMN_TIME, false, true, "since when, ms since 1970"},
    [WHY] = {"WHY", "why", COLUMN_LIST, false, false, "the reasons, the first one first"},
    [GENERATION] = {"GENERATION", "generation", COLUMN_INTEGER, false, true,
                    "of the decision; null = no event tells of it"},
    [GENERATION + 1] = {0},
};

static const struct output_table table = {"muster.topic_explain/1", columns, true};

// ---- What the events say of one unit.

// An event that may have been the cause of others, with what is told of it.
struct cause {
    int64_t generation;
    char *line;
};

struct search {
    struct text unit, pool;
    int64_t generation; // of the newest decision about it, or of the revoke with which it began; -1
    char *line;         // what is told of that
    bool is_revoke;
    struct cause *causes;
    uint32_t count, capacity;
};

static void unit_take(struct search *search, const struct event_record *event)
{
    bool is_end_of_move = search->is_revoke && text_equals(event->kind, "unit.moved");
    if (is_end_of_move)
        return;
    struct buffer line = {0};
    buffer_print(&line, "decided in generation %lld: %.*s, %.*s", (long long)event->generation,
                 TEXT_ARGS(event->kind), TEXT_ARGS(event->text));
    memory_release(search->line);
    search->line = text_copy(buffer_text(&line));
    search->generation = event->generation;
    search->is_revoke = text_equals(event->kind, "unit.revoked");
    buffer_finish(&line);
}

static void event_take(void *context, const struct event_record *event)
{
    struct search *search = context;
    if (!text_equal(event->pool, search->pool))
        return;
    if (text_equal(event->subject, search->unit)) {
        unit_take(search, event);
    } else if (!text_has_prefix(event->kind, TEXT_LITERAL("unit.")) && search->count < CAUSES_MAX) {
        struct buffer line = {0};
        buffer_print(&line, "because of %.*s '%.*s': %.*s", TEXT_ARGS(event->kind),
                     TEXT_ARGS(event->subject), TEXT_ARGS(event->text));
        search->causes = array_reserve(search->causes, &search->capacity, search->count + 1,
                                       sizeof(*search->causes));
        search->causes[search->count++] =
            (struct cause){event->generation, text_copy(buffer_text(&line))};
        buffer_finish(&line);
    }
}

// The newest of the same generation; NULL if there is none.
static const char *cause_of(const struct search *search)
{
    for (uint32_t i = search->count; i > 0; i--)
        if (search->causes[i - 1].generation == search->generation)
            return search->causes[i - 1].line;
    return NULL;
}

static void search_finish(struct search *search)
{
    for (uint32_t i = 0; i < search->count; i++)
        memory_release(search->causes[i].line);
    memory_release(search->causes);
    memory_release(search->line);
}

// ---- The answer.

struct telling {
    const struct invocation *invocation;
    struct history history;
    enum exit_code code; // of the history: once it has failed it is not asked again
};

static bool history_is_there(struct telling *telling)
{
    if (telling->code == EXIT_DONE && !telling->history.is_open)
        telling->code = history_open(&telling->history, telling->invocation);
    return telling->code == EXIT_DONE;
}

static void reasons_add(struct value *why, const char *line, struct arena *arena)
{
    struct text *items = arena_get(arena, (why->count + 1) * sizeof(*items));
    if (why->count > 0)
        memcpy(items, why->items, why->count * sizeof(*items));
    items[why->count] = arena_text(arena, text_of(line));
    *why = value_items(items, why->count + 1);
}

static void item_amend(void *context, struct value *values, struct arena *arena)
{
    struct telling *telling = context;
    if (values[GENERATION].kind != VALUE_NULL || values[SINCE].kind == VALUE_NULL)
        return;
    if (!history_is_there(telling))
        return;
    int64_t since_ms = values[SINCE].integer;
    struct history_range range = {since_ms - LOOK_BACK_MS, since_ms + 999};
    struct search search = {.unit = values[UNIT].text, .pool = values[POOL].text, .generation = -1};
    telling->code = history_read(&telling->history, &range, event_take, &search);
    const char *cause = cause_of(&search);
    if (search.line != NULL) {
        values[GENERATION] = value_integer(search.generation);
        reasons_add(&values[WHY], search.line, arena);
    }
    if (search.line != NULL && cause != NULL)
        reasons_add(&values[WHY], cause, arena);
    search_finish(&search);
}

// ---- A name that nobody knows.

// The newest refused announcement that names it.
struct refusal {
    const char *name;
    struct text control;  // full name of the topic of announcements
    struct buffer quoted; // the name as JSON has it
    struct buffer reason, offset;
};

static struct text header_find(const struct kafka_header *headers, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count && i < HEADERS_MAX; i++)
        if (text_equals(headers[i].name, name))
            return headers[i].value;
    return (struct text){0};
}

static void letter_take(void *context, const struct kafka_record *record)
{
    struct refusal *refusal = context;
    struct kafka_header headers[HEADERS_MAX];
    bool is_json = record->value.size > 0 && record->value.data[0] == '{';
    struct text wanted = is_json ? buffer_text(&refusal->quoted) : text_of(refusal->name);
    if (memmem(record->value.data, record->value.size, wanted.data, wanted.size) == NULL)
        return;
    uint32_t count = kafka_record_headers(record, headers, HEADERS_MAX);
    if (!text_equal(header_find(headers, count, "muster.topic"), refusal->control))
        return;
    buffer_clear(&refusal->reason);
    buffer_clear(&refusal->offset);
    output_escape(&refusal->reason, header_find(headers, count, "muster.reason"));
    output_escape(&refusal->offset, header_find(headers, count, "muster.offset"));
}

static void missing_tell(void *context, const char *name)
{
    struct telling *telling = context;
    if (!history_is_there(telling))
        return;
    const struct buffer *control = &telling->history.site.names[KAFKA_CELL_CONTROL];
    struct refusal refusal = {.name = name, .control = buffer_text(control)};
    buffer_print(&refusal.quoted, "\"%s\"", name);
    telling->code = history_read_letters(&telling->history, letter_take, &refusal);
    if (refusal.reason.size > 0)
        invocation_fail(
            telling->invocation, EXIT_NOT_FOUND, "record %s of '%s' names it, and was refused: %s",
            buffer_string(&refusal.offset), buffer_string(control), buffer_string(&refusal.reason));
    buffer_finish(&refusal.quoted);
    buffer_finish(&refusal.reason);
    buffer_finish(&refusal.offset);
}

static enum exit_code run(struct invocation *invocation)
{
    struct telling telling = {.invocation = invocation};
    struct fetch_amend amend = {item_amend, missing_tell, &telling};
    if (conf_text(invocation->conf, "api.url")[0] != '\0')
        amend = (struct fetch_amend){0};
    enum exit_code code = fetch_each_amended(invocation, "/api/v1/topics", "/explain", &amend);
    history_close(&telling.history);
    return code;
}

const struct command command_topic_explain = {
    .noun = "topic",
    .verb = "explain",
    .arguments = "TOPIC...",
    .arguments_min = 1,
    .arguments_max = -1,
    .output = &table,
    .help = "say why topics are where they are, or are not read",
    .example = "muster topic explain edge.cpu0",
    .run = run,
};
