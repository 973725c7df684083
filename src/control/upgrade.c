// SPDX-License-Identifier: Apache-2.0
//
// The level of the cell: the records that it writes can be read by whoever knows that level. Every
// member says the highest one it knows; an operator raises the cell's to the leader's own, once all
// that live know it. Whoever knows less is then neither leader nor follower nor reader any more.
#include "control/core.h"
#include <stdio.h>

enum { NAMES_SHOWN = 8 };

int64_t upgrade_level(const struct control *control)
{
    return control->lineage == NULL || control->level < 1 ? 1 : control->level;
}

int64_t upgrade_first_level(const struct control *control)
{
    int64_t level = control->level_max;
    for (int i = 0; i < COORDINATORS_MAX; i++)
        if (peer_is_alive(control, &control->peers[i]) && control->peers[i].level < level)
            level = control->peers[i].level;
    return level < 1 ? 1 : level;
}

// Names in an answer.
struct naming {
    struct buffer *text;
    uint32_t count;
};

static void name_add(struct naming *naming, const char *role, const char *pool, const char *id,
                     int64_t level)
{
    if (naming->count++ >= NAMES_SHOWN)
        return;
    buffer_print(naming->text, "%s%s '%s%s%s' knows level %lld", naming->count > 1 ? ", " : "",
                 role, pool, pool[0] != '\0' ? "/" : "", id, (long long)level);
}

// A collector counts by its admitted life and by those that wait.
static int64_t collector_level(const struct control *control, const struct collector *collector)
{
    int64_t level = member_is_alive(collector) ? collector->level : INT64_MAX;
    for (int i = 0; i < COLLECTOR_WAITING_MAX; i++) {
        const struct waiting *row = &collector->waiting[i];
        bool is_heard = row->incarnation[0] != '\0' &&
                        instant_since(control->now, row->heard).us < span_of_ms(row->lease_ms).us;
        if (is_heard && row->level < level)
            level = row->level;
    }
    return level;
}

// Those who live and know less than the level, coordinators first, collectors by name.
static void laggards_name(const struct control *control, int64_t level, struct naming *naming)
{
    const struct tables *tables = &control->tables;
    struct handles collectors = {0};
    if (control->level_max < level)
        name_add(naming, "the leader", "", control->id, control->level_max);
    for (int i = 0; i < COORDINATORS_MAX; i++)
        if (peer_is_alive(control, &control->peers[i]) && control->peers[i].level < level)
            name_add(naming, "coordinator", "", control->peers[i].id, control->peers[i].level);
    for (uint32_t i = 0; i < tables->collectors_count; i++)
        if (tables->collectors[i] != NULL &&
            collector_level(control, tables->collectors[i]) < level)
            handles_add(&collectors, i);
    handles_sort(&collectors, tables, collector_before);
    for (uint32_t i = 0; i < collectors.count; i++) {
        const struct collector *row = tables->collectors[collectors.items[i]];
        name_add(naming, "collector", tables->pools[row->pool]->name, row->id,
                 collector_level(control, row));
    }
    handles_finish(&collectors);
    if (naming->count > NAMES_SHOWN)
        buffer_print(naming->text, " and %u more", naming->count - NAMES_SHOWN);
}

// The highest level that any coordinator knows.
static int64_t level_best(const struct control *control)
{
    int64_t level = control->level_max;
    for (int i = 0; i < COORDINATORS_MAX; i++)
        if (peer_is_alive(control, &control->peers[i]) && control->peers[i].level > level)
            level = control->peers[i].level;
    return level;
}

static void heads_renew(struct control *control)
{
    struct tables *tables = &control->tables;
    for (uint32_t i = 0; i < tables->collectors_count; i++)
        if (tables->collectors[i] != NULL && member_is_alive(tables->collectors[i])) {
            collector_change(tables, i, -1, true);
            control->is_assignment_changed = true;
        }
}

static void level_raise(struct control *control, int64_t level)
{
    char text[64];
    snprintf(text, sizeof(text), "records are of level %lld from now on, before %lld",
             (long long)level, (long long)control->level);
    control->level = level;
    control->cell_is_dirty = true;
    heads_renew(control);
    trace(control, "%s > every member knows it -> %s", control->id, text);
    event_tell(control,
               &(struct event_draft){
                   .kind = "cell.upgraded", .pool = NONE, .subject = control->id, .text = text});
}

// What was not heard yet is not known: a leader that has just been started waits.
static bool has_listened(const struct control *control)
{
    return evidence_proves(&control->evidence, control->started, control->leader_timeout);
}

const char *upgrade_order(struct control *control)
{
    int64_t level = level_best(control);
    struct naming naming = {.text = &control->line};
    buffer_clear(&control->line);
    if (level <= control->level)
        return NULL; // done before
    if (!has_listened(control))
        return "this leader has not listened for long enough to know every member: try again";
    laggards_name(control, level, &naming);
    if (naming.count > 0) {
        buffer_print(&control->line, ", the next one is %lld: replace what is older first",
                     (long long)level);
        return buffer_string(&control->line);
    }
    level_raise(control, level);
    return NULL;
}
