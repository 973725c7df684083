// SPDX-License-Identifier: Apache-2.0
//
// An idempotent writer with acks=all. A send never waits; its result comes
// back later under the number that the caller gave, through a queue with one fd. Messages to one
// partition keep their order. One thread owns a producer.
#ifndef MUSTER_KAFKA_PRODUCER_H
#define MUSTER_KAFKA_PRODUCER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/status.h"
#include "base/text.h"
#include "kafka/config.h"
#include "kafka/record.h"

struct kafka_producer;

// `= {0}` gives the defaults.
struct kafka_producer_options {
    uint32_t queue_messages; // most messages without a result; 0 = 100000
    uint32_t queue_kbytes;   // most bytes of them; 0 = 65536
    uint32_t timeout_ms;     // a message without an answer for so long has failed; 0 = 120000
    uint32_t linger_ms;      // wait for more messages before sending; 0 = none
};

struct kafka_delivery {
    uint64_t number;    // of the send
    enum status status; // STATUS_TIMEOUT: it may have been written all the same
    const char *text;   // of the status, for people; static memory
    int32_t partition;
    int64_t offset; // -1 unless STATUS_OK
};

// STATUS_INVALID with the reason in `fault` if the settings cannot be used. Waits for no
// connection.
enum status kafka_producer_create(const struct kafka_settings *settings,
                                  const struct kafka_producer_options *options,
                                  struct buffer *fault,
                                  struct kafka_producer **ret_producer) MUST_CHECK;

// Ends it; messages without a result are dropped (flush first). See kafka_consumer_destroy.
enum status kafka_producer_destroy(struct kafka_producer *producer, struct span patience);

// Finds out where a topic lives before the first message, which else waits for it. Optional.
void kafka_producer_prepare(struct kafka_producer *producer, struct text topic);

// Takes a copy of the message; STATUS_OK means that exactly one result will come for `number`.
// STATUS_AGAIN: the queue is full, poll for results first; STATUS_TOO_LARGE: larger than
// `message.max.bytes` or too many headers; STATUS_INVALID: not a topic name or partition;
// STATUS_CLOSED: a fatal error, the producer must be created anew.
enum status kafka_producer_send(struct kafka_producer *producer,
                                const struct kafka_message *message, uint64_t number) MUST_CHECK;

// Readable whenever a poll may give something: watch it level-triggered. Not to be read by the
// caller.
int kafka_producer_fd(const struct kafka_producer *producer);

// Takes up to `capacity` results without waiting and returns their number.
uint32_t kafka_producer_poll(struct kafka_producer *producer, struct kafka_delivery *deliveries,
                             uint32_t capacity);

// Sends taken whose result was not yet handed out by a poll.
uint32_t kafka_producer_pending(const struct kafka_producer *producer);

// Waits until every message has its result, which poll then gives. STATUS_TIMEOUT after `patience`.
enum status kafka_producer_flush(struct kafka_producer *producer, struct span patience) MUST_CHECK;

#endif
