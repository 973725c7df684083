// SPDX-License-Identifier: Apache-2.0
//
// What the files of the demo share: demo.c (making it, its turn, its end), demo_child.c
// (processes), demo_agent.c (what agents say and produce), demo_cell.c (what the coordinator has
// decided), demo_script.c (the play), demo_print.c (what people and programs are told).
#ifndef MUSTER_DAEMON_DEMO_INNER_H
#define MUSTER_DAEMON_DEMO_INNER_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/instant.h"
#include "base/status.h"
#include "base/text.h"
#include "daemon/demo.h"
#include "daemon/demo_source.h"
#include "daemon/demo_tally.h"
#include "kafka/config.h"
#include "kafka/consumer.h"
#include "kafka/mock.h"
#include "kafka/producer.h"
#include "net/loop.h"
#include "proto/records.h"

#define DEMO_PREFIX "muster"
#define DEMO_POOL "default"
#define DEMO_COLLECTORS 4 // three from the start, one that joins
#define DEMO_CHILDREN (DEMO_COLLECTORS + 1)
#define DEMO_NOBODY (-1)

// A process of the play. The coordinator is the last one.
struct demo_child {
    char name[16]; // also its id
    pid_t pid;     // 0 = does not run
    bool is_ended; // it ran, and was meant to end
    bool is_named; // the coordinator believes it alive and has named it
    char log[120]; // where its lines for people go
    char state[120];
    char file[120];      // of a collector: what it has collected
    int fd;              // of the file, −1 = not open
    struct buffer bytes; // read from the file, not a whole line yet
};

// One source, its agent, its topic and its unit.
struct demo_topic {
    const char *name;
    bool is_announced; // its agent has said it and not taken it back
    bool is_producing;
    bool is_owned;
    int owner;          // collector that has it, DEMO_NOBODY
    int owner_last;     // that had it last, DEMO_NOBODY = none yet
    bool is_known;      // the coordinator knows the unit
    bool is_awaited;    // a record in the file of a living collector is awaited
    uint32_t in_flight; // records without Kafka's answer
};

// The figures of the play.
struct demo_result {
    int64_t announced, assigned, pending; // topics, when the play was over
    int64_t collectors;
    int64_t moves_made;
    int64_t moves_minimum; // that the play needs, by counting
    int64_t lag_max;       // records, that any collector reported
    int64_t read_again_us; // −1 = not measured
    struct demo_sums sums;
};

struct demo {
    const struct demo_setup *setup;
    bool is_terminal; // of err
    bool has_live_line;
    int code; // exit code
    char folder[64];
    int port;
    struct loop *loop;
    struct loop_timer *timer;
    struct kafka_mock *mock;
    struct kafka_settings settings;
    struct kafka_producer *producer;
    struct kafka_consumer *cell; // state and reports
    struct arena arena;
    struct demo_sources *sources;
    struct demo_tally *tally;
    struct demo_topic *topics; // one a source
    uint32_t count;
    struct demo_child children[DEMO_CHILDREN];
    int64_t cap;   // max_topics_per_collector as the state has it, 0 = none
    uint32_t tick; // of the sampling, ten a second
    struct instant next_sample;
    struct instant next_line; // of the live figures
    struct instant started;

    // The play.
    uint32_t step;
    bool is_step_begun;
    struct instant step_deadline;
    bool is_stopping; // somebody wants it to end
    int ending;       // how far the end has come
    struct instant killed;
    uint32_t late;  // topic that is announced by hand
    uint32_t early; // topic that is withdrawn
    int64_t cap_wanted;
    struct demo_result result;
};

// ---- demo.c

// Ends the play with exit code 1 and says why.
void demo_fail(struct demo *demo, const char *format, ...) __attribute__((format(printf, 2, 3)));

// ---- demo_child.c

// Names and paths of all children; none runs yet.
void demo_children_init(struct demo *demo);

// Starts a collector (0 ..) or the coordinator (the last).
void demo_child_start(struct demo *demo, int child);

// Kills it as a crash would, waits for it and gives its incarnation, "" if unknown.
void demo_child_kill(struct demo *demo, int child, char incarnation[33]);

void demo_child_terminate(struct demo *demo, int child);

// Reaps what has ended; what was not meant to end fails the play.
void demo_children_poll(struct demo *demo);

uint32_t demo_collectors_running(const struct demo *demo);
uint32_t demo_collectors_named(const struct demo *demo);

// Takes the new lines of all files into the tally.
void demo_files_read(struct demo *demo);

// Counts all files anew, from their beginning.
void demo_files_recount(struct demo *demo);

// Ends what still runs, at once, and removes the folder.
void demo_children_finish(struct demo *demo);

// ---- demo_agent.c

// Makes the topics on the broker, and what writes to them.
enum status demo_agents_open(struct demo *demo, struct buffer *fault) MUST_CHECK;

// The agent of a topic announces it, and from now on produces; or withdraws it, and stopped before.
void demo_agent_announce(struct demo *demo, uint32_t topic);
void demo_agent_announce_plain(struct demo *demo, uint32_t topic); // as JSON
void demo_agent_withdraw(struct demo *demo, uint32_t topic);

void demo_death_publish(struct demo *demo, int child, const char *incarnation);
void demo_cap_order(struct demo *demo, int64_t cap);

// Produces what is due, takes what Kafka has answered.
void demo_agents_turn(struct demo *demo, struct instant now);

// ---- demo_cell.c

enum status demo_cell_open(struct demo *demo, struct buffer *fault) MUST_CHECK;
void demo_cell_turn(struct demo *demo);

// Topics of a collector; of all with DEMO_NOBODY.
uint32_t demo_cell_owned(const struct demo *demo, int child);

// ---- demo_script.c

void demo_script_turn(struct demo *demo, struct instant now);

// ---- demo_print.c

// A line of the narration.
void demo_tell(struct demo *demo, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The figures of the moment: a line that is written over on a terminal, one now and then elsewhere.
void demo_live_line(struct demo *demo, struct instant now);

// The result, on `out`.
void demo_result_print(struct demo *demo);

#endif
