// SPDX-License-Identifier: Apache-2.0

#include "discover/lines.h"

#include <string.h>

#include "base/hash.h"
#include "base/index.h"
#include "base/memory.h"
#include "base/name.h"
#include "wire/wire.h"

struct lines {
    struct discover_set *set;
    struct announcement_topic *topics; // grown here, copied into the arena at the end
    uint32_t capacity;
    struct index index; // by cluster and name
    struct buffer wrapped;
    struct buffer *fault;
};

static bool is_blank_char(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct text trimmed(struct text text)
{
    while (text.size && is_blank_char(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size && is_blank_char(text.data[text.size - 1]))
        text.size--;
    return text;
}

// Where the topic is to stand: its former place, or a new one.
static struct announcement_topic *place_find(struct lines *lines,
                                             const struct announcement_topic *topic)
{
    uint64_t hash = hash_keyed(topic->cluster, hash_keyed(topic->name, 0));
    uint32_t at;
    for (uint32_t i = index_find(&lines->index, hash, &at); i != INDEX_NONE;
         i = index_next(&lines->index, hash, &at))
        if (text_equal(lines->topics[i].name, topic->name) &&
            text_equal(lines->topics[i].cluster, topic->cluster))
            return &lines->topics[i];
    lines->topics = array_reserve(lines->topics, &lines->capacity, lines->set->count + 1,
                                  sizeof(*lines->topics));
    index_add(&lines->index, hash, lines->set->count);
    return &lines->topics[lines->set->count++];
}

static enum status topic_add(struct lines *lines, const struct announcement_topic *topic)
{
    const char *fault = name_topic_fault(topic->name);
    if (fault != NULL)
        buffer_print(lines->fault, "the topic's name %s", fault);
    else if (topic->cluster.size && (fault = name_fault(topic->cluster)) != NULL)
        buffer_print(lines->fault, "the cluster's name %s", fault);
    else if (topic->weight < 1)
        buffer_add_string(lines->fault, "the weight is below 1");
    else if (topic->partitions < 0)
        buffer_add_string(lines->fault, "the number of partitions is negative");
    else {
        *place_find(lines, topic) = *topic;
        return STATUS_OK;
    }
    return STATUS_INVALID;
}

static enum status name_add(struct lines *lines, struct text name)
{
    struct announcement_topic topic = {.name = arena_text(&lines->set->arena, name), .weight = 1};
    return topic_add(lines, &topic);
}

// The codec knows whole records, so the object stands in one.
static enum status object_add(struct lines *lines, struct text object)
{
    struct wire_record decoded;
    buffer_clear(&lines->wrapped);
    buffer_add_string(&lines->wrapped, "{\"agent\":\"a\",\"topics\":[");
    buffer_add_text(&lines->wrapped, object);
    buffer_add_string(&lines->wrapped, "]}");
    struct text copy = arena_text(&lines->set->arena, buffer_text(&lines->wrapped));
    struct wire_input input = {.expected = RECORD_ANNOUNCEMENT, .bytes = copy};
    if (wire_decode_json(input, &lines->set->arena, NULL, &decoded, lines->fault) != STATUS_OK)
        return STATUS_INVALID;
    const struct announcement *announcement = decoded.record;
    if (announcement->topics_count != 1) {
        buffer_add_string(lines->fault, "not one topic a line");
        return STATUS_INVALID;
    }
    return topic_add(lines, &announcement->topics[0]);
}

static enum status line_add(struct lines *lines, struct text line)
{
    if (line.size == 0 || line.data[0] == '#')
        return STATUS_OK;
    if (lines->set->count == DISCOVER_TOPICS_MAX) {
        buffer_print(lines->fault, "more than %d topics", DISCOVER_TOPICS_MAX);
        return STATUS_TOO_LARGE;
    }
    return line.data[0] == '{' ? object_add(lines, line) : name_add(lines, line);
}

enum status lines_parse(struct text text, struct discover_set *set, struct buffer *fault)
{
    struct buffer why = {0};
    struct lines lines = {.set = set, .fault = &why};
    enum status status = STATUS_OK;
    unsigned long number = 0;
    while (status == STATUS_OK && text.size) {
        const char *end = memchr(text.data, '\n', text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;
        number++;
        status = line_add(&lines, trimmed((struct text){text.data, size}));
        size += end != NULL;
        text = (struct text){text.data + size, text.size - size};
    }
    if (status != STATUS_OK)
        buffer_print(fault, "line %lu: %s", number, buffer_string(&why));
    set->topics = arena_get(&set->arena, (set->count + 1) * sizeof(*set->topics));
    if (set->count)
        memcpy(set->topics, lines.topics, set->count * sizeof(*set->topics));
    memory_release(lines.topics);
    index_finish(&lines.index);
    buffer_finish(&lines.wrapped);
    buffer_finish(&why);
    return status;
}
