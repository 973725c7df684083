// SPDX-License-Identifier: Apache-2.0
//
// Reading JSON: what the one line of kcat may say, and every trap that lax readers fall into.
#include <string.h>

#include "base/memory.h"
#include "samples.h"
#include "test.h"
#include "wire/wire.h"

static const struct announcement *announcement_of(const char *json, struct arena *arena,
                                                  struct wire_record *ret_record)
{
    struct buffer why = {0};
    struct wire_input input = {RECORD_ANNOUNCEMENT, text_of(json)};

    enum status status = wire_decode_json(input, arena, NULL, ret_record, &why);
    CHECK_TEXT(buffer_string(&why), "");
    buffer_finish(&why);
    REQUIRE(status == STATUS_OK);
    CHECK_INT(ret_record->kind, RECORD_ANNOUNCEMENT);
    return ret_record->record;
}

static void check_refused(const char *json, enum status expected_status, const char *expected)
{
    struct buffer why = {0};
    struct arena arena = {0};
    struct wire_record record;
    size_t size = strlen(json);
    // An exact copy without a terminator, so that the address sanitizer sees a read past its end.
    char *copy = memory_copy(json, size);

    struct wire_input input = {RECORD_ANNOUNCEMENT, {copy, size}};
    CHECK_INT(wire_decode_json(input, &arena, NULL, &record, &why), expected_status);
    CHECK_TEXT(buffer_string(&why), expected);
    memory_release(copy);
    arena_finish(&arena);
    buffer_finish(&why);
}

static void shortest_announcement_has_all_defaults(void)
{
    struct arena arena = {0};
    struct wire_record record;
    const struct announcement *announcement =
        announcement_of("{\"agent\":\"a1\",\"topics\":[{\"name\":\"t1\"}]}", &arena, &record);

    CHECK(text_equals(announcement->agent, "a1"));
    CHECK(text_equals(announcement->mode, "set"));
    CHECK_INT(announcement->pool.size, 0);
    CHECK_INT(announcement->ttl_ms, 0);
    REQUIRE(announcement->topics_count == 1);
    CHECK(text_equals(announcement->topics[0].name, "t1"));
    CHECK_INT(announcement->topics[0].weight, 1);
    CHECK_INT(announcement->topics[0].split, false);
    CHECK_INT(announcement->topics[0].labels_count, 0);
    CHECK_INT(record.unknown_fields, 0);
    arena_finish(&arena);
}

static void everything_may_be_said_in_any_order(void)
{
    struct arena arena = {0};
    struct wire_record record;
    const struct announcement *announcement = announcement_of(
        " { \"sent_at_ms\" : 1726000000000001 , \"topics\":[{\"labels\":{\"z\":\"1\",\"a\":\"\"},"
        "\"split\":true,\"weight\":9007199254740993,\"partitions\":2147483647,\"name\":\"t\"},"
        "{\"name\":\"\\u0074\\u0032\",\"cluster\":\"c\"}],\"labels\":{},\"mode\":\"add\","
        "\"agent\":\"a\",\"id\":\"\\ud83d\\ude00\",\"ttl_ms\":-9223372036854775808}\n",
        &arena, &record);

    CHECK_INT(announcement->sent_at_ms, 1726000000000001);
    CHECK_INT(announcement->ttl_ms, INT64_MIN);
    CHECK(text_equals(announcement->id, "\xf0\x9f\x98\x80"));
    REQUIRE(announcement->topics_count == 2);
    const struct announcement_topic *topics = announcement->topics;
    CHECK_INT(topics[0].weight, 9007199254740993);
    CHECK_INT(topics[0].partitions, 2147483647);
    CHECK(topics[0].split);
    REQUIRE(topics[0].labels_count == 2);
    CHECK(text_equals(topics[0].labels[0].key, "z"));
    CHECK(text_equals(topics[0].labels[1].key, "a"));
    CHECK(text_equals(topics[1].name, "t2"));
    CHECK(text_equals(topics[1].cluster, "c"));
    arena_finish(&arena);
}

static void unknown_fields_are_counted(void)
{
    struct arena arena = {0};
    struct wire_record record;
    const struct announcement *announcement =
        announcement_of("{\"colour\":{\"deep\":[1,{\"x\":null}]},\"agent\":\"a\",\"colour\":1.5e3,"
                        "\"topics\":[{\"name\":\"t\",\"note\":[]}]}",
                        &arena, &record);

    CHECK_INT(record.unknown_fields, 3);
    CHECK_INT(announcement->topics_count, 1);
    arena_finish(&arena);
}

static void wrong_types_are_refused_by_name(void)
{
    static const struct {
        const char *json, *why;
    } rows[] = {
        {"{\"agent\":7}", "'agent' is not a string"},
        {"{\"agent\":[\"a\"]}", "'agent' is not a string"},
        {"{\"agent\":null}", "'agent' is null, a field without a value is left out"},
        {"{\"agent\":\"a\",\"topics\":{}}", "'topics' is not an array"},
        {"{\"agent\":\"a\",\"topics\":null}",
         "'topics' is null, a field without a value is left out"},
        {"{\"agent\":\"a\",\"topics\":[\"t\"]}", "'topics[0]' is not an object"},
        {"{\"agent\":\"a\",\"labels\":[]}", "'labels' is not an object"},
        {"{\"agent\":\"a\",\"labels\":{\"k\":1}}", "'labels[0]' is not a string"},
        {"{\"agent\":\"a\",\"ttl_ms\":\"5\"}", "'ttl_ms' is not a whole number"},
        {"{\"agent\":\"a\",\"ttl_ms\":true}", "'ttl_ms' is not a whole number"},
        {"{\"agent\":\"a\",\"ttl_ms\":1.0}", "'ttl_ms' is not a whole number"},
        {"{\"agent\":\"a\",\"ttl_ms\":1e3}", "'ttl_ms' is not a whole number"},
        {"{\"agent\":\"a\",\"ttl_ms\":Infinity}", "'ttl_ms' is not a whole number"},
        {"{\"agent\":\"a\",\"ttl_ms\":9223372036854775808}",
         "'ttl_ms' is a number of more than 64 bits"},
        {"{\"agent\":\"a\",\"topics\":[{\"name\":\"t\"},{\"weight\":NaN}]}",
         "'topics[1].weight' is not a whole number"},
        {"{\"agent\":\"a\",\"topics\":[{\"partitions\":2147483648}]}",
         "'topics[0].partitions' is a number of more than 32 bits"},
        {"{\"agent\":\"a\",\"topics\":[{\"split\":1}]}", "'topics[0].split' is not true or false"},
        {"{\"agent\":\"a\",\"topics\":[{\"split\":\"true\"}]}",
         "'topics[0].split' is not true or false"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_refused(rows[i].json, STATUS_INVALID, rows[i].why);
}

static void missing_and_doubled_fields_are_refused(void)
{
    check_refused("{}", STATUS_INVALID, "'agent' is missing");
    check_refused("{\"topics\":[]}", STATUS_INVALID, "'agent' is missing");
    check_refused("{\"agent\":\"a\",\"topics\":[{\"name\":\"t\"},{}]}", STATUS_INVALID,
                  "'topics[1].name' is missing");
    check_refused("{\"agent\":\"a\",\"agent\":\"a\"}", STATUS_INVALID, "'agent' is there twice");
    check_refused("{\"agent\":\"a\",\"\\u0061gent\":\"b\"}", STATUS_INVALID,
                  "'agent' is there twice");
    check_refused("{\"agent\":\"a\",\"topics\":[{\"name\":\"t\",\"name\":\"u\"}]}", STATUS_INVALID,
                  "'topics[0].name' is there twice");
    check_refused("{\"agent\":\"a\",\"labels\":{\"k\":\"1\",\"k\":\"2\"}}", STATUS_INVALID,
                  "'labels' has the key 'k' twice");
}

// Ignoring "Topics" would leave an empty set: a goodbye that nobody meant.
static void field_of_another_case_is_refused(void)
{
    check_refused("{\"agent\":\"a\",\"Topics\":[]}", STATUS_INVALID,
                  "'topics' is written 'Topics' here");
    check_refused("{\"AGENT\":\"a\"}", STATUS_INVALID, "'agent' is written 'AGENT' here");
    check_refused("{\"agent\":\"a\",\"topics\":[{\"Name\":\"t\"}]}", STATUS_INVALID,
                  "'topics[0].name' is written 'Name' here");
}

static void what_is_not_json_is_refused_with_its_place(void)
{
    static const struct {
        const char *json, *why;
    } rows[] = {
        {"", "the record is not an object"},
        {"[]", "the record is not an object"},
        {"null", "the record is not an object"},
        {"{", "the record is not JSON: '\"' is missing at byte 1"},
        {"{\"agent\"", "the record is not JSON: ':' is missing at byte 8"},
        {"{\"agent\":\"a\"", "the record is not JSON: ',' or '}' is missing at byte 12"},
        {"{\"agent\":\"a\",}", "the record is not JSON: '\"' is missing at byte 13"},
        {"{\"agent\":\"a\",\"topics\":[]}x",
         "the record is not JSON: something follows the object at byte 25"},
        {"{\"agent\":\"a\",\"topics\":[]} {}",
         "the record is not JSON: something follows the object at byte 26"},
        {"{\"agent\":\"a\n\"}",
         "the record is not JSON: a control character in a string at byte 11"},
        {"{\"agent\":\"\\u0000\"}",
         "the record is not JSON: a \\u escape that is no character at byte 10"},
        {"{\"agent\":\"\xff\"}", "the record is not JSON: a string that is not UTF-8 at byte 12"},
        {"{\"agent\":\"a\",\"ttl_ms\":01}",
         "the record is not JSON: a number begins with zero at byte 24"},
        {"{\"agent\":\"a\",\"ttl_ms\":5x}",
         "the record is not JSON: ',' or '}' is missing at byte 23"},
        {"{\"agent\":\"a\",\"topics\":[{\"split\":trux}]}",
         "the record is not JSON: a value is missing at byte 32"},
        {"{\"agent\":\"a\",\"topics\":[{\"name\":\"t\"}",
         "the record is not JSON: ',' or a closing bracket is missing at byte 35"},
        {"{\"agent\":\"a\",\"x\":[1,]}", "the record is not JSON: a value is missing at byte 20"},
        {"{'agent':'a'}", "the record is not JSON: '\"' is missing at byte 1"},
        {"{\"agent\":\"a\"/**/}", "the record is not JSON: ',' or '}' is missing at byte 12"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_refused(rows[i].json, STATUS_INVALID, rows[i].why);
}

static void zero_byte_after_the_object_is_refused(void)
{
    struct arena arena = {0};
    struct wire_record record;
    struct wire_input input = {RECORD_ANNOUNCEMENT, {"{\"agent\":\"a\",\"topics\":[]}\0", 26}};

    CHECK_INT(wire_decode_json(input, &arena, NULL, &record, NULL), STATUS_INVALID);
    arena_finish(&arena);
}

static void depth_of_ignored_values_is_limited(void)
{
    struct buffer json = {0};

    buffer_add_string(&json, "{\"agent\":\"a\",\"x\":");
    for (int i = 0; i < 100000; i++)
        buffer_add_char(&json, '[');
    check_refused(buffer_string(&json), STATUS_INVALID,
                  "the record is not JSON: it nests too deep at byte 49");
    buffer_finish(&json);
}

// 40,000 items took seconds where each was looked up from the start.
static void many_topics_are_read_up_to_the_limit(void)
{
    struct buffer json = {0};
    struct buffer why = {0};
    struct arena arena = {0};
    struct wire_record record;
    struct wire_limits limits = {(size_t)64 << 20, 100000};

    buffer_add_string(&json, "{\"agent\":\"a\",\"topics\":[{\"name\":\"t0\"}");
    for (int i = 1; i < 100000; i++)
        buffer_print(&json, ",{\"name\":\"t%d\"}", i);
    buffer_add_string(&json, "]}");
    struct wire_input input = {RECORD_ANNOUNCEMENT, buffer_text(&json)};
    REQUIRE(wire_decode_json(input, &arena, &limits, &record, NULL) == STATUS_OK);
    const struct announcement *announcement = record.record;
    CHECK_INT(announcement->topics_count, 100000);
    CHECK(text_equals(announcement->topics[99999].name, "t99999"));
    limits.items_max = 99999;
    CHECK_INT(wire_decode_json(input, &arena, &limits, &record, &why), STATUS_TOO_LARGE);
    CHECK_TEXT(buffer_string(&why),
               "'topics' is too long: a record holds at most 99999 items in all");
    arena_finish(&arena);
    buffer_finish(&why);
    buffer_finish(&json);
}

static void record_of_a_mebibyte_is_the_largest(void)
{
    enum { LIMIT = 1024 * 1024 };
    struct buffer json = {0};
    struct arena arena = {0};
    struct wire_record record;

    buffer_add_string(&json, "{\"agent\":\"a\",\"topics\":[],\"labels\":{\"x\":\"");
    while (json.size < LIMIT - 3)
        buffer_add_char(&json, 'y');
    buffer_add_string(&json, "\"}}");
    struct wire_input input = {RECORD_ANNOUNCEMENT, buffer_text(&json)};
    CHECK_INT(wire_decode_json(input, &arena, NULL, &record, NULL), STATUS_OK);
    arena_finish(&arena);
    buffer_add_char(&json, ' ');
    check_refused(buffer_string(&json), STATUS_TOO_LARGE,
                  "the record has 1048577 bytes, the limit is 1048576");
    buffer_finish(&json);
}

static void record_cut_or_changed_anywhere_does_no_harm(void)
{
    struct dice dice = {21};
    struct buffer text = {0};
    struct buffer why = {0};
    enum status status;

    for (int round = 0; round < 300; round++) {
        struct arena arena = {0};
        enum record_kind kind = (enum record_kind)dice_below(&dice, RECORD_KIND_COUNT);
        buffer_clear(&text);
        wire_encode_json(kind, sample_make(&dice, kind, &arena), &text);
        for (int i = 0; i < 20; i++) {
            struct text cut = {text.data, dice_below(&dice, (uint32_t)text.size)};
            refusal_of_input(kind, cut, &why, &status);
            CHECK_INT(status, STATUS_INVALID);
        }
        for (int i = 0; i < 20; i++) {
            size_t at = dice_below(&dice, (uint32_t)text.size);
            char before = text.data[at];
            text.data[at] = (char)dice_roll(&dice);
            refusal_of_input(kind, buffer_text(&text), &why, &status);
            CHECK((status == STATUS_OK) == (why.size == 0));
            text.data[at] = before;
        }
        arena_finish(&arena);
    }
    buffer_finish(&text);
    buffer_finish(&why);
}

static const struct test tests[] = {
    TEST(shortest_announcement_has_all_defaults),
    TEST(everything_may_be_said_in_any_order),
    TEST(unknown_fields_are_counted),
    TEST(wrong_types_are_refused_by_name),
    TEST(missing_and_doubled_fields_are_refused),
    TEST(field_of_another_case_is_refused),
    TEST(what_is_not_json_is_refused_with_its_place),
    TEST(zero_byte_after_the_object_is_refused),
    TEST(depth_of_ignored_values_is_limited),
    TEST(many_topics_are_read_up_to_the_limit),
    TEST(record_of_a_mebibyte_is_the_largest),
    TEST(record_cut_or_changed_anywhere_does_no_harm),
};

TEST_MAIN("wire/json", tests)
