// SPDX-License-Identifier: Apache-2.0
//
// Are control and orders still the logs that were read before, and is the state what was published
// (coordinator_heads.c)? Starts and ends are asked for, then the record that was taken last of each
// is read again and compared by the deciding part (time and CRC), together with the newest heads.
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "daemon/coordinator_inner.h"

enum { ANCHOR_PATIENCE_MS = 5000, CHECK_RETRY_MS = 1000 };

void check_start(struct coordinator *coordinator, const struct state_position *positions)
{
    struct check check = {.stage = CHECK_STARTS};
    memcpy(check.positions, positions, sizeof(check.positions));
    coordinator->check = check;
}

static void check_again(struct coordinator *coordinator)
{
    check_start(coordinator, coordinator->check.positions);
    coordinator->check.again = instant_add(loop_now(), span_of_ms(CHECK_RETRY_MS));
    feed_inputs_stop(coordinator);
    heads_stop(coordinator);
}

// Of control, orders, and every partition of assignments.
static void ask_offsets(struct coordinator *coordinator)
{
    struct check *check = &coordinator->check;
    struct kafka_partition *partitions =
        memory_get((INPUT_LOG_COUNT + coordinator->ground.partitions) * sizeof(*partitions));
    for (enum input_log log = 0; log < INPUT_LOG_COUNT; log++)
        partitions[log] =
            (struct kafka_partition){text_of(coordinator->topics[input_topic(log)]), 0};
    uint32_t count = INPUT_LOG_COUNT + heads_partitions(coordinator, partitions + INPUT_LOG_COUNT);
    struct kafka_ask ask = {.number = ASK_CHECK, .patience = span_of_ms(ASK_TIMEOUT_MS)};
    enum status status = kafka_admin_find_offsets(
        coordinator->admin, ask, check->stage == CHECK_STARTS ? KAFKA_START : KAFKA_END, partitions,
        count);
    check->is_asked = status == STATUS_OK;
    memory_release(partitions);
}

void check_turn(struct coordinator *coordinator, struct instant now)
{
    struct check *check = &coordinator->check;
    if (check->stage == CHECK_ANCHORS && instant_has_come(check->deadline, now)) {
        check_again(coordinator);
        return;
    }
    if ((check->stage != CHECK_STARTS && check->stage != CHECK_ENDS) || check->is_asked ||
        !instant_has_come(check->again, now))
        return;
    ask_offsets(coordinator);
    check->again = instant_add(now, span_of_ms(CHECK_RETRY_MS));
}

struct instant check_deadline(const struct coordinator *coordinator)
{
    const struct check *check = &coordinator->check;
    if (check->stage == CHECK_ANCHORS)
        return check->deadline;
    return check->stage == CHECK_NONE || check->is_asked ? INSTANT_NEVER : check->again;
}

static void check_done(struct coordinator *coordinator)
{
    struct control_event event = {.kind = CONTROL_LOGS_CHECKED};
    memcpy(event.checked.logs, coordinator->check.logs, sizeof(event.checked.logs));
    event.checked.published = coordinator->heads.published;
    coordinator->check.stage = CHECK_NONE;
    feed_inputs_stop(coordinator);
    heads_stop(coordinator);
    coordinator_step(coordinator, &event);
}

static bool anchors_are_waiting(const struct check *check)
{
    for (enum input_log log = 0; log < INPUT_LOG_COUNT; log++)
        if (check->is_waiting[log])
            return true;
    return false;
}

static void done_if_all(struct coordinator *coordinator)
{
    if (!anchors_are_waiting(&coordinator->check) && !heads_are_waiting(coordinator))
        check_done(coordinator);
}

// Reads the logs from their anchors on, where these still exist.
static void anchors_start(struct coordinator *coordinator)
{
    struct check *check = &coordinator->check;
    struct state_position from[INPUT_LOG_COUNT];
    check->stage = CHECK_ANCHORS;
    check->deadline = instant_add(loop_now(), span_of_ms(ANCHOR_PATIENCE_MS));
    for (enum input_log log = 0; log < INPUT_LOG_COUNT; log++) {
        int64_t anchor = check->positions[log].anchor_offset;
        check->is_waiting[log] =
            anchor >= 0 && anchor >= check->logs[log].start && anchor < check->logs[log].end;
        from[log] = (struct state_position){
            .next = check->is_waiting[log] ? anchor : check->logs[log].start};
    }
    if (anchors_are_waiting(check))
        feed_inputs_start(coordinator, from);
    heads_start(coordinator);
    done_if_all(coordinator);
}

void check_reply(struct coordinator *coordinator, const struct kafka_reply *reply)
{
    struct check *check = &coordinator->check;
    check->is_asked = false;
    if (reply->status != STATUS_OK ||
        reply->offset_count != INPUT_LOG_COUNT + coordinator->ground.partitions)
        return;
    for (uint32_t i = 0; i < reply->offset_count; i++)
        if (reply->offsets[i].status != STATUS_OK)
            return;
    heads_offsets(coordinator, reply->offsets + INPUT_LOG_COUNT, check->stage == CHECK_STARTS);
    for (enum input_log log = 0; log < INPUT_LOG_COUNT; log++) {
        if (check->stage == CHECK_STARTS)
            check->logs[log].start = reply->offsets[log].offset;
        else
            check->logs[log].end = reply->offsets[log].offset;
    }
    if (check->stage == CHECK_STARTS) {
        check->stage = CHECK_ENDS;
        check->again = loop_now();
    } else if (check->stage == CHECK_ENDS) {
        anchors_start(coordinator);
    }
}

// Whether it says what lies at the anchor. The log is known to reach from before it to behind it,
// so an end at the anchor is that of a broker which is behind, and a position that is gone is news:
// both are looked at again, for "not there" would have the whole log read from its start.
static bool is_answer(const struct check *check, enum input_log log,
                      const struct kafka_record *record)
{
    if (record->tag != (uint64_t)input_topic(log) || !check->is_waiting[log])
        return false;
    if (record->kind == KAFKA_END_OF_PARTITION)
        return record->offset > check->positions[log].anchor_offset;
    return record->kind == KAFKA_RECORD;
}

void check_record(struct coordinator *coordinator, const struct kafka_record *record)
{
    struct check *check = &coordinator->check;
    if (check->stage != CHECK_ANCHORS)
        return;
    if (record->kind == KAFKA_OFFSET_LOST) {
        check_again(coordinator);
        return;
    }
    if (record->tag == KAFKA_CELL_ASSIGNMENTS)
        heads_record(coordinator, record);
    for (enum input_log log = 0; log < INPUT_LOG_COUNT; log++) {
        if (!is_answer(check, log, record))
            continue;
        check->is_waiting[log] = false;
        if (record->kind != KAFKA_RECORD || record->offset != check->positions[log].anchor_offset)
            continue;
        struct text value = record->value; // empty if it is null
        check->logs[log].anchor_found = true;
        check->logs[log].anchor_time_ms = record->timestamp_ms;
        check->logs[log].anchor_crc = hash_crc32(value);
    }
    done_if_all(coordinator);
}
