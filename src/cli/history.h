// SPDX-License-Identifier: Apache-2.0
//
// What a coordinator does not keep in memory, read from Kafka itself: what was decided before its
// newest events, and what was refused.
//
//     struct history history = {0};
//     code = history_open(&history, invocation);
//     if (code == EXIT_DONE)
//         code = history_read(&history, &range, take, context);
//     history_close(&history);
#ifndef MUSTER_CLI_HISTORY_H
#define MUSTER_CLI_HISTORY_H

#include "cli/site.h"
#include "kafka/record.h"
#include "proto/records.h"

struct history {
    struct site site;
    bool is_open;
};

// EXIT_DONE, or what went wrong, told. Close it in any case.
enum exit_code history_open(struct history *history, const struct invocation *invocation);
void history_close(struct history *history);

// Wall clock, ms since 1970.
struct history_range {
    int64_t from_ms;  // by Kafka's clock
    int64_t until_ms; // by the leader's, this instant included
};

// Gets each event of the range, the oldest first; the event is borrowed.
typedef void history_take(void *context, const struct event_record *event);

// EXIT_DONE at the end of the range, EXIT_TIMEOUT if that does not come within timeout.ms, told.
enum exit_code history_read(struct history *history, const struct history_range *range,
                            history_take *take, void *context);

// Gets each dead letter, the oldest first; the record is borrowed.
typedef void history_letter_take(void *context, const struct kafka_record *record);

// The same of all dead letters that Kafka still has.
enum exit_code history_read_letters(struct history *history, history_letter_take *take,
                                    void *context);

#endif
