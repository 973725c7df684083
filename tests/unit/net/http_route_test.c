// SPDX-License-Identifier: Apache-2.0
//
// Routing and decoding.
#include "net/http_route.h"

#include <string.h>

#include "base/memory.h"
#include "test.h"

static const struct http_route routes[] = {
    {HTTP_GET, "/", 1, ""},
    {HTTP_GET, "/units/first", 2, ""},
    {HTTP_GET, "/units/{unit}", 3, ""},
    {HTTP_POST, "/units/{unit}/{verb}", 4, ""},
    {HTTP_POST, "/units/{unit}", 5, ""},
};
static const struct http_table table = {routes, sizeof(routes) / sizeof(routes[0])};

// The id of the route, or the negative status.
static int find(enum http_method method, const char *path, struct arena *arena,
                struct http_call *ret_call)
{
    *ret_call = (struct http_call){0};
    enum status status = http_table_find(&table, method, text_of(path), arena, ret_call);
    return status ? -(int)status : ret_call->route;
}

static void the_first_row_that_fits_is_taken(void)
{
    static const struct {
        enum http_method method;
        const char *path;
        int expected;
    } rows[] = {
        {HTTP_GET, "/", 1},
        {HTTP_GET, "", -STATUS_NOT_FOUND},
        {HTTP_GET, "//", -STATUS_NOT_FOUND},
        {HTTP_GET, "/units", -STATUS_NOT_FOUND},
        {HTTP_GET, "/units/", -STATUS_NOT_FOUND},
        {HTTP_GET, "/units/first", 2},
        {HTTP_GET, "/units/firs", 3},
        {HTTP_POST, "/units/first", 5},
        {HTTP_POST, "/units/a/b", 4},
        {HTTP_GET, "/units/a/b", -STATUS_DENIED},
        {HTTP_POST, "/", -STATUS_DENIED},
        {HTTP_POST, "/units/a/b/", -STATUS_NOT_FOUND},
        {HTTP_POST, "/units/a/b/c", -STATUS_NOT_FOUND},
        {HTTP_GET, "units/a", -STATUS_NOT_FOUND},
        {HTTP_GET, "/units/%4", -STATUS_INVALID},
        {HTTP_GET, "/units/%", -STATUS_INVALID},
        {HTTP_GET, "/units/%g0", -STATUS_INVALID},
        {HTTP_GET, "/units/%00", -STATUS_INVALID},
    };
    struct arena arena = {0};
    struct http_call call;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK_INT(find(rows[i].method, rows[i].path, &arena, &call), rows[i].expected);
    arena_finish(&arena);
}

static void captures_are_decoded_after_the_split(void)
{
    struct arena arena = {0};
    struct http_call call;
    CHECK_INT(find(HTTP_POST, "/units/west:a%2f3/%C3%bc+", &arena, &call), 4);
    CHECK_INT(call.capture_count, 2);
    CHECK(text_equals(call.captures[0], "west:a/3"));
    CHECK(text_equals(call.captures[1], "\xc3\xbc+"));
    CHECK(text_equals(call.path, "/units/west:a%2f3/%C3%bc+"));
    arena_finish(&arena);
}

static void methods_of_a_path_are_known(void)
{
    CHECK_INT(http_table_methods(&table, text_of("/units/a")), 3);
    CHECK_INT(http_table_methods(&table, text_of("/")), 1);
    CHECK_INT(http_table_methods(&table, text_of("/x")), 0);
}

static void wrong_patterns_are_found(void)
{
    static const char *const wrong[] = {"",    "a",   "/{a}b", "/a{b}",
                                        "/{a", "/a}", "/{}",   "/{a}/{b}/{c}/{d}/{e}"};
    CHECK(http_table_check(&table));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct http_route route = {HTTP_GET, wrong[i], 0, ""};
        CHECK(!http_table_check(&(struct http_table){&route, 1}));
    }
}

static void a_query_is_split_and_decoded(void)
{
    struct arena arena = {0};
    struct http_call call = {0};
    CHECK_INT(http_query_parse(text_of("limit=10&q=a%26b+c&limit=11&x"), &arena, &call), STATUS_OK);
    CHECK_INT(call.parameter_count, 4);
    CHECK(text_equals(*http_call_parameter(&call, "q"), "a&b c"));
    CHECK(text_equals(*http_call_parameter(&call, "limit"), "10"));
    CHECK(text_equals(*http_call_parameter(&call, "x"), ""));
    CHECK(http_call_parameter(&call, "y") == NULL);
    CHECK_INT(http_query_parse(text_of(""), &arena, &call), STATUS_OK);
    CHECK_INT(call.parameter_count, 0);
    CHECK_INT(http_query_parse(text_of("&&"), &arena, &call), STATUS_OK);
    CHECK_INT(call.parameter_count, 0);
    CHECK_INT(http_query_parse(text_of("a=%"), &arena, &call), STATUS_INVALID);
    CHECK_INT(http_query_parse(text_of("%1=a"), &arena, &call), STATUS_INVALID);
    arena_finish(&arena);
}

static void parameters_have_a_limit(void)
{
    struct arena arena = {0};
    struct http_call call = {0};
    struct buffer query = {0};
    for (int i = 0; i < HTTP_PARAMETERS_MAX; i++)
        buffer_print(&query, "a%d=%d&", i, i);
    CHECK_INT(http_query_parse(buffer_text(&query), &arena, &call), STATUS_OK);
    buffer_add_string(&query, "z");
    CHECK_INT(http_query_parse(buffer_text(&query), &arena, &call), STATUS_TOO_LARGE);
    buffer_finish(&query);
    arena_finish(&arena);
}

static void numbers_are_checked_against_their_range(void)
{
    struct arena arena = {0};
    struct http_call call = {0};
    int64_t value = 7;
    CHECK_INT(http_query_parse(text_of("a=100&b=x&c="), &arena, &call), STATUS_OK);
    CHECK_INT(http_call_int64(&call, "absent", 1, 9, &value), STATUS_OK);
    CHECK_INT(value, 7);
    CHECK_INT(http_call_int64(&call, "a", 1, 99, &value), STATUS_INVALID);
    CHECK_INT(http_call_int64(&call, "a", 101, 999, &value), STATUS_INVALID);
    CHECK_INT(http_call_int64(&call, "b", 1, 99, &value), STATUS_INVALID);
    CHECK_INT(http_call_int64(&call, "c", 0, 99, &value), STATUS_INVALID);
    CHECK_INT(value, 7);
    CHECK_INT(http_call_int64(&call, "a", 1, 100, &value), STATUS_OK);
    CHECK_INT(value, 100);
    arena_finish(&arena);
}

static const struct test tests[] = {
    TEST(the_first_row_that_fits_is_taken),
    TEST(captures_are_decoded_after_the_split),
    TEST(methods_of_a_path_are_known),
    TEST(wrong_patterns_are_found),
    TEST(a_query_is_split_and_decoded),
    TEST(parameters_have_a_limit),
    TEST(numbers_are_checked_against_their_range),
};
TEST_MAIN("net/http_route", tests)
