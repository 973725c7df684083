// SPDX-License-Identifier: Apache-2.0
//
// One line of a workload file: a JSON object with one member that says what happens.
//
//     {"pool": {"name": "edge", "balance": "weight", "tolerance": 0.01}}
//     {"collector": {"id": "c1", "capacity": {"units": 100, "weight": 5000}, "labels": {"zone":
//     "a"}}}
//     {"topic": {"name": "t1", "weight": 3, "partitions": 12, "split": true, "labels": {"csp":
//     "aws"}}}
//     {"load": {"t1": 5000, "t2/3": 120}}
//     {"leave": "c1"}  {"drain": "c1"}  {"withdraw": "t1"}
//     {"policy": {"max_topics_per_collector": 5}}
//     {"at_ms": 60000}  {"settle": true}
//
// What may be left out may also be null.
#ifndef MUSTER_CLI_WORKLOAD_LINE_H
#define MUSTER_CLI_WORKLOAD_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/label.h"

#define WORKLOAD_PARTITIONS_MAX 1000000 // of one topic
#define WORKLOAD_LABELS_MAX 64          // of one topic or collector, and keys of one policy

enum workload_kind {
    WORKLOAD_POOL,
    WORKLOAD_POLICY,
    WORKLOAD_COLLECTOR,
    WORKLOAD_TOPIC,
    WORKLOAD_LEAVE,
    WORKLOAD_DRAIN,
    WORKLOAD_WITHDRAW,
    WORKLOAD_LOAD,
    WORKLOAD_AT,
    WORKLOAD_SETTLE,
};

struct workload_load {
    struct text name; // a topic, or a part of one: "topic/3"
    int64_t value;    // 0 to PLAN_WEIGHT_MAX
};

// `= {0}` is one to read into. Texts are valid until the next line is read.
struct workload_line {
    enum workload_kind kind;
    struct text id; // of the pool, collector or topic
    // Of the collector or topic; of a policy its keys, a value without data takes the key back.
    struct label labels[WORKLOAD_LABELS_MAX];
    uint32_t labels_count;
    int64_t units_max;           // of a collector, 0 = no limit
    int64_t weight_max;          // the same
    int64_t weight;              // of a topic
    int64_t partitions;          // the same
    bool is_split;               // the same
    struct workload_load *loads; // owned
    uint32_t loads_count;
    uint32_t loads_capacity;
    int64_t at_ms;
    struct arena arena;
};

void workload_line_finish(struct workload_line *line);

// Reads a line of JSON. STATUS_INVALID with what is wrong, for people, in `problem`.
enum status workload_line_read(struct workload_line *line, struct text bytes,
                               struct buffer *problem) MUST_CHECK;

#endif
