// SPDX-License-Identifier: Apache-2.0
//
// The C library's allocator with out-of-memory as a broken invariant.
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"

void *memory_get(size_t size)
{
    void *memory = calloc(1, size ? size : 1);
    ensure(memory != NULL);
    return memory;
}

void *memory_resize(void *memory, size_t size)
{
    void *moved = realloc(memory, size ? size : 1);
    ensure(moved != NULL);
    return moved;
}

void *memory_copy(const void *bytes, size_t size)
{
    void *copy = malloc(size ? size : 1);
    ensure(copy != NULL);
    if (size)
        memcpy(copy, bytes, size);
    return copy;
}

void memory_release(void *memory)
{
    free(memory);
}

void *array_reserve(void *items, uint32_t *capacity, uint32_t needed, size_t item_size)
{
    if (needed <= *capacity)
        return items;
    uint32_t grown = *capacity + *capacity / 2;
    if (grown < needed)
        grown = needed;
    if (grown < 8)
        grown = 8;
    ensure(grown <= SIZE_MAX / item_size);
    *capacity = grown;
    return memory_resize(items, grown * item_size);
}
