// SPDX-License-Identifier: Apache-2.0
//
// The writes of one transaction, encoded, with the line that tells each.
#ifndef SIM_BATCH_H
#define SIM_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct batch_item {
    int topic;
    struct text key, value, reason; // owned; a value without data = tombstone
    int64_t refused;                // dead letter: offset of what was refused, else -1
    char *line;                     // owned: what the story tells of it, or NULL
};

struct batch {
    struct batch_item *items;
    uint32_t count, capacity;
    uint64_t epoch; // the producer's
    bool is_claim;
};

// Adds a write and returns it to be filled in; valid until the next one.
struct batch_item *batch_add(struct batch *batch, int topic);

// NULL is fine.
void batch_destroy(struct batch *batch);

#endif
