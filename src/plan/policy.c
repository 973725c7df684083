// SPDX-License-Identifier: Apache-2.0
//
// Reading a policy: each key is checked alone along the table below, then the preset fills what was
// left out, then the whole is looked at for what contradicts itself.
#include "plan/policy.h"

#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "plan/policy_value.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define TOLERANCE_PPM 10000     // 1 %
#define MIN_GAIN_LOAD_PPM 50000 // 5 %, where loads are measured
#define QUOTED_SIZE_MAX 60      // of a wrong value in a message
#define AGENT_MISSES 3
#define QUARANTINE_AFTER 3

struct reading {
    struct plan_policy policy;
    struct buffer *why;
    uint32_t given;  // bit per row of keys[] that was said, `none` too
    uint32_t valued; // that was said with a value
    bool is_csp;
};

struct key {
    const char *name;
    size_t offset; // of its field; for `words` unused
    // Takes the value into the policy. NULL, or what is wrong with it.
    const char *(*take)(struct reading *reading, const struct key *key, struct text value);
};

static void *key_field(struct reading *reading, const struct key *key)
{
    return (char *)&reading->policy + key->offset;
}

// Which of `count` words the value is, or `count`.
static uint32_t word_of(struct text value, const char *const *words, uint32_t count)
{
    uint32_t i = 0;
    while (i < count && !text_equals(value, words[i]))
        i++;
    return i;
}

static const char *take_balance(struct reading *reading, const struct key *key, struct text value)
{
    static const char *const words[] = {"count", "weight", "load"};
    uint32_t word = word_of(value, words, COUNT(words));
    (void)key;
    if (word == COUNT(words))
        return "is not count, weight or load";
    reading->policy.balance = (enum plan_balance)word;
    return NULL;
}

static const char *take_load(struct reading *reading, const struct key *key, struct text value)
{
    static const char *const words[] = {"bytes", "records", "lag"};
    uint32_t word = word_of(value, words, COUNT(words));
    (void)key;
    if (word == COUNT(words))
        return "is not bytes, records or lag";
    reading->policy.load = (enum plan_load)word;
    return NULL;
}

// One of two words; the second one sets the field.
static const char *take_switch(bool *field, struct text value, const char *off, const char *on,
                               const char *fault)
{
    if (!text_equals(value, on) && !text_equals(value, off))
        return fault;
    *field = text_equals(value, on);
    return NULL;
}

static const char *take_mode(struct reading *reading, const struct key *key, struct text value)
{
    return take_switch(key_field(reading, key), value, "even", "pack", "is not even or pack");
}

static const char *take_bool(struct reading *reading, const struct key *key, struct text value)
{
    return take_switch(key_field(reading, key), value, "false", "true", "is not true or false");
}

static const char *take_start(struct reading *reading, const struct key *key, struct text value)
{
    return take_switch(key_field(reading, key), value, "earliest", "latest",
                       "is not earliest or latest");
}

static const char *take_gap(struct reading *reading, const struct key *key, struct text value)
{
    static const char *const words[] = {"earliest", "latest", "hold"};
    uint32_t word = word_of(value, words, COUNT(words));
    (void)key;
    if (word == COUNT(words))
        return "is not earliest, latest or hold";
    reading->policy.on_gap = words[word];
    return NULL;
}

static const char *take_preset(struct reading *reading, const struct key *key, struct text value)
{
    (void)key;
    if (!text_equals(value, "csp"))
        return "is not csp, the only preset";
    reading->is_csp = true;
    return NULL;
}

static const char *take_ratio(struct reading *reading, const struct key *key, struct text value)
{
    return policy_ratio(value, key_field(reading, key));
}

static const char *take_count(struct reading *reading, const struct key *key, struct text value)
{
    return policy_count(value, 1, key_field(reading, key));
}

static const char *take_least(struct reading *reading, const struct key *key, struct text value)
{
    return policy_count(value, 0, key_field(reading, key));
}

static const char *take_span(struct reading *reading, const struct key *key, struct text value)
{
    return policy_span(value, key_field(reading, key));
}

static const char *keep_text(struct reading *reading, const struct key *key, struct text value)
{
    char **field = key_field(reading, key);
    *field = text_copy(value);
    return NULL;
}

static const char *take_label(struct reading *reading, const struct key *key, struct text value)
{
    const char *fault = policy_label(value);
    return fault ? fault : keep_text(reading, key, value);
}

static const char *take_groups(struct reading *reading, const struct key *key, struct text value)
{
    struct buffer list = {0};
    const char *fault = policy_list(value, &list);
    if (!fault)
        keep_text(reading, key, buffer_text(&list));
    buffer_finish(&list);
    return fault;
}

static const char *take_match(struct reading *reading, const struct key *key, struct text value)
{
    const char *fault = policy_rules(value);
    return fault ? fault : keep_text(reading, key, value);
}

#define FIELD(name) offsetof(struct plan_policy, name)

static const struct key keys[] = {
    {"balance", FIELD(balance), take_balance},
    {"load", FIELD(load), take_load},
    {"mode", FIELD(is_packed), take_mode},
    {"tolerance", FIELD(tolerance_ppm), take_ratio},
    {"min_gain", FIELD(min_gain_ppm), take_ratio},
    {"max_topics_per_collector", FIELD(max_topics_per_collector), take_count},
    {"isolated", FIELD(isolated), take_bool},
    {"group_by", FIELD(group_by), take_label},
    {"groups", FIELD(groups), take_groups},
    {"other", FIELD(other), take_label},
    {"label_suffix", FIELD(label_suffix), take_label},
    {"preset", 0, take_preset},
    {"affinity", FIELD(affinity), take_label},
    {"spread_by", FIELD(spread_by), take_label},
    {"spread_max", FIELD(spread_max), take_count},
    {"move_budget", FIELD(move_budget), take_count},
    {"bounce_delay", FIELD(bounce_delay_ms), take_span},
    {"stabilization", FIELD(stabilization_ms), take_span},
    {"collectors_min", FIELD(collectors_min), take_least},
    {"collectors_max", FIELD(collectors_max), take_count},
    {"match", FIELD(match), take_match},
    {"start", FIELD(start_latest), take_start},
    {"on_gap", FIELD(on_gap), take_gap},
    {"agent_interval", FIELD(agent_interval_ms), take_span},
    {"agent_misses", FIELD(agent_misses), take_count},
    {"quarantine_after", FIELD(quarantine_after), take_count},
};

// The texts that a policy owns.
static const size_t texts[] = {
    FIELD(group_by), FIELD(groups),    FIELD(other), FIELD(label_suffix),
    FIELD(affinity), FIELD(spread_by), FIELD(match),
};

static const struct {
    const char *alias;
    const char *key;
} aliases[] = {
    {"AGENTCOUNT", "max_topics_per_collector"},
    {"MaxAgentHost", "max_topics_per_collector"},
};

// The eight providers, of which an agent's name ends in one: ns_agent_aws.
static const struct {
    const char *key;
    const char *value;
} preset_csp[] = {
    {"group_by", "csp"},
    {"groups", "alibaba,aws,azure,cloudit,cloudtwin,docker,gcp,openstack"},
    {"other", "other"},
    {"label_suffix", "_"},
};

static char **policy_text(struct plan_policy *policy, size_t index)
{
    return (char **)((char *)policy + texts[index]);
}

void policy_finish(struct plan_policy *policy)
{
    if (policy == NULL)
        return;
    for (size_t i = 0; i < COUNT(texts); i++)
        memory_release(*policy_text(policy, i));
    *policy = (struct plan_policy){0};
}

struct plan_policy policy_copy(const struct plan_policy *policy)
{
    struct plan_policy copy = *policy;
    for (size_t i = 0; i < COUNT(texts); i++) {
        char **text = policy_text(&copy, i);
        *text = *text ? text_copy(text_of(*text)) : NULL;
    }
    return copy;
}

const char *policy_key_at(size_t index)
{
    return index < COUNT(keys) ? keys[index].name : NULL;
}

struct text policy_key(struct text key)
{
    for (size_t i = 0; i < COUNT(aliases); i++)
        if (text_equals(key, aliases[i].alias))
            return text_of(aliases[i].key);
    return key;
}

uint32_t policy_cap(const struct plan_policy *policy)
{
    return policy->isolated ? 1 : policy->max_topics_per_collector;
}

static bool is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool policy_labels_equal(const struct plan_policy *a, const struct plan_policy *b)
{
    return is_same(a->group_by, b->group_by) && is_same(a->groups, b->groups) &&
           is_same(a->other, b->other) && is_same(a->label_suffix, b->label_suffix) &&
           is_same(a->affinity, b->affinity) && is_same(a->spread_by, b->spread_by);
}

// COUNT(keys) if there is none.
static size_t key_find(struct text name)
{
    size_t index = 0;
    while (index < COUNT(keys) && !text_equals(name, keys[index].name))
        index++;
    return index;
}

// The value in quotes, cut and without what would drive a terminal.
static void quote(struct buffer *why, struct text value)
{
    buffer_add_char(why, '\'');
    for (size_t i = 0; i < value.size && i < QUOTED_SIZE_MAX; i++) {
        bool is_shown = value.data[i] >= ' ' && value.data[i] <= '~';
        buffer_add_char(why, is_shown ? value.data[i] : '?');
    }
    buffer_add_string(why, value.size > QUOTED_SIZE_MAX ? "...'" : "'");
}

static bool refuse_unknown(struct reading *reading, struct text name)
{
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; i < COUNT(keys); i++)
        nearest_offer(&nearest, keys[i].name);
    buffer_add_string(reading->why, "unknown policy key ");
    quote(reading->why, name);
    if (nearest.word)
        buffer_print(reading->why, ": did you mean '%s'?", nearest.word);
    return false;
}

static bool read_key(struct reading *reading, const struct label *label)
{
    size_t index = key_find(policy_key(label->key));
    if (index == COUNT(keys))
        return refuse_unknown(reading, label->key);
    const struct key *key = &keys[index];
    if (reading->given & (1u << index)) {
        buffer_print(reading->why, "%s is set twice", key->name);
        return false;
    }
    reading->given |= 1u << index;
    if (text_equals(label->value, "none"))
        return true;
    reading->valued |= 1u << index;
    const char *fault = key->take(reading, key, label->value);
    if (!fault)
        return true;
    buffer_print(reading->why, "%.*s: ", TEXT_ARGS(label->key));
    quote(reading->why, label->value);
    buffer_print(reading->why, " %s", fault);
    return false;
}

static bool is_valued(const struct reading *reading, const char *name)
{
    return reading->valued & (1u << key_find(text_of(name)));
}

// What nobody said gets the preset's value, or its default where that depends on other keys.
static void fill(struct reading *reading)
{
    struct plan_policy *policy = &reading->policy;
    for (size_t i = 0; reading->is_csp && i < COUNT(preset_csp); i++) {
        size_t index = key_find(text_of(preset_csp[i].key));
        if (!(reading->given & (1u << index)))
            ensure(!keys[index].take(reading, &keys[index], text_of(preset_csp[i].value)));
    }
    if (policy->balance == PLAN_BALANCE_LOAD && policy->min_gain_ppm == 0 &&
        !is_valued(reading, "min_gain"))
        policy->min_gain_ppm = MIN_GAIN_LOAD_PPM;
    // One group, one way to write it.
    struct text rest = text_of(policy->groups);
    struct text group;
    while (policy->other && policy_item(&rest, ',', &group))
        if (policy_equal_nocase(group, text_of(policy->other)))
            memcpy(policy->other, group.data, group.size);
}

static const char *contradiction(const struct plan_policy *policy)
{
    uint32_t cap = policy->max_topics_per_collector;
    bool is_grouped = policy->group_by != NULL;
    const struct {
        bool holds;
        const char *reason;
    } rows[] = {
        {policy->groups && !is_grouped, "groups without group_by: say which label has them"},
        {policy->other && !is_grouped, "other without group_by: say which label it is about"},
        {policy->label_suffix && !is_grouped,
         "label_suffix without group_by: say which label the suffix stands for"},
        {policy->spread_by && !policy->spread_max,
         "spread_by without spread_max: say how many topics of a group one place may have"},
        {!policy->spread_by && policy->spread_max,
         "spread_max without spread_by: say which label of the collectors is their place"},
        {policy->isolated && cap > 1,
         "isolated means one topic per collector, max_topics_per_collector means more"},
        {policy->is_packed && policy->balance == PLAN_BALANCE_LOAD,
         "mode = pack with balance = load: what is packed by measured loads would never rest"},
        {is_grouped && is_same(policy->affinity, policy->group_by),
         "affinity and group_by are one label: collectors of another group get nothing anyway"},
        {is_grouped && is_same(policy->spread_by, policy->group_by),
         "spread_by and group_by are one label: a group would have only one place"},
        {policy->collectors_max && policy->collectors_min > policy->collectors_max,
         "collectors_min is more than collectors_max"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].holds)
            return rows[i].reason;
    return NULL;
}

static bool read_keys(struct reading *reading, const struct label *given, uint32_t count)
{
    bool is_good = true;
    for (uint32_t i = 0; is_good && i < count; i++)
        is_good = read_key(reading, &given[i]);
    return is_good;
}

const char *policy_check(const struct label *given, uint32_t count, struct buffer *why)
{
    struct reading reading = {.why = why};
    bool is_good = read_keys(&reading, given, count);
    policy_finish(&reading.policy);
    return is_good ? NULL : buffer_string(why);
}

const char *policy_parse(const struct label *given, uint32_t count, struct buffer *why,
                         struct plan_policy *ret_policy)
{
    struct reading reading = {.policy = {.tolerance_ppm = TOLERANCE_PPM,
                                         .on_gap = "earliest",
                                         .agent_misses = AGENT_MISSES,
                                         .quarantine_after = QUARANTINE_AFTER},
                              .why = why};
    bool is_good = read_keys(&reading, given, count);
    if (is_good) {
        fill(&reading);
        const char *reason = contradiction(&reading.policy);
        if (reason)
            buffer_add_string(why, reason);
        is_good = !reason;
    }
    if (!is_good) {
        policy_finish(&reading.policy);
        return buffer_string(why);
    }
    *ret_policy = reading.policy;
    return NULL;
}
