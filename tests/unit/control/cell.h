// SPDX-License-Identifier: Apache-2.0
//
// A coordinator driven by hand, without a world around it: it leads, hears what the test says, and
// what it writes is kept as bytes. The state it wrote can restore another one.
#ifndef CONTROL_CELL_H
#define CONTROL_CELL_H

#include <stdbool.h>
#include <stdint.h>

#include "control/control.h"

enum { CELL_COLLECTORS = 8, CELL_ENDS = 64 };

// A write as bytes.
struct cell_write {
    enum write_target target;
    struct text key, value; // owned; a value without data = tombstone
    enum record_kind kind;
};

struct cell_writes {
    struct cell_write *items;
    uint32_t count, capacity;
};

struct cell_options {
    uint64_t hash_seed;
    int64_t leader_ms;              // 0 = 5000
    bool is_behind;                 // batches end before the end of control
    const char *id;                 // NULL = "north"
    int64_t agent_topics_max;       // 0 = 10
    struct beat_capacity capacity;  // that every collector says
    const struct control_log *logs; // what has become of control and orders; NULL = as remembered
    int64_t level;                  // that this coordinator knows, 0 = RECORD_LEVEL
    bool is_large;                  // no events, and invariants are checked with each commit alone
    int64_t peer;            // level that coordinator "south" knows, a standby; 0 = there is none
    bool has_past;           // somebody had beaten before, and who is not known
    const struct beat *past; // it is known: this one; NULL = nobody
};

struct cell {
    struct cell_options options;
    struct control *control;
    struct control_effects effects;
    struct instant now;
    int64_t offsets[INPUT_LOG_COUNT];
    int64_t seq;                    // of the last own beat
    int64_t peer_seq;               // of the last beat of "south"
    struct state_marker claim;      // of the last claim
    struct cell_writes writes;      // of the last commit
    struct cell_writes log;         // all writes to the state, in order
    int64_t heads[CELL_COLLECTORS]; // generation of the newest head of collector c0, c1, ...
    int64_t seqs[CELL_COLLECTORS];  // of their beats
    int64_t commands_done;          // that the next ones say
    char reason[512];               // of the last refusal, "" = none since cell_say
    char claim_life[33];
    uint32_t asked; // topics in the last question
    struct {
        char topic[32];
        int32_t partition;
        bool wants_committed;
    } ends[CELL_ENDS]; // the last question about ends
    uint32_t ends_count;
    int64_t ends_number;
    uint32_t commits;
    struct state_position reads[INPUT_LOG_COUNT]; // where it began to read control and orders
    bool is_claiming, wants_logs, wants_commit, has_exited, was_alarmed;
};

// A leader of an empty cell, everything committed.
void cell_begin(struct cell *cell, const struct cell_options *options);

// A leader restored from the state in `from`: shuffled, with the newest record of each key only;
// or, with seed 0, all of it in its order. It has committed its epoch and forgot the writes of
// that.
void cell_restore(struct cell *cell, const struct cell_options *options, const struct cell *from,
                  uint64_t shuffle_seed);

// A standby that has read the state in `from`, but not yet its end.
void cell_follow(struct cell *cell, const struct cell_options *options, const struct cell *from);

// Its claim is committed, and its marker comes back from the state.
void cell_claim_committed(struct cell *cell);
void cell_end(struct cell *cell);

// The newest own beat comes back.
void cell_hear_own(struct cell *cell);

// A beat of coordinator "south", a standby.
void cell_hear_peer(struct cell *cell, int64_t level);

// One event; instant and wall clock are filled in.
void cell_step(struct cell *cell, struct control_event event);

// A JSON record of control or orders.
void cell_say(struct cell *cell, enum input_log log, const char *json);

// A beat of collector c<number> in its life, acknowledging a generation. Its labels are csp (c1, c4
// and c7 gcp, the others aws), host (h0, h1, h2, h0, ...) and zone (east, west, east, ...).
void cell_beat(struct cell *cell, int number, int life, const char *state, int64_t applied);

// The same for a collector of another pool than the default one.
void cell_beat_in(struct cell *cell, const char *pool, int number, int life, const char *state,
                  int64_t applied);

// Ends the batch and commits what there is; the writes are in cell->writes. False = nothing to do.
bool cell_commit(struct cell *cell);

// Ends batches until there is nothing to write, every collector acknowledging its head.
void cell_settle(struct cell *cell, int collectors);

// The writes of the last commit to that target, "key key ..." in their order.
const char *cell_keys(const struct cell *cell, enum write_target target);

// The value of that write, decoded; NULL if there is none. Valid until the next call.
const void *cell_value(const struct cell *cell, const char *key);

// "c0: t1 t2 | c1: t3": what is owned, by the tables.
const char *cell_owners(const struct cell *cell);

#endif
