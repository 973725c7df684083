// SPDX-License-Identifier: Apache-2.0
//
// What the caller has not been told yet: a queue with one entry for each unit whose desired owner
// changed, made at the first change and holding the owner before it. The net effect is looked at
// when the entry is taken.
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "plan/state.h"

#define CHANGES_KEPT 4096 // entries whose memory is kept while the queue is empty

// Moves what is not taken yet to the front once that is at most half: amortised O(1).
static void changes_compact(struct plan *plan)
{
    uint32_t first = plan->change_first;
    if (first == 0 || first < plan->change_count - first)
        return;
    plan->change_count -= first;
    plan->change_first = 0;
    memmove(plan->changes, plan->changes + first, plan->change_count * sizeof(*plan->changes));
    for (uint32_t i = 0; i < plan->change_count; i++)
        if (plan->changes[i].unit != UNIT_NONE)
            unit_at(plan, plan->changes[i].unit)->change = i + 1;
}

static void changes_grow(struct plan *plan)
{
    changes_compact(plan);
    plan->changes = array_reserve(plan->changes, &plan->change_capacity, plan->change_count + 1,
                                  sizeof(*plan->changes));
}

void change_note(struct plan *plan, uint32_t unit, enum plan_why why)
{
    struct unit *it = unit_at(plan, unit);
    if (it->change)
        return;
    if (plan->change_count == plan->change_capacity)
        changes_grow(plan);
    plan->changes[plan->change_count++] = (struct change){unit, it->owner, why};
    it->change = plan->change_count;
}

void change_forget(struct plan *plan, uint32_t unit)
{
    uint32_t change = unit_at(plan, unit)->change;
    if (change)
        plan->changes[change - 1].unit = UNIT_NONE;
}

void change_retire(struct plan *plan)
{
    if (plan->change_first != plan->change_count)
        return;
    plan->change_first = plan->change_count = 0;
    if (plan->change_capacity > CHANGES_KEPT) {
        memory_release(plan->changes);
        plan->changes = NULL;
        plan->change_capacity = 0;
    }
    plan->free = array_reserve(plan->free, &plan->free_capacity,
                               plan->free_count + plan->retired_count, sizeof(*plan->free));
    for (uint32_t i = 0; i < plan->retired_count; i++) {
        struct collector *collector = &plan->collectors[plan->retired[i]];
        memory_release(collector->id);
        *collector = (struct collector){.level = LADDER_NONE, .units = LIST_EMPTY};
        plan->free[plan->free_count++] = plan->retired[i];
    }
    plan->retired_count = 0;
}

uint32_t plan_changes_take(struct plan *plan, struct plan_change *changes, uint32_t capacity)
{
    ensure(capacity > 0);
    uint32_t count = 0;
    while (count < capacity && plan->change_first < plan->change_count) {
        struct change change = plan->changes[plan->change_first++];
        if (change.unit == UNIT_NONE)
            continue;
        struct unit *it = unit_at(plan, change.unit);
        it->change = 0;
        if (it->owner != change.told)
            changes[count++] =
                (struct plan_change){change.unit, change.told, it->owner, change.why};
    }
    if (count == 0)
        change_retire(plan);
    return count;
}

const char *plan_why_text(enum plan_why why)
{
    static const char *const texts[] = {
        [PLAN_WHY_NONE] = "it did not change",
        [PLAN_WHY_PLACED] = "it had no owner (rule 2)",
        [PLAN_WHY_LEFT] = "its owner left (rule 1)",
        [PLAN_WHY_DRAINED] = "its owner drains (rule 1)",
        [PLAN_WHY_OVER_CAP] = "its owner had more than it may (rule 1)",
        [PLAN_WHY_BALANCE] = "its owner had more than its share, or is to be emptied (rule 4)",
    };
    ensure(why < sizeof(texts) / sizeof(*texts));
    return texts[why];
}
