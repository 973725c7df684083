// SPDX-License-Identifier: Apache-2.0
//
// A reader of partitions that somebody else chose: no group, no rebalance, no stored offsets. Each
// partition starts and stops alone, and all records come through one queue with one fd.
//
// One thread owns a consumer. Only kafka_consumer_destroy waits; assign and unassign talk to
// librdkafka's main thread (well below a millisecond each, about 15 ms for 1,000 topics at once).
//
// librdkafka's cost grows with the square of the distinct topics of a handle, and it never forgets
// one. So a consumer takes at most KAFKA_CONSUMER_TOPICS_MAX over its life: aim for 1,000 at once,
// spread over several consumers, and let a consumer that has seen 2,000 die with its last unit.
#ifndef MUSTER_KAFKA_CONSUMER_H
#define MUSTER_KAFKA_CONSUMER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/status.h"
#include "base/text.h"
#include "kafka/config.h"
#include "kafka/record.h"

#define KAFKA_CONSUMER_TOPICS_MAX 2000

struct kafka_consumer;

// `= {0}` gives the defaults.
struct kafka_consumer_options {
    struct text group; // a name that librdkafka wants and asks brokers about (with access control
                       // it must be allowed to be described); never joined; empty = "muster-reader"
    bool is_uncommitted_read;  // read_uncommitted instead of read_committed
    bool has_end_events;       // hand out KAFKA_END_OF_PARTITION
    uint32_t queue_kbytes;     // bound of what is fetched ahead; 0 = 16384
    uint32_t fetch_min_bytes;  // what a fetch waits for at the broker; 0 = 1, whatever there is
    uint32_t fetch_wait_ms;    // and for how long at most; 0 = 100
    uint32_t fetch_kbytes;     // largest answer to a fetch; 0 = 8192
    uint32_t partition_kbytes; // of it for one partition; a larger batch still comes; 0 = 1024
};

struct kafka_assignment {
    struct text topic;
    int32_t partition;
    int64_t offset; // first to read, or KAFKA_START / KAFKA_END (which cost some 500 ms more)
    uint64_t tag;   // comes back in every record
};

struct kafka_partition {
    struct text topic;
    int32_t partition;
};

// STATUS_INVALID with the reason in `fault` if the settings cannot be used. Waits for no
// connection.
enum status kafka_consumer_create(const struct kafka_settings *settings,
                                  const struct kafka_consumer_options *options,
                                  struct buffer *fault,
                                  struct kafka_consumer **ret_consumer) MUST_CHECK;

// Ends it. Every record must have been released. NULL is fine. librdkafka may never come back (an
// assigned topic was deleted): after `patience` the handle is left behind on a thread of its own,
// the watch gets a line about it, and STATUS_TIMEOUT is returned. Patience 0 does not wait at all.
enum status kafka_consumer_destroy(struct kafka_consumer *consumer, struct span patience);

// Says early that a topic will be assigned; kafka_consumer_ask() asks for all of these that the
// handle does not know, in one request, whose answer may wait behind a fetch. Optional: an assign
// asks for what was not prepared. STATUS_TOO_LARGE at the limit of topics, STATUS_INVALID for what
// is no topic name.
enum status kafka_consumer_prepare(struct kafka_consumer *consumer, struct text topic) MUST_CHECK;
void kafka_consumer_ask(struct kafka_consumer *consumer);

// Starts all of them or none. STATUS_EXISTS: one is assigned already; STATUS_TOO_LARGE: more
// distinct topics than a handle takes; STATUS_INVALID: not a topic name, partition or offset;
// STATUS_FAILED.
enum status kafka_consumer_assign(struct kafka_consumer *consumer,
                                  const struct kafka_assignment *assignments,
                                  uint32_t count) MUST_CHECK;

// Stops all of them or none; nothing of them is handed out afterwards, what was handed out stays
// valid. STATUS_NOT_FOUND: one is not assigned.
enum status kafka_consumer_unassign(struct kafka_consumer *consumer,
                                    const struct kafka_partition *partitions,
                                    uint32_t count) MUST_CHECK;

// Which of them the last assign or unassign was refused for, and why, for people: "'a/0' is
// assigned already"; "" if it was not. Lives until the next call of either.
const char *kafka_consumer_fault(const struct kafka_consumer *consumer);

// Appends the id of the cluster that has answered it last; nothing while none has.
void kafka_consumer_cluster(const struct kafka_consumer *consumer, struct buffer *id);

// Distinct topics over the consumer's life, and partitions assigned now.
uint32_t kafka_consumer_topic_count(const struct kafka_consumer *consumer);
uint32_t kafka_consumer_partition_count(const struct kafka_consumer *consumer);

// Readable whenever a poll may give something: watch it level-triggered. Not to be read by the
// caller.
int kafka_consumer_fd(const struct kafka_consumer *consumer);

// Takes up to `capacity` (100 to 1000 is best) records without waiting and returns their number.
// Who stops polling leaves the rest in the queue, which is bounded, and then in Kafka; the fd stays
// readable.
uint32_t kafka_consumer_poll(struct kafka_consumer *consumer, struct kafka_record *records,
                             uint32_t capacity);

// Gives records back, in any order, also after later polls. Those already released are skipped.
void kafka_consumer_release(struct kafka_consumer *consumer, struct kafka_record *records,
                            uint32_t count);

#endif
