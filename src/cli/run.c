// SPDX-License-Identifier: Apache-2.0
//
// One invocation: words → configuration → handler → exit code.

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/help_text.h"
#include "cli/kafka_check.h"
#include "cli/parse.h"
#include "conf/value.h"

// Each line of the text, with "muster: " before the first.
static void complain(FILE *err, const char *text)
{
    fprintf(err, "muster: %s\n", text);
}

static const struct parsed_flag *flag_last(const struct invocation *invocation, const char *name)
{
    return parsed_flag_last(invocation->flags, invocation->flag_count, name);
}

static bool flags_have(const struct flag *flags, const char *name)
{
    for (; flags && flags->name; flags++)
        if (strcmp(flags->name, name) == 0)
            return true;
    return false;
}

static void ensure_known(const struct invocation *invocation, const char *name)
{
    ensure(flags_have(invocation->command->flags, name) || flags_have(flags_global(), name));
}

const char *invocation_flag(const struct invocation *invocation, const char *name)
{
    ensure_known(invocation, name);
    const struct parsed_flag *flag = flag_last(invocation, name);
    return flag ? flag->value : NULL;
}

const char *invocation_flag_at(const struct invocation *invocation, const char *name, size_t index)
{
    ensure_known(invocation, name);
    for (size_t i = 0; i < invocation->flag_count; i++)
        if (strcmp(invocation->flags[i].flag->name, name) == 0 && index-- == 0)
            return invocation->flags[i].value;
    return NULL;
}

bool invocation_switch(const struct invocation *invocation, const char *name)
{
    ensure_known(invocation, name);
    return flag_last(invocation, name) != NULL;
}

int64_t invocation_int(const struct invocation *invocation, const char *name, int64_t fallback)
{
    ensure_known(invocation, name);
    const struct parsed_flag *flag = flag_last(invocation, name);
    int64_t number = fallback;
    if (!flag)
        return fallback;
    ensure(flag->flag->type == FLAG_INTEGER || flag->flag->type == FLAG_DURATION);
    // The parser has checked it.
    enum status status = flag->flag->type == FLAG_INTEGER
                             ? text_parse_int64(text_of(flag->value), &number)
                             : duration_parse(text_of(flag->value), &number);
    ensure(status == STATUS_OK);
    return number;
}

struct output *invocation_answer(const struct invocation *invocation)
{
    ensure(invocation->output);
    return output_create(invocation->cli->out, invocation->form, invocation->output,
                         invocation->is_colored ? OUTPUT_COLOR : 0);
}

enum exit_code invocation_answered(struct output *output, enum exit_code code)
{
    enum status status = output_destroy(output);
    return status != STATUS_OK && code == EXIT_DONE ? EXIT_FAILED : code;
}

enum exit_code invocation_fail(const struct invocation *invocation, enum exit_code code,
                               const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("muster: ", invocation->cli->err);
    vfprintf(invocation->cli->err, format, arguments);
    fputc('\n', invocation->cli->err);
    va_end(arguments);
    return code;
}

enum exit_code exit_code_of(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return EXIT_DONE;
    case STATUS_INVALID:
        return EXIT_USAGE;
    case STATUS_NOT_FOUND:
        return EXIT_NOT_FOUND;
    case STATUS_DENIED:
        return EXIT_DENIED;
    case STATUS_UNREACHABLE:
        return EXIT_UNREACHABLE;
    case STATUS_TIMEOUT:
        return EXIT_TIMEOUT;
    case STATUS_FENCED:
        return EXIT_ID_IN_USE;
    default:
        return EXIT_FAILED;
    }
}

static const char *environment_get(const struct cli *cli, const char *name)
{
    size_t size = strlen(name);
    for (const char *const *at = cli->environment; at && *at; at++)
        if (strncmp(*at, name, size) == 0 && (*at)[size] == '=')
            return *at + size + 1;
    return NULL;
}

// Colors for a terminal that did not say no (https://no-color.org).
static bool wants_color(const struct cli *cli, const struct parsed *parsed)
{
    const char *no_color = environment_get(cli, "NO_COLOR");
    const char *terminal = environment_get(cli, "TERM");
    int fd = fileno(cli->out);
    if (parsed_flag_last(parsed->flags, parsed->flag_count, "no-color") || (no_color && *no_color))
        return false;
    return fd >= 0 && isatty(fd) && terminal && strcmp(terminal, "dumb") != 0;
}

static enum output_form wanted_form(const struct parsed *parsed)
{
    enum output_form form = OUTPUT_TABLE;
    const struct parsed_flag *word = parsed_flag_last(parsed->flags, parsed->flag_count, "output");
    if (word)
        ensure(output_form_parse(word->value, &form) == STATUS_OK);
    else if (parsed_flag_last(parsed->flags, parsed->flag_count, "json"))
        form = OUTPUT_JSON;
    return form;
}

// The flags that set settings, and --set KEY=VALUE, in the order given. The keys of --set are
// copied into `keys`.
static size_t collect_settings(const struct parsed *parsed, struct conf_flag *ret_flags,
                               struct buffer *problem)
{
    size_t count = 0;
    for (size_t i = 0; i < parsed->flag_count; i++) {
        const struct parsed_flag *flag = &parsed->flags[i];
        const char *name = flag->flag->setting;
        const char *value = flag->value;
        if (strcmp(flag->flag->name, "set") == 0) {
            char *equal = strchr(flag->value, '=');
            name = flag->value;
            if (!equal || equal == flag->value) {
                buffer_print(problem, "--set: '%s' is not KEY=VALUE", flag->value);
                return 0;
            }
            // argv belongs to the process, and this word was only there to be taken apart.
            *equal = '\0';
            value = equal + 1;
        }
        if (name)
            ret_flags[count++] = (struct conf_flag){flag->written, name, value};
    }
    return count;
}

static void print_problems(const struct cli *cli, const char *problems)
{
    while (*problems) {
        int size = (int)strcspn(problems, "\n");
        fprintf(cli->err, "muster: %.*s\n", size, problems);
        problems += size + (problems[size] == '\n');
    }
}

// The configuration of this invocation. Its problems are printed; false if there are any.
static bool load_conf(const struct cli *cli, const struct parsed *parsed, struct conf *conf)
{
    const struct parsed_flag *config =
        parsed_flag_last(parsed->flags, parsed->flag_count, "config");
    struct conf_flag *flags = memory_get((parsed->flag_count + 1) * sizeof(*flags));
    struct buffer problem = {0};
    struct conf_sources sources = {
        .system_path = cli->system_path,
        .config_path = config ? config->value : NULL,
        .environment = cli->environment,
        .flags = flags,
        .flag_count = collect_settings(parsed, flags, &problem),
    };
    if (problem.size == 0 && conf_load(conf, &sources) != STATUS_OK)
        buffer_add_string(&problem, conf_problems(conf));
    kafka_properties_check(conf, &problem);
    bool is_good = problem.size == 0;
    print_problems(cli, buffer_string(&problem));
    buffer_finish(&problem);
    memory_release(flags);
    return is_good;
}

static const struct output_table *wanted_output(const struct parsed *parsed)
{
    const struct command *command = parsed->command;
    bool is_dry = command->output_dry_run != NULL &&
                  parsed_flag_last(parsed->flags, parsed->flag_count, "dry-run") != NULL;
    return is_dry ? command->output_dry_run : command->output;
}

static enum exit_code run_command(const struct cli *cli, const struct parsed *parsed)
{
    struct conf *conf = conf_create();
    bool is_configured = load_conf(cli, parsed, conf);
    enum exit_code code = EXIT_USAGE;
    struct invocation invocation = {
        .cli = cli,
        .command = parsed->command,
        .output = wanted_output(parsed),
        .conf = conf,
        .arguments = parsed->arguments,
        .argument_count = parsed->argument_count,
        .form = wanted_form(parsed),
        .is_verbose = parsed_flag_last(parsed->flags, parsed->flag_count, "verbose") != NULL,
        .is_colored = wants_color(cli, parsed),
        .flags = parsed->flags,
        .flag_count = parsed->flag_count,
    };
    if (is_configured || parsed->command->runs_misconfigured)
        code = parsed->command->run(&invocation);
    conf_destroy(conf);
    return !is_configured && code == EXIT_DONE ? EXIT_USAGE : code;
}

static enum exit_code print_text(const struct cli *cli, const struct buffer *text)
{
    fputs(buffer_string(text), cli->out);
    return fflush(cli->out) ? EXIT_FAILED : EXIT_DONE;
}

static enum exit_code run_parsed(const struct cli *cli, const struct parsed *parsed)
{
    const struct command *command = parsed->command;
    struct buffer text = {0};
    enum exit_code code;
    if (parsed->wants_help) {
        help_print(&text, parsed->noun, command);
        code = print_text(cli, &text);
    } else if (parsed->wants_version) {
        buffer_print(&text, "muster %s\n", MUSTER_VERSION);
        code = print_text(cli, &text);
    } else if (wanted_form(parsed) == OUTPUT_SCHEMA && !command->output) {
        complain(cli->err, "this command does not answer with items, so it has no schema");
        code = EXIT_USAGE;
    } else if (wanted_form(parsed) == OUTPUT_SCHEMA) {
        struct output *output = output_create(cli->out, OUTPUT_SCHEMA, wanted_output(parsed), 0);
        code = invocation_answered(output, EXIT_DONE);
    } else {
        code = run_command(cli, parsed);
    }
    buffer_finish(&text);
    return code;
}

int cli_run(const struct cli *cli)
{
    struct parsed parsed;
    struct buffer problem = {0};
    enum exit_code code = EXIT_USAGE;
    if (parse_words(cli->argc, cli->argv, &parsed, &problem) == STATUS_OK)
        code = run_parsed(cli, &parsed);
    else
        complain(cli->err, buffer_string(&problem));
    parsed_finish(&parsed);
    buffer_finish(&problem);
    return (int)code;
}
