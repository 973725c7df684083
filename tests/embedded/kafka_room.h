// SPDX-License-Identifier: Apache-2.0
//
// An embedded cluster with the settings and the watch to reach it, for the tests of src/kafka.
// Waiting is on file descriptors only, up to a deadline that ends the test.
#ifndef KAFKA_ROOM_H
#define KAFKA_ROOM_H

#include "kafka/admin.h"
#include "kafka/config.h"
#include "kafka/consumer.h"
#include "kafka/mock.h"
#include "kafka/producer.h"
#include "kafka/transactor.h"
#include "kafka/watch.h"

#define PATIENCE ((struct span){INT64_C(30000000)})
#define T(literal) TEXT_LITERAL(literal)

struct kafka_room {
    struct kafka_mock *mock;
    struct kafka_watch *watch;
    struct kafka_settings settings;
};

// Starts `brokers` brokers.
void kafka_room_open(struct kafka_room *room, uint32_t brokers);
void kafka_room_close(struct kafka_room *room);

// Settings for a cluster that somebody else runs; no mock.
void kafka_room_join(struct kafka_room *room, const char *servers);

struct kafka_consumer *kafka_room_consumer(struct kafka_room *room, bool has_end_events);
struct kafka_producer *kafka_room_producer(struct kafka_room *room);
struct kafka_transactor *kafka_room_transactor(struct kafka_room *room, const char *id);
struct kafka_admin *kafka_room_admin(struct kafka_room *room, const char *group);

// Waits until the fd is readable; the test fails after 30 s.
void fd_wait(int fd);

// Writes records "0".."count-1" to a partition and waits until all are there.
void kafka_room_fill(struct kafka_room *room, struct text topic, int32_t partition, uint32_t count);

// What a consumer handed out, copied.
struct taken {
    uint32_t records;        // KAFKA_RECORD
    uint32_t ends;           // KAFKA_END_OF_PARTITION
    uint32_t faults;         // all others
    uint64_t tags;           // of the records, one bit each
    char last_value[64];     // of the last record
    bool is_last_value_null; //
    enum kafka_record_kind last_fault;
};

// Polls until so many records and ends have come, in all since `taken` was zeroed.
void consumer_take(struct kafka_consumer *consumer, struct taken *taken, uint32_t records,
                   uint32_t ends);

// Waits for the answer.
struct kafka_answer transactor_answer(struct kafka_transactor *transactor);

// Inits and commits; each returns the answer.
struct kafka_answer transactor_init(struct kafka_transactor *transactor);
struct kafka_answer transactor_commit(struct kafka_transactor *transactor,
                                      const struct kafka_message *messages, uint32_t count);

#endif
