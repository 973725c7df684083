// SPDX-License-Identifier: Apache-2.0
//
// What the files of this room share; nobody outside includes it.
//
// A plan's collectors and units fall into groups, one for each value of the label `group_by` (one
// in all without it); groups share nothing. A group is either *even*, where every unit counts one
// and every collector may take any of them (settle.c and pack.c, exactly the fewest moves), or
// *mixed*, where units weigh, prefer zones, spread over hosts or are pinned (mixed.c and its
// neighbours, a bounded number of moves).
//
// A unit is absent, waiting (in its group's queue), an orphan (it lost its owner since the group
// was settled) or owned (on its collector's shelf).
#ifndef MUSTER_PLAN_STATE_H
#define MUSTER_PLAN_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/index.h"
#include "plan/bitset.h"
#include "plan/ladder.h"
#include "plan/plan.h"
#include "plan/race.h"
#include "plan/tree.h"
#include "plan/wanted.h"

#define UNIT_NONE UINT32_MAX
#define OWNER_ABSENT (PLAN_NOBODY - 1)  // the unit is in no plan
#define OWNER_ORPHAN (PLAN_NOBODY - 2)  // it has none since the last settle
#define COLLECTOR_MAX (PLAN_NOBODY - 3) // handles are below this
#define CAP_NONE UINT32_MAX             // instead of a cap: as many units as there are
#define NAME_NONE UINT32_MAX            // instead of a zone, host or group

// 24 bytes: there may be ten million of them.
struct unit {
    uint64_t number; // of the placement, or of the place in the queue
    uint32_t older;  // the neighbours in its list; undefined at the list's ends
    uint32_t newer;
    uint32_t owner;  // collector, PLAN_NOBODY = waiting, OWNER_ORPHAN, OWNER_ABSENT
    uint32_t change; // 1 + its index in the plan's changes, 0 = the caller knows the owner
};

struct plan_units {
    struct unit *units; // owned
    uint32_t capacity;
    uint32_t count;   // units below this are initialised
    int64_t *weights; // owned, by unit; above the count, and as long as it is 0, each weighs 1
    uint32_t weights_count;
    uint32_t weights_capacity;
    uint32_t *kinds; // owned, by unit; KIND_PLAIN, and so are those above the count
    uint32_t kinds_count;
    uint32_t kinds_capacity;
    int64_t *loads; // owned, by unit; measured, LOAD_UNKNOWN; so are those above the count
    uint32_t loads_count;
    uint32_t loads_capacity;
};

#define LOAD_UNKNOWN (-1)
#define KIND_PLAIN UINT32_MAX // the one that the plan keeps for units without labels

// Units in the order of their numbers, or orphans in that in which they lost their owner.
struct list {
    uint32_t oldest; // UNIT_NONE when empty
    uint32_t newest;
    uint32_t count;
};

#define LIST_EMPTY ((struct list){UNIT_NONE, UNIT_NONE, 0})

// Units of one collector, or waiting ones. In a mixed group they lie in lists by size, the power of
// two that is not above; those of a collector besides by how they are bound to it.
enum { SIZE_COUNT = 40 };
enum bond {
    BOND_FREE,   // has no zone
    BOND_AWAY,   // is of another zone than the collector
    BOND_HOME,   // is of its zone
    BOND_PINNED, // may be nowhere else
    BOND_COUNT,
};

struct shelf {
    struct list list;   // all of them in an even group; in a mixed one those that wait and were not
                        // tried yet
    struct list *sizes; // owned: SIZE_COUNT lists, of a collector BOND_COUNT times as many; NULL
                        // in an even group
};

struct collector {
    struct shelf units;
    uint32_t count; // of its units
    uint32_t level; // in the ladder that is_full names, LADDER_NONE = in neither
    uint32_t cap;   // most units it may have; 0 while it drains or has left
    uint32_t units_max;
    int64_t weight; // of its units
    int64_t load;   // of its units, only in a mixed group; what `balance` evens out
    int64_t weight_max;
    uint32_t group;     // NAME_NONE once it was taken out of it
    uint32_t zone;      // name, NAME_NONE
    uint32_t host;      // of the group's hosts, NAME_NONE
    uint32_t host_next; // next collector of the host, PLAN_NOBODY
    bool is_draining;
    bool is_held;
    bool has_left;      // since the last settle
    bool is_full;       // its ladder is `full`, not `roomy`
    bool gives_no_more; // while balancing: nothing of it can go anywhere
    bool takes_no_more;
    bool is_passed_over; // gives_no_more, but only to the present recipient
    char *id;            // owned; NULL = the handle is free
    size_t id_size;
};

// Units of a host in a group, for spread_by.
struct host {
    uint32_t name;      // NAME_NONE = free
    uint32_t count;     // units on its collectors
    uint32_t collector; // first, linked by host_next, PLAN_NOBODY
    bool is_seen;       // while balancing
};

// Collectors of a zone stand side by side in the group's order.
struct zone {
    uint32_t name;
    uint32_t first; // rank
    uint32_t end;
};

struct group {
    uint32_t name;
    uint32_t kinds;      // that name it
    uint32_t unit_count; // also pending ones
    uint32_t pins;       // units that are pinned
    uint32_t away;       // units on collectors of another zone than their own
    uint32_t heavy;      // units that do not weigh one
    bool is_light;       // none did at the last settle: a capacity by weight is one by number
    bool is_mixed;
    bool is_settled;         // nothing has changed since
    bool is_order_stale;     // the tree and the zones are to be made anew
    bool has_room_gained;    // since pending units were last tried
    bool is_home_stale;      // since units were last looked for that could go back to their zone
    bool owes_room;          // frozen, nothing was moved for one that is pending
    uint64_t tried;          // mixed: those that wait were tried if their number is lower
    struct shelf waiting;    // pending units
    uint32_t waiting_count;  // of them
    struct list orphans;     // units without an owner since the last settle
    uint32_t orphan_count;   // of them
    int64_t pending_weight;  // of both
    uint32_t *order;         // owned: handles of its collectors, by zone and id
    uint32_t order_capacity; // of `order`
    uint32_t order_count;
    uint32_t left_count;     // in `order` with has_left
    uint32_t draining_count; // in, and draining or held
    uint32_t capacity_count; // in, with a capacity of units below the policy's cap
    uint32_t weighed_count;  // in, with a capacity by weight
    struct ladder roomy;     // even: those below their cap
    struct ladder full;      // even: those at their cap
    struct bitset forced;    // ranks of those with more than their cap
    struct tree tree;        // mixed: collectors by load and room
    struct race race;        // mixed: memory for placing many units
    struct zone *zones;      // owned, by rank; mixed, under affinity
    uint32_t zones_count;
    uint32_t zones_capacity;
    struct host *hosts; // owned; under spread_by
    uint32_t hosts_count;
    uint32_t hosts_capacity;
    struct needs needs;
};

// What units share that are alike to the rules.
struct kind {
    uint32_t references; // units that name it, and the plan for the one it keeps; 0 = free
    uint32_t group;      // of plan->groups
    uint32_t zone;       // name, NAME_NONE
    uint32_t pin;        // name: id of a collector, NAME_NONE
    uint32_t said;       // name: value of group_by, where it is up to the collectors whether that
                         // is a group or belongs to `other`; NAME_NONE = it is not
};

enum { KINDS_RECENT = 32 };

// A value of a label, or an id, kept while something refers to it.
struct name {
    char *text; // owned; NULL = free
    size_t size;
    uint32_t references;
};

// A unit that had an owner when the caller was last told, and may have another one now.
struct moved {
    uint32_t unit; // UNIT_NONE = removed since
    uint32_t told;
    enum plan_why why;
};

#define CHANGE_MOVED (UINT32_C(1) << 31) // the rest of the entry is a row of `moved`

struct plan {
    struct plan_units *units;
    struct plan_policy policy;
    uint64_t number_next;
    uint32_t unit_count;

    struct collector *collectors; // owned, by handle
    uint32_t *ranks;              // owned, by handle: place in its group's order
    uint32_t *order;              // owned: handles of those that are in or have just left, by id
    uint32_t collector_capacity;  // of `collectors`
    uint32_t rank_capacity;       // of `ranks`
    uint32_t order_capacity;      // of `order`
    uint32_t collector_used;      // handles ever given out
    uint32_t order_count;

    struct name *names; // owned
    uint32_t names_count;
    uint32_t names_capacity;
    uint32_t names_free; // rows below are in use
    struct index names_index;
    struct kind *kinds; // owned
    uint32_t kinds_count;
    uint32_t kinds_capacity;
    uint32_t kinds_free; // rows below are in use
    uint32_t kind_plain; // of units without labels while none is looked at, NAME_NONE
    struct index kinds_index;
    uint32_t kinds_recent[KINDS_RECENT]; // that were asked for last, by a mark of what they are
    struct group **groups;               // owned, by handle; NULL = free
    uint32_t groups_count;
    uint32_t groups_capacity;
    uint32_t *group_order; // owned: handles by name
    uint32_t group_order_capacity;
    uint32_t group_order_count;

    uint32_t *changes; // owned: units that had no owner (UNIT_NONE = removed since), CHANGE_MOVED
    uint32_t change_capacity;
    uint32_t change_first; // taken up to here
    uint32_t change_count; // end
    struct moved *moved;   // owned, in the order of the changes that name them
    uint32_t moved_capacity;
    uint32_t moved_first; // taken up to here
    uint32_t moved_count; // end
    uint32_t *free;       // owned: handles to use again
    uint32_t free_capacity;
    uint32_t free_count;
    uint32_t *retired; // owned: handles of those that left, until the changes were taken
    uint32_t retired_capacity;
    uint32_t retired_count;

    uint32_t *restored; // owned: units that are on no shelf yet
    uint32_t restored_capacity;
    uint32_t restored_count;
    bool is_regrouping;    // between regroup_begin and regroup_end
    bool are_groups_stale; // collectors came or went since groups_follow

    uint64_t moves_made;    // for the sake of balance, in the last settle
    int64_t budget_ms;      // plan_settle_at: what may move; a move costs a minute, and every
                            // millisecond brings as many as move_budget
    int64_t budget_at_ms;   // when that was brought up to date
    int64_t balanced_at_ms; // when something moved last for the sake of balance
    int64_t deadline_ms;    // of what was held back
    int64_t now_ms;         // of the last plan_settle_at
    struct needs needs;     // of the pool
    bool is_frozen;         // in this settle only what has no owner is placed
    bool is_recalled;       // restored, and not settled at any time since
    bool has_needs;         // those of the pool and its groups hold
    bool has_budget;        // budget_ms holds
    bool has_balanced;      // balanced_at_ms holds
};

static inline struct unit *unit_at(const struct plan *plan, uint32_t unit)
{
    return &plan->units->units[unit];
}

static inline uint32_t unit_kind_get(const struct plan *plan, uint32_t unit)
{
    return unit < plan->units->kinds_count ? plan->units->kinds[unit] : (uint32_t)KIND_PLAIN;
}

static inline struct kind *kind_at(const struct plan *plan, uint32_t kind)
{
    return &plan->kinds[kind == KIND_PLAIN ? plan->kind_plain : kind];
}

static inline const struct kind *unit_kind(const struct plan *plan, uint32_t unit)
{
    return kind_at(plan, unit_kind_get(plan, unit));
}

// Units that are fetched before they are dealt with: a large table lies beyond the nearest caches,
// and this many take about as long as memory needs to answer.
enum { AHEAD = 48 };

// Fetches a unit, if there is one. Always inline: gcc takes away a call that has no effects.
__attribute__((always_inline)) static inline void unit_prefetch(const struct plan *plan,
                                                                uint32_t unit)
{
    if (unit >= plan->units->count)
        return;
    __builtin_prefetch(&plan->units->units[unit].number, 1);
    __builtin_prefetch(&plan->units->units[unit].change, 1); // now and then in the next cache line
    if (unit < plan->units->weights_count)
        __builtin_prefetch(&plan->units->weights[unit]);
}

// Fetches the unit that is so far ahead in a list, from the oldest on, if the units of the list
// stand at even distances: so do those that came one after the other, with or without those of
// other groups in between, and those that were dealt in rounds. The list itself tells it too late.
__attribute__((always_inline)) static inline void unit_ahead_prefetch(const struct plan *plan,
                                                                      uint32_t unit)
{
    unit_prefetch(plan, unit + AHEAD * (unit_at(plan, unit)->newer - unit));
}

static inline struct group *group_of(const struct plan *plan, uint32_t unit)
{
    return plan->groups[unit_kind(plan, unit)->group];
}

// As announced.
static inline int64_t unit_weight(const struct plan *plan, uint32_t unit)
{
    return unit < plan->units->weights_count ? plan->units->weights[unit] : 1;
}

// What the collector could still take by weight; −1 = nothing at all.
static inline int64_t collector_room(const struct plan *plan, const struct collector *it)
{
    uint32_t spread_max = it->host == NAME_NONE ? 0 : plan->policy.spread_max;
    if (it->is_held || it->count >= it->cap ||
        (spread_max && plan->groups[it->group]->hosts[it->host].count >= spread_max))
        return -1;
    if (it->weight_max == 0)
        return INT64_MAX;
    return it->weight < it->weight_max ? it->weight_max - it->weight : -1;
}

// What `balance` counts a unit as.
static inline int64_t unit_load(const struct plan *plan, uint32_t unit)
{
    if (plan->policy.balance == PLAN_BALANCE_COUNT)
        return 1;
    if (plan->policy.balance == PLAN_BALANCE_LOAD && unit < plan->units->loads_count &&
        plan->units->loads[unit] != LOAD_UNKNOWN)
        return plan->units->loads[unit];
    return unit_weight(plan, unit);
}

static inline uint32_t size_of(int64_t load)
{
    return load < 2 ? 0 : 63 - (uint32_t)__builtin_clzll((uint64_t)load);
}

// By what a unit lies on a mixed shelf. Under balance = count all loads are alike, and weights are
// what may not fit.
static inline uint32_t unit_size(const struct plan *plan, uint32_t unit)
{
    return size_of(plan->policy.balance == PLAN_BALANCE_COUNT ? unit_weight(plan, unit)
                                                              : unit_load(plan, unit));
}

// ---- units.c

// The unit must be in the list; O(1).
void list_remove(struct plan *plan, struct list *list, uint32_t unit);

// Takes a unit from its collector and makes it an orphan of its group. The collector must be filed
// anew when all are taken.
void unit_evict(struct plan *plan, uint32_t unit, enum plan_why why);

// Gives a unit that is on no shelf to a collector, as the newest there. The collector must be filed
// anew.
void unit_place(struct plan *plan, uint32_t unit, uint32_t collector, enum plan_why why);

// Counts a unit among the heavy ones of its group if it is one, or takes it away again.
void heavy_count(struct plan *plan, uint32_t unit, bool is_added);

// Makes it a unit of no plan again.
void unit_clear(struct plan_units *units, uint32_t unit);

// Writes a unit's kind; both references are the caller's business.
void unit_kind_set(struct plan_units *units, uint32_t unit, uint32_t kind);

// Puts a unit that is on no shelf at the end of its group's queue.
void unit_wait(struct plan *plan, uint32_t unit);

// Puts a unit that is on no shelf where its owner says; its number is the greatest there.
void unit_append(struct plan *plan, uint32_t unit);

// Writes who has a unit that is on no shelf, and whose options or whose owner's may have changed:
// its owner or, of an orphan, the one that it had, if that one may still have it; else it is an
// orphan. unit_return puts it there, too.
void unit_own(struct plan *plan, uint32_t unit);
void unit_return(struct plan *plan, uint32_t unit);

// Why a collector, maybe none, may not have a unit, as far as group and pin go; PLAN_WHY_NONE = it
// may.
enum plan_why unit_fault(const struct plan *plan, uint32_t unit, uint32_t collector);

// Takes a unit from whichever shelf it is on and keeps the sums right; its owner stays written.
void unit_lift(struct plan *plan, uint32_t unit);

// Puts a unit on the shelf that its owner says, in the order of numbers, and keeps the sums right.
// O(units of its list with a greater number).
void unit_shelve(struct plan *plan, uint32_t unit);

// ---- shelf.c

void shelf_init(struct shelf *shelf, uint32_t lists);
void shelf_finish(struct shelf *shelf);

// The list that a unit lies in, by its owner.
struct list *unit_list(const struct plan *plan, uint32_t unit);

// The newest unit of all lists of a shelf; UNIT_NONE when empty.
uint32_t shelf_newest(const struct plan *plan, const struct shelf *shelf, uint32_t lists);

// ---- group.c

// Handle of the group, made if need be; `name` is a reference that the call takes over.
uint32_t group_get(struct plan *plan, uint32_t name);
void group_release(struct plan *plan, uint32_t group); // if nothing is in it

// A reference to the name; NAME_NONE for an empty text.
uint32_t name_take(struct plan *plan, struct text text);
void name_release(struct plan *plan, uint32_t name);
struct text name_text(const struct plan *plan, uint32_t name);

// What kind_take does but for a plain unit that is not the first one.
uint32_t kind_look_up(struct plan *plan, const struct policy_unit *said);
void kind_release(struct plan *plan, uint32_t kind);

// Where a value of group_by is a group only while a collector serves it: units to that group or to
// `other`, as collectors came and went. O(kinds), and O(units) if one changes.
void groups_follow(struct plan *plan);

// Whether that would put any unit into another group.
bool groups_will_change(const struct plan *plan);

// Frees all groups, kinds and names; no unit or collector may be in one.
void groups_finish(struct plan *plan);

// Lets go of the kind that the plan itself keeps, if no unit can be of it under the policy.
void kind_plain_release(struct plan *plan);

// Whether the group has to be mixed.
bool group_wants_mixed(const struct plan *plan, const struct group *group);

// ---- restore.c

// Takes all units from their shelves to plan->restored; with `labels_too` all collectors and units
// are as if they had no label. O(units).
void regroup_begin(struct plan *plan, bool labels_too);

// Puts them back where owner and group agree; the others are orphans. Nothing unless one has begun.
// O(units).
void regroup_end(struct plan *plan);

// ---- settle.c, pack.c: even groups

bool even_settle(struct plan *plan, struct group *group, uint64_t *moves_left);

// Rule 1: lets `evict` take from each collector with more than it may have what is too much, and
// takes those who have left out of the group.
void forced_evict(struct plan *plan, struct group *group,
                  void (*evict)(struct plan *plan, uint32_t collector));

// Takes the oldest pending unit, of the orphans or of the queue, from its list.
uint32_t pending_take(struct plan *plan, struct group *group, bool is_orphans);

// What settle.c does in its steps place and balance, for `mode = pack`.
void pack_place(struct plan *plan, struct group *group, bool is_orphans);
bool pack_settle(struct plan *plan, struct group *group, uint64_t *moves_left);

// ---- mixed.c, place.c, room.c, balance.c: mixed groups

bool mixed_settle(struct plan *plan, struct group *group, uint64_t *moves_left);

// Zones, hosts and the tree of a group whose collectors or policy have changed. O(collectors).
void mixed_order(struct plan *plan, struct group *group);

// What it could take of what is with `from`, maybe nobody: as collector_room, but units of its own
// host do not count against spread_max. And whether it can take a unit (rule 1).
int64_t mixed_room(const struct plan *plan, const struct collector *it, uint32_t from);
bool mixed_fits(const struct plan *plan, uint32_t unit, const struct collector *it);

// The collector for a unit without an owner, or instead of `except`: of its zone before others,
// with the least load (packed: the most), first by rank. PLAN_NOBODY = none fits.
uint32_t mixed_choose(const struct plan *plan, const struct group *group, uint32_t unit,
                      uint32_t except);

// Moves a unit and files both collectors.
void mixed_move(struct plan *plan, uint32_t unit, uint32_t collector, enum plan_why why);

// Writes what the tree knows of a collector anew, and of its host's others if `with_host`.
void mixed_file(struct plan *plan, uint32_t collector, bool with_host);

// The same for all of the group. O(collectors).
void mixed_file_all(struct plan *plan, struct group *group);

// The zone's place in the group, or NULL.
struct zone *zone_find(const struct group *group, uint32_t name);

void mixed_place(struct plan *plan, struct group *group);                       // rule 2
bool room_make(struct plan *plan, struct group *group);                         // rule 2
bool home_settle(struct plan *plan, struct group *group, uint64_t *moves_left); // affinity
bool balance_settle(struct plan *plan, struct group *group, uint64_t *moves_left);
bool empty_settle(struct plan *plan, struct group *group, uint64_t *moves_left); // packed

// ---- collectors.c

// Puts a collector where its load and cap say: into a ladder or the tree, or among the forced ones.
void collector_file(struct plan *plan, uint32_t collector);

// Takes one that has left and has no units out of the order.
void collector_remove(struct plan *plan, uint32_t collector);

// Takes one without units out of its group; puts it into that of its labels.
void collector_leave_group(struct plan *plan, uint32_t collector);
void collector_enter_group(struct plan *plan, uint32_t collector, const struct policy_place *place);

// Its cap by options and policy; counts and files it.
void collector_admit(struct plan *plan, uint32_t collector);

// Adds a collector's share to its group's sums, or takes it away again.
void collector_tally(struct plan *plan, const struct collector *it, bool is_added);

// ---- changes.c

// Notes that a unit is about to lose the owner it has.
void change_note(struct plan *plan, uint32_t unit, enum plan_why why);

// An entry of the changes: a unit, who had it when the caller was last told, and why not any more.
struct moved change_at(const struct plan *plan, uint32_t index);

// Who had a unit when the caller was last told, if a change is noted; else PLAN_NOBODY.
uint32_t change_told(const struct plan *plan, uint32_t unit);

// Forgets a unit's change, if there is one.
void change_forget(struct plan *plan, uint32_t unit);

// Makes room for noting so many units more at once.
void changes_reserve(struct plan *plan, uint32_t count);

// Lets go of the handles of those that left, if no change can name them any more.
void change_retire(struct plan *plan);

// ---- What runs once for each unit of a storm or of a large settle.

// Where no label is looked at, all units are of one kind, which the plan itself keeps.
static inline bool said_is_plain(const struct plan *plan, const struct policy_unit *said)
{
    return !plan->policy.group_by && !plan->policy.affinity && !said->labels_count &&
           !said->agent_labels_count;
}

// A reference to the kind of a unit under the policy, maybe KIND_PLAIN.
static inline uint32_t kind_take(struct plan *plan, const struct policy_unit *said)
{
    if (plan->kind_plain == NAME_NONE || !said_is_plain(plan, said))
        return kind_look_up(plan, said);
    plan->groups[plan->kinds[plan->kind_plain].group]->unit_count++;
    return KIND_PLAIN;
}

// The unit has the greatest number in the list.
static inline void list_append(struct plan *plan, struct list *list, uint32_t unit)
{
    unit_at(plan, unit)->older = list->newest;
    if (list->count++)
        unit_at(plan, list->newest)->newer = unit;
    else
        list->oldest = unit;
    list->newest = unit;
}

// The list is not empty.
static inline uint32_t list_take_oldest(struct plan *plan, struct list *list)
{
    uint32_t unit = list->oldest;
    if (--list->count)
        list->oldest = unit_at(plan, unit)->newer;
    else
        *list = LIST_EMPTY;
    return unit;
}

// What unit_place does for a pending unit of an even group.
static inline void even_place(struct plan *plan, uint32_t unit, uint32_t collector)
{
    struct unit *it = unit_at(plan, unit);
    struct collector *owner = &plan->collectors[collector];
    change_note(plan, unit, PLAN_WHY_PLACED);
    it->owner = collector;
    it->number = plan->number_next++;
    list_append(plan, &owner->units.list, unit);
    owner->count++;
    owner->weight += unit_weight(plan, unit);
}

#endif
