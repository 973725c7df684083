// SPDX-License-Identifier: Apache-2.0
#include "sim/log.h"

#include <string.h>

#include "base/hash.h"
#include "base/index.h"
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

uint32_t log_append_owned(struct log *log, const struct log_record *record)
{
    log->items = array_reserve(log->items, &log->capacity, log->count + 1, sizeof(*log->items));
    log->items[log->count] = *record;
    return log->count++;
}

enum status log_decode(struct log *log, uint32_t offset, struct wire_record *ret)
{
    uint32_t number = offset / LOG_WINDOW + 1;
    uint32_t at = offset % LOG_WINDOW;
    struct log_window *window = &log->windows[number % 2];
    if (window->number != number) {
        arena_clear(&window->arena);
        memset(window->is_decoded, 0, sizeof(window->is_decoded));
        window->number = number;
    }
    if (!window->is_decoded[at]) {
        window->is_decoded[at] = true;
        window->records[at] = (struct wire_record){0};
        window->status[at] = STATUS_OK;
        if (log->items[offset].value.data != NULL)
            window->status[at] = wire_decode(log->items[offset].value, &window->arena, NULL,
                                             &window->records[at], NULL);
    }
    *ret = window->records[at];
    return window->status[at];
}

static void record_remove(struct log_record *record)
{
    memory_release((char *)(uintptr_t)record->key.data);
    memory_release((char *)(uintptr_t)record->value.data);
    memory_release((char *)(uintptr_t)record->reason.data);
    record->key = record->value = record->reason = (struct text){0};
    record->is_compacted = true;
}

static bool has_newer(const struct log *log, const struct index *seen, uint64_t hash,
                      struct text key)
{
    uint32_t at;
    for (uint32_t i = index_find(seen, hash, &at); i != INDEX_NONE; i = index_next(seen, hash, &at))
        if (text_equal(log->items[i].key, key))
            return true;
    return false;
}

void log_compact(struct log *log, uint32_t below, uint32_t tombstones_below)
{
    struct index seen = {0};
    for (uint32_t i = below; i-- > log->start;) {
        struct log_record *record = &log->items[i];
        if (record->is_compacted)
            continue;
        uint64_t hash = hash_keyed(record->key, 0);
        if (has_newer(log, &seen, hash, record->key))
            record_remove(record);
        else
            index_add(&seen, hash, i);
    }
    index_finish(&seen);
    for (uint32_t i = log->start; i < tombstones_below && i < below; i++)
        if (!log->items[i].is_compacted && log->items[i].value.data == NULL)
            record_remove(&log->items[i]);
    while (log->start < below && log->items[log->start].is_compacted)
        log->start++;
}

void log_expire(struct log *log, uint32_t below)
{
    for (; log->start < below && log->start < log->count; log->start++)
        if (!log->items[log->start].is_compacted)
            record_remove(&log->items[log->start]);
}

void log_truncate(struct log *log, uint32_t end)
{
    for (uint32_t i = end; i < log->count; i++)
        if (!log->items[i].is_compacted)
            record_remove(&log->items[i]);
    log->count = end;
    log->windows[0].number = log->windows[1].number = 0;
}

uint32_t log_end_at(const struct log *log, struct instant at)
{
    uint32_t end = log->count;
    while (end > log->start && instant_is_before(at, log->items[end - 1].at))
        end--;
    return end;
}

void log_finish(struct log *log)
{
    for (uint32_t i = log->start; i < log->count; i++)
        if (!log->items[i].is_compacted)
            record_remove(&log->items[i]);
    arena_finish(&log->windows[0].arena);
    arena_finish(&log->windows[1].arena);
    memory_release(log->items);
    *log = (struct log){0};
}
