// SPDX-License-Identifier: Apache-2.0

#include <string.h>

#include "base/nearest.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/help_text.h"

// The command of these words, or NULL; `*ret_is_noun` says whether the first is a noun at all.
static const struct command *find(const char *noun, const char *verb, bool *ret_is_noun)
{
    *ret_is_noun = false;
    for (size_t i = 0; command_at(i); i++) {
        const struct command *command = command_at(i);
        if (strcmp(command->noun, noun) != 0)
            continue;
        *ret_is_noun = true;
        if (!command->verb || (verb && strcmp(command->verb, verb) == 0))
            return command;
    }
    return NULL;
}

// `verb` is NULL where it is the noun that nobody knows.
static enum exit_code unknown_tell(const struct invocation *invocation, const char *noun,
                                   const char *verb)
{
    struct nearest nearest = nearest_to(text_of(verb ? verb : noun));
    for (size_t i = 0; command_at(i); i++) {
        const struct command *command = command_at(i);
        if (!verb)
            nearest_offer(&nearest, command->noun);
        else if (command->verb && strcmp(command->noun, noun) == 0)
            nearest_offer(&nearest, command->verb);
    }
    if (nearest.word)
        return invocation_fail(invocation, EXIT_NOT_FOUND,
                               "no command '%s%s%s': did you mean '%s'?", noun, verb ? " " : "",
                               verb ? verb : "", nearest.word);
    return invocation_fail(invocation, EXIT_NOT_FOUND,
                           "no command '%s%s%s': 'muster help' lists them", noun, verb ? " " : "",
                           verb ? verb : "");
}

static enum exit_code run(struct invocation *invocation)
{
    const char *noun = invocation->argument_count > 0 ? invocation->arguments[0] : NULL;
    const char *verb = invocation->argument_count > 1 ? invocation->arguments[1] : NULL;
    bool is_noun = true;
    const struct command *command = noun ? find(noun, verb, &is_noun) : NULL;
    if (!is_noun || (verb && !command))
        return unknown_tell(invocation, noun, is_noun ? verb : NULL);
    struct buffer text = {0};
    if (invocation->form == OUTPUT_JSON)
        help_print_json(&text);
    else
        help_print(&text, noun, command);
    fputs(buffer_string(&text), invocation->cli->out);
    buffer_finish(&text);
    bool is_lost = fflush(invocation->cli->out) != 0 || ferror(invocation->cli->out);
    return is_lost ? EXIT_FAILED : EXIT_DONE;
}

const struct command command_help = {
    .noun = "help",
    .arguments = "[NOUN [VERB]]",
    .arguments_max = 2,
    .help = "show help; --json gives all commands as data",
    .example = "muster help config show",
    .runs_misconfigured = true,
    .run = run,
};
