// SPDX-License-Identifier: Apache-2.0
#include "kafka/watch.h"

#include <stdio.h>
#include <string.h>

#include "kafka/watch_feed.h"
#include "test.h"

#define T(literal) TEXT_LITERAL(literal)

// The next line, or "" with none left; static memory.
static const char *next(struct kafka_watch *watch)
{
    static char copy[1024];
    struct buffer line = {0};
    copy[0] = '\0';
    if (kafka_watch_next(watch, &line))
        snprintf(copy, sizeof copy, "%s", buffer_string(&line));
    buffer_finish(&line);
    return copy;
}

static void line_that_repeats_is_kept_once(void)
{
    struct kafka_watch *watch = kafka_watch_create(T("h:1"));
    kafka_watch_add_line(watch, T("FAIL: h:1: refused (after 2ms)"));
    kafka_watch_add_line(watch, T("FAIL: h:1: refused (after 17ms)"));
    kafka_watch_add_line(watch, T("FAIL: other"));
    kafka_watch_add_line(watch, T("FAIL: h:1: refused (after 3ms)"));
    CHECK_TEXT(next(watch), "FAIL: h:1: refused (after 2ms)");
    CHECK_TEXT(next(watch), "FAIL: other");
    CHECK_TEXT(next(watch), "");
    kafka_watch_add_line(watch, T("FAIL: h:1: refused (after 3ms)"));
    CHECK_TEXT(next(watch), "");
    kafka_watch_destroy(watch);
}

static void inbox_is_bounded_and_says_what_was_lost(void)
{
    struct kafka_watch *watch = kafka_watch_create(T("h:1"));
    char line[8] = "aaa";
    for (int i = 0; i < 80; i++) {
        line[0] = (char)('a' + i % 20);
        line[1] = (char)('a' + i / 20);
        kafka_watch_add_line(watch, text_of(line));
    }
    for (int i = 0; i < 64; i++)
        CHECK_INT(strlen(next(watch)), 3);
    CHECK_TEXT(next(watch), "16 lines lost");
    CHECK_TEXT(next(watch), "");
    kafka_watch_destroy(watch);
}

static void huge_line_is_cut(void)
{
    static char line[100000];
    struct kafka_watch *watch = kafka_watch_create(T("h:1"));
    memset(line, 'x', sizeof line);
    kafka_watch_add_line(watch, (struct text){line, sizeof line});
    CHECK_INT(strlen(next(watch)), 512);
    kafka_watch_destroy(watch);
}

static void cluster_that_refuses_is_told_in_one_sentence(void)
{
    struct kafka_watch *watch = kafka_watch_create(T("h:1"));
    struct buffer text = {0};
    int handle;
    CHECK_INT(kafka_watch_reach(watch, &text), STATUS_OK); // nobody has tried
    kafka_watch_set_reason(watch, T("connection refused"));
    for (int i = 0; i < 4; i++) {
        kafka_watch_set_link(watch, &handle, 1, KAFKA_LINK_TRYING);
        kafka_watch_set_link(watch, &handle, 1, KAFKA_LINK_DOWN);
    }
    CHECK_INT(kafka_watch_reach(watch, &text), STATUS_UNREACHABLE);
    CHECK_TEXT(buffer_string(&text),
               "cannot reach Kafka at 'h:1' (connection refused, 4 tries in 0 s)");
    buffer_finish(&text);
    kafka_watch_destroy(watch);
}

static void one_connection_of_any_handle_is_enough(void)
{
    struct kafka_watch *watch = kafka_watch_create(T("h:1"));
    struct buffer text = {0};
    int one;
    int other;
    kafka_watch_set_link(watch, &one, 1, KAFKA_LINK_TRYING);
    kafka_watch_set_link(watch, &one, 1, KAFKA_LINK_DOWN);
    CHECK_INT(kafka_watch_reach(watch, &text), STATUS_UNREACHABLE);
    kafka_watch_set_link(watch, &other, 1, KAFKA_LINK_TRYING);
    kafka_watch_set_link(watch, &other, 1, KAFKA_LINK_UP);
    CHECK_INT(kafka_watch_reach(watch, &text), STATUS_OK);
    // A connection that closes is no failure; an attempt after it that fails is one.
    kafka_watch_set_link(watch, &other, 1, KAFKA_LINK_DOWN);
    CHECK_INT(kafka_watch_reach(watch, &text), STATUS_OK);
    kafka_watch_set_link(watch, &other, 1, KAFKA_LINK_TRYING);
    kafka_watch_set_link(watch, &other, 1, KAFKA_LINK_DOWN);
    CHECK_INT(kafka_watch_reach(watch, &text), STATUS_UNREACHABLE);
    buffer_finish(&text);
    kafka_watch_destroy(watch);
}

static void other_end_that_takes_connections_only_is_told(void)
{
    struct kafka_watch *watch = kafka_watch_create(T("h:1"));
    struct buffer text = {0};
    int handle;
    kafka_watch_set_link(watch, &handle, 1, KAFKA_LINK_TRYING);
    CHECK_INT(kafka_watch_explain(watch, &text), STATUS_UNREACHABLE);
    CHECK_TEXT(buffer_string(&text),
               "cannot reach Kafka at 'h:1' (no connection in that time): is it running?");
    kafka_watch_set_link(watch, &handle, 1, KAFKA_LINK_ASKING);
    CHECK_INT(kafka_watch_reach(watch, &text), STATUS_OK); // it may still answer
    buffer_clear(&text);
    CHECK_INT(kafka_watch_explain(watch, &text), STATUS_UNREACHABLE);
    CHECK_TEXT(buffer_string(&text), "'h:1' is connected but does not answer: is it Kafka?");
    kafka_watch_set_reason(watch, T("timed out"));
    kafka_watch_set_link(watch, &handle, 1, KAFKA_LINK_DOWN);
    buffer_clear(&text);
    CHECK_INT(kafka_watch_explain(watch, &text), STATUS_UNREACHABLE);
    CHECK_TEXT(buffer_string(&text), "'h:1' is connected but does not answer (timed out, 1 try in "
                                     "0 s): is it Kafka?");
    buffer_clear(&text);
    CHECK_INT(kafka_watch_reach(watch, &text), STATUS_UNREACHABLE);
    CHECK_TEXT(buffer_string(&text),
               "'h:1' is connected but does not answer (timed out, 1 try in 0 s)");
    kafka_watch_set_link(watch, &handle, 1, KAFKA_LINK_UP);
    CHECK_INT(kafka_watch_explain(watch, &text), STATUS_OK);
    kafka_watch_forget(watch, &handle);
    CHECK_INT(kafka_watch_explain(watch, &text), STATUS_OK); // it has answered once
    buffer_finish(&text);
    kafka_watch_destroy(watch);
}

static void handle_that_is_gone_counts_no_more(void)
{
    struct kafka_watch *watch = kafka_watch_create(T("h:1"));
    struct buffer text = {0};
    int one;
    int other;
    kafka_watch_set_link(watch, &one, 1, KAFKA_LINK_UP);
    kafka_watch_forget(watch, &one);
    kafka_watch_set_link(watch, &other, 1, KAFKA_LINK_TRYING);
    kafka_watch_set_link(watch, &other, 1, KAFKA_LINK_DOWN);
    CHECK_INT(kafka_watch_reach(watch, &text), STATUS_UNREACHABLE);
    buffer_finish(&text);
    kafka_watch_destroy(watch);
}

static void holder_may_outlive_the_creator(void)
{
    struct kafka_watch *watch = kafka_watch_create(T("h:1"));
    kafka_watch_hold(watch);
    kafka_watch_destroy(watch);
    kafka_watch_add_line(watch, T("late"));
    kafka_watch_drop(watch);
    kafka_watch_add_line(NULL, T("nobody listens"));
    kafka_watch_drop(NULL);
}

static const struct test tests[] = {
    TEST(line_that_repeats_is_kept_once),
    TEST(inbox_is_bounded_and_says_what_was_lost),
    TEST(huge_line_is_cut),
    TEST(cluster_that_refuses_is_told_in_one_sentence),
    TEST(one_connection_of_any_handle_is_enough),
    TEST(other_end_that_takes_connections_only_is_told),
    TEST(handle_that_is_gone_counts_no_more),
    TEST(holder_may_outlive_the_creator),
};
TEST_MAIN("kafka/watch", tests)
