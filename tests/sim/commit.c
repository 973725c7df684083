// SPDX-License-Identifier: Apache-2.0
//
// What a coordinator wants written, as the bytes of one transaction.
#include "base/memory.h"
#include "sim/world.h"
#include "wire/wire.h"

static struct text text_own(struct text text)
{
    return (struct text){text_copy(text), text.size};
}

// What the traces tell as well is not told twice.
static char *event_line(const struct event_record *record)
{
    struct buffer line = {0};
    if (text_has_prefix(record->kind, TEXT_LITERAL("collector.")) ||
        text_equals(record->kind, "leader.began") || text_equals(record->kind, "input.refused"))
        return NULL;
    buffer_print(&line, "event %.*s", TEXT_ARGS(record->kind));
    if (record->subject.size > 0)
        buffer_print(&line, " %.*s", TEXT_ARGS(record->subject));
    if (record->from.size > 0 || record->to.size > 0)
        buffer_print(&line, " %.*s->%.*s", TEXT_ARGS(record->from), TEXT_ARGS(record->to));
    buffer_print(&line, ": %.*s", TEXT_ARGS(record->text));
    if (record->rule.size > 0)
        buffer_print(&line, " (%.*s)", TEXT_ARGS(record->rule));
    if (record->id.size > 0)
        buffer_print(&line, " [%.*s: %.*s]", TEXT_ARGS(record->id), TEXT_ARGS(record->answer));
    char *copy = text_copy(buffer_text(&line));
    buffer_finish(&line);
    return copy;
}

static struct batch *batch_of(struct process *process)
{
    if (process->batch == NULL)
        process->batch = memory_get(sizeof(*process->batch));
    return process->batch;
}

static void write_add(struct batch *batch, const struct control_write *write)
{
    static const int topics[] = {[WRITE_STATE] = SIM_STATE,
                                 [WRITE_ASSIGNMENT] = SIM_ASSIGNMENTS,
                                 [WRITE_EVENT] = SIM_EVENTS};
    struct batch_item *item = batch_add(batch, topics[write->target] + write->partition);
    struct buffer value = {0};
    item->key = text_own(write->key);
    if (write->record == NULL)
        return;
    if (write->target == WRITE_EVENT)
        wire_encode_json(write->kind, write->record, &value);
    else
        wire_encode_avro(write->kind, write->record, &value);
    if (write->target == WRITE_EVENT)
        item->line = event_line(write->record);
    item->value = text_own(buffer_text(&value));
    buffer_finish(&value);
}

void commit_start(struct world *world, struct process *process)
{
    struct control_write write;
    struct batch *batch = batch_of(process);
    while (control_next_write(process->control, &write))
        write_add(batch, &write);
    batch->epoch = process->txn_epoch;
    process->batch = NULL;
    process->is_committing = true;
    process_push(world, process, (struct thing){.kind = THING_TXN_APPLY, .batch = batch},
                 world_delay_us(world, 30));
}

void commit_claim(struct world *world, struct process *process, const struct state_marker *marker)
{
    struct buffer value = {0};
    struct batch *batch = memory_get(sizeof(*batch));
    wire_encode_avro(RECORD_STATE_MARKER, marker, &value);
    struct batch_item *item = batch_add(batch, SIM_STATE);
    item->key = text_own(TEXT_LITERAL("marker"));
    item->value = text_own(buffer_text(&value));
    buffer_finish(&value);
    batch->is_claim = true;
    process_push(world, process, (struct thing){.kind = THING_TXN_INIT, .batch = batch},
                 world_delay_us(world, 10));
}

void commit_refuse(struct world *world, struct process *process, struct text reason)
{
    int topic = process->input_log == INPUT_CONTROL ? SIM_CONTROL : SIM_ORDERS;
    const struct log_record *record = &world->logs[topic].items[process->input];
    struct batch_item *item = batch_add(batch_of(process), SIM_DEADLETTER);
    struct buffer line = {0};
    buffer_print(&line, "dead letter: %.*s", TEXT_ARGS(reason));
    item->value = text_own(record->value);
    item->reason = text_own(reason);
    item->refused = process->input_log == INPUT_CONTROL ? process->input : -1;
    item->line = text_copy(buffer_text(&line));
    buffer_finish(&line);
}
