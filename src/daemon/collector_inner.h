// SPDX-License-Identifier: Apache-2.0
//
// What the files of the collector share; nobody else includes it. One turn goes: link (assignments,
// beats) -> intake (answers about units) -> batch (records to the sink) -> intake (what has come to
// its end) -> commits -> reports. Effects only change what these keep; events are given to the
// deciding part from the turn alone, so it is never entered twice.
#ifndef MUSTER_DAEMON_COLLECTOR_INNER_H
#define MUSTER_DAEMON_COLLECTOR_INNER_H

#include "base/arena.h"
#include "base/instant.h"
#include "collect/collect.h"
#include "daemon/collector.h"
#include "daemon/collector_state.h"
#include "kafka/admin.h"
#include "kafka/config.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"
#include "kafka/watch.h"
#include "net/loop.h"
#include "net/notify.h"
#include "sink/sink.h"

#define READERS_MAX 256       // Kafka handles for units
#define READER_UNITS_MAX 1000 // units on one of them
#define ASK_PATIENCE_MS 5000  // for one answer about units
#define RETRY_MS 1000         // before a question that failed is asked again
#define MISSING_RETRY_MS 5000 // before a missing topic is asked for again
#define RECOMMIT_MS 86400000  // an unchanged position is committed again after a day

struct reader;
struct part;

// Things of one kind in one state, in the order in which they came into it.
struct part_list {
    struct part *first;
    struct part *last;
    uint32_t count;
};

// One partition of a unit. Its list is named by its state; `part_move` is the only way between
// them.
enum part_state {
    PART_UNKNOWN, // its committed position must be asked for
    PART_ASKED,   // and is
    PART_FRESH,   // nothing is committed: where to begin must be asked for
    PART_FRESH_ASKED,
    PART_BEGIN,     // `taken` is where it begins, as nobody has committed: that comes first
    PART_BEGINNING, // and is
    PART_READY,     // to be assigned
    PART_READING,   // assigned
    PART_LEAVING,   // to be unassigned, then off
    PART_LOST,      // to be unassigned: its position is gone from the log
    PART_GAP,       // where the log starts must be asked for
    PART_GAP_ASKED,
    PART_GAP_END, // where the log ends must be asked for
    PART_GAP_END_ASKED,
    PART_HELD, // on_gap = hold
    PART_OFF,  // neither assigned nor asked about
};
#define PART_STATES (PART_OFF + 1)

struct part {
    uint64_t id; // slot with a counter above it: the tag of its records
    struct intake_unit *unit;
    int32_t partition;
    enum part_state state;
    struct part *previous;
    struct part *next;
    int64_t position;        // next offset to be handed out by the reader
    int64_t taken;           // next offset behind what the sink has; -1 = not known yet
    int64_t committed;       // -1 = never or not known
    int64_t committed_fence; // with which fence
    struct instant committed_at;
    bool is_grown;     // came while the unit was read, or while nobody did
    bool was_held;     // its lost position was told and counted
    bool has_begun;    // was read since the unit's start: `taken` is its own
    bool is_in_commit; // in the commit under way,
    int64_t in_commit; // with this position
    int64_t in_commit_fence;
    int64_t end;        // last stable offset, -1 = not known
    int64_t log_start;  // of a gap
    int64_t eof;        // everything below it was handed out; -1 = not so
    uint32_t pending;   // records in the batch
    int64_t pending_ms; // time of the oldest of them, or -1
    int64_t reported_taken;
    int64_t reported_end;
    int64_t reported_committed;
};

enum unit_phase {
    UNIT_PHASE_FIND,    // its topic must be asked for
    UNIT_PHASE_ASKED,   // and is
    UNIT_PHASE_MISSING, // Kafka has no such topic; asked again later
    UNIT_PHASE_OPEN,    // its parts are known
    UNIT_PHASE_STOPPING,
    UNIT_PHASE_FAILED, // to be told; then it is gone
};

struct intake_unit {
    uint64_t run; // of the deciding part
    uint32_t slot;
    char *name;    // text form, owned
    char *topic;   // owned
    char *cluster; // owned
    int64_t only;  // the one partition of a split topic, -1 = all
    enum unit_phase phase;
    bool is_started; // told
    bool is_begun;   // it was read before, here or by another owner: `start` is not for it
    int64_t fence;
    int32_t top;              // highest partition with a commit, -1 = none known
    int64_t positions_lost;   // since its start
    struct bucket_from *from; // owned
    uint32_t from_count;
    struct part **parts; // owned
    uint32_t part_count;
    uint32_t part_capacity;
    struct reader *reader;   // of all its parts; NULL = none yet
    struct instant again_at; // FIND, MISSING: next question; OPEN: next refresh
    struct instant stop_at;  // STOPPING: what is not written then is dropped
    bool is_rest_dropped;
    bool is_refused; // the commit of its stop was refused: its positions are handed over
    bool is_refreshing;
    uint64_t records; // taken, since its start
    uint64_t bytes;
    uint64_t reported_records;
    uint64_t reported_bytes;
    struct instant reported_at;
    int64_t last_ms; // record time of the last record taken, -1 = none
    const char *reported_state;
};

// A question under way: what it is about, in its order.
struct question {
    bool is_out;
    uint64_t number;
    uint64_t *ids; // of parts, or runs of units
    uint32_t count;
    uint32_t capacity;
    struct instant again_at; // not before
};

struct intake {
    struct intake_unit **units; // by slot, NULL = free
    uint32_t unit_capacity;
    uint32_t unit_end;
    uint32_t unit_count;
    struct part **parts; // by slot
    uint32_t part_capacity;
    uint32_t part_end;
    uint32_t *free_parts;
    uint32_t free_capacity;
    uint32_t free_count;
    uint64_t part_counter;
    struct part_list lists[PART_STATES];
    struct kafka_admin *topics; // questions to any broker
    struct kafka_admin *group;  // commits and what was committed
    struct loop_watch *topics_watch;
    struct loop_watch *group_watch;
    uint64_t question_number;
    struct question find;      // topics of units
    struct question committed; // PART_ASKED
    struct question fresh;     // PART_FRESH_ASKED
    struct question gap;       // PART_GAP_ASKED
    struct question gap_end;   // PART_GAP_END_ASKED
    struct question commit;
    struct question check; // committed positions of all that is read
    struct question ends;  // for reports
    bool is_commit_due;
    bool are_commits_refused;
    bool is_told; // refused or not
    struct instant commit_at;
    struct instant check_at;
    bool has_stopping;
    bool has_unplaced; // a unit whose topic is asked for or known may have no reader
};

struct reader {
    struct kafka_consumer *consumer;
    struct loop_watch *watch; // NULL while nothing is drained
    uint32_t unit_count;
    bool is_broken; // takes nothing new, goes with its last unit
};

struct readers {
    struct reader *items[READERS_MAX];
    uint32_t count;
    uint32_t next; // to be polled first
    bool is_draining;
};

struct batch_item {
    struct kafka_record record;
    struct part *part;
    struct reader *reader;
};

struct batch {
    struct sink *sink;
    struct batch_item *items; // capacity: batch.max.records
    uint32_t count;
    uint64_t bytes;
    struct instant first_at; // when the oldest came in
    struct sink_record *records;
    enum sink_verdict *verdicts;
    struct arena arena;      // headers of one write
    struct instant retry_at; // no write before
    int64_t backoff_ms;
    bool is_held;   // the sink failed and was not heard of since
    bool is_closed; // the sink takes nothing ever again
    bool is_flush;  // a stopping unit waits
    struct instant held_at;
};

struct link {
    struct kafka_consumer *consumer; // assignments; members while beside an incumbent
    struct kafka_producer *producer; // beats and reports
    struct kafka_admin *pulse;       // ends of the assignments
    struct loop_watch *consumer_watch;
    struct loop_watch *producer_watch;
    struct loop_watch *pulse_watch;
    char *assignments; // topic names, owned
    char *members;
    char *reports;
    char *key;         // "pool/id"
    int32_t partition; // of the assignments; -1 = not known yet
    bool is_assigned;
    bool is_start_cut; // the log does not begin at offset 0
    bool is_watching_members;
    bool is_missing_told;
    bool is_asked; // for the partitions
    uint64_t asked_number;
    struct instant ask_again_at;
    uint64_t held_question;   // ASK_END that waits until the assignments are read; 0 = none
    uint64_t failed_question; // ASK_END that could not be asked; 0 = none
    int64_t failed_beat;      // seq that could not be sent; 0 = none
    uint64_t report_number;
    struct arena arena;
    struct buffer bytes;
};

struct reports {
    struct instant next_at;
    bool is_wanted; // the next one is about all units
    uint64_t turn;  // reports so far: says whose turn it is to be reported unchanged
};

// The command that is carried out.
struct command_begun {
    uint64_t number; // 0 = none
    enum collect_command command;
    struct instant again_at; // not before
    bool is_told;            // that it has failed
};

struct collector {
    struct collector_setup setup;
    struct loop *loop;
    struct instant now; // of the turn, moved on before each write
    struct kafka_settings settings;
    struct kafka_watch *watch;
    struct notify notify;
    struct collector_state state;
    int log_level;
    char *pool;
    char *id;
    char *prefix;
    char host[256];
    char cluster_id[128]; // of the first answer; "" = none yet
    struct label *labels;
    uint32_t label_count;
    uint32_t life; // number of the incarnation in this process, from 1
    char incarnation[INCARNATION_SIZE + 1];
    char replaces[INCARNATION_SIZE + 1];
    struct beat beat;
    struct collect *collect;
    struct link link;
    struct intake intake;
    struct readers readers;
    struct batch batch;
    struct reports reports;
    struct command_begun command;
    struct instant started_at;
    struct instant watchdog_at;
    struct span watchdog_interval;
    struct instant extend_at;
    uint64_t records_read;
    uint64_t records_taken;
    uint64_t records_dropped;
    bool is_ready;                // told to systemd
    bool is_settled;              // this life was named and the state file says so
    bool is_unreachable;          // told
    bool is_waiting_told;         // that there is no head
    struct instant waiting_since; // Kafka is reached, and there is none
    bool is_stop_requested;       // to be given to the deciding part
    bool is_restart_wanted;
    bool has_ended;
    int exit_code;
};

// collector.c
void collector_give(struct collector *collector, struct collect_event *event); // sets its instant
void collector_end(struct collector *collector, int code, struct text reason); // the process
void collector_wake(void *ctx);                    // callback of watches: the turn does the work
void collector_clock(struct collector *collector); // reads the clock

// False: another cluster answers, so the answer is about nothing of ours, and the process ends.
bool collector_knows_cluster(struct collector *collector, const struct kafka_reply *reply);

// collector_log.c: one line on `err`. Levels as in the setting log.level.
enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
void collector_log(const struct collector *collector, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int collector_log_level(const char *name);

// collector_link.c
enum status link_open(struct collector *collector, struct buffer *fault) MUST_CHECK;
void link_close(struct collector *collector);
void link_begin_life(struct collector *collector); // reads the assignments from their start
void link_send_beat(struct collector *collector, const struct beat *beat);
void link_ask_end(struct collector *collector, uint64_t number);
void link_watch_members(struct collector *collector, bool is_on);
void link_send_report(struct collector *collector, const struct report *report);
void link_run(struct collector *collector);
struct instant link_deadline(const struct collector *collector);

// collector_intake.c
enum status intake_open(struct collector *collector, struct buffer *fault) MUST_CHECK;
void intake_close(struct collector *collector);
void intake_start(struct collector *collector, const struct collect_effect *effect);
void intake_stop(struct collector *collector, const struct collect_effect *effect);
void intake_raise_fence(struct collector *collector, const struct collect_effect *effect);
void intake_stop_all(struct collector *collector);
void intake_settle(struct collector *collector); // tells what has come to its end
void intake_fail(struct collector *collector, struct intake_unit *unit, const char *why);
struct intake_unit *intake_unit_find(const struct intake *intake, uint64_t run);
struct part *intake_part_find(const struct intake *intake, uint64_t id);
// A position that was handed over with the unit, or -1.
int64_t intake_position_handed(const struct intake_unit *unit, int32_t partition);
void intake_add_parts(struct collector *collector, struct intake_unit *unit, uint32_t count);
void intake_remove_parts(struct collector *collector, struct intake_unit *unit);
void part_move(struct intake *intake, struct part *part, enum part_state state);
void part_take(struct part *part, int64_t next); // the sink has everything below `next`
struct instant intake_deadline(const struct collector *collector);

// collector_answers.c: questions about units and their answers.
void intake_ask(struct collector *collector);
void intake_poll(struct collector *collector);
void question_add(struct question *question, uint64_t id);
bool question_may_go(const struct question *question, struct instant now);
// After a request was tried: it is out, or waits for its retry. Returns whether it is out.
bool question_gone(struct collector *collector, struct question *question, enum status status);

// collector_commit.c
void commits_run(struct collector *collector);
void commits_take(struct collector *collector, const struct kafka_reply *reply);
void commits_check_taken(struct collector *collector, const struct kafka_reply *reply);
struct instant commits_deadline(const struct collector *collector);
bool part_is_committed(const struct part *part);
// The fence in a commit's metadata, if this lineage wrote it, else 0.
int64_t commits_fence_of(const struct collector *collector, struct text metadata);

// collector_command.c
void command_take(struct collector *collector, const struct collect_effect *effect);
void command_run(struct collector *collector); // tries it
struct instant command_deadline(const struct collector *collector);

// collector_readers.c
void readers_run(struct collector *collector);   // assigns and unassigns what is waiting
void readers_drain(struct collector *collector); // fills the batch
void readers_leave(struct collector *collector, struct intake_unit *unit);
void readers_set_draining(struct collector *collector, bool is_draining);
void readers_close(struct collector *collector);
// How long a fetch of one of them may wait for records, if the collector reads so many partitions.
uint32_t readers_fetch_wait_ms(uint32_t partitions);

// collector_batch.c
enum status batch_open(struct collector *collector, struct buffer *fault) MUST_CHECK;
void batch_close(struct collector *collector);
void batch_run(struct collector *collector);
void batch_drop_unit(struct collector *collector, const struct intake_unit *unit); // NULL = all
uint32_t batch_room(const struct collector *collector);
void batch_add(struct collector *collector, struct part *part, struct reader *reader,
               const struct kafka_record *record);
struct instant batch_deadline(const struct collector *collector);

// collector_report.c
void reports_run(struct collector *collector);
void reports_take_ends(struct collector *collector, const struct kafka_reply *reply);
void reports_want(struct collector *collector); // a report on all units, as soon as may be
void reports_send_failed(struct collector *collector, const struct intake_unit *unit);

#endif
