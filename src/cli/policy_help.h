// SPDX-License-Identifier: Apache-2.0
//
// The keys of a pool's policy, for the help of the commands that take them.
#ifndef MUSTER_CLI_POLICY_HELP_H
#define MUSTER_CLI_POLICY_HELP_H

struct policy_help {
    const char *key;
    const char *values; // for people
    const char *help;   // one line
};

// All keys; a row with key NULL ends them.
extern const struct policy_help policy_help[];

#endif
