// SPDX-License-Identifier: Apache-2.0
//
// Names, kinds and groups: what labels come to. A name is kept once however many units and
// collectors bear it; units that are alike to the rules share a kind; a group is made when the
// first unit or collector of its value comes and goes with the last one.
//
// When the policy puts other labels to use, or a group becomes mixed or even, every unit is taken
// from its shelf and put back by owner and number (`regroup`), as after a restart.
#include <string.h>

#include "base/ensure.h"
#include "base/hash.h"
#include "base/memory.h"
#include "plan/state.h"

// ---- Names.

uint32_t name_take(struct plan *plan, struct text text)
{
    if (text.size == 0)
        return NAME_NONE;
    uint64_t hash = hash_keyed(text, 0);
    uint32_t at;
    uint32_t name = index_find(&plan->names_index, hash, &at);
    while (name != INDEX_NONE && !text_equal(name_text(plan, name), text))
        name = index_next(&plan->names_index, hash, &at);
    if (name == INDEX_NONE) {
        name = plan->names_free;
        while (name < plan->names_count && plan->names[name].text)
            name++;
        plan->names_free = name + 1;
        if (name == plan->names_count)
            plan->names = array_reserve(plan->names, &plan->names_capacity, ++plan->names_count,
                                        sizeof(*plan->names));
        plan->names[name] = (struct name){.text = text_copy(text), .size = text.size};
        index_add(&plan->names_index, hash, name);
    }
    plan->names[name].references++;
    return name;
}

void name_release(struct plan *plan, uint32_t name)
{
    if (name == NAME_NONE || --plan->names[name].references > 0)
        return;
    index_remove(&plan->names_index, hash_keyed(name_text(plan, name), 0), name);
    memory_release(plan->names[name].text);
    plan->names[name] = (struct name){0};
    if (name < plan->names_free)
        plan->names_free = name;
}

struct text name_text(const struct plan *plan, uint32_t name)
{
    if (name == NAME_NONE)
        return (struct text){0};
    return (struct text){plan->names[name].text, plan->names[name].size};
}

// ---- Groups.

// Place in the order of names of the first group that is not before `name`.
static uint32_t group_search(const struct plan *plan, uint32_t name)
{
    uint32_t low = 0;
    uint32_t high = plan->group_order_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        uint32_t other = plan->groups[plan->group_order[middle]]->name;
        if (text_compare(name_text(plan, other), name_text(plan, name)) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct group *group_create(const struct plan *plan, uint32_t name)
{
    struct group *group = memory_get(sizeof(*group));
    group->name = name;
    group->is_mixed = group_wants_mixed(plan, group);
    group->is_order_stale = true;
    group->is_light = true;
    shelf_init(&group->waiting, group->is_mixed ? SIZE_COUNT : 0);
    group->orphans = LIST_EMPTY;
    ladder_init(&group->roomy);
    ladder_init(&group->full);
    return group;
}

uint32_t group_get(struct plan *plan, uint32_t name)
{
    uint32_t at = group_search(plan, name);
    if (at < plan->group_order_count && plan->groups[plan->group_order[at]]->name == name) {
        name_release(plan, name);
        return plan->group_order[at];
    }
    uint32_t group = 0;
    while (group < plan->groups_count && plan->groups[group])
        group++;
    if (group == plan->groups_count)
        plan->groups = array_reserve(plan->groups, &plan->groups_capacity, ++plan->groups_count,
                                     sizeof(*plan->groups));
    plan->groups[group] = group_create(plan, name);
    plan->group_order = array_reserve(plan->group_order, &plan->group_order_capacity,
                                      plan->group_order_count + 1, sizeof(*plan->group_order));
    for (uint32_t i = plan->group_order_count++; i > at; i--)
        plan->group_order[i] = plan->group_order[i - 1];
    plan->group_order[at] = group;
    return group;
}

static void group_destroy(struct plan *plan, struct group *group)
{
    for (uint32_t i = 0; i < group->hosts_count; i++)
        name_release(plan, group->hosts[i].name);
    name_release(plan, group->name);
    shelf_finish(&group->waiting);
    ladder_finish(&group->roomy);
    ladder_finish(&group->full);
    bitset_finish(&group->forced);
    tree_finish(&group->tree);
    race_finish(&group->race);
    memory_release(group->zones);
    memory_release(group->hosts);
    memory_release(group->order);
    memory_release(group);
}

void group_release(struct plan *plan, uint32_t handle)
{
    struct group *group = plan->groups[handle];
    if (group->kinds || group->order_count)
        return;
    uint32_t at = group_search(plan, group->name);
    plan->group_order_count--;
    for (uint32_t i = at; i < plan->group_order_count; i++)
        plan->group_order[i] = plan->group_order[i + 1];
    group_destroy(plan, group);
    plan->groups[handle] = NULL;
}

bool group_wants_mixed(const struct plan *plan, const struct group *group)
{
    const struct plan_policy *policy = &plan->policy;
    return policy->balance != PLAN_BALANCE_COUNT || policy->affinity || policy->spread_by ||
           group->pins || (group->weighed_count && group->heavy);
}

void groups_finish(struct plan *plan)
{
    for (uint32_t i = 0; i < plan->groups_count; i++)
        if (plan->groups[i])
            group_destroy(plan, plan->groups[i]);
    for (uint32_t i = 0; i < plan->names_count; i++)
        memory_release(plan->names[i].text);
    memory_release(plan->groups);
    memory_release(plan->group_order);
    memory_release(plan->kinds);
    memory_release(plan->names);
    index_finish(&plan->kinds_index);
    index_finish(&plan->names_index);
}

// ---- Kinds.

// What units of a kind have in common, and what a kind is found by: a million units may ask for
// theirs, and most find one.
struct traits {
    struct text group;
    struct text zone;
    struct text pin;
    bool is_followed; // the group is one only while it is served
};

static struct traits traits_of(const struct plan *plan, const struct kind *kind)
{
    bool is_followed = kind->said != NAME_NONE;
    uint32_t group = is_followed ? kind->said : plan->groups[kind->group]->name;
    return (struct traits){name_text(plan, group), name_text(plan, kind->zone),
                           name_text(plan, kind->pin), is_followed};
}

static uint64_t traits_hash(const struct traits *traits)
{
    uint64_t hash = hash_keyed(traits->group, traits->is_followed);
    if (traits->zone.size)
        hash = hash_keyed(traits->zone, hash);
    return traits->pin.size ? hash_keyed(traits->pin, ~hash) : hash;
}

static bool name_is(const struct plan *plan, uint32_t name, struct text text)
{
    if (name == NAME_NONE)
        return text.size == 0;
    const struct name *it = &plan->names[name];
    return it->size == text.size && memcmp(it->text, text.data, text.size) == 0;
}

static bool kind_has(const struct plan *plan, const struct kind *kind, const struct traits *traits)
{
    bool is_followed = kind->said != NAME_NONE;
    uint32_t group = is_followed ? kind->said : plan->groups[kind->group]->name;
    return is_followed == traits->is_followed && name_is(plan, group, traits->group) &&
           name_is(plan, kind->zone, traits->zone) && name_is(plan, kind->pin, traits->pin);
}

static uint32_t kind_find(const struct plan *plan, const struct traits *traits, uint64_t hash)
{
    uint32_t at;
    uint32_t kind = index_find(&plan->kinds_index, hash, &at);
    while (kind != INDEX_NONE && !kind_has(plan, &plan->kinds[kind], traits))
        kind = index_next(&plan->kinds_index, hash, &at);
    return kind;
}

// A free row, or a new one.
static uint32_t kind_row(struct plan *plan)
{
    uint32_t kind = plan->kinds_free;
    while (kind < plan->kinds_count && plan->kinds[kind].references)
        kind++;
    plan->kinds_free = kind + 1;
    if (kind == plan->kinds_count)
        plan->kinds = array_reserve(plan->kinds, &plan->kinds_capacity, ++plan->kinds_count,
                                    sizeof(*plan->kinds));
    return kind;
}

// Counts a unit in its kind and group. The kind of those without labels is the plan's, and no unit
// is pinned by it.
static void kind_count(struct plan *plan, uint32_t kind, uint32_t one)
{
    struct kind *it = kind_at(plan, kind);
    struct group *group = plan->groups[it->group];
    group->unit_count += one;
    if (kind == KIND_PLAIN)
        return;
    it->references += one;
    if (it->pin != NAME_NONE)
        group->pins += one;
}

// Whether a collector that is in serves the value.
static bool is_served(const struct plan *plan, uint32_t name)
{
    uint32_t at = group_search(plan, name);
    if (at == plan->group_order_count)
        return false;
    const struct group *group = plan->groups[plan->group_order[at]];
    return group->name == name && group->order_count > group->left_count;
}

// The group of a value that is one only while it is served.
static uint32_t group_followed(struct plan *plan, uint32_t said)
{
    struct text value = name_text(plan, said);
    if (!is_served(plan, said))
        value = text_of(plan->policy.other);
    return group_get(plan, name_take(plan, value));
}

static uint32_t text_mark(const struct text *text)
{
    return text->size ? (unsigned char)text->data[text->size - 1] : 0;
}

// The place among the recent ones. Anything will do that differs where kinds mostly differ.
static uint32_t *kind_recent(struct plan *plan, const struct traits *traits)
{
    uint32_t mark =
        text_mark(&traits->group) + 5 * text_mark(&traits->zone) + 25 * text_mark(&traits->pin);
    return &plan->kinds_recent[mark % KINDS_RECENT];
}

static uint32_t kind_create(struct plan *plan, const struct traits *traits)
{
    uint32_t said = traits->is_followed ? name_take(plan, traits->group) : NAME_NONE;
    struct kind it = {.zone = name_take(plan, traits->zone),
                      .pin = name_take(plan, traits->pin),
                      .said = said,
                      .group = traits->is_followed
                                   ? group_followed(plan, said)
                                   : group_get(plan, name_take(plan, traits->group))};
    uint32_t kind = kind_row(plan);
    plan->kinds[kind] = it;
    plan->groups[it.group]->kinds++;
    return kind;
}

static uint32_t kind_get(struct plan *plan, const struct policy_unit *said)
{
    const struct plan_policy *policy = &plan->policy;
    struct policy_place place = policy_unit_place(policy, said);
    bool is_followed = policy->group_by && policy->other && !policy->groups && !place.is_listed;
    struct traits traits = {place.group, place.zone, place.pin, is_followed};
    uint32_t *recent = kind_recent(plan, &traits);
    if (*recent < plan->kinds_count && plan->kinds[*recent].references &&
        kind_has(plan, &plan->kinds[*recent], &traits))
        return *recent;
    uint64_t hash = traits_hash(&traits);
    uint32_t kind = kind_find(plan, &traits, hash);
    if (kind == INDEX_NONE) {
        kind = kind_create(plan, &traits);
        index_add(&plan->kinds_index, hash, kind);
    }
    *recent = kind;
    return kind;
}

uint32_t kind_look_up(struct plan *plan, const struct policy_unit *said)
{
    uint32_t kind = KIND_PLAIN;
    if (!said_is_plain(plan, said)) {
        kind = kind_get(plan, said);
    } else if (plan->kind_plain == NAME_NONE) {
        plan->kind_plain = kind_get(plan, said);
        plan->kinds[plan->kind_plain].references++;
    }
    kind_count(plan, kind, 1);
    return kind;
}

static void kind_drop(struct plan *plan, uint32_t kind)
{
    struct kind *it = &plan->kinds[kind];
    if (it->references)
        return;
    struct traits traits = traits_of(plan, it);
    index_remove(&plan->kinds_index, traits_hash(&traits), kind);
    name_release(plan, it->zone);
    name_release(plan, it->pin);
    name_release(plan, it->said);
    plan->groups[it->group]->kinds--;
    group_release(plan, it->group);
    if (kind < plan->kinds_free)
        plan->kinds_free = kind;
}

void kind_release(struct plan *plan, uint32_t kind)
{
    kind_count(plan, kind, UINT32_MAX);
    if (kind != KIND_PLAIN)
        kind_drop(plan, kind);
}

void kind_plain_release(struct plan *plan)
{
    uint32_t kind = plan->kind_plain;
    if (kind == NAME_NONE || said_is_plain(plan, &(struct policy_unit){0}))
        return;
    plan->kind_plain = NAME_NONE;
    plan->kinds[kind].references--;
    kind_drop(plan, kind);
}

// ---- Values that are groups only while they are served.

// Puts a kind, whose units are on no shelf, into another group.
static void kind_move(struct plan *plan, uint32_t kind, uint32_t group)
{
    struct kind *it = &plan->kinds[kind];
    uint32_t before = it->group;
    uint32_t units = it->references;
    plan->groups[before]->unit_count -= units;
    plan->groups[before]->pins -= it->pin == NAME_NONE ? 0 : units;
    plan->groups[before]->kinds--;
    it->group = group;
    plan->groups[group]->unit_count += units;
    plan->groups[group]->pins += it->pin == NAME_NONE ? 0 : units;
    plan->groups[group]->kinds++;
    group_release(plan, before);
}

static void heavies_count(struct plan *plan)
{
    for (uint32_t i = 0; i < plan->groups_count; i++)
        if (plan->groups[i])
            plan->groups[i]->heavy = 0;
    for (uint32_t i = 0; i < plan->restored_count; i++)
        heavy_count(plan, plan->restored[i], true);
}

bool groups_will_change(const struct plan *plan)
{
    for (uint32_t i = 0; plan->are_groups_stale && i < plan->kinds_count; i++) {
        const struct kind *it = &plan->kinds[i];
        if (it->references && it->said != NAME_NONE &&
            is_served(plan, it->said) != (plan->groups[it->group]->name == it->said))
            return true;
    }
    return false;
}

void groups_follow(struct plan *plan)
{
    if (!plan->are_groups_stale)
        return;
    plan->are_groups_stale = false;
    bool is_any = false;
    for (uint32_t i = 0; i < plan->kinds_count; i++) {
        if (!plan->kinds[i].references || plan->kinds[i].said == NAME_NONE)
            continue;
        uint32_t group = group_followed(plan, plan->kinds[i].said);
        if (group == plan->kinds[i].group)
            continue;
        if (!is_any)
            regroup_begin(plan, false);
        is_any = true;
        kind_move(plan, i, group);
    }
    if (is_any)
        heavies_count(plan);
    regroup_end(plan);
}
