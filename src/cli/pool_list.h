// SPDX-License-Identifier: Apache-2.0
//
// What is known of a pool: the list and the view of one show the same.
#ifndef MUSTER_CLI_POOL_LIST_H
#define MUSTER_CLI_POOL_LIST_H

#include "cli/output.h"

extern const struct column pool_columns[]; // ends with {0}

#endif
