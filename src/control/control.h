// SPDX-License-Identifier: Apache-2.0
//
// The coordinator's decisions behind one door: an event in, effects out. It reads no clock, no
// environment and no socket; the same events give the same effects, byte for byte, on any machine.
// The rules S1-S9 that it keeps are written out in ARCHITECTURE.md; code and traces cite them.
//
// How the shell drives it:
//
//     what arrived   -> control_step(CONTROL_..._RECEIVED), as long as control_batch_bytes is small
//     nothing more   -> control_step(CONTROL_BATCH_ENDED)
//     EFFECT_COMMIT  -> control_next_write until it says false, one transaction
//     its outcome    -> control_step(CONTROL_COMMIT_ANSWERED); only now is anything shown outside
//
// Between EFFECT_COMMIT and its answer only CONTROL_TICKED and CONTROL_STOP_REQUESTED may be
// stepped, so memory right after a commit is what is committed. The records of one topic are
// stepped in their order: S4 lives on it.
#ifndef MUSTER_CONTROL_CONTROL_H
#define MUSTER_CONTROL_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/text.h"
#include "control/effect.h"
#include "control/event.h"

enum { CONTROL_BATCH_BYTES = 4 * 1024 * 1024 };

struct control;

// Texts are copied.
struct control_options {
    struct text prefix;       // of the cell's topics
    struct text id;           // of this coordinator
    struct text incarnation;  // of this life, 32 hex digits
    struct text lineage;      // random: lineage of the state, should this coordinator create it
    struct text cluster_id;   // Kafka's id of the cluster
    struct text default_pool; // for announcements that name none
    struct beat_info info;    // for people
    uint64_t hash_seed;       // random: protects look-ups, decides nothing
    struct span beat_interval;
    struct span leader_timeout;
    struct span publish_interval; // least distance of an assignment's publications in a storm
    int64_t lease_ms;             // wish for collectors, written into heads
    int64_t agent_topics_max;
    int64_t level_max; // highest level of records that is known, 0 = RECORD_LEVEL
    int32_t assignments_partitions;
    bool events_enabled; // false: only answers to ids become events
};

struct control *control_create(const struct control_options *options);
void control_destroy(struct control *control);

// Takes one event. `effects` is emptied, then holds what is to be done; valid until the next step.
void control_step(struct control *control, const struct control_event *event,
                  struct control_effects *effects);

// When CONTROL_TICKED is wanted at the latest. INSTANT_NEVER if nothing waits for time.
struct instant control_deadline(const struct control *control);

// Rough size of what the next commit will write, bytes. The shell ends the batch at
// CONTROL_BATCH_BYTES; the rest of a transaction is for the decisions about what has arrived.
size_t control_batch_bytes(const struct control *control);

// The level that records are to be written at, so that every member can read them.
int64_t control_level(const struct control *control);

// Draws the next write of the commit under way; false when there is none left. `*ret` is valid
// until the next call.
bool control_next_write(struct control *control, struct control_write *ret);

// Verifies every invariant of the tables; ends the process if one is broken. O(everything).
void control_check(const struct control *control);

#endif
