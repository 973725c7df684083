// SPDX-License-Identifier: Apache-2.0
//
// Silence of agents. A pool may say in which interval its agents are to be heard (agent_interval)
// and how many intervals in a row they may be silent (agent_misses = k). The k-th one makes an
// agent unhealthy, and a topic that only unhealthy agents announce dormant: its owner lets go of it
// (S2), the planner knows it no more, and it comes back by itself.
//
// A sign of life is an announcement, or a record in one of the agent's topics: the reports of the
// owners say how far their logs go, and at the end of the interval the leader asks for the ends of
// those topics of which nothing was heard. An interval is missed only if silence in it is proved:
//
//     no announcement   an own marker that was sent after the interval has been read back, and no
//                       marker of the interval was late (S4)
//     no record         the end is where it was when the interval began, and everything before it
//                       has been delivered, by the owner's word
//
// What nobody can say is no silence: a sink or a broker that is away, a topic without an owner, an
// end that was not known before. Such an interval neither counts nor resets the count.
//
// The logs of dormant units are looked at in every interval. A new leader does not know where they
// ended; it compares the end with what the group has committed. It begins the counts anew: what was
// written while nobody led, nobody can tell.
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "control/core.h"
#include "proto/unit.h"

enum { ASK_PARTITIONS_MAX = 1000, DIRTY_BYTES_MAX = 8 * 1024 * 1024 };

// ---- What a pool asks for.

bool silence_is_counted(const struct control *control)
{
    for (uint32_t i = 0; i < control->tables.pools_count; i++)
        if (control->tables.pools[i]->agent_interval_ms > 0)
            return true;
    return false;
}

static void markers_begin(struct control *control)
{
    if (control->next_marker.us == INT64_MAX && silence_is_counted(control))
        control->next_marker = control->now;
}

// ---- Signs of life.

bool topic_is_silent(const struct tables *tables, uint32_t topic)
{
    uint32_t claim = tables->topics[topic].claims;
    for (uint32_t c = claim; c != NONE; c = tables->claims[c].next_of_topic)
        if (tables->agents[tables->statements[tables->claims[c].statement].agent].health !=
            AGENT_UNHEALTHY)
            return false;
    return claim != NONE;
}

static void topics_gather(const struct tables *tables, uint32_t agent, struct handles *topics)
{
    for (uint32_t s = tables->agents[agent].statements; s != NONE;
         s = tables->statements[s].next_of_agent)
        for (uint32_t c = tables->statements[s].claims; c != NONE; c = tables->claims[c].next)
            handles_add(topics, tables->claims[c].topic);
}

// By name, each once.
static void topics_order(const struct tables *tables, struct handles *topics)
{
    uint32_t count = 0;
    handles_sort(topics, tables, topic_before);
    for (uint32_t i = 0; i < topics->count; i++)
        if (count == 0 || topics->items[count - 1] != topics->items[i])
            topics->items[count++] = topics->items[i];
    topics->count = count;
}

static void agent_changed(struct control *control, uint32_t agent)
{
    struct handles topics = {0};
    topics_gather(&control->tables, agent, &topics);
    topics_order(&control->tables, &topics);
    for (uint32_t i = 0; i < topics.count; i++)
        topic_reconcile(control, topics.items[i]);
    handles_finish(&topics);
}

static void agent_narrate(struct control *control, const struct agent *agent, const char *kind,
                          const char *text)
{
    trace(control, "%s > %s -> %s (S4)", agent->id, kind, text);
    event_tell(
        control,
        &(struct event_draft){
            .kind = kind, .pool = agent->pool, .subject = agent->id, .text = text, .rule = "S4"});
}

static void agent_heal(struct control *control, uint32_t agent, const char *why)
{
    struct agent *row = &control->tables.agents[agent];
    bool was_unhealthy = row->health == AGENT_UNHEALTHY;
    if (row->health == AGENT_HEALTHY && row->misses == 0)
        return;
    agent_health_set(&control->tables, agent, AGENT_HEALTHY);
    row->misses = 0;
    agent_touch(&control->tables, agent);
    if (!was_unhealthy)
        return;
    agent_narrate(control, row, "agent.returned", why);
    agent_changed(control, agent);
}

void silence_announced(struct control *control, const struct announcement *said)
{
    const struct tables *tables = &control->tables;
    for (uint32_t i = 0; i < tables->pools_count; i++) {
        const struct pool *pool = tables->pools[i];
        // Without a pool it may have gone to several.
        bool is_meant = said->pool.size == 0 || text_equals(said->pool, pool->name);
        if (!is_meant || pool->agent_interval_ms == 0)
            continue;
        uint32_t agent = agent_find(tables, i, said->agent);
        if (agent == NONE)
            continue;
        tables->agents[agent].is_announced = true;
        agent_heal(control, agent, "it has announced something");
    }
}

// The agents that announce a topic, by name.
static void holders_gather(const struct tables *tables, uint32_t topic, struct handles *agents)
{
    for (uint32_t c = tables->topics[topic].claims; c != NONE; c = tables->claims[c].next_of_topic)
        handles_add(agents, tables->statements[tables->claims[c].statement].agent);
    handles_sort(agents, tables, agent_before);
}

static void topic_seen(struct control *control, uint32_t topic)
{
    struct handles agents = {0};
    holders_gather(&control->tables, topic, &agents);
    for (uint32_t i = 0; i < agents.count; i++) {
        control->tables.agents[agents.items[i]].is_seen = true;
        agent_heal(control, agents.items[i], "there is a record in one of its topics");
    }
    handles_finish(&agents);
}

static void topic_unclear(struct control *control, uint32_t topic)
{
    struct tables *tables = &control->tables;
    for (uint32_t c = tables->topics[topic].claims; c != NONE; c = tables->claims[c].next_of_topic)
        tables->agents[tables->statements[tables->claims[c].statement].agent].is_unclear = true;
}

// ---- Ends.

static int64_t end_get(const struct silence *silence, uint32_t unit)
{
    return unit < silence->ends_capacity ? silence->ends[unit] : -1;
}

static void end_set(struct silence *silence, uint32_t unit, int64_t end)
{
    uint32_t had = silence->ends_capacity;
    silence->ends =
        array_reserve(silence->ends, &silence->ends_capacity, unit + 1, sizeof(*silence->ends));
    for (uint32_t i = had; i < silence->ends_capacity; i++)
        silence->ends[i] = -1;
    silence->ends[unit] = end;
}

void silence_forget(struct control *control, uint32_t unit)
{
    if (unit < control->silence.ends_capacity)
        control->silence.ends[unit] = -1;
}

static const struct picture *picture_of(const struct control *control, uint32_t unit)
{
    return unit < control->pictures_capacity ? control->pictures[unit] : NULL;
}

// A report may be older than an answer of Kafka's: only growth says something.
void silence_reported(struct control *control, uint32_t unit)
{
    uint32_t topic = control->tables.units[unit].topic;
    const struct pool *pool = control->tables.pools[control->tables.topics[topic].pool];
    const struct picture *picture = picture_of(control, unit);
    int64_t known = end_get(&control->silence, unit);
    if (control->phase != PHASE_LEADING || pool->agent_interval_ms == 0 || picture->end < 0 ||
        picture->end <= known)
        return;
    end_set(&control->silence, unit, picture->end);
    // Where it was when the interval began, nobody knows.
    if (known < 0)
        topic_unclear(control, topic);
    else
        topic_seen(control, topic);
}

// Whether all records before the end have been delivered, as far as somebody has said.
static bool is_drained(const struct control *control, uint32_t unit, int64_t end)
{
    const struct picture *picture = picture_of(control, unit);
    if (control->tables.units[unit].state == UNIT_DORMANT)
        return true;
    return control->tables.units[unit].state == UNIT_OWNED && picture != NULL &&
           picture->lag == 0 && picture->end == end;
}

static void end_judge(struct control *control, uint32_t unit, const struct control_end_answer *said)
{
    uint32_t topic = control->tables.units[unit].topic;
    int64_t known = end_get(&control->silence, unit);
    bool was_asleep = known < 0 && topic_is_silent(&control->tables, topic);
    if (said->end < 0) {
        topic_unclear(control, topic);
        return;
    }
    end_set(&control->silence, unit, said->end);
    bool is_new = known >= 0 && said->end != known;
    if (was_asleep)
        is_new = said->end != (said->committed < 0 ? 0 : said->committed);
    if (is_new)
        topic_seen(control, topic);
    else if ((known < 0 && !was_asleep) || !is_drained(control, unit, said->end))
        topic_unclear(control, topic);
}

void silence_ends_answered(struct control *control, const struct control_event *event)
{
    struct tables *tables = &control->tables;
    struct silence *silence = &control->silence;
    struct buffer name = {0};
    if (!silence->is_asked || event->ends.number != silence->question)
        return;
    silence->is_asked = false;
    for (uint32_t i = 0; i < event->ends.count; i++) {
        const struct control_end_answer *said = &event->ends.items[i];
        buffer_clear(&name);
        unit_name_print((struct unit_name){said->cluster, said->topic, -1}, &name);
        uint32_t topic = topic_find(tables, silence->pool, buffer_text(&name));
        uint32_t unit = topic == NONE ? NONE : unit_find(tables, topic, said->partition);
        if (unit != NONE)
            end_judge(control, unit, said);
    }
    buffer_finish(&name);
}

// ---- Asking.

static void ask_unit(struct control *control, uint32_t unit, struct control_end_question *ret)
{
    const struct tables *tables = &control->tables;
    const struct unit *row = &tables->units[unit];
    struct unit_name name;
    enum status status = unit_name_parse(topic_name(tables, row->topic), &name);
    ensure(status == STATUS_OK);
    *ret =
        (struct control_end_question){.cluster = arena_text(&control->effect_arena, name.cluster),
                                      .topic = arena_text(&control->effect_arena, name.topic),
                                      .partition = row->partition,
                                      .partitions = tables->topics[row->topic].partitions,
                                      .wants_committed = end_get(&control->silence, unit) < 0 &&
                                                         topic_is_silent(tables, row->topic)};
}

// The units of a topic into the question. A topic of which Kafka has not said how many partitions
// it has is asked about first.
static uint32_t ask_topic(struct control *control, uint32_t topic,
                          struct control_end_question *items)
{
    const struct tables *tables = &control->tables;
    const struct topic *row = &tables->topics[topic];
    uint32_t count = 0;
    if (row->is_missing)
        return 0;
    // Of a dormant topic nobody else would notice that it has grown or is gone.
    if (row->partitions == 0 || topic_is_silent(tables, topic))
        topic_question(control, topic);
    if (row->partitions == 0) {
        topic_unclear(control, topic);
        return 0;
    }
    for (int32_t partition = -1; partition < row->partitions; partition++) {
        uint32_t unit = unit_find(tables, topic, partition);
        if (unit != NONE && !tables->units[unit].is_doomed)
            ask_unit(control, unit, &items[count++]);
    }
    return count;
}

static bool is_to_be_asked(const struct control *control, uint32_t topic)
{
    const struct topic *row = &control->tables.topics[topic];
    return row->name != 0 && row->pool == control->silence.pool;
}

static void question_put(struct control *control)
{
    struct silence *silence = &control->silence;
    const struct topic *topics = control->tables.topics;
    struct control_end_question *items = NULL;
    uint32_t count = 0, partitions = 0, capacity = 0;
    for (; silence->next < silence->rows.count; silence->next++) {
        uint32_t topic = silence->rows.items[silence->next];
        if (!is_to_be_asked(control, topic))
            continue;
        uint32_t more = (uint32_t)topics[topic].partitions;
        if (count > 0 && partitions + more > ASK_PARTITIONS_MAX)
            break;
        items = array_reserve(items, &capacity, count + more + 1, sizeof(*items));
        count += ask_topic(control, topic, items + count);
        partitions += more;
    }
    if (count > 0) {
        struct control_effect *effect = effect_add(control, EFFECT_ASK_ENDS);
        silence->is_asked = true;
        effect->ends.number = ++silence->question;
        effect->ends.pool = text_of(control->tables.pools[silence->pool]->name);
        effect->ends.count = count;
        struct control_end_question *copy =
            arena_get(&control->effect_arena, count * sizeof(*copy));
        memcpy(copy, items, count * sizeof(*copy));
        effect->ends.items = copy;
    }
    memory_release(items);
}

// ---- Judging.

static bool is_of_pool(const struct control *control, uint32_t agent, uint32_t pool)
{
    const struct agent *row = &control->tables.agents[agent];
    return row->id != NULL && row->pool == pool;
}

static bool has_missed(const struct agent *agent)
{
    return !agent->is_announced && !agent->is_seen && !agent->is_unclear &&
           agent->health != AGENT_UNHEALTHY;
}

static void agent_miss(struct control *control, uint32_t agent)
{
    struct agent *row = &control->tables.agents[agent];
    const struct pool *pool = control->tables.pools[row->pool];
    char text[96];
    row->misses++;
    agent_health_set(&control->tables, agent,
                     row->misses >= pool->agent_misses ? AGENT_UNHEALTHY : AGENT_SILENT);
    agent_touch(&control->tables, agent);
    snprintf(text, sizeof(text), "no announcement and no record in %u intervals of %lld ms",
             row->misses, (long long)pool->agent_interval_ms);
    if (row->health == AGENT_SILENT) {
        trace(control, "%s > agent.missed -> %s (S4)", row->id, text);
        return;
    }
    agent_narrate(control, row, "agent.unhealthy", text);
    agent_changed(control, agent);
}

// The pool whose interval is over, by name; NONE if there is none.
static uint32_t pool_due(const struct control *control)
{
    const struct tables *tables = &control->tables;
    uint32_t due = NONE;
    for (uint32_t i = 0; i < tables->pools_count; i++) {
        const struct pool *pool = tables->pools[i];
        if (pool->agent_interval_ms > 0 && pool->plan != NULL &&
            evidence_proves(&control->marker_evidence, pool->interval_since,
                            span_of_ms(pool->agent_interval_ms)) &&
            (due == NONE || strcmp(pool->name, tables->pools[due]->name) < 0))
            due = i;
    }
    return due;
}

// An announcement says nothing of where the logs end, so those are looked at even so.
static void interval_end(struct control *control, uint32_t pool)
{
    struct silence *silence = &control->silence;
    const struct tables *tables = &control->tables;
    silence->stage = SILENCE_ASKING;
    silence->pool = pool;
    silence->next = 0;
    silence->rows.count = 0;
    for (uint32_t i = 0; i < tables->agents_count; i++)
        if (is_of_pool(control, i, pool) &&
            (tables->agents[i].is_announced || !tables->agents[i].is_seen))
            topics_gather(tables, i, &silence->rows);
    topics_order(tables, &silence->rows);
}

static void judging_begin(struct control *control)
{
    struct silence *silence = &control->silence;
    silence->stage = SILENCE_JUDGING;
    silence->next = 0;
    silence->rows.count = 0;
    for (uint32_t i = 0; i < control->tables.agents_count; i++)
        if (is_of_pool(control, i, silence->pool) && has_missed(&control->tables.agents[i]))
            handles_add(&silence->rows, i);
    handles_sort(&silence->rows, &control->tables, agent_before);
}

static void interval_begin(struct control *control, uint32_t pool)
{
    struct tables *tables = &control->tables;
    tables->pools[pool]->interval_since = control->now;
    for (uint32_t i = 0; i < tables->agents_count; i++)
        if (is_of_pool(control, i, pool))
            tables->agents[i].is_announced = tables->agents[i].is_seen =
                tables->agents[i].is_unclear = false;
}

// As many as fit into the batch. A row may be another agent's by now, or have been heard.
static void agents_judge(struct control *control)
{
    struct silence *silence = &control->silence;
    for (; silence->next < silence->rows.count; silence->next++) {
        uint32_t agent = silence->rows.items[silence->next];
        if (control->tables.dirty_bytes >= DIRTY_BYTES_MAX)
            return;
        if (is_of_pool(control, agent, silence->pool) && has_missed(&control->tables.agents[agent]))
            agent_miss(control, agent);
    }
    interval_begin(control, silence->pool);
    silence->stage = SILENCE_NONE;
    handles_finish(&silence->rows);
}

void silence_judge(struct control *control)
{
    struct silence *silence = &control->silence;
    if (silence->is_asked)
        return;
    if (silence->stage == SILENCE_NONE) {
        uint32_t pool = pool_due(control);
        if (pool == NONE)
            return;
        interval_end(control, pool);
    }
    if (silence->stage == SILENCE_ASKING) {
        if (control->sampling.is_asked)
            return;
        question_put(control);
        if (silence->is_asked)
            return;
        judging_begin(control);
    }
    agents_judge(control);
}

bool silence_is_busy(const struct control *control)
{
    return control->silence.stage == SILENCE_JUDGING;
}

// ---- Begin and end.

static void pool_heal(struct control *control, uint32_t pool)
{
    struct tables *tables = &control->tables;
    struct handles agents = {0};
    for (uint32_t i = 0; i < tables->agents_count; i++)
        if (is_of_pool(control, i, pool))
            handles_add(&agents, i);
    handles_sort(&agents, tables, agent_before);
    for (uint32_t i = 0; i < agents.count; i++)
        agent_heal(control, agents.items[i], "silence is counted no more");
    handles_finish(&agents);
}

void silence_apply(struct control *control, uint32_t handle)
{
    struct pool *pool = control->tables.pools[handle];
    int64_t before_ms = pool->agent_interval_ms;
    pool->agent_interval_ms = pool->asked.agent_interval_ms;
    pool->agent_misses = pool->asked.agent_misses;
    if (pool->plan == NULL || before_ms == pool->agent_interval_ms)
        return;
    if (before_ms == 0)
        interval_begin(control, handle);
    if (pool->agent_interval_ms == 0)
        pool_heal(control, handle);
    markers_begin(control);
}

void silence_begin(struct control *control)
{
    struct tables *tables = &control->tables;
    for (uint32_t i = 0; i < tables->pools_count; i++)
        interval_begin(control, i);
    for (uint32_t i = 0; i < tables->agents_count; i++)
        if (tables->agents[i].id != NULL && tables->agents[i].health == AGENT_SILENT)
            agent_heal(control, i, "");
    markers_begin(control);
}

void silence_finish(struct control *control)
{
    handles_finish(&control->silence.rows);
    memory_release(control->silence.ends);
    control->silence = (struct silence){.question = control->silence.question};
}
