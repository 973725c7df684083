// SPDX-License-Identifier: Apache-2.0
//
// Tells systemd how a daemon is doing: the notify protocol of sd_notify(3), one datagram of text
// each. Sending never blocks, and a message that cannot be sent is dropped: systemd's own timeouts
// cover that.
#ifndef MUSTER_NET_NOTIFY_H
#define MUSTER_NET_NOTIFY_H

#include <stdbool.h>

#include "base/instant.h"
#include "base/status.h"

// `= {0}` must be initialised before use.
struct notify {
    int fd; // −1: nobody wants to be told
};

// `address` is the value of $NOTIFY_SOCKET (a path, or '@' and an abstract name); NULL or "" means
// that nobody listens: every call is then a no-op. STATUS_INVALID for anything else, STATUS_FAILED
// without a socket; both leave a notify that does nothing.
enum status notify_init(struct notify *notify, const char *address) MUST_CHECK;
void notify_finish(struct notify *notify);

bool notify_is_wanted(const struct notify *notify);

// STATUS=: one line for `systemctl status`; line breaks become blanks, cut at 500 bytes.
void notify_status(const struct notify *notify, const char *line);

void notify_ready(const struct notify *notify);     // READY=1, at start and after a reload
void notify_reloading(const struct notify *notify); // RELOADING=1 with MONOTONIC_USEC
void notify_stopping(const struct notify *notify);  // STOPPING=1
void notify_watchdog(const struct notify *notify);  // WATCHDOG=1

// EXTEND_TIMEOUT_USEC=: starting, stopping or running may take this long from now.
void notify_extend(const struct notify *notify, struct span span);

// How often to call notify_watchdog: half of $WATCHDOG_USEC; 0 when that is NULL, or not a positive
// number.
struct span notify_watchdog_interval(const char *watchdog_us);

#endif
