// SPDX-License-Identifier: Apache-2.0
//
// librdkafka fails an incremental assign as a whole when one partition is assigned already, and the
// reverse; so the consumer keeps the set itself and hands over exact differences. The set is kept
// by topic, and a record finds it by its topic's object.
//
// A topic object that is made by name asks for its topic in a request of its own, one after the
// other behind the fetch that the broker holds. So all topics are asked for together first, the
// assignment makes the objects, and only then each is fetched by its name.
#include "kafka/consumer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "base/name.h"
#include "kafka/assigned.h"
#include "kafka/convert.h"
#include "kafka/handle.h"

#define BATCH_MAX 1000
#define NO_PARTITION INT32_MAX

// Trouble that librdkafka tells by a callback and not in the queue: topics that are missing or
// gone.
struct fault {
    uint32_t topic; // index of the entry
    int32_t partition;
    rd_kafka_resp_err_t error;
};

struct kafka_consumer {
    struct kafka_handle *handle;
    rd_kafka_queue_t *queue;
    int fd;
    uint32_t partition_count;
    uint32_t outstanding; // records handed out and not released
    struct kafka_topics topics;
    rd_kafka_topic_partition_list_t *wanted; // topics of the next question, or NULL
    struct fault *faults;                    // owned; not yet handed out, at most one a partition
    uint32_t fault_count;
    uint32_t fault_capacity;
    struct buffer refusal; // of the last assign or unassign
    rd_kafka_message_t *batch[BATCH_MAX];
};

static struct kafka_assigned *consumer_find(const struct kafka_consumer *consumer,
                                            struct text topic)
{
    const struct kafka_topic_entry *entry = kafka_topics_find(&consumer->topics, topic);
    return entry ? entry->slot : NULL;
}

// The reason begins with "TOPIC [PARTITION]: " if it is about one; else the watch knows better.
static void on_failed(void *owner, rd_kafka_resp_err_t error, const char *reason)
{
    struct kafka_consumer *consumer = owner;
    const char *bracket = strstr(reason, " [");
    char *end;
    if (!bracket)
        return;
    const struct kafka_topic_entry *entry =
        kafka_topics_find(&consumer->topics, (struct text){reason, (size_t)(bracket - reason)});
    long number = strtol(bracket + 2, &end, 10);
    if (!entry || end == bracket + 2 || *end != ']' || number < 0 || number > INT32_MAX)
        return;
    struct kafka_assigned_partition *partition = kafka_assigned_find(entry->slot, (int32_t)number);
    if (!partition || partition->is_faulty)
        return;
    partition->is_faulty = true;
    consumer->faults = array_reserve(consumer->faults, &consumer->fault_capacity,
                                     consumer->fault_count + 1, sizeof *consumer->faults);
    consumer->faults[consumer->fault_count++] =
        (struct fault){(uint32_t)(entry - consumer->topics.entries), (int32_t)number, error};
}

// A partition that is found full, by messages or by bytes, rests for up to a second, however soon
// its queue is empty again (newer librdkafka can be told to look earlier). So only the bytes bound
// it, and whoever reads much at once wants a queue that does not fill. The group is only a name
// that librdkafka wants for assign(); nothing joins it or commits to it.
static enum status consumer_open(struct kafka_consumer *consumer,
                                 const struct kafka_settings *settings,
                                 const struct kafka_consumer_options *options, struct buffer *fault)
{
    char queue_kbytes[16];
    char min_bytes[16];
    char wait_ms[16];
    char fetch_bytes[24];
    char partition_bytes[24];
    uint64_t fetch = options->fetch_kbytes ? options->fetch_kbytes : 8192;
    uint64_t partition = options->partition_kbytes ? options->partition_kbytes : 1024;
    snprintf(queue_kbytes, sizeof queue_kbytes, "%u",
             options->queue_kbytes ? options->queue_kbytes : 16384);
    snprintf(min_bytes, sizeof min_bytes, "%u",
             options->fetch_min_bytes ? options->fetch_min_bytes : 1);
    snprintf(wait_ms, sizeof wait_ms, "%u", options->fetch_wait_ms ? options->fetch_wait_ms : 100);
    snprintf(fetch_bytes, sizeof fetch_bytes, "%llu", (unsigned long long)fetch * 1024);
    snprintf(partition_bytes, sizeof partition_bytes, "%llu", (unsigned long long)partition * 1024);
    char *group = text_copy(options->group.size ? options->group : text_of("muster-reader"));
    const char *isolation = options->is_uncommitted_read ? "read_uncommitted" : "read_committed";
    const struct kafka_fixed fixed[] = {
        {"queued.min.messages", "1000000", true},
        {"queued.max.messages.kbytes", queue_kbytes, true},
        {"fetch.min.bytes", min_bytes, true},
        {"fetch.wait.max.ms", wait_ms, true},
        {"fetch.max.bytes", fetch_bytes, true},
        {"max.partition.fetch.bytes", partition_bytes, true},
        {"fetch.error.backoff.ms", "100", true},
        {"fetch.queue.backoff.ms", "10", true},
        {"group.id", group, false},
        {"enable.auto.commit", "false", false},
        {"enable.auto.offset.store", "false", false},
        {"auto.offset.reset", "error", false},
        {"isolation.level", isolation, false},
        {"enable.partition.eof", options->has_end_events ? "true" : "false", false},
    };
    struct kafka_handle_plan plan = {.type = RD_KAFKA_CONSUMER,
                                     .fixed = fixed,
                                     .fixed_count = sizeof fixed / sizeof fixed[0],
                                     .failed = on_failed,
                                     .owner = consumer};
    enum status status = kafka_handle_create(settings, &plan, fault, &consumer->handle);
    memory_release(group);
    return status;
}

enum status kafka_consumer_create(const struct kafka_settings *settings,
                                  const struct kafka_consumer_options *options,
                                  struct buffer *fault, struct kafka_consumer **ret_consumer)
{
    struct kafka_consumer *consumer = memory_get(sizeof *consumer);
    enum status status = consumer_open(consumer, settings, options, fault);
    if (status) {
        memory_release(consumer);
        return status;
    }
    rd_kafka_poll_set_consumer(consumer->handle->rk);
    consumer->queue = rd_kafka_queue_get_consumer(consumer->handle->rk);
    // Readable from the start: what is in the queue already would never be announced.
    consumer->fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
    ensure(consumer->fd >= 0);
    uint64_t one = 1;
    rd_kafka_queue_io_event_enable(consumer->queue, consumer->fd, &one, sizeof one);
    *ret_consumer = consumer;
    return STATUS_OK;
}

enum status kafka_consumer_destroy(struct kafka_consumer *consumer, struct span patience)
{
    if (!consumer)
        return STATUS_OK;
    ensure(consumer->outstanding == 0);
    rd_kafka_queue_io_event_enable(consumer->queue, -1, NULL, 0);
    rd_kafka_queue_destroy(consumer->queue);
    for (uint32_t i = 0; i < consumer->topics.count; i++)
        kafka_assigned_finish(consumer->topics.entries[i].slot);
    kafka_topics_finish(&consumer->topics);
    if (consumer->wanted)
        rd_kafka_topic_partition_list_destroy(consumer->wanted);
    enum status status = kafka_handle_destroy(consumer->handle, patience);
    close(consumer->fd);
    memory_release(consumer->faults);
    buffer_finish(&consumer->refusal);
    memory_release(consumer);
    return status;
}

static struct kafka_assigned *consumer_get(struct kafka_consumer *consumer, struct text topic)
{
    struct kafka_topic_entry *entry = kafka_topics_add(
        &consumer->topics, topic, KAFKA_CONSUMER_TOPICS_MAX, sizeof(struct kafka_assigned));
    return entry ? entry->slot : NULL;
}

static void list_add(rd_kafka_topic_partition_list_t *list, struct text topic, int32_t partition,
                     int64_t offset)
{
    char name[256];
    snprintf(name, sizeof name, "%.*s", TEXT_ARGS(topic));
    rd_kafka_topic_partition_list_add(list, name, partition)->offset = offset;
}

// The topic is asked for with the next question.
static void consumer_want(struct kafka_consumer *consumer, struct kafka_assigned *assigned,
                          struct text topic)
{
    assigned->is_wanted = true;
    if (!consumer->wanted)
        consumer->wanted = rd_kafka_topic_partition_list_new(0);
    list_add(consumer->wanted, topic, NO_PARTITION, 0);
}

enum status kafka_consumer_prepare(struct kafka_consumer *consumer, struct text topic)
{
    if (name_topic_fault(topic))
        return STATUS_INVALID;
    struct kafka_assigned *assigned = consumer_get(consumer, topic);
    if (!assigned)
        return STATUS_TOO_LARGE;
    consumer_want(consumer, assigned, topic);
    return STATUS_OK;
}

// Looking for the leaders of partitions asks for all topics that the handle does not know in one
// request, and what is answered, for which nobody waits here, goes into the handle's memory. No
// topic has NO_PARTITION, so there is no leader to be asked for an offset.
void kafka_consumer_ask(struct kafka_consumer *consumer)
{
    if (!consumer->wanted)
        return;
    (void)rd_kafka_offsets_for_times(consumer->handle->rk, consumer->wanted, 0);
    rd_kafka_topic_partition_list_destroy(consumer->wanted);
    consumer->wanted = NULL;
}

static enum status consumer_refuse(struct kafka_consumer *consumer, struct text topic,
                                   int32_t partition, const char *why, enum status status)
{
    buffer_print(&consumer->refusal, "'%.*s/%d' %s", TEXT_ARGS(topic), partition, why);
    return status;
}

static enum status consumer_add(struct kafka_consumer *consumer,
                                const struct kafka_assignment *assignment)
{
    struct text topic = assignment->topic;
    int32_t partition = assignment->partition;
    if (partition < 0 || assignment->offset < KAFKA_START || name_topic_fault(topic))
        return consumer_refuse(consumer, topic, partition,
                               "has no topic's name, partition or offset", STATUS_INVALID);
    struct kafka_assigned *assigned = consumer_get(consumer, topic);
    if (!assigned)
        return consumer_refuse(consumer, topic, partition, "is of one topic too many",
                               STATUS_TOO_LARGE);
    if (kafka_assigned_find(assigned, partition))
        return consumer_refuse(consumer, topic, partition, "is assigned already", STATUS_EXISTS);
    kafka_assigned_add(assigned, assignment->partition, assignment->tag);
    return STATUS_OK;
}

// A failed incremental (un)assign has changed nothing.
static enum status
call_assign(struct kafka_consumer *consumer, const rd_kafka_topic_partition_list_t *list,
            rd_kafka_error_t *(*call)(rd_kafka_t *, const rd_kafka_topic_partition_list_t *))
{
    rd_kafka_error_t *error = call(consumer->handle->rk, list);
    if (!error)
        return STATUS_OK;
    buffer_add_string(&consumer->refusal, rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    return STATUS_FAILED;
}

static int64_t logical_offset(int64_t offset)
{
    return offset == KAFKA_START ? RD_KAFKA_OFFSET_BEGINNING
           : offset == KAFKA_END ? RD_KAFKA_OFFSET_END
                                 : offset;
}

// Asks for those topics that nobody has prepared, and assigns; then the objects are there.
static enum status begin(struct kafka_consumer *consumer,
                         const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        struct text topic = text_of(list->elems[i].topic);
        struct kafka_assigned *assigned = consumer_find(consumer, topic);
        if (!assigned->is_wanted)
            consumer_want(consumer, assigned, topic);
    }
    kafka_consumer_ask(consumer);
    enum status status = call_assign(consumer, list, rd_kafka_incremental_assign);
    for (int i = 0; i < list->cnt; i++) {
        struct kafka_topic_entry *entry =
            kafka_topics_find(&consumer->topics, text_of(list->elems[i].topic));
        ((struct kafka_assigned *)entry->slot)->is_wanted = false;
        if (!status)
            ensure(kafka_topics_bind(&consumer->topics, consumer->handle, entry));
    }
    return status;
}

enum status kafka_consumer_assign(struct kafka_consumer *consumer,
                                  const struct kafka_assignment *assignments, uint32_t count)
{
    enum status status = STATUS_OK;
    uint32_t added = 0;
    buffer_clear(&consumer->refusal);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    while (added < count && !(status = consumer_add(consumer, &assignments[added]))) {
        list_add(list, assignments[added].topic, assignments[added].partition,
                 logical_offset(assignments[added].offset));
        added++;
    }
    if (!status && count > 0)
        status = begin(consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (!status)
        consumer->partition_count += count;
    while (status && added-- > 0)
        kafka_assigned_remove(consumer_find(consumer, assignments[added].topic),
                              assignments[added].partition);
    return status;
}

static struct kafka_assigned_partition *
consumer_find_partition(const struct kafka_consumer *consumer,
                        const struct kafka_partition *partition)
{
    const struct kafka_assigned *assigned = consumer_find(consumer, partition->topic);
    return assigned ? kafka_assigned_find(assigned, partition->partition) : NULL;
}

enum status kafka_consumer_unassign(struct kafka_consumer *consumer,
                                    const struct kafka_partition *partitions, uint32_t count)
{
    enum status status = STATUS_OK;
    uint32_t marked = 0;
    buffer_clear(&consumer->refusal);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (; marked < count; marked++) {
        struct kafka_assigned_partition *found =
            consumer_find_partition(consumer, &partitions[marked]);
        if (!found || found->is_leaving) {
            status =
                consumer_refuse(consumer, partitions[marked].topic, partitions[marked].partition,
                                found ? "is named twice" : "is not assigned", STATUS_NOT_FOUND);
            break;
        }
        found->is_leaving = true;
        list_add(list, partitions[marked].topic, partitions[marked].partition, 0);
    }
    if (!status && count > 0)
        status = call_assign(consumer, list, rd_kafka_incremental_unassign);
    rd_kafka_topic_partition_list_destroy(list);
    for (uint32_t i = 0; i < marked; i++) {
        if (status)
            consumer_find_partition(consumer, &partitions[i])->is_leaving = false;
        else
            kafka_assigned_remove(consumer_find(consumer, partitions[i].topic),
                                  partitions[i].partition);
    }
    if (!status)
        consumer->partition_count -= count;
    return status;
}

const char *kafka_consumer_fault(const struct kafka_consumer *consumer)
{
    return buffer_string(&consumer->refusal);
}

void kafka_consumer_cluster(const struct kafka_consumer *consumer, struct buffer *id)
{
    char *known = rd_kafka_clusterid(consumer->handle->rk, 0);
    if (known != NULL)
        buffer_add_string(id, known);
    rd_kafka_mem_free(consumer->handle->rk, known);
}

uint32_t kafka_consumer_topic_count(const struct kafka_consumer *consumer)
{
    return consumer->topics.count;
}

uint32_t kafka_consumer_partition_count(const struct kafka_consumer *consumer)
{
    return consumer->partition_count;
}

int kafka_consumer_fd(const struct kafka_consumer *consumer)
{
    return consumer->fd;
}

// False: the message is of a partition that is no longer assigned.
static bool record_init(const struct kafka_consumer *consumer, struct kafka_record *record,
                        rd_kafka_message_t *message)
{
    struct kafka_assigned_partition *partition = NULL;
    if (message->rkt) {
        const struct kafka_topic_entry *entry =
            kafka_topics_find_object(&consumer->topics, message->rkt);
        partition = entry ? kafka_assigned_find(entry->slot, message->partition) : NULL;
        if (!partition)
            return false;
        partition->is_faulty = false;
    }
    kafka_record_init(record, message);
    record->tag = partition ? partition->tag : 0;
    return true;
}

// Hands out what on_failed has put aside, the latest first.
static uint32_t consumer_take_faults(struct kafka_consumer *consumer, struct kafka_record *records,
                                     uint32_t capacity)
{
    uint32_t count = 0;
    while (consumer->fault_count > 0 && count < capacity) {
        const struct fault *fault = &consumer->faults[--consumer->fault_count];
        const struct kafka_topic_entry *entry = &consumer->topics.entries[fault->topic];
        const struct kafka_assigned_partition *partition =
            kafka_assigned_find(entry->slot, fault->partition);
        if (!partition)
            continue;
        records[count++] = (struct kafka_record){
            .kind = KAFKA_PARTITION_FAULT,
            .topic = {entry->name, entry->name_size},
            .partition = fault->partition,
            .tag = partition->tag,
            .offset = -1,
            .timestamp_ms = -1,
            .is_key_null = true,
            .is_value_null = true,
            .status = kafka_status_of(fault->error),
            .text = text_of(rd_kafka_err2str(fault->error)),
        };
    }
    return count;
}

uint32_t kafka_consumer_poll(struct kafka_consumer *consumer, struct kafka_record *records,
                             uint32_t capacity)
{
    uint32_t wanted = capacity < BATCH_MAX ? capacity : BATCH_MAX;
    eventfd_t ignored;
    (void)eventfd_read(consumer->fd, &ignored);
    ssize_t got = rd_kafka_consume_batch_queue(consumer->queue, 0, consumer->batch, wanted);
    uint32_t count = 0;
    for (ssize_t i = 0; i < got; i++) {
        if (record_init(consumer, &records[count], consumer->batch[i]))
            count++;
        else
            rd_kafka_message_destroy(consumer->batch[i]);
    }
    consumer->outstanding += count;
    count += consumer_take_faults(consumer, records + count, capacity - count);
    // A full batch may have left something behind, for which no new event would come.
    if (got == (ssize_t)wanted || consumer->fault_count > 0)
        eventfd_write(consumer->fd, 1);
    return count;
}

void kafka_consumer_release(struct kafka_consumer *consumer, struct kafka_record *records,
                            uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!records[i].message)
            continue;
        ensure(consumer->outstanding > 0);
        consumer->outstanding--;
        rd_kafka_message_destroy(records[i].message);
        records[i].message = NULL;
    }
}
