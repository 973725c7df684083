// SPDX-License-Identifier: Apache-2.0
//
// Every form of one answer, beside its golden file: tests/golden/output/NAME.FORM.

#include "cli/output.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static const struct column columns[] = {
    {"NAME", "name", COLUMN_TEXT, false, false, "a text"},
    {"COUNT", "count", COLUMN_INTEGER, false, true, "a number"},
    {"LIVE", "is_live", COLUMN_BOOLEAN, false, false, "yes or no"},
    {"SINCE", "since_ms", COLUMN_TIME, true, true, "an instant, ms since 1970"},
    {"AGE", "age_ms", COLUMN_DURATION, false, true, "a span, ms"},
    {"SIZE", "size_bytes", COLUMN_BYTES, true, true, "a size"},
    {"AGENTS", "agents", COLUMN_LIST, true, false, "texts"},
    {"LABELS", "labels", COLUMN_LABELS, true, false, "names with values"},
    {0},
};

static const struct output_table list = {"muster.test_list/1", columns, false};
static const struct output_table card = {"muster.test/1", columns, true};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]) - 1)

struct printed {
    char *text;
    size_t size;
    FILE *stream;
    struct output *output;
};

static void print_begin(struct printed *printed, enum output_form form,
                        const struct output_table *table, unsigned options)
{
    printed->stream = open_memstream(&printed->text, &printed->size);
    REQUIRE(printed->stream != NULL);
    printed->output = output_create(printed->stream, form, table, options);
}

// The text is released by the caller with free.
static char *print_end(struct printed *printed)
{
    CHECK_INT(output_destroy(printed->output), STATUS_OK);
    fclose(printed->stream);
    return printed->text;
}

static void print_usual_rows(struct output *output)
{
    static const struct text agents[] = {{"rack1", 5}, {"rack2", 5}};
    static const struct text labels[] = {{"zone", 4}, {"a", 1}, {"csp", 3}, {"aws", 3}};
    struct value full[COLUMNS] = {
        value_string("cpu0"),         value_integer(1234567), value_boolean(true),
        value_integer(1790000000000), value_integer(65000),   value_integer(1610612736),
        value_items(agents, 2),       value_items(labels, 4),
    };
    struct value empty[COLUMNS] = {
        value_string(""), value_null(), value_boolean(false), value_null(),
        value_null(),     value_null(), value_items(NULL, 0), value_items(NULL, 0),
    };
    struct value hostile[COLUMNS] = {
        value_text(TEXT_LITERAL("a\x1b[2J\"\\\tb\n\xff\xc2\x9b\xc3\xa9\0z")),
        value_integer(-1),
        value_boolean(true),
        value_integer(0),
        value_integer(950),
        value_integer(1023),
        value_items(agents, 1),
        value_items(labels, 2),
    };
    output_row(output, full, COLUMNS);
    output_row(output, empty, COLUMNS);
    output_row(output, hostile, COLUMNS);
}

static void check_golden(const struct output_table *table, const char *name, const char *form_name)
{
    struct printed printed;
    char path[100];
    enum output_form form;
    REQUIRE(output_form_parse(form_name, &form) == STATUS_OK);
    print_begin(&printed, form, table, 0);
    print_usual_rows(printed.output);
    char *text = print_end(&printed);
    snprintf(path, sizeof(path), "golden/output/%s.%s", name, form_name);
    char *expected = test_file_read(path, NULL);
    CHECK_TEXT(text, expected);
    free(expected);
    free(text);
}

static void every_form_of_a_list_is_as_ever(void)
{
    check_golden(&list, "list", "table");
    check_golden(&list, "list", "wide");
    check_golden(&list, "list", "json");
    check_golden(&list, "list", "yaml");
    check_golden(&list, "list", "plain");
    check_golden(&list, "list", "schema");
}

static void every_form_of_a_card_is_as_ever(void)
{
    check_golden(&card, "card", "table");
    check_golden(&card, "card", "json");
}

static void check_nothing(enum output_form form, const char *expected)
{
    struct printed printed;
    print_begin(&printed, form, &list, 0);
    char *text = print_end(&printed);
    CHECK_TEXT(text, expected);
    free(text);
}

static void an_answer_without_items_is_still_an_answer(void)
{
    check_nothing(OUTPUT_TABLE, "NAME  COUNT  LIVE  AGE\n");
    check_nothing(OUTPUT_JSON, "{\"schema\":\"muster.test_list/1\",\"items\":[]}\n");
    check_nothing(OUTPUT_YAML, "schema: \"muster.test_list/1\"\nitems: []\n");
    check_nothing(OUTPUT_PLAIN, "");
}

static void headings_are_bold_only_where_colors_are_wanted(void)
{
    struct printed printed;
    print_begin(&printed, OUTPUT_TABLE, &list, OUTPUT_COLOR);
    char *text = print_end(&printed);
    CHECK_TEXT(text, "\033[1mNAME  COUNT  LIVE  AGE\n\033[0m");
    free(text);
}

// Rows beyond the first thousand go out with the widths that are known, without being kept.
static void long_tables_leave_while_they_are_read(void)
{
    struct printed printed;
    print_begin(&printed, OUTPUT_TABLE, &list, 0);
    struct value row[COLUMNS] = {
        value_string("a"), value_integer(1), value_boolean(true),  value_null(),
        value_null(),      value_null(),     value_items(NULL, 0), value_items(NULL, 0),
    };
    for (int i = 0; i < 1000; i++)
        output_row(printed.output, row, COLUMNS);
    fflush(printed.stream);
    CHECK_INT(printed.size, 1001 * strlen("NAME  COUNT  LIVE  AGE\n"));
    row[0] = value_string("longer than the column");
    output_row(printed.output, row, COLUMNS);
    char *text = print_end(&printed);
    CHECK(strstr(text, "longer than the column      1  yes     -\n") != NULL);
    free(text);
}

static void a_stream_that_takes_nothing_is_a_failure(void)
{
    FILE *full = fopen("/dev/full", "w");
    REQUIRE(full != NULL);
    struct output *output = output_create(full, OUTPUT_JSON, &list, 0);
    CHECK_INT(output_destroy(output), STATUS_FAILED);
    fclose(full);
    CHECK_INT(output_destroy(NULL), STATUS_OK);
}

static void durations_and_sizes_have_two_units_at_most(void)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "0ms"},         {999, "999ms"},   {1000, "1s"},    {59999, "59s"},
        {60000, "1m"},      {65000, "1m5s"},  {3600000, "1h"}, {3665000, "1h1m"},
        {90000000, "1d1h"}, {86400000, "1d"}, {-5, "-5ms"},    {INT64_MAX, "106751991167d7h"},
    };
    static const struct column age[] = {{"AGE", "age_ms", COLUMN_DURATION, false, false, "a span"},
                                        {0}};
    static const struct output_table table = {"muster.age_list/1", age, false};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct printed printed;
        print_begin(&printed, OUTPUT_TABLE, &table, 0);
        struct value value = value_integer(rows[i].ms);
        output_row(printed.output, &value, 1);
        char *text = print_end(&printed);
        const char *line = strchr(text, '\n') + 1;
        while (*line == ' ')
            line++;
        CHECK_INT(strncmp(line, rows[i].text, strlen(rows[i].text)), 0);
        CHECK_INT(line[strlen(rows[i].text)], '\n');
        free(text);
    }
}

static void forms_have_their_words(void)
{
    enum output_form form;
    CHECK_INT(output_form_parse("xml", &form), STATUS_INVALID);
    CHECK_INT(output_form_parse("", &form), STATUS_INVALID);
    REQUIRE(output_form_parse("plain", &form) == STATUS_OK);
    CHECK_INT(form, OUTPUT_PLAIN);
}

static void sequel_stands_behind_the_value_before(void)
{
    static const struct column pair[] = {{"NAME", "name", COLUMN_TEXT, false, false, "a text"},
                                         {"SIZE", "before", COLUMN_INTEGER, false, false, "now"},
                                         {"->", "after", COLUMN_INTEGER, false, true, "then"},
                                         {"AGE", "age", COLUMN_INTEGER, false, false, "a span"},
                                         {0}};
    static const struct output_table table = {"muster.test/1", pair, true};
    struct value row[] = {value_string("a"), value_integer(4), value_null(), value_integer(1)};
    struct printed printed;
    print_begin(&printed, OUTPUT_TABLE, &table, 0);
    output_row(printed.output, row, 4);
    char *text = print_end(&printed);
    CHECK_TEXT(text, "NAME  a\nSIZE  4 -> -\nAGE   1\n");
    free(text);
}

static const struct test tests[] = {
    TEST(sequel_stands_behind_the_value_before),
    TEST(every_form_of_a_list_is_as_ever),
    TEST(every_form_of_a_card_is_as_ever),
    TEST(an_answer_without_items_is_still_an_answer),
    TEST(headings_are_bold_only_where_colors_are_wanted),
    TEST(long_tables_leave_while_they_are_read),
    TEST(a_stream_that_takes_nothing_is_a_failure),
    TEST(durations_and_sizes_have_two_units_at_most),
    TEST(forms_have_their_words),
};

TEST_MAIN("cli/output", tests)
