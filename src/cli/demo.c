// SPDX-License-Identifier: Apache-2.0

#include <stdio.h>

#include "cli/command.h"
#include "daemon/demo.h"

static const struct flag flags[] = {
    FLAG_ROW_INTEGER("seconds", "SECONDS", "how long, at least 20; default: until Ctrl-C"),
    FLAG_ROW_END,
};

static enum exit_code run(struct invocation *invocation)
{
    int64_t seconds = invocation_int(invocation, "seconds", 0);
    if (invocation_flag(invocation, "seconds") && seconds < DEMO_SECONDS_MIN)
        return invocation_fail(invocation, EXIT_USAGE,
                               "--seconds %lld is too short for the play: it takes %d",
                               (long long)seconds, DEMO_SECONDS_MIN);
    if (seconds > INT32_MAX)
        return invocation_fail(invocation, EXIT_USAGE, "--seconds is too large");
    struct demo_setup setup = {
        .seconds = seconds,
        .is_json = invocation->form == OUTPUT_JSON,
        .out = invocation->cli->out,
        .err = invocation->cli->err,
    };
    return (enum exit_code)demo_run(&setup);
}

const struct command command_demo = {
    .noun = "demo",
    .arguments = "",
    .flags = flags,
    .help = "show everything on this machine, without Kafka: with real data and a web page",
    .example = "muster demo --seconds 60",
    .run = run,
};
