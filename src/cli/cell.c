// SPDX-License-Identifier: Apache-2.0

#include "cli/cell.h"

#include <time.h>

struct value value_null(void)
{
    return (struct value){.kind = VALUE_NULL};
}

struct value value_text(struct text text)
{
    return (struct value){.kind = VALUE_TEXT, .text = text};
}

struct value value_string(const char *string)
{
    return string ? value_text(text_of(string)) : value_null();
}

struct value value_integer(int64_t integer)
{
    return (struct value){.kind = VALUE_INTEGER, .integer = integer};
}

struct value value_boolean(bool boolean)
{
    return (struct value){.kind = VALUE_BOOLEAN, .integer = boolean};
}

struct value value_items(const struct text *items, size_t count)
{
    return (struct value){.kind = VALUE_ITEMS, .items = items, .count = count};
}

bool cell_fits(const struct column *column, const struct value *value)
{
    static const enum value_kind kinds[] = {
        [COLUMN_TEXT] = VALUE_TEXT,        [COLUMN_INTEGER] = VALUE_INTEGER,
        [COLUMN_BOOLEAN] = VALUE_BOOLEAN,  [COLUMN_TIME] = VALUE_INTEGER,
        [COLUMN_DURATION] = VALUE_INTEGER, [COLUMN_BYTES] = VALUE_INTEGER,
        [COLUMN_LIST] = VALUE_ITEMS,       [COLUMN_LABELS] = VALUE_ITEMS,
    };
    if (value->kind == VALUE_NULL)
        return column->is_nullable;
    if (column->type == COLUMN_LABELS && value->count % 2)
        return false;
    return value->kind == kinds[column->type];
}

// Bytes of the well-formed sequence that begins with `lead`, 1 for what does not begin one.
static size_t sequence_size(unsigned char lead)
{
    if (lead >= 0xf0)
        return 4;
    if (lead >= 0xe0)
        return 3;
    return lead >= 0xc2 ? 2 : 1;
}

void output_escape(struct buffer *buffer, struct text text)
{
    size_t i = 0;
    while (i < text.size) {
        unsigned char byte = (unsigned char)text.data[i];
        size_t size = sequence_size(byte);
        struct text sequence = {text.data + i, size};
        bool is_whole = size <= text.size - i && text_is_utf8(sequence);
        bool is_c1 = is_whole && byte == 0xc2 && (unsigned char)text.data[i + 1] < 0xa0;
        if (byte == '\t' || byte == '\n' || byte == '\r') {
            buffer_add_string(buffer, byte == '\t' ? "\\t" : byte == '\n' ? "\\n" : "\\r");
            i++;
        } else if (byte == '\\') {
            buffer_add_string(buffer, "\\\\");
            i++;
        } else if (byte < ' ' || byte == 0x7f || !is_whole || is_c1) {
            buffer_print(buffer, "\\x%02x", byte);
            i++;
        } else {
            buffer_add_text(buffer, sequence);
            i += size;
        }
    }
}

size_t cell_width(struct text text)
{
    size_t width = 0;
    for (size_t i = 0; i < text.size; i++)
        width += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return width;
}

static void print_items(struct buffer *buffer, const struct column *column,
                        const struct value *value)
{
    bool is_labels = column->type == COLUMN_LABELS;
    for (size_t i = 0; i < value->count; i++) {
        if (i)
            buffer_add_char(buffer, is_labels && i % 2 ? '=' : ',');
        output_escape(buffer, value->items[i]);
    }
}

static void print_time(struct buffer *buffer, int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    char text[64];
    if (gmtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
        buffer_add_string(buffer, text);
    else
        buffer_add_int64(buffer, ms);
}

// The two largest units: 950ms, 12s, 5m10s, 3h2m, 2d4h.
static void print_duration(struct buffer *buffer, int64_t ms)
{
    static const struct {
        int64_t ms;
        char name;
    } units[] = {{86400000, 'd'}, {3600000, 'h'}, {60000, 'm'}, {1000, 's'}};
    if (ms < 1000) {
        buffer_print(buffer, "%lldms", (long long)ms);
        return;
    }
    size_t i = 0;
    while (ms < units[i].ms)
        i++;
    buffer_print(buffer, "%lld%c", (long long)(ms / units[i].ms), units[i].name);
    int64_t rest = ms % units[i].ms;
    if (i + 1 < sizeof(units) / sizeof(units[0]) && rest >= units[i + 1].ms)
        buffer_print(buffer, "%lld%c", (long long)(rest / units[i + 1].ms), units[i + 1].name);
}

// One digit behind the point, cut and not rounded, so that 1023 KiB never shows as 1.0 MiB.
static void print_bytes(struct buffer *buffer, int64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    size_t i = 0;
    int64_t unit = 1;
    while (i + 1 < sizeof(units) / sizeof(units[0]) && bytes / unit >= 1024) {
        unit *= 1024;
        i++;
    }
    buffer_add_int64(buffer, bytes / unit);
    if (i)
        buffer_print(buffer, ".%lld", (long long)(bytes % unit * 10 / unit));
    buffer_add_string(buffer, units[i]);
}

void cell_print_plain(struct buffer *buffer, const struct column *column, const struct value *value)
{
    switch (value->kind) {
    case VALUE_NULL:
        buffer_add_char(buffer, '-');
        break;
    case VALUE_TEXT:
        output_escape(buffer, value->text);
        break;
    case VALUE_INTEGER:
        buffer_add_int64(buffer, value->integer);
        break;
    case VALUE_BOOLEAN:
        buffer_add_string(buffer, value->integer ? "true" : "false");
        break;
    case VALUE_ITEMS:
        print_items(buffer, column, value);
        break;
    }
}

void cell_print_human(struct buffer *buffer, const struct column *column, const struct value *value)
{
    bool is_empty = (value->kind == VALUE_TEXT && value->text.size == 0) ||
                    (value->kind == VALUE_ITEMS && value->count == 0);
    if (value->kind == VALUE_NULL || is_empty)
        buffer_add_char(buffer, '-');
    else if (column->type == COLUMN_TIME)
        print_time(buffer, value->integer);
    else if (column->type == COLUMN_DURATION)
        print_duration(buffer, value->integer);
    else if (column->type == COLUMN_BYTES)
        print_bytes(buffer, value->integer);
    else if (column->type == COLUMN_BOOLEAN)
        buffer_add_string(buffer, value->integer ? "yes" : "no");
    else
        cell_print_plain(buffer, column, value);
}

static void write_items(struct json *json, const struct column *column, const struct value *value)
{
    bool is_labels = column->type == COLUMN_LABELS;
    if (is_labels)
        json_object_begin(json);
    else
        json_array_begin(json);
    for (size_t i = 0; i < value->count; i++)
        if (is_labels && i % 2 == 0)
            json_key_text(json, value->items[i]);
        else
            json_text(json, value->items[i]);
    if (is_labels)
        json_object_end(json);
    else
        json_array_end(json);
}

void cell_write_json(struct json *json, const struct column *column, const struct value *value)
{
    switch (value->kind) {
    case VALUE_NULL:
        json_null(json);
        break;
    case VALUE_TEXT:
        json_text(json, value->text);
        break;
    case VALUE_INTEGER:
        json_int64(json, value->integer);
        break;
    case VALUE_BOOLEAN:
        json_bool(json, value->integer != 0);
        break;
    case VALUE_ITEMS:
        write_items(json, column, value);
        break;
    }
}
