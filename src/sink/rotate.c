// SPDX-License-Identifier: Apache-2.0
//
// Names move up from the first gap down to the youngest, so a rotation that was cut off leaves a
// gap and not a loss.
#include "sink/rotate.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print_name(struct buffer *name, const char *path, int64_t number)
{
    buffer_clear(name);
    buffer_add_string(name, path);
    if (number > 0)
        buffer_print(name, ".%lld", (long long)number);
}

// The smallest number without a file, at most `count`.
static int64_t find_gap(const char *path, int64_t count, struct buffer *name)
{
    for (int64_t number = 1; number < count; number++) {
        print_name(name, path, number);
        if (access(buffer_string(name), F_OK) != 0)
            return number;
    }
    return count;
}

enum status rotate_files(const char *path, int64_t count, struct buffer *fault)
{
    struct buffer from = {0};
    struct buffer to = {0};
    enum status status = STATUS_OK;
    for (int64_t number = find_gap(path, count, &to); number > 0; number--) {
        print_name(&from, path, number - 1);
        print_name(&to, path, number);
        bool is_gone = number == 1 && access(path, F_OK) != 0;
        if (!is_gone && rename(buffer_string(&from), buffer_string(&to)) != 0) {
            buffer_print(fault, "cannot rename '%s' to '%s': %s", buffer_string(&from),
                         buffer_string(&to), strerror(errno));
            status = STATUS_FAILED;
            break;
        }
    }
    buffer_finish(&from);
    buffer_finish(&to);
    return status;
}
