// SPDX-License-Identifier: Apache-2.0
//
// Private to the room: making and ending librdkafka handles, its errors as ours, and topic objects.
#ifndef MUSTER_KAFKA_HANDLE_H
#define MUSTER_KAFKA_HANDLE_H

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/index.h"
#include "base/instant.h"
#include "base/status.h"
#include "base/text.h"
#include "kafka/config.h"

// A property of ours. Preset: the user may say otherwise, and a librdkafka that is too old to know
// it does without. Not preset: the user must not.
struct kafka_fixed {
    const char *name;
    const char *value;
    bool is_preset;
};

struct kafka_handle_plan {
    rd_kafka_type_t type;
    const struct kafka_fixed *fixed; // applied around the user's properties
    uint32_t fixed_count;
    // Both may be NULL; called by whoever polls the handle.
    void (*delivered)(rd_kafka_t *rk, const rd_kafka_message_t *message, void *owner);
    void (*failed)(void *owner, rd_kafka_resp_err_t error, const char *reason);
    void *owner;
};

struct kafka_handle {
    rd_kafka_t *rk;
    struct kafka_watch *watch; // held
    atomic_bool is_closing;    // what becomes of its connections is our doing
    void (*delivered)(rd_kafka_t *rk, const rd_kafka_message_t *message, void *owner);
    void (*failed)(void *owner, rd_kafka_resp_err_t error, const char *reason);
    void *owner;
};

// STATUS_INVALID with the reason in `fault`, also for resources that are out (threads, files).
enum status kafka_handle_create(const struct kafka_settings *settings,
                                const struct kafka_handle_plan *plan, struct buffer *fault,
                                struct kafka_handle **ret_handle) MUST_CHECK;

// Destroys on a thread of its own and waits for it at most `patience`; STATUS_TIMEOUT leaves it
// behind and says so to the watch. Queues and topic objects must have been given back before.
enum status kafka_handle_destroy(struct kafka_handle *handle, struct span patience);

// An error code as a status; STATUS_FAILED for what no caller acts on by itself.
enum status kafka_status_of(rd_kafka_resp_err_t error);

// Appends why nothing was answered: what the watch knows of the connection, else `otherwise`.
void kafka_handle_explain(const struct kafka_handle *handle, const char *otherwise,
                          struct buffer *text);

// Properties of the user that muster sets by itself.
bool kafka_property_is_ours(struct text name);

// The topics of one handle and their objects, which live as long as the handle. `= {0}` is an empty
// set.
struct kafka_topics {
    struct kafka_topic_entry *entries; // owned, in order of creation
    uint32_t count;
    uint32_t capacity;
    struct index index;   // of names
    struct index objects; // of those that have one
};

struct kafka_topic_entry {
    rd_kafka_topic_t *rkt; // NULL = none yet
    char *name;            // owned
    size_t name_size;
    void *slot; // of the caller
};

// Finds or adds a topic, without an object; NULL if it has no topic's name or `limit` topics are
// there already. A new entry's slot is zeroed memory of `slot_size` bytes.
struct kafka_topic_entry *kafka_topics_add(struct kafka_topics *topics, struct text name,
                                           uint32_t limit, size_t slot_size);

// Gives the entry its object if it has none. Where the handle has not met the topic otherwise, by
// an assignment or in an answer, librdkafka asks for it, in a request of its own. False: librdkafka
// refuses.
bool kafka_topics_bind(struct kafka_topics *topics, struct kafka_handle *handle,
                       struct kafka_topic_entry *entry) MUST_CHECK;

// Finds or adds a topic that has an object; NULL as kafka_topics_add, or if librdkafka refuses.
struct kafka_topic_entry *kafka_topics_get(struct kafka_topics *topics, struct kafka_handle *handle,
                                           struct text name, uint32_t limit, size_t slot_size);

// The topic's entry or NULL; by its object: NULL also for an object that was not bound.
struct kafka_topic_entry *kafka_topics_find(const struct kafka_topics *topics, struct text name);
struct kafka_topic_entry *kafka_topics_find_object(const struct kafka_topics *topics,
                                                   const rd_kafka_topic_t *rkt);

// Gives all topic objects back; slots are released.
void kafka_topics_finish(struct kafka_topics *topics);

#endif
