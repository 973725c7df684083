// SPDX-License-Identifier: Apache-2.0
//
// Who has least, asked again and again while whoever has least is given something: a knock-out
// among loads by rank, played anew along one path. What the tree of tree.h knows besides, rooms and
// who has most, takes several times as long to keep, and is not asked for while many units are
// placed.
#ifndef MUSTER_PLAN_RACE_H
#define MUSTER_PLAN_RACE_H

#include <stdbool.h>
#include <stdint.h>

#define RACE_OUT INT64_MAX // load of one that takes no part

struct race_node {
    int64_t load;
    uint32_t rank;
};

// `= {0}` is an empty one.
struct race {
    struct race_node *nodes; // owned: node 1 is the winner, the leaves are at `width`
    uint32_t width;          // leaves, a power of two
    uint32_t capacity;       // of nodes
};

void race_finish(struct race *race);

// All of `count` ranks, at least 1, are out; race_set changes that, and race_begin plays. O(count).
void race_reset(struct race *race, uint32_t count);
void race_set(struct race *race, uint32_t rank, int64_t load);
void race_begin(struct race *race);

// The first by rank of those with the least load; its load is RACE_OUT when all are out.
static inline struct race_node race_winner(const struct race *race)
{
    return race->nodes[1];
}

// Replaces the winner's load. O(log count).
void race_go_on(struct race *race, int64_t load);

#endif
