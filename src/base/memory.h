// SPDX-License-Identifier: Apache-2.0
//
// Memory from the C library. Running out of it is a broken invariant (`ensure`), so callers need no
// error path for it; what an enemy could make large is limited before it is asked for.
#ifndef MUSTER_BASE_MEMORY_H
#define MUSTER_BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

// Zeroed memory of `size` bytes (at least 1). The caller releases it.
void *memory_get(size_t size);

// Resizes as realloc does; new bytes are not zeroed.
void *memory_resize(void *memory, size_t size);

// Copy of `size` bytes. The caller releases it.
void *memory_copy(const void *bytes, size_t size);

// Frees; NULL is fine.
void memory_release(void *memory);

// Makes room for `needed` items in a growable array: returns the array, moved if need be, and
// updates `*capacity` (items). Growth is by half again, so adding one by one is amortised O(1).
// New room is not zeroed.
void *array_reserve(void *items, uint32_t *capacity, uint32_t needed, size_t item_size);

#endif
