// SPDX-License-Identifier: Apache-2.0
//
// Writes Avro single-object along today's tables.
#include <string.h>

#include "base/ensure.h"
#include "wire/string.h"
#include "wire/tables.h"
#include "wire/wire.h"

static void long_add(struct buffer *buffer, int64_t value)
{
    uint64_t bits = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
    unsigned char bytes[10];
    size_t size = 0;

    while (bits > 0x7f) {
        bytes[size++] = (unsigned char)((bits & 0x7f) | 0x80);
        bits >>= 7;
    }
    bytes[size++] = (unsigned char)bits;
    buffer_add(buffer, bytes, size);
}

static void string_add(struct buffer *buffer, struct text text)
{
    if (wire_string_is_fine(text)) {
        long_add(buffer, (int64_t)text.size);
        buffer_add_text(buffer, text);
        return;
    }
    struct buffer clean = {0};
    wire_string_add_clean(&clean, text);
    long_add(buffer, (int64_t)clean.size);
    buffer_add_text(buffer, buffer_text(&clean));
    buffer_finish(&clean);
}

static void record_add(struct buffer *buffer, const struct wire_table *table, const void *record);

static void item_add(struct buffer *buffer, const struct wire_field *field, const char *items,
                     uint32_t index)
{
    const void *item = items + (size_t)index * wire_item_size(field);

    switch (field->type) {
    case WIRE_STRINGS:
        string_add(buffer, *(const struct text *)item);
        break;
    case WIRE_LONGS:
        long_add(buffer, *(const int64_t *)item);
        break;
    case WIRE_RECORDS:
        record_add(buffer, field->table, item);
        break;
    default:
        string_add(buffer, ((const struct label *)item)->key);
        string_add(buffer, ((const struct label *)item)->value);
    }
}

// One block, if there is anything, and the end.
static void list_add_all(struct buffer *buffer, const struct wire_field *field, const void *record)
{
    const char *items;
    uint32_t count = wire_list_of(field, record, &items);

    if (count) {
        long_add(buffer, count);
        for (uint32_t i = 0; i < count; i++)
            item_add(buffer, field, items, i);
    }
    buffer_add_char(buffer, 0);
}

static void record_add(struct buffer *buffer, const struct wire_table *table, const void *record)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const struct wire_field *field = &table->fields[i];
        const void *at = (const char *)record + field->offset;
        switch (field->type) {
        case WIRE_BOOLEAN:
            buffer_add_char(buffer, *(const bool *)at ? 1 : 0);
            break;
        case WIRE_INT:
            ensure(*(const int64_t *)at >= INT32_MIN && *(const int64_t *)at <= INT32_MAX);
            long_add(buffer, *(const int64_t *)at);
            break;
        case WIRE_LONG:
            long_add(buffer, *(const int64_t *)at);
            break;
        case WIRE_STRING:
            string_add(buffer, *(const struct text *)at);
            break;
        case WIRE_RECORD:
            record_add(buffer, field->table, at);
            break;
        case WIRE_STRINGS:
        case WIRE_LONGS:
        case WIRE_RECORDS:
        case WIRE_LABELS:
            list_add_all(buffer, field, record);
            break;
        }
    }
}

void wire_encode_avro(enum record_kind kind, const void *record, struct buffer *buffer)
{
    unsigned char header[10] = {0xc3, 0x01};

    ensure((unsigned)kind < RECORD_KIND_COUNT);
    for (unsigned i = 0; i < 8; i++)
        header[2 + i] = (unsigned char)(wire_current[kind].fingerprint >> (8 * i));
    buffer_add(buffer, header, sizeof(header));
    record_add(buffer, wire_current[kind].table, record);
}
