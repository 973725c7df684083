// SPDX-License-Identifier: Apache-2.0
//
// A workload file of any bytes is played to its first wrong line; whatever it settled keeps the
// planner's invariants.

#include <stdint.h>
#include <string.h>

#include "base/ensure.h"
#include "cli/workload_inner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define UNITS_MAX 200 // a line may ask for a million

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct workload_options options = {.units_max = UNITS_MAX, .owners = true, .why = true};
    struct workload *workload = workload_create(&options);
    struct buffer out = {0};
    struct buffer problem = {0};
    const char *at = (const char *)data;
    const char *end = at + size;
    bool is_good = true;
    while (is_good && at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        struct text line = {at, (size_t)((stop ? stop : end) - at)};
        is_good = workload_take(workload, line, &out, &problem) == STATUS_OK;
        ensure(is_good == (problem.size == 0));
        if (out.size)
            plan_check(workload->plan);
        buffer_clear(&out);
        at = stop ? stop + 1 : end;
    }
    workload_destroy(workload);
    buffer_finish(&out);
    buffer_finish(&problem);
    return 0;
}
