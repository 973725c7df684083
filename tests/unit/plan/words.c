// SPDX-License-Identifier: Apache-2.0
//
// Reads what is said of a policy, a collector or a unit.
#include "unit/plan/words.h"

#include <string.h>

#include "base/ensure.h"

// One "key=value" of a line; false at its end.
static bool pair_take(const char **line, struct label *ret_pair)
{
    *line += strspn(*line, " ");
    if (!**line)
        return false;
    size_t key = strcspn(*line, "=");
    size_t value = strcspn(*line + key + 1, " ");
    *ret_pair = (struct label){{*line, key}, {*line + key + 1, value}};
    *line += key + 1 + value;
    return true;
}

static int64_t number_of(struct text text)
{
    int64_t number = 0;
    ensure(text_parse_int64(text, &number) == STATUS_OK);
    return number;
}

void policy(struct pool *pool, const char *keys)
{
    struct label labels[16];
    uint32_t count = 0;
    struct buffer why = {0};
    struct plan_policy policy = {0};
    while (pair_take(&keys, &labels[count]))
        count++;
    ensure(!policy_parse(labels, count, &why, &policy));
    ensure(!plan_policy_set(pool->plan, &policy) || plan_collector_count(pool->plan) == 0);
    policy_finish(&policy);
    buffer_finish(&why);
}

static struct plan_collector_options collector_of(const char *line, struct label *labels)
{
    struct plan_collector_options options = {.labels = labels};
    while (pair_take(&line, &labels[options.labels_count])) {
        const struct label *pair = &labels[options.labels_count];
        if (text_equals(pair->key, "units"))
            options.units_max = (uint32_t)number_of(pair->value);
        else if (text_equals(pair->key, "weight"))
            options.weight_max = number_of(pair->value);
        else if (text_equals(pair->key, "held"))
            options.is_held = true;
        else
            options.labels_count++;
    }
    return options;
}

void join(struct pool *pool, const char *id, const char *line)
{
    struct label labels[8];
    struct plan_collector_options options = collector_of(line, labels);
    plan_collector_join(pool->plan, text_of(id), &options);
}

void set(struct pool *pool, const char *id, const char *line)
{
    struct label labels[8];
    struct plan_collector_options options = collector_of(line, labels);
    plan_collector_set(pool->plan, plan_collector_find(pool->plan, text_of(id)), &options);
}

static struct plan_unit_options unit_of(const char *line, struct label *labels)
{
    struct plan_unit_options options = {.weight = 1, .said.labels = labels};
    while (pair_take(&line, &labels[options.said.labels_count])) {
        const struct label *pair = &labels[options.said.labels_count];
        if (text_equals(pair->key, "weight"))
            options.weight = number_of(pair->value);
        else
            options.said.labels_count++;
    }
    return options;
}

void add_all(struct pool *pool, uint32_t first, uint32_t last, const char *line)
{
    struct label labels[8];
    struct plan_unit_options options = unit_of(line, labels);
    for (uint32_t unit = first; unit <= last; unit++)
        plan_unit_add(pool->plan, unit, &options);
}

void add(struct pool *pool, uint32_t unit, const char *line)
{
    add_all(pool, unit, unit, line);
}

void retell(struct pool *pool, uint32_t unit, const char *line)
{
    struct label labels[8];
    struct plan_unit_options options = unit_of(line, labels);
    plan_unit_set(pool->plan, unit, &options);
}
