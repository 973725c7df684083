// SPDX-License-Identifier: Apache-2.0
//
// A small pool for tests: collectors by their ids, and the state and the changes as text.
#ifndef POOL_H
#define POOL_H

#include "base/text.h"
#include "plan/plan.h"

struct pool {
    struct plan_units *units;
    struct plan *plan;
    struct buffer text; // of the last pool_owners or pool_changes
};

void pool_init(struct pool *pool, uint32_t cap);
void pool_finish(struct pool *pool);

// Ids are separated by blanks, in the order of the events.
void pool_join(struct pool *pool, const char *ids);
void pool_leave(struct pool *pool, const char *ids);
void pool_drain(struct pool *pool, const char *ids);
void pool_undrain(struct pool *pool, const char *ids);
void pool_capacity(struct pool *pool, const char *id, uint32_t units_max);

// The policy: even under a cap, or packed.
void pool_cap(struct pool *pool, uint32_t cap);
void pool_pack(struct pool *pool, uint32_t cap);

// Units first to last.
void pool_add(struct pool *pool, uint32_t first, uint32_t last);
void pool_remove(struct pool *pool, uint32_t first, uint32_t last);

// Settles and checks; true if nothing was held back.
bool pool_settle(struct pool *pool);

// Settles, takes the changes and returns the number of units that went from one collector to
// another.
uint32_t pool_moves(struct pool *pool);

// "a: 1 2 | b: 3 | pending: 4": the units of each, oldest placement first. Borrowed until the next
// call.
const char *pool_owners(struct pool *pool);

// "a 2, b 1": the loads.
const char *pool_loads(struct pool *pool);

// Takes all changes: "1 -> a, 3 b -> c (left), 4 a -> nobody (drained)".
const char *pool_changes(struct pool *pool);

// Why a unit has no owner.
enum plan_reason pool_reason(struct pool *pool, uint32_t unit);

#endif
