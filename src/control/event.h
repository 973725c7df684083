// SPDX-License-Identifier: Apache-2.0
//
// What the coordinator's deciding part can hear. Every event carries its instant; ids and
// randomness arrive in events. Event memory is the caller's and dead after the call.
#ifndef MUSTER_CONTROL_EVENT_H
#define MUSTER_CONTROL_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/text.h"
#include "proto/records.h"

// The two logs that people and agents write and the leader takes in order.
enum input_log { INPUT_CONTROL, INPUT_ORDERS, INPUT_LOG_COUNT };

enum control_event_kind {
    CONTROL_STARTED,         // first event of a life: is_past
    CONTROL_TICKED,          // time has passed
    CONTROL_BEAT_RECEIVED,   // members: beat
    CONTROL_DEATH_RECEIVED,  // members: death
    CONTROL_REPORT_RECEIVED, // reports: report
    CONTROL_STATE_RECEIVED,  // state: key, record (NULL record = tombstone), or why there is none
    CONTROL_STATE_LOST,      // state: where it was read is gone; it is read from its start again
    CONTROL_STATE_ENDED,     // state was read to what was its end for a moment
    CONTROL_STATE_FOREIGN,   // state: key, of a record between those that this leader has written
    CONTROL_INPUT_RECEIVED,  // control or orders: input
    CONTROL_BATCH_ENDED,     // what has arrived is in: decide and write; caught_up
    CONTROL_CLAIM_ANSWERED,  // answer to EFFECT_CLAIM_LEADERSHIP: done
    CONTROL_LOGS_CHECKED,    // answer to EFFECT_CHECK_LOGS: checked
    CONTROL_COMMIT_ANSWERED, // answer to EFFECT_COMMIT: outcome
    CONTROL_TOPICS_ANSWERED, // answer to EFFECT_ASK_TOPICS: topics[]
    CONTROL_ENDS_ANSWERED,   // answer to EFFECT_ASK_ENDS: ends[]
    CONTROL_STOP_REQUESTED,  // SIGTERM: hand the leadership over
};

enum commit_outcome {
    COMMIT_DONE,    // all of it is in the log
    COMMIT_FENCED,  // another coordinator leads
    COMMIT_UNKNOWN, // nobody can say: memory is worth nothing now
};

// One record of control or orders. One that could not be decoded says in `refusal` why.
struct control_input {
    enum input_log log;
    int64_t offset;
    int64_t time_ms; // log append time
    uint32_t crc;    // CRC-32 of the value, the anchor's proof; of the last one before a batch ends
    bool is_refused; // it could not be decoded: `refusal`, else `kind` and `record`
    enum record_kind kind;   // RECORD_ANNOUNCEMENT, RECORD_ORDER, RECORD_MARKER
    const void *record;      // struct of that kind
    struct text refusal;     // why it cannot be taken
    uint32_t unknown_fields; // JSON fields that nobody knows, ignored
};

// What a log looks like now, against the position that EFFECT_CHECK_LOGS asked about.
struct control_log {
    int64_t start;     // first offset that still exists
    int64_t end;       // last stable offset
    bool anchor_found; // the record at anchor_offset exists
    int64_t anchor_time_ms;
    int64_t anchor_crc;
};

// What the newest heads in assignments say of the cell's lineage: the greatest generation that was
// published, 0 = there is none.
struct control_checked {
    struct control_log logs[INPUT_LOG_COUNT];
    int64_t published;
};

// partitions ≥ 1, 0 = there is no such topic, −1 = Kafka could not say.
struct control_topic_answer {
    struct text cluster;
    struct text topic;
    int32_t partitions;
};

// Where the log of a unit ends, and how far the pool's group has read it: offsets, of all its
// partitions together. −1 = nobody could say, or there is no such partition; or, of `committed`,
// nothing was ever committed or it was not asked for.
struct control_end_answer {
    struct text cluster;
    struct text topic;
    int32_t partition;
    int64_t end; // last stable offset
    int64_t committed;
};

struct control_event {
    enum control_event_kind kind;
    struct instant at;
    int64_t wall_ms; // wall clock, for records only
    bool is_past;    // members: it was written before this coordinator listened; STARTED: something
                     // was that it will not be told of
    union {
        const struct beat *beat;
        const struct death *death;
        const struct report *report;
        struct {
            struct text key;
            enum record_kind kind; // as in the value; without a value as the key says
            const void *record;    // NULL = tombstone
            bool is_unreadable;    // the value is no record; `kind` says nothing
            bool is_later;         // ... that this version knows: a later one may
        } state;
        struct control_input input;
        bool caught_up; // control was read to its end in this batch
        bool done;      // the claim: init and marker are committed
        struct control_checked checked;
        enum commit_outcome outcome;
        struct {
            const struct control_topic_answer *items;
            uint32_t count;
        } topics;
        struct {
            int64_t number; // of the question
            const struct control_end_answer *items;
            uint32_t count;
        } ends;
    };
};

#endif
