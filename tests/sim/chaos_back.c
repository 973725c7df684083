// SPDX-License-Identifier: Apache-2.0
//
// The last thing in some worlds: somebody puts an older copy of the state in its place, and the
// coordinators are started again, but in some for a standby that lives and has read all of it.
// Nobody must decide anything from that copy: whoever claims says that the state went back and
// leads no more (S7), be it that the standby remembers, or that newer heads lie in assignments.
// Collectors go on reading what they have. Then an operator stops everything, deletes state and
// assignments, and starts it again: a new lineage begins.
#include "control/view.h"
#include "sim/chaos.h"
#include "sim/check.h"

static struct process *standby(struct world *world)
{
    for (int i = 0; i < world->process_count; i++) {
        struct process *process = &world->processes[i];
        if (process->is_coordinator && process->is_up && process != world_leading(world) &&
            process->positions[SIM_STATE] == world->logs[SIM_STATE].count)
            return process;
    }
    return NULL;
}

// A copy that is older in generations, and in which nobody had resigned: who claims that at once
// has not heard from anybody yet.
static const struct backup *backup_draw(struct world *world)
{
    const struct backup *found = NULL;
    uint64_t count = 0;
    for (int i = 0; i < BACKUPS_MAX; i++) {
        const struct backup *backup = &world->checks->backups[i];
        if (backup->end > 0 && backup->generation < world->checks->generation &&
            !backup->is_resigned && world_draw(world, ++count) == 0)
            found = backup;
    }
    return found;
}

static uint32_t units_read(const struct world *world)
{
    uint32_t count = 0;
    for (int i = 0; i < world->process_count; i++)
        for (uint32_t k = 0; k < world->processes[i].units_count; k++)
            count += !world->processes[i].units[k].is_revoked;
    return count;
}

static bool is_barred(const struct process *process)
{
    struct cell_view cell;
    if (!process->is_coordinator || !process->is_up)
        return false;
    control_view_cell(process->control, &cell);
    return cell.is_barred;
}

// What was published to collectors of the lineage that is led.
static int64_t published(struct world *world)
{
    const struct process *leader = world_leading(world);
    struct cell_view cell;
    if (leader == NULL)
        return 0;
    control_view_cell(leader->control, &cell);
    return world_published(world, cell.lineage);
}

static void judge(struct world *world, uint32_t units)
{
    int barred = 0;
    for (int i = 0; i < world->process_count; i++)
        barred += is_barred(&world->processes[i]);
    if (world->fault != NULL)
        return;
    if (world_leading(world) != NULL || barred == 0)
        world_fail(world, "S7", "the state went back: '%s' leads, and %d refuse to",
                   world_leader(world), barred);
    if (units_read(world) != units)
        world_fail(world, "S7", "the state went back, and of %u units %u are read", units,
                   units_read(world));
}

bool chaos_back(struct world *world)
{
    for (int i = 0; i < world->process_count; i++)
        world->processes[i].sink_stuck_until = world->now;
    for (int i = 0; i < 3; i++) {
        say_announce(world);
        world_run(world, 3000);
    }
    const struct process *survivor = world_draw(world, 2) == 0 ? standby(world) : NULL;
    const struct backup *backup = backup_draw(world);
    if (backup == NULL || world->fault != NULL ||
        (survivor == NULL && published(world) <= backup->generation))
        return false;
    for (int i = 0; i < world->process_count; i++)
        if (world->processes[i].is_coordinator && &world->processes[i] != survivor)
            world_crash(world, world->processes[i].name);
    world_go_back(world, backup);
    uint32_t units = units_read(world);
    world_run(world, 100 + (int64_t)world_draw(world, 5000));
    for (int i = 0; i < world->process_count; i++)
        if (!world->processes[i].is_impostor)
            world_restart(world, world->processes[i].name, false);
    world_run(world, 6 * world->options.leader_ms + 10000);
    judge(world, units);
    if (world->fault != NULL)
        return false;
    for (int i = 0; i < world->process_count; i++)
        world_crash(world, world->processes[i].name);
    world_run(world, 100);
    world_new_lineage(world);
    return true;
}
