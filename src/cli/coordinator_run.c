// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "cli/command.h"
#include "daemon/coordinator.h"

static enum exit_code run(struct invocation *invocation)
{
    struct coordinator_setup setup = {.conf = invocation->conf,
                                      .err = invocation->cli->err,
                                      .notify_socket = getenv("NOTIFY_SOCKET"),
                                      .watchdog_us = getenv("WATCHDOG_USEC")};
    return (enum exit_code)coordinator_run(&setup);
}

static const struct flag flags[] = {
    FLAG_ROW_SETTING("id", "NAME", "coordinator.id", "name of the coordinator"),
    FLAG_ROW_SETTING("listen", "HOST:PORT", "api.listen", "address of the HTTP API and the page"),
    FLAG_ROW_END,
};

const struct command command_coordinator_run = {
    .noun = "coordinator",
    .verb = "run",
    .arguments = "",
    .flags = flags,
    .help = "run a coordinator: one of a cell leads, the others stand by",
    .example = "muster coordinator run -b broker:9092",
    .run = run,
};
