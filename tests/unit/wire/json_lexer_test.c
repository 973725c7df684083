// SPDX-License-Identifier: Apache-2.0
//
// Tokens of JSON, and everything that is not one.
#include "wire/json_lexer.h"

#include <string.h>

#include "test.h"

static struct json_lexer lexer_of(const char *text)
{
    struct json_lexer lexer;
    lexer_init(&lexer, text_of(text));
    return lexer;
}

static void blanks_are_passed_over(void)
{
    struct json_lexer lexer = lexer_of(" \t\r\n[ ] ");

    CHECK_INT(lexer_peek(&lexer), '[');
    CHECK(!lexer_take(&lexer, ']'));
    CHECK(lexer_take(&lexer, '['));
    CHECK(lexer_take(&lexer, ']'));
    CHECK_INT(lexer_peek(&lexer), '\0');
    CHECK(!lexer_take(&lexer, '\0'));
    CHECK(lexer.at == lexer.end);
    lexer = lexer_of("\f1"); // a form feed is no blank of JSON
    CHECK_INT(lexer_peek(&lexer), '\f');
}

static void check_string(const char *json, const char *expected)
{
    struct arena arena = {0};
    struct json_lexer lexer = lexer_of(json);
    struct text text;

    bool is_read = lexer_string(&lexer, &arena, &text);
    CHECK(is_read);
    if (is_read) {
        CHECK(lexer.at == lexer.end);
        if (!text_equals(text, expected))
            CHECK_TEXT("another string", expected);
    }
    arena_finish(&arena);
}

static void strings_lose_their_escapes(void)
{
    check_string("\"\"", "");
    check_string("\"abc\"", "abc");
    check_string("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t");
    check_string("\"\\u0041\\u00e4\\u20AC\\ud83d\\ude00x\"",
                 "A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80x");
    check_string("\"\\u007f\\u0080\\u07ff\\u0800\\uffff\"",
                 "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf");
    check_string("\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf");
    check_string("\"\xc3\xa4\"", "\xc3\xa4");
}

static void other_strings_are_refused(void)
{
    static const struct {
        const char *json, *fault;
    } rows[] = {
        {"", "'\"' is missing"},
        {"'a'", "'\"' is missing"},
        {"\"a", "a string has no end"},
        {"\"a\\", "a string has no end"},
        {"\"a\\\"", "a string has no end"},
        {"\"a\nb\"", "a control character in a string"},
        {"\"\x1f\"", "a control character in a string"},
        {"\"\\a\"", "an escape that JSON does not have"},
        {"\"\\'\"", "an escape that JSON does not have"},
        {"\"\\u0000\"", "a \\u escape that is no character"},
        {"\"\\u12\"", "a \\u escape that is no character"},
        {"\"\\u12", "a \\u escape that is no character"},
        {"\"\\u00g0\"", "a \\u escape that is no character"},
        {"\"\\ud800\"", "a \\u escape that is no character"},
        {"\"\\ud800\\n\"", "a \\u escape that is no character"},
        {"\"\\ud800\\u0041\"", "a \\u escape that is no character"},
        {"\"\\ud800\\ud800\"", "a \\u escape that is no character"},
        {"\"\\ud800\\u\"", "a \\u escape that is no character"},
        {"\"\\udc00\"", "a \\u escape that is no character"},
        {"\"\xff\"", "a string that is not UTF-8"},
        {"\"\xed\xa0\x80\"", "a string that is not UTF-8"},
        {"\"\xc0\x80\"", "a string that is not UTF-8"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena = {0};
        struct json_lexer lexer = lexer_of(rows[i].json);
        struct text text;
        CHECK(!lexer_string(&lexer, &arena, &text));
        CHECK_TEXT(lexer.fault, rows[i].fault);
        arena_finish(&arena);
    }
    struct json_lexer lexer;
    struct text text;
    lexer_init(&lexer, (struct text){"\"a\0b\"", 5});
    CHECK(!lexer_string(&lexer, NULL, &text));
}

static void numbers_stay_text(void)
{
    static const struct {
        const char *json;
        bool is_whole;
    } rows[] = {{"0", true},
                {"-0", true},
                {"-12", true},
                {"9223372036854775807", true},
                {"1.0", false},
                {"1e3", false},
                {"-0.5E-10", false},
                {"1E+2", false},
                {"123456789012345678901234567890", true}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct json_lexer lexer = lexer_of(rows[i].json);
        struct text text;
        bool is_whole;
        REQUIRE(lexer_number(&lexer, &text, &is_whole));
        CHECK_INT(is_whole, rows[i].is_whole);
        CHECK(text_equals(text, rows[i].json));
    }
}

static void other_numbers_are_refused(void)
{
    static const char *const texts[] = {"",   "-",   "+1", ".5",  "1.",  "1.e3", "1e", "1e+",
                                        "01", "-01", "00", "NaN", "inf", "--1",  "a"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct json_lexer lexer = lexer_of(texts[i]);
        struct text text;
        bool is_whole;
        CHECK(!lexer_number(&lexer, &text, &is_whole));
        CHECK(lexer.fault != NULL);
    }
}

static bool is_skipped(const char *text)
{
    struct json_lexer lexer = lexer_of(text);
    return lexer_skip(&lexer) && lexer_peek(&lexer) == '\0' && lexer.at == lexer.end;
}

static void any_value_is_skipped(void)
{
    static const char *const texts[] = {"1",
                                        "true",
                                        "false",
                                        "null",
                                        "\"x\"",
                                        "[]",
                                        "{}",
                                        "[ ]",
                                        "{ }",
                                        "[1,2 , 3]",
                                        "{\"a\":1,\"b\":[{\"c\":{}},[],[[]]],\"d\":null}",
                                        "[[1],[2,[3]]]",
                                        " {\"\":\"\"} "};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (!is_skipped(texts[i]))
            CHECK_TEXT("refused", texts[i]);
}

static void what_is_skipped_is_checked(void)
{
    static const char *const texts[] = {"",
                                        "[",
                                        "]",
                                        "{",
                                        "}",
                                        "[1",
                                        "[1,",
                                        "[1,]",
                                        "[,1]",
                                        "[1 2]",
                                        "{\"a\"}",
                                        "{a:1}",
                                        "{\"a\":}",
                                        "{\"a\":1,}",
                                        "{\"a\" 1}",
                                        "{1:2}",
                                        "[1}",
                                        "{\"a\":1]",
                                        "tru",
                                        "nul",
                                        "True",
                                        "NaN",
                                        "[\"\\u0000\"]",
                                        "[01]",
                                        "[\"\n\"]",
                                        "{\"a\":1 \"b\":2}",
                                        "[[[]",
                                        "{\"\xff\":1}",
                                        "[//1\n1]",
                                        "undefined",
                                        "[1]]"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (is_skipped(texts[i]))
            CHECK_TEXT("accepted", texts[i]);
}

static void depth_is_limited(void)
{
    char text[4096];

    for (size_t depth = LEXER_DEPTH_MAX; depth <= LEXER_DEPTH_MAX + 1; depth++) {
        memset(text, '[', depth);
        text[depth] = '1';
        memset(text + depth + 1, ']', depth);
        text[2 * depth + 1] = '\0';
        CHECK_INT(is_skipped(text), depth == LEXER_DEPTH_MAX);
    }
    memset(text, '[', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    struct json_lexer lexer = lexer_of(text);
    CHECK(!lexer_skip(&lexer));
    CHECK_TEXT(lexer.fault, "it nests too deep");
}

static const struct test tests[] = {
    TEST(blanks_are_passed_over),     TEST(strings_lose_their_escapes),
    TEST(other_strings_are_refused),  TEST(numbers_stay_text),
    TEST(other_numbers_are_refused),  TEST(any_value_is_skipped),
    TEST(what_is_skipped_is_checked), TEST(depth_is_limited),
};

TEST_MAIN("wire/json_lexer", tests)
