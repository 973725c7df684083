// SPDX-License-Identifier: Apache-2.0
//
// The units of this collector, each for itself (S2).
//
//            want                 revoke, drain
//     (none) ────▶ UNIT_RUNNING ───────────────▶ UNIT_STOPPING ──stopped──▶ (none), or UNIT_RUNNING
//                   │      ▲                                                anew if wanted again
//            failed ▼      │ retry
//                  UNIT_FAILED ────revoke────▶ (none)
//
// A unit that is granted again while it still stops begins only when it has stopped: there is never
// a second reader of it. Revokes stand in a list, oldest first: the newest generation that may be
// acknowledged is the one before the oldest of them.
#include "base/ensure.h"
#include "base/hash.h"
#include "base/memory.h"
#include "collect/internal.h"

#define SLOT_BITS 24 // a run is its counter above this many bits of slot

static uint64_t name_hash(struct text name)
{
    return hash_keyed(name, 0);
}

static struct unit *find_unit(struct collect *collect, struct text name)
{
    uint64_t hash = name_hash(name);
    uint32_t at;
    for (uint32_t slot = index_find(&collect->names, hash, &at); slot != INDEX_NONE;
         slot = index_next(&collect->names, hash, &at))
        if (text_equal(collect->units[slot]->name, name))
            return collect->units[slot];
    return NULL;
}

static uint32_t take_slot(struct collect *collect)
{
    if (collect->free_count > 0)
        return collect->free_slots[--collect->free_count];
    ensure(collect->unit_end < 1u << SLOT_BITS);
    collect->units = array_reserve(collect->units, &collect->unit_capacity, collect->unit_end + 1,
                                   sizeof(struct unit *));
    return collect->unit_end++;
}

struct unit *collect_unit_get(struct collect *collect, struct text name)
{
    struct unit *unit = find_unit(collect, name);
    if (unit != NULL)
        return unit;
    unit = memory_get(sizeof(*unit));
    unit->name = (struct text){text_copy(name), name.size};
    unit->state = UNIT_GONE;
    unit->slot = take_slot(collect);
    collect->units[unit->slot] = unit;
    index_add(&collect->names, name_hash(name), unit->slot);
    return unit;
}

static void release(struct unit *unit)
{
    memory_release((char *)(uintptr_t)unit->name.data);
    memory_release(unit->from);
    memory_release(unit);
}

static void remove_unit(struct collect *collect, struct unit *unit)
{
    ensure(unit->state == UNIT_GONE && !unit->is_wanted && !unit->is_revoking);
    index_remove(&collect->names, name_hash(unit->name), unit->slot);
    collect->units[unit->slot] = NULL;
    collect->free_slots = array_reserve(collect->free_slots, &collect->free_capacity,
                                        collect->free_count + 1, sizeof(*collect->free_slots));
    collect->free_slots[collect->free_count++] = unit->slot;
    release(unit);
}

// The only way from one state to another; the counts follow.
static void change_state(struct collect *collect, struct unit *unit, enum unit_state state)
{
    bool was_active = unit->state == UNIT_RUNNING || unit->state == UNIT_STOPPING;
    bool is_active = state == UNIT_RUNNING || state == UNIT_STOPPING;
    collect->active_count += (uint32_t)is_active - (uint32_t)was_active;
    collect->failed_count +=
        (uint32_t)(state == UNIT_FAILED) - (uint32_t)(unit->state == UNIT_FAILED);
    unit->state = state;
}

static void revokes_add(struct collect *collect, struct unit *unit, int64_t before)
{
    ensure(!unit->is_revoking);
    unit->is_revoking = true;
    unit->before = before;
    unit->revoked_at = collect->now;
    unit->previous = collect->revokes_last;
    unit->next = NULL;
    if (collect->revokes_last != NULL)
        collect->revokes_last->next = unit;
    else
        collect->revokes_first = unit;
    collect->revokes_last = unit;
}

static void revokes_remove(struct collect *collect, struct unit *unit)
{
    if (!unit->is_revoking)
        return;
    unit->is_revoking = false;
    if (unit->previous != NULL)
        unit->previous->next = unit->next;
    else
        collect->revokes_first = unit->next;
    if (unit->next != NULL)
        unit->next->previous = unit->previous;
    else
        collect->revokes_last = unit->previous;
}

// Takes away the positions of a unit, or those that an acknowledged beat has told (no name).
static void handed_remove(struct collect *collect, struct text name)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < collect->handed_count; i++) {
        bool is_over = name.size > 0 ? text_equal(collect->handed[i].unit, name)
                                     : collect->handed_since[i] < collect->acked_seq;
        if (is_over) {
            memory_release((char *)(uintptr_t)collect->handed[i].unit.data);
            continue;
        }
        collect->handed_since[kept] = collect->handed_since[i];
        collect->handed[kept++] = collect->handed[i];
    }
    collect->handed_count = kept;
}

void collect_unit_want(struct collect *collect, struct unit *unit, const struct bucket_unit *wanted)
{
    int64_t fence = wanted->fence > collect->admitted ? wanted->fence : collect->admitted;
    unit->is_wanted = true;
    memory_release(unit->from);
    unit->from = memory_copy(wanted->from, wanted->from_count * sizeof(*wanted->from));
    unit->from_count = wanted->from_count;
    // A grant older than the admission was a former life's.
    unit->is_begun = wanted->begun || wanted->fence < collect->admitted;
    if (unit->state == UNIT_RUNNING && fence > unit->fence) {
        struct collect_effect *effect = collect_effect_add(collect, COLLECT_RAISE_FENCE);
        effect->run = unit->run;
        effect->unit = unit->name;
        effect->fence = fence;
    }
    if (unit->state != UNIT_RUNNING || fence > unit->fence)
        unit->fence = fence;
}

static void tell_stop(struct collect *collect, struct unit *unit, struct instant deadline)
{
    change_state(collect, unit, UNIT_STOPPING);
    struct collect_effect *effect = collect_effect_add(collect, COLLECT_STOP_UNIT);
    effect->run = unit->run;
    effect->unit = arena_text(&collect->texts, unit->name);
    effect->fence = unit->fence;
    effect->deadline = deadline;
}

void collect_unit_revoke(struct collect *collect, struct unit *unit, int64_t before)
{
    unit->is_wanted = false;
    switch (unit->state) {
    case UNIT_RUNNING:
        tell_stop(collect, unit,
                  instant_add(collect->now, span_of_ms(collect->options.revoke_flush_ms)));
        revokes_add(collect, unit, before);
        break;
    case UNIT_STOPPING: // by a drain, or revoked before and granted again meanwhile
        if (!unit->is_revoking)
            revokes_add(collect, unit, before);
        break;
    case UNIT_FAILED:
        change_state(collect, unit, UNIT_GONE);
        remove_unit(collect, unit);
        break;
    case UNIT_GONE: // granted and revoked while draining
        remove_unit(collect, unit);
        break;
    }
}

void collect_unit_start_if_wanted(struct collect *collect, struct unit *unit)
{
    if (collect->state != COLLECT_ACTIVE || !unit->is_wanted || unit->state != UNIT_GONE)
        return;
    handed_remove(collect, unit->name);
    unit->run = ++collect->run_counter << SLOT_BITS | unit->slot;
    unit->started_at = collect->now;
    change_state(collect, unit, UNIT_RUNNING);
    struct collect_effect *effect = collect_effect_add(collect, COLLECT_START_UNIT);
    effect->run = unit->run;
    effect->unit = unit->name;
    effect->fence = unit->fence;
    effect->from = unit->from;
    effect->from_count = unit->from_count;
    effect->is_begun = unit->is_begun;
}

// The unit of a run, NULL if that run has ended.
static struct unit *find_run(const struct collect *collect, uint64_t run)
{
    uint64_t slot = run & ((1u << SLOT_BITS) - 1);
    if (run == 0 || slot >= collect->unit_end)
        return NULL;
    struct unit *unit = collect->units[slot];
    return unit != NULL && unit->run == run ? unit : NULL;
}

// Where a unit stands goes with the beats when it cannot be committed. A beat has room for so many:
// what was told goes then, except in a drain, for whoever drains may be asked for none of them
// before it leaves. False = there is no room.
static bool hand_over(struct collect *collect, const struct unit *unit,
                      const struct collect_event *event)
{
    handed_remove(collect, unit->name);
    if (collect->handed_count + event->position_count > HANDED_MAX &&
        collect->state == COLLECT_ACTIVE)
        handed_remove(collect, (struct text){0});
    if (collect->handed_count + event->position_count > HANDED_MAX)
        return false;
    for (size_t i = 0; i < event->position_count; i++) {
        uint32_t count = collect->handed_count + 1;
        collect->handed = array_reserve(collect->handed, &collect->handed_capacity, count,
                                        sizeof(*collect->handed));
        collect->handed_since = array_reserve(
            collect->handed_since, &collect->handed_since_capacity, count, sizeof(int64_t));
        collect->handed_since[collect->handed_count] = collect->seq;
        collect->handed[collect->handed_count++] = (struct beat_handed){
            .unit = {text_copy(unit->name), unit->name.size},
            .partition = event->positions[i].partition,
            .position = event->positions[i].position,
        };
    }
    return true;
}

// Ends a revoke: one line when it lets an acknowledgement go, or when something was not committed.
static void end_revoke(struct collect *collect, struct unit *unit, bool is_committed,
                       const char *how)
{
    int64_t acked = collect_beats_acked_generation(collect);
    if (!unit->is_revoking)
        return;
    revokes_remove(collect, unit);
    bool is_acked = collect_beats_acked_generation(collect) != acked;
    collect->is_beat_wanted |= is_acked;
    if (!is_acked && is_committed)
        return;
    struct span span = instant_since(collect->now, unit->revoked_at);
    collect_trace(collect, false, "'%.*s' stopped after %lld ms, %s -> %s %lld (S2)",
                  TEXT_ARGS(unit->name), (long long)span_ms(span), how,
                  is_acked ? "acks" : "others stop yet, acked is",
                  (long long)collect_beats_acked_generation(collect));
}

static void end_run(struct collect *collect, struct unit *unit)
{
    unit->run = 0;
    change_state(collect, unit, UNIT_GONE);
    collect_unit_start_if_wanted(collect, unit);
    if (unit->state == UNIT_GONE && !unit->is_wanted)
        remove_unit(collect, unit);
}

void collect_units_take_stopped(struct collect *collect, const struct collect_event *event)
{
    struct unit *unit = find_run(collect, event->run);
    if (unit == NULL || unit->state != UNIT_STOPPING)
        return;
    bool is_handed =
        !event->is_committed && event->position_count > 0 && hand_over(collect, unit, event);
    if (!event->is_committed && !is_handed && collect->state == COLLECT_DRAINING)
        collect->is_work_left = true;
    end_revoke(collect, unit, event->is_committed,
               event->is_committed ? "committed"
               : is_handed         ? "position handed over"
                                   : "a rest dropped uncommitted");
    end_run(collect, unit);
}

void collect_units_take_failed(struct collect *collect, uint64_t run)
{
    struct unit *unit = find_run(collect, run);
    if (unit == NULL)
        return;
    if (unit->state == UNIT_STOPPING) {
        collect->is_work_left |= collect->state == COLLECT_DRAINING;
        end_revoke(collect, unit, false, "failed");
        end_run(collect, unit);
        return;
    }
    if (unit->state != UNIT_RUNNING)
        return;
    if (instant_since(collect->now, unit->started_at).us >= span_of_ms(RETRY_LAST_MS).us)
        unit->failure_count = 0;
    int64_t pause_ms = RETRY_FIRST_MS;
    for (uint32_t i = 0; i < unit->failure_count && pause_ms < RETRY_LAST_MS; i++)
        pause_ms *= 2;
    if (pause_ms > RETRY_LAST_MS)
        pause_ms = RETRY_LAST_MS;
    unit->failure_count++;
    unit->retry_at = instant_add(collect->now, span_of_ms(pause_ms));
    unit->run = 0;
    change_state(collect, unit, UNIT_FAILED);
    collect_trace(collect, true, "'%.*s' failed (%u in a row) -> starts again in %lld ms",
                  TEXT_ARGS(unit->name), unit->failure_count, (long long)pause_ms);
}

void collect_units_retry_due(struct collect *collect)
{
    if (collect->failed_count == 0 || collect->state != COLLECT_ACTIVE)
        return;
    for (uint32_t i = 0; i < collect->unit_end; i++) {
        struct unit *unit = collect->units[i];
        if (unit == NULL || unit->state != UNIT_FAILED ||
            !instant_has_come(unit->retry_at, collect->now))
            continue;
        change_state(collect, unit, UNIT_GONE);
        collect_unit_start_if_wanted(collect, unit);
    }
}

struct instant collect_units_deadline(const struct collect *collect)
{
    struct instant earliest = INSTANT_NEVER;
    if (collect->failed_count == 0 || collect->state != COLLECT_ACTIVE)
        return earliest;
    for (uint32_t i = 0; i < collect->unit_end; i++) {
        const struct unit *unit = collect->units[i];
        if (unit != NULL && unit->state == UNIT_FAILED)
            earliest = instant_earlier(earliest, unit->retry_at);
    }
    return earliest;
}

void collect_units_drain(struct collect *collect)
{
    for (uint32_t i = 0; i < collect->unit_end; i++) {
        struct unit *unit = collect->units[i];
        if (unit != NULL && unit->state == UNIT_RUNNING)
            tell_stop(collect, unit, collect->drain_until);
    }
}

void collect_units_forget_all(struct collect *collect)
{
    for (uint32_t i = 0; i < collect->unit_end; i++) {
        struct unit *unit = collect->units[i];
        if (unit == NULL)
            continue;
        revokes_remove(collect, unit);
        change_state(collect, unit, UNIT_GONE);
        unit->run = 0;
    }
}

// What has stopped while commits were refused nobody commits any more: when they are taken again
// its positions go with the beats until Kafka has them, lest all that was read meanwhile is read
// again. Who drains keeps them: it may be asked for them only when it leaves.
void collect_units_forget_told(struct collect *collect)
{
    if (collect->are_commits_taken && collect->state == COLLECT_ACTIVE)
        handed_remove(collect, (struct text){0});
}

void collect_units_finish(struct collect *collect)
{
    for (uint32_t i = 0; i < collect->unit_end; i++)
        if (collect->units[i] != NULL)
            release(collect->units[i]);
    for (uint32_t i = 0; i < collect->handed_count; i++)
        memory_release((char *)(uintptr_t)collect->handed[i].unit.data);
    memory_release(collect->handed);
    memory_release(collect->handed_since);
    memory_release(collect->units);
    memory_release(collect->free_slots);
    index_finish(&collect->names);
}
