// SPDX-License-Identifier: Apache-2.0
//
// What `cell init` and `cell clean` stand on: the eight topics of the configuration's cell, asked
// for by name, and one admin. They touch nothing that is not named here.
#ifndef MUSTER_CLI_SITE_H
#define MUSTER_CLI_SITE_H

#include "cli/command.h"
#include "kafka/admin.h"
#include "kafka/layout.h"
#include "kafka/watch.h"

struct site {
    const struct invocation *invocation;
    struct kafka_watch *watch;
    struct kafka_admin *admin;
    struct buffer names[KAFKA_CELL_TOPICS]; // full names, in the order of the layout
    uint32_t partitions[KAFKA_CELL_TOPICS]; // 0 = there is no such topic
    uint32_t found;                         // topics that are there
};

// Looks for the topics. EXIT_DONE, or what went wrong, told. Close it in any case.
enum exit_code site_open(struct site *site, const struct invocation *invocation);
void site_close(struct site *site);

// The deadline and number of the next question.
struct kafka_ask site_ask(const struct site *site);

// Waits for the reply to the question whose asking gave `status`. The caller releases it. NULL if
// the whole has failed, told, with the code for it.
struct kafka_reply *site_reply(struct site *site, enum status status, enum exit_code *ret_code);

// Settings for a consumer of this cell, to be finished.
struct kafka_settings site_settings(const struct site *site);

// What both commands answer: an item for each topic or group.
extern const struct column site_columns[];
void site_print(struct output *output, const char *kind, struct text name, const char *answer,
                struct text text);

// ---- Who is there (site_look.c).

// Pools that the state names, now or ever while it was not compacted, each once.
struct site_pools {
    struct buffer *names;
    uint32_t count, capacity;
};
void site_pools_finish(struct site_pools *pools);

// Reads the keys of the state.
enum exit_code site_read_pools(struct site *site, struct site_pools *pools);

// Listens to the members: EXIT_FAILED, told with names, if a life has beaten within its lease and
// has not said goodbye. Takes three beat intervals.
enum exit_code site_listen(struct site *site);

#endif
