// SPDX-License-Identifier: Apache-2.0
//
// S1 by facts: whoever reads a unit while its lease runs is an owner, and there is one at most.
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "sim/check.h"

struct owned {
    char id[32], incarnation[33], lineage[33];
    int64_t fence;
    uint64_t run;
};

static bool holds_lease(const struct world *world, const struct process *process)
{
    return process->is_up && !process->is_coordinator && fact_lease_left_us(world, process) > 0;
}

static bool is_read_by(const struct process *process, uint32_t name)
{
    for (uint32_t i = 0; i < process->units_count; i++)
        if (process->units[i].name == name)
            return true;
    return false;
}

// "t" and "t/0" are the same partition of Kafka.
static void compare(struct world *world, const struct process *first, const struct process *second)
{
    for (uint32_t i = 0; i < first->units_count; i++) {
        uint32_t name = first->units[i].name;
        uint32_t whole = world->names.items[name].whole;
        if (is_read_by(second, name) || (whole != name && is_read_by(second, whole)))
            world_fail(world, "S1", "'%s' is read by '%s' and '%s'",
                       names_text(&world->names, name), first->name, second->name);
    }
}

static void check_owner(struct world *world)
{
    for (int a = 0; a < world->process_count; a++)
        for (int b = 0; b < world->process_count; b++)
            if (a != b && holds_lease(world, &world->processes[a]) &&
                holds_lease(world, &world->processes[b]))
                compare(world, &world->processes[a], &world->processes[b]);
}

static struct owned *owned_of(struct checks *checks, uint32_t name)
{
    uint32_t had = checks->owners_count;
    if (name < had)
        return &checks->owners[name];
    checks->owners =
        array_reserve(checks->owners, &checks->owners_capacity, name + 1, sizeof(*checks->owners));
    memset(checks->owners + had, 0, (name + 1 - had) * sizeof(*checks->owners));
    checks->owners_count = name + 1;
    return &checks->owners[name];
}

void check_start(struct world *world, struct process *process, const struct sim_unit *unit)
{
    struct owned *owned = owned_of(world->checks, unit->name);
    bool is_same_life = strcmp(owned->incarnation, process->incarnation) == 0;
    // Fences are numbers of a lineage.
    bool is_comparable = text_equals(collect_lineage(process->collect), owned->lineage);
    // Frozen in the middle of the step that wanted it: the next one stops it before it reads.
    if (process->has_woken && fact_lease_left_us(world, process) <= 0)
        return;
    if (is_comparable && (is_same_life ? unit->fence < owned->fence : unit->fence <= owned->fence))
        world_fail(world, "S6", "'%s' begins '%s' with fence %lld after %lld of '%s'",
                   process->name, names_text(&world->names, unit->name), (long long)unit->fence,
                   (long long)owned->fence, owned->id);
    if (owned->id[0] != '\0' && strcmp(owned->id, process->id) != 0)
        world->moves++;
    world->starts += !is_same_life || unit->run != owned->run;
    owned->run = unit->run;
    owned->fence = unit->fence;
    memcpy(owned->id, process->id, sizeof(owned->id));
    memcpy(owned->incarnation, process->incarnation, sizeof(owned->incarnation));
    snprintf(owned->lineage, sizeof(owned->lineage), "%.*s",
             TEXT_ARGS(collect_lineage(process->collect)));
}

struct checks *checks_create(void)
{
    struct checks *checks = memory_get(sizeof(*checks));
    checks->truth = truth_create();
    checks->silences = silences_create();
    checks->quarantine = quarantine_create();
    checks->handings = handings_create();
    return checks;
}

void checks_destroy(struct checks *checks)
{
    books_finish(checks);
    mailboxes_finish(checks);
    truth_destroy(checks->truth);
    silences_destroy(checks->silences);
    quarantine_destroy(checks->quarantine);
    handings_destroy(checks->handings);
    arena_finish(&checks->arena);
    memory_release(checks->owners);
    memory_release(checks->lives);
    memory_release(checks);
}

// What is known of the logs goes; lives and owners stay.
void check_new_lineage(struct world *world)
{
    struct checks *checks = world->checks;
    books_finish(checks);
    mailboxes_finish(checks);
    lives_outdate(checks);
    truth_destroy(checks->truth);
    quarantine_destroy(checks->quarantine);
    silences_destroy(checks->silences);
    handings_destroy(checks->handings);
    checks->books = NULL;
    checks->books_count = checks->books_capacity = 0;
    checks->truth = truth_create();
    checks->quarantine = quarantine_create();
    checks->silences = silences_create();
    checks->handings = handings_create();
    checks->epoch = checks->generation = checks->level = 0;
    checks->leader[0] = checks->lineage[0] = '\0';
    checks->has_gone_back = false;
    memset(checks->backups, 0, sizeof(checks->backups));
    for (int topic = SIM_CONTROL; topic <= SIM_ORDERS; topic++) {
        checks->inputs_next[topic] = 0;
        checks->is_gap_due[topic] = false;
    }
}

void check_step(struct world *world)
{
    enum { DEEP_EVERY = 499 };
    if (world->names.contested > 0)
        check_owner(world);
    bool is_deep = !world->options.is_random || world->steps >= world->checks->next_deep;
    if (!is_deep)
        return;
    world->checks->next_deep = world->steps + DEEP_EVERY;
    for (int i = 0; i < world->process_count; i++)
        if (world->processes[i].control != NULL)
            control_check(world->processes[i].control);
}
