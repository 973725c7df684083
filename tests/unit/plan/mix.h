// SPDX-License-Identifier: Apache-2.0
//
// A pool with labels, weights, loads and any policy that holds the planner to its rules, as world.h
// does for plain ones. The same events go to two plans, one that lives on and one that is thrown
// away and restored now and then; after every settle both must have decided the same, and what the
// rules promise is looked at from scratch, unit by unit. Whatever is wrong ends the process.
#ifndef MIX_H
#define MIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"

enum { MIX_UNITS = 160, MIX_COLLECTORS = 14, MIX_NOBODY = -1 };

struct mix_unit {
    bool is_in;
    int64_t weight;
    int64_t load;      // −1 = never measured
    const char *group; // labels, NULL = without
    const char *zone;
    int pin; // number of a collector, MIX_NOBODY
    int owner;
};

struct mix_collector {
    char id[8];
    bool is_in, is_draining, is_held;
    uint32_t units_max;
    int64_t weight_max;
    const char *group, *zone, *host;
    uint32_t handles[2];
};

struct mix {
    struct plan_units *units[2];
    struct plan *plans[2]; // the steady one, and the one that restarts
    struct plan_policy policy;
    struct mix_unit unit[MIX_UNITS];
    struct mix_collector collector[MIX_COLLECTORS];
    uint64_t random;
    const uint8_t *bytes; // what mix_random draws from as long as there are any; the caller's
    size_t bytes_left;
    uint32_t moves_last;
    uint64_t moves, settles;
    bool is_frozen;
    bool is_brief;
};

void mix_init(struct mix *mix, uint64_t seed);
void mix_finish(struct mix *mix);
uint32_t mix_random(struct mix *mix, uint32_t limit);

// The policy of these keys: "balance=weight affinity=zone". It must be a good one.
void mix_policy(struct mix *mix, const char *keys);

// One random event, or one of everything.
void mix_event(struct mix *mix);

// A policy drawn from all that may be said, contradictions left out.
void mix_policy_draw(struct mix *mix);

// Settles both plans and verifies all that was promised; of what was promised about pending units
// and balance, which takes longest, nothing while `is_brief`.
void mix_settle(struct mix *mix);

// Lets go, after a settle, of the collector that may go first, if one may, and settles: nobody is
// pending who was not before. Returns whether one may.
bool mix_scale_in(struct mix *mix);

// Restores the second plan from what the first one tells, in a random order.
void mix_restart(struct mix *mix);

#endif
