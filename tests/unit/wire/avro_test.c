// SPDX-License-Identifier: Apache-2.0
//
// Reading Avro single-object: what we write comes back, and nothing hostile gets through.
#include <string.h>

#include "base/memory.h"
#include "samples.h"
#include "test.h"
#include "wire/decoder.h"
#include "wire/tables.h"

// A record under construction: header of a kind, then raw bytes.
static void begin(struct buffer *buffer, enum record_kind kind)
{
    buffer_clear(buffer);
    buffer_add(buffer, "\xc3\x01", 2);
    for (unsigned i = 0; i < 8; i++)
        buffer_add_char(buffer, (char)(wire_current[kind].fingerprint >> (8 * i)));
}

static void add_long(struct buffer *buffer, int64_t value)
{
    uint64_t bits = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
    for (; bits > 0x7f; bits >>= 7)
        buffer_add_char(buffer, (char)((bits & 0x7f) | 0x80));
    buffer_add_char(buffer, (char)bits);
}

static void add_string(struct buffer *buffer, const char *string)
{
    add_long(buffer, (int64_t)strlen(string));
    buffer_add_string(buffer, string);
}

// An announcement up to its field `topics`.
static void begin_topics(struct buffer *buffer)
{
    begin(buffer, RECORD_ANNOUNCEMENT);
    add_string(buffer, "");    // pool
    add_string(buffer, "a1");  // agent
    add_string(buffer, "");    // source
    add_string(buffer, "set"); // mode
}

static void add_topic(struct buffer *buffer, const char *name)
{
    add_string(buffer, name);
    buffer_add(buffer, "\0\0\0\2\0", 5); // cluster, partitions, split, weight 1, no labels
}

static void finish_announcement(struct buffer *buffer)
{
    buffer_add(buffer, "\0\0\0\0", 4); // no labels, ttl_ms 0, no id, sent_at_ms 0
}

#define CHECK_REFUSED(bytes, expected_status, expected)                                            \
    do {                                                                                           \
        struct buffer reason = {0};                                                                \
        enum status refused;                                                                       \
        CHECK_TEXT(refusal_of_avro(buffer_text(bytes), &reason, &refused), expected);              \
        CHECK_INT(refused, expected_status);                                                       \
        buffer_finish(&reason);                                                                    \
    } while (0)

static void every_kind_comes_back_as_it_went(void)
{
    struct dice dice = {1};
    struct buffer bytes = {0};

    for (int round = 0; round < 300; round++)
        for (int kind = 0; kind < RECORD_KIND_COUNT; kind++) {
            struct arena arena = {0};
            void *sent = sample_make(&dice, (enum record_kind)kind, &arena);
            buffer_clear(&bytes);
            wire_encode_avro((enum record_kind)kind, sent, &bytes);
            struct wire_record record = sample_decode(buffer_text(&bytes), &arena);
            CHECK_INT(record.kind, kind);
            CHECK_INT(record.level, RECORD_LEVEL);
            CHECK_INT(record.unknown_fields, 0);
            CHECK(sample_equal(wire_current[kind].table, sent, record.record));
            arena_finish(&arena);
        }
    buffer_finish(&bytes);
}

static void record_cut_anywhere_is_refused(void)
{
    struct dice dice = {2};
    struct buffer bytes = {0};
    struct buffer why = {0};
    enum status status;

    for (int kind = 0; kind < RECORD_KIND_COUNT; kind++) {
        struct arena arena = {0};
        buffer_clear(&bytes);
        wire_encode_avro((enum record_kind)kind, sample_make(&dice, (enum record_kind)kind, &arena),
                         &bytes);
        for (size_t size = 0; size < bytes.size; size++) {
            refusal_of_avro((struct text){bytes.data, size}, &why, &status);
            CHECK_INT(status, STATUS_INVALID);
            CHECK(why.size > 0);
        }
        arena_finish(&arena);
    }
    buffer_finish(&bytes);
    buffer_finish(&why);
}

static void changed_bytes_never_do_harm(void)
{
    struct dice dice = {3};
    struct buffer bytes = {0};
    struct buffer why = {0};
    enum status status;

    for (int round = 0; round < 4000; round++) {
        struct arena arena = {0};
        enum record_kind kind = (enum record_kind)dice_below(&dice, RECORD_KIND_COUNT);
        buffer_clear(&bytes);
        wire_encode_avro(kind, sample_make(&dice, kind, &arena), &bytes);
        for (uint32_t i = dice_below(&dice, 4) + 1; i > 0; i--)
            bytes.data[10 + dice_below(&dice, (uint32_t)bytes.size - 10)] = (char)dice_roll(&dice);
        refusal_of_avro(buffer_text(&bytes), &why, &status);
        CHECK((status == STATUS_OK) == (why.size == 0));
        arena_finish(&arena);
    }
    buffer_finish(&bytes);
    buffer_finish(&why);
}

static void other_beginnings_are_refused(void)
{
    struct buffer bytes = {0};

    CHECK_REFUSED(&bytes, STATUS_INVALID,
                  "the record is not Avro single-object: it does not begin with C3 01");
    buffer_add(&bytes, "\xc3\x02", 2);
    CHECK_REFUSED(&bytes, STATUS_INVALID,
                  "the record is not Avro single-object: it does not begin with C3 01");
    buffer_clear(&bytes);
    buffer_add(&bytes, "\xc3\x01\1\2\3\4\5\6\7", 9);
    CHECK_REFUSED(&bytes, STATUS_INVALID, "the record is cut off in the Avro header");
    buffer_add_char(&bytes, 8);
    CHECK_REFUSED(
        &bytes, STATUS_UNSUPPORTED,
        "the record is of an Avro schema that is not known here, fingerprint 0807060504030201");
    begin(&bytes, RECORD_MARKER);
    add_long(&bytes, 1);
    add_long(&bytes, 2);
    buffer_add(&bytes, "abc", 3);
    CHECK_REFUSED(&bytes, STATUS_INVALID, "the record goes on for 3 bytes after its end");
    buffer_finish(&bytes);
}

static void lengths_are_not_believed(void)
{
    static const int64_t lengths[] = {-1, 4, INT32_MAX, (int64_t)1 << 30, INT64_MAX, INT64_MIN};
    struct buffer bytes = {0};

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        begin(&bytes, RECORD_ANNOUNCEMENT);
        add_long(&bytes, lengths[i]);
        buffer_add(&bytes, "abc", 3);
        CHECK_REFUSED(&bytes, STATUS_INVALID,
                      lengths[i] < 0 ? "'pool' has a negative length" : "'pool' is cut off");
    }
    begin(&bytes, RECORD_ANNOUNCEMENT);
    buffer_add(&bytes, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12);
    CHECK_REFUSED(&bytes, STATUS_INVALID, "'pool' is a number of more than 64 bits");
    begin(&bytes, RECORD_ANNOUNCEMENT);
    buffer_add(&bytes, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", 10);
    CHECK_REFUSED(&bytes, STATUS_INVALID, "'pool' is a number of more than 64 bits");
    buffer_finish(&bytes);
}

static void counts_are_not_believed(void)
{
    static const int64_t counts[] = {2, 10000000, INT64_MAX, INT64_MIN};
    struct buffer bytes = {0};

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        begin_topics(&bytes);
        add_long(&bytes, counts[i]);
        add_topic(&bytes, "t");
        CHECK_REFUSED(&bytes, STATUS_INVALID,
                      counts[i] < 0 ? "'topics' has a block of a negative size"
                                    : "'topics' has a block that is cut off");
    }
    buffer_finish(&bytes);
}

static void blocks_may_be_many_and_say_their_size(void)
{
    struct buffer bytes = {0};
    struct arena arena = {0};

    begin_topics(&bytes);
    add_long(&bytes, 1);
    add_topic(&bytes, "t0");
    for (int i = 1; i < 200; i++) {
        add_long(&bytes, -1);
        add_long(&bytes, 8);
        add_topic(&bytes, "t1");
    }
    add_long(&bytes, 0);
    finish_announcement(&bytes);
    struct wire_record record = sample_decode(buffer_text(&bytes), &arena);
    const struct announcement *announcement = record.record;
    REQUIRE(announcement->topics_count == 200);
    CHECK(text_equals(announcement->topics[0].name, "t0"));
    CHECK(text_equals(announcement->topics[199].name, "t1"));
    CHECK_INT(announcement->topics[199].weight, 1);
    arena_finish(&arena);
    buffer_finish(&bytes);
}

static void block_of_another_size_is_refused(void)
{
    static const int64_t sizes[] = {7, 9, 0, -1, INT64_MAX};
    struct buffer bytes = {0};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        begin_topics(&bytes);
        add_long(&bytes, -1);
        add_long(&bytes, sizes[i]);
        add_topic(&bytes, "t1");
        add_long(&bytes, 0);
        finish_announcement(&bytes);
        CHECK_REFUSED(&bytes, STATUS_INVALID,
                      sizes[i] < 0 || sizes[i] > 100
                          ? "'topics' has a block that is cut off"
                          : "'topics' has a block of another size than it says");
    }
    buffer_finish(&bytes);
}

static void place_is_named_down_to_the_item(void)
{
    struct buffer bytes = {0};

    begin_topics(&bytes);
    add_long(&bytes, 2);
    add_topic(&bytes, "t0");
    add_string(&bytes, "t1");
    buffer_add(&bytes, "\0\0\7", 3); // cluster, partitions, split = 7
    CHECK_REFUSED(&bytes, STATUS_INVALID, "'topics[1].split' is not true or false");
    begin_topics(&bytes);
    add_long(&bytes, 1);
    add_string(&bytes, "t");
    add_string(&bytes, "");
    add_long(&bytes, (int64_t)1 << 31);
    buffer_add(&bytes, "\0\0\0\0\0\0\0\0", 8);
    CHECK_REFUSED(&bytes, STATUS_INVALID,
                  "'topics[0].partitions' is a number of more than 32 bits");
    buffer_finish(&bytes);
}

static void strings_are_utf8_without_zero_bytes(void)
{
    struct buffer bytes = {0};

    begin(&bytes, RECORD_ANNOUNCEMENT);
    add_string(&bytes, "\xff");
    CHECK_REFUSED(&bytes, STATUS_INVALID, "'pool' is not UTF-8 without zero bytes");
    begin(&bytes, RECORD_ANNOUNCEMENT);
    add_long(&bytes, 3);
    buffer_add(&bytes, "a\0b", 3);
    CHECK_REFUSED(&bytes, STATUS_INVALID, "'pool' is not UTF-8 without zero bytes");
    buffer_finish(&bytes);
}

static void labels_hold_each_key_once(void)
{
    struct buffer bytes = {0};

    begin(&bytes, RECORD_STATE_POOL);
    add_long(&bytes, 1);
    add_string(&bytes, "k");
    add_string(&bytes, "1");
    add_long(&bytes, 1);
    add_string(&bytes, "k");
    add_string(&bytes, "2");
    add_long(&bytes, 0);
    buffer_add(&bytes, "\0\0\0", 3);
    CHECK_REFUSED(&bytes, STATUS_INVALID, "'policy' has the key 'k' twice");
    buffer_finish(&bytes);
}

static void items_are_limited(void)
{
    struct buffer bytes = {0};
    struct buffer why = {0};
    struct arena arena = {0};
    struct wire_record record;
    struct wire_limits limits = {4096, 10};

    for (int count = 10; count < 12; count++) {
        begin_topics(&bytes);
        add_long(&bytes, count);
        for (int i = 0; i < count; i++)
            add_topic(&bytes, "t");
        add_long(&bytes, 0);
        finish_announcement(&bytes);
        CHECK_INT(wire_decode(buffer_text(&bytes), &arena, &limits, &record, &why),
                  count == 10 ? STATUS_OK : STATUS_TOO_LARGE);
    }
    CHECK_TEXT(buffer_string(&why), "'topics' is too long: a record holds at most 10 items in all");
    arena_finish(&arena);
    buffer_finish(&bytes);
    buffer_finish(&why);
}

// 100,000 topics in one record, with limits raised for it.
static void a_hundred_thousand_topics_are_read(void)
{
    struct buffer bytes = {0};
    struct arena arena = {0};
    struct wire_record record;
    struct wire_limits limits = {(size_t)64 << 20, 1000000};
    enum { MANY = 100000 };

    begin_topics(&bytes);
    add_long(&bytes, MANY);
    for (int i = 0; i < MANY; i++)
        add_topic(&bytes, "topic");
    add_long(&bytes, 0);
    finish_announcement(&bytes);
    CHECK_INT(wire_decode(buffer_text(&bytes), &arena, NULL, &record, NULL), STATUS_TOO_LARGE);
    REQUIRE(wire_decode(buffer_text(&bytes), &arena, &limits, &record, NULL) == STATUS_OK);
    CHECK_INT(((struct announcement *)record.record)->topics_count, MANY);
    arena_finish(&arena);
    buffer_finish(&bytes);
}

// A former form of announcement_topic: `colour` and `history` have gone since, `weight` was an int
// where it is a long now, and what else there is today was not there yet.
static const struct wire_field old_history_fields[] = {
    {.name = {"at", 2}, .type = WIRE_LONG, .is_gone = true},
    {.name = {"tags", 4}, .type = WIRE_LABELS, .is_gone = true},
};
static const struct wire_table old_history = {
    .name = {"old_history", 11}, .fields = old_history_fields, .count = 2, .bytes_min = 2};
static const struct wire_field old_fields[] = {
    {.name = {"colour", 6}, .type = WIRE_STRING, .is_gone = true},
    {.name = {"weight", 6},
     .type = WIRE_INT,
     .offset = offsetof(struct announcement_topic, weight)},
    {.name = {"history", 7}, .type = WIRE_RECORDS, .is_gone = true, .table = &old_history},
    {.name = {"name", 4}, .type = WIRE_STRING, .offset = offsetof(struct announcement_topic, name)},
    {.name = {"words", 5}, .type = WIRE_STRINGS, .is_gone = true},
    {.name = {"once", 4}, .type = WIRE_RECORD, .is_gone = true, .table = &old_history},
};

static void former_schema_fills_what_is_new_and_drops_what_is_gone(void)
{
    struct wire_table old = {.name = {"old", 3},
                             .fields = old_fields,
                             .count = 6,
                             .size = sizeof(struct announcement_topic),
                             .bytes_min = 6,
                             .newer = wire_current[RECORD_ANNOUNCEMENT].table->fields[4].table};
    struct announcement_topic topic = {0};
    struct buffer body = {0};
    struct arena arena = {0};
    struct decoder decoder;

    add_string(&body, "blue");
    add_long(&body, 5);
    add_long(&body, 2); // two of history
    add_long(&body, 100);
    add_long(&body, 0);
    add_long(&body, 200);
    add_long(&body, 1);
    add_string(&body, "k");
    add_string(&body, "v");
    add_long(&body, 0);
    add_long(&body, 0); // end of history
    add_string(&body, "t1");
    add_long(&body, 1);
    add_string(&body, "word");
    add_long(&body, 0);
    add_long(&body, 300); // once
    add_long(&body, 0);
    REQUIRE(decoder_init(&decoder, buffer_text(&body), &arena, NULL, NULL) == STATUS_OK);
    CHECK_INT(decoder_avro_body(&decoder, &old, buffer_text(&body), &topic), STATUS_OK);
    CHECK(text_equals(topic.name, "t1"));
    CHECK_INT(topic.weight, 5);
    CHECK_INT(topic.partitions, 0);
    CHECK_INT(topic.labels_count, 0);
    arena_finish(&arena);
    buffer_finish(&body);
}

// As above, when a topic was but a name.
static void former_schema_gives_today_its_defaults(void)
{
    struct wire_table old = {.name = {"old", 3},
                             .fields = &old_fields[3],
                             .count = 1,
                             .size = sizeof(struct announcement_topic),
                             .bytes_min = 1,
                             .newer = wire_current[RECORD_ANNOUNCEMENT].table->fields[4].table};
    struct announcement_topic topic = {0};
    struct arena arena = {0};
    struct decoder decoder;

    REQUIRE(decoder_init(&decoder, TEXT_LITERAL("\4t1"), &arena, NULL, NULL) == STATUS_OK);
    CHECK_INT(decoder_avro_body(&decoder, &old, TEXT_LITERAL("\4t1"), &topic), STATUS_OK);
    CHECK(text_equals(topic.name, "t1"));
    CHECK_INT(topic.weight, 1);
    CHECK_INT(topic.split, false);
}

static void kind_is_known_from_the_header(void)
{
    struct buffer bytes = {0};
    enum record_kind kind = RECORD_BEAT;

    begin(&bytes, RECORD_DEATH);
    CHECK(wire_kind(buffer_text(&bytes), &kind));
    CHECK_INT(kind, RECORD_DEATH);
    CHECK(!wire_kind((struct text){bytes.data, 9}, &kind));
    bytes.data[5] ^= 1;
    CHECK(!wire_kind(buffer_text(&bytes), &kind));
    CHECK(!wire_kind((struct text){0}, &kind));
    CHECK(!wire_kind(TEXT_LITERAL("{\"agent\":\"a\"}"), &kind));
    buffer_finish(&bytes);
}

static const struct test tests[] = {
    TEST(every_kind_comes_back_as_it_went),
    TEST(record_cut_anywhere_is_refused),
    TEST(changed_bytes_never_do_harm),
    TEST(other_beginnings_are_refused),
    TEST(lengths_are_not_believed),
    TEST(counts_are_not_believed),
    TEST(blocks_may_be_many_and_say_their_size),
    TEST(block_of_another_size_is_refused),
    TEST(place_is_named_down_to_the_item),
    TEST(strings_are_utf8_without_zero_bytes),
    TEST(labels_hold_each_key_once),
    TEST(items_are_limited),
    TEST(a_hundred_thousand_topics_are_read),
    TEST(former_schema_fills_what_is_new_and_drops_what_is_gone),
    TEST(former_schema_gives_today_its_defaults),
    TEST(kind_is_known_from_the_header),
};

TEST_MAIN("wire/avro", tests)
