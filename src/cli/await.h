// SPDX-License-Identifier: Apache-2.0
//
// Private to exchange.c: listening to the events topic for the answers to ids.
#ifndef MUSTER_CLI_AWAIT_H
#define MUSTER_CLI_AWAIT_H

#include "base/instant.h"
#include "cli/exchange.h"
#include "kafka/config.h"

struct await;

// Asks Kafka whether the cell's topics are there and, if the exchange is awaited, begins to listen
// at the end of events: what is sent after this call and answered will be heard.
// STATUS_UNREACHABLE, STATUS_NOT_FOUND (topic of the cell missing), ... with the reason in
// `problem`.
enum status await_open(const struct kafka_settings *settings, const struct invocation *invocation,
                       const struct exchange *exchange, struct buffer *problem,
                       struct await **ret_await) MUST_CHECK;

// Listens until every sent item of the exchange has its answer, or the deadline has come.
void await_answers(struct await *await, struct exchange *exchange, struct instant deadline);

// NULL is fine.
void await_close(struct await *await);

#endif
