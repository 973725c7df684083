// SPDX-License-Identifier: Apache-2.0
//
// The growable buffer of text.h.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "base/text.h"

void buffer_finish(struct buffer *buffer)
{
    if (buffer == NULL)
        return;
    memory_release(buffer->data);
    *buffer = (struct buffer){0};
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
    if (buffer->data)
        buffer->data[0] = '\0';
}

// Room for `size` more bytes and the terminator.
static void buffer_reserve(struct buffer *buffer, size_t size)
{
    ensure(size < SIZE_MAX / 4 && buffer->size < SIZE_MAX / 4);
    size_t needed = buffer->size + size + 1;
    if (needed <= buffer->capacity)
        return;
    size_t grown = buffer->capacity * 2;
    if (grown < needed)
        grown = needed;
    if (grown < 64)
        grown = 64;
    buffer->data = memory_resize(buffer->data, grown);
    buffer->capacity = grown;
}

char *buffer_extend(struct buffer *buffer, size_t size)
{
    buffer_reserve(buffer, size);
    char *bytes = buffer->data + buffer->size;
    buffer->size += size;
    bytes[size] = '\0';
    return bytes;
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t size)
{
    char *to = buffer_extend(buffer, size);
    if (size)
        memcpy(to, bytes, size);
}

void buffer_add_text(struct buffer *buffer, struct text text)
{
    buffer_add(buffer, text.data, text.size);
}

void buffer_add_string(struct buffer *buffer, const char *string)
{
    buffer_add_text(buffer, text_of(string));
}

void buffer_add_char(struct buffer *buffer, char c)
{
    *buffer_extend(buffer, 1) = c;
}

void buffer_add_int64(struct buffer *buffer, int64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        digits[--at] = '-';
    buffer_add(buffer, digits + at, sizeof(digits) - at);
}

void buffer_add_seconds(struct buffer *buffer, int64_t us)
{
    int64_t rest = us % 1000000;
    if (rest < 0) {
        rest = -rest;
        if (us / 1000000 == 0)
            buffer_add_char(buffer, '-');
    }
    buffer_add_int64(buffer, us / 1000000);
    if (rest == 0)
        return;
    char digits[7] = ".000000";
    for (size_t i = 6; i > 0; i--, rest /= 10)
        digits[i] = (char)('0' + rest % 10);
    size_t size = sizeof(digits);
    while (digits[size - 1] == '0')
        size--;
    buffer_add(buffer, digits, size);
}

void buffer_print(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    ensure(size >= 0);
    buffer_reserve(buffer, (size_t)size);
    va_start(arguments, format);
    vsnprintf(buffer->data + buffer->size, (size_t)size + 1, format, arguments);
    va_end(arguments);
    buffer->size += (size_t)size;
}

struct text buffer_text(const struct buffer *buffer)
{
    return (struct text){buffer->data, buffer->size};
}

const char *buffer_string(const struct buffer *buffer)
{
    return buffer->data ? buffer->data : "";
}
