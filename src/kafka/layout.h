// SPDX-License-Identifier: Apache-2.0
//
// The topics of a cell: their names, partitions and settings, as they are created and as they are
// checked. One table serves both, so what `muster cell init` makes is what a coordinator accepts.
#ifndef MUSTER_KAFKA_LAYOUT_H
#define MUSTER_KAFKA_LAYOUT_H

#include <stdint.h>

#include "base/status.h"
#include "base/text.h"
#include "kafka/admin.h"

enum kafka_cell_topic {
    KAFKA_CELL_CONTROL,
    KAFKA_CELL_ORDERS,
    KAFKA_CELL_MEMBERS,
    KAFKA_CELL_REPORTS,
    KAFKA_CELL_STATE,
    KAFKA_CELL_ASSIGNMENTS,
    KAFKA_CELL_DEADLETTER,
    KAFKA_CELL_EVENTS,
    KAFKA_CELL_TOPICS, // how many there are
};

#define KAFKA_ASSIGNMENTS_PARTITIONS 4    // of a new cell
#define KAFKA_DEADLETTER_SIZE_MAX 2097152 // bytes of a record in `deadletter`

// "control", "orders", ... Static memory.
const char *kafka_layout_name(enum kafka_cell_topic topic);

// The full name, "PREFIX.control", appended to `name`.
void kafka_layout_print(enum kafka_cell_topic topic, struct text prefix, struct buffer *name);

// How to create the topic; `name` is borrowed by the result, the settings are static.
struct kafka_new_topic kafka_layout_plan(enum kafka_cell_topic topic, struct text name);

// Whether a topic as found (`partitions`) and described (`settings`, all of one reply) can be
// worked with: it has as many partitions as `expected`, and the settings on which correctness
// rests. Else STATUS_INVALID and a sentence for people in `fault`.
enum status kafka_layout_check(enum kafka_cell_topic topic, struct text name, uint32_t expected,
                               uint32_t partitions, struct buffer *fault) MUST_CHECK;
enum status kafka_layout_check_settings(enum kafka_cell_topic topic, struct text name,
                                        const struct kafka_reply *described,
                                        struct buffer *fault) MUST_CHECK;

#endif
