// SPDX-License-Identifier: Apache-2.0
//
// What a plan and its groups remember of the collectors that were needed, for the policy's
// stabilization: see wanted.c. Private to this room.
#ifndef MUSTER_PLAN_WANTED_H
#define MUSTER_PLAN_WANTED_H

#include <stdint.h>

struct plan;
struct group;

enum { NEEDS_PAST = 20 };

struct need_past {
    uint32_t need;
    int64_t ended_ms; // up to when it was there
};

// {0} = none was ever noted.
struct needs {
    uint32_t now; // when it was noted last
    uint32_t count;
    struct need_past past[NEEDS_PAST]; // those above all later ones, from the oldest on
};

// Notes how many collectors are needed at plan->now_ms. O(collectors), or O(1) without
// stabilization, which has no past when it comes into force.
void wanted_note(struct plan *plan);

// When the highest need of the past ends to count, INT64_MAX = there is none. O(groups).
int64_t wanted_deadline_ms(const struct plan *plan);

// Most pending units of a group that a better plan could have assigned; 0 in an even one.
uint32_t group_gap(const struct plan *plan, const struct group *group);

#endif
