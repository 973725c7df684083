// SPDX-License-Identifier: Apache-2.0
//
// Values of a policy's keys: ratios, whole numbers, durations, labels, lists and rules.
#include "plan/policy_value.h"

#include <string.h>

#include "test.h"

static void ratio_is_a_percentage_or_a_fraction(void)
{
    static const struct {
        const char *text;
        uint32_t ppm;
    } rows[] = {
        {"1%", 10000},
        {"0.5%", 5000},
        {"0.01", 10000},
        {"100%", 1000000},
        {"1", 1000000},
        {"1.0", 1000000},
        {"0", 0},
        {"0%", 0},
        {"0.000001", 1},
        {"0.0001%", 1},
        {"0.0100000000", 10000},
        {"007%", 70000},
        {"99.9999%", 999999},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t ppm = 77;
        CHECK_TEXT(policy_ratio(text_of(rows[i].text), &ppm), NULL);
        CHECK_INT(ppm, rows[i].ppm);
    }
}

// CB-8
static void wrong_ratio_is_refused(void)
{
    static const char *const shapeless[] = {"",    "%",    "-1%",  "+1%", ".5",  "1.",
                                            "1.%", "1 %",  "1%%",  "NaN", "inf", "1e-2",
                                            "0x1", "1,5%", "0.5x", "abc"};
    static const char *const large[] = {
        "1.1", "101%", "100.0001%", "2", "1.000001", "99999999999999999999999999999999999999999%"};
    static const char *const fine[] = {"0.0000001", "0.00001%", "0.00000100000001"};
    uint32_t ppm = 77;
    for (size_t i = 0; i < sizeof(shapeless) / sizeof(shapeless[0]); i++)
        CHECK_TEXT(policy_ratio(text_of(shapeless[i]), &ppm), "is not a ratio such as 1% or 0.01");
    for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++)
        CHECK_TEXT(policy_ratio(text_of(large[i]), &ppm), "is more than 100%");
    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
        CHECK_TEXT(policy_ratio(text_of(fine[i]), &ppm), "is finer than a millionth");
    CHECK_INT(ppm, 77);
}

// CB-8
static void count_has_a_least_and_a_greatest(void)
{
    uint32_t count = 77;
    CHECK_TEXT(policy_count(TEXT_LITERAL("1"), 1, &count), NULL);
    CHECK_INT(count, 1);
    CHECK_TEXT(policy_count(TEXT_LITERAL("1000000000"), 1, &count), NULL);
    CHECK_INT(count, 1000000000);
    CHECK_TEXT(policy_count(TEXT_LITERAL("0"), 0, &count), NULL);
    CHECK_INT(count, 0);
    static const char *const wrong[] = {"0",  "-1", "",    "-",   "x",
                                        "5x", " 5", "5.0", "NaN", "-99999999999999999999999999"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CHECK_TEXT(policy_count(text_of(wrong[i]), 1, &count),
                   "is not a whole number of 1 or more");
    CHECK_TEXT(policy_count(TEXT_LITERAL("-1"), 0, &count), "is not a whole number of 0 or more");
    CHECK_TEXT(policy_count(TEXT_LITERAL("1000000001"), 1, &count), "is more than 1000000000");
    CHECK_TEXT(policy_count(TEXT_LITERAL("99999999999999999999"), 1, &count),
               "is more than 1000000000");
    CHECK_INT(count, 0);
}

static void span_has_a_unit_or_is_in_ms(void)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"500", 500},    {"500ms", 500}, {"30s", 30000}, {"5m", 300000},
        {"1h", 3600000}, {"0", 0},       {"0s", 0},      {"8760h", POLICY_SPAN_MAX_MS},
    };
    int64_t ms = 77;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK_TEXT(policy_span(text_of(rows[i].text), &ms), NULL);
        CHECK_INT(ms, rows[i].ms);
    }
    static const char *const wrong[] = {"", "s", "-1", "1.5s", "1 s", "5x", "1d", "NaN", "ms500"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CHECK_TEXT(policy_span(text_of(wrong[i]), &ms),
                   "is not a duration such as 500ms, 30s, 5m or 1h");
    CHECK_TEXT(policy_span(TEXT_LITERAL("8761h"), &ms), "is more than a year");
    CHECK_TEXT(policy_span(TEXT_LITERAL("99999999999999999999999999h"), &ms),
               "is more than a year");
}

static void label_is_short_and_printable(void)
{
    char text[202];
    memset(text, 'x', sizeof(text));
    CHECK_TEXT(policy_label((struct text){text, 200}), NULL);
    CHECK_TEXT(policy_label((struct text){text, 201}), "is longer than 200 bytes");
    CHECK_TEXT(policy_label(TEXT_LITERAL("")), "is empty: 'none' takes a key back");
    CHECK_TEXT(policy_label(TEXT_LITERAL("rack 7 – süd")), NULL);
    static const char *const wrong[] = {"a\nb", "\033[1m", "\x7f", "\xff", "\xc2\x9b;1m"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CHECK_TEXT(policy_label(text_of(wrong[i])), "has characters that cannot be printed");
    CHECK_TEXT(policy_label((struct text){"a\0b", 3}), "has characters that cannot be printed");
}

static const char *list_of(const char *text, struct buffer *list)
{
    buffer_clear(list);
    return policy_list(text_of(text), list);
}

static void list_holds_each_value_once(void)
{
    struct buffer list = {0};
    CHECK_TEXT(list_of("aws", &list), NULL);
    CHECK_TEXT(buffer_string(&list), "aws");
    CHECK_TEXT(list_of("aws, gcp ,my cloud", &list), NULL);
    CHECK_TEXT(buffer_string(&list), "aws,gcp,my cloud");
    CHECK_TEXT(list_of("", &list), "has an empty group");
    CHECK_TEXT(list_of("aws,", &list), "has an empty group");
    CHECK_TEXT(list_of("aws,,gcp", &list), "has an empty group");
    CHECK_TEXT(list_of("aws,gcp,AWS", &list), "names a group twice");
    CHECK_TEXT(list_of("aws,g\tp", &list),
               "has a group that is longer than 200 bytes or cannot be printed");
    buffer_finish(&list);
}

static void list_has_a_limit(void)
{
    struct buffer text = {0};
    struct buffer list = {0};
    for (int i = 0; i < POLICY_GROUPS_MAX; i++)
        buffer_print(&text, "%sg%d", i ? "," : "", i);
    CHECK_TEXT(policy_list(buffer_text(&text), &list), NULL);
    buffer_clear(&list);
    buffer_add_string(&text, ",more");
    CHECK_TEXT(policy_list(buffer_text(&text), &list), "has more than 1000 groups");
    buffer_finish(&text);
    buffer_finish(&list);
}

static void rules_have_a_key_and_a_pattern(void)
{
    CHECK_TEXT(policy_rules(TEXT_LITERAL("name=a*")), NULL);
    CHECK_TEXT(policy_rules(TEXT_LITERAL("  name=a  agent=?b label.zone=x=y ")), NULL);
    static const char *const shapeless[] = {"a*", "topic=x", "Name=x",  "label.=x",
                                            "=x", "label=x", "name=a b"};
    for (size_t i = 0; i < sizeof(shapeless) / sizeof(shapeless[0]); i++)
        CHECK_TEXT(policy_rules(text_of(shapeless[i])),
                   "has a rule that is not name=PATTERN, agent=PATTERN or label.KEY=PATTERN");
    CHECK_TEXT(policy_rules(TEXT_LITERAL("name=")),
               "has a rule whose label or pattern is empty or longer than 200 bytes");
    CHECK_TEXT(policy_rules(TEXT_LITERAL("")), "has no rule");
    CHECK_TEXT(policy_rules(TEXT_LITERAL("   ")), "has no rule");
    CHECK_TEXT(policy_rules(TEXT_LITERAL("name=a\nname=b")), "has characters that cannot be "
                                                             "printed");
}

static void rules_have_limits(void)
{
    struct buffer text = {0};
    for (int i = 0; i < POLICY_RULES_MAX; i++)
        buffer_add_string(&text, "name=a ");
    CHECK_TEXT(policy_rules(buffer_text(&text)), NULL);
    buffer_add_string(&text, "name=a");
    CHECK_TEXT(policy_rules(buffer_text(&text)), "has more than 64 rules");
    buffer_clear(&text);
    for (int i = 0; i < POLICY_RULES_SIZE_MAX; i++)
        buffer_add_char(&text, 'x');
    buffer_add_char(&text, 'x');
    CHECK_TEXT(policy_rules(buffer_text(&text)), "is longer than 4096 bytes");
    buffer_finish(&text);
}

static const struct test tests[] = {
    TEST(ratio_is_a_percentage_or_a_fraction),
    TEST(wrong_ratio_is_refused),
    TEST(count_has_a_least_and_a_greatest),
    TEST(span_has_a_unit_or_is_in_ms),
    TEST(label_is_short_and_printable),
    TEST(list_holds_each_value_once),
    TEST(list_has_a_limit),
    TEST(rules_have_a_key_and_a_pattern),
    TEST(rules_have_limits),
};

TEST_MAIN("plan/policy_value", tests)
