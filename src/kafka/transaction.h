// SPDX-License-Identifier: Apache-2.0
//
// Private to the room: the waiting half of a transactor, which runs on its worker's thread.
#ifndef MUSTER_KAFKA_TRANSACTION_H
#define MUSTER_KAFKA_TRANSACTION_H

#include "kafka/clock.h"
#include "kafka/transactor.h"
#include "kafka/worker.h"

struct transaction_job {
    struct kafka_job job; // first
    struct kafka_worker *worker;
    uint64_t number;
    struct instant asked;
    bool is_init;
    struct span patience; // of an init
    // A batch, which its owner goes on adding to between kafka_worker_enter and _leave.
    struct kafka_part *first, *last; // borrowed
    bool is_whole;
    struct kafka_answer answer;
};

struct transaction_context;

enum status transaction_context_create(const struct kafka_settings *settings,
                                       const struct kafka_transactor_options *options,
                                       struct buffer *fault,
                                       struct transaction_context **ret_context) MUST_CHECK;

// The worker's role.
void transaction_run(void *context, struct kafka_job *job);
void transaction_idle(void *context);
void transaction_context_destroy(void *context);
void transaction_job_drop(void *context, struct kafka_job *job);

#endif
