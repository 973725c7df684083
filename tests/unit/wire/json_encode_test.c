// SPDX-License-Identifier: Apache-2.0
//
// Writing JSON: one line, all fields, and the reader takes it back.
#include "base/arena.h"
#include "samples.h"
#include "test.h"
#include "wire/tables.h"
#include "wire/wire.h"

static void record_is_one_line_with_all_fields_in_order(void)
{
    struct label args[2] = {{TEXT_LITERAL("max"), TEXT_LITERAL("7")},
                            {TEXT_LITERAL("q\""), TEXT_LITERAL("\n\x01\xc3\xa4")}};
    struct order order = {
        .verb = TEXT_LITERAL("pool.set"), .args = args, .args_count = 2, .sent_at_ms = INT64_MAX};
    struct buffer text = {0};

    wire_encode_json(RECORD_ORDER, &order, &text);
    CHECK_TEXT(buffer_string(&text),
               "{\"pool\":\"\",\"verb\":\"pool.set\",\"args\":{\"max\":\"7\",\"q\\\"\":"
               "\"\\n\\u0001\xc3\xa4\"},\"id\":\"\",\"sent_at_ms\":9223372036854775807}");
    buffer_finish(&text);
}

static void every_kind_comes_back_as_it_went(void)
{
    struct dice dice = {11};
    struct buffer text = {0};
    struct buffer why = {0};

    for (int round = 0; round < 200; round++)
        for (int i = 0; i < RECORD_KIND_COUNT; i++) {
            struct arena arena = {0};
            enum record_kind kind = (enum record_kind)i;
            struct wire_record record = {0};
            void *sent = sample_make(&dice, kind, &arena);
            buffer_clear(&text);
            wire_encode_json(kind, sent, &text);
            struct wire_input input = {kind, buffer_text(&text)};
            CHECK_INT(wire_decode_json(input, &arena, NULL, &record, &why), STATUS_OK);
            CHECK_TEXT(buffer_string(&why), "");
            CHECK_INT(record.unknown_fields, 0);
            if (record.record)
                CHECK(sample_equal(wire_current[kind].table, sent, record.record));
            arena_finish(&arena);
        }
    buffer_finish(&text);
    buffer_finish(&why);
}

static void bytes_that_no_reader_takes_are_replaced(void)
{
    struct label args[1] = {{TEXT_LITERAL("k\xff"), TEXT_LITERAL("a\0b")}};
    struct order order = {.verb = TEXT_LITERAL("\xc3"), .args = args, .args_count = 1};
    struct buffer text = {0};

    wire_encode_json(RECORD_ORDER, &order, &text);
    CHECK_TEXT(buffer_string(&text), "{\"pool\":\"\",\"verb\":\"?\",\"args\":{\"k?\":\"a?b\"},"
                                     "\"id\":\"\",\"sent_at_ms\":0}");
    buffer_finish(&text);
}

static const struct test tests[] = {
    TEST(record_is_one_line_with_all_fields_in_order),
    TEST(every_kind_comes_back_as_it_went),
    TEST(bytes_that_no_reader_takes_are_replaced),
};

TEST_MAIN("wire/json_encode", tests)
