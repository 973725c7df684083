// SPDX-License-Identifier: Apache-2.0
//
// What must hold at every instant of a world, judged by facts that an onlooker knows and not by
// what the processes believe. One file each:
//
//     check_owner.c   S1: no partition is read by two lives at once that hold a lease;
//                     S6: fences rise from owner to owner
//     check_lease.c   S3: nobody reads or could write without a lease; S8: nobody beats who has
//                     not read, or who does not let go
//     check_death.c   S4, S5: a life ends, and another one begins, only when it is over
//     check_whole.c   S2: no beat acknowledges a generation of which a revoke is not finished, or
//                     of which something is not read;
//                     every head is a whole with its buckets; generations and epochs never fall
//     check_writer.c  one transactional writer: a leader's batches are whole, epochs have one
//                     author; nothing is shown that is not committed
//     check_commands.c   what a collector is told is carried out once and in order
//     check_truth.c   what stands in the state is what the control log says
//     check_silence.c    an agent is unhealthy when it was silent, and not before
//     check_quarantine.c what owner after owner fails on is given to nobody
//     check_positions.c  S6, CB-28: nothing is skipped, and what was handed over is not read again
//     check_state.c   the state restores, from any order, to what the leader has in memory
#ifndef SIM_CHECK_H
#define SIM_CHECK_H

#include "sim/world.h"

struct checks *checks_create(void);
void checks_destroy(struct checks *checks);

// After every step: the invariants of the rooms and S1.
void check_step(struct world *world);

// A process begins to read a unit, or goes on with a higher fence.
void check_start(struct world *world, struct process *process, const struct sim_unit *unit);

// A collector is about to send a beat; a step of it is over.
void check_beat(struct world *world, struct process *process, const struct beat *beat);
void check_life(struct world *world, const struct process *process);

// A coordinator sends a beat; a step of it is over.
void check_leader_beat(struct world *world, const struct beat *beat);
void check_shown(struct world *world, const struct process *process);

// A record was appended; a transaction is about to be, or has just been.
void check_append(struct world *world, int topic, uint32_t offset);
void check_batch(struct world *world, const struct batch *batch);
void check_committed(struct world *world, const struct batch *batch);

// While nobody leads: control or orders has lost its beginning, or is another log.
void check_lost(struct world *world, enum sim_topic topic, bool is_anew);

// While nobody leads: state and assignments are gone; control and orders are read from their start.
void check_new_lineage(struct world *world);

// In a quiet world with a leader that has taken everything: the topics that stand by the control
// log, each in the leader's tables and nothing else there.
void check_truth(struct world *world);

// In a quiet world: a coordinator restored from the compacted, shuffled state sees what the leader
// sees.
void check_state(struct world *world);

// Offset in control up to which everything is taken and committed.
uint32_t truth_next(const struct world *world);

// An owner begins in a partition of its unit. In a quiet world: what is read is delivered and
// committed, to the end.
void check_begin(struct world *world, const struct process *process, const struct sim_unit *unit,
                 int partition);
void check_positions(struct world *world);

// ---- Facts (check_silence.c, check_lease.c, check_positions.c).

// A coordinator hears where a partition of a topic of data ends, or all of it (−1), in answer to a
// question.
void fact_looked(struct world *world, const struct process *process, const struct thing *thing,
                 const struct sim_data_topic *topic, int partition);

// A unit has stopped and what its sink has cannot be committed: from now on its owner's beats say
// where it stands, until it hears that commits are taken again.
void fact_handed(struct world *world, const struct process *process, const struct sim_unit *unit);
void fact_commits_taken(struct world *world, const struct process *process);

// What was committed of a partition goes back, or is lost; a coordinator hears how many partitions
// a topic has.
void fact_position_lost(struct world *world, uint32_t name, int partition);
void fact_counted(struct world *world, struct text topic);

void fact_beat_sent(struct world *world, struct process *process, const struct beat *beat);
void fact_beat_answered(struct world *world, struct process *process, int64_t seq, bool is_acked);
void fact_unit_failed(struct process *process, uint32_t name);
void fact_unit_started(struct process *process, uint32_t name);
bool fact_is_failed(const struct process *process, uint32_t name);
void fact_end_asked(struct world *world, struct process *process, uint64_t number);
void fact_end_answered(struct world *world, struct process *process, uint64_t number, int64_t end);
void fact_read(struct world *world, struct process *process);

// What is left of the lease, at most 0 when it is over.
int64_t fact_lease_left_us(const struct world *world, const struct process *process);

// ---- Between the checkers.

struct process *world_leading(struct world *world);

// What check_whole.c remembers of a collector's records.
struct book;
void books_take(struct world *world, int topic, uint32_t offset);
void books_check_beat(struct world *world, const struct process *process, const struct beat *beat);
// Whether the beat acknowledges that the unit was taken away.
bool books_is_let_go(struct world *world, const struct process *process, const struct beat *beat,
                     uint32_t name);
void books_finish(struct checks *checks);

// What check_truth.c remembers.
struct truth *truth_create(void);
void truth_destroy(struct truth *truth);
void truth_take(struct world *world, const struct batch *batch, const struct state_cell *cell);
void truth_rewind(struct world *world); // control begins anew

// When the agent announced something that the leader has not taken yet; never if it did not.
struct instant truth_heard_next(struct world *world, struct text agent);

// What check_silence.c remembers; an announcement that was taken; a transaction.
struct silences *silences_create(void);
void silences_destroy(struct silences *silences);
void silence_heard(struct world *world, const struct announcement *said, struct instant at);
void silences_take(struct world *world, const struct batch *batch);

// What check_quarantine.c remembers; a record in the state.
struct quarantine *quarantine_create(void);
void quarantine_destroy(struct quarantine *quarantine);
void quarantine_take(struct world *world, const struct batch_item *item);

// What check_positions.c remembers; a beat that arrives; a unit that is gone from the state.
struct handings *handings_create(void);
void handings_destroy(struct handings *handings);
void handings_hear(struct world *world, uint32_t offset);
void handings_take(struct world *world, const struct batch_item *item);

// check_death.c: a collector's record in the state.
struct lives;
void lives_take(struct world *world, const struct batch_item *item);
void lives_outdate(struct checks *checks); // the state is gone

// Whether the state names this life of a collector, and it holds a lease.
bool life_is_admitted(const struct world *world, const struct process *process);

// What check_commands.c remembers; a record in the state, committed. A collector begins to carry
// out a command, or is done with it.
struct mailbox;
void mailboxes_take(struct world *world, const struct batch_item *item);
void mailboxes_finish(struct checks *checks);
void check_command_begun(struct world *world, const struct process *process, uint64_t number);
void check_command_done(struct world *world, const struct process *process, uint64_t number);

// A collector that has not carried out what it was told, as the leader sees it; NULL = none.
const char *commands_waiting(struct world *world);

// What the state was after a transaction.
struct backup {
    uint32_t end; // 0 = none
    int64_t generation;
    bool is_resigned;
};

enum { BACKUPS_MAX = 32 };

struct checks {
    struct book *books; // one for each collector id seen
    uint32_t books_count, books_capacity;
    struct owned *owners; // by name: last owner and fence
    uint32_t owners_count, owners_capacity;
    struct life *lives; // by collector: the one admitted
    uint32_t lives_count, lives_capacity;
    struct mailbox *mailboxes; // by collector
    uint32_t mailboxes_count, mailboxes_capacity;
    struct truth *truth;
    struct silences *silences;
    struct quarantine *quarantine;
    struct handings *handings;
    int64_t epoch, generation, level;
    int64_t inputs_next[SIM_ORDERS + 1]; // taken of control and orders
    bool is_gap_due[SIM_ORDERS + 1];     // whoever leads next has to tell of a gap
    int64_t gap_epoch;                   // when it came about
    struct backup backups[BACKUPS_MAX];  // of the newest transactions since a compaction
    uint32_t backups_next;
    bool has_gone_back; // the state: nobody may decide anything
    char lineage[33];
    char leader[33];    // incarnation that wrote the newest cell record
    uint64_t next_deep; // step of the next expensive check
    struct arena arena; // of the record that is looked at
};

#endif
