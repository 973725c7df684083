// SPDX-License-Identifier: Apache-2.0
//
// Why a unit is where it is, or is nowhere: worked out from the rules as things are, when asked.
#include "base/ensure.h"
#include "plan/state.h"

// ---- Pending units.

static enum plan_reason pin_reason(const struct plan *plan, uint32_t unit)
{
    const struct kind *kind = unit_kind(plan, unit);
    uint32_t pin = plan_collector_find(plan, name_text(plan, kind->pin));
    if (pin == PLAN_NOBODY || plan->collectors[pin].group != kind->group)
        return PLAN_REASON_PIN_AWAY;
    const struct collector *it = &plan->collectors[pin];
    if (it->is_held || it->is_draining)
        return PLAN_REASON_PIN_DRAINING;
    if (!plan->groups[it->group]->is_mixed || mixed_fits(plan, unit, it))
        return PLAN_REASON_NOT_SETTLED;
    bool is_full = it->count >= it->cap ||
                   (it->weight_max && it->weight_max - it->weight < unit_weight(plan, unit));
    return is_full ? PLAN_REASON_PIN_FULL : PLAN_REASON_PIN_HOST;
}

static enum plan_reason mixed_reason(const struct plan *plan, const struct group *group,
                                     uint32_t unit)
{
    int64_t weight = unit_weight(plan, unit);
    bool is_any_capped = false;
    bool is_any_heavy = false;
    bool is_too_heavy = true;
    for (uint32_t i = 0; i < group->order_count; i++) {
        const struct collector *it = &plan->collectors[group->order[i]];
        if (it->has_left || it->is_draining || it->is_held)
            continue;
        if (mixed_fits(plan, unit, it))
            return PLAN_REASON_NOT_SETTLED;
        is_any_heavy |= it->weight_max && it->weight_max - it->weight < weight;
        is_too_heavy &= it->weight_max && it->weight_max < weight;
        is_any_capped |= it->count >= it->cap;
    }
    if (is_too_heavy)
        return PLAN_REASON_TOO_HEAVY;
    if (is_any_heavy)
        return PLAN_REASON_CAPACITY;
    if (is_any_capped)
        return group->capacity_count ? PLAN_REASON_CAPACITY : PLAN_REASON_CAP;
    return PLAN_REASON_SPREAD;
}

// No collector is in the group.
static enum plan_reason group_reason(const struct plan *plan, const struct group *group)
{
    if (!plan->policy.group_by)
        return PLAN_REASON_NO_COLLECTOR;
    return group->name == NAME_NONE ? PLAN_REASON_NO_LABEL : PLAN_REASON_NO_GROUP;
}

enum plan_reason plan_unit_reason(const struct plan *plan, uint32_t unit)
{
    if (plan_unit_owner(plan, unit) != PLAN_NOBODY)
        return PLAN_REASON_NONE;
    const struct unit *it = unit_at(plan, unit);
    const struct group *group = group_of(plan, unit);
    uint32_t count = group->order_count - group->left_count;
    if (plan->order_count == 0)
        return PLAN_REASON_NO_COLLECTOR;
    if (plan->is_regrouping || it->owner == OWNER_ORPHAN)
        return PLAN_REASON_NOT_SETTLED;
    if (count == 0)
        return group_reason(plan, group);
    if (unit_kind(plan, unit)->pin != NAME_NONE)
        return pin_reason(plan, unit);
    if (count == group->draining_count)
        return PLAN_REASON_ALL_DRAINING;
    if (group->is_mixed)
        return mixed_reason(plan, group, unit);
    if (group->roomy.lowest != LADDER_NONE)
        return PLAN_REASON_NOT_SETTLED;
    return group->capacity_count ? PLAN_REASON_CAPACITY : PLAN_REASON_CAP;
}

const char *plan_reason_text(enum plan_reason reason)
{
    static const char *const texts[PLAN_REASON_COUNT] = {
        [PLAN_REASON_NONE] = "it has an owner",
        [PLAN_REASON_NOT_SETTLED] = "it is about to be placed",
        [PLAN_REASON_NO_COLLECTOR] = "no collector is in the pool; start one",
        [PLAN_REASON_ALL_DRAINING] =
            "every collector that serves it drains or is away (rule 1); start another one, or "
            "undrain one",
        [PLAN_REASON_NO_GROUP] = "no collector serves its group (rule 1); start one with that "
                                 "label",
        [PLAN_REASON_NO_LABEL] =
            "it has no value of the label that group_by names, and every collector has one (rule "
            "1); label it, start a collector without that label, or set other",
        [PLAN_REASON_CAP] = "every collector has all that max_topics_per_collector or isolated "
                            "allow (rule 1); start another one, or raise the cap",
        [PLAN_REASON_CAPACITY] = "no collector has room for it, by its own capacity or by "
                                 "max_topics_per_collector (rule 1); start another one",
        [PLAN_REASON_TOO_HEAVY] = "it weighs more than any collector may have (rule 1); start one "
                                  "with a larger capacity",
        [PLAN_REASON_SPREAD] = "every host has spread_max topics of it (rule 1); start a "
                               "collector on another host, or raise spread_max",
        [PLAN_REASON_PIN_AWAY] = "the collector it is pinned to is not in its pool and group "
                                 "(rule 1); start it, or take the label pin away",
        [PLAN_REASON_PIN_DRAINING] =
            "the collector it is pinned to drains or is away (rule 1); undrain it or start it "
            "again, or take the label pin away",
        [PLAN_REASON_PIN_HOST] = "the host of the collector it is pinned to has spread_max topics "
                                 "(rule 1); raise spread_max, or take the label pin away",
        [PLAN_REASON_PIN_FULL] = "the collector it is pinned to can take no more (rule 1); raise "
                                 "what it may have",
    };
    ensure(reason < PLAN_REASON_COUNT);
    return texts[reason];
}

// ---- Alternatives.

// Rule 1: what keeps a unit from a collector that serves its group. PLAN_VERDICT_FREE = nothing.
static enum plan_verdict rule1_verdict(const struct plan *plan, uint32_t unit,
                                       const struct collector *it)
{
    const struct group *group = plan->groups[it->group];
    if (it->is_draining || it->has_left)
        return PLAN_VERDICT_DRAINING;
    if (it->is_held)
        return PLAN_VERDICT_HELD;
    if (it->count >= it->cap)
        return PLAN_VERDICT_CAP;
    if (it->weight_max && it->weight_max - it->weight < unit_weight(plan, unit))
        return PLAN_VERDICT_WEIGHT;
    if (group->is_mixed && !mixed_fits(plan, unit, it))
        return PLAN_VERDICT_SPREAD;
    return PLAN_VERDICT_FREE;
}

// What else there is to have than a unit, with the collector or with its owner.
struct balance {
    int64_t other;
    int64_t owner;
    bool is_later; // in the group's order than the owner
};

// Even: whoever has least is the next to take.
static enum plan_verdict even_verdict(struct balance loads)
{
    if (loads.other > loads.owner)
        return PLAN_VERDICT_BUSIER;
    return loads.other == loads.owner && loads.is_later ? PLAN_VERDICT_LATER : PLAN_VERDICT_STICKY;
}

// Packed: whoever has most is.
static enum plan_verdict packed_verdict(struct balance loads, bool is_empty)
{
    if (is_empty)
        return PLAN_VERDICT_UNUSED;
    if (loads.other < loads.owner)
        return PLAN_VERDICT_EMPTIER;
    return loads.other == loads.owner && loads.is_later ? PLAN_VERDICT_LATER : PLAN_VERDICT_STICKY;
}

// Rules 3 to 5: why not this one instead of the owner.
static enum plan_verdict owner_verdict(const struct plan *plan, uint32_t unit, uint32_t collector)
{
    const struct collector *it = &plan->collectors[collector];
    uint32_t owner_handle = unit_at(plan, unit)->owner;
    const struct collector *owner = &plan->collectors[owner_handle];
    uint32_t zone = unit_kind(plan, unit)->zone;
    bool is_mixed = plan->groups[it->group]->is_mixed;
    struct balance loads = {
        .other = is_mixed ? it->load : it->count,
        .owner = is_mixed ? owner->load - unit_load(plan, unit) : (int64_t)owner->count - 1,
        .is_later = plan->ranks[collector] > plan->ranks[owner_handle],
    };
    if (zone != NAME_NONE && owner->zone == zone && it->zone != zone)
        return PLAN_VERDICT_AFFINITY;
    return plan->policy.is_packed ? packed_verdict(loads, it->count == 0) : even_verdict(loads);
}

enum plan_verdict plan_unit_verdict(const struct plan *plan, uint32_t unit, uint32_t collector)
{
    ensure(plan_unit_is_known(plan, unit) && collector < plan->collector_used);
    const struct unit *it = unit_at(plan, unit);
    const struct kind *kind = unit_kind(plan, unit);
    const struct collector *other = &plan->collectors[collector];
    if (it->owner == collector)
        return PLAN_VERDICT_OWNS;
    if (other->group != kind->group)
        return PLAN_VERDICT_GROUP;
    if (kind->pin != NAME_NONE &&
        !text_equal(plan_collector_id(plan, collector), name_text(plan, kind->pin)))
        return PLAN_VERDICT_PINNED;
    enum plan_verdict verdict = rule1_verdict(plan, unit, other);
    if (verdict != PLAN_VERDICT_FREE || it->owner >= COLLECTOR_MAX)
        return verdict;
    return owner_verdict(plan, unit, collector);
}

const char *plan_verdict_text(enum plan_verdict verdict)
{
    static const char *const texts[PLAN_VERDICT_COUNT] = {
        [PLAN_VERDICT_OWNS] = "has it",
        [PLAN_VERDICT_GROUP] = "serves another group (rule 1)",
        [PLAN_VERDICT_PINNED] = "is not the one it is pinned to (rule 1)",
        [PLAN_VERDICT_DRAINING] = "drains (rule 1)",
        [PLAN_VERDICT_HELD] = "is away, its topics wait for it (rule 1)",
        [PLAN_VERDICT_CAP] = "has as many topics as it may (rule 1)",
        [PLAN_VERDICT_WEIGHT] = "has no room for its weight (rule 1)",
        [PLAN_VERDICT_SPREAD] = "its host has spread_max topics of the group (rule 1)",
        [PLAN_VERDICT_AFFINITY] = "is of another zone (rule 4)",
        [PLAN_VERDICT_UNUSED] = "is empty, and not needed (rule 4)",
        [PLAN_VERDICT_EMPTIER] =
            "has less than the owner, and the fullest is filled first (rule 4)",
        [PLAN_VERDICT_BUSIER] = "would have more than the owner (rule 4)",
        [PLAN_VERDICT_LATER] = "would have as much, and is later in the order (rule 5)",
        [PLAN_VERDICT_STICKY] = "would do no worse, but that would be a move (rule 3)",
        [PLAN_VERDICT_FREE] = "could take it",
    };
    ensure(verdict < PLAN_VERDICT_COUNT);
    return texts[verdict];
}

struct text plan_group_name(const struct plan *plan, uint32_t group)
{
    ensure(group < plan->group_order_count);
    return name_text(plan, plan->groups[plan->group_order[group]]->name);
}
