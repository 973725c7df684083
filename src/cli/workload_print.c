// SPDX-License-Identifier: Apache-2.0
//
// A step as a line of JSON.
#include "base/json.h"
#include "cli/decimal.h"
#include "cli/workload_inner.h"

#define ALTERNATIVES_MAX 3 // collectors that --why tells of
#define LOOKED_AT_MAX 1000 // the first ones by id, among which it looks for them

// What the collectors carry, those that are draining or held left out.
struct spread {
    uint32_t collectors;
    int64_t min;
    int64_t max;
    int64_t sum;
    uint32_t held_units; // that wait for a collector to come back
};

static const struct workload_collector *collector_of(const struct workload *workload,
                                                     uint32_t handle)
{
    return &workload->collectors[workload->by_handle[handle]];
}

static struct spread spread_get(const struct workload *workload)
{
    const struct plan *plan = workload->plan;
    struct spread spread = {.min = INT64_MAX};
    uint32_t count = plan_collector_count(plan);
    for (uint32_t rank = 0; rank < count; rank++) {
        uint32_t handle = plan_collector_at(plan, rank);
        const struct workload_collector *collector = collector_of(workload, handle);
        int64_t burden = plan_collector_burden(plan, handle);
        if (collector->presence == WORKLOAD_HELD)
            spread.held_units += plan_collector_load(plan, handle);
        if (collector->presence == WORKLOAD_HELD || collector->is_draining)
            continue;
        spread.collectors++;
        spread.sum += burden;
        if (burden < spread.min)
            spread.min = burden;
        if (burden > spread.max)
            spread.max = burden;
    }
    return spread;
}

static void member_ratio(struct json *json, const char *key, int64_t numerator, int64_t denominator)
{
    struct buffer number = {0};
    decimal_ratio(&number, numerator, denominator);
    json_key(json, key);
    json_raw(json, buffer_text(&number));
    buffer_finish(&number);
}

static void print_numbers(const struct workload *workload, const struct workload_step *step,
                          struct json *json)
{
    struct spread spread = spread_get(workload);
    struct plan_wanted wanted;
    json_member_int64(json, "step", workload->step);
    json_member_int64(json, "assigned", (int64_t)step->counts.assigned - spread.held_units);
    json_member_int64(json, "pending", (int64_t)step->counts.pending + spread.held_units);
    json_member_int64(json, "moves", (int64_t)step->moves);
    if (step->moves_min == UINT64_MAX)
        json_member_null(json, "moves_min");
    else
        json_member_int64(json, "moves_min", (int64_t)step->moves_min);
    if (spread.collectors == 0) {
        json_member_null(json, "max");
        json_member_null(json, "min");
        json_member_null(json, "mean");
    } else {
        json_member_int64(json, "max", spread.max);
        json_member_int64(json, "min", spread.min);
        member_ratio(json, "mean", spread.sum, spread.collectors);
    }
    plan_wanted_get(workload->plan, UINT32_MAX, &wanted);
    if (wanted.count == PLAN_NOBODY)
        json_member_null(json, "collectors_wanted");
    else
        json_member_int64(json, "collectors_wanted", wanted.count);
    member_ratio(json, "plan_us", step->plan_ns, 1000);
}

// ---- Owners.

static void unit_key(const struct workload *workload, uint32_t unit, struct json *json,
                     struct buffer *name)
{
    const struct workload_unit *row = &workload->units[unit];
    buffer_clear(name);
    buffer_add_text(name, workload->topics[row->topic].name);
    if (row->part != WORKLOAD_NONE) {
        buffer_add_char(name, '/');
        buffer_add_int64(name, row->part);
    }
    json_key_text(json, buffer_text(name));
}

static void print_owner(const struct workload *workload, uint32_t unit, struct json *json)
{
    uint32_t owner = plan_unit_owner(workload->plan, unit);
    const struct workload_collector *collector =
        owner == PLAN_NOBODY ? NULL : collector_of(workload, owner);
    json_string(json, collector && collector->presence == WORKLOAD_IN ? collector->id : NULL);
}

// ---- Why.

// Another collector, and what spoke against it.
struct alternative {
    uint32_t handle;
    enum plan_verdict verdict;
    int64_t burden;
};

static bool is_closer(const struct alternative *a, const struct alternative *b)
{
    return a->verdict != b->verdict ? a->verdict > b->verdict : a->burden < b->burden;
}

// Puts it where it belongs among the closest ones; among equals the first by id is first.
static void alternative_add(struct alternative *closest, uint32_t *count,
                            const struct alternative *it)
{
    uint32_t at = *count;
    for (; at > 0 && is_closer(it, &closest[at - 1]); at--)
        if (at < ALTERNATIVES_MAX)
            closest[at] = closest[at - 1];
    if (at < ALTERNATIVES_MAX)
        closest[at] = *it;
    *count += *count < ALTERNATIVES_MAX;
}

// The closest few of the other collectors.
static void why_not_others(const struct workload *workload, uint32_t unit, uint32_t owner,
                           struct buffer *out)
{
    const struct plan *plan = workload->plan;
    struct alternative closest[ALTERNATIVES_MAX];
    uint32_t count = plan_collector_count(plan);
    uint32_t told = 0;
    for (uint32_t rank = 0; rank < count && rank < LOOKED_AT_MAX; rank++) {
        struct alternative it = {.handle = plan_collector_at(plan, rank)};
        if (it.handle == owner)
            continue;
        it.verdict = plan_unit_verdict(plan, unit, it.handle);
        it.burden = plan_collector_burden(plan, it.handle);
        alternative_add(closest, &told, &it);
    }
    for (uint32_t i = 0; i < told; i++)
        buffer_print(out, "%s%s: %s", i ? ", " : "; not ",
                     collector_of(workload, closest[i].handle)->id,
                     plan_verdict_text(closest[i].verdict));
    if (count > told + 1)
        buffer_print(out, ", and %u more", count - told - 1);
}

static void why_owned(const struct workload *workload, uint32_t unit, uint32_t owner,
                      struct buffer *out)
{
    const struct workload_unit *row = &workload->units[unit];
    const struct workload_collector *collector = collector_of(workload, owner);
    const char *reason = plan_why_text((enum plan_why)row->why);
    if (collector->presence == WORKLOAD_HELD) {
        buffer_print(out, "waits for %s, which left, until at_ms %lld (bounce_delay)",
                     collector->id, (long long)collector->held_until_ms);
        return;
    }
    if (row->from == WORKLOAD_NONE)
        buffer_print(out, "placed on %s: %s", collector->id, reason);
    else
        buffer_print(out, "moved from %s to %s: %s", workload->collectors[row->from].id,
                     collector->id, reason);
    why_not_others(workload, unit, owner, out);
}

static void why_pending(const struct workload *workload, uint32_t unit, struct buffer *out)
{
    enum plan_reason reason = plan_unit_reason(workload->plan, unit);
    buffer_print(out, "pending: %s", plan_reason_text(reason));
    if (reason == PLAN_REASON_CAPACITY)
        buffer_print(out, "; it weighs %lld",
                     (long long)workload->topics[workload->units[unit].topic].weight);
}

static void print_why(const struct workload *workload, uint32_t unit, struct json *json,
                      struct buffer *text)
{
    uint32_t owner = plan_unit_owner(workload->plan, unit);
    buffer_clear(text);
    if (owner == PLAN_NOBODY)
        why_pending(workload, unit, text);
    else
        why_owned(workload, unit, owner, text);
    json_text(json, buffer_text(text));
}

static void print_unit(const struct workload *workload, uint32_t unit, bool is_why,
                       struct json *json, struct buffer *text)
{
    unit_key(workload, unit, json, text);
    if (is_why)
        print_why(workload, unit, json, text);
    else
        print_owner(workload, unit, json);
}

// Every unit, topic by topic.
static void print_units(const struct workload *workload, bool is_why, struct json *json)
{
    struct buffer text = {0};
    json_key(json, is_why ? "why" : "owners");
    json_object_begin(json);
    for (uint32_t row = 0; row < workload->topics_count; row++) {
        const struct workload_topic *topic = &workload->topics[row];
        if (!topic->name.data)
            continue;
        if (topic->parts == 0)
            print_unit(workload, topic->unit, is_why, json, &text);
        for (uint32_t part = 0; part < topic->parts; part++)
            print_unit(workload, topic->units[part], is_why, json, &text);
    }
    json_object_end(json);
    buffer_finish(&text);
}

void workload_print(const struct workload *workload, const struct workload_step *step,
                    struct buffer *out)
{
    struct json json;
    json_begin(&json, out);
    json_object_begin(&json);
    print_numbers(workload, step, &json);
    if (workload->options.owners)
        print_units(workload, false, &json);
    if (workload->options.why)
        print_units(workload, true, &json);
    json_object_end(&json);
    json_end(&json);
    buffer_add_char(out, '\n');
}
