// SPDX-License-Identifier: Apache-2.0
//
// Private to the room: between librdkafka's messages and ours.
#ifndef MUSTER_KAFKA_CONVERT_H
#define MUSTER_KAFKA_CONVERT_H

#include "kafka/handle.h"
#include "kafka/record.h"

// Fills in all but the tag; the record refers to the message from now on.
void kafka_record_init(struct kafka_record *record, rd_kafka_message_t *message);

// STATUS_INVALID: topic or partition; STATUS_TOO_LARGE: headers.
enum status kafka_message_check(const struct kafka_message *message) MUST_CHECK;

// Queues a copy of a checked message; `opaque` comes back with its delivery.
rd_kafka_resp_err_t kafka_message_produce(rd_kafka_t *rk, rd_kafka_topic_t *rkt,
                                          const struct kafka_message *message,
                                          void *opaque) MUST_CHECK;

#endif
