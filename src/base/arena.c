// SPDX-License-Identifier: Apache-2.0
//
// Blocks in a list, each twice as large as the one before; a large request gets a block of its own.
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"

enum { ARENA_BLOCK_MIN = 1024, ARENA_BLOCK_MAX = 128 * 1024, ARENA_KEPT_MAX = 16 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t size; // bytes behind the header
    size_t used;
    alignas(max_align_t) char bytes[];
};

static void blocks_release(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        memory_release(block);
        block = next;
    }
}

void arena_finish(struct arena *arena)
{
    if (arena == NULL)
        return;
    blocks_release(arena->blocks);
    *arena = (struct arena){0};
}

void arena_clear(struct arena *arena)
{
    arena->used = 0;
    if (arena->blocks == NULL)
        return;
    blocks_release(arena->blocks->next);
    arena->blocks->next = NULL;
    arena->blocks->used = 0;
    if (arena->blocks->size > ARENA_KEPT_MAX) {
        memory_release(arena->blocks);
        arena->blocks = NULL;
    }
}

static struct arena_block *block_add(struct arena *arena, size_t wanted)
{
    size_t size = arena->blocks ? arena->blocks->size * 2 : ARENA_BLOCK_MIN;
    if (size > ARENA_BLOCK_MAX)
        size = ARENA_BLOCK_MAX;
    if (size < wanted)
        size = wanted;
    struct arena_block *block = memory_resize(NULL, sizeof(*block) + size);
    block->size = size;
    block->used = 0;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *arena_get(struct arena *arena, size_t size)
{
    ensure(size < SIZE_MAX / 4);
    size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct arena_block *block = arena->blocks;
    if (block == NULL || block->size - block->used < rounded)
        block = block_add(arena, rounded);
    char *memory = block->bytes + block->used;
    block->used += rounded;
    arena->used += rounded;
    memset(memory, 0, rounded);
    return memory;
}

struct text arena_text(struct arena *arena, struct text text)
{
    char *copy = arena_get(arena, text.size + 1);
    if (text.size)
        memcpy(copy, text.data, text.size);
    return (struct text){copy, text.size};
}
