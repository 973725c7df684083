// SPDX-License-Identifier: Apache-2.0
//
// Claims and transactions. A batch is drawn from the deciding part once, together with the dead
// letters of what was refused since the last one, and stays unchanged until its outcome is known:
// an attempt that Kafka makes us abort is repeated with the same bytes. It is handed over in parts
// while it is drawn.
#include "base/ensure.h"
#include "base/memory.h"
#include "daemon/coordinator_inner.h"
#include "wire/wire.h"

enum {
    DEAD_LETTER_MAX = 2 * 1024 * 1024 - 128 * 1024, // key and value
    DEAD_LETTER_HEADER_BYTES = 64 * 1024,           // of the record's own headers
    DEAD_LETTER_HEADERS = 6,                        // that are added here
    INIT_PATIENCE_MS = 40000,
    PART_BYTES = 256 * 1024, // that are handed over at once
};

// ---- A batch.

static struct batch_part *part_open(struct commit_batch *batch)
{
    batch->parts = array_reserve(batch->parts, &batch->capacity, batch->count + 1,
                                 sizeof(struct batch_part *));
    if (batch->count == batch->made)
        batch->parts[batch->made++] = memory_get(sizeof(struct batch_part));
    return batch->parts[batch->count++];
}

// The part that is being filled.
static struct batch_part *part_filled(struct commit_batch *batch)
{
    return batch->count > 0 ? batch->parts[batch->count - 1] : part_open(batch);
}

static struct batch_message *message_add(struct batch_part *part, enum kafka_cell_topic topic,
                                         int32_t partition)
{
    part->items =
        array_reserve(part->items, &part->capacity, part->count + 1, sizeof(*part->items));
    part->items[part->count] = (struct batch_message){
        .topic = topic, .partition = partition, .header = part->header_count};
    return &part->items[part->count++];
}

static void key_add(struct batch_part *part, struct batch_message *message, struct text key)
{
    message->key = part->bytes.size;
    message->key_size = key.size;
    buffer_add_text(&part->bytes, key);
}

static void header_add(struct batch_part *part, struct kafka_header header)
{
    uint32_t at = part->header_count++;
    part->headers =
        array_reserve(part->headers, &part->header_capacity, at + 1, sizeof(*part->headers));
    part->header_offsets = array_reserve(part->header_offsets, &part->header_offsets_capacity,
                                         at + 1, sizeof(*part->header_offsets));
    part->headers[at] = header;
    part->header_offsets[at].name = part->bytes.size;
    buffer_add_text(&part->bytes, header.name);
    part->header_offsets[at].value = part->bytes.size;
    buffer_add_text(&part->bytes, header.value);
}

static void header_add_text(struct batch_part *part, const char *name, struct text value)
{
    header_add(part, (struct kafka_header){.name = text_of(name), .value = value});
}

static void header_add_number(struct batch_part *part, const char *name, int64_t value)
{
    struct buffer digits = {0};
    buffer_add_int64(&digits, value);
    header_add_text(part, name, buffer_text(&digits));
    buffer_finish(&digits);
}

static void write_add(struct coordinator *coordinator, const struct control_write *write)
{
    static const enum kafka_cell_topic topics[] = {[WRITE_STATE] = KAFKA_CELL_STATE,
                                                   [WRITE_ASSIGNMENT] = KAFKA_CELL_ASSIGNMENTS,
                                                   [WRITE_EVENT] = KAFKA_CELL_EVENTS};
    struct batch_part *part = part_filled(&coordinator->batch);
    struct batch_message *message = message_add(part, topics[write->target], write->partition);
    key_add(part, message, write->key);
    message->value = part->bytes.size;
    message->is_tombstone = write->record == NULL;
    if (write->record == NULL)
        return;
    if (write->target == WRITE_EVENT)
        wire_encode_json(write->kind, write->record, &part->bytes);
    else
        wire_encode_avro_at(control_level(coordinator->control), write->kind, write->record,
                            &part->bytes);
    message->value_size = part->bytes.size - message->value;
}

// Closes the part: offsets become addresses once nothing is added any more.
static struct kafka_part *part_close(struct coordinator *coordinator, struct batch_part *part)
{
    const char *bytes = part->bytes.data;
    part->messages = array_reserve(part->messages, &part->messages_capacity, part->count,
                                   sizeof(*part->messages));
    for (uint32_t i = 0; i < part->header_count; i++) {
        part->headers[i].name.data = bytes + part->header_offsets[i].name;
        part->headers[i].value.data = bytes + part->header_offsets[i].value;
    }
    for (uint32_t i = 0; i < part->count; i++) {
        const struct batch_message *item = &part->items[i];
        part->messages[i] =
            (struct kafka_message){.topic = text_of(coordinator->topics[item->topic]),
                                   .partition = item->partition,
                                   .key = {bytes + item->key, item->key_size},
                                   .is_key_null = item->key_size == 0,
                                   .value = {bytes + item->value, item->value_size},
                                   .is_value_null = item->is_tombstone,
                                   .headers = part->headers ? part->headers + item->header : NULL,
                                   .header_count = item->header_count};
    }
    part->part = (struct kafka_part){.messages = part->messages, .count = part->count};
    return &part->part;
}

void commit_drop(struct coordinator *coordinator)
{
    struct commit_batch *batch = &coordinator->batch;
    if (coordinator->is_committing || coordinator->is_claiming)
        return; // its memory is in use until the answer
    for (uint32_t i = 0; i < batch->count; i++) {
        batch->parts[i]->count = 0;
        batch->parts[i]->header_count = 0;
        buffer_clear(&batch->parts[i]->bytes);
    }
    batch->count = 0;
}

void commit_finish(struct coordinator *coordinator)
{
    struct commit_batch *batch = &coordinator->batch;
    for (uint32_t i = 0; i < batch->made; i++) {
        struct batch_part *part = batch->parts[i];
        buffer_finish(&part->bytes);
        memory_release(part->items);
        memory_release(part->messages);
        memory_release(part->headers);
        memory_release(part->header_offsets);
        memory_release(part);
    }
    memory_release(batch->parts);
    *batch = (struct commit_batch){0};
}

void commit_trim(struct coordinator *coordinator)
{
    if (!coordinator->is_committing && !coordinator->is_claiming && coordinator->batch.count == 0)
        commit_finish(coordinator);
}

// ---- Dead letters.

// The record's own headers, as many as may be written and as long as they fit.
static void headers_keep(struct batch_part *part, const struct kafka_record *record)
{
    struct kafka_header headers[KAFKA_HEADERS_MAX - DEAD_LETTER_HEADERS];
    uint32_t count = kafka_record_headers(record, headers, KAFKA_HEADERS_MAX - DEAD_LETTER_HEADERS);
    size_t room = DEAD_LETTER_HEADER_BYTES;
    for (uint32_t i = 0; i < count && i < KAFKA_HEADERS_MAX - DEAD_LETTER_HEADERS; i++) {
        if (headers[i].name.size + headers[i].value.size > room)
            return;
        room -= headers[i].name.size + headers[i].value.size;
        header_add(part, headers[i]);
    }
}

// The refused record goes with its bytes untouched into the next transaction, which also moves the
// position past it: it is there exactly once. One that is too large is represented by its size.
void commit_refuse(struct coordinator *coordinator, struct text reason, struct text id)
{
    struct batch_part *part = part_filled(&coordinator->batch);
    const struct kafka_record *record = coordinator->input;
    ensure(record != NULL);
    bool is_whole = record->value.size + record->key.size <= DEAD_LETTER_MAX;
    struct batch_message *message = message_add(part, KAFKA_CELL_DEADLETTER, 0);
    uint32_t first = part->header_count;
    message->is_tombstone = record->is_value_null || !is_whole;
    key_add(part, message, is_whole ? record->key : (struct text){0});
    message->value = part->bytes.size;
    if (is_whole) {
        message->value_size = record->value.size;
        buffer_add_text(&part->bytes, record->value);
    }
    if (is_whole)
        headers_keep(part, record);
    header_add_text(part, "muster.reason", reason);
    header_add_text(part, "muster.topic", record->topic);
    header_add_number(part, "muster.partition", record->partition);
    header_add_number(part, "muster.offset", record->offset);
    if (!is_whole)
        header_add_number(part, "muster.size", (int64_t)record->value.size);
    if (id.size > 0)
        header_add_text(part, "muster.id", id);
    part->items[part->count - 1].header_count = part->header_count - first;
}

// ---- Requests.

static enum status parts_commit(struct coordinator *coordinator, struct commit_batch *batch)
{
    struct kafka_transactor *transactor = coordinator->transactor;
    struct control_write write;
    enum status status = STATUS_OK;
    while (!status && control_next_write(coordinator->control, &write)) {
        struct batch_part *part = part_filled(batch);
        if (part->bytes.size >= PART_BYTES) {
            if (batch->count == 1)
                status = kafka_transactor_begin(transactor, coordinator->request);
            if (!status)
                status = kafka_transactor_add(transactor, part_close(coordinator, part));
            part_open(batch);
        }
        write_add(coordinator, &write);
    }
    if (status)
        return status;
    struct kafka_part *last = part_close(coordinator, part_filled(batch));
    if (batch->count == 1)
        return kafka_transactor_commit(transactor, coordinator->request, last);
    status = kafka_transactor_add(transactor, last);
    if (!status)
        kafka_transactor_end(transactor);
    return status;
}

// Kafka has the first part while the next is drawn and encoded; most batches are one part, which
// goes at once.
void commit_start(struct coordinator *coordinator)
{
    coordinator->is_committing = true;
    coordinator->request++;
    enum status status = parts_commit(coordinator, &coordinator->batch);
    if (status)
        coordinator_fail(coordinator, "cannot commit: %s", status_text(status));
}

void commit_claim(struct coordinator *coordinator, const struct state_marker *claim)
{
    commit_drop(coordinator);
    struct batch_part *part = part_filled(&coordinator->batch);
    struct batch_message *message = message_add(part, KAFKA_CELL_STATE, 0);
    key_add(part, message, TEXT_LITERAL("marker"));
    message->value = part->bytes.size;
    wire_encode_avro_at(control_level(coordinator->control), RECORD_STATE_MARKER, claim,
                        &part->bytes);
    message->value_size = part->bytes.size - message->value;
    coordinator->is_claiming = true;
    enum status status = kafka_transactor_init(coordinator->transactor, ++coordinator->request,
                                               span_of_ms(INIT_PATIENCE_MS));
    if (status)
        coordinator_fail(coordinator, "cannot claim: %s", status_text(status));
}

static void claim_answered(struct coordinator *coordinator, const struct kafka_answer *answer)
{
    if (answer->outcome == KAFKA_READY) {
        enum status status =
            kafka_transactor_commit(coordinator->transactor, ++coordinator->request,
                                    part_close(coordinator, part_filled(&coordinator->batch)));
        if (status)
            coordinator_fail(coordinator, "cannot claim: %s", status_text(status));
        return;
    }
    coordinator->is_claiming = false;
    commit_drop(coordinator);
    strangers_forget(coordinator);
    if (answer->outcome == KAFKA_COMMITTED)
        strangers_committed(coordinator, &answer->followed);
    else
        coordinator_log(coordinator, "warning", "could not claim leadership: %s", answer->text);
    coordinator_step(coordinator,
                     &(struct control_event){.kind = CONTROL_CLAIM_ANSWERED,
                                             .done = answer->outcome == KAFKA_COMMITTED});
}

static void commit_answered(struct coordinator *coordinator, const struct kafka_answer *answer)
{
    struct control_event event = {.kind = CONTROL_COMMIT_ANSWERED, .outcome = COMMIT_UNKNOWN};
    if (answer->outcome == KAFKA_COMMITTED)
        event.outcome = COMMIT_DONE;
    else if (answer->outcome == KAFKA_FENCED)
        event.outcome = COMMIT_FENCED;
    if (event.outcome == COMMIT_DONE)
        strangers_committed(coordinator, &answer->followed);
    else
        coordinator_log(coordinator, "warning", "a transaction was not committed: %s",
                        answer->text);
    coordinator->is_committing = false;
    if (coordinator->batch.count > 1)
        coordinator->last_busy = loop_now();
    commit_drop(coordinator);
    coordinator->commits++;
    coordinator->commit_us_last = answer->duration_us;
    coordinator->commit_us_sum += answer->duration_us;
    coordinator->next_commit = instant_add(loop_now(), (struct span){COMMIT_PAUSE_US});
    coordinator_step(coordinator, &event);
}

void commit_poll(struct coordinator *coordinator)
{
    struct kafka_answer answer;
    while (kafka_transactor_poll(coordinator->transactor, &answer)) {
        if (answer.number != coordinator->request)
            continue;
        if (coordinator->is_claiming)
            claim_answered(coordinator, &answer);
        else if (coordinator->is_committing)
            commit_answered(coordinator, &answer);
    }
}
