// SPDX-License-Identifier: Apache-2.0
//
// Heads and buckets: what makes a set of records a whole, and whose head counts (S2, S5, S7).
//
// The log of one collector reads: buckets, head, buckets, head, ... A head names the generation of
// each bucket. Only when this collector holds every one of them at exactly that generation is the
// head's generation a whole, and only then it is applied. Compaction may take older records away,
// so a head may well name a bucket that is gone: then nothing is applied until a later head fits.
#include "collect/internal.h"

#include "base/ensure.h"
#include "base/memory.h"

static bool is_same(const char *a, struct text b)
{
    return text_equal(text_of(a), b);
}

static void replace_text(char **text, struct text by)
{
    memory_release(*text);
    *text = by.size ? text_copy(by) : NULL;
}

// Whatever comes last in the log is held: the head that follows says whether it is the right one.
void collect_heads_take_bucket(struct collect *collect, uint32_t index, const struct bucket *bucket)
{
    ensure(index < COLLECT_BUCKETS);
    struct held_bucket *held = &collect->buckets[index];
    arena_clear(&held->arena);
    held->generation = bucket ? bucket->generation : 0;
    held->unit_count = bucket ? bucket->units_count : 0;
    held->units = arena_get(&held->arena, held->unit_count * sizeof(*held->units));
    for (uint32_t i = 0; i < held->unit_count; i++) {
        const struct bucket_unit *unit = &bucket->units[i];
        struct bucket_unit *copy = &held->units[i];
        *copy = *unit;
        copy->unit = arena_text(&held->arena, unit->unit);
        copy->from = arena_get(&held->arena, unit->from_count * sizeof(*copy->from));
        for (uint32_t k = 0; k < unit->from_count; k++)
            copy->from[k] = unit->from[k];
    }
}

static int64_t bucket_generation(const struct head *head, uint32_t index)
{
    return index < head->buckets_count ? head->buckets[index] : 0;
}

// The first bucket that is not held as the head names it, or COLLECT_BUCKETS.
static uint32_t find_missing(const struct collect *collect, const struct head *head)
{
    for (uint32_t i = 0; i < COLLECT_BUCKETS; i++) {
        int64_t generation = bucket_generation(head, i);
        if (generation != 0 && collect->buckets[i].generation != generation)
            return i;
    }
    return COLLECT_BUCKETS;
}

// Marks what the changed buckets list now; what is listed twice counts once.
static void list_units(struct collect *collect, struct held_bucket *held, uint32_t index,
                       uint32_t *slots)
{
    for (uint32_t i = 0; i < held->unit_count; i++) {
        struct unit *unit = collect_unit_get(collect, held->units[i].unit);
        bool is_repeated = unit->mark == collect->mark;
        slots[i] = is_repeated ? UINT32_MAX : unit->slot;
        unit->mark = collect->mark;
        unit->bucket = index;
        if (!is_repeated || held->units[i].fence > unit->fence)
            collect_unit_want(collect, unit, &held->units[i]);
    }
}

static void revoke_dropped(struct collect *collect, struct held_bucket *held, uint32_t index,
                           int64_t before)
{
    for (uint32_t i = 0; i < held->slot_count; i++) {
        struct unit *unit = collect->units[held->slots[i]];
        if (unit != NULL && unit->mark != collect->mark && unit->bucket == index)
            collect_unit_revoke(collect, unit, before);
    }
}

// Replaces the list of slots by the ones listed now, without the gaps of repeated units.
static void keep_slots(struct held_bucket *held, uint32_t *slots)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < held->unit_count; i++)
        if (slots[i] != UINT32_MAX)
            slots[count++] = slots[i];
    memory_release(held->slots);
    held->slots = slots;
    held->slot_count = count;
}

// Applies a whole: first everything that goes, then everything that comes; units that stay are not
// touched.
static void apply(struct collect *collect, const struct head *head)
{
    int64_t before = collect->generation_whole;
    uint32_t *slots[COLLECT_BUCKETS] = {NULL};
    uint32_t count_before = collect->active_count;
    collect->mark++;
    for (uint32_t i = 0; i < COLLECT_BUCKETS; i++) {
        struct held_bucket *held = &collect->buckets[i];
        if (bucket_generation(head, i) == 0)
            collect_heads_take_bucket(collect, i, NULL);
        if (held->generation == held->applied)
            continue;
        slots[i] = memory_get(held->unit_count * sizeof(*slots[i]));
        list_units(collect, held, i, slots[i]);
    }
    for (uint32_t i = 0; i < COLLECT_BUCKETS; i++)
        if (slots[i] != NULL)
            revoke_dropped(collect, &collect->buckets[i], i, before);
    for (uint32_t i = 0; i < COLLECT_BUCKETS; i++) {
        if (slots[i] == NULL)
            continue;
        struct held_bucket *held = &collect->buckets[i];
        keep_slots(held, slots[i]);
        held->applied = held->generation;
        for (uint32_t k = 0; k < held->slot_count; k++)
            collect_unit_start_if_wanted(collect, collect->units[held->slots[k]]);
    }
    collect->generation_whole = head->generation;
    collect_trace(
        collect, false,
        "head %lld of epoch %lld is a whole (active units %u) -> applied, active units %u (S2)",
        (long long)head->generation, (long long)head->epoch, count_before, collect->active_count);
}

// Only what follows the newest head seen counts (S7).
static bool is_stale(struct collect *collect, const struct head *head)
{
    if (!collect->has_head ||
        (head->epoch >= collect->epoch_seen && head->generation >= collect->generation_seen))
        return false;
    collect_trace(collect, true, "head %lld of epoch %lld after %lld of %lld -> ignored (S7)",
                  (long long)head->generation, (long long)head->epoch,
                  (long long)collect->generation_seen, (long long)collect->epoch_seen);
    return true;
}

// Whether the head is of another lineage than the one joined. Before the first beat nothing was
// joined: the newest lineage in the log is the right one.
static bool is_foreign(struct collect *collect, const struct head *head)
{
    if (collect->lineage == NULL || is_same(collect->lineage, head->lineage))
        return false;
    if (collect->seq > 0 || collect->was_named) {
        collect_trace(collect, true, "lineage '%.*s' instead of '%s' -> life is over (S7)",
                      TEXT_ARGS(head->lineage), collect->lineage);
        collect_goodbye_life_over(collect);
        return true;
    }
    ensure(collect->active_count == 0);
    collect->has_head = false;
    collect->epoch_seen = 0;
    collect->generation_seen = 0;
    return false;
}

static void take_own_head(struct collect *collect, const struct head *head)
{
    if (!collect->was_named) {
        collect->was_named = true;
        collect->is_beat_wanted = true;
        if (collect->state == COLLECT_JOINING)
            collect->state = COLLECT_ACTIVE;
        collect_trace(collect, false, "head %lld names this life -> %s (S5)",
                      (long long)head->generation, collect_state_name(collect->state));
    }
    replace_text(&collect->incumbent, (struct text){0});
    collect->waiting_since = INSTANT_NEVER;
    collect->admitted = head->admitted;
    collect_commands_take(collect, head);
    if (collect->state == COLLECT_LEAVING || head->generation == collect->generation_whole)
        return;
    uint32_t missing = find_missing(collect, head);
    if (missing < COLLECT_BUCKETS) {
        collect_trace(collect, false,
                      "head %lld names bucket %u at %lld, held at %lld -> waits for a later head",
                      (long long)head->generation, missing,
                      (long long)bucket_generation(head, missing),
                      (long long)collect->buckets[missing].generation);
        return;
    }
    int64_t acked = collect_beats_acked_generation(collect);
    apply(collect, head);
    if (collect_beats_acked_generation(collect) != acked)
        collect->is_beat_wanted = true;
}

static bool is_well_formed(struct collect *collect, const struct head *head)
{
    const char *fault = NULL;
    if (head->buckets_count > COLLECT_BUCKETS)
        fault = "names too many buckets";
    else if (head->generation < 0)
        fault = "has a negative generation";
    if (fault != NULL)
        collect_trace(collect, true, "head %lld %s -> ignored", (long long)head->generation, fault);
    return fault == NULL;
}

int64_t collect_level(const struct collect *collect)
{
    return collect->level_seen < 1 ? 1 : collect->level_seen;
}

int64_t collect_level_max(const struct collect *collect)
{
    return collect->options.level > 0 ? collect->options.level : RECORD_LEVEL;
}

// What a newer head follows says nothing: anybody can have written it, and it may lie there for as
// long as the log is not compacted. So the level is judged by the newest head up to an end.
void collect_heads_judge_level(struct collect *collect)
{
    if (collect->level_refused == 0)
        return;
    collect_trace(collect, true, "head of level %lld, this binary reads %lld -> exits",
                  (long long)collect->level_refused, (long long)collect_level_max(collect));
    collect_effect_stop_all(collect);
    collect_effect_exit(collect, EXIT_FAILED_CODE,
                        "the cell writes a newer record level than this binary reads: upgrade it");
}

void collect_heads_take_head(struct collect *collect, const struct head *head)
{
    if (head == NULL) {
        collect->level_refused = 0;
        replace_text(&collect->incumbent, (struct text){0});
        if (collect->was_named)
            collect_goodbye_named_no_longer(collect, true);
        else
            collect_goodbye_wait_beside(collect);
        return;
    }
    if (head->level > collect_level_max(collect)) {
        collect->level_refused = head->level;
        return;
    }
    if (!is_well_formed(collect, head) || is_foreign(collect, head) || is_stale(collect, head))
        return;
    collect->level_refused = 0;
    if (collect->lineage == NULL || !is_same(collect->lineage, head->lineage))
        replace_text(&collect->lineage, head->lineage);
    collect->has_head = true;
    collect->epoch_seen = head->epoch;
    collect->generation_seen = head->generation;
    collect->level_seen = head->level;
    collect->lease_wish_ms = head->lease_ms;
    replace_text(&collect->start_policy, head->start);
    replace_text(&collect->gap_policy, head->on_gap);
    if (text_equal(head->incarnation, collect->options.beat->incarnation)) {
        take_own_head(collect, head);
        return;
    }
    replace_text(&collect->incumbent, head->incarnation);
    if (collect->was_named)
        collect_goodbye_named_no_longer(collect, collect->incumbent != NULL);
    else
        collect_goodbye_wait_beside(collect);
}

void collect_heads_finish(struct collect *collect)
{
    for (uint32_t i = 0; i < COLLECT_BUCKETS; i++) {
        arena_finish(&collect->buckets[i].arena);
        memory_release(collect->buckets[i].slots);
    }
    memory_release(collect->lineage);
    memory_release(collect->incumbent);
    memory_release(collect->start_policy);
    memory_release(collect->gap_policy);
}
