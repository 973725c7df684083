// SPDX-License-Identifier: Apache-2.0
//
// Announcements that name no pool. Each of their topics goes to the first pool, by name, one of
// whose match rules holds for it, else to the default pool. What (agent, source) has said so is one
// statement, however many pools it is spread over: a set replaces all of it, an add takes a topic
// from the pool where it was, a remove finds it where it is. So when rules change, the next
// announcement moves what they now put elsewhere; until then everything stays, and the log's order
// decides.
#include "base/memory.h"
#include "control/core.h"
#include "proto/unit.h"

// One announcement under way.
struct route {
    const struct announcement *said;
    uint32_t *pools;            // of each topic
    struct handles places;      // pools that get a topic or hold a statement, by name
    const struct label *labels; // of the agent, as last said
    uint32_t labels_count;
};

static uint32_t statement_of(const struct control *control, uint32_t pool,
                             const struct announcement *said)
{
    uint32_t agent = agent_find(&control->tables, pool, said->agent);
    return agent == NONE ? NONE : statement_find(&control->tables, agent, said->source);
}

static uint32_t topic_pool(const struct control *control, const struct route *route,
                           const struct announcement_topic *topic)
{
    const struct tables *tables = &control->tables;
    struct policy_unit unit = {.name = topic->name,
                               .agent = route->said->agent,
                               .labels = topic->labels,
                               .labels_count = topic->labels_count,
                               .agent_labels = route->labels,
                               .agent_labels_count = route->labels_count};
    uint32_t best = NONE;
    for (uint32_t i = 0; i < tables->pools_count; i++) {
        const struct pool *pool = tables->pools[i];
        if (pool->is_gone || pool->state == POOL_DELETED ||
            plan_policy(pool->plan)->match == NULL ||
            (best != NONE && !pool_before(tables, i, best)))
            continue;
        if (policy_matches(plan_policy(pool->plan), &unit))
            best = i;
    }
    return best == NONE ? pool_find(tables, text_of(control->default_pool)) : best;
}

// The labels that the agent has by this announcement, or that it said before.
static void labels_recall(const struct control *control, struct route *route)
{
    const struct tables *tables = &control->tables;
    uint32_t from = NONE;
    route->labels = route->said->labels;
    route->labels_count = route->said->labels_count;
    for (uint32_t i = 0; route->labels_count == 0 && i < tables->pools_count; i++) {
        uint32_t agent = agent_find(tables, i, route->said->agent);
        if (agent == NONE || tables->agents[agent].labels_count == 0 ||
            (from != NONE && !pool_before(tables, i, from)))
            continue;
        from = i;
    }
    if (from == NONE)
        return;
    const struct agent *agent = &tables->agents[agent_find(tables, from, route->said->agent)];
    route->labels = agent->labels;
    route->labels_count = agent->labels_count;
}

static void route_begin(const struct control *control, const struct announcement *said,
                        struct route *route)
{
    const struct tables *tables = &control->tables;
    *route = (struct route){.said = said};
    labels_recall(control, route);
    route->pools = memory_get((said->topics_count + 1) * sizeof(*route->pools));
    bool *is_place = memory_get((tables->pools_count + 1) * sizeof(*is_place));
    bool is_remove = text_equals(said->mode, "remove");
    for (uint32_t i = 0; i < said->topics_count; i++) {
        route->pools[i] = topic_pool(control, route, &said->topics[i]);
        is_place[route->pools[i]] = !is_remove;
    }
    for (uint32_t i = 0; i < tables->pools_count; i++)
        if (is_place[i] || statement_of(control, i, said) != NONE)
            handles_add(&route->places, i);
    handles_sort(&route->places, tables, pool_before);
    memory_release(is_place);
}

static void route_end(struct route *route)
{
    memory_release(route->pools);
    handles_finish(&route->places);
}

static bool is_claimed(const struct control *control, uint32_t pool,
                       const struct announcement *said, const struct announcement_topic *topic)
{
    struct buffer name = {0};
    uint32_t statement = statement_of(control, pool, said);
    unit_name_print((struct unit_name){topic->cluster, topic->name, -1}, &name);
    uint32_t row = topic_find(&control->tables, pool, buffer_text(&name));
    buffer_finish(&name);
    return statement != NONE && row != NONE && claim_find(&control->tables, statement, row) != NONE;
}

// The announcement with those topics alone that go to the pool, or with those that it holds and
// that go elsewhere. The list is the caller's to release.
static struct announcement part_of(const struct control *control, const struct route *route,
                                   uint32_t pool, bool goes_there)
{
    struct announcement part = *route->said;
    bool is_remove = text_equals(part.mode, "remove");
    part.topics_count = 0;
    part.topics = memory_get((route->said->topics_count + 1) * sizeof(*part.topics));
    for (uint32_t i = 0; i < route->said->topics_count; i++) {
        const struct announcement_topic *topic = &route->said->topics[i];
        bool is_there = route->pools[i] == pool && !is_remove;
        if (is_there == goes_there && (goes_there || is_claimed(control, pool, route->said, topic)))
            part.topics[part.topics_count++] = *topic;
    }
    return part;
}

static uint32_t place_reduce(struct control *control, const struct route *route, uint32_t pool)
{
    struct announcement part = part_of(control, route, pool, false);
    if (part.topics_count > 0)
        statement_reduce(control, pool, &part);
    memory_release(part.topics);
    return part.topics_count;
}

static void place_state(struct control *control, const struct route *route, uint32_t pool,
                        int64_t order)
{
    struct announcement part = part_of(control, route, pool, true);
    bool is_set = text_equals(part.mode, "set");
    if (part.topics_count > 0 || (is_set && statement_of(control, pool, route->said) != NONE))
        statement_state(control, pool, &part, order);
    memory_release(part.topics);
}

uint32_t route_take(struct control *control, const struct announcement *said, int64_t order)
{
    struct route route;
    uint32_t removed = 0;
    bool is_set = text_equals(said->mode, "set"), is_remove = text_equals(said->mode, "remove");
    if (control->tables.pools_count == 1 && !is_remove && said->topics_count > 0) {
        statement_state(control, 0, said, order); // there is nowhere else to go to
        return 0;
    }
    route_begin(control, said, &route);
    uint32_t first = route.places.count > 0 ? route.places.items[0] : NONE;
    for (uint32_t i = 0; i < route.places.count; i++) {
        if (!is_set)
            removed += place_reduce(control, &route, route.places.items[i]);
        if (!is_remove)
            place_state(control, &route, route.places.items[i], order);
    }
    if (is_remove)
        control->ignored += said->topics_count - removed;
    else if (route.places.count == 0)
        control->ignored++;
    route_end(&route);
    return first == NONE ? pool_find(&control->tables, text_of(control->default_pool)) : first;
}
