// SPDX-License-Identifier: Apache-2.0
//
// Private to the room: one request of an admin with the reply it becomes, and what runs it.
#ifndef MUSTER_KAFKA_REQUEST_H
#define MUSTER_KAFKA_REQUEST_H

#include "base/arena.h"
#include "kafka/admin.h"
#include "kafka/handle.h"
#include "kafka/worker.h"

// A setting of a topic to create, terminated.
struct request_setting {
    const char *name;
    const char *value;
};

struct request_new_topic {
    struct request_setting *settings;
    uint32_t setting_count;
    uint32_t partitions;
};

// All memory but the struct itself is the arena's.
struct kafka_request_job {
    struct kafka_job job; // first
    struct kafka_worker *worker;
    struct instant deadline;
    struct kafka_reply reply;
    struct kafka_topic *topics;           // the reply's, as long as they are written
    struct request_new_topic *new_topics; // beside `topics`
    struct kafka_offset *offsets;         // the reply's, as long as they are written
    int64_t at;                           // of KAFKA_FIND_OFFSETS
    const char *group;                    // of KAFKA_FIND_COMMITTED, NULL = the admin's own
    struct arena arena;
};

// Belongs to the worker's thread.
struct kafka_admin_context {
    struct kafka_settings settings; // own copy
    bool is_uncommitted_read;
    bool has_group;
    struct kafka_handle *handle; // asks everything but find_topics
    struct kafka_handle *finder; // knows the topics in `found` only; NULL until needed
    struct kafka_topics found;   // of the finder
};

// Milliseconds until the request's deadline, at least 1: librdkafka reads 0 as no waiting at all.
int kafka_request_remaining_ms(const struct kafka_request_job *job);

// Sets the reply's status and text for a whole request that failed with this code.
void kafka_request_fail(struct kafka_admin_context *context, struct kafka_request_job *job,
                        rd_kafka_resp_err_t error);

// A copy in the request's arena.
struct text kafka_request_text(struct kafka_request_job *job, const char *string);

// Notes in the reply which cluster the handle has spoken to last, waiting `timeout_ms` for a first
// one.
void kafka_request_note_cluster(struct kafka_request_job *job, struct kafka_handle *handle,
                                int timeout_ms);

// The requests, each in the file of its kind.
void kafka_request_describe_cluster(struct kafka_admin_context *context,
                                    struct kafka_request_job *job);
void kafka_request_find_topics(struct kafka_admin_context *context, struct kafka_request_job *job);
void kafka_request_create_topics(struct kafka_admin_context *context,
                                 struct kafka_request_job *job);
void kafka_request_delete_topics(struct kafka_admin_context *context,
                                 struct kafka_request_job *job);
void kafka_request_delete_groups(struct kafka_admin_context *context,
                                 struct kafka_request_job *job);
void kafka_request_describe_topics(struct kafka_admin_context *context,
                                   struct kafka_request_job *job);
void kafka_request_find_offsets(struct kafka_admin_context *context, struct kafka_request_job *job);
void kafka_request_find_committed(struct kafka_admin_context *context,
                                  struct kafka_request_job *job);
void kafka_request_commit(struct kafka_admin_context *context, struct kafka_request_job *job);

// Lets go of the finder, if there is one.
void kafka_finder_close(struct kafka_admin_context *context);

#endif
