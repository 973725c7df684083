// SPDX-License-Identifier: Apache-2.0
//
// What a driver is. Inside the room only.
#ifndef MUSTER_SINK_DRIVER_H
#define MUSTER_SINK_DRIVER_H

#include "sink/sink.h"

struct sink_driver {
    const char *name;
    enum status (*create)(const struct sink_options *options, struct buffer *fault,
                          struct sink **ret_sink);
    enum status (*write)(struct sink *sink, const struct sink_record *records, uint32_t count,
                         struct instant until, enum sink_verdict *verdicts);
    void (*destroy)(struct sink *sink);
    enum status (*rotate)(struct sink *sink); // NULL: it has no files
};

// The first member of each driver's own struct.
struct sink {
    const struct sink_driver *driver;
    int wait_fd;         // -1 = none
    struct buffer fault; // of the last write
};

// Whether a write may still begin; the clock is read.
bool sink_may_begin(struct instant until);

extern const struct sink_driver sink_driver_stdout;
extern const struct sink_driver sink_driver_file;

#endif
