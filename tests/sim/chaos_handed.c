// SPDX-License-Identifier: Apache-2.0
//
// A stranger is in the group of the default pool while everything else is right, and collectors let
// go of their units: each is read on exactly where the former owner has stopped, though nobody can
// commit (S6, CB-28; check_positions.c judges).
#include "sim/chaos.h"
#include "sim/check.h"

static void write_some(struct world *world)
{
    for (uint32_t i = 0; i < CHAOS_TOPICS; i++)
        if (world_draw(world, 2) == 0)
            world_write(world, world->topics[i].name, 1 + (int64_t)world_draw(world, 9));
    world_run(world, 2000 + (int64_t)world_draw(world, 2000));
}

// It drains, or it is asked to stop and comes back, soon or when its units are with others.
static void let_go(struct world *world)
{
    const struct process *process = draw_process(world, false);
    uint64_t dice = world_draw(world, 3);
    if (dice == 0) {
        world_order(world, "collector.drain", "collector", process->id);
        world_run(world, 2000);
        world_order(world, "collector.undrain", "collector", process->id);
    } else if (process_is_running(process)) {
        // The leader reads in one go that it drains and that it has left.
        if (dice == 1 && world_leading(world) != NULL)
            world_deafen(world, world_leading(world)->name, 1200);
        world_stop(world, process->name);
        world_run(world, dice == 1 ? 1500 : 3000);
        world_restart(world, process->name, false);
    }
    world_run(world, 1000 + (int64_t)world_draw(world, 3000));
}

void chaos_handed(struct world *world)
{
    enum { ALWAYS_MS = 3600 * 1000 };
    world_join_group(world, "default", ALWAYS_MS);
    // Who is waited for goes on with what it had.
    if (world_draw(world, 2) == 0)
        world_order(world, "pool.set", "bounce_delay", "5s");
    for (uint64_t times = 1 + world_draw(world, 3); times > 0 && world->fault == NULL; times--) {
        write_some(world);
        let_go(world);
    }
    world_say(world, SIM_ORDERS, "{\"verb\": \"pool.reset\"}");
    world_join_group(world, "default", 0);
}
