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

enum { FLUSH_MS = 1000, STOP_MS = 5000, LEAVE_MS = 10000, COMMIT_MS = 2000 };

// The unit of a run, NULL if it has stopped.
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
    fact_beat_sent(world, process, beat);
    wire_encode_avro(RECORD_BEAT, beat, &value);
    broker_send(world, process, SIM_MEMBERS, beat->id, buffer_text(&value), (uint64_t)beat->seq);
    buffer_finish(&value);
}

static void report_missing(struct world *world, struct process *process, struct text name)
{
    struct buffer value = {0};
    struct report_unit unit = {.unit = name, .lag = -1, .state = TEXT_LITERAL("missing")};
    struct unit_name parsed = {.partition = -1};
    ensure(unit_name_parse(name, &parsed) == STATUS_OK);
    world_topic_find(world, parsed.topic)->is_unclear = true;
    struct report report = {.pool = text_of(process->pool),
                            .id = text_of(process->id),
                            .incarnation = text_of(process->incarnation),
                            .units = &unit,
                            .units_count = 1};
    wire_encode_avro(RECORD_REPORT, &report, &value);
    broker_send(world, process, SIM_REPORTS, report.id, buffer_text(&value), 0);
    buffer_finish(&value);
}

void collector_look(struct world *world, struct process *process)
{
    for (uint32_t i = 0; process->is_up && i < process->units_count; i++) {
        const char *text = names_text(&world->names, process->units[i].name);
        const char *blank = strchr(text, ' ');
        if (world_is_absent(world, process->units[i].name))
            report_missing(world, process, text_of(blank ? blank + 1 : text));
    }
}

// Nothing is read yet; what was handed over is known.
static void parts_init(struct sim_unit *unit, const struct collect_effect *effect)
{
    for (int i = 0; i < SIM_PARTS_MAX; i++)
        unit->parts[i] = (struct sim_reading){.from = -1, .taken = -1, .committed = -1};
    for (size_t i = 0; i < effect->from_count; i++)
        if (effect->from[i].partition >= 0 && effect->from[i].partition < SIM_PARTS_MAX)
            unit->parts[effect->from[i].partition].from = effect->from[i].position;
}

static void start_unit(struct world *world, struct process *process,
                       const struct collect_effect *effect)
{
    struct unit_name name = {.partition = -1};
    ensure(process->units_count < SIM_UNITS_MAX);
    ensure(unit_name_parse(effect->unit, &name) == STATUS_OK);
    struct sim_unit *unit = &process->units[process->units_count++];
    *unit = (struct sim_unit){.name = world_name(world, text_of(process->pool), effect->unit),
                              .run = effect->run,
                              .fence = effect->fence,
                              .is_begun = effect->is_begun,
                              .only = (int)name.partition};
    parts_init(unit, effect);
    names_read(&world->names, unit->name, 1);
    fact_unit_started(process, unit->name);
    check_start(world, process, unit);
    if (world_is_absent(world, unit->name))
        report_missing(world, process, effect->unit);
    process_push(world, process, (struct thing){.kind = THING_UNIT_STARTED, .number = effect->run},
                 world_delay_us(world, 50));
}

static void stop_unit(struct world *world, struct process *process,
                      const struct collect_effect *effect)
{
    struct sim_unit *unit = run_of(process, effect->run);
    int64_t delay_us = world_delay_us(world, 800);
    ensure(unit != NULL);
    unit_read(world, process, unit);
    unit->is_stopping = true;
    unit->is_revoked = collect_state(process->collect) == COLLECT_ACTIVE;
    unit->revoked_at = process->step_at;
    int64_t left_us = instant_since(effect->deadline, process_clock(world, process)).us;
    bool is_committed = delay_us <= left_us;
    if (!is_committed)
        delay_us = left_us > 0 ? left_us : 0;
    if (instant_is_before(world->now, process->sink_stuck_until))
        delay_us = instant_since(process->sink_stuck_until, world->now).us;
    process_push(
        world, process,
        (struct thing){.kind = THING_UNIT_STOPPED, .number = effect->run, .outcome = is_committed},
        delay_us);
}

// It takes longer where the sink is stuck.
static void begin_command(struct world *world, struct process *process,
                          const struct collect_effect *effect)
{
    bool is_stuck = instant_is_before(world->now, process->sink_stuck_until);
    int64_t delay_us = world_delay_us(world, is_stuck ? 8000 : 800);
    check_command_begun(world, process, effect->number);
    process_push(world, process,
                 (struct thing){.kind = THING_COMMAND_DONE, .number = effect->number}, delay_us);
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
        fact_end_asked(world, process, effect->number);
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
        ensure(unit != NULL);
        unit->fence = effect->fence;
        check_start(world, process, unit);
        break;
    case COLLECT_STOP_ALL_NOW:
        process_drop_units(world, process);
        break;
    case COLLECT_CARRY_OUT:
        begin_command(world, process, effect);
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

// Carries out what the step wants, until the process is killed or frozen between two effects.
void collector_go_on(struct world *world, struct process *process)
{
    while (process->effect_next < process->collect_effects.count) {
        carry_out(world, process, &process->collect_effects.items[process->effect_next++]);
        if (process_trips(world, process))
            return;
    }
    check_life(world, process);
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

static void step(struct world *world, struct process *process, struct collect_event *event)
{
    event->at = process->step_at = process_clock(world, process);
    process->has_woken = false;
    collect_step(process->collect, event, &process->collect_effects);
    process->effect_next = 0;
    collector_go_on(world, process);
}

void collector_tell(struct world *world, struct process *process, struct collect_event *event)
{
    step(world, process, event);
}

// ---- Logs to events.

static void take_assignment(struct world *world, struct process *process, struct log *log,
                            uint32_t offset)
{
    struct wire_record decoded;
    struct assignment_key key;
    if (assignment_key_parse(log->items[offset].key, &key) != STATUS_OK ||
        !text_equals(key.collector, process->id) || !text_equals(key.pool, process->pool) ||
        log_decode(log, offset, &decoded) != STATUS_OK)
        return;
    if (key.bucket < 0)
        step(world, process,
             &(struct collect_event){.kind = COLLECT_HEAD_RECEIVED, .head = decoded.record});
    else
        step(world, process,
             &(struct collect_event){.kind = COLLECT_BUCKET_RECEIVED,
                                     .bucket_index = (uint32_t)key.bucket,
                                     .bucket = decoded.record});
}

static void take_member(struct world *world, struct process *process, struct log *log,
                        uint32_t offset)
{
    struct wire_record decoded;
    if (log_decode(log, offset, &decoded) != STATUS_OK)
        return;
    const struct beat *beat = decoded.record;
    if (decoded.kind == RECORD_BEAT && text_equals(beat->role, "collector") &&
        text_equals(beat->id, process->id) && text_equals(beat->pool, process->pool) &&
        !text_equals(beat->incarnation, process->incarnation))
        step(world, process,
             &(struct collect_event){.kind = COLLECT_INCUMBENT_HEARD,
                                     .incarnation = beat->incarnation});
}

static bool is_life(const struct process *process, uint32_t life)
{
    return process_is_running(process) && process->life == life;
}

// Reads a topic, in a random world maybe not quite to its end, in this life.
static void drain(struct world *world, struct process *process, int topic)
{
    struct log *log = &world->logs[topic];
    uint32_t life = process->life;
    int64_t end = process_sees(world, process, topic);
    if (world->options.is_random && world_draw(world, 4) == 0)
        end -= (int64_t)world_draw(world, 4);
    if (process->positions[topic] < log->start || process->positions[topic] > log->count) {
        process->positions[topic] = log->start;
        process->facts.is_other_log = process->facts.is_other_log && topic == SIM_MEMBERS;
        if (topic != SIM_MEMBERS)
            step(world, process, &(struct collect_event){.kind = COLLECT_READ_ANEW});
    }
    while (is_life(process, life) && process->positions[topic] < end) {
        uint32_t offset = (uint32_t)process->positions[topic]++;
        if (log->items[offset].is_compacted)
            continue;
        if (topic == SIM_MEMBERS)
            take_member(world, process, log, offset);
        else
            take_assignment(world, process, log, offset);
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
    if (is_life(process, life) && process->is_watching)
        drain(world, process, SIM_MEMBERS);
    if (!is_life(process, life))
        return;
    fact_read(world, process);
    step(world, process,
         &(struct collect_event){.kind = COLLECT_READ_TO, .offset = process->positions[topic]});
    if (process->is_up && process->positions[topic] < world->logs[topic].count)
        process_look_later(world, process);
}

// The end of the assignments as the broker says it, which may be one of a while ago.
static int64_t end_answer(struct world *world, const struct process *process)
{
    const struct log *log = &world->logs[SIM_ASSIGNMENTS + process->partition];
    if (!world->options.is_random || world_draw(world, 8) != 0)
        return log->count;
    return log_end_at(log, (struct instant){world->now.us - world_delay_us(world, 10000)});
}

static void unit_remove(struct world *world, struct process *process, struct sim_unit *unit)
{
    names_read(&world->names, unit->name, -1);
    *unit = process->units[--process->units_count];
}

static void unit_started(struct world *world, struct process *process, uint64_t run)
{
    struct sim_unit *unit = run_of(process, run);
    struct collect_event event = {.kind = COLLECT_UNIT_STARTED, .run = run};
    enum sim_commit commit = SIM_COMMIT_NONE;
    uint32_t life = process->life;
    if (unit != NULL && unit_fails(world, unit->name)) {
        process_fail_unit(world, process, unit);
        return;
    }
    if (unit != NULL && !unit->is_stopping) {
        unit_open(world, process, unit);
        commit = unit_commit(world, process, unit, false);
    }
    step(world, process, &event);
    if (is_life(process, life))
        collector_hear_commit(world, process, commit);
}

// What its sink has is committed, or handed over if that is refused.
static void unit_stopped(struct world *world, struct process *process, const struct thing *thing)
{
    struct beat_handed positions[SIM_PARTS_MAX];
    struct sim_unit *unit = run_of(process, thing->number);
    struct collect_event event = {
        .kind = COLLECT_UNIT_STOPPED, .run = thing->number, .is_committed = thing->outcome != 0};
    uint32_t life = process->life;
    enum sim_commit commit = unit ? unit_commit(world, process, unit, false) : SIM_COMMIT_NONE;
    collector_hear_commit(world, process, commit);
    if (process->life != life || !process->is_up)
        return;
    if (process->is_paused) {
        // It was frozen between the two.
        process_push(
            world, process,
            (struct thing){.kind = thing->kind, .number = thing->number, .outcome = thing->outcome},
            0);
        return;
    }
    unit = run_of(process, thing->number);
    if (unit != NULL && commit == SIM_COMMIT_REFUSED) {
        event.is_committed = false;
        event.positions = positions;
        event.position_count = unit_positions(unit, positions);
        fact_handed(world, process, unit);
    }
    if (unit != NULL)
        unit_remove(world, process, unit);
    step(world, process, &event);
}

static void commit_later(struct world *world, struct process *process)
{
    process_push(world, process, (struct thing){.kind = THING_COMMIT_DUE},
                 COMMIT_MS * 1000 + world_delay_us(world, 200));
}

void collector_take(struct world *world, struct process *process, const struct thing *thing)
{
    struct collect_event event = {.run = thing->number, .number = thing->number};
    switch (thing->kind) {
    case THING_TURN:
        process->is_turn_queued = false;
        turn(world, process);
        return;
    case THING_BEAT_ACKED:
    case THING_BEAT_LOST:
        event.kind = thing->kind == THING_BEAT_ACKED ? COLLECT_BEAT_ACKED : COLLECT_BEAT_FAILED;
        event.seq = (int64_t)thing->number;
        fact_beat_answered(world, process, event.seq, thing->kind == THING_BEAT_ACKED);
        break;
    case THING_END_ANSWERED:
        event.kind = COLLECT_END_ANSWERED;
        event.offset = end_answer(world, process);
        fact_end_answered(world, process, thing->number, event.offset);
        break;
    case THING_UNIT_STARTED:
        unit_started(world, process, thing->number);
        return;
    case THING_UNIT_STOPPED:
        unit_stopped(world, process, thing);
        return;
    case THING_COMMIT_DUE:
        commit_later(world, process);
        collector_commit(world, process);
        return;
    case THING_COMMAND_DONE:
        event.kind = COLLECT_COMMAND_DONE;
        check_command_done(world, process, thing->number);
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
                                      .revoke_timeout_ms = SIM_REVOKE_MS,
                                      .stop_timeout_ms = STOP_MS,
                                      .leave_timeout_ms = LEAVE_MS,
                                      .start_margin_ms = SIM_MARGIN_MS,
                                      .level = process->level};
    process->collect = collect_create(&options);
    process->is_watching = process->is_restarting = false;
    process->is_told = process->are_commits_refused = false;
    process->facts = (struct sim_facts){0};
    process->partition = assignments_partition(text_of(process->pool), text_of(process->id),
                                               SIM_ASSIGNMENTS_PARTITIONS);
    step(world, process, &(struct collect_event){.kind = COLLECT_STARTED});
    if (!process->is_up)
        return;
    process_look_later(world, process);
    commit_later(world, process);
}
