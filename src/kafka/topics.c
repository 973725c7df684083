// SPDX-License-Identifier: Apache-2.0
//
// Topic objects by name. They inherit the handle's topic settings; the opaque leads from any record
// to the caller's slot without a look-up.
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/name.h"
#include "kafka/handle.h"

#define SEED UINT64_C(0x6d7573746572)

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

struct kafka_topic_entry *kafka_topics_get(struct kafka_topics *topics, struct kafka_handle *handle,
                                           struct text name, uint32_t limit, size_t slot_size)
{
    struct kafka_topic_entry *entry = kafka_topics_find(topics, name);
    if (entry)
        return entry;
    if (topics->count >= limit || name_topic_fault(name))
        return NULL;
    char *copy = text_copy(name);
    void *slot = memory_get(slot_size);
    rd_kafka_topic_conf_t *conf = rd_kafka_default_topic_conf_dup(handle->rk);
    rd_kafka_topic_conf_set_opaque(conf, slot);
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(handle->rk, copy, conf);
    if (!rkt) {
        rd_kafka_topic_conf_destroy(conf);
        memory_release(slot);
        memory_release(copy);
        return NULL;
    }
    topics->entries = array_reserve(topics->entries, &topics->capacity, topics->count + 1,
                                    sizeof *topics->entries);
    index_add(&topics->index, hash_keyed(name, SEED), topics->count);
    topics->entries[topics->count] = (struct kafka_topic_entry){rkt, copy, name.size, slot};
    return &topics->entries[topics->count++];
}

void kafka_topics_finish(struct kafka_topics *topics)
{
    for (uint32_t i = 0; i < topics->count; i++) {
        rd_kafka_topic_destroy(topics->entries[i].rkt);
        memory_release(topics->entries[i].slot);
        memory_release(topics->entries[i].name);
    }
    memory_release(topics->entries);
    index_finish(&topics->index);
    memset(topics, 0, sizeof *topics);
}
