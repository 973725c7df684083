// SPDX-License-Identifier: Apache-2.0
//
// Writing Avro single-object: the very bytes.
#include "base/arena.h"
#include "samples.h"
#include "test.h"
#include "wire/wire.h"

static void record_is_header_and_fields_in_order(void)
{
    struct marker marker = {.epoch = 3, .seq = -300};
    struct buffer bytes = {0};

    wire_encode_avro(RECORD_MARKER, &marker, &bytes);
    // Fingerprint 302fa35370d5f62a in little endian; 3 is 6 in zigzag, -300 is 599.
    CHECK_INT(bytes.size, 13);
    CHECK_BYTES(bytes.data, "\xc3\x01\x2a\xf6\xd5\x70\x53\xa3\x2f\x30\x06\xd7\x04", 13);
    buffer_finish(&bytes);
}

static void record_is_appended(void)
{
    struct marker marker = {.epoch = 0, .seq = 0};
    struct buffer bytes = {0};

    buffer_add_string(&bytes, "before");
    wire_encode_avro(RECORD_MARKER, &marker, &bytes);
    CHECK_INT(bytes.size, 6 + 12);
    CHECK_BYTES(bytes.data, "before\xc3\x01", 8);
    buffer_finish(&bytes);
}

static void lists_and_maps_are_one_block(void)
{
    struct text sinks[2] = {TEXT_LITERAL("a"), TEXT_LITERAL("b")};
    struct label labels[1] = {{TEXT_LITERAL("k"), TEXT_LITERAL("v")}};
    struct beat beat = {
        .sink_topics = sinks, .sink_topics_count = 2, .labels = labels, .labels_count = 1};
    struct buffer bytes = {0};

    wire_encode_avro(RECORD_BEAT, &beat, &bytes);
    // Header; 14 fields of one byte up to the labels, the capacity being two of them; the info is
    // six.
    CHECK_INT(bytes.size, 10 + 14 + 6 + 6 + 1 + 6 + 1);
    CHECK_BYTES(bytes.data + 24, "\2\2k\2v\0", 6);
    CHECK_BYTES(bytes.data + 37, "\4\2a\2b\0\0", 7);
    buffer_finish(&bytes);
}

static void bytes_that_no_reader_takes_are_replaced(void)
{
    struct label labels[1] = {{TEXT_LITERAL("k\xff"), TEXT_LITERAL("a\0b")}};
    struct state_pool pool = {.why = TEXT_LITERAL("\xc3"), .policy = labels, .policy_count = 1};
    struct buffer bytes = {0};
    struct arena arena = {0};

    wire_encode_avro(RECORD_STATE_POOL, &pool, &bytes);
    struct wire_record record = sample_decode(buffer_text(&bytes), &arena);
    const struct state_pool *read = record.record;
    CHECK(text_equals(read->why, "?"));
    REQUIRE(read->policy_count == 1);
    CHECK(text_equals(read->policy[0].key, "k?"));
    CHECK(text_equals(read->policy[0].value, "a?b"));
    arena_finish(&arena);
    buffer_finish(&bytes);
}

static const struct test tests[] = {
    TEST(record_is_header_and_fields_in_order),
    TEST(record_is_appended),
    TEST(lists_and_maps_are_one_block),
    TEST(bytes_that_no_reader_takes_are_replaced),
};

TEST_MAIN("wire/avro_encode", tests)
