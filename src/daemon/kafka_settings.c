// SPDX-License-Identifier: Apache-2.0

#include "daemon/kafka_settings.h"

#include <string.h>

void kafka_settings_load(struct kafka_settings *settings, const struct conf *conf)
{
    const char *name = NULL;
    const char *value = NULL;
    size_t cursor = 0;
    while (conf_kafka_next(conf, &cursor, &name, &value))
        kafka_settings_add(settings, text_of(name), text_of(value));
}

struct kafka_watch *kafka_watch_open(const struct conf *conf)
{
    return kafka_watch_create(text_of(conf_text(conf, "kafka.bootstrap.servers")));
}

struct text pool_wanted(const struct conf *conf)
{
    struct conf_row row;
    size_t cursor = 0;
    while (conf_row_next(conf, &cursor, &row))
        if (strcmp(row.name, "pool") == 0 && !row.is_default)
            return text_of(conf_text(conf, "pool"));
    return (struct text){0};
}
