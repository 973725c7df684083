// SPDX-License-Identifier: Apache-2.0
//
// The planner of one pool: who should own what. Events go in (collectors join, leave or drain,
// units come and go), plan_settle decides, plan_changes_take hands out what is different. The
// rules, in their order and with an example, are at the head of settle.c; what a pool may ask for
// is in policy.h.
//
// The planner knows *desired* owners only; revoking at the old owner, waiting for its ack and
// granting to the new one is the caller's business.
//
//     uint32_t a = plan_collector_join(plan, text_of("a"), &(struct plan_collector_options){0});
//     plan_unit_add(plan, unit, &(struct plan_unit_options){.weight = 1});
//     plan_settle(plan, PLAN_UNLIMITED);
//     while ((count = plan_changes_take(plan, changes, 100)) > 0)
//         ...
//
// Units are named by the caller's own dense numbers and lie in one table that all plans of a cell
// share: nothing has to be translated, and a unit costs 24 bytes however many pools there are, 8
// more where weights, 8 where loads and 4 where labels are used. Collectors are named by dense
// numbers that the plan gives out.
//
// Nothing that is decided depends on memory layout or on what has been forgotten: a plan that was
// restored from ids, options, owners and numbers decides exactly what the one that never stopped
// would. What was when is forgotten: the account of move_budget begins empty, stabilization knows
// of no moves for load, and counts those who are there as needed up to then.
#ifndef MUSTER_PLAN_PLAN_H
#define MUSTER_PLAN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/label.h"
#include "base/status.h"
#include "base/text.h"
#include "plan/policy.h"

#define PLAN_NOBODY UINT32_MAX    // instead of a collector: none
#define PLAN_UNLIMITED UINT64_MAX // plan_settle: as many moves as the rules want
#define PLAN_UNIT_MAX INT32_MAX   // units are numbered below this

// Greatest weight, load and capacity by weight: the sum over ninety million units stays below 2^63.
#define PLAN_WEIGHT_MAX INT64_C(100000000000)

struct plan;

// ---- The table of units, shared by all plans of a cell.

struct plan_units;

struct plan_units *plan_units_create(void);

// Every plan over the table must be gone. NULL is fine.
void plan_units_destroy(struct plan_units *units);

// Makes room for units 0 to count − 1 at once; without it the table grows as units are added.
void plan_units_reserve(struct plan_units *units, uint32_t count);

// ---- The plan.

struct plan_options {
    const struct plan_policy *policy; // copied; NULL = the default one
    uint64_t number_next; // from plan_number_next of the plan that is restored, 0 for a new one
};

// An empty plan over `units`, which must outlive it. The caller destroys it.
struct plan *plan_create(struct plan_units *units, const struct plan_options *options);

// Takes the plan's units out of the table: O(units). NULL is fine.
void plan_destroy(struct plan *plan);

// Replaces the policy (copied); the next settle re-places only what it must. O(collectors), or
// O(units) where it puts other labels to use or asks for another kind of balance. Returns whether
// the labels of every collector and unit have to be told again, by plan_collector_set and
// plan_unit_set, before the next settle: those that are not count as having none.
bool plan_policy_set(struct plan *plan, const struct plan_policy *policy);

// The policy in force, borrowed.
const struct plan_policy *plan_policy(const struct plan *plan);

// ---- Collectors.

struct plan_collector_options {
    uint32_t units_max; // its own capacity in units, 0 = no limit; the lower of this and the
                        // policy's cap holds
    int64_t weight_max; // its own capacity by the announced weights of its units, 0 = no limit
    bool is_draining;   // gets nothing, and loses what it has
    bool is_held;       // gets nothing and keeps what it has: it died and may come back
    const struct label *labels; // looked at during the call
    uint32_t labels_count;
};

// Adds a collector and returns its handle. The id is copied; none that is in may have the same. One
// that left since the last settle and joins again keeps its handle and its units.
// Handles are dense and used again, never before the changes that name them were taken.
uint32_t plan_collector_join(struct plan *plan, struct text id,
                             const struct plan_collector_options *options);

// Its units get other owners at the next settle. The handle stays valid for plan_collector_id until
// all changes of that settle were taken and plan_changes_take or plan_settle is called again.
void plan_collector_leave(struct plan *plan, uint32_t collector);

// Replaces the options (drain, undrain, another capacity, other labels). O(1), or O(its units)
// where the labels put it into another group, zone or host; decides nothing when they are the same.
void plan_collector_set(struct plan *plan, uint32_t collector,
                        const struct plan_collector_options *options);

// Handle of the collector that is in under this id, or PLAN_NOBODY. O(log collectors).
uint32_t plan_collector_find(const struct plan *plan, struct text id);

// Its id, borrowed while the handle is valid.
struct text plan_collector_id(const struct plan *plan, uint32_t collector);

// Number of units that have it as their desired owner.
uint32_t plan_collector_load(const struct plan *plan, uint32_t collector);

// Sum of their announced weights.
int64_t plan_collector_weight(const struct plan *plan, uint32_t collector);

// What is evened out: units, their weights or their loads, as the policy's `balance` says.
int64_t plan_collector_burden(const struct plan *plan, uint32_t collector);

// The collectors by id: the one at `rank` (0 to count − 1). One that has left is among them until
// the next settle.
uint32_t plan_collector_at(const struct plan *plan, uint32_t rank);
uint32_t plan_collector_count(const struct plan *plan);

// Walks a collector's units, newest placement first: pass PLAN_NOBODY for the first; returns
// PLAN_NOBODY behind the last. The plan must not change meanwhile.
uint32_t plan_collector_unit_next(const struct plan *plan, uint32_t collector, uint32_t unit);

// ---- Units.

struct plan_unit_options {
    int64_t weight;          // 1 to PLAN_WEIGHT_MAX
    struct policy_unit said; // names and labels; looked at during the call
};

// Adds a unit that is in no plan. It is pending until the next settle. Amortised O(1).
void plan_unit_add(struct plan *plan, uint32_t unit, const struct plan_unit_options *options);

// Replaces the options of a unit of this plan. The next settle moves it only if it must.
void plan_unit_set(struct plan *plan, uint32_t unit, const struct plan_unit_options *options);

// The measured load of a unit of this plan, 0 to PLAN_WEIGHT_MAX; looked at under balance = load,
// where a unit that was never measured counts as its weight. A measurement that is within a tenth
// of the one in force changes nothing (hysteresis).
void plan_unit_load(struct plan *plan, uint32_t unit, int64_t load);

// Forgets a unit of this plan; no change will be handed out for it. O(1).
void plan_unit_remove(struct plan *plan, uint32_t unit);

// Puts a unit back as plan_unit_owner and plan_unit_number gave it after a settle, in any order,
// when its collector is in. It counts as known to the caller: no change is handed out for it.
// Behind the last one call plan_restore_end; nothing else than restoring and joining before.
void plan_unit_restore(struct plan *plan, uint32_t unit, uint32_t owner, uint64_t number,
                       const struct plan_unit_options *options);

// Ends restoring: O(units). STATUS_INVALID when two units bear one number: the state is damaged and
// the plan may only be destroyed.
enum status plan_restore_end(struct plan *plan) MUST_CHECK;

// Whether the unit is in this plan or, the table being shared, in another of its cell.
bool plan_unit_is_known(const struct plan *plan, uint32_t unit);

// Desired owner, PLAN_NOBODY while pending. The unit must be in the plan.
uint32_t plan_unit_owner(const struct plan *plan, uint32_t unit);

// Placement number: unique in the plan and growing, new with each owner; while pending, its place
// in the queue. To be stored with the unit and given back to plan_unit_restore.
uint64_t plan_unit_number(const struct plan *plan, uint32_t unit);

// The number that the next placement will get; stored with the pool, for plan_options.
uint64_t plan_number_next(const struct plan *plan);

// ---- Deciding.

// Brings the plan to the state that the rules want, with the fewest moves. At most `moves_max`
// units move for the sake of balance (rule 4), PLAN_UNLIMITED for all, 0 for none ("frozen": only
// what has lost its owner or has none is placed, and nothing makes room for it); what the hard
// rules force is never held back. Returns whether nothing was held back. O(units placed and moved);
// packed where collectors have capacities of their own, besides O(collectors log collectors). A
// group that becomes mixed or even (the first pin, the last one) is sorted anew once: O(units).
bool plan_settle(struct plan *plan, uint64_t moves_max);

// What may move for the sake of balance.
enum plan_pace {
    PLAN_PACE_POLICY, // as much as the policy's move_budget and stabilization allow
    PLAN_PACE_CALM,   // nothing; for one that is pending room is made all the same
    PLAN_PACE_FROZEN, // nothing, and no room is made
    PLAN_PACE_FORCED, // everything at once, uncharged
};

// The same as time goes by: `now_ms` is any clock that does not go back. Settles with what may move
// now, keeps the account of it, and notes how many collectors are needed. O(collectors) besides.
bool plan_settle_paced(struct plan *plan, enum plan_pace pace, int64_t now_ms);

// The same at PLAN_PACE_POLICY.
bool plan_settle_at(struct plan *plan, int64_t now_ms);

// When it is to be settled again, on the same clock, because the policy's move_budget or
// stabilization held something back, or up to then more collectors are wanted than are needed;
// INT64_MAX = not before the next event.
int64_t plan_deadline_ms(const struct plan *plan);

// Why a unit got another owner: which rule decided.
enum plan_why {
    PLAN_WHY_NONE,      // it did not
    PLAN_WHY_PLACED,    // it had no owner (rule 2)
    PLAN_WHY_LEFT,      // its owner left (rule 1)
    PLAN_WHY_DRAINED,   // its owner drains (rule 1)
    PLAN_WHY_OVER_CAP,  // its owner has more than it may (rule 1)
    PLAN_WHY_GROUP,     // its owner serves another group (rule 1)
    PLAN_WHY_SPREAD,    // its owner's host has more of the group than spread_max (rule 1)
    PLAN_WHY_PINNED,    // it is pinned to another collector (rule 1)
    PLAN_WHY_MADE_ROOM, // another one fits only where it was (rule 2)
    PLAN_WHY_AFFINITY,  // a collector of its own zone has room (rule 4)
    PLAN_WHY_BALANCE,   // its owner had more than its share, or could be emptied (rule 4)
    PLAN_WHY_COUNT,
};

struct plan_change {
    uint32_t unit;
    uint32_t from;     // desired owner when the caller was last told, PLAN_NOBODY = none
    uint32_t to;       // desired owner now, PLAN_NOBODY = pending
    enum plan_why why; // what took it from `from`, or for a unit without an owner what placed it
};

// Hands out up to `capacity` units whose desired owner is another than when last told: each once,
// its net effect, in the order of decision. Returns their number, 0 when there are no more.
uint32_t plan_changes_take(struct plan *plan, struct plan_change *changes, uint32_t capacity);

// "its owner left (rule 1)". Static memory.
const char *plan_why_text(enum plan_why why);

// ---- Seeing.

// Why a unit has no owner.
enum plan_reason {
    PLAN_REASON_NONE,         // it has one
    PLAN_REASON_NOT_SETTLED,  // it waits for the next settle
    PLAN_REASON_NO_COLLECTOR, // no collector is in the pool
    PLAN_REASON_ALL_DRAINING, // every collector of its group drains or is held (rule 1)
    PLAN_REASON_NO_GROUP,     // no collector serves its group (rule 1)
    PLAN_REASON_NO_LABEL,     // it has no value of group_by, nor has a collector none (rule 1)
    PLAN_REASON_CAP,          // every collector has max_topics_per_collector (rule 1)
    PLAN_REASON_CAPACITY,     // every collector is full, by its own capacity at least one (rule 1)
    PLAN_REASON_TOO_HEAVY,    // no collector may have so much (rule 1)
    PLAN_REASON_SPREAD,       // every host has spread_max units of the group (rule 1)
    PLAN_REASON_PIN_AWAY,     // the collector it is pinned to is not in or serves another group
    PLAN_REASON_PIN_DRAINING, // the collector it is pinned to drains or is held
    PLAN_REASON_PIN_HOST,     // the host of the collector it is pinned to is full, by spread_max
    PLAN_REASON_PIN_FULL,     // the collector it is pinned to can take no more
    PLAN_REASON_COUNT,
};

enum plan_reason plan_unit_reason(const struct plan *plan, uint32_t unit);

// In words, with what would help: "every collector has max_topics_per_collector topics (rule 1);
// add a collector or raise it". Static memory.
const char *plan_reason_text(enum plan_reason reason);

// What stands between a unit and a collector, as things are: the alternatives that a placement
// beat, computed when asked. The first that applies; the later, the closer it was.
enum plan_verdict {
    PLAN_VERDICT_OWNS,     // it is the owner
    PLAN_VERDICT_GROUP,    // serves another group (rule 1)
    PLAN_VERDICT_PINNED,   // the unit is pinned to another one (rule 1)
    PLAN_VERDICT_DRAINING, // drains (rule 1)
    PLAN_VERDICT_HELD,     // died, its units wait for it (rule 1)
    PLAN_VERDICT_CAP,      // has as many units as it may (rule 1)
    PLAN_VERDICT_WEIGHT,   // has no room for the weight (rule 1)
    PLAN_VERDICT_SPREAD,   // its host has spread_max units of the group (rule 1)
    PLAN_VERDICT_AFFINITY, // is of another zone than the owner, which is of the unit's (rule 4)
    PLAN_VERDICT_UNUSED,   // packed: is empty (rule 4)
    PLAN_VERDICT_EMPTIER,  // packed: has less than the owner has without the unit (rule 4)
    PLAN_VERDICT_BUSIER,   // even: has more than the owner has without the unit (rule 4)
    PLAN_VERDICT_LATER,    // has as much as that, and is later by zone and id (rule 5)
    PLAN_VERDICT_STICKY,   // would do no worse; a move is saved (rule 3)
    PLAN_VERDICT_FREE,     // could take it; the unit has no owner
    PLAN_VERDICT_COUNT,
};

// O(1).
enum plan_verdict plan_unit_verdict(const struct plan *plan, uint32_t unit, uint32_t collector);

// "its host has spread_max topics of the group (rule 1)". Static memory.
const char *plan_verdict_text(enum plan_verdict verdict);

struct plan_counts {
    uint32_t units;
    uint32_t assigned;
    uint32_t pending;
    uint32_t collectors; // that are in, draining ones too
    uint32_t draining;
    uint32_t groups;    // that have units or collectors
    int64_t burden_min; // among those that do not drain, 0 with none; see plan_collector_burden
    int64_t burden_max;
    int64_t burden_sum; // of all units with an owner
    uint64_t room;      // units that could still be taken by number; UINT64_MAX = no limit
    uint32_t gap;       // of those pending, no plan could give more than so many an owner; 0 in
                        // even groups, where none could
};

// As the last settle left it, so right only until the next event. O(collectors).
void plan_counts_get(const struct plan *plan, struct plan_counts *ret_counts);

// The fewest moves with which the next settle can reach what the rules want, worked out without
// settling; so many it makes if nothing is held back. A move is what the caller will be told as
// one: an owner, and then another one. Exact, or UINT64_MAX where it is not known: in mixed groups;
// packed, where collectors may have different numbers of units; after a policy that puts other
// labels to use; and unless the caller has taken the changes of the last settle, and none since.
// O(collectors + units that lost their owner).
uint64_t plan_moves_minimum(const struct plan *plan);

// How many collectors the pool should have. A group of group_by without a bound needs those that it
// has, or one if it has units.
struct plan_wanted {
    uint32_t count;   // clamp(the most needed within the stabilization, min, max), PLAN_NOBODY =
                      // nothing bounds a collector and no collectors_min is set; of a group as
                      // many as it needed, without min and max
    uint32_t actual;  // that are in and do not drain
    char reason[160]; // "12 topics / 5 per collector = 3"
};

// `group` = UINT32_MAX for the whole pool, or an index below counts.groups. As of the last settle
// with a time. O(collectors).
void plan_wanted_get(const struct plan *plan, uint32_t group, struct plan_wanted *ret_wanted);

// Who should go where more are in than wanted.
struct plan_victim {
    uint32_t collector;  // whose leaving moves least, and whose units the rest can certainly take;
                         // PLAN_NOBODY = none
    const char *refusal; // why none of too many may leave, NULL = one may, or none are too many;
                         // static memory
};

// As the last settle left it; `group` as above. O(collectors + units of those that are looked at).
void plan_victim_get(const struct plan *plan, uint32_t group, struct plan_victim *ret_victim);

// The value of group_by that a group serves, by value; empty without group_by. Borrowed.
struct text plan_group_name(const struct plan *plan, uint32_t group);

// Verifies every invariant against the state from scratch, ends the process if one is broken.
// O(units + collectors); for tests and the simulator.
void plan_check(const struct plan *plan);

#endif
