// SPDX-License-Identifier: Apache-2.0
//
// The word that somebody probably meant: the smallest edit distance among the words offered, if it
// is small enough to be a slip of the hand.
//
//     struct nearest nearest = nearest_to(name);
//     nearest_offer(&nearest, "lease.ms");
//     if (nearest.word) ...
#ifndef MUSTER_BASE_NEAREST_H
#define MUSTER_BASE_NEAREST_H

#include <stddef.h>

#include "base/text.h"

struct nearest {
    struct text name; // what was written, borrowed
    const char *word; // the best offer so far, borrowed; NULL = none near enough. First wins a tie
    size_t distance;  // its edit distance; before one is found, 1 more than is near enough
};

// Near enough is a third of the name's length, at least 1.
struct nearest nearest_to(struct text name);
void nearest_offer(struct nearest *nearest, const char *word);

// Least number of letters to insert, remove, replace or swap with their neighbour (restricted
// Damerau-Levenshtein). Texts over 100 bytes are as far as the longer one is long.
size_t edit_distance(struct text a, struct text b);

#endif
