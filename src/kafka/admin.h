// SPDX-License-Identifier: Apache-2.0
//
// Questions and orders to the cluster itself: topics, their settings, ends of partitions, offsets
// of a group. They wait in librdkafka, so they run one after another, in order, on a thread of
// their own; each has a number, a deadline and exactly one reply, taken from one inbox with an fd.
// Nothing here ever creates a topic but kafka_admin_create_topics.
//
// An admin never reads or writes records, so its questions do not wait behind a long poll. One
// thread owns an admin.
#ifndef MUSTER_KAFKA_ADMIN_H
#define MUSTER_KAFKA_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/status.h"
#include "base/text.h"
#include "kafka/config.h"
#include "kafka/consumer.h"
#include "kafka/record.h"

#define KAFKA_ADMIN_REQUESTS_MAX 64      // requests without a taken reply
#define KAFKA_ADMIN_TOPICS_MAX 1000      // topics in one request
#define KAFKA_ADMIN_PARTITIONS_MAX 10000 // partitions in one request

struct kafka_admin;

// `= {0}` gives the defaults.
struct kafka_admin_options {
    struct text group;        // of the offset requests, never joined; empty: those are refused
    bool is_uncommitted_read; // ends are high watermarks instead of last stable offsets
};

enum kafka_request {
    KAFKA_DESCRIBE_CLUSTER,
    KAFKA_FIND_TOPICS,
    KAFKA_CREATE_TOPICS,
    KAFKA_DELETE_TOPICS,
    KAFKA_DESCRIBE_TOPICS,
    KAFKA_DELETE_GROUPS,
    KAFKA_FIND_OFFSETS,
    KAFKA_FIND_COMMITTED,
    KAFKA_COMMIT,
};

// What is known of one topic after find, create or delete; of a group after its deletion.
struct kafka_topic {
    struct text name;
    enum status status;  // STATUS_NOT_FOUND: no such topic; create: STATUS_EXISTS
    struct text text;    // of a status that is not STATUS_OK, for people
    uint32_t partitions; // 0 unless found
};

// One setting of a topic.
struct kafka_topic_setting {
    struct text topic;
    struct text name;
    struct text value;
    bool is_default; // not set on the topic itself
};

struct kafka_offset {
    struct text topic;
    int32_t partition;
    int64_t offset;       // -1: none (never committed; no record at or after the time asked for)
    struct text metadata; // of a commit
    enum status status;   // STATUS_NOT_FOUND: no such topic or partition
};

// All of it belongs to the reply and lives until it is released. Arrays that a request does not
// fill are empty; order is the order of the request.
struct kafka_reply {
    uint64_t number;
    enum kafka_request request;
    enum status status; // of the whole: STATUS_UNREACHABLE, STATUS_TIMEOUT, STATUS_DENIED, ...
    struct text text;   // of a status that is not STATUS_OK, for people
    struct text
        cluster_id; // that the handle has spoken to last, whatever was asked; empty = none yet
    uint32_t broker_count;
    const struct kafka_topic *topics;
    uint32_t topic_count;
    const struct kafka_topic_setting *settings; // sorted by topic as asked, then name
    uint32_t setting_count;
    const struct kafka_offset *offsets;
    uint32_t offset_count;
};

// A topic to create. Replication is 3 with min.insync.replicas 2 on three brokers and more, else 1.
struct kafka_new_topic {
    struct text name;
    uint32_t partitions;
    const struct kafka_property *settings; // topic level, as "cleanup.policy"
    uint32_t setting_count;
};

// STATUS_INVALID with the reason in `fault` if the settings cannot be used. Waits for no
// connection.
enum status kafka_admin_create(const struct kafka_settings *settings,
                               const struct kafka_admin_options *options, struct buffer *fault,
                               struct kafka_admin **ret_admin) MUST_CHECK;

// Ends it; requests under way get no reply. Replies taken must have been released. See
// kafka_consumer_destroy.
enum status kafka_admin_destroy(struct kafka_admin *admin, struct span patience);

// What every request carries.
struct kafka_ask {
    uint64_t number;      // comes back in the reply
    struct span patience; // after which the reply is STATUS_TIMEOUT, from the call on
};

// All requests copy what they are given and answer at once: STATUS_OK (a reply will come),
// STATUS_AGAIN (too many under way), STATUS_INVALID (a bad name, nothing asked, no group),
// STATUS_TOO_LARGE.

// Asks for the cluster id and the number of brokers.
enum status kafka_admin_describe_cluster(struct kafka_admin *admin,
                                         struct kafka_ask ask) MUST_CHECK;

// Which of the topics exist and with how many partitions, in one question to one broker.
enum status kafka_admin_find_topics(struct kafka_admin *admin, struct kafka_ask ask,
                                    const struct text *topics, uint32_t count) MUST_CHECK;

// The reply's topics say created (STATUS_OK), STATUS_EXISTS or why not, one by one. A broker may
// hear of a new topic a moment later: STATUS_NOT_FOUND right after a create is asked again.
enum status kafka_admin_create_topics(struct kafka_admin *admin, struct kafka_ask ask,
                                      const struct kafka_new_topic *topics,
                                      uint32_t count) MUST_CHECK;

enum status kafka_admin_delete_topics(struct kafka_admin *admin, struct kafka_ask ask,
                                      const struct text *topics, uint32_t count) MUST_CHECK;

// Deletes consumer groups with the offsets they hold. The reply's topics are the groups:
// STATUS_NOT_FOUND for one that is not there, STATUS_DENIED for one with members.
enum status kafka_admin_delete_groups(struct kafka_admin *admin, struct kafka_ask ask,
                                      const struct text *groups, uint32_t count) MUST_CHECK;

// All settings of the topics, and in `topics` which of them could not be described.
enum status kafka_admin_describe_topics(struct kafka_admin *admin, struct kafka_ask ask,
                                        const struct text *topics, uint32_t count) MUST_CHECK;

// One offset for each (distinct) partition, in one question per broker. `at` of every partition:
// KAFKA_START, KAFKA_END (the last stable offset) or a wall time in ms (>= 0): the first record at
// or after it. Missing partitions are told one by one; one without a leader makes the whole wait
// for it until the deadline, so ask for what may be dead apart from the rest.
enum status kafka_admin_find_offsets(struct kafka_admin *admin, struct kafka_ask ask, int64_t at,
                                     const struct kafka_partition *partitions,
                                     uint32_t count) MUST_CHECK;

// What the group has committed, -1 for never.
enum status kafka_admin_find_committed(struct kafka_admin *admin, struct kafka_ask ask,
                                       const struct kafka_partition *partitions,
                                       uint32_t count) MUST_CHECK;

// The same of any group.
enum status kafka_admin_find_group_committed(struct kafka_admin *admin, struct kafka_ask ask,
                                             struct text group,
                                             const struct kafka_partition *partitions,
                                             uint32_t count) MUST_CHECK;

// Commits to the group without being a member. `offset` is the next one to read; `metadata` at most
// 4096 bytes without a zero byte. STATUS_DENIED in the reply: the group has members.
enum status kafka_admin_commit(struct kafka_admin *admin, struct kafka_ask ask,
                               const struct kafka_offset *offsets, uint32_t count) MUST_CHECK;

// Readable whenever a reply is there: watch it level-triggered. Not to be read by the caller.
int kafka_admin_fd(const struct kafka_admin *admin);

// The next reply without waiting, or NULL. The caller releases it.
struct kafka_reply *kafka_admin_poll(struct kafka_admin *admin);

// For callers without a loop: the next reply, waiting for it, or NULL after `patience`.
struct kafka_reply *kafka_admin_wait(struct kafka_admin *admin, struct span patience);

void kafka_reply_release(struct kafka_reply *reply); // NULL is fine

#endif
