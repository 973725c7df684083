// SPDX-License-Identifier: Apache-2.0
//
// Private to the room: how handles feed a watch. All functions take NULL for a watch.
#ifndef MUSTER_KAFKA_WATCH_FEED_H
#define MUSTER_KAFKA_WATCH_FEED_H

#include <stdint.h>

#include "kafka/watch.h"

// A watch lives until its creator and every holder have dropped it.
void kafka_watch_hold(struct kafka_watch *watch);
void kafka_watch_drop(struct kafka_watch *watch);

// A line for people; kept or silenced.
void kafka_watch_add_line(struct kafka_watch *watch, struct text line);

// Why a connection failed last, "connection refused".
void kafka_watch_set_reason(struct kafka_watch *watch, struct text reason);

enum kafka_link {
    KAFKA_LINK_DOWN,
    KAFKA_LINK_TRYING,
    KAFKA_LINK_ASKING, // connected, and asks for the first time: is it Kafka?
    KAFKA_LINK_UP,
};

// The connection of a handle to one of its brokers has changed.
void kafka_watch_set_link(struct kafka_watch *watch, const void *handle, uint64_t broker,
                          enum kafka_link link);

// A handle is gone.
void kafka_watch_forget(struct kafka_watch *watch, const void *handle);

#endif
