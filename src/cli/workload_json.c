// SPDX-License-Identifier: Apache-2.0
//
// Values and objects of a workload file.
#include "cli/workload_json.h"

#include "base/nearest.h"
#include "cli/decimal.h"
#include "cli/output.h"

static void quote(struct buffer *problem, struct text text)
{
    struct buffer shown = {0};
    bool is_cut = text.size > 100;
    text.size = is_cut ? 100 : text.size;
    output_escape(&shown, text);
    buffer_print(problem, "'%s%s'", buffer_string(&shown), is_cut ? "..." : "");
    buffer_finish(&shown);
}

bool reader_refuse(struct reader *reader, const char *why)
{
    if (reader->problem->size == 0)
        buffer_add_string(reader->problem, why);
    return false;
}

bool reader_refuse_json(struct reader *reader)
{
    if (reader->problem->size == 0)
        buffer_print(reader->problem, "not JSON: %s",
                     reader->lexer.fault ? reader->lexer.fault : "a value is missing");
    return false;
}

bool reader_refuse_type(struct reader *reader, const char *what, const char *fault)
{
    if (!lexer_skip(&reader->lexer))
        return reader_refuse_json(reader);
    if (reader->problem->size == 0)
        buffer_print(reader->problem, "'%s' %s", what, fault);
    return false;
}

bool reader_refuse_name(struct reader *reader, const char *what, struct text name,
                        const char *fault)
{
    if (reader->problem->size == 0) {
        buffer_print(reader->problem, "%s ", what);
        quote(reader->problem, name);
        buffer_print(reader->problem, " %s", fault);
    }
    return false;
}

// ---- Values.

bool reader_text(struct reader *reader, const char *what, struct text *ret_text)
{
    if (lexer_peek(&reader->lexer) != '"')
        return reader_refuse_type(reader, what, "is not a text");
    return lexer_string(&reader->lexer, reader->arena, ret_text) || reader_refuse_json(reader);
}

bool reader_bool(struct reader *reader, const char *what, bool *ret_value)
{
    char first = lexer_peek(&reader->lexer);
    if (first != 't' && first != 'f')
        return reader_refuse_type(reader, what, "is not true or false");
    *ret_value = first == 't';
    return lexer_literal(&reader->lexer,
                         first == 't' ? TEXT_LITERAL("true") : TEXT_LITERAL("false")) ||
           reader_refuse_json(reader);
}

static bool is_number_next(struct reader *reader)
{
    char first = lexer_peek(&reader->lexer);
    return first == '-' || (first >= '0' && first <= '9');
}

bool reader_number(struct reader *reader, const char *what, bool is_rounded, int64_t min,
                   int64_t max, int64_t *ret_value)
{
    struct text number = {0};
    bool is_whole;
    bool is_number = is_number_next(reader);
    if (is_number ? !lexer_number(&reader->lexer, &number, &is_whole) : !lexer_skip(&reader->lexer))
        return reader_refuse_json(reader);
    enum status status = STATUS_INVALID;
    if (is_number && is_rounded)
        status = decimal_nearest(number, ret_value);
    else if (is_number)
        status = decimal_whole(number, ret_value);
    bool is_below = is_number && is_rounded && number.data[0] == '-' && min == 0;
    if (status == STATUS_OK && *ret_value >= min && *ret_value <= max && !is_below)
        return true;
    if (reader->problem->size == 0)
        buffer_print(reader->problem, "'%s' is not a %snumber from %lld to %lld", what,
                     is_rounded ? "" : "whole ", (long long)min, (long long)max);
    return false;
}

// ---- Objects.

bool reader_null(struct reader *reader)
{
    return lexer_literal(&reader->lexer, TEXT_LITERAL("null")) || reader_refuse_json(reader);
}

bool reader_key(struct reader *reader, struct text *ret_key)
{
    if (lexer_peek(&reader->lexer) != '"')
        return reader_refuse(reader, "not JSON: a key is missing");
    if (!lexer_string(&reader->lexer, reader->arena, ret_key))
        return reader_refuse_json(reader);
    return lexer_take(&reader->lexer, ':') || reader_refuse(reader, "not JSON: ':' is missing");
}

// Between two members. `*ret_is_over` behind the last.
static bool read_comma(struct reader *reader, bool *ret_is_over)
{
    *ret_is_over = lexer_take(&reader->lexer, '}');
    return *ret_is_over || lexer_take(&reader->lexer, ',') ||
           reader_refuse(reader, "not JSON: ',' or '}' is missing");
}

bool reader_object(struct reader *reader, const char *what,
                   bool (*member)(struct reader *reader, struct text key, void *context),
                   void *context)
{
    if (lexer_peek(&reader->lexer) != '{')
        return reader_refuse_type(reader, what, "is not an object");
    lexer_take(&reader->lexer, '{');
    bool is_over = lexer_take(&reader->lexer, '}');
    while (!is_over) {
        struct text key;
        if (!reader_key(reader, &key) || !member(reader, key, context) ||
            !read_comma(reader, &is_over))
            return false;
    }
    return true;
}

static bool refuse_key(struct reader *reader, const struct known *known, struct text key)
{
    struct nearest nearest = nearest_to(key);
    for (size_t i = 0; i < known->count; i++)
        nearest_offer(&nearest, known->fields[i].name);
    buffer_add_string(reader->problem, "unknown key ");
    quote(reader->problem, key);
    buffer_print(reader->problem, " in %s", known->what);
    if (nearest.word)
        buffer_print(reader->problem, ": did you mean '%s'?", nearest.word);
    return false;
}

bool reader_field(struct reader *reader, struct text key, void *context)
{
    struct known *known = context;
    size_t index = 0;
    while (index < known->count && !text_equals(key, known->fields[index].name))
        index++;
    if (index == known->count)
        return refuse_key(reader, known, key);
    if (known->given & (1u << index))
        return reader_refuse_name(reader, "key", key, "is there twice");
    known->given |= 1u << index;
    if (known->fields[index].is_optional && lexer_peek(&reader->lexer) == 'n')
        return reader_null(reader);
    return known->fields[index].read(reader);
}

bool reader_known(struct reader *reader, const char *what, const struct field *fields, size_t count)
{
    struct known known = {what, fields, count, 0};
    if (!reader_object(reader, what, reader_field, &known))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (fields[i].is_optional || known.given & (1u << i))
            continue;
        buffer_print(reader->problem, "%s without '%s'", what, fields[i].name);
        return false;
    }
    return true;
}
