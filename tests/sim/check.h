// SPDX-License-Identifier: Apache-2.0
//
// What must hold at every instant of a world. One file each:
//
//     check_owner.c   S1: no unit is read by two lives at once; fences rise from owner to owner
//     check_whole.c   S2: no beat acknowledges a generation of which a revoke is not finished;
//                     every head is a whole with its buckets; generations and epochs never fall
//     check_writer.c  one transactional writer: a leader's batches are whole, epochs have one
//     author check_truth.c   what stands in the state is what the control log says check_state.c
//     the state restores, from any order, to what the leader has in memory
#ifndef SIM_CHECK_H
#define SIM_CHECK_H

#include "sim/world.h"

struct checks *checks_create(void);
void checks_destroy(struct checks *checks);

// After every step: the invariants of the rooms and S1.
void check_step(struct world *world);

// A process begins to read a unit, or goes on with a higher fence.
void check_start(struct world *world, struct process *process, const struct sim_unit *unit);

// A collector is about to send a beat.
void check_beat(struct world *world, const struct process *process, const struct beat *beat);

// A record was appended; a transaction is about to be.
void check_append(struct world *world, int topic, uint32_t offset);
void check_batch(struct world *world, const struct batch *batch);

// In a quiet world with a leader that has taken everything: the topics that stand by the control
// log, each in the leader's tables and nothing else there. Worlds with a time-to-live have none.
void check_truth(struct world *world);

// In a quiet world: a coordinator restored from the compacted, shuffled state sees what the leader
// sees.
void check_state(struct world *world);

// ---- Between the checkers.

void check_owner(struct world *world);
struct process *world_leading(struct world *world);

// What check_whole.c remembers of a collector's records.
struct book;
void books_take(struct world *world, int topic, uint32_t offset);

struct checks {
    struct book *books; // one for each collector id seen
    uint32_t books_count, books_capacity;
    struct owned *owners; // last owner and fence of each unit
    uint32_t owners_count, owners_capacity;
    int64_t epoch, generation;
    char leader[33];    // incarnation that wrote the newest cell record
    uint64_t next_deep; // step of the next expensive check
};

void books_finish(struct checks *checks);

#endif
