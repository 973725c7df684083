// SPDX-License-Identifier: Apache-2.0
//
// The Kafka handles that read units. A handle's cost grows with the square of its topics and it
// never forgets one, so each takes a bounded number of units, nothing new once it has seen too many
// topics, and goes with its last unit then. Starting and stopping are exact differences, gathered
// over a turn.
#include <string.h>

#include "base/memory.h"
#include "daemon/collector_inner.h"

#define POLL_MAX 256 // records taken from one handle at a time
#define QUEUES 8     // the memory setting is for so many handles; more get the least
#define QUEUE_KBYTES_MIN 1024
// A fetch names all partitions of the handle, however few have records, and Kafka looks at each of
// them: one for each record costs three times the processor's time of one that waits for more. The
// wait grows with what the collector reads, so that it does not name more than 25,000 partitions a
// second; a unit that starts waits up to two of these for its first record.
#define FETCH_MIN_BYTES 65536
#define FETCH_WAIT_MS 40 // for so many partitions:
#define FETCH_WAIT_PARTITIONS 1000
#define FETCH_WAIT_MAX_MS 400
#define CLOSE_PATIENCE span_of_ms(0)

static void watch_reader(struct collector *collector, struct reader *reader)
{
    bool is_watched = reader->watch != NULL;
    if (is_watched == collector->readers.is_draining)
        return;
    if (is_watched) {
        loop_unwatch(reader->watch);
        reader->watch = NULL;
    } else {
        reader->watch = loop_watch_fd(collector->loop, kafka_consumer_fd(reader->consumer),
                                      collector_wake, collector);
    }
}

void readers_set_draining(struct collector *collector, bool is_draining)
{
    struct readers *readers = &collector->readers;
    if (readers->is_draining == is_draining)
        return;
    readers->is_draining = is_draining;
    for (uint32_t i = 0; i < readers->count; i++)
        watch_reader(collector, readers->items[i]);
}

uint32_t readers_fetch_wait_ms(uint32_t partitions)
{
    uint64_t ms =
        ((uint64_t)FETCH_WAIT_MS * partitions + FETCH_WAIT_PARTITIONS - 1) / FETCH_WAIT_PARTITIONS;
    if (ms < FETCH_WAIT_MS)
        return FETCH_WAIT_MS;
    return ms < FETCH_WAIT_MAX_MS ? (uint32_t)ms : FETCH_WAIT_MAX_MS;
}

// Of all units, with one for each whose topic is not known yet.
static uint32_t count_partitions(const struct intake *intake)
{
    uint32_t count = intake->part_end - intake->free_count;
    for (uint32_t i = 0; i < intake->unit_end; i++)
        count += intake->units[i] != NULL && intake->units[i]->part_count == 0;
    return count;
}

static struct reader *create(struct collector *collector)
{
    struct readers *readers = &collector->readers;
    struct buffer fault = {0};
    struct kafka_consumer *consumer = NULL;
    int64_t kbytes = conf_int(collector->setup.conf, "queued.max.messages.kbytes") / QUEUES;
    struct kafka_consumer_options options = {
        .has_end_events = true,
        .fetch_min_bytes = FETCH_MIN_BYTES,
        .fetch_wait_ms = readers_fetch_wait_ms(count_partitions(&collector->intake)),
        .queue_kbytes = (uint32_t)(kbytes > QUEUE_KBYTES_MIN ? kbytes : QUEUE_KBYTES_MIN),
    };
    if (readers->count == READERS_MAX)
        return NULL;
    if (kafka_consumer_create(&collector->settings, &options, &fault, &consumer) != STATUS_OK) {
        collector_log(collector, LOG_ERROR, "cannot make a reader: %s", buffer_string(&fault));
        buffer_finish(&fault);
        return NULL;
    }
    buffer_finish(&fault);
    struct reader *reader = memory_get(sizeof(*reader));
    reader->consumer = consumer;
    readers->items[readers->count++] = reader;
    watch_reader(collector, reader);
    return reader;
}

static void destroy(struct collector *collector, uint32_t index)
{
    struct readers *readers = &collector->readers;
    struct reader *reader = readers->items[index];
    loop_unwatch(reader->watch);
    // It closes on a thread of its own: others go on meanwhile.
    (void)kafka_consumer_destroy(reader->consumer, CLOSE_PATIENCE);
    memory_release(reader);
    readers->items[index] = readers->items[--readers->count];
    readers->next = 0;
}

static bool is_worn(const struct reader *reader)
{
    return reader->is_broken ||
           kafka_consumer_topic_count(reader->consumer) >= KAFKA_CONSUMER_TOPICS_MAX;
}

// A reader with room for one more unit.
static struct reader *choose(struct collector *collector)
{
    struct readers *readers = &collector->readers;
    for (uint32_t i = 0; i < readers->count; i++)
        if (readers->items[i]->unit_count < READER_UNITS_MAX && !is_worn(readers->items[i]))
            return readers->items[i];
    return create(collector);
}

void readers_leave(struct collector *collector, struct intake_unit *unit)
{
    struct readers *readers = &collector->readers;
    struct reader *reader = unit->reader;
    if (reader == NULL)
        return;
    unit->reader = NULL;
    reader->unit_count--;
    for (uint32_t i = 0; i < readers->count; i++)
        if (readers->items[i] == reader && reader->unit_count == 0 && is_worn(reader)) {
            destroy(collector, i);
            return;
        }
}

static void unassign_from(struct collector *collector, struct reader *reader)
{
    struct intake *intake = &collector->intake;
    static const enum part_state states[] = {PART_LEAVING, PART_LOST};
    uint32_t capacity = intake->lists[PART_LEAVING].count + intake->lists[PART_LOST].count;
    struct kafka_partition *partitions = memory_get(capacity * sizeof(*partitions));
    uint32_t count = 0;
    for (size_t s = 0; s < 2; s++) {
        struct part *next = NULL;
        for (struct part *part = intake->lists[states[s]].first; part != NULL; part = next) {
            next = part->next;
            if (part->unit->reader != reader)
                continue;
            partitions[count++] =
                (struct kafka_partition){text_of(part->unit->topic), part->partition};
            part_move(intake, part, states[s] == PART_LOST ? PART_GAP : PART_OFF);
        }
    }
    if (count > 0 && kafka_consumer_unassign(reader->consumer, partitions, count) != STATUS_OK) {
        collector_log(collector, LOG_ERROR, "a reader does not let go of its partitions: %s",
                      kafka_consumer_fault(reader->consumer));
        reader->is_broken = true;
    }
    memory_release(partitions);
}

static void take_assigned(struct collector *collector, struct reader *reader,
                          const struct kafka_assignment *assignments, uint32_t count)
{
    struct intake *intake = &collector->intake;
    enum status status = kafka_consumer_assign(reader->consumer, assignments, count);
    for (uint32_t i = 0; i < count; i++) {
        struct part *part = intake_part_find(intake, assignments[i].tag);
        if (status == STATUS_OK) {
            part->position = part->taken;
            part->has_begun = true;
            part_move(intake, part, PART_READING);
        }
    }
    if (status == STATUS_OK)
        return;
    // No more topics, or broken: its units begin again with another reader.
    reader->is_broken = true;
    for (uint32_t i = 0; i < count; i++) {
        struct part *part = intake_part_find(intake, assignments[i].tag);
        intake_fail(collector, part->unit, kafka_consumer_fault(reader->consumer));
    }
}

static void assign_to(struct collector *collector, struct reader *reader)
{
    struct intake *intake = &collector->intake;
    uint32_t capacity = intake->lists[PART_READY].count;
    struct kafka_assignment *assignments = memory_get(capacity * sizeof(*assignments));
    uint32_t count = 0;
    for (struct part *part = intake->lists[PART_READY].first; part != NULL; part = part->next) {
        if (part->unit->reader != reader || part->unit->phase != UNIT_PHASE_OPEN)
            continue;
        assignments[count++] = (struct kafka_assignment){
            .topic = text_of(part->unit->topic),
            .partition = part->partition,
            .offset = part->taken,
            .tag = part->id,
        };
    }
    if (count > 0)
        take_assigned(collector, reader, assignments, count);
    memory_release(assignments);
}

static void place(struct collector *collector, struct intake_unit *unit)
{
    struct reader *reader = choose(collector);
    unit->reader = reader;
    if (reader == NULL) {
        intake_fail(collector, unit, "no reader has room for it");
        return;
    }
    reader->unit_count++;
    if (kafka_consumer_prepare(reader->consumer, text_of(unit->topic)) != STATUS_OK)
        reader->is_broken = true;
}

// Units get their reader as soon as their topic is asked for. So it learns of its new topics, all
// in one question behind the fetch that it waits for, while their positions are found and
// committed.
static void place_units(struct collector *collector)
{
    struct intake *intake = &collector->intake;
    struct readers *readers = &collector->readers;
    for (uint32_t i = 0; i < intake->unit_end; i++) {
        struct intake_unit *unit = intake->units[i];
        if (unit != NULL && unit->reader == NULL &&
            (unit->phase == UNIT_PHASE_ASKED || unit->phase == UNIT_PHASE_OPEN))
            place(collector, unit);
    }
    for (uint32_t i = 0; i < readers->count; i++)
        kafka_consumer_ask(readers->items[i]->consumer);
    intake->has_unplaced = false;
}

void readers_run(struct collector *collector)
{
    struct intake *intake = &collector->intake;
    struct readers *readers = &collector->readers;
    if (intake->has_unplaced)
        place_units(collector);
    if (intake->lists[PART_LEAVING].count + intake->lists[PART_LOST].count > 0)
        for (uint32_t i = 0; i < readers->count; i++)
            unassign_from(collector, readers->items[i]);
    if (intake->lists[PART_READY].count > 0)
        for (uint32_t i = 0; i < readers->count; i++)
            assign_to(collector, readers->items[i]);
}

static void take_fault(struct collector *collector, struct reader *reader, struct part *part,
                       const struct kafka_record *record)
{
    collector_log(collector, LOG_DEBUG, "'%.*s/%d': %.*s", TEXT_ARGS(record->topic),
                  record->partition, TEXT_ARGS(record->text));
    if (record->kind == KAFKA_HANDLE_FAULT && record->status == STATUS_CLOSED) {
        reader->is_broken = true;
        for (uint32_t i = 0; i < collector->intake.unit_end; i++) {
            struct intake_unit *unit = collector->intake.units[i];
            if (unit != NULL && unit->reader == reader)
                intake_fail(collector, unit, "its Kafka client ended");
        }
    }
    if (part == NULL)
        return;
    if (record->kind == KAFKA_OFFSET_LOST && part->state == PART_READING)
        part_move(&collector->intake, part, PART_LOST);
    else if (record->status == STATUS_DENIED)
        intake_fail(collector, part->unit, "Kafka does not allow this collector to read the topic");
    else if (record->status == STATUS_NOT_FOUND && part->unit->phase == UNIT_PHASE_OPEN)
        part->unit->again_at = instant_earlier(part->unit->again_at,
                                               instant_add(collector->now, span_of_ms(RETRY_MS)));
}

// Returns whether the record went into the batch; else it may be released.
static bool take_record(struct collector *collector, struct reader *reader,
                        const struct kafka_record *record)
{
    struct part *part = intake_part_find(&collector->intake, record->tag);
    if (record->kind != KAFKA_RECORD && record->kind != KAFKA_END_OF_PARTITION) {
        take_fault(collector, reader, part, record);
        return false;
    }
    if (part == NULL || part->state != PART_READING || record->offset < part->position)
        return false;
    if (record->kind == KAFKA_END_OF_PARTITION) {
        part->eof = record->offset;
        part_take(part, part->taken);
        return false;
    }
    part->position = record->offset + 1;
    collector->records_read++;
    batch_add(collector, part, reader, record);
    return true;
}

static uint32_t drain(struct collector *collector, struct reader *reader, uint32_t room)
{
    struct kafka_record records[POLL_MAX];
    uint32_t count =
        kafka_consumer_poll(reader->consumer, records, room < POLL_MAX ? room : POLL_MAX);
    for (uint32_t i = 0; i < count; i++)
        if (!take_record(collector, reader, &records[i]))
            kafka_consumer_release(reader->consumer, &records[i], 1);
    return count;
}

void readers_drain(struct collector *collector)
{
    struct readers *readers = &collector->readers;
    uint32_t idle = 0;
    while (readers->count > 0 && idle < readers->count) {
        uint32_t room = batch_room(collector);
        if (room == 0)
            return;
        readers->next %= readers->count;
        idle = drain(collector, readers->items[readers->next++], room) == 0 ? idle + 1 : 0;
    }
}

void readers_close(struct collector *collector)
{
    while (collector->readers.count > 0)
        destroy(collector, collector->readers.count - 1);
}
