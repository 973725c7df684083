// SPDX-License-Identifier: Apache-2.0
//
// The coordinator as a process: it carries out what src/control decides. It reads members, reports
// and state, and while it leads control and orders; writes one transaction at a time; and answers
// over HTTP from memory. One thread decides; librdkafka has its own.
#ifndef MUSTER_DAEMON_COORDINATOR_H
#define MUSTER_DAEMON_COORDINATOR_H

#include <stdbool.h>
#include <stdio.h>

#include "base/status.h"
#include "base/text.h"
#include "conf/conf.h"
#include "net/loop.h"

struct coordinator;

// What a coordinator is made of; all borrowed for its life.
struct coordinator_setup {
    const struct conf *conf;   // loaded and checked
    FILE *err;                 // lines for people
    const char *notify_socket; // value of $NOTIFY_SOCKET, NULL = none
    const char *watchdog_us;   // value of $WATCHDOG_USEC, NULL = none
};

// Makes a coordinator on the loop; it works while the loop runs, as its turn. Kafka need not be
// there yet. STATUS_INVALID or STATUS_FAILED with the reason in `fault`; nothing is left behind
// then.
enum status coordinator_create(struct loop *loop, const struct coordinator_setup *setup,
                               struct buffer *fault,
                               struct coordinator **ret_coordinator) MUST_CHECK;

// Ends it at once, as a crash would. NULL is fine.
void coordinator_destroy(struct coordinator *coordinator);

// Asks for the orderly stop: goodbye in the last transaction. The loop is stopped when that is
// done.
void coordinator_stop(struct coordinator *coordinator);

// Exit code once the loop has stopped: 0 stopped in order, 1 failed.
int coordinator_exit_code(const struct coordinator *coordinator);

// The whole of `muster coordinator run`: creates, runs until a signal or a refusal ends it. Returns
// the exit code; what went wrong is on `setup->err`.
int coordinator_run(const struct coordinator_setup *setup);

#endif
