// SPDX-License-Identifier: Apache-2.0
//
// Every invariant of the tables, from scratch, for tests and the simulator.
#include "base/ensure.h"
#include "control/core.h"

static void check_topic(const struct tables *tables, uint32_t topic)
{
    int64_t order = INT64_MIN;
    ensure(topic_find(tables, tables->topics[topic].pool, topic_name(tables, topic)) == topic);
    ensure(tables->topics[topic].claims != NONE || tables->topics[topic].units != NONE);
    for (uint32_t c = tables->topics[topic].claims; c != NONE;
         c = tables->claims[c].next_of_topic) {
        ensure(tables->claims[c].topic == topic && tables->claims[c].order >= order);
        order = tables->claims[c].order;
    }
    for (uint32_t u = tables->topics[topic].units; u != NONE; u = tables->units[u].sibling) {
        ensure(tables->units[u].topic == topic);
        ensure(unit_find(tables, topic, tables->units[u].partition) == u);
    }
}

static void check_collector(const struct control *control, const struct collector *collector)
{
    const struct tables *tables = &control->tables;
    uint32_t owned = 0, revoking = 0;
    int64_t generation = 0;
    for (uint32_t b = 0; b < BUCKET_COUNT; b++) {
        uint32_t count = 0;
        for (uint32_t u = collector->buckets[b].units; u != NONE; u = tables->units[u].next) {
            ensure(tables->units[u].owner == collector->handle);
            ensure(tables->units[u].state == UNIT_OWNED);
            count++;
        }
        ensure(count == collector->buckets[b].count);
        owned += count;
    }
    for (uint32_t u = collector->revoked; u != NONE; u = tables->units[u].next, revoking++) {
        ensure(tables->units[u].owner == collector->handle);
        ensure(tables->units[u].state == UNIT_REVOKING);
        ensure(control->phase != PHASE_LEADING || tables->units[u].generation >= generation);
        generation = tables->units[u].generation;
    }
    ensure(owned == collector->owned && revoking == collector->revoking);
    if (control->phase != PHASE_LEADING)
        return;
    ensure(member_is_alive(collector) || (collector->revoked == NONE && !collector->is_evicted));
    ensure((collector->state == COLLECTOR_GONE) == (collector->planned == PLAN_NOBODY));
    ensure(collector->state != COLLECTOR_GONE || owned == 0);
    int64_t number = 0;
    for (uint32_t i = 0; i < collector->commands_count; i++) {
        ensure(collector->commands[i].number > number);
        number = collector->commands[i].number;
    }
    ensure(number <= collector->command_number);
}

// A unit has a grant exactly when it is in a list of its owner.
static void check_unit(const struct control *control, const struct unit *unit)
{
    bool is_held = unit->state == UNIT_OWNED || unit->state == UNIT_REVOKING;
    ensure((unit->owner != NONE) == is_held);
    ensure(control->phase != PHASE_LEADING || unit->generation <= batch_generation(control));
}

static void check_claim(const struct tables *tables, uint32_t claim)
{
    const struct claim *row = &tables->claims[claim];
    ensure(claim_find(tables, row->statement, row->topic) == claim);
    ensure(tables->attributes[row->attributes].references > 0);
    ensure(tables->statements[row->statement].source != NULL);
}

void control_check(const struct control *control)
{
    const struct tables *tables = &control->tables;
    uint32_t topics = 0, units = 0, held = 0, owned = 0;
    for (uint32_t i = 0; i < tables->topics_count; i++)
        if (tables->topics[i].name != 0) {
            check_topic(tables, i);
            topics++;
        }
    for (uint32_t i = 0; i < tables->units_count; i++)
        if (tables->units[i].topic != NONE) {
            check_unit(control, &tables->units[i]);
            held += tables->units[i].owner != NONE;
            units++;
        }
    for (uint32_t i = 0; i < tables->claims_count; i++)
        if (tables->claims[i].topic != NONE)
            check_claim(tables, i);
    for (uint32_t i = 0; i < tables->collectors_count; i++)
        if (tables->collectors[i] != NULL) {
            check_collector(control, tables->collectors[i]);
            owned += tables->collectors[i]->owned + tables->collectors[i]->revoking;
        }
    ensure(topics == tables->topics_live && units == tables->units_live && held == owned);
    for (uint32_t i = 0; i < tables->pools_count; i++)
        if (tables->pools[i]->plan != NULL)
            plan_check(tables->pools[i]->plan);
}
