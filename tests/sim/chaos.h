// SPDX-License-Identifier: Apache-2.0
//
// Faults drawn from the world's seed, and the calm after them in which everything must come right.
#ifndef SIM_CHAOS_H
#define SIM_CHAOS_H

#include "sim/world.h"

struct chaos {
    int coordinators, collectors; // at most 4 and 6
    int topics;                   // announced names to choose from
    int64_t ms;                   // how long faults go on
    int64_t calm_ms;              // within how long all must be right again
    uint32_t *ret_crc;            // if not NULL: CRC-32 of everything that was told
};

// Runs a world of its own. Returns the fault that was found, NULL if there was none; valid until
// the next call.
const char *chaos_run(uint64_t seed, const struct chaos *chaos);

#endif
