// SPDX-License-Identifier: Apache-2.0
//
// Pending units of a mixed group on their way to an owner: taken from their list at once, by size,
// and raced for many at a time. What a race needs of a unit lies in the queue, one behind the
// other; the table of units, over which they are scattered, is read once when they are taken and
// written once, by queue_write.
#ifndef MUSTER_PLAN_QUEUE_H
#define MUSTER_PLAN_QUEUE_H

#include "plan/state.h"

#define QUEUED_NEW PLAN_NOBODY         // instead of an owner: none yet, no change is noted
#define QUEUED_NOTED (PLAN_NOBODY - 1) // none yet, a change is noted

struct queued {
    uint32_t unit;
    uint32_t owner; // QUEUED_NEW, QUEUED_NOTED or what a race decided
    union {
        int64_t weight; // until then
        struct {        // from then on, as in `struct unit`
            uint32_t older;
            uint32_t newer;
        };
    };
};

// Of the units of one size those from `at` to `end` have an owner that the table does not know.
struct raced {
    uint32_t at;
    uint32_t end;
    uint32_t change; // the next change is noted behind so many
    uint64_t number; // of the placement of the first
};

// Units that are in no list.
struct queue {
    struct queued *units;            // owned; by size, and of one size in the order of the list
    uint32_t count;                  // that were taken
    uint32_t starts[SIZE_COUNT + 1]; // of each size, and the end
    uint32_t counts[SIZE_COUNT];     // of each size, from its start on, that have no owner
    struct raced raced[SIZE_COUNT];
    uint32_t raced_count; // units of all sizes that the table does not know of
};

// Takes all units out of the list, which are no longer pending.
struct queue queue_take(struct plan *plan, struct group *group, struct list *list,
                        uint32_t *pending_count);

// Whether there are so many units of one size that a race is worth while, and not so heavy ones
// that loads do not fit in it. Somebody must have room.
bool queue_can_race(const struct group *group, const struct queue *queue, uint32_t size);

// Places the units of one size, with whoever has least and up to one that does not fit there, in a
// group where nothing else matters. Returns how many it placed. queue_write must be called before
// anything else is done with units or lists.
uint32_t queue_race(struct plan *plan, struct group *group, struct queue *queue, uint32_t size);

// Writes what races decided to the table of units.
void queue_write(struct plan *plan, struct queue *queue);

// Makes those without an owner wait. Returns their number.
uint32_t queue_end(struct plan *plan, struct queue *queue);

#endif
