// SPDX-License-Identifier: Apache-2.0
//
// The names of units, and where what is said about them lies. A unit is a whole topic or one
// partition of a split topic; its text form, in keys and for people, is
// `[cluster:]topic[/partition]`.
#ifndef MUSTER_PROTO_UNIT_H
#define MUSTER_PROTO_UNIT_H

#include <stdint.h>

#include "base/text.h"

// Into how many records a collector's units are spread.
enum { BUCKET_COUNT = 16 };

struct unit_name {
    struct text cluster; // data cluster; empty = the cell's own
    struct text topic;   // Kafka topic
    int64_t partition;   // 0 and up: that partition of a split topic; -1 = the whole topic
};

// Takes the text form apart; the parts are views of it. STATUS_INVALID unless cluster and topic are
// fine by base/name.h and the partition is a number up to 2^31 − 1 without sign or leading zeros:
// so a unit has exactly one text. `*ret_name` is untouched then.
enum status unit_name_parse(struct text text, struct unit_name *ret_name) MUST_CHECK;

// What stands in front of the partition in the text form of a unit that has been parsed as `name`.
struct text unit_topic(struct text text, struct unit_name name);

// Appends the text form.
void unit_name_print(struct unit_name name, struct buffer *buffer);

// Which of the collector's buckets holds a unit, by its text form: murmur2 mod BUCKET_COUNT.
uint32_t unit_bucket(struct text unit);

// The partition of `assignments` that holds a collector's records, of `partitions` > 0: murmur2 of
// "pool/collector", as Kafka's clients place that key. The names have been checked (base/name.h).
int32_t assignments_partition(struct text pool, struct text collector, int32_t partitions);

#endif
