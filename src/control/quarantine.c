// SPDX-License-Identifier: Apache-2.0
//
// Units that their owners fail on. Who fails on one loses it, and it is placed anew; after as many
// owners in a row as the pool says (quarantine_after) it is given to nobody any more, so that it
// harms nothing else, until an operator says so or somebody announces its topic again. An owner
// that gets on with it clears the count. Another number in the policy counts at once: for those in
// quarantine, and for those that somebody has.
#include <stdio.h>

#include "control/core.h"

bool unit_is_quarantined(const struct tables *tables, uint32_t unit)
{
    const struct unit *row = &tables->units[unit];
    return row->failures >= tables->pools[tables->topics[row->topic].pool]->asked.quarantine_after;
}

static void unit_failed(struct control *control, uint32_t unit)
{
    struct tables *tables = &control->tables;
    struct unit *row = &tables->units[unit];
    struct buffer name = {0};
    char text[64];
    if (row->failures < UINT8_MAX)
        row->failures++;
    bool is_over = unit_is_quarantined(tables, unit);
    unit_print(tables, unit, &name);
    snprintf(text, sizeof(text), "%u owners in a row failed on it", row->failures);
    event_tell(control, &(struct event_draft){.kind = is_over ? "unit.quarantined" : "unit.failed",
                                              .pool = tables->topics[row->topic].pool,
                                              .subject = buffer_string(&name),
                                              .text = text,
                                              .from = tables->collectors[row->owner]->id});
    if (is_over)
        alarm_raise(control, "unit '%s' is in quarantine: %s", buffer_string(&name), text);
    buffer_finish(&name);
    unit_unplan(control, unit, is_over ? UNIT_QUARANTINE : UNIT_FAILED);
}

void quarantine_reported(struct control *control, uint32_t unit, const struct report_unit *said)
{
    struct unit *row = &control->tables.units[unit];
    if (control->phase != PHASE_LEADING || row->state != UNIT_OWNED)
        return;
    if (text_equals(said->state, "failed")) {
        unit_failed(control, unit);
        return;
    }
    bool gets_on =
        text_equals(said->state, "reading") && (said->records_per_s > 0 || said->lag == 0);
    if (row->failures == 0 || !gets_on)
        return;
    row->failures = 0;
    unit_touch(&control->tables, unit);
}

static bool has_failures(const struct tables *tables, uint32_t topic)
{
    for (uint32_t u = tables->topics[topic].units; u != NONE; u = tables->units[u].sibling)
        if (tables->units[u].failures > 0)
            return true;
    return false;
}

void quarantine_apply(struct control *control, uint32_t pool)
{
    struct tables *tables = &control->tables;
    struct handles topics = {0};
    for (uint32_t i = 0; i < tables->topics_count; i++)
        if (tables->topics[i].name != 0 && tables->topics[i].pool == pool &&
            has_failures(tables, i))
            handles_add(&topics, i);
    handles_sort(&topics, tables, topic_before);
    for (uint32_t i = 0; i < topics.count; i++)
        topic_reconcile(control, topics.items[i]);
    handles_finish(&topics);
}

bool quarantine_end(struct control *control, uint32_t topic)
{
    struct tables *tables = &control->tables;
    bool is_found = false;
    for (uint32_t u = tables->topics[topic].units; u != NONE; u = tables->units[u].sibling) {
        if (!unit_is_quarantined(tables, u))
            continue;
        tables->units[u].failures = 0;
        unit_touch(tables, u);
        is_found = true;
    }
    if (is_found)
        topic_reconcile(control, topic);
    return is_found;
}

void quarantine_announced(struct control *control, const struct announcement *said)
{
    const struct tables *tables = &control->tables;
    struct buffer name = {0};
    for (uint32_t i = 0; i < said->topics_count && !text_equals(said->mode, "remove"); i++) {
        buffer_clear(&name);
        unit_name_print((struct unit_name){said->topics[i].cluster, said->topics[i].name, -1},
                        &name);
        for (uint32_t pool = 0; pool < tables->pools_count; pool++) {
            // Without a pool it may have gone to several.
            bool is_meant =
                said->pool.size == 0 || text_equals(said->pool, tables->pools[pool]->name);
            uint32_t topic = is_meant ? topic_find(tables, pool, buffer_text(&name)) : NONE;
            if (topic != NONE)
                (void)quarantine_end(control, topic);
        }
    }
    buffer_finish(&name);
}
