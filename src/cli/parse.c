// SPDX-License-Identifier: Apache-2.0
//
// Flags may stand anywhere; those of a command come after its words, so that a word behind a flag
// is never taken for its value by guessing. `--` ends the flags.

#include "cli/parse.h"

#include <string.h>

#include "base/memory.h"
#include "base/nearest.h"
#include "cli/commands.h"
#include "conf/value.h"

struct parser {
    int argc;
    char **argv;
    int at; // index of the word in hand
    struct parsed *parsed;
    struct buffer *problem;
    bool are_flags_over;
};

void parsed_finish(struct parsed *parsed)
{
    memory_release(parsed->flags);
    memory_release(parsed->arguments);
}

void usage_print(struct buffer *buffer, const struct command *command)
{
    buffer_print(buffer, "muster %s", command->noun);
    if (command->verb)
        buffer_print(buffer, " %s", command->verb);
    if (command->arguments[0])
        buffer_print(buffer, " %s", command->arguments);
    buffer_add_string(buffer, " [flags]");
}

static bool is_noun(const struct command *command, const char *noun)
{
    return strcmp(command->noun, noun) == 0;
}

// The nouns, each once, with ", " between them.
static void list_nouns(struct buffer *buffer)
{
    const char *last = "";
    for (size_t i = 0; command_at(i); i++) {
        const char *noun = command_at(i)->noun;
        if (strcmp(noun, last) != 0)
            buffer_print(buffer, "%s%s", i ? ", " : "", noun);
        last = noun;
    }
}

static void list_verbs(struct buffer *buffer, const char *noun)
{
    const char *separator = "";
    for (size_t i = 0; command_at(i); i++) {
        if (!is_noun(command_at(i), noun) || !command_at(i)->verb)
            continue;
        buffer_print(buffer, "%s%s", separator, command_at(i)->verb);
        separator = ", ";
    }
}

static void suggest(struct buffer *buffer, const struct nearest *nearest)
{
    if (nearest->word)
        buffer_print(buffer, ": did you mean '%s'?", nearest->word);
}

static enum status noun_parse(struct parser *parser, const char *word)
{
    struct nearest nearest = nearest_to(text_of(word));
    for (size_t i = 0; command_at(i); i++) {
        nearest_offer(&nearest, command_at(i)->noun);
        if (!is_noun(command_at(i), word))
            continue;
        parser->parsed->noun = word;
        if (!command_at(i)->verb)
            parser->parsed->command = command_at(i);
        return STATUS_OK;
    }
    buffer_print(parser->problem, "unknown command '%s'", word);
    suggest(parser->problem, &nearest);
    buffer_add_string(parser->problem, "\ncommands: ");
    list_nouns(parser->problem);
    return STATUS_INVALID;
}

static enum status verb_parse(struct parser *parser, const char *word)
{
    const char *noun = parser->parsed->noun;
    struct nearest nearest = nearest_to(text_of(word));
    parser->parsed->verb = word;
    for (size_t i = 0; command_at(i); i++) {
        const struct command *command = command_at(i);
        if (!is_noun(command, noun))
            continue;
        nearest_offer(&nearest, command->verb);
        if (strcmp(command->verb, word) != 0)
            continue;
        parser->parsed->command = command;
        return STATUS_OK;
    }
    buffer_print(parser->problem, "unknown command '%s %s'", noun, word);
    suggest(parser->problem, &nearest);
    buffer_print(parser->problem, "\n'%s' takes: ", noun);
    list_verbs(parser->problem, noun);
    return STATUS_INVALID;
}

static enum status word_parse(struct parser *parser, const char *word)
{
    struct parsed *parsed = parser->parsed;
    if (!parsed->noun)
        return noun_parse(parser, word);
    if (!parsed->command)
        return verb_parse(parser, word);
    parsed->arguments[parsed->argument_count++] = word;
    return STATUS_OK;
}

static const struct flag *flag_find(const struct flag *flags, struct text name, char letter)
{
    for (; flags && flags->name; flags++)
        if (letter ? flags->letter == letter : text_equals(name, flags->name))
            return flags;
    return NULL;
}

static void offer_flags(struct nearest *nearest, const struct flag *flags)
{
    for (; flags && flags->name; flags++)
        nearest_offer(nearest, flags->name);
}

static enum status flag_unknown(struct parser *parser, const char *word, struct text name)
{
    const struct command *command = parser->parsed->command;
    struct nearest nearest = nearest_to(name);
    offer_flags(&nearest, flags_global());
    offer_flags(&nearest, command ? command->flags : NULL);
    buffer_print(parser->problem, "unknown flag '%s'", word);
    if (nearest.word)
        buffer_print(parser->problem, ": did you mean '--%s'?", nearest.word);
    if (!command)
        buffer_add_string(parser->problem, "\nflags of a command come behind its words; "
                                           "'muster help' shows those that all take");
    else
        buffer_print(parser->problem, "\n'muster %s%s%s --help' shows its flags", command->noun,
                     command->verb ? " " : "", command->verb ? command->verb : "");
    return STATUS_INVALID;
}

static enum status choice_parse(const struct flag *flag, const char *value, struct buffer *problem)
{
    const char *at = flag->value;
    size_t size = strlen(value);
    while (at) {
        const char *end = strchrnul(at, '|');
        if ((size_t)(end - at) == size && memcmp(at, value, size) == 0)
            return STATUS_OK;
        at = *end ? end + 1 : NULL;
    }
    buffer_print(problem, "'%s' is not one of %s", value, flag->value);
    return STATUS_INVALID;
}

static enum status value_check(const struct flag *flag, const char *value, struct buffer *problem)
{
    int64_t number = 0;
    if (flag->type == FLAG_CHOICE)
        return choice_parse(flag, value, problem);
    if (flag->type == FLAG_INTEGER &&
        (text_parse_int64(text_of(value), &number) != STATUS_OK || number < 0)) {
        buffer_print(problem, "'%s' is not a whole number of 0 or more", value);
        return STATUS_INVALID;
    }
    if (flag->type == FLAG_DURATION &&
        (duration_parse(text_of(value), &number) != STATUS_OK || number < 0)) {
        buffer_print(problem,
                     "'%s' is not a duration: write a whole number of ms, or one with ms, "
                     "s, m, h or d",
                     value);
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

// Takes the value behind '=' or the next word, checks and keeps the flag.
static enum status flag_keep(struct parser *parser, const struct flag *flag, const char *written,
                             const char *value)
{
    struct parsed *parsed = parser->parsed;
    if (flag->type == FLAG_SWITCH && value) {
        buffer_print(parser->problem, "%s takes no value", written);
        return STATUS_INVALID;
    }
    if (flag->type != FLAG_SWITCH && !value) {
        if (parser->at + 1 == parser->argc) {
            buffer_print(parser->problem, "%s needs a value: %s %s", written, written, flag->value);
            return STATUS_INVALID;
        }
        value = parser->argv[++parser->at];
    }
    struct buffer fault = {0};
    enum status status = value ? value_check(flag, value, &fault) : STATUS_OK;
    if (status != STATUS_OK)
        buffer_print(parser->problem, "%s: %s", written, buffer_string(&fault));
    buffer_finish(&fault);
    if (strcmp(flag->name, "help") == 0)
        parsed->wants_help = true;
    if (strcmp(flag->name, "version") == 0)
        parsed->wants_version = true;
    parsed->flags[parsed->flag_count++] = (struct parsed_flag){flag, written, value};
    return status;
}

static enum status flag_parse(struct parser *parser, char *word)
{
    const struct command *command = parser->parsed->command;
    bool is_long = word[1] == '-';
    char *equal = is_long ? strchr(word, '=') : NULL;
    struct text name = text_of(word + 2);
    const char *value = equal ? equal + 1 : NULL;
    if (equal)
        name.size = (size_t)(equal - word) - 2;
    if (!is_long) {
        value = word[2] ? word + 2 : NULL;
        name = (struct text){word + 1, 1};
    }
    char letter = is_long ? 0 : word[1];
    const struct flag *flag = flag_find(command ? command->flags : NULL, name, letter);
    if (!flag)
        flag = flag_find(flags_global(), name, letter);
    if (!flag)
        return flag_unknown(parser, word, name);
    // What is left of the word is the flag as it was written, for messages.
    if (equal)
        *equal = '\0';
    return flag_keep(parser, flag, word, value);
}

// The arguments that are still missing: those behind the first `count` words.
static const char *arguments_left(const char *arguments, size_t count)
{
    for (const char *space; count > 0 && (space = strchr(arguments, ' ')) != NULL; count--)
        arguments = space + 1;
    return arguments;
}

// The words are all there: is it enough for the command?
static enum status command_check(const struct parsed *parsed, struct buffer *problem)
{
    const struct command *command = parsed->command;
    if (parsed->wants_help || parsed->wants_version)
        return STATUS_OK;
    if (!parsed->noun) {
        buffer_add_string(problem, "which command?\ncommands: ");
        list_nouns(problem);
        return STATUS_INVALID;
    }
    if (!command) {
        buffer_print(problem, "'%s' needs one of: ", parsed->noun);
        list_verbs(problem, parsed->noun);
        return STATUS_INVALID;
    }
    bool is_short = parsed->argument_count < (size_t)command->arguments_min;
    bool is_long =
        command->arguments_max >= 0 && parsed->argument_count > (size_t)command->arguments_max;
    if (!is_short && !is_long)
        return STATUS_OK;
    if (is_long)
        buffer_print(problem, "'%s' is one word too many",
                     parsed->arguments[command->arguments_max]);
    else
        buffer_print(problem, "%s is missing",
                     arguments_left(command->arguments, parsed->argument_count));
    buffer_add_string(problem, "\nusage: ");
    usage_print(problem, command);
    return STATUS_INVALID;
}

enum status parse_words(int argc, char **argv, struct parsed *ret_parsed, struct buffer *problem)
{
    *ret_parsed = (struct parsed){0};
    ret_parsed->flags = memory_get(((size_t)argc + 1) * sizeof(*ret_parsed->flags));
    ret_parsed->arguments = memory_get(((size_t)argc + 1) * sizeof(*ret_parsed->arguments));
    struct parser parser = {
        .argc = argc, .argv = argv, .at = 1, .parsed = ret_parsed, .problem = problem};
    for (; parser.at < argc; parser.at++) {
        char *word = argv[parser.at];
        enum status status = STATUS_OK;
        if (parser.are_flags_over || word[0] != '-' || word[1] == '\0')
            status = word_parse(&parser, word);
        else if (strcmp(word, "--") == 0)
            parser.are_flags_over = true;
        else
            status = flag_parse(&parser, word);
        if (status != STATUS_OK)
            return status;
    }
    return command_check(ret_parsed, problem);
}

const struct parsed_flag *parsed_flag_last(const struct parsed_flag *flags, size_t count,
                                           const char *name)
{
    for (size_t i = count; i > 0; i--)
        if (strcmp(flags[i - 1].flag->name, name) == 0)
            return &flags[i - 1];
    return NULL;
}
