// SPDX-License-Identifier: Apache-2.0
//
// The user's properties, and which of them are not the user's to set.
#include "kafka/config.h"

#include <librdkafka/rdkafka.h>

#include "base/memory.h"
#include "kafka/handle.h"

// What correctness rests on. Sorted.
static const char *const ours[] = {
    "acks",
    "allow.auto.create.topics",
    "auto.offset.reset",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.gapless.guarantee",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "group.instance.id",
    "isolation.level",
    "log.queue",
    "partitioner",
    "request.required.acks",
    "test.mock.num.brokers",
    "transaction.timeout.ms",
    "transactional.id",
};

bool kafka_property_is_ours(struct text name)
{
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (text_equals(name, ours[i]))
            return true;
    return false;
}

void kafka_settings_add(struct kafka_settings *settings, struct text name, struct text value)
{
    settings->properties = array_reserve(settings->properties, &settings->capacity,
                                         settings->count + 1, sizeof *settings->properties);
    settings->properties[settings->count++] = (struct kafka_property){
        {text_copy(name), name.size},
        {text_copy(value), value.size},
    };
}

void kafka_settings_finish(struct kafka_settings *settings)
{
    for (uint32_t i = 0; i < settings->count; i++) {
        memory_release((char *)settings->properties[i].name.data);
        memory_release((char *)settings->properties[i].value.data);
    }
    memory_release(settings->properties);
    *settings = (struct kafka_settings){0};
}

const char *kafka_library_version(void)
{
    return rd_kafka_version_str();
}
