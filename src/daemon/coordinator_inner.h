// SPDX-License-Identifier: Apache-2.0
//
// What the files of the coordinator share; besides them only their tests include it. One turn goes:
// answers of Kafka -> what has arrived, as events (bounded) -> the end of the batch -> its
// transaction. While one is under way nothing that arrives is stepped: librdkafka's queues are the
// buffer, and requests over HTTP wait for it, so nothing is ever shown that is not committed.
#ifndef MUSTER_DAEMON_COORDINATOR_INNER_H
#define MUSTER_DAEMON_COORDINATOR_INNER_H

#include <stdio.h>

#include "base/arena.h"
#include "control/control.h"
#include "daemon/coordinator.h"
#include "kafka/admin.h"
#include "kafka/config.h"
#include "kafka/consumer.h"
#include "kafka/layout.h"
#include "kafka/producer.h"
#include "kafka/transactor.h"
#include "kafka/watch.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "net/notify.h"

enum {
    FEED_RECORDS = 250,     // taken from Kafka at once
    FEED_TURN_MS = 200,     // longest stepping of one turn
    COMMIT_PAUSE_US = 5000, // between transactions: makes them faster (CONCURRENT_TRANSACTIONS)
    ASK_TIMEOUT_MS = 5000,  // for one answer of Kafka
    TRIM_RECORDS = 10000,   // read before memory is given back to the system
    TRIM_QUIET_US = 300000, // and then nothing for so long
    READY_LATE = 4,         // of leader.timeout.ms without being ready, until it says why
    WAITING_MAX = 64,       // HTTP requests that wait for a commit
    // Of state or inputs, fetched ahead in a restore or a storm; librdkafka needs 4 x that for it.
    MUCH_KBYTES = 32768,
};

// Stages before the deciding part exists.
enum ground_stage {
    GROUND_CLUSTER,  // which cluster is this
    GROUND_TOPICS,   // which of the topics are there
    GROUND_CREATE,   // make the others
    GROUND_SETTINGS, // are they as they have to be
    GROUND_ENDS,     // where does members end
    GROUND_STARTS,   // and where does it begin
    GROUND_DONE,
};

struct ground {
    enum ground_stage stage;
    bool is_asked;
    struct instant again; // next attempt
    uint32_t found;       // topics that are there
    uint32_t partitions;  // of assignments
    int64_t members_end;  // what was before it listened is below
    int64_t members_start;
    bool is_missing[KAFKA_CELL_TOPICS];
    char cluster_id[128];
};

// Stages of EFFECT_CHECK_LOGS.
enum check_stage { CHECK_NONE, CHECK_STARTS, CHECK_ENDS, CHECK_ANCHORS };

// One partition of assignments, whose end is looked through for the newest head.
struct heads_log {
    int64_t start, end;
    bool is_waiting; // for its end
    bool is_found, is_whole;
};

// All of them; the memory stays for the next time.
struct heads {
    struct heads_log *logs; // owned
    uint32_t count;
    int64_t published; // greatest generation found
};

struct check {
    enum check_stage stage;
    bool is_asked;
    struct instant again;
    struct state_position positions[INPUT_LOG_COUNT];
    struct control_log logs[INPUT_LOG_COUNT];
    bool is_waiting[INPUT_LOG_COUNT]; // for its anchor
    struct instant deadline;          // of the anchors
};

// Whether a log of inputs is read while this one leads.
struct pulse {
    bool is_asked;                // for the end
    bool is_late;                 // the question is of a former term
    bool has_end;                 // it has answered, and is not reached yet
    bool is_waiting, is_told;     // for an end to be reached
    struct instant again;         // next question
    struct instant waiting_since; // the first question without an end reached, or the last record
    int64_t position, end;
};

// Parts of the state to be looked through for what somebody else has written.
enum { STRANGERS_RANGES = 8 };

struct strangers {
    struct strangers_range {
        int64_t from, until;
    } ranges[STRANGERS_RANGES];
    uint32_t count;
    bool is_reading;   // the first of them
    int64_t end;       // behind the last own record, -1 = not known
    bool is_asked;     // for the end of the log
    bool is_late;      // the question is of a former term
    uint64_t asked_at; // request of the transactor, then
    struct instant again;
};

// One question about ends of logs. Stages in order; READY waits until no commit is under way.
enum ends_stage { ENDS_COMMITTED, ENDS_ENDS, ENDS_READY, ENDS_NONE };

struct ends_item {
    struct text topic;
    int32_t first, partition_count;
    bool wants_committed;
    struct control_end_answer answer;
};

struct ends {
    enum ends_stage stage;
    int64_t number;  // of the deciding part
    uint64_t serial; // of the request under way
    struct text group;
    struct ends_item *items;
    uint32_t count, partition_count;
    struct arena arena; // of all of it
};

// One transaction's messages; offsets into `bytes` until it is complete.
struct batch_message {
    size_t key, key_size, value, value_size;
    size_t header; // in `headers`
    uint32_t header_count;
    int32_t partition;
    enum kafka_cell_topic topic;
    bool is_tombstone;
};

// Where a header's name and value lie in `bytes`.
struct header_place {
    size_t name, value;
};

// A piece of a batch: it is filled, closed once its offsets have become addresses, and then lies
// untouched.
struct batch_part {
    struct kafka_part part;
    struct buffer bytes;
    struct batch_message *items;
    uint32_t count, capacity;
    struct kafka_message *messages;
    uint32_t messages_capacity;
    struct kafka_header *headers;
    uint32_t header_count, header_capacity;
    struct header_place *header_offsets;
    uint32_t header_offsets_capacity;
};

// The last part is filled; parts behind it keep their memory for the next batch.
struct commit_batch {
    struct batch_part **parts;
    uint32_t count, made, capacity;
};

struct coordinator {
    const struct conf *conf;
    FILE *err;
    struct loop *loop;
    struct notify notify;
    struct loop_watch *watches[12];
    uint32_t watch_count;
    struct loop_watch *feeds[3]; // of the consumers, while they are read
    int exit_code;
    bool is_stopping, is_ready, is_unreachable, is_verbose;
    bool is_deaf;           // its own beats do not come back; told
    struct instant reached; // Kafka is connected since
    struct instant next_watchdog, stop_deadline;
    struct instant delay_told; // or the start
    struct span watchdog_interval;

    struct kafka_settings settings;
    struct kafka_watch *kafka_watch;
    struct kafka_admin *admin;
    struct kafka_consumer *members, *state, *inputs;
    struct kafka_producer *producer;
    struct kafka_transactor *transactor;
    char *topics[KAFKA_CELL_TOPICS]; // full names
    char id[256], host[256], incarnation[33], lineage[33];

    struct ground ground;
    struct check check;
    struct heads heads;
    struct control *control;
    struct instant now; // read once a turn and once a poll
    int64_t wall_ms;
    uint64_t records_read;    // since memory was trimmed
    struct instant last_busy; // more than a beat or two was read, or more than a few writes done
    struct control_effects effects;
    struct arena arena;  // of the record being decoded
    struct buffer line;  // scratch
    struct buffer value; // scratch
    uint64_t beats_sent;

    // Reading.
    bool is_reading_inputs, is_caught_up;
    const struct kafka_record *input; // under way, for EFFECT_REFUSE_INPUT
    bool is_state_again; // it is read from its start: what was polled before is no more
    bool is_input_last;  // of its log in this poll

    // The claim and the commit.
    bool is_claiming, is_committing;
    uint64_t request;          // of the transactor
    struct state_marker claim; // with claim_incarnation
    struct commit_batch batch;
    struct instant next_commit;
    int64_t commit_us_last, commits, commit_us_sum;

    // Question about topics under way; owned names.
    struct text *asked;
    uint32_t asked_count;
    uint64_t asked_serial;           // of the question
    bool has_ask_failed;             // it could not even be put
    struct kafka_reply *asked_reply; // owned; waits until no commit is under way

    struct ends ends;
    struct pulse pulses[INPUT_LOG_COUNT];
    struct strangers strangers;

    // HTTP.
    struct http_server *http;
    struct {
        struct http_request *request;
        const struct http_call *call;
    } waiting[WAITING_MAX];
    uint32_t waiting_count;
    struct instant started;
};

// coordinator.c
void coordinator_log(struct coordinator *coordinator, const char *level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Gives an event its instant, steps it and carries out its effects.
void coordinator_step(struct coordinator *coordinator, struct control_event *event);
void coordinator_fail(struct coordinator *coordinator, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// coordinator_ground.c: from nothing to a cell with topics and handles.
void ground_turn(struct coordinator *coordinator, struct instant now);
void ground_reply(struct coordinator *coordinator, const struct kafka_reply *reply);

// S7: whether it is another cluster that answers, which ends it; "" = nobody knows.
bool ground_has_moved(struct coordinator *coordinator, struct text cluster_id);
struct instant ground_deadline(const struct coordinator *coordinator);

// coordinator_feed.c: from Kafka's records to events.
void feed_turn(struct coordinator *coordinator);
void feed_state_from(struct coordinator *coordinator, int64_t offset); // what was polled is no more
void feed_state_stop(struct coordinator *coordinator); // a leader knows what it wrote

// Where an input lies.
static inline enum kafka_cell_topic input_topic(enum input_log log)
{
    return log == INPUT_CONTROL ? KAFKA_CELL_CONTROL : KAFKA_CELL_ORDERS;
}

void feed_inputs_start(struct coordinator *coordinator, const struct state_position *positions);
void feed_inputs_stop(struct coordinator *coordinator);
bool feed_reads_inputs(const struct coordinator *coordinator); // standbys do not

// coordinator_effects.c: from effects to Kafka.
void effects_carry_out(struct coordinator *coordinator);

// Keeps the answer to the question about topics; it is owned from now on.
void effects_reply(struct coordinator *coordinator, struct kafka_reply *reply);

// Gives that answer, if there is one, to the deciding part.
void effects_take_reply(struct coordinator *coordinator);
void effects_asked_forget(struct coordinator *coordinator);

// coordinator_ends.c: where the logs of silent agents end.
void ends_ask(struct coordinator *coordinator, const struct control_effect *effect);
void ends_reply(struct coordinator *coordinator, const struct kafka_reply *reply);

// Gives the answer, if there is one, to the deciding part.
void ends_answer(struct coordinator *coordinator);

// coordinator_commit.c: claims and transactions.
void commit_claim(struct coordinator *coordinator, const struct state_marker *claim);
void commit_start(struct coordinator *coordinator);
void commit_refuse(struct coordinator *coordinator, struct text reason, struct text id);
void commit_poll(struct coordinator *coordinator);
// Forgets what was refused but not committed: the next leader will refuse it again.
void commit_drop(struct coordinator *coordinator);
void commit_finish(struct coordinator *coordinator);
void commit_trim(struct coordinator *coordinator); // gives back what an empty batch still holds

// coordinator_heads.c: what was published, for the check.
uint32_t heads_partitions(struct coordinator *coordinator, struct kafka_partition *partitions);
void heads_offsets(struct coordinator *coordinator, const struct kafka_offset *offsets,
                   bool are_starts);
void heads_start(struct coordinator *coordinator);
void heads_stop(struct coordinator *coordinator);
void heads_record(struct coordinator *coordinator, const struct kafka_record *record);
bool heads_are_waiting(const struct coordinator *coordinator);
void heads_finish(struct heads *heads);

// coordinator_pulse.c: does the leader still read control and orders?
void pulse_start(struct coordinator *coordinator, const struct state_position *positions);
void pulse_turn(struct coordinator *coordinator, struct instant now);
void pulse_reply(struct coordinator *coordinator, enum input_log log,
                 const struct kafka_reply *reply);

// Everything below the position has been read; by a record, or an end.
void pulse_read(struct coordinator *coordinator, enum input_log log, int64_t position,
                bool is_record);

// For how long the log has not been read to an end that was asked for; 0 for one who does not lead.
struct span pulse_unread(const struct coordinator *coordinator, enum input_log log,
                         struct instant now);

// coordinator_strangers.c: who else writes to the state?
void strangers_forget(struct coordinator *coordinator);
void strangers_committed(struct coordinator *coordinator, const struct kafka_followed *own);
void strangers_reply(struct coordinator *coordinator, const struct kafka_reply *reply);
void strangers_turn(struct coordinator *coordinator, struct instant now);

// Takes what was polled of the state if it was looked for; else it is to be taken as state.
bool strangers_take(struct coordinator *coordinator, const struct kafka_record *record);

// coordinator_check.c: are control and orders still the logs that were read before?
void check_start(struct coordinator *coordinator, const struct state_position *positions);
void check_turn(struct coordinator *coordinator, struct instant now);
void check_reply(struct coordinator *coordinator, const struct kafka_reply *reply);
void check_record(struct coordinator *coordinator, const struct kafka_record *record);
struct instant check_deadline(const struct coordinator *coordinator);

// coordinator_api.c: the HTTP interface.
enum status api_open(struct coordinator *coordinator, struct buffer *fault) MUST_CHECK;
void api_turn(struct coordinator *coordinator);

// Numbers of requests to the admin: kind in the low bits.
enum ask_kind {
    ASK_GROUND = 1,
    ASK_CHECK = 2,
    ASK_TOPICS = 3,
    ASK_ENDS = 4,
    ASK_CONTROL_PULSE = 5,
    ASK_ORDERS_PULSE = 6,
    ASK_STRANGERS = 7,
};
enum { ASK_KIND_BITS = 3 };

#endif
