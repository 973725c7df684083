// SPDX-License-Identifier: Apache-2.0
//
// The knock-out. Load and rank are one number: a game is a single comparison, and ties go to the
// lower rank.
#include "plan/race.h"

#include "base/ensure.h"
#include "base/memory.h"

void race_finish(struct race *race)
{
    memory_release(race->keys);
    *race = (struct race){0};
}

static uint32_t shift_of(uint32_t count)
{
    return count > 1 ? 32 - (uint32_t)__builtin_clz(count - 1) : 0;
}

int64_t race_load_max(uint32_t count)
{
    return (RACE_OUT - 1) >> shift_of(count);
}

static uint64_t key_of(const struct race *race, uint32_t rank, int64_t load)
{
    return load == RACE_OUT ? UINT64_MAX : (uint64_t)load << race->shift | rank;
}

void race_reset(struct race *race, uint32_t count)
{
    race->shift = shift_of(count);
    race->width = UINT32_C(1) << race->shift;
    race->keys = array_reserve(race->keys, &race->capacity, 2 * race->width, sizeof(*race->keys));
    for (uint32_t rank = 0; rank < race->width; rank++)
        race->keys[race->width + rank] = UINT64_MAX;
}

void race_set(struct race *race, uint32_t rank, int64_t load)
{
    ensure(rank < race->width);
    race->keys[race->width + rank] = key_of(race, rank, load);
}

static uint64_t lower(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void race_begin(struct race *race)
{
    for (uint32_t i = race->width - 1; i > 0; i--)
        race->keys[i] = lower(race->keys[2 * i], race->keys[2 * i + 1]);
}
