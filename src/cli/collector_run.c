// SPDX-License-Identifier: Apache-2.0

#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "daemon/collector.h"

static const struct flag flags[] = {
    FLAG_ROW_SETTING("id", "NAME", "collector.id",
                     "name of the collector, the same after a restart"),
    FLAG_ROW_SETTING("sink", "TYPE", "sink.type", "where it writes: stdout or file"),
    FLAG_ROW_SETTING("file", "PATH", "sink.file.path", "file of the sink 'file'"),
    FLAG_ROW_SETTING("state-file", "FILE", "state.file",
                     "file whose lock proves the death of a predecessor"),
    FLAG_ROW_END,
};

// The value of a variable of the environment, NULL if it is not set.
static const char *variable(const struct cli *cli, const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; cli->environment && cli->environment[i]; i++)
        if (strncmp(cli->environment[i], name, size) == 0 && cli->environment[i][size] == '=')
            return cli->environment[i] + size + 1;
    return NULL;
}

static enum exit_code run(struct invocation *invocation)
{
    const struct cli *cli = invocation->cli;
    fflush(cli->out);
    struct collector_setup setup = {
        .conf = invocation->conf,
        .err = cli->err,
        .output = fileno(cli->out),
        .is_verbose = invocation->is_verbose,
        .notify_socket = variable(cli, "NOTIFY_SOCKET"),
        .watchdog_us = variable(cli, "WATCHDOG_USEC"),
    };
    return (enum exit_code)collector_run(&setup);
}

const struct command command_collector_run = {
    .noun = "collector",
    .verb = "run",
    .arguments = "",
    .flags = flags,
    .help = "read the topics that the coordinator assigns and write their records to a sink",
    .example = "muster collector run -b broker:9092 --id c1 --sink file --file /var/lib/muster/c1",
    .run = run,
};
