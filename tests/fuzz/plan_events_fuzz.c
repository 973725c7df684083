// SPDX-License-Identifier: Apache-2.0
//
// Any sequence of events to the planner. Two bytes are an event; after each settle the world checks
// the rules, the fewest moves and a plan that was restarted on the way. A target is one program of
// one file, so the world is included.
#include <stdlib.h>

#include "unit/plan/world.c"

#define UNITS 200
#define EVENTS_MAX 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void event(struct world *world, uint8_t kind, uint8_t value)
{
    uint32_t collector = value % WORLD_COLLECTORS;
    switch (kind % 16) {
    case 0:
        world_join(world, collector);
        break;
    case 1:
        world_leave(world, collector);
        break;
    case 2:
        world_drain(world, collector, true);
        break;
    case 3:
        world_drain(world, collector, false);
        break;
    case 4:
        world_capacity(world, collector, kind / 16);
        break;
    case 5:
        world_cap(world, value % 40);
        if (kind / 16 >= 14)
            world_pack(world, kind / 16 == 15);
        break;
    case 6:
        world_settle(world);
        break;
    case 7:
        world_restart(world);
        break;
    case 8: // several at once, which is another way of placing
        for (uint32_t i = 0; i < value; i++)
            world_add(world, (kind / 16 * 16 + i) % UNITS);
        break;
    case 9:
    case 10:
    case 11:
        world_remove(world, value % UNITS);
        break;
    default:
        world_add(world, value % UNITS);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world *world = malloc(sizeof *world);
    ensure(world != NULL);
    world_init(world, 1);
    for (size_t i = 0; i + 1 < size && i < 2 * EVENTS_MAX; i += 2)
        event(world, data[i], data[i + 1]);
    world_settle(world);
    world_finish(world);
    free(world);
    return 0;
}
