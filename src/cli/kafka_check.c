// SPDX-License-Identifier: Apache-2.0

#include "cli/kafka_check.h"

#include "kafka/config.h"

static void property_check(const struct conf_row *row, struct text name, const char *value,
                           struct buffer *problems)
{
    struct kafka_settings settings = {0};
    struct buffer fault = {0};
    kafka_settings_add(&settings, name, text_of(value));
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
        property_check(&row, name, row.value, problems);
    }
}
