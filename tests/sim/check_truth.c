// SPDX-License-Identifier: Apache-2.0
//
// A second, simple reading of the control log: a list of (agent, source, topic) that announcements
// add to and take from in log order. What the leader has must be the same set of topics. What
// names its pool is left out: that one may be deleted, by an order of another log.
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "control/view.h"
#include "sim/check.h"
#include "wire/wire.h"

enum { SAID_MAX = 4096 };

struct said {
    char agent[40], source[40], topic[80];
};

struct truth {
    struct said items[SAID_MAX];
    uint32_t count;
};

static void drop(struct truth *truth, const struct announcement *from, const char *topic)
{
    for (uint32_t i = 0; i < truth->count;) {
        struct said *said = &truth->items[i];
        bool is_it = text_equals(from->agent, said->agent) &&
                     text_equals(from->source, said->source) &&
                     (topic == NULL || strcmp(topic, said->topic) == 0);
        if (is_it)
            *said = truth->items[--truth->count];
        else
            i++;
    }
}

static void take(struct truth *truth, const struct announcement *from)
{
    if (text_equals(from->mode, "set"))
        drop(truth, from, NULL);
    for (uint32_t i = 0; i < from->topics_count; i++) {
        char topic[80];
        snprintf(topic, sizeof(topic), "%.*s", TEXT_ARGS(from->topics[i].name));
        drop(truth, from, topic);
        if (text_equals(from->mode, "remove") || truth->count == SAID_MAX)
            continue;
        struct said *said = &truth->items[truth->count++];
        snprintf(said->agent, sizeof(said->agent), "%.*s", TEXT_ARGS(from->agent));
        snprintf(said->source, sizeof(said->source), "%.*s", TEXT_ARGS(from->source));
        memcpy(said->topic, topic, sizeof(topic));
    }
}

static bool is_refused(const struct world *world, uint32_t offset)
{
    const struct log *letters = &world->logs[SIM_DEADLETTER];
    for (uint32_t i = 0; i < letters->count; i++)
        if (letters->items[i].refused == offset)
            return true;
    return false;
}

static struct truth *truth_read(const struct world *world)
{
    struct truth *truth = memory_get(sizeof(*truth));
    const struct log *log = &world->logs[SIM_CONTROL];
    for (uint32_t i = 0; i < log->count; i++) {
        struct arena arena = {0};
        struct wire_record decoded;
        struct wire_input input = {RECORD_ANNOUNCEMENT, log->items[i].value};
        if (!is_refused(world, i) &&
            wire_decode_input(input, &arena, NULL, &decoded, NULL) == STATUS_OK &&
            ((const struct announcement *)decoded.record)->pool.size == 0)
            take(truth, decoded.record);
        arena_finish(&arena);
    }
    return truth;
}

static bool stands(const struct truth *truth, struct text topic)
{
    for (uint32_t i = 0; i < truth->count; i++)
        if (text_equals(topic, truth->items[i].topic))
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

void check_truth(struct world *world)
{
    const struct process *leader = world_leading(world);
    struct unit_view unit;
    uint32_t cursor = 0;
    if (leader == NULL) {
        world_fail(world, "nobody leads");
        return;
    }
    struct truth *truth = truth_read(world);
    for (uint32_t i = 0; i < truth->count; i++)
        if (!has_topic(leader->control, truth->items[i].topic))
            world_fail(world, "'%s' was announced and is not there (CB-18)", truth->items[i].topic);
    while (control_next_unit(leader->control, &cursor, &unit))
        if (!text_equals(unit.pool, SIM_POOL_DELETED) && !stands(truth, unit.name))
            world_fail(world, "'%.*s' is there and nobody holds it", TEXT_ARGS(unit.name));
    memory_release(truth);
}

static uint32_t readers_of(const struct world *world, struct text pool, struct text name,
                           int64_t partition)
{
    char text[100];
    uint32_t readers = 0;
    snprintf(text, sizeof(text), partition < 0 ? "%.*s" : "%.*s/%lld", TEXT_ARGS(name),
             (long long)partition);
    for (int i = 0; i < world->process_count; i++)
        for (uint32_t k = 0; world->processes[i].is_up && k < world->processes[i].units_count; k++)
            readers += strcmp(world->processes[i].units[k].name, text) == 0 &&
                       text_equals(pool, world->processes[i].pool);
    return readers;
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
