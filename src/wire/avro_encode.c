// SPDX-License-Identifier: Apache-2.0
//
// Writes Avro single-object along today's tables, or along those of a level.
#include <string.h>

#include "base/ensure.h"
#include "wire/string.h"
#include "wire/tables.h"
#include "wire/wire.h"

// Collects the small pieces, most of them one byte, so that the buffer grows in larger ones.
struct avro_writer {
    struct buffer *buffer;
    size_t used;
    unsigned char bytes[256];
};

static void flush(struct avro_writer *writer)
{
    buffer_add(writer->buffer, writer->bytes, writer->used);
    writer->used = 0;
}

static void byte_add(struct avro_writer *writer, unsigned char byte)
{
    if (writer->used == sizeof(writer->bytes))
        flush(writer);
    writer->bytes[writer->used++] = byte;
}

static void long_add(struct avro_writer *writer, int64_t value)
{
    uint64_t bits = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);

    for (; bits > 0x7f; bits >>= 7)
        byte_add(writer, (unsigned char)((bits & 0x7f) | 0x80));
    byte_add(writer, (unsigned char)bits);
}

static void text_add(struct avro_writer *writer, struct text text)
{
    long_add(writer, (int64_t)text.size);
    if (text.size > sizeof(writer->bytes) - writer->used)
        flush(writer);
    if (text.size > sizeof(writer->bytes)) {
        buffer_add_text(writer->buffer, text);
    } else if (text.size) {
        memcpy(writer->bytes + writer->used, text.data, text.size);
        writer->used += text.size;
    }
}

static void string_add(struct avro_writer *writer, struct text text)
{
    if (wire_string_is_fine(text)) {
        text_add(writer, text);
        return;
    }
    struct buffer clean = {0};
    wire_string_add_clean(&clean, text);
    text_add(writer, buffer_text(&clean));
    buffer_finish(&clean);
}

static void record_add(struct avro_writer *writer, const struct wire_table *table,
                       const void *record);

static void item_add(struct avro_writer *writer, const struct wire_field *field, const char *items,
                     uint32_t index)
{
    const void *item = items + (size_t)index * wire_item_size(field);

    switch (field->type) {
    case WIRE_STRINGS:
        string_add(writer, *(const struct text *)item);
        break;
    case WIRE_LONGS:
        long_add(writer, *(const int64_t *)item);
        break;
    case WIRE_RECORDS:
        record_add(writer, field->table, item);
        break;
    default:
        string_add(writer, ((const struct label *)item)->key);
        string_add(writer, ((const struct label *)item)->value);
    }
}

// One block, if there is anything, and the end.
static void list_add(struct avro_writer *writer, const struct wire_field *field, const void *record)
{
    const char *items;
    uint32_t count = wire_list_of(field, record, &items);

    if (count) {
        long_add(writer, count);
        for (uint32_t i = 0; i < count; i++)
            item_add(writer, field, items, i);
    }
    byte_add(writer, 0);
}

// A field that today's record has no longer: its default, of which lists have none but nothing.
static void default_add(struct avro_writer *writer, const struct wire_field *field)
{
    if (field->type == WIRE_STRING) {
        text_add(writer, field->string);
    } else if (field->type == WIRE_RECORD) {
        for (uint32_t i = 0; i < field->table->count; i++)
            default_add(writer, &field->table->fields[i]);
    } else {
        long_add(writer, field->number);
    }
}

// What is a long today may not fit a former int: then the nearest that does.
static int64_t int_of(const struct wire_table *table, int64_t value)
{
    bool is_fitting = value >= INT32_MIN && value <= INT32_MAX;
    ensure(is_fitting || table->newer != NULL);
    return is_fitting ? value : value < 0 ? INT32_MIN : INT32_MAX;
}

static void record_add(struct avro_writer *writer, const struct wire_table *table,
                       const void *record)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const struct wire_field *field = &table->fields[i];
        if (field->is_gone) {
            default_add(writer, field);
            continue;
        }
        const void *at = (const char *)record + field->offset;
        switch (field->type) {
        case WIRE_BOOLEAN:
            byte_add(writer, *(const bool *)at ? 1 : 0);
            break;
        case WIRE_INT:
            long_add(writer, int_of(table, *(const int64_t *)at));
            break;
        case WIRE_LONG:
            long_add(writer, *(const int64_t *)at);
            break;
        case WIRE_STRING:
            string_add(writer, *(const struct text *)at);
            break;
        case WIRE_RECORD:
            record_add(writer, field->table, at);
            break;
        case WIRE_STRINGS:
        case WIRE_LONGS:
        case WIRE_RECORDS:
        case WIRE_LABELS:
            list_add(writer, field, record);
            break;
        }
    }
}

static void schema_encode(const struct wire_schema *schema, const void *record,
                          struct buffer *buffer)
{
    struct avro_writer writer;

    writer.buffer = buffer;
    writer.used = 0;
    byte_add(&writer, 0xc3);
    byte_add(&writer, 0x01);
    for (unsigned i = 0; i < 8; i++)
        byte_add(&writer, (unsigned char)(schema->fingerprint >> (8 * i)));
    record_add(&writer, schema->table, record);
    flush(&writer);
}

void wire_encode_avro(enum record_kind kind, const void *record, struct buffer *buffer)
{
    ensure((unsigned)kind < RECORD_KIND_COUNT);
    schema_encode(&wire_current[kind], record, buffer);
}

void wire_encode_avro_at(int64_t level, enum record_kind kind, const void *record,
                         struct buffer *buffer)
{
    const struct wire_schema *best = NULL;
    ensure((unsigned)kind < RECORD_KIND_COUNT);
    if (wire_current[kind].level <= level) {
        schema_encode(&wire_current[kind], record, buffer);
        return;
    }
    for (uint32_t i = 0; i < WIRE_SCHEMA_COUNT; i++) {
        const struct wire_schema *schema = &wire_schemas[i];
        if (schema->kind == kind && schema->level <= (level < 1 ? 1 : level) &&
            (best == NULL || schema->level > best->level))
            best = schema;
    }
    // A kind that came later than that level is written as it is: nobody expects it.
    schema_encode(best != NULL ? best : &wire_current[kind], record, buffer);
}
