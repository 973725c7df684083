// SPDX-License-Identifier: Apache-2.0
//
// Pools, labels, lists of handles and the keys to be deleted.
#include "control/tables.h"

#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"

void handles_add(struct handles *handles, uint32_t handle)
{
    handles->items = array_reserve(handles->items, &handles->capacity, handles->count + 1,
                                   sizeof(*handles->items));
    handles->items[handles->count++] = handle;
}

void handles_finish(struct handles *handles)
{
    memory_release(handles->items);
    *handles = (struct handles){0};
}

static void handles_sink(struct handles *handles, uint32_t at, const struct tables *tables,
                         handle_before *before)
{
    for (;;) {
        uint32_t most = at;
        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < handles->count &&
                before(tables, handles->items[most], handles->items[child]))
                most = child;
        if (most == at)
            return;
        uint32_t kept = handles->items[at];
        handles->items[at] = handles->items[most];
        handles->items[most] = kept;
        at = most;
    }
}

void handles_sort(struct handles *handles, const struct tables *tables, handle_before *before)
{
    uint32_t count = handles->count;
    for (uint32_t i = count / 2; i-- > 0;)
        handles_sink(handles, i, tables, before);
    while (handles->count > 1) {
        uint32_t last = --handles->count;
        uint32_t kept = handles->items[0];
        handles->items[0] = handles->items[last];
        handles->items[last] = kept;
        handles_sink(handles, 0, tables, before);
    }
    handles->count = count;
}

void tables_init(struct tables *tables, uint64_t hash_seed)
{
    *tables = (struct tables){.hash_seed = hash_seed,
                              .topics_free = NONE,
                              .units_free = NONE,
                              .claims_free = NONE,
                              .attributes_free = NONE,
                              .statements_free = NONE,
                              .agents_free = NONE};
}

static void pool_release(struct pool *pool)
{
    plan_destroy(pool->plan);
    memory_release(pool->planned);
    labels_release(pool->policy, pool->policy_count);
    policy_finish(&pool->asked);
    memory_release(pool->name);
    memory_release(pool->why);
    memory_release(pool);
}

void tables_finish(struct tables *tables)
{
    store_finish(&tables->names);
    for (uint32_t i = 0; i < tables->attributes_count; i++)
        if (tables->attributes[i].references > 0)
            labels_release(tables->attributes[i].labels, tables->attributes[i].labels_count);
    for (uint32_t i = 0; i < tables->statements_count; i++)
        memory_release(tables->statements[i].source);
    for (uint32_t i = 0; i < tables->agents_count; i++)
        if (tables->agents[i].id != NULL)
            labels_release(tables->agents[i].labels, tables->agents[i].labels_count);
    for (uint32_t i = 0; i < tables->agents_count; i++)
        memory_release(tables->agents[i].id);
    for (uint32_t i = 0; i < tables->collectors_count; i++)
        if (tables->collectors[i] != NULL)
            collector_discard(tables, i);
    for (uint32_t i = 0; i < tables->pools_count; i++)
        pool_release(tables->pools[i]);
    struct handles *lists[] = {&tables->dirty_units,  &tables->dirty_claims,
                               &tables->dirty_agents, &tables->dirty_collectors,
                               &tables->dirty_pools,  &tables->changed_collectors,
                               &tables->asks,         &tables->asks_later};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        handles_finish(lists[i]);
    struct index *indexes[] = {&tables->topics_index, &tables->attributes_index,
                               &tables->agents_index, &tables->collectors_index,
                               &tables->parts_index};
    for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++)
        index_finish(indexes[i]);
    void *rows[] = {tables->topics,     tables->units,  tables->claims, tables->attributes,
                    tables->statements, tables->agents, tables->pools,  tables->collectors};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        memory_release(rows[i]);
    buffer_finish(&tables->tombstones);
    *tables = (struct tables){0};
}

uint32_t pool_find(const struct tables *tables, struct text name)
{
    for (uint32_t i = 0; i < tables->pools_count; i++)
        if (!tables->pools[i]->is_gone && text_equals(name, tables->pools[i]->name))
            return i;
    return NONE;
}

// A free row or a new one.
static uint32_t pool_row(struct tables *tables)
{
    for (uint32_t i = 0; i < tables->pools_count; i++)
        if (tables->pools[i]->is_gone)
            return i;
    ensure(tables->pools_count < UINT16_MAX);
    tables->pools = array_reserve(tables->pools, &tables->pools_capacity, tables->pools_count + 1,
                                  sizeof(struct pool *));
    tables->pools[tables->pools_count] = memory_get(sizeof(struct pool));
    return tables->pools_count++;
}

uint32_t pool_add(struct tables *tables, struct text name)
{
    uint32_t handle = pool_row(tables);
    struct pool *pool = tables->pools[handle];
    memory_release(pool->name);
    struct buffer why = {0};
    *pool = (struct pool){
        .name = text_copy(name), .status = POOL_IS_RUNNING, .decide_again = INSTANT_NEVER};
    const char *fault = policy_parse(NULL, 0, &why, &pool->asked);
    ensure(fault == NULL);
    buffer_finish(&why);
    return handle;
}

// The name stays until the row is used again, for whoever has just been told the handle.
void pool_remove(struct tables *tables, uint32_t handle)
{
    struct pool *pool = tables->pools[handle];
    ensure(pool->units == 0);
    for (uint32_t i = 0; i < tables->collectors_count; i++)
        if (tables->collectors[i] != NULL && tables->collectors[i]->pool == handle)
            collector_discard(tables, i);
    plan_destroy(pool->plan);
    memory_release(pool->planned);
    labels_release(pool->policy, pool->policy_count);
    policy_finish(&pool->asked);
    memory_release(pool->why);
    *pool = (struct pool){.name = pool->name, .is_gone = true, .decide_again = INSTANT_NEVER};
}

bool pool_before(const struct tables *tables, uint32_t a, uint32_t b)
{
    return strcmp(tables->pools[a]->name, tables->pools[b]->name) < 0;
}

const char *pool_state_text(enum pool_state state)
{
    static const char *const texts[] = {"active", "paused", "frozen", "deleted"};
    return texts[state];
}

void pool_touch(struct tables *tables, uint32_t pool)
{
    if (tables->pools[pool]->is_dirty)
        return;
    tables->pools[pool]->is_dirty = true;
    handles_add(&tables->dirty_pools, pool);
    tables->dirty_bytes += 256;
}

void tombstone_add(struct tables *tables, struct text key)
{
    uint16_t size = (uint16_t)key.size;
    ensure(key.size < UINT16_MAX);
    buffer_add(&tables->tombstones, &size, sizeof(size));
    buffer_add_text(&tables->tombstones, key);
    tables->tombstones_count++;
    tables->dirty_bytes += key.size + 16;
}

// Insertion sort: labels are few, and sorted ones make equal sets equal bytes.
static void labels_sort(struct label *labels, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        struct label label = labels[i];
        uint32_t k = i;
        for (; k > 0 && text_compare(labels[k - 1].key, label.key) > 0; k--)
            labels[k] = labels[k - 1];
        labels[k] = label;
    }
}

struct label *labels_copy(const struct label *labels, uint32_t count)
{
    if (count == 0)
        return NULL;
    struct label *copy = memory_get(count * sizeof(*copy));
    for (uint32_t i = 0; i < count; i++) {
        copy[i].key = (struct text){text_copy(labels[i].key), labels[i].key.size};
        copy[i].value = (struct text){text_copy(labels[i].value), labels[i].value.size};
    }
    labels_sort(copy, count);
    return copy;
}

bool labels_equal(const struct label *a, uint32_t a_count, const struct label *b, uint32_t b_count)
{
    bool is_equal = a_count == b_count;
    for (uint32_t i = 0; i < a_count && is_equal; i++)
        is_equal = text_equal(a[i].key, b[i].key) && text_equal(a[i].value, b[i].value);
    return is_equal;
}

void labels_release(struct label *labels, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        memory_release((char *)labels[i].key.data);
        memory_release((char *)labels[i].value.data);
    }
    memory_release(labels);
}
