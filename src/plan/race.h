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

// `= {0}` is an empty one.
struct race {
    uint64_t *keys;    // owned: key 1 is the winner's, the leaves are at `width`
    uint32_t width;    // leaves, a power of two
    uint32_t capacity; // of keys
    uint32_t shift;    // a key is a load, and behind so many bits a rank; UINT64_MAX = out
};

void race_finish(struct race *race);

// The greatest load in a race of so many ranks.
int64_t race_load_max(uint32_t count);

// All of `count` ranks, at least 1, are out; race_set changes that, and race_begin plays. O(count).
void race_reset(struct race *race, uint32_t count);
void race_set(struct race *race, uint32_t rank, int64_t load);
void race_begin(struct race *race);

struct race_winner {
    int64_t load; // RACE_OUT when all are out
    uint32_t rank;
};

static inline struct race_winner race_winner_of(const struct race *race, uint64_t key)
{
    if (key == UINT64_MAX)
        return (struct race_winner){RACE_OUT, 0};
    return (struct race_winner){(int64_t)(key >> race->shift), (uint32_t)key & (race->width - 1)};
}

// The first by rank of those with the least load.
static inline struct race_winner race_winner(const struct race *race)
{
    return race_winner_of(race, race->keys[1]);
}

// Replaces the winner's load and returns the next winner. O(log count). A path from leaf to root is
// known from the start, so that all it meets is read at once, and a game is decided without a
// branch: nothing is foreseeable about who wins.
static inline struct race_winner race_go_on(struct race *race, struct race_winner winner,
                                            int64_t load)
{
    uint64_t *keys = race->keys;
    uint32_t at = race->width + winner.rank;
    uint64_t key = load == RACE_OUT ? UINT64_MAX : (uint64_t)load << race->shift | winner.rank;
    keys[at] = key;
    for (; at > 1; at /= 2) {
        uint64_t other = keys[at ^ 1];
        key = other < key ? other : key;
        keys[at / 2] = key;
    }
    return race_winner_of(race, key);
}

#endif
