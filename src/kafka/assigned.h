// SPDX-License-Identifier: Apache-2.0
//
// Private to the room: the partitions of one topic that a consumer reads, with their tags.
#ifndef MUSTER_KAFKA_ASSIGNED_H
#define MUSTER_KAFKA_ASSIGNED_H

#include <stdbool.h>
#include <stdint.h>

struct kafka_assigned_partition {
    int32_t number;
    bool is_leaving; // only within kafka_consumer_unassign
    bool is_faulty;  // told, and nothing has come since
    uint64_t tag;
};

// `= {0}` is an empty one.
struct kafka_assigned {
    struct kafka_assigned_partition *partitions; // owned, sorted by number
    uint32_t count;
    uint32_t capacity;
    bool is_wanted; // the next assignment of it need not ask for the topic
};

void kafka_assigned_finish(struct kafka_assigned *assigned);

// The partition or NULL; valid until the next add or remove.
struct kafka_assigned_partition *kafka_assigned_find(const struct kafka_assigned *assigned,
                                                     int32_t number);

// Adds a partition that is not inside.
void kafka_assigned_add(struct kafka_assigned *assigned, int32_t number, uint64_t tag);

// Removes a partition that is inside.
void kafka_assigned_remove(struct kafka_assigned *assigned, int32_t number);

#endif
