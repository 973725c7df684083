// SPDX-License-Identifier: Apache-2.0
//
// Everything that must be true of a plan at any time, looked at from scratch.
#include "base/ensure.h"
#include "base/text.h"
#include "plan/state.h"

// Numbers grow along the list, the owner is right, and both ends are where the list says.
static uint32_t list_check(const struct plan *plan, const struct list *list, uint32_t owner)
{
    ensure((list->count == 0) == (list->oldest == UNIT_NONE));
    ensure((list->count == 0) == (list->newest == UNIT_NONE));
    uint32_t unit = list->oldest;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct unit *it = unit_at(plan, unit);
        ensure(it->owner == owner);
        ensure(it->number < plan->number_next);
        ensure((i + 1 == list->count) == (unit == list->newest));
        if (unit != list->newest) {
            ensure(unit_at(plan, it->newer)->older == unit);
            ensure(unit_at(plan, it->newer)->number > it->number);
        }
        unit = it->newer;
    }
    return list->count;
}

static void collector_check(const struct plan *plan, uint32_t rank)
{
    uint32_t collector = plan->order[rank];
    const struct collector *it = &plan->collectors[collector];
    uint32_t load = it->units.count;
    ensure(collector < plan->collector_used && plan->ranks[collector] == rank && it->id);
    if (rank > 0) {
        const struct collector *before = &plan->collectors[plan->order[rank - 1]];
        ensure(text_compare((struct text){before->id, before->id_size},
                            (struct text){it->id, it->id_size}) < 0);
    }
    uint32_t policy = plan->policy.max_topics_per_collector;
    uint32_t cap = it->units_max ? it->units_max : CAP_NONE;
    if (policy && policy < cap)
        cap = policy;
    ensure(it->cap == (it->has_left || it->is_draining ? 0 : cap));
    bool is_forced = it->has_left || load > it->cap;
    ensure(bitset_has(&plan->forced, rank) == is_forced);
    bool is_filed = !is_forced && it->cap > 0;
    ensure(is_filed == (it->level != LADDER_NONE));
    if (is_filed) {
        ensure(it->is_full == (load == it->cap));
        const struct ladder *ladder = it->is_full ? &plan->full : &plan->roomy;
        ensure(ladder->levels[it->level].load == load);
        ensure(bitset_has(&ladder->levels[it->level].ranks, rank));
    }
}

static void sums_check(const struct plan *plan)
{
    uint32_t left = 0;
    uint32_t draining = 0;
    uint32_t unlimited = 0;
    uint32_t capacity = 0;
    uint64_t cap_sum = 0;
    uint32_t policy = plan->policy.max_topics_per_collector;
    for (uint32_t rank = 0; rank < plan->order_count; rank++) {
        const struct collector *it = &plan->collectors[plan->order[rank]];
        left += it->has_left;
        draining += !it->has_left && it->is_draining;
        unlimited += it->cap == CAP_NONE;
        cap_sum += it->cap == CAP_NONE ? 0 : it->cap;
        capacity += it->cap && it->cap < (policy ? policy : CAP_NONE);
    }
    ensure(plan->left_count == left && plan->draining_count == draining);
    ensure(plan->unlimited_count == unlimited && plan->capacity_count == capacity);
    ensure(plan->cap_sum == cap_sum);
}

// Levels ascend, none is empty. Returns the number of collectors in the ladder.
static uint32_t ladder_check(const struct ladder *ladder, uint32_t width)
{
    uint32_t count = 0;
    uint32_t lower = LADDER_NONE;
    ensure(ladder->width == width);
    for (uint32_t i = ladder->lowest; i != LADDER_NONE; i = ladder->levels[i].higher) {
        const struct level *level = &ladder->levels[i];
        ensure(level->lower == lower && level->count > 0);
        ensure(lower == LADDER_NONE || ladder->levels[lower].load < level->load);
        uint32_t found = 0;
        for (uint32_t word = 0; word < level->ranks.capacity; word++) {
            uint64_t bits = level->ranks.words[word];
            uint64_t summary = level->ranks.summary[word / 64] >> (word & 63) & 1;
            ensure((bits != 0) == (summary != 0));
            found += (uint32_t)__builtin_popcountll(bits);
        }
        ensure(found == level->count);
        count += found;
        lower = i;
    }
    ensure(ladder->highest == lower);
    return count;
}

static void changes_check(const struct plan *plan)
{
    for (uint32_t i = plan->change_first; i < plan->change_count; i++)
        if (plan->changes[i].unit != UNIT_NONE)
            ensure(unit_at(plan, plan->changes[i].unit)->change == i + 1);
}

void plan_check(const struct plan *plan)
{
    ensure(plan->restored_count == 0);
    uint32_t units = list_check(plan, &plan->waiting, PLAN_NOBODY);
    uint32_t filed = 0;
    for (uint32_t rank = 0; rank < plan->order_count; rank++) {
        const struct collector *it = &plan->collectors[plan->order[rank]];
        collector_check(plan, rank);
        units += list_check(plan, &it->units, plan->order[rank]);
        filed += it->level != LADDER_NONE;
    }
    ensure(units == plan->unit_count);
    ensure(filed == ladder_check(&plan->roomy, plan->order_count) +
                        ladder_check(&plan->full, plan->order_count));
    sums_check(plan);
    changes_check(plan);
}
