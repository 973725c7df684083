// SPDX-License-Identifier: Apache-2.0
//
// Lives of collectors (S4, S5). An id is a name, an incarnation is a life. Per id at most one life
// is admitted; others wait.
//
//                    beat of an unknown life
//                            v
//                         waiting --- nobody admitted, heard within its lease ---> admitted
//                            |                                                        |
//                  silent: forgotten     evicted or not: leaving, replaced, death, or silence (S4)
//                                                                                     v
//      a waiting one is admitted: same units, no move  <----------------------------- over
//      else held for hold_ms, then released: the planner gives its units to others <--+
//                                                                                     v
//                         an id of which nobody hears any more, and that no unit names: forgotten
//
// A beat is level-triggered: who hears only the newest one of each life decides the same.
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "base/name.h"
#include "control/core.h"
#include "proto/key.h"

enum {
    COLLECTORS_MAX = 20000,
    LEASE_MIN_MS = 100,
    LEASE_MAX_MS = 3600 * 1000,
    FORGOTTEN_MS = 3600 * 1000, // silence after which an id without a life is forgotten
};

static void life_copy(char life[33], struct text text)
{
    memset(life, 0, 33);
    memcpy(life, text.data ? text.data : "", text.size < 33 ? text.size : 32);
}

static bool is_life(struct text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!((text.data[i] >= '0' && text.data[i] <= '9') ||
              (text.data[i] >= 'a' && text.data[i] <= 'f')))
            return false;
    return text.size == 32;
}

static void info_copy(struct beat_info *info, const struct beat_info *from)
{
    memory_release((char *)info->host.data);
    memory_release((char *)info->version.data);
    memory_release((char *)info->address.data);
    *info = *from;
    info->host.data = text_copy(from->host);
    info->version.data = text_copy(from->version);
    info->address.data = text_copy(from->address);
}

// ---- Lives that wait.

static struct waiting *waiting_find(struct collector *collector, struct text incarnation)
{
    for (int i = 0; i < COLLECTOR_WAITING_MAX; i++)
        if (text_equals(incarnation, collector->waiting[i].incarnation))
            return &collector->waiting[i];
    return NULL;
}

static void waiting_drop(struct waiting *waiting)
{
    labels_release(waiting->labels, waiting->labels_count);
    *waiting = (struct waiting){0};
}

// The row of this life; a free one, or else the one that was silent for longest, becomes it.
static struct waiting *waiting_row(struct collector *collector, struct text incarnation)
{
    struct waiting *row = waiting_find(collector, incarnation);
    if (row != NULL)
        return row;
    row = &collector->waiting[0];
    for (int i = 1; i < COLLECTOR_WAITING_MAX && row->incarnation[0] != '\0'; i++)
        if (collector->waiting[i].incarnation[0] == '\0' ||
            instant_is_before(collector->waiting[i].heard, row->heard))
            row = &collector->waiting[i];
    waiting_drop(row);
    life_copy(row->incarnation, incarnation);
    return row;
}

// Its head, which it need not be able to read, tells it that it cannot be admitted.
static void member_outdated(struct control *control, struct collector *collector, int64_t level)
{
    alarm_raise(control,
                "collector '%s' knows level %lld only, the cell writes level %lld: it is not "
                "admitted; upgrade it",
                collector->id, (long long)level, (long long)control->level);
    if (member_is_alive(collector))
        return;
    collector_change(&control->tables, collector->handle, -1, true);
    control->is_assignment_changed = true;
}

static void waiting_note(struct control *control, struct collector *collector,
                         const struct beat *beat)
{
    struct waiting *row = waiting_row(collector, beat->incarnation);
    bool is_new = row->seq == 0;
    if (beat->seq <= row->seq)
        return;
    labels_release(row->labels, row->labels_count);
    row->labels = labels_copy(beat->labels, beat->labels_count);
    row->labels_count = beat->labels_count;
    life_copy(row->replaces, beat->replaces);
    row->heard = control->now;
    row->seq = beat->seq;
    row->lease_ms = beat->lease_ms;
    row->level = beat->level;
    row->capacity_units = beat->capacity.units;
    row->capacity_weight = beat->capacity.weight;
    row->is_draining = text_equals(beat->state, "draining");
    row->is_foreign = lineage_is_foreign(control, beat->lineage);
    if (is_new && control->phase == PHASE_LEADING && row->level < control->level)
        member_outdated(control, collector, row->level);
}

// The life to be admitted next: the one heard last, if that is within its lease.
static struct waiting *waiting_best(const struct control *control, struct collector *collector)
{
    struct waiting *best = NULL;
    if (!control->admits || control->tables.pools[collector->pool]->state == POOL_DELETED)
        return NULL;
    for (int i = 0; i < COLLECTOR_WAITING_MAX; i++) {
        struct waiting *row = &collector->waiting[i];
        if (row->incarnation[0] == '\0' || row->level < control->level || row->is_foreign ||
            instant_since(control->now, row->heard).us >= span_of_ms(row->lease_ms).us)
            continue;
        if (best == NULL || instant_is_before(best->heard, row->heard))
            best = row;
    }
    return best;
}

void member_waits_no_more(struct collector *collector, struct text incarnation)
{
    struct waiting *row = incarnation.size > 0 ? waiting_find(collector, incarnation) : NULL;
    if (row != NULL)
        waiting_drop(row);
}

// ---- Begin and end of a life.

static bool has_ended(const struct collector *collector, struct text incarnation)
{
    for (int i = 0; i < COLLECTOR_ENDED_MAX; i++)
        if (collector->ended[i][0] != '\0' && text_equals(incarnation, collector->ended[i]))
            return true;
    return false;
}

void member_ended(struct collector *collector, struct text incarnation)
{
    if (incarnation.size == 0 || has_ended(collector, incarnation))
        return;
    memmove(collector->ended[1], collector->ended[0],
            (COLLECTOR_ENDED_MAX - 1) * sizeof(collector->ended[0]));
    life_copy(collector->ended[0], incarnation);
}

struct plan_collector_options member_options(const struct collector *collector)
{
    struct plan_collector_options options = {.labels = collector->labels,
                                             .labels_count = collector->labels_count};
    options.is_draining = collector->drained || collector->asks_drain;
    options.is_held = collector->state == COLLECTOR_HELD || collector->is_evicted;
    if (collector->capacity_units > 0 && collector->capacity_units < UINT32_MAX)
        options.units_max = (uint32_t)collector->capacity_units;
    if (collector->capacity_weight > 0)
        options.weight_max = collector->capacity_weight < PLAN_WEIGHT_MAX
                                 ? collector->capacity_weight
                                 : PLAN_WEIGHT_MAX;
    return options;
}

void member_plan(struct control *control, uint32_t handle)
{
    struct collector *collector = control->tables.collectors[handle];
    struct pool *pool = control->tables.pools[collector->pool];
    struct plan_collector_options options = member_options(collector);
    if (collector->state != COLLECTOR_HELD)
        collector->state = options.is_draining ? COLLECTOR_DRAINING : COLLECTOR_ACTIVE;
    pool->is_unsettled = true;
    if (collector->planned != PLAN_NOBODY) {
        plan_collector_set(pool->plan, collector->planned, &options);
        return;
    }
    collector->planned = plan_collector_join(pool->plan, text_of(collector->id), &options);
    pool->planned = array_reserve(pool->planned, &pool->planned_capacity, collector->planned + 1,
                                  sizeof(*pool->planned));
    pool->planned[collector->planned] = handle;
}

static void member_narrate(struct control *control, const struct collector *collector,
                           const char *kind, const char *text, const char *rule)
{
    trace(control, "%s > %s -> %s (%s)", collector->id, kind, text, rule);
    event_tell(control, &(struct event_draft){.kind = kind,
                                              .pool = collector->pool,
                                              .subject = collector->id,
                                              .text = text,
                                              .rule = rule});
}

static void member_admit(struct control *control, struct collector *collector,
                         struct waiting *waiting)
{
    memcpy(collector->incarnation, waiting->incarnation, sizeof(collector->incarnation));
    collector->lease_ms = waiting->lease_ms;
    collector->level = waiting->level;
    collector->capacity_units = waiting->capacity_units;
    collector->capacity_weight = waiting->capacity_weight;
    labels_release(collector->labels, collector->labels_count);
    collector->labels = waiting->labels;
    collector->labels_count = waiting->labels_count;
    waiting->labels = NULL;
    waiting->labels_count = 0;
    collector->heard = waiting->heard;
    collector->seq = waiting->seq;
    collector->asks_drain = waiting->is_draining;
    collector->admitted = batch_generation(control);
    collector->applied_generation = 0;
    collector->owed = collector->admitted;
    collector->owed_since = control->now;
    collector->since_ms = control->wall_ms;
    collector->hold_ms = 0;
    collector->state = COLLECTOR_ACTIVE;
    waiting_drop(waiting);
    member_plan(control, collector->handle);
    collector_touch(&control->tables, collector->handle);
    collector_change(&control->tables, collector->handle, -1, true);
    control->is_assignment_changed = true;
    member_narrate(control, collector, "collector.admitted", "its head names this life", "S5");
}

// Its units go to others.
static void member_release(struct control *control, struct collector *collector)
{
    struct pool *pool = control->tables.pools[collector->pool];
    collector->state = COLLECTOR_GONE;
    collector->since_ms = control->wall_ms;
    collector_touch(&control->tables, collector->handle);
    if (collector->planned != PLAN_NOBODY) {
        plan_collector_leave(pool->plan, collector->planned);
        collector->planned = PLAN_NOBODY;
        pool->is_unsettled = true;
    }
    units_abandon(control, collector->handle, true);
}

// How long the units wait for the same id: what the proof of death asks for, or the pool. Who has
// none is not waited for.
static int64_t hold_of(const struct control *control, const struct collector *collector,
                       int64_t hold_ms)
{
    const struct pool *pool = control->tables.pools[collector->pool];
    int64_t bounce_ms = pool->asked.bounce_delay_ms;
    if (collector->planned == PLAN_NOBODY ||
        plan_collector_load(pool->plan, collector->planned) == 0)
        bounce_ms = 0;
    return bounce_ms > hold_ms ? bounce_ms : hold_ms;
}

static void member_end(struct control *control, struct collector *collector, int64_t hold_ms,
                       const char *why, const char *rule)
{
    member_narrate(control, collector, "collector.ended", why, rule);
    member_ended(collector, text_of(collector->incarnation));
    collector->incarnation[0] = '\0';
    collector->is_evicted = false;
    collector->seq = 0;
    commands_end(control, collector);
    collector_touch(&control->tables, collector->handle);
    collector_change(&control->tables, collector->handle, -1, true);
    control->is_assignment_changed = true;
    units_abandon(control, collector->handle, false);
    struct waiting *next = waiting_best(control, collector);
    if (next != NULL) {
        member_admit(control, collector, next);
        return;
    }
    hold_ms = hold_of(control, collector, hold_ms);
    if (hold_ms <= 0) {
        member_release(control, collector);
        return;
    }
    collector->state = COLLECTOR_HELD;
    member_plan(control, collector->handle);
    collector->hold_ms = hold_ms;
    collector->since_ms = control->wall_ms;
    collector->hold_until = instant_add(control->now, span_of_ms(hold_ms));
}

// It stays the incumbent until its end is proved, so its units and its id wait for that. The state
// has one word for all that it is meanwhile: what it asked for itself counts no more.
void member_evict(struct control *control, struct collector *collector, const char *why)
{
    ensure(member_is_alive(collector) && !collector->is_evicted);
    collector->is_evicted = true;
    collector->asks_drain = false;
    member_plan(control, collector->handle);
    collector_touch(&control->tables, collector->handle);
    collector_change(&control->tables, collector->handle, -1, true);
    control->is_assignment_changed = true;
    member_narrate(control, collector, "collector.evicted", why, "S5");
}

// Looks whether a life that waits may begin.
static void member_consider(struct control *control, struct collector *collector,
                            struct waiting *waiting)
{
    if (!member_is_alive(collector)) {
        struct waiting *best = waiting_best(control, collector);
        if (best != NULL)
            member_admit(control, collector, best);
        else if (waiting->is_foreign)
            lineage_tell(control, collector);
        return;
    }
    if (waiting->replaces[0] != '\0' && strcmp(waiting->replaces, collector->incarnation) == 0)
        member_end(control, collector, 0, "another process holds the lock of its state file", "S4");
}

void members_admit(struct control *control)
{
    struct tables *tables = &control->tables;
    struct handles idle = {0};
    for (uint32_t i = 0; i < tables->collectors_count; i++)
        if (tables->collectors[i] != NULL && !member_is_alive(tables->collectors[i]))
            handles_add(&idle, i);
    handles_sort(&idle, tables, collector_before);
    for (uint32_t i = 0; i < idle.count; i++) {
        struct collector *collector = tables->collectors[idle.items[i]];
        struct waiting *best = waiting_best(control, collector);
        if (best != NULL)
            member_admit(control, collector, best);
    }
    handles_finish(&idle);
}

// ---- Beats.

static void member_beat_admitted(struct control *control, struct collector *collector,
                                 const struct beat *beat)
{
    // Its lease may begin with this one, though somebody else has used the number before (S4).
    collector->heard = control->now;
    if (beat->seq <= collector->seq)
        return;
    collector->seq = beat->seq;
    ack_take(control, collector, beat);
    if (control->phase != PHASE_LEADING)
        return;
    commands_heard(control, collector, beat);
    handed_hear(control, collector, beat);
    units_acknowledged(control, collector->handle);
    if (text_equals(beat->state, "leaving")) {
        member_end(control, collector, 0, "it has stopped reading and writing for good", "S5");
        return;
    }
    bool asks_drain = text_equals(beat->state, "draining");
    if (asks_drain == collector->asks_drain || collector->is_evicted)
        return;
    collector->asks_drain = asks_drain;
    member_plan(control, collector->handle);
    collector_touch(&control->tables, collector->handle);
}

static const char *beat_fault(const struct beat *beat)
{
    if (name_fault(beat->id) != NULL || name_fault(beat->pool) != NULL)
        return "its name or pool is not a name";
    if (!is_life(beat->incarnation))
        return "its incarnation is not 32 hex digits";
    if (beat->seq < 1 || beat->applied_generation < 0)
        return "a number in it is negative";
    if (beat->lease_ms < LEASE_MIN_MS || beat->lease_ms > LEASE_MAX_MS)
        return "its lease is not between 100 ms and an hour";
    return NULL;
}

void member_beat(struct control *control, const struct beat *beat, bool is_past)
{
    bool is_coordinator = text_equals(beat->role, "coordinator");
    if (is_coordinator || beat_fault(beat) == NULL)
        lineage_hear(control, beat, is_past);
    if (is_past)
        return;
    if (is_coordinator) {
        lead_peer_beat(control, beat);
        return;
    }
    const char *fault = beat_fault(beat);
    uint32_t pool = fault ? NONE : pool_find(&control->tables, beat->pool);
    if (pool == NONE) {
        control->ignored++;
        trace(control, "%.*s > beat ignored -> %s", TEXT_ARGS(beat->id),
              fault ? fault : "no such pool");
        return;
    }
    uint32_t handle = collector_find(&control->tables, pool, beat->id);
    if (handle == NONE && control->tables.collectors_count >= COLLECTORS_MAX) {
        control->ignored++;
        return;
    }
    if (handle == NONE)
        handle = collector_add(&control->tables, pool, beat->id);
    struct collector *collector = control->tables.collectors[handle];
    info_copy(&collector->info, &beat->info);
    if (member_is_alive(collector) && text_equals(beat->incarnation, collector->incarnation)) {
        member_beat_admitted(control, collector, beat);
        return;
    }
    if (has_ended(collector, beat->incarnation))
        return;
    struct waiting *known = waiting_find(collector, beat->incarnation);
    if (text_equals(beat->state, "leaving")) {
        if (known != NULL)
            waiting_drop(known);
        return;
    }
    waiting_note(control, collector, beat);
    if (control->phase == PHASE_LEADING)
        member_consider(control, collector, waiting_find(collector, beat->incarnation));
}

void member_death(struct control *control, const struct death *death)
{
    if (text_equals(death->role, "coordinator")) {
        if (death->incarnation.size < sizeof(control->dead_leader))
            life_copy(control->dead_leader, death->incarnation);
        lead_state_received(control);
        return;
    }
    uint32_t pool = pool_find(&control->tables, death->pool);
    uint32_t handle = pool == NONE ? NONE : collector_find(&control->tables, pool, death->id);
    if (handle == NONE || !is_life(death->incarnation) || death->hold_ms < 0 ||
        death->hold_ms > LEASE_MAX_MS) {
        control->ignored++;
        return;
    }
    struct collector *collector = control->tables.collectors[handle];
    struct waiting *waiting = waiting_find(collector, death->incarnation);
    if (waiting != NULL)
        waiting_drop(waiting);
    member_ended(collector, death->incarnation);
    if (control->phase != PHASE_LEADING) {
        life_copy(collector->proved_dead, death->incarnation);
        collector->proved_hold_ms = death->hold_ms;
        return;
    }
    if (member_is_alive(collector) && text_equals(death->incarnation, collector->incarnation))
        member_end(control, collector, death->hold_ms, "somebody has waited for its process", "S4");
}

// ---- Judging silence.

static void member_judge(struct control *control, struct collector *collector)
{
    if (collector->state == COLLECTOR_HELD && instant_has_come(collector->hold_until, control->now))
        member_release(control, collector);
    if (!member_is_alive(collector))
        return;
    if (strcmp(collector->proved_dead, collector->incarnation) == 0) {
        member_end(control, collector, collector->proved_hold_ms,
                   "somebody has waited for its process", "S4");
        return;
    }
    if (evidence_proves(&control->evidence, collector->heard, span_of_ms(collector->lease_ms)))
        member_end(control, collector, 0, "silent for longer than its lease", "S4");
}

// ---- Forgetting ids.

static struct instant newest_beat(const struct collector *collector)
{
    struct instant newest = collector->heard;
    for (int i = 0; i < COLLECTOR_WAITING_MAX; i++)
        if (collector->waiting[i].incarnation[0] != '\0' &&
            instant_is_before(newest, collector->waiting[i].heard))
            newest = collector->waiting[i].heard;
    return newest;
}

// Ids of a fleet that comes and goes must not stay for ever. One is forgotten when nothing rests on
// it: no life, no unit that it has or had last, no operator who wants it empty, nothing to be
// written; and when own beats prove that it was not heard for an hour (S4).
static bool is_to_be_forgotten(const struct control *control, const struct collector *collector)
{
    return !member_is_alive(collector) && collector->state == COLLECTOR_GONE &&
           collector->planned == PLAN_NOBODY && !collector->drained && collector->references == 0 &&
           !collector->is_dirty && !collector->is_changed &&
           evidence_proves(&control->evidence, newest_beat(collector), span_of_ms(FORGOTTEN_MS));
}

// The head goes with the state; the buckets went when the units did.
static void member_forget(struct control *control, const struct collector *collector)
{
    struct buffer key = {0};
    state_key_print(
        (struct state_key){.kind = RECORD_STATE_COLLECTOR,
                           .pool = text_of(control->tables.pools[collector->pool]->name),
                           .name = text_of(collector->id)},
        &key);
    if (collector->is_known) {
        member_narrate(control, collector, "collector.forgotten",
                       "it was not heard for an hour, and no unit names it", "");
        tombstone_add(&control->tables, buffer_text(&key));
        control->is_assignment_changed = true;
    }
    buffer_finish(&key);
    collector_discard(&control->tables, collector->handle);
}

static void members_forget(struct control *control)
{
    struct tables *tables = &control->tables;
    struct handles forgotten = {0};
    for (uint32_t i = 0; i < tables->collectors_count; i++)
        if (tables->collectors[i] != NULL && is_to_be_forgotten(control, tables->collectors[i]))
            handles_add(&forgotten, i);
    handles_sort(&forgotten, tables, collector_before);
    for (uint32_t i = 0; i < forgotten.count; i++)
        member_forget(control, tables->collectors[forgotten.items[i]]);
    handles_finish(&forgotten);
}

static bool is_to_be_judged(const struct control *control, const struct collector *collector)
{
    if (collector->state == COLLECTOR_HELD)
        return instant_has_come(collector->hold_until, control->now);
    return member_is_alive(collector) &&
           (strcmp(collector->proved_dead, collector->incarnation) == 0 ||
            evidence_proves(&control->evidence, collector->heard, span_of_ms(collector->lease_ms)));
}

void members_judge(struct control *control)
{
    struct tables *tables = &control->tables;
    struct handles judged = {0};
    for (uint32_t i = 0; i < tables->collectors_count; i++)
        if (tables->collectors[i] != NULL && is_to_be_judged(control, tables->collectors[i]))
            handles_add(&judged, i);
    handles_sort(&judged, tables, collector_before);
    for (uint32_t i = 0; i < judged.count; i++)
        member_judge(control, tables->collectors[judged.items[i]]);
    handles_finish(&judged);
    members_forget(control);
}

struct instant members_deadline(const struct control *control)
{
    struct instant deadline = INSTANT_NEVER;
    for (uint32_t i = 0; i < control->tables.collectors_count; i++) {
        const struct collector *collector = control->tables.collectors[i];
        if (collector == NULL)
            continue;
        if (member_is_alive(collector))
            deadline =
                instant_earlier(deadline, evidence_deadline(&control->evidence, collector->heard,
                                                            span_of_ms(collector->lease_ms)));
        if (collector->state == COLLECTOR_HELD)
            deadline = instant_earlier(deadline, collector->hold_until);
    }
    return deadline;
}
