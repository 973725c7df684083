// SPDX-License-Identifier: Apache-2.0
//
// Questions about topics and changes of them, as they wait on the worker's thread.
//
// librdkafka 2.0 can ask for the metadata of one topic, of all, or of those that a handle knows by
// name. The last is what makes a batch one question: the finder is a handle that knows the topics
// asked for and is thrown away before it knows too many, because a handle never forgets one. One
// that is connected asks for each topic it learns, one after the other, and the question waits
// behind these: many at once are learned by a new one, before it is connected.
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kafka/request.h"

#define FINDER_TOPICS_MAX 2000
#define FINDER_LEARNS_MAX 20 // at once, while it is connected
#define CLOSE_MS 2000
#define SLICE_MS 500
#define REPLICATION 3

static void finder_close(struct kafka_admin_context *context, struct span patience)
{
    kafka_topics_finish(&context->found);
    if (context->finder)
        (void)kafka_handle_destroy(context->finder, patience); // the watch is told
    context->finder = NULL;
}

void kafka_finder_close(struct kafka_admin_context *context)
{
    finder_close(context, span_of_ms(CLOSE_MS));
}

static enum status finder_open(struct kafka_admin_context *context, struct buffer *fault)
{
    // A consumer, because a producer would create what it asks for.
    static const struct kafka_fixed fixed[] = {
        {"topic.metadata.refresh.interval.ms", "-1", false},
        {"enable.auto.commit", "false", false},
    };
    struct kafka_handle_plan plan = {
        .type = RD_KAFKA_CONSUMER, .fixed = fixed, .fixed_count = sizeof fixed / sizeof fixed[0]};
    return kafka_handle_create(&context->settings, &plan, fault, &context->finder);
}

// A topic of the finder: where it is in the answer, plus 1; 0 = not in it.
struct found {
    int place;
};

static enum status finder_learn(struct kafka_admin_context *context, struct kafka_request_job *job)
{
    uint32_t count = job->reply.topic_count;
    uint32_t unknown = 0;
    for (uint32_t i = 0; i < count; i++)
        unknown += kafka_topics_find(&context->found, job->topics[i].name) == NULL;
    if (context->finder &&
        (unknown > FINDER_LEARNS_MAX || context->found.count + unknown > FINDER_TOPICS_MAX))
        finder_close(context, span_of_ms(0)); // nobody waits for its end
    struct buffer fault = {0};
    enum status status = context->finder ? STATUS_OK : finder_open(context, &fault);
    if (status)
        job->reply.text = arena_text(&job->arena, buffer_text(&fault));
    buffer_finish(&fault);
    for (uint32_t i = 0; i < count && !status; i++)
        if (!kafka_topics_get(&context->found, context->finder, job->topics[i].name,
                              FINDER_TOPICS_MAX, sizeof(struct found)))
            status = STATUS_FAILED;
    return status;
}

static void topic_fail(struct kafka_request_job *job, struct kafka_topic *topic,
                       rd_kafka_resp_err_t error, const char *text)
{
    topic->status = kafka_status_of(error);
    if (topic->status)
        topic->text = kafka_request_text(job, text ? text : rd_kafka_err2str(error));
}

static void find_from(struct kafka_admin_context *context, struct kafka_request_job *job,
                      const struct rd_kafka_metadata *metadata)
{
    for (uint32_t i = 0; i < context->found.count; i++)
        ((struct found *)context->found.entries[i].slot)->place = 0;
    for (int i = 0; i < metadata->topic_cnt; i++) {
        struct kafka_topic_entry *entry =
            kafka_topics_find(&context->found, text_of(metadata->topics[i].topic));
        if (entry)
            ((struct found *)entry->slot)->place = i + 1;
    }
    for (uint32_t i = 0; i < job->reply.topic_count; i++) {
        struct kafka_topic *topic = &job->topics[i];
        const struct found *found = kafka_topics_find(&context->found, topic->name)->slot;
        const struct rd_kafka_metadata_topic *said =
            found->place ? &metadata->topics[found->place - 1] : NULL;
        topic_fail(job, topic, said ? said->err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, NULL);
        if (!topic->status)
            topic->partitions = (uint32_t)said->partition_cnt;
    }
}

void kafka_request_find_topics(struct kafka_admin_context *context, struct kafka_request_job *job)
{
    job->reply.status = finder_learn(context, job);
    if (job->reply.status)
        return;
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t error =
        rd_kafka_metadata(context->finder->rk, 0, NULL, &metadata, kafka_request_remaining_ms(job));
    if (error) {
        kafka_request_fail(context, job, error);
        return;
    }
    find_from(context, job, metadata);
    kafka_request_note_cluster(job, context->finder, 0);
    job->reply.broker_count = (uint32_t)metadata->broker_cnt;
    rd_kafka_metadata_destroy(metadata);
}

// The number of brokers, or 0 with the reply failed.
static uint32_t count_brokers(struct kafka_admin_context *context, struct kafka_request_job *job)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t error =
        rd_kafka_metadata(context->handle->rk, 0, NULL, &metadata, kafka_request_remaining_ms(job));
    if (error) {
        kafka_request_fail(context, job, error);
        return 0;
    }
    job->reply.broker_count = (uint32_t)metadata->broker_cnt;
    rd_kafka_metadata_destroy(metadata);
    return job->reply.broker_count;
}

void kafka_request_describe_cluster(struct kafka_admin_context *context,
                                    struct kafka_request_job *job)
{
    if (count_brokers(context, job) == 0)
        return;
    kafka_request_note_cluster(job, context->handle, kafka_request_remaining_ms(job));
    if (job->reply.cluster_id.size == 0)
        kafka_request_fail(context, job, RD_KAFKA_RESP_ERR__TIMED_OUT);
}

static rd_kafka_AdminOptions_t *options_create(struct kafka_admin_context *context,
                                               const struct kafka_request_job *job,
                                               rd_kafka_admin_op_t operation)
{
    char ignored[128];
    int ms = kafka_request_remaining_ms(job);
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(context->handle->rk, operation);
    rd_kafka_AdminOptions_set_request_timeout(options, ms, ignored, sizeof ignored);
    if (operation == RD_KAFKA_ADMIN_OP_CREATETOPICS || operation == RD_KAFKA_ADMIN_OP_DELETETOPICS)
        rd_kafka_AdminOptions_set_operation_timeout(options, ms, ignored, sizeof ignored);
    return options;
}

// Waits for the answer, and a little longer than the deadline for librdkafka's own timeout. NULL
// with the reply failed: also for an answer that is an error as a whole.
static rd_kafka_event_t *await(struct kafka_admin_context *context, struct kafka_request_job *job,
                               rd_kafka_queue_t *queue)
{
    rd_kafka_event_t *event = NULL;
    int left_ms = kafka_request_remaining_ms(job) + SLICE_MS;
    for (; !event && left_ms > 0 && !kafka_worker_is_stopping(job->worker); left_ms -= SLICE_MS)
        event = rd_kafka_queue_poll(queue, left_ms < SLICE_MS ? left_ms : SLICE_MS);
    rd_kafka_resp_err_t error = event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (!error)
        return event;
    kafka_request_fail(context, job, error);
    if (event)
        rd_kafka_event_destroy(event);
    return NULL;
}

// Results come in the order of the request, as librdkafka promises.
static void topics_from(struct kafka_request_job *job, const rd_kafka_topic_result_t **results,
                        size_t count)
{
    for (uint32_t i = 0; i < job->reply.topic_count; i++) {
        rd_kafka_resp_err_t error =
            i < count ? rd_kafka_topic_result_error(results[i]) : RD_KAFKA_RESP_ERR__BAD_MSG;
        topic_fail(job, &job->topics[i], error,
                   i < count ? rd_kafka_topic_result_error_string(results[i]) : NULL);
    }
}

static rd_kafka_NewTopic_t *new_topic_create(const struct kafka_request_job *job, uint32_t i,
                                             uint32_t brokers)
{
    char ignored[128];
    const struct request_new_topic *plan = &job->new_topics[i];
    bool is_replicated = brokers >= REPLICATION;
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(job->topics[i].name.data, (int)plan->partitions,
                              is_replicated ? REPLICATION : 1, ignored, sizeof ignored);
    if (!topic)
        return NULL;
    if (is_replicated)
        rd_kafka_NewTopic_set_config(topic, "min.insync.replicas", "2");
    for (uint32_t k = 0; k < plan->setting_count; k++)
        rd_kafka_NewTopic_set_config(topic, plan->settings[k].name, plan->settings[k].value);
    return topic;
}

void kafka_request_create_topics(struct kafka_admin_context *context, struct kafka_request_job *job)
{
    uint32_t brokers = count_brokers(context, job);
    uint32_t count = job->reply.topic_count;
    if (brokers == 0)
        return;
    rd_kafka_NewTopic_t **topics = memory_get(count * sizeof(*topics));
    uint32_t made = 0;
    while (made < count && (topics[made] = new_topic_create(job, made, brokers)))
        made++;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(context->handle->rk);
    if (made < count) {
        kafka_request_fail(context, job, RD_KAFKA_RESP_ERR__INVALID_ARG);
    } else {
        rd_kafka_AdminOptions_t *options =
            options_create(context, job, RD_KAFKA_ADMIN_OP_CREATETOPICS);
        rd_kafka_CreateTopics(context->handle->rk, topics, count, options, queue);
        rd_kafka_AdminOptions_destroy(options);
        rd_kafka_event_t *event = await(context, job, queue);
        if (event) {
            size_t got;
            const rd_kafka_topic_result_t **results = rd_kafka_CreateTopics_result_topics(
                rd_kafka_event_CreateTopics_result(event), &got);
            topics_from(job, results, got);
            rd_kafka_event_destroy(event);
        }
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy_array(topics, made);
    memory_release(topics);
}

void kafka_request_delete_topics(struct kafka_admin_context *context, struct kafka_request_job *job)
{
    uint32_t count = job->reply.topic_count;
    rd_kafka_DeleteTopic_t **topics = memory_get(count * sizeof(*topics));
    for (uint32_t i = 0; i < count; i++)
        topics[i] = rd_kafka_DeleteTopic_new(job->topics[i].name.data);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(context->handle->rk);
    rd_kafka_AdminOptions_t *options = options_create(context, job, RD_KAFKA_ADMIN_OP_DELETETOPICS);
    rd_kafka_DeleteTopics(context->handle->rk, topics, count, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_event_t *event = await(context, job, queue);
    if (event) {
        size_t got;
        const rd_kafka_topic_result_t **results =
            rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &got);
        topics_from(job, results, got);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_DeleteTopic_destroy_array(topics, count);
    memory_release(topics);
}

// Results come in the order of the request here too.
static void groups_from(struct kafka_request_job *job, const rd_kafka_group_result_t **results,
                        size_t count)
{
    for (uint32_t i = 0; i < job->reply.topic_count; i++) {
        const rd_kafka_error_t *error = i < count ? rd_kafka_group_result_error(results[i]) : NULL;
        topic_fail(job, &job->topics[i],
                   i < count ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR__BAD_MSG,
                   error ? rd_kafka_error_string(error) : NULL);
    }
}

void kafka_request_delete_groups(struct kafka_admin_context *context, struct kafka_request_job *job)
{
    uint32_t count = job->reply.topic_count;
    rd_kafka_DeleteGroup_t **groups = memory_get(count * sizeof(*groups));
    for (uint32_t i = 0; i < count; i++)
        groups[i] = rd_kafka_DeleteGroup_new(job->topics[i].name.data);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(context->handle->rk);
    rd_kafka_AdminOptions_t *options = options_create(context, job, RD_KAFKA_ADMIN_OP_DELETEGROUPS);
    rd_kafka_DeleteGroups(context->handle->rk, groups, count, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_event_t *event = await(context, job, queue);
    if (event) {
        size_t got;
        const rd_kafka_group_result_t **results =
            rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event), &got);
        groups_from(job, results, got);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_DeleteGroup_destroy_array(groups, count);
    memory_release(groups);
}

static int compare_settings(const void *a, const void *b)
{
    const struct kafka_topic_setting *left = a;
    const struct kafka_topic_setting *right = b;
    return text_compare(left->name, right->name);
}

static const rd_kafka_ConfigResource_t *find_resource(const rd_kafka_ConfigResource_t **resources,
                                                      size_t count, struct text name)
{
    for (size_t i = 0; i < count; i++)
        if (text_equals(name, rd_kafka_ConfigResource_name(resources[i])))
            return resources[i];
    return NULL;
}

// Appends one topic's settings to the reply's, which have room.
static void describe_from(struct kafka_request_job *job, struct kafka_topic *topic,
                          const rd_kafka_ConfigResource_t *resource,
                          struct kafka_topic_setting *settings)
{
    size_t count = 0;
    if (!resource) {
        topic_fail(job, topic, RD_KAFKA_RESP_ERR__BAD_MSG, NULL);
        return;
    }
    topic_fail(job, topic, rd_kafka_ConfigResource_error(resource),
               rd_kafka_ConfigResource_error_string(resource));
    if (topic->status)
        return;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    struct kafka_topic_setting *first = settings + job->reply.setting_count;
    for (size_t i = 0; i < count; i++)
        first[i] = (struct kafka_topic_setting){
            .topic = topic->name,
            .name = kafka_request_text(job, rd_kafka_ConfigEntry_name(entries[i])),
            .value = kafka_request_text(job, rd_kafka_ConfigEntry_value(entries[i])),
            .is_default = rd_kafka_ConfigEntry_source(entries[i]) !=
                          RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG,
        };
    qsort(first, count, sizeof *first, compare_settings);
    job->reply.setting_count += (uint32_t)count;
}

static void describe_all(struct kafka_request_job *job, const rd_kafka_ConfigResource_t **resources,
                         size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        size_t more = 0;
        (void)rd_kafka_ConfigResource_configs(resources[i], &more);
        total += more;
    }
    struct kafka_topic_setting *settings = arena_get(&job->arena, (total + 1) * sizeof *settings);
    job->reply.settings = settings;
    for (uint32_t i = 0; i < job->reply.topic_count; i++)
        describe_from(job, &job->topics[i], find_resource(resources, count, job->topics[i].name),
                      settings);
}

void kafka_request_describe_topics(struct kafka_admin_context *context,
                                   struct kafka_request_job *job)
{
    uint32_t count = job->reply.topic_count;
    rd_kafka_ConfigResource_t **asked = memory_get(count * sizeof(*asked));
    for (uint32_t i = 0; i < count; i++)
        asked[i] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, job->topics[i].name.data);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(context->handle->rk);
    rd_kafka_AdminOptions_t *options =
        options_create(context, job, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_DescribeConfigs(context->handle->rk, asked, count, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_event_t *event = await(context, job, queue);
    if (event) {
        size_t got;
        const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(
            rd_kafka_event_DescribeConfigs_result(event), &got);
        describe_all(job, resources, got);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_ConfigResource_destroy_array(asked, count);
    memory_release(asked);
}
