// SPDX-License-Identifier: Apache-2.0

#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/kafka_check.h"

static const struct column columns[] = {
    {"PROBLEM", "problem", COLUMN_TEXT, false, false, "where it is, what is wrong, what to do"},
    {0},
};

static const struct output_table table = {"muster.config_problem_list/1", columns, false};

// One row for each line.
static enum exit_code print_problems(const struct invocation *invocation, const char *lines,
                                     enum exit_code code)
{
    struct output *output = invocation_answer(invocation);
    while (*lines) {
        size_t size = strcspn(lines, "\n");
        struct value value = value_text((struct text){lines, size});
        output_row(output, &value, 1);
        lines += size + (lines[size] == '\n');
    }
    return invocation_answered(output, code);
}

static enum exit_code run(struct invocation *invocation)
{
    const char *path = invocation->arguments[0];
    if (access(path, F_OK) != 0)
        return invocation_fail(invocation, EXIT_NOT_FOUND, "there is no file '%s'", path);
    struct conf *conf = conf_create();
    struct conf_sources sources = {.system_path = "", .config_path = path};
    struct buffer problems = {0};
    if (conf_load(conf, &sources) != STATUS_OK)
        buffer_add_string(&problems, conf_problems(conf));
    kafka_properties_check(conf, &problems);
    // A table without lines is nothing to look at; programs get their empty list.
    bool is_table = invocation->form == OUTPUT_TABLE || invocation->form == OUTPUT_WIDE;
    enum exit_code code = problems.size ? EXIT_PROBLEM : EXIT_DONE;
    if (problems.size || !is_table)
        code = print_problems(invocation, buffer_string(&problems), code);
    if (problems.size == 0)
        fprintf(invocation->cli->err, "muster: '%s' is fine\n", path);
    buffer_finish(&problems);
    conf_destroy(conf);
    return code;
}

const struct command command_config_check = {
    .noun = "config",
    .verb = "check",
    .arguments = "FILE",
    .arguments_min = 1,
    .arguments_max = 1,
    .output = &table,
    .help = "check a configuration file; exit code 7 if something is wrong",
    .example = "muster config check /etc/muster/muster.conf",
    .runs_misconfigured = true,
    .run = run,
};
