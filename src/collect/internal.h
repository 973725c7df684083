// SPDX-License-Identifier: Apache-2.0
//
// What the files of this room share. The state of one incarnation is one struct; each file owns the
// part that its comment names, and the door (collect.c) calls them in a fixed order.
#ifndef MUSTER_COLLECT_INTERNAL_H
#define MUSTER_COLLECT_INTERNAL_H

#include "base/arena.h"
#include "base/index.h"
#include "collect/collect.h"

#define BEATS_OPEN_MAX 64   // beats without an answer that are remembered; older ones count as lost
#define HANDED_MAX 1000     // positions that a beat carries at most
#define RETRY_FIRST_MS 1000 // pause before a failed unit is started again; doubles each time
#define RETRY_LAST_MS 60000 // up to this; a unit that ran so long begins anew
#define EXIT_DONE_CODE 0
#define EXIT_FAILED_CODE 1
#define EXIT_IN_USE_CODE 8
#define EXIT_WORK_LEFT_CODE 9

enum unit_state {
    UNIT_RUNNING,  // started and not told to stop
    UNIT_STOPPING, // told to stop, not stopped yet
    UNIT_FAILED,   // stopped by itself; waits for its retry
    UNIT_GONE,     // neither runs nor stops: only between two lines of one step
};

// One unit, from its first grant until it is neither wanted nor running. Its slot in the table is
// its handle; a run is a slot with a counter above it.
struct unit {
    struct text name; // owned
    enum unit_state state;
    bool is_wanted;   // in the newest whole
    bool is_revoking; // in the list of revokes
    uint32_t slot;
    uint32_t bucket;          // of the whole that wants it
    uint64_t mark;            // last application that listed it
    uint64_t run;             // 0 = never started
    int64_t fence;            // wanted; running with it too while UNIT_RUNNING
    struct bucket_from *from; // owned
    uint32_t from_count;
    bool is_begun; // an owner had it before, here or elsewhere
    struct instant started_at;
    struct instant retry_at; // UNIT_FAILED
    uint32_t failure_count;  // in a row
    int64_t before;          // is_revoking: newest generation that does not wait for this revoke
    struct instant revoked_at;
    struct unit *previous; // list of revokes, oldest first
    struct unit *next;
};

// A bucket as it was read last, and what of it is applied.
struct held_bucket {
    int64_t generation; // 0 = none held
    struct arena arena;
    struct bucket_unit *units; // in the arena
    uint32_t unit_count;
    int64_t applied; // generation that `slots` come from
    uint32_t *slots; // units wanted by it, in its order; owned
    uint32_t slot_count;
};

struct open_beat {
    int64_t seq; // 0 = free
    struct instant sent_at;
};

// A question for the end of the assignments, and how far they are read (S8).
struct reading {
    uint64_t number;  // of the newest question
    bool is_asked;    // it has no answer yet
    bool is_answered; // its answer is not reached yet
    struct instant asked_at;
    int64_t asked_position; // `position` then: a log that ends before it is not the one read
    int64_t end;            // the answer
    int64_t position;       // everything below it was received; -1 = unknown
    bool has_been_fresh;
    struct instant fresh_at; // when the newest end that was reached was asked for
};

struct collect {
    struct collect_options options;
    struct beat beat; // the one to be sent next
    enum collect_state state;
    struct instant now;
    char who[16]; // end of the incarnation, for traces

    // beats.c
    struct open_beat open_beats[BEATS_OPEN_MAX];
    int64_t seq;               // of the last beat sent, 0 = none
    bool is_beat_wanted;       // something changed that the leader waits for
    bool is_silent;            // S8 holds the beats back; told once
    struct instant beaten_at;  // last send
    struct instant lease_from; // send of the newest acknowledged beat, before that of the first
    struct instant acks_good_since; // revokes are not counted before this instant
    struct reading reading;

    // heads.c
    bool has_head;
    bool was_named; // a head has named this life
    int64_t epoch_seen;
    int64_t generation_seen;
    int64_t level_seen;       // of the newest head, 0 = none yet
    int64_t level_refused;    // of the newest record under the head's key, 0 = it can be read
    int64_t generation_whole; // applied as a whole, maybe not acknowledged
    int64_t admitted;
    int64_t lease_wish_ms;
    char *lineage;      // owned; NULL = none seen
    char *incumbent;    // owned; whom the newest head names if not this life; NULL = nobody
    char *start_policy; // owned; NULL = default
    char *gap_policy;
    struct held_bucket buckets[COLLECT_BUCKETS];
    uint64_t mark;

    // commands.c
    struct arena mailbox;          // of what the newest head lists
    struct head_command *commands; // in the mailbox
    uint32_t commands_count;
    int64_t commands_done; // number of the last one carried out
    int64_t command_begun; // number of the one that the shell carries out, 0 = none

    // units.c
    struct unit **units; // by slot, NULL = free
    uint32_t unit_capacity;
    uint32_t unit_end; // slots ever used
    uint32_t *free_slots;
    uint32_t free_capacity;
    uint32_t free_count;
    struct index names;
    uint64_t run_counter;
    uint32_t active_count; // running or stopping
    uint32_t failed_count;
    struct unit *revokes_first;
    struct unit *revokes_last;
    struct beat_handed *handed; // owned with their units
    uint32_t handed_count;
    uint32_t handed_capacity;
    int64_t *handed_since; // owned; beat behind which each was added
    uint32_t handed_since_capacity;
    int64_t acked_seq; // newest beat that Kafka acknowledged
    bool are_commits_refused;
    bool are_commits_taken; // again: a position goes once it is told

    // goodbye.c
    bool is_watching;             // for beats of the incumbent
    struct instant waiting_since; // beside an incumbent; never = not
    struct instant incumbent_heard_at;
    bool has_heard_incumbent;
    struct instant drain_until; // DRAINING
    struct instant leave_until; // LEAVING
    int64_t leaving_seq;        // first beat that said so; 0 = none yet
    bool is_leaving_acked;
    bool is_evicted; // a head names nobody after it named this life
    bool is_work_left;

    // emit.c
    struct collect_effect *effects;
    uint32_t effect_count;
    uint32_t effect_capacity;
    struct arena texts; // of this step's effects
    struct buffer line;
};

// emit.c: effects of the step. The pointer is valid until the next call.
struct collect_effect *collect_effect_add(struct collect *collect, enum collect_effect_kind kind);
struct buffer *collect_trace_begin(struct collect *collect); // the line, with instant and who
void collect_trace_end(struct collect *collect, bool is_alarm);
void collect_effect_exit(struct collect *collect, int code,
                         const char *reason);          // state becomes OVER
void collect_effect_restart(struct collect *collect);  // and here
void collect_effect_stop_all(struct collect *collect); // and no unit runs any more

// One trace line: printf's format and values behind `is_alarm`.
#define collect_trace(collect, is_alarm, ...)                                                      \
    (buffer_print(collect_trace_begin(collect), __VA_ARGS__), collect_trace_end(collect, is_alarm))

// beats.c
bool collect_lease_is_over(const struct collect *collect);
void collect_beats_take_answer(struct collect *collect, int64_t seq, bool is_acked);
void collect_beats_send_if_due(struct collect *collect);
bool collect_beats_are_allowed(const struct collect *collect); // S8
int64_t collect_beats_acked_generation(const struct collect *collect);
struct instant collect_beats_deadline(const struct collect *collect);
void collect_reading_ask_if_due(struct collect *collect);
void collect_reading_take_answer(struct collect *collect, const struct collect_event *event);
void collect_reading_take_position(struct collect *collect, int64_t offset);
void collect_reading_forget(struct collect *collect);
struct instant collect_reading_deadline(const struct collect *collect);

// heads.c
int64_t collect_level_max(const struct collect *collect);
void collect_heads_take_head(struct collect *collect, const struct head *head);
void collect_heads_judge_level(struct collect *collect); // ends it; for where an end is reached
void collect_heads_take_bucket(struct collect *collect, uint32_t index,
                               const struct bucket *bucket);
void collect_heads_finish(struct collect *collect);

// commands.c
void collect_commands_take(struct collect *collect, const struct head *head);
void collect_commands_take_done(struct collect *collect, uint64_t number);
void collect_commands_finish(struct collect *collect);

// units.c
struct unit *collect_unit_get(struct collect *collect, struct text name); // makes it if need be
void collect_unit_want(struct collect *collect, struct unit *unit,
                       const struct bucket_unit *wanted);
void collect_unit_revoke(struct collect *collect, struct unit *unit, int64_t before);
void collect_unit_start_if_wanted(struct collect *collect, struct unit *unit);
void collect_units_take_stopped(struct collect *collect, const struct collect_event *event);
void collect_units_take_failed(struct collect *collect, uint64_t run);
void collect_units_retry_due(struct collect *collect);
void collect_units_drain(struct collect *collect); // tells all that run to stop until drain_until
void collect_units_forget_all(struct collect *collect);
void collect_units_forget_told(struct collect *collect); // what needs to be said no more
struct instant collect_units_deadline(const struct collect *collect);
void collect_units_finish(struct collect *collect);

// goodbye.c
void collect_goodbye_request(struct collect *collect);
void collect_goodbye_proceed(struct collect *collect); // from draining to leaving to the exit

// `is_replaced`: nobody waits for its goodbye, for another life was admitted, or the id is
// forgotten.
void collect_goodbye_named_no_longer(struct collect *collect, bool is_replaced);
void collect_goodbye_life_over(struct collect *collect); // restarts, or exits where it was to stop
void collect_goodbye_take_incumbent(struct collect *collect, struct text incarnation);
void collect_goodbye_wait_beside(
    struct collect *collect); // the newest head names another or nobody
struct instant collect_goodbye_deadline(const struct collect *collect);

#endif
