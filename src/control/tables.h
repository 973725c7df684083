// SPDX-License-Identifier: Apache-2.0
//
// The coordinator's memory: pools, agents, statements, claims, topics, units and collectors in
// tables whose rows are named by handles. A row that is given back is used again; handles never
// decide an order that can be seen.
//
//     agent --< statement --< claim >-- topic --< unit >-- collector
//
// A claim is one topic of one statement. A topic stands while a claim holds it; its last claim in
// log order gives its attributes. There may be millions of topics, units and claims, so their rows
// are packed. Private to this room.
#ifndef MUSTER_CONTROL_TABLES_H
#define MUSTER_CONTROL_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/index.h"
#include "base/instant.h"
#include "base/store.h"
#include "base/text.h"
#include "plan/plan.h"
#include "proto/records.h"
#include "proto/unit.h"

#define NONE UINT32_MAX

// Why a unit is where it is. Texts are the closed set of state_unit.reason.
enum unit_reason {
    UNIT_PLACED,     // the planner put it there (rule 2)
    UNIT_LEFT,       // its owner left (rule 1)
    UNIT_DRAINED,    // its owner drains (rule 1)
    UNIT_OVER_CAP,   // its owner has more than it may (rule 1)
    UNIT_REGROUPED,  // its owner serves another group (rule 1)
    UNIT_SPREAD,     // its owner's host has too many of the group (rule 1)
    UNIT_PINNED,     // it is pinned to another collector (rule 1)
    UNIT_MADE_ROOM,  // another unit fits only where it was (rule 2)
    UNIT_BROUGHT_IN, // a collector of its own zone has room (rule 4)
    UNIT_BALANCED,   // its owner had more than its share (rule 4)
    UNIT_PACKED,     // its owner can be emptied, under mode = pack (rule 4)
    UNIT_WAITS,      // waits for the next decision
    UNIT_NO_COLLECTOR,
    UNIT_ALL_DRAINING,
    UNIT_NO_GROUP,
    UNIT_NO_LABEL,
    UNIT_CAPPED,
    UNIT_NO_CAPACITY,
    UNIT_TOO_HEAVY,
    UNIT_NO_HOST,
    UNIT_PIN_AWAY,
    UNIT_PIN_DRAINING,
    UNIT_PIN_HOST,
    UNIT_PIN_FULL,
    UNIT_ASKING,      // Kafka has not yet said whether the topic exists
    UNIT_ABSENT,      // Kafka has no such topic
    UNIT_WITHDRAWN,   // nobody holds the topic any more
    UNIT_RESHAPED,    // the topic is divided otherwise now
    UNIT_BUCKET_FULL, // the collector's record is full
    UNIT_PAUSED,      // its pool is paused
    UNIT_RESUMED,     // ... was, and its owner is the one of before
    UNIT_SILENT,      // all agents that announce the topic are silent
    UNIT_FAILED,      // its former owner failed on it
    UNIT_QUARANTINE,  // too many owners failed on it
    UNIT_REASON_COUNT,
};

enum unit_state {
    UNIT_PENDING,
    UNIT_OWNED,
    UNIT_REVOKING,
    UNIT_MISSING,
    UNIT_QUARANTINED, // its owners failed on it
    UNIT_DORMANT,     // its agents are silent; it is looked after and comes back by itself
    UNIT_STATE_COUNT
};

// Packed, for the rows would be aligned for `generation` alone.
struct __attribute__((packed, aligned(4))) unit {
    int64_t generation; // of the grant; while revoking, the one that took it away
    uint32_t topic;
    int32_t partition;   // −1 = the whole topic
    uint32_t owner;      // collector with the grant, NONE
    uint32_t previous;   // collector before, NONE
    uint32_t since_s;    // wall clock, seconds
    uint32_t sibling;    // next unit of the topic, NONE
    uint32_t prev, next; // in the list of its owner's bucket, or of its owner's revoked ones
    uint8_t state;       // enum unit_state
    uint8_t reason;      // enum unit_reason
    uint8_t failures;    // owners in a row that failed on it
    bool is_dirty : 1;   // its state record is to be written
    bool is_doomed : 1;  // to be deleted once it is free
    bool is_grown : 1;   // its topic was known without it; nobody has committed to it yet
};

struct topic {
    uint32_t name;      // "[cluster:]topic" in the store of names, 0 = free row
    uint32_t claims;    // first in log order, NONE
    uint32_t units;     // first, NONE; next free row in a free row
    int32_t partitions; // as Kafka said, 0 = not known
    uint16_t pool;
    bool is_missing : 1; // Kafka has no such topic
    bool is_short : 1;   // ... or less partitions than announced: its number counts
    bool is_asked : 1;   // in the queue of questions
};

// Whether Kafka has said that this part of a split topic is not there.
static inline bool topic_is_beyond(const struct topic *row, int32_t partition)
{
    return row->is_short && row->partitions > 0 && partition >= row->partitions;
}

// What claims share: most agents say the same about every topic.
struct attributes {
    int64_t weight;
    int32_t partitions;
    uint32_t references; // 0 = free row
    uint32_t labels_count;
    bool split;
    struct label *labels; // owned, sorted by key
};

struct claim {
    int64_t order;  // offset of its announcement
    uint32_t topic; // NONE = free row
    uint32_t statement;
    uint32_t next_of_topic; // log order
    uint32_t prev, next;    // of the statement
    unsigned attributes : 30;
    bool is_dirty : 1;
    bool is_named : 1; // while a set is taken: named by it
};

struct statement {
    char *source; // owned, terminated, maybe ""; NULL = free row
    uint32_t agent;
    uint32_t claims; // first, NONE
    uint32_t next_of_agent;
    uint32_t timed_stamp; // of its row in the heap of deadlines, 0 = none
    int64_t ttl_ms;       // 0 = until withdrawn
    struct instant heard; // last announcement
};

// What is known of an agent from its signs of life. Texts are the closed set of state_agent.health.
enum agent_health { AGENT_HEALTHY, AGENT_SILENT, AGENT_UNHEALTHY, AGENT_HEALTH_COUNT };

struct agent {
    char *id;             // owned, terminated; NULL = free row
    struct label *labels; // owned
    uint32_t labels_count;
    uint32_t statements; // first, NONE
    uint32_t topics;     // number of claims
    uint16_t pool;
    bool is_dirty;
    uint8_t health;    // enum agent_health
    uint32_t misses;   // intervals of silence
    bool is_announced; // in this interval an announcement of it was taken
    bool is_seen;      // ... a record was seen in one of its topics
    bool is_unclear;   // ... nobody can say whether there was one
    int64_t since_ms;
};

enum collector_state { COLLECTOR_ACTIVE, COLLECTOR_DRAINING, COLLECTOR_HELD, COLLECTOR_GONE };

enum { COLLECTOR_WAITING_MAX = 4, COLLECTOR_ENDED_MAX = 4 };

#define COLLECTOR_EVICTED "evicted" // in state_collector.state: active or draining, and is_evicted

// A life that is heard but not admitted (S5).
struct waiting {
    char incarnation[33]; // "" = free
    char replaces[33];    // the life that it proves dead, "" = none
    struct instant heard; // newest beat
    int64_t seq, lease_ms, level, capacity_units, capacity_weight;
    bool is_draining;
    bool is_foreign;      // of another lineage
    struct label *labels; // owned
    uint32_t labels_count;
};

struct bucket_row {
    uint32_t units; // first of the list, NONE
    uint32_t count;
    uint32_t size;      // bytes of its record, roughly
    int64_t generation; // of the record that is out, 0 = empty
    bool is_dirty;
};

// Something that a collector was told to do and has not carried out yet.
struct command_row {
    int64_t number; // rises within the collector
    char *verb;     // owned, terminated
};

struct collector {
    char *id; // owned, terminated
    uint16_t pool;
    uint32_t handle;
    uint32_t references; // units that name it as owner or previous
    enum collector_state state;
    uint32_t planned;     // its handle in the plan, PLAN_NOBODY = not in
    char incarnation[33]; // the one admitted, "" = none
    int64_t lease_ms;     // that it promised
    int64_t level;
    struct label *labels; // owned
    uint32_t labels_count;
    int64_t capacity_units, capacity_weight;
    bool drained;       // an operator wants it empty
    bool asks_drain;    // its own beat says draining
    int64_t generation; // of its head
    int64_t admitted;
    int64_t applied_generation; // acknowledged by the admitted incarnation
    int64_t owed;               // a generation that it has to acknowledge
    struct instant owed_since;
    int64_t command_number;       // of the last command given, to whichever life
    struct command_row *commands; // owned, oldest first; of the admitted incarnation
    uint32_t commands_count, commands_capacity;
    int64_t hold_ms;
    struct instant hold_until; // while held
    int64_t since_ms;
    struct bucket_row buckets[BUCKET_COUNT];
    uint32_t owned;                      // units in buckets
    uint32_t revoked, revoked_last;      // units to be acknowledged, oldest first
    uint32_t revoking;                   // their number
    char ended[COLLECTOR_ENDED_MAX][33]; // lives before, newest first: a late beat is nobody's
    char proved_dead[33];                // a life that ended by proof while nobody led, "" = none
    int64_t proved_hold_ms;
    struct waiting waiting[COLLECTOR_WAITING_MAX];
    struct instant heard;     // newest beat of the admitted incarnation
    int64_t seq;              // its number
    struct beat_info info;    // owned texts
    struct instant published; // when its head last went out
    bool is_dirty;            // its state record is to be written
    bool is_changed;          // head or buckets are to be published
    bool is_urgent;           // ... and may not wait
    bool is_known;            // was in the state or admitted, so it has a record
    bool is_evicted;          // its head names nobody, so its life has to end (S5)
    bool is_buried;           // its records are deleted by the commit under way
};

// What an operator wants of a pool. Texts are the closed set of state_pool.state.
enum pool_state { POOL_ACTIVE, POOL_PAUSED, POOL_FROZEN, POOL_DELETED, POOL_STATE_COUNT };

// What has come of it.
enum pool_status { POOL_IS_CREATING, POOL_IS_RUNNING, POOL_IS_DISABLED, POOL_IS_DELETED };

struct pool {
    char *name;           // owned, terminated
    char *why;            // owned, terminated: reason of the last transition; NULL = none yet
    uint8_t state;        // enum pool_state
    uint8_t status;       // enum pool_status, as last told
    bool is_gone;         // a free row
    bool is_buried;       // its records are deleted by the commit under way
    bool is_forced;       // the next settle heeds no budget: an operator asked for balance
    struct label *policy; // owned, the keys that were set, aliases resolved
    uint32_t policy_count;
    struct plan_policy asked; // owned, what they ask for
    bool is_unreadable;       // the state has keys that this version does not know
    struct plan *plan;        // only while leading
    uint32_t *planned;        // plan handle -> collector handle
    uint32_t planned_capacity;
    uint32_t units, states[UNIT_STATE_COUNT];
    int64_t lag_records, lag_units, records_per_s; // over the units with a known lag
    int64_t since_ms;
    struct instant decide_again;   // because something was held back
    uint64_t numbers_from;         // the placement number that the last decision began with
    int64_t numbers_told;          // changes with a new one that it handed out
    bool has_changes_left;         // and that it has still to hand out
    int64_t agent_interval_ms;     // in which its agents are to be heard, 0 = not counted
    uint32_t agent_misses;         // after so many an agent is unhealthy
    struct instant interval_since; // begin of the interval
    bool is_dirty;
    bool is_unsettled;
};

// Growable list of handles.
struct handles {
    uint32_t *items;
    uint32_t count, capacity;
};

void handles_add(struct handles *handles, uint32_t handle);
void handles_finish(struct handles *handles);

struct tables;

// Whether row `a` comes before row `b` by what they are, never by their handles.
typedef bool handle_before(const struct tables *tables, uint32_t a, uint32_t b);

// Heap sort. What is decided one after the other is decided in such an order, because lists have
// another one after a restore.
void handles_sort(struct handles *handles, const struct tables *tables, handle_before *before);

bool unit_before(const struct tables *tables, uint32_t a, uint32_t b); // generation, name
bool topic_before(const struct tables *tables, uint32_t a, uint32_t b);
bool claim_before(const struct tables *tables, uint32_t a, uint32_t b); // of one statement
bool statement_before(const struct tables *tables, uint32_t a, uint32_t b);
bool collector_before(const struct tables *tables, uint32_t a, uint32_t b);

// All rows. Rows of pools and collectors are allocated one by one: there are few and they are
// large.
struct tables {
    uint64_t hash_seed;
    struct store names; // of topics
    struct topic *topics;
    struct unit *units;
    struct claim *claims;
    struct attributes *attributes;
    struct statement *statements;
    struct agent *agents;
    uint32_t topics_count, topics_capacity, topics_free, topics_live;
    uint32_t units_count, units_capacity, units_free, units_live;
    uint32_t claims_count, claims_capacity, claims_free;
    uint32_t attributes_count, attributes_capacity, attributes_free;
    uint32_t statements_count, statements_capacity, statements_free;
    uint32_t agents_count, agents_capacity, agents_free, agents_live, agents_unhealthy;
    uint32_t attributes_said; // handle of those that were shared last
    struct index topics_index, attributes_index, agents_index, collectors_index;
    struct index parts_index; // units of split topics, by topic and partition
    struct pool **pools;
    uint32_t pools_count, pools_capacity;
    struct collector **collectors; // NULL = free row
    uint32_t collectors_count, collectors_capacity;
    struct handles dirty_units, dirty_claims, dirty_agents, dirty_collectors, dirty_pools;
    struct handles changed_collectors; // is_changed
    struct handles asks;               // topics whose partitions are asked for
    struct handles asks_later;         // missing topics, asked again later
    struct buffer tombstones;          // keys to be deleted: uint16_t size, bytes
    uint32_t tombstones_count;
    size_t dirty_bytes; // rough size of the writes
};

void tables_init(struct tables *tables, uint64_t hash_seed);
void tables_finish(struct tables *tables);

// ---- Pools.

// Handle or NONE; free rows are not found.
uint32_t pool_find(const struct tables *tables, struct text name);
uint32_t pool_add(struct tables *tables, struct text name);
void pool_touch(struct tables *tables, uint32_t pool);

// Gives the row back, with all that is left of its collectors. It must hold no unit and no agent.
void pool_remove(struct tables *tables, uint32_t pool);
bool pool_before(const struct tables *tables, uint32_t a, uint32_t b);
const char *pool_state_text(enum pool_state state);

// ---- Topics and units.

static inline struct text topic_name(const struct tables *tables, uint32_t topic)
{
    return store_text(&tables->names, tables->topics[topic].name);
}

uint32_t topic_find(const struct tables *tables, uint32_t pool, struct text name);

// The topic of that name, made if need be.
uint32_t topic_get(struct tables *tables, uint32_t pool, struct text name);
void topic_remove(struct tables *tables, uint32_t topic);

// Unit of the topic with this partition, −1 = the whole topic, or NONE.
uint32_t unit_find(const struct tables *tables, uint32_t topic, int32_t partition);
uint32_t unit_add(struct tables *tables, uint32_t topic, int32_t partition);

// Deletes a unit that has no owner; with `tombstone` its state record too.
void unit_remove(struct tables *tables, uint32_t unit, bool tombstone);
void unit_touch(struct tables *tables, uint32_t unit);
void unit_print(const struct tables *tables, uint32_t unit, struct buffer *buffer);

// The one place that moves a unit between states: keeps counts, times and lists of its owner. With
// UNIT_OWNED it joins a bucket of `owner`, with UNIT_REVOKING the list of what that one must
// acknowledge, else `owner` is NONE.
void unit_move(struct tables *tables, uint32_t unit, enum unit_state state, uint32_t owner);

// Who had the unit before; unit_move keeps it, a restore knows it. NONE = nobody.
void unit_previous_set(struct tables *tables, uint32_t unit, uint32_t collector);

// Puts what a collector must acknowledge into the order of its generations (after a restore).
void revoked_sort(struct tables *tables, uint32_t collector);

const char *unit_state_text(enum unit_state state);
const char *unit_reason_text(enum unit_reason reason);
const char *unit_reason_rule(enum unit_reason reason);

// ---- Attributes, agents, statements, claims.

uint32_t attributes_share(struct tables *tables, const struct attributes *wanted);
void attributes_release(struct tables *tables, uint32_t attributes);

uint32_t agent_find(const struct tables *tables, uint32_t pool, struct text id);
uint32_t agent_add(struct tables *tables, uint32_t pool, struct text id);

// Removes an agent without statements; with `tombstone` its state record too.
void agent_remove(struct tables *tables, uint32_t agent, bool tombstone);
void agent_touch(struct tables *tables, uint32_t agent);
bool agent_before(const struct tables *tables, uint32_t a, uint32_t b); // of one pool
void agent_health_set(struct tables *tables, uint32_t agent, enum agent_health health);
const char *agent_health_text(enum agent_health health);

uint32_t statement_find(const struct tables *tables, uint32_t agent, struct text source);
uint32_t statement_add(struct tables *tables, uint32_t agent, struct text source);
void statement_remove(struct tables *tables, uint32_t statement);

uint32_t claim_find(const struct tables *tables, uint32_t statement, uint32_t topic);

// Adds a claim in its place of the topic's log order.
uint32_t claim_add(struct tables *tables, uint32_t statement, uint32_t topic, int64_t order,
                   uint32_t attributes);
void claim_remove(struct tables *tables, uint32_t claim, bool tombstone);
void claim_touch(struct tables *tables, uint32_t claim);

// Gives a claim other attributes, which were shared for it.
void claim_say(struct tables *tables, uint32_t claim, uint32_t attributes);

// Puts a claim behind all others of its topic.
void claim_reorder(struct tables *tables, uint32_t claim, int64_t order);

// The log is another one, whose offsets begin anew: all claims are older than any record of it, in
// the order that they have. `next` is greater than every order.
void claims_age(struct tables *tables, int64_t next);

// The topic's last claim in log order, NONE.
uint32_t claim_last(const struct tables *tables, uint32_t topic);

// ---- Collectors.

uint32_t collector_find(const struct tables *tables, uint32_t pool, struct text id);
uint32_t collector_add(struct tables *tables, uint32_t pool, struct text id);
void collector_discard(struct tables *tables, uint32_t collector);
void collector_touch(struct tables *tables, uint32_t collector);

// Whether one of its lives is admitted.
static inline bool member_is_alive(const struct collector *collector)
{
    return collector->incarnation[0] != '\0';
}

// What state_collector.state says: `state` alone, and with an eviction that is under way.
const char *collector_state_text(enum collector_state state);
const char *collector_state_shown(const struct collector *collector);

// Marks head and `bucket` (−1 = the head alone) for publication; `urgent` = it may not wait.
void collector_change(struct tables *tables, uint32_t collector, int bucket, bool urgent);

// ---- Keys of what is to be deleted from the state.

void tombstone_add(struct tables *tables, struct text key);

// Owned copies of labels, sorted by key.
struct label *labels_copy(const struct label *labels, uint32_t count);
void labels_release(struct label *labels, uint32_t count);

// Whether two sorted sets of labels are the same.
bool labels_equal(const struct label *a, uint32_t a_count, const struct label *b, uint32_t b_count);

#endif
