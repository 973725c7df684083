// SPDX-License-Identifier: Apache-2.0
//
// Data in this world: how far the logs of topics go, and what owners say of them. Records are not
// there one by one; nobody decides by what is in them, except that some nobody can read.
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

void world_write(struct world *world, const char *name, int64_t records)
{
    struct sim_data_topic *topic = world_topic_find(world, text_of(name));
    ensure(topic != NULL && topic->partitions > 0);
    topic->end += records;
    topic->written_at = world->now;
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

// Up to a record that nobody can take, or to the end.
static void topic_deliver(struct sim_data_topic *topic)
{
    topic->lost += topic->committed < 0;
    topic->delivered = topic->has_poison ? topic->poison : topic->end;
    topic->committed = topic->delivered;
}

void world_report(struct world *world, const char *owner, const char *name)
{
    struct process *process = world_find(world, owner);
    struct sim_data_topic *topic = world_topic_find(world, text_of(name));
    struct buffer value = {0};
    ensure(topic != NULL && process->is_up);
    topic_deliver(topic);
    struct report_part part = {0, topic->end, topic->end, topic->end};
    struct report_unit unit = {
        .unit = text_of(name), .parts = &part, .parts_count = 1, .state = TEXT_LITERAL("reading")};
    struct report report = {.pool = TEXT_LITERAL("default"),
                            .id = text_of(process->id),
                            .incarnation = text_of(process->incarnation),
                            .units = &unit,
                            .units_count = 1};
    wire_encode_avro(RECORD_REPORT, &report, &value);
    world_say_bytes(world, SIM_REPORTS, buffer_text(&value));
    buffer_finish(&value);
}

static void unit_describe(struct world *world, const struct process *process, uint32_t name,
                          struct report_part *part, struct report_unit *ret)
{
    struct sim_data_topic *topic = world_topic_of(world, name);
    bool is_stuck = instant_is_before(world->now, process->sink_stuck_until);
    *ret = (struct report_unit){
        .unit = unit_text(world, name), .lag = -1, .state = TEXT_LITERAL("missing")};
    if (topic == NULL || world_is_absent(world, name))
        return;
    if (!is_stuck)
        topic_deliver(topic);
    *part = (struct report_part){0, topic->committed, topic->committed, topic->end};
    ret->parts = part;
    ret->parts_count = 1;
    ret->lag = topic->committed < 0 ? -1 : topic->end - topic->committed;
    ret->positions_lost = topic->lost;
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

void world_report_all(struct world *world, const char *name)
{
    struct process *process = world_find(world, name);
    struct report_unit *units;
    struct report_part *parts;
    uint32_t count = 0;
    if (!process_is_running(process) || process->units_count == 0)
        return;
    units = memory_get(process->units_count * sizeof(*units));
    parts = memory_get(process->units_count * sizeof(*parts));
    for (uint32_t i = 0; i < process->units_count; i++)
        if (!process->units[i].is_revoked) {
            unit_describe(world, process, process->units[i].name, &parts[count], &units[count]);
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
    topic->poison = topic->end;
    world_write(world, name, 1);
    readers_fail(world, topic);
}

void world_lose_offsets(struct world *world, const char *name)
{
    struct sim_data_topic *topic = world_topic_find(world, text_of(name));
    ensure(topic != NULL);
    world_tell(world, "what was committed of '%s' is lost", name);
    topic->committed = -1;
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
                          .value = {text_copy(buffer_text(&lines)), lines.size}};
    process_push(world, process, thing, world_delay_us(world, 50));
    buffer_finish(&lines);
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
        bool is_there = topic != NULL && topic->partitions > 0;
        bool is_of_silence = (int64_t)thing->number > 0;
        if (topic != NULL && is_of_silence)
            fact_looked(world, process, thing->number, topic);
        ret[count++] = (struct control_end_answer){
            .topic = {lines.data, strlen(name)},
            .partition = partition,
            .end = is_there ? topic->end : -1,
            .committed = is_there && wants_committed ? topic->committed : -1};
        lines.data += size;
        lines.size -= (size_t)size;
    }
    return count;
}
