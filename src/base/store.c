// SPDX-License-Identifier: Apache-2.0
//
// Blocks of slots of one size. The upper bits of a number are the block's, the lower ones the
// slot's. Blocks of a size with free slots are in a list; in each of them so are the free slots.
#include "base/store.h"

#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"

enum { BLOCK_SIZE = 32 * 1024, SLOT_BITS = 13, SLOT_MASK = (1 << SLOT_BITS) - 1 };

struct store_block {
    char *bytes;         // owned; NULL = given back
    uint32_t prev, next; // of the list of blocks with room, + 1; next also of those given back
    uint16_t slot_size;  // bytes
    uint16_t used;       // slots that were in use once
    uint16_t live;       // slots in use
    uint16_t free;       // first free one of those used + 1, 0 = none; in it stands the next
};

void store_finish(struct store *store)
{
    if (store == NULL)
        return;
    for (uint32_t i = 0; i < store->count; i++)
        memory_release(store->blocks[i].bytes);
    memory_release(store->blocks);
    *store = (struct store){0};
}

static uint16_t slots_of(const struct store_block *block)
{
    return (uint16_t)(BLOCK_SIZE / block->slot_size);
}

static char *slot_of(const struct store_block *block, uint32_t slot)
{
    return block->bytes + slot * block->slot_size;
}

// ---- Lists of blocks with room.

static void partial_add(struct store *store, uint32_t at)
{
    struct store_block *block = &store->blocks[at];
    uint32_t *first = &store->partial[block->slot_size / 4];
    block->prev = 0;
    block->next = *first;
    if (*first != 0)
        store->blocks[*first - 1].prev = at + 1;
    *first = at + 1;
}

static void partial_drop(struct store *store, uint32_t at)
{
    struct store_block *block = &store->blocks[at];
    if (block->next != 0)
        store->blocks[block->next - 1].prev = block->prev;
    if (block->prev != 0)
        store->blocks[block->prev - 1].next = block->next;
    else
        store->partial[block->slot_size / 4] = block->next;
}

// ---- Blocks.

static uint32_t block_take(struct store *store)
{
    if (store->unused != 0) {
        uint32_t at = store->unused - 1;
        store->unused = store->blocks[at].next;
        return at;
    }
    ensure(store->count < UINT32_MAX >> SLOT_BITS);
    store->blocks =
        array_reserve(store->blocks, &store->capacity, store->count + 1, sizeof(*store->blocks));
    return store->count++;
}

static uint32_t block_add(struct store *store, uint32_t slot_size)
{
    uint32_t at = block_take(store);
    store->blocks[at] = (struct store_block){.bytes = memory_resize(NULL, BLOCK_SIZE),
                                             .slot_size = (uint16_t)slot_size};
    partial_add(store, at);
    return at;
}

static void block_return(struct store *store, uint32_t at)
{
    partial_drop(store, at);
    memory_release(store->blocks[at].bytes);
    store->blocks[at] = (struct store_block){.next = store->unused};
    store->unused = at + 1;
}

// ---- Texts.

uint32_t store_add(struct store *store, struct text text)
{
    ensure(text.size <= STORE_TEXT_MAX);
    uint16_t size = (uint16_t)text.size;
    uint32_t slot_size = (uint32_t)(sizeof(size) + size + 3) & ~3u;
    uint32_t first = store->partial[slot_size / 4];
    uint32_t at = first != 0 ? first - 1 : block_add(store, slot_size);
    struct store_block *block = &store->blocks[at];
    uint32_t slot = block->used;
    if (block->free != 0) {
        slot = block->free - 1u;
        memcpy(&block->free, slot_of(block, slot), sizeof(block->free));
    } else {
        block->used++;
    }
    if (++block->live == slots_of(block))
        partial_drop(store, at);
    memcpy(slot_of(block, slot), &size, sizeof(size));
    if (size > 0)
        memcpy(slot_of(block, slot) + sizeof(size), text.data, size);
    return (at + 1) << SLOT_BITS | slot;
}

static struct store_block *block_of(const struct store *store, uint32_t number)
{
    uint32_t at = (number >> SLOT_BITS) - 1;
    ensure(at < store->count);
    return &store->blocks[at];
}

struct text store_text(const struct store *store, uint32_t number)
{
    const struct store_block *block = block_of(store, number);
    const char *slot = slot_of(block, number & SLOT_MASK);
    uint16_t size;
    memcpy(&size, slot, sizeof(size));
    return (struct text){slot + sizeof(size), size};
}

void store_remove(struct store *store, uint32_t number)
{
    struct store_block *block = block_of(store, number);
    uint16_t slot = number & SLOT_MASK;
    ensure(block->live > 0 && slot < block->used);
    if (block->live == slots_of(block))
        partial_add(store, (number >> SLOT_BITS) - 1);
    memcpy(slot_of(block, slot), &block->free, sizeof(block->free));
    block->free = (uint16_t)(slot + 1);
    if (--block->live == 0)
        block_return(store, (number >> SLOT_BITS) - 1);
}
