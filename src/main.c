// SPDX-License-Identifier: Apache-2.0
//
// The process around the command line.

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"

int main(int argc, char **argv)
{
    struct cli cli = {
        .argc = argc,
        .argv = argv,
        .environment = (const char *const *)environ,
        .in = stdin,
        .out = stdout,
        .err = stderr,
    };
    // A pipe that closed is an error of write(2), not the end of a daemon.
    signal(SIGPIPE, SIG_IGN);
    return cli_run(&cli);
}
