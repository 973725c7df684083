// SPDX-License-Identifier: Apache-2.0
//
// TG-10 by facts: a unit that as many owners in a row have failed on as its pool says is given to
// nobody, and read by nobody who holds a lease, until an operator or an announcement clears the
// count. What is decided in the transaction that changes the number may go by the former one.
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "proto/key.h"
#include "sim/check.h"
#include "wire/wire.h"

enum { QUARANTINE_AFTER = 3, POOLS_MAX = 8 }; // the policy's default

// Of a pool: the number in force, and the one before.
struct limit {
    char pool[32];
    int64_t after, before;
    struct instant changed_at;
};

struct quarantine {
    struct limit limits[POOLS_MAX];
    int64_t *fences; // of the newest grant, by name
    uint32_t fences_count, fences_capacity;
};

struct quarantine *quarantine_create(void)
{
    return memory_get(sizeof(struct quarantine));
}

void quarantine_destroy(struct quarantine *quarantine)
{
    memory_release(quarantine->fences);
    memory_release(quarantine);
}

// Returns the fence before.
static int64_t fence_take(struct quarantine *quarantine, uint32_t name, int64_t fence)
{
    uint32_t had = quarantine->fences_count;
    if (name >= had) {
        quarantine->fences = array_reserve(quarantine->fences, &quarantine->fences_capacity,
                                           name + 1, sizeof(*quarantine->fences));
        memset(quarantine->fences + had, 0, (name + 1 - had) * sizeof(*quarantine->fences));
        quarantine->fences_count = name + 1;
    }
    int64_t before = quarantine->fences[name];
    quarantine->fences[name] = fence;
    return before;
}

static struct limit *limit_of(struct quarantine *quarantine, struct text pool)
{
    for (int i = 0; i < POOLS_MAX; i++) {
        struct limit *limit = &quarantine->limits[i];
        if (limit->pool[0] == '\0') {
            snprintf(limit->pool, sizeof(limit->pool), "%.*s", TEXT_ARGS(pool));
            limit->after = limit->before = QUARANTINE_AFTER;
        }
        if (text_equals(pool, limit->pool))
            return limit;
    }
    ensure_failed(__FILE__, __LINE__, "more pools than a world has");
}

static void take_pool(struct world *world, const struct state_key *key,
                      const struct state_pool *record)
{
    struct limit *limit = limit_of(world->checks->quarantine, key->pool);
    int64_t after = QUARANTINE_AFTER;
    for (uint32_t i = 0; i < record->policy_count; i++)
        if (text_equals(record->policy[i].key, "quarantine_after") &&
            text_parse_int64(record->policy[i].value, &after) != STATUS_OK)
            world_fail(world, "TG-10", "the policy of '%s' has no number", limit->pool);
    if (after == limit->after)
        return;
    limit->before = limit->after;
    limit->after = after;
    limit->changed_at = world->now;
}

static const struct process *reader_of(const struct world *world, uint32_t name)
{
    for (int i = 0; i < world->process_count; i++)
        for (uint32_t k = 0; k < world->processes[i].units_count; k++)
            if (world->processes[i].units[k].name == name &&
                fact_lease_left_us(world, &world->processes[i]) > 0)
                return &world->processes[i];
    return NULL;
}

static void take_unit(struct world *world, const struct state_key *key,
                      const struct state_unit *record)
{
    struct quarantine *quarantine = world->checks->quarantine;
    uint32_t name = world_name(world, key->pool, key->unit);
    bool is_granted = text_equals(record->state, "owned") &&
                      fence_take(quarantine, name, record->fence) != record->fence;
    const struct limit *limit = limit_of(quarantine, key->pool);
    int64_t after = limit->after;
    if (limit->changed_at.us == world->now.us && limit->before > after)
        after = limit->before;
    if (is_granted && record->failures >= after)
        world_fail(
            world, "TG-10", "'%s' is given to '%.*s' after %lld owners in a row failed on it",
            names_text(&world->names, name), TEXT_ARGS(record->owner), (long long)record->failures);
    if (text_equals(record->state, "quarantined") && reader_of(world, name) != NULL)
        world_fail(world, "TG-10", "'%s' is in quarantine and read by '%s'",
                   names_text(&world->names, name), reader_of(world, name)->name);
}

void quarantine_take(struct world *world, const struct batch_item *item)
{
    struct state_key key;
    struct wire_record decoded = {0};
    enum status status = state_key_parse(item->key, &key);
    ensure(status == STATUS_OK);
    bool is_unit = key.kind == RECORD_STATE_UNIT && world->has_failures;
    if (item->value.data == NULL || (!is_unit && key.kind != RECORD_STATE_POOL))
        return;
    arena_clear(&world->checks->arena);
    status = wire_decode(item->value, &world->checks->arena, NULL, &decoded, NULL);
    ensure(status == STATUS_OK);
    if (is_unit)
        take_unit(world, &key, decoded.record);
    else
        take_pool(world, &key, decoded.record);
}
