// SPDX-License-Identifier: Apache-2.0
//
// A set of topics as announcements. A set that fits one record is one statement, without a source.
// One that does not is spread over AGENT_PARTS statements by the hash of the topic, so that a
// change touches one of them and no topic ever goes from one to another.
#ifndef MUSTER_DAEMON_AGENT_SAY_H
#define MUSTER_DAEMON_AGENT_SAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "proto/records.h"

#define AGENT_PARTS 64
#define AGENT_RECORD_BYTES_MAX (900 * 1024) // leaves room below the 1 MiB that readers take

// What is to be said.
struct agent_saying {
    struct text pool; // empty = the coordinator places the agent
    struct text agent;
    const struct announcement_topic *topics;
    uint32_t count;
    int64_t ttl_ms;
    int64_t sent_at_ms;
    bool was_spread; // the last saying was: what is not said any more is then withdrawn
    bool was_whole;
};

// Takes one record's bytes; false = no more room, which ends the saying.
typedef bool agent_sender(void *ctx, struct text value);

// Says the set: each record goes to `send`, new ones first, so that no topic is without a statement
// in between. `*ret_spread` is whether it was spread. STATUS_TOO_LARGE: even spread it does not
// fit; STATUS_AGAIN: `send` had no room, say all of it again later.
enum status agent_say(const struct agent_saying *saying, agent_sender *send, void *ctx,
                      bool *ret_spread) MUST_CHECK;

#endif
