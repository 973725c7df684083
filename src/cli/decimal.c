// SPDX-License-Identifier: Apache-2.0

#include "cli/decimal.h"

#include <string.h>

#include "base/ensure.h"

#define PLACES_MAX 100

// A number taken apart: 12.5e3 has the digits 125 and the point behind 2 + 3 of them.
struct decimal {
    char digits[PLACES_MAX];
    int64_t count;
    int64_t point; // place of the point in the digits; beyond either end zeros stand
    bool is_negative;
};

static bool digit_keep(struct decimal *decimal, char c)
{
    if (decimal->count == PLACES_MAX)
        return false;
    decimal->digits[decimal->count++] = c;
    return true;
}

// Returns false if it has too many places.
static bool decimal_read(struct text number, struct decimal *decimal)
{
    int64_t exponent = 0;
    int64_t point = -1;
    *decimal = (struct decimal){.is_negative = number.size && number.data[0] == '-'};
    for (size_t i = decimal->is_negative; i < number.size; i++) {
        char c = number.data[i];
        if (c == 'e' || c == 'E') {
            i += number.data[i + 1] == '+' ? 2 : 1;
            if (text_parse_int64((struct text){number.data + i, number.size - i}, &exponent))
                return false;
            break;
        }
        if (c == '.')
            point = decimal->count;
        else if (!digit_keep(decimal, c))
            return false;
    }
    if (exponent < -PLACES_MAX || exponent > PLACES_MAX)
        return false;
    decimal->point = (point < 0 ? decimal->count : point) + exponent;
    return true;
}

static char digit_at(const struct decimal *decimal, int64_t place)
{
    return place >= 0 && place < decimal->count ? decimal->digits[place] : '0';
}

void decimal_plain(struct text number, struct buffer *plain)
{
    struct decimal decimal;
    if (!decimal_read(number, &decimal)) {
        buffer_add_text(plain, number);
        return;
    }
    int64_t first = 0;
    int64_t end = decimal.count;
    while (first < decimal.count && digit_at(&decimal, first) == '0')
        first++;
    while (end > first && digit_at(&decimal, end - 1) == '0')
        end--;
    if (first == end) {
        buffer_add_char(plain, '0');
        return;
    }
    if (decimal.is_negative)
        buffer_add_char(plain, '-');
    if (decimal.point <= first)
        buffer_add_char(plain, '0');
    for (int64_t i = first; i < decimal.point; i++)
        buffer_add_char(plain, digit_at(&decimal, i));
    if (end <= decimal.point)
        return;
    buffer_add_char(plain, '.');
    for (int64_t i = decimal.point; i < end; i++)
        buffer_add_char(plain, digit_at(&decimal, i));
}

enum status decimal_whole(struct text number, int64_t *ret_value)
{
    struct buffer plain = {0};
    decimal_plain(number, &plain);
    enum status status = text_parse_int64(buffer_text(&plain), ret_value);
    // What stayed as it was written has too many places for a whole number of any use.
    if (status == STATUS_INVALID && !memchr(plain.data, '.', plain.size))
        status = STATUS_TOO_LARGE;
    buffer_finish(&plain);
    return status;
}

enum status decimal_nearest(struct text number, int64_t *ret_value)
{
    struct buffer plain = {0};
    int64_t value = 0;
    decimal_plain(number, &plain);
    struct text text = buffer_text(&plain);
    const char *point = memchr(plain.data, '.', plain.size);
    bool is_up = point && point[1] >= '5';
    if (point)
        text.size = (size_t)(point - plain.data);
    enum status status = text_parse_int64(text, &value);
    if (status == STATUS_INVALID)
        status = STATUS_TOO_LARGE;
    if (status == STATUS_OK && is_up &&
        __builtin_add_overflow(value, number.data[0] == '-' ? -1 : 1, &value))
        status = STATUS_TOO_LARGE;
    if (status == STATUS_OK)
        *ret_value = value;
    buffer_finish(&plain);
    return status;
}

void decimal_ratio(struct buffer *out, int64_t numerator, int64_t denominator)
{
    ensure(numerator >= 0 && denominator > 0 && denominator <= INT64_C(1) << 50);
    int64_t whole = numerator / denominator;
    int64_t parts = (numerator % denominator * 1000 + denominator / 2) / denominator;
    whole += parts / 1000;
    parts %= 1000;
    buffer_add_int64(out, whole);
    if (parts == 0)
        return;
    char digits[] = {'.', (char)('0' + parts / 100), (char)('0' + parts / 10 % 10),
                     (char)('0' + parts % 10)};
    size_t size = sizeof(digits);
    while (digits[size - 1] == '0')
        size--;
    buffer_add(out, digits, size);
}
