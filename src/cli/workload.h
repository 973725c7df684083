// SPDX-License-Identifier: Apache-2.0
//
// A pool that lives in a file: takes the lines of a workload one by one, keeps the topics and
// collectors that they name, plays them to the planner and prints a line for each step.
//
// What a line says is queued, and played at the next {"settle": true}: names are looked up while
// lines are read, so that the planner's time is the planner's alone.
#ifndef MUSTER_CLI_WORKLOAD_H
#define MUSTER_CLI_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#define WORKLOAD_UNITS_MAX 50000000 // topics, and partitions of those that are split

struct workload_options {
    uint32_t units_max; // refuse more; at most WORKLOAD_UNITS_MAX
    bool owners;        // each step's line names the owner of every unit
    bool why;           // and why it is where it is
};

struct workload;

struct workload *workload_create(const struct workload_options *options);

// NULL is fine.
void workload_destroy(struct workload *workload);

// Takes a line, see workload_line.h; one that settles adds a line of JSON, with its end, to `out`.
// STATUS_INVALID if the line is wrong, with the reason in `problem`; the workload may then only be
// destroyed.
enum status workload_take(struct workload *workload, struct text line, struct buffer *out,
                          struct buffer *problem) MUST_CHECK;

// Whether the pool has been named; every other line needs it.
bool workload_has_pool(const struct workload *workload);

#endif
