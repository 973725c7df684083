// SPDX-License-Identifier: Apache-2.0

#include <stdlib.h>

#include "cli/command.h"
#include "daemon/agent.h"

static const struct flag flags[] = {
    FLAG_ROW_SETTING("id", "NAME", "agent.id", "name of the agent; default: this host"),
    FLAG_ROW_SETTING("file", "FILE", "agent.file", "file with a topic a line; watched"),
    FLAG_ROW_END,
};

static enum exit_code run(struct invocation *invocation)
{
    struct agent_setup setup = {
        .conf = invocation->conf,
        .err = invocation->cli->err,
        .is_verbose = invocation->is_verbose,
        .notify_socket = getenv("NOTIFY_SOCKET"),
        .watchdog_us = getenv("WATCHDOG_USEC"),
    };
    return (enum exit_code)agent_run(&setup);
}

const struct command command_agent_run = {
    .noun = "agent",
    .verb = "run",
    .arguments = "",
    .flags = flags,
    .help = "announce the topics that a file names, as long as it runs",
    .example = "muster agent run -b broker:9092 --id edge --file /etc/muster/topics",
    .run = run,
};
