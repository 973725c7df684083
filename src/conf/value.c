// SPDX-License-Identifier: Apache-2.0
//
// Numbers with units: decimal digits, blanks, a unit. There are no fractions: 1500ms, not 1.5s.

#include "conf/value.h"

#include <stddef.h>

#include "base/nearest.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct unit {
    const char *name;
    int64_t factor; // in the smallest unit: ms, bytes
};

static const struct unit duration_units[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
};

static const struct unit size_units[] = {
    {"B", 1},           {"kB", 1000},          {"KB", 1000},      {"MB", 1000000},
    {"GB", 1000000000}, {"TB", 1000000000000}, {"KiB", 1L << 10}, {"MiB", 1L << 20},
    {"GiB", 1L << 30},  {"TiB", 1L << 40},
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

struct text text_trim(struct text text)
{
    while (text.size && is_blank(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size && is_blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

bool list_item(struct text list, size_t index, struct text *ret_item)
{
    if (list.size == 0)
        return false;
    size_t start = 0;
    for (size_t at = 0; at <= list.size; at++) {
        if (at < list.size && list.data[at] != ',')
            continue;
        if (index == 0) {
            *ret_item = text_trim((struct text){list.data + start, at - start});
            return true;
        }
        index--;
        start = at + 1;
    }
    return false;
}

// Splits "64 MiB" into its digits (with a sign) and its unit.
static void number_split(struct text text, struct text *ret_number, struct text *ret_unit)
{
    size_t digits = 0;
    while (digits < text.size && ((text.data[digits] >= '0' && text.data[digits] <= '9') ||
                                  (digits == 0 && text.data[digits] == '-')))
        digits++;
    *ret_number = (struct text){text.data, digits};
    *ret_unit = text_trim((struct text){text.data + digits, text.size - digits});
}

// A number with one of the units, or a bare one in `bare` of the smallest unit; the result is in
// the smallest unit.
static enum status measure_parse(struct text text, const struct unit *units, size_t count,
                                 int64_t bare, int64_t *ret_value)
{
    struct text digits;
    struct text unit;
    number_split(text, &digits, &unit);
    int64_t factor = unit.size ? 0 : bare;
    for (size_t i = 0; i < count; i++)
        if (text_equals(unit, units[i].name))
            factor = units[i].factor;
    int64_t number = 0;
    if (factor == 0)
        return STATUS_INVALID;
    enum status status = text_parse_int64(digits, &number);
    if (status == STATUS_OK && __builtin_mul_overflow(number, factor, ret_value))
        status = STATUS_TOO_LARGE;
    return status;
}

enum status duration_parse(struct text text, int64_t *ret_ms)
{
    return measure_parse(text, duration_units, COUNT(duration_units), 1, ret_ms);
}

static enum status refuse(struct buffer *problem, struct text value, const char *why)
{
    buffer_print(problem, "'%.*s' %s", TEXT_ARGS(value), why);
    return STATUS_INVALID;
}

static enum status range_check(const struct setting *row, struct text value, int64_t number,
                               struct buffer *problem)
{
    if (number >= row->min && number <= row->max)
        return STATUS_OK;
    buffer_print(problem, "'%.*s' is out of range: %lld to %lld%s%s", TEXT_ARGS(value),
                 (long long)row->min, (long long)row->max, row->unit[0] ? " " : "", row->unit);
    return STATUS_INVALID;
}

// STATUS_TOO_LARGE of a number is out of range, with the same words.
static enum status number_check(const struct setting *row, struct text value, enum status status,
                                int64_t number, struct buffer *problem)
{
    static const char *const wanted[] = {
        [SETTING_INTEGER] = "is not a whole number",
        [SETTING_DURATION] =
            "is not a duration: write a whole number of ms, or one with ms, s, m, h or d",
        [SETTING_SIZE] = "is not a size: write a whole number, or one with B, kB, MB, GB, TB, "
                         "KiB, MiB, GiB or TiB",
    };
    if (status == STATUS_TOO_LARGE)
        return range_check(row, value, INT64_MAX, problem);
    if (status != STATUS_OK)
        return refuse(problem, value, wanted[row->type]);
    return range_check(row, value, number, problem);
}

static enum status size_parse(const struct setting *row, struct text value, int64_t *ret_number,
                              struct buffer *problem)
{
    int64_t unit = text_equals(text_of(row->unit), "kbytes") ? 1024 : 1;
    int64_t bytes = 0;
    enum status status = measure_parse(value, size_units, COUNT(size_units), unit, &bytes);
    if (status == STATUS_OK && bytes % unit != 0)
        return refuse(problem, value, "is not a multiple of 1 KiB");
    *ret_number = bytes / unit;
    return number_check(row, value, status, *ret_number, problem);
}

static enum status boolean_parse(struct text value, int64_t *ret_number, struct buffer *problem)
{
    *ret_number = text_equals(value, "true");
    if (*ret_number || text_equals(value, "false"))
        return STATUS_OK;
    return refuse(problem, value, "is not true or false");
}

// The word of a choice at `index`, as a text.
static bool choice_at(const char *choices, size_t index, struct text *ret_word)
{
    const char *start = choices;
    for (const char *at = choices;; at++) {
        if (*at != '|' && *at != '\0')
            continue;
        *ret_word = (struct text){start, (size_t)(at - start)};
        if (index == 0)
            return true;
        if (*at == '\0')
            return false;
        index--;
        start = at + 1;
    }
}

static enum status choice_check(const struct setting *row, struct text value,
                                struct buffer *problem)
{
    struct text word;
    for (size_t i = 0; choice_at(row->choices, i, &word); i++)
        if (text_equal(value, word))
            return STATUS_OK;
    buffer_print(problem, "'%.*s' is not one of ", TEXT_ARGS(value));
    for (size_t i = 0; choice_at(row->choices, i, &word); i++)
        buffer_print(problem, "%s%.*s", i ? ", " : "", TEXT_ARGS(word));
    return STATUS_INVALID;
}

static enum status text_check(const struct setting *row, struct text value, struct buffer *problem)
{
    const char *fault = row->fault ? row->fault(value) : NULL;
    return fault ? refuse(problem, value, fault) : STATUS_OK;
}

static enum status list_check(const struct setting *row, struct text value, struct buffer *problem)
{
    struct text item;
    for (size_t i = 0; list_item(value, i, &item); i++)
        if (text_check(row, item, problem) != STATUS_OK)
            return STATUS_INVALID;
    return STATUS_OK;
}

enum status value_parse(const struct setting *row, struct text value, int64_t *ret_number,
                        struct buffer *problem)
{
    enum status status;
    int64_t number = 0;
    *ret_number = 0;
    switch (row->type) {
    case SETTING_INTEGER:
        status = text_parse_int64(value, &number);
        status = number_check(row, value, status, number, problem);
        break;
    case SETTING_DURATION:
        status = duration_parse(value, &number);
        status = number_check(row, value, status, number, problem);
        break;
    case SETTING_SIZE:
        status = size_parse(row, value, &number, problem);
        break;
    case SETTING_BOOLEAN:
        status = boolean_parse(value, &number, problem);
        break;
    case SETTING_CHOICE:
        status = choice_check(row, value, problem);
        break;
    case SETTING_LIST:
        status = list_check(row, value, problem);
        break;
    default:
        status = text_check(row, value, problem);
    }
    if (status == STATUS_OK)
        *ret_number = number;
    return status;
}
