// SPDX-License-Identifier: Apache-2.0

#include "cli/parse.h"

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "test.h"

#define WORDS_MAX 12

// A line of words as a process would get it; taken apart at blanks.
struct line {
    char text[200];
    char *argv[WORDS_MAX + 1];
    int argc;
    struct parsed parsed;
    struct buffer problem;
};

static enum status line_parse(struct line *line, const char *text)
{
    *line = (struct line){0};
    snprintf(line->text, sizeof(line->text), "muster %s", text);
    for (char *word = strtok(line->text, " "); word; word = strtok(NULL, " ")) {
        REQUIRE(line->argc < WORDS_MAX);
        line->argv[line->argc++] = word;
    }
    return parse_words(line->argc, line->argv, &line->parsed, &line->problem);
}

static void line_finish(struct line *line)
{
    parsed_finish(&line->parsed);
    buffer_finish(&line->problem);
}

static void check_refused(const char *text, const char *expected)
{
    struct line line;
    CHECK_INT(line_parse(&line, text), STATUS_INVALID);
    CHECK_TEXT(buffer_string(&line.problem), expected);
    line_finish(&line);
}

static const char *flag_value(const struct line *line, const char *name)
{
    const struct parsed_flag *flag =
        parsed_flag_last(line->parsed.flags, line->parsed.flag_count, name);
    return flag ? flag->value : NULL;
}

static void noun_and_verb_name_a_command(void)
{
    struct line line;
    REQUIRE(line_parse(&line, "topic show cpu0 cpu1") == STATUS_OK);
    CHECK(line.parsed.command == &command_topic_show);
    CHECK_INT(line.parsed.argument_count, 2);
    CHECK_TEXT(line.parsed.arguments[1], "cpu1");
    line_finish(&line);
    REQUIRE(line_parse(&line, "version") == STATUS_OK);
    CHECK(line.parsed.command == &command_version);
    line_finish(&line);
}

static void flags_of_all_commands_stand_anywhere(void)
{
    struct line line;
    REQUIRE(line_parse(&line, "-b a:1 topic --json list --brokers=b:2 -bc:3") == STATUS_OK);
    CHECK(line.parsed.command == &command_topic_list);
    CHECK_TEXT(flag_value(&line, "brokers"), "c:3");
    CHECK_INT(line.parsed.flag_count, 4);
    line_finish(&line);
}

static void two_dashes_end_the_flags(void)
{
    struct line line;
    REQUIRE(line_parse(&line, "topic show -- --json -") == STATUS_OK);
    CHECK_INT(line.parsed.argument_count, 2);
    CHECK_TEXT(line.parsed.arguments[0], "--json");
    CHECK_TEXT(line.parsed.arguments[1], "-");
    line_finish(&line);
}

static void wrong_words_are_answered_with_the_right_ones(void)
{
    struct line line;
    CHECK_INT(line_parse(&line, "confg show"), STATUS_INVALID);
    CHECK(strstr(buffer_string(&line.problem), "unknown command 'confg': did you mean 'config'?\n"
                                               "commands: ") != NULL);
    CHECK(strstr(buffer_string(&line.problem), ", config, ") != NULL);
    line_finish(&line);
    check_refused(
        "config shw",
        "unknown command 'config shw': did you mean 'show'?\n'config' takes: show, check");
    check_refused("config", "'config' needs one of: show, check");
    check_refused("config show --orgin", "unknown flag '--orgin': did you mean '--origin'?\n"
                                         "'muster config show --help' shows its flags");
    check_refused("--wat topic list", "unknown flag '--wat'\nflags of a command come behind its "
                                      "words; 'muster help' shows those that all take");
    check_refused("topic list -x", "unknown flag '-x'\n'muster topic list --help' shows its flags");
}

static void too_few_and_too_many_words_are_refused(void)
{
    check_refused("pool set default", "KEY=VALUE... is missing\nusage: muster pool set NAME "
                                      "KEY=VALUE... [flags]");
    check_refused("topic show", "TOPIC... is missing\nusage: muster topic show TOPIC... [flags]");
    check_refused("topic list cpu0",
                  "'cpu0' is one word too many\nusage: muster topic list [flags]");
}

static void values_of_flags_have_their_type(void)
{
    check_refused("topic list --limit", "--limit needs a value: --limit N");
    check_refused("topic list --limit many", "--limit: 'many' is not a whole number of 0 or more");
    check_refused("topic list --limit -1", "--limit: '-1' is not a whole number of 0 or more");
    check_refused("topic list --json=yes", "--json takes no value");
    check_refused("topic list -o xml", "-o: 'xml' is not one of table|wide|json|yaml|plain|schema");
    check_refused("topic list --state own", "--state: 'own' is not one of "
                                            "pending|owned|revoking|missing|dormant|quarantined");
}

static void help_and_version_ask_for_nothing_else(void)
{
    struct line line;
    CHECK_INT(line_parse(&line, "topic show --help"), STATUS_OK);
    CHECK(line.parsed.wants_help);
    line_finish(&line);
    CHECK_INT(line_parse(&line, "topic -h"), STATUS_OK);
    CHECK_TEXT(line.parsed.noun, "topic");
    line_finish(&line);
    CHECK_INT(line_parse(&line, "--version"), STATUS_OK);
    CHECK(line.parsed.wants_version);
    line_finish(&line);
}

static void the_table_is_sound(void)
{
    for (size_t i = 0; command_at(i); i++) {
        const struct command *command = command_at(i);
        REQUIRE(command->noun && command->arguments && command->help && command->example);
        CHECK(command->run != NULL);
        CHECK(command->arguments_max < 0 || command->arguments_max >= command->arguments_min);
        CHECK_INT(strncmp(command->example, "muster ", 7), 0);
        for (const struct flag *flag = command->flags; flag && flag->name; flag++) {
            CHECK((flag->type == FLAG_SWITCH) == (flag->value == NULL));
            for (const struct flag *global = flags_global(); global->name; global++) {
                CHECK(strcmp(flag->name, global->name) != 0);
                CHECK(!flag->letter || flag->letter != global->letter);
            }
        }
    }
}

// Each example is a line that the parser takes for that very command.
static void every_example_is_taken(void)
{
    for (size_t i = 0; command_at(i); i++) {
        struct line line;
        CHECK_INT(line_parse(&line, command_at(i)->example + strlen("muster ")), STATUS_OK);
        CHECK_TEXT(buffer_string(&line.problem), "");
        CHECK(line.parsed.command == command_at(i));
        line_finish(&line);
    }
}

static void nouns_stand_together(void)
{
    for (size_t i = 0; command_at(i); i++)
        for (size_t j = i + 2; command_at(j); j++)
            if (strcmp(command_at(i)->noun, command_at(j)->noun) == 0)
                CHECK_TEXT(command_at(j - 1)->noun, command_at(j)->noun);
}

static const struct test tests[] = {
    TEST(noun_and_verb_name_a_command),
    TEST(flags_of_all_commands_stand_anywhere),
    TEST(two_dashes_end_the_flags),
    TEST(wrong_words_are_answered_with_the_right_ones),
    TEST(too_few_and_too_many_words_are_refused),
    TEST(values_of_flags_have_their_type),
    TEST(help_and_version_ask_for_nothing_else),
    TEST(the_table_is_sound),
    TEST(every_example_is_taken),
    TEST(nouns_stand_together),
};

TEST_MAIN("cli/parse", tests)
