// SPDX-License-Identifier: Apache-2.0

#include "daemon/demo_tally.h"

#include <stdio.h>

#include "sink/line.h"
#include "test.h"

static const char *told(const struct demo_tally *tally)
{
    static char words[100];
    struct demo_sums sums = demo_tally_sums(tally);
    snprintf(words, sizeof(words), "%d produced %d delivered %d lost %d duplicated",
             (int)sums.produced, (int)sums.delivered, (int)sums.lost, (int)sums.duplicated);
    return words;
}

static void what_is_not_in_a_file_is_lost(void)
{
    struct demo_tally *tally = demo_tally_create(2);
    for (int64_t offset = 0; offset < 3; offset++)
        demo_tally_produced(tally, 1, offset);
    demo_tally_delivered(tally, 1, 0);
    demo_tally_delivered(tally, 1, 2);
    CHECK_TEXT(told(tally), "3 produced 2 delivered 1 lost 0 duplicated");
    CHECK(!demo_tally_is_settled(tally, 1));
    CHECK(demo_tally_is_settled(tally, 0));
    demo_tally_delivered(tally, 1, 1);
    CHECK(demo_tally_is_settled(tally, 1));
    demo_tally_destroy(tally);
}

static void lines_beyond_the_first_are_duplicates(void)
{
    struct demo_tally *tally = demo_tally_create(1);
    demo_tally_produced(tally, 0, 0);
    for (int i = 0; i < 3; i++)
        demo_tally_delivered(tally, 0, 0);
    CHECK_TEXT(told(tally), "1 produced 1 delivered 0 lost 2 duplicated");
    demo_tally_destroy(tally);
}

static void a_file_may_be_faster_than_the_producers_answer(void)
{
    struct demo_tally *tally = demo_tally_create(1);
    demo_tally_delivered(tally, 0, 5);
    demo_tally_delivered(tally, 0, 5);
    CHECK_TEXT(told(tally), "0 produced 0 delivered 0 lost 0 duplicated");
    demo_tally_produced(tally, 0, 5);
    CHECK_TEXT(told(tally), "1 produced 1 delivered 0 lost 1 duplicated");
    demo_tally_destroy(tally);
}

static void records_of_strangers_do_not_count(void)
{
    struct demo_tally *tally = demo_tally_create(1);
    demo_tally_delivered(tally, 0, 0);
    demo_tally_delivered(tally, 0, -1);
    demo_tally_delivered(tally, 0, INT64_MAX);
    CHECK_TEXT(told(tally), "0 produced 0 delivered 0 lost 0 duplicated");
    demo_tally_destroy(tally);
}

static void deliveries_can_be_counted_anew(void)
{
    struct demo_tally *tally = demo_tally_create(1);
    demo_tally_produced(tally, 0, 0);
    demo_tally_produced(tally, 0, 1);
    demo_tally_delivered(tally, 0, 0);
    demo_tally_delivered(tally, 0, 0);
    demo_tally_recount(tally);
    CHECK_TEXT(told(tally), "2 produced 0 delivered 2 lost 0 duplicated");
    demo_tally_delivered(tally, 0, 1);
    CHECK_TEXT(told(tally), "2 produced 1 delivered 1 lost 0 duplicated");
    demo_tally_destroy(tally);
}

static void the_lines_of_the_sink_are_understood(void)
{
    struct buffer line = {0};
    struct text topic;
    int64_t offset = -1;
    struct sink_record record = {.topic = TEXT_LITERAL("disk.sda"),
                                 .partition = 3,
                                 .offset = 42,
                                 .value = TEXT_LITERAL("{\"topic\":\"x\",\"offset\":7}")};
    line_add(&line, &record);
    struct text whole = {line.data, line.size - 1};
    CHECK_INT(demo_line_parse(whole, &topic, &offset), STATUS_OK);
    CHECK(text_equals(topic, "disk.sda"));
    CHECK_INT(offset, 42);
    // Cut short, as by a crash, it is no line.
    for (size_t size = 0; size < whole.size; size++)
        CHECK_INT(demo_line_parse((struct text){whole.data, size}, &topic, &offset),
                  STATUS_INVALID);
    CHECK_INT(demo_line_parse(TEXT_LITERAL("nonsense"), &topic, &offset), STATUS_INVALID);
    buffer_finish(&line);
}

static const struct test tests[] = {
    TEST(what_is_not_in_a_file_is_lost),
    TEST(lines_beyond_the_first_are_duplicates),
    TEST(a_file_may_be_faster_than_the_producers_answer),
    TEST(records_of_strangers_do_not_count),
    TEST(deliveries_can_be_counted_anew),
    TEST(the_lines_of_the_sink_are_understood),
};

TEST_MAIN("daemon/demo_tally", tests)
