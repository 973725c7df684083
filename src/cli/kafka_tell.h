// SPDX-License-Identifier: Apache-2.0
//
// How commands tell what goes on between them and Kafka.
#ifndef MUSTER_CLI_KAFKA_TELL_H
#define MUSTER_CLI_KAFKA_TELL_H

#include "cli/command.h"
#include "kafka/watch.h"

// Tells why a question to Kafka failed and returns the exit code for it. If nothing was answered it
// is what the watch knows of the connections, else `text`, or the status in words if that is empty.
enum exit_code kafka_tell_trouble(const struct invocation *invocation, struct kafka_watch *watch,
                                  enum status status, struct text text);

// With --verbose: prints the lines of the Kafka client that came since the last call.
void kafka_tell_log(const struct invocation *invocation, struct kafka_watch *watch);

#endif
