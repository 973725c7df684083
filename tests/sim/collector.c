// SPDX-License-Identifier: Apache-2.0
//
// The shell of a collector in this world. Its data path is a set of facts: a unit is being read
// from the moment it is told to start until it says that it has stopped, or until everything stops.
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "proto/key.h"
#include "proto/unit.h"
#include "sim/check.h"
#include "sim/world.h"
#include "wire/wire.h"

enum { FLUSH_MS = 1000, REVOKE_TIMEOUT_MS = 10000, STOP_MS = 5000, LEAVE_MS = 10000 };

static struct sim_unit *unit_of(struct process *process, struct text name)
{
    for (uint32_t i = 0; i < process->units_count; i++)
        if (text_equals(name, process->units[i].name))
            return &process->units[i];
    ensure(process->units_count < SIM_UNITS_MAX);
    struct sim_unit *unit = &process->units[process->units_count++];
    *unit = (struct sim_unit){0};
    snprintf(unit->name, sizeof(unit->name), "%.*s", TEXT_ARGS(name));
    return unit;
}

static struct sim_unit *run_of(struct process *process, uint64_t run)
{
    for (uint32_t i = 0; i < process->units_count; i++)
        if (process->units[i].run == run)
            return &process->units[i];
    return NULL;
}

// ---- Effects.

static void send_beat(struct world *world, struct process *process, const struct beat *beat)
{
    struct buffer value = {0};
    check_beat(world, process, beat);
    wire_encode_avro(RECORD_BEAT, beat, &value);
    broker_send(world, process, SIM_MEMBERS, beat->id, buffer_text(&value), (uint64_t)beat->seq);
    buffer_finish(&value);
}

static bool is_absent(const struct world *world, struct text name)
{
    for (uint32_t i = 0; i < world->topics_count; i++)
        if (text_equals(name, world->topics[i].name))
            return world->topics[i].partitions == 0;
    return false;
}

static void report_missing(struct world *world, struct process *process, struct text name)
{
    struct buffer value = {0};
    struct report_unit unit = {.unit = name, .lag = -1, .state = TEXT_LITERAL("missing")};
    struct report report = {.pool = text_of(process->pool),
                            .id = text_of(process->id),
                            .incarnation = text_of(process->incarnation),
                            .units = &unit,
                            .units_count = 1};
    wire_encode_avro(RECORD_REPORT, &report, &value);
    broker_send(world, process, SIM_REPORTS, report.id, buffer_text(&value), 0);
    buffer_finish(&value);
}

static void start_unit(struct world *world, struct process *process,
                       const struct collect_effect *effect)
{
    struct sim_unit *unit = unit_of(process, effect->unit);
    unit->run = effect->run;
    unit->fence = effect->fence;
    unit->is_reading = true;
    check_start(world, process, unit);
    if (is_absent(world, effect->unit))
        report_missing(world, process, effect->unit);
    process_push(world, process, (struct thing){.kind = THING_UNIT_STARTED, .number = effect->run},
                 world_delay_us(world, 50));
}

static void stop_unit(struct world *world, struct process *process,
                      const struct collect_effect *effect)
{
    int64_t delay_us = world_delay_us(world, 800);
    int64_t left_us = instant_since(effect->deadline, process_clock(world, process)).us;
    bool is_committed = delay_us <= left_us;
    process_push(
        world, process,
        (struct thing){.kind = THING_UNIT_STOPPED, .number = effect->run, .outcome = is_committed},
        is_committed ? delay_us : left_us);
}

static void carry_out(struct world *world, struct process *process,
                      const struct collect_effect *effect)
{
    struct sim_unit *unit;
    switch (effect->kind) {
    case COLLECT_SEND_BEAT:
        send_beat(world, process, effect->beat);
        break;
    case COLLECT_ASK_END:
        process_push(world, process,
                     (struct thing){.kind = THING_END_ANSWERED, .number = effect->number},
                     world_delay_us(world, 20));
        break;
    case COLLECT_START_UNIT:
        start_unit(world, process, effect);
        break;
    case COLLECT_STOP_UNIT:
        stop_unit(world, process, effect);
        break;
    case COLLECT_RAISE_FENCE:
        unit = run_of(process, effect->run);
        ensure(unit != NULL && unit->is_reading);
        unit->fence = effect->fence;
        check_start(world, process, unit);
        break;
    case COLLECT_STOP_ALL_NOW:
        process->units_count = 0;
        break;
    case COLLECT_WATCH_INCUMBENT:
        process->is_watching = true;
        process->positions[SIM_MEMBERS] = world->logs[SIM_MEMBERS].count;
        break;
    case COLLECT_RESTART:
        process->is_restarting = true;
        break;
    case COLLECT_EXIT:
        process->exit_code = effect->code;
        world_tell(world, "%s exits with %d: %.*s", process->name, effect->code,
                   TEXT_ARGS(effect->reason));
        break;
    case COLLECT_TRACE:
        world_tell_line(world, effect->reason);
        break;
    }
}

static void step(struct world *world, struct process *process, struct collect_event *event)
{
    struct collect_effects effects;
    event->at = process_clock(world, process);
    collect_step(process->collect, event, &effects);
    for (size_t i = 0; i < effects.count; i++)
        carry_out(world, process, &effects.items[i]);
    collect_check(process->collect);
    if (process->is_restarting) {
        process_end(world, process, -1);
        process->replaces[0] = '\0';
        process_start(world, process);
        return;
    }
    if (process->exit_code >= 0) {
        process_end(world, process, process->exit_code);
        return;
    }
    process_wake_at(world, process, collect_deadline(process->collect));
}

// ---- Logs to events.

static void take_assignment(struct world *world, struct process *process,
                            const struct log_record *record)
{
    struct wire_record decoded = {0};
    struct arena arena = {0};
    struct assignment_key key;
    enum status status = assignment_key_parse(record->key, &key);
    ensure(status == STATUS_OK);
    if (!text_equals(key.collector, process->id))
        return;
    if (record->value.data != NULL) {
        status = wire_decode(record->value, &arena, NULL, &decoded, NULL);
        ensure(status == STATUS_OK);
    }
    if (key.bucket < 0)
        step(world, process,
             &(struct collect_event){.kind = COLLECT_HEAD_RECEIVED, .head = decoded.record});
    else
        step(world, process,
             &(struct collect_event){.kind = COLLECT_BUCKET_RECEIVED,
                                     .bucket_index = (uint32_t)key.bucket,
                                     .bucket = decoded.record});
    arena_finish(&arena);
}

static void take_member(struct world *world, struct process *process,
                        const struct log_record *record)
{
    struct wire_record decoded = {0};
    struct arena arena = {0};
    enum status status = wire_decode(record->value, &arena, NULL, &decoded, NULL);
    ensure(status == STATUS_OK);
    const struct beat *beat = decoded.record;
    if (decoded.kind == RECORD_BEAT && text_equals(beat->role, "collector") &&
        text_equals(beat->id, process->id) && !text_equals(beat->incarnation, process->incarnation))
        step(world, process,
             &(struct collect_event){.kind = COLLECT_INCUMBENT_HEARD,
                                     .incarnation = beat->incarnation});
    arena_finish(&arena);
}

// Reads a topic, in a random world maybe not quite to its end, in this life.
static void drain(struct world *world, struct process *process, int topic)
{
    struct log *log = &world->logs[topic];
    uint32_t life = process->life;
    int64_t end = log->count;
    if (world->options.is_random && world_draw(world, 4) == 0)
        end -= (int64_t)world_draw(world, 4);
    while (process->is_up && process->life == life && process->positions[topic] < end) {
        const struct log_record *record = &log->items[process->positions[topic]++];
        if (record->is_compacted)
            continue;
        if (topic == SIM_MEMBERS)
            take_member(world, process, record);
        else
            take_assignment(world, process, record);
    }
}

static void turn(struct world *world, struct process *process)
{
    int topic = SIM_ASSIGNMENTS + process->partition;
    uint32_t life = process->life;
    if (instant_is_before(world->now, process->deaf_until)) {
        process_look_later(world, process);
        return;
    }
    drain(world, process, topic);
    if (process->is_up && process->life == life && process->is_watching)
        drain(world, process, SIM_MEMBERS);
    if (!process->is_up || process->life != life)
        return;
    step(world, process,
         &(struct collect_event){.kind = COLLECT_READ_TO, .offset = process->positions[topic]});
    if (process->is_up && process->positions[topic] < world->logs[topic].count)
        process_look_later(world, process);
}

void collector_take(struct world *world, struct process *process, const struct thing *thing)
{
    struct collect_event event = {.run = thing->number, .number = thing->number};
    struct sim_unit *unit = NULL;
    switch (thing->kind) {
    case THING_TURN:
        process->is_turn_queued = false;
        turn(world, process);
        return;
    case THING_BEAT_ACKED:
        event.kind = COLLECT_BEAT_ACKED;
        event.seq = (int64_t)thing->number;
        break;
    case THING_END_ANSWERED:
        event.kind = COLLECT_END_ANSWERED;
        event.offset = world->logs[SIM_ASSIGNMENTS + process->partition].count;
        break;
    case THING_UNIT_STARTED:
        event.kind = COLLECT_UNIT_STARTED;
        break;
    case THING_UNIT_STOPPED:
        event.kind = COLLECT_UNIT_STOPPED;
        event.is_committed = thing->outcome != 0;
        unit = run_of(process, thing->number);
        if (unit != NULL)
            *unit = process->units[--process->units_count];
        break;
    default:
        ensure(thing->kind < THING_TURN); // nothing else is for a collector
    }
    step(world, process, &event);
}

void collector_tick(struct world *world, struct process *process)
{
    step(world, process, &(struct collect_event){.kind = COLLECT_TICKED});
}

void collector_stop(struct world *world, struct process *process)
{
    step(world, process, &(struct collect_event){.kind = COLLECT_STOP_REQUESTED});
}

void collector_start(struct world *world, struct process *process)
{
    process->promise = (struct beat){.pool = text_of(process->pool),
                                     .id = text_of(process->id),
                                     .incarnation = text_of(process->incarnation),
                                     .lease_ms = world->options.lease_ms,
                                     .replaces = text_of(process->replaces),
                                     .labels = process->labels,
                                     .labels_count = process->labels_count,
                                     .capacity = process->capacity};
    struct collect_options options = {.beat = &process->promise,
                                      .beat_interval_ms = world->options.beat_ms,
                                      .revoke_flush_ms = FLUSH_MS,
                                      .revoke_timeout_ms = REVOKE_TIMEOUT_MS,
                                      .stop_timeout_ms = STOP_MS,
                                      .leave_timeout_ms = LEAVE_MS,
                                      .start_margin_ms = 500};
    process->collect = collect_create(&options);
    process->is_watching = process->is_restarting = false;
    process->units_count = 0;
    process->partition = assignments_partition(text_of(process->pool), text_of(process->id),
                                               SIM_ASSIGNMENTS_PARTITIONS);
    step(world, process, &(struct collect_event){.kind = COLLECT_STARTED});
    if (process->is_up)
        process_look_later(world, process);
}
