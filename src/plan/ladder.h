// SPDX-License-Identifier: Apache-2.0
//
// Collectors by load: a chain of levels, one for each load that occurs, each with the set of its
// collectors by rank (place in the order of ids). Whoever has least or most, and among those the
// first or last by id, is at an end of the chain; one unit more or less is a step to the next
// level. A settled pool has two levels.
#ifndef MUSTER_PLAN_LADDER_H
#define MUSTER_PLAN_LADDER_H

#include <stdint.h>

#include "plan/bitset.h"

#define LADDER_NONE UINT32_MAX

struct level {
    struct bitset ranks; // all zero while the level is free
    uint32_t load;       // units that each of its collectors has
    uint32_t count;      // collectors here, at least 1 while in the chain
    uint32_t lower;      // next level below, LADDER_NONE = lowest
    uint32_t higher;     // next level above, LADDER_NONE = highest; chains the free ones too
};

struct ladder {
    struct level *levels; // owned
    uint32_t capacity;    // of levels
    uint32_t used;        // levels that were ever in the chain
    uint32_t free;        // first free level among them
    uint32_t lowest;
    uint32_t highest;
    uint32_t width; // ranks are below this
};

void ladder_init(struct ladder *ladder);
void ladder_finish(struct ladder *ladder);

// Adds a collector that is not in and returns its level. `near` is a level to begin the search at,
// or LADDER_NONE for the lowest; O(levels between).
uint32_t ladder_add(struct ladder *ladder, uint32_t rank, uint32_t load, uint32_t near);

// Takes a collector out of the level that ladder_add returned for it.
void ladder_remove(struct ladder *ladder, uint32_t rank, uint32_t level);

// Gives everyone in the lowest level `by` units more at once. The next level must be further above.
void ladder_lowest_raise(struct ladder *ladder, uint32_t by);

// First by rank of the lowest level, last by rank of the highest. The ladder must not be empty.
uint32_t ladder_first(const struct ladder *ladder);
uint32_t ladder_last(const struct ladder *ladder);

// Ranks from `rank` on become one greater; ranks above `rank`, which must not be in, one less.
void ladder_place_insert(struct ladder *ladder, uint32_t rank);
void ladder_place_remove(struct ladder *ladder, uint32_t rank);

#endif
