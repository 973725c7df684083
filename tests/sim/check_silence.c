// SPDX-License-Identifier: Apache-2.0
//
// CB-24, CB-32, CB-34, CB-35 by facts: an agent is declared unhealthy only when for as many
// intervals as the state counts there was no announcement of its own in the log, taken or not, and
// no record in any of its topics; and when all records of these had been delivered. Who announces
// something is well from the same transaction on. Each agent is judged by its own signs alone.
//
// Counted is from sign to sign, by the world's clock: an interval of the leader's, with what S4
// adds to it, is never shorter. A record counts from when it was written until the leader looked at
// the end of the log.
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "control/view.h"
#include "proto/key.h"
#include "sim/check.h"
#include "wire/wire.h"

struct quiet {
    char agent[40];
    struct instant heard; // append of its newest announcement that was taken
    bool is_unhealthy;    // by the state
    bool is_heard;        // in the present transaction
};

// How a topic looked when a coordinator asked where it ends.
struct look {
    uint64_t number; // of the question
    struct instant at, written_at;
    bool is_drained;
};

struct silences {
    struct quiet *items;
    uint32_t count, capacity;
    struct look looks[SIM_PROCESSES_MAX][SIM_UNITS_MAX]; // by topic
    uint64_t newest[SIM_PROCESSES_MAX];                  // question
};

struct silences *silences_create(void)
{
    return memory_get(sizeof(struct silences));
}

void silences_destroy(struct silences *silences)
{
    memory_release(silences->items);
    memory_release(silences);
}

static struct quiet *quiet_of(struct silences *silences, struct text agent)
{
    for (uint32_t i = 0; i < silences->count; i++)
        if (text_equals(agent, silences->items[i].agent))
            return &silences->items[i];
    silences->items = array_reserve(silences->items, &silences->capacity, silences->count + 1,
                                    sizeof(*silences->items));
    struct quiet *quiet = &silences->items[silences->count++];
    *quiet = (struct quiet){0};
    snprintf(quiet->agent, sizeof(quiet->agent), "%.*s", TEXT_ARGS(agent));
    return quiet;
}

void silence_heard(struct world *world, const struct announcement *said, struct instant at)
{
    struct quiet *quiet = quiet_of(world->checks->silences, said->agent);
    quiet->heard = at;
    quiet->is_heard = true;
}

void fact_looked(struct world *world, const struct process *process, const struct thing *thing,
                 const struct sim_data_topic *topic, int partition)
{
    struct silences *silences = world->checks->silences;
    struct look *look = &silences->looks[process->number][topic - world->topics];
    // Of the same topic, by parts; each life counts its questions anew.
    bool is_more = look->number == thing->number && look->at.us == world->now.us;
    *look = (struct look){.number = thing->number,
                          .at = world->now,
                          .written_at = topic->written_at,
                          .is_drained = (!is_more || look->is_drained) &&
                                        world_is_delivered(world, thing->key, topic, partition)};
    silences->newest[process->number] = thing->number;
}

// ---- Judging.

// Of the transaction, if it lives still.
static const struct process *author(const struct world *world)
{
    for (int i = 0; i < world->process_count; i++)
        if (world->processes[i].control != NULL &&
            strcmp(world->checks->leader, world->processes[i].incarnation) == 0)
            return &world->processes[i];
    return NULL;
}

// Whether Kafka does not have the topic, by what the leader knows, or nobody has to deliver it.
static bool is_in_state(const struct control *control, struct text topic, const char *state)
{
    struct unit_view unit;
    uint32_t cursor = 0;
    while (control_next_unit(control, &cursor, &unit))
        if (text_equal(unit.name, topic) && text_equals(unit.pool, "default") &&
            text_equals(unit.state, state))
            return true;
    return false;
}

static void judge_topic(struct world *world, const struct process *leader,
                        const struct quiet *quiet, struct text topic, int64_t silent_ms)
{
    const struct silences *silences = world->checks->silences;
    const struct sim_data_topic *row = world_topic_find(world, topic);
    if (row == NULL || is_in_state(leader->control, topic, "missing"))
        return;
    const struct look *look = &silences->looks[leader->number][row - world->topics];
    if (look->number != silences->newest[leader->number])
        return;
    int64_t ms = span_ms(instant_since(look->at, look->written_at));
    if (ms < silent_ms)
        world_fail(world, "CB-34",
                   "'%s' is unhealthy, silent for %lld ms, and wrote into '%.*s' "
                   "%lld ms before its end was looked at",
                   quiet->agent, (long long)silent_ms, TEXT_ARGS(topic), (long long)ms);
    if (!look->is_drained && !is_in_state(leader->control, topic, "dormant"))
        world_fail(world, "CB-32", "'%s' is unhealthy, and records of '%.*s' are not delivered",
                   quiet->agent, TEXT_ARGS(topic));
}

static void judge(struct world *world, const struct quiet *quiet, int64_t misses)
{
    int64_t silent_ms = misses * world->silence_ms;
    struct instant next = truth_heard_next(world, text_of(quiet->agent));
    struct instant end = instant_earlier(world->now, next);
    int64_t ms = span_ms(instant_since(end, quiet->heard));
    const struct process *leader = author(world);
    struct text topic;
    uint32_t cursor = 0;
    if (misses < 1 || ms < silent_ms)
        world_fail(world, "CB-34",
                   "'%s' is unhealthy after %lld intervals of %lld ms, and "
                   "announced something after %lld ms",
                   quiet->agent, (long long)misses, (long long)world->silence_ms, (long long)ms);
    while (leader != NULL && control_next_topic_of_agent(leader->control, TEXT_LITERAL("default"),
                                                         text_of(quiet->agent), &cursor, &topic))
        judge_topic(world, leader, quiet, topic, silent_ms);
}

static void take_agent(struct world *world, const struct batch_item *item, struct text agent)
{
    struct quiet *quiet = quiet_of(world->checks->silences, agent);
    struct wire_record decoded = {0};
    bool was_unhealthy = quiet->is_unhealthy;
    quiet->is_unhealthy = false;
    if (item->value.data == NULL)
        return;
    arena_clear(&world->checks->arena);
    enum status status = wire_decode(item->value, &world->checks->arena, NULL, &decoded, NULL);
    ensure(status == STATUS_OK);
    const struct state_agent *record = decoded.record;
    quiet->is_unhealthy = text_equals(record->health, "unhealthy");
    if (quiet->is_unhealthy && !was_unhealthy)
        judge(world, quiet, record->misses);
}

void silences_take(struct world *world, const struct batch *batch)
{
    struct silences *silences = world->checks->silences;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct batch_item *item = &batch->items[i];
        struct state_key key;
        if (item->topic == SIM_STATE && state_key_parse(item->key, &key) == STATUS_OK &&
            key.kind == RECORD_STATE_AGENT && text_equals(key.pool, "default"))
            take_agent(world, item, key.name);
    }
    for (uint32_t i = 0; i < silences->count; i++) {
        struct quiet *quiet = &silences->items[i];
        if (quiet->is_heard && quiet->is_unhealthy)
            world_fail(world, "CB-24", "'%s' announced something and is unhealthy", quiet->agent);
        quiet->is_heard = false;
    }
}
