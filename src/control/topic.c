// SPDX-License-Identifier: Apache-2.0
//
// From claims to units. What a topic should look like follows from its last claim in log order and
// from what Kafka said:
//
//     no claim                         no unit
//     not splittable, or size unknown  one unit: the whole topic
//     splittable, N partitions         N units
//
// What the planner is told of the units comes from that claim too, and from the agent of it. A part
// of a split topic weighs as much as was announced, so that growth makes nothing lighter.
//
// A change of that shape takes the old units away everywhere before it makes the new ones (S1);
// growth of a split topic only adds. A topic that Kafka does not have keeps its units, in state
// `missing`, and is asked for again. So does a split topic that is shorter than was announced with
// the units beyond Kafka's number: the first report of one of them makes Kafka's number the one
// that counts, until Kafka has as many as are announced.
#include "base/ensure.h"
#include "control/core.h"
#include "proto/unit.h"

enum { ASK_MAX = 1000, ASK_AGAIN_MS = 5000 };

// Units that are partitions and stay: the shape until Kafka has said another.
static int32_t parts_count(const struct tables *tables, uint32_t topic)
{
    int32_t count = 0;
    for (uint32_t u = tables->topics[topic].units; u != NONE; u = tables->units[u].sibling)
        count += tables->units[u].partition >= 0 && !tables->units[u].is_doomed;
    return count;
}

// Number of units that are partitions, 0 = the whole topic, −1 = none at all.
static int32_t shape_wanted(const struct tables *tables, uint32_t topic)
{
    uint32_t last = claim_last(tables, topic);
    if (last == NONE)
        return -1;
    const struct attributes *said = &tables->attributes[tables->claims[last].attributes];
    if (!said->split)
        return 0;
    int32_t partitions = tables->topics[topic].partitions;
    if (said->partitions > partitions)
        partitions = said->partitions;
    return partitions > 0 ? partitions : parts_count(tables, topic);
}

struct plan_unit_options topic_options(const struct tables *tables, uint32_t topic)
{
    uint32_t last = claim_last(tables, topic);
    struct plan_unit_options options = {.weight = 1, .said.name = topic_name(tables, topic)};
    if (last == NONE)
        return options;
    const struct claim *claim = &tables->claims[last];
    const struct attributes *said = &tables->attributes[claim->attributes];
    const struct agent *agent = &tables->agents[tables->statements[claim->statement].agent];
    // A state may be older than the limit.
    options.weight = said->weight < PLAN_WEIGHT_MAX ? said->weight : PLAN_WEIGHT_MAX;
    options.said.agent = text_of(agent->id);
    options.said.labels = said->labels;
    options.said.labels_count = said->labels_count;
    options.said.agent_labels = agent->labels;
    options.said.agent_labels_count = agent->labels_count;
    return options;
}

// Whether Kafka, or an announcement that is believed, has said that the topic exists.
static bool is_placeable(const struct tables *tables, uint32_t topic)
{
    const struct topic *row = &tables->topics[topic];
    uint32_t last = claim_last(tables, topic);
    if (row->is_missing || last == NONE || topic_is_silent(tables, topic))
        return false;
    return row->partitions > 0 ||
           tables->attributes[tables->claims[last].attributes].partitions > 0;
}

void topic_question(struct control *control, uint32_t topic)
{
    struct topic *row = &control->tables.topics[topic];
    if (row->is_asked)
        return;
    row->is_asked = true;
    handles_add(&control->tables.asks, topic);
}

void unit_unplan(struct control *control, uint32_t unit, enum unit_reason reason)
{
    struct tables *tables = &control->tables;
    struct pool *pool = tables->pools[tables->topics[tables->units[unit].topic].pool];
    if (plan_unit_is_known(pool->plan, unit)) {
        plan_unit_remove(pool->plan, unit);
        pool->is_unsettled = true;
    }
    if (tables->units[unit].state == UNIT_OWNED)
        unit_revoke(control, unit, reason);
    else
        tables->units[unit].reason = (uint8_t)reason;
    unit_touch(tables, unit);
}

// Dooms the units outside of the wanted shape. Returns whether one of another kind is still held.
static bool units_doom(struct control *control, uint32_t topic, int32_t wanted)
{
    struct tables *tables = &control->tables;
    bool is_waiting = false;
    uint32_t next;
    for (uint32_t u = tables->topics[topic].units; u != NONE; u = next) {
        next = tables->units[u].sibling;
        int32_t partition = tables->units[u].partition;
        bool fits = wanted == 0 ? partition < 0 : partition >= 0 && partition < wanted;
        if (fits && !tables->units[u].is_doomed)
            continue;
        tables->units[u].is_doomed = true;
        unit_unplan(control, u, wanted < 0 ? UNIT_WITHDRAWN : UNIT_RESHAPED);
        if (tables->units[u].owner != NONE) {
            is_waiting = is_waiting || fits || (partition < 0) != (wanted == 0);
            continue;
        }
        lag_forget(control, u);
        unit_remove(tables, u, true);
    }
    return is_waiting;
}

static void unit_create(struct control *control, uint32_t topic, int32_t partition, bool is_grown)
{
    uint32_t unit = unit_add(&control->tables, topic, partition);
    control->tables.units[unit].is_grown = is_grown;
    control->tables.units[unit].since_s = (uint32_t)(control->wall_ms / 1000);
    unit_touch(&control->tables, unit);
}

// A partition that comes to those that are there is new: what is in it was written while the topic
// was known, so its first owner reads it from its beginning, whatever the pool's `start` says.
static void units_create(struct control *control, uint32_t topic, int32_t wanted)
{
    bool is_grown = parts_count(&control->tables, topic) > 0;
    if (wanted == 0 && unit_find(&control->tables, topic, -1) == NONE)
        unit_create(control, topic, -1, false);
    for (int32_t partition = 0; partition < wanted; partition++)
        if (unit_find(&control->tables, topic, partition) == NONE)
            unit_create(control, topic, partition, is_grown);
}

// A topic's units of the wanted shape, by number: lists have another order after a restore.
static uint32_t unit_at(const struct tables *tables, uint32_t topic, int32_t wanted, int32_t number)
{
    return unit_find(tables, topic, wanted == 0 ? -1 : number);
}

// Puts a unit into the plan, with these options, or takes it out (NULL).
static void unit_plan(struct control *control, uint32_t unit,
                      const struct plan_unit_options *options, enum unit_reason reason)
{
    struct tables *tables = &control->tables;
    struct pool *pool = tables->pools[tables->topics[tables->units[unit].topic].pool];
    bool is_known = plan_unit_is_known(pool->plan, unit);
    if (options == NULL && is_known) {
        unit_unplan(control, unit, reason);
    } else if (options != NULL && is_known) {
        plan_unit_set(pool->plan, unit, options);
        pool->is_unsettled = true;
    } else if (options != NULL) {
        plan_unit_add(pool->plan, unit, options);
        pool->is_unsettled = true;
        tables->units[unit].reason = UNIT_WAITS;
        unit_touch(tables, unit);
    }
}

// A free unit that stays out shows why.
static void unit_explain(struct control *control, uint32_t unit, bool placeable,
                         enum unit_reason reason)
{
    struct tables *tables = &control->tables;
    struct unit *row = &tables->units[unit];
    const struct topic *topic = &tables->topics[row->topic];
    enum unit_state state = topic->is_missing || topic_is_beyond(topic, row->partition)
                                ? UNIT_MISSING
                            : reason == UNIT_SILENT     ? UNIT_DORMANT
                            : reason == UNIT_QUARANTINE ? UNIT_QUARANTINED
                                                        : UNIT_PENDING;
    if (row->owner != NONE || (row->state == state && (placeable || row->reason == reason)))
        return;
    if (!placeable)
        row->reason = (uint8_t)reason;
    row->since_s = (uint32_t)(control->wall_ms / 1000);
    unit_move(tables, unit, state, NONE);
    unit_touch(tables, unit);
}

// Puts the units into the plan, or keeps them out while the topic is not known to exist.
static void units_plan(struct control *control, uint32_t topic, int32_t wanted)
{
    struct tables *tables = &control->tables;
    const struct pool *pool = tables->pools[tables->topics[topic].pool];
    bool placeable = is_placeable(tables, topic);
    bool is_silent = topic_is_silent(tables, topic);
    enum unit_reason reason = tables->topics[topic].is_missing ? UNIT_ABSENT
                              : is_silent                      ? UNIT_SILENT
                                                               : UNIT_ASKING;
    struct plan_unit_options options = topic_options(tables, topic);
    for (int32_t i = 0; i == 0 || i < wanted; i++) {
        uint32_t unit = unit_at(tables, topic, wanted, i);
        // What is placed stays while Kafka is asked again.
        bool may = placeable || (!tables->topics[topic].is_missing && !is_silent &&
                                 plan_unit_is_known(pool->plan, unit));
        enum unit_reason why = reason;
        if (topic_is_beyond(&tables->topics[topic], i)) {
            may = false;
            why = UNIT_ABSENT;
            tables->units[unit].is_grown = true; // once it is there, it is new
        } else if (reason == UNIT_ASKING && unit_is_quarantined(tables, unit)) {
            may = false;
            why = UNIT_QUARANTINE;
        }
        unit_plan(control, unit, may ? &options : NULL, why);
        unit_explain(control, unit, may, why);
    }
    if ((!placeable && !is_silent) || tables->topics[topic].is_short)
        topic_question(control, topic);
}

void topic_reconcile(struct control *control, uint32_t topic)
{
    struct tables *tables = &control->tables;
    int32_t wanted = shape_wanted(tables, topic);
    bool is_waiting = units_doom(control, topic, wanted);
    if (wanted < 0) {
        if (tables->topics[topic].units == NONE)
            topic_remove(tables, topic);
        return;
    }
    if (is_waiting)
        return;
    units_create(control, topic, wanted);
    units_plan(control, topic, wanted);
}

static void topic_tell(struct control *control, uint32_t topic)
{
    struct tables *tables = &control->tables;
    struct pool *pool = tables->pools[tables->topics[topic].pool];
    int32_t wanted = shape_wanted(tables, topic);
    struct plan_unit_options options = topic_options(tables, topic);
    for (int32_t i = 0; i == 0 || i < wanted; i++) {
        uint32_t unit = unit_at(tables, topic, wanted, i);
        if (unit != NONE && plan_unit_is_known(pool->plan, unit))
            plan_unit_set(pool->plan, unit, &options);
    }
    pool->is_unsettled = true;
}

void topics_tell(struct control *control, uint32_t agent)
{
    struct tables *tables = &control->tables;
    struct handles claims = {0};
    for (uint32_t s = tables->agents[agent].statements; s != NONE;
         s = tables->statements[s].next_of_agent)
        for (uint32_t c = tables->statements[s].claims; c != NONE; c = tables->claims[c].next)
            handles_add(&claims, c);
    handles_sort(&claims, tables, claim_before);
    for (uint32_t i = 0; i < claims.count; i++)
        topic_tell(control, tables->claims[claims.items[i]].topic);
    handles_finish(&claims);
}

// Nobody has the topic's records any more, or those of a part.
static void positions_forget(struct control *control, uint32_t topic)
{
    for (uint32_t u = control->tables.topics[topic].units; u != NONE;
         u = control->tables.units[u].sibling)
        handed_forget(control, u);
}

static void partitions_set(struct tables *tables, uint32_t topic, int32_t partitions)
{
    struct topic *row = &tables->topics[topic];
    if (row->partitions == partitions)
        return;
    row->partitions = partitions;
    for (uint32_t u = row->units; u != NONE; u = tables->units[u].sibling)
        unit_touch(tables, u);
}

// The first partition of a topic, or all of it, is missing: so is the topic. Of another one only
// Kafka can say how many there are.
void topic_missed(struct control *control, uint32_t unit)
{
    uint32_t topic = control->tables.units[unit].topic;
    struct topic *row = &control->tables.topics[topic];
    bool is_part = control->tables.units[unit].partition > 0;
    if (row->is_missing || (is_part && row->is_short))
        return;
    positions_forget(control, topic);
    row->is_short = is_part;
    row->is_missing = !is_part;
    if (!is_part)
        partitions_set(&control->tables, topic, 0);
    topic_question(control, topic);
    topic_reconcile(control, topic);
}

static void topic_answered(struct control *control, uint32_t topic, int32_t partitions)
{
    struct tables *tables = &control->tables;
    struct topic *row = &tables->topics[topic];
    if (partitions == 0 || (partitions > 0 && partitions < row->partitions))
        positions_forget(control, topic); // it is, or will be, another log
    if (partitions >= 0) {
        row->is_missing = partitions == 0;
        partitions_set(tables, topic, partitions);
        row->is_short = row->is_short && partitions > 0 && shape_wanted(tables, topic) > partitions;
    }
    if (partitions <= 0 || row->is_short) {
        row->is_asked = true;
        handles_add(&tables->asks_later, topic);
    }
    if (partitions >= 0)
        topic_reconcile(control, topic);
}

void topics_answered(struct control *control, const struct control_topic_answer *items,
                     uint32_t count)
{
    struct tables *tables = &control->tables;
    struct buffer name = {0};
    control->is_asking = false;
    for (uint32_t i = 0; i < count; i++) {
        buffer_clear(&name);
        unit_name_print((struct unit_name){items[i].cluster, items[i].topic, -1}, &name);
        for (uint32_t pool = 0; pool < tables->pools_count; pool++) {
            uint32_t topic = topic_find(tables, pool, buffer_text(&name));
            if (topic != NONE)
                topic_answered(control, topic, items[i].partitions);
        }
    }
    buffer_finish(&name);
    if (tables->asks_later.count > 0 && control->ask_again.us == INT64_MAX)
        control->ask_again = instant_add(control->now, span_of_ms(ASK_AGAIN_MS));
}

// Missing topics go back into the queue, all at once, every few seconds.
static void asks_repeat(struct control *control)
{
    struct tables *tables = &control->tables;
    if (!instant_has_come(control->ask_again, control->now))
        return;
    control->ask_again = INSTANT_NEVER;
    for (uint32_t i = 0; i < tables->asks_later.count; i++) {
        uint32_t topic = tables->asks_later.items[i];
        if (tables->topics[topic].name != 0 && tables->topics[topic].is_asked)
            handles_add(&tables->asks, topic);
    }
    tables->asks_later.count = 0;
}

void topics_ask(struct control *control)
{
    struct tables *tables = &control->tables;
    asks_repeat(control);
    if (control->is_asking || tables->asks.count == 0)
        return;
    struct control_topic_question *questions =
        arena_get(&control->effect_arena, ASK_MAX * sizeof(*questions));
    uint32_t count = 0, taken = 0;
    for (; taken < tables->asks.count && count < ASK_MAX; taken++) {
        uint32_t topic = tables->asks.items[taken];
        struct unit_name name;
        if (tables->topics[topic].name == 0 || !tables->topics[topic].is_asked)
            continue;
        tables->topics[topic].is_asked = false;
        enum status status = unit_name_parse(topic_name(tables, topic), &name);
        ensure(status == STATUS_OK);
        questions[count].cluster = arena_text(&control->effect_arena, name.cluster);
        questions[count++].topic = arena_text(&control->effect_arena, name.topic);
    }
    tables->asks.count -= taken;
    for (uint32_t i = 0; i < tables->asks.count; i++)
        tables->asks.items[i] = tables->asks.items[i + taken];
    if (count == 0)
        return;
    control->is_asking = true;
    struct control_effect *effect = effect_add(control, EFFECT_ASK_TOPICS);
    effect->topics.items = questions;
    effect->topics.count = count;
}
