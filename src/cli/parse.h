// SPDX-License-Identifier: Apache-2.0
//
// From words to a command with its flags and arguments. Wrong usage is answered with the valid
// continuations and the nearest word.
#ifndef MUSTER_CLI_PARSE_H
#define MUSTER_CLI_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/command.h"

struct parsed_flag {
    const struct flag *flag;
    const char *written; // as the user wrote it: "-b" or "--brokers"; borrowed from argv
    const char *value;   // NULL for a switch
};

// The words of the user, all borrowed from argv.
struct parsed {
    const char *noun;              // NULL if there was none
    const char *verb;              // NULL if there was none or the noun takes none
    const struct command *command; // NULL if noun and verb do not name one
    struct parsed_flag *flags;     // owned; in the order given
    size_t flag_count;
    const char **arguments; // owned
    size_t argument_count;
    bool wants_help; // --help or -h was there: then nothing else is complained about but words
    bool wants_version;
};

// Parses argv[1..]. STATUS_INVALID puts the whole message, without "muster: ", into `problem`;
// `ret_parsed` is to be finished in any case.
enum status parse_words(int argc, char **argv, struct parsed *ret_parsed,
                        struct buffer *problem) MUST_CHECK;
void parsed_finish(struct parsed *parsed);

// The last one of that name, or NULL.
const struct parsed_flag *parsed_flag_last(const struct parsed_flag *flags, size_t count,
                                           const char *name);

// Appends "muster topic show NAME... [flags]".
void usage_print(struct buffer *buffer, const struct command *command);

#endif
