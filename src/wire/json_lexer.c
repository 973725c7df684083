// SPDX-License-Identifier: Apache-2.0
//
// The tokens of JSON.
#include "wire/json_lexer.h"

#include <string.h>

#include "wire/string.h"

void lexer_init(struct json_lexer *lexer, struct text bytes)
{
    const char *start = bytes.size ? bytes.data : "";
    *lexer = (struct json_lexer){.start = start, .at = start, .end = start + bytes.size};
}

static bool fail(struct json_lexer *lexer, const char *fault)
{
    lexer->fault = fault;
    return false;
}

char lexer_peek(struct json_lexer *lexer)
{
    while (lexer->at < lexer->end) {
        char c = *lexer->at;
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            return c;
        lexer->at++;
    }
    return '\0';
}

bool lexer_take(struct json_lexer *lexer, char c)
{
    if (lexer_peek(lexer) != c || lexer->at == lexer->end)
        return false;
    lexer->at++;
    return true;
}

// The four digits at `at`, or -1.
static int32_t hex4(const char *at, const char *end)
{
    int32_t value = 0;

    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = text_hex_digit(at[i]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

// The character of a \u escape whose digits begin at `*at`, and of the second half of a pair.
// Returns its code, or -1 if it is none that a string may hold.
static int32_t unicode_escape(const char **at, const char *end)
{
    int32_t code = hex4(*at, end);

    if (code <= 0 || (code >= 0xdc00 && code <= 0xdfff))
        return -1;
    *at += 4;
    if (code < 0xd800 || code > 0xdbff)
        return code;
    if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
        return -1;
    int32_t low = hex4(*at + 2, end);
    if (low < 0xdc00 || low > 0xdfff)
        return -1;
    *at += 6;
    return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
}

// What a one-letter escape means, '\0' if it is none.
static char letter_escape(char c)
{
    static const char pairs[] = "\"\"\\\\//b\bf\fn\nr\rt\t";

    for (size_t i = 0; i + 1 < sizeof(pairs); i += 2)
        if (pairs[i] == c)
            return pairs[i + 1];
    return '\0';
}

static bool escape_check(struct json_lexer *lexer)
{
    const char *at = lexer->at + 1;

    if (at == lexer->end)
        return fail(lexer, "a string has no end");
    if (*at != 'u') {
        if (letter_escape(*at) == '\0')
            return fail(lexer, "an escape that JSON does not have");
        lexer->at += 2;
        return true;
    }
    at++;
    if (unicode_escape(&at, lexer->end) < 0)
        return fail(lexer, "a \\u escape that is no character");
    lexer->at = at;
    return true;
}

// Passes over a string. `*ret_raw` is what lies between the quotes.
static bool string_scan(struct json_lexer *lexer, struct text *ret_raw, bool *ret_has_escapes)
{
    if (!lexer_take(lexer, '"'))
        return fail(lexer, "'\"' is missing");
    const char *from = lexer->at;
    *ret_has_escapes = false;
    for (;;) {
        if (lexer->at == lexer->end)
            return fail(lexer, "a string has no end");
        unsigned char c = (unsigned char)*lexer->at;
        if (c == '"')
            break;
        if (c < 0x20)
            return fail(lexer, "a control character in a string");
        if (c != '\\') {
            lexer->at++;
            continue;
        }
        *ret_has_escapes = true;
        if (!escape_check(lexer))
            return false;
    }
    *ret_raw = (struct text){from, (size_t)(lexer->at - from)};
    lexer->at++;
    if (!wire_string_is_fine(*ret_raw))
        return fail(lexer, "a string that is not UTF-8");
    return true;
}

static char *utf8_put(char *to, int32_t code)
{
    uint32_t c = (uint32_t)code;

    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *to++ = (char)(0xe0 | c >> 12);
        } else {
            *to++ = (char)(0xf0 | c >> 18);
            *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        }
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (c & 0x3f));
    return to;
}

// A scanned string without its escapes; they only get shorter.
static struct text string_unescape(struct text raw, struct arena *arena)
{
    char *copy = arena_get(arena, raw.size);
    char *to = copy;
    const char *at = raw.data;
    const char *end = raw.data + raw.size;

    while (at < end) {
        if (*at != '\\') {
            *to++ = *at++;
        } else if (at[1] != 'u') {
            *to++ = letter_escape(at[1]);
            at += 2;
        } else {
            at += 2;
            to = utf8_put(to, unicode_escape(&at, end));
        }
    }
    return (struct text){copy, (size_t)(to - copy)};
}

bool lexer_string(struct json_lexer *lexer, struct arena *arena, struct text *ret_text)
{
    struct text raw;
    bool has_escapes;

    if (!string_scan(lexer, &raw, &has_escapes))
        return false;
    *ret_text = has_escapes ? string_unescape(raw, arena) : raw;
    return true;
}

// Passes over digits; false if there are none.
static bool digits_take(struct json_lexer *lexer)
{
    const char *from = lexer->at;

    while (lexer->at < lexer->end && *lexer->at >= '0' && *lexer->at <= '9')
        lexer->at++;
    return lexer->at > from;
}

static bool is_next(const struct json_lexer *lexer, const char *set)
{
    return lexer->at < lexer->end && *lexer->at && strchr(set, *lexer->at);
}

bool lexer_number(struct json_lexer *lexer, struct text *ret_text, bool *ret_is_whole)
{
    (void)lexer_peek(lexer);
    const char *from = lexer->at;

    *ret_is_whole = true;
    if (is_next(lexer, "-"))
        lexer->at++;
    const char *digits = lexer->at;
    if (!digits_take(lexer))
        return fail(lexer, "a value is missing");
    if (*digits == '0' && lexer->at - digits > 1)
        return fail(lexer, "a number begins with zero");
    if (is_next(lexer, ".")) {
        lexer->at++;
        *ret_is_whole = false;
        if (!digits_take(lexer))
            return fail(lexer, "a number ends at its point");
    }
    if (is_next(lexer, "eE")) {
        lexer->at++;
        *ret_is_whole = false;
        if (is_next(lexer, "+-"))
            lexer->at++;
        if (!digits_take(lexer))
            return fail(lexer, "a number without its exponent");
    }
    *ret_text = (struct text){from, (size_t)(lexer->at - from)};
    return true;
}

bool lexer_literal(struct json_lexer *lexer, struct text literal)
{
    (void)lexer_peek(lexer);
    if (!text_has_prefix((struct text){lexer->at, (size_t)(lexer->end - lexer->at)}, literal))
        return fail(lexer, "a value is missing");
    lexer->at += literal.size;
    return true;
}

static bool scalar_skip(struct json_lexer *lexer)
{
    struct text text;
    bool flag;

    switch (lexer_peek(lexer)) {
    case '"':
        return string_scan(lexer, &text, &flag);
    case 't':
        return lexer_literal(lexer, TEXT_LITERAL("true"));
    case 'f':
        return lexer_literal(lexer, TEXT_LITERAL("false"));
    case 'n':
        return lexer_literal(lexer, TEXT_LITERAL("null"));
    default:
        return lexer_number(lexer, &text, &flag);
    }
}

static bool key_skip(struct json_lexer *lexer)
{
    struct text key;
    bool has_escapes;

    if (!string_scan(lexer, &key, &has_escapes))
        return false;
    return lexer_take(lexer, ':') || fail(lexer, "':' is missing");
}

// The brackets that are open while a value is skipped.
struct nest {
    char closers[LEXER_DEPTH_MAX]; // what ends each
    uint32_t depth;
};

// Opens '{' or '[' if one is next. `*ret_is_open` = whether a value comes next inside it.
static bool nest_open(struct json_lexer *lexer, struct nest *nest, bool *ret_is_open)
{
    bool is_object = lexer_peek(lexer) == '{';
    char closer = is_object ? '}' : ']';

    *ret_is_open = false;
    if (!is_object && lexer_peek(lexer) != '[')
        return scalar_skip(lexer);
    if (nest->depth == LEXER_DEPTH_MAX)
        return fail(lexer, "it nests too deep");
    lexer->at++;
    if (lexer_take(lexer, closer))
        return true;
    nest->closers[nest->depth++] = closer;
    *ret_is_open = true;
    return !is_object || key_skip(lexer);
}

bool lexer_skip(struct json_lexer *lexer)
{
    struct nest nest = {.depth = 0};
    bool is_open;

    for (;;) {
        if (!nest_open(lexer, &nest, &is_open))
            return false;
        if (is_open)
            continue;
        while (nest.depth && lexer_take(lexer, nest.closers[nest.depth - 1]))
            nest.depth--;
        if (nest.depth == 0)
            return true;
        if (!lexer_take(lexer, ','))
            return fail(lexer, "',' or a closing bracket is missing");
        if (nest.closers[nest.depth - 1] == '}' && !key_skip(lexer))
            return false;
    }
}
