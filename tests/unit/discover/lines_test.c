// SPDX-License-Identifier: Apache-2.0

#include "discover/lines.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

// The set in words, "name*weight/partitions name ...", or "! " and the fault.
static const char *parsed(struct text text)
{
    static char words[1000];
    struct discover_set set = {0};
    struct buffer fault = {0};
    struct buffer out = {0};
    if (lines_parse(text, &set, &fault) != STATUS_OK)
        buffer_print(&out, "! %s", buffer_string(&fault));
    else
        for (uint32_t i = 0; i < set.count; i++)
            buffer_print(&out, "%s%.*s%s%.*s*%d/%d", i ? " " : "", TEXT_ARGS(set.topics[i].cluster),
                         set.topics[i].cluster.size ? ":" : "", TEXT_ARGS(set.topics[i].name),
                         (int)set.topics[i].weight, (int)set.topics[i].partitions);
    snprintf(words, sizeof(words), "%s", buffer_string(&out));
    arena_finish(&set.arena);
    buffer_finish(&fault);
    buffer_finish(&out);
    return words;
}

#define PARSED(literal) parsed(TEXT_LITERAL(literal))

static void a_line_is_a_name(void)
{
    CHECK_TEXT(PARSED("t1\nt2\n"), "t1*1/0 t2*1/0");
    CHECK_TEXT(PARSED("t1"), "t1*1/0");
    CHECK_TEXT(PARSED("  t1 \r\n\tt2\r\n"), "t1*1/0 t2*1/0");
}

static void blank_lines_and_remarks_are_skipped(void)
{
    CHECK_TEXT(PARSED(""), "");
    CHECK_TEXT(PARSED("\n  \n# all of rack 1\n  # too\nt1\n\n"), "t1*1/0");
}

static void a_line_may_be_an_object(void)
{
    CHECK_TEXT(PARSED("{\"name\":\"t1\",\"weight\":3,\"partitions\":2}\nt2\n"), "t1*3/2 t2*1/0");
    CHECK_TEXT(PARSED("{\"name\":\"t1\",\"cluster\":\"eu\"}"), "eu:t1*1/0");
}

// PD-17
static void a_topic_named_twice_is_one(void)
{
    CHECK_TEXT(PARSED("t1\nt2\n{\"name\":\"t1\",\"weight\":3}\n"), "t1*3/0 t2*1/0");
    CHECK_TEXT(PARSED("t1\n{\"name\":\"t1\",\"cluster\":\"eu\"}\n"), "t1*1/0 eu:t1*1/0");
}

static void what_is_wrong_is_named_by_its_line(void)
{
    CHECK(strstr(PARSED("t1\n\na/b\n"), "! line 3: the topic's name has a character") != NULL);
    CHECK(strstr(PARSED("..\n"), "! line 1: the topic's name") != NULL);
    CHECK(strstr(PARSED("{\"name\":\"t\",\"weight\":\"x\"}"), "! line 1: 'topics[0].weight'") !=
          NULL);
    CHECK_TEXT(PARSED("{\"name\":\"t\",\"weight\":0}"), "! line 1: the weight is below 1");
    CHECK_TEXT(PARSED("{\"name\":\"t\",\"partitions\":-1}"),
               "! line 1: the number of partitions is negative");
    CHECK_TEXT(PARSED("{\"name\":\"a\"},{\"name\":\"b\"}"), "! line 1: not one topic a line");
    CHECK(strstr(PARSED("t1\n{\"name\":"), "! line 2: ") != NULL);
    CHECK(strstr(PARSED("t\0x\n"), "! line 1: ") != NULL);
}

static const struct test tests[] = {
    TEST(a_line_is_a_name),
    TEST(blank_lines_and_remarks_are_skipped),
    TEST(a_line_may_be_an_object),
    TEST(a_topic_named_twice_is_one),
    TEST(what_is_wrong_is_named_by_its_line),
};

TEST_MAIN("discover/lines", tests)
