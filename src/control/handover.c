// SPDX-License-Identifier: Apache-2.0
//
// S2: revoke, ack, grant. The planner says who should own a unit; this file moves the grants there.
//
// Happy path of a move from A to B, in generations of the cell:
//
//     g    A's bucket and head without the unit are published; the unit is `revoking`
//     ...  A stops reading it, flushes, commits, and beats applied_generation ≥ g
//     g+1  B's bucket and head with the unit are published, fence g+1
//
// Failures: A never acks -> A falls silent by S8 and is dead by S4: as good as an ack. B dies
// meanwhile -> the planner has named another by the time the ack comes. The plan changes back to A
// -> the revoke is completed all the same and A gets a new grant with a higher fence. The leader
// dies -> state says `revoking` and at which generation; the next leader waits for the same ack.
#include "base/ensure.h"
#include "control/core.h"

enum { BUCKET_SIZE_MAX = 512 * 1024, CHANGES_AT_ONCE = 256, LOADS_WHOLE_MS = 70 * 1000 };

static const enum unit_reason reason_of_why[] = {
    [PLAN_WHY_NONE] = UNIT_WAITS,          [PLAN_WHY_PLACED] = UNIT_PLACED,
    [PLAN_WHY_LEFT] = UNIT_LEFT,           [PLAN_WHY_DRAINED] = UNIT_DRAINED,
    [PLAN_WHY_OVER_CAP] = UNIT_OVER_CAP,   [PLAN_WHY_GROUP] = UNIT_REGROUPED,
    [PLAN_WHY_SPREAD] = UNIT_SPREAD,       [PLAN_WHY_PINNED] = UNIT_PINNED,
    [PLAN_WHY_MADE_ROOM] = UNIT_MADE_ROOM, [PLAN_WHY_AFFINITY] = UNIT_BROUGHT_IN,
    [PLAN_WHY_BALANCE] = UNIT_BALANCED,
};
_Static_assert(sizeof(reason_of_why) / sizeof(reason_of_why[0]) == PLAN_WHY_COUNT,
               "every reason for another owner has a text");

static const enum unit_reason reason_of_pending[] = {
    [PLAN_REASON_NONE] = UNIT_WAITS,
    [PLAN_REASON_NOT_SETTLED] = UNIT_WAITS,
    [PLAN_REASON_NO_COLLECTOR] = UNIT_NO_COLLECTOR,
    [PLAN_REASON_ALL_DRAINING] = UNIT_ALL_DRAINING,
    [PLAN_REASON_NO_GROUP] = UNIT_NO_GROUP,
    [PLAN_REASON_NO_LABEL] = UNIT_NO_LABEL,
    [PLAN_REASON_CAP] = UNIT_CAPPED,
    [PLAN_REASON_CAPACITY] = UNIT_NO_CAPACITY,
    [PLAN_REASON_TOO_HEAVY] = UNIT_TOO_HEAVY,
    [PLAN_REASON_SPREAD] = UNIT_NO_HOST,
    [PLAN_REASON_PIN_AWAY] = UNIT_PIN_AWAY,
    [PLAN_REASON_PIN_DRAINING] = UNIT_PIN_DRAINING,
    [PLAN_REASON_PIN_HOST] = UNIT_PIN_HOST,
    [PLAN_REASON_PIN_FULL] = UNIT_PIN_FULL,
};
_Static_assert(sizeof(reason_of_pending) / sizeof(reason_of_pending[0]) == PLAN_REASON_COUNT,
               "every reason to have no owner has a text");

enum unit_reason unit_reason_by(const struct control *control, uint32_t unit,
                                const struct plan *plan)
{
    const struct unit *row = &control->tables.units[unit];
    if (row->state != UNIT_PENDING || row->reason == UNIT_BUCKET_FULL || plan == NULL ||
        !plan_unit_is_known(plan, unit) || plan_unit_owner(plan, unit) != PLAN_NOBODY)
        return (enum unit_reason)row->reason;
    return reason_of_pending[plan_unit_reason(plan, unit)];
}

enum unit_reason unit_reason_now(const struct control *control, uint32_t unit)
{
    const struct tables *tables = &control->tables;
    const struct unit *row = &tables->units[unit];
    const struct pool *pool = tables->pools[tables->topics[row->topic].pool];
    // What is kept out of the plan for a reason of its own goes on saying so.
    if (row->state == UNIT_PENDING && pool->state == POOL_PAUSED && row->reason != UNIT_ASKING &&
        row->reason != UNIT_WITHDRAWN && row->reason != UNIT_RESHAPED)
        return UNIT_PAUSED;
    return unit_reason_by(control, unit, pool->plan);
}

static struct pool *unit_pool(const struct control *control, uint32_t unit)
{
    const struct tables *tables = &control->tables;
    return tables->pools[tables->topics[tables->units[unit].topic].pool];
}

static struct collector *unit_owner(const struct control *control, uint32_t unit)
{
    uint32_t owner = control->tables.units[unit].owner;
    return owner == NONE ? NULL : control->tables.collectors[owner];
}

static uint32_t bucket_of(struct control *control, uint32_t unit)
{
    buffer_clear(&control->line);
    unit_print(&control->tables, unit, &control->line);
    return unit_bucket(buffer_text(&control->line));
}

// One event and trace line about a unit that changes hands.
static void unit_narrate(struct control *control, uint32_t unit, const char *kind, const char *from,
                         const char *to)
{
    struct tables *tables = &control->tables;
    enum unit_reason reason = tables->units[unit].reason;
    buffer_clear(&control->line);
    unit_print(tables, unit, &control->line);
    event_tell(control,
               &(struct event_draft){.kind = kind,
                                     .pool = tables->topics[tables->units[unit].topic].pool,
                                     .subject = buffer_string(&control->line),
                                     .text = unit_reason_text(reason),
                                     .rule = unit_reason_rule(reason),
                                     .from = from,
                                     .to = to});
}

void unit_revoke(struct control *control, uint32_t unit, enum unit_reason reason)
{
    struct tables *tables = &control->tables;
    struct unit *row = &tables->units[unit];
    struct collector *owner = unit_owner(control, unit);
    ensure(row->state == UNIT_OWNED);
    row->reason = (uint8_t)reason;
    row->since_s = (uint32_t)(control->wall_ms / 1000);
    uint32_t bucket = bucket_of(control, unit);
    collector_change(tables, owner->handle, (int)bucket, true);
    control->is_assignment_changed = true;
    unit_narrate(control, unit, "unit.revoked", owner->id, "");
    unit_touch(tables, unit);
    row->generation = batch_generation(control);
    if (!member_is_alive(owner)) {
        unit_move(tables, unit, UNIT_PENDING, NONE);
        lag_unheard(control, unit);
        return;
    }
    unit_move(tables, unit, UNIT_REVOKING, owner->handle);
}

// Gives a free unit to the planner's owner.
static void unit_grant(struct control *control, uint32_t unit, uint32_t collector)
{
    struct tables *tables = &control->tables;
    struct unit *row = &tables->units[unit];
    struct collector *owner = tables->collectors[collector];
    uint32_t bucket = bucket_of(control, unit);
    uint32_t size = (uint32_t)topic_name(tables, row->topic).size + 18u;
    unit_touch(tables, unit);
    if (owner->buckets[bucket].size + size > BUCKET_SIZE_MAX) {
        row->reason = UNIT_BUCKET_FULL;
        handles_add(&control->loose, unit);
        return;
    }
    const char *from = row->previous == NONE ? "" : tables->collectors[row->previous]->id;
    row->generation = batch_generation(control);
    row->since_s = (uint32_t)(control->wall_ms / 1000);
    bool is_first = row->previous == NONE;
    if (row->reason == UNIT_PAUSED)
        row->reason = row->previous == collector ? UNIT_RESUMED : UNIT_PLACED;
    unit_move(tables, unit, UNIT_OWNED, collector);
    lag_unheard(control, unit);
    if (!is_first && row->previous != collector)
        control->moves++;
    if (!is_first)
        control->cell_is_dirty = true;
    collector_change(tables, collector, (int)bucket, !is_first);
    control->is_assignment_changed = true;
    unit_narrate(control, unit, is_first ? "unit.placed" : "unit.moved", from, owner->id);
}

// What a unit does whose hands are free.
static void unit_settle(struct control *control, uint32_t unit)
{
    struct tables *tables = &control->tables;
    struct pool *pool = unit_pool(control, unit);
    if (!plan_unit_is_known(pool->plan, unit))
        return;
    uint32_t planned = plan_unit_owner(pool->plan, unit);
    if (planned != PLAN_NOBODY && pool->state != POOL_PAUSED) {
        uint32_t collector = pool->planned[planned];
        if (member_is_alive(tables->collectors[collector]))
            unit_grant(control, unit, collector);
        else
            handles_add(&control->loose, unit);
        return;
    }
    enum unit_reason reason = unit_reason_now(control, unit);
    // It lost its owner in the plan since the last decision; the next one may give it back to that
    // one, which is no change.
    if (reason == UNIT_WAITS)
        handles_add(&control->loose, unit);
    if (tables->units[unit].reason == reason)
        return;
    tables->units[unit].reason = (uint8_t)reason;
    unit_touch(tables, unit);
}

void unit_freed(struct control *control, uint32_t unit)
{
    struct tables *tables = &control->tables;
    uint32_t topic = tables->units[unit].topic;
    unit_move(tables, unit, UNIT_PENDING, NONE);
    lag_unheard(control, unit);
    unit_touch(tables, unit);
    if (tables->units[unit].is_doomed) {
        lag_forget(control, unit);
        unit_remove(tables, unit, true);
        uint32_t rest = tables->topics[topic].units;
        if (rest == NONE || !tables->units[rest].is_doomed)
            topic_reconcile(control, topic);
        return;
    }
    if (tables->topics[topic].is_missing || tables->topics[topic].is_short ||
        tables->units[unit].failures > 0 || topic_is_silent(tables, topic))
        topic_reconcile(control, topic);
    // What the planner has given to another meanwhile it does not speak of again.
    if (tables->units[unit].topic == topic && tables->units[unit].state == UNIT_PENDING)
        unit_settle(control, unit);
}

// Frees what the owner has let go of up to a generation.
static void units_free(struct control *control, const struct collector *owner, int64_t generation)
{
    struct tables *tables = &control->tables;
    struct handles free = {0};
    for (uint32_t u = owner->revoked; u != NONE && tables->units[u].generation <= generation;
         u = tables->units[u].next)
        handles_add(&free, u);
    handles_sort(&free, tables, unit_before);
    for (uint32_t i = 0; i < free.count; i++)
        unit_freed(control, free.items[i]);
    handles_finish(&free);
}

void units_acknowledged(struct control *control, uint32_t collector)
{
    struct collector *owner = control->tables.collectors[collector];
    if (owner->revoked == NONE ||
        control->tables.units[owner->revoked].generation > owner->applied_generation)
        return;
    trace(control, "%s acked generation %lld -> what it let go of is free (S2)", owner->id,
          (long long)owner->applied_generation);
    units_free(control, owner, owner->applied_generation);
}

void units_abandon(struct control *control, uint32_t collector, bool owned_too)
{
    struct tables *tables = &control->tables;
    struct collector *owner = tables->collectors[collector];
    units_free(control, owner, INT64_MAX);
    for (uint32_t bucket = 0; owned_too && bucket < BUCKET_COUNT; bucket++)
        while (owner->buckets[bucket].units != NONE) {
            uint32_t unit = owner->buckets[bucket].units;
            collector_change(tables, collector, (int)bucket, true);
            control->is_assignment_changed = true;
            tables->units[unit].reason = UNIT_LEFT;
            tables->units[unit].since_s = (uint32_t)(control->wall_ms / 1000);
            unit_touch(tables, unit);
            unit_move(tables, unit, UNIT_PENDING, NONE);
            lag_unheard(control, unit);
            handles_add(&control->loose, unit);
        }
}

// The planner wants another owner than before.
static void unit_change(struct control *control, const struct plan_change *change)
{
    struct tables *tables = &control->tables;
    struct unit *row = &tables->units[change->unit];
    struct pool *pool = unit_pool(control, change->unit);
    uint32_t wanted = change->to == PLAN_NOBODY ? NONE : pool->planned[change->to];
    unit_touch(tables, change->unit);
    if (row->state == UNIT_REVOKING)
        return;
    if (row->state == UNIT_OWNED && row->owner == wanted)
        return;
    enum unit_reason reason = reason_of_why[change->why];
    if (reason == UNIT_BALANCED && pool->asked.is_packed)
        reason = UNIT_PACKED;
    if (row->state == UNIT_OWNED) {
        unit_revoke(control, change->unit, reason);
        if (row->state == UNIT_REVOKING)
            return;
    }
    row->reason = (uint8_t)reason;
    unit_settle(control, change->unit);
}

// Loads that were heard of only in part say nothing about the balance. Reports tell all of them
// once a minute, so for that long a coordinator that has just begun to listen moves nothing for
// their sake.
static struct instant calm_until(const struct control *control, const struct pool *pool)
{
    return pool->asked.balance == PLAN_BALANCE_LOAD
               ? instant_add(control->listens_since, span_of_ms(LOADS_WHOLE_MS))
               : (struct instant){0};
}

static enum plan_pace pace_of(const struct control *control, const struct pool *pool)
{
    if (pool->is_forced)
        return PLAN_PACE_FORCED;
    if (pool->state == POOL_FROZEN)
        return PLAN_PACE_FROZEN;
    return instant_has_come(calm_until(control, pool), control->now) ? PLAN_PACE_POLICY
                                                                     : PLAN_PACE_CALM;
}

// Returns when to decide again because something was held back.
static struct instant pool_decide(const struct control *control, struct pool *pool)
{
    enum plan_pace pace = pace_of(control, pool);
    plan_settle_paced(pool->plan, pace, control->now.us / 1000);
    int64_t deadline_ms = plan_deadline_ms(pool->plan);
    struct instant deadline =
        deadline_ms == INT64_MAX ? INSTANT_NEVER : (struct instant){deadline_ms * 1000};
    return pace == PLAN_PACE_CALM ? instant_earlier(deadline, calm_until(control, pool)) : deadline;
}

struct instant pools_deadline(const struct control *control)
{
    struct instant deadline = INSTANT_NEVER;
    for (uint32_t i = 0; i < control->tables.pools_count; i++)
        deadline = instant_earlier(deadline, control->tables.pools[i]->decide_again);
    return deadline;
}

// A unit that was taken from its owner and given back to it within one decision is no change, but
// has another placement number, which the state must have: after a restart the order of numbers
// decides what moves first. More numbers than changes say that there are such units; they are
// looked for then. O(units).
static void renumbered_touch(struct control *control, struct pool *pool)
{
    struct tables *tables = &control->tables;
    struct handles found = {0};
    bool is_silent =
        plan_number_next(pool->plan) - pool->numbers_from > (uint64_t)pool->numbers_told;
    for (uint32_t unit = 0; is_silent && unit < tables->units_count; unit++)
        if (tables->units[unit].topic != NONE && !tables->units[unit].is_dirty &&
            unit_pool(control, unit) == pool && plan_unit_is_known(pool->plan, unit) &&
            plan_unit_number(pool->plan, unit) >= pool->numbers_from)
            handles_add(&found, unit);
    handles_sort(&found, tables, unit_before);
    for (uint32_t i = 0; i < found.count; i++)
        unit_touch(tables, found.items[i]);
    handles_finish(&found);
}

static void pool_settle(struct control *control, struct pool *pool)
{
    struct plan_change changes[CHANGES_AT_ONCE];
    uint32_t count;
    if (!pool->has_changes_left) {
        pool->numbers_from = plan_number_next(pool->plan);
        pool->numbers_told = 0;
    }
    pool->decide_again = pool_decide(control, pool);
    pool->is_forced = false;
    while (control->tables.dirty_bytes < BATCH_BYTES_MAX &&
           (count = plan_changes_take(pool->plan, changes, CHANGES_AT_ONCE)) > 0) {
        for (uint32_t i = 0; i < count; i++) {
            pool->numbers_told +=
                plan_unit_number(pool->plan, changes[i].unit) >= pool->numbers_from;
            unit_change(control, &changes[i]);
        }
    }
    pool->is_unsettled = pool->has_changes_left = control->tables.dirty_bytes >= BATCH_BYTES_MAX;
    if (!pool->has_changes_left)
        renumbered_touch(control, pool);
    control->has_more_changes = control->has_more_changes || pool->is_unsettled;
}

// Free units that the planner may not speak of again: those that lost their owner and got it back
// between two decisions, and those that found a full record.
static void loose_settle(struct control *control)
{
    struct handles loose = control->loose;
    control->loose = (struct handles){0};
    for (uint32_t i = 0; i < loose.count; i++) {
        const struct unit *row = &control->tables.units[loose.items[i]];
        if (control->tables.dirty_bytes >= BATCH_BYTES_MAX) {
            handles_add(&control->loose, loose.items[i]);
            control->has_more_changes = true;
        } else if (row->topic != NONE && row->state == UNIT_PENDING && !row->is_doomed)
            unit_settle(control, loose.items[i]);
    }
    handles_finish(&loose);
}

void pools_settle(struct control *control)
{
    control->has_more_changes = false;
    for (uint32_t i = 0; i < control->tables.pools_count; i++) {
        struct pool *pool = control->tables.pools[i];
        if (!pool->is_unsettled && !instant_has_come(pool->decide_again, control->now))
            continue;
        if (pool->state == POOL_PAUSED)
            pool_revoke(control, i);
        else
            pool_settle(control, pool);
        pool_judge(control, i);
    }
    if (!control->has_more_changes && control->loose.count > 0)
        loose_settle(control);
}
