// SPDX-License-Identifier: Apache-2.0
//
// The knock-out. A path from leaf to root is known from the start, so that all it meets is read at
// once, and a game is decided without a branch: nothing is foreseeable about who wins.
#include "plan/race.h"

#include "base/ensure.h"
#include "base/memory.h"

void race_finish(struct race *race)
{
    memory_release(race->nodes);
    *race = (struct race){0};
}

void race_reset(struct race *race, uint32_t count)
{
    uint32_t width = 1;
    while (width < count)
        width *= 2;
    race->width = width;
    race->nodes = array_reserve(race->nodes, &race->capacity, 2 * width, sizeof(*race->nodes));
    for (uint32_t rank = 0; rank < width; rank++)
        race->nodes[width + rank] = (struct race_node){RACE_OUT, rank};
}

void race_set(struct race *race, uint32_t rank, int64_t load)
{
    ensure(rank < race->width);
    race->nodes[race->width + rank].load = load;
}

void race_begin(struct race *race)
{
    for (uint32_t i = race->width - 1; i > 0; i--) {
        const struct race_node *pair = &race->nodes[2 * i];
        race->nodes[i] = pair[pair[1].load < pair[0].load];
    }
}

void race_go_on(struct race *race, int64_t load)
{
    struct race_node *nodes = race->nodes;
    uint32_t rank = nodes[1].rank;
    uint32_t at = race->width + rank;
    nodes[at].load = load;
    for (; at > 1; at /= 2) {
        const struct race_node *other = &nodes[at ^ 1];
        int64_t other_load = other->load;
        uint32_t other_rank = other->rank;
        // The one with the lower rank, which is the one at the even place, wins ties.
        bool is_beaten = (uint64_t)other_load < (uint64_t)load + (at & 1);
        load = is_beaten ? other_load : load;
        rank = is_beaten ? other_rank : rank;
        nodes[at / 2] = (struct race_node){load, rank};
    }
}
