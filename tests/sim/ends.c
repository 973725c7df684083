// SPDX-License-Identifier: Apache-2.0
//
// Data in this world: how far the logs of topics go, and what owners say of them. Records are not
// there one by one; nobody decides by what is in them.
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "sim/world.h"
#include "wire/wire.h"

static struct sim_data_topic *topic_find_named(struct world *world, struct text name)
{
    for (uint32_t i = 0; i < world->topics_count; i++)
        if (text_equals(name, world->topics[i].name))
            return &world->topics[i];
    return NULL;
}

void world_write(struct world *world, const char *name, int64_t records)
{
    struct sim_data_topic *topic = topic_find_named(world, text_of(name));
    ensure(topic != NULL && topic->partitions > 0);
    topic->end += records;
}

void world_report(struct world *world, const char *owner, const char *name)
{
    struct process *process = world_find(world, owner);
    struct sim_data_topic *topic = topic_find_named(world, text_of(name));
    struct buffer value = {0};
    ensure(topic != NULL && process->is_up);
    topic->committed = topic->end;
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

uint32_t ends_answer(struct world *world, struct text lines, struct control_end_answer *ret)
{
    uint32_t count = 0;
    while (lines.size > 0) {
        char name[80];
        int partition, wants_committed, size;
        int got = sscanf(lines.data, "%79s %d %d\n%n", name, &partition, &wants_committed, &size);
        ensure(got == 3 && count < SIM_UNITS_MAX);
        struct sim_data_topic *topic = topic_find_named(world, text_of(name));
        bool is_there = topic != NULL && topic->partitions > 0;
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
