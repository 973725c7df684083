// SPDX-License-Identifier: Apache-2.0
//
// Deliveries are reported while kafka_producer_poll serves librdkafka's queue, on the owner's
// thread; they wait in `done` until they are taken. Nothing here is shared between threads.
#include "kafka/producer.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "kafka/clock.h"
#include "kafka/convert.h"
#include "kafka/handle.h"

#define TOPICS_MAX 10000

_Static_assert(sizeof(void *) >= sizeof(uint64_t), "a message's number travels as its opaque");

struct kafka_producer {
    struct kafka_handle *handle;
    rd_kafka_queue_t *queue;
    int fd;
    uint32_t queue_messages;
    uint32_t pending;            // sends whose result is not taken
    struct kafka_delivery *done; // owned; [done_first, done_count) wait
    uint32_t done_first;
    uint32_t done_count;
    uint32_t done_capacity;
    struct kafka_topics topics;
};

static void on_delivered(rd_kafka_t *rk, const rd_kafka_message_t *message, void *owner)
{
    struct kafka_producer *producer = owner;
    (void)rk;
    enum status status = kafka_status_of(message->err);
    if (status == STATUS_FAILED &&
        rd_kafka_message_status(message) == RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED)
        status = STATUS_TIMEOUT;
    producer->done = array_reserve(producer->done, &producer->done_capacity,
                                   producer->done_count + 1, sizeof *producer->done);
    producer->done[producer->done_count++] = (struct kafka_delivery){
        .number = (uint64_t)(uintptr_t)message->_private,
        .status = status,
        .text = rd_kafka_err2str(message->err),
        .partition = message->partition,
        .offset = status ? -1 : message->offset,
    };
}

enum status kafka_producer_create(const struct kafka_settings *settings,
                                  const struct kafka_producer_options *options,
                                  struct buffer *fault, struct kafka_producer **ret_producer)
{
    char messages[16];
    char kbytes[16];
    char timeout[16];
    char linger[16];
    struct kafka_producer *producer = memory_get(sizeof *producer);
    producer->queue_messages = options->queue_messages ? options->queue_messages : 100000;
    snprintf(messages, sizeof messages, "%u", producer->queue_messages);
    snprintf(kbytes, sizeof kbytes, "%u", options->queue_kbytes ? options->queue_kbytes : 65536);
    snprintf(timeout, sizeof timeout, "%u", options->timeout_ms ? options->timeout_ms : 120000);
    snprintf(linger, sizeof linger, "%u", options->linger_ms);
    const struct kafka_fixed fixed[] = {
        {"queue.buffering.max.messages", messages, true},
        {"queue.buffering.max.kbytes", kbytes, true},
        {"message.timeout.ms", timeout, true},
        {"linger.ms", linger, true},
        {"retry.backoff.ms", "50", true},
        {"enable.idempotence", "true", false},
        {"partitioner", "murmur2_random", false},
    };
    struct kafka_handle_plan plan = {.type = RD_KAFKA_PRODUCER,
                                     .fixed = fixed,
                                     .fixed_count = sizeof fixed / sizeof fixed[0],
                                     .delivered = on_delivered,
                                     .owner = producer};
    enum status status = kafka_handle_create(settings, &plan, fault, &producer->handle);
    if (status) {
        memory_release(producer);
        return status;
    }
    producer->queue = rd_kafka_queue_get_main(producer->handle->rk);
    producer->fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
    ensure(producer->fd >= 0);
    uint64_t one = 1;
    rd_kafka_queue_io_event_enable(producer->queue, producer->fd, &one, sizeof one);
    *ret_producer = producer;
    return STATUS_OK;
}

enum status kafka_producer_destroy(struct kafka_producer *producer, struct span patience)
{
    if (!producer)
        return STATUS_OK;
    rd_kafka_queue_io_event_enable(producer->queue, -1, NULL, 0);
    rd_kafka_queue_destroy(producer->queue);
    // The reports of what is thrown away come while polling here, not later on another thread.
    rd_kafka_purge(producer->handle->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(producer->handle->rk, (int)(span_ms(patience) < 500 ? span_ms(patience) : 500));
    kafka_topics_finish(&producer->topics);
    enum status status = kafka_handle_destroy(producer->handle, patience);
    close(producer->fd);
    memory_release(producer->done);
    memory_release(producer);
    return status;
}

static rd_kafka_topic_t *producer_topic(struct kafka_producer *producer, struct text topic)
{
    struct kafka_topic_entry *entry =
        kafka_topics_get(&producer->topics, producer->handle, topic, TOPICS_MAX, 0);
    return entry ? entry->rkt : NULL;
}

void kafka_producer_prepare(struct kafka_producer *producer, struct text topic)
{
    (void)producer_topic(producer, topic);
}

enum status kafka_producer_send(struct kafka_producer *producer,
                                const struct kafka_message *message, uint64_t number)
{
    enum status status = kafka_message_check(message);
    if (status)
        return status;
    if (producer->pending >= producer->queue_messages)
        return STATUS_AGAIN;
    rd_kafka_topic_t *rkt = producer_topic(producer, message->topic);
    if (!rkt)
        return STATUS_TOO_LARGE;
    rd_kafka_resp_err_t error =
        kafka_message_produce(producer->handle->rk, rkt, message, (void *)(uintptr_t)number);
    // After a fatal error each send is refused with that error's own code.
    if (error && rd_kafka_fatal_error(producer->handle->rk, NULL, 0))
        return STATUS_CLOSED;
    // A partition that Kafka does not have is known only once the metadata is there.
    if (error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
        return STATUS_INVALID;
    if (error)
        return kafka_status_of(error);
    producer->pending++;
    return STATUS_OK;
}

int kafka_producer_fd(const struct kafka_producer *producer)
{
    return producer->fd;
}

uint32_t kafka_producer_poll(struct kafka_producer *producer, struct kafka_delivery *deliveries,
                             uint32_t capacity)
{
    eventfd_t ignored;
    (void)eventfd_read(producer->fd, &ignored);
    rd_kafka_poll(producer->handle->rk, 0);
    uint32_t waiting = producer->done_count - producer->done_first;
    uint32_t count = waiting < capacity ? waiting : capacity;
    for (uint32_t i = 0; i < count; i++)
        deliveries[i] = producer->done[producer->done_first++];
    producer->pending -= count;
    if (producer->done_first == producer->done_count)
        producer->done_first = producer->done_count = 0;
    else
        eventfd_write(producer->fd, 1);
    return count;
}

uint32_t kafka_producer_pending(const struct kafka_producer *producer)
{
    return producer->pending;
}

enum status kafka_producer_flush(struct kafka_producer *producer, struct span patience)
{
    int64_t ms = span_ms(patience);
    rd_kafka_resp_err_t error =
        rd_kafka_flush(producer->handle->rk, ms > INT32_MAX ? INT32_MAX : (int)ms);
    if (producer->done_count > producer->done_first)
        eventfd_write(producer->fd, 1);
    return error ? STATUS_TIMEOUT : STATUS_OK;
}
