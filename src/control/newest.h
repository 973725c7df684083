// SPDX-License-Identifier: Apache-2.0
//
// S7: a state that went back. Private to this room.
#ifndef MUSTER_CONTROL_NEWEST_H
#define MUSTER_CONTROL_NEWEST_H

#include <stdbool.h>
#include <stdint.h>

struct control;

// The newest state that is known to have been, of a lineage ("" = none).
struct newest {
    char lineage[33];
    int64_t generation;
};

// What has just been read of the state, or committed.
void newest_note(struct control *control);

// What other coordinators have said, before a claim; what was published by the state's lineage.
void newest_gather(struct control *control);
void newest_hear(struct control *control, int64_t generation);

// Whether the state is older than what is known. Means something once the own marker is back.
bool newest_is_ahead(const struct control *control);

#endif
