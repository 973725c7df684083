// SPDX-License-Identifier: Apache-2.0
//
// What every Kafka handle of a process is made from: librdkafka's properties as the user wrote
// them, and the watch that hears what its threads have to say. A handle copies what it needs, so
// settings may be released once the handles exist.
#ifndef MUSTER_KAFKA_CONFIG_H
#define MUSTER_KAFKA_CONFIG_H

#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

struct kafka_watch;

// A setting of librdkafka or of a topic.
struct kafka_property {
    struct text name;  // as in librdkafka's CONFIGURATION.md: "bootstrap.servers"
    struct text value; // as text
};

// `= {0}` has no properties; a handle needs at least `bootstrap.servers`.
struct kafka_settings {
    struct kafka_property *properties; // owned with their texts; later ones win over earlier ones
    uint32_t count;
    uint32_t capacity;
    struct kafka_watch *watch; // borrowed, may be NULL: then nobody hears the log
};

// Adds a property; copies both texts.
void kafka_settings_add(struct kafka_settings *settings, struct text name, struct text value);

void kafka_settings_finish(struct kafka_settings *settings);

// Whether every property is known to this librdkafka, has a value it takes and is not one of those
// that muster sets itself (`enable.idempotence`, `group.id`, ...). STATUS_INVALID with the reason
// for people in `fault`. Makes no connection.
enum status kafka_settings_check(const struct kafka_settings *settings,
                                 struct buffer *fault) MUST_CHECK;

// The version of the librdkafka in use, "2.0.2". Static memory.
const char *kafka_library_version(void);

#endif
