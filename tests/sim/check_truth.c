// SPDX-License-Identifier: Apache-2.0
//
// A second, simple reading of the control log: a set of (agent, source, topic) that announcements
// add to and take from in log order. After every transaction the claims in the state must be that
// set, up to the position that the same transaction says was reached (CB-18, CB-19, MR-6, MR-14).
//
// What names no pool may be in any, by their rules. A pool that is deleted, by an order of another
// log, takes with it what is in it; what names its pool is left out.
//
// A statement with a time-to-live may go by itself, if nobody repeated it in time: neither what the
// leader has taken nor what waits in the log.
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "base/hash.h"
#include "base/index.h"
#include "base/memory.h"
#include "control/view.h"
#include "proto/key.h"
#include "sim/check.h"
#include "wire/wire.h"

struct said {
    uint32_t statement;
    char topic[80];
    bool is_said, is_written; // by the control log; by the state
    uint32_t pools;           // in which it is written, a bit each
    bool may_be_gone;         // its time was over when the statement was repeated
    struct instant at;        // append of the announcement that named it last
};

struct said_by {
    char agent[40], source[40];
    bool is_pooled; // names its pool
    int64_t ttl_ms;
    struct instant at; // append of its newest announcement that was taken
};

struct truth {
    struct said *items;
    struct said_by *statements;
    uint32_t count, capacity, statements_count, statements_capacity;
    struct index index;
    bool has_pools;     // a statement may be repeated in one pool and not in another
    uint32_t next;      // offset in control up to which it is read
    uint32_t different; // items of which the log and the state say different things
    struct arena arena;
};

struct truth *truth_create(void)
{
    return memory_get(sizeof(struct truth));
}

void truth_destroy(struct truth *truth)
{
    index_finish(&truth->index);
    arena_finish(&truth->arena);
    memory_release(truth->items);
    memory_release(truth->statements);
    memory_release(truth);
}

static uint32_t statement_of(struct truth *truth, struct text agent, struct text source)
{
    for (uint32_t i = 0; i < truth->statements_count; i++)
        if (text_equals(agent, truth->statements[i].agent) &&
            text_equals(source, truth->statements[i].source))
            return i;
    truth->statements = array_reserve(truth->statements, &truth->statements_capacity,
                                      truth->statements_count + 1, sizeof(*truth->statements));
    struct said_by *row = &truth->statements[truth->statements_count];
    *row = (struct said_by){0};
    snprintf(row->agent, sizeof(row->agent), "%.*s", TEXT_ARGS(agent));
    snprintf(row->source, sizeof(row->source), "%.*s", TEXT_ARGS(source));
    return truth->statements_count++;
}

static struct said *said_of(struct truth *truth, uint32_t statement, struct text topic)
{
    uint64_t hash = hash_keyed(topic, statement);
    uint32_t at;
    for (uint32_t i = index_find(&truth->index, hash, &at); i != INDEX_NONE;
         i = index_next(&truth->index, hash, &at))
        if (truth->items[i].statement == statement && text_equals(topic, truth->items[i].topic))
            return &truth->items[i];
    truth->items =
        array_reserve(truth->items, &truth->capacity, truth->count + 1, sizeof(*truth->items));
    struct said *said = &truth->items[truth->count];
    *said = (struct said){.statement = statement};
    snprintf(said->topic, sizeof(said->topic), "%.*s", TEXT_ARGS(topic));
    index_add(&truth->index, hash, truth->count++);
    return said;
}

static void said_set(struct truth *truth, struct said *said, bool is_said, bool is_written)
{
    truth->different -= said->is_said != said->is_written;
    said->is_said = is_said;
    said->is_written = is_written;
    truth->different += is_said != is_written;
}

// ---- The control log.

// Whether the topic may have gone because nobody repeated it before then.
static bool is_late(const struct truth *truth, const struct said *said, struct instant then)
{
    const struct said_by *by = &truth->statements[said->statement];
    struct instant from = truth->has_pools ? said->at : by->at;
    return by->ttl_ms > 0 && instant_since(then, from).us >= span_of_ms(by->ttl_ms).us;
}

// What is to be done with everything that the statement said before.
static void take_old(struct truth *truth, uint32_t statement, bool is_set, struct instant at)
{
    for (uint32_t i = 0; i < truth->count; i++) {
        struct said *said = &truth->items[i];
        if (said->statement != statement)
            continue;
        said->may_be_gone = is_late(truth, said, at);
        if (is_set)
            said_set(truth, said, false, said->is_written);
    }
}

// An add of nothing repeats nothing: a statement is heard in the pools of its topics.
static bool says_nothing(const struct announcement *from)
{
    return from->topics_count == 0 && !text_equals(from->mode, "set");
}

static void take(struct truth *truth, const struct announcement *from, struct instant at)
{
    uint32_t statement = statement_of(truth, from->agent, from->source);
    bool is_remove = text_equals(from->mode, "remove");
    if (from->pool.size > 0)
        truth->statements[statement].is_pooled = true;
    if (says_nothing(from) || from->pool.size > 0)
        return;
    if (!is_remove)
        take_old(truth, statement, text_equals(from->mode, "set"), at);
    for (uint32_t i = 0; i < from->topics_count; i++) {
        struct said *said = said_of(truth, statement, from->topics[i].name);
        said->may_be_gone = false;
        said->at = at;
        said_set(truth, said, !is_remove, said->is_written);
    }
    if (is_remove)
        return;
    truth->statements[statement].ttl_ms = from->ttl_ms;
    truth->statements[statement].at = at;
}

static bool is_refused(const struct batch *batch, uint32_t offset)
{
    for (uint32_t i = 0; i < batch->count; i++)
        if (batch->items[i].topic == SIM_DEADLETTER && batch->items[i].refused == offset)
            return true;
    return false;
}

static const struct announcement *announcement_at(struct world *world, uint32_t offset)
{
    struct truth *truth = world->checks->truth;
    const struct log_record *record = &world->logs[SIM_CONTROL].items[offset];
    struct wire_record decoded;
    struct wire_input input = {RECORD_ANNOUNCEMENT, record->value};
    arena_clear(&truth->arena);
    if (wire_decode_input(input, &truth->arena, NULL, &decoded, NULL) != STATUS_OK)
        return NULL;
    return decoded.record;
}

static void read_to(struct world *world, const struct batch *batch, int64_t next)
{
    struct truth *truth = world->checks->truth;
    for (; truth->next < next; truth->next++) {
        const struct announcement *said = announcement_at(world, truth->next);
        if (said == NULL || is_refused(batch, truth->next))
            continue;
        silence_heard(world, said, world->logs[SIM_CONTROL].items[truth->next].at);
        take(truth, said, world->logs[SIM_CONTROL].items[truth->next].at);
    }
}

// ---- The state.

static uint32_t pool_bit(struct text pool)
{
    static const char *const names[] = {"default", "west", "side"};
    for (uint32_t i = 0; i < 3; i++)
        if (text_equals(pool, names[i]))
            return 1u << i;
    return 1u << 3;
}

static void claim_take(struct truth *truth, const struct state_key *key, bool is_there)
{
    uint32_t statement = statement_of(truth, key->name, key->source);
    if (truth->statements[statement].is_pooled)
        return;
    struct said *said = said_of(truth, statement, key->unit);
    if (is_there)
        said->pools |= pool_bit(key->pool);
    else
        said->pools &= ~pool_bit(key->pool);
    said_set(truth, said, said->is_said, said->pools != 0);
}

static bool is_deleted(struct truth *truth, const struct batch_item *item)
{
    struct wire_record decoded = {0};
    arena_clear(&truth->arena);
    if (item->value.data == NULL)
        return true;
    if (wire_decode(item->value, &truth->arena, NULL, &decoded, NULL) != STATUS_OK)
        return false;
    return text_equals(((const struct state_pool *)decoded.record)->state, "deleted");
}

// What was in the pool, and what came into it in the transaction that deletes it, goes.
static void pool_take(struct truth *truth, const struct batch_item *item, struct text pool)
{
    if (!is_deleted(truth, item))
        return;
    for (uint32_t i = 0; i < truth->count; i++) {
        struct said *said = &truth->items[i];
        if (said->pools == 0 || (said->pools & pool_bit(pool)) != 0)
            said->may_be_gone = true;
    }
}

static void state_take(struct world *world, const struct batch *batch)
{
    struct truth *truth = world->checks->truth;
    for (int pass = world->has_pools ? 0 : 1; pass < 2; pass++)
        for (uint32_t i = 0; i < batch->count; i++) {
            const struct batch_item *item = &batch->items[i];
            struct state_key key;
            if (item->topic != SIM_STATE || state_key_parse(item->key, &key) != STATUS_OK)
                continue;
            if (pass == 0 && key.kind == RECORD_STATE_POOL)
                pool_take(truth, item, key.pool);
            if (pass == 1 && key.kind == RECORD_STATE_CLAIM)
                claim_take(truth, &key, item->value.data != NULL);
        }
}

// When the statement was repeated behind what is taken yet; never if it was not.
static struct instant repeated_at(struct world *world, const struct said_by *statement)
{
    const struct log *log = &world->logs[SIM_CONTROL];
    for (uint32_t i = world->checks->truth->next; i < log->count; i++) {
        const struct announcement *said = announcement_at(world, i);
        if (said != NULL && !says_nothing(said) && text_equals(said->agent, statement->agent) &&
            text_equals(said->source, statement->source) && !text_equals(said->mode, "remove"))
            return log->items[i].at;
    }
    return INSTANT_NEVER;
}

struct instant truth_heard_next(struct world *world, struct text agent)
{
    const struct log *log = &world->logs[SIM_CONTROL];
    // In its name strangers say what is refused.
    if (text_equals(agent, "agent1"))
        return INSTANT_NEVER;
    for (uint32_t i = world->checks->truth->next; i < log->count; i++) {
        const struct announcement *said = announcement_at(world, i);
        if (said != NULL && text_equal(said->agent, agent))
            return log->items[i].at;
    }
    return INSTANT_NEVER;
}

static bool may_expire(struct world *world, const struct said *said)
{
    const struct truth *truth = world->checks->truth;
    const struct said_by *by = &truth->statements[said->statement];
    struct instant end = world->now;
    if (!truth->has_pools)
        end = instant_earlier(end, repeated_at(world, by));
    return is_late(truth, said, end);
}

void truth_take(struct world *world, const struct batch *batch, const struct state_cell *cell)
{
    struct truth *truth = world->checks->truth;
    truth->has_pools = world->has_pools;
    read_to(world, batch, cell->control.next);
    state_take(world, batch);
    for (uint32_t i = 0; truth->different > 0 && i < truth->count; i++) {
        struct said *said = &truth->items[i];
        const struct said_by *by = &truth->statements[said->statement];
        if (said->is_said == said->is_written)
            continue;
        if (said->is_said && (said->may_be_gone || may_expire(world, said)))
            said_set(truth, said, false, false);
        else if (said->is_said)
            world_fail(world, "CB-18", "'%s' of agent '%s' was announced and is not in the state",
                       said->topic, by->agent);
        else
            world_fail(world, "CB-19", "'%s' of agent '%s' is in the state and nobody holds it",
                       said->topic, by->agent);
    }
    for (uint32_t i = 0; i < truth->count; i++)
        truth->items[i].may_be_gone = false;
}

// ---- The leader's tables.

static bool stands(const struct truth *truth, struct text topic)
{
    for (uint32_t i = 0; i < truth->count; i++)
        if (truth->items[i].is_said && text_equals(topic, truth->items[i].topic))
            return true;
    return false;
}

static bool has_topic(const struct control *control, const char *topic)
{
    struct unit_view unit;
    uint32_t cursor = 0;
    while (control_next_unit(control, &cursor, &unit))
        if (text_equals(unit.name, topic))
            return true;
    return false;
}

static bool is_behind(const struct world *world)
{
    const struct log *log = &world->logs[SIM_CONTROL];
    enum record_kind kind;
    for (uint32_t i = world->checks->truth->next; i < log->count; i++)
        if (!wire_kind(log->items[i].value, &kind) || kind != RECORD_MARKER)
            return true;
    return false;
}

void check_truth(struct world *world)
{
    const struct truth *truth = world->checks->truth;
    const struct process *leader = world_leading(world);
    struct unit_view unit;
    uint32_t cursor = 0;
    if (leader == NULL) {
        world_fail(world, "convergence", "nobody leads");
        return;
    }
    if (is_behind(world))
        world_fail(world, "CB-18", "what was announced is not taken (control %u of %u)",
                   truth->next, world->logs[SIM_CONTROL].count);
    for (uint32_t i = 0; i < truth->count; i++)
        if (truth->items[i].is_said && !has_topic(leader->control, truth->items[i].topic))
            world_fail(world, "CB-18", "'%s' was announced and is not there",
                       truth->items[i].topic);
    while (control_next_unit(leader->control, &cursor, &unit))
        if (!text_equals(unit.pool, "side") && !stands(truth, unit.name))
            world_fail(world, "CB-19", "'%.*s' is there and nobody holds it", TEXT_ARGS(unit.name));
}

void truth_rewind(struct world *world)
{
    world->checks->truth->next = 0;
}

uint32_t truth_next(const struct world *world)
{
    return world->checks->truth->next;
}

static uint32_t readers_of(struct world *world, struct text pool, struct text name,
                           int64_t partition)
{
    struct buffer text = {0};
    buffer_add_text(&text, name);
    if (partition >= 0) {
        buffer_add_char(&text, '/');
        buffer_add_int64(&text, partition);
    }
    uint32_t number = world_name(world, pool, buffer_text(&text));
    buffer_finish(&text);
    return world->names.items[number].readers;
}

const char *world_unsettled(struct world *world)
{
    const struct process *leader = world_leading(world);
    struct unit_view unit;
    uint32_t cursor = 0;
    if (leader == NULL)
        return "nobody leads";
    buffer_clear(&world->answer);
    while (control_next_unit(leader->control, &cursor, &unit)) {
        uint32_t readers = readers_of(world, unit.pool, unit.name, unit.partition);
        if (!text_equals(unit.state, "owned") || readers != 1)
            buffer_print(&world->answer, "%.*s/%lld %.*s by '%.*s' (%.*s), %u readers\n",
                         TEXT_ARGS(unit.name), (long long)unit.partition, TEXT_ARGS(unit.state),
                         TEXT_ARGS(unit.owner), TEXT_ARGS(unit.reason), readers);
    }
    return world->answer.size > 0 ? buffer_string(&world->answer) : NULL;
}
