// SPDX-License-Identifier: Apache-2.0
//
// The table of drivers.
#include "sink/sink.h"

#include <string.h>
#include <time.h>

#include "base/ensure.h"
#include "sink/driver.h"

static const struct sink_driver *const drivers[] = {&sink_driver_stdout, &sink_driver_file};

#define DRIVER_COUNT (sizeof(drivers) / sizeof(drivers)[0])

void sink_types(struct buffer *buffer)
{
    for (size_t i = 0; i < DRIVER_COUNT; i++) {
        buffer_add_string(buffer, i ? ", " : "");
        buffer_add_string(buffer, drivers[i]->name);
    }
}

enum status sink_create(const struct sink_options *options, struct buffer *fault,
                        struct sink **ret_sink)
{
    for (size_t i = 0; i < DRIVER_COUNT; i++)
        if (options->type != NULL && strcmp(drivers[i]->name, options->type) == 0)
            return drivers[i]->create(options, fault, ret_sink);
    buffer_print(fault, "no sink of type '%s': there are ", options->type ? options->type : "");
    sink_types(fault);
    return STATUS_NOT_FOUND;
}

void sink_destroy(struct sink *sink)
{
    if (sink == NULL)
        return;
    buffer_finish(&sink->fault);
    sink->driver->destroy(sink);
}

bool sink_may_begin(struct instant until)
{
    struct timespec now;
    ensure(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
    return !instant_has_come(until,
                             (struct instant){(int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000});
}

enum status sink_write(struct sink *sink, const struct sink_record *records, uint32_t count,
                       struct instant until, enum sink_verdict *verdicts)
{
    ensure(count > 0);
    for (uint32_t i = 0; i < count; i++)
        verdicts[i] = SINK_RETRY;
    buffer_clear(&sink->fault);
    return sink->driver->write(sink, records, count, until, verdicts);
}

enum status sink_rotate(struct sink *sink)
{
    buffer_clear(&sink->fault);
    return sink->driver->rotate == NULL ? STATUS_OK : sink->driver->rotate(sink);
}

int sink_wait_fd(const struct sink *sink)
{
    return sink->wait_fd;
}

const char *sink_fault(const struct sink *sink)
{
    return buffer_string(&sink->fault);
}
