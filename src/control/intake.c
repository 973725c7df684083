// SPDX-License-Identifier: Apache-2.0
//
// Announcements: checked as a whole, then taken as a whole or refused as a whole; a refused one
// goes to the dead letter topic with its reason and the former set stands. Log order decides
// between an add and a remove. Taking one costs what it changes.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/index.h"
#include "base/memory.h"
#include "base/name.h"
#include "control/core.h"
#include "proto/unit.h"

enum { PARTITIONS_MAX = 100000, ID_MAX = 256, LABELS_MAX = 64, LABEL_MAX = 1024 };

static const int64_t TTL_MAX_MS = 366LL * 24 * 3600 * 1000;

static void refuse(struct control *control, struct text id, const char *answer, const char *reason)
{
    char copy[ID_MAX + 1] = "";
    if (id.size > 0 && id.size <= ID_MAX)
        memcpy(copy, id.data, id.size);
    control->refused++;
    control->cell_is_dirty = true;
    struct control_effect *effect = effect_add(control, EFFECT_REFUSE_INPUT);
    effect->refusal.reason = arena_text(&control->effect_arena, text_of(reason));
    effect->refusal.id = arena_text(&control->effect_arena, text_of(copy));
    trace(control, "input > refused -> dead letter: %s", reason);
    event_tell(
        control,
        &(struct event_draft){
            .kind = "input.refused", .pool = NONE, .text = reason, .id = copy, .answer = answer});
}

void input_refuse(struct control *control, struct text id, const char *format, ...)
{
    char reason[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    refuse(control, id, "refused", reason);
}

void input_answer(struct control *control, struct text id, const char *answer, const char *format,
                  ...)
{
    char reason[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    refuse(control, id, answer, reason);
}

// ---- Checking.

// The first fault of a text in the words of the subject it has, or false.
static bool fault_say(struct buffer *why, const char *subject, const char *fault)
{
    if (fault != NULL)
        buffer_print(why, "%s %s", subject, fault);
    return fault != NULL;
}

static bool labels_fault(const struct label *labels, uint32_t count, struct buffer *why)
{
    if (count > LABELS_MAX)
        return fault_say(why, "the set of labels", "has more than 64");
    for (uint32_t i = 0; i < count; i++)
        if (labels[i].key.size == 0 || labels[i].key.size > LABEL_MAX ||
            labels[i].value.size > LABEL_MAX)
            return fault_say(why, "a label", "is empty or longer than 1024 bytes");
    return false;
}

// The cell's own topics, and Kafka's internal ones.
static bool is_reserved(const struct control *control, struct text name)
{
    static const char *const own[] = {"control", "orders",      "members",    "reports",
                                      "state",   "assignments", "deadletter", "events"};
    struct text prefix = text_of(control->prefix);
    if (text_has_prefix(name, TEXT_LITERAL("__")))
        return true;
    if (!text_has_prefix(name, prefix) || name.size <= prefix.size || name.data[prefix.size] != '.')
        return false;
    struct text rest = {name.data + prefix.size + 1, name.size - prefix.size - 1};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (text_equals(rest, own[i]))
            return true;
    return false;
}

static bool topic_fault(const struct control *control, const struct announcement *said,
                        uint32_t index, struct buffer *why)
{
    const struct announcement_topic *topic = &said->topics[index];
    const char *fault = name_topic_fault(topic->name);
    if (fault != NULL) {
        buffer_print(why, "'topics[%u].name' %s", index, fault);
        return true;
    }
    if (topic->cluster.size > 0) {
        buffer_print(why, "topic '%.*s' is on data cluster '%.*s', which this cell does not know",
                     TEXT_ARGS(topic->name), TEXT_ARGS(topic->cluster));
        return true;
    }
    if (is_reserved(control, topic->name)) {
        buffer_print(why, "topic '%.*s' is reserved", TEXT_ARGS(topic->name));
        return true;
    }
    if (topic->partitions < 0 || topic->partitions > PARTITIONS_MAX) {
        buffer_print(why, "topic '%.*s': partitions is not between 0 and %d",
                     TEXT_ARGS(topic->name), PARTITIONS_MAX);
        return true;
    }
    if (topic->weight < 1 || topic->weight > PLAN_WEIGHT_MAX) {
        buffer_print(why, "topic '%.*s': weight is not between 1 and %lld", TEXT_ARGS(topic->name),
                     (long long)PLAN_WEIGHT_MAX);
        return true;
    }
    return labels_fault(topic->labels, topic->labels_count, why);
}

static struct text topic_text(const struct announcement_topic *topic, struct buffer *name)
{
    buffer_clear(name);
    unit_name_print((struct unit_name){topic->cluster, topic->name, -1}, name);
    return buffer_text(name);
}

// Whether a topic is named twice. O(topics).
static bool has_twins(const struct control *control, const struct announcement *said,
                      struct buffer *why)
{
    struct index seen = {0};
    bool found = false;
    if (said->topics_count < 2)
        return false;
    for (uint32_t i = 0; i < said->topics_count && !found; i++) {
        const struct announcement_topic *topic = &said->topics[i];
        uint64_t hash =
            hash_keyed(topic->cluster, hash_keyed(topic->name, control->tables.hash_seed));
        uint32_t at;
        for (uint32_t h = index_find(&seen, hash, &at); h != INDEX_NONE && !found;
             h = index_next(&seen, hash, &at))
            found = text_equal(said->topics[h].name, topic->name) &&
                    text_equal(said->topics[h].cluster, topic->cluster);
        if (found)
            buffer_print(why, "topic '%.*s' is named twice", TEXT_ARGS(topic->name));
        index_add(&seen, hash, i);
    }
    index_finish(&seen);
    return found;
}

static bool announcement_fault(const struct control *control, const struct announcement *said,
                               struct buffer *why)
{
    if (fault_say(why, "agent", name_fault(said->agent)) ||
        (said->source.size > 0 && fault_say(why, "source", name_fault(said->source))))
        return true;
    if (!text_equals(said->mode, "set") && !text_equals(said->mode, "add") &&
        !text_equals(said->mode, "remove"))
        return fault_say(why, "mode", "is none of set, add, remove");
    if (said->ttl_ms < 0 || said->ttl_ms > TTL_MAX_MS)
        return fault_say(why, "ttl_ms", "is negative or longer than a year");
    if (said->id.size > ID_MAX || !text_is_utf8(said->id))
        return fault_say(why, "id", "is longer than 256 bytes or not UTF-8");
    if (labels_fault(said->labels, said->labels_count, why))
        return true;
    for (uint32_t i = 0; i < said->topics_count; i++)
        if (topic_fault(control, said, i, why))
            return true;
    return has_twins(control, said, why);
}

// ---- Taking.

// What the agent says of itself now; its topics may belong elsewhere with that.
static void agent_label(struct control *control, uint32_t agent, const struct announcement *said)
{
    struct agent *row = &control->tables.agents[agent];
    struct label *labels = labels_copy(said->labels, said->labels_count);
    if (labels_equal(labels, said->labels_count, row->labels, row->labels_count)) {
        labels_release(labels, said->labels_count);
        return;
    }
    labels_release(row->labels, row->labels_count);
    row->labels = labels;
    row->labels_count = said->labels_count;
    agent_touch(&control->tables, agent);
    topics_tell(control, agent);
}

static uint32_t agent_of(struct control *control, uint32_t pool, const struct announcement *said)
{
    struct tables *tables = &control->tables;
    uint32_t agent = agent_find(tables, pool, said->agent);
    if (agent == NONE) {
        agent = agent_add(tables, pool, said->agent);
        tables->agents[agent].since_ms = control->wall_ms;
        agent_touch(tables, agent);
    }
    if (said->labels_count > 0)
        agent_label(control, agent, said);
    return agent;
}

static uint32_t topic_claim(struct control *control, uint32_t statement,
                            const struct announcement_topic *said, int64_t order, struct text name)
{
    struct tables *tables = &control->tables;
    uint32_t pool = tables->agents[tables->statements[statement].agent].pool;
    struct attributes wanted = {.weight = said->weight,
                                .partitions = (int32_t)said->partitions,
                                .split = said->split,
                                .labels = said->labels,
                                .labels_count = said->labels_count};
    uint32_t attributes = attributes_share(tables, &wanted);
    uint32_t topic = topic_get(tables, pool, name);
    uint32_t claim = claim_find(tables, statement, topic);
    if (claim == NONE) {
        claim = claim_add(tables, statement, topic, order, attributes);
        claim_touch(tables, claim);
        topic_reconcile(control, topic);
    } else {
        struct claim *row = &tables->claims[claim];
        bool is_same = row->attributes == attributes;
        bool is_last = row->next_of_topic == NONE;
        claim_say(tables, claim, attributes);
        if (!is_last)
            claim_reorder(tables, claim, order);
        if (!is_same || !is_last) {
            claim_touch(tables, claim);
            topic_reconcile(control, topic);
        }
    }
    return claim;
}

static void topic_unclaim(struct control *control, uint32_t claim)
{
    uint32_t topic = control->tables.claims[claim].topic;
    claim_remove(&control->tables, claim, true);
    topic_reconcile(control, topic);
}

// Withdraws what the set just taken does not name.
static void statement_sweep(struct control *control, uint32_t statement)
{
    struct tables *tables = &control->tables;
    struct handles rest = {0};
    for (uint32_t c = tables->statements[statement].claims; c != NONE; c = tables->claims[c].next) {
        if (!tables->claims[c].is_named)
            handles_add(&rest, c);
        tables->claims[c].is_named = false;
    }
    handles_sort(&rest, tables, claim_before);
    for (uint32_t i = 0; i < rest.count; i++)
        topic_unclaim(control, rest.items[i]);
    handles_finish(&rest);
}

void statement_state(struct control *control, uint32_t pool, const struct announcement *said,
                     int64_t order)
{
    uint32_t agent = agent_of(control, pool, said);
    uint32_t statement = statement_find(&control->tables, agent, said->source);
    struct buffer name = {0};
    bool is_set = text_equals(said->mode, "set");
    if (statement == NONE)
        statement = statement_add(&control->tables, agent, said->source);
    for (uint32_t i = 0; i < said->topics_count; i++) {
        uint32_t claim = topic_claim(control, statement, &said->topics[i], order,
                                     topic_text(&said->topics[i], &name));
        control->tables.claims[claim].is_named = is_set;
    }
    if (is_set)
        statement_sweep(control, statement);
    buffer_finish(&name);
    statement_heard(control, statement, said->ttl_ms);
    if (control->tables.statements[statement].claims == NONE)
        statement_forget(control, statement);
}

void statement_reduce(struct control *control, uint32_t pool, const struct announcement *said)
{
    struct tables *tables = &control->tables;
    uint32_t agent = agent_find(tables, pool, said->agent);
    uint32_t statement = agent == NONE ? NONE : statement_find(tables, agent, said->source);
    struct buffer name = {0};
    for (uint32_t i = 0; i < said->topics_count; i++) {
        uint32_t topic = topic_find(tables, pool, topic_text(&said->topics[i], &name));
        uint32_t claim =
            topic == NONE || statement == NONE ? NONE : claim_find(tables, statement, topic);
        if (claim == NONE)
            control->ignored++;
        else
            topic_unclaim(control, claim);
    }
    buffer_finish(&name);
    if (statement != NONE && tables->statements[statement].claims == NONE)
        statement_forget(control, statement);
}

// Topics of the agent in a pool that the announcement leaves as they are.
static int64_t agent_rest(const struct control *control, uint32_t pool,
                          const struct announcement *said)
{
    const struct tables *tables = &control->tables;
    uint32_t agent = agent_find(tables, pool, said->agent);
    if (agent == NONE)
        return 0;
    int64_t held = tables->agents[agent].topics;
    uint32_t statement = statement_find(tables, agent, said->source);
    if (statement != NONE && text_equals(said->mode, "set"))
        for (uint32_t c = tables->statements[statement].claims; c != NONE;
             c = tables->claims[c].next)
            held--;
    return held;
}

// Topics that the agent would have after the announcement, at most; pool NONE = it names none.
static int64_t agent_load(const struct control *control, uint32_t pool,
                          const struct announcement *said)
{
    int64_t load = said->topics_count;
    for (uint32_t i = 0; i < control->tables.pools_count; i++)
        if (pool == NONE || pool == i)
            load += agent_rest(control, i, said);
    return load;
}

static void answer_done(struct control *control, uint32_t pool, struct text subject, struct text id)
{
    if (id.size == 0)
        return;
    char *words[2] = {text_copy(subject), text_copy(id)};
    event_tell(control, &(struct event_draft){.kind = "announcement.taken",
                                              .pool = pool,
                                              .subject = words[0],
                                              .text = "taken as a whole",
                                              .id = words[1],
                                              .answer = "done"});
    memory_release(words[0]);
    memory_release(words[1]);
}

// Takes an announcement that names its pool.
static void announcement_take(struct control *control, uint32_t pool,
                              const struct announcement *said, int64_t offset)
{
    bool is_goodbye = text_equals(said->mode, "set") && said->topics_count == 0;
    if (text_equals(said->mode, "remove"))
        statement_reduce(control, pool, said);
    else if (!is_goodbye || agent_find(&control->tables, pool, said->agent) != NONE)
        statement_state(control, pool, said, offset);
    else
        control->ignored++;
}

void intake_announcement(struct control *control, const struct announcement *said, int64_t offset)
{
    struct buffer why = {0};
    bool is_routed = said->pool.size == 0;
    uint32_t pool = is_routed ? NONE : pool_find(&control->tables, said->pool);

    if (!is_routed && pool == NONE) {
        input_refuse(control, said->id, "there is no pool '%.*s'", TEXT_ARGS(said->pool));
        return;
    }
    if (!is_routed && control->tables.pools[pool]->state == POOL_DELETED) {
        input_refuse(control, said->id, "pool '%.*s' is being deleted", TEXT_ARGS(said->pool));
        return;
    }
    if (announcement_fault(control, said, &why)) {
        input_refuse(control, said->id, "%s", buffer_string(&why));
        buffer_finish(&why);
        return;
    }
    if (!text_equals(said->mode, "remove") &&
        agent_load(control, pool, said) > control->agent_topics_max) {
        input_refuse(control, said->id, "agent '%.*s' would have more topics than agent.topics.max",
                     TEXT_ARGS(said->agent));
        return;
    }
    control->announcements++;
    if (is_routed)
        pool = route_take(control, said, offset);
    else
        announcement_take(control, pool, said, offset);
    silence_announced(control, said);
    quarantine_announced(control, said);
    answer_done(control, pool, said->agent, said->id);
}

// ---- The door for both logs.

void intake_input(struct control *control, const struct control_input *input)
{
    struct state_position *position = &control->positions[input->log];
    if (input->offset < position->next)
        return;
    *position = (struct state_position){.next = input->offset + 1,
                                        .anchor_offset = input->offset,
                                        .anchor_time_ms = input->time_ms,
                                        .anchor_crc = input->crc};
    control->ignored += input->unknown_fields;
    if (!input->is_refused && input->log == INPUT_CONTROL && input->kind == RECORD_MARKER) {
        const struct marker *marker = input->record;
        if (marker->epoch == control->epoch)
            evidence_returned(&control->marker_evidence, marker->seq, control->now,
                              control->beat_interval);
        return;
    }
    control->cell_is_dirty = true;
    if (input->is_refused)
        input_refuse(control, (struct text){0}, "%.*s", TEXT_ARGS(input->refusal));
    else if (input->log == INPUT_CONTROL && input->kind == RECORD_ANNOUNCEMENT)
        intake_announcement(control, input->record, input->offset);
    else if (input->log == INPUT_ORDERS && input->kind == RECORD_ORDER)
        order_take(control, input->record);
    else
        input_refuse(control, (struct text){0}, "this kind of record does not belong here");
}
