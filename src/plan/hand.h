// SPDX-License-Identifier: Apache-2.0
//
// Dealing many units at once: what changes of a collector meanwhile is taken into one hand, a
// fraction of what is known of it, so that the hands of a thousand collectors stay in the nearest
// cache. The collector itself is written at the end.
#ifndef MUSTER_PLAN_HAND_H
#define MUSTER_PLAN_HAND_H

#include "plan/state.h"

struct hand {
    struct list list; // its list, which is written back at the end
    uint32_t collector;
    int64_t weight; // of what it was given
};

// `list` is the one of the collector's that all units go to.
static inline struct hand hand_of(uint32_t collector, const struct list *list)
{
    return (struct hand){*list, collector, 0};
}

// What change_note does for a unit that has no owner, when there is room.
static inline void change_note_placed(struct plan *plan, uint32_t unit)
{
    struct unit *it = unit_at(plan, unit);
    if (it->change)
        return;
    plan->changes[plan->change_count++] = unit;
    it->change = plan->change_count;
}

// Gives it a pending unit that is in no list. changes_reserve has made room for it.
static inline void hand_give(struct plan *plan, struct hand *hand, uint32_t unit)
{
    struct unit *it = unit_at(plan, unit);
    change_note_placed(plan, unit);
    it->owner = hand->collector;
    it->number = plan->number_next++;
    list_append(plan, &hand->list, unit);
    hand->weight += unit_weight(plan, unit);
}

// Writes all of it to the collector, but its load.
static inline void hand_end(struct plan *plan, const struct hand *hand, struct list *list)
{
    struct collector *it = &plan->collectors[hand->collector];
    it->count += hand->list.count - list->count;
    it->weight += hand->weight;
    *list = hand->list;
}

#endif
