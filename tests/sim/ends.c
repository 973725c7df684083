// SPDX-License-Identifier: Apache-2.0
//
// Data in this world: how far the logs of topics go, and what owners say of them. Records are not
// there one by one; nobody decides by what is in them, except that some nobody can read. How far
// they are read is in positions.c.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "sim/check.h"
#include "sim/world.h"
#include "wire/wire.h"

struct sim_data_topic *world_topic_find(struct world *world, struct text name)
{
    for (uint32_t i = 0; i < world->topics_count; i++)
        if (text_equals(name, world->topics[i].name))
            return &world->topics[i];
    return NULL;
}

static void part_write(const struct world *world, struct sim_data_topic *topic, int partition,
                       int64_t records)
{
    ensure(partition < topic->partitions);
    topic->parts[partition].end += records;
    topic->written_at = world->now;
}

void world_write(struct world *world, const char *name, int64_t records)
{
    struct sim_data_topic *topic = world_topic_find(world, text_of(name));
    ensure(topic != NULL && topic->partitions > 0);
    // When all is quiet, into the first one: it is there whatever was announced.
    bool is_drawn = world->options.is_random && !world->is_calm && topic->partitions > 1;
    part_write(world, topic, is_drawn ? (int)world_draw(world, (uint64_t)topic->partitions) : 0,
               records);
}

// A unit without the pool before it (world_name).
static struct text unit_text(const struct world *world, uint32_t name)
{
    const char *text = names_text(&world->names, name);
    const char *blank = strchr(text, ' ');
    return text_of(blank ? blank + 1 : text);
}

struct sim_data_topic *world_topic_of(struct world *world, uint32_t name)
{
    return world_topic_find(world, unit_text(world, world->names.items[name].whole));
}

bool world_is_absent(struct world *world, uint32_t name)
{
    const struct sim_data_topic *topic = world_topic_of(world, name);
    const char *slash = strchr(names_text(&world->names, name), '/');
    int partition = slash ? atoi(slash + 1) : 0;
    return topic != NULL && partition >= topic->partitions;
}

// What the owner of a unit says of it; `parts` has room for all of them.
static void unit_describe(struct world *world, struct sim_unit *unit, struct report_part *parts,
                          struct report_unit *ret)
{
    struct sim_data_topic *topic = unit_data(world, unit);
    *ret = (struct report_unit){
        .unit = unit_text(world, unit->name), .lag = -1, .state = TEXT_LITERAL("missing")};
    if (topic == NULL)
        return;
    if (world_is_absent(world, unit->name)) {
        topic->is_unclear = true;
        return;
    }
    ret->parts = parts;
    ret->lag = 0;
    for (int i = unit_first(unit); i < unit_end(unit, topic); i++) {
        const struct sim_reading *part = &unit->parts[i];
        int64_t end = topic->parts[i].end;
        parts[ret->parts_count++] = (struct report_part){i, part->taken, part->committed, end};
        ret->lag = part->committed < 0 || ret->lag < 0 ? -1 : ret->lag + end - part->committed;
    }
    ret->positions_lost = unit->lost;
    ret->state = TEXT_LITERAL("reading");
}

static void report_send(struct world *world, struct process *process, struct report_unit *units,
                        uint32_t count)
{
    struct buffer value = {0};
    struct report report = {.pool = text_of(process->pool),
                            .id = text_of(process->id),
                            .incarnation = text_of(process->incarnation),
                            .units = units,
                            .units_count = count};
    wire_encode_avro(RECORD_REPORT, &report, &value);
    broker_send(world, process, SIM_REPORTS, report.id, buffer_text(&value), 0);
    buffer_finish(&value);
}

void world_report(struct world *world, const char *owner, const char *name)
{
    struct process *process = world_find(world, owner);
    uint32_t number = world_name(world, text_of(process->pool), text_of(name));
    struct report_part parts[SIM_PARTS_MAX];
    struct report_unit said = {0};
    ensure(process->is_up);
    collector_commit(world, process);
    for (uint32_t i = 0; i < process->units_count; i++)
        if (process->units[i].name == number)
            unit_describe(world, &process->units[i], parts, &said);
    ensure(said.unit.size > 0);
    report_send(world, process, &said, 1);
}

void world_report_all(struct world *world, const char *name)
{
    struct process *process = world_find(world, name);
    struct report_unit *units;
    struct report_part *parts;
    uint32_t count = 0;
    if (!process_is_running(process) || process->units_count == 0)
        return;
    collector_commit(world, process);
    if (!process_is_running(process) || process->units_count == 0)
        return;
    units = memory_get(process->units_count * sizeof(*units));
    parts = memory_get(process->units_count * SIM_PARTS_MAX * sizeof(*parts));
    for (uint32_t i = 0; i < process->units_count; i++)
        if (!process->units[i].is_revoked) {
            unit_describe(world, &process->units[i], &parts[count * SIM_PARTS_MAX], &units[count]);
            count++;
        }
    report_send(world, process, units, count);
    memory_release(units);
    memory_release(parts);
}

// ---- Units that fail.

void process_fail_unit(struct world *world, struct process *process, struct sim_unit *unit)
{
    struct collect_event event = {.kind = COLLECT_UNIT_FAILED, .run = unit->run};
    uint32_t name = unit->name, life = process->life;
    struct report_unit failed = {
        .unit = unit_text(world, name), .lag = -1, .state = TEXT_LITERAL("failed")};
    world_tell(world, "'%s' fails at %s", names_text(&world->names, name), process->name);
    names_read(&world->names, name, -1);
    fact_unit_failed(process, name);
    *unit = process->units[--process->units_count];
    collector_tell(world, process, &event);
    world->has_failures = true;
    if (process_is_running(process) && process->life == life)
        report_send(world, process, &failed, 1);
}

bool unit_fails(struct world *world, uint32_t name)
{
    const struct sim_data_topic *topic = world_topic_of(world, name);
    const char *slash = strchr(names_text(&world->names, name), '/');
    bool is_first = slash == NULL || strcmp(slash, "/0") == 0;
    return topic != NULL && (topic->is_poisoned || (topic->has_poison && is_first));
}

// Those that read the topic when it comes to that.
static void readers_fail(struct world *world, const struct sim_data_topic *topic)
{
    for (int i = 0; i < world->process_count; i++) {
        struct process *process = &world->processes[i];
        for (uint32_t k = 0; process_is_running(process) && k < process->units_count; k++)
            if (world_topic_of(world, process->units[k].name) == topic &&
                unit_fails(world, process->units[k].name)) {
                process_fail_unit(world, process, &process->units[k]);
                break;
            }
    }
}

void world_write_poison(struct world *world, const char *name)
{
    struct sim_data_topic *topic = world_topic_find(world, text_of(name));
    ensure(topic != NULL && topic->partitions > 0);
    if (topic->has_poison)
        return;
    world_tell(world, "a record is written into '%s' that nobody can take", name);
    topic->has_poison = true;
    topic->poison = topic->parts[0].end;
    part_write(world, topic, 0, 1);
    readers_fail(world, topic);
}

void world_lose_offsets(struct world *world, const char *name)
{
    struct sim_data_topic *topic = world_topic_find(world, text_of(name));
    ensure(topic != NULL);
    world_tell(world, "what was committed of '%s' is lost", name);
    for (uint32_t i = 0; i < world->places_count; i++)
        for (int k = 0; k < topic->partitions && text_equals(unit_text(world, i), name); k++) {
            place_of(world, i, topic, k)->committed = -1;
            fact_position_lost(world, i, k);
        }
}

void world_poison(struct world *world, const char *name, bool is_poisoned)
{
    struct sim_data_topic *topic = world_topic_find(world, text_of(name));
    ensure(topic != NULL);
    topic->has_poison = topic->has_poison && is_poisoned;
    if (topic->is_poisoned == is_poisoned)
        return;
    topic->is_poisoned = is_poisoned;
    world_tell(world, is_poisoned ? "whoever reads '%s' fails on it" : "'%s' can be read again",
               name);
    if (is_poisoned)
        readers_fail(world, topic);
}

// ---- Ends.

void ends_ask(struct world *world, struct process *process, const struct control_effect *effect)
{
    struct buffer lines = {0};
    for (uint32_t i = 0; i < effect->ends.count; i++)
        buffer_print(&lines, "%.*s %d %d\n", TEXT_ARGS(effect->ends.items[i].topic),
                     effect->ends.items[i].partition, effect->ends.items[i].wants_committed);
    struct thing thing = {.kind = THING_ENDS_ANSWERED,
                          .number = (uint64_t)effect->ends.number,
                          .key = {text_copy(effect->ends.pool), effect->ends.pool.size},
                          .value = {text_copy(buffer_text(&lines)), lines.size}};
    process_push(world, process, thing, world_delay_us(world, 50));
    buffer_finish(&lines);
}

// Sums over the partitions of a unit, as the shell of a coordinator makes them: all of a topic for
// −1; −1 when one is not known, or not there.
static void answer_fill(struct world *world, struct text pool, const struct sim_data_topic *topic,
                        bool wants_committed, struct control_end_answer *ret)
{
    int first = ret->partition < 0 ? 0 : ret->partition;
    int end = ret->partition < 0 ? topic->partitions : first + 1;
    if (topic->partitions == 0 || end > topic->partitions)
        return;
    uint32_t name = world_name(world, pool, text_of(topic->name));
    ret->end = 0;
    ret->committed = wants_committed ? 0 : -1;
    for (int i = first; i < end; i++) {
        int64_t committed = place_of(world, name, topic, i)->committed;
        ret->end += topic->parts[i].end;
        ret->committed = committed < 0 || ret->committed < 0 ? -1 : ret->committed + committed;
    }
}

uint32_t ends_answer(struct world *world, const struct process *process, const struct thing *thing,
                     struct control_end_answer *ret)
{
    struct text lines = thing->value;
    uint32_t count = 0;
    while (lines.size > 0) {
        char name[80];
        int partition, wants_committed, size;
        int got = sscanf(lines.data, "%79s %d %d\n%n", name, &partition, &wants_committed, &size);
        ensure(got == 3 && count < SIM_UNITS_MAX);
        struct sim_data_topic *topic = world_topic_find(world, text_of(name));
        bool is_of_silence = (int64_t)thing->number > 0;
        if (topic != NULL && is_of_silence)
            fact_looked(world, process, thing, topic, partition);
        struct control_end_answer *answer = &ret[count++];
        *answer = (struct control_end_answer){.topic = {lines.data, strlen(name)},
                                              .partition = partition,
                                              .end = -1,
                                              .committed = -1};
        if (topic != NULL)
            answer_fill(world, thing->key, topic, wants_committed, answer);
        lines.data += size;
        lines.size -= (size_t)size;
    }
    return count;
}
