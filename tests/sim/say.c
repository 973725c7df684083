// SPDX-License-Identifier: Apache-2.0
//
// What agents and operators write, as the bytes that they would write.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "sim/world.h"

void world_say_bytes(struct world *world, enum sim_topic topic, struct text value)
{
    struct log_record record = {.at = world->now, .value = value, .refused = -1};
    broker_append(world, (int)topic, &record);
}

void world_say(struct world *world, enum sim_topic topic, const char *format, ...)
{
    char *words = NULL;
    va_list arguments;
    va_start(arguments, format);
    int size = vasprintf(&words, format, arguments);
    va_end(arguments);
    ensure(size >= 0);
    world_say_bytes(world, topic, (struct text){words, (size_t)size});
    memory_release(words);
}

void world_announce(struct world *world, const char *agent, const char *mode, const char *topics)
{
    struct buffer items = {0};
    char copy[4096];
    char *rest = NULL;
    snprintf(copy, sizeof(copy), "%s", topics);
    for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
        buffer_print(&items, "%s{\"name\": \"%s\", \"partitions\": 1}", items.size ? ", " : "",
                     name);
    world_say(world, SIM_CONTROL, "{\"agent\": \"%s\", \"mode\": \"%s\", \"topics\": [%s]}", agent,
              mode, buffer_string(&items));
    buffer_finish(&items);
}

void world_order(struct world *world, const char *verb, const char *key, const char *value)
{
    world_say(world, SIM_ORDERS, "{\"verb\": \"%s\", \"args\": {\"%s\": \"%s\"}}", verb, key,
              value);
}

void world_order_pool(struct world *world, const char *pool, const char *verb)
{
    world_say(world, SIM_ORDERS, "{\"pool\": \"%s\", \"verb\": \"%s\"}", pool, verb);
}

void world_topic(struct world *world, const char *name, int32_t partitions)
{
    struct sim_data_topic *topic = world_topic_find(world, text_of(name));
    if (topic == NULL) {
        ensure(world->topics_count < SIM_UNITS_MAX);
        topic = &world->topics[world->topics_count++];
        topic->written_at = (struct instant){INT64_MIN / 2};
        snprintf(topic->name, sizeof(topic->name), "%s", name);
    }
    world_reshape(topic, partitions);
}

void world_reshape(struct sim_data_topic *topic, int32_t partitions)
{
    ensure(partitions <= SIM_PARTS_MAX);
    for (int32_t i = partitions; i < topic->partitions; i++)
        topic->parts[i].start = topic->parts[i].end;
    topic->was_lowered = topic->was_lowered || partitions < topic->partitions;
    topic->has_poison = topic->has_poison && partitions > 0;
    topic->partitions = partitions;
}
