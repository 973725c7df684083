// SPDX-License-Identifier: Apache-2.0
//
// The plan as a whole: its life, its counts, and the reasons of pending units.
#include "plan/plan.h"

#include "base/ensure.h"
#include "base/memory.h"
#include "plan/state.h"

struct plan *plan_create(struct plan_units *units, const struct plan_options *options)
{
    struct plan *plan = memory_get(sizeof(*plan));
    plan->units = units;
    plan->policy = options->policy;
    plan->number_next = options->number_next;
    plan->waiting = LIST_EMPTY;
    ladder_init(&plan->roomy);
    ladder_init(&plan->full);
    return plan;
}

static void list_forget(struct plan *plan, const struct list *list)
{
    uint32_t unit = list->newest;
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t older = unit_at(plan, unit)->older;
        *unit_at(plan, unit) = (struct unit){.owner = OWNER_ABSENT};
        unit = older;
    }
}

void plan_destroy(struct plan *plan)
{
    if (!plan)
        return;
    for (uint32_t i = 0; i < plan->restored_count; i++)
        *unit_at(plan, plan->restored[i]) = (struct unit){.owner = OWNER_ABSENT};
    if (!plan->restored_count) {
        list_forget(plan, &plan->waiting);
        for (uint32_t i = 0; i < plan->order_count; i++)
            list_forget(plan, &plan->collectors[plan->order[i]].units);
    }
    for (uint32_t i = 0; i < plan->collector_used; i++)
        memory_release(plan->collectors[i].id);
    memory_release(plan->collectors);
    memory_release(plan->ranks);
    memory_release(plan->order);
    ladder_finish(&plan->roomy);
    ladder_finish(&plan->full);
    bitset_finish(&plan->forced);
    memory_release(plan->changes);
    memory_release(plan->free);
    memory_release(plan->retired);
    memory_release(plan->restored);
    memory_release(plan);
}

uint64_t plan_number_next(const struct plan *plan)
{
    return plan->number_next;
}

enum plan_reason plan_unit_reason(const struct plan *plan, uint32_t unit)
{
    if (plan_unit_owner(plan, unit) != PLAN_NOBODY)
        return PLAN_REASON_NONE;
    uint32_t count = plan->order_count - plan->left_count;
    if (count == 0)
        return PLAN_REASON_NO_COLLECTOR;
    if (count == plan->draining_count)
        return PLAN_REASON_ALL_DRAINING;
    if (plan->roomy.lowest != LADDER_NONE)
        return PLAN_REASON_NOT_SETTLED;
    return plan->capacity_count ? PLAN_REASON_CAPACITY : PLAN_REASON_CAP;
}

const char *plan_reason_text(enum plan_reason reason)
{
    static const char *const texts[] = {
        [PLAN_REASON_NONE] = "it has an owner",
        [PLAN_REASON_NOT_SETTLED] = "it is about to be placed",
        [PLAN_REASON_NO_COLLECTOR] = "no collector is in the pool; start one",
        [PLAN_REASON_ALL_DRAINING] =
            "every collector drains (rule 1); start another one, or undrain one",
        [PLAN_REASON_CAP] = "every collector has max_topics_per_collector topics (rule 1); start "
                            "another one, or raise the cap",
        [PLAN_REASON_CAPACITY] = "every collector is full, by its own capacity or by "
                                 "max_topics_per_collector (rule 1); start another one",
    };
    ensure(reason < sizeof(texts) / sizeof(*texts));
    return texts[reason];
}

// Least load in the ladder, UINT32_MAX in an empty one.
static uint32_t load_lowest(const struct ladder *ladder)
{
    return ladder->lowest == LADDER_NONE ? UINT32_MAX : ladder->levels[ladder->lowest].load;
}

static uint32_t load_highest(const struct ladder *ladder)
{
    return ladder->highest == LADDER_NONE ? 0 : ladder->levels[ladder->highest].load;
}

void plan_counts_get(const struct plan *plan, struct plan_counts *ret_counts)
{
    uint32_t cap = plan->policy.max_topics_per_collector;
    struct plan_counts counts = {
        .units = plan->unit_count,
        .assigned = plan->unit_count - plan->waiting.count,
        .pending = plan->waiting.count,
        .collectors = plan->order_count - plan->left_count,
        .draining = plan->draining_count,
        .load_min = load_lowest(&plan->roomy),
        .load_max = load_highest(&plan->roomy),
        .wanted = PLAN_NOBODY,
        .room = UINT64_MAX,
    };
    if (load_lowest(&plan->full) < counts.load_min)
        counts.load_min = load_lowest(&plan->full);
    if (counts.load_min == UINT32_MAX)
        counts.load_min = 0;
    if (load_highest(&plan->full) > counts.load_max)
        counts.load_max = load_highest(&plan->full);
    if (cap)
        counts.wanted = plan->unit_count / cap + (plan->unit_count % cap != 0);
    if (!plan->unlimited_count)
        counts.room = plan->cap_sum > counts.assigned ? plan->cap_sum - counts.assigned : 0;
    *ret_counts = counts;
}
