// SPDX-License-Identifier: Apache-2.0
//
// The front door tells the encodings apart.
#include "samples.h"
#include "test.h"
#include "wire/wire.h"

static void json_and_avro_are_told_apart(void)
{
    static const char json[] = "\r\n\t {\"agent\":\"a\",\"topics\":[]}";
    struct announcement sent = {.agent = TEXT_LITERAL("a"), .mode = TEXT_LITERAL("set")};
    struct buffer bytes = {0};
    struct buffer why = {0};
    struct arena arena = {0};
    struct wire_record record = {0};

    wire_encode_avro(RECORD_ANNOUNCEMENT, &sent, &bytes);
    struct wire_input inputs[] = {{RECORD_ANNOUNCEMENT, text_of(json)},
                                  {RECORD_ANNOUNCEMENT, buffer_text(&bytes)}};
    for (int i = 0; i < 2; i++) {
        CHECK_INT(wire_decode_input(inputs[i], &arena, NULL, &record, &why), STATUS_OK);
        CHECK_TEXT(buffer_string(&why), "");
        CHECK_INT(record.kind, RECORD_ANNOUNCEMENT);
        CHECK(text_equals(((struct announcement *)record.record)->agent, "a"));
    }
    arena_finish(&arena);
    buffer_finish(&why);
    buffer_finish(&bytes);
}

// CB-22: what an agent says of itself and of a topic is the same after both encodings.
static void announcement_survives_both_encodings(void)
{
    static const char said[] =
        "{\"pool\":\"edge\",\"agent\":\"vm-7\",\"source\":\"\",\"mode\":\"set\",\"topics\":[{"
        "\"name\":\"ns1.mcis2.vm-7\",\"cluster\":\"\",\"partitions\":3,\"split\":true,\"weight\":"
        "250,"
        "\"labels\":{\"format\":\"influx\"}}],\"labels\":{\"address\":\"10.0.0.7:8888\","
        "\"group\":\"mcis2\",\"ns\":\"ns1\",\"provider\":\"aws\",\"service_type\":\"MCIS\"},"
        "\"ttl_ms\":60000,\"id\":\"7f\",\"sent_at_ms\":1764345600000}";
    struct arena arena = {0};
    struct buffer avro = {0}, json = {0}, why = {0};
    struct wire_record record = {0};
    struct wire_input input = {RECORD_ANNOUNCEMENT, text_of(said)};
    REQUIRE(wire_decode_input(input, &arena, NULL, &record, &why) == STATUS_OK);
    wire_encode_avro(RECORD_ANNOUNCEMENT, record.record, &avro);
    input.bytes = buffer_text(&avro);
    REQUIRE(wire_decode_input(input, &arena, NULL, &record, &why) == STATUS_OK);
    wire_encode_json(RECORD_ANNOUNCEMENT, record.record, &json);
    CHECK_TEXT(buffer_string(&json), said);
    arena_finish(&arena);
    buffer_finish(&avro);
    buffer_finish(&json);
    buffer_finish(&why);
}

static void other_beginnings_are_refused_with_a_reason(void)
{
    static const struct {
        struct text bytes;
        enum status status;
        const char *why;
    } rows[] = {
        {{NULL, 0}, STATUS_INVALID, "the record has no value"},
        {{"", 0}, STATUS_INVALID, "the record is empty"},
        {{" \n", 2}, STATUS_INVALID, "the record is empty"},
        {{"\0\0\0\0\1x", 6},
         STATUS_UNSUPPORTED,
         "the record is framed for a schema registry (first byte 00), which is not supported: "
         "send JSON or Avro single-object"},
        {{"\xef\xbb\xbf{}", 5},
         STATUS_INVALID,
         "the record does not begin with '{': is there a byte order mark before it?"},
        {{"\xc3\x02", 2},
         STATUS_INVALID,
         "the record is not Avro single-object: it does not begin with C3 01"},
        {{"\xc3", 1},
         STATUS_INVALID,
         "the record is not Avro single-object: it does not begin with C3 01"},
        {{"t1", 2},
         STATUS_INVALID,
         "the record is neither JSON (first byte '{') nor Avro single-object (C3 01): its first "
         "byte is 74"},
        {{"Obj\1", 4},
         STATUS_INVALID,
         "the record is neither JSON (first byte '{') nor Avro single-object (C3 01): its first "
         "byte is 4F"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer why = {0};
        enum status status;
        refusal_of_input(RECORD_ANNOUNCEMENT, rows[i].bytes, &why, &status);
        CHECK_INT(status, rows[i].status);
        CHECK_TEXT(buffer_string(&why), rows[i].why);
        buffer_finish(&why);
    }
}

static void another_kind_is_refused(void)
{
    struct marker marker = {1, 2};
    struct buffer bytes = {0};
    struct buffer why = {0};
    enum status status;

    wire_encode_avro(RECORD_MARKER, &marker, &bytes);
    refusal_of_input(RECORD_ANNOUNCEMENT, buffer_text(&bytes), &why, &status);
    CHECK_INT(status, STATUS_INVALID);
    CHECK_TEXT(buffer_string(&why), "the record is of kind 'marker', not 'announcement'");
    buffer_finish(&bytes);
    buffer_finish(&why);
}

static void limits_hold_at_the_door(void)
{
    struct arena arena = {0};
    struct wire_record record;
    struct buffer why = {0};
    struct wire_limits limits = {8, 1};
    struct wire_input input = {RECORD_ANNOUNCEMENT, TEXT_LITERAL("         ")};

    CHECK_INT(wire_decode_input(input, &arena, &limits, &record, &why), STATUS_TOO_LARGE);
    CHECK_TEXT(buffer_string(&why), "the record has 9 bytes, the limit is 8");
    buffer_finish(&why);
}

static void kinds_have_the_names_of_their_schemas(void)
{
    CHECK(text_equals(wire_kind_name(RECORD_ANNOUNCEMENT), "announcement"));
    CHECK(text_equals(wire_kind_name(RECORD_STATE_UNIT), "state_unit"));
}

static const struct test tests[] = {
    TEST(json_and_avro_are_told_apart),
    TEST(announcement_survives_both_encodings),
    TEST(other_beginnings_are_refused_with_a_reason),
    TEST(another_kind_is_refused),
    TEST(limits_hold_at_the_door),
    TEST(kinds_have_the_names_of_their_schemas),
};

TEST_MAIN("wire/input", tests)
