// SPDX-License-Identifier: Apache-2.0
//
// Time is a type. An instant is a reading of CLOCK_BOOTTIME (it goes on while a machine sleeps), a
// span is a difference of two. Wall time exists only in records and is called `..._ms` there.
#ifndef MUSTER_BASE_INSTANT_H
#define MUSTER_BASE_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

struct instant {
    int64_t us; // microseconds since boot; INT64_MAX = never
};

struct span {
    int64_t us; // microseconds, may be negative
};

#define INSTANT_NEVER ((struct instant){INT64_MAX})

static inline struct span span_of_ms(int64_t ms)
{
    return (struct span){ms * 1000};
}

// Whole milliseconds, rounded towards zero.
static inline int64_t span_ms(struct span span)
{
    return span.us / 1000;
}

// INSTANT_NEVER stays never.
static inline struct instant instant_add(struct instant instant, struct span span)
{
    if (instant.us == INT64_MAX || (instant.us > 0 && span.us > INT64_MAX - instant.us))
        return INSTANT_NEVER;
    return (struct instant){instant.us + span.us};
}

// later − earlier; what does not fit is the longest span.
static inline struct span instant_since(struct instant later, struct instant earlier)
{
    struct span span;
    if (__builtin_sub_overflow(later.us, earlier.us, &span.us))
        span.us = later.us > earlier.us ? INT64_MAX : INT64_MIN;
    return span;
}

static inline bool instant_is_before(struct instant a, struct instant b)
{
    return a.us < b.us;
}

static inline bool instant_has_come(struct instant deadline, struct instant now)
{
    return deadline.us <= now.us;
}

static inline struct instant instant_earlier(struct instant a, struct instant b)
{
    return a.us < b.us ? a : b;
}

#endif
