// SPDX-License-Identifier: Apache-2.0
//
// Two indices over one table: names lead to a topic, and so do objects, so that a record finds its
// topic without a look-up by name.
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/name.h"
#include "kafka/handle.h"

#define SEED UINT64_C(0x6d7573746572)

// Once for every record, so it is short; nobody chooses addresses.
static uint64_t hash_of(const rd_kafka_topic_t *rkt)
{
    return (uint64_t)(uintptr_t)rkt * UINT64_C(0x9e3779b97f4a7c15);
}

struct kafka_topic_entry *kafka_topics_find(const struct kafka_topics *topics, struct text name)
{
    uint32_t at;
    uint64_t hash = hash_keyed(name, SEED);
    for (uint32_t i = index_find(&topics->index, hash, &at); i != INDEX_NONE;
         i = index_next(&topics->index, hash, &at)) {
        struct kafka_topic_entry *entry = &topics->entries[i];
        if (text_equal((struct text){entry->name, entry->name_size}, name))
            return entry;
    }
    return NULL;
}

struct kafka_topic_entry *kafka_topics_find_object(const struct kafka_topics *topics,
                                                   const rd_kafka_topic_t *rkt)
{
    uint32_t at;
    uint64_t hash = hash_of(rkt);
    for (uint32_t i = index_find(&topics->objects, hash, &at); i != INDEX_NONE;
         i = index_next(&topics->objects, hash, &at))
        if (topics->entries[i].rkt == rkt)
            return &topics->entries[i];
    return NULL;
}

struct kafka_topic_entry *kafka_topics_add(struct kafka_topics *topics, struct text name,
                                           uint32_t limit, size_t slot_size)
{
    struct kafka_topic_entry *entry = kafka_topics_find(topics, name);
    if (entry)
        return entry;
    if (topics->count >= limit || name_topic_fault(name))
        return NULL;
    topics->entries = array_reserve(topics->entries, &topics->capacity, topics->count + 1,
                                    sizeof *topics->entries);
    index_add(&topics->index, hash_keyed(name, SEED), topics->count);
    topics->entries[topics->count] = (struct kafka_topic_entry){
        .name = text_copy(name), .name_size = name.size, .slot = memory_get(slot_size)};
    return &topics->entries[topics->count++];
}

bool kafka_topics_bind(struct kafka_topics *topics, struct kafka_handle *handle,
                       struct kafka_topic_entry *entry)
{
    if (entry->rkt)
        return true;
    entry->rkt = rd_kafka_topic_new(handle->rk, entry->name, NULL);
    if (entry->rkt)
        index_add(&topics->objects, hash_of(entry->rkt), (uint32_t)(entry - topics->entries));
    return entry->rkt != NULL;
}

struct kafka_topic_entry *kafka_topics_get(struct kafka_topics *topics, struct kafka_handle *handle,
                                           struct text name, uint32_t limit, size_t slot_size)
{
    struct kafka_topic_entry *entry = kafka_topics_add(topics, name, limit, slot_size);
    return entry && kafka_topics_bind(topics, handle, entry) ? entry : NULL;
}

void kafka_topics_finish(struct kafka_topics *topics)
{
    for (uint32_t i = 0; i < topics->count; i++) {
        if (topics->entries[i].rkt)
            rd_kafka_topic_destroy(topics->entries[i].rkt);
        memory_release(topics->entries[i].slot);
        memory_release(topics->entries[i].name);
    }
    memory_release(topics->entries);
    index_finish(&topics->index);
    index_finish(&topics->objects);
    memset(topics, 0, sizeof *topics);
}
