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
    struct span patience;                 // of an init
    const struct kafka_message *messages; // borrowed; NULL: an init
    uint32_t count;
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
