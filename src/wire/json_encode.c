// SPDX-License-Identifier: Apache-2.0
//
// Writes JSON along today's tables. Numbers are whole and written as such, never through a double.
#include "base/ensure.h"
#include "base/json.h"
#include "wire/string.h"
#include "wire/tables.h"
#include "wire/wire.h"

// `put` is json_text or json_key_text.
static void clean_put(struct json *json, struct text text, void (*put)(struct json *, struct text))
{
    if (wire_string_is_fine(text)) {
        put(json, text);
        return;
    }
    struct buffer clean = {0};
    wire_string_add_clean(&clean, text);
    put(json, buffer_text(&clean));
    buffer_finish(&clean);
}

static void string_put(struct json *json, struct text text)
{
    clean_put(json, text, json_text);
}

static void record_put(struct json *json, const struct wire_table *table, const void *record);

static void item_put(struct json *json, const struct wire_field *field, const void *item)
{
    switch (field->type) {
    case WIRE_STRINGS:
        string_put(json, *(const struct text *)item);
        break;
    case WIRE_LONGS:
        json_int64(json, *(const int64_t *)item);
        break;
    case WIRE_RECORDS:
        record_put(json, field->table, item);
        break;
    default:
        clean_put(json, ((const struct label *)item)->key, json_key_text);
        string_put(json, ((const struct label *)item)->value);
    }
}

static void list_put(struct json *json, const struct wire_field *field, const void *record)
{
    const char *items;
    uint32_t count = wire_list_of(field, record, &items);
    size_t item_size = wire_item_size(field);
    bool is_map = field->type == WIRE_LABELS;

    if (is_map)
        json_object_begin(json);
    else
        json_array_begin(json);
    for (uint32_t i = 0; i < count; i++)
        item_put(json, field, items + i * item_size);
    if (is_map)
        json_object_end(json);
    else
        json_array_end(json);
}

static void record_put(struct json *json, const struct wire_table *table, const void *record)
{
    json_object_begin(json);
    for (uint32_t i = 0; i < table->count; i++) {
        const struct wire_field *field = &table->fields[i];
        const void *at = (const char *)record + field->offset;
        json_key_text(json, field->name);
        switch (field->type) {
        case WIRE_BOOLEAN:
            json_bool(json, *(const bool *)at);
            break;
        case WIRE_INT:
        case WIRE_LONG:
            json_int64(json, *(const int64_t *)at);
            break;
        case WIRE_STRING:
            string_put(json, *(const struct text *)at);
            break;
        case WIRE_RECORD:
            record_put(json, field->table, at);
            break;
        case WIRE_STRINGS:
        case WIRE_LONGS:
        case WIRE_RECORDS:
        case WIRE_LABELS:
            list_put(json, field, record);
            break;
        }
    }
    json_object_end(json);
}

void wire_encode_json(enum record_kind kind, const void *record, struct buffer *buffer)
{
    struct json json;

    ensure((unsigned)kind < RECORD_KIND_COUNT);
    json_begin(&json, buffer);
    record_put(&json, wire_current[kind].table, record);
    json_end(&json);
}
