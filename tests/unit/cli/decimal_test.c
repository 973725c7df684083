// SPDX-License-Identifier: Apache-2.0
//
// Numbers of JSON without floating point.
#include "cli/decimal.h"

#include "test.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void plain_number_says_the_same_without_exponent(void)
{
    static const struct {
        const char *number;
        const char *plain;
    } rows[] = {
        {"5", "5"},           {"5.0", "5"},
        {"-5.00", "-5"},      {"0", "0"},
        {"-0.0", "0"},        {"0e9", "0"},
        {"0.010", "0.01"},    {"1e3", "1000"},
        {"1E+3", "1000"},     {"1e-05", "0.00001"},
        {"12.5e1", "125"},    {"12.5e-3", "0.0125"},
        {"100", "100"},       {"120e-1", "12"},
        {"0.5", "0.5"},       {"1e400", "1e400"},
        {"1e-400", "1e-400"}, {"1e99999999999999999999", "1e99999999999999999999"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer plain = {0};
        decimal_plain(text_of(rows[i].number), &plain);
        CHECK_TEXT(buffer_string(&plain), rows[i].plain);
        buffer_finish(&plain);
    }
}

static void number_with_too_many_places_stays_as_it_is(void)
{
    struct buffer number = {0};
    struct buffer plain = {0};
    for (int i = 0; i < 101; i++)
        buffer_add_char(&number, '1');
    decimal_plain(buffer_text(&number), &plain);
    CHECK_TEXT(buffer_string(&plain), buffer_string(&number));
    buffer_finish(&number);
    buffer_finish(&plain);
}

static void whole_number_may_be_written_in_any_way(void)
{
    int64_t value = 0;
    CHECK_INT(decimal_whole(TEXT_LITERAL("5.0"), &value), STATUS_OK);
    CHECK_INT(value, 5);
    CHECK_INT(decimal_whole(TEXT_LITERAL("-2e3"), &value), STATUS_OK);
    CHECK_INT(value, -2000);
    CHECK_INT(decimal_whole(TEXT_LITERAL("9223372036854775807"), &value), STATUS_OK);
    CHECK_INT(value, INT64_MAX);
    value = 77;
    CHECK_INT(decimal_whole(TEXT_LITERAL("5.5"), &value), STATUS_INVALID);
    CHECK_INT(decimal_whole(TEXT_LITERAL("9223372036854775808"), &value), STATUS_TOO_LARGE);
    CHECK_INT(decimal_whole(TEXT_LITERAL("1e400"), &value), STATUS_TOO_LARGE);
    CHECK_INT(value, 77);
}

static void fraction_goes_to_the_nearest(void)
{
    static const struct {
        const char *number;
        int64_t value;
    } rows[] = {{"2.4", 2},    {"2.5", 3}, {"-2.5", -3}, {"0.49", 0},
                {"1.5e1", 15}, {"7", 7},   {"0.5", 1},   {"1e-05", 0}};
    int64_t value = 0;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_INT(decimal_nearest(text_of(rows[i].number), &value), STATUS_OK);
        CHECK_INT(value, rows[i].value);
    }
    CHECK_INT(decimal_nearest(TEXT_LITERAL("9223372036854775807.5"), &value), STATUS_TOO_LARGE);
    CHECK_INT(decimal_nearest(TEXT_LITERAL("1e400"), &value), STATUS_TOO_LARGE);
}

static void ratio_has_three_digits_at_most(void)
{
    static const struct {
        int64_t numerator;
        int64_t denominator;
        const char *text;
    } rows[] = {
        {10, 3, "3.333"},   {20, 3, "6.667"}, {6, 3, "2"},
        {1, 2, "0.5"},      {0, 7, "0"},      {1999999, 1000000, "2"},
        {1, 1000, "0.001"}, {1, 3000, "0"},   {INT64_MAX, 1, "9223372036854775807"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer text = {0};
        decimal_ratio(&text, rows[i].numerator, rows[i].denominator);
        CHECK_TEXT(buffer_string(&text), rows[i].text);
        buffer_finish(&text);
    }
}

static const struct test tests[] = {
    TEST(plain_number_says_the_same_without_exponent),
    TEST(number_with_too_many_places_stays_as_it_is),
    TEST(whole_number_may_be_written_in_any_way),
    TEST(fraction_goes_to_the_nearest),
    TEST(ratio_has_three_digits_at_most),
};

TEST_MAIN("cli/decimal", tests)
