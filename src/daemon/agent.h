// SPDX-License-Identifier: Apache-2.0
//
// The agent as a process: it announces the topics that its source names as one whole set, again
// when the set changes and at an interval, and withdraws them when it is stopped.
//
// What its source does not tell for the moment is not repeated either: without a ttl it stands,
// with one it expires.
#ifndef MUSTER_DAEMON_AGENT_H
#define MUSTER_DAEMON_AGENT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/status.h"
#include "base/text.h"
#include "conf/conf.h"

struct loop;
struct agent;

// What an agent is made of; all borrowed for its life.
struct agent_setup {
    const struct conf *conf;   // loaded and checked
    FILE *err;                 // lines for people
    bool is_verbose;           // show the Kafka client's own lines
    const char *notify_socket; // value of $NOTIFY_SOCKET, NULL = none
    const char *watchdog_us;   // value of $WATCHDOG_USEC, NULL = none
};

// Makes an agent on the loop; it works while the loop runs, as its turn. Kafka need not be there
// yet. STATUS_INVALID (configuration) or STATUS_FAILED with the reason in `fault`; nothing is left
// behind then.
enum status agent_create(struct loop *loop, const struct agent_setup *setup, struct buffer *fault,
                         struct agent **ret_agent) MUST_CHECK;

// Ends it at once: nothing is withdrawn. NULL is fine.
void agent_destroy(struct agent *agent);

// Asks for the orderly stop: an empty set, once Kafka has it the loop is stopped.
void agent_stop(struct agent *agent);

// Exit code once the loop has stopped: 0 stopped in order, 1 failed, 9 the goodbye was not taken by
// Kafka.
int agent_exit_code(const struct agent *agent);

// The whole of `muster agent run`: creates, runs until a signal. Returns the exit code; what went
// wrong is on `setup->err`.
int agent_run(const struct agent_setup *setup);

#endif
