// SPDX-License-Identifier: Apache-2.0
//
// A partition of a topic: encoded records in the order of their appends. Only committed records are
// in it, so its end is the last stable offset.
#ifndef SIM_LOG_H
#define SIM_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/instant.h"
#include "base/text.h"
#include "wire/wire.h"

enum { LOG_WINDOW = 128 };

// What was decoded lately: several read the same records, one after the other.
struct log_window {
    uint32_t number; // of the window + 1, 0 = none
    struct arena arena;
    enum status status[LOG_WINDOW];
    struct wire_record records[LOG_WINDOW];
    bool is_decoded[LOG_WINDOW];
};

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
    uint32_t start; // first offset that retention has left
    struct log_window windows[2];
};

// Wall clock of the world, for log append times.
static inline int64_t wall_ms(struct instant at)
{
    return 1700000000000 + at.us / 1000;
}

// Appends copies and returns the offset. `record->at` counts.
uint32_t log_append(struct log *log, const struct log_record *record);

// As log_append, and takes over the memory of key and value.
uint32_t log_append_owned(struct log *log, const struct log_record *record);

// What the record with this offset says, decoded once for all that read it at about the same time.
// `*ret` is valid until the next call for this log; a tombstone has no record.
enum status log_decode(struct log *log, uint32_t offset, struct wire_record *ret) MUST_CHECK;

// Compaction of everything below an offset, as Kafka does it: a record with a newer one of its key
// there goes. So do tombstones below `tombstones_below`, which nobody waits for any more.
void log_compact(struct log *log, uint32_t below, uint32_t tombstones_below);

// Takes away everything below an offset.
void log_expire(struct log *log, uint32_t below);

// Takes away everything from an offset on, as if it had never been there.
void log_truncate(struct log *log, uint32_t end);

// The end that the log had at an instant.
uint32_t log_end_at(const struct log *log, struct instant at);

void log_finish(struct log *log);

#endif
