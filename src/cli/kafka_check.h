// SPDX-License-Identifier: Apache-2.0
//
// Whether librdkafka takes the kafka.NAME of a configuration, before anything is connected.
#ifndef MUSTER_CLI_KAFKA_CHECK_H
#define MUSTER_CLI_KAFKA_CHECK_H

#include "base/text.h"
#include "conf/conf.h"

// Appends a line for each kafka.* that was set and is refused: "FILE:LINE: kafka.NAME: why".
void kafka_properties_check(const struct conf *conf, struct buffer *problems);

#endif
