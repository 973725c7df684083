// SPDX-License-Identifier: Apache-2.0
//
// Rule 4 in a mixed group: units back to their zone, and loads made even within the zones and among
// all. The rules of choice and their bound are at the head of mixed.c.
//
// One that has most and can give nothing away that helps anyone is set aside, and so is one that
// has least and can take nothing; the share is that of the others. So one huge unit does not hide
// that the rest is uneven.
//
// Nobody of a host that has spread_max units can take one from elsewhere, but its collectors can
// change units among themselves: each such host is made even by itself, too.
#include "base/ensure.h"
#include "plan/state.h"

enum { LOOKED_AT_MAX = 8 }; // units of a list among which one that suits is looked for

// The collectors to be made even, and what of theirs may move.
struct field {
    struct tree_range range;
    uint32_t host; // only collectors of this full host, NAME_NONE = of any
    uint32_t first_bond, last_bond;
    int64_t sum;    // load of those that are not set aside
    uint32_t count; // their number
    bool is_any_aside;
    bool is_any_passed_over;
    bool is_held_back; // a move would have helped, and none was left
};

static struct collector *collector_at(const struct plan *plan, const struct group *group,
                                      uint32_t rank)
{
    return &plan->collectors[group->order[rank]];
}

// The ranks of a field, in no order that matters; TREE_NONE before the first and behind the last.
static uint32_t field_next(const struct plan *plan, const struct group *group,
                           const struct field *field, uint32_t rank)
{
    const struct tree_range *range = &field->range;
    if (field->host == NAME_NONE) {
        rank = rank == TREE_NONE ? range->first : rank + 1;
        return rank < range->end ? rank : TREE_NONE;
    }
    uint32_t mate = rank == TREE_NONE ? group->hosts[field->host].collector
                                      : collector_at(plan, group, rank)->host_next;
    while (mate != PLAN_NOBODY &&
           (plan->ranks[mate] < range->first || plan->ranks[mate] >= range->end))
        mate = plan->collectors[mate].host_next;
    return mate == PLAN_NOBODY ? TREE_NONE : plan->ranks[mate];
}

// Whoever has most and can give, the last by rank; TREE_NONE = nobody.
static uint32_t field_giver(const struct plan *plan, const struct group *group,
                            const struct field *field)
{
    uint32_t found = TREE_NONE;
    if (field->host == NAME_NONE)
        return tree_giver(&group->tree, field->range);
    for (uint32_t rank = field_next(plan, group, field, TREE_NONE); rank != TREE_NONE;
         rank = field_next(plan, group, field, rank)) {
        const struct collector *it = collector_at(plan, group, rank);
        int64_t most = found == TREE_NONE ? -1 : collector_at(plan, group, found)->load;
        if (it->count > 0 && !it->is_held && !it->gives_no_more &&
            (it->load > most || (it->load == most && rank > found)))
            found = rank;
    }
    return found;
}

// Whoever has least and can take, the first by rank; TREE_NONE = nobody.
static uint32_t field_taker(const struct plan *plan, const struct group *group,
                            const struct field *field)
{
    uint32_t found = TREE_NONE;
    if (field->host == NAME_NONE)
        return tree_least(&group->tree, field->range, 0);
    for (uint32_t rank = field_next(plan, group, field, TREE_NONE); rank != TREE_NONE;
         rank = field_next(plan, group, field, rank)) {
        const struct collector *it = collector_at(plan, group, rank);
        int64_t least = found == TREE_NONE ? INT64_MAX : collector_at(plan, group, found)->load;
        if (!it->takes_no_more && mixed_room(plan, it, group->order[rank]) >= 0 &&
            (it->load < least || (it->load == least && rank < found)))
            found = rank;
    }
    return found;
}

// Forgets who is set aside, and adds up.
static void field_begin(struct plan *plan, struct group *group, struct field *field)
{
    field->sum = 0;
    field->count = 0;
    field->is_any_aside = false;
    for (uint32_t rank = field_next(plan, group, field, TREE_NONE); rank != TREE_NONE;
         rank = field_next(plan, group, field, rank)) {
        struct collector *it = collector_at(plan, group, rank);
        if (it->is_held || it->cap == 0)
            continue;
        field->sum += it->load;
        field->count++;
    }
}

static void set_aside(struct plan *plan, struct group *group, struct field *field, uint32_t rank,
                      bool gives)
{
    struct collector *it = collector_at(plan, group, rank);
    bool is_new = !it->gives_no_more && !it->takes_no_more;
    *(gives ? &it->gives_no_more : &it->takes_no_more) = true;
    field->is_any_aside = true;
    if (is_new && field->count > 1) {
        field->sum -= it->load;
        field->count--;
    }
    mixed_file(plan, group->order[rank], false);
}

// Passes over a donor for the present recipient only.
static void pass_over(struct plan *plan, struct group *group, struct field *field, uint32_t rank)
{
    struct collector *it = collector_at(plan, group, rank);
    it->gives_no_more = it->is_passed_over = true;
    field->is_any_passed_over = true;
    mixed_file(plan, group->order[rank], false);
}

static void pass_over_end(struct plan *plan, struct group *group, struct field *field)
{
    if (!field->is_any_passed_over)
        return;
    for (uint32_t rank = field_next(plan, group, field, TREE_NONE); rank != TREE_NONE;
         rank = field_next(plan, group, field, rank)) {
        struct collector *it = collector_at(plan, group, rank);
        if (!it->is_passed_over)
            continue;
        it->gives_no_more = it->is_passed_over = false;
        mixed_file(plan, group->order[rank], false);
    }
    field->is_any_passed_over = false;
}

static void field_end(struct plan *plan, struct group *group, const struct field *field)
{
    if (!field->is_any_aside)
        return;
    for (uint32_t rank = field_next(plan, group, field, TREE_NONE); rank != TREE_NONE;
         rank = field_next(plan, group, field, rank)) {
        struct collector *it = collector_at(plan, group, rank);
        if (!it->gives_no_more && !it->takes_no_more)
            continue;
        it->gives_no_more = it->takes_no_more = false;
        mixed_file(plan, group->order[rank], false);
    }
}

// A pair, and what may go from the one to the other.
struct pair {
    uint32_t donor, recipient; // ranks
    int64_t gap;               // of their loads
    int64_t wanted;            // load that would suit both
    int64_t room;              // of the recipient, by weight
};

// What is better: the largest of at most `wanted`; without one, the smallest above it.
static bool is_better(int64_t load, int64_t best, int64_t wanted)
{
    return best < 0 ||
           (load <= wanted ? best > wanted || load > best : best > wanted && load < best);
}

// Looks at the `limit` newest units of a list for the best one, among equals the newest.
static void list_look(const struct plan *plan, const struct list *list, const struct pair *pair,
                      uint32_t limit, uint32_t *found, int64_t *best)
{
    uint32_t unit = list->newest;
    bool is_count = plan->policy.balance == PLAN_BALANCE_COUNT;
    for (uint32_t n = 0; n < list->count && n < limit; n++) {
        int64_t load = unit_load(plan, unit);
        if (load < pair->gap && unit_weight(plan, unit) <= pair->room &&
            is_better(load, *best, pair->wanted)) {
            *found = unit;
            *best = load;
            if (load == pair->wanted || is_count)
                return;
        }
        unit = unit_at(plan, unit)->older;
    }
}

// The largest unit that suits, looked for from its size downwards; else the smallest that is less
// than the gap, for which the lists are walked to their ends: if there is one, it is found. Under
// balance = count any unit will do: the newest of the smallest, which fits best elsewhere.
static uint32_t unit_pick(const struct plan *plan, const struct group *group,
                          const struct field *field, const struct pair *pair)
{
    const struct list *sizes = collector_at(plan, group, pair->donor)->units.sizes;
    uint32_t found = UNIT_NONE;
    int64_t best = -1;
    bool is_count = plan->policy.balance == PLAN_BALANCE_COUNT;
    uint32_t start = is_count ? 0 : size_of(pair->wanted);
    uint32_t end = is_count ? SIZE_COUNT : size_of(pair->gap) + 1;
    for (uint32_t i = start + 1; !is_count && i > 0 && (best < 0 || best > pair->wanted); i--)
        for (uint32_t bond = field->first_bond; bond <= field->last_bond; bond++)
            list_look(plan, &sizes[bond * SIZE_COUNT + i - 1], pair, LOOKED_AT_MAX, &found, &best);
    for (uint32_t i = start; i < end && best < 0; i++)
        for (uint32_t bond = field->first_bond; bond <= field->last_bond && best < 0; bond++)
            list_look(plan, &sizes[bond * SIZE_COUNT + i], pair, UINT32_MAX, &found, &best);
    return found;
}

// How far a load may be from the share. Divided first: the product of a sum and a ratio may not
// fit.
static int64_t slack_of(const struct plan *plan, int64_t share)
{
    if (plan->policy.balance == PLAN_BALANCE_COUNT)
        return 0;
    return share / 1000000 * plan->policy.tolerance_ppm +
           share % 1000000 * plan->policy.tolerance_ppm / 1000000;
}

// Whether loads are so far apart that something should move.
static bool is_uneven(const struct plan *plan, const struct field *field, int64_t most,
                      int64_t least)
{
    if (plan->policy.balance == PLAN_BALANCE_COUNT)
        return most - least > 1;
    if (most <= least || field->count == 0)
        return false;
    int64_t share = field->sum / field->count;
    int64_t slack = slack_of(plan, share);
    return most > share + (field->sum % field->count != 0) + slack || least < share - slack;
}

static bool is_worth_it(const struct plan *plan, int64_t most, int64_t least)
{
    int64_t gain = plan->policy.min_gain_ppm;
    return most - least >= most / 1000000 * gain + most % 1000000 * gain / 1000000;
}

// Both may end half of the slack beyond the share, which saves moves: with a collector that joins
// everybody is hardly above the share, and a few that give much do as well as all that give little.
static void pair_measure(const struct plan *plan, const struct group *group,
                         const struct field *field, struct pair *pair)
{
    const struct collector *donor = collector_at(plan, group, pair->donor);
    const struct collector *recipient = collector_at(plan, group, pair->recipient);
    int64_t share = field->count ? field->sum / field->count : 0;
    int64_t slack = slack_of(plan, share) / 2;
    int64_t excess = donor->load - share + slack;
    int64_t lack = share - recipient->load + slack;
    pair->gap = donor->load - recipient->load;
    pair->wanted = excess < lack ? excess : lack;
    if (pair->wanted < 1)
        pair->wanted = pair->gap / 2;
    pair->room = mixed_room(plan, recipient, group->order[pair->donor]);
}

// The pair of whoever has most and least; false when there is none or they are even.
static bool pair_find(const struct plan *plan, const struct group *group, const struct field *field,
                      struct pair *pair)
{
    pair->donor = field_giver(plan, group, field);
    pair->recipient = field_taker(plan, group, field);
    if (pair->donor == TREE_NONE || pair->recipient == TREE_NONE)
        return false;
    return is_uneven(plan, field, collector_at(plan, group, pair->donor)->load,
                     collector_at(plan, group, pair->recipient)->load);
}

// Nothing of the donor goes to the recipient: one of them is out of it.
static void pair_part(struct plan *plan, struct group *group, struct field *field, struct pair pair)
{
    pair.room = INT64_MAX;
    if (unit_pick(plan, group, field, &pair) == UNIT_NONE)
        set_aside(plan, group, field, pair.donor, true);
    else
        pass_over(plan, group, field, pair.donor); // the recipient has no room for any of it
}

// One step: a move, or somebody set aside. Returns false when all is even or no move is left.
static bool field_step(struct plan *plan, struct group *group, struct field *field,
                       uint64_t *moves_left)
{
    struct pair pair;
    if (!pair_find(plan, group, field, &pair)) {
        if (!field->is_any_passed_over)
            return false;
        pass_over_end(plan, group, field);
        set_aside(plan, group, field, field_taker(plan, group, field), false);
        return true;
    }
    pair_measure(plan, group, field, &pair);
    uint32_t unit = unit_pick(plan, group, field, &pair);
    if (unit == UNIT_NONE) {
        pair_part(plan, group, field, pair);
        return true;
    }
    if (*moves_left == 0) {
        field->is_held_back = true;
        return false;
    }
    (*moves_left)--;
    mixed_move(plan, unit, group->order[pair.recipient], PLAN_WHY_BALANCE);
    pass_over_end(plan, group, field);
    return true;
}

// Whether it is worth while to add up the loads.
static bool is_to_be_settled(const struct plan *plan, const struct group *group,
                             const struct field *field)
{
    uint32_t donor = field_giver(plan, group, field);
    uint32_t recipient = field_taker(plan, group, field);
    if (donor == TREE_NONE || recipient == TREE_NONE)
        return false;
    int64_t most = collector_at(plan, group, donor)->load;
    int64_t least = collector_at(plan, group, recipient)->load;
    return most - least > 1 &&
           (plan->policy.balance == PLAN_BALANCE_COUNT || is_worth_it(plan, most, least));
}

// Makes a field even. Those set aside are looked at again as long as something moves.
static bool field_settle(struct plan *plan, struct group *group, struct field *field,
                         uint64_t *moves_left)
{
    enum { PASSES_MAX = 4 };
    if (!is_to_be_settled(plan, group, field))
        return true;
    for (int pass = 0; pass < PASSES_MAX; pass++) {
        uint64_t before = *moves_left;
        field_begin(plan, group, field);
        while (field_step(plan, group, field, moves_left))
            continue;
        pass_over_end(plan, group, field);
        bool was_any_aside = field->is_any_aside;
        field_end(plan, group, field);
        if (!was_any_aside || before == *moves_left || field->is_held_back)
            break;
    }
    return !field->is_held_back;
}

// Makes a field even, and then each full host of it, in the order of their first collectors.
static bool field_and_hosts_settle(struct plan *plan, struct group *group, struct field field,
                                   uint64_t *moves_left)
{
    uint32_t limit = plan->policy.spread_max;
    bool is_whole = field_settle(plan, group, &field, moves_left);
    for (uint32_t i = 0; limit && i < group->hosts_count; i++)
        group->hosts[i].is_seen = false;
    for (uint32_t rank = field.range.first; limit && rank < field.range.end; rank++) {
        uint32_t host = collector_at(plan, group, rank)->host;
        if (host == NAME_NONE || group->hosts[host].is_seen || group->hosts[host].count < limit)
            continue;
        group->hosts[host].is_seen = true;
        field.host = host;
        is_whole &= field_settle(plan, group, &field, moves_left);
    }
    return is_whole;
}

bool balance_settle(struct plan *plan, struct group *group, uint64_t *moves_left)
{
    bool is_whole = true;
    for (uint32_t i = 0; plan->policy.affinity && i < group->zones_count; i++) {
        const struct zone *zone = &group->zones[i];
        struct field field = {.range = {zone->first, zone->end, TREE_NONE},
                              .host = NAME_NONE,
                              .first_bond = BOND_HOME,
                              .last_bond = BOND_HOME};
        is_whole &= field_and_hosts_settle(plan, group, field, moves_left);
    }
    struct field field = {.range = {0, group->order_count, TREE_NONE},
                          .host = NAME_NONE,
                          .first_bond = BOND_FREE,
                          .last_bond = BOND_AWAY};
    return field_and_hosts_settle(plan, group, field, moves_left) && is_whole;
}

// ---- Affinity.

// A collector of a zone for a unit, which may be on a full host with its owner: whoever has least
// and room, the first by rank. TREE_NONE = nobody.
static uint32_t home_find(const struct plan *plan, const struct group *group,
                          const struct zone *zone, uint32_t unit)
{
    const struct collector *owner = &plan->collectors[unit_at(plan, unit)->owner];
    struct field field = {.range = {zone->first, zone->end, TREE_NONE}, .host = owner->host};
    uint32_t found = tree_least(&group->tree, field.range, unit_weight(plan, unit));
    uint32_t limit = plan->policy.spread_max;
    if (!limit || owner->host == NAME_NONE || group->hosts[owner->host].count < limit)
        return found;
    for (uint32_t rank = field_next(plan, group, &field, TREE_NONE); rank != TREE_NONE;
         rank = field_next(plan, group, &field, rank)) {
        const struct collector *it = collector_at(plan, group, rank);
        int64_t least = found == TREE_NONE ? INT64_MAX : collector_at(plan, group, found)->load;
        if (mixed_fits(plan, unit, it) && (it->load < least || (it->load == least && rank < found)))
            found = rank;
    }
    return found;
}

// Units of one list back to their zones. Returns false when no move was left for one.
static bool list_home(struct plan *plan, struct group *group, struct list *list,
                      uint64_t *moves_left)
{
    uint32_t unit = list->newest;
    for (uint32_t n = list->count; n > 0; n--) {
        uint32_t older = n > 1 ? unit_at(plan, unit)->older : UNIT_NONE;
        const struct zone *zone = zone_find(group, unit_kind(plan, unit)->zone);
        uint32_t home = zone ? home_find(plan, group, zone, unit) : TREE_NONE;
        if (home != TREE_NONE) {
            if (*moves_left == 0)
                return false;
            (*moves_left)--;
            mixed_move(plan, unit, group->order[home], PLAN_WHY_AFFINITY);
        }
        unit = older;
    }
    return true;
}

bool home_settle(struct plan *plan, struct group *group, uint64_t *moves_left)
{
    bool is_whole = true;
    if (!group->away || !group->is_home_stale)
        return true;
    group->is_home_stale = false; // a move makes room, and sets it again
    for (uint32_t rank = 0; rank < group->order_count && is_whole; rank++) {
        struct collector *it = collector_at(plan, group, rank);
        for (uint32_t size = 0; !it->is_held && size < SIZE_COUNT && is_whole; size++)
            is_whole =
                list_home(plan, group, &it->units.sizes[BOND_AWAY * SIZE_COUNT + size], moves_left);
    }
    group->is_home_stale |= !is_whole;
    return is_whole;
}
