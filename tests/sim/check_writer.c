// SPDX-License-Identifier: Apache-2.0
//
// One writer: every batch of a leader carries the cell; an epoch has one author; generations rise
// by one at most, and only with them assignments are written. And nothing of a batch is seen
// outside before it is committed.
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "control/view.h"
#include "sim/check.h"
#include "wire/wire.h"

void check_append(struct world *world, int topic, uint32_t offset)
{
    if (topic >= SIM_ASSIGNMENTS)
        books_take(world, topic, offset);
    else if (topic == SIM_MEMBERS)
        handings_hear(world, offset);
}

// The level never falls; whoever writes it knows it; and when it rises, so does every collector
// that is admitted and holds a lease.
static void check_level(struct world *world, const struct state_cell *cell)
{
    bool rises = cell->level > world->checks->level && world->checks->level > 0;
    if (cell->level < world->checks->level)
        world_fail(world, "levels", "level %lld follows %lld", (long long)cell->level,
                   (long long)world->checks->level);
    for (int i = 0; i < world->process_count; i++) {
        const struct process *process = &world->processes[i];
        bool is_author = text_equals(cell->leader_incarnation, process->incarnation);
        if (process->level >= cell->level ||
            !(is_author || (rises && life_is_admitted(world, process))))
            continue;
        world_fail(world, "levels", "the cell is at level %lld and '%s' knows %lld",
                   (long long)cell->level, process->name, (long long)process->level);
    }
    world->checks->level = cell->level;
}

static void check_cell(struct world *world, const struct state_cell *cell, bool has_assignments)
{
    struct checks *checks = world->checks;
    bool is_same_author = text_equals(cell->leader_incarnation, checks->leader);
    if (cell->epoch < checks->epoch || (cell->epoch == checks->epoch && !is_same_author))
        world_fail(world, "MR-22", "epoch %lld of '%.*s' follows %lld of '%s'",
                   (long long)cell->epoch, TEXT_ARGS(cell->leader), (long long)checks->epoch,
                   checks->leader);
    if (cell->generation < checks->generation || cell->generation > checks->generation + 1)
        world_fail(world, "PD-19", "generation %lld follows %lld", (long long)cell->generation,
                   (long long)checks->generation);
    if (has_assignments && cell->generation == checks->generation)
        world_fail(world, "PD-19", "assignments are written without a new generation");
    check_level(world, cell);
    checks->epoch = cell->epoch;
    checks->generation = cell->generation;
    snprintf(checks->lineage, sizeof(checks->lineage), "%.*s", TEXT_ARGS(cell->lineage));
    snprintf(checks->leader, sizeof(checks->leader), "%.*s", TEXT_ARGS(cell->leader_incarnation));
}

static const struct batch_item *cell_of(const struct batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++)
        if (batch->items[i].topic == SIM_STATE && text_equals(batch->items[i].key, "cell"))
            return &batch->items[i];
    return NULL;
}

static const struct state_cell *cell_decode(struct world *world, const struct batch_item *item)
{
    struct wire_record decoded = {0};
    arena_clear(&world->checks->arena);
    enum status status = wire_decode(item->value, &world->checks->arena, NULL, &decoded, NULL);
    ensure(status == STATUS_OK);
    return decoded.record;
}

void check_batch(struct world *world, const struct batch *batch)
{
    const struct batch_item *cell = cell_of(batch);
    bool has_assignments = false;
    if (batch->is_claim)
        return;
    if (world->checks->has_gone_back)
        world_fail(world, "S7", "somebody decides from a state that went back");
    if (cell == NULL) {
        world_fail(world, "MR-6", "a batch without the cell and its positions");
        return;
    }
    for (uint32_t i = 0; i < batch->count; i++) {
        has_assignments = has_assignments || batch->items[i].topic >= SIM_ASSIGNMENTS;
        if (batch->items[i].topic != SIM_STATE)
            continue;
        lives_take(world, &batch->items[i]);
        quarantine_take(world, &batch->items[i]);
        handings_take(world, &batch->items[i]);
    }
    check_cell(world, cell_decode(world, cell), has_assignments);
}

void check_lost(struct world *world, enum sim_topic topic, bool is_anew)
{
    struct checks *checks = world->checks;
    int64_t next = checks->inputs_next[topic];
    if (next > 0 && (is_anew || world->logs[topic].start > next))
        checks->is_gap_due[topic] = true;
    checks->gap_epoch = checks->epoch;
    if (!is_anew)
        return;
    checks->inputs_next[topic] = 0;
    if (topic == SIM_CONTROL)
        truth_rewind(world);
}

// The first transaction of a leader says that it found another log than was read before.
static void check_gap(struct world *world, const struct batch *batch, const struct state_cell *cell)
{
    static const char *const lines[] = {"event control-gap control:", "event control-gap orders:"};
    struct checks *checks = world->checks;
    for (int topic = SIM_CONTROL; topic <= SIM_ORDERS; topic++) {
        bool is_told = false;
        for (uint32_t i = 0; checks->is_gap_due[topic] && i < batch->count; i++)
            is_told = is_told || (batch->items[i].line != NULL &&
                                  strstr(batch->items[i].line, lines[topic]) != NULL);
        if (checks->is_gap_due[topic] && cell->epoch > checks->gap_epoch && !is_told)
            world_fail(world, "control-gap", "'%.*s' leads and tells nobody that %s has a gap",
                       TEXT_ARGS(cell->leader), topic == SIM_CONTROL ? "control" : "orders");
        checks->is_gap_due[topic] = checks->is_gap_due[topic] && !is_told;
    }
    checks->inputs_next[SIM_CONTROL] = cell->control.next;
    checks->inputs_next[SIM_ORDERS] = cell->orders.next;
}

void check_committed(struct world *world, const struct batch *batch)
{
    if (batch->is_claim)
        return;
    struct state_cell cell = *cell_decode(world, cell_of(batch));
    check_gap(world, batch, &cell);
    world->checks->backups[world->checks->backups_next++ % BACKUPS_MAX] =
        (struct backup){world->logs[SIM_STATE].count, cell.generation, cell.resigned};
    for (uint32_t i = 0; i < batch->count; i++)
        if (batch->items[i].topic == SIM_STATE)
            mailboxes_take(world, &batch->items[i]);
    truth_take(world, batch, &cell);
    silences_take(world, batch);
}

void check_leader_beat(struct world *world, const struct beat *beat)
{
    if (beat->applied_generation > world->checks->generation)
        world_fail(world, "committed-first",
                   "coordinator '%.*s' tells of generation %lld, committed is %lld",
                   TEXT_ARGS(beat->id), (long long)beat->applied_generation,
                   (long long)world->checks->generation);
}

void check_shown(struct world *world, const struct process *process)
{
    const struct event_record *event;
    uint32_t cursor = 0;
    if (control_next_event(process->control, &cursor, &event) &&
        event->generation > world->checks->generation)
        world_fail(world, "committed-first",
                   "'%s' shows '%.*s' of generation %lld, committed is %lld", process->name,
                   TEXT_ARGS(event->kind), (long long)event->generation,
                   (long long)world->checks->generation);
}
