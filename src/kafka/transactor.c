// SPDX-License-Identifier: Apache-2.0
//
// The owner's side: one job, lent to the worker and taken back. What the transactor may do next
// follows from the last answer, so the state belongs to the owner alone.
#include "kafka/transactor.h"

#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "kafka/convert.h"
#include "kafka/transaction.h"
#include "kafka/worker.h"

struct kafka_transactor {
    struct kafka_worker *worker;
    struct transaction_job *job;  // owned while not busy; NULL with the worker
    struct transaction_job *open; // the worker's, between begin and end
    bool is_ready;                // the id is ours as far as we know
};

enum status kafka_transactor_create(const struct kafka_settings *settings,
                                    const struct kafka_transactor_options *options,
                                    struct buffer *fault, struct kafka_transactor **ret_transactor)
{
    struct transaction_context *context;
    enum status status = transaction_context_create(settings, options, fault, &context);
    if (status)
        return status;
    struct kafka_worker_role role = {.run = transaction_run,
                                     .idle = transaction_idle,
                                     .finish = transaction_context_destroy,
                                     .drop = transaction_job_drop};
    struct kafka_transactor *transactor = memory_get(sizeof *transactor);
    transactor->job = memory_get(sizeof *transactor->job);
    transactor->worker = kafka_worker_create(&role, context);
    *ret_transactor = transactor;
    return STATUS_OK;
}

enum status kafka_transactor_destroy(struct kafka_transactor *transactor, struct span patience)
{
    if (!transactor)
        return STATUS_OK;
    enum status status = kafka_worker_destroy(transactor->worker, patience);
    memory_release(transactor->job);
    memory_release(transactor);
    return status;
}

static void transactor_submit(struct kafka_transactor *transactor)
{
    struct transaction_job *job = transactor->job;
    transactor->job = NULL;
    job->worker = transactor->worker;
    job->asked = kafka_now();
    kafka_worker_submit(transactor->worker, &job->job);
}

enum status kafka_transactor_init(struct kafka_transactor *transactor, uint64_t number,
                                  struct span patience)
{
    if (!transactor->job)
        return STATUS_AGAIN;
    transactor->is_ready = false;
    *transactor->job =
        (struct transaction_job){.number = number, .is_init = true, .patience = patience};
    transactor_submit(transactor);
    return STATUS_OK;
}

// Most messages have the topic of the one before, at the same place of memory.
static bool messages_are_fine(const struct kafka_message *messages, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        bool is_like_last = i > 0 && messages[i].topic.data == messages[i - 1].topic.data &&
                            messages[i].topic.size == messages[i - 1].topic.size &&
                            messages[i].header_count == 0 && messages[i].partition >= 0;
        if (!is_like_last && kafka_message_check(&messages[i]))
            return false;
    }
    return true;
}

static enum status batch_make(struct kafka_transactor *transactor, uint64_t number)
{
    if (!transactor->job)
        return STATUS_AGAIN;
    if (!transactor->is_ready)
        return STATUS_CLOSED;
    *transactor->job = (struct transaction_job){.number = number};
    return STATUS_OK;
}

enum status kafka_transactor_begin(struct kafka_transactor *transactor, uint64_t number)
{
    enum status status = batch_make(transactor, number);
    if (status)
        return status;
    transactor->open = transactor->job;
    transactor_submit(transactor);
    return STATUS_OK;
}

enum status kafka_transactor_add(struct kafka_transactor *transactor, struct kafka_part *part)
{
    struct transaction_job *job = transactor->open;
    ensure(job && part->count > 0);
    if (!messages_are_fine(part->messages, part->count))
        return STATUS_INVALID;
    part->next = NULL;
    kafka_worker_enter(transactor->worker);
    if (job->last)
        job->last->next = part;
    else
        job->first = part;
    job->last = part;
    kafka_worker_leave(transactor->worker);
    return STATUS_OK;
}

void kafka_transactor_end(struct kafka_transactor *transactor)
{
    ensure(transactor->open && transactor->open->first);
    kafka_worker_enter(transactor->worker);
    transactor->open->is_whole = true;
    kafka_worker_leave(transactor->worker);
    transactor->open = NULL;
}

// The worker is woken once.
enum status kafka_transactor_commit(struct kafka_transactor *transactor, uint64_t number,
                                    struct kafka_part *part)
{
    ensure(part->count > 0);
    enum status status = batch_make(transactor, number);
    if (status)
        return status;
    if (!messages_are_fine(part->messages, part->count))
        return STATUS_INVALID;
    part->next = NULL;
    transactor->job->first = transactor->job->last = part;
    transactor->job->is_whole = true;
    transactor_submit(transactor);
    return STATUS_OK;
}

bool kafka_transactor_is_busy(const struct kafka_transactor *transactor)
{
    return !transactor->job;
}

int kafka_transactor_fd(const struct kafka_transactor *transactor)
{
    return kafka_worker_fd(transactor->worker);
}

bool kafka_transactor_poll(struct kafka_transactor *transactor, struct kafka_answer *ret_answer)
{
    struct kafka_job *done = kafka_worker_take(transactor->worker);
    if (!done)
        return false;
    struct transaction_job *job = (struct transaction_job *)done;
    transactor->job = job;
    *ret_answer = job->answer;
    if (job->answer.outcome == KAFKA_READY)
        transactor->is_ready = true;
    if (job->answer.outcome == KAFKA_FENCED || job->answer.outcome == KAFKA_UNKNOWN)
        transactor->is_ready = false;
    return true;
}
