// SPDX-License-Identifier: Apache-2.0
//
// What the caller has not been told yet: a queue with one entry for each unit whose desired owner
// changed, made at the first change. Who had an owner before has a row that says which; who had
// none, as every unit of a large first settle, costs 4 bytes. The net effect is looked at when the
// entry is taken.
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "plan/state.h"

#define CHANGES_KEPT 4096 // entries whose memory is kept while the queue is empty

static bool is_moved(uint32_t entry)
{
    return entry != UNIT_NONE && (entry & CHANGE_MOVED);
}

static struct moved *moved_at(const struct plan *plan, uint32_t entry)
{
    return &plan->moved[entry & ~CHANGE_MOVED];
}

struct moved change_at(const struct plan *plan, uint32_t index)
{
    uint32_t entry = plan->changes[index];
    return is_moved(entry) ? *moved_at(plan, entry)
                           : (struct moved){entry, PLAN_NOBODY, PLAN_WHY_PLACED};
}

uint32_t change_told(const struct plan *plan, uint32_t unit)
{
    uint32_t change = unit_at(plan, unit)->change;
    return change ? change_at(plan, change - 1).told : PLAN_NOBODY;
}

// Moves what is not taken yet to the front once that is at most half: amortised O(1).
static void changes_compact(struct plan *plan)
{
    uint32_t first = plan->change_first;
    if (first == 0 || first < plan->change_count - first)
        return;
    plan->change_count -= first;
    plan->change_first = 0;
    memmove(plan->changes, plan->changes + first, plan->change_count * sizeof(*plan->changes));
    uint32_t rows = plan->moved_first;
    plan->moved_count -= rows;
    plan->moved_first = 0;
    if (rows > 0)
        memmove(plan->moved, plan->moved + rows, plan->moved_count * sizeof(*plan->moved));
    for (uint32_t i = 0; i < plan->change_count; i++) {
        uint32_t *entry = &plan->changes[i];
        if (is_moved(*entry))
            *entry -= rows;
        uint32_t unit = is_moved(*entry) ? moved_at(plan, *entry)->unit : *entry;
        if (unit != UNIT_NONE)
            unit_at(plan, unit)->change = i + 1;
    }
}

void changes_reserve(struct plan *plan, uint32_t count)
{
    if (plan->change_capacity - plan->change_count >= count)
        return;
    changes_compact(plan);
    plan->changes = array_reserve(plan->changes, &plan->change_capacity, plan->change_count + count,
                                  sizeof(*plan->changes));
}

void change_note(struct plan *plan, uint32_t unit, enum plan_why why)
{
    struct unit *it = unit_at(plan, unit);
    uint32_t entry = unit;
    if (it->change)
        return;
    changes_reserve(plan, 1);
    if (it->owner < COLLECTOR_MAX) {
        plan->moved = array_reserve(plan->moved, &plan->moved_capacity, plan->moved_count + 1,
                                    sizeof(*plan->moved));
        plan->moved[plan->moved_count] = (struct moved){unit, it->owner, why};
        entry = CHANGE_MOVED | plan->moved_count++;
    }
    plan->changes[plan->change_count++] = entry;
    it->change = plan->change_count;
}

void change_forget(struct plan *plan, uint32_t unit)
{
    uint32_t change = unit_at(plan, unit)->change;
    if (!change)
        return;
    uint32_t *entry = &plan->changes[change - 1];
    *(is_moved(*entry) ? &moved_at(plan, *entry)->unit : entry) = UNIT_NONE;
}

static void handles_free(struct plan *plan)
{
    plan->free = array_reserve(plan->free, &plan->free_capacity,
                               plan->free_count + plan->retired_count, sizeof(*plan->free));
    for (uint32_t i = 0; i < plan->retired_count; i++) {
        struct collector *collector = &plan->collectors[plan->retired[i]];
        memory_release(collector->id);
        *collector = (struct collector){.level = LADDER_NONE};
        plan->free[plan->free_count++] = plan->retired[i];
    }
    plan->retired_count = 0;
}

void change_retire(struct plan *plan)
{
    if (plan->change_first != plan->change_count)
        return;
    plan->change_first = plan->change_count = 0;
    plan->moved_first = plan->moved_count = 0;
    if (plan->change_capacity > CHANGES_KEPT) {
        memory_release(plan->changes);
        plan->changes = NULL;
        plan->change_capacity = 0;
    }
    if (plan->moved_capacity > CHANGES_KEPT) {
        memory_release(plan->moved);
        plan->moved = NULL;
        plan->moved_capacity = 0;
    }
    handles_free(plan);
}

// Fetches the unit of an entry that is dealt with soon, if there is one.
__attribute__((always_inline)) static inline void entry_ahead_prefetch(const struct plan *plan)
{
    if (plan->change_count - plan->change_first <= AHEAD)
        return;
    uint32_t entry = plan->changes[plan->change_first + AHEAD];
    uint32_t unit = is_moved(entry) ? moved_at(plan, entry)->unit : entry;
    if (unit < plan->units->count)
        __builtin_prefetch(&unit_at(plan, unit)->owner, 1);
}

uint32_t plan_changes_take(struct plan *plan, struct plan_change *changes, uint32_t capacity)
{
    ensure(capacity > 0);
    uint32_t count = 0;
    while (count < capacity && plan->change_first < plan->change_count) {
        entry_ahead_prefetch(plan);
        uint32_t entry = plan->changes[plan->change_first++];
        struct moved before = {entry, PLAN_NOBODY, PLAN_WHY_PLACED};
        if (is_moved(entry)) // change_at would do, at twice the cost
            before = plan->moved[plan->moved_first++];
        if (before.unit == UNIT_NONE)
            continue;
        struct unit *it = unit_at(plan, before.unit);
        uint32_t owner = it->owner == OWNER_ORPHAN ? PLAN_NOBODY : it->owner;
        it->change = 0;
        if (owner != before.told)
            changes[count++] = (struct plan_change){before.unit, before.told, owner, before.why};
    }
    if (count == 0)
        change_retire(plan);
    return count;
}

const char *plan_why_text(enum plan_why why)
{
    static const char *const texts[PLAN_WHY_COUNT] = {
        [PLAN_WHY_NONE] = "it did not change",
        [PLAN_WHY_PLACED] = "it had no owner (rule 2)",
        [PLAN_WHY_LEFT] = "its owner left (rule 1)",
        [PLAN_WHY_DRAINED] = "its owner drains (rule 1)",
        [PLAN_WHY_OVER_CAP] = "its owner had more than it may (rule 1)",
        [PLAN_WHY_GROUP] = "its owner serves another group (rule 1)",
        [PLAN_WHY_SPREAD] = "its owner's host had more than spread_max topics of it (rule 1)",
        [PLAN_WHY_PINNED] = "it is pinned to another collector (rule 1)",
        [PLAN_WHY_MADE_ROOM] = "another topic fits only where it was (rule 2)",
        [PLAN_WHY_AFFINITY] = "a collector of its own zone has room (rule 4)",
        [PLAN_WHY_BALANCE] = "its owner had more than its share, or is to be emptied (rule 4)",
    };
    ensure(why < PLAN_WHY_COUNT);
    return texts[why];
}
