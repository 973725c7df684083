// SPDX-License-Identifier: Apache-2.0
//
// The text form of units, and the two hashes that spread them.
#include "proto/unit.h"

#include <string.h>

#include "base/ensure.h"
#include "base/hash.h"
#include "base/name.h"

static struct text text_from(struct text text, size_t start)
{
    return (struct text){text.data + start, text.size - start};
}

// A number that prints to the same bytes.
static bool partition_parse(struct text text, int64_t *ret_partition)
{
    int64_t value = 0;
    if (text.size == 0 || (text.size > 1 && text.data[0] == '0') || text.data[0] == '-')
        return false;
    if (text_parse_int64(text, &value) != STATUS_OK || value > INT32_MAX)
        return false;
    *ret_partition = value;
    return true;
}

enum status unit_name_parse(struct text text, struct unit_name *ret_name)
{
    struct unit_name name = {.topic = text, .partition = -1};
    const char *slash = text.size ? memchr(text.data, '/', text.size) : NULL;

    if (slash) {
        size_t at = (size_t)(slash - text.data);
        if (!partition_parse(text_from(text, at + 1), &name.partition))
            return STATUS_INVALID;
        name.topic.size = at;
    }
    const char *colon = name.topic.size ? memchr(name.topic.data, ':', name.topic.size) : NULL;
    if (colon) {
        size_t at = (size_t)(colon - name.topic.data);
        name.cluster = (struct text){name.topic.data, at};
        name.topic = text_from(name.topic, at + 1);
        if (name_fault(name.cluster))
            return STATUS_INVALID;
    }
    if (name_topic_fault(name.topic))
        return STATUS_INVALID;
    *ret_name = name;
    return STATUS_OK;
}

struct text unit_topic(struct text text, struct unit_name name)
{
    const char *end = name.topic.data + name.topic.size;
    return (struct text){text.data, (size_t)(end - text.data)};
}

void unit_name_print(struct unit_name name, struct buffer *buffer)
{
    if (name.cluster.size) {
        buffer_add_text(buffer, name.cluster);
        buffer_add_char(buffer, ':');
    }
    buffer_add_text(buffer, name.topic);
    if (name.partition >= 0) {
        buffer_add_char(buffer, '/');
        buffer_add_int64(buffer, name.partition);
    }
}

uint32_t unit_bucket(struct text unit)
{
    return (hash_murmur2(unit) & 0x7fffffff) % BUCKET_COUNT;
}

int32_t assignments_partition(struct text pool, struct text collector, int32_t partitions)
{
    char key[512];

    ensure(partitions > 0);
    ensure(pool.size + collector.size + 1 <= sizeof(key));
    ensure(pool.size > 0 && collector.size > 0);
    memcpy(key, pool.data, pool.size);
    key[pool.size] = '/';
    memcpy(key + pool.size + 1, collector.data, collector.size);
    uint32_t hash = hash_murmur2((struct text){key, pool.size + 1 + collector.size});
    return (int32_t)((hash & 0x7fffffff) % (uint32_t)partitions);
}
