// SPDX-License-Identifier: Apache-2.0
//
// What somebody sees who looks at the world from outside.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/view.h"
#include "sim/check.h"
#include "sim/world.h"

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int compare_processes(const void *a, const void *b)
{
    const struct process *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

// A unit without the pool before it (world_name).
static const char *unit_text(const struct world *world, uint32_t name)
{
    const char *text = names_text(&world->names, name);
    const char *blank = strchr(text, ' ');
    return blank ? blank + 1 : text;
}

const char *world_reading(struct world *world)
{
    const struct process *list[SIM_PROCESSES_MAX] = {NULL};
    size_t count = 0;
    for (int i = 0; i < world->process_count; i++)
        if (!world->processes[i].is_coordinator && world->processes[i].is_up)
            list[count++] = &world->processes[i];
    qsort(list, count, sizeof(list[0]), compare_processes);
    buffer_clear(&world->answer);
    for (size_t i = 0; i < count; i++) {
        const char *units[SIM_UNITS_MAX] = {NULL};
        for (uint32_t k = 0; k < list[i]->units_count; k++)
            units[k] = unit_text(world, list[i]->units[k].name);
        qsort(units, list[i]->units_count, sizeof(units[0]), compare_names);
        buffer_print(&world->answer, "%s:", list[i]->name);
        for (uint32_t k = 0; k < list[i]->units_count; k++)
            buffer_print(&world->answer, " %s", units[k]);
        buffer_add_char(&world->answer, '\n');
    }
    return buffer_string(&world->answer);
}

static struct process *leader(struct world *world)
{
    struct process *found = NULL;
    for (int i = 0; i < world->process_count; i++) {
        struct process *process = &world->processes[i];
        struct cell_view cell;
        if (!process->is_coordinator || !process->is_up)
            continue;
        control_view_cell(process->control, &cell);
        if (!text_equals(cell.role, "leader"))
            continue;
        if (found != NULL)
            return NULL;
        found = process;
    }
    return found;
}

struct process *world_leading(struct world *world)
{
    return leader(world);
}

const char *world_leader(struct world *world)
{
    const struct process *process = leader(world);
    return process ? process->name : "";
}

const char *world_story(struct world *world)
{
    buffer_clear(&world->answer);
    buffer_add_text(&world->answer, buffer_text(&world->story));
    buffer_clear(&world->story);
    return buffer_string(&world->answer);
}

const char *world_unit(struct world *world, const char *name)
{
    const struct process *process = leader(world);
    struct unit_view unit;
    uint32_t cursor = 0;
    buffer_clear(&world->answer);
    while (process != NULL && control_next_unit(process->control, &cursor, &unit)) {
        struct buffer text = {0};
        buffer_add_text(&text, unit.name);
        if (unit.partition >= 0)
            buffer_print(&text, "/%lld", (long long)unit.partition);
        bool is_it = text_equals(buffer_text(&text), name);
        buffer_finish(&text);
        if (!is_it)
            continue;
        buffer_print(&world->answer, "%.*s: %.*s", TEXT_ARGS(unit.state), TEXT_ARGS(unit.reason));
        break;
    }
    return buffer_string(&world->answer);
}
