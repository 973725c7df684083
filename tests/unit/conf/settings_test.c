// SPDX-License-Identifier: Apache-2.0

#include "conf/settings.h"

#include <string.h>

#include "test.h"

static bool ends_with(const char *name, const char *end)
{
    size_t size = strlen(name);
    size_t end_size = strlen(end);
    return size >= end_size && strcmp(name + size - end_size, end) == 0;
}

static void rows_are_sorted_and_each_name_is_found(void)
{
    REQUIRE(setting_at(0) != NULL);
    for (size_t i = 0; setting_at(i); i++) {
        const struct setting *row = setting_at(i);
        CHECK(setting_find(text_of(row->name)) == row);
        if (i)
            CHECK(strcmp(setting_at(i - 1)->name, row->name) < 0);
    }
    CHECK(setting_find(TEXT_LITERAL("")) == NULL);
    CHECK(setting_find(TEXT_LITERAL("zzz")) == NULL);
    CHECK(setting_find(TEXT_LITERAL("lease")) == NULL);
}

static void names_end_in_their_unit(void)
{
    for (size_t i = 0; setting_at(i); i++) {
        const struct setting *row = setting_at(i);
        if (row->type == SETTING_DURATION) {
            CHECK(ends_with(row->name, ".ms") && strcmp(row->unit, "ms") == 0);
        } else if (row->type == SETTING_SIZE) {
            CHECK(ends_with(row->name, row->unit) && ends_with(row->unit, "bytes"));
        } else {
            CHECK_TEXT(row->unit, "");
        }
    }
}

// A variable's name is the setting's with '_' for '.', which must lead back to it.
static void names_have_one_form_in_the_environment(void)
{
    for (size_t i = 0; setting_at(i); i++)
        for (const char *c = setting_at(i)->name; *c; c++)
            CHECK(*c == '.' || (*c >= 'a' && *c <= 'z'));
}

static void every_row_says_who_reads_it_and_why(void)
{
    for (size_t i = 0; setting_at(i); i++) {
        const struct setting *row = setting_at(i);
        CHECK(row->roles != 0 && (row->roles & ~(unsigned)ROLE_ALL) == 0);
        CHECK(row->help && row->help[0] && !strchr(row->help, '\n'));
        CHECK(row->max < INT64_MAX && row->min <= row->max);
        CHECK((row->type == SETTING_CHOICE) == (row->choices != NULL));
        CHECK(!row->is_secret || row->initial[0] == '\0');
    }
}

static void a_slip_finds_the_setting_that_was_meant(void)
{
    CHECK_TEXT(setting_nearest(TEXT_LITERAL("leas.ms"))->name, "lease.ms");
    CHECK_TEXT(setting_nearest(TEXT_LITERAL("kafka.bootstrap.server"))->name,
               "kafka.bootstrap.servers");
    CHECK_TEXT(setting_nearest(TEXT_LITERAL("pol"))->name, "pool");
    CHECK(setting_nearest(TEXT_LITERAL("something.else.entirely")) == NULL);
    CHECK(setting_nearest(TEXT_LITERAL("")) == NULL);
}

static const struct test tests[] = {
    TEST(rows_are_sorted_and_each_name_is_found),  TEST(names_end_in_their_unit),
    TEST(names_have_one_form_in_the_environment),  TEST(every_row_says_who_reads_it_and_why),
    TEST(a_slip_finds_the_setting_that_was_meant),
};

TEST_MAIN("conf/settings", tests)
