// SPDX-License-Identifier: Apache-2.0

#include "cli/help_text.h"

#include <string.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/parse.h"
#include "cli/policy_help.h"

// "  left      right", the right side in one column.
static void print_pair(struct buffer *buffer, const char *left, const char *right, size_t width)
{
    buffer_print(buffer, "  %-*s  %s\n", (int)width, left, right);
}

static void flag_usage(struct buffer *buffer, const struct flag *flag)
{
    if (flag->letter)
        buffer_print(buffer, "-%c, ", flag->letter);
    buffer_print(buffer, "--%s", flag->name);
    if (flag->value)
        buffer_print(buffer, " %s", flag->value);
}

static void print_flags(struct buffer *buffer, const char *title, const struct flag *flags)
{
    if (!flags || !flags->name)
        return;
    buffer_print(buffer, "\n%s:\n", title);
    struct buffer usage = {0};
    for (; flags->name; flags++) {
        buffer_clear(&usage);
        flag_usage(&usage, flags);
        print_pair(buffer, buffer_string(&usage), flags->help, 46);
    }
    buffer_finish(&usage);
}

static void print_commands(struct buffer *buffer, const char *noun)
{
    struct buffer words = {0};
    for (size_t i = 0; command_at(i); i++) {
        const struct command *command = command_at(i);
        if (noun && strcmp(command->noun, noun) != 0)
            continue;
        buffer_clear(&words);
        buffer_print(&words, "%s%s%s", command->noun, command->verb ? " " : "",
                     command->verb ? command->verb : "");
        print_pair(buffer, buffer_string(&words), command->help, 20);
    }
    buffer_finish(&words);
}

static const char *noun_example(const char *noun)
{
    for (size_t i = 0; command_at(i); i++)
        if (!noun || strcmp(command_at(i)->noun, noun) == 0)
            return command_at(i)->example;
    return "muster help";
}

static void print_exit_codes(struct buffer *buffer)
{
    buffer_add_string(buffer, "\nexit codes:\n");
#define EXIT_CODE_ROW(name, code, text) buffer_print(buffer, "  %d  %s\n", code, text);
    EXIT_CODE_LIST(EXIT_CODE_ROW)
#undef EXIT_CODE_ROW
}

static void print_columns(struct buffer *buffer, const struct output_table *table)
{
    if (!table)
        return;
    buffer_print(buffer, "\nanswers with %s:\n", table->schema);
    for (const struct column *column = table->columns; column->heading; column++)
        print_pair(buffer, column->key, column->help, 22);
}

static void print_policy(struct buffer *buffer)
{
    struct buffer usage = {0};
    buffer_add_string(buffer, "\nkeys of a policy (none takes one back to its default):\n");
    for (const struct policy_help *row = policy_help; row->key; row++) {
        buffer_clear(&usage);
        buffer_print(&usage, "%s=%s", row->key, row->values);
        print_pair(buffer, buffer_string(&usage), row->help, 46);
    }
    buffer_finish(&usage);
}

static void print_command(struct buffer *buffer, const struct command *command)
{
    buffer_print(buffer, "%s\n\nusage: ", command->help);
    usage_print(buffer, command);
    buffer_print(buffer, "\nexample: %s\n", command->example);
    print_flags(buffer, "flags", command->flags);
    if (command->takes_policy)
        print_policy(buffer);
    print_columns(buffer, command->output);
    if (command->output_dry_run)
        print_columns(buffer, command->output_dry_run);
    print_flags(buffer, "flags of every command", flags_global());
}

void help_print(struct buffer *buffer, const char *noun, const struct command *command)
{
    if (command) {
        print_command(buffer, command);
        return;
    }
    if (noun)
        buffer_print(buffer, "usage: muster %s COMMAND [flags]\nexample: %s\n\ncommands:\n", noun,
                     noun_example(noun));
    else
        buffer_print(buffer,
                     "muster decides which collector reads which Kafka topic\n\n"
                     "usage: muster COMMAND [flags]\nexample: %s\n\ncommands:\n",
                     noun_example(NULL));
    print_commands(buffer, noun);
    print_flags(buffer, "flags of every command", flags_global());
    if (!noun)
        print_exit_codes(buffer);
    buffer_print(buffer, "\n'muster help %s' shows one command\n", noun ? noun : "COMMAND");
}

static void write_string(struct json *json, const char *key, const char *value)
{
    json_member_string(json, key, value);
}

static const char *flag_type_name(enum flag_type type)
{
    static const char *const names[] = {"switch", "text", "integer", "duration", "choice"};
    return names[type];
}

static void write_flags(struct json *json, const struct flag *flags)
{
    json_key(json, "flags");
    json_array_begin(json);
    for (; flags && flags->name; flags++) {
        char letter[2] = {flags->letter, '\0'};
        json_object_begin(json);
        write_string(json, "name", flags->name);
        write_string(json, "letter", flags->letter ? letter : NULL);
        write_string(json, "type", flag_type_name(flags->type));
        write_string(json, "value", flags->value);
        write_string(json, "setting", flags->setting);
        json_member_bool(json, "repeatable", flags->is_repeatable);
        write_string(json, "help", flags->help);
        json_object_end(json);
    }
    json_array_end(json);
}

static void write_command(struct json *json, const struct command *command)
{
    struct buffer usage = {0};
    usage_print(&usage, command);
    json_object_begin(json);
    write_string(json, "noun", command->noun);
    write_string(json, "verb", command->verb);
    write_string(json, "arguments", command->arguments);
    write_string(json, "usage", buffer_string(&usage));
    write_string(json, "help", command->help);
    write_string(json, "example", command->example);
    write_string(json, "answers", command->output ? command->output->schema : NULL);
    write_flags(json, command->flags);
    json_object_end(json);
    buffer_finish(&usage);
}

static void write_exit_codes(struct json *json)
{
    static const struct {
        int code;
        const char *text;
    } codes[] = {
#define EXIT_CODE_ROW(name, code, text) {code, text},
        EXIT_CODE_LIST(EXIT_CODE_ROW)
#undef EXIT_CODE_ROW
    };
    json_key(json, "exit_codes");
    json_array_begin(json);
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        json_object_begin(json);
        json_member_int64(json, "code", codes[i].code);
        write_string(json, "text", codes[i].text);
        json_object_end(json);
    }
    json_array_end(json);
}

void help_print_json(struct buffer *buffer)
{
    struct json json;
    json_begin(&json, buffer);
    json_object_begin(&json);
    write_string(&json, "schema", "muster.help/1");
    write_string(&json, "version", MUSTER_VERSION);
    json_key(&json, "items");
    json_array_begin(&json);
    for (size_t i = 0; command_at(i); i++)
        write_command(&json, command_at(i));
    json_array_end(&json);
    write_flags(&json, flags_global());
    write_exit_codes(&json);
    json_object_end(&json);
    json_end(&json);
    buffer_add_char(buffer, '\n');
}
