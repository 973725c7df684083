// SPDX-License-Identifier: Apache-2.0
//
// The JSON writer: one place writes the comma or checks the key before each value.
#include "base/json.h"

#include <string.h>

#include "base/ensure.h"

void json_begin(struct json *json, struct buffer *out)
{
    *json = (struct json){.out = out};
}

void json_end(const struct json *json)
{
    ensure(json->is_done);
}

static bool json_is_in_object(const struct json *json)
{
    return json->depth > 0 && (json->objects >> (json->depth - 1) & 1);
}

// What comes before every value.
static void json_value_begin(struct json *json)
{
    ensure(!json->is_done);
    ensure(json->has_key == json_is_in_object(json));
    if (json->has_items && !json->has_key)
        buffer_add_char(json->out, ',');
}

// What comes after every value.
static void json_value_end(struct json *json)
{
    json->has_key = false;
    json->has_items = json->depth > 0;
    json->is_done = json->depth == 0;
}

static void json_nest(struct json *json, bool is_object)
{
    json_value_begin(json);
    ensure(json->depth < JSON_DEPTH_MAX);
    uint64_t bit = (uint64_t)1 << json->depth;
    json->objects = is_object ? json->objects | bit : json->objects & ~bit;
    json->depth++;
    json->has_items = false;
    json->has_key = false;
    buffer_add_char(json->out, is_object ? '{' : '[');
}

static void json_unnest(struct json *json, bool is_object)
{
    ensure(json->depth > 0);
    ensure(json_is_in_object(json) == is_object);
    ensure(!json->has_key);
    json->depth--;
    buffer_add_char(json->out, is_object ? '}' : ']');
    json_value_end(json);
}

void json_object_begin(struct json *json)
{
    json_nest(json, true);
}

void json_object_end(struct json *json)
{
    json_unnest(json, true);
}

void json_array_begin(struct json *json)
{
    json_nest(json, false);
}

void json_array_end(struct json *json)
{
    json_unnest(json, false);
}

static void json_escape(struct buffer *out, unsigned char byte)
{
    switch (byte) {
    case '"':
        buffer_add_string(out, "\\\"");
        break;
    case '\\':
        buffer_add_string(out, "\\\\");
        break;
    case '\n':
        buffer_add_string(out, "\\n");
        break;
    case '\r':
        buffer_add_string(out, "\\r");
        break;
    case '\t':
        buffer_add_string(out, "\\t");
        break;
    default:
        buffer_print(out, "\\u%04x", byte);
    }
}

// Bytes at the start that are good as they are and ASCII.
static size_t plain_size(struct text text)
{
    size_t i = 0;
    while (i < text.size && (unsigned char)text.data[i] - 0x20u < 0x60u && text.data[i] != '"' &&
           text.data[i] != '\\')
        i++;
    return i;
}

// Runs of bytes that need no change are copied at once; most texts are one such run.
static void json_quote(struct buffer *out, struct text text)
{
    size_t plain = plain_size(text);
    if (plain == text.size) {
        char *quoted = buffer_extend(out, text.size + 2);
        quoted[0] = '"';
        if (text.size)
            memcpy(quoted + 1, text.data, text.size);
        quoted[text.size + 1] = '"';
        return;
    }
    buffer_add_char(out, '"');
    while (plain < text.size) {
        unsigned char byte = (unsigned char)text.data[plain];
        bool is_escaped = byte < 0x20 || byte == '"' || byte == '\\';
        struct text rest = {text.data + plain, text.size - plain};
        size_t size = byte < 0x80 ? 1 : text_utf8_size(rest);
        if (size > 0 && !is_escaped) {
            plain += size;
            continue;
        }
        buffer_add(out, text.data, plain);
        if (is_escaped)
            json_escape(out, byte);
        else
            buffer_add_string(out, "\xef\xbf\xbd");
        text = (struct text){rest.data + 1, rest.size - 1};
        plain = 0;
    }
    buffer_add(out, text.data, plain);
    buffer_add_char(out, '"');
}

void json_key_text(struct json *json, struct text key)
{
    ensure(json_is_in_object(json));
    ensure(!json->has_key);
    if (json->has_items)
        buffer_add_char(json->out, ',');
    json_quote(json->out, key);
    buffer_add_char(json->out, ':');
    json->has_key = true;
}

void json_key(struct json *json, const char *key)
{
    json_key_text(json, text_of(key));
}

void json_text(struct json *json, struct text value)
{
    json_value_begin(json);
    json_quote(json->out, value);
    json_value_end(json);
}

void json_raw(struct json *json, struct text value)
{
    ensure(value.size > 0);
    json_value_begin(json);
    buffer_add_text(json->out, value);
    json_value_end(json);
}

void json_null(struct json *json)
{
    json_raw(json, TEXT_LITERAL("null"));
}

void json_string(struct json *json, const char *value)
{
    if (value)
        json_text(json, text_of(value));
    else
        json_null(json);
}

void json_int64(struct json *json, int64_t value)
{
    json_value_begin(json);
    buffer_add_int64(json->out, value);
    json_value_end(json);
}

void json_seconds(struct json *json, struct span value)
{
    json_value_begin(json);
    buffer_add_seconds(json->out, value.us);
    json_value_end(json);
}

void json_bool(struct json *json, bool value)
{
    json_raw(json, value ? TEXT_LITERAL("true") : TEXT_LITERAL("false"));
}

void json_member_text(struct json *json, const char *key, struct text value)
{
    json_key(json, key);
    json_text(json, value);
}

void json_member_string(struct json *json, const char *key, const char *value)
{
    json_key(json, key);
    json_string(json, value);
}

void json_member_int64(struct json *json, const char *key, int64_t value)
{
    json_key(json, key);
    json_int64(json, value);
}

void json_member_bool(struct json *json, const char *key, bool value)
{
    json_key(json, key);
    json_bool(json, value);
}

void json_member_null(struct json *json, const char *key)
{
    json_key(json, key);
    json_null(json);
}
