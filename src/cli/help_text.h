// SPDX-License-Identifier: Apache-2.0
//
// The table of commands as help for people and as data.
#ifndef MUSTER_CLI_HELP_TEXT_H
#define MUSTER_CLI_HELP_TEXT_H

#include "base/text.h"
#include "cli/command.h"

// Appends the help of one command; of a noun (command NULL); of everything (noun NULL too).
void help_print(struct buffer *buffer, const char *noun, const struct command *command);

// Appends the whole table as one JSON document and a line end: {"schema": "muster.help/1", "items":
// [...]}.
void help_print_json(struct buffer *buffer);

#endif
