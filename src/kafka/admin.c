// SPDX-License-Identifier: Apache-2.0
//
// The owner's side: requests are copied into jobs for the worker, and come back as replies. The
// waiting half is in request_topics.c and request_offsets.c.
#include "kafka/admin.h"

#include <stddef.h>
#include <string.h>

#include <poll.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "base/name.h"
#include "kafka/clock.h"
#include "kafka/request.h"
#include "kafka/watch_feed.h"

#define CLOSE_MS 5000
#define METADATA_SIZE_MAX 4096

struct kafka_admin {
    struct kafka_worker *worker;
    uint32_t request_count; // without a taken reply
    bool has_group;
};

static void request_release(struct kafka_request_job *job)
{
    arena_finish(&job->arena);
    memory_release(job);
}

int kafka_request_remaining_ms(const struct kafka_request_job *job)
{
    int ms = kafka_remaining_ms(job->deadline, 3600 * 1000);
    return ms > 0 ? ms : 1;
}

struct text kafka_request_text(struct kafka_request_job *job, const char *string)
{
    return arena_text(&job->arena, text_of(string));
}

// librdkafka keeps what the last answer about metadata said.
void kafka_request_note_cluster(struct kafka_request_job *job, struct kafka_handle *handle,
                                int timeout_ms)
{
    char *id = rd_kafka_clusterid(handle->rk, timeout_ms);
    if (id)
        job->reply.cluster_id = kafka_request_text(job, id);
    rd_kafka_mem_free(handle->rk, id);
}

void kafka_request_fail(struct kafka_admin_context *context, struct kafka_request_job *job,
                        rd_kafka_resp_err_t error)
{
    struct buffer text = {0};
    job->reply.status = kafka_status_of(error);
    if (job->reply.status == STATUS_TIMEOUT || job->reply.status == STATUS_UNREACHABLE)
        kafka_handle_explain(context->handle, rd_kafka_err2str(error), &text);
    else
        buffer_add_string(&text, rd_kafka_err2str(error));
    job->reply.text = arena_text(&job->arena, buffer_text(&text));
    buffer_finish(&text);
}

static void admin_run(void *owned, struct kafka_job *base)
{
    static void (*const runs[])(struct kafka_admin_context *, struct kafka_request_job *) = {
        [KAFKA_DESCRIBE_CLUSTER] = kafka_request_describe_cluster,
        [KAFKA_FIND_TOPICS] = kafka_request_find_topics,
        [KAFKA_CREATE_TOPICS] = kafka_request_create_topics,
        [KAFKA_DELETE_TOPICS] = kafka_request_delete_topics,
        [KAFKA_DESCRIBE_TOPICS] = kafka_request_describe_topics,
        [KAFKA_DELETE_GROUPS] = kafka_request_delete_groups,
        [KAFKA_FIND_OFFSETS] = kafka_request_find_offsets,
        [KAFKA_FIND_COMMITTED] = kafka_request_find_committed,
        [KAFKA_COMMIT] = kafka_request_commit,
    };
    struct kafka_admin_context *context = owned;
    struct kafka_request_job *job = (struct kafka_request_job *)base;
    if (instant_has_come(job->deadline, kafka_now()))
        kafka_request_fail(context, job, RD_KAFKA_RESP_ERR__TIMED_OUT);
    else
        runs[job->reply.request](context, job);
    if (job->reply.cluster_id.size == 0)
        kafka_request_note_cluster(job, context->handle, 0);
}

static void admin_idle(void *owned)
{
    struct kafka_admin_context *context = owned;
    rd_kafka_poll(context->handle->rk, 0);
    if (context->finder)
        rd_kafka_poll(context->finder->rk, 0);
}

static void admin_finish(void *owned)
{
    struct kafka_admin_context *context = owned;
    kafka_finder_close(context);
    if (context->handle)
        (void)kafka_handle_destroy(context->handle, span_of_ms(CLOSE_MS)); // the watch is told
    kafka_watch_drop(context->settings.watch);
    kafka_settings_finish(&context->settings);
    memory_release(context);
}

static void admin_drop(void *context, struct kafka_job *job)
{
    (void)context;
    request_release((struct kafka_request_job *)job);
}

static enum status context_open(struct kafka_admin_context *context, const char *group,
                                struct buffer *fault)
{
    const struct kafka_fixed fixed[] = {
        {"topic.metadata.refresh.interval.ms", "-1", true},
        {"group.id", group, false},
        {"enable.auto.commit", "false", false},
        {"isolation.level", context->is_uncommitted_read ? "read_uncommitted" : "read_committed",
         false},
    };
    struct kafka_handle_plan plan = {
        .type = RD_KAFKA_CONSUMER, .fixed = fixed, .fixed_count = sizeof fixed / sizeof fixed[0]};
    return kafka_handle_create(&context->settings, &plan, fault, &context->handle);
}

enum status kafka_admin_create(const struct kafka_settings *settings,
                               const struct kafka_admin_options *options, struct buffer *fault,
                               struct kafka_admin **ret_admin)
{
    struct kafka_admin_context *context = memory_get(sizeof *context);
    for (uint32_t i = 0; i < settings->count; i++)
        kafka_settings_add(&context->settings, settings->properties[i].name,
                           settings->properties[i].value);
    context->settings.watch = settings->watch;
    kafka_watch_hold(settings->watch);
    context->is_uncommitted_read = options->is_uncommitted_read;
    context->has_group = options->group.size > 0;
    char *group = text_copy(context->has_group ? options->group : text_of("muster-admin"));
    enum status status = context_open(context, group, fault);
    memory_release(group);
    if (status) {
        admin_finish(context);
        return status;
    }
    struct kafka_worker_role role = {
        .run = admin_run, .idle = admin_idle, .finish = admin_finish, .drop = admin_drop};
    struct kafka_admin *admin = memory_get(sizeof *admin);
    admin->has_group = context->has_group;
    admin->worker = kafka_worker_create(&role, context);
    *ret_admin = admin;
    return STATUS_OK;
}

enum status kafka_admin_destroy(struct kafka_admin *admin, struct span patience)
{
    if (!admin)
        return STATUS_OK;
    enum status status = kafka_worker_destroy(admin->worker, patience);
    memory_release(admin);
    return status;
}

// A job for the request, or NULL with the reason.
static struct kafka_request_job *request_create(const struct kafka_admin *admin,
                                                struct kafka_ask ask, enum kafka_request request,
                                                uint32_t count, enum status *ret_status)
{
    bool is_of_partitions = request >= KAFKA_FIND_OFFSETS;
    uint32_t limit = is_of_partitions ? KAFKA_ADMIN_PARTITIONS_MAX : KAFKA_ADMIN_TOPICS_MAX;
    *ret_status = admin->request_count >= KAFKA_ADMIN_REQUESTS_MAX ? STATUS_AGAIN
                  : count == 0                                     ? STATUS_INVALID
                  : count > limit                                  ? STATUS_TOO_LARGE
                                                                   : STATUS_OK;
    if (*ret_status)
        return NULL;
    struct kafka_request_job *job = memory_get(sizeof *job);
    job->worker = admin->worker;
    job->deadline = instant_add(kafka_now(), ask.patience);
    job->reply.number = ask.number;
    job->reply.request = request;
    if (is_of_partitions) {
        job->offsets = arena_get(&job->arena, count * sizeof *job->offsets);
        job->reply.offsets = job->offsets;
        job->reply.offset_count = count;
    } else {
        job->topics = arena_get(&job->arena, count * sizeof *job->topics);
        job->reply.topics = job->topics;
        job->reply.topic_count = count;
    }
    return job;
}

static enum status request_submit(struct kafka_admin *admin, struct kafka_request_job *job,
                                  enum status status)
{
    if (status) {
        request_release(job);
        return status;
    }
    admin->request_count++;
    kafka_worker_submit(admin->worker, &job->job);
    return STATUS_OK;
}

// The names are terminated, as librdkafka wants them.
static enum status request_set_topic(struct kafka_request_job *job, uint32_t i, struct text name)
{
    if (name_topic_fault(name))
        return STATUS_INVALID;
    char *copy = arena_get(&job->arena, name.size + 1);
    memcpy(copy, name.data, name.size);
    job->topics[i].name = (struct text){copy, name.size};
    return STATUS_OK;
}

static enum status request_set_offset(struct kafka_request_job *job, uint32_t i, struct text topic,
                                      int32_t partition)
{
    if (name_topic_fault(topic) || partition < 0)
        return STATUS_INVALID;
    char *copy = arena_get(&job->arena, topic.size + 1);
    memcpy(copy, topic.data, topic.size);
    job->offsets[i] =
        (struct kafka_offset){.topic = {copy, topic.size}, .partition = partition, .offset = -1};
    return STATUS_OK;
}

enum status kafka_admin_describe_cluster(struct kafka_admin *admin, struct kafka_ask ask)
{
    enum status status;
    struct kafka_request_job *job = request_create(admin, ask, KAFKA_DESCRIBE_CLUSTER, 1, &status);
    if (!job)
        return status;
    job->reply.topic_count = 0;
    return request_submit(admin, job, STATUS_OK);
}

static enum status ask_topics(struct kafka_admin *admin, struct kafka_ask ask,
                              enum kafka_request request, const struct text *topics, uint32_t count)
{
    enum status status;
    struct kafka_request_job *job = request_create(admin, ask, request, count, &status);
    if (!job)
        return status;
    for (uint32_t i = 0; i < count && !status; i++)
        status = request_set_topic(job, i, topics[i]);
    return request_submit(admin, job, status);
}

enum status kafka_admin_find_topics(struct kafka_admin *admin, struct kafka_ask ask,
                                    const struct text *topics, uint32_t count)
{
    return ask_topics(admin, ask, KAFKA_FIND_TOPICS, topics, count);
}

enum status kafka_admin_delete_topics(struct kafka_admin *admin, struct kafka_ask ask,
                                      const struct text *topics, uint32_t count)
{
    return ask_topics(admin, ask, KAFKA_DELETE_TOPICS, topics, count);
}

enum status kafka_admin_describe_topics(struct kafka_admin *admin, struct kafka_ask ask,
                                        const struct text *topics, uint32_t count)
{
    return ask_topics(admin, ask, KAFKA_DESCRIBE_TOPICS, topics, count);
}

// A group may be named anything that has no zero byte.
static enum status request_set_group(struct kafka_request_job *job, uint32_t i, struct text name)
{
    if (name.size == 0 || memchr(name.data, 0, name.size))
        return STATUS_INVALID;
    char *copy = arena_get(&job->arena, name.size + 1);
    memcpy(copy, name.data, name.size);
    job->topics[i].name = (struct text){copy, name.size};
    return STATUS_OK;
}

enum status kafka_admin_delete_groups(struct kafka_admin *admin, struct kafka_ask ask,
                                      const struct text *groups, uint32_t count)
{
    enum status status;
    struct kafka_request_job *job = request_create(admin, ask, KAFKA_DELETE_GROUPS, count, &status);
    if (!job)
        return status;
    for (uint32_t i = 0; i < count && !status; i++)
        status = request_set_group(job, i, groups[i]);
    return request_submit(admin, job, status);
}

static const char *request_string(struct kafka_request_job *job, struct text text)
{
    char *copy = arena_get(&job->arena, text.size + 1);
    if (text.size)
        memcpy(copy, text.data, text.size);
    return copy;
}

static enum status request_set_new_topic(struct kafka_request_job *job, uint32_t i,
                                         const struct kafka_new_topic *topic)
{
    if (topic->partitions < 1 || topic->partitions > INT32_MAX)
        return STATUS_INVALID;
    struct request_new_topic *plan = &job->new_topics[i];
    plan->partitions = topic->partitions;
    plan->setting_count = topic->setting_count;
    plan->settings = arena_get(&job->arena, (topic->setting_count + 1) * sizeof *plan->settings);
    for (uint32_t k = 0; k < topic->setting_count; k++)
        plan->settings[k] = (struct request_setting){request_string(job, topic->settings[k].name),
                                                     request_string(job, topic->settings[k].value)};
    return request_set_topic(job, i, topic->name);
}

enum status kafka_admin_create_topics(struct kafka_admin *admin, struct kafka_ask ask,
                                      const struct kafka_new_topic *topics, uint32_t count)
{
    enum status status;
    struct kafka_request_job *job = request_create(admin, ask, KAFKA_CREATE_TOPICS, count, &status);
    if (!job)
        return status;
    job->new_topics = arena_get(&job->arena, count * sizeof *job->new_topics);
    for (uint32_t i = 0; i < count && !status; i++)
        status = request_set_new_topic(job, i, &topics[i]);
    return request_submit(admin, job, status);
}

static enum status ask_partitions(struct kafka_admin *admin, struct kafka_request_job *job,
                                  const struct kafka_partition *partitions, uint32_t count)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < count && !status; i++)
        status = request_set_offset(job, i, partitions[i].topic, partitions[i].partition);
    return request_submit(admin, job, status);
}

enum status kafka_admin_find_offsets(struct kafka_admin *admin, struct kafka_ask ask, int64_t at,
                                     const struct kafka_partition *partitions, uint32_t count)
{
    enum status status;
    if (at < KAFKA_START)
        return STATUS_INVALID;
    struct kafka_request_job *job = request_create(admin, ask, KAFKA_FIND_OFFSETS, count, &status);
    if (!job)
        return status;
    job->at = at;
    return ask_partitions(admin, job, partitions, count);
}

enum status kafka_admin_find_committed(struct kafka_admin *admin, struct kafka_ask ask,
                                       const struct kafka_partition *partitions, uint32_t count)
{
    enum status status;
    if (!admin->has_group)
        return STATUS_INVALID;
    struct kafka_request_job *job =
        request_create(admin, ask, KAFKA_FIND_COMMITTED, count, &status);
    return job ? ask_partitions(admin, job, partitions, count) : status;
}

enum status kafka_admin_find_group_committed(struct kafka_admin *admin, struct kafka_ask ask,
                                             struct text group,
                                             const struct kafka_partition *partitions,
                                             uint32_t count)
{
    enum status status;
    if (group.size == 0)
        return STATUS_INVALID;
    struct kafka_request_job *job =
        request_create(admin, ask, KAFKA_FIND_COMMITTED, count, &status);
    if (!job)
        return status;
    job->group = request_string(job, group);
    return ask_partitions(admin, job, partitions, count);
}

enum status kafka_admin_commit(struct kafka_admin *admin, struct kafka_ask ask,
                               const struct kafka_offset *offsets, uint32_t count)
{
    enum status status;
    if (!admin->has_group)
        return STATUS_INVALID;
    struct kafka_request_job *job = request_create(admin, ask, KAFKA_COMMIT, count, &status);
    if (!job)
        return status;
    for (uint32_t i = 0; i < count && !status; i++) {
        struct text metadata = offsets[i].metadata;
        if (offsets[i].offset < 0 || memchr(metadata.data ? metadata.data : "", 0, metadata.size))
            status = STATUS_INVALID;
        else if (metadata.size > METADATA_SIZE_MAX)
            status = STATUS_TOO_LARGE;
        else
            status = request_set_offset(job, i, offsets[i].topic, offsets[i].partition);
        job->offsets[i].offset = offsets[i].offset;
        if (!status)
            job->offsets[i].metadata = (struct text){request_string(job, metadata), metadata.size};
    }
    return request_submit(admin, job, status);
}

int kafka_admin_fd(const struct kafka_admin *admin)
{
    return kafka_worker_fd(admin->worker);
}

struct kafka_reply *kafka_admin_poll(struct kafka_admin *admin)
{
    struct kafka_request_job *job = (struct kafka_request_job *)kafka_worker_take(admin->worker);
    if (!job)
        return NULL;
    ensure(admin->request_count > 0);
    admin->request_count--;
    return &job->reply;
}

struct kafka_reply *kafka_admin_wait(struct kafka_admin *admin, struct span patience)
{
    struct instant deadline = instant_add(kafka_now(), patience);
    for (;;) {
        struct kafka_reply *reply = kafka_admin_poll(admin);
        int ms = kafka_remaining_ms(deadline, 3600 * 1000);
        if (reply || ms == 0)
            return reply;
        struct pollfd fd = {.fd = kafka_admin_fd(admin), .events = POLLIN};
        (void)poll(&fd, 1, ms);
    }
}

void kafka_reply_release(struct kafka_reply *reply)
{
    if (reply)
        request_release((struct kafka_request_job *)((char *)reply -
                                                     offsetof(struct kafka_request_job, reply)));
}
