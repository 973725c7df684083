// SPDX-License-Identifier: Apache-2.0
//
// How far everything is read: what the sinks of a pool have of each partition, what is committed to
// the pool's group, and where each owner stands, as the collector's shell keeps it. An owner begins
// where the group says, or where the former one has handed the unit over if that is further (S6);
// it commits where it begins, then what its sink has now and then, and what is left when it stops.
// A stranger in the group makes Kafka refuse all of it; what is committed can be asked for all the
// same.
//
// A log that is made again begins where the former one ended: nobody could tell positions of the
// one from positions of the other if nobody has noticed that it was gone.
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "sim/check.h"
#include "sim/world.h"

// ---- Groups.

static uint32_t group_number(struct text pool)
{
    static const char *const pools[] = {"default", "west", "side"};
    uint32_t number = 0;
    while (number < sizeof(pools) / sizeof(pools[0]) && !text_equals(pool, pools[number]))
        number++;
    return number;
}

void world_join_group(struct world *world, const char *pool, int64_t ms)
{
    struct instant *until = &world->stranger_until[group_number(text_of(pool))];
    if (ms == 0 && !instant_is_before(world->now, *until))
        return;
    if (ms > 0)
        world_tell(world, "a stranger is in the group of pool '%s' for %lld ms", pool,
                   (long long)ms);
    else
        world_tell(world, "the stranger leaves the group of pool '%s'", pool);
    *until = instant_add(world->now, span_of_ms(ms));
}

static bool is_refused(const struct world *world, const struct process *process)
{
    return instant_is_before(world->now,
                             world->stranger_until[group_number(text_of(process->pool))]);
}

// ---- Places.

struct sim_place *place_of(struct world *world, uint32_t name, const struct sim_data_topic *topic,
                           int partition)
{
    uint32_t whole = world->names.items[name].whole;
    uint32_t had = world->places_count;
    if (whole >= had) {
        world->places = array_reserve(world->places, &world->places_capacity, whole + 1,
                                      sizeof(*world->places));
        memset(world->places + had, 0, (whole + 1 - had) * sizeof(*world->places));
        world->places_count = whole + 1;
    }
    struct sim_place *place = &world->places[whole].parts[partition];
    int64_t start = topic->parts[partition].start;
    if (!place->is_known || place->start != start)
        *place = (struct sim_place){true, start, -1, start};
    return place;
}

struct sim_data_topic *unit_data(struct world *world, struct sim_unit *unit)
{
    if (unit->topic == 0) {
        const struct sim_data_topic *topic = world_topic_of(world, unit->name);
        unit->topic = topic ? (uint32_t)(topic - world->topics) + 1 : 0;
    }
    return unit->topic == 0 ? NULL : &world->topics[unit->topic - 1];
}

int unit_first(const struct sim_unit *unit)
{
    return unit->only < 0 ? 0 : unit->only;
}

int unit_end(const struct sim_unit *unit, const struct sim_data_topic *topic)
{
    return unit->only < 0 || unit->only >= topic->partitions ? topic->partitions : unit->only + 1;
}

bool world_is_delivered(struct world *world, struct text pool, const struct sim_data_topic *topic,
                        int partition)
{
    uint32_t name = world_name(world, pool, text_of(topic->name));
    for (int i = 0; i < topic->partitions; i++)
        if ((partition < 0 || i == partition) &&
            place_of(world, name, topic, i)->delivered < topic->parts[i].end)
            return false;
    return true;
}

// ---- Beginning.

// The highest partition of the unit that somebody has committed to, -1 = none: those behind it are
// new.
static int top_of(struct world *world, const struct sim_unit *unit,
                  const struct sim_data_topic *topic)
{
    int top = -1;
    for (int i = unit_first(unit); i < unit_end(unit, topic); i++)
        if (place_of(world, unit->name, topic, i)->committed >= 0)
            top = i;
    return top;
}

static void part_begin(struct world *world, struct process *process, struct sim_unit *unit,
                       const struct sim_data_topic *topic, int partition)
{
    const struct sim_place *place = place_of(world, unit->name, topic, partition);
    struct sim_reading *part = &unit->parts[partition];
    int top = top_of(world, unit, topic);
    bool is_new = top >= 0 && partition > top;
    int64_t begin = place->committed > part->from ? place->committed : part->from;
    if (begin < 0 && unit->is_begun && !is_new)
        unit->lost++;
    part->start = place->start;
    part->taken = begin > place->start ? begin : place->start;
    part->committed = -1;
    if (part->from > place->committed && part->from > place->start)
        world_tell(world, "%s goes on in '%s' (%d) at %lld, where it was handed over",
                   process->name, names_text(&world->names, unit->name), partition,
                   (long long)part->taken);
    check_begin(world, process, unit, partition);
}

static void parts_begin(struct world *world, struct process *process, struct sim_unit *unit,
                        const struct sim_data_topic *topic)
{
    for (int i = unit_first(unit); i < unit_end(unit, topic); i++)
        if (unit->parts[i].taken < 0 || unit->parts[i].start != topic->parts[i].start)
            part_begin(world, process, unit, topic, i);
}

void unit_open(struct world *world, struct process *process, struct sim_unit *unit)
{
    const struct sim_data_topic *topic = unit_data(world, unit);
    unit->is_open = true;
    if (topic != NULL)
        parts_begin(world, process, unit, topic);
}

// ---- Reading.

// So much of what is there has reached the sink by now; when all is quiet, all of it.
static int64_t amount_draw(struct world *world, int64_t records)
{
    if (!world->options.is_random || world->is_calm || world_draw(world, 2) == 0)
        return records;
    return (int64_t)world_draw(world, (uint64_t)records + 1);
}

void unit_read(struct world *world, struct process *process, struct sim_unit *unit)
{
    const struct sim_data_topic *topic = unit_data(world, unit);
    if (!unit->is_open || topic == NULL)
        return;
    parts_begin(world, process, unit, topic);
    if (instant_is_before(world->now, process->sink_stuck_until) ||
        !collect_may_write(process->collect, process_clock(world, process)))
        return;
    for (int i = unit_first(unit); i < unit_end(unit, topic); i++) {
        struct sim_place *place = place_of(world, unit->name, topic, i);
        struct sim_reading *part = &unit->parts[i];
        int64_t end = topic->parts[i].end;
        if (i == 0 && topic->has_poison && topic->poison < end)
            end = topic->poison;
        if (part->taken < end)
            part->taken += amount_draw(world, end - part->taken);
        if (place->delivered < part->taken)
            place->delivered = part->taken;
    }
}

// ---- Committing.

static bool is_due(const struct sim_reading *part, const struct sim_place *place, bool is_round)
{
    return part->taken >= 0 && part->start == place->start &&
           (part->committed != part->taken || (is_round && place->committed != part->taken));
}

enum sim_commit unit_commit(struct world *world, const struct process *process,
                            struct sim_unit *unit, bool is_round)
{
    const struct sim_data_topic *topic = unit_data(world, unit);
    enum sim_commit commit = SIM_COMMIT_NONE;
    for (int i = unit_first(unit); topic != NULL && i < unit_end(unit, topic); i++) {
        struct sim_place *place = place_of(world, unit->name, topic, i);
        if (!is_due(&unit->parts[i], place, is_round))
            continue;
        if (is_refused(world, process))
            return SIM_COMMIT_REFUSED;
        // One of a former owner that comes late.
        if (unit->parts[i].taken < place->committed)
            fact_position_lost(world, unit->name, i);
        place->committed = unit->parts[i].committed = unit->parts[i].taken;
        commit = SIM_COMMIT_TAKEN;
    }
    return commit;
}

uint32_t unit_positions(const struct sim_unit *unit, struct beat_handed *ret)
{
    uint32_t count = 0;
    for (int i = 0; i < SIM_PARTS_MAX; i++)
        if (unit->parts[i].taken >= 0)
            ret[count++] = (struct beat_handed){.partition = i, .position = unit->parts[i].taken};
    return count;
}

void collector_hear_commit(struct world *world, struct process *process, enum sim_commit commit)
{
    bool are_refused = commit == SIM_COMMIT_REFUSED;
    bool is_first_success = !process->is_told && !are_refused;
    if (commit == SIM_COMMIT_NONE ||
        (process->is_told && process->are_commits_refused == are_refused))
        return;
    process->is_told = true;
    process->are_commits_refused = are_refused;
    if (is_first_success)
        return;
    if (!are_refused)
        fact_commits_taken(world, process);
    struct collect_event event = {.kind = are_refused ? COLLECT_COMMITS_REFUSED
                                                      : COLLECT_COMMITS_TAKEN};
    collector_tell(world, process, &event);
}

void collector_commit(struct world *world, struct process *process)
{
    enum sim_commit commit = SIM_COMMIT_NONE;
    for (uint32_t i = 0; i < process->units_count; i++) {
        struct sim_unit *unit = &process->units[i];
        if (unit->is_stopping || !unit->is_open)
            continue;
        unit_read(world, process, unit);
        enum sim_commit its = unit_commit(world, process, unit, true);
        commit = its > commit ? its : commit;
    }
    collector_hear_commit(world, process, commit);
}
