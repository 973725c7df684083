// SPDX-License-Identifier: Apache-2.0
//
// The chain of levels. Levels that become empty are kept for the next use, so nothing is allocated
// once a pool has been settled a few times.
#include "plan/ladder.h"

#include "base/ensure.h"
#include "base/memory.h"

void ladder_init(struct ladder *ladder)
{
    *ladder = (struct ladder){.free = LADDER_NONE, .lowest = LADDER_NONE, .highest = LADDER_NONE};
}

void ladder_finish(struct ladder *ladder)
{
    for (uint32_t i = 0; i < ladder->used; i++)
        bitset_finish(&ladder->levels[i].ranks);
    memory_release(ladder->levels);
    ladder_init(ladder);
}

static uint32_t level_take(struct ladder *ladder)
{
    uint32_t level = ladder->free;
    if (level != LADDER_NONE) {
        ladder->free = ladder->levels[level].higher;
    } else {
        level = ladder->used++;
        ladder->levels =
            array_reserve(ladder->levels, &ladder->capacity, ladder->used, sizeof(*ladder->levels));
        ladder->levels[level] = (struct level){0};
    }
    bitset_reserve(&ladder->levels[level].ranks, ladder->width);
    return level;
}

// Puts a new level for `load` into the chain, above `lower`.
static uint32_t level_insert(struct ladder *ladder, uint32_t load, uint32_t lower)
{
    uint32_t level = level_take(ladder);
    struct level *levels = ladder->levels;
    uint32_t higher = lower == LADDER_NONE ? ladder->lowest : levels[lower].higher;
    levels[level].load = load;
    levels[level].lower = lower;
    levels[level].higher = higher;
    *(lower == LADDER_NONE ? &ladder->lowest : &levels[lower].higher) = level;
    *(higher == LADDER_NONE ? &ladder->highest : &levels[higher].lower) = level;
    return level;
}

static void level_release(struct ladder *ladder, uint32_t level)
{
    struct level *levels = ladder->levels;
    uint32_t lower = levels[level].lower;
    uint32_t higher = levels[level].higher;
    *(lower == LADDER_NONE ? &ladder->lowest : &levels[lower].higher) = higher;
    *(higher == LADDER_NONE ? &ladder->highest : &levels[higher].lower) = lower;
    levels[level].higher = ladder->free;
    ladder->free = level;
}

uint32_t ladder_add(struct ladder *ladder, uint32_t rank, uint32_t load, uint32_t near)
{
    const struct level *levels = ladder->levels;
    uint32_t at = near == LADDER_NONE ? ladder->lowest : near;
    while (at != LADDER_NONE && levels[at].load > load)
        at = levels[at].lower;
    while (at != LADDER_NONE && levels[at].load < load && levels[at].higher != LADDER_NONE &&
           levels[levels[at].higher].load <= load)
        at = levels[at].higher;
    uint32_t level = at;
    if (at == LADDER_NONE || levels[at].load != load)
        level = level_insert(ladder, load, at);
    bitset_add(&ladder->levels[level].ranks, rank);
    ladder->levels[level].count++;
    return level;
}

void ladder_remove(struct ladder *ladder, uint32_t rank, uint32_t level)
{
    ensure(bitset_has(&ladder->levels[level].ranks, rank));
    bitset_remove(&ladder->levels[level].ranks, rank);
    if (--ladder->levels[level].count == 0)
        level_release(ladder, level);
}

void ladder_lowest_raise(struct ladder *ladder, uint32_t by)
{
    struct level *level = &ladder->levels[ladder->lowest];
    level->load += by;
    ensure(level->higher == LADDER_NONE || ladder->levels[level->higher].load > level->load);
}

uint32_t ladder_first(const struct ladder *ladder)
{
    ensure(ladder->lowest != LADDER_NONE);
    return bitset_first(&ladder->levels[ladder->lowest].ranks);
}

uint32_t ladder_last(const struct ladder *ladder)
{
    ensure(ladder->highest != LADDER_NONE);
    return bitset_last(&ladder->levels[ladder->highest].ranks);
}

void ladder_place_insert(struct ladder *ladder, uint32_t rank)
{
    ladder->width++;
    for (uint32_t i = ladder->lowest; i != LADDER_NONE; i = ladder->levels[i].higher) {
        bitset_reserve(&ladder->levels[i].ranks, ladder->width);
        bitset_place_insert(&ladder->levels[i].ranks, rank);
    }
}

void ladder_place_remove(struct ladder *ladder, uint32_t rank)
{
    ladder->width--;
    for (uint32_t i = ladder->lowest; i != LADDER_NONE; i = ladder->levels[i].higher)
        bitset_place_remove(&ladder->levels[i].ranks, rank);
}
