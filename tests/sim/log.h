// SPDX-License-Identifier: Apache-2.0
//
// A partition of a topic: encoded records in the order of their appends. Only committed records are
// in it, so its end is the last stable offset.
#ifndef SIM_LOG_H
#define SIM_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/text.h"

struct log_record {
    struct instant at;  // world time of the append
    struct text key;    // owned, may be empty
    struct text value;  // owned; data NULL = tombstone
    struct text reason; // owned; of a dead letter
    int64_t refused;    // of a dead letter: offset of the refused record, else -1
    bool is_compacted;  // compaction took it away: readers pass over it
};

struct log {
    struct log_record *items; // by offset
    uint32_t count, capacity;
};

// Wall clock of the world, for log append times.
static inline int64_t wall_ms(struct instant at)
{
    return 1700000000000 + at.us / 1000;
}

// Appends copies and returns the offset. `record->at` counts.
uint32_t log_append(struct log *log, const struct log_record *record);

// Takes away every record that has a newer one with its key.
void log_compact(struct log *log);

void log_finish(struct log *log);

#endif
