// SPDX-License-Identifier: Apache-2.0
//
// librdkafka's embedded brokers: real sockets, so other processes can connect. Good for the demo
// and for tests of the adapters. Not Kafka: it does not fence, shows aborted and open transactions,
// does not compact, keeps 5 MiB a partition, knows no admin calls (create, delete and describe of
// topics time out), makes every topic that is asked for, with four partitions, and a waiting fetch
// does not hear of a new record: readers set `fetch_wait_ms` to 5..10.
#ifndef MUSTER_KAFKA_MOCK_H
#define MUSTER_KAFKA_MOCK_H

#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

struct kafka_mock;

// Starts brokers 1..`brokers` on free ports of the loopback interface.
enum status kafka_mock_create(uint32_t brokers, struct buffer *fault,
                              struct kafka_mock **ret_mock) MUST_CHECK;

// Clients still connected see their connections closed. NULL is fine.
void kafka_mock_destroy(struct kafka_mock *mock);

// For `bootstrap.servers`: "127.0.0.1:PORT,...". Lives as long as the mock.
struct text kafka_mock_servers(const struct kafka_mock *mock);

enum status kafka_mock_create_topic(struct kafka_mock *mock, struct text topic,
                                    uint32_t partitions) MUST_CHECK;

// The next `count` requests of Kafka's `api_key` (0 produce, 22 init producer id, 24 add
// partitions, 26 end transaction, ...) are answered with the protocol's error code; -195 cuts the
// connection.
void kafka_mock_fail(struct kafka_mock *mock, int16_t api_key, int16_t error, uint32_t count);

// A broker that is down takes no connections.
void kafka_mock_set_down(struct kafka_mock *mock, int32_t broker);
void kafka_mock_set_up(struct kafka_mock *mock, int32_t broker);

#endif
