// SPDX-License-Identifier: Apache-2.0
//
// What coordinators need on an embedded cluster, for the tests of them.
#ifndef COORDINATOR_CELL_H
#define COORDINATOR_CELL_H

#include "conf/conf.h"
#include "kafka/mock.h"

// Makes the cell's topics, one partition each, and returns the settings of a coordinator "k1" of it
// without HTTP; owned by the caller.
struct conf *coordinator_cell_create(struct kafka_mock *mock);

// Changes a setting; the test ends if it is refused.
void coordinator_cell_set(struct conf *conf, const char *name, const char *value);

#endif
