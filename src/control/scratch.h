// SPDX-License-Identifier: Apache-2.0
//
// Plans beside the one in force: made from the tables, on a leader and on a standby alike, to be
// looked at or tried something with. Private to this room.
#ifndef MUSTER_CONTROL_SCRATCH_H
#define MUSTER_CONTROL_SCRATCH_H

#include "control/core.h"

struct scratch {
    struct plan_units *units; // by the handles of the tables
    struct plan **plans;      // by pool; NULL = left out, or the state cannot be planned just now
    uint32_t count;
    uint32_t *planned;   // by collector: its handle in the plan of its pool, PLAN_NOBODY
    int64_t state_taken; // control->state_taken when it was made
    struct instant made;
};

// The plans of one pool, or of all (NONE), as the tables have them: with the policy, collectors,
// owners, numbers and loads that are in force. O(topics + units + collectors).
struct scratch *scratch_create(const struct control *control, uint32_t pool);
void scratch_destroy(struct scratch *scratch);

// The plan in force on a leader; elsewhere one made from the state, which is at most `age_ms` older
// than what has been read. NULL = there is none just now. To be looked at only, until the next
// step.
const struct plan *plan_peek(const struct control *control, uint32_t pool, int64_t age_ms);

// The same, or NULL instead of one that is older than what has been read: it does not know what the
// handles of the tables name now.
const struct plan *plan_peek_exact(const struct control *control, uint32_t pool, int64_t age_ms);

#endif
