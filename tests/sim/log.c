// SPDX-License-Identifier: Apache-2.0
#include "sim/log.h"

#include "base/memory.h"

static struct text text_own(struct text text)
{
    if (text.data == NULL)
        return text;
    return (struct text){text_copy(text), text.size};
}

uint32_t log_append(struct log *log, const struct log_record *record)
{
    log->items = array_reserve(log->items, &log->capacity, log->count + 1, sizeof(*log->items));
    log->items[log->count] = (struct log_record){.at = record->at,
                                                 .key = text_own(record->key),
                                                 .value = text_own(record->value),
                                                 .reason = text_own(record->reason),
                                                 .refused = record->refused};
    return log->count++;
}

void log_compact(struct log *log)
{
    for (uint32_t i = 0; i < log->count; i++)
        for (uint32_t k = i + 1; k < log->count && !log->items[i].is_compacted; k++)
            log->items[i].is_compacted = text_equal(log->items[i].key, log->items[k].key);
}

void log_finish(struct log *log)
{
    for (uint32_t i = 0; i < log->count; i++) {
        memory_release((char *)(uintptr_t)log->items[i].key.data);
        memory_release((char *)(uintptr_t)log->items[i].value.data);
        memory_release((char *)(uintptr_t)log->items[i].reason.data);
    }
    memory_release(log->items);
    *log = (struct log){0};
}
