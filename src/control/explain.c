// SPDX-License-Identifier: Apache-2.0
//
// Why units and collectors have what they have, in words: what a placement beat, how far a
// collector is from its share and who could do its work. Computed when asked.
#include <string.h>

#include "control/scratch.h"
#include "control/view.h"

enum { NAMES_SHOWN = 3, REASONS_SHOWN = 5 };

static void line_end(struct buffer *lines)
{
    buffer_add_char(lines, '\n');
}

// ---- Units.

// What several collectors have in common that stand between a unit and them.
static const char *verdicts_text(enum plan_verdict verdict)
{
    static const char *const texts[PLAN_VERDICT_COUNT] = {
        [PLAN_VERDICT_OWNS] = "have it",
        [PLAN_VERDICT_GROUP] = "serve another group (rule 1)",
        [PLAN_VERDICT_PINNED] = "are not the one it is pinned to (rule 1)",
        [PLAN_VERDICT_DRAINING] = "drain (rule 1)",
        [PLAN_VERDICT_HELD] = "are away, their topics wait for them (rule 1)",
        [PLAN_VERDICT_CAP] = "have as many topics as they may (rule 1)",
        [PLAN_VERDICT_WEIGHT] = "have no room for its weight (rule 1)",
        [PLAN_VERDICT_SPREAD] = "are on hosts that have spread_max topics of the group (rule 1)",
        [PLAN_VERDICT_AFFINITY] = "are of another zone (rule 4)",
        [PLAN_VERDICT_UNUSED] = "are empty, and not needed (rule 4)",
        [PLAN_VERDICT_EMPTIER] =
            "have less than the owner, and the fullest is filled first (rule 4)",
        [PLAN_VERDICT_BUSIER] = "would have more than the owner (rule 4)",
        [PLAN_VERDICT_LATER] = "would have as much, and are later in the order (rule 5)",
        [PLAN_VERDICT_STICKY] = "would do no worse, but that would be a move (rule 3)",
        [PLAN_VERDICT_FREE] = "could take it",
    };
    return texts[verdict];
}

// Where the labels put the unit, as far as the policy looks at them.
static void unit_place_print(const struct control *control, uint32_t unit, struct buffer *lines)
{
    const struct tables *tables = &control->tables;
    uint32_t topic = tables->units[unit].topic;
    const struct plan_policy *asked = &tables->pools[tables->topics[topic].pool]->asked;
    struct plan_unit_options options = topic_options(tables, topic);
    struct policy_place place = policy_unit_place(asked, &options.said);
    if (asked->group_by != NULL) {
        buffer_print(lines, "belongs to group '%.*s' (group_by = %s)", TEXT_ARGS(place.group),
                     asked->group_by);
        line_end(lines);
    }
    if (place.zone.size > 0) {
        buffer_print(lines, "would rather be in zone '%.*s' (affinity = %s)", TEXT_ARGS(place.zone),
                     asked->affinity);
        line_end(lines);
    }
    if (place.pin.size > 0) {
        buffer_print(lines, "is pinned to '%.*s'", TEXT_ARGS(place.pin));
        line_end(lines);
    }
    if (options.weight > 1) {
        buffer_print(lines, "weighs %lld", (long long)options.weight);
        line_end(lines);
    }
}

// The collectors of one verdict: their number, and the first of them by id.
struct beaten {
    uint32_t count;
    uint32_t first[NAMES_SHOWN]; // handles in the plan
};

static void beaten_print(const struct plan *plan, enum plan_verdict verdict,
                         const struct beaten *beaten, struct buffer *lines)
{
    if (beaten->count == 1) {
        struct text id = plan_collector_id(plan, beaten->first[0]);
        buffer_print(lines, "'%.*s': %s", TEXT_ARGS(id), plan_verdict_text(verdict));
        line_end(lines);
        return;
    }
    buffer_print(lines, "%u others %s: ", beaten->count, verdicts_text(verdict));
    for (uint32_t i = 0; i < NAMES_SHOWN && i < beaten->count; i++) {
        struct text id = plan_collector_id(plan, beaten->first[i]);
        buffer_print(lines, "%s'%.*s'", i > 0 ? ", " : "", TEXT_ARGS(id));
    }
    buffer_add_string(lines, beaten->count > NAMES_SHOWN ? ", ..." : "");
    line_end(lines);
}

void control_explain_unit(const struct control *control, uint32_t cursor, struct buffer *lines)
{
    const struct tables *tables = &control->tables;
    uint32_t unit = cursor - 1;
    const struct plan *plan = plan_peek(control, tables->topics[tables->units[unit].topic].pool, 0);
    struct beaten beaten[PLAN_VERDICT_COUNT] = {0};
    unit_place_print(control, unit, lines);
    if (plan == NULL || !plan_unit_is_known(plan, unit))
        return;
    for (uint32_t rank = 0; rank < plan_collector_count(plan); rank++) {
        uint32_t collector = plan_collector_at(plan, rank);
        struct beaten *it = &beaten[plan_unit_verdict(plan, unit, collector)];
        if (it->count < NAMES_SHOWN)
            it->first[it->count] = collector;
        it->count++;
    }
    // The closest ones first.
    for (int i = PLAN_VERDICT_COUNT - 1; i > PLAN_VERDICT_OWNS; i--)
        if (beaten[i].count > 0)
            beaten_print(plan, (enum plan_verdict)i, &beaten[i], lines);
}

// ---- Collectors.

// A collector among those that could do its work.
struct company {
    const struct control *control;
    const struct collector *it;
    const struct pool *pool;
    const struct plan *plan;
    uint32_t planned;
    struct text group;
    uint32_t others;     // of its group that take units
    int64_t burden;      // of them and of it
    uint64_t room;       // for units on the others, UINT64_MAX = no limit
    int64_t weight_room; // for weight, INT64_MAX = no limit
    char names[128];     // of the others, the first ones
};

// Most units that a collector may have, 0 = no limit.
static uint32_t units_most(const struct company *company, const struct collector *collector)
{
    uint32_t cap = policy_cap(&company->pool->asked);
    uint32_t own = member_options(collector).units_max;
    return cap == 0 || (own != 0 && own < cap) ? own : cap;
}

static void company_add(struct company *company, const struct collector *other, uint32_t planned)
{
    struct plan_collector_options options = member_options(other);
    uint32_t load = plan_collector_load(company->plan, planned);
    uint32_t most = units_most(company, other);
    struct buffer names = {0};
    buffer_print(&names, "%s%s%s", company->names, company->others > 0 ? ", " : "", other->id);
    if (company->others < NAMES_SHOWN && names.size < sizeof(company->names))
        memcpy(company->names, buffer_string(&names), names.size + 1);
    buffer_finish(&names);
    company->others++;
    company->burden += plan_collector_burden(company->plan, planned);
    if (most == 0)
        company->room = UINT64_MAX;
    else if (company->room != UINT64_MAX)
        company->room += most > load ? most - load : 0;
    if (options.weight_max == 0)
        company->weight_room = INT64_MAX;
    else if (company->weight_room != INT64_MAX)
        company->weight_room += options.weight_max - plan_collector_weight(company->plan, planned);
}

static void company_meet(struct company *company)
{
    const struct tables *tables = &company->control->tables;
    const struct plan_policy *asked = &company->pool->asked;
    company->group =
        policy_collector_place(asked, company->it->labels, company->it->labels_count).group;
    for (uint32_t rank = 0; rank < plan_collector_count(company->plan); rank++) {
        uint32_t planned = plan_collector_at(company->plan, rank);
        uint32_t handle =
            collector_find(tables, company->it->pool, plan_collector_id(company->plan, planned));
        const struct collector *other = handle == NONE ? NULL : tables->collectors[handle];
        if (other == NULL || other == company->it || other->state != COLLECTOR_ACTIVE ||
            other->is_evicted)
            continue;
        struct policy_place place =
            policy_collector_place(asked, other->labels, other->labels_count);
        if (text_equal(place.group, company->group))
            company_add(company, other, planned);
    }
}

static void share_print(const struct company *company, struct buffer *lines)
{
    const struct plan_policy *asked = &company->pool->asked;
    int64_t own = plan_collector_burden(company->plan, company->planned);
    const char *const units[] = {own == 1 ? "topic" : "topics", "of weight", "of load"};
    int64_t share = (company->burden + own) / (company->others + 1);
    if (asked->group_by != NULL) {
        buffer_print(lines, "serves group '%.*s' (group_by = %s), beside %u other%s",
                     TEXT_ARGS(company->group), asked->group_by, company->others,
                     company->others == 1 ? "" : "s");
        line_end(lines);
    }
    buffer_print(lines, "has %lld %s", (long long)own, units[asked->balance]);
    if (company->it->state != COLLECTOR_ACTIVE || company->it->is_evicted)
        buffer_print(lines, "; it is %s and gets no more (rule 1)",
                     collector_state_shown(company->it));
    else if (asked->is_packed)
        buffer_print(lines, "; the pool fills as few collectors as possible (rule 4)");
    else if (own == share)
        buffer_print(lines, ", which is an even share (rule 4)");
    else
        buffer_print(lines, ", an even share is %lld: %lld %s (rule 4)", (long long)share,
                     (long long)(own > share ? own - share : share - own),
                     own > share ? "more" : "fewer");
    line_end(lines);
}

static void limits_print(const struct company *company, struct buffer *lines)
{
    struct plan_collector_options options = member_options(company->it);
    uint32_t most = units_most(company, company->it);
    if (most > 0) {
        buffer_print(lines, "may have %u topics (rule 1: %s)", most,
                     most == policy_cap(&company->pool->asked) ? "the pool's policy"
                                                               : "its own capacity");
        line_end(lines);
    }
    if (options.weight_max > 0) {
        buffer_print(lines, "may have %lld of weight and has %lld (rule 1: its own capacity)",
                     (long long)options.weight_max,
                     (long long)plan_collector_weight(company->plan, company->planned));
        line_end(lines);
    }
}

// How its units came to it.
static void reasons_print(const struct company *company, struct buffer *lines)
{
    const struct unit *units = company->control->tables.units;
    uint32_t counts[UNIT_REASON_COUNT] = {0};
    for (uint32_t b = 0; b < BUCKET_COUNT; b++)
        for (uint32_t u = company->it->buckets[b].units; u != NONE; u = units[u].next)
            counts[units[u].reason]++;
    for (uint32_t shown = 0; shown < REASONS_SHOWN; shown++) {
        uint32_t most = 0;
        for (uint32_t i = 1; i < UNIT_REASON_COUNT; i++)
            if (counts[i] > counts[most])
                most = i;
        if (counts[most] == 0)
            return;
        buffer_print(lines, "%u of its topics: %s (%s)", counts[most],
                     unit_reason_text((enum unit_reason)most),
                     unit_reason_rule((enum unit_reason)most));
        line_end(lines);
        counts[most] = 0;
    }
}

static void heirs_print(const struct company *company, struct buffer *lines)
{
    uint32_t load = plan_collector_load(company->plan, company->planned);
    int64_t weight = plan_collector_weight(company->plan, company->planned);
    if (load == 0)
        return;
    if (company->others == 0) {
        buffer_print(lines, "nobody else could take its topics: they would be pending");
    } else {
        buffer_print(lines, "if it left, its topics would go to %s%s", company->names,
                     company->others > NAMES_SHOWN ? ", ..." : "");
        if (company->room < load)
            buffer_print(lines, ", who have room for %llu: the rest would be pending",
                         (unsigned long long)company->room);
        else if (company->weight_room < weight)
            buffer_print(lines, ", who have room for %lld of weight: some would be pending",
                         (long long)company->weight_room);
    }
    line_end(lines);
}

void control_explain_collector(const struct control *control, struct text pool, struct text id,
                               struct buffer *lines)
{
    const struct tables *tables = &control->tables;
    uint32_t pool_handle = pool_find(tables, pool);
    uint32_t handle = pool_handle == NONE ? NONE : collector_find(tables, pool_handle, id);
    if (handle == NONE)
        return;
    struct company company = {.control = control,
                              .it = tables->collectors[handle],
                              .pool = tables->pools[pool_handle],
                              .plan = plan_peek(control, pool_handle, 0)};
    company.planned = company.plan == NULL ? PLAN_NOBODY : plan_collector_find(company.plan, id);
    if (company.it->state == COLLECTOR_GONE || company.planned == PLAN_NOBODY) {
        buffer_print(lines, "is not in the pool: it has nothing and gets nothing");
        line_end(lines);
        return;
    }
    company_meet(&company);
    share_print(&company, lines);
    limits_print(&company, lines);
    reasons_print(&company, lines);
    if (company.it->is_evicted) {
        buffer_print(lines, "its head names nobody: it has to end without a flush, and what it "
                            "reads goes to nobody before it has left or is dead (S5)");
        line_end(lines);
    } else if (company.it->revoking > 0) {
        buffer_print(lines, "is to let go of %u more and has not said so yet (S2)",
                     company.it->revoking);
        line_end(lines);
    }
    heirs_print(&company, lines);
}
