// SPDX-License-Identifier: Apache-2.0
//
// What the coordinator has decided, read from its state topic as any standby would, and what the
// collectors report.

#include <string.h>

#include "daemon/demo_inner.h"
#include "proto/key.h"
#include "wire/wire.h"

enum { TAG_STATE, TAG_REPORTS };

enum status demo_cell_open(struct demo *demo, struct buffer *fault)
{
    const struct kafka_assignment topics[] = {
        {.topic = TEXT_LITERAL(DEMO_PREFIX ".state"), .tag = TAG_STATE},
        {.topic = TEXT_LITERAL(DEMO_PREFIX ".reports"), .tag = TAG_REPORTS},
    };
    struct kafka_consumer_options options = {.fetch_wait_ms = 5};
    enum status status = kafka_consumer_create(&demo->settings, &options, fault, &demo->cell);
    if (status == STATUS_OK)
        status = kafka_consumer_assign(demo->cell, topics, 2);
    return status;
}

static int collector_find(const struct demo *demo, struct text id)
{
    for (int i = 0; i < DEMO_COLLECTORS; i++)
        if (text_equals(id, demo->children[i].name))
            return i;
    return DEMO_NOBODY;
}

static struct demo_topic *topic_find(struct demo *demo, struct text name)
{
    for (uint32_t i = 0; i < demo->count; i++)
        if (text_equals(name, demo->topics[i].name))
            return &demo->topics[i];
    return NULL;
}

// Moves are counted by owners alone, whatever the coordinator counts.
static void unit_take(struct demo *demo, struct text name, const struct state_unit *unit)
{
    struct demo_topic *topic = topic_find(demo, name);
    if (topic == NULL)
        return;
    topic->is_known = unit != NULL;
    topic->is_owned = unit && text_equals(unit->state, "owned");
    topic->owner = topic->is_owned ? collector_find(demo, unit->owner) : DEMO_NOBODY;
    if (unit == NULL)
        topic->owner_last = DEMO_NOBODY;
    if (topic->owner == DEMO_NOBODY)
        return;
    demo->result.moves_made +=
        topic->owner_last != DEMO_NOBODY && topic->owner_last != topic->owner;
    topic->owner_last = topic->owner;
}

static void state_take(struct demo *demo, const struct kafka_record *record)
{
    struct state_key key;
    struct wire_record decoded = {0};
    if (state_key_parse(record->key, &key) != STATUS_OK)
        return;
    if (!record->is_value_null &&
        (wire_decode(record->value, &demo->arena, NULL, &decoded, NULL) != STATUS_OK ||
         decoded.kind != key.kind))
        return;
    if (key.kind == RECORD_STATE_UNIT) {
        unit_take(demo, key.unit, decoded.record);
    } else if (key.kind == RECORD_STATE_COLLECTOR) {
        const struct state_collector *said = decoded.record;
        int collector = collector_find(demo, key.name);
        if (collector != DEMO_NOBODY)
            demo->children[collector].is_named =
                said && said->incarnation.size > 0 && text_equals(said->state, "active");
    } else if (key.kind == RECORD_STATE_POOL && decoded.record) {
        const struct state_pool *pool = decoded.record;
        struct text cap =
            label_value(pool->policy, pool->policy_count, TEXT_LITERAL("max_topics_per_collector"));
        if (text_parse_int64(cap, &demo->cap) != STATUS_OK)
            demo->cap = 0;
    }
}

static void report_take(struct demo *demo, const struct kafka_record *record)
{
    struct wire_record decoded;
    if (wire_decode(record->value, &demo->arena, NULL, &decoded, NULL) != STATUS_OK ||
        decoded.kind != RECORD_REPORT)
        return;
    const struct report *report = decoded.record;
    for (uint32_t i = 0; i < report->units_count; i++)
        if (report->units[i].lag > demo->result.lag_max)
            demo->result.lag_max = report->units[i].lag;
}

void demo_cell_turn(struct demo *demo)
{
    struct kafka_record records[256];
    uint32_t count;
    while ((count = kafka_consumer_poll(demo->cell, records, 256)) > 0) {
        for (uint32_t i = 0; i < count; i++) {
            if (records[i].kind != KAFKA_RECORD)
                continue;
            if (records[i].tag == TAG_STATE)
                state_take(demo, &records[i]);
            else
                report_take(demo, &records[i]);
        }
        kafka_consumer_release(demo->cell, records, count);
        arena_clear(&demo->arena);
    }
}

uint32_t demo_cell_owned(const struct demo *demo, int child)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < demo->count; i++)
        count +=
            demo->topics[i].is_owned && (child == DEMO_NOBODY || demo->topics[i].owner == child);
    return count;
}
