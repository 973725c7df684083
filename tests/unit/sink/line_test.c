// SPDX-License-Identifier: Apache-2.0
//
// The JSON line of a record: strings where they are UTF-8, null, or base64.
#include "sink/line.h"
#include "test.h"

static void check_line(const struct sink_record *record, const char *expected)
{
    struct buffer buffer = {0};
    line_add(&buffer, record);
    CHECK_TEXT(buffer_string(&buffer), expected);
    buffer_finish(&buffer);
}

static void record_with_everything(void)
{
    struct sink_header headers[] = {
        {TEXT_LITERAL("trace"), TEXT_LITERAL("abc"), false},
        {TEXT_LITERAL("trace"), {0}, true},
        {TEXT_LITERAL("raw"), TEXT_LITERAL("\xff"), false},
    };
    check_line(&(struct sink_record){.cluster = TEXT_LITERAL("west"),
                                     .topic = TEXT_LITERAL("cpu.0"),
                                     .partition = 3,
                                     .offset = 9007199254740993,
                                     .fence = 17,
                                     .time_ms = 1700000000123,
                                     .key = TEXT_LITERAL("k\"1"),
                                     .value = TEXT_LITERAL("caf\xc3\xa9\n"),
                                     .headers = headers,
                                     .header_count = 3},
               "{\"cluster\":\"west\",\"topic\":\"cpu.0\",\"partition\":3,"
               "\"offset\":9007199254740993,\"fence\":17,\"time_ms\":1700000000123,"
               "\"key\":\"k\\\"1\",\"value\":\"caf\xc3\xa9\\n\",\"headers\":[[\"trace\",\"abc\"],"
               "[\"trace\",null],[\"raw\",{\"base64\":\"/w==\"}]]}\n");
}

static void null_differs_from_empty(void)
{
    check_line(
        &(struct sink_record){.topic = TEXT_LITERAL("t"), .time_ms = -1, .is_value_null = true},
        "{\"cluster\":\"\",\"topic\":\"t\",\"partition\":0,\"offset\":0,\"fence\":0,"
        "\"time_ms\":-1,\"key\":\"\",\"value\":null,\"headers\":[]}\n");
}

static void bytes_that_are_no_text_are_base64(void)
{
    const struct {
        struct text bytes;
        const char *base64;
    } cases[] = {
        {TEXT_LITERAL("\xff"), "/w=="},
        {TEXT_LITERAL("\xff\x00"), "/wA="},
        {TEXT_LITERAL("\xff\x00\x01"), "/wAB"},
        {TEXT_LITERAL("\xfb\xef\xbe\xfb"), "++++"
                                           "+w=="},
        {TEXT_LITERAL("\xed\xa0\x80"), "7aCA"}, // a surrogate is not UTF-8
        {TEXT_LITERAL("ok\xc0\x80"), "b2vAgA=="},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer expected = {0};
        buffer_print(&expected,
                     "{\"cluster\":\"\",\"topic\":\"t\",\"partition\":0,\"offset\":0,\"fence\":0,"
                     "\"time_ms\":0,\"key\":null,\"value\":{\"base64\":\"%s\"},\"headers\":[]}\n",
                     cases[i].base64);
        check_line(&(struct sink_record){.topic = TEXT_LITERAL("t"),
                                         .is_key_null = true,
                                         .value = cases[i].bytes},
                   buffer_string(&expected));
        buffer_finish(&expected);
    }
}

static const struct test tests[] = {
    TEST(record_with_everything),
    TEST(null_differs_from_empty),
    TEST(bytes_that_are_no_text_are_base64),
};

TEST_MAIN("sink/line", tests)
