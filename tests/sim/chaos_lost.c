// SPDX-License-Identifier: Apache-2.0
//
// State, or assignments with it, is lost while nobody leads, and collectors are left running,
// whatever else is wrong with them at that moment. Who leads next begins a new lineage and knows
// nothing of who still reads what: nobody must be given anything that a life of the former one
// reads (S1).
#include "sim/chaos.h"
#include "sim/check.h"

// One is cut off from Kafka and reads on by its lease, the others are begun anew: nothing is heard
// of the former lineage any more.
static void silence_all(struct world *world)
{
    const struct process *last = draw_process(world, false);
    for (int i = 0; i < world->process_count; i++) {
        const struct process *process = &world->processes[i];
        if (!process->is_coordinator && process != last)
            world_kill(world, process->name, 100 + (int64_t)world_draw(world, 2000), true);
    }
    world_cut(world, last->name, world->options.lease_ms * 2, true);
}

// Stands still, cannot read, is not heard, or hears of no acknowledgement, for up to two leases.
static void trouble_one(struct world *world, const struct process *process)
{
    int64_t ms = 200 + (int64_t)world_draw(world, (uint64_t)world->options.lease_ms * 2);
    switch (world_draw(world, 8)) {
    case 0:
        world_freeze(world, process->name, ms);
        break;
    case 1:
        world_deafen(world, process->name, ms);
        break;
    case 2:
        world_cut(world, process->name, ms, world_draw(world, 2) == 0);
        break;
    case 3:
        world_hold_acks(world, process->name, ms);
        break;
    default:
        break;
    }
}

static void trouble_all(struct world *world)
{
    if (world_draw(world, 4) == 0) {
        silence_all(world);
        return;
    }
    for (int i = 0; i < world->process_count; i++)
        if (!world->processes[i].is_coordinator)
            trouble_one(world, &world->processes[i]);
}

static void stop_coordinators(struct world *world)
{
    for (int i = 0; i < world->process_count; i++)
        if (world->processes[i].is_coordinator)
            world_crash(world, world->processes[i].name);
}

// A moment, or up to a lease.
static void run_a_while(struct world *world)
{
    int64_t ms = world_draw(world, 2) == 0 ? 500 : world->options.lease_ms;
    world_run(world, (int64_t)world_draw(world, (uint64_t)ms));
}

static void start_coordinators(struct world *world)
{
    for (int i = 0; i < world->process_count; i++)
        if (world->processes[i].is_coordinator)
            world_restart(world, world->processes[i].name, false);
}

// One has been admitted and does not know it: it reads its head, which is left, when those who lead
// may think that all of its lineage are gone, and stands still there.
static void lose_state_before_a_head(struct world *world)
{
    static const char late[] = "late";
    int64_t lease_ms = world->options.lease_ms;
    const struct process *leader = world_leading(world);
    if (leader == NULL || world->process_count == SIM_PROCESSES_MAX)
        return;
    world_freeze(world, leader->name, 1500);
    world_collector(world, late);
    world_run(world, 1400);
    world_deafen(world, late, lease_ms + 7000);
    world_run(world, 3000);
    stop_coordinators(world);
    world_lose_state(world);
    start_coordinators(world);
    world_run(world, lease_ms + 3700 + (int64_t)world_draw(world, 300));
    world_trip(world, late, SIM_TRIP_PAUSE, 1 + (uint32_t)world_draw(world, 8), 3000);
    world_run(world, lease_ms);
}

void chaos_lost(struct world *world)
{
    world->is_calm = false;
    if (world_draw(world, 4) == 0)
        lose_state_before_a_head(world);
    trouble_all(world);
    run_a_while(world);
    stop_coordinators(world);
    world_new_lineage(world);
    run_a_while(world);
    start_coordinators(world);
    for (int i = 0; i < 4 && world->fault == NULL; i++) {
        say_announce(world);
        run_a_while(world);
    }
}
