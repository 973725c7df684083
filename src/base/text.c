// SPDX-License-Identifier: Apache-2.0
//
// Views of bytes, numbers and UTF-8.
#include "base/text.h"

#include <string.h>

#include "base/memory.h"

struct text text_of(const char *string)
{
    return (struct text){string, string ? strlen(string) : 0};
}

bool text_equal(struct text a, struct text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

// Most strings differ in their first byte; to know that, the length is not needed.
bool text_equals(struct text a, const char *string)
{
    if (a.size > 0 && string && a.data[0] != string[0])
        return false;
    return text_equal(a, text_of(string));
}

bool text_has_prefix(struct text text, struct text prefix)
{
    return text.size >= prefix.size && text_equal((struct text){text.data, prefix.size}, prefix);
}

int text_compare(struct text a, struct text b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common ? memcmp(a.data, b.data, common) : 0;
    if (order)
        return order;
    return (a.size > b.size) - (a.size < b.size);
}

char *text_copy(struct text text)
{
    char *copy = memory_get(text.size + 1);
    if (text.size)
        memcpy(copy, text.data, text.size);
    return copy;
}

enum status text_parse_int64(struct text text, int64_t *ret_value)
{
    size_t i = 0;
    bool negative = text.size > 0 && text.data[0] == '-';
    uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t value = 0;

    i += negative;
    if (i == text.size)
        return STATUS_INVALID;
    for (; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return STATUS_INVALID;
        uint64_t digit = (uint64_t)(text.data[i] - '0');
        if (value > (limit - digit) / 10)
            return STATUS_TOO_LARGE;
        value = value * 10 + digit;
    }
    *ret_value = negative ? (int64_t)(0 - value) : (int64_t)value;
    return STATUS_OK;
}

// Length of the well-formed sequence at the start of `bytes`, 0 if there is none.
static size_t utf8_sequence(const unsigned char *bytes, size_t size)
{
    static const struct {
        unsigned char first, last, second_low, second_high, length;
    } forms[] = {
        {0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        size_t length = forms[i].length;
        if (bytes[0] < forms[i].first || bytes[0] > forms[i].last)
            continue;
        if (length > size)
            return 0;
        if (length > 1 && (bytes[1] < forms[i].second_low || bytes[1] > forms[i].second_high))
            return 0;
        for (size_t k = 2; k < length; k++)
            if (bytes[k] < 0x80 || bytes[k] > 0xbf)
                return 0;
        return length;
    }
    return 0;
}

size_t text_utf8_size(struct text text)
{
    return text.size ? utf8_sequence((const unsigned char *)text.data, text.size) : 0;
}

bool text_is_utf8(struct text text)
{
    const unsigned char *bytes = (const unsigned char *)text.data;
    size_t i = 0;
    while (i < text.size) {
        size_t length = utf8_sequence(bytes + i, text.size - i);
        if (length == 0)
            return false;
        i += length;
    }
    return true;
}

int text_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}
