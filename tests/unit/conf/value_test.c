// SPDX-License-Identifier: Apache-2.0

#include "conf/value.h"

#include <string.h>

#include "test.h"

static const struct setting duration = {.type = SETTING_DURATION, .max = 86400000, .unit = "ms"};
static const struct setting bytes = {.type = SETTING_SIZE, .max = 1L << 40, .unit = "bytes"};
static const struct setting kbytes = {.type = SETTING_SIZE, .max = 1L << 30, .unit = "kbytes"};
static const struct setting integer = {.type = SETTING_INTEGER, .min = 1, .max = 100, .unit = ""};
static const struct setting boolean = {.type = SETTING_BOOLEAN, .unit = ""};
static const struct setting choice = {.type = SETTING_CHOICE, .unit = "", .choices = "stdout|file"};

// The number that a value means, -1 if it is refused.
static int64_t number_of(const struct setting *row, const char *value)
{
    struct buffer problem = {0};
    int64_t number = 0;
    enum status status = value_parse(row, text_of(value), &number, &problem);
    CHECK((status == STATUS_OK) == (problem.size == 0));
    buffer_finish(&problem);
    return status == STATUS_OK ? number : -1;
}

static void check_problem(const struct setting *row, const char *value, const char *expected)
{
    struct buffer problem = {0};
    int64_t number = 0;
    CHECK_INT(value_parse(row, text_of(value), &number, &problem), STATUS_INVALID);
    CHECK_TEXT(buffer_string(&problem), expected);
    buffer_finish(&problem);
}

static void durations_take_units(void)
{
    CHECK_INT(number_of(&duration, "1500"), 1500);
    CHECK_INT(number_of(&duration, "0"), 0);
    CHECK_INT(number_of(&duration, "1500ms"), 1500);
    CHECK_INT(number_of(&duration, "30s"), 30000);
    CHECK_INT(number_of(&duration, "30 s"), 30000);
    CHECK_INT(number_of(&duration, "5m"), 300000);
    CHECK_INT(number_of(&duration, "2h"), 7200000);
    CHECK_INT(number_of(&duration, "1d"), 86400000);
}

static void sizes_take_units(void)
{
    CHECK_INT(number_of(&bytes, "100"), 100);
    CHECK_INT(number_of(&bytes, "100 B"), 100);
    CHECK_INT(number_of(&bytes, "64 MiB"), 64L << 20);
    CHECK_INT(number_of(&bytes, "64MB"), 64000000);
    CHECK_INT(number_of(&bytes, "1kB"), 1000);
    CHECK_INT(number_of(&bytes, "1 TiB"), 1L << 40);
    CHECK_INT(number_of(&kbytes, "1024"), 1024);
    CHECK_INT(number_of(&kbytes, "64 MiB"), 65536);
}

static void a_size_that_the_unit_cannot_say_is_refused(void)
{
    check_problem(&kbytes, "1000 B", "'1000 B' is not a multiple of 1 KiB");
}

static void wrong_units_are_refused_with_the_right_ones(void)
{
    check_problem(&duration, "64 MiB",
                  "'64 MiB' is not a duration: write a whole number of ms, or one with ms, s, m, "
                  "h or d");
    check_problem(&bytes, "30s",
                  "'30s' is not a size: write a whole number, or one with B, kB, MB, GB, TB, KiB, "
                  "MiB, GiB or TiB");
    check_problem(&integer, "30s", "'30s' is not a whole number");
}

static void numbers_that_are_none_are_refused(void)
{
    static const char *const values[] = {"",  "s",   "1.5s", "1e3", "0x10", "+5",
                                         "-", "--5", "5 5",  "nan", "5ss",  "\xff"};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        CHECK_INT(number_of(&duration, values[i]), -1);
        CHECK_INT(number_of(&bytes, values[i]), -1);
        CHECK_INT(number_of(&integer, values[i]), -1);
    }
}

static void ranges_include_their_ends(void)
{
    CHECK_INT(number_of(&integer, "1"), 1);
    CHECK_INT(number_of(&integer, "100"), 100);
    check_problem(&integer, "0", "'0' is out of range: 1 to 100");
    check_problem(&integer, "101", "'101' is out of range: 1 to 100");
    check_problem(&duration, "-1s", "'-1s' is out of range: 0 to 86400000 ms");
}

static void numbers_beyond_64_bits_are_out_of_range(void)
{
    check_problem(&integer, "99999999999999999999",
                  "'99999999999999999999' is out of range: 1 to 100");
    check_problem(&duration, "9223372036854775807d",
                  "'9223372036854775807d' is out of range: 0 to 86400000 ms");
    check_problem(&duration, "-9223372036854775808d",
                  "'-9223372036854775808d' is out of range: 0 to 86400000 ms");
}

static void booleans_are_true_or_false(void)
{
    CHECK_INT(number_of(&boolean, "true"), 1);
    CHECK_INT(number_of(&boolean, "false"), 0);
    check_problem(&boolean, "yes", "'yes' is not true or false");
    check_problem(&boolean, "", "'' is not true or false");
}

static void choices_are_whole_words(void)
{
    CHECK_INT(number_of(&choice, "stdout"), 0);
    CHECK_INT(number_of(&choice, "file"), 0);
    check_problem(&choice, "fil", "'fil' is not one of stdout, file");
    CHECK_INT(number_of(&choice, "stdout|file"), -1);
    CHECK_INT(number_of(&choice, ""), -1);
}

static void items_of_lists_lose_their_blanks(void)
{
    struct text item = {0};
    REQUIRE(list_item(TEXT_LITERAL("a:1, b:2 ,,c"), 1, &item));
    CHECK(text_equals(item, "b:2"));
    REQUIRE(list_item(TEXT_LITERAL("a:1, b:2 ,,c"), 2, &item));
    CHECK_INT(item.size, 0);
    REQUIRE(list_item(TEXT_LITERAL("a:1, b:2 ,,c"), 3, &item));
    CHECK(text_equals(item, "c"));
    CHECK(!list_item(TEXT_LITERAL("a:1, b:2 ,,c"), 4, &item));
    CHECK(!list_item((struct text){0}, 0, &item));
}

static const struct test tests[] = {
    TEST(durations_take_units),
    TEST(sizes_take_units),
    TEST(a_size_that_the_unit_cannot_say_is_refused),
    TEST(wrong_units_are_refused_with_the_right_ones),
    TEST(numbers_that_are_none_are_refused),
    TEST(ranges_include_their_ends),
    TEST(numbers_beyond_64_bits_are_out_of_range),
    TEST(booleans_are_true_or_false),
    TEST(choices_are_whole_words),
    TEST(items_of_lists_lose_their_blanks),
};

TEST_MAIN("conf/value", tests)
