// SPDX-License-Identifier: Apache-2.0
//
// S6 and CB-28 by facts. Nobody begins behind a record that no sink has: nothing is lost. And who
// could not commit, and has said where it stands with the beat that let go of the unit, has said it
// to the leader that gives the unit away: while that one leads nobody begins before there. So what
// comes twice was neither committed nor handed over.
//
// A position is forgotten with its unit, with another leader, and with a topic of which Kafka, or
// an owner, has said that partitions are missing: what is there may be another log.
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "proto/key.h"
#include "sim/check.h"
#include "wire/wire.h"

struct handing {
    int64_t start;        // of the log that it is in
    bool is_stopped;      // the life `by` has stopped at `position` and could not commit it
    bool is_told;         // a beat has said so, in `told_epoch`
    bool is_told_no_more; // and that is all
    bool is_heard;        // the leader of `epoch` has heard that it let go at `heard`
    int64_t position, told_epoch, heard, epoch;
    char by[33], heard_of[33];
};

struct handing_row {
    struct handing parts[SIM_PARTS_MAX];
};

struct handings {
    struct handing_row *rows; // by name of a unit
    uint32_t count, capacity;
    uint32_t stopped; // partitions of which nobody has heard yet
};

struct handings *handings_create(void)
{
    return memory_get(sizeof(struct handings));
}

void handings_destroy(struct handings *handings)
{
    memory_release(handings->rows);
    memory_release(handings);
}

static struct handing *handing_of(struct world *world, uint32_t name, int partition)
{
    struct handings *handings = world->checks->handings;
    uint32_t had = handings->count;
    if (name >= had) {
        handings->rows =
            array_reserve(handings->rows, &handings->capacity, name + 1, sizeof(*handings->rows));
        memset(handings->rows + had, 0, (name + 1 - had) * sizeof(*handings->rows));
        handings->count = name + 1;
    }
    return &handings->rows[name].parts[partition];
}

static void handing_end(struct handings *handings, struct handing *handing)
{
    handings->stopped -= handing->is_stopped;
    handing->is_stopped = false;
}

static void handing_forget(struct handings *handings, struct handing *handing)
{
    handing_end(handings, handing);
    handing->is_heard = false;
}

// ---- Facts.

void fact_handed(struct world *world, const struct process *process, const struct sim_unit *unit)
{
    struct handings *handings = world->checks->handings;
    for (int i = 0; i < SIM_PARTS_MAX; i++) {
        struct handing *handing = handing_of(world, unit->name, i);
        if (unit->parts[i].taken < 0)
            continue;
        handing_end(handings, handing);
        handings->stopped++;
        handing->is_stopped = true;
        handing->is_told = handing->is_told_no_more = false;
        handing->start = unit->parts[i].start;
        handing->position = unit->parts[i].taken;
        memcpy(handing->by, process->incarnation, sizeof(handing->by));
    }
}

void fact_commits_taken(struct world *world, const struct process *process)
{
    struct handings *handings = world->checks->handings;
    if (collect_state(process->collect) != COLLECT_ACTIVE)
        return;
    for (uint32_t i = 0; handings->stopped > 0 && i < handings->count; i++)
        for (int k = 0; k < SIM_PARTS_MAX; k++)
            if (strcmp(handings->rows[i].parts[k].by, process->incarnation) == 0)
                handings->rows[i].parts[k].is_told_no_more = handings->rows[i].parts[k].is_told;
}

// The names of a topic in all pools, and of its parts.
void fact_position_lost(struct world *world, uint32_t name, int partition)
{
    struct handings *handings = world->checks->handings;
    for (uint32_t i = 0; i < handings->count; i++)
        if (world->names.items[i].whole == world->names.items[name].whole)
            handing_forget(handings, &handings->rows[i].parts[partition]);
}

void fact_counted(struct world *world, struct text topic)
{
    struct handings *handings = world->checks->handings;
    const struct sim_data_topic *row = world_topic_find(world, topic);
    for (uint32_t i = 0; row != NULL && row->was_lowered && i < handings->count; i++)
        for (int k = 0; k < SIM_PARTS_MAX && world_topic_of(world, i) == row; k++)
            handing_forget(handings, &handings->rows[i].parts[k]);
}

// ---- What is heard.

static struct process *sender_of(struct world *world, const struct beat *beat)
{
    for (int i = 0; i < world->process_count; i++)
        if (world->processes[i].is_up && !world->processes[i].is_coordinator &&
            text_equals(beat->incarnation, world->processes[i].incarnation))
            return &world->processes[i];
    return NULL;
}

static void handing_hear(struct world *world, const struct process *process,
                         const struct beat *beat, uint32_t name)
{
    bool is_let_go =
        text_equals(beat->state, "leaving") || books_is_let_go(world, process, beat, name);
    for (int i = 0; i < SIM_PARTS_MAX; i++) {
        struct handing *handing = handing_of(world, name, i);
        if (!handing->is_stopped || strcmp(handing->by, process->incarnation) != 0)
            continue;
        if (!handing->is_told_no_more)
            handing->told_epoch = world->checks->epoch;
        handing->is_told = true;
        if (!is_let_go)
            continue;
        handing_end(world->checks->handings, handing);
        handing->is_heard = true;
        handing->heard = handing->position;
        handing->epoch = handing->told_epoch;
        memcpy(handing->heard_of, handing->by, sizeof(handing->heard_of));
    }
}

void handings_hear(struct world *world, uint32_t offset)
{
    struct handings *handings = world->checks->handings;
    struct wire_record decoded;
    if (log_decode(&world->logs[SIM_MEMBERS], offset, &decoded) != STATUS_OK ||
        decoded.kind != RECORD_BEAT)
        return;
    const struct beat *beat = decoded.record;
    struct process *process = sender_of(world, beat);
    // A number that somebody else has used makes the leader pass over the beat.
    if (process == NULL || beat->seq <= process->facts.arrived)
        return;
    process->facts.arrived = beat->seq;
    if (handings->stopped == 0 || !text_equals(beat->lineage, world->checks->lineage) ||
        !life_is_admitted(world, process))
        return;
    for (uint32_t i = 0; i < handings->count; i++)
        handing_hear(world, process, beat, i);
}

void handings_take(struct world *world, const struct batch_item *item)
{
    struct handings *handings = world->checks->handings;
    struct state_key key;
    enum status status = state_key_parse(item->key, &key);
    ensure(status == STATUS_OK);
    if (key.kind != RECORD_STATE_UNIT || item->value.data != NULL)
        return;
    uint32_t name = world_name(world, key.pool, key.unit);
    for (int i = 0; name < handings->count && i < SIM_PARTS_MAX; i++)
        handing_forget(handings, &handings->rows[name].parts[i]);
}

// ---- Judging.

void check_begin(struct world *world, const struct process *process, const struct sim_unit *unit,
                 int partition)
{
    const struct sim_data_topic *topic = world_topic_of(world, unit->name);
    const struct sim_place *place = place_of(world, unit->name, topic, partition);
    const struct sim_reading *part = &unit->parts[partition];
    struct handing *handing = handing_of(world, unit->name, partition);
    bool is_good = handing->is_heard && handing->start == part->start && unit->is_begun &&
                   !topic->is_unclear && handing->epoch == world->checks->epoch &&
                   text_equals(collect_lineage(process->collect), world->checks->lineage);
    if (part->taken > place->delivered)
        world_fail(world, "CB-28", "'%s' begins '%s' (%d) at %lld, and no sink has %lld",
                   process->name, names_text(&world->names, unit->name), partition,
                   (long long)part->taken, (long long)place->delivered);
    if (is_good && part->taken < handing->heard)
        world_fail(world, "S6",
                   "'%s' begins '%s' (%d) at %lld, and '%s' has handed it over at %lld",
                   process->name, names_text(&world->names, unit->name), partition,
                   (long long)part->taken, handing->heard_of, (long long)handing->heard);
    handing_end(world->checks->handings, handing);
}

static void check_delivered(struct world *world, const struct process *process,
                            struct sim_unit *unit)
{
    const struct sim_data_topic *topic = unit_data(world, unit);
    for (int i = unit_first(unit); topic != NULL && i < unit_end(unit, topic); i++) {
        const struct sim_place *place = place_of(world, unit->name, topic, i);
        if (unit->is_open && place->delivered == topic->parts[i].end &&
            place->committed == place->delivered)
            continue;
        world_fail(
            world, "CB-28",
            "'%s' reads '%s' in a quiet world: partition %d ends at %lld, delivered is %lld, "
            "committed %lld",
            process->name, names_text(&world->names, unit->name), i, (long long)topic->parts[i].end,
            (long long)place->delivered, (long long)place->committed);
    }
}

void check_positions(struct world *world)
{
    for (int i = 0; i < world->process_count; i++) {
        struct process *process = &world->processes[i];
        bool is_stuck = instant_is_before(world->now, process->sink_stuck_until);
        for (uint32_t k = 0; !is_stuck && k < process->units_count; k++)
            check_delivered(world, process, &process->units[k]);
    }
}
