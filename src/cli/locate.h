// SPDX-License-Identifier: Apache-2.0
//
// Where is a coordinator? Asked of the configuration first, then of Kafka: every coordinator says
// the address of its API in its beats.
#ifndef MUSTER_CLI_LOCATE_H
#define MUSTER_CLI_LOCATE_H

#include "base/status.h"
#include "base/text.h"
#include "cli/command.h"

// Appends "http://HOST:PORT": `api.url` if it is set, else what the beats say. The leader is taken
// if it is heard within 1.5 s of the first coordinator, since any of them answers the same.
// STATUS_UNREACHABLE (no Kafka, or no coordinator within timeout.ms) or STATUS_NOT_FOUND (the cell
// has no topics), with the reason and what to do in `problem`.
enum status locate_api(const struct invocation *invocation, struct buffer *ret_url,
                       struct buffer *problem) MUST_CHECK;

#endif
