// SPDX-License-Identifier: Apache-2.0
//
// Claims and transactions. A batch is drawn from the deciding part once, together with the dead
// letters of what was refused since the last one, and stays unchanged until its outcome is known:
// an attempt that Kafka makes us abort is repeated with the same bytes.
#include "base/ensure.h"
#include "base/memory.h"
#include "daemon/coordinator_inner.h"
#include "wire/wire.h"

enum {
    DEAD_LETTER_MAX = 2 * 1024 * 1024 - 128 * 1024, // key and value
    DEAD_LETTER_HEADER_BYTES = 64 * 1024,           // of the record's own headers
    DEAD_LETTER_HEADERS = 6,                        // that are added here
    INIT_PATIENCE_MS = 40000,
};

// ---- A batch.

static struct batch_message *message_add(struct commit_batch *batch, enum kafka_cell_topic topic,
                                         int32_t partition)
{
    batch->items =
        array_reserve(batch->items, &batch->capacity, batch->count + 1, sizeof(*batch->items));
    batch->items[batch->count] = (struct batch_message){
        .topic = topic, .partition = partition, .header = batch->header_count};
    return &batch->items[batch->count++];
}

static void key_add(struct commit_batch *batch, struct batch_message *message, struct text key)
{
    message->key = batch->bytes.size;
    message->key_size = key.size;
    buffer_add_text(&batch->bytes, key);
}

static void header_add(struct commit_batch *batch, struct kafka_header header)
{
    uint32_t at = batch->header_count++;
    batch->headers =
        array_reserve(batch->headers, &batch->header_capacity, at + 1, sizeof(*batch->headers));
    batch->header_offsets = array_reserve(batch->header_offsets, &batch->header_offsets_capacity,
                                          at + 1, sizeof(*batch->header_offsets));
    batch->headers[at] = header;
    batch->header_offsets[at].name = batch->bytes.size;
    buffer_add_text(&batch->bytes, header.name);
    batch->header_offsets[at].value = batch->bytes.size;
    buffer_add_text(&batch->bytes, header.value);
}

static void header_add_text(struct commit_batch *batch, const char *name, struct text value)
{
    header_add(batch, (struct kafka_header){.name = text_of(name), .value = value});
}

static void header_add_number(struct commit_batch *batch, const char *name, int64_t value)
{
    struct buffer digits = {0};
    buffer_add_int64(&digits, value);
    header_add_text(batch, name, buffer_text(&digits));
    buffer_finish(&digits);
}

static void write_add(struct coordinator *coordinator, const struct control_write *write)
{
    static const enum kafka_cell_topic topics[] = {[WRITE_STATE] = KAFKA_CELL_STATE,
                                                   [WRITE_ASSIGNMENT] = KAFKA_CELL_ASSIGNMENTS,
                                                   [WRITE_EVENT] = KAFKA_CELL_EVENTS};
    struct commit_batch *batch = &coordinator->batch;
    struct batch_message *message = message_add(batch, topics[write->target], write->partition);
    key_add(batch, message, write->key);
    message->value = batch->bytes.size;
    message->is_tombstone = write->record == NULL;
    if (write->record == NULL)
        return;
    if (write->target == WRITE_EVENT)
        wire_encode_json(write->kind, write->record, &batch->bytes);
    else
        wire_encode_avro_at(control_level(coordinator->control), write->kind, write->record,
                            &batch->bytes);
    message->value_size = batch->bytes.size - message->value;
}

// Offsets become addresses once nothing is added any more.
static void messages_make(struct coordinator *coordinator)
{
    struct commit_batch *batch = &coordinator->batch;
    const char *bytes = batch->bytes.data;
    batch->messages = array_reserve(batch->messages, &batch->messages_capacity, batch->count,
                                    sizeof(*batch->messages));
    for (uint32_t i = 0; i < batch->header_count; i++) {
        batch->headers[i].name.data = bytes + batch->header_offsets[i].name;
        batch->headers[i].value.data = bytes + batch->header_offsets[i].value;
    }
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct batch_message *item = &batch->items[i];
        batch->messages[i] =
            (struct kafka_message){.topic = text_of(coordinator->topics[item->topic]),
                                   .partition = item->partition,
                                   .key = {bytes + item->key, item->key_size},
                                   .is_key_null = item->key_size == 0,
                                   .value = {bytes + item->value, item->value_size},
                                   .is_value_null = item->is_tombstone,
                                   .headers = batch->headers ? batch->headers + item->header : NULL,
                                   .header_count = item->header_count};
    }
}

void commit_drop(struct coordinator *coordinator)
{
    if (coordinator->is_committing || coordinator->is_claiming)
        return; // its memory is in use until the answer
    coordinator->batch.count = 0;
    coordinator->batch.header_count = 0;
    buffer_clear(&coordinator->batch.bytes);
}

void commit_finish(struct coordinator *coordinator)
{
    struct commit_batch *batch = &coordinator->batch;
    buffer_finish(&batch->bytes);
    memory_release(batch->items);
    memory_release(batch->messages);
    memory_release(batch->headers);
    memory_release(batch->header_offsets);
    *batch = (struct commit_batch){0};
}

void commit_trim(struct coordinator *coordinator)
{
    if (!coordinator->is_committing && !coordinator->is_claiming && coordinator->batch.count == 0)
        commit_finish(coordinator);
}

// ---- Dead letters.

// The record's own headers, as many as may be written and as long as they fit.
static void headers_keep(struct commit_batch *batch, const struct kafka_record *record)
{
    struct kafka_header headers[KAFKA_HEADERS_MAX - DEAD_LETTER_HEADERS];
    uint32_t count = kafka_record_headers(record, headers, KAFKA_HEADERS_MAX - DEAD_LETTER_HEADERS);
    size_t room = DEAD_LETTER_HEADER_BYTES;
    for (uint32_t i = 0; i < count && i < KAFKA_HEADERS_MAX - DEAD_LETTER_HEADERS; i++) {
        if (headers[i].name.size + headers[i].value.size > room)
            return;
        room -= headers[i].name.size + headers[i].value.size;
        header_add(batch, headers[i]);
    }
}

// The refused record goes with its bytes untouched into the next transaction, which also moves the
// position past it: it is there exactly once. One that is too large is represented by its size.
void commit_refuse(struct coordinator *coordinator, struct text reason, struct text id)
{
    struct commit_batch *batch = &coordinator->batch;
    const struct kafka_record *record = coordinator->input;
    ensure(record != NULL);
    bool is_whole = record->value.size + record->key.size <= DEAD_LETTER_MAX;
    struct batch_message *message = message_add(batch, KAFKA_CELL_DEADLETTER, 0);
    uint32_t first = batch->header_count;
    message->is_tombstone = record->is_value_null || !is_whole;
    key_add(batch, message, is_whole ? record->key : (struct text){0});
    message->value = batch->bytes.size;
    if (is_whole) {
        message->value_size = record->value.size;
        buffer_add_text(&batch->bytes, record->value);
    }
    if (is_whole)
        headers_keep(batch, record);
    header_add_text(batch, "muster.reason", reason);
    header_add_text(batch, "muster.topic", record->topic);
    header_add_number(batch, "muster.partition", record->partition);
    header_add_number(batch, "muster.offset", record->offset);
    if (!is_whole)
        header_add_number(batch, "muster.size", (int64_t)record->value.size);
    if (id.size > 0)
        header_add_text(batch, "muster.id", id);
    batch->items[batch->count - 1].header_count = batch->header_count - first;
}

// ---- Requests.

void commit_start(struct coordinator *coordinator)
{
    struct control_write write;
    while (control_next_write(coordinator->control, &write))
        write_add(coordinator, &write);
    messages_make(coordinator);
    coordinator->is_committing = true;
    enum status status =
        kafka_transactor_commit(coordinator->transactor, ++coordinator->request,
                                coordinator->batch.messages, coordinator->batch.count);
    if (status)
        coordinator_fail(coordinator, "cannot commit: %s", status_text(status));
}

void commit_claim(struct coordinator *coordinator, const struct state_marker *claim)
{
    struct commit_batch *batch = &coordinator->batch;
    commit_drop(coordinator);
    struct batch_message *message = message_add(batch, KAFKA_CELL_STATE, 0);
    key_add(batch, message, TEXT_LITERAL("marker"));
    message->value = batch->bytes.size;
    wire_encode_avro_at(control_level(coordinator->control), RECORD_STATE_MARKER, claim,
                        &batch->bytes);
    message->value_size = batch->bytes.size - message->value;
    messages_make(coordinator);
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
                                    coordinator->batch.messages, coordinator->batch.count);
        if (status)
            coordinator_fail(coordinator, "cannot claim: %s", status_text(status));
        return;
    }
    coordinator->is_claiming = false;
    commit_drop(coordinator);
    if (answer->outcome != KAFKA_COMMITTED)
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
    if (event.outcome != COMMIT_DONE)
        coordinator_log(coordinator, "warning", "a transaction was not committed: %s",
                        answer->text);
    coordinator->is_committing = false;
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
