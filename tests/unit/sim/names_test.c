// SPDX-License-Identifier: Apache-2.0
//
// When two lives read the same partition, by whatever name.
#include "sim/names.h"

#include "test.h"

static uint32_t number(struct names *names, const char *text)
{
    return names_of(names, text_of(text));
}

static void a_name_keeps_its_number(void)
{
    struct names names = {0};
    uint32_t t = number(&names, "t");
    uint32_t part = number(&names, "t/12");
    CHECK(t != part);
    CHECK_INT(number(&names, "t"), t);
    CHECK_INT(names.items[part].whole, t);
    CHECK_INT(names.items[t].whole, t);
    CHECK_TEXT(names_text(&names, part), "t/12");
    names_finish(&names);
}

static void two_readers_of_one_unit_contest_it(void)
{
    struct names names = {0};
    uint32_t t = number(&names, "t");
    names_read(&names, t, 1);
    CHECK_INT(names.contested, 0);
    names_read(&names, t, 1);
    CHECK_INT(names.contested, 1);
    names_read(&names, t, 1);
    names_read(&names, t, -1);
    CHECK_INT(names.contested, 1);
    names_read(&names, t, -1);
    CHECK_INT(names.contested, 0);
    names_finish(&names);
}

static void a_topic_and_its_part_are_contested(void)
{
    struct names names = {0};
    uint32_t first = number(&names, "t/0");
    uint32_t second = number(&names, "t/1");
    names_read(&names, first, 1);
    names_read(&names, second, 1);
    CHECK_INT(names.contested, 0);
    names_read(&names, number(&names, "t"), 1);
    CHECK_INT(names.contested, 1);
    names_read(&names, first, -1);
    CHECK_INT(names.contested, 1);
    names_read(&names, second, -1);
    CHECK_INT(names.contested, 0);
    names_finish(&names);
}

static const struct test tests[] = {
    TEST(a_name_keeps_its_number),
    TEST(two_readers_of_one_unit_contest_it),
    TEST(a_topic_and_its_part_are_contested),
};

TEST_MAIN("sim/names", tests)
