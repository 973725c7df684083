// SPDX-License-Identifier: Apache-2.0
//
// Private to the room: the clock of its deadlines.
#ifndef MUSTER_KAFKA_CLOCK_H
#define MUSTER_KAFKA_CLOCK_H

#include <time.h>

#include "base/instant.h"

static inline struct instant kafka_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return (struct instant){(int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000};
}

// Milliseconds until the deadline, at least 0 and at most `limit_ms`, for librdkafka's timeouts.
static inline int kafka_remaining_ms(struct instant deadline, int limit_ms)
{
    int64_t ms = span_ms(instant_since(deadline, kafka_now()));
    return ms < 0 ? 0 : ms > limit_ms ? limit_ms : (int)ms;
}

#endif
