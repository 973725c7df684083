// SPDX-License-Identifier: Apache-2.0
//
// Matching walks both paths segment by segment. A path is split before it is decoded, so an escaped
// '/' stays inside its segment.
#include "net/http_route.h"

#include <string.h>

// Takes the part before `separator` off the front of `*rest`, and the separator with it.
static struct text take_until(struct text *rest, char separator)
{
    struct text part = *rest;
    const char *end = rest->size ? memchr(rest->data, separator, rest->size) : NULL;
    if (end == NULL) {
        *rest = (struct text){0};
        return part;
    }
    part.size = (size_t)(end - part.data);
    *rest = (struct text){end + 1, rest->size - part.size - 1};
    return part;
}

static bool is_capture(struct text segment)
{
    return segment.size > 2 && segment.data[0] == '{' && segment.data[segment.size - 1] == '}';
}

bool http_table_check(const struct http_table *table)
{
    for (uint32_t i = 0; i < table->count; i++) {
        struct text rest = text_of(table->routes[i].pattern);
        uint32_t captures = 0;
        if (rest.size == 0 || rest.data[0] != '/' || table->routes[i].method > HTTP_POST)
            return false;
        while (rest.size) {
            struct text segment = take_until(&rest, '/');
            bool has_brace = segment.size && (memchr(segment.data, '{', segment.size) ||
                                              memchr(segment.data, '}', segment.size));
            if (has_brace && !is_capture(segment))
                return false;
            captures += has_brace;
        }
        if (captures > HTTP_CAPTURES_MAX)
            return false;
    }
    return true;
}

// Whether the path fits; the raw captures go to `ret_call`, which may be NULL.
static bool pattern_fits(const char *pattern, struct text path, struct http_call *ret_call)
{
    struct text open = text_of(pattern);
    struct text captures[HTTP_CAPTURES_MAX] = {0};
    uint32_t count = 0;

    while (open.data && path.data) {
        struct text wanted = take_until(&open, '/');
        struct text segment = take_until(&path, '/');
        if (is_capture(wanted)) {
            if (segment.size == 0)
                return false;
            captures[count++] = segment;
        } else if (!text_equal(wanted, segment)) {
            return false;
        }
    }
    if (open.data || path.data)
        return false;
    if (ret_call) {
        memcpy(ret_call->captures, captures, sizeof(captures));
        ret_call->capture_count = count;
    }
    return true;
}

// Decodes %XX, and '+' as a blank where `has_plus`. A zero byte is refused like a wrong escape.
static enum status decode(struct text raw, bool has_plus, struct arena *arena,
                          struct text *ret_text)
{
    char *out = arena_get(arena, raw.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < raw.size; i++) {
        int c = (unsigned char)raw.data[i];
        if (c == '+' && has_plus)
            c = ' ';
        if (c == '%') {
            int high = i + 2 < raw.size ? text_hex_digit(raw.data[i + 1]) : -1;
            int low = i + 2 < raw.size ? text_hex_digit(raw.data[i + 2]) : -1;
            if (high < 0 || low < 0 || high + low == 0)
                return STATUS_INVALID;
            c = high * 16 + low;
            i += 2;
        }
        out[size++] = (char)c;
    }
    *ret_text = (struct text){out, size};
    return STATUS_OK;
}

uint32_t http_table_methods(const struct http_table *table, struct text path)
{
    uint32_t methods = 0;
    for (uint32_t i = 0; i < table->count; i++)
        if (pattern_fits(table->routes[i].pattern, path, NULL))
            methods |= 1u << table->routes[i].method;
    return methods;
}

enum status http_table_find(const struct http_table *table, enum http_method method,
                            struct text path, struct arena *arena, struct http_call *ret_call)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const struct http_route *route = &table->routes[i];
        if (route->method != method || !pattern_fits(route->pattern, path, ret_call))
            continue;
        ret_call->route = route->id;
        ret_call->path = path;
        for (uint32_t k = 0; k < ret_call->capture_count; k++) {
            struct text *capture = &ret_call->captures[k];
            enum status status = decode(*capture, false, arena, capture);
            if (status)
                return status;
        }
        return STATUS_OK;
    }
    return http_table_methods(table, path) ? STATUS_DENIED : STATUS_NOT_FOUND;
}

enum status http_query_parse(struct text query, struct arena *arena, struct http_call *ret_call)
{
    ret_call->parameter_count = 0;
    while (query.size) {
        struct text value = take_until(&query, '&');
        struct text name = take_until(&value, '=');
        if (name.size == 0 && value.size == 0)
            continue;
        if (ret_call->parameter_count == HTTP_PARAMETERS_MAX)
            return STATUS_TOO_LARGE;
        struct http_parameter *parameter = &ret_call->parameters[ret_call->parameter_count];
        enum status status = decode(name, true, arena, &parameter->name);
        if (status == STATUS_OK)
            status = decode(value, true, arena, &parameter->value);
        if (status)
            return status;
        ret_call->parameter_count++;
    }
    return STATUS_OK;
}

const struct text *http_call_parameter(const struct http_call *call, const char *name)
{
    for (uint32_t i = 0; i < call->parameter_count; i++)
        if (text_equals(call->parameters[i].name, name))
            return &call->parameters[i].value;
    return NULL;
}

enum status http_call_int64(const struct http_call *call, const char *name, int64_t min,
                            int64_t max, int64_t *ret_value)
{
    const struct text *given = http_call_parameter(call, name);
    int64_t value = 0;
    if (given == NULL)
        return STATUS_OK;
    if (text_parse_int64(*given, &value) || value < min || value > max)
        return STATUS_INVALID;
    *ret_value = value;
    return STATUS_OK;
}
