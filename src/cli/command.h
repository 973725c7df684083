// SPDX-License-Identifier: Apache-2.0
//
// The one table of commands and what runs them. `--help`, `help --json`, the parser and the
// suggestions for a mistyped word walk the same rows. A command is one file with one constant
// `command_NOUN_VERB` and one line in commands.h.
#ifndef MUSTER_CLI_COMMAND_H
#define MUSTER_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"
#include "cli/output.h"
#include "conf/conf.h"

// The exit codes of every command.
#define EXIT_CODE_LIST(row)                                                                        \
    row(EXIT_DONE, 0, "done") row(EXIT_FAILED, 1, "failed; any one item is enough")                \
        row(EXIT_USAGE, 2, "wrong usage or configuration") row(EXIT_NOT_FOUND, 3, "not found")     \
            row(EXIT_DENIED, 4, "not allowed")                                                     \
                row(EXIT_UNREACHABLE, 5, "Kafka or the coordinator not reached")                   \
                    row(EXIT_TIMEOUT, 6, "timed out waiting") row(EXIT_PROBLEM, 7,                 \
                                                                  "the check found a problem")     \
                        row(EXIT_ID_IN_USE, 8, "id in use, or named no longer: do not restart")    \
                            row(EXIT_WORK_LEFT, 9, "stopped with work left uncommitted")

enum exit_code {
#define EXIT_CODE_ROW(name, code, text) name = (code),
    EXIT_CODE_LIST(EXIT_CODE_ROW)
#undef EXIT_CODE_ROW
};

enum flag_type {
    FLAG_SWITCH, // takes no value
    FLAG_TEXT,
    FLAG_INTEGER,  // ≥ 0
    FLAG_DURATION, // ms, or with a unit: 30s
    FLAG_CHOICE,
};

struct flag {
    const char *name; // long form without "--"
    char letter;      // short form, or 0
    enum flag_type type;
    const char *value;   // name of its value in usages ("HOST:PORT,..."), or choices "a|b|c"
    const char *setting; // the setting that it sets, or NULL
    bool is_repeatable;
    const char *help; // one line
};

// A flag of a command, one line each.
#define FLAG_ROW_SWITCH(name, help)                                                                \
    {                                                                                              \
        name, 0, FLAG_SWITCH, NULL, NULL, false, help                                              \
    }
#define FLAG_ROW_TEXT(name, value, help)                                                           \
    {                                                                                              \
        name, 0, FLAG_TEXT, value, NULL, false, help                                               \
    }
#define FLAG_ROW_LIST(name, value, help)                                                           \
    {                                                                                              \
        name, 0, FLAG_TEXT, value, NULL, true, help                                                \
    }
#define FLAG_ROW_INTEGER(name, value, help)                                                        \
    {                                                                                              \
        name, 0, FLAG_INTEGER, value, NULL, false, help                                            \
    }
#define FLAG_ROW_DURATION(name, value, help)                                                       \
    {                                                                                              \
        name, 0, FLAG_DURATION, value, NULL, false, help                                           \
    }
#define FLAG_ROW_CHOICE(name, choices, help)                                                       \
    {                                                                                              \
        name, 0, FLAG_CHOICE, choices, NULL, false, help                                           \
    }
#define FLAG_ROW_SETTING(name, value, setting, help)                                               \
    {                                                                                              \
        name, 0, FLAG_TEXT, value, setting, false, help                                            \
    }
#define FLAG_ROW_END                                                                               \
    {                                                                                              \
        0                                                                                          \
    }

struct invocation;
struct parsed_flag;

// One row of the table.
struct command {
    const char *noun;                  // "topic"
    const char *verb;                  // "list"; NULL for a command of one word ("version")
    const char *arguments;             // usage of what follows: "NAME...", "[NAME]", "" for nothing
    int arguments_min;                 // how many words at least
    int arguments_max;                 // and at most; -1 = any number
    const struct flag *flags;          // its own, FLAG_ROW_END ends them; NULL = none
    const struct output_table *output; // what it answers; NULL if it does not answer with items
    const struct output_table *output_dry_run; // and with --dry-run, where it has that
    bool takes_policy;                         // its help lists the keys of a policy
    const char *help;                          // one line
    const char *example;                       // one line, with its "muster "
    bool runs_misconfigured;                   // runs also if the configuration has problems
    enum exit_code (*run)(struct invocation *invocation);
};

// What the process gives to the command line; tests give their own.
struct cli {
    int argc;
    char **argv;
    const char *const *environment; // "NAME=value", NULL at the end
    FILE *in;
    FILE *out; // answers only
    FILE *err;
    const char *system_path; // as in struct conf_sources
};

// Parses the words, loads the configuration, runs the command. Returns the process's exit code.
int cli_run(const struct cli *cli);

// What a handler gets. Borrowed during the run.
struct invocation {
    const struct cli *cli;
    const struct command *command;
    const struct output_table *output; // of this run, NULL if it does not answer with items
    struct conf *conf;                 // loaded and checked
    const char *const *arguments;      // the words that are not flags
    size_t argument_count;
    enum output_form form;
    bool is_verbose;
    bool is_colored;
    struct parsed_flag *flags; // read them through the functions below
    size_t flag_count;
};

// Values of the command's flags by name, which must be in its row or be global. A flag that was not
// given is NULL or the fallback.
const char *invocation_flag(const struct invocation *invocation, const char *name);
const char *invocation_flag_at(const struct invocation *invocation, const char *name, size_t index);
bool invocation_switch(const struct invocation *invocation, const char *name);
int64_t invocation_int(const struct invocation *invocation, const char *name, int64_t fallback);

// Begins the command's answer in the form that the user asked for. The command must have an output.
struct output *invocation_answer(const struct invocation *invocation);

// Ends it: `code`, or EXIT_FAILED if stdout did not take everything.
enum exit_code invocation_answered(struct output *output, enum exit_code code);

// Prints "muster: ..." and a line end on stderr and returns `code`, so that a handler can return
// it.
enum exit_code invocation_fail(const struct invocation *invocation, enum exit_code code,
                               const char *format, ...) __attribute__((format(printf, 3, 4)));

// The exit code that a status of a request leads to.
enum exit_code exit_code_of(enum status status);

#endif
