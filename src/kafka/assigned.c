// SPDX-License-Identifier: Apache-2.0
//
// A sorted array: most topics have one partition, and a record's is looked up for every record.
#include "kafka/assigned.h"

#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"

void kafka_assigned_finish(struct kafka_assigned *assigned)
{
    memory_release(assigned->partitions);
    *assigned = (struct kafka_assigned){0};
}

// Where the partition is, or would be inserted.
static uint32_t place_of(const struct kafka_assigned *assigned, int32_t number)
{
    uint32_t low = 0;
    uint32_t high = assigned->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (assigned->partitions[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct kafka_assigned_partition *kafka_assigned_find(const struct kafka_assigned *assigned,
                                                     int32_t number)
{
    uint32_t place = place_of(assigned, number);
    if (place == assigned->count || assigned->partitions[place].number != number)
        return NULL;
    return &assigned->partitions[place];
}

void kafka_assigned_add(struct kafka_assigned *assigned, int32_t number, uint64_t tag)
{
    uint32_t place = place_of(assigned, number);
    assigned->partitions = array_reserve(assigned->partitions, &assigned->capacity,
                                         assigned->count + 1, sizeof *assigned->partitions);
    struct kafka_assigned_partition *at = &assigned->partitions[place];
    ensure(place == assigned->count || at->number != number);
    memmove(at + 1, at, (assigned->count - place) * sizeof *at);
    *at = (struct kafka_assigned_partition){.number = number, .tag = tag};
    assigned->count++;
}

void kafka_assigned_remove(struct kafka_assigned *assigned, int32_t number)
{
    struct kafka_assigned_partition *at = kafka_assigned_find(assigned, number);
    ensure(at != NULL);
    assigned->count--;
    size_t behind = assigned->count - (size_t)(at - assigned->partitions);
    memmove(at, at + 1, behind * sizeof *at);
}
