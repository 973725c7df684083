// SPDX-License-Identifier: Apache-2.0

#include "cli/kafka_check.h"

#include "kafka/config.h"

// One property at a time, so that the place where it was written can be named.
static void property_check(const struct conf *conf, const struct conf_row *row, struct text name,
                           struct buffer *problems)
{
    struct kafka_settings settings = {0};
    struct buffer fault = {0};
    struct text servers = text_of(conf_text(conf, "kafka.bootstrap.servers"));
    kafka_settings_add(&settings, TEXT_LITERAL("bootstrap.servers"), servers);
    kafka_settings_add(&settings, name, text_of(row->value));
    if (kafka_settings_check(&settings, &fault) != STATUS_OK)
        buffer_print(problems, "%s: %s\n", row->origin, buffer_string(&fault));
    kafka_settings_finish(&settings);
    buffer_finish(&fault);
}

void kafka_properties_check(const struct conf *conf, struct buffer *problems)
{
    struct text prefix = TEXT_LITERAL("kafka.");
    struct conf_row row;
    size_t cursor = 0;
    while (conf_row_next(conf, &cursor, &row)) {
        struct text name = text_of(row.name);
        if (row.is_default || row.help[0] || !text_has_prefix(name, prefix))
            continue;
        name = (struct text){name.data + prefix.size, name.size - prefix.size};
        property_check(conf, &row, name, problems);
    }
}
