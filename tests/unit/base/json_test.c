// SPDX-License-Identifier: Apache-2.0
//
// The JSON writer: shape, escaping, numbers, and that wrong nesting ends the process.
#include "base/json.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static void nested_values_get_their_commas(void)
{
    struct buffer out = {0};
    struct json json;
    json_begin(&json, &out);
    json_object_begin(&json);
    json_member_int64(&json, "a", 1);
    json_key(&json, "b");
    json_array_begin(&json);
    json_array_begin(&json);
    json_array_end(&json);
    json_object_begin(&json);
    json_object_end(&json);
    json_bool(&json, true);
    json_null(&json);
    json_array_end(&json);
    json_member_bool(&json, "c", false);
    json_member_null(&json, "d");
    json_object_end(&json);
    json_end(&json);
    CHECK_TEXT(buffer_string(&out), "{\"a\":1,\"b\":[[],{},true,null],\"c\":false,\"d\":null}");
    buffer_finish(&out);
}

static void a_document_may_be_one_scalar_behind_other_bytes(void)
{
    struct buffer out = {0};
    struct json json;
    buffer_add_string(&out, "x ");
    json_begin(&json, &out);
    json_string(&json, "y");
    json_end(&json);
    CHECK_TEXT(buffer_string(&out), "x \"y\"");
    buffer_finish(&out);
}

// What the writer makes of a string, compared with the expected JSON.
static void check_quoted(struct text text, const char *expected)
{
    struct buffer out = {0};
    struct json json;
    json_begin(&json, &out);
    json_text(&json, text);
    json_end(&json);
    CHECK_TEXT(buffer_string(&out), expected);
    buffer_finish(&out);
}

static void strings_are_escaped(void)
{
    check_quoted(text_of(""), "\"\"");
    check_quoted(text_of("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
    check_quoted(text_of("\n\r\t\b\x1f\x7f"), "\"\\n\\r\\t\\u0008\\u001f\x7f\"");
    check_quoted(TEXT_LITERAL("a\0b"), "\"a\\u0000b\"");
    check_quoted(text_of("gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa7"),
                 "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa7\"");
}

static void bytes_that_are_not_utf8_become_the_replacement_character(void)
{
    check_quoted(text_of("a\xff"), "\"a\xef\xbf\xbd\"");
    check_quoted(text_of("\xc3"), "\"\xef\xbf\xbd\"");
    check_quoted(text_of("\xc3(\xc0\x80"), "\"\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\"");
    check_quoted(text_of("\xed\xa0\x80z"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"");
}

static void keys_are_escaped_too(void)
{
    struct buffer out = {0};
    struct json json;
    json_begin(&json, &out);
    json_object_begin(&json);
    json_key_text(&json, text_of("a\"\xff"));
    json_string(&json, NULL);
    json_member_string(&json, "k", "v");
    json_member_text(&json, "t", text_of("w"));
    json_object_end(&json);
    json_end(&json);
    CHECK_TEXT(buffer_string(&out), "{\"a\\\"\xef\xbf\xbd\":null,\"k\":\"v\",\"t\":\"w\"}");
    buffer_finish(&out);
}

static void numbers_keep_all_their_digits(void)
{
    static const int64_t spans_us[] = {0, 1, -1, 1500000, -2000000, -2500000, INT64_MAX, INT64_MIN};
    struct buffer out = {0};
    struct json json;
    json_begin(&json, &out);
    json_array_begin(&json);
    json_int64(&json, INT64_MIN);
    json_int64(&json, INT64_MAX);
    for (size_t i = 0; i < sizeof(spans_us) / sizeof(spans_us[0]); i++)
        json_seconds(&json, (struct span){spans_us[i]});
    json_raw(&json, text_of("1e3"));
    json_array_end(&json);
    json_end(&json);
    CHECK_TEXT(buffer_string(&out),
               "[-9223372036854775808,9223372036854775807,0,0.000001,-0.000001,1.5,-2,-2.5,"
               "9223372036854.775807,-9223372036854.775808,1e3]");
    buffer_finish(&out);
}

static void value_without_key(struct json *json)
{
    json_object_begin(json);
    json_int64(json, 1);
}

static void key_in_array(struct json *json)
{
    json_array_begin(json);
    json_key(json, "a");
}

static void key_after_key(struct json *json)
{
    json_object_begin(json);
    json_key(json, "a");
    json_key(json, "b");
}

static void key_without_value(struct json *json)
{
    json_object_begin(json);
    json_key(json, "a");
    json_object_end(json);
}

static void wrong_end(struct json *json)
{
    json_object_begin(json);
    json_array_end(json);
}

static void end_too_often(struct json *json)
{
    json_array_begin(json);
    json_array_end(json);
    json_array_end(json);
}

static void second_value(struct json *json)
{
    json_null(json);
    json_null(json);
}

static void unfinished(struct json *json)
{
    json_object_begin(json);
    json_end(json);
}

static void too_deep(struct json *json)
{
    for (int i = 0; i <= JSON_DEPTH_MAX; i++)
        json_array_begin(json);
}

static int signal_of(void (*misuse)(struct json *json))
{
    pid_t child = fork();
    if (child == 0) {
        struct buffer out = {0};
        struct json json;
        setrlimit(RLIMIT_CORE, &(struct rlimit){0});
        close(STDERR_FILENO);
        json_begin(&json, &out);
        misuse(&json);
        _exit(0);
    }
    int outcome = 0;
    REQUIRE(waitpid(child, &outcome, 0) == child);
    return WIFSIGNALED(outcome) ? WTERMSIG(outcome) : 0;
}

static void wrong_nesting_ends_the_process(void)
{
    static void (*const misuses[])(struct json *) = {
        value_without_key, key_in_array, key_after_key, key_without_value, wrong_end,
        end_too_often,     second_value, unfinished,    too_deep,
    };
    for (size_t i = 0; i < sizeof(misuses) / sizeof(misuses[0]); i++)
        CHECK_INT(signal_of(misuses[i]), 6);
}

static void the_greatest_depth_works(void)
{
    struct buffer out = {0};
    struct json json;
    json_begin(&json, &out);
    for (int i = 0; i < JSON_DEPTH_MAX; i++) {
        if (i % 2) {
            json_object_begin(&json);
            json_key(&json, "k");
        } else {
            json_array_begin(&json);
        }
    }
    json_int64(&json, 1);
    for (int i = JSON_DEPTH_MAX; i-- > 0;) {
        if (i % 2)
            json_object_end(&json);
        else
            json_array_end(&json);
    }
    json_end(&json);
    CHECK_INT(out.size, JSON_DEPTH_MAX / 2 * (2 + 6) + 1);
    buffer_finish(&out);
}

static const struct test tests[] = {
    TEST(nested_values_get_their_commas),
    TEST(a_document_may_be_one_scalar_behind_other_bytes),
    TEST(strings_are_escaped),
    TEST(bytes_that_are_not_utf8_become_the_replacement_character),
    TEST(keys_are_escaped_too),
    TEST(numbers_keep_all_their_digits),
    TEST(wrong_nesting_ends_the_process),
    TEST(the_greatest_depth_works),
};
TEST_MAIN("base/json", tests)
