// SPDX-License-Identifier: Apache-2.0
//
// What happens to a mixed pool, and what must be true of it.
#include "unit/plan/mix.h"

#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"

static const char *const groups[] = {NULL, "red", "blue", "green"};
static const char *const zones[] = {NULL, "north", "south", "west"};
static const char *const hosts[] = {NULL, "h1", "h2", "h3", "h4"};

uint32_t mix_random(struct mix *mix, uint32_t limit)
{
    size_t size = limit > 256 ? 2 : 1;
    if (mix->bytes_left >= size) {
        uint32_t drawn = size == 1 ? mix->bytes[0] : (uint32_t)(mix->bytes[0] << 8 | mix->bytes[1]);
        mix->bytes += size;
        mix->bytes_left -= size;
        return drawn % limit;
    }
    mix->bytes_left = 0;
    mix->random ^= mix->random << 13;
    mix->random ^= mix->random >> 7;
    mix->random ^= mix->random << 17;
    return (uint32_t)((mix->random >> 11) % limit);
}

void mix_init(struct mix *mix, uint64_t seed)
{
    memset(mix, 0, sizeof(*mix));
    mix->random = seed * 0x9e3779b97f4a7c15u + 1;
    for (int i = 0; i < 2; i++) {
        mix->units[i] = plan_units_create();
        mix->plans[i] = plan_create(mix->units[i], &(struct plan_options){0});
    }
    mix->policy = policy_copy(plan_policy(mix->plans[0]));
    for (int i = 0; i < MIX_COLLECTORS; i++)
        snprintf(mix->collector[i].id, sizeof(mix->collector[i].id), "c%d", i * 5 % MIX_COLLECTORS);
}

void mix_finish(struct mix *mix)
{
    for (int i = 0; i < 2; i++) {
        plan_destroy(mix->plans[i]);
        plan_units_destroy(mix->units[i]);
    }
    policy_finish(&mix->policy);
}

// ---- Options as the planner is told them.

struct told {
    struct label labels[3];
    uint32_t count;
    char name[16];
    char pin[8];
};

static void label_add(struct told *told, const char *key, const char *value)
{
    if (value)
        told->labels[told->count++] = (struct label){text_of(key), text_of(value)};
}

static struct plan_unit_options unit_options(const struct mix *mix, uint32_t unit,
                                             struct told *told)
{
    const struct mix_unit *it = &mix->unit[unit];
    *told = (struct told){0};
    label_add(told, "group", it->group);
    label_add(told, "zone", it->zone);
    if (it->pin != MIX_NOBODY)
        label_add(told, "pin", mix->collector[it->pin].id);
    snprintf(told->name, sizeof(told->name), "t%u", unit);
    return (struct plan_unit_options){
        .weight = it->weight,
        .said = {.name = text_of(told->name), .labels = told->labels, .labels_count = told->count}};
}

static struct plan_collector_options collector_options(const struct mix_collector *it,
                                                       struct told *told)
{
    *told = (struct told){0};
    label_add(told, "group", it->group);
    label_add(told, "zone", it->zone);
    label_add(told, "host", it->host);
    return (struct plan_collector_options){.units_max = it->units_max,
                                           .weight_max = it->weight_max,
                                           .is_draining = it->is_draining,
                                           .is_held = it->is_held,
                                           .labels = told->labels,
                                           .labels_count = told->count};
}

static void collector_tell(struct mix *mix, uint32_t collector)
{
    struct mix_collector *it = &mix->collector[collector];
    struct told told;
    struct plan_collector_options options = collector_options(it, &told);
    for (int i = 0; i < 2; i++)
        plan_collector_set(mix->plans[i], it->handles[i], &options);
}

static void unit_tell(struct mix *mix, uint32_t unit)
{
    struct told told;
    struct plan_unit_options options = unit_options(mix, unit, &told);
    for (int i = 0; i < 2; i++)
        plan_unit_set(mix->plans[i], unit, &options);
}

static void policy_tell(struct mix *mix)
{
    bool is_relabelled = false;
    for (int i = 0; i < 2; i++)
        is_relabelled = plan_policy_set(mix->plans[i], &mix->policy);
    for (uint32_t i = 0; is_relabelled && i < MIX_COLLECTORS; i++)
        if (mix->collector[i].is_in)
            collector_tell(mix, i);
    for (uint32_t i = 0; is_relabelled && i < MIX_UNITS; i++)
        if (mix->unit[i].is_in)
            unit_tell(mix, i);
}

// Keys and values from "a=b c=d".
static const char *policy_read(const char *keys, struct buffer *why, struct plan_policy *policy)
{
    struct label labels[24];
    uint32_t count = 0;
    while (*keys) {
        size_t key = strcspn(keys, "=");
        size_t value = strcspn(keys + key + 1, " ");
        labels[count++] = (struct label){{keys, key}, {keys + key + 1, value}};
        keys += key + 1 + value;
        keys += strspn(keys, " ");
    }
    return policy_parse(labels, count, why, policy);
}

void mix_policy(struct mix *mix, const char *keys)
{
    struct buffer why = {0};
    struct plan_policy policy = {0};
    const char *fault = policy_read(keys, &why, &policy);
    ensure(!fault);
    buffer_finish(&why);
    policy_finish(&mix->policy);
    mix->policy = policy;
    policy_tell(mix);
}

void mix_policy_draw(struct mix *mix)
{
    static const char *const choices[][4] = {
        {"", "balance=count ", "balance=weight ", "balance=load "},
        {"", "", "", "mode=pack "},
        {"", "", "max_topics_per_collector=9 ", "max_topics_per_collector=20 "},
        {"", "group_by=group ", "group_by=group other=green ",
         "group_by=group groups=red,blue other=green "},
        {"", "", "affinity=zone ", "affinity=zone "},
        {"", "", "spread_by=host spread_max=12 ", "spread_by=host spread_max=30 "},
        {"", "", "tolerance=5% ", "min_gain=10% "},
        {"", "", "", "isolated=true "},
    };
    const char *fault = "";
    struct plan_policy policy = {0};
    while (fault) {
        struct buffer why = {0}, keys = {0};
        for (size_t i = 0; i < sizeof(choices) / sizeof(*choices); i++)
            buffer_add_string(&keys, choices[i][mix_random(mix, 4)]);
        fault = policy_read(buffer_string(&keys), &why, &policy);
        buffer_finish(&why);
        buffer_finish(&keys);
    }
    policy_finish(&mix->policy);
    mix->policy = policy;
    policy_tell(mix);
}

// ---- Events.

static void unit_draw(struct mix *mix, struct mix_unit *it)
{
    it->weight = mix_random(mix, 3) ? 1 + mix_random(mix, 10) : 1 + mix_random(mix, 300);
    it->group = groups[mix_random(mix, 4)];
    it->zone = zones[mix_random(mix, 4)];
    it->pin = mix_random(mix, 30) ? MIX_NOBODY : (int)mix_random(mix, MIX_COLLECTORS);
}

static void unit_event(struct mix *mix, uint32_t unit)
{
    struct mix_unit *it = &mix->unit[unit];
    struct told told;
    uint32_t what = mix_random(mix, 8);
    if (!it->is_in) {
        unit_draw(mix, it);
        *it = (struct mix_unit){true, it->weight, -1, it->group, it->zone, it->pin, MIX_NOBODY};
        struct plan_unit_options options = unit_options(mix, unit, &told);
        for (int i = 0; i < 2; i++)
            plan_unit_add(mix->plans[i], unit, &options);
    } else if (what < 3) {
        it->is_in = false;
        for (int i = 0; i < 2; i++)
            plan_unit_remove(mix->plans[i], unit);
    } else if (what < 5) {
        unit_draw(mix, it);
        unit_tell(mix, unit);
    } else {
        int64_t load = mix_random(mix, 3) ? mix_random(mix, 20) : mix_random(mix, 500);
        int64_t difference = load > it->load ? load - it->load : it->load - load;
        for (int i = 0; i < 2; i++)
            plan_unit_load(mix->plans[i], unit, load);
        if (it->load < 0 || difference > it->load / 10)
            it->load = load;
    }
}

static void collector_draw(struct mix *mix, struct mix_collector *it)
{
    it->group = groups[mix_random(mix, 4)];
    it->zone = zones[mix_random(mix, 4)];
    it->host = hosts[mix_random(mix, 5)];
    it->units_max = mix_random(mix, 4) ? 0 : 1 + mix_random(mix, 20);
    it->weight_max = mix_random(mix, 4) ? 0 : 1 + mix_random(mix, 400);
}

static void collector_event(struct mix *mix, uint32_t collector)
{
    struct mix_collector *it = &mix->collector[collector];
    struct told told;
    uint32_t what = mix_random(mix, 8);
    if (!it->is_in) {
        collector_draw(mix, it);
        it->is_in = true;
        it->is_draining = it->is_held = false;
        struct plan_collector_options options = collector_options(it, &told);
        for (int i = 0; i < 2; i++)
            it->handles[i] = plan_collector_join(mix->plans[i], text_of(it->id), &options);
    } else if (what < 3) {
        it->is_in = false;
        for (int i = 0; i < 2; i++)
            plan_collector_leave(mix->plans[i], it->handles[i]);
    } else {
        if (what == 3)
            collector_draw(mix, it);
        it->is_draining = what == 4;
        it->is_held = what == 5;
        collector_tell(mix, collector);
    }
}

void mix_event(struct mix *mix)
{
    if (mix_random(mix, 4))
        unit_event(mix, mix_random(mix, MIX_UNITS));
    else
        collector_event(mix, mix_random(mix, MIX_COLLECTORS));
}

// ---- The rules, from scratch.

static bool is_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static const char *group_said(const struct mix *mix, const char *label, bool is_unit)
{
    static const char *const listed[] = {"red", "blue"};
    if (!mix->policy.group_by)
        return "";
    bool is_followed = is_unit && mix->policy.other && !mix->policy.groups;
    for (int i = 0; is_followed && i < MIX_COLLECTORS; i++)
        if (label && mix->collector[i].is_in && is_same(label, mix->collector[i].group))
            return label;
    if (is_followed)
        return mix->policy.other;
    if (!mix->policy.groups || !is_unit)
        return label ? label : "";
    for (int i = 0; i < 2; i++)
        if (is_same(label, listed[i]))
            return label;
    return mix->policy.other;
}

static int64_t load_of(const struct mix *mix, const struct mix_unit *it)
{
    if (mix->policy.balance == PLAN_BALANCE_COUNT)
        return 1;
    return mix->policy.balance == PLAN_BALANCE_WEIGHT || it->load < 0 ? it->weight : it->load;
}

// What collectors have, added up.
struct sums {
    uint32_t count[MIX_COLLECTORS];
    int64_t weight[MIX_COLLECTORS];
    int64_t load[MIX_COLLECTORS];
};

static uint32_t cap_of(const struct mix *mix, const struct mix_collector *it)
{
    uint32_t cap = policy_cap(&mix->policy);
    if (it->units_max && (!cap || it->units_max < cap))
        cap = it->units_max;
    return cap ? cap : UINT32_MAX;
}

static uint32_t host_count(const struct mix *mix, const struct sums *sums, int collector)
{
    uint32_t count = 0;
    const struct mix_collector *it = &mix->collector[collector];
    for (int i = 0; i < MIX_COLLECTORS; i++)
        if (is_same(mix->collector[i].host, it->host) && mix->collector[i].is_in &&
            is_same(group_said(mix, mix->collector[i].group, false),
                    group_said(mix, it->group, false)))
            count += sums->count[i];
    return count;
}

// Group, pin and whether the collector takes anything at all.
static bool may(const struct mix *mix, const struct mix_unit *unit, int collector)
{
    const struct mix_collector *it = &mix->collector[collector];
    return it->is_in &&
           is_same(group_said(mix, unit->group, true), group_said(mix, it->group, false)) &&
           (unit->pin == MIX_NOBODY || unit->pin == collector);
}

// Whether both are on one host, and of one group.
static bool is_mate(const struct mix *mix, int a, int b)
{
    return is_same(mix->collector[a].host, mix->collector[b].host) &&
           is_same(group_said(mix, mix->collector[a].group, false),
                   group_said(mix, mix->collector[b].group, false));
}

static bool fits(const struct mix *mix, const struct sums *sums, const struct mix_unit *unit,
                 int collector)
{
    const struct mix_collector *it = &mix->collector[collector];
    if (!may(mix, unit, collector) || it->is_draining || it->is_held)
        return false;
    if (sums->count[collector] >= cap_of(mix, it))
        return false;
    if (it->weight_max && sums->weight[collector] + unit->weight > it->weight_max)
        return false;
    // A unit that is on the host already does not make it more.
    uint32_t here = unit->owner != MIX_NOBODY && is_mate(mix, unit->owner, collector);
    return !mix->policy.spread_by || !it->host ||
           host_count(mix, sums, collector) - here < mix->policy.spread_max;
}

static void sums_add(const struct mix *mix, struct sums *sums, const struct mix_unit *unit,
                     int collector, int sign)
{
    sums->count[collector] += (uint32_t)sign;
    sums->weight[collector] += sign * unit->weight;
    sums->load[collector] += sign * load_of(mix, unit);
}

static void rule1_check(const struct mix *mix, const struct sums *sums)
{
    for (int i = 0; i < MIX_UNITS; i++)
        if (mix->unit[i].is_in && mix->unit[i].owner != MIX_NOBODY)
            ensure(may(mix, &mix->unit[i], mix->unit[i].owner));
    for (int i = 0; i < MIX_COLLECTORS; i++) {
        const struct mix_collector *it = &mix->collector[i];
        ensure(it->is_in || sums->count[i] == 0);
        ensure(!it->is_draining || sums->count[i] == 0);
        ensure(sums->count[i] <= cap_of(mix, it));
        ensure(!it->weight_max || sums->weight[i] <= it->weight_max);
        if (mix->policy.spread_by && it->host && it->is_in)
            ensure(host_count(mix, sums, i) <= mix->policy.spread_max);
    }
}

static bool fits_anywhere(const struct mix *mix, const struct sums *sums,
                          const struct mix_unit *unit, int except)
{
    for (int i = 0; i < MIX_COLLECTORS; i++)
        if (i != except && fits(mix, sums, unit, i))
            return true;
    return false;
}

// Whether an earlier pending unit needs no more than this one: where that fits nowhere, this does
// not either.
static bool is_covered(const struct mix *mix, int unit)
{
    const struct mix_unit *it = &mix->unit[unit];
    for (int i = 0; i < unit; i++) {
        const struct mix_unit *other = &mix->unit[i];
        if (other->is_in && other->owner == MIX_NOBODY && other->weight <= it->weight &&
            other->pin == it->pin &&
            is_same(group_said(mix, other->group, true), group_said(mix, it->group, true)))
            return true;
    }
    return false;
}

// Rule 2: no pending unit fits, not even after any one other move.
static void rule2_check(const struct mix *mix, struct sums *sums)
{
    for (int i = 0; i < MIX_UNITS; i++) {
        const struct mix_unit *unit = &mix->unit[i];
        if (!unit->is_in || unit->owner != MIX_NOBODY || is_covered(mix, i))
            continue;
        ensure(!fits_anywhere(mix, sums, unit, MIX_NOBODY));
        for (int k = 0; !mix->is_frozen && k < MIX_UNITS; k++) {
            const struct mix_unit *other = &mix->unit[k];
            if (!other->is_in || other->owner == MIX_NOBODY || mix->collector[other->owner].is_held)
                continue;
            for (int to = 0; to < MIX_COLLECTORS; to++) {
                if (to == other->owner || !fits(mix, sums, other, to))
                    continue;
                sums_add(mix, sums, other, other->owner, -1);
                sums_add(mix, sums, other, to, 1);
                bool would_fit = fits_anywhere(mix, sums, unit, MIX_NOBODY);
                sums_add(mix, sums, other, to, -1);
                sums_add(mix, sums, other, other->owner, 1);
                ensure(!would_fit);
            }
        }
    }
}

// Rule 4, affinity: nobody is away from a zone that has room for it.
static void affinity_check(const struct mix *mix, const struct sums *sums)
{
    for (int i = 0; mix->policy.affinity && !mix->is_frozen && i < MIX_UNITS; i++) {
        const struct mix_unit *unit = &mix->unit[i];
        if (!unit->is_in || unit->owner == MIX_NOBODY || !unit->zone || unit->pin != MIX_NOBODY ||
            mix->collector[unit->owner].is_held ||
            is_same(unit->zone, mix->collector[unit->owner].zone))
            continue;
        for (int k = 0; k < MIX_COLLECTORS; k++)
            ensure(!is_same(unit->zone, mix->collector[k].zone) || !fits(mix, sums, unit, k));
    }
}

// Rule 4, count: no unit that may move finds somebody with two less.
static void even_check(const struct mix *mix, const struct sums *sums)
{
    bool is_count = mix->policy.balance == PLAN_BALANCE_COUNT && !mix->policy.is_packed;
    for (int i = 0; is_count && !mix->is_frozen && i < MIX_UNITS; i++) {
        const struct mix_unit *unit = &mix->unit[i];
        if (!unit->is_in || unit->owner == MIX_NOBODY || unit->pin != MIX_NOBODY ||
            mix->collector[unit->owner].is_held)
            continue;
        bool is_home = mix->policy.affinity && unit->zone &&
                       is_same(unit->zone, mix->collector[unit->owner].zone);
        for (int k = 0; k < MIX_COLLECTORS; k++)
            if (fits(mix, sums, unit, k) &&
                (!is_home || is_same(unit->zone, mix->collector[k].zone)))
                ensure(sums->count[unit->owner] <= sums->count[k] + 1);
    }
}

static void mix_check(struct mix *mix)
{
    struct sums sums = {0};
    for (int i = 0; i < MIX_UNITS; i++)
        if (mix->unit[i].is_in && mix->unit[i].owner != MIX_NOBODY)
            sums_add(mix, &sums, &mix->unit[i], mix->unit[i].owner, 1);
    rule1_check(mix, &sums);
    if (mix->is_brief)
        return;
    rule2_check(mix, &sums);
    affinity_check(mix, &sums);
    even_check(mix, &sums);
    for (uint32_t i = 0; i < MIX_COLLECTORS; i++)
        if (mix->collector[i].is_in)
            ensure(plan_collector_burden(mix->plans[0], mix->collector[i].handles[0]) ==
                   sums.load[i]);
}

// ---- Settling.

static int collector_of(const struct mix *mix, int plan, uint32_t handle)
{
    for (int i = 0; i < MIX_COLLECTORS; i++)
        if (handle != PLAN_NOBODY &&
            text_equals(plan_collector_id(mix->plans[plan], handle), mix->collector[i].id))
            return i;
    return MIX_NOBODY;
}

static void changes_take(struct mix *mix)
{
    struct plan_change changes[2];
    mix->moves_last = 0;
    while (plan_changes_take(mix->plans[0], &changes[0], 1)) {
        ensure(plan_changes_take(mix->plans[1], &changes[1], 1) == 1);
        struct mix_unit *unit = &mix->unit[changes[0].unit];
        int to = collector_of(mix, 0, changes[0].to);
        ensure(changes[0].unit == changes[1].unit && changes[0].why == changes[1].why);
        ensure(to == collector_of(mix, 1, changes[1].to));
        mix->moves_last += unit->owner != MIX_NOBODY && to != MIX_NOBODY;
        unit->owner = to;
    }
    ensure(plan_changes_take(mix->plans[1], &changes[1], 1) == 0);
    mix->moves += mix->moves_last;
    mix->settles++;
}

static void reasons_check(const struct mix *mix)
{
    for (uint32_t i = 0; i < MIX_UNITS; i++) {
        if (!mix->unit[i].is_in)
            continue;
        enum plan_reason reason = plan_unit_reason(mix->plans[0], i);
        bool is_owned = plan_unit_owner(mix->plans[0], i) != PLAN_NOBODY;
        ensure((reason == PLAN_REASON_NONE) == is_owned && reason != PLAN_REASON_NOT_SETTLED);
        for (uint32_t k = 0; k < MIX_COLLECTORS; k++)
            if (mix->collector[k].is_in)
                ensure(plan_unit_verdict(mix->plans[0], i, mix->collector[k].handles[0]) !=
                       PLAN_VERDICT_FREE);
    }
}

void mix_settle(struct mix *mix)
{
    uint64_t moves_max = mix->is_frozen ? 0 : PLAN_UNLIMITED;
    uint64_t minimum = plan_moves_minimum(mix->plans[0]);
    for (int i = 0; i < 2; i++) {
        plan_check(mix->plans[i]);
        bool is_whole = plan_settle(mix->plans[i], moves_max);
        ensure(is_whole || mix->is_frozen);
        plan_check(mix->plans[i]);
    }
    changes_take(mix);
    ensure(minimum == UINT64_MAX || minimum == mix->moves_last || mix->is_frozen);
    mix_check(mix);
    reasons_check(mix);
    // Nothing happened: nothing moves.
    uint64_t settled = plan_number_next(mix->plans[0]);
    for (int i = 0; i < 2; i++)
        plan_settle(mix->plans[i], moves_max);
    ensure(plan_number_next(mix->plans[0]) == settled);
}

bool mix_scale_in(struct mix *mix)
{
    struct plan_victim victims[2];
    struct plan_counts before, after;
    for (int i = 0; i < 2; i++)
        plan_victim_get(mix->plans[i], UINT32_MAX, &victims[i]);
    int leaving = collector_of(mix, 0, victims[0].collector);
    ensure(leaving == collector_of(mix, 1, victims[1].collector));
    if (leaving == MIX_NOBODY)
        return false;
    plan_counts_get(mix->plans[0], &before);
    mix->collector[leaving].is_in = false;
    for (int i = 0; i < 2; i++)
        plan_collector_leave(mix->plans[i], mix->collector[leaving].handles[i]);
    mix_settle(mix);
    plan_counts_get(mix->plans[0], &after);
    ensure(after.pending <= before.pending);
    return true;
}

void mix_restart(struct mix *mix)
{
    struct told told;
    uint32_t order[MIX_UNITS] = {0};
    mix_settle(mix);
    plan_destroy(mix->plans[1]);
    plan_units_destroy(mix->units[1]);
    mix->units[1] = plan_units_create();
    mix->plans[1] = plan_create(
        mix->units[1], &(struct plan_options){.policy = &mix->policy,
                                              .number_next = plan_number_next(mix->plans[0])});
    for (uint32_t i = 0; i < MIX_COLLECTORS; i++) {
        struct mix_collector *it = &mix->collector[MIX_COLLECTORS - 1 - i];
        struct plan_collector_options options = collector_options(it, &told);
        if (it->is_in)
            it->handles[1] = plan_collector_join(mix->plans[1], text_of(it->id), &options);
    }
    for (uint32_t i = 0; i < MIX_UNITS; i++) {
        uint32_t at = mix_random(mix, i + 1);
        order[i] = order[at];
        order[at] = i;
    }
    for (uint32_t i = 0; i < MIX_UNITS; i++) {
        struct mix_unit *it = &mix->unit[order[i]];
        struct plan_unit_options options = unit_options(mix, order[i], &told);
        if (it->is_in)
            plan_unit_restore(mix->plans[1], order[i],
                              it->owner == MIX_NOBODY ? PLAN_NOBODY
                                                      : mix->collector[it->owner].handles[1],
                              plan_unit_number(mix->plans[0], order[i]), &options);
    }
    ensure(plan_restore_end(mix->plans[1]) == STATUS_OK);
    for (uint32_t i = 0; i < MIX_UNITS; i++)
        if (mix->unit[i].is_in && mix->unit[i].load >= 0)
            plan_unit_load(mix->plans[1], i, mix->unit[i].load);
    plan_check(mix->plans[1]);
}
