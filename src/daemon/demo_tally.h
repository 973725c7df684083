// SPDX-License-Identifier: Apache-2.0
//
// The accounting of the demo: which records were really produced (Kafka has said their offsets) and
// which lines of the collectors' files deliver them.
#ifndef MUSTER_DAEMON_DEMO_TALLY_H
#define MUSTER_DAEMON_DEMO_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

struct demo_tally;

struct demo_sums {
    int64_t produced;   // records
    int64_t delivered;  // of them, found in a file
    int64_t lost;       // of them, found in none
    int64_t duplicated; // lines beyond the first of a record
};

// For topics 0 .. count − 1. Never NULL.
struct demo_tally *demo_tally_create(uint32_t topic_count);
void demo_tally_destroy(struct demo_tally *tally); // NULL is fine

// A record was produced; offsets from 0.
void demo_tally_produced(struct demo_tally *tally, uint32_t topic, int64_t offset);

// A line delivers it.
void demo_tally_delivered(struct demo_tally *tally, uint32_t topic, int64_t offset);

// Forgets all deliveries, so that they can be counted anew.
void demo_tally_recount(struct demo_tally *tally);

struct demo_sums demo_tally_sums(const struct demo_tally *tally);

// Whether all that was produced into the topic is delivered.
bool demo_tally_is_settled(const struct demo_tally *tally, uint32_t topic);

// Topic and offset of a line of the sink 'file' (src/sink/line.h); the topic is a view of it.
// STATUS_INVALID: it is none.
enum status demo_line_parse(struct text line, struct text *ret_topic,
                            int64_t *ret_offset) MUST_CHECK;

#endif
