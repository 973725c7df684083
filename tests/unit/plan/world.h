// SPDX-License-Identifier: Apache-2.0
//
// A pool that holds the planner to its rules. The same events go to two plans, one that lives on
// and one that is thrown away and restored now and then; after every settle both must have decided
// the same, the rules must hold and the moves must be the fewest, which is worked out here anew
// from what was before. Whatever is wrong ends the process (`ensure`), so the fuzzer can use it
// too.
#ifndef WORLD_H
#define WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/plan.h"

#define WORLD_UNITS 2000
#define WORLD_COLLECTORS 48
#define WORLD_NOBODY (-1)

struct world_collector {
    char id[16];
    bool is_in;
    bool is_draining;
    uint32_t units_max; // 0 = no limit
    uint32_t handles[2];
};

struct world {
    struct plan_units *units[2];
    struct plan *plans[2]; // the steady one, and the one that restarts
    struct world_collector collectors[WORLD_COLLECTORS];
    uint32_t cap; // max_topics_per_collector, 0 = none
    bool is_packed;
    bool is_known[WORLD_UNITS];
    int owners[WORLD_UNITS]; // as told by the changes: number of a collector or WORLD_NOBODY
    uint64_t random;         // state of the generator, never 0
    uint64_t settles;
    uint64_t moves;      // units that went from one collector to another, in all settles
    uint32_t moves_last; // in the last one
    uint32_t unsettled;  // events since the last settle
};

// The ids do not sort as the numbers do.
void world_init(struct world *world, uint64_t seed);
void world_finish(struct world *world);

// A number below `limit` from the world's own generator (xorshift).
uint32_t world_random(struct world *world, uint32_t limit);

// Events; each does nothing if it makes no sense as things are. A unit or collector is a number
// below the limits above.
void world_add(struct world *world, uint32_t unit);
void world_remove(struct world *world, uint32_t unit);
void world_join(struct world *world, uint32_t collector);
void world_leave(struct world *world, uint32_t collector);
void world_drain(struct world *world, uint32_t collector, bool is_draining);
void world_capacity(struct world *world, uint32_t collector, uint32_t units_max);
void world_cap(struct world *world, uint32_t cap);

// Packed: with capacities of their own, the number of moves is then not verified.
void world_pack(struct world *world, bool is_packed);

// Settles both plans and verifies all that was promised.
void world_settle(struct world *world);

// Settles first if need be, then restores the second plan from what the first one tells, in a
// random order, under other handles.
void world_restart(struct world *world);

// Number of units and of collectors of the world that are in.
uint32_t world_unit_count(const struct world *world);
uint32_t world_collector_count(const struct world *world);

#endif
