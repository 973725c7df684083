// SPDX-License-Identifier: Apache-2.0

#include "plan/policy_value.h"

#include <string.h>

#define PPM_WHOLE 1000000

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Takes the digits at the start of the text; a number that is too large stays too large.
static uint64_t take_digits(struct text *text)
{
    uint64_t value = 0;
    for (; text->size && is_digit(text->data[0]); text->data++, text->size--)
        value = value > INT64_MAX / 16 ? value : value * 10 + (uint64_t)(text->data[0] - '0');
    return value;
}

const char *policy_ratio(struct text value, uint32_t *ret_ppm)
{
    static const char *const form = "is not a ratio such as 1% or 0.01";
    struct text rest = value;
    bool is_percent = rest.size && rest.data[rest.size - 1] == '%';
    rest.size -= is_percent;
    if (!rest.size || !is_digit(rest.data[0]))
        return form;
    uint64_t unit = is_percent ? PPM_WHOLE / 100 : PPM_WHOLE; // of the digit in hand
    uint64_t whole = take_digits(&rest);
    uint64_t ppm = whole > 100 ? PPM_WHOLE + 1 : whole * unit;
    if (rest.size && (rest.data[0] != '.' || rest.size == 1))
        return form;
    for (size_t i = 1; i < rest.size; i++) {
        if (!is_digit(rest.data[i]))
            return form;
        unit /= 10;
        if (unit == 0 && rest.data[i] != '0')
            return "is finer than a millionth";
        ppm += unit * (uint64_t)(rest.data[i] - '0');
    }
    if (ppm > PPM_WHOLE)
        return "is more than 100%";
    *ret_ppm = (uint32_t)ppm;
    return NULL;
}

const char *policy_count(struct text value, uint32_t min, uint32_t *ret_count)
{
    int64_t number = 0;
    enum status status = text_parse_int64(value, &number);
    bool is_huge = status == STATUS_TOO_LARGE && value.data[0] != '-';
    if (!is_huge && (status != STATUS_OK || number < min))
        return min ? "is not a whole number of 1 or more" : "is not a whole number of 0 or more";
    if (is_huge || number > POLICY_COUNT_MAX)
        return "is more than 1000000000";
    *ret_count = (uint32_t)number;
    return NULL;
}

const char *policy_span(struct text value, int64_t *ret_ms)
{
    static const struct {
        const char *name;
        uint32_t ms;
    } units[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
    struct text unit = value;
    uint64_t number = take_digits(&unit);
    for (size_t i = 0; unit.size < value.size && i < sizeof(units) / sizeof(units[0]); i++) {
        if (!text_equals(unit, units[i].name))
            continue;
        if (number > POLICY_SPAN_MAX_MS / units[i].ms)
            return "is more than a year";
        *ret_ms = (int64_t)number * units[i].ms;
        return NULL;
    }
    return "is not a duration such as 500ms, 30s, 5m or 1h";
}

// UTF-8 without control characters (C0, DEL, C1).
static bool is_printable(struct text text)
{
    while (text.size) {
        size_t size = text_utf8_size(text);
        unsigned char first = (unsigned char)text.data[0];
        if (size == 0 || first < 0x20 || first == 0x7f ||
            (first == 0xc2 && (unsigned char)text.data[1] < 0xa0))
            return false;
        text.data += size;
        text.size -= size;
    }
    return true;
}

const char *policy_label(struct text value)
{
    if (value.size == 0)
        return "is empty: 'none' takes a key back";
    if (value.size > POLICY_LABEL_SIZE_MAX)
        return "is longer than 200 bytes";
    return is_printable(value) ? NULL : "has characters that cannot be printed";
}

bool policy_item(struct text *rest, char separator, struct text *ret_item)
{
    if (rest->data == NULL)
        return false;
    const char *end = rest->size ? memchr(rest->data, separator, rest->size) : NULL;
    size_t size = end ? (size_t)(end - rest->data) : rest->size;
    *ret_item = (struct text){rest->data, size};
    if (end)
        *rest = (struct text){end + 1, rest->size - size - 1};
    else
        *rest = (struct text){0};
    return true;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool policy_equal_nocase(struct text a, struct text b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    return true;
}

static struct text trimmed(struct text text)
{
    for (; text.size && text.data[0] == ' '; text.size--)
        text.data++;
    while (text.size && text.data[text.size - 1] == ' ')
        text.size--;
    return text;
}

static bool list_has(const struct buffer *list, struct text value)
{
    struct text rest = buffer_text(list);
    struct text item;
    while (policy_item(&rest, ',', &item))
        if (policy_equal_nocase(item, value))
            return true;
    return false;
}

const char *policy_list(struct text value, struct buffer *list)
{
    struct text rest = value.data ? value : TEXT_LITERAL("");
    struct text item;
    for (uint32_t count = 0; policy_item(&rest, ',', &item); count++) {
        item = trimmed(item);
        if (item.size == 0)
            return "has an empty group";
        if (policy_label(item))
            return "has a group that is longer than 200 bytes or cannot be printed";
        if (count == POLICY_GROUPS_MAX)
            return "has more than 1000 groups";
        if (list_has(list, item))
            return "names a group twice";
        if (list->size)
            buffer_add_char(list, ',');
        buffer_add_text(list, item);
    }
    return NULL;
}

static const char *rule_fault(struct text rule)
{
    const char *equal = memchr(rule.data, '=', rule.size);
    if (!equal)
        return "has a rule that is not name=PATTERN, agent=PATTERN or label.KEY=PATTERN";
    struct text key = {rule.data, (size_t)(equal - rule.data)};
    struct text pattern = {equal + 1, rule.size - key.size - 1};
    struct text prefix = TEXT_LITERAL("label.");
    bool is_label = text_has_prefix(key, prefix) && key.size > prefix.size;
    if (!is_label && !text_equals(key, "name") && !text_equals(key, "agent"))
        return "has a rule that is not name=PATTERN, agent=PATTERN or label.KEY=PATTERN";
    if (key.size - (is_label ? prefix.size : 0) > POLICY_LABEL_SIZE_MAX || policy_label(pattern))
        return "has a rule whose label or pattern is empty or longer than 200 bytes";
    return NULL;
}

const char *policy_rules(struct text value)
{
    if (value.size > POLICY_RULES_SIZE_MAX)
        return "is longer than 4096 bytes";
    if (!is_printable(value))
        return "has characters that cannot be printed";
    struct text rest = value;
    struct text rule;
    uint32_t count = 0;
    while (policy_item(&rest, ' ', &rule)) {
        const char *fault = rule.size ? rule_fault(rule) : NULL;
        if (fault)
            return fault;
        count += rule.size > 0;
    }
    if (count == 0)
        return "has no rule";
    return count > POLICY_RULES_MAX ? "has more than 64 rules" : NULL;
}
