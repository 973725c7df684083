// SPDX-License-Identifier: Apache-2.0

#include <string.h>

#include "cli/command.h"

static const struct column columns[] = {
    {"NAME", "name", COLUMN_TEXT, false, false, "name of the setting"},
    {"VALUE", "value", COLUMN_TEXT, false, false,
     "value in use; a bare number is in the unit of the name"},
    {"ORIGIN", "origin", COLUMN_TEXT, true, false, "where the value comes from"},
    {"DEFAULT", "is_default", COLUMN_BOOLEAN, true, false, "whether nobody has set it"},
    {"HELP", "help", COLUMN_TEXT, true, false, "what it means"},
    {0},
};

static const struct output_table table = {"muster.config/1", columns, false};

// The same rows with the origin in the narrow table, for --origin.
static const struct column origin_columns[] = {
    {"NAME", "name", COLUMN_TEXT, false, false, "name of the setting"},
    {"VALUE", "value", COLUMN_TEXT, false, false,
     "value in use; a bare number is in the unit of the name"},
    {"ORIGIN", "origin", COLUMN_TEXT, false, false, "where the value comes from"},
    {"DEFAULT", "is_default", COLUMN_BOOLEAN, true, false, "whether nobody has set it"},
    {"HELP", "help", COLUMN_TEXT, true, false, "what it means"},
    {0},
};

static const struct output_table origin_table = {"muster.config/1", origin_columns, false};

static enum exit_code print_made(const struct invocation *invocation,
                                 void (*print)(struct buffer *buffer))
{
    struct buffer text = {0};
    print(&text);
    fputs(buffer_string(&text), invocation->cli->out);
    buffer_finish(&text);
    return fflush(invocation->cli->out) ? EXIT_FAILED : EXIT_DONE;
}

// Whether a row is wanted: all of them, or those that begin with one of the words.
static bool is_wanted(const struct invocation *invocation, const char *name)
{
    for (size_t i = 0; i < invocation->argument_count; i++)
        if (text_has_prefix(text_of(name), text_of(invocation->arguments[i])))
            return true;
    return invocation->argument_count == 0;
}

// An answer with nothing in it would be no answer: the error stands alone.
static bool something_is_wanted(const struct invocation *invocation)
{
    struct conf_row row;
    size_t cursor = 0;
    while (conf_row_next(invocation->conf, &cursor, &row))
        if (is_wanted(invocation, row.name))
            return true;
    return false;
}

static enum exit_code run(struct invocation *invocation)
{
    if (invocation_switch(invocation, "reference"))
        return print_made(invocation, conf_print_reference);
    if (invocation_switch(invocation, "page"))
        return print_made(invocation, conf_print_page);
    if (!something_is_wanted(invocation))
        return invocation_fail(invocation, EXIT_NOT_FOUND,
                               "no setting begins with '%s': 'muster config show' lists all",
                               invocation->arguments[0]);
    bool has_origin = invocation_switch(invocation, "origin");
    struct output *output =
        output_create(invocation->cli->out, invocation->form, has_origin ? &origin_table : &table,
                      invocation->is_colored ? OUTPUT_COLOR : 0);
    struct conf_row row;
    size_t cursor = 0;
    while (conf_row_next(invocation->conf, &cursor, &row)) {
        struct value values[] = {
            value_string(row.name),        value_string(row.value), value_string(row.origin),
            value_boolean(row.is_default), value_string(row.help),
        };
        if (!is_wanted(invocation, row.name))
            continue;
        output_row(output, values, sizeof(values) / sizeof(values[0]));
    }
    return invocation_answered(output, EXIT_DONE);
}

static const struct flag flags[] = {
    FLAG_ROW_SWITCH("origin", "say where each value comes from"),
    FLAG_ROW_SWITCH("reference", "print the reference file with all settings at their defaults"),
    FLAG_ROW_SWITCH("page", "print the same as a page in Markdown"),
    FLAG_ROW_END,
};

const struct command command_config_show = {
    .noun = "config",
    .verb = "show",
    .arguments = "[NAME...]",
    .arguments_max = -1,
    .flags = flags,
    .output = &table,
    .help = "show the settings in use, or those that begin with NAME",
    .example = "muster config show --origin lease",
    .runs_misconfigured = true,
    .run = run,
};
