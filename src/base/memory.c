// SPDX-License-Identifier: Apache-2.0
//
// The C library's allocator with out-of-memory as a broken invariant.
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/ensure.h"

#define PAGE ((size_t)4096)
#define LARGE ((size_t)4 << 20)

// Large arrays are filled from their start on: huge pages save most of the page faults. Only
// advice. All pages of the mapping are named, else it would be two and could not grow in place.
static void large_advise(void *memory, size_t size)
{
    if (size < LARGE)
        return;
    uintptr_t first = (uintptr_t)memory & ~(uintptr_t)(PAGE - 1);
    uintptr_t end = ((uintptr_t)memory + size + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    (void)madvise((void *)first, end - first, MADV_HUGEPAGE);
}

void *memory_get(size_t size)
{
    void *memory = calloc(1, size ? size : 1);
    ensure(memory != NULL);
    large_advise(memory, size);
    return memory;
}

void *memory_resize(void *memory, size_t size)
{
    void *moved = realloc(memory, size ? size : 1);
    ensure(moved != NULL);
    large_advise(moved, size);
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
