// SPDX-License-Identifier: Apache-2.0
//
// Where the logs end that nobody reads. Nobody reports on a unit without an owner, so the
// coordinator asks Kafka for its end and for what the pool's group has committed: in rounds, at
// most so many partitions a second, whatever the cell holds. A standby does so for those who ask
// it.
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "control/core.h"
#include "proto/unit.h"

enum { ROUND_MS = 5000, PAUSE_MS = 1000, ASK_PARTITIONS_MAX = 500 };

// Of one topic; an announcement may say anything.
enum { PARTITIONS_MAX = 10000 };

static bool has_orphans(const struct pool *pool)
{
    return !pool->is_gone && pool->states[UNIT_PENDING] + pool->states[UNIT_DORMANT] +
                                     pool->states[UNIT_QUARANTINED] >
                                 0;
}

static bool is_wanted(const struct control *control)
{
    if (control->phase != PHASE_LEADING && control->phase != PHASE_STANDBY)
        return false;
    for (uint32_t i = 0; i < control->tables.pools_count; i++)
        if (has_orphans(control->tables.pools[i]))
            return control->is_restored;
    return false;
}

// As Kafka said, or as an announcement said that was believed so far.
static int32_t partitions_of(const struct tables *tables, uint32_t topic)
{
    uint32_t last = claim_last(tables, topic);
    if (tables->topics[topic].partitions > 0 || last == NONE)
        return tables->topics[topic].partitions;
    return tables->attributes[tables->claims[last].attributes].partitions;
}

// Nobody reads it, and it is there.
static bool is_orphan(const struct unit *row)
{
    return row->owner == NONE && row->state != UNIT_MISSING && !row->is_doomed;
}

// ---- Asking.

// The partitions of a topic's units that nobody reads. A topic of another cluster is not this
// one's to look at.
static uint32_t topic_ask(struct control *control, uint32_t topic, int32_t partitions,
                          struct control_end_question *items)
{
    const struct tables *tables = &control->tables;
    struct unit_name name;
    uint32_t count = 0;
    enum status status = unit_name_parse(topic_name(tables, topic), &name);
    ensure(status == STATUS_OK);
    if (name.cluster.size > 0)
        return 0;
    struct text copy = arena_text(&control->effect_arena, name.topic);
    for (uint32_t u = tables->topics[topic].units; u != NONE; u = tables->units[u].sibling) {
        const struct unit *unit = &tables->units[u];
        if (!is_orphan(unit) || unit->partition >= partitions)
            continue;
        int32_t first = unit->partition < 0 ? 0 : unit->partition;
        int32_t end = unit->partition < 0 ? partitions : first + 1;
        for (int32_t partition = first; partition < end; partition++)
            items[count++] = (struct control_end_question){.topic = copy,
                                                           .partition = partition,
                                                           .partitions = partitions,
                                                           .wants_committed = true};
    }
    return count;
}

static void question_put(struct control *control, const struct control_end_question *items,
                         uint32_t count)
{
    struct sampling *sampling = &control->sampling;
    struct control_effect *effect = effect_add(control, EFFECT_ASK_ENDS);
    struct control_end_question *copy = arena_get(&control->effect_arena, count * sizeof(*copy));
    memcpy(copy, items, count * sizeof(*copy));
    sampling->is_asked = true;
    sampling->asked_pool = sampling->pool;
    effect->ends.number = --sampling->question;
    effect->ends.pool = text_of(control->tables.pools[sampling->pool]->name);
    effect->ends.items = copy;
    effect->ends.count = count;
}

// Puts a question about the next units of the pool; false = there are none.
static bool pool_ask(struct control *control)
{
    struct sampling *sampling = &control->sampling;
    const struct tables *tables = &control->tables;
    struct control_end_question *items = NULL;
    uint32_t count = 0, capacity = 0;
    for (; sampling->topic < tables->topics_count; sampling->topic++) {
        const struct topic *row = &tables->topics[sampling->topic];
        if (row->name == 0 || row->pool != sampling->pool || row->is_missing || row->units == NONE)
            continue;
        int32_t partitions = partitions_of(tables, sampling->topic);
        if (partitions <= 0 || partitions > PARTITIONS_MAX)
            continue;
        if (count > 0 && count + (uint32_t)partitions > ASK_PARTITIONS_MAX)
            break;
        items = array_reserve(items, &capacity, count + (uint32_t)partitions, sizeof(*items));
        count += topic_ask(control, sampling->topic, partitions, items + count);
    }
    if (count > 0)
        question_put(control, items, count);
    memory_release(items);
    return count > 0;
}

void sample_run(struct control *control)
{
    struct sampling *sampling = &control->sampling;
    const struct tables *tables = &control->tables;
    if (sampling->is_asked || control->silence.is_asked)
        return;
    if (!is_wanted(control)) {
        sampling->next_at = (struct instant){0};
        return;
    }
    // What is given out at once is not asked about.
    if (sampling->next_at.us == 0)
        sampling->next_at = instant_add(control->now, span_of_ms(ROUND_MS));
    if (!instant_has_come(sampling->next_at, control->now))
        return;
    sampling->next_at = instant_add(control->now, span_of_ms(PAUSE_MS));
    for (; sampling->pool < tables->pools_count; sampling->pool++) {
        if (has_orphans(tables->pools[sampling->pool]) && pool_ask(control))
            return;
        sampling->topic = 0;
    }
    sampling->pool = 0;
    sampling->next_at = instant_add(control->now, span_of_ms(ROUND_MS - PAUSE_MS));
}

struct instant sample_deadline(const struct control *control)
{
    const struct sampling *sampling = &control->sampling;
    if (sampling->is_asked || control->silence.is_asked || sampling->next_at.us == 0)
        return INSTANT_NEVER;
    return sampling->next_at;
}

// ---- The answer.

// How many of the answers from here on are about one unit; `*ret_unit` is NONE if it is none that
// nobody reads any more.
static uint32_t unit_answers(const struct control *control, const struct control_end_answer *items,
                             uint32_t count, uint32_t *ret_unit)
{
    const struct tables *tables = &control->tables;
    uint32_t topic = topic_find(tables, control->sampling.asked_pool, items[0].topic);
    uint32_t unit = topic == NONE ? NONE : unit_find(tables, topic, -1);
    uint32_t same = 1;
    bool is_whole = unit != NONE;
    if (topic != NONE && !is_whole)
        unit = unit_find(tables, topic, items[0].partition);
    while (is_whole && same < count && text_equal(items[same].topic, items[0].topic))
        same++;
    *ret_unit = unit != NONE && is_orphan(&tables->units[unit]) ? unit : NONE;
    return same;
}

void sample_answered(struct control *control, const struct control_event *event)
{
    struct sampling *sampling = &control->sampling;
    uint32_t same;
    if (!sampling->is_asked || event->ends.number != sampling->question)
        return;
    sampling->is_asked = false;
    for (uint32_t i = 0; i < event->ends.count; i += same) {
        uint32_t unit;
        same = unit_answers(control, &event->ends.items[i], event->ends.count - i, &unit);
        if (unit != NONE)
            lag_sampled(control, unit, &event->ends.items[i], same);
    }
}
