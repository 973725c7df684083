// SPDX-License-Identifier: Apache-2.0
//
// A hash index from keys to handles (numbers that name an object in the caller's table). It keeps
// 8 bytes a slot and no keys: the caller compares them. Nothing can be walked in its order.
//
//     uint32_t at;
//     for (uint32_t h = index_find(&index, hash, &at); h != INDEX_NONE; h = index_next(&index,
//     hash, &at))
//         if (text_equal(table[h].name, name))
//             return h;
#ifndef MUSTER_BASE_INDEX_H
#define MUSTER_BASE_INDEX_H

#include <stdint.h>

#define INDEX_NONE UINT32_MAX

// `= {0}` is an empty one.
struct index {
    uint64_t *slots; // hash's upper half and handle + 1; 0 = free
    uint32_t mask;   // number of slots − 1, or 0 with none
    uint32_t count;  // handles inside
};

void index_finish(struct index *index);

// First handle that was added under a hash with the same upper half, or INDEX_NONE. `*ret_at` is
// the cursor.
uint32_t index_find(const struct index *index, uint64_t hash, uint32_t *ret_at);
uint32_t index_next(const struct index *index, uint64_t hash, uint32_t *at);

// Adds a handle (< INDEX_NONE) that is not inside. Amortised O(1).
void index_add(struct index *index, uint64_t hash, uint32_t handle);

// Removes a handle that is inside.
void index_remove(struct index *index, uint64_t hash, uint32_t handle);

// Makes room for `count` handles at once.
void index_reserve(struct index *index, uint32_t count);

#endif
