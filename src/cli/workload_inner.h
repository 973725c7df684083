// SPDX-License-Identifier: Apache-2.0
//
// What the files of a workload share: workload.c takes lines, workload_policy.c keeps the policy,
// workload_play.c plays what is queued to the planner, workload_print.c prints a step.
#ifndef MUSTER_CLI_WORKLOAD_INNER_H
#define MUSTER_CLI_WORKLOAD_INNER_H

#include "base/index.h"
#include "base/label.h"
#include "cli/workload.h"
#include "cli/workload_line.h"
#include "plan/plan.h"

#define WORKLOAD_NONE UINT32_MAX // instead of a row: none

// Greatest sum of all weights: what the planner adds up stays far below 2^63.
#define WORKLOAD_WEIGHT_SUM_MAX INT64_C(4000000000000000000)

// A copy of labels that is released as one piece.
struct workload_labels {
    struct label *rows; // owned, NULL = none
    uint32_t count;
};

enum workload_presence {
    WORKLOAD_OUT, // never was in, or has left
    WORKLOAD_IN,
    WORKLOAD_HELD, // has left; until held_until_ms its units wait for it
};

// A collector; the row stays when it leaves, for its id.
struct workload_collector {
    char *id; // owned
    enum workload_presence presence;
    uint32_t handle; // in the plan, PLAN_NOBODY = not in it
    bool is_draining;
    uint32_t units_max;
    int64_t weight_max;
    int64_t held_until_ms;
    bool was_held; // at the last settle
    struct workload_labels labels;
};

// Units that a topic no longer has stay until what is queued has been played: one that is announced
// again until then keeps its collector.
struct workload_topic {
    struct text name;    // owned, without data = the row is free
    int64_t weight;      // of each of its units
    uint32_t parts;      // of a split one, 0 = it is one unit
    uint32_t parts_made; // units of parts that there are; at least `parts`
    uint32_t unit;       // the one of the whole topic, WORKLOAD_NONE = there is none
    uint32_t *units;     // of the parts, by partition; owned
    bool is_withdrawn;
    bool is_untidy; // in topics_untidy: there may be units too many
    struct workload_labels labels;
};

struct workload_unit {
    uint32_t topic; // row
    uint32_t part;  // WORKLOAD_NONE = the whole topic
    uint32_t from;  // row of the collector that had it before, WORKLOAD_NONE = none
    uint8_t why;    // enum plan_why of its newest change
};

enum workload_op_kind {
    OP_JOIN,
    OP_SET, // a collector's options
    OP_LEAVE,
    OP_ADD,
    OP_ADD_PLAIN, // one without labels
    OP_CHANGE,    // a unit's weight and labels
    OP_LOAD,
    OP_REMOVE,
    OP_POLICY,
};

// What is to be played. The rows say how things are now; in one step only that is seen anyway.
struct workload_op {
    enum workload_op_kind kind;
    uint32_t row;  // collector, unit or policy
    int64_t value; // of OP_LOAD the load, of OP_ADD_PLAIN the weight
};

// Numbers that are free to be given again.
struct workload_free {
    uint32_t *rows; // owned
    uint32_t count;
    uint32_t capacity;
};

struct workload {
    struct workload_options options;
    struct plan_units *table;
    struct plan *plan; // NULL until the pool is named
    int64_t now_ms;
    uint32_t step;

    struct label *keys; // the policy's, as they were given; owned with their texts
    uint32_t keys_count;
    struct plan_policy policy;    // what they make
    struct plan_policy *policies; // that wait to be played, owned
    uint32_t policies_count;
    uint32_t policies_capacity;

    struct workload_collector *collectors;
    uint32_t collectors_count;
    uint32_t collectors_capacity;
    struct index collectors_index;
    uint32_t *by_handle; // row of the collector that has the handle
    uint32_t by_handle_capacity;
    uint32_t held;            // collectors that are held
    bool was_any_held;        // at the last settle
    int64_t held_deadline_ms; // no held one is let go before

    struct workload_topic *topics;
    uint32_t topics_count;
    uint32_t topics_capacity;
    struct index topics_index;
    struct workload_free topics_free;
    struct workload_free topics_untidy;
    struct workload_free topics_gone; // free once what is queued has been played

    struct workload_unit *units;
    uint32_t units_count; // numbers given out so far
    uint32_t units_capacity;
    uint32_t units_live; // of topics that are there, as they are now
    int64_t weight_sum;  // of them
    struct workload_free units_free;

    struct workload_op *ops;
    uint32_t ops_count;
    uint32_t ops_capacity;
    int64_t played_ns; // the planner's time since it settled

    struct workload_line line; // in hand
};

// What a step came to.
struct workload_step {
    struct plan_counts counts;
    uint64_t moves;
    uint64_t placed;    // units that waited for a collector that was held
    uint64_t moves_min; // UINT64_MAX = not known
    int64_t plan_ns;
};

void workload_queue(struct workload *workload, enum workload_op_kind kind, uint32_t row,
                    int64_t value);

void workload_free_add(struct workload_free *list, uint32_t row);

// Queues the end of the units that no topic has any more.
void workload_tidy(struct workload *workload);

// ---- workload_policy.c

// Takes the keys of the line over those that hold so far. STATUS_INVALID with the reason.
enum status workload_policy_take(struct workload *workload, const struct workload_line *line,
                                 struct buffer *problem) MUST_CHECK;
void workload_policy_finish(struct workload *workload);

// ---- workload_play.c

// Plays what is queued.
void workload_play(struct workload *workload);

// Plays the rest and settles. The planner's calls alone are timed.
struct workload_step workload_settle(struct workload *workload);

// ---- workload_print.c

void workload_print(const struct workload *workload, const struct workload_step *step,
                    struct buffer *out);

#endif
