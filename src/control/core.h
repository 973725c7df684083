// SPDX-License-Identifier: Apache-2.0
//
// The state of the deciding part beside its tables, and the doors between its files. Private to
// this room. One file per concern:
//
//     control.c    the door: one event to one file
//     lead.c       standby, claim, restore, leading, resigning
//     newest.c     S7: a state that went back;  damage.c  records that a stranger wrote into it
//     lineage.c    S1: lives that read by another lineage
//     evidence.c   S4: what an own record read back proves
//     restore.c    state records to tables, tables to plans
//     intake.c     announcements to claims;  route.c  those that name no pool
//     statement.c  time-to-live;  silence.c  agents that are not heard any more
//     order.c      orders;  pool.c  the life of pools;  upgrade.c  the level of the cell
//     topic.c      claims to units;  policy.c  keys to what the planner is asked for
//     quarantine.c units that their owners fail on
//     member.c     beats and deaths to lives of collectors (S5);  ack.c  what they acknowledge
//     handover.c   plans to grants: revoke, ack, grant (S2)
//     mailbox.c    commands for collectors
//     handed.c     positions that go from owner to owner while commits are refused (S6)
//     publish.c    everything dirty to the writes of one transaction
//     lag.c        reports to lag;  sample.c  where logs end that nobody reads
//     narrate.c    effects, traces and events;  view.c  what the HTTP interface reads
#ifndef MUSTER_CONTROL_CORE_H
#define MUSTER_CONTROL_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/instant.h"
#include "control/control.h"
#include "control/damage.h"
#include "control/evidence.h"
#include "control/newest.h"
#include "control/tables.h"
#include "control/view.h"
#include "proto/key.h"

enum phase { PHASE_STANDBY, PHASE_CLAIMING, PHASE_RESTORING, PHASE_CHECKING, PHASE_LEADING };

// A full batch of announcements must leave room for all that follows from it: a unit that is placed
// a batch later is written twice, and its owner's buckets once more.
enum {
    COORDINATORS_MAX = 64,
    EVENTS_KEPT = 256,
    BATCH_BYTES_MAX = 3 * CONTROL_BATCH_BYTES,
};

// Another coordinator, as heard.
struct peer {
    char *id; // owned; NULL = free
    char incarnation[33], lineage[33];
    char state[12];
    int64_t seq, epoch, applied_generation, level;
    struct instant heard;
    struct beat_info info; // owned texts
};

// An event that waits for its commit; texts are made when it is written.
struct event_row {
    const char *kind;                                            // static
    uint32_t pool;                                               // NONE
    const char *subject, *text, *id, *answer, *from, *to, *rule; // in the batch's arena or static
    int64_t at_ms;
};

// A committed event, owned texts.
struct event_kept {
    struct event_record record;
    struct arena arena;
};

// Where publish.c stands while the writes are drawn.
struct drawing {
    int stage;
    uint32_t at;       // in the list of the stage
    size_t tombstone;  // byte offset in tables.tombstones
    bool is_head_next; // of the tombstone drawn last
    uint32_t bucket;   // of the collector at `at`
    struct buffer key;
    struct arena arena; // of the record drawn last
};

// What the planner is told of a unit when its plan is restored.
struct number {
    int64_t number; // placement number, negative = not in the plan
    uint32_t next;  // collector that is to own it, NONE
};

// A statement with a time to live. `due` is no later than its true deadline.
struct timed {
    struct instant due;
    uint32_t statement;
    uint32_t stamp; // the statement's; another one means that this row is stale
};

// Lag of a unit as its owner reported it; of one without an owner as Kafka said when asked.
struct picture {
    int64_t position, committed, end, lag, oldest_unprocessed_ms; // −1 = not known
    int64_t records_per_s, bytes_per_s; // as reported last, whoever it was
    int64_t positions_lost, fence;      // as the owner with this fence has counted them
    struct instant said_at;             // `oldest_unprocessed_ms` was so old then
    bool is_heard;                      // its owner has reported on it
    char state[16];                     // "" while it is not heard
    char *answer; // owned: why its sink refuses, NULL = it does not, or no word of it
    uint32_t parts_count;
    struct report_part *parts; // owned
};

// How far the former owner of a unit has read one of its partitions, while commits are refused.
struct handed {
    uint32_t unit;
    int32_t partition;
    int64_t position; // next offset to read
};

// Silence of agents: the pool whose interval is over is judged, one at a time.
struct silence {
    enum silence_stage { SILENCE_NONE, SILENCE_ASKING, SILENCE_JUDGING } stage;
    uint32_t pool;       // being judged
    struct handles rows; // asking: its topics, judging: its agents, in the order of their names
    uint32_t next;       // the first one that is not done
    bool is_asked;       // a question about ends is under way
    int64_t question;    // number of the newest one
    int64_t *ends; // by unit handle: where its log ended when looked at last, −1 = not known
    uint32_t ends_capacity;
};

// Units without an owner: their logs are asked about in rounds, some at a time.
struct sampling {
    uint32_t pool, topic;   // where the round goes on
    struct instant next_at; // of the next question; zero = nobody waits for one
    bool is_asked;          // a question is under way
    int64_t question;       // number of the newest one: below zero, so it is none of silence
    uint32_t asked_pool;    // whom it is about
};

struct control {
    struct tables tables;
    // Copies of the options.
    char *prefix, *id, *new_lineage, *cluster_id, *default_pool;
    char incarnation[33];
    struct beat_info info; // owned texts
    struct span beat_interval, leader_timeout, publish_interval;
    int64_t lease_ms, agent_topics_max;
    int64_t level_max; // highest level of records that this coordinator knows
    int32_t assignments_partitions;
    bool events_enabled;

    // The present event.
    struct instant now;
    int64_t wall_ms;
    struct control_effects *effects;
    struct arena effect_arena; // memory of the present effects
    struct buffer line;        // scratch for traces

    // The cell (state_cell). Texts are owned.
    char *lineage, *leader, *leader_incarnation;
    char *cell_cluster_id;
    int64_t level, epoch, generation, moves;
    int64_t state_partitions;
    bool resigned;
    struct state_position positions[INPUT_LOG_COUNT];
    bool cell_is_dirty;

    // Leadership.
    enum phase phase;
    struct evidence evidence; // own beats
    struct instant started, next_beat, next_probe;
    struct instant leader_heard;  // newest beat of another leader, or start
    struct instant resigned_seen; // the leader has said goodbye, or is proved dead, since
    char dead_leader[33];         // a coordinator's life that somebody has waited for, "" = none
    int64_t seq;                  // of own beats
    int64_t claims;               // attempts to lead
    bool was_fenced;              // by another since: its silence has to be proved
    int64_t marker_claim;         // attempt whose marker came back before its answer, 0 = none
    bool is_restored;             // state was read to its end once
    bool is_stopping, is_goodbye_sent, has_exited;
    bool is_barred; // must not lead: another cluster, a future level, a state that went back
    struct newest newest;
    struct damage damage;

    // Lives of another lineage (lineage.c).
    char lineage_heard[33];       // the first one that was heard of, "" = none
    bool has_past;                // there may be some
    bool is_waiting_told;         // that nobody is admitted
    bool admits;                  // there are none any more, or somebody was admitted in this one
    int64_t lease_longest_ms;     // that was promised
    struct instant foreign_heard; // newest beat of one
    struct instant leading_since;
    struct peer peers[COORDINATORS_MAX];

    // The batch.
    bool is_goodbye_in_commit; // the transaction under way says that this leader goes
    int64_t generation_before; // of the newest committed batch while one is under way
    bool is_committing, is_caught_up, is_assignment_changed, has_more_changes;
    struct instant committing_since, last_commit;
    struct drawing drawing;
    struct arena batch_arena; // texts of events
    struct event_row *events;
    uint32_t events_count, events_capacity;
    struct event_kept kept[EVENTS_KEPT];
    uint32_t kept_next, kept_count;

    // Time-to-live of statements, guarded by markers.
    struct evidence marker_evidence;
    int64_t marker_seq;
    struct instant next_marker;
    struct timed *timed; // heap by due
    uint32_t timed_count, timed_capacity, timed_stamp;
    struct silence silence;
    struct sampling sampling;

    // Questions to Kafka.
    bool is_asking;
    struct instant ask_again; // missing topics

    struct plan_units *plan_units; // only while leading
    struct scratch **peeked;       // owned: plans for those who look, NULL in it = none
    int64_t state_taken;           // records of the state
    uint32_t topic_next;           // while restoring: behind that of the last unit
    struct number *numbers;        // by unit handle, only while restoring
    uint32_t numbers_capacity;
    struct handles publishing; // collectors whose head is in the commit under way
    struct handles loose;      // free units whose grant is to be tried after the next settling

    // Lag, by unit handle.
    struct picture **pictures;
    uint32_t pictures_capacity;
    struct instant listens_since; // reports were heard from here on

    struct handed *handed; // in no order
    uint32_t handed_count, handed_capacity;

    // Counters of this life.
    int64_t refused, ignored, announcements, orders, commits, positions_lost, foreign;
};

static inline int64_t batch_generation(const struct control *control)
{
    return control->generation + 1;
}

// ---- lineage.c

// Whether a life that names this one may go on under another lineage than the one that is known.
bool lineage_is_foreign(const struct control *control, struct text lineage);

// A beat; one of before this coordinator listened. What is restored is led from now on. An own beat
// has come back to a leader.
void lineage_hear(struct control *control, const struct beat *beat, bool is_past);
void lineage_begin(struct control *control);
void lineage_judge(struct control *control);

// A life that may go on under another lineage has the id of this collector, which has no life.
void lineage_tell(struct control *control, struct collector *collector);

// ---- narrate.c

struct control_effect *effect_add(struct control *control, enum control_effect_kind kind);

// A trace line `[seconds.micros] who > observation -> consequence (rule)`.
void trace(struct control *control, const char *format, ...) __attribute__((format(printf, 2, 3)));
void alarm_raise(struct control *control, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// An event for the batch; strings are copied, NULL is "".
struct event_draft {
    const char *kind;
    uint32_t pool;
    const char *subject, *text, *id, *answer, *from, *to, *rule;
};
void event_tell(struct control *control, const struct event_draft *draft);

// Events of the committed batch become the kept ones.
void events_keep(struct control *control);
void events_drop(struct control *control);

// ---- lead.c

void lead_start(struct control *control);
void lead_tick(struct control *control);
void lead_claim_answered(struct control *control, bool done);
void lead_state_received(struct control *control);
void lead_marker_received(struct control *control, const struct state_marker *marker);
void lead_logs_checked(struct control *control, const struct control_checked *checked);
void lead_lost(struct control *control, enum commit_outcome outcome);
void lead_committed(struct control *control);

// Whether a coordinator is there and was heard within leader.timeout (S4).
bool peer_is_alive(const struct control *control, const struct peer *peer);
void lead_peer_beat(struct control *control, const struct beat *beat);
void lead_stop(struct control *control);
void lead_evidence(struct control *control);
struct instant lead_deadline(const struct control *control);

// Throws away what was read from the state; members stay.
void lead_forget(struct control *control);

// ---- restore.c

// A record of the key's kind, NULL = a tombstone.
void restore_record(struct control *control, const struct state_key *key, const void *record);

// Handle of the row that a key of the state names, 0 for the cell; NONE: there is none.
uint32_t restore_row(struct control *control, const struct state_key *key);

// Tables are complete: plans are built from them, what the state promises is resumed.
// STATUS_INVALID when the state contradicts itself.
enum status restore_end(struct control *control) MUST_CHECK;

// Whether a unit belongs into the plan by what the state says: its topic is there, somebody holds
// it and the unit is of its shape. Only while not leading.
bool restore_is_planned(const struct control *control, uint32_t unit);

// ---- intake.c, statement.c, order.c

void intake_input(struct control *control, const struct control_input *input);
void input_refuse(struct control *control, struct text id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void input_answer(struct control *control, struct text id, const char *answer, const char *format,
                  ...) __attribute__((format(printf, 4, 5)));
void intake_announcement(struct control *control, const struct announcement *announcement,
                         int64_t offset);
void order_take(struct control *control, const struct order *order);
void statement_state(struct control *control, uint32_t pool, const struct announcement *said,
                     int64_t order);
void statement_reduce(struct control *control, uint32_t pool, const struct announcement *said);
void statement_heard(struct control *control, uint32_t statement, int64_t ttl_ms);
void statement_withdraw(struct control *control, uint32_t statement);
void statements_expire(struct control *control);
void statements_time_all(struct control *control);
void statement_forget(struct control *control, uint32_t statement);

// ---- policy.c

// The keys of a pool's policy as they shall be, and what they ask for.
struct policy_change {
    struct label *keys; // owned
    uint32_t keys_count;
    struct plan_policy asked; // owned
};

// What a policy becomes when `args` are merged into the keys that were set; "none" takes a key
// back. NULL and a change that the caller gives to policy_take or finishes, or why it is refused,
// borrowed from `why`.
const char *policy_propose(const struct label *keys, uint32_t keys_count, const struct label *args,
                           uint32_t args_count, struct buffer *why, struct policy_change *ret);
void policy_change_finish(struct policy_change *change);

// Puts a change into force; the heads carry part of it.
void policy_take(struct control *control, uint32_t pool, struct policy_change *change);

// Reads the keys of a pool as the state has them. Keys that this version cannot read make the pool
// unreadable, and the coordinator refuse to lead.
void policy_restore(struct control *control, uint32_t pool);

// ---- route.c

// Takes an announcement that names no pool; returns the first pool that it concerned.
uint32_t route_take(struct control *control, const struct announcement *said, int64_t order);

// ---- pool.c

// What an order needs: its pool and its arguments.
struct order_call {
    const struct order *order;
    uint32_t pool; // NONE where the verb does not need one that exists
    struct text pool_name;
};

// Returns NULL when done, else why it is refused; static memory or the control's line.
typedef const char *order_verb(struct control *control, const struct order_call *call);

// The collector that an order is about, or NULL, which is refused with `no_collector`.
struct collector *order_collector(const struct control *control, const struct order_call *call);
extern const char no_collector[];

order_verb pool_delete, pool_pause, pool_resume, pool_freeze, pool_unfreeze, pool_rebalance;

// Makes an empty pool of a name that is free.
const char *pool_make(struct control *control, const struct order_call *call, uint32_t *ret_pool);

// Sets why and since when the pool is as it is.
void pool_note(struct control *control, uint32_t pool, const struct order *order, const char *what);

// Takes the units of a paused pool from their owners.
void pool_revoke(struct control *control, uint32_t pool);

// Tells when a pool has, or no longer has, the collectors that it needs.
void pool_judge(struct control *control, uint32_t pool);

// State, status, counts and why; the rest of the view is left as it is.
void pool_status_get(const struct control *control, uint32_t pool, struct pool_view *ret);

// Goes on with pools that are being deleted; after the commit their rows are free.
void pools_bury(struct control *control);
void pools_buried(struct control *control);

// While restoring: collectors that a pause waits for, units whose resume was under way, statuses.
void pools_ghosts_join(struct control *control);
void pools_ghosts_leave(struct control *control);
void pools_return(struct control *control);
void pools_recall(struct control *control);

// ---- upgrade.c

// The level to write at, that of a cell that is being created, and the order to raise it: NULL when
// it is raised, else why not.
int64_t upgrade_level(const struct control *control);
int64_t upgrade_first_level(const struct control *control);
const char *upgrade_order(struct control *control);

// ---- silence.c

// What the keys of a pool say of silence is in force from now on.
void silence_apply(struct control *control, uint32_t pool);

// The counts of a new leader begin.
void silence_begin(struct control *control);
void silence_finish(struct control *control);

// Whether silence is counted anywhere, so that markers are wanted.
bool silence_is_counted(const struct control *control);

// An announcement was taken; the owner of a unit has reported on it.
void silence_announced(struct control *control, const struct announcement *said);
void silence_reported(struct control *control, uint32_t unit);

// The row of a unit is about to be free.
void silence_forget(struct control *control, uint32_t unit);

// Judges the pools whose interval is over, as far as is known; asks for what is not.
void silence_judge(struct control *control);
void silence_ends_answered(struct control *control, const struct control_event *event);

// Whether silence_judge has more to do at once.
bool silence_is_busy(const struct control *control);

// Whether somebody holds the topic and all of them are silent for too long.
bool topic_is_silent(const struct tables *tables, uint32_t topic);

// ---- sample.c

// Asks about the next units without an owner, if it is time to.
void sample_run(struct control *control);
void sample_answered(struct control *control, const struct control_event *event);
struct instant sample_deadline(const struct control *control);

// ---- quarantine.c

bool unit_is_quarantined(const struct tables *tables, uint32_t unit);

// The pool has another number.
void quarantine_apply(struct control *control, uint32_t pool);

// The owner of a unit has reported on it; a topic is announced.
void quarantine_reported(struct control *control, uint32_t unit, const struct report_unit *said);
void quarantine_announced(struct control *control, const struct announcement *said);

// Gives the units of a topic another try; false = none is in quarantine.
bool quarantine_end(struct control *control, uint32_t topic);

// ---- topic.c

// What the planner is told of the topic's units: from its last claim in log order and from the
// agent of that.
struct plan_unit_options topic_options(const struct tables *tables, uint32_t topic);

// Tells the planner of what the agent's labels are now.
void topics_tell(struct control *control, uint32_t agent);

// Takes a unit out of the plan; its owner has to let go of it.
void unit_unplan(struct control *control, uint32_t unit, enum unit_reason reason);

// Asks Kafka about the topic, with the next question.
void topic_question(struct control *control, uint32_t topic);

// Brings the units of a topic in line with its claims and with what Kafka said. The topic row is
// gone afterwards if nothing holds it.
void topic_reconcile(struct control *control, uint32_t topic);
void topics_answered(struct control *control, const struct control_topic_answer *items,
                     uint32_t count);
void topics_ask(struct control *control);

// The owner of the unit has found that Kafka does not have it.
void topic_missed(struct control *control, uint32_t unit);

// ---- member.c

void member_beat(struct control *control, const struct beat *beat, bool is_past);
void member_death(struct control *control, const struct death *death);
void members_judge(struct control *control);

// Admits whom it may of all that wait.
void members_admit(struct control *control);
struct instant members_deadline(const struct control *control);
// A life is over, or proved to be: its late beats are ignored. Of each id a few are remembered.
void member_ended(struct collector *collector, struct text incarnation);

// The state says that this life was admitted.
void member_waits_no_more(struct collector *collector, struct text incarnation);
void member_plan(struct control *control, uint32_t collector);
struct plan_collector_options member_options(const struct collector *collector);

// The head of a life that has acknowledged its admission names nobody, so it ends (S5).
void member_evict(struct control *control, struct collector *collector, const char *why);

// ---- ack.c

// A beat of the admitted life: what it acknowledges, and whether it owes something for too long.
void ack_take(struct control *control, struct collector *collector, const struct beat *beat);

// ---- handover.c

void unit_revoke(struct control *control, uint32_t unit, enum unit_reason reason);
void unit_freed(struct control *control, uint32_t unit);

// Why the unit is where it is: of a pending one what the planner says at this moment.
enum unit_reason unit_reason_now(const struct control *control, uint32_t unit);
enum unit_reason unit_reason_by(const struct control *control, uint32_t unit,
                                const struct plan *plan); // NULL = none
void units_acknowledged(struct control *control, uint32_t collector);
void units_abandon(struct control *control, uint32_t collector, bool owned_too);
void pools_settle(struct control *control);

// When pools_settle is to be called again although nothing happens.
struct instant pools_deadline(const struct control *control);

// ---- handed.c

// A beat of the admitted owner, before its ack frees what it has let go of.
void handed_hear(struct control *control, const struct collector *owner, const struct beat *beat);

// The owner has reported on the unit.
void handed_reported(struct control *control, uint32_t unit, const struct report_unit *said);

// The topic of the unit is gone, or the unit.
void handed_forget(struct control *control, uint32_t unit);
void handed_finish(struct control *control);

// Adds the positions to the unit's row of a bucket, in the arena of the record.
void handed_fill(const struct control *control, struct arena *arena, uint32_t unit,
                 struct bucket_unit *ret);

// ---- mailbox.c

// The orders "collector.VERB" that a collector is to carry out.
order_verb command_give;

// A beat of the admitted life; that life is over; what the state says of the mailbox of a collector
// whose incarnation is set already.
void commands_heard(struct control *control, struct collector *collector, const struct beat *beat);
void commands_end(struct control *control, struct collector *collector);
void commands_restore(struct collector *collector, const struct state_collector *record);

// Adds the mailbox to a record, in its arena; the texts are borrowed.
void commands_fill_state(const struct collector *collector, struct arena *arena,
                         struct state_collector *ret);
void commands_fill_head(const struct collector *collector, struct arena *arena, struct head *ret);

// ---- publish.c

void publish_batch(struct control *control);
bool publish_is_due(const struct control *control);
struct instant publish_deadline(const struct control *control);

// ---- lag.c

void lag_report(struct control *control, const struct report *report);
void lag_forget(struct control *control, uint32_t unit);

// The unit has another owner now, or none: what was committed is all that is still known.
void lag_unheard(struct control *control, uint32_t unit);

// Kafka's answers about a unit without an owner: all its partitions, in their order.
void lag_sampled(struct control *control, uint32_t unit, const struct control_end_answer *parts,
                 uint32_t count);

// Age of the oldest record that is not delivered, now; −1 = not known.
int64_t lag_oldest_ms(const struct control *control, const struct picture *picture);

// What the planner is told under balance = load; 0 = nobody has reported on the unit.
int64_t load_of(const struct control *control, uint32_t unit);

// The unit of that name that the collector owns or has to let go of, or NONE.
uint32_t unit_of_owner(const struct control *control, const struct collector *owner,
                       struct text text);
void lag_finish(struct control *control);

// Tells the planner the loads of all units of a pool that were reported on.
void loads_tell(struct control *control, uint32_t pool);

#endif
