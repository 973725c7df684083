// SPDX-License-Identifier: Apache-2.0
//
// Answers are only ever added to, so the schema allows members that it does not name.

#include "cli/schema.h"

#include "base/json.h"

static const char *json_type(enum column_type type)
{
    switch (type) {
    case COLUMN_TEXT:
        return "string";
    case COLUMN_BOOLEAN:
        return "boolean";
    case COLUMN_LIST:
        return "array";
    case COLUMN_LABELS:
        return "object";
    default:
        return "integer";
    }
}

static void write_column(struct json *json, const struct column *column)
{
    json_key(json, column->key);
    json_object_begin(json);
    json_key(json, "type");
    if (column->is_nullable) {
        json_array_begin(json);
        json_string(json, json_type(column->type));
        json_string(json, "null");
        json_array_end(json);
    } else {
        json_string(json, json_type(column->type));
    }
    if (column->type == COLUMN_LIST || column->type == COLUMN_LABELS) {
        json_key(json, column->type == COLUMN_LIST ? "items" : "additionalProperties");
        json_object_begin(json);
        json_member_string(json, "type", "string");
        json_object_end(json);
    }
    json_member_string(json, "description", column->help);
    json_object_end(json);
}

static void write_item(struct json *json, const struct output_table *table)
{
    json_object_begin(json);
    json_member_string(json, "type", "object");
    json_key(json, "required");
    json_array_begin(json);
    for (const struct column *column = table->columns; column->heading; column++)
        json_string(json, column->key);
    json_array_end(json);
    json_key(json, "properties");
    json_object_begin(json);
    for (const struct column *column = table->columns; column->heading; column++)
        write_column(json, column);
    json_object_end(json);
    json_object_end(json);
}

void schema_print(struct buffer *buffer, const struct output_table *table)
{
    struct json json;
    json_begin(&json, buffer);
    json_object_begin(&json);
    json_member_string(&json, "$schema", "https://json-schema.org/draft/2020-12/schema");
    json_member_string(&json, "title", table->schema);
    json_member_string(&json, "type", "object");
    json_key(&json, "required");
    json_array_begin(&json);
    json_string(&json, "schema");
    json_string(&json, "items");
    json_array_end(&json);
    json_key(&json, "properties");
    json_object_begin(&json);
    json_key(&json, "schema");
    json_object_begin(&json);
    json_member_string(&json, "const", table->schema);
    json_object_end(&json);
    json_key(&json, "items");
    json_object_begin(&json);
    json_member_string(&json, "type", "array");
    json_key(&json, "items");
    write_item(&json, table);
    json_object_end(&json);
    json_object_end(&json);
    json_object_end(&json);
    json_end(&json);
    buffer_add_char(buffer, '\n');
}
