// SPDX-License-Identifier: Apache-2.0
//
// TG-10 by facts: a unit that as many owners in a row have failed on as its pool says is given to
// nobody, and read by nobody who holds a lease, until an operator or an announcement clears the
// count.
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "proto/key.h"
#include "sim/check.h"
#include "wire/wire.h"

enum { QUARANTINE_AFTER = 3 }; // the policy's default; no world changes it

struct quarantine {
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
    if (is_granted && record->failures >= QUARANTINE_AFTER)
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
    if (key.kind != RECORD_STATE_UNIT || item->value.data == NULL || !world->has_failures)
        return;
    arena_clear(&world->checks->arena);
    status = wire_decode(item->value, &world->checks->arena, NULL, &decoded, NULL);
    ensure(status == STATUS_OK);
    take_unit(world, &key, decoded.record);
}
