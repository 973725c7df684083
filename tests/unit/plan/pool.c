// SPDX-License-Identifier: Apache-2.0
//
// Turns ids into handles and lists into text.
#include "unit/plan/pool.h"

#include <string.h>

#include "base/ensure.h"

void pool_init(struct pool *pool, uint32_t cap)
{
    *pool = (struct pool){.units = plan_units_create()};
    struct plan_policy policy = {.max_topics_per_collector = cap};
    pool->plan = plan_create(pool->units, &(struct plan_options){.policy = &policy});
}

void pool_finish(struct pool *pool)
{
    plan_destroy(pool->plan);
    plan_units_destroy(pool->units);
    buffer_finish(&pool->text);
}

// Cuts the first word off.
static struct text word_take(const char **words)
{
    *words += strspn(*words, " ");
    struct text word = {*words, strcspn(*words, " ")};
    *words += word.size;
    return word;
}

static uint32_t handle_of(const struct pool *pool, struct text id)
{
    uint32_t handle = plan_collector_find(pool->plan, id);
    ensure(handle != PLAN_NOBODY);
    return handle;
}

void pool_join(struct pool *pool, const char *ids)
{
    for (struct text id = word_take(&ids); id.size; id = word_take(&ids))
        plan_collector_join(pool->plan, id, &(struct plan_collector_options){0});
}

void pool_leave(struct pool *pool, const char *ids)
{
    for (struct text id = word_take(&ids); id.size; id = word_take(&ids))
        plan_collector_leave(pool->plan, handle_of(pool, id));
}

static void set_all(struct pool *pool, const char *ids, struct plan_collector_options options)
{
    for (struct text id = word_take(&ids); id.size; id = word_take(&ids))
        plan_collector_set(pool->plan, handle_of(pool, id), &options);
}

void pool_drain(struct pool *pool, const char *ids)
{
    set_all(pool, ids, (struct plan_collector_options){.is_draining = true});
}

void pool_undrain(struct pool *pool, const char *ids)
{
    set_all(pool, ids, (struct plan_collector_options){0});
}

void pool_capacity(struct pool *pool, const char *id, uint32_t units_max)
{
    set_all(pool, id, (struct plan_collector_options){.units_max = units_max});
}

void pool_cap(struct pool *pool, uint32_t cap)
{
    plan_policy_set(pool->plan, &(struct plan_policy){.max_topics_per_collector = cap});
}

void pool_pack(struct pool *pool, uint32_t cap)
{
    plan_policy_set(pool->plan,
                    &(struct plan_policy){.max_topics_per_collector = cap, .is_packed = true});
}

void pool_add(struct pool *pool, uint32_t first, uint32_t last)
{
    for (uint32_t unit = first; unit <= last; unit++)
        plan_unit_add(pool->plan, unit, &(struct plan_unit_options){.weight = 1});
}

void pool_remove(struct pool *pool, uint32_t first, uint32_t last)
{
    for (uint32_t unit = first; unit <= last; unit++)
        plan_unit_remove(pool->plan, unit);
}

bool pool_settle(struct pool *pool)
{
    bool is_settled = plan_settle(pool->plan, PLAN_UNLIMITED);
    plan_check(pool->plan);
    return is_settled;
}

uint32_t pool_moves(struct pool *pool)
{
    struct plan_change change;
    uint32_t moves = 0;
    pool_settle(pool);
    while (plan_changes_take(pool->plan, &change, 1))
        moves += change.from != PLAN_NOBODY && change.to != PLAN_NOBODY;
    return moves;
}

// Prints numbers of units in the opposite order.
static void units_print(struct buffer *text, const uint32_t *units, uint32_t count)
{
    while (count-- > 0)
        buffer_print(text, " %u", units[count]);
}

static void pending_print(struct pool *pool)
{
    struct plan_counts counts;
    plan_counts_get(pool->plan, &counts);
    uint64_t before = 0;
    buffer_add_string(&pool->text, counts.pending ? " | pending:" : "");
    // In the order of their numbers; there are few.
    for (uint32_t i = 0; i < counts.pending; i++) {
        uint32_t next = PLAN_NOBODY;
        for (uint32_t unit = 0; unit < 2000; unit++)
            if (plan_unit_is_known(pool->plan, unit) &&
                plan_unit_owner(pool->plan, unit) == PLAN_NOBODY &&
                (i == 0 || plan_unit_number(pool->plan, unit) > before) &&
                (next == PLAN_NOBODY ||
                 plan_unit_number(pool->plan, unit) < plan_unit_number(pool->plan, next)))
                next = unit;
        ensure(next != PLAN_NOBODY);
        before = plan_unit_number(pool->plan, next);
        buffer_print(&pool->text, " %u", next);
    }
}

const char *pool_owners(struct pool *pool)
{
    buffer_clear(&pool->text);
    for (uint32_t rank = 0; rank < plan_collector_count(pool->plan); rank++) {
        uint32_t units[2000];
        uint32_t count = 0;
        uint32_t collector = plan_collector_at(pool->plan, rank);
        uint32_t unit = plan_collector_unit_next(pool->plan, collector, PLAN_NOBODY);
        for (; unit != PLAN_NOBODY; unit = plan_collector_unit_next(pool->plan, collector, unit))
            units[count++] = unit;
        buffer_print(&pool->text, "%s%.*s:", rank ? " | " : "",
                     TEXT_ARGS(plan_collector_id(pool->plan, collector)));
        units_print(&pool->text, units, count);
    }
    pending_print(pool);
    return buffer_string(&pool->text);
}

const char *pool_loads(struct pool *pool)
{
    buffer_clear(&pool->text);
    for (uint32_t rank = 0; rank < plan_collector_count(pool->plan); rank++) {
        uint32_t collector = plan_collector_at(pool->plan, rank);
        buffer_print(&pool->text, "%s%.*s %u", rank ? ", " : "",
                     TEXT_ARGS(plan_collector_id(pool->plan, collector)),
                     plan_collector_load(pool->plan, collector));
    }
    return buffer_string(&pool->text);
}

static void collector_print(struct pool *pool, uint32_t collector)
{
    if (collector == PLAN_NOBODY)
        buffer_add_string(&pool->text, "nobody");
    else
        buffer_add_text(&pool->text, plan_collector_id(pool->plan, collector));
}

const char *pool_changes(struct pool *pool)
{
    static const char *const whys[PLAN_WHY_COUNT] = {"none",      "placed",   "left",   "drained",
                                                     "over cap",  "group",    "spread", "pinned",
                                                     "made room", "affinity", "balance"};
    struct plan_change change;
    buffer_clear(&pool->text);
    while (plan_changes_take(pool->plan, &change, 1)) {
        buffer_print(&pool->text, "%s%u ", pool->text.size ? ", " : "", change.unit);
        if (change.from != PLAN_NOBODY) {
            collector_print(pool, change.from);
            buffer_add_char(&pool->text, ' ');
        }
        buffer_add_string(&pool->text, "-> ");
        collector_print(pool, change.to);
        if (change.why != PLAN_WHY_PLACED)
            buffer_print(&pool->text, " (%s)", whys[change.why]);
    }
    return buffer_string(&pool->text);
}

enum plan_reason pool_reason(struct pool *pool, uint32_t unit)
{
    return plan_unit_reason(pool->plan, unit);
}
