// SPDX-License-Identifier: Apache-2.0

#include "cli/answer.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static const struct column columns[] = {
    {"NAME", "name", COLUMN_TEXT, false, false, "a text"},
    {"COUNT", "count", COLUMN_INTEGER, false, true, "a number"},
    {"LIVE", "live", COLUMN_BOOLEAN, false, true, "yes or no"},
    {"AGENTS", "agents", COLUMN_LIST, false, true, "texts"},
    {"LABELS", "labels", COLUMN_LABELS, false, true, "names with values"},
    {0},
};

static const struct output_table table = {"muster.test_list/1", columns, false};

struct reading {
    char *text;
    size_t size;
    FILE *stream;
    struct answer answer;
    struct buffer problem;
    enum status status;
};

// Reads a body and gives what a plain list prints of it. Finish it with reading_finish.
static void read_body(struct reading *reading, const char *body, size_t limit)
{
    *reading = (struct reading){0};
    reading->stream = open_memstream(&reading->text, &reading->size);
    REQUIRE(reading->stream != NULL);
    reading->answer.table = &table;
    reading->answer.limit = limit;
    reading->answer.output = output_create(reading->stream, OUTPUT_PLAIN, &table, 0);
    reading->status = answer_read(&reading->answer, text_of(body), &reading->problem);
    CHECK((reading->status == STATUS_OK) == (reading->problem.size == 0));
    CHECK_INT(output_destroy(reading->answer.output), STATUS_OK);
}

static void reading_finish(struct reading *reading)
{
    fclose(reading->stream);
    free(reading->text);
    answer_finish(&reading->answer);
    buffer_finish(&reading->problem);
}

static void check_read(const char *body, const char *expected)
{
    struct reading reading;
    read_body(&reading, body, 0);
    CHECK_INT(reading.status, STATUS_OK);
    CHECK_TEXT(reading.text, expected);
    reading_finish(&reading);
}

static void check_refused(const char *body, const char *expected)
{
    struct reading reading;
    read_body(&reading, body, 0);
    CHECK_INT(reading.status, STATUS_INVALID);
    CHECK_TEXT(buffer_string(&reading.problem), expected);
    reading_finish(&reading);
}

static void items_become_rows(void)
{
    check_read("{\"schema\":\"x\",\"items\":[{\"name\":\"a\",\"count\":9007199254740993,"
               "\"live\":true,\"agents\":[\"p\",\"q\"],\"labels\":{\"zone\":\"a\"}},"
               "{\"live\":false,\"name\":\"b\",\"count\":-1,\"agents\":[],\"labels\":{}}]}",
               "a\t9007199254740993\ttrue\tp,q\tzone=a\nb\t-1\tfalse\t\t\n");
}

static void what_is_not_known_is_null(void)
{
    check_read("{\"items\":[{\"name\":\"a\",\"count\":null}]}", "a\t-\t-\t-\t-\n");
}

static void members_that_the_command_does_not_know_are_skipped(void)
{
    check_read("{\"total\":1,\"new\":{\"a\":[1,2.5,{}]},\"items\":[{\"later\":[[]],\"name\":\"a\","
               "\"x\":1e9}]}",
               "a\t-\t-\t-\t-\n");
}

static void the_next_page_is_remembered(void)
{
    struct reading reading;
    read_body(&reading, "{\"items\":[{\"name\":\"a\"}],\"next\":\"a\\/1\"}", 0);
    CHECK_TEXT(buffer_string(&reading.answer.next), "a/1");
    reading_finish(&reading);
    read_body(&reading, "{\"items\":[],\"next\":null}", 0);
    CHECK_INT(reading.answer.next.size, 0);
    reading_finish(&reading);
}

static void rows_beyond_the_limit_are_only_counted(void)
{
    struct reading reading;
    read_body(&reading, "{\"items\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"}]}", 2);
    CHECK_INT(reading.answer.count, 3);
    CHECK_TEXT(reading.text, "a\t-\t-\t-\t-\nb\t-\t-\t-\t-\n");
    reading_finish(&reading);
}

static void what_is_no_such_answer_is_refused(void)
{
    check_refused("", "it is not a JSON object");
    check_refused("<html>", "it is not a JSON object");
    check_refused("{}", "it lacks 'items'");
    check_refused("{\"items\":{}}", "'items' is not a list");
    check_refused("{\"items\":[1]}", "an item is not a JSON object");
    check_refused("{\"items\":[{}]}", "an item lacks 'name'");
    check_refused("{\"items\":[{\"name\":7}]}", "an item has a wrong value for 'name'");
    check_refused("{\"items\":[{\"name\":null}]}", "an item has a wrong value for 'name'");
    check_refused("{\"items\":[{\"name\":\"a\",\"count\":1.5}]}",
                  "an item has a wrong value for 'count'");
    check_refused("{\"items\":[{\"name\":\"a\",\"count\":99999999999999999999}]}",
                  "an item has a wrong value for 'count'");
    check_refused("{\"items\":[{\"name\":\"a\",\"agents\":[1]}]}",
                  "an item has a wrong value for 'agents'");
    check_refused("{\"items\":[{\"name\":\"a\",\"labels\":[\"a\"]}]}",
                  "an item has a wrong value for 'labels'");
    check_refused("{\"items\":[{\"name\":\"a\"}", "'items' has no end");
    check_refused("{\"items\":[],\"next\":7}", "'next' is not a text");
}

// Cut anywhere, an answer is refused and nothing else happens.
static void an_answer_that_was_cut_is_refused(void)
{
    const char *body =
        "{\"schema\":\"x\",\"items\":[{\"name\":\"a\\u00e9\",\"count\":1,\"live\":true,"
        "\"agents\":[\"p\"],\"labels\":{\"z\":\"a\"}}],\"next\":null}";
    char cut[200];
    for (size_t size = 0; size < strlen(body); size++) {
        struct reading reading;
        snprintf(cut, sizeof(cut), "%.*s", (int)size, body);
        read_body(&reading, cut, 0);
        CHECK_INT(reading.status, STATUS_INVALID);
        reading_finish(&reading);
    }
}

static void a_refusal_has_its_message(void)
{
    struct buffer message = {0};
    CHECK(answer_read_error(
        TEXT_LITERAL("{\"a\":1,\"error\":{\"code\":404,\"message\":\"no topic 'x'\"}}"), &message));
    CHECK_TEXT(buffer_string(&message), "no topic 'x'");
    CHECK(!answer_read_error(TEXT_LITERAL("{\"error\":\"x\"}"), &message));
    CHECK(!answer_read_error(TEXT_LITERAL("<html>"), &message));
    CHECK(!answer_read_error(TEXT_LITERAL("{"), &message));
    CHECK_TEXT(buffer_string(&message), "no topic 'x'");
    buffer_finish(&message);
}

static const struct test tests[] = {
    TEST(items_become_rows),
    TEST(what_is_not_known_is_null),
    TEST(members_that_the_command_does_not_know_are_skipped),
    TEST(the_next_page_is_remembered),
    TEST(rows_beyond_the_limit_are_only_counted),
    TEST(what_is_no_such_answer_is_refused),
    TEST(an_answer_that_was_cut_is_refused),
    TEST(a_refusal_has_its_message),
};

TEST_MAIN("cli/answer", tests)
