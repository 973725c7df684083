// SPDX-License-Identifier: Apache-2.0
//
// Lines for people on stderr: level, who, what.
#include <stdarg.h>
#include <string.h>

#include "daemon/collector_inner.h"

static const char *const level_names[] = {"error", "warning", "info", "debug"};

int collector_log_level(const char *name)
{
    for (int i = LOG_ERROR; i <= LOG_DEBUG; i++)
        if (strcmp(name, level_names[i]) == 0)
            return i;
    return LOG_INFO;
}

void collector_log(const struct collector *collector, enum log_level level, const char *format, ...)
{
    va_list arguments;
    if ((int)level > collector->log_level)
        return;
    fprintf(collector->setup.err, "%s: collector '%s/%s': ", level_names[level], collector->pool,
            collector->id);
    va_start(arguments, format);
    vfprintf(collector->setup.err, format, arguments);
    va_end(arguments);
    fputc('\n', collector->setup.err);
    fflush(collector->setup.err);
}
