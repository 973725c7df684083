// SPDX-License-Identifier: Apache-2.0
//
// What the files of this room share; nobody outside includes it. A unit is absent, waiting (in the
// plan's queue of pending units) or owned (in its collector's list); within a settle
// an evicted one is an orphan, in a list of its own.
#ifndef MUSTER_PLAN_STATE_H
#define MUSTER_PLAN_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/bitset.h"
#include "plan/ladder.h"
#include "plan/plan.h"

#define UNIT_NONE UINT32_MAX
#define OWNER_ABSENT (PLAN_NOBODY - 1)  // the unit is in no plan
#define COLLECTOR_MAX (PLAN_NOBODY - 2) // handles are below this
#define CAP_NONE UINT32_MAX             // instead of a cap: as many units as there are

// 24 bytes: there may be ten million of them.
struct unit {
    uint64_t number; // of the placement, or of the place in the queue
    uint32_t owner;  // collector, PLAN_NOBODY = waiting, OWNER_ABSENT
    uint32_t older;  // the neighbours in its list; undefined at the list's ends
    uint32_t newer;
    uint32_t change; // 1 + its index in the plan's changes, 0 = the caller knows the owner
};

struct plan_units {
    struct unit *units; // owned
    uint32_t capacity;
    uint32_t count; // units below this are initialised
};

// Units in the order of their numbers.
struct list {
    uint32_t oldest; // UNIT_NONE when empty
    uint32_t newest;
    uint32_t count;
};

#define LIST_EMPTY ((struct list){UNIT_NONE, UNIT_NONE, 0})

struct collector {
    struct list units;
    uint32_t level;     // in the ladder that collector_ladder names, LADDER_NONE = in neither
    uint32_t cap;       // most units it may have; 0 while it drains or has left
    uint32_t units_max; // as joined
    bool is_draining;
    bool has_left; // since the last settle
    bool is_full;  // its ladder is `full`, not `roomy`
    char *id;      // owned; NULL = the handle is free
    size_t id_size;
};

// A unit whose desired owner is not the one the caller was told.
struct change {
    uint32_t unit; // UNIT_NONE = removed since
    uint32_t told;
    enum plan_why why;
};

struct plan {
    struct plan_units *units;
    struct plan_policy policy;
    uint64_t number_next;
    uint32_t unit_count;
    struct list waiting; // pending units

    struct collector *collectors; // owned, by handle
    uint32_t *ranks;              // owned, by handle: place in `order`
    uint32_t *order;              // owned: handles of those that are in or have just left, by id
    uint32_t collector_capacity;  // of `collectors`
    uint32_t rank_capacity;       // of `ranks`
    uint32_t order_capacity;      // of `order`
    uint32_t collector_used;      // handles ever given out
    uint32_t order_count;
    uint32_t left_count;     // in `order` with has_left
    uint32_t draining_count; // in, and draining
    struct ladder roomy;     // those below their cap
    struct ladder full;      // those at their cap
    struct bitset forced;    // ranks of those with more than their cap
    uint64_t cap_sum;        // of the limited collectors that are in
    uint32_t unlimited_count;
    uint32_t capacity_count; // collectors whose own capacity is below the policy's cap

    struct change *changes; // owned
    uint32_t change_capacity;
    uint32_t change_first; // taken up to here
    uint32_t change_count; // end
    uint32_t *free;        // owned: handles to use again
    uint32_t free_capacity;
    uint32_t free_count;
    uint32_t *retired; // owned: handles of those that left, until the changes were taken
    uint32_t retired_capacity;
    uint32_t retired_count;

    uint32_t *restored; // owned: units whose order is not known yet
    uint32_t restored_capacity;
    uint32_t restored_count;
};

// ---- units.c

// The unit must be in the list; O(1).
void list_remove(struct plan *plan, struct list *list, uint32_t unit);

// Takes a unit from its collector and puts it at the end of `orphans`, which is the caller's. The
// collector must be filed anew when all are taken.
void unit_evict(struct plan *plan, uint32_t unit, struct list *orphans, enum plan_why why);

// Gives a unit that is in no list to a collector below its cap, as the newest there. The collector
// must be filed anew.
void unit_place(struct plan *plan, uint32_t unit, uint32_t collector, enum plan_why why);

// Puts a unit that is in no list at the end of the queue.
void unit_wait(struct plan *plan, uint32_t unit);

// ---- pack.c

// What settle.c does in its steps place and balance, for `mode = pack`.
void pack_place(struct plan *plan, struct list *list);
bool pack_settle(struct plan *plan, uint64_t moves_max);

// ---- collectors.c

// Puts a collector where its load and cap say: into a ladder, or among the forced ones.
void collector_file(struct plan *plan, uint32_t collector);

// Takes one that has left and has no units out of the order.
void collector_remove(struct plan *plan, uint32_t collector);

// ---- changes.c

// Notes that a unit is about to lose the owner it has.
void change_note(struct plan *plan, uint32_t unit, enum plan_why why);

// Forgets a unit's change, if there is one.
void change_forget(struct plan *plan, uint32_t unit);

// Lets go of the handles of those that left, if no change can name them any more.
void change_retire(struct plan *plan);

static inline struct unit *unit_at(const struct plan *plan, uint32_t unit)
{
    return &plan->units->units[unit];
}

// These two run once for each unit of a large settle.
static inline void list_append(struct plan *plan, struct list *list, uint32_t unit)
{
    unit_at(plan, unit)->older = list->newest;
    if (list->count++)
        unit_at(plan, list->newest)->newer = unit;
    else
        list->oldest = unit;
    list->newest = unit;
}

static inline uint32_t list_take_oldest(struct plan *plan, struct list *list)
{
    uint32_t unit = list->oldest;
    if (--list->count)
        list->oldest = unit_at(plan, unit)->newer;
    else
        *list = LIST_EMPTY;
    return unit;
}

#endif
