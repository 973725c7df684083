// SPDX-License-Identifier: Apache-2.0
//
// What `topic announce` and `topic withdraw` share: names from the command line, or whole
// announcements from a file, become records of control.
#ifndef MUSTER_CLI_ANNOUNCE_H
#define MUSTER_CLI_ANNOUNCE_H

#include <stdio.h>

#include "cli/exchange.h"
#include "proto/records.h"

// Flags of both commands, for their tables.
#define ANNOUNCE_FLAGS                                                                             \
    FLAG_ROW_SETTING("agent", "NAME", "agent.id", "the agent that says it; default: this host"),   \
        FLAG_ROW_TEXT("source", "NAME", "part of the agent that says it"),                         \
        FLAG_ROW_SWITCH("wait", "wait until the coordinator has carried it out or refused it")

// The agent that the configuration names, else this host. `host` has room for its name.
struct text announce_agent(const struct conf *conf, char host[256]);

// Adds one announcement, with an id of its own if it has none and the exchange is awaited; topics
// are checked as the coordinator would. STATUS_INVALID with the reason in `problem`.
enum status announce_add(struct exchange *exchange, const struct announcement *announcement,
                         struct buffer *problem) MUST_CHECK;

// Adds an announcement a line: JSON objects as schemas/README.md has them; empty lines are skipped.
// STATUS_INVALID names the line, STATUS_NOT_FOUND and STATUS_FAILED the file ('-' = `in`).
enum status announce_add_file(struct exchange *exchange, const char *path, FILE *in,
                              struct buffer *problem) MUST_CHECK;

// Announces the words of the command line as topics like `model`, in one record that is filled in
// from `draft` and the flags. Runs the exchange.
enum exit_code announce_words(const struct invocation *invocation, struct announcement *draft,
                              const struct announcement_topic *model);

#endif
