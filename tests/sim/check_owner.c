// SPDX-License-Identifier: Apache-2.0
//
// S1 by facts: whoever reads a unit while its lease runs is an owner, and there is one at most.
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "sim/check.h"

struct owned {
    char name[120];
    char id[32], incarnation[33];
    int64_t fence;
};

struct checks *checks_create(void)
{
    return memory_get(sizeof(struct checks));
}

void checks_destroy(struct checks *checks)
{
    books_finish(checks);
    memory_release(checks->owners);
    memory_release(checks);
}

static bool holds_lease(const struct world *world, const struct process *process)
{
    return process->is_up && !process->is_coordinator &&
           collect_lease_left(process->collect, process_clock(world, process)).us > 0;
}

static bool is_read_by(const struct process *process, const char *name)
{
    for (uint32_t i = 0; i < process->units_count; i++)
        if (process->units[i].is_reading && strcmp(process->units[i].name, name) == 0)
            return true;
    return false;
}

// "t" and "t/0" are the same partition of Kafka.
static bool is_read_otherwise(const struct process *process, const char *name)
{
    char whole[80];
    snprintf(whole, sizeof(whole), "%s", name);
    char *part = strchr(whole, '/');
    if (part == NULL)
        return false;
    *part = '\0';
    return is_read_by(process, whole);
}

void check_owner(struct world *world)
{
    for (int a = 0; a < world->process_count; a++) {
        const struct process *first = &world->processes[a];
        if (!holds_lease(world, first))
            continue;
        for (int b = 0; b < world->process_count; b++) {
            const struct process *second = &world->processes[b];
            // What two pools read is read twice by will: each has its own positions.
            if (!holds_lease(world, second) || strcmp(first->pool, second->pool) != 0)
                continue;
            for (uint32_t i = 0; i < first->units_count; i++)
                if ((a < b && is_read_by(second, first->units[i].name)) ||
                    is_read_otherwise(second, first->units[i].name))
                    world_fail(world, "S1: '%s' is read by '%s' and '%s'", first->units[i].name,
                               first->name, second->name);
        }
    }
}

static struct owned *owned_of(struct checks *checks, const char *name)
{
    for (uint32_t i = 0; i < checks->owners_count; i++)
        if (strcmp(checks->owners[i].name, name) == 0)
            return &checks->owners[i];
    checks->owners = array_reserve(checks->owners, &checks->owners_capacity,
                                   checks->owners_count + 1, sizeof(*checks->owners));
    struct owned *owned = &checks->owners[checks->owners_count++];
    *owned = (struct owned){0};
    snprintf(owned->name, sizeof(owned->name), "%s", name);
    return owned;
}

void check_start(struct world *world, struct process *process, const struct sim_unit *unit)
{
    char name[120];
    snprintf(name, sizeof(name), "%s:%s", process->pool, unit->name);
    struct owned *owned = owned_of(world->checks, name);
    bool is_same_life = strcmp(owned->incarnation, process->incarnation) == 0;
    if (is_same_life ? unit->fence < owned->fence : unit->fence <= owned->fence)
        world_fail(world, "S6: '%s' begins '%s' with fence %lld after %lld of '%s'", process->id,
                   unit->name, (long long)unit->fence, (long long)owned->fence, owned->id);
    if (owned->id[0] != '\0' && strcmp(owned->id, process->id) != 0)
        world->moves++;
    owned->fence = unit->fence;
    snprintf(owned->id, sizeof(owned->id), "%s", process->id);
    snprintf(owned->incarnation, sizeof(owned->incarnation), "%s", process->incarnation);
}

void check_step(struct world *world)
{
    enum { DEEP_EVERY = 7 };
    check_owner(world);
    bool is_deep = !world->options.is_random || world->steps >= world->checks->next_deep;
    if (!is_deep)
        return;
    world->checks->next_deep = world->steps + DEEP_EVERY;
    for (int i = 0; i < world->process_count; i++)
        if (world->processes[i].control != NULL)
            control_check(world->processes[i].control);
}
