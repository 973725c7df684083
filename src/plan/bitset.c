// SPDX-License-Identifier: Apache-2.0
//
// Words of 64 members and above them a summary with one bit for each word, so that finding looks at
// one word in 4,096 members and shifting is a pass over plain words.
#include "plan/bitset.h"

#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"

static uint32_t summary_size(uint32_t capacity)
{
    return (capacity + 63) / 64;
}

static uint64_t bit(uint32_t index)
{
    return 1ULL << (index & 63);
}

static void summarise(struct bitset *set)
{
    memset(set->summary, 0, summary_size(set->capacity) * sizeof(uint64_t));
    for (uint32_t word = 0; word < set->capacity; word++)
        if (set->words[word])
            set->summary[word / 64] |= bit(word);
}

void bitset_finish(struct bitset *set)
{
    memory_release(set->words);
    *set = (struct bitset){0};
}

void bitset_reserve(struct bitset *set, uint32_t count)
{
    uint32_t needed = (count + 63) / 64;
    if (needed <= set->capacity)
        return;
    uint32_t capacity = set->capacity * 2 > needed ? set->capacity * 2 : needed;
    uint64_t *words = memory_get((capacity + summary_size(capacity)) * sizeof(uint64_t));
    if (set->capacity)
        memcpy(words, set->words, set->capacity * sizeof(uint64_t));
    memory_release(set->words);
    *set = (struct bitset){words, words + capacity, capacity};
    summarise(set);
}

void bitset_add(struct bitset *set, uint32_t member)
{
    uint32_t word = member / 64;
    ensure(word < set->capacity);
    set->words[word] |= bit(member);
    set->summary[word / 64] |= bit(word);
}

void bitset_remove(struct bitset *set, uint32_t member)
{
    uint32_t word = member / 64;
    ensure(word < set->capacity);
    set->words[word] &= ~bit(member);
    if (!set->words[word])
        set->summary[word / 64] &= ~bit(word);
}

bool bitset_has(const struct bitset *set, uint32_t member)
{
    uint32_t word = member / 64;
    return word < set->capacity && (set->words[word] & bit(member));
}

static uint32_t lowest_bit(uint64_t bits)
{
    return (uint32_t)__builtin_ctzll(bits);
}

uint32_t bitset_first(const struct bitset *set)
{
    uint32_t size = summary_size(set->capacity);
    for (uint32_t i = 0; i < size; i++)
        if (set->summary[i]) {
            uint32_t word = i * 64 + lowest_bit(set->summary[i]);
            return word * 64 + lowest_bit(set->words[word]);
        }
    return BITSET_NONE;
}

uint32_t bitset_next(const struct bitset *set, uint32_t member)
{
    uint32_t word = member / 64;
    ensure(word < set->capacity);
    uint64_t above = set->words[word] & ~(bit(member) | (bit(member) - 1));
    if (above)
        return word * 64 + lowest_bit(above);
    uint32_t size = summary_size(set->capacity);
    uint64_t words = set->summary[word / 64] & ~(bit(word) | (bit(word) - 1));
    for (uint32_t i = word / 64; i < size; words = ++i < size ? set->summary[i] : 0)
        if (words) {
            word = i * 64 + lowest_bit(words);
            return word * 64 + lowest_bit(set->words[word]);
        }
    return BITSET_NONE;
}

uint32_t bitset_last(const struct bitset *set)
{
    for (uint32_t i = summary_size(set->capacity); i-- > 0;)
        if (set->summary[i]) {
            uint32_t word = i * 64 + 63 - (uint32_t)__builtin_clzll(set->summary[i]);
            return word * 64 + 63 - (uint32_t)__builtin_clzll(set->words[word]);
        }
    return BITSET_NONE;
}

void bitset_place_insert(struct bitset *set, uint32_t at)
{
    uint32_t word = at / 64;
    ensure(word < set->capacity);
    ensure(!(set->words[set->capacity - 1] >> 63));
    for (uint32_t i = set->capacity - 1; i > word; i--)
        set->words[i] = set->words[i] << 1 | set->words[i - 1] >> 63;
    uint64_t below = set->words[word] & (bit(at) - 1);
    set->words[word] = below | (set->words[word] - below) << 1;
    summarise(set);
}

void bitset_place_remove(struct bitset *set, uint32_t at)
{
    uint32_t word = at / 64;
    if (word >= set->capacity)
        return;
    uint64_t below = set->words[word] & (bit(at) - 1);
    uint64_t above = set->words[word] & ~(bit(at) | (bit(at) - 1));
    set->words[word] = below | above >> 1;
    for (uint32_t i = word + 1; i < set->capacity; i++) {
        set->words[i - 1] |= set->words[i] << 63;
        set->words[i] >>= 1;
    }
    summarise(set);
}
