// SPDX-License-Identifier: Apache-2.0
//
// From Kafka's records to events: members and reports first, then state, then, while leading,
// control and orders. Every reading is bounded by records, time and the size of the batch.
#include "base/hash.h"
#include "daemon/coordinator_inner.h"
#include "wire/wire.h"

// Whether its reader was led to another cluster, where nothing is as it was.
static bool has_moved(struct coordinator *coordinator, const struct kafka_record *record)
{
    const struct kafka_consumer *consumer = coordinator->inputs;
    struct buffer id = {0};
    if (record->tag == KAFKA_CELL_STATE)
        consumer = coordinator->state;
    else if (record->tag == KAFKA_CELL_MEMBERS || record->tag == KAFKA_CELL_REPORTS)
        consumer = coordinator->members;
    kafka_consumer_cluster(consumer, &id);
    bool is_other = ground_has_moved(coordinator, buffer_text(&id));
    buffer_finish(&id);
    return is_other;
}

// A position that is gone ends the reading of its log: who was away for so long that Kafka has let
// go of what it had not read would hear nobody any more, and not know it.
static void feed_fault(struct coordinator *coordinator, const struct kafka_record *record)
{
    if (record->kind == KAFKA_END_OF_PARTITION)
        return;
    if (record->kind == KAFKA_OFFSET_LOST && has_moved(coordinator, record))
        return;
    if (record->kind == KAFKA_OFFSET_LOST)
        coordinator_fail(coordinator,
                         "the position in '%.*s' is gone from the log: start again, it will be "
                         "compared and resumed",
                         TEXT_ARGS(record->topic));
    else if (record->kind == KAFKA_HANDLE_FAULT && record->status == STATUS_CLOSED)
        coordinator_fail(coordinator, "cannot read any more: %.*s", TEXT_ARGS(record->text));
    else if (coordinator->is_verbose)
        coordinator_log(coordinator, "debug", "kafka: '%.*s': %.*s", TEXT_ARGS(record->topic),
                        TEXT_ARGS(record->text));
}

// ---- Members and reports.

static void member_record(struct coordinator *coordinator, const struct kafka_record *record)
{
    struct wire_record decoded;
    struct control_event event = {.is_past = record->tag == KAFKA_CELL_MEMBERS &&
                                             record->offset < coordinator->ground.members_end};
    arena_clear(&coordinator->arena);
    buffer_clear(&coordinator->line);
    if (record->is_value_null ||
        wire_decode(record->value, &coordinator->arena, NULL, &decoded, &coordinator->line)) {
        coordinator_log(coordinator, "warning", "'%.*s' offset %lld is no record of ours: %s",
                        TEXT_ARGS(record->topic), (long long)record->offset,
                        buffer_string(&coordinator->line));
        return;
    }
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
    coordinator_step(coordinator, &event);
}

// ---- State.

static void state_record(struct coordinator *coordinator, const struct kafka_record *record)
{
    struct wire_record decoded = {0};
    struct control_event event = {.kind = CONTROL_STATE_RECEIVED};
    if (coordinator->is_state_again || strangers_take(coordinator, record))
        return;
    arena_clear(&coordinator->arena);
    buffer_clear(&coordinator->line);
    if (!record->is_value_null) {
        struct wire_limits limits = {16 * 1024 * 1024, 1000000};
        enum status status =
            wire_decode(record->value, &coordinator->arena, &limits, &decoded, &coordinator->line);
        event.state.is_unreadable = status != STATUS_OK;
        event.state.is_later = status == STATUS_UNSUPPORTED;
        if (event.state.is_later && text_equals(record->key, "cell")) {
            coordinator_fail(coordinator,
                             "state offset %lld cannot be read (%s): this binary must "
                             "not lead or follow this cell",
                             (long long)record->offset, buffer_string(&coordinator->line));
            return;
        }
        if (decoded.kind == RECORD_STATE_CELL &&
            ((const struct state_cell *)decoded.record)->level > RECORD_LEVEL) {
            coordinator_fail(coordinator,
                             "the cell writes records of level %lld, this binary "
                             "knows %d: it must not lead or follow this cell",
                             (long long)((const struct state_cell *)decoded.record)->level,
                             RECORD_LEVEL);
            return;
        }
        event.state.kind = decoded.kind;
        event.state.record = decoded.record;
    }
    event.state.key = record->key;
    coordinator_step(coordinator, &event);
}

void feed_state_stop(struct coordinator *coordinator)
{
    struct text topic = text_of(coordinator->topics[KAFKA_CELL_STATE]);
    const struct kafka_partition partition = {topic, 0};
    if (kafka_consumer_partition_count(coordinator->state) > 0 &&
        kafka_consumer_unassign(coordinator->state, &partition, 1) != STATUS_OK)
        coordinator_fail(coordinator, "cannot stop reading '%.*s'", TEXT_ARGS(topic));
}

void feed_state_from(struct coordinator *coordinator, int64_t offset)
{
    struct text topic = text_of(coordinator->topics[KAFKA_CELL_STATE]);
    const struct kafka_assignment start = {
        .topic = topic, .offset = offset, .tag = KAFKA_CELL_STATE};
    feed_state_stop(coordinator);
    coordinator->is_state_again = true;
    if (kafka_consumer_assign(coordinator->state, &start, 1) != STATUS_OK)
        coordinator_fail(coordinator, "cannot read '%.*s'", TEXT_ARGS(topic));
}

// Offset 0 may have been compacted away as a whole, or the log is another one: then it is read from
// where it starts.
static void state_fault(struct coordinator *coordinator, const struct kafka_record *record)
{
    if (coordinator->is_state_again || strangers_take(coordinator, record))
        return;
    if (record->kind == KAFKA_END_OF_PARTITION) {
        coordinator_step(coordinator, &(struct control_event){.kind = CONTROL_STATE_ENDED});
        return;
    }
    if (record->kind != KAFKA_OFFSET_LOST) {
        feed_fault(coordinator, record);
        return;
    }
    if (has_moved(coordinator, record))
        return;
    coordinator_step(coordinator, &(struct control_event){.kind = CONTROL_STATE_LOST});
    feed_state_from(coordinator, KAFKA_START);
}

// ---- Control and orders.

static void input_record(struct coordinator *coordinator, const struct kafka_record *record)
{
    struct wire_record decoded = {0};
    struct control_event event = {.kind = CONTROL_INPUT_RECEIVED};
    enum input_log log = record->tag == KAFKA_CELL_CONTROL ? INPUT_CONTROL : INPUT_ORDERS;
    struct wire_input input = {.expected =
                                   log == INPUT_CONTROL ? RECORD_ANNOUNCEMENT : RECORD_ORDER,
                               .bytes = record->value};
    enum record_kind kind;
    if (log == INPUT_CONTROL && wire_kind(input.bytes, &kind) && kind == RECORD_MARKER)
        input.expected = RECORD_MARKER;
    arena_clear(&coordinator->arena);
    buffer_clear(&coordinator->line);
    enum status status =
        wire_decode_input(input, &coordinator->arena, NULL, &decoded, &coordinator->line);
    event.input =
        (struct control_input){.log = log,
                               .offset = record->offset,
                               .time_ms = record->timestamp_ms,
                               .crc = coordinator->is_input_last ? hash_crc32(input.bytes) : 0,
                               .is_refused = status != STATUS_OK,
                               .kind = decoded.kind,
                               .record = decoded.record,
                               .refusal = buffer_text(&coordinator->line),
                               .unknown_fields = decoded.unknown_fields};
    pulse_read(coordinator, log, record->offset + 1, true);
    coordinator->input = record;
    coordinator_step(coordinator, &event);
    coordinator->input = NULL;
}

static void input_other(struct coordinator *coordinator, const struct kafka_record *record)
{
    bool is_control = record->tag == KAFKA_CELL_CONTROL;
    if (record->kind == KAFKA_END_OF_PARTITION)
        pulse_read(coordinator, is_control ? INPUT_CONTROL : INPUT_ORDERS, record->offset, false);
    if (record->kind == KAFKA_END_OF_PARTITION && is_control)
        coordinator->is_caught_up = true;
    else
        feed_fault(coordinator, record);
}

void feed_inputs_start(struct coordinator *coordinator, const struct state_position *positions)
{
    const struct kafka_assignment start[] = {
        {.topic = text_of(coordinator->topics[KAFKA_CELL_CONTROL]),
         .offset = positions[INPUT_CONTROL].next,
         .tag = KAFKA_CELL_CONTROL},
        {.topic = text_of(coordinator->topics[KAFKA_CELL_ORDERS]),
         .offset = positions[INPUT_ORDERS].next,
         .tag = KAFKA_CELL_ORDERS},
    };
    coordinator->is_reading_inputs = true;
    coordinator->is_caught_up = false;
    if (kafka_consumer_assign(coordinator->inputs, start, 2) != STATUS_OK)
        coordinator_fail(coordinator, "cannot read '%s'", coordinator->topics[KAFKA_CELL_CONTROL]);
}

void feed_inputs_stop(struct coordinator *coordinator)
{
    const struct kafka_partition stop[] = {{text_of(coordinator->topics[KAFKA_CELL_CONTROL]), 0},
                                           {text_of(coordinator->topics[KAFKA_CELL_ORDERS]), 0}};
    if (!coordinator->is_reading_inputs)
        return;
    coordinator->is_reading_inputs = false;
    if (kafka_consumer_unassign(coordinator->inputs, stop, 2) != STATUS_OK)
        coordinator_fail(coordinator, "cannot stop reading '%s'",
                         coordinator->topics[KAFKA_CELL_CONTROL]);
}

// ---- One handle after the other.

typedef void take_record(struct coordinator *coordinator, const struct kafka_record *record);

// Whether a record can become the anchor of its log: no other one follows in this poll.
static bool is_last(const struct kafka_record *records, uint32_t at, uint32_t count)
{
    return at + 1 == count || records[at + 1].kind != KAFKA_RECORD ||
           records[at + 1].tag != records[at].tag;
}

static void take_all(struct coordinator *coordinator, const struct kafka_record *records,
                     uint32_t count, take_record *take, take_record *other)
{
    coordinator->now = loop_now();
    coordinator->wall_ms = loop_wall_ms();
    for (uint32_t i = 0; i < count; i++) {
        coordinator->is_input_last = is_last(records, i, count);
        if (records[i].kind == KAFKA_RECORD)
            take(coordinator, &records[i]);
        else
            other(coordinator, &records[i]);
    }
}

// Takes what one poll gives. Records that were polled are always stepped: they cannot be put back.
// Returns the number of records.
static uint32_t take_some(struct coordinator *coordinator, struct kafka_consumer *consumer,
                          take_record *take, take_record *other)
{
    struct kafka_record records[FEED_RECORDS];
    uint32_t count = kafka_consumer_poll(consumer, records, FEED_RECORDS);
    if (count == 0)
        return 0;
    coordinator->is_state_again = false;
    take_all(coordinator, records, count, take, other);
    kafka_consumer_release(consumer, records, count);
    coordinator->records_read += count;
    if (count == FEED_RECORDS)
        coordinator->last_busy = coordinator->now;
    return count;
}

// Takes what is there, until nothing is left, the batch is full or the turn has taken too long.
// Returns the number of records.
static uint32_t drain(struct coordinator *coordinator, struct kafka_consumer *consumer,
                      take_record *take, take_record *other)
{
    struct instant end = instant_add(loop_now(), span_of_ms(FEED_TURN_MS));
    uint32_t taken = 0, count;
    while (control_batch_bytes(coordinator->control) < CONTROL_BATCH_BYTES &&
           instant_is_before(loop_now(), end) &&
           (count = take_some(coordinator, consumer, take, other)) > 0)
        taken += count;
    return taken;
}

bool feed_reads_inputs(const struct coordinator *coordinator)
{
    return coordinator->is_reading_inputs || coordinator->check.stage == CHECK_ANCHORS;
}

void feed_turn(struct coordinator *coordinator)
{
    drain(coordinator, coordinator->members, member_record, feed_fault);
    drain(coordinator, coordinator->state, state_record, state_fault);
    // What comes behind the anchors is read anew, to be taken: it must not be polled here.
    if (coordinator->check.stage == CHECK_ANCHORS) {
        take_some(coordinator, coordinator->inputs, check_record, check_record);
        return;
    }
    if (!coordinator->is_reading_inputs)
        return;
    bool was_caught_up = coordinator->is_caught_up;
    coordinator->is_caught_up = false;
    uint32_t taken = drain(coordinator, coordinator->inputs, input_record, input_other);
    if (was_caught_up && taken < FEED_RECORDS)
        coordinator->is_caught_up = true;
}
