// SPDX-License-Identifier: Apache-2.0
//
// Commands that write: records go to an input topic of the cell and, where somebody waits, the
// coordinator's answer to each comes back as an event with its id.
//
//     struct exchange exchange = {.topic = "orders", .is_awaited = true};
//     exchange_add(&exchange, subject, id, value);
//     enum exit_code code = exchange_run(&exchange, invocation);
//     exchange_finish(&exchange);
#ifndef MUSTER_CLI_EXCHANGE_H
#define MUSTER_CLI_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/index.h"
#include "base/text.h"
#include "cli/command.h"

enum exchange_state {
    EXCHANGE_READY,   // not sent
    EXCHANGE_SENT,    // Kafka has taken it
    EXCHANGE_FAILED,  // Kafka has not
    EXCHANGE_DONE,    // the coordinator has carried it out
    EXCHANGE_REFUSED, // or not, `text` says why
    EXCHANGE_UNKNOWN, // or not: what it is about is not there
};

struct exchange_item {
    enum exchange_state state;
    char *subject; // for people: agent, pool or collector; owned
    char *id;      // echoed by the answer; owned, NULL = none
    char *value;   // the record's bytes; owned, NULL once sent
    size_t size;
    char *text;     // why it was refused or failed; owned, NULL = nothing to say
    int64_t offset; // in the topic, -1 = not written
};

// `= {0}` with the first two members set.
struct exchange {
    const char *topic; // "control" or "orders"
    bool is_awaited;   // wait for the answers; every item then needs an id of its own
    struct exchange_item *items;
    uint32_t count;
    uint32_t capacity;
    struct index index; // by id
};

// What commands that exchange answer: an item for each record.
extern const struct column exchange_columns[];

// Adds a record; copies everything. `id` empty = none. STATUS_EXISTS: the id is there already.
enum status exchange_add(struct exchange *exchange, struct text subject, struct text id,
                         struct text value) MUST_CHECK;

// Sends all records, waits for what is to be waited for at most timeout.ms, prints an item for each
// and what went wrong. EXIT_FAILED if anything was refused, EXIT_NOT_FOUND if what it is about is
// not there, EXIT_TIMEOUT if an answer is missing, EXIT_UNREACHABLE without Kafka, EXIT_NOT_FOUND
// without the cell's topics.
enum exit_code exchange_run(struct exchange *exchange, const struct invocation *invocation);

void exchange_finish(struct exchange *exchange);

// Appends an id that nobody else draws: 32 hex digits.
void exchange_id_draw(struct buffer *id);

#endif
