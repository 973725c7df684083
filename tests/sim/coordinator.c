// SPDX-License-Identifier: Apache-2.0
//
// The shell of a coordinator in this world: logs to events, effects to the broker. It keeps the
// promises of control/control.h: each topic in its order, and nothing but time while a commit is
// under way.
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "base/hash.h"
#include "base/memory.h"
#include "control/view.h"
#include "sim/check.h"
#include "sim/world.h"
#include "wire/wire.h"

enum { MEMBERS_BACK = 1000, HEADS_BACK = 64 };

// ---- Effects.

static void send(struct world *world, struct process *process, int topic, struct text key,
                 enum record_kind kind, const void *record)
{
    struct buffer value = {0};
    wire_encode_avro(kind, record, &value);
    broker_send(world, process, topic, key, buffer_text(&value), 0);
    buffer_finish(&value);
}

static struct text text_own(struct text text)
{
    return (struct text){text_copy(text), text.size};
}

static void ask_topics(struct world *world, struct process *process,
                       const struct control_effect *effect)
{
    struct buffer names = {0};
    for (uint32_t i = 0; i < effect->topics.count; i++)
        buffer_print(&names, "%.*s\n", TEXT_ARGS(effect->topics.items[i].topic));
    process_push(
        world, process,
        (struct thing){.kind = THING_TOPICS_ANSWERED, .value = text_own(buffer_text(&names))},
        world_delay_us(world, 50));
    buffer_finish(&names);
}

static void carry_out(struct world *world, struct process *process,
                      const struct control_effect *effect)
{
    switch (effect->kind) {
    case EFFECT_SEND_BEAT:
        check_leader_beat(world, effect->beat);
        send(world, process, SIM_MEMBERS, text_of(process->id), RECORD_BEAT, effect->beat);
        break;
    case EFFECT_SEND_MARKER:
        send(world, process, SIM_CONTROL, (struct text){0}, RECORD_MARKER, &effect->marker);
        break;
    case EFFECT_CLAIM_LEADERSHIP:
        commit_claim(world, process, &effect->claim);
        break;
    case EFFECT_CHECK_LOGS:
        memcpy(process->log_positions, effect->positions, sizeof(process->log_positions));
        process_push(world, process, (struct thing){.kind = THING_LOGS_ANSWERED},
                     world_delay_us(world, 20));
        break;
    case EFFECT_READ_INPUTS:
        process->is_reading_inputs = true;
        // What is not its own it is told of from its claim on, though it reads no more behind that.
        if (process->positions[SIM_STATE] > process->marker_end)
            process->positions[SIM_STATE] = process->marker_end;
        process->positions[SIM_CONTROL] = effect->positions[INPUT_CONTROL].next;
        process->positions[SIM_ORDERS] = effect->positions[INPUT_ORDERS].next;
        break;
    case EFFECT_STOP_INPUTS:
        process->is_reading_inputs = false;
        break;
    case EFFECT_REFUSE_INPUT:
        commit_refuse(world, process, effect->refusal.reason);
        break;
    case EFFECT_COMMIT:
        commit_start(world, process);
        break;
    case EFFECT_ASK_TOPICS:
        ask_topics(world, process, effect);
        break;
    case EFFECT_ASK_ENDS:
        ends_ask(world, process, effect);
        break;
    case EFFECT_RESTORE:
        process->positions[SIM_STATE] = 0;
        break;
    case EFFECT_RESIGN:
        batch_destroy(process->batch);
        process->batch = NULL;
        break;
    case EFFECT_EXIT:
        process->exit_code = 0;
        break;
    case EFFECT_TRACE:
    case EFFECT_ALARM:
        world_tell_line(world, effect->text);
        break;
    }
}

// Carries out what the step wants, one effect after the other, until the process is killed or
// frozen between two of them.
void coordinator_go_on(struct world *world, struct process *process)
{
    while (process->effect_next < process->effects.count) {
        carry_out(world, process, &process->effects.items[process->effect_next++]);
        if (process_trips(world, process))
            return;
    }
    if (process->exit_code == 0) {
        process_end(world, process, 0);
        return;
    }
    check_shown(world, process);
    process_wake_at(world, process, control_deadline(process->control));
}

static void step(struct world *world, struct process *process, struct control_event *event)
{
    event->at = process->step_at = process_clock(world, process);
    process->has_woken = false;
    event->wall_ms = wall_ms(world->now) + process->wall_jump_ms;
    control_step(process->control, event, &process->effects);
    process->effect_next = 0;
    coordinator_go_on(world, process);
}

// ---- Logs to events.

// What cannot be read is passed over.
static void take_member(struct world *world, struct process *process, struct log *log,
                        uint32_t offset)
{
    struct wire_record decoded;
    struct control_event event = {.is_past = log == &world->logs[SIM_MEMBERS] &&
                                             offset < process->listens_from};
    if (log_decode(log, offset, &decoded) != STATUS_OK)
        return;
    if (decoded.kind == RECORD_BEAT) {
        event.kind = CONTROL_BEAT_RECEIVED;
        event.beat = decoded.record;
    } else if (decoded.kind == RECORD_DEATH) {
        event.kind = CONTROL_DEATH_RECEIVED;
        event.death = decoded.record;
    } else if (decoded.kind == RECORD_REPORT) {
        event.kind = CONTROL_REPORT_RECEIVED;
        event.report = decoded.record;
    } else {
        return;
    }
    step(world, process, &event);
}

static void take_state(struct world *world, struct process *process, struct log *log,
                       uint32_t offset)
{
    struct wire_record decoded = {0};
    struct control_event event = {.kind = CONTROL_STATE_RECEIVED};
    enum status status = log_decode(log, offset, &decoded);
    event.state.is_unreadable = status != STATUS_OK;
    event.state.is_later = status == STATUS_UNSUPPORTED;
    if (status == STATUS_OK && decoded.kind == RECORD_STATE_MARKER)
        process->marker_end = offset + 1;
    // What is not the leader's own it is told of alone.
    if (status && process->is_reading_inputs)
        event.kind = CONTROL_STATE_FOREIGN;
    event.state.key = log->items[offset].key;
    event.state.kind = decoded.kind;
    event.state.record = decoded.record;
    step(world, process, &event);
}

static void take_input(struct world *world, struct process *process,
                       const struct log_record *record, struct arena *arena)
{
    struct wire_record decoded = {0};
    struct control_event event = {.kind = CONTROL_INPUT_RECEIVED};
    struct buffer why = {0};
    struct wire_input input = {
        process->input_log == INPUT_CONTROL ? RECORD_ANNOUNCEMENT : RECORD_ORDER, record->value};
    enum record_kind kind;
    if (process->input_log == INPUT_CONTROL && wire_kind(input.bytes, &kind) &&
        kind == RECORD_MARKER)
        input.expected = RECORD_MARKER;
    enum status status = wire_decode_input(input, arena, NULL, &decoded, &why);
    event.input = (struct control_input){.log = process->input_log,
                                         .offset = process->input,
                                         .time_ms = wall_ms(record->at),
                                         .crc = hash_crc32(input.bytes),
                                         .is_refused = status != STATUS_OK,
                                         .kind = decoded.kind,
                                         .record = decoded.record,
                                         .refusal = buffer_text(&why),
                                         .unknown_fields = decoded.unknown_fields};
    step(world, process, &event);
    buffer_finish(&why);
}

static void take_record(struct world *world, struct process *process, int topic, uint32_t offset)
{
    struct log *log = &world->logs[topic];
    process->input = offset;
    process->input_log = topic == SIM_CONTROL ? INPUT_CONTROL : INPUT_ORDERS;
    if (topic == SIM_STATE) {
        take_state(world, process, log, offset);
    } else if (topic == SIM_CONTROL || topic == SIM_ORDERS) {
        arena_clear(&world->scratch);
        take_input(world, process, &log->items[offset], &world->scratch);
    } else {
        take_member(world, process, log, offset);
    }
}

// Reads a topic to its end, in a random world maybe not quite. Returns whether the end was reached.
static bool drain(struct world *world, struct process *process, int topic)
{
    struct log *log = &world->logs[topic];
    int64_t end = process_sees(world, process, topic);
    if (world->options.is_random && world_draw(world, 4) == 0)
        end -= (int64_t)world_draw(world, 4);
    if (process->positions[topic] > log->count) {
        process->positions[topic] = 0;
        step(world, process, &(struct control_event){.kind = CONTROL_STATE_LOST});
    }
    if (process->positions[topic] < log->start)
        process->positions[topic] = log->start;
    while (process_is_running(process) && process->positions[topic] < end) {
        uint32_t offset = (uint32_t)process->positions[topic]++;
        if (!log->items[offset].is_compacted)
            take_record(world, process, topic, offset);
    }
    return process_is_running(process) && process->positions[topic] >= log->count;
}

// Whether state was read to what was its end when somebody asked, which may be a while ago.
static bool has_read_state(struct world *world, struct process *process)
{
    const struct log *log = &world->logs[SIM_STATE];
    int64_t end = process_sees(world, process, SIM_STATE);
    if (world->options.is_random && world_draw(world, 8) == 0)
        end = log_end_at(log, (struct instant){world->now.us - world_delay_us(world, 5000)});
    return process->positions[SIM_STATE] >= end;
}

static void turn(struct world *world, struct process *process)
{
    static const int topics[] = {SIM_MEMBERS, SIM_REPORTS, SIM_STATE};
    bool is_at_end = true;
    if (process->is_committing || !process_is_running(process))
        return;
    // Who can read nothing has its turns all the same.
    if (instant_is_before(world->now, process->deaf_until)) {
        step(world, process, &(struct control_event){.kind = CONTROL_BATCH_ENDED});
        if (process->is_up)
            process_look_later(world, process);
        return;
    }
    for (int i = 0; i < 3; i++)
        is_at_end = drain(world, process, topics[i]) && is_at_end;
    if (process_is_running(process) && has_read_state(world, process))
        step(world, process, &(struct control_event){.kind = CONTROL_STATE_ENDED});
    bool is_caught_up = false;
    if (process_is_running(process) && process->is_reading_inputs) {
        is_at_end = drain(world, process, SIM_ORDERS) && is_at_end;
        is_caught_up = process_is_running(process) && drain(world, process, SIM_CONTROL);
        is_at_end = is_at_end && is_caught_up;
    }
    if (process_is_running(process))
        step(world, process,
             &(struct control_event){.kind = CONTROL_BATCH_ENDED, .caught_up = is_caught_up});
    if (process->is_up && !is_at_end)
        process_look_later(world, process);
}

// ---- Answers.

static struct control_log log_look(const struct world *world, int topic,
                                   const struct state_position *position)
{
    const struct log *log = &world->logs[topic];
    struct control_log found = {.start = log->start, .end = log->count};
    if (position->anchor_offset < log->start || position->anchor_offset >= log->count)
        return found;
    const struct log_record *record = &log->items[position->anchor_offset];
    found.anchor_found = true;
    found.anchor_time_ms = wall_ms(record->at);
    found.anchor_crc = hash_crc32(record->value);
    return found;
}

int64_t world_published(struct world *world, struct text lineage)
{
    int64_t greatest = 0;
    for (int i = 0; i < SIM_ASSIGNMENTS_PARTITIONS; i++) {
        struct log *log = &world->logs[SIM_ASSIGNMENTS + i];
        uint32_t from = log->count > HEADS_BACK ? log->count - HEADS_BACK : 0;
        for (uint32_t k = from > log->start ? from : log->start; k < log->count; k++) {
            struct wire_record decoded = {0};
            if (log->items[k].is_compacted || log_decode(log, k, &decoded) != STATUS_OK ||
                decoded.record == NULL || decoded.kind != RECORD_HEAD)
                continue;
            const struct head *head = decoded.record;
            if (text_equal(head->lineage, lineage) && head->generation > greatest)
                greatest = head->generation;
        }
    }
    return greatest;
}

static void answer_logs(struct world *world, struct process *process)
{
    struct control_event event = {.kind = CONTROL_LOGS_CHECKED};
    struct cell_view cell;
    control_view_cell(process->control, &cell);
    event.checked.logs[INPUT_CONTROL] =
        log_look(world, SIM_CONTROL, &process->log_positions[INPUT_CONTROL]);
    event.checked.logs[INPUT_ORDERS] =
        log_look(world, SIM_ORDERS, &process->log_positions[INPUT_ORDERS]);
    event.checked.published = world_published(world, cell.lineage);
    step(world, process, &event);
}

static int32_t partitions_of(const struct world *world, struct text name)
{
    for (uint32_t i = 0; i < world->topics_count; i++)
        if (text_equals(name, world->topics[i].name))
            return world->topics[i].partitions;
    return 0;
}

static void answer_topics(struct world *world, struct process *process, struct text names)
{
    struct control_topic_answer items[SIM_UNITS_MAX];
    struct control_event event = {.kind = CONTROL_TOPICS_ANSWERED};
    uint32_t count = 0;
    while (names.size > 0) {
        const char *end = memchr(names.data, '\n', names.size);
        struct text name = {names.data, (size_t)(end - names.data)};
        ensure(count < SIM_UNITS_MAX);
        fact_counted(world, name);
        items[count++] =
            (struct control_topic_answer){.topic = name, .partitions = partitions_of(world, name)};
        names.data += name.size + 1;
        names.size -= name.size + 1;
    }
    event.topics.items = items;
    event.topics.count = count;
    step(world, process, &event);
}

static void answer_ends(struct world *world, struct process *process, const struct thing *thing)
{
    struct control_end_answer items[SIM_UNITS_MAX];
    struct control_event event = {.kind = CONTROL_ENDS_ANSWERED};
    event.ends.number = (int64_t)thing->number;
    event.ends.count = ends_answer(world, process, thing, items);
    event.ends.items = items;
    step(world, process, &event);
}

static void answer_txn(struct world *world, struct process *process, int outcome)
{
    if (!process->is_committing) {
        step(world, process,
             &(struct control_event){.kind = CONTROL_CLAIM_ANSWERED,
                                     .done = outcome == COMMIT_DONE});
        return;
    }
    process->is_committing = false;
    step(world, process,
         &(struct control_event){.kind = CONTROL_COMMIT_ANSWERED,
                                 .outcome = (enum commit_outcome)outcome});
}

void coordinator_take(struct world *world, struct process *process, const struct thing *thing)
{
    if (thing->kind == THING_TURN)
        process->is_turn_queued = false;
    else if (thing->kind == THING_TXN_ANSWERED)
        answer_txn(world, process, thing->outcome);
    else if (thing->kind == THING_LOGS_ANSWERED)
        answer_logs(world, process);
    else if (thing->kind == THING_TOPICS_ANSWERED && !process->is_committing)
        answer_topics(world, process, thing->value);
    else if (thing->kind == THING_ENDS_ANSWERED && !process->is_committing)
        answer_ends(world, process, thing);
    else if (thing->kind == THING_TOPICS_ANSWERED || thing->kind == THING_ENDS_ANSWERED)
        process_push(world, process,
                     (struct thing){.kind = thing->kind,
                                    .number = thing->number,
                                    .key = text_own(thing->key),
                                    .value = text_own(thing->value)},
                     1000);
    if (process->is_up)
        turn(world, process);
}

void coordinator_tick(struct world *world, struct process *process)
{
    step(world, process, &(struct control_event){.kind = CONTROL_TICKED});
    turn(world, process);
}

void coordinator_stop(struct world *world, struct process *process)
{
    step(world, process, &(struct control_event){.kind = CONTROL_STOP_REQUESTED});
    turn(world, process);
}

void coordinator_start(struct world *world, struct process *process)
{
    char lineage[33];
    snprintf(lineage, sizeof(lineage), "%016x%016x", process->life - 1, 0x10000 + process->number);
    struct control_options options = {.prefix = TEXT_LITERAL("muster"),
                                      .id = text_of(process->id),
                                      .incarnation = text_of(process->incarnation),
                                      .lineage = text_of(lineage),
                                      .cluster_id = TEXT_LITERAL("simulated"),
                                      .default_pool = TEXT_LITERAL("default"),
                                      .hash_seed = world_draw(world, UINT64_MAX),
                                      .beat_interval = span_of_ms(world->options.beat_ms),
                                      .leader_timeout = span_of_ms(world->options.leader_ms),
                                      .publish_interval = span_of_ms(5000),
                                      .lease_ms = world->options.lease_ms,
                                      .agent_topics_max = 10000,
                                      .level_max = process->level,
                                      .assignments_partitions = SIM_ASSIGNMENTS_PARTITIONS,
                                      .events_enabled = true};
    process->control = control_create(&options);
    process->is_committing = process->is_reading_inputs = false;
    process->txn_epoch = 0;
    // Read from its beginning where that is near.
    const struct log *members = &world->logs[SIM_MEMBERS];
    bool is_short = members->start == 0 && members->count <= MEMBERS_BACK;
    process->listens_from = members->count;
    process->positions[SIM_MEMBERS] = is_short ? 0 : members->count;
    process->positions[SIM_REPORTS] = world->logs[SIM_REPORTS].count;
    step(world, process, &(struct control_event){.kind = CONTROL_STARTED, .is_past = !is_short});
    if (process->is_up)
        process_look_later(world, process);
}
