// SPDX-License-Identifier: Apache-2.0
//
// Linear probing with backward-shift deletion: no tombstones, so churn does not slow it down.
// A slot keeps the upper half of the hash, which is also where the probe starts, so growing needs
// no keys.
#include "base/index.h"

#include "base/ensure.h"
#include "base/memory.h"

static uint32_t slot_hash(uint64_t slot)
{
    return (uint32_t)(slot >> 32);
}

static uint32_t slot_handle(uint64_t slot)
{
    return (uint32_t)slot - 1;
}

static uint64_t slot_of(uint64_t hash, uint32_t handle)
{
    return (hash >> 32) << 32 | (handle + 1);
}

void index_finish(struct index *index)
{
    if (index == NULL)
        return;
    memory_release(index->slots);
    *index = (struct index){0};
}

// The first matching slot at or behind `at`.
static uint32_t probe(const struct index *index, uint64_t hash, uint32_t *at)
{
    for (uint32_t i = *at;; i = (i + 1) & index->mask) {
        uint64_t slot = index->slots[i];
        if (slot == 0)
            return INDEX_NONE;
        if (slot_hash(slot) == (uint32_t)(hash >> 32)) {
            *at = i;
            return slot_handle(slot);
        }
    }
}

uint32_t index_find(const struct index *index, uint64_t hash, uint32_t *ret_at)
{
    if (index->slots == NULL)
        return INDEX_NONE;
    *ret_at = (uint32_t)(hash >> 32) & index->mask;
    return probe(index, hash, ret_at);
}

uint32_t index_next(const struct index *index, uint64_t hash, uint32_t *at)
{
    *at = (*at + 1) & index->mask;
    return probe(index, hash, at);
}

static void put(struct index *index, uint64_t slot)
{
    uint32_t i = slot_hash(slot) & index->mask;
    while (index->slots[i] != 0)
        i = (i + 1) & index->mask;
    index->slots[i] = slot;
}

static void rehash(struct index *index, uint32_t slots)
{
    uint64_t *old = index->slots;
    uint32_t old_count = old ? index->mask + 1 : 0;
    index->slots = memory_get((size_t)slots * sizeof(*index->slots));
    index->mask = slots - 1;
    for (uint32_t i = 0; i < old_count; i++)
        if (old[i] != 0)
            put(index, old[i]);
    memory_release(old);
}

void index_reserve(struct index *index, uint32_t count)
{
    ensure(count < 1u << 30);
    uint32_t slots = index->slots ? index->mask + 1 : 16;
    while (slots - slots / 4 <= count)
        slots *= 2;
    if (index->slots == NULL || slots > index->mask + 1)
        rehash(index, slots);
}

void index_add(struct index *index, uint64_t hash, uint32_t handle)
{
    ensure(handle < INDEX_NONE);
    index_reserve(index, index->count + 1);
    put(index, slot_of(hash, handle));
    index->count++;
}

void index_remove(struct index *index, uint64_t hash, uint32_t handle)
{
    ensure(index->count > 0);
    uint64_t wanted = slot_of(hash, handle);
    uint32_t hole = (uint32_t)(hash >> 32) & index->mask;
    while (index->slots[hole] != wanted) {
        ensure(index->slots[hole] != 0);
        hole = (hole + 1) & index->mask;
    }
    for (uint32_t i = (hole + 1) & index->mask; index->slots[i] != 0; i = (i + 1) & index->mask) {
        uint32_t home = slot_hash(index->slots[i]) & index->mask;
        if (((i - home) & index->mask) >= ((i - hole) & index->mask)) {
            index->slots[hole] = index->slots[i];
            hole = i;
        }
    }
    index->slots[hole] = 0;
    index->count--;
}
