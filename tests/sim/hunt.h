// SPDX-License-Identifier: Apache-2.0
//
// Many seeds on all cores. A seed is one world of one hour; whatever ends it, also a broken
// invariant of a room, is a fault of that seed and of no other.
#ifndef SIM_HUNT_H
#define SIM_HUNT_H

#include <stdint.h>

struct hunt_range {
    uint64_t first, last; // both included
};

// All of these return the exit code: 0, or 1 when a seed failed.

// Tells the whole story of one seed; the last line is its hash.
int hunt_tell(uint64_t seed);

// Prints what failed, in the order of the seeds, and last `N seeds, F failed, H simulated hours`.
int hunt_ranges(const struct hunt_range *ranges, int count);

// Fresh seeds for so many minutes of this machine; prints which.
int hunt_minutes(uint64_t minutes);

// Prints `RULE SEED` of the least seed that fails, and stops there; 0 when there is one.
int hunt_find(struct hunt_range range);

// A seed that nobody has drawn before.
uint64_t hunt_fresh_seed(void);

#endif
