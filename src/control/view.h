// SPDX-License-Identifier: Apache-2.0
//
// What the tables say, for the HTTP interface: the same on the leader and on a standby. Views
// borrow from the tables and are valid until the next control_step.
#ifndef MUSTER_CONTROL_VIEW_H
#define MUSTER_CONTROL_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/text.h"
#include "control/control.h"

struct cell_view {
    struct text role;    // "standby", "claiming", "restoring" or "leader"
    struct text lineage; // empty: no state yet
    struct text leader;  // id of the leader as far as known
    int64_t level, epoch, generation;
    int64_t topics, units;
    int64_t pending, owned, revoking, missing, dormant, quarantined; // units by state
    int64_t collectors;                                              // with a life
    int64_t standbys;                                                // that are alive
    int64_t agents, unhealthy, pools;                                // unhealthy: of the agents
    int64_t moves;                 // units moved since the cell was created
    int64_t refused, ignored;      // announcements and orders refused; no-ops, in this life
    int64_t announcements, orders; // taken in this life
    int64_t commits;               // in this life
    int64_t positions_lost;        // that collectors told of in this life
    int64_t foreign;  // records of the state that somebody else wrote, found in this life
    bool is_barred;   // refuses to lead: the state is another cluster's, from the future, ...
    bool is_restored; // state was read to its end at least once
};

struct unit_view {
    struct text pool, name; // owned by the tables; name is "[cluster:]topic" without the partition
    int64_t partition;      // -1 = the whole topic
    struct text state, owner, previous, rule, reason;
    bool is_paused; // its pool is
    bool is_older;  // it is so since before this coordinator began to listen to reports
    int64_t fence, since_ms, partitions;
    // As the owner reported; -1 = not known.
    int64_t position, committed, end, lag, oldest_unprocessed_ms;
    int64_t records_per_s, bytes_per_s;
    int64_t positions_lost;   // since its owner began
    struct text reader_state; // state in the owner's report, empty = none
    struct text sink_answer;  // why the owner's sink refuses its records, empty = not said
};

struct collector_view {
    struct text pool, id, state, incarnation, host, address, version;
    int64_t pid, units, revoking, lease_ms, generation, applied_generation, since_ms,
        capacity_units;
    int64_t heard_ms_ago; // -1 = not heard in this life of the coordinator
    int64_t level;        // highest level of records that it knows
    int64_t lag_records, records_per_s;
    int64_t commands;        // that it has not carried out yet
    int64_t units_refused;   // units whose records its sink does not take
    struct text sink_answer; // why, of one of them
    bool drained;
};

struct agent_view {
    struct text pool, id, health; // healthy, silent or unhealthy
    int64_t topics, since_ms;
    int64_t misses; // intervals of silence
};

// Lag over the units of a pool.
struct lag_view {
    int64_t units, unknown; // unknown: units whose lag nobody has reported
    int64_t records;        // offsets behind, over the others
    int64_t records_per_s;
};

struct pool_view {
    struct text name, state;
    int64_t units, pending, owned, revoking; // units
    int64_t collectors;                      // with a life
    const struct label *policy;              // keys that were set
    uint32_t policy_count;
    struct text status;      // CREATING | RUNNING | DISABLED | DELETED
    int64_t desired, actual; // collectors that it needs, and has that do not drain
    int64_t since_ms;        // of the last transition
    struct text why;         // its reason, empty = none yet
};

// How many collectors a pool, or one of its groups, should have.
struct wanted_view {
    struct text group;   // value of group_by; empty for the pool
    int64_t wanted;      // -1 = nothing bounds a collector, or not known just now
    int64_t actual;      // that can take units
    struct text victim;  // of more than wanted the one whose leaving moves least, empty = none
    char reason[160];    // "12 topics / 5 per collector = 3"
    struct text refusal; // why none of too many may leave, empty = one may
};

struct coordinator_view {
    struct text id, incarnation, state, address, version, host;
    int64_t pid, epoch, applied_generation, heard_ms_ago;
    int64_t level; // highest level of records that it knows
    int64_t
        since_ms; // when it began to lead, or to live if it does not, ms since 1970; 0 = unknown
};

struct claim_view {
    struct text agent, source;
    int64_t weight, partitions, ttl_ms, order;
    bool split;
    const struct label *labels;
    uint32_t labels_count;
};

// How long ago the newest own beat was sent that has come back, or, before the first one has, since
// it started.
struct span control_view_echo(const struct control *control, struct instant now);

void control_view_cell(const struct control *control, struct cell_view *ret);

// Lag of one pool, or of all if `pool` is empty. O(pools).
void control_view_lag(const struct control *control, struct text pool, struct lag_view *ret);

// Of the pending units of a pool, no plan could give more than so many an owner; 0 where none
// could.
int64_t control_view_gap(const struct control *control, struct text pool);

// Age of the oldest record of a pool that is not delivered, ms; -1 = not known. O(units).
int64_t control_view_oldest_ms(const struct control *control, struct text pool);

// Walks: `*cursor` starts at 0; false at the end. A cursor may be kept over steps: what came or
// went meanwhile may or may not be seen, all else is seen once.
bool control_next_unit(const struct control *control, uint32_t *cursor, struct unit_view *ret);
bool control_next_collector(const struct control *control, struct instant now, uint32_t *cursor,
                            struct collector_view *ret);
bool control_next_agent(const struct control *control, uint32_t *cursor, struct agent_view *ret);
bool control_next_pool(const struct control *control, uint32_t *cursor, struct pool_view *ret);
bool control_next_coordinator(const struct control *control, struct instant now, uint32_t *cursor,
                              struct coordinator_view *ret);

bool control_has_pool(const struct control *control, struct text pool);

// O(collectors); on a standby it may be some seconds old.
void control_view_wanted(const struct control *control, struct text pool, struct wanted_view *ret);

// The groups of a pool with group_by, by value.
bool control_next_wanted(const struct control *control, struct text pool, uint32_t *cursor,
                         struct wanted_view *ret);

// Why the unit that `control_next_unit` returned at `cursor` is where it is, as far as the planner
// is concerned: where its labels put it, and the other collectors by what stood against them. Adds
// lines, each with an end; about ten at most.
void control_explain_unit(const struct control *control, uint32_t cursor, struct buffer *lines);

// Why a collector has what it has, how far it is from its share and who could take over; lines too.
void control_explain_collector(const struct control *control, struct text pool, struct text id,
                               struct buffer *lines);

// Newest first. The last 256 events that were committed in this life.
bool control_next_event(const struct control *control, uint32_t *cursor,
                        const struct event_record **ret);

// The statements that hold a topic ("[cluster:]topic"), in log order.
bool control_next_claim(const struct control *control, struct text pool, struct text topic,
                        uint32_t *cursor, struct claim_view *ret);

// The topics that an agent's statements claim; one of two statements comes twice.
bool control_next_topic_of_agent(const struct control *control, struct text pool, struct text agent,
                                 uint32_t *cursor, struct text *ret);

// Last reported parts of the unit that `control_next_unit` returned at `cursor`; NULL if none.
const struct report_part *control_unit_parts(const struct control *control, uint32_t cursor,
                                             uint32_t *ret_count);

#endif
