// SPDX-License-Identifier: Apache-2.0
//
// S4: silence is proved only by an own record that was read back. What one log says about others up
// to an instant is complete once a record that we sent at that instant has come back out of it:
// everything acknowledged before it stands before it. An end asked for is no such proof.
#ifndef MUSTER_CONTROL_EVIDENCE_H
#define MUSTER_CONTROL_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"

enum { EVIDENCE_SENT_MAX = 64 };

struct evidence {
    struct {
        int64_t seq;
        struct instant at;
    } sent[EVIDENCE_SENT_MAX]; // ring by seq
    struct instant proved;     // newest instant up to which the log is known
    struct instant restarted;  // deadlines count from here at the earliest
};

void evidence_init(struct evidence *evidence, struct instant now);

// The record with this number is being sent now.
void evidence_sent(struct evidence *evidence, int64_t seq, struct instant now);

// It has come back. One that took longer than `interval` restarts all deadlines.
void evidence_returned(struct evidence *evidence, int64_t seq, struct instant now,
                       struct span interval);

// All deadlines count from now on at the earliest.
void evidence_restart(struct evidence *evidence, struct instant now);

// When a record has to be sent, to prove that somebody last heard at `heard` was silent for
// `promised`: 1 % and 200 ms later than promised, for clocks that drift and instants that are
// rounded.
struct instant evidence_deadline(const struct evidence *evidence, struct instant heard,
                                 struct span promised);

// Whether that silence is proved.
bool evidence_proves(const struct evidence *evidence, struct instant heard, struct span promised);

#endif
