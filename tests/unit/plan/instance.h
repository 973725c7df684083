// SPDX-License-Identifier: Apache-2.0
//
// One situation of a pool of the exact kind (units weigh one; caps, groups, capacities by units;
// collectors that drain, are held or have left), and what comes of it: by the planner, by trying
// every outcome, and as a flow. The three share nothing but the situation.
#ifndef INSTANCE_H
#define INSTANCE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    INSTANCE_COLLECTORS = 20,
    INSTANCE_UNITS = 200,
    INSTANCE_GROUPS = 3,
    INSTANCE_NOBODY = -1,
};

struct instance_collector {
    uint32_t group;
    uint32_t units_max; // 0 = no limit
    bool is_by_weight;  // the planner is told it as a weight, which is the same
    bool is_draining, is_held, has_left;
};

struct instance_unit {
    uint32_t group;
    int owner; // collector, maybe one of another group; INSTANCE_NOBODY = it waits
};

struct instance {
    uint32_t cap; // max_topics_per_collector, 0 = none
    bool is_isolated;
    bool is_packed;
    bool has_groups; // group_by is set; else all are of group 0
    uint32_t collectors;
    uint32_t units;
    struct instance_collector collector[INSTANCE_COLLECTORS];
    struct instance_unit unit[INSTANCE_UNITS];
};

// In the order of the rules: held units that stay, as many as may (rule 1); units that have an
// owner (rule 2); the sum of the squares of loads, least when they are even, or packed the number
// of collectors in use (rule 4; held ones are not counted); moves (rule 3).
struct outcome {
    uint32_t held;
    uint32_t assigned;
    uint64_t shape;
    uint32_t moves;
};

// How many units collector `index` may have.
uint32_t instance_cap(const struct instance *instance, uint32_t index);

// By the planner, which is checked on the way: rule 1, and that plan_moves_minimum told the number
// of moves before.
struct outcome instance_plan(const struct instance *instance);

// By trying all: collectors^units.
struct outcome instance_try(const struct instance *instance);

// By min-cost flow; packed: for every set of collectors in use.
struct outcome instance_flow(const struct instance *instance);

#endif
