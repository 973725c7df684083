// SPDX-License-Identifier: Apache-2.0
//
// A set of small numbers that finds its first and last member quickly and in which places can be
// inserted and taken out: the members above move up or down by one. It holds collectors by rank.
#ifndef MUSTER_PLAN_BITSET_H
#define MUSTER_PLAN_BITSET_H

#include <stdbool.h>
#include <stdint.h>

#define BITSET_NONE UINT32_MAX

// `= {0}` is an empty one without room.
struct bitset {
    uint64_t *words;   // owned; bit i of word w = member 64·w + i
    uint64_t *summary; // in the same allocation; bit i of word w = word 64·w + i is not zero
    uint32_t capacity; // words
};

void bitset_finish(struct bitset *set);

// Makes room for the members 0 to count − 1.
void bitset_reserve(struct bitset *set, uint32_t count);

// Adds or removes a member for which there is room. O(1).
void bitset_add(struct bitset *set, uint32_t member);
void bitset_remove(struct bitset *set, uint32_t member);
bool bitset_has(const struct bitset *set, uint32_t member);

// Lowest and highest member, BITSET_NONE when empty. O(capacity / 64).
uint32_t bitset_first(const struct bitset *set);
uint32_t bitset_last(const struct bitset *set);

// Lowest member above `member`, BITSET_NONE if there is none.
uint32_t bitset_next(const struct bitset *set, uint32_t member);

// Every member from `at` on becomes one greater; `at` is then no member. There must be room for the
// greatest. O(capacity).
void bitset_place_insert(struct bitset *set, uint32_t at);

// Forgets the member `at`, if it is one; every member above becomes one less. O(capacity).
void bitset_place_remove(struct bitset *set, uint32_t at);

#endif
