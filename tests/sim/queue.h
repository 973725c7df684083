// SPDX-License-Identifier: Apache-2.0
//
// What will happen in the world, by instant; what happens at one instant happens in the order in
// which it was put in.
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/text.h"

struct batch;

enum thing_kind {
    // At a process, in that life of it; waits while the process is paused.
    THING_TURN,            // something has arrived: look at the logs
    THING_BEAT_ACKED,      // number: seq
    THING_BEAT_LOST,       // number: seq
    THING_TXN_ANSWERED,    // outcome
    THING_LOGS_ANSWERED,   //
    THING_TOPICS_ANSWERED, // value: names, a line each
    THING_ENDS_ANSWERED,   // number of the question, key: pool, value: units, a line each
    THING_END_ANSWERED,    // number of the question
    THING_UNIT_STARTED,    // number: run
    THING_UNIT_STOPPED,    // number: run, outcome: 1 = committed
    THING_COMMAND_DONE,    // number
    THING_COMMIT_DUE,      //
    // To a process, of whatever life.
    THING_WAKE,    // it is frozen no longer; number: of the freeze
    THING_RESTART, // its supervisor starts it; number: 1 = with the lock of the one before
    // At the broker; happens whatever becomes of the sender.
    THING_APPEND,    // topic, key, value; number: seq to be acknowledged, 0 = none
    THING_TXN_INIT,  // batch: the claim's
    THING_TXN_APPLY, // batch
};

struct thing {
    struct instant at;
    uint64_t order;
    enum thing_kind kind;
    int process;
    uint32_t life;
    uint64_t number;
    int outcome;
    int topic;
    struct text key, value; // owned
    struct batch *batch;    // owned
};

struct queue {
    struct thing *items; // heap
    uint32_t count, capacity;
    uint64_t order;
};

void queue_push(struct queue *queue, struct thing thing);

// The next one, or NULL.
const struct thing *queue_peek(const struct queue *queue);

// Removes it; it is the caller's now.
struct thing queue_pop(struct queue *queue);

// Whatever a broker or a link holds back until later than an instant happens then, in the order in
// which it was put in.
void queue_hasten(struct queue *queue, struct instant at);

void thing_finish(struct thing *thing);
void queue_finish(struct queue *queue);

#endif
