// SPDX-License-Identifier: Apache-2.0
//
// Reads JSON along today's tables, strictly: what two readers could understand differently is
// refused. A field name that differs from ours by case only is such a thing: ignoring "Topics"
// would make a goodbye of an announcement.
#include <strings.h>

#include "base/ensure.h"
#include "wire/decoder.h"
#include "wire/json_lexer.h"
#include "wire/tables.h"
#include "wire/wire.h"

struct json_reader {
    struct json_lexer lexer;
    struct decoder *decoder;
    uint32_t unknown_fields;
};

static enum status refuse(const struct json_reader *reader, const char *reason)
{
    return decoder_refuse(reader->decoder, STATUS_INVALID, "%s", reason);
}

// The lexer has met what is no JSON; its place is said in bytes.
static enum status refuse_syntax(struct json_reader *reader)
{
    reader->decoder->depth = 0;
    return decoder_refuse(reader->decoder, STATUS_INVALID, "is not JSON: %s at byte %zu",
                          reader->lexer.fault, (size_t)(reader->lexer.at - reader->lexer.start));
}

static enum status refuse_missing(struct json_reader *reader, const char *what)
{
    reader->lexer.fault = what;
    return refuse_syntax(reader);
}

static enum status refuse_type(struct json_reader *reader, const char *reason)
{
    if (reader->decoder->depth && lexer_peek(&reader->lexer) == 'n')
        return refuse(reader, "is null, a field without a value is left out");
    return refuse(reader, reason);
}

static enum status number_read(struct json_reader *reader, bool is_int, int64_t *ret_value)
{
    struct text text;
    bool is_whole;
    char first = lexer_peek(&reader->lexer);

    if (first != '-' && (first < '0' || first > '9'))
        return refuse_type(reader, "is not a whole number");
    if (!lexer_number(&reader->lexer, &text, &is_whole))
        return refuse_syntax(reader);
    if (!is_whole)
        return refuse(reader, "is not a whole number");
    if (text_parse_int64(text, ret_value) != STATUS_OK)
        return refuse(reader, "is a number of more than 64 bits");
    if (is_int && (*ret_value < INT32_MIN || *ret_value > INT32_MAX))
        return refuse(reader, "is a number of more than 32 bits");
    return STATUS_OK;
}

static enum status string_read(struct json_reader *reader, struct text *ret_text)
{
    if (lexer_peek(&reader->lexer) != '"')
        return refuse_type(reader, "is not a string");
    if (!lexer_string(&reader->lexer, reader->decoder->arena, ret_text))
        return refuse_syntax(reader);
    return STATUS_OK;
}

static enum status boolean_read(struct json_reader *reader, bool *ret_value)
{
    char first = lexer_peek(&reader->lexer);

    if (first != 't' && first != 'f')
        return refuse_type(reader, "is not true or false");
    *ret_value = first == 't';
    if (!lexer_literal(&reader->lexer, *ret_value ? TEXT_LITERAL("true") : TEXT_LITERAL("false")))
        return refuse_syntax(reader);
    return STATUS_OK;
}

// The name of a member and its ':'.
static enum status key_read(struct json_reader *reader, struct text *ret_key)
{
    if (!lexer_string(&reader->lexer, reader->decoder->arena, ret_key))
        return refuse_syntax(reader);
    if (!lexer_take(&reader->lexer, ':'))
        return refuse_missing(reader, "':' is missing");
    return STATUS_OK;
}

static enum status record_read(struct json_reader *reader, const struct wire_table *table,
                               void *record);

static enum status item_read(struct json_reader *reader, const struct wire_field *field, void *item)
{
    switch (field->type) {
    case WIRE_STRINGS:
        return string_read(reader, item);
    case WIRE_LONGS:
        return number_read(reader, false, item);
    case WIRE_RECORDS:
        return record_read(reader, field->table, item);
    default:
        break;
    }
    struct label *label = item;
    enum status status = key_read(reader, &label->key);
    return status == STATUS_OK ? string_read(reader, &label->value) : status;
}

// The items up to `closer`, the opening bracket is taken.
static enum status items_read(struct json_reader *reader, const struct wire_field *field,
                              struct decoder_list *list, char closer)
{
    struct decoder *decoder = reader->decoder;

    if (lexer_take(&reader->lexer, closer))
        return STATUS_OK;
    do {
        decoder_at_field(decoder);
        enum status status = decoder_take(decoder, 1);
        if (status != STATUS_OK)
            return status;
        void *item = decoder_list_add(list, decoder->arena);
        decoder_at_item(decoder, list->count - 1);
        status = item_read(reader, field, item);
        if (status != STATUS_OK)
            return status;
    } while (lexer_take(&reader->lexer, ','));
    decoder_at_field(decoder);
    if (!lexer_take(&reader->lexer, closer))
        return refuse_missing(reader, "',' or a closing bracket is missing");
    return STATUS_OK;
}

static enum status list_read(struct json_reader *reader, const struct wire_field *field,
                             void *record)
{
    struct decoder_list list = {.item_size = wire_item_size(field)};
    bool is_map = field->type == WIRE_LABELS;

    if (!lexer_take(&reader->lexer, is_map ? '{' : '['))
        return refuse_type(reader, is_map ? "is not an object" : "is not an array");
    enum status status = items_read(reader, field, &list, is_map ? '}' : ']');
    if (status != STATUS_OK)
        return status;
    decoder_list_store(&list, field, record);
    if (is_map)
        return decoder_labels_check(reader->decoder, (struct label *)(void *)list.items,
                                    list.count);
    return STATUS_OK;
}

static enum status field_read(struct json_reader *reader, const struct wire_field *field,
                              void *record)
{
    void *at = field_at(record, field);

    switch (field->type) {
    case WIRE_BOOLEAN:
        return boolean_read(reader, at);
    case WIRE_INT:
        return number_read(reader, true, at);
    case WIRE_LONG:
        return number_read(reader, false, at);
    case WIRE_STRING:
        return string_read(reader, at);
    case WIRE_RECORD:
        return record_read(reader, field->table, at);
    case WIRE_STRINGS:
    case WIRE_LONGS:
    case WIRE_RECORDS:
    case WIRE_LABELS:
        break;
    }
    return list_read(reader, field, record);
}

// The field of this name, looked for from `from` on because writers mostly keep the order; or the
// number of fields.
static uint32_t field_find(const struct wire_table *table, struct text name, uint32_t from)
{
    for (uint32_t i = 0; i < table->count; i++) {
        uint32_t at = from + i < table->count ? from + i : from + i - table->count;
        if (text_equal(table->fields[at].name, name))
            return at;
    }
    return table->count;
}

// Checks and drops a member that the schema does not know.
static enum status unknown_skip(struct json_reader *reader, const struct wire_table *table,
                                struct text name)
{
    for (uint32_t i = 0; i < table->count; i++) {
        struct text known = table->fields[i].name;
        if (known.size != name.size || strncasecmp(known.data, name.data, name.size) != 0)
            continue;
        decoder_enter(reader->decoder, &table->fields[i]);
        return decoder_refuse(reader->decoder, STATUS_INVALID, "is written '%.*s' here",
                              TEXT_ARGS(name));
    }
    if (!lexer_skip(&reader->lexer))
        return refuse_syntax(reader);
    reader->unknown_fields++;
    return STATUS_OK;
}

static enum status member_read(struct json_reader *reader, const struct wire_table *table,
                               void *record, uint64_t *seen, uint32_t *next)
{
    struct text name;

    enum status status = key_read(reader, &name);
    if (status != STATUS_OK)
        return status;
    uint32_t index = field_find(table, name, *next);
    if (index == table->count)
        return unknown_skip(reader, table, name);
    const struct wire_field *field = &table->fields[index];
    decoder_enter(reader->decoder, field);
    if (*seen & UINT64_C(1) << index)
        return refuse(reader, "is there twice");
    *seen |= UINT64_C(1) << index;
    *next = index + 1 < table->count ? index + 1 : 0;
    status = field_read(reader, field, record);
    if (status == STATUS_OK)
        decoder_leave(reader->decoder);
    return status;
}

// Refuses a record that lacks a field without default; gives the others theirs.
static enum status record_complete(struct json_reader *reader, const struct wire_table *table,
                                   void *record, uint64_t seen)
{
    for (uint32_t i = 0; i < table->count; i++) {
        if (seen & UINT64_C(1) << i || !table->fields[i].is_required)
            continue;
        decoder_enter(reader->decoder, &table->fields[i]);
        return refuse(reader, "is missing");
    }
    decoder_default(table, record, seen);
    return STATUS_OK;
}

static enum status record_read(struct json_reader *reader, const struct wire_table *table,
                               void *record)
{
    uint64_t seen = 0;
    uint32_t next = 0;

    if (!lexer_take(&reader->lexer, '{'))
        return refuse_type(reader, "is not an object");
    if (lexer_take(&reader->lexer, '}'))
        return record_complete(reader, table, record, seen);
    do {
        enum status status = member_read(reader, table, record, &seen, &next);
        if (status != STATUS_OK)
            return status;
    } while (lexer_take(&reader->lexer, ','));
    if (!lexer_take(&reader->lexer, '}'))
        return refuse_missing(reader, "',' or '}' is missing");
    return record_complete(reader, table, record, seen);
}

enum status wire_decode_json(struct wire_input input, struct arena *arena,
                             const struct wire_limits *limits, struct wire_record *ret_record,
                             struct buffer *ret_why)
{
    struct decoder decoder;

    ensure((unsigned)input.expected < RECORD_KIND_COUNT);
    enum status status = decoder_init(&decoder, input.bytes, arena, limits, ret_why);
    if (status != STATUS_OK)
        return status;
    struct json_reader reader = {.decoder = &decoder};
    lexer_init(&reader.lexer, input.bytes);
    const struct wire_table *table = wire_current[input.expected].table;
    void *record = arena_get(arena, table->size);
    status = record_read(&reader, table, record);
    if (status != STATUS_OK)
        return status;
    (void)lexer_peek(&reader.lexer);
    if (reader.lexer.at != reader.lexer.end)
        return refuse_missing(&reader, "something follows the object");
    *ret_record = (struct wire_record){.kind = input.expected,
                                       .level = RECORD_LEVEL,
                                       .record = record,
                                       .unknown_fields = reader.unknown_fields};
    return STATUS_OK;
}
