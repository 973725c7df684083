// SPDX-License-Identifier: Apache-2.0
//
// What the coordinator's deciding part wants done. Effects are carried out in order; the ones that
// say so are answered by an event. Effect memory is the core's and dead at the next step.
#ifndef MUSTER_CONTROL_EFFECT_H
#define MUSTER_CONTROL_EFFECT_H

#include <stdint.h>

#include "base/text.h"
#include "control/event.h"
#include "proto/records.h"

enum control_effect_kind {
    EFFECT_SEND_BEAT,        // write `beat` to members; its return trip is the evidence of S4
    EFFECT_SEND_MARKER,      // write `marker` to control
    EFFECT_CLAIM_LEADERSHIP, // initialise the transactional producer, commit `claim` to state under
                             // key "marker"; answered by CONTROL_CLAIM_ANSWERED
    EFFECT_CHECK_LOGS,       // look at `positions` and heads; answered by CONTROL_LOGS_CHECKED
    EFFECT_READ_INPUTS,      // leading: read control and orders from `positions[].next` on,
                             // and state no longer
    EFFECT_STOP_INPUTS,      // stop reading control and orders
    EFFECT_REFUSE_INPUT, // the input of this event goes to the dead letter topic with `reason`, in
                         // the next commit; its id is `id`
    EFFECT_COMMIT,       // draw the writes with control_next_write and commit them as one
                         // transaction; answered by CONTROL_COMMIT_ANSWERED
    EFFECT_ASK_TOPICS,   // ask Kafka for the partitions of `topics`; answered by
                         // CONTROL_TOPICS_ANSWERED
    EFFECT_ASK_ENDS,     // ask Kafka where the logs of `ends` end; answered by
                         // CONTROL_ENDS_ANSWERED, if only by nobody can say
    EFFECT_RESTORE,      // memory was thrown away: read state from its beginning again
    EFFECT_RESIGN,       // let go of the transactional producer
    EFFECT_EXIT,         // this life has ended in order: leave with code 0
    EFFECT_TRACE,        // one narrated line in `text`
    EFFECT_ALARM,        // one line that a person must see, in `text`
};

struct control_topic_question {
    struct text cluster;
    struct text topic;
};

struct control_end_question {
    struct text cluster;
    struct text topic;
    int32_t partition;    // −1 = all of them
    int32_t partitions;   // how many the topic has
    bool wants_committed; // what the pool's group has committed is wanted too
};

struct control_effect {
    enum control_effect_kind kind;
    union {
        struct beat *beat;
        struct marker marker;
        struct state_marker claim;
        struct state_position positions[INPUT_LOG_COUNT];
        struct {
            struct text reason;
            struct text id;
        } refusal;
        struct {
            const struct control_topic_question *items;
            uint32_t count;
        } topics;
        struct {
            int64_t number; // comes back in the answer
            struct text pool;
            const struct control_end_question *items;
            uint32_t count;
        } ends;
        struct text text;
    };
};

// The effects of one step, in order. `= {0}` is an empty list; control_effects_finish frees it.
struct control_effects {
    struct control_effect *items;
    uint32_t count;
    uint32_t capacity;
};

void control_effects_finish(struct control_effects *effects);

// Where a write of a commit goes.
enum write_target { WRITE_STATE, WRITE_ASSIGNMENT, WRITE_EVENT };

struct control_write {
    enum write_target target;
    int32_t partition; // of assignments, else 0
    struct text key;
    enum record_kind kind;
    const void *record; // struct of that kind; NULL = tombstone
};

#endif
