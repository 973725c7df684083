// SPDX-License-Identifier: Apache-2.0
//
// A bump allocator for what lives and dies together: the strings and arrays of one decoded record.
#ifndef MUSTER_BASE_ARENA_H
#define MUSTER_BASE_ARENA_H

#include <stddef.h>

#include "base/text.h"

struct arena_block;

// `= {0}` is an empty one without a limit.
struct arena {
    struct arena_block *blocks; // owned, newest first
    size_t used;                // bytes handed out since the last clear
};

void arena_finish(struct arena *arena);

// Forgets everything handed out; keeps one block for the next use.
void arena_clear(struct arena *arena);

// Zeroed memory, aligned for any object, valid until clear or finish.
void *arena_get(struct arena *arena, size_t size);

// A copy of the text in the arena.
struct text arena_text(struct arena *arena, struct text text);

#endif
