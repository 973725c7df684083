// SPDX-License-Identifier: Apache-2.0
//
// What a line may say: tables of keys, each with a function that reads its value.
#include "cli/workload_line.h"

#include "base/hash.h"
#include "base/index.h"
#include "base/memory.h"
#include "base/name.h"
#include "cli/decimal.h"
#include "cli/workload_json.h"
#include "plan/plan.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define TEXT_SIZE_MAX 200    // bytes of a label's key or value
#define UNITS_MAX 1000000000 // of a capacity
#define AT_MS_MAX (INT64_C(1) << 53)

static struct workload_line *line_of(struct reader *reader)
{
    return reader->target;
}

// ---- Labels, of collectors and topics.

static bool read_label(struct reader *reader, struct text key, void *context)
{
    struct workload_line *line = line_of(reader);
    struct label label = {.key = key};
    (void)context;
    if (key.size == 0 || key.size > TEXT_SIZE_MAX)
        return reader_refuse_name(reader, "label", key, "is empty or longer than 200 bytes");
    if (label_find(line->labels, line->labels_count, key))
        return reader_refuse_name(reader, "label", key, "is there twice");
    if (line->labels_count == WORKLOAD_LABELS_MAX)
        return reader_refuse(reader, "more than 64 labels");
    if (!reader_text(reader, "label", &label.value))
        return false;
    if (label.value.size > TEXT_SIZE_MAX)
        return reader_refuse_name(reader, "label", key, "has a value longer than 200 bytes");
    line->labels[line->labels_count++] = label;
    return true;
}

static bool read_labels(struct reader *reader)
{
    return reader_object(reader, "labels", read_label, NULL);
}

// ---- {"topic": ...}

static bool read_topic_name(struct reader *reader)
{
    if (!reader_text(reader, "name", &line_of(reader)->id))
        return false;
    const char *fault = name_topic_fault(line_of(reader)->id);
    return !fault || reader_refuse_name(reader, "topic", line_of(reader)->id, fault);
}

static bool read_weight(struct reader *reader)
{
    return reader_number(reader, "weight", false, 1, PLAN_WEIGHT_MAX, &line_of(reader)->weight);
}

static bool read_partitions(struct reader *reader)
{
    return reader_number(reader, "partitions", false, 1, WORKLOAD_PARTITIONS_MAX,
                         &line_of(reader)->partitions);
}

static bool read_split(struct reader *reader)
{
    return reader_bool(reader, "split", &line_of(reader)->is_split);
}

static bool read_topic(struct reader *reader)
{
    static const struct field fields[] = {
        {"name", false, read_topic_name},      {"weight", true, read_weight},
        {"partitions", true, read_partitions}, {"split", true, read_split},
        {"labels", true, read_labels},
    };
    line_of(reader)->kind = WORKLOAD_TOPIC;
    return reader_known(reader, "topic", fields, COUNT(fields));
}

static bool read_withdraw(struct reader *reader)
{
    line_of(reader)->kind = WORKLOAD_WITHDRAW;
    return reader_text(reader, "withdraw", &line_of(reader)->id);
}

// ---- {"collector": ...}

static bool read_collector_id(struct reader *reader)
{
    if (!reader_text(reader, "id", &line_of(reader)->id))
        return false;
    const char *fault = name_fault(line_of(reader)->id);
    return !fault || reader_refuse_name(reader, "collector", line_of(reader)->id, fault);
}

static bool read_capacity_units(struct reader *reader)
{
    return reader_number(reader, "capacity in units", false, 1, UNITS_MAX,
                         &line_of(reader)->units_max);
}

static bool read_capacity_weight(struct reader *reader)
{
    return reader_number(reader, "capacity", false, 1, PLAN_WEIGHT_MAX,
                         &line_of(reader)->weight_max);
}

static bool read_capacity(struct reader *reader)
{
    static const struct field fields[] = {
        {"units", true, read_capacity_units},
        {"weight", true, read_capacity_weight},
    };
    if (lexer_peek(&reader->lexer) != '{')
        return read_capacity_weight(reader);
    return reader_known(reader, "capacity", fields, COUNT(fields));
}

static bool read_collector(struct reader *reader)
{
    static const struct field fields[] = {
        {"id", false, read_collector_id},
        {"capacity", true, read_capacity},
        {"labels", true, read_labels},
    };
    line_of(reader)->kind = WORKLOAD_COLLECTOR;
    return reader_known(reader, "collector", fields, COUNT(fields));
}

static bool read_leave(struct reader *reader)
{
    line_of(reader)->kind = WORKLOAD_LEAVE;
    return reader_text(reader, "leave", &line_of(reader)->id);
}

static bool read_drain(struct reader *reader)
{
    line_of(reader)->kind = WORKLOAD_DRAIN;
    return reader_text(reader, "drain", &line_of(reader)->id);
}

// ---- {"load": ...}

static bool read_load_of(struct reader *reader, struct text key, void *context)
{
    struct workload_line *line = line_of(reader);
    struct index *names = context;
    uint64_t hash = hash_keyed(key, 0);
    uint32_t at;
    for (uint32_t row = index_find(names, hash, &at); row != INDEX_NONE;
         row = index_next(names, hash, &at))
        if (text_equal(line->loads[row].name, key))
            return reader_refuse_name(reader, "load of", key, "is there twice");
    index_add(names, hash, line->loads_count);
    line->loads = array_reserve(line->loads, &line->loads_capacity, line->loads_count + 1,
                                sizeof(*line->loads));
    struct workload_load *load = &line->loads[line->loads_count++];
    *load = (struct workload_load){.name = key};
    return reader_number(reader, "load", true, 0, PLAN_WEIGHT_MAX, &load->value);
}

static bool read_load(struct reader *reader)
{
    struct index names = {0};
    line_of(reader)->kind = WORKLOAD_LOAD;
    bool is_good = reader_object(reader, "load", read_load_of, &names);
    index_finish(&names);
    return is_good;
}

// ---- {"pool": ...} and {"policy": ...}

// An array of texts as one, with a comma between; the rules of `match` stand apart by blanks.
static bool read_list(struct reader *reader, char separator, struct text *ret_text)
{
    struct buffer list = {0};
    lexer_take(&reader->lexer, '[');
    bool is_over = lexer_take(&reader->lexer, ']');
    bool is_good = true;
    while (is_good && !is_over) {
        struct text item;
        is_good = reader_text(reader, "a value of the list", &item);
        if (is_good && list.size)
            buffer_add_char(&list, separator);
        if (is_good)
            buffer_add_text(&list, item);
        is_over = lexer_take(&reader->lexer, ']');
        if (is_good && !is_over && !lexer_take(&reader->lexer, ','))
            is_good = reader_refuse(reader, "not JSON: ',' or ']' is missing");
    }
    *ret_text = list.size ? arena_text(reader->arena, buffer_text(&list)) : TEXT_LITERAL("");
    buffer_finish(&list);
    return is_good;
}

static bool read_policy_number(struct reader *reader, struct text *ret_text)
{
    struct text number;
    struct buffer plain = {0};
    bool is_whole;
    if (!lexer_number(&reader->lexer, &number, &is_whole))
        return reader_refuse_json(reader);
    decimal_plain(number, &plain);
    *ret_text = arena_text(reader->arena, buffer_text(&plain));
    buffer_finish(&plain);
    return true;
}

// Keys whose value is any text: true and 5 would be taken for labels of that name.
static bool is_text_key(struct text key)
{
    static const char *const keys[] = {"group_by",     "groups",   "other",    "match",
                                       "label_suffix", "affinity", "spread_by"};
    for (size_t i = 0; i < COUNT(keys); i++)
        if (text_equals(key, keys[i]))
            return true;
    return false;
}

// Texts, numbers, booleans and arrays of texts, all as text.
static bool read_policy_value(struct reader *reader, struct text key, struct text *ret_text)
{
    bool is_true;
    char first = lexer_peek(&reader->lexer);
    bool is_list = text_equals(key, "groups") || text_equals(key, "match");
    if (first == '[' && !is_list)
        return reader_refuse_name(reader, "policy key", key, "has one value, not a list");
    if (is_text_key(key) && first != '"' && first != '[' && first != 'n' && first != '{')
        return reader_refuse_name(reader, "policy key", key, "has a text as its value");
    switch (first) {
    case '"':
        if (!reader_text(reader, "a value", ret_text))
            return false;
        // A value without data would take the key back.
        *ret_text = ret_text->size ? *ret_text : TEXT_LITERAL("");
        return true;
    case '[':
        return read_list(reader, text_equals(key, "match") ? ' ' : ',', ret_text);
    case '{':
        return reader_refuse_name(reader, "policy key", key, "has an object as its value");
    case 'n':
        *ret_text = (struct text){0};
        return reader_null(reader);
    case 't':
    case 'f':
        if (!reader_bool(reader, "a value", &is_true))
            return false;
        *ret_text = is_true ? TEXT_LITERAL("true") : TEXT_LITERAL("false");
        return true;
    default:
        return read_policy_number(reader, ret_text);
    }
}

static bool read_policy_key(struct reader *reader, struct text key, void *context)
{
    struct workload_line *line = line_of(reader);
    struct label label = {.key = key};
    (void)context;
    if (line->kind == WORKLOAD_POOL && text_equals(key, "name")) {
        if (line->id.size)
            return reader_refuse_name(reader, "key", key, "is there twice");
        if (!reader_text(reader, "name", &line->id))
            return false;
        const char *fault = name_fault(line->id);
        return !fault || reader_refuse_name(reader, "pool", line->id, fault);
    }
    if (line->labels_count == WORKLOAD_LABELS_MAX)
        return reader_refuse(reader, "more than 64 policy keys");
    if (!read_policy_value(reader, key, &label.value))
        return false;
    line->labels[line->labels_count++] = label;
    return true;
}

static bool read_pool(struct reader *reader)
{
    line_of(reader)->kind = WORKLOAD_POOL;
    return reader_object(reader, "pool", read_policy_key, NULL);
}

static bool read_policy(struct reader *reader)
{
    line_of(reader)->kind = WORKLOAD_POLICY;
    return reader_object(reader, "policy", read_policy_key, NULL);
}

// ---- {"at_ms": ...} and {"settle": true}

static bool read_at(struct reader *reader)
{
    line_of(reader)->kind = WORKLOAD_AT;
    return reader_number(reader, "at_ms", false, 0, AT_MS_MAX, &line_of(reader)->at_ms);
}

static bool read_settle(struct reader *reader)
{
    bool is_true = false;
    line_of(reader)->kind = WORKLOAD_SETTLE;
    if (!reader_bool(reader, "settle", &is_true))
        return false;
    return is_true || reader_refuse(reader, "'settle' can only be true");
}

// ---- The line.

static const struct field kinds[] = {
    {"pool", false, read_pool},
    {"policy", false, read_policy},
    {"collector", false, read_collector},
    {"topic", false, read_topic},
    {"leave", false, read_leave},
    {"drain", false, read_drain},
    {"withdraw", false, read_withdraw},
    {"load", false, read_load},
    {"at_ms", false, read_at},
    {"settle", false, read_settle},
};

static bool read_line(struct reader *reader)
{
    struct known known = {"the line", kinds, COUNT(kinds), 0};
    struct text key;
    if (!lexer_take(&reader->lexer, '{'))
        return reader_refuse(reader, "a line is an object: {\"topic\": {...}}");
    if (lexer_peek(&reader->lexer) == '}')
        return reader_refuse(reader, "the object is empty");
    if (!reader_key(reader, &key) || !reader_field(reader, key, &known))
        return false;
    if (lexer_take(&reader->lexer, ','))
        return reader_refuse(reader, "a line says one thing: what follows belongs on its own line");
    if (!lexer_take(&reader->lexer, '}'))
        return reader_refuse(reader, "not JSON: '}' is missing");
    (void)lexer_peek(&reader->lexer);
    return reader->lexer.at == reader->lexer.end ||
           reader_refuse(reader, "something stands behind the object");
}

void workload_line_finish(struct workload_line *line)
{
    memory_release(line->loads);
    arena_finish(&line->arena);
}

enum status workload_line_read(struct workload_line *line, struct text bytes,
                               struct buffer *problem)
{
    struct reader reader = {.arena = &line->arena, .problem = problem, .target = line};
    line->id = (struct text){0};
    line->labels_count = 0;
    line->loads_count = 0;
    line->units_max = 0;
    line->weight_max = 0;
    line->weight = 1;
    line->partitions = 1;
    line->is_split = false;
    line->at_ms = 0;
    arena_clear(&line->arena);
    buffer_clear(problem);
    lexer_init(&reader.lexer, bytes);
    return read_line(&reader) ? STATUS_OK : STATUS_INVALID;
}
