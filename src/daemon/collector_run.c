// SPDX-License-Identifier: Apache-2.0
//
// The process around the collector: signals, exit code, and what is left in the state file.
#include <signal.h>
#include <stdlib.h>

#include "base/memory.h"
#include "daemon/collector_inner.h"

#define CODE_FAILED 1
#define CODE_USAGE 2
#define CODE_IN_USE 8
#define CODE_WORK_LEFT 9

struct process {
    struct collector *collector;
    struct loop *loop;
    int signals; // that asked for the end
};

// The first signal asks for the orderly stop, the second ends at once.
static void take_signal(void *ctx, int signal)
{
    struct process *process = ctx;
    if (signal == SIGHUP && process->signals > 0)
        return;
    if (process->signals++ == 0)
        collector_stop(process->collector);
    else
        loop_stop(process->loop);
}

static int code_of(enum status status)
{
    switch (status) {
    case STATUS_INVALID:
    case STATUS_NOT_FOUND:
        return CODE_USAGE;
    case STATUS_EXISTS:
        return CODE_IN_USE;
    default:
        return CODE_FAILED;
    }
}

static int run_process(struct process *process)
{
    int code = 0;
    struct loop_watch *watches[LOOP_STOPS];
    loop_watch_stops(process->loop, take_signal, process, watches);
    loop_run(process->loop);
    loop_unwatch_stops(watches);
    if (collector_has_ended(process->collector, &code))
        return code;
    struct collector_figures figures;
    collector_look(process->collector, &figures);
    return figures.units > 0 ? CODE_WORK_LEFT : 0;
}

int collector_run(const struct collector_setup *setup)
{
    struct buffer fault = {0};
    struct process process = {.loop = loop_create()};
    signal(SIGXFSZ,
           SIG_IGN); // a file that reached its limit is an error of write(2), as a full disk is
    enum status status = collector_create(process.loop, setup, &fault, &process.collector);
    int code = code_of(status);
    if (status == STATUS_OK)
        code = run_process(&process);
    else
        fprintf(setup->err, "muster: %s\n", buffer_string(&fault));
    collector_destroy(process.collector);
    loop_destroy(process.loop);
    buffer_finish(&fault);
    return code;
}
