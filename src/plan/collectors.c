// SPDX-License-Identifier: Apache-2.0
//
// The collectors: their order by id, their caps, and where each is filed. `order` is a plain array:
// a join or leave finds its place in O(log collectors) comparisons and moves the handles behind it
// by one, 4 bytes each: microseconds at 10,000 collectors, and every decision may then compare
// ranks instead of texts.
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "plan/state.h"

static struct text id_of(const struct plan *plan, uint32_t collector)
{
    const struct collector *it = &plan->collectors[collector];
    return (struct text){it->id, it->id_size};
}

// Rank of the first collector whose id is not before `id`.
static uint32_t order_search(const struct plan *plan, struct text id)
{
    uint32_t low = 0;
    uint32_t high = plan->order_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (text_compare(id_of(plan, plan->order[middle]), id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// Handle of the one at `rank` if that is its id, or PLAN_NOBODY.
static uint32_t order_at(const struct plan *plan, uint32_t rank, struct text id)
{
    if (rank < plan->order_count && text_equal(id_of(plan, plan->order[rank]), id))
        return plan->order[rank];
    return PLAN_NOBODY;
}

static void order_insert(struct plan *plan, uint32_t rank, uint32_t collector)
{
    plan->order = array_reserve(plan->order, &plan->order_capacity, plan->order_count + 1,
                                sizeof(*plan->order));
    memmove(plan->order + rank + 1, plan->order + rank,
            (plan->order_count - rank) * sizeof(*plan->order));
    plan->order[rank] = collector;
    plan->order_count++;
    for (uint32_t i = rank; i < plan->order_count; i++)
        plan->ranks[plan->order[i]] = i;
    ladder_place_insert(&plan->roomy, rank);
    ladder_place_insert(&plan->full, rank);
    bitset_reserve(&plan->forced, plan->order_count);
    bitset_place_insert(&plan->forced, rank);
}

static void order_remove(struct plan *plan, uint32_t rank)
{
    plan->order_count--;
    memmove(plan->order + rank, plan->order + rank + 1,
            (plan->order_count - rank) * sizeof(*plan->order));
    for (uint32_t i = rank; i < plan->order_count; i++)
        plan->ranks[plan->order[i]] = i;
    ladder_place_remove(&plan->roomy, rank);
    ladder_place_remove(&plan->full, rank);
    bitset_place_remove(&plan->forced, rank);
}

void collector_file(struct plan *plan, uint32_t collector)
{
    struct collector *it = &plan->collectors[collector];
    uint32_t rank = plan->ranks[collector];
    uint32_t load = it->units.count;
    uint32_t old_level = it->level;
    struct ladder *old = it->is_full ? &plan->full : &plan->roomy;
    bool is_forced = it->has_left || load > it->cap;

    if (is_forced)
        bitset_add(&plan->forced, rank);
    else if (old_level == LADDER_NONE)
        bitset_remove(&plan->forced, rank);
    it->level = LADDER_NONE;
    it->is_full = load == it->cap;
    if (!is_forced && it->cap > 0) {
        struct ladder *ladder = it->is_full ? &plan->full : &plan->roomy;
        bool is_near = old == ladder && old_level != LADDER_NONE;
        uint32_t near = is_near ? old_level : load == 0 ? ladder->lowest : ladder->highest;
        if (is_near && ladder->levels[old_level].load == load) {
            it->level = old_level;
            return;
        }
        it->level = ladder_add(ladder, rank, load, near);
    }
    if (old_level != LADDER_NONE)
        ladder_remove(old, rank, old_level);
}

void collector_remove(struct plan *plan, uint32_t collector)
{
    const struct collector *it = &plan->collectors[collector];
    ensure(it->has_left && it->units.count == 0 && it->level == LADDER_NONE);
    order_remove(plan, plan->ranks[collector]);
    plan->left_count--;
    plan->retired = array_reserve(plan->retired, &plan->retired_capacity, plan->retired_count + 1,
                                  sizeof(*plan->retired));
    plan->retired[plan->retired_count++] = collector;
}

// Adds a collector's share to the plan's sums, or takes it away again.
static void collector_tally(struct plan *plan, const struct collector *it, bool is_added)
{
    uint32_t one = is_added ? 1 : UINT32_MAX; // −1
    uint32_t policy = plan->policy.max_topics_per_collector;
    if (it->has_left)
        plan->left_count += one;
    else if (it->is_draining)
        plan->draining_count += one;
    else if (it->cap == CAP_NONE)
        plan->unlimited_count += one;
    else
        plan->cap_sum += is_added ? it->cap : 0 - (uint64_t)it->cap;
    if (it->cap != 0 && it->cap < (policy ? policy : CAP_NONE))
        plan->capacity_count += one;
}

// Its cap by options and policy; counts and files it.
static void collector_admit(struct plan *plan, uint32_t collector)
{
    struct collector *it = &plan->collectors[collector];
    uint32_t policy = plan->policy.max_topics_per_collector;
    it->cap = it->units_max ? it->units_max : CAP_NONE;
    if (policy && policy < it->cap)
        it->cap = policy;
    if (it->has_left || it->is_draining)
        it->cap = 0;
    collector_tally(plan, it, true);
    collector_file(plan, collector);
}

void plan_policy_set(struct plan *plan, const struct plan_policy *policy)
{
    for (uint32_t i = 0; i < plan->order_count; i++)
        collector_tally(plan, &plan->collectors[plan->order[i]], false);
    plan->policy = *policy;
    for (uint32_t i = 0; i < plan->order_count; i++)
        collector_admit(plan, plan->order[i]);
}

static uint32_t handle_take(struct plan *plan)
{
    if (plan->free_count)
        return plan->free[--plan->free_count];
    uint32_t needed = plan->collector_used + 1;
    ensure(needed < COLLECTOR_MAX);
    plan->collectors = array_reserve(plan->collectors, &plan->collector_capacity, needed,
                                     sizeof(*plan->collectors));
    plan->ranks = array_reserve(plan->ranks, &plan->rank_capacity, needed, sizeof(*plan->ranks));
    return plan->collector_used++;
}

uint32_t plan_collector_join(struct plan *plan, struct text id,
                             const struct plan_collector_options *options)
{
    uint32_t rank = order_search(plan, id);
    uint32_t collector = order_at(plan, rank, id);
    if (collector == PLAN_NOBODY) {
        collector = handle_take(plan);
        plan->collectors[collector] = (struct collector){
            .units = LIST_EMPTY, .level = LADDER_NONE, .id = text_copy(id), .id_size = id.size};
        order_insert(plan, rank, collector);
    } else {
        ensure(plan->collectors[collector].has_left);
        collector_tally(plan, &plan->collectors[collector], false);
    }
    struct collector *it = &plan->collectors[collector];
    it->has_left = false;
    it->units_max = options->units_max;
    it->is_draining = options->is_draining;
    collector_admit(plan, collector);
    return collector;
}

static struct collector *collector_get(const struct plan *plan, uint32_t collector)
{
    ensure(collector < plan->collector_used && plan->collectors[collector].id);
    return &plan->collectors[collector];
}

void plan_collector_leave(struct plan *plan, uint32_t collector)
{
    struct collector *it = collector_get(plan, collector);
    ensure(!it->has_left);
    collector_tally(plan, it, false);
    it->has_left = true;
    collector_admit(plan, collector);
}

void plan_collector_set(struct plan *plan, uint32_t collector,
                        const struct plan_collector_options *options)
{
    struct collector *it = collector_get(plan, collector);
    ensure(!it->has_left);
    collector_tally(plan, it, false);
    it->units_max = options->units_max;
    it->is_draining = options->is_draining;
    collector_admit(plan, collector);
}

uint32_t plan_collector_find(const struct plan *plan, struct text id)
{
    uint32_t collector = order_at(plan, order_search(plan, id), id);
    if (collector != PLAN_NOBODY && plan->collectors[collector].has_left)
        return PLAN_NOBODY;
    return collector;
}

struct text plan_collector_id(const struct plan *plan, uint32_t collector)
{
    collector_get(plan, collector);
    return id_of(plan, collector);
}

uint32_t plan_collector_load(const struct plan *plan, uint32_t collector)
{
    return collector_get(plan, collector)->units.count;
}

uint32_t plan_collector_at(const struct plan *plan, uint32_t rank)
{
    ensure(rank < plan->order_count);
    return plan->order[rank];
}

uint32_t plan_collector_count(const struct plan *plan)
{
    return plan->order_count;
}

uint32_t plan_collector_unit_next(const struct plan *plan, uint32_t collector, uint32_t unit)
{
    const struct list *units = &collector_get(plan, collector)->units;
    if (unit == PLAN_NOBODY)
        return units->newest;
    return unit == units->oldest ? PLAN_NOBODY : unit_at(plan, unit)->older;
}
