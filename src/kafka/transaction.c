// SPDX-License-Identifier: Apache-2.0
//
// An init and a commit, as the waiting calls that librdkafka has for them.
//
//     init    a new handle, then init_transactions in slices until it is ours or time is up
//     commit  begin, produce all as its parts come, commit in slices
//             done                   -> COMMITTED
//             to be aborted          -> abort; the same batch again, at most `attempts_max` times
//             -> FAILED a message is refused   -> abort -> FAILED at once: it would be refused
//             again fenced                 -> FENCED any other fatal error, the abort itself not
//             done, time up, destroy meanwhile -> UNKNOWN
//
// The slices are there so that a destroy is noticed; calling commit_transaction or
// init_transactions again resumes what the former call began.
#include "kafka/transaction.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "kafka/convert.h"
#include "kafka/handle.h"
#include "kafka/watch_feed.h"

#define SLICE_MS 500
#define ABORT_MS 10000
#define CLOSE_MS 5000
#define PAUSE_MS 20 // before a batch is sent again, times the attempt
#define TOPICS_MAX 10000

struct transaction_context {
    struct kafka_settings settings; // own copy
    char *id;
    char *followed_topic; // "" = none
    char timeout_ms[16];
    uint32_t commit_timeout_ms;
    uint32_t attempts_max;
    struct kafka_handle *handle; // of the last init
    bool is_used;                // the handle has seen an init
    struct kafka_topics topics;  // of the handle
    // Of the attempt under way: the last message's topic, which is mostly the next one's too.
    struct text topic;
    rd_kafka_topic_t *rkt;
    bool is_followed;
    // Of the attempt under way, filled in by deliveries.
    rd_kafka_resp_err_t refused; // the first message's that was not delivered
    struct kafka_followed followed;
};

static const struct kafka_followed nowhere = {-1, -1, -1, -1};

// How an attempt went on.
enum step { STEP_DONE, STEP_ABORT, STEP_REFUSED, STEP_FENCED, STEP_UNKNOWN };

// Messages of a partition are reported in their order there.
static void follow(struct kafka_followed *followed, int64_t offset)
{
    if (followed->first < 0)
        followed->first = offset;
    if (followed->end >= 0 && offset > followed->end) {
        if (followed->gap < 0)
            followed->gap = followed->end;
        followed->gap_end = offset;
    }
    followed->end = offset + 1;
}

// Messages for the followed topic have an opaque.
static void on_delivered(rd_kafka_t *rk, const rd_kafka_message_t *message, void *owner)
{
    struct transaction_context *context = owner;
    (void)rk;
    if (message->err && !context->refused)
        context->refused = message->err;
    if (!message->err && message->_private && message->partition == 0)
        follow(&context->followed, message->offset);
}

static enum status context_open(struct transaction_context *context, struct buffer *fault)
{
    const struct kafka_fixed fixed[] = {
        {"retry.backoff.ms", "10",
         true}, // a transaction that finds the last one unfinished waits this long
        {"linger.ms", "5", true}, // a commit flushes and does not wait for it; batches get fuller
        {"queue.buffering.max.messages", "1000000", true},
        {"queue.buffering.max.kbytes", "131072", true},
        {"message.max.bytes", "4194304", true}, // Kafka's own limits decide, not the client's
        {"transaction.timeout.ms", context->timeout_ms, false},
        {"transactional.id", context->id, false},
        {"partitioner", "murmur2_random", false},
    };
    struct kafka_handle_plan plan = {.type = RD_KAFKA_PRODUCER,
                                     .fixed = fixed,
                                     .fixed_count = sizeof fixed / sizeof fixed[0],
                                     .delivered = on_delivered,
                                     .owner = context};
    return kafka_handle_create(&context->settings, &plan, fault, &context->handle);
}

// Whatever is still queued is thrown away here, so that no report comes after the context's end.
static void context_close(struct transaction_context *context)
{
    if (!context->handle)
        return;
    rd_kafka_purge(context->handle->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(context->handle->rk, SLICE_MS);
    kafka_topics_finish(&context->topics);
    (void)kafka_handle_destroy(context->handle, span_of_ms(CLOSE_MS)); // the watch is told
    context->handle = NULL;
}

enum status transaction_context_create(const struct kafka_settings *settings,
                                       const struct kafka_transactor_options *options,
                                       struct buffer *fault,
                                       struct transaction_context **ret_context)
{
    struct transaction_context *context = memory_get(sizeof *context);
    for (uint32_t i = 0; i < settings->count; i++)
        kafka_settings_add(&context->settings, settings->properties[i].name,
                           settings->properties[i].value);
    context->settings.watch = settings->watch;
    kafka_watch_hold(settings->watch);
    context->id = text_copy(options->id);
    context->followed_topic = text_copy(options->followed);
    snprintf(context->timeout_ms, sizeof context->timeout_ms, "%u",
             options->transaction_timeout_ms ? options->transaction_timeout_ms : 30000);
    context->commit_timeout_ms = options->commit_timeout_ms ? options->commit_timeout_ms : 45000;
    context->attempts_max = options->attempts_max ? options->attempts_max : 3;

    // A trial, so that wrong settings are told now and not at the first init.
    enum status status = options->id.size ? context_open(context, fault) : STATUS_INVALID;
    if (!options->id.size)
        buffer_add_string(fault, "a transactional id is missing");
    if (status)
        transaction_context_destroy(context);
    else
        *ret_context = context;
    return status;
}

void transaction_context_destroy(void *owned)
{
    struct transaction_context *context = owned;
    context_close(context);
    kafka_watch_drop(context->settings.watch);
    kafka_settings_finish(&context->settings);
    memory_release(context->id);
    memory_release(context->followed_topic);
    memory_release(context);
}

void transaction_job_drop(void *context, struct kafka_job *job)
{
    (void)context;
    memory_release(job);
}

void transaction_idle(void *owned)
{
    const struct transaction_context *context = owned;
    if (context->handle)
        rd_kafka_poll(context->handle->rk, 0);
}

static void answer_set(struct transaction_job *job, enum kafka_outcome outcome, enum status status,
                       const char *text)
{
    job->answer.outcome = outcome;
    job->answer.status = status;
    snprintf(job->answer.text, sizeof job->answer.text, "%s", text);
}

// Takes the error over into the answer's words.
static void answer_explain(struct transaction_job *job, rd_kafka_error_t *error)
{
    job->answer.status = kafka_status_of(rd_kafka_error_code(error));
    snprintf(job->answer.text, sizeof job->answer.text, "%s", rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
}

static bool is_over(const struct transaction_job *job, struct instant deadline)
{
    return kafka_worker_is_stopping(job->worker) || instant_has_come(deadline, kafka_now());
}

static void answer_unreached(struct transaction_job *job, const struct transaction_context *context,
                             enum kafka_outcome outcome, const char *otherwise)
{
    struct buffer text = {0};
    enum status status = STATUS_TIMEOUT;
    if (context->settings.watch)
        status = kafka_watch_reach(context->settings.watch, &text) ? STATUS_UNREACHABLE : status;
    answer_set(job, outcome, status, text.size ? buffer_string(&text) : otherwise);
    buffer_finish(&text);
}

// A new handle, unless the one from the creation has not been used yet.
static enum status context_renew(struct transaction_context *context, struct transaction_job *job)
{
    struct buffer fault = {0};
    enum status status = STATUS_OK;
    if (context->is_used)
        context_close(context);
    if (!context->handle)
        status = context_open(context, &fault);
    if (status)
        answer_set(job, KAFKA_FAILED, status, buffer_string(&fault));
    context->is_used = true;
    buffer_finish(&fault);
    return status;
}

static void run_init(struct transaction_context *context, struct transaction_job *job)
{
    struct instant deadline = instant_add(job->asked, job->patience);
    if (context_renew(context, job))
        return;
    for (;;) {
        int slice_ms = kafka_remaining_ms(deadline, SLICE_MS);
        rd_kafka_error_t *error =
            rd_kafka_init_transactions(context->handle->rk, slice_ms > 0 ? slice_ms : 1);
        if (!error) {
            answer_set(job, KAFKA_READY, STATUS_OK, "");
            return;
        }
        bool may_retry = rd_kafka_error_is_retriable(error);
        job->answer.outcome = KAFKA_FAILED;
        answer_explain(job, error);
        if (!may_retry)
            return;
        if (is_over(job, deadline)) {
            answer_unreached(job, context, KAFKA_FAILED,
                             "the transaction coordinator has not answered in time");
            return;
        }
    }
}

// What a fatal error of the handle means; the text is the error's own.
static enum step fatal_step(const struct transaction_context *context, struct transaction_job *job)
{
    char text[sizeof job->answer.text] = "";
    rd_kafka_resp_err_t code = rd_kafka_fatal_error(context->handle->rk, text, sizeof text);
    if (!code)
        return STEP_ABORT;
    job->answer.status = kafka_status_of(code);
    snprintf(job->answer.text, sizeof job->answer.text, "%s", text);
    return job->answer.status == STATUS_FENCED ? STEP_FENCED : STEP_UNKNOWN;
}

static enum step step_of(const struct transaction_context *context, struct transaction_job *job,
                         rd_kafka_error_t *error)
{
    bool is_fatal = rd_kafka_error_is_fatal(error);
    bool requires_abort = rd_kafka_error_txn_requires_abort(error);
    answer_explain(job, error);
    if (job->answer.status == STATUS_FENCED)
        return STEP_FENCED;
    if (is_fatal)
        return fatal_step(context, job) == STEP_FENCED ? STEP_FENCED : STEP_UNKNOWN;
    return requires_abort ? STEP_ABORT : STEP_UNKNOWN;
}

// A delivery error that the same bytes would meet again.
static bool is_lasting(rd_kafka_resp_err_t error)
{
    switch (error) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
        return true;
    default:
        return false;
    }
}

static enum step refuse(struct transaction_job *job, const struct kafka_message *message,
                        rd_kafka_resp_err_t error)
{
    char text[sizeof job->answer.text];
    snprintf(text, sizeof text, "a message for topic '%.*s' is refused: %s",
             TEXT_ARGS(message->topic), rd_kafka_err2str(error));
    answer_set(job, KAFKA_FAILED, kafka_status_of(error), text);
    return STEP_REFUSED;
}

// The messages of a batch lie untouched, so the same place is the same topic.
static bool topic_find(struct transaction_context *context, struct text topic)
{
    if (context->topic.data == topic.data && context->topic.size == topic.size)
        return true;
    struct kafka_topic_entry *entry =
        kafka_topics_get(&context->topics, context->handle, topic, TOPICS_MAX, 0);
    if (!entry)
        return false;
    context->topic = topic;
    context->rkt = entry->rkt;
    context->is_followed = text_equals(topic, context->followed_topic);
    return true;
}

static enum step produce_one(struct transaction_context *context, struct transaction_job *job,
                             const struct kafka_message *message, struct instant deadline)
{
    if (!topic_find(context, message->topic))
        return refuse(job, message, RD_KAFKA_RESP_ERR__INVALID_ARG);
    rd_kafka_resp_err_t error;
    void *opaque = context->is_followed ? context : NULL;
    while ((error = kafka_message_produce(context->handle->rk, context->rkt, message, opaque)) ==
           RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        if (is_over(job, deadline))
            return STEP_ABORT;
        rd_kafka_poll(context->handle->rk, 10);
    }
    if (!error)
        return STEP_DONE;
    if (is_lasting(error))
        return refuse(job, message, error);
    answer_set(job, KAFKA_FAILED, kafka_status_of(error), rd_kafka_err2str(error));
    return fatal_step(context, job);
}

static enum step commit(struct transaction_context *context, struct transaction_job *job,
                        struct instant deadline)
{
    for (;;) {
        rd_kafka_error_t *error = rd_kafka_commit_transaction(context->handle->rk, SLICE_MS);
        if (!error)
            return STEP_DONE;
        if (!rd_kafka_error_is_retriable(error))
            return step_of(context, job, error);
        rd_kafka_error_destroy(error);
        if (is_over(job, deadline)) {
            answer_unreached(job, context, KAFKA_UNKNOWN, "the commit was not answered in time");
            return STEP_UNKNOWN;
        }
    }
}

// A lasting refusal by the broker is known by its delivery, behind the commit's general complaint.
static enum step sort_refusal(const struct transaction_context *context,
                              struct transaction_job *job, enum step step)
{
    if (step != STEP_ABORT || !context->refused)
        return step;
    answer_set(job, KAFKA_FAILED, kafka_status_of(context->refused),
               rd_kafka_err2str(context->refused));
    return is_lasting(context->refused) ? STEP_REFUSED : STEP_ABORT;
}

// The parts of a batch, as far as its owner has added them.
struct part_wait {
    struct transaction_job *job;
    struct kafka_part *part; // the one before; becomes the next, NULL: there is none
};

static bool is_part_there(void *ctx)
{
    struct part_wait *wait = ctx;
    struct kafka_part *next = wait->part ? wait->part->next : wait->job->first;
    if (!next && !wait->job->is_whole)
        return false;
    wait->part = next;
    return true;
}

static bool is_whole(void *ctx)
{
    const struct transaction_job *job = ctx;
    return job->is_whole;
}

static enum step produce_all(struct transaction_context *context, struct transaction_job *job,
                             struct instant deadline)
{
    struct part_wait wait = {.job = job};
    for (;;) {
        while (!kafka_worker_await(job->worker, is_part_there, &wait, SLICE_MS))
            if (is_over(job, deadline))
                return STEP_ABORT;
        if (!wait.part)
            return STEP_DONE;
        for (uint32_t i = 0; i < wait.part->count; i++) {
            enum step step = produce_one(context, job, &wait.part->messages[i], deadline);
            if (step != STEP_DONE)
                return step;
        }
    }
}

static enum step attempt(struct transaction_context *context, struct transaction_job *job,
                         struct instant deadline)
{
    context->topic = (struct text){0};
    context->refused = RD_KAFKA_RESP_ERR_NO_ERROR;
    context->followed = nowhere;
    rd_kafka_error_t *error = rd_kafka_begin_transaction(context->handle->rk);
    if (error)
        return step_of(context, job, error);
    enum step step = produce_all(context, job, deadline);
    if (step != STEP_DONE)
        return step;
    return sort_refusal(context, job, commit(context, job, deadline));
}

// Keeps the answer's reason, which is why there has to be an abort, unless the abort fails.
static enum step abort_attempt(struct transaction_context *context, struct transaction_job *job,
                               enum step because)
{
    struct instant deadline = instant_add(kafka_now(), span_of_ms(ABORT_MS));
    for (;;) {
        rd_kafka_error_t *error = rd_kafka_abort_transaction(context->handle->rk, SLICE_MS);
        if (!error)
            return because;
        if (!rd_kafka_error_is_retriable(error))
            return step_of(context, job, error) == STEP_FENCED ? STEP_FENCED : STEP_UNKNOWN;
        rd_kafka_error_destroy(error);
        if (is_over(job, deadline)) {
            answer_unreached(job, context, KAFKA_UNKNOWN, "the abort was not answered in time");
            return STEP_UNKNOWN;
        }
    }
}

static void run_commit(struct transaction_context *context, struct transaction_job *job)
{
    static const enum kafka_outcome outcomes[] = {
        [STEP_DONE] = KAFKA_COMMITTED,  [STEP_ABORT] = KAFKA_FAILED,
        [STEP_REFUSED] = KAFKA_FAILED,  [STEP_FENCED] = KAFKA_FENCED,
        [STEP_UNKNOWN] = KAFKA_UNKNOWN,
    };
    struct instant deadline = instant_add(job->asked, span_of_ms(context->commit_timeout_ms));
    enum step step = STEP_ABORT;
    while (step == STEP_ABORT) {
        job->answer.attempts++;
        step = attempt(context, job, deadline);
        if (step == STEP_ABORT || step == STEP_REFUSED)
            step = abort_attempt(context, job, step);
        if (job->answer.attempts >= context->attempts_max || is_over(job, deadline))
            break;
        if (step == STEP_ABORT)
            kafka_worker_pause(job->worker, PAUSE_MS * (int)job->answer.attempts);
    }
    while (!kafka_worker_await(job->worker, is_whole, job, SLICE_MS))
        if (kafka_worker_is_stopping(job->worker))
            break; // the owner still adds to it, and wants no answer any more
    job->answer.outcome = outcomes[step];
    if (step == STEP_DONE) {
        answer_set(job, KAFKA_COMMITTED, STATUS_OK, "");
        job->answer.followed = context->followed;
    }
}

void transaction_run(void *owned, struct kafka_job *base)
{
    struct transaction_context *context = owned;
    struct transaction_job *job = (struct transaction_job *)base;
    job->answer = (struct kafka_answer){.number = job->number, .followed = nowhere};
    if (job->is_init)
        run_init(context, job);
    else
        run_commit(context, job);
    job->answer.duration_us = instant_since(kafka_now(), job->asked).us;
}
