// SPDX-License-Identifier: Apache-2.0
//
// Writes JSON along today's tables. Numbers are whole and written as such, never through a double.
#include "base/ensure.h"
#include "wire/string.h"
#include "wire/tables.h"
#include "wire/wire.h"

// Quote, backslash and control characters; the rest goes as it is.
static void escape_add(struct buffer *buffer, char c)
{
    static const char letters[] = "\bb\ff\nn\rr\tt\"\"\\\\";

    for (size_t i = 0; i + 1 < sizeof(letters); i += 2)
        if (letters[i] == c) {
            buffer_add_char(buffer, '\\');
            buffer_add_char(buffer, letters[i + 1]);
            return;
        }
    buffer_print(buffer, "\\u%04x", (unsigned)(unsigned char)c);
}

static void quoted_add(struct buffer *buffer, struct text text)
{
    size_t from = 0;

    buffer_add_char(buffer, '"');
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if ((unsigned char)c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
            continue;
        buffer_add(buffer, text.data + from, i - from);
        escape_add(buffer, c);
        from = i + 1;
    }
    buffer_add(buffer, text.data + from, text.size - from);
    buffer_add_char(buffer, '"');
}

static void string_add(struct buffer *buffer, struct text text)
{
    if (text.size == 0) {
        buffer_add_string(buffer, "\"\"");
        return;
    }
    if (string_is_fine(text)) {
        quoted_add(buffer, text);
        return;
    }
    struct buffer clean = {0};
    string_add_clean(&clean, text);
    quoted_add(buffer, buffer_text(&clean));
    buffer_finish(&clean);
}

static void record_add(struct buffer *buffer, const struct wire_table *table, const void *record);

static void item_add(struct buffer *buffer, const struct wire_field *field, const char *items,
                     uint32_t index)
{
    const void *item = items + (size_t)index * wire_item_size(field);

    if (index)
        buffer_add_char(buffer, ',');
    switch (field->type) {
    case WIRE_STRINGS:
        string_add(buffer, *(const struct text *)item);
        break;
    case WIRE_LONGS:
        buffer_add_int64(buffer, *(const int64_t *)item);
        break;
    case WIRE_RECORDS:
        record_add(buffer, field->table, item);
        break;
    default:
        string_add(buffer, ((const struct label *)item)->key);
        buffer_add_char(buffer, ':');
        string_add(buffer, ((const struct label *)item)->value);
    }
}

static void list_add_all(struct buffer *buffer, const struct wire_field *field, const void *record)
{
    const char *items;
    uint32_t count = wire_list_of(field, record, &items);
    bool is_map = field->type == WIRE_LABELS;

    buffer_add_char(buffer, is_map ? '{' : '[');
    for (uint32_t i = 0; i < count; i++)
        item_add(buffer, field, items, i);
    buffer_add_char(buffer, is_map ? '}' : ']');
}

static void record_add(struct buffer *buffer, const struct wire_table *table, const void *record)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const struct wire_field *field = &table->fields[i];
        const void *at = (const char *)record + field->offset;
        buffer_add_char(buffer, i ? ',' : '{');
        string_add(buffer, field->name);
        buffer_add_char(buffer, ':');
        switch (field->type) {
        case WIRE_BOOLEAN:
            buffer_add_string(buffer, *(const bool *)at ? "true" : "false");
            break;
        case WIRE_INT:
        case WIRE_LONG:
            buffer_add_int64(buffer, *(const int64_t *)at);
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
    buffer_add_char(buffer, '}');
}

void wire_encode_json(enum record_kind kind, const void *record, struct buffer *buffer)
{
    ensure((unsigned)kind < RECORD_KIND_COUNT);
    record_add(buffer, wire_current[kind].table, record);
}
