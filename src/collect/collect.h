// SPDX-License-Identifier: Apache-2.0
//
// The collector's decisions, as a pure function with one door: event in (with its instant), effects
// out. It reads no clock, no environment and no socket; the same events give the same effects. One
// `struct collect` is one incarnation: when it is over, the shell makes a new one.
//
//     struct collect *collect = collect_create(&options);
//     collect_step(collect, &(struct collect_event){.kind = COLLECT_STARTED, .at = now}, &effects);
//     for each of effects.items, in order: carry it out; later report its outcome as an event
//     wake up at collect_deadline(collect) with COLLECT_TICKED at the latest
//
// Rules S1 to S9 are those of the safety section of ARCHITECTURE.md; traces and code cite them.
// Here:
//   S2  a revoke is stopped, flushed, committed, and only then acknowledged
//   S3  the lease runs from the send of the newest acknowledged beat; a lease gone is over for good
//   S5  only a head that names this incarnation counts; one that stops naming it ends it
//   S7  heads older than what was seen are ignored; another lineage means: join anew
//   S8  no beats while the assignments cannot be read or a revoke does not come to its end
#ifndef MUSTER_COLLECT_COLLECT_H
#define MUSTER_COLLECT_COLLECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/text.h"
#include "proto/records.h"

#define COLLECT_BUCKETS 16

// All spans in ms, all > 0 where not said otherwise. beat_interval_ms < beat->lease_ms.
struct collect_options {
    // What every beat says: pool, id, incarnation, lease_ms (a head's wish that was read before the
    // first beat wins), replaces, labels, capacity, info, sink_topics. The rest of it is filled in.
    // Borrowed for the collector's life.
    const struct beat *beat;
    int64_t beat_interval_ms;
    int64_t revoke_flush_ms;   // how long a revoked unit may flush, >= 0
    int64_t revoke_timeout_ms; // a revoke older than this silences the collector (S8)
    int64_t stop_timeout_ms;   // how long an orderly stop may flush and commit, >= 0
    int64_t leave_timeout_ms;  // how long `leaving` is repeated without being confirmed
    int64_t start_margin_ms;   // no write begins with less than this left of the lease, >= 0
    int64_t level;             // highest record level that is known, 0 = RECORD_LEVEL
};

enum collect_event_kind {
    COLLECT_STARTED,         // once, first
    COLLECT_TICKED,          // the deadline has come
    COLLECT_BEAT_ACKED,      // seq
    COLLECT_BEAT_FAILED,     // seq; it will never be acknowledged
    COLLECT_HEAD_RECEIVED,   // head; NULL = tombstone
    COLLECT_BUCKET_RECEIVED, // bucket_index, bucket; NULL = tombstone
    COLLECT_END_ANSWERED,    // number of the question, offset: last stable offset
    COLLECT_END_FAILED,      // number of the question: no answer will come
    COLLECT_READ_TO,         // offset: everything of the assignments below it was received
    COLLECT_READ_ANEW,       // the assignments were cut behind what was read, or are another log:
                             // they are read from their start
    COLLECT_UNIT_STARTED,    // run
    COLLECT_UNIT_STOPPED,    // run, is_committed, positions: it reads and writes no more
    COLLECT_UNIT_FAILED,     // run: it stopped by itself, uncommitted; is started again later
    COLLECT_COMMITS_REFUSED, // Kafka refuses commits: a stranger is in the group
    COLLECT_COMMITS_TAKEN,   // and takes them again
    COLLECT_INCUMBENT_HEARD, // incarnation: beat of another life of the same id
    COLLECT_COMMAND_DONE,    // number: it is carried out
    COLLECT_STOP_REQUESTED,  // drain, say goodbye, exit
};

struct collect_event {
    enum collect_event_kind kind;
    struct instant at; // CLOCK_BOOTTIME; never before that of an earlier event
    int64_t seq;
    uint64_t number;
    int64_t offset;
    uint64_t run;
    const struct head *head;
    uint32_t bucket_index; // < COLLECT_BUCKETS
    const struct bucket *bucket;
    bool is_committed;                   // false = what the sink took is not committed
    const struct beat_handed *positions; // stopped while commits are refused: where it stands
    size_t position_count;               // (unit is ignored)
    struct text incarnation;
};

enum collect_effect_kind {
    COLLECT_SEND_BEAT,       // beat; answered by BEAT_ACKED or BEAT_FAILED with its seq
    COLLECT_ASK_END,         // number; the assignments' end: END_ANSWERED or END_FAILED, of the
                             // newest number alone
    COLLECT_START_UNIT,      // run, unit, fence, from, is_begun; UNIT_STARTED, or later UNIT_FAILED
    COLLECT_STOP_UNIT,       // run, deadline: stop reading, flush until then, commit; UNIT_STOPPED
    COLLECT_RAISE_FENCE,     // run, fence: goes on with this one and commits it at once
    COLLECT_STOP_ALL_NOW,    // stop all reading and writing before the next effect; no flush, no
                             // commit, no answer
    COLLECT_CARRY_OUT,       // number, command; COMMAND_DONE, and until then no other one
    COLLECT_WATCH_INCUMBENT, // tell of beats of the same id (INCUMBENT_HEARD) until this life is
                             // named
    COLLECT_RESTART,         // this life is over: begin a new one
    COLLECT_EXIT,            // this life is over: exit with `code`, for `reason`
    COLLECT_TRACE,           // reason: a line `[instant] who > observation -> consequence (rule)`
};

// What operators tell a collector to do; heads name them "rotate" and "report".
enum collect_command {
    COLLECT_ROTATE, // begin a new file, where the sink has files
    COLLECT_REPORT, // report on all units now
};

struct collect_effect {
    enum collect_effect_kind kind;
    const struct beat *beat;
    uint64_t number;
    enum collect_command command;
    uint64_t run;     // one life of a unit here; a unit started again has another run
    struct text unit; // `[cluster:]topic[/partition]`
    int64_t fence;
    const struct bucket_from *from; // positions handed over; none = the committed ones
    size_t from_count;
    bool is_begun; // it had an owner before: without a committed position that one is lost
    struct instant deadline;
    int code;      // exit code: 0 done, 1 failed, 8 id in use, 9 stopped with work left
    bool is_alarm; // TRACE: somebody should know
    struct text reason;
};

// What one step wants done, in this order. Borrowed until the next step.
struct collect_effects {
    const struct collect_effect *items;
    size_t count;
};

enum collect_state {
    COLLECT_JOINING,  // not named by a head
    COLLECT_ACTIVE,   // named: reads what it was given
    COLLECT_DRAINING, // stops its units
    COLLECT_LEAVING,  // has stopped for good and says so
    COLLECT_OVER,     // wants nothing any more
};

struct collect;

struct collect *collect_create(const struct collect_options *options);
void collect_destroy(struct collect *collect);

// The one door. The event's memory is the caller's and is not kept.
void collect_step(struct collect *collect, const struct collect_event *event,
                  struct collect_effects *ret_effects);

// When COLLECT_TICKED is due at the latest; INSTANT_NEVER when over.
struct instant collect_deadline(const struct collect *collect);

// The level that beats and reports are to be written at: the cell's, 1 while that is not known.
int64_t collect_level(const struct collect *collect);

enum collect_state collect_state(const struct collect *collect);
const char *collect_state_name(enum collect_state state); // as beats say it

// Whether a write may begin at this instant (S3): named, and more than the margin of the lease
// left.
bool collect_may_write(const struct collect *collect, struct instant now);

// What is left of the lease, at least 0; a whole lease while no beat was sent.
struct span collect_lease_left(const struct collect *collect, struct instant now);

// The newest generation applied as a whole and acknowledged; 0 = none.
int64_t collect_applied_generation(const struct collect *collect);

// The lineage of the newest head; empty before any.
struct text collect_lineage(const struct collect *collect);

// The newest head's policy for units that nobody had before and for lost positions ("earliest"
// before any head).
struct text collect_start_policy(const struct collect *collect);
struct text collect_gap_policy(const struct collect *collect);

// Units that are started or stopping.
size_t collect_unit_count(const struct collect *collect);

// Whether a head has named this life.
bool collect_is_named(const struct collect *collect);

// Checks every invariant; a broken one ends the process.
void collect_check(const struct collect *collect);

#endif
