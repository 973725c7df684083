// SPDX-License-Identifier: Apache-2.0
//
// Many short texts that come and go one by one, each named by a number of 32 bits. A text takes its
// size and two bytes, rounded up to four; malloc would take that and a pointer, 8 to 16 bytes more,
// and leave holes among them. Texts of about the same size share blocks; a block without a text is
// given back.
#ifndef MUSTER_BASE_STORE_H
#define MUSTER_BASE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { STORE_TEXT_MAX = 1022 }; // bytes of one text

enum { STORE_KINDS = (STORE_TEXT_MAX + 2) / 4 + 1 };

struct store_block;

// `= {0}` is an empty one.
struct store {
    struct store_block *blocks; // owned
    uint32_t count, capacity;
    uint32_t unused;               // first block that was given back + 1, 0 = none
    uint32_t partial[STORE_KINDS]; // by size / 4: first block with room + 1, 0 = none
};

void store_finish(struct store *store);

// Keeps a copy of a text of at most STORE_TEXT_MAX bytes; returns its number, which is never 0.
uint32_t store_add(struct store *store, struct text text);

// The text, valid until it is removed.
struct text store_text(const struct store *store, uint32_t number);

void store_remove(struct store *store, uint32_t number);

#endif
