// SPDX-License-Identifier: Apache-2.0
//
// Private to the room: one thread that does jobs in order where librdkafka's calls wait, and hands
// them back through an fd. Ending it is bounded: a thread that hangs inside librdkafka is left
// behind, and frees what it holds if it ever comes back.
#ifndef MUSTER_KAFKA_WORKER_H
#define MUSTER_KAFKA_WORKER_H

#include <stdbool.h>

#include "base/instant.h"
#include "base/status.h"

struct kafka_worker;

// First member of the caller's own job struct.
struct kafka_job {
    struct kafka_job *next; // private to the worker while it has the job
};

// All run on the thread; any may be NULL.
struct kafka_worker_role {
    void (*run)(void *context, struct kafka_job *job);
    void (*idle)(void *context);                        // about once a second without a job
    void (*finish)(void *context);                      // last; releases the context
    void (*drop)(void *context, struct kafka_job *job); // a job that nobody will take any more
};

// Starts the thread, with all signals blocked. The context belongs to it from now on.
struct kafka_worker *kafka_worker_create(const struct kafka_worker_role *role, void *context);

// Drops jobs not begun, lets the one under way and `finish` end, at most for `patience`, then
// STATUS_TIMEOUT. Done jobs not taken are dropped too. The fd is closed.
enum status kafka_worker_destroy(struct kafka_worker *worker, struct span patience);

void kafka_worker_submit(struct kafka_worker *worker, struct kafka_job *job);

// The oldest done job, or NULL. The fd is readable while there is one.
struct kafka_job *kafka_worker_take(struct kafka_worker *worker);
int kafka_worker_fd(const struct kafka_worker *worker);

// For `run`: whether destroy was called, so that a long job should give up.
bool kafka_worker_is_stopping(struct kafka_worker *worker);

// For `run`: waits `ms`, or until destroy is called.
void kafka_worker_pause(struct kafka_worker *worker, int ms);

// A job that its owner still changes while it runs: the owner changes it between enter and leave,
// `run` reads what is changed in `is_true`, which await calls inside. await ends after `ms` or with
// destroy at the latest, and returns what is_true said last.
void kafka_worker_enter(struct kafka_worker *worker);
void kafka_worker_leave(struct kafka_worker *worker);
bool kafka_worker_await(struct kafka_worker *worker, bool (*is_true)(void *ctx), void *ctx, int ms);

#endif
