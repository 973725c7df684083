// SPDX-License-Identifier: Apache-2.0
//
// Kafka: appends that arrive late and in order, and transactions that are whole, of one producer at
// a time. A topic whose broker is away takes nothing until another one leads it.
#include <string.h>

#include "base/memory.h"
#include "sim/check.h"
#include "sim/world.h"

static bool reads(const struct process *process, int topic)
{
    if (process->is_coordinator)
        return topic == SIM_MEMBERS || topic == SIM_REPORTS || topic == SIM_STATE ||
               (process->is_reading_inputs && (topic == SIM_CONTROL || topic == SIM_ORDERS));
    return topic == SIM_ASSIGNMENTS + process->partition ||
           (topic == SIM_MEMBERS && process->is_watching);
}

// What a run is known by: everything that ever stood in a log.
static void hash_text(uint64_t *hash, struct text text)
{
    uint64_t word = 0;
    for (size_t i = 0; i < text.size; i += sizeof(word)) {
        size_t size = text.size - i < sizeof(word) ? text.size - i : sizeof(word);
        word = size;
        for (size_t k = 0; k < size; k++)
            word = word << 8 | (unsigned char)text.data[i + k];
        *hash = (*hash ^ word) * 0x9e3779b97f4a7c15u;
        *hash ^= *hash >> 29;
    }
}

void broker_appended(struct world *world, int topic, uint32_t offset)
{
    const struct log_record *record = &world->logs[topic].items[offset];
    world->hash =
        (world->hash ^ (uint64_t)record->at.us ^ (uint64_t)topic << 56) * 0x9e3779b97f4a7c15u;
    hash_text(&world->hash, record->key);
    hash_text(&world->hash, record->value);
    check_append(world, topic, offset);
    for (int i = 0; i < world->process_count; i++) {
        struct process *process = &world->processes[i];
        if (process->is_up && reads(process, topic))
            process_look_later(world, process);
    }
}

uint32_t broker_append(struct world *world, int topic, const struct log_record *record)
{
    uint32_t offset = log_append(&world->logs[topic], record);
    broker_appended(world, topic, offset);
    return offset;
}

// What a process that is cut off sends may be given up: its delivery timeout is over.
static bool is_lost(struct world *world, const struct process *process)
{
    return process->is_losing && instant_is_before(world->now, process->stalled_until) &&
           world_draw(world, 2) == 0;
}

void broker_send(struct world *world, struct process *process, int topic, struct text key,
                 struct text value, uint64_t seq)
{
    struct instant at = instant_add(world->now, (struct span){world_delay_us(world, 20)});
    if (is_lost(world, process)) {
        if (seq != 0)
            process_push(world, process, (struct thing){.kind = THING_BEAT_LOST, .number = seq},
                         instant_since(process->stalled_until, world->now).us);
        return;
    }
    if (instant_is_before(at, process->stalled_until))
        at = process->stalled_until;
    if (instant_is_before(at, process->last_append))
        at = process->last_append;
    process->last_append = at;
    process_push(world, process,
                 (struct thing){.kind = THING_APPEND,
                                .topic = topic,
                                .key = {text_copy(key), key.size},
                                .value = {text_copy(value), value.size},
                                .number = seq},
                 at.us - world->now.us);
}

// Puts a thing off until the topic has a leader again; things of one topic keep their order.
static bool is_put_off(struct world *world, struct thing *thing, int topic)
{
    struct thing later = *thing;
    if (!instant_is_before(world->now, world->topic_stuck_until[topic]))
        return false;
    later.at = world->topic_stuck_until[topic];
    thing->batch = NULL;
    thing->key = thing->value = (struct text){0};
    queue_push(&world->queue, later);
    return true;
}

static void append(struct world *world, struct thing *thing)
{
    struct process *process = &world->processes[thing->process];
    struct log_record record = {
        .at = world->now, .key = thing->key, .value = thing->value, .refused = -1};
    if (is_put_off(world, thing, thing->topic))
        return;
    thing->key = thing->value = (struct text){0};
    broker_appended(world, thing->topic, log_append_owned(&world->logs[thing->topic], &record));
    if (thing->number == 0 || process->life != thing->life)
        return;
    int64_t delay_us = world_delay_us(world, 20);
    if (instant_is_before(world->now, process->acks_stalled_until))
        delay_us += instant_since(process->acks_stalled_until, world->now).us;
    process_push(world, process, (struct thing){.kind = THING_BEAT_ACKED, .number = thing->number},
                 delay_us);
}

// ---- Transactions.

static void answer(struct world *world, const struct thing *thing, enum commit_outcome outcome)
{
    struct process *process = &world->processes[thing->process];
    if (process->life == thing->life)
        process_push(world, process,
                     (struct thing){.kind = THING_TXN_ANSWERED, .outcome = (int)outcome},
                     world_delay_us(world, 10));
}

static void init(struct world *world, struct thing *thing)
{
    struct thing apply = *thing;
    apply.kind = THING_TXN_APPLY;
    apply.at = instant_add(world->now, (struct span){world_delay_us(world, 10)});
    apply.batch->epoch = ++world->txn_epoch;
    world->processes[thing->process].txn_epoch = world->txn_epoch;
    thing->batch = NULL;
    queue_push(&world->queue, apply);
}

static void write_all(struct world *world, const struct batch *batch)
{
    check_batch(world, batch);
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct batch_item *item = &batch->items[i];
        struct log_record record = {.at = world->now,
                                    .key = item->key,
                                    .value = item->value,
                                    .reason = item->reason,
                                    .refused = item->refused};
        broker_append(world, item->topic, &record);
        if (item->line != NULL)
            world_tell(world, "%s", item->line);
    }
    check_committed(world, batch);
}

static enum sim_outcome outcome_draw(struct world *world)
{
    enum sim_outcome outcome = world->next_outcome;
    world->next_outcome = SIM_DONE;
    if (world->unknown_percent > 0 && world_draw(world, 100) < (uint64_t)world->unknown_percent)
        outcome = world_draw(world, 2) == 0 ? SIM_UNKNOWN_COMMITTED : SIM_UNKNOWN_LOST;
    else if (world->abort_percent > 0 && world_draw(world, 100) < (uint64_t)world->abort_percent)
        outcome = SIM_ABORTED;
    return outcome;
}

// The shell begins the transaction again, unchanged.
static void again(struct world *world, struct thing *thing)
{
    struct thing later = *thing;
    world_tell(world, "a transaction of %s is aborted and sent again",
               world->processes[thing->process].name);
    later.at = instant_add(world->now, (struct span){world_delay_us(world, 100)});
    thing->batch = NULL;
    queue_push(&world->queue, later);
}

static void apply(struct world *world, struct thing *thing)
{
    if (is_put_off(world, thing, SIM_STATE) || is_put_off(world, thing, SIM_ASSIGNMENTS))
        return;
    if (thing->batch->epoch != world->txn_epoch) {
        answer(world, thing, COMMIT_FENCED);
        return;
    }
    enum sim_outcome outcome = outcome_draw(world);
    if (outcome == SIM_ABORTED) {
        again(world, thing);
        return;
    }
    if (outcome != SIM_UNKNOWN_LOST)
        write_all(world, thing->batch);
    answer(world, thing, outcome == SIM_DONE ? COMMIT_DONE : COMMIT_UNKNOWN);
}

void broker_take(struct world *world, struct thing *thing)
{
    if (thing->kind == THING_APPEND)
        append(world, thing);
    else if (thing->kind == THING_TXN_INIT)
        init(world, thing);
    else
        apply(world, thing);
}
