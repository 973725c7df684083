// SPDX-License-Identifier: Apache-2.0
//
// What labels are worth under a policy: the group, zone, host and pin of units and collectors, and
// whether an announcement belongs into a pool.
#include <string.h>

#include "plan/policy.h"
#include "plan/policy_value.h"

static struct text text_none(void)
{
    return (struct text){0};
}

// A label of the unit, or else of its agent. One that is empty counts as missing.
static struct text unit_label(const struct policy_unit *unit, const char *key)
{
    if (!key)
        return text_none();
    struct text wanted = text_of(key);
    struct text value = label_value(unit->labels, unit->labels_count, wanted);
    if (value.size)
        return value;
    return label_value(unit->agent_labels, unit->agent_labels_count, wanted);
}

// Whether the value is one of `groups` or is `other`: without case where there is a list, and
// `*value` becomes what the policy writes.
static bool value_list(const struct plan_policy *policy, struct text *value)
{
    struct text other = text_of(policy->other);
    struct text rest = text_of(policy->groups);
    struct text group;
    if (value->size == 0)
        return false;
    while (policy_item(&rest, ',', &group)) {
        if (!policy_equal_nocase(group, *value))
            continue;
        *value = group;
        return true;
    }
    if (policy->groups ? !policy_equal_nocase(other, *value) : !text_equal(other, *value))
        return false;
    *value = other;
    return true;
}

// What stands behind the last label_suffix of the name, if it may be a group.
static struct text suffix_of(const struct plan_policy *policy, struct text name)
{
    struct text mark = text_of(policy->label_suffix);
    if (!mark.size || name.size <= mark.size)
        return text_none();
    size_t at = name.size - mark.size;
    while (at > 0 && memcmp(name.data + at, mark.data, mark.size) != 0)
        at--;
    if (memcmp(name.data + at, mark.data, mark.size) != 0)
        return text_none();
    struct text value = {name.data + at + mark.size, name.size - at - mark.size};
    bool is_listed = value_list(policy, &value);
    return is_listed || !policy->groups ? value : text_none();
}

struct policy_place policy_unit_place(const struct plan_policy *policy,
                                      const struct policy_unit *unit)
{
    struct policy_place place = {
        .zone = unit_label(unit, policy->affinity),
        .pin = unit_label(unit, "pin"),
    };
    if (!policy->group_by)
        return place;
    struct text value = unit_label(unit, policy->group_by);
    if (!value.size)
        value = suffix_of(policy, unit->name);
    if (!value.size)
        value = suffix_of(policy, unit->agent);
    place.has_group = value.size > 0;
    place.is_listed = value_list(policy, &value);
    // Without a list a value that is there is taken as it is.
    bool is_foreign = !place.is_listed && (policy->groups || !place.has_group);
    if (is_foreign && policy->other) {
        value = text_of(policy->other);
        place.is_listed = true;
    }
    place.group = value;
    return place;
}

static struct text collector_label(const struct label *labels, uint32_t count, const char *key)
{
    return key ? label_value(labels, count, text_of(key)) : text_none();
}

struct policy_place policy_collector_place(const struct plan_policy *policy,
                                           const struct label *labels, uint32_t labels_count)
{
    struct policy_place place = {
        .group = collector_label(labels, labels_count, policy->group_by),
        .zone = collector_label(labels, labels_count, policy->affinity),
        .host = collector_label(labels, labels_count, policy->spread_by),
    };
    place.has_group = place.group.size > 0;
    place.is_listed = value_list(policy, &place.group);
    return place;
}

// The pattern against the whole text. Behind a star that took too little, it takes one more.
static bool pattern_matches(struct text pattern, struct text text)
{
    size_t p = 0;
    size_t t = 0;
    size_t star = SIZE_MAX; // the last star passed, and what it has taken up to
    size_t taken = 0;
    while (t < text.size) {
        char c = p < pattern.size ? pattern.data[p] : '\0';
        size_t size = text_utf8_size((struct text){text.data + t, text.size - t});
        if (p < pattern.size && c == '*') {
            star = p++;
            taken = t;
        } else if (p < pattern.size && (c == '?' || c == text.data[t])) {
            t += c == '?' && size ? size : 1;
            p++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++taken;
        } else {
            return false;
        }
    }
    while (p < pattern.size && pattern.data[p] == '*')
        p++;
    return p == pattern.size;
}

static bool labels_match(const struct label *labels, uint32_t count, struct text key,
                         struct text pattern)
{
    const struct label *label = label_find(labels, count, key);
    return label && pattern_matches(pattern, label->value);
}

static bool rule_holds(struct text rule, const struct policy_unit *unit)
{
    const char *equal = rule.size ? memchr(rule.data, '=', rule.size) : NULL;
    if (!equal)
        return false;
    struct text key = {rule.data, (size_t)(equal - rule.data)};
    struct text pattern = {equal + 1, rule.size - key.size - 1};
    if (text_equals(key, "name"))
        return pattern_matches(pattern, unit->name);
    if (text_equals(key, "agent"))
        return unit->agent.size && pattern_matches(pattern, unit->agent);
    struct text label = {key.data + strlen("label."), key.size - strlen("label.")};
    return labels_match(unit->labels, unit->labels_count, label, pattern) ||
           labels_match(unit->agent_labels, unit->agent_labels_count, label, pattern);
}

bool policy_matches(const struct plan_policy *policy, const struct policy_unit *unit)
{
    struct text rest = text_of(policy->match);
    struct text rule;
    while (policy_item(&rest, ' ', &rule))
        if (rule_holds(rule, unit))
            return true;
    return false;
}
