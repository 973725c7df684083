// SPDX-License-Identifier: Apache-2.0
//
// Ends, starts and times of partitions, and the offsets of a group, as they wait on the worker's
// thread. librdkafka walks its lists once for every partition in them, so long ones go in chunks.
#include <string.h>

#include "kafka/clock.h"
#include "kafka/request.h"

#define CHUNK 1000
#define SLICE_MS 500
#define SLICE_MAX_MS 32000
#define PAUSE_MS 100

static rd_kafka_topic_partition_list_t *chunk_create(const struct kafka_request_job *job,
                                                     uint32_t first, uint32_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (uint32_t i = first; i < first + count; i++)
        rd_kafka_topic_partition_list_add(list, job->offsets[i].topic.data,
                                          job->offsets[i].partition);
    return list;
}

// The place in the list of what was asked for; nearly always the same as in the request.
static const rd_kafka_topic_partition_t *
chunk_find(rd_kafka_topic_partition_list_t *list, uint32_t place, const struct kafka_offset *offset)
{
    if (place < (uint32_t)list->cnt) {
        const rd_kafka_topic_partition_t *at = &list->elems[place];
        if (at->partition == offset->partition && text_equals(offset->topic, at->topic))
            return at;
    }
    return rd_kafka_topic_partition_list_find(list, offset->topic.data, offset->partition);
}

static void chunk_take(struct kafka_request_job *job, uint32_t first, uint32_t count,
                       rd_kafka_topic_partition_list_t *list)
{
    for (uint32_t i = 0; i < count; i++) {
        struct kafka_offset *offset = &job->offsets[first + i];
        const rd_kafka_topic_partition_t *said = chunk_find(list, i, offset);
        offset->status = said ? kafka_status_of(said->err) : STATUS_FAILED;
        if (offset->status || job->reply.request == KAFKA_COMMIT)
            continue;
        offset->offset = said->offset < 0 ? -1 : said->offset;
        if (said->metadata_size > 0)
            offset->metadata =
                arena_text(&job->arena, (struct text){said->metadata, said->metadata_size});
    }
}

typedef rd_kafka_resp_err_t (*chunk_call)(struct kafka_admin_context *context,
                                          const struct kafka_request_job *job,
                                          rd_kafka_topic_partition_list_t *list);

// Asks chunk by chunk; the first that fails as a whole fails the reply.
static void ask_in_chunks(struct kafka_admin_context *context, struct kafka_request_job *job,
                          chunk_call call)
{
    for (uint32_t first = 0; first < job->reply.offset_count && !job->reply.status;) {
        uint32_t left = job->reply.offset_count - first;
        uint32_t count = left < CHUNK ? left : CHUNK;
        rd_kafka_topic_partition_list_t *list = chunk_create(job, first, count);
        for (uint32_t i = 0; i < count; i++) {
            struct kafka_offset *offset = &job->offsets[first + i];
            rd_kafka_topic_partition_t *asked = &list->elems[i];
            asked->offset = job->reply.request == KAFKA_COMMIT ? offset->offset : job->at;
            if (offset->metadata.size > 0) {
                asked->metadata = rd_kafka_mem_malloc(NULL, offset->metadata.size + 1);
                memcpy(asked->metadata, offset->metadata.data, offset->metadata.size);
                ((char *)asked->metadata)[offset->metadata.size] = '\0';
                asked->metadata_size = offset->metadata.size;
            }
        }
        rd_kafka_resp_err_t error = call(context, job, list);
        if (error)
            kafka_request_fail(context, job, error);
        else
            chunk_take(job, first, count, list);
        rd_kafka_topic_partition_list_destroy(list);
        first += count;
    }
}

// A topic that has just been made, or whose leader moves or has died, fails the question as a whole
// for a while.
static bool is_passing(rd_kafka_resp_err_t error)
{
    return error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
           error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
           error == RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH ||
           error == RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH ||
           error == RD_KAFKA_RESP_ERR__TIMED_OUT || error == RD_KAFKA_RESP_ERR__TRANSPORT;
}

// librdkafka asks the leader that it has in its cache, and for topics that nobody consumes or
// produces to with this handle it keeps a dead one there for a quarter of an hour. What is asked of
// the cluster anew goes into the cache.
static void leaders_renew(struct kafka_admin_context *context,
                          const rd_kafka_topic_partition_list_t *list, int timeout_ms)
{
    rd_kafka_t *rk = context->handle->rk;
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *only =
        list->cnt == 1 ? rd_kafka_topic_new(rk, list->elems[0].topic, NULL) : NULL;
    if (rd_kafka_metadata(rk, only == NULL, only, &metadata, timeout_ms) ==
        RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_metadata_destroy(metadata);
    if (only)
        rd_kafka_topic_destroy(only);
}

// Ever longer attempts, so that a dead leader does not use up all the patience and many partitions
// have their time.
static rd_kafka_resp_err_t call_offsets(struct kafka_admin_context *context,
                                        const struct kafka_request_job *job,
                                        rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_resp_err_t error;
    for (int slice_ms = SLICE_MS;; slice_ms = slice_ms < SLICE_MAX_MS ? 2 * slice_ms : slice_ms) {
        int left_ms = kafka_request_remaining_ms(job);
        error = rd_kafka_offsets_for_times(context->handle->rk, list,
                                           left_ms < slice_ms ? left_ms : slice_ms);
        if (!is_passing(error) || instant_has_come(job->deadline, kafka_now()) ||
            kafka_worker_is_stopping(job->worker))
            break;
        leaders_renew(context, list, kafka_remaining_ms(job->deadline, slice_ms));
        kafka_worker_pause(job->worker, PAUSE_MS);
        for (int i = 0; i < list->cnt; i++)
            list->elems[i].offset = job->at;
    }
    // Every partition of the list is unknown: that is an answer for each.
    if (error != RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
        return error;
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].err = error;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void kafka_request_find_offsets(struct kafka_admin_context *context, struct kafka_request_job *job)
{
    if (job->at == KAFKA_START)
        job->at = RD_KAFKA_OFFSET_BEGINNING;
    else if (job->at == KAFKA_END)
        job->at = RD_KAFKA_OFFSET_END;
    ask_in_chunks(context, job, call_offsets);
}

static rd_kafka_resp_err_t call_committed(struct kafka_admin_context *context,
                                          const struct kafka_request_job *job,
                                          rd_kafka_topic_partition_list_t *list)
{
    return rd_kafka_committed(context->handle->rk, list, kafka_request_remaining_ms(job));
}

// The answer about another group than the handle's own comes as a copy of the list.
static rd_kafka_resp_err_t group_take(const rd_kafka_event_t *event,
                                      rd_kafka_topic_partition_list_t *list)
{
    size_t count = 0;
    const rd_kafka_group_result_t **groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
        rd_kafka_event_ListConsumerGroupOffsets_result((rd_kafka_event_t *)(uintptr_t)event),
        &count);
    if (count != 1)
        return RD_KAFKA_RESP_ERR__BAD_MSG;
    const rd_kafka_error_t *error = rd_kafka_group_result_error(groups[0]);
    if (error)
        return rd_kafka_error_code(error);
    const rd_kafka_topic_partition_list_t *said = rd_kafka_group_result_partitions(groups[0]);
    for (int i = 0; i < list->cnt; i++) {
        rd_kafka_topic_partition_t *asked = &list->elems[i];
        const rd_kafka_topic_partition_t *found =
            said ? rd_kafka_topic_partition_list_find(
                       (rd_kafka_topic_partition_list_t *)(uintptr_t)said, asked->topic,
                       asked->partition)
                 : NULL;
        asked->offset = found ? found->offset : RD_KAFKA_OFFSET_INVALID;
        asked->err = found ? found->err : RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t call_group(struct kafka_admin_context *context,
                                      const struct kafka_request_job *job,
                                      rd_kafka_topic_partition_list_t *list)
{
    char ignored[128];
    rd_kafka_t *rk = context->handle->rk;
    rd_kafka_ListConsumerGroupOffsets_t *asked =
        rd_kafka_ListConsumerGroupOffsets_new(job->group, list);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
    rd_kafka_AdminOptions_set_request_timeout(options, kafka_request_remaining_ms(job), ignored,
                                              sizeof ignored);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_ListConsumerGroupOffsets(rk, &asked, 1, options, queue);
    rd_kafka_event_t *event = NULL;
    while (!event && !instant_has_come(job->deadline, kafka_now()) &&
           !kafka_worker_is_stopping(job->worker))
        event = rd_kafka_queue_poll(queue, kafka_remaining_ms(job->deadline, SLICE_MS));
    rd_kafka_resp_err_t error = event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (!error)
        error = group_take(event, list);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ListConsumerGroupOffsets_destroy(asked);
    return error;
}

void kafka_request_find_committed(struct kafka_admin_context *context,
                                  struct kafka_request_job *job)
{
    ask_in_chunks(context, job, job->group ? call_group : call_committed);
}

// Errors of single partitions. librdkafka gives the last of them to every partition of the list,
// also to those that were committed; what the group holds now tells them apart.
static rd_kafka_resp_err_t sort_refusals(struct kafka_admin_context *context,
                                         const struct kafka_request_job *job,
                                         rd_kafka_topic_partition_list_t *list,
                                         rd_kafka_resp_err_t error)
{
    if (error != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART &&
        error != RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED &&
        error != RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE)
        return error;
    rd_kafka_topic_partition_list_t *held = rd_kafka_topic_partition_list_copy(list);
    rd_kafka_resp_err_t unasked =
        rd_kafka_committed(context->handle->rk, held, kafka_request_remaining_ms(job));
    for (int i = 0; i < list->cnt && !unasked; i++) {
        const rd_kafka_topic_partition_t *now = rd_kafka_topic_partition_list_find(
            held, list->elems[i].topic, list->elems[i].partition);
        bool is_held = now && !now->err && now->offset == list->elems[i].offset;
        list->elems[i].err = is_held ? RD_KAFKA_RESP_ERR_NO_ERROR : error;
    }
    rd_kafka_topic_partition_list_destroy(held);
    return unasked ? error : RD_KAFKA_RESP_ERR_NO_ERROR;
}

// rd_kafka_commit would wait without end, so the answer is waited for on a queue.
static rd_kafka_resp_err_t call_commit(struct kafka_admin_context *context,
                                       const struct kafka_request_job *job,
                                       rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(context->handle->rk);
    rd_kafka_resp_err_t error = rd_kafka_commit_queue(context->handle->rk, list, queue, NULL, NULL);
    rd_kafka_event_t *event = NULL;
    while (!error && !event) {
        event = rd_kafka_queue_poll(queue, kafka_remaining_ms(job->deadline, SLICE_MS));
        if (!event &&
            (instant_has_come(job->deadline, kafka_now()) || kafka_worker_is_stopping(job->worker)))
            error = RD_KAFKA_RESP_ERR__TIMED_OUT;
    }
    if (event) {
        error = rd_kafka_event_error(event);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    return sort_refusals(context, job, list, error);
}

void kafka_request_commit(struct kafka_admin_context *context, struct kafka_request_job *job)
{
    ask_in_chunks(context, job, call_commit);
}
