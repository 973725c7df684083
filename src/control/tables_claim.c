// SPDX-License-Identifier: Apache-2.0
//
// Agents, their statements, what these claim, and the attributes that claims share.
#include <string.h>

#include "base/ensure.h"
#include "base/hash.h"
#include "base/memory.h"
#include "control/tables.h"

enum { ATTRIBUTES_MAX = (1 << 30) - 1 }; // handle of a claim's attributes

// ---- Attributes.

static uint64_t attributes_hash(const struct tables *tables, const struct attributes *wanted)
{
    uint64_t hash = tables->hash_seed ^ (uint64_t)wanted->weight;
    hash = hash_keyed((struct text){(const char *)&wanted->partitions, 4}, hash ^ wanted->split);
    for (uint32_t i = 0; i < wanted->labels_count; i++) {
        hash = hash_keyed(wanted->labels[i].key, hash);
        hash = hash_keyed(wanted->labels[i].value, hash);
    }
    return hash;
}

static bool attributes_equal(const struct attributes *a, const struct attributes *b)
{
    return a->weight == b->weight && a->partitions == b->partitions && a->split == b->split &&
           labels_equal(a->labels, a->labels_count, b->labels, b->labels_count);
}

// A row of its own for attributes whose labels are sorted.
static uint32_t attributes_add(struct tables *tables, struct attributes attributes, uint64_t hash)
{
    uint32_t row = tables->attributes_free;
    if (row != NONE) {
        tables->attributes_free = tables->attributes[row].labels_count;
    } else {
        tables->attributes = array_reserve(tables->attributes, &tables->attributes_capacity,
                                           tables->attributes_count + 1, sizeof(attributes));
        row = tables->attributes_count++;
        ensure(row <= ATTRIBUTES_MAX);
    }
    tables->attributes[row] = attributes;
    index_add(&tables->attributes_index, hash, row);
    return row;
}

// Most claims say what the one before has said.
static bool is_last_said(const struct tables *tables, const struct attributes *wanted)
{
    uint32_t last = tables->attributes_said;
    return last < tables->attributes_count && tables->attributes[last].references > 0 &&
           attributes_equal(&tables->attributes[last], wanted);
}

static uint32_t attributes_find(const struct tables *tables, const struct attributes *sorted,
                                uint64_t hash)
{
    uint32_t at;
    for (uint32_t h = index_find(&tables->attributes_index, hash, &at); h != INDEX_NONE;
         h = index_next(&tables->attributes_index, hash, &at))
        if (attributes_equal(&tables->attributes[h], sorted))
            return h;
    return NONE;
}

uint32_t attributes_share(struct tables *tables, const struct attributes *wanted)
{
    if (is_last_said(tables, wanted)) {
        tables->attributes[tables->attributes_said].references++;
        return tables->attributes_said;
    }
    struct attributes sorted = *wanted;
    sorted.labels = labels_copy(wanted->labels, wanted->labels_count);
    uint64_t hash = attributes_hash(tables, &sorted);
    uint32_t row = attributes_find(tables, &sorted, hash);
    if (row == NONE) {
        sorted.references = 0;
        row = attributes_add(tables, sorted, hash);
    } else {
        labels_release(sorted.labels, sorted.labels_count);
    }
    tables->attributes[row].references++;
    tables->attributes_said = row;
    return row;
}

void attributes_release(struct tables *tables, uint32_t attributes)
{
    struct attributes *row = &tables->attributes[attributes];
    ensure(row->references > 0);
    if (--row->references > 0)
        return;
    index_remove(&tables->attributes_index, attributes_hash(tables, row), attributes);
    labels_release(row->labels, row->labels_count);
    *row = (struct attributes){.labels_count = tables->attributes_free};
    tables->attributes_free = attributes;
}

// ---- Agents.

static uint64_t agent_hash(const struct tables *tables, uint32_t pool, struct text id)
{
    return hash_keyed(id, tables->hash_seed ^ ((uint64_t)pool << 1));
}

uint32_t agent_find(const struct tables *tables, uint32_t pool, struct text id)
{
    uint64_t hash = agent_hash(tables, pool, id);
    uint32_t at;
    for (uint32_t h = index_find(&tables->agents_index, hash, &at); h != INDEX_NONE;
         h = index_next(&tables->agents_index, hash, &at))
        if (tables->agents[h].pool == pool && text_equals(id, tables->agents[h].id))
            return h;
    return NONE;
}

uint32_t agent_add(struct tables *tables, uint32_t pool, struct text id)
{
    uint32_t agent = tables->agents_free;
    if (agent != NONE) {
        tables->agents_free = tables->agents[agent].statements;
    } else {
        tables->agents = array_reserve(tables->agents, &tables->agents_capacity,
                                       tables->agents_count + 1, sizeof(*tables->agents));
        agent = tables->agents_count++;
    }
    tables->agents[agent] =
        (struct agent){.id = text_copy(id), .statements = NONE, .pool = (uint16_t)pool};
    index_add(&tables->agents_index, agent_hash(tables, pool, id), agent);
    tables->agents_live++;
    return agent;
}

void agent_remove(struct tables *tables, uint32_t agent, bool tombstone)
{
    struct agent *row = &tables->agents[agent];
    ensure(row->statements == NONE);
    if (tombstone) {
        struct buffer key = {0};
        buffer_print(&key, "agent/%s/%s", tables->pools[row->pool]->name, row->id);
        tombstone_add(tables, buffer_text(&key));
        buffer_finish(&key);
    }
    tables->agents_unhealthy -= row->health == AGENT_UNHEALTHY;
    index_remove(&tables->agents_index, agent_hash(tables, row->pool, text_of(row->id)), agent);
    labels_release(row->labels, row->labels_count);
    memory_release(row->id);
    *row = (struct agent){.statements = tables->agents_free};
    tables->agents_free = agent;
    tables->agents_live--;
}

void agent_touch(struct tables *tables, uint32_t agent)
{
    if (tables->agents[agent].is_dirty)
        return;
    tables->agents[agent].is_dirty = true;
    handles_add(&tables->dirty_agents, agent);
    tables->dirty_bytes += 256;
}

bool agent_before(const struct tables *tables, uint32_t a, uint32_t b)
{
    return strcmp(tables->agents[a].id, tables->agents[b].id) < 0;
}

void agent_health_set(struct tables *tables, uint32_t agent, enum agent_health health)
{
    struct agent *row = &tables->agents[agent];
    tables->agents_unhealthy -= row->health == AGENT_UNHEALTHY;
    tables->agents_unhealthy += health == AGENT_UNHEALTHY;
    row->health = (uint8_t)health;
}

const char *agent_health_text(enum agent_health health)
{
    static const char *const texts[AGENT_HEALTH_COUNT] = {"healthy", "silent", "unhealthy"};
    return texts[health];
}

// ---- Statements.

uint32_t statement_find(const struct tables *tables, uint32_t agent, struct text source)
{
    for (uint32_t s = tables->agents[agent].statements; s != NONE;
         s = tables->statements[s].next_of_agent)
        if (text_equals(source, tables->statements[s].source))
            return s;
    return NONE;
}

uint32_t statement_add(struct tables *tables, uint32_t agent, struct text source)
{
    uint32_t statement = tables->statements_free;
    if (statement != NONE) {
        tables->statements_free = tables->statements[statement].next_of_agent;
    } else {
        tables->statements =
            array_reserve(tables->statements, &tables->statements_capacity,
                          tables->statements_count + 1, sizeof(*tables->statements));
        statement = tables->statements_count++;
    }
    tables->statements[statement] =
        (struct statement){.source = text_copy(source),
                           .agent = agent,
                           .claims = NONE,
                           .next_of_agent = tables->agents[agent].statements};
    tables->agents[agent].statements = statement;
    return statement;
}

void statement_remove(struct tables *tables, uint32_t statement)
{
    struct statement *row = &tables->statements[statement];
    ensure(row->claims == NONE);
    uint32_t *link = &tables->agents[row->agent].statements;
    while (*link != statement)
        link = &tables->statements[*link].next_of_agent;
    *link = row->next_of_agent;
    memory_release(row->source);
    *row = (struct statement){.next_of_agent = tables->statements_free};
    tables->statements_free = statement;
}

bool statement_before(const struct tables *tables, uint32_t a, uint32_t b)
{
    const struct statement *left = &tables->statements[a], *right = &tables->statements[b];
    const struct agent *left_agent = &tables->agents[left->agent];
    const struct agent *right_agent = &tables->agents[right->agent];
    int order = strcmp(left_agent->id, right_agent->id);
    if (order == 0)
        order = strcmp(left->source, right->source);
    if (order == 0)
        order =
            strcmp(tables->pools[left_agent->pool]->name, tables->pools[right_agent->pool]->name);
    return order < 0;
}

// ---- Claims.

bool claim_before(const struct tables *tables, uint32_t a, uint32_t b)
{
    return topic_before(tables, tables->claims[a].topic, tables->claims[b].topic);
}

uint32_t claim_find(const struct tables *tables, uint32_t statement, uint32_t topic)
{
    for (uint32_t c = tables->topics[topic].claims; c != NONE; c = tables->claims[c].next_of_topic)
        if (tables->claims[c].statement == statement)
            return c;
    return NONE;
}

uint32_t claim_last(const struct tables *tables, uint32_t topic)
{
    uint32_t last = tables->topics[topic].claims;
    while (last != NONE && tables->claims[last].next_of_topic != NONE)
        last = tables->claims[last].next_of_topic;
    return last;
}

static void claim_link(struct tables *tables, uint32_t claim)
{
    struct claim *row = &tables->claims[claim];
    uint32_t *link = &tables->topics[row->topic].claims;
    while (*link != NONE && tables->claims[*link].order <= row->order)
        link = &tables->claims[*link].next_of_topic;
    row->next_of_topic = *link;
    *link = claim;
}

static void claim_unlink(struct tables *tables, uint32_t claim)
{
    uint32_t *link = &tables->topics[tables->claims[claim].topic].claims;
    while (*link != claim)
        link = &tables->claims[*link].next_of_topic;
    *link = tables->claims[claim].next_of_topic;
}

uint32_t claim_add(struct tables *tables, uint32_t statement, uint32_t topic, int64_t order,
                   uint32_t attributes)
{
    uint32_t claim = tables->claims_free;
    if (claim != NONE) {
        tables->claims_free = tables->claims[claim].next;
    } else {
        tables->claims = array_reserve(tables->claims, &tables->claims_capacity,
                                       tables->claims_count + 1, sizeof(*tables->claims));
        claim = tables->claims_count++;
    }
    uint32_t first = tables->statements[statement].claims;
    tables->claims[claim] = (struct claim){.order = order,
                                           .topic = topic,
                                           .statement = statement,
                                           .attributes = attributes & ATTRIBUTES_MAX,
                                           .prev = NONE,
                                           .next = first};
    if (first != NONE)
        tables->claims[first].prev = claim;
    tables->statements[statement].claims = claim;
    tables->agents[tables->statements[statement].agent].topics++;
    claim_link(tables, claim);
    return claim;
}

static void claim_tombstone(struct tables *tables, const struct claim *row)
{
    const struct statement *statement = &tables->statements[row->statement];
    const struct agent *agent = &tables->agents[statement->agent];
    struct buffer key = {0};
    buffer_print(&key, "claim/%s/%s/%s/", tables->pools[agent->pool]->name, agent->id,
                 statement->source);
    buffer_add_text(&key, topic_name(tables, row->topic));
    tombstone_add(tables, buffer_text(&key));
    buffer_finish(&key);
}

void claim_remove(struct tables *tables, uint32_t claim, bool tombstone)
{
    struct claim *row = &tables->claims[claim];
    if (tombstone)
        claim_tombstone(tables, row);
    claim_unlink(tables, claim);
    if (row->next != NONE)
        tables->claims[row->next].prev = row->prev;
    if (row->prev != NONE)
        tables->claims[row->prev].next = row->next;
    else
        tables->statements[row->statement].claims = row->next;
    tables->agents[tables->statements[row->statement].agent].topics--;
    attributes_release(tables, row->attributes);
    *row = (struct claim){.topic = NONE, .next = tables->claims_free};
    tables->claims_free = claim;
}

void claim_say(struct tables *tables, uint32_t claim, uint32_t attributes)
{
    attributes_release(tables, tables->claims[claim].attributes);
    tables->claims[claim].attributes = attributes & ATTRIBUTES_MAX;
}

void claim_reorder(struct tables *tables, uint32_t claim, int64_t order)
{
    claim_unlink(tables, claim);
    tables->claims[claim].order = order;
    claim_link(tables, claim);
}

void claim_touch(struct tables *tables, uint32_t claim)
{
    if (tables->claims[claim].is_dirty)
        return;
    tables->claims[claim].is_dirty = true;
    handles_add(&tables->dirty_claims, claim);
    tables->dirty_bytes += 128u + topic_name(tables, tables->claims[claim].topic).size;
}

void claims_age(struct tables *tables, int64_t next)
{
    for (uint32_t claim = 0; claim < tables->claims_count; claim++) {
        if (tables->claims[claim].topic == NONE)
            continue;
        tables->claims[claim].order -= next;
        claim_touch(tables, claim);
    }
}
