// SPDX-License-Identifier: Apache-2.0
//
// What librdkafka's threads say, made bearable. Its log repeats itself for every broker and every
// attempt; a watch keeps each line once, in a bounded inbox that its owner reads when it likes, and
// follows the connections so that one sentence can tell whether Kafka is reached. One watch serves
// all handles of one cluster. Safe to call from any thread; nothing is ever printed.
#ifndef MUSTER_KAFKA_WATCH_H
#define MUSTER_KAFKA_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

struct kafka_watch;

// `servers` is what messages name as the address of the cluster.
struct kafka_watch *kafka_watch_create(struct text servers);

// Handles that still exist keep what they need of it.
void kafka_watch_destroy(struct kafka_watch *watch);

// Appends the next unread line, without a line end, to `line`. A line that is the same but for its
// numbers is kept once a minute, with the count of the silent ones. Returns false with none left.
// The inbox holds 64 lines; what comes while it is full is counted in a line of its own.
bool kafka_watch_next(struct kafka_watch *watch, struct buffer *line);

// STATUS_OK while any handle has a connection, or none has tried. Else STATUS_UNREACHABLE, and
// appends "cannot reach Kafka at 'HOST:PORT' (connection refused, 4 tries in 10 s)" to `text`,
// or, if what is there takes the connection and nothing else, "'HOST:PORT' is connected but does
// not answer (timed out, 1 try in 10 s)".
enum status kafka_watch_reach(struct kafka_watch *watch, struct buffer *text) MUST_CHECK;

// For those who have waited in vain: an attempt that still goes on counts too. STATUS_UNREACHABLE
// if there has been no answer at all yet, with the sentence and a question for people in `text`.
enum status kafka_watch_explain(struct kafka_watch *watch, struct buffer *text) MUST_CHECK;

#endif
