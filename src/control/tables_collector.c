// SPDX-License-Identifier: Apache-2.0
//
// Rows of collectors.
#include <string.h>

#include "base/ensure.h"
#include "base/hash.h"
#include "base/memory.h"
#include "control/tables.h"

const char *collector_state_text(enum collector_state state)
{
    static const char *const texts[] = {"active", "draining", "held", "gone"};
    return texts[state];
}

const char *collector_state_shown(const struct collector *collector)
{
    return collector->is_evicted ? COLLECTOR_EVICTED : collector_state_text(collector->state);
}

bool collector_before(const struct tables *tables, uint32_t a, uint32_t b)
{
    const struct collector *left = tables->collectors[a], *right = tables->collectors[b];
    int order = strcmp(left->id, right->id);
    if (order == 0)
        order = strcmp(tables->pools[left->pool]->name, tables->pools[right->pool]->name);
    return order < 0;
}

static uint64_t collector_hash(const struct tables *tables, uint32_t pool, struct text id)
{
    return hash_keyed(id, tables->hash_seed ^ ((uint64_t)pool << 1));
}

uint32_t collector_find(const struct tables *tables, uint32_t pool, struct text id)
{
    uint64_t hash = collector_hash(tables, pool, id);
    uint32_t at;
    for (uint32_t h = index_find(&tables->collectors_index, hash, &at); h != INDEX_NONE;
         h = index_next(&tables->collectors_index, hash, &at))
        if (tables->collectors[h]->pool == pool && text_equals(id, tables->collectors[h]->id))
            return h;
    return NONE;
}

// A free row or a new one.
static uint32_t collector_row(struct tables *tables)
{
    for (uint32_t i = 0; i < tables->collectors_count; i++)
        if (tables->collectors[i] == NULL)
            return i;
    tables->collectors = array_reserve(tables->collectors, &tables->collectors_capacity,
                                       tables->collectors_count + 1, sizeof(struct collector *));
    return tables->collectors_count++;
}

uint32_t collector_add(struct tables *tables, uint32_t pool, struct text id)
{
    uint32_t handle = collector_row(tables);
    struct collector *collector = memory_get(sizeof(*collector));
    collector->id = text_copy(id);
    collector->pool = (uint16_t)pool;
    collector->handle = handle;
    collector->state = COLLECTOR_GONE;
    collector->planned = PLAN_NOBODY;
    collector->revoked = NONE;
    collector->revoked_last = NONE;
    collector->published = (struct instant){INT64_MIN / 2};
    for (uint32_t i = 0; i < BUCKET_COUNT; i++)
        collector->buckets[i].units = NONE;
    tables->collectors[handle] = collector;
    index_add(&tables->collectors_index, collector_hash(tables, pool, id), handle);
    return handle;
}

void collector_discard(struct tables *tables, uint32_t handle)
{
    struct collector *collector = tables->collectors[handle];
    index_remove(&tables->collectors_index,
                 collector_hash(tables, collector->pool, text_of(collector->id)), handle);
    for (uint32_t i = 0; i < COLLECTOR_WAITING_MAX; i++)
        labels_release(collector->waiting[i].labels, collector->waiting[i].labels_count);
    labels_release(collector->labels, collector->labels_count);
    for (uint32_t i = 0; i < collector->commands_count; i++)
        memory_release(collector->commands[i].verb);
    memory_release(collector->commands);
    memory_release((char *)collector->info.host.data);
    memory_release((char *)collector->info.version.data);
    memory_release((char *)collector->info.address.data);
    memory_release(collector->id);
    memory_release(collector);
    tables->collectors[handle] = NULL;
}

void collector_touch(struct tables *tables, uint32_t handle)
{
    if (tables->collectors[handle]->is_dirty)
        return;
    tables->collectors[handle]->is_dirty = true;
    handles_add(&tables->dirty_collectors, handle);
    tables->dirty_bytes += 512;
}

void collector_change(struct tables *tables, uint32_t handle, int bucket, bool urgent)
{
    struct collector *collector = tables->collectors[handle];
    if (bucket >= 0)
        collector->buckets[bucket].is_dirty = true;
    collector->is_urgent = collector->is_urgent || urgent;
    if (collector->is_changed)
        return;
    collector->is_changed = true;
    handles_add(&tables->changed_collectors, handle);
    tables->dirty_bytes += 4096;
}
