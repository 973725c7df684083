// SPDX-License-Identifier: Apache-2.0
//
// What a change of a pool's policy would do, without doing it: `pool set --dry-run`. Answered from
// the tables of any coordinator, leader or standby; nothing outside of the trial changes.
//
// What is told is what comes of it in the end, at whatever pace. What move_budget and stabilization
// hold back without the change is taken as done before it, and is not charged to it. In a frozen
// pool only what has no owner is placed; in a paused one nothing is, whatever the policy, until it
// is resumed.
//
//     struct control_trial *trial = control_trial_create(control, pool, args, count, &why);
//     control_trial_decide(trial);          // what its time costs is for the caller to measure
//     control_trial_view(trial, &view);
#ifndef MUSTER_CONTROL_TRIAL_H
#define MUSTER_CONTROL_TRIAL_H

#include <stdint.h>

#include "base/label.h"
#include "base/status.h"
#include "base/text.h"
#include "control/control.h"

struct control_trial;

// Merges the arguments into the pool's policy as an order would. STATUS_NOT_FOUND: there is no such
// pool; STATUS_INVALID: refused, `why` has the words of the order's refusal; STATUS_AGAIN: the
// state is being read. O(topics).
enum status control_trial_create(const struct control *control, struct text pool,
                                 const struct label *args, uint32_t args_count, struct buffer *why,
                                 struct control_trial **ret_trial) MUST_CHECK;
void control_trial_destroy(struct control_trial *trial); // NULL is fine

// Puts the policy into force and decides, in the trial alone.
void control_trial_decide(struct control_trial *trial);

struct trial_side {
    int64_t assigned, pending;
    int64_t burden_max, burden_min, burden_sum; // over collectors that do not drain, in units of
                                                // `balance`
    int64_t collectors;                         // that can take units
    int64_t wanted;                             // -1 = nothing bounds a collector
    const char *balance;                        // "count", "weight" or "load"
};

struct trial_view {
    struct text pool;
    struct trial_side before, after;
    int64_t moves;    // units that change from one collector to another
    int64_t placed;   // that had no owner and get one
    int64_t unplaced; // that lose theirs and are pending
    int64_t collectors_changed;
    int64_t publish_bytes; // of state and assignments, roughly, until it is done
};

void control_trial_view(const struct control_trial *trial, struct trial_view *ret);

#endif
