// SPDX-License-Identifier: Apache-2.0
//
// S7: what was published to collectors, as the newest heads say. Nobody publishes any more once the
// claim is committed, and in every transaction a collector's head is the last record of its
// partition, so the ends of assignments are enough: a look at the last records of each partition,
// and at the whole of one where these have no head (they were aborted).
#include "base/memory.h"
#include "control/view.h"
#include "daemon/coordinator_inner.h"
#include "wire/wire.h"

enum { HEADS_BACK = 64 };

static struct text heads_topic(const struct coordinator *coordinator)
{
    return text_of(coordinator->topics[KAFKA_CELL_ASSIGNMENTS]);
}

uint32_t heads_partitions(struct coordinator *coordinator, struct kafka_partition *partitions)
{
    uint32_t count = coordinator->ground.partitions;
    for (uint32_t i = 0; i < count; i++)
        partitions[i] = (struct kafka_partition){heads_topic(coordinator), (int32_t)i};
    return count;
}

void heads_offsets(struct coordinator *coordinator, const struct kafka_offset *offsets,
                   bool are_starts)
{
    struct heads *heads = &coordinator->heads;
    if (heads->logs == NULL)
        heads->logs = memory_get(coordinator->ground.partitions * sizeof(*heads->logs));
    heads->count = coordinator->ground.partitions;
    for (uint32_t i = 0; i < heads->count; i++) {
        if (are_starts)
            heads->logs[i] = (struct heads_log){.start = offsets[i].offset};
        else
            heads->logs[i].end = offsets[i].offset;
    }
}

static void log_read(struct coordinator *coordinator, uint32_t partition)
{
    struct heads_log *log = &coordinator->heads.logs[partition];
    int64_t from = log->end - HEADS_BACK;
    if (log->is_whole || from < log->start)
        from = log->start;
    log->is_whole = from == log->start;
    const struct kafka_assignment start = {.topic = heads_topic(coordinator),
                                           .partition = (int32_t)partition,
                                           .offset = from,
                                           .tag = KAFKA_CELL_ASSIGNMENTS};
    if (kafka_consumer_assign(coordinator->inputs, &start, 1) != STATUS_OK)
        coordinator_fail(coordinator, "cannot read '%.*s'", TEXT_ARGS(start.topic));
}

static void log_stop(struct coordinator *coordinator, uint32_t partition)
{
    const struct kafka_partition stop = {heads_topic(coordinator), (int32_t)partition};
    if (kafka_consumer_unassign(coordinator->inputs, &stop, 1) != STATUS_OK)
        coordinator_fail(coordinator, "cannot stop reading '%.*s'", TEXT_ARGS(stop.topic));
}

void heads_start(struct coordinator *coordinator)
{
    struct heads *heads = &coordinator->heads;
    heads->published = 0;
    for (uint32_t i = 0; i < heads->count; i++) {
        heads->logs[i].is_waiting = heads->logs[i].start < heads->logs[i].end;
        if (heads->logs[i].is_waiting)
            log_read(coordinator, i);
    }
}

void heads_stop(struct coordinator *coordinator)
{
    struct heads *heads = &coordinator->heads;
    for (uint32_t i = 0; i < heads->count; i++)
        if (heads->logs[i].is_waiting)
            log_stop(coordinator, i);
    heads->count = 0;
}

bool heads_are_waiting(const struct coordinator *coordinator)
{
    for (uint32_t i = 0; i < coordinator->heads.count; i++)
        if (coordinator->heads.logs[i].is_waiting)
            return true;
    return false;
}

static void head_take(struct coordinator *coordinator, struct heads_log *log, struct text value)
{
    enum record_kind kind;
    struct wire_record decoded;
    struct cell_view cell;
    if (!wire_kind(value, &kind) || kind != RECORD_HEAD)
        return;
    arena_clear(&coordinator->arena);
    buffer_clear(&coordinator->line);
    if (wire_decode(value, &coordinator->arena, NULL, &decoded, &coordinator->line) != STATUS_OK)
        return;
    const struct head *head = decoded.record;
    control_view_cell(coordinator->control, &cell);
    log->is_found = true;
    if (text_equal(head->lineage, cell.lineage) && head->generation > coordinator->heads.published)
        coordinator->heads.published = head->generation;
}

// An end before the one that was asked for is that of a broker which is behind.
static void log_ended(struct coordinator *coordinator, uint32_t partition, int64_t end)
{
    struct heads_log *log = &coordinator->heads.logs[partition];
    if (end < log->end)
        return;
    log_stop(coordinator, partition);
    log->is_waiting = !log->is_found && !log->is_whole;
    log->is_whole = true;
    if (log->is_waiting)
        log_read(coordinator, partition);
}

void heads_record(struct coordinator *coordinator, const struct kafka_record *record)
{
    struct heads *heads = &coordinator->heads;
    uint32_t partition = (uint32_t)record->partition;
    if (partition >= heads->count || !heads->logs[partition].is_waiting)
        return;
    if (record->kind == KAFKA_RECORD)
        head_take(coordinator, &heads->logs[partition], record->value);
    else if (record->kind == KAFKA_END_OF_PARTITION)
        log_ended(coordinator, partition, record->offset);
}

void heads_finish(struct heads *heads)
{
    memory_release(heads->logs);
    *heads = (struct heads){0};
}
