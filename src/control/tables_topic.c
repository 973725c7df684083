// SPDX-License-Identifier: Apache-2.0
//
// Topics and units. A unit is in exactly one list, named by its state; unit_move alone moves it.
//
//               grant                    revoke
//     pending ---------> owned ------------------------> revoking
//        ^  \              |  owner's life is over           |  its ack, or its life is over
//        |   \             v                                 v
//        |    +---- (free: the planner's owner, if there is one, gets it at once) ----> owned
//        +--> missing   Kafka has no such topic
//        +--> quarantined   its owners failed on it
//        +--> dormant   its agents are silent
#include <string.h>

#include "base/ensure.h"
#include "base/hash.h"
#include "base/memory.h"
#include "control/tables.h"
#include "proto/key.h"

static const struct {
    const char *text;
    const char *rule;
} reasons[UNIT_REASON_COUNT] = {
    [UNIT_PLACED] = {"placed where the load is least", "rule 2"},
    [UNIT_LEFT] = {"its former owner left", "rule 1"},
    [UNIT_DRAINED] = {"its former owner drains", "rule 1"},
    [UNIT_OVER_CAP] = {"its former owner had more than it may", "rule 1"},
    [UNIT_REGROUPED] = {"its former owner serves another group", "rule 1"},
    [UNIT_SPREAD] = {"its former owner's host had more of the group than spread_max", "rule 1"},
    [UNIT_PINNED] = {"it is pinned to one collector", "rule 1"},
    [UNIT_MADE_ROOM] = {"made room for another one that fits only there", "rule 2"},
    [UNIT_BROUGHT_IN] = {"a collector of its own zone has room", "rule 4"},
    [UNIT_BALANCED] = {"its former owner had more than its share", "rule 4"},
    [UNIT_PACKED] = {"its former owner could be emptied", "rule 4"},
    [UNIT_WAITS] = {"waits for the next decision", ""},
    [UNIT_NO_COLLECTOR] = {"no collector is in the pool; start one", "rule 1"},
    [UNIT_ALL_DRAINING] = {"every collector that serves it drains or is away; start another one, "
                           "or undrain one",
                           "rule 1"},
    [UNIT_NO_GROUP] = {"no collector serves its group; start one with that label", "rule 1"},
    [UNIT_NO_LABEL] = {"it has no value of the label that group_by names, and every collector has "
                       "one; label it, start a collector without that label, or set other",
                       "rule 1"},
    [UNIT_CAPPED] =
        {"every collector has all that max_topics_per_collector or isolated allow; start "
         "another one, or raise the cap",
         "rule 1"},
    [UNIT_NO_CAPACITY] =
        {"no collector has room for it; start another one, or raise what they may have", "rule 1"},
    [UNIT_TOO_HEAVY] = {"it weighs more than any collector may have; start one with a larger "
                        "capacity",
                        "rule 1"},
    [UNIT_NO_HOST] = {"every host has spread_max topics of its group; start a collector on another "
                      "host, or raise spread_max",
                      "rule 1"},
    [UNIT_PIN_AWAY] = {"the collector it is pinned to is not in its pool and group; start it, or "
                       "take the label pin away",
                       "rule 1"},
    [UNIT_PIN_DRAINING] = {"the collector it is pinned to drains or is away; undrain it or start "
                           "it again, or take the label pin away",
                           "rule 1"},
    [UNIT_PIN_HOST] = {"the host of the collector it is pinned to has spread_max topics; raise "
                       "spread_max, or take the label pin away",
                       "rule 1"},
    [UNIT_PIN_FULL] = {"the collector it is pinned to can take no more; raise what it may have",
                       "rule 1"},
    [UNIT_ASKING] = {"Kafka has not yet said whether the topic exists", ""},
    [UNIT_ABSENT] = {"Kafka has no such topic; it is read when somebody creates it", ""},
    [UNIT_WITHDRAWN] = {"no agent announces the topic any more", ""},
    [UNIT_RESHAPED] = {"the topic is divided otherwise now", ""},
    [UNIT_BUCKET_FULL] = {"the collector's assignment record is full", "rule 1"},
    [UNIT_PAUSED] = {"paused: 'muster pool resume' gives it back", ""},
    [UNIT_RESUMED] = {"resumed: given back to who had it", ""},
    [UNIT_FAILED] = {"its former owner failed on it", ""},
    [UNIT_QUARANTINE] = {"its owners failed on it; 'muster topic retry', or announcing it again, "
                         "gives it another try",
                         ""},
    [UNIT_SILENT] = {"its agent is silent; a record or an announcement brings it back", "S4"},
};

static const char *const states[UNIT_STATE_COUNT] = {"pending", "owned",       "revoking",
                                                     "missing", "quarantined", "dormant"};

const char *unit_state_text(enum unit_state state)
{
    return states[state];
}

const char *unit_reason_text(enum unit_reason reason)
{
    return reasons[reason].text;
}

const char *unit_reason_rule(enum unit_reason reason)
{
    return reasons[reason].rule;
}

// ---- Topics.

static uint64_t topic_hash(const struct tables *tables, uint32_t pool, struct text name)
{
    return hash_keyed(name, tables->hash_seed ^ ((uint64_t)pool << 1));
}

static uint32_t topic_hashed(const struct tables *tables, uint32_t pool, struct text name,
                             uint64_t hash)
{
    uint32_t at;
    for (uint32_t h = index_find(&tables->topics_index, hash, &at); h != INDEX_NONE;
         h = index_next(&tables->topics_index, hash, &at))
        if (tables->topics[h].pool == pool && text_equal(topic_name(tables, h), name))
            return h;
    return NONE;
}

uint32_t topic_find(const struct tables *tables, uint32_t pool, struct text name)
{
    return topic_hashed(tables, pool, name, topic_hash(tables, pool, name));
}

static uint32_t topic_row(struct tables *tables)
{
    uint32_t topic = tables->topics_free;
    if (topic != NONE) {
        tables->topics_free = tables->topics[topic].units;
        return topic;
    }
    tables->topics = array_reserve(tables->topics, &tables->topics_capacity,
                                   tables->topics_count + 1, sizeof(*tables->topics));
    return tables->topics_count++;
}

uint32_t topic_get(struct tables *tables, uint32_t pool, struct text name)
{
    uint64_t hash = topic_hash(tables, pool, name);
    uint32_t topic = topic_hashed(tables, pool, name, hash);
    if (topic != NONE)
        return topic;
    ensure(name.size > 0);
    topic = topic_row(tables);
    tables->topics[topic] = (struct topic){.name = store_add(&tables->names, name),
                                           .pool = (uint16_t)pool,
                                           .claims = NONE,
                                           .units = NONE};
    index_add(&tables->topics_index, hash, topic);
    tables->topics_live++;
    return topic;
}

void topic_remove(struct tables *tables, uint32_t topic)
{
    struct topic *row = &tables->topics[topic];
    ensure(row->claims == NONE && row->units == NONE);
    index_remove(&tables->topics_index, topic_hash(tables, row->pool, topic_name(tables, topic)),
                 topic);
    store_remove(&tables->names, row->name);
    *row = (struct topic){.units = tables->topics_free};
    tables->topics_free = topic;
    tables->topics_live--;
}

bool topic_before(const struct tables *tables, uint32_t a, uint32_t b)
{
    int order = text_compare(topic_name(tables, a), topic_name(tables, b));
    if (order != 0)
        return order < 0;
    return strcmp(tables->pools[tables->topics[a].pool]->name,
                  tables->pools[tables->topics[b].pool]->name) < 0;
}

// ---- Units.

bool unit_before(const struct tables *tables, uint32_t a, uint32_t b)
{
    const struct unit *left = &tables->units[a], *right = &tables->units[b];
    if (left->generation != right->generation)
        return left->generation < right->generation;
    if (left->topic != right->topic)
        return topic_before(tables, left->topic, right->topic);
    return left->partition < right->partition;
}

static uint64_t part_hash(const struct tables *tables, uint32_t topic, int32_t partition)
{
    uint64_t part = (uint64_t)topic << 32 | (uint32_t)partition;
    return hash_keyed((struct text){(const char *)&part, sizeof(part)}, tables->hash_seed);
}

uint32_t unit_find(const struct tables *tables, uint32_t topic, int32_t partition)
{
    uint32_t at;
    if (partition < 0) {
        for (uint32_t u = tables->topics[topic].units; u != NONE; u = tables->units[u].sibling)
            if (tables->units[u].partition < 0)
                return u;
        return NONE;
    }
    uint64_t hash = part_hash(tables, topic, partition);
    for (uint32_t u = index_find(&tables->parts_index, hash, &at); u != INDEX_NONE;
         u = index_next(&tables->parts_index, hash, &at))
        if (tables->units[u].topic == topic && tables->units[u].partition == partition)
            return u;
    return NONE;
}

uint32_t unit_add(struct tables *tables, uint32_t topic, int32_t partition)
{
    uint32_t unit = tables->units_free;
    if (unit != NONE) {
        tables->units_free = tables->units[unit].sibling;
    } else {
        tables->units = array_reserve(tables->units, &tables->units_capacity,
                                      tables->units_count + 1, sizeof(*tables->units));
        unit = tables->units_count++;
    }
    struct pool *pool = tables->pools[tables->topics[topic].pool];
    tables->units[unit] = (struct unit){.topic = topic,
                                        .partition = partition,
                                        .owner = NONE,
                                        .previous = NONE,
                                        .sibling = tables->topics[topic].units,
                                        .prev = NONE,
                                        .next = NONE,
                                        .state = UNIT_PENDING,
                                        .reason = UNIT_WAITS};
    tables->topics[topic].units = unit;
    if (partition >= 0)
        index_add(&tables->parts_index, part_hash(tables, topic, partition), unit);
    tables->units_live++;
    pool->units++;
    pool->states[UNIT_PENDING]++;
    return unit;
}

static void collector_refer(struct tables *tables, uint32_t *slot, uint32_t collector)
{
    if (*slot != NONE)
        tables->collectors[*slot]->references--;
    *slot = collector;
    if (collector != NONE)
        tables->collectors[collector]->references++;
}

static void unit_key_print(const struct tables *tables, uint32_t unit, struct buffer *buffer)
{
    buffer_add_string(buffer, "unit/");
    buffer_add_string(buffer, tables->pools[tables->topics[tables->units[unit].topic].pool]->name);
    buffer_add_char(buffer, '/');
    unit_print(tables, unit, buffer);
}

void unit_remove(struct tables *tables, uint32_t unit, bool tombstone)
{
    struct unit *row = &tables->units[unit];
    struct pool *pool = tables->pools[tables->topics[row->topic].pool];
    ensure(row->owner == NONE);
    if (tombstone) {
        struct buffer key = {0};
        unit_key_print(tables, unit, &key);
        tombstone_add(tables, buffer_text(&key));
        buffer_finish(&key);
    }
    collector_refer(tables, &row->previous, NONE);
    if (row->partition >= 0)
        index_remove(&tables->parts_index, part_hash(tables, row->topic, row->partition), unit);
    uint32_t *link = &tables->topics[row->topic].units;
    while (*link != unit)
        link = &tables->units[*link].sibling;
    *link = row->sibling;
    pool->units--;
    pool->states[row->state]--;
    tables->units_live--;
    *row = (struct unit){.topic = NONE, .owner = NONE, .sibling = tables->units_free};
    tables->units_free = unit;
}

void unit_touch(struct tables *tables, uint32_t unit)
{
    if (tables->units[unit].is_dirty)
        return;
    tables->units[unit].is_dirty = true;
    handles_add(&tables->dirty_units, unit);
    tables->dirty_bytes += 128u + topic_name(tables, tables->units[unit].topic).size;
}

void unit_print(const struct tables *tables, uint32_t unit, struct buffer *buffer)
{
    buffer_add_text(buffer, topic_name(tables, tables->units[unit].topic));
    if (tables->units[unit].partition < 0)
        return;
    buffer_add_char(buffer, '/');
    buffer_add_int64(buffer, tables->units[unit].partition);
}

// ---- Lists of the owner.

static uint32_t unit_bucket_of(const struct tables *tables, uint32_t unit)
{
    if (tables->units[unit].partition < 0)
        return unit_bucket(topic_name(tables, tables->units[unit].topic));
    struct buffer name = {0};
    unit_print(tables, unit, &name);
    uint32_t bucket = unit_bucket(buffer_text(&name));
    buffer_finish(&name);
    return bucket;
}

// Rough bytes of the unit in a bucket's record: name, its length, the fence, no hand-over.
static uint32_t unit_size(const struct tables *tables, uint32_t unit)
{
    return (uint32_t)topic_name(tables, tables->units[unit].topic).size + 18u;
}

static void bucket_add(struct tables *tables, struct collector *owner, uint32_t unit)
{
    uint32_t at = unit_bucket_of(tables, unit);
    struct bucket_row *bucket = &owner->buckets[at];
    struct unit *row = &tables->units[unit];
    row->prev = NONE;
    row->next = bucket->units;
    if (bucket->units != NONE)
        tables->units[bucket->units].prev = unit;
    bucket->units = unit;
    bucket->count++;
    bucket->size += unit_size(tables, unit);
    owner->owned++;
}

static void bucket_drop(struct tables *tables, struct collector *owner, uint32_t unit)
{
    struct bucket_row *bucket = &owner->buckets[unit_bucket_of(tables, unit)];
    struct unit *row = &tables->units[unit];
    if (row->next != NONE)
        tables->units[row->next].prev = row->prev;
    if (row->prev != NONE)
        tables->units[row->prev].next = row->next;
    else
        bucket->units = row->next;
    bucket->count--;
    bucket->size -= unit_size(tables, unit);
    owner->owned--;
}

static void revoked_add(struct tables *tables, struct collector *owner, uint32_t unit)
{
    struct unit *row = &tables->units[unit];
    row->next = NONE;
    row->prev = owner->revoked_last;
    if (owner->revoked_last != NONE)
        tables->units[owner->revoked_last].next = unit;
    else
        owner->revoked = unit;
    owner->revoked_last = unit;
    owner->revoking++;
}

static void revoked_drop(struct tables *tables, struct collector *owner, uint32_t unit)
{
    struct unit *row = &tables->units[unit];
    if (row->next != NONE)
        tables->units[row->next].prev = row->prev;
    else
        owner->revoked_last = row->prev;
    if (row->prev != NONE)
        tables->units[row->prev].next = row->next;
    else
        owner->revoked = row->next;
    owner->revoking--;
}

void unit_move(struct tables *tables, uint32_t unit, enum unit_state state, uint32_t owner)
{
    struct unit *row = &tables->units[unit];
    struct pool *pool = tables->pools[tables->topics[row->topic].pool];
    ensure((owner != NONE) == (state == UNIT_OWNED || state == UNIT_REVOKING));
    ensure(state != UNIT_REVOKING || owner == row->owner || row->owner == NONE);
    if (row->state == UNIT_OWNED && row->owner != NONE)
        bucket_drop(tables, tables->collectors[row->owner], unit);
    if (row->state == UNIT_REVOKING && row->owner != NONE)
        revoked_drop(tables, tables->collectors[row->owner], unit);
    if (row->owner != NONE && row->owner != owner)
        collector_refer(tables, &row->previous, row->owner);
    collector_refer(tables, &row->owner, owner);
    pool->states[row->state]--;
    row->state = (uint8_t)state;
    pool->states[state]++;
    if (state == UNIT_OWNED)
        bucket_add(tables, tables->collectors[owner], unit);
    if (state == UNIT_REVOKING)
        revoked_add(tables, tables->collectors[owner], unit);
}

void unit_previous_set(struct tables *tables, uint32_t unit, uint32_t collector)
{
    collector_refer(tables, &tables->units[unit].previous, collector);
}

void revoked_sort(struct tables *tables, uint32_t handle)
{
    struct collector *owner = tables->collectors[handle];
    struct handles list = {0};
    for (uint32_t u = owner->revoked; u != NONE; u = tables->units[u].next)
        handles_add(&list, u);
    handles_sort(&list, tables, unit_before);
    owner->revoked = owner->revoked_last = NONE;
    owner->revoking = 0;
    for (uint32_t i = 0; i < list.count; i++)
        revoked_add(tables, owner, list.items[i]);
    handles_finish(&list);
}
