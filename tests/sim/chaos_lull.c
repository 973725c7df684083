// SPDX-License-Identifier: Apache-2.0
//
// A lull in a quiet world: somebody asks for agents to be heard, and some are silent. In time those
// are unhealthy, and what nobody else announces sleeps, read by nobody (CB-34); whoever announces
// something, and whoever's topics are written into, is never touched by that (CB-35). Then one of
// the silent is heard, by a record or an announcement, and is read again (CB-24).
#include <stdio.h>
#include <string.h>

#include "control/view.h"
#include "sim/chaos.h"
#include "sim/check.h"

struct lull {
    bool signs[CHAOS_AGENTS]; // who announces something in every interval
    const char *written;      // the topic that is written into in every interval, NULL = none
    int misses;
};

// Of the leader's own clock, with what S4 adds, until a marker has come back and ends are known.
static int64_t interval_ms(const struct world *world)
{
    return world->silence_ms * 102 / 100 + world->options.beat_ms + 2000;
}

static bool is_held_by(const struct control *control, const char *topic, struct text agent)
{
    struct claim_view claim;
    uint32_t cursor = 0;
    while (topic != NULL &&
           control_next_claim(control, TEXT_LITERAL("default"), text_of(topic), &cursor, &claim))
        if (text_equal(claim.agent, agent))
            return true;
    return false;
}

static bool is_lively(const struct lull *lull, const struct control *control, struct text agent)
{
    char name[24];
    for (int i = 0; i < CHAOS_AGENTS; i++) {
        snprintf(name, sizeof(name), "agent%d", i);
        if (lull->signs[i] && text_equals(agent, name))
            return true;
    }
    return is_held_by(control, lull->written, agent);
}

static bool is_topic_lively(const struct lull *lull, const struct control *control,
                            struct text topic)
{
    struct claim_view claim;
    uint32_t cursor = 0;
    while (control_next_claim(control, TEXT_LITERAL("default"), topic, &cursor, &claim))
        if (is_lively(lull, control, claim.agent))
            return true;
    return false;
}

// Everybody who is to be heard is heard; owners say what they have.
static void signs_give(struct world *world, const struct lull *lull)
{
    for (int i = 0; i < CHAOS_AGENTS; i++)
        if (lull->signs[i])
            world_say(world, SIM_CONTROL,
                      "{\"agent\": \"agent%d\", \"mode\": \"add\", \"topics\": []}", i);
    if (lull->written != NULL)
        world_write(world, lull->written, 1);
    for (int i = 0; i < world->process_count; i++)
        if (!world->processes[i].is_coordinator)
            world_report_all(world, world->processes[i].name);
}

static void let_pass(struct world *world, const struct lull *lull, int64_t ms)
{
    for (; ms > 0 && world->fault == NULL; ms -= world->silence_ms / 3) {
        signs_give(world, lull);
        world_run(world, world->silence_ms / 3);
    }
}

static void judge_agents(struct world *world, const struct lull *lull,
                         const struct control *control)
{
    struct agent_view agent;
    uint32_t cursor = 0;
    while (control_next_agent(control, &cursor, &agent)) {
        bool is_unhealthy = text_equals(agent.health, "unhealthy");
        bool is_wanted = text_equals(agent.pool, "default");
        if (!is_wanted || is_unhealthy != is_lively(lull, control, agent.id))
            continue;
        world_fail(world, is_unhealthy ? "CB-35" : "CB-34", "'%.*s' is %.*s, and was %s",
                   TEXT_ARGS(agent.id), TEXT_ARGS(agent.health),
                   is_unhealthy ? "heard in every interval" : "silent for long enough");
    }
}

static uint32_t readers_of(struct world *world, const struct unit_view *unit)
{
    char text[96];
    snprintf(text, sizeof(text), unit->partition < 0 ? "%.*s" : "%.*s/%lld", TEXT_ARGS(unit->name),
             (long long)unit->partition);
    return world->names.items[world_name(world, unit->pool, text_of(text))].readers;
}

static void judge_units(struct world *world, const struct lull *lull, const struct control *control)
{
    struct unit_view unit;
    uint32_t cursor = 0;
    while (control_next_unit(control, &cursor, &unit)) {
        bool is_awake =
            !text_equals(unit.pool, "default") || is_topic_lively(lull, control, unit.name);
        uint32_t readers = readers_of(world, &unit);
        if (readers == is_awake && text_equals(unit.state, is_awake ? "owned" : "dormant"))
            continue;
        world_fail(world, is_awake ? "CB-35" : "CB-34",
                   "'%.*s/%lld' of agents that are %s is %.*s with %u readers",
                   TEXT_ARGS(unit.name), (long long)unit.partition, is_awake ? "heard" : "silent",
                   TEXT_ARGS(unit.state), readers);
    }
}

static void judge(struct world *world, const struct lull *lull)
{
    const struct process *leader = world_leading(world);
    if (world->fault != NULL)
        return;
    if (leader == NULL) {
        world_fail(world, "convergence", "nobody leads");
        return;
    }
    judge_agents(world, lull, leader->control);
    judge_units(world, lull, leader->control);
}

// A topic that sleeps, NULL if none does.
static const char *sleeper(struct world *world)
{
    const struct process *leader = world_leading(world);
    struct unit_view unit;
    uint32_t cursor = 0;
    while (leader != NULL && control_next_unit(leader->control, &cursor, &unit))
        if (text_equals(unit.state, "dormant")) {
            const struct sim_data_topic *topic = world_topic_find(world, unit.name);
            return topic ? topic->name : NULL;
        }
    return NULL;
}

static void wake_up(struct world *world, struct lull *lull)
{
    const char *topic = sleeper(world);
    int number = -1;
    char name[24];
    if (topic == NULL || world->fault != NULL)
        return;
    for (int i = 0; i < CHAOS_AGENTS; i++) {
        snprintf(name, sizeof(name), "agent%d", i);
        if (is_held_by(world_leading(world)->control, topic, text_of(name)))
            number = i;
    }
    if (lull->written == NULL && world_draw(world, 2) == 0)
        lull->written = topic;
    else if (number >= 0)
        lull->signs[number] = true;
    let_pass(world, lull, 2 * interval_ms(world));
    judge(world, lull);
}

void chaos_lull(struct world *world)
{
    struct lull lull = {.misses = 1 + (int)world_draw(world, 2)};
    for (int i = 0; i < world->process_count; i++)
        world->processes[i].sink_stuck_until = world->now;
    for (int i = 0; i < CHAOS_AGENTS; i++)
        lull.signs[i] = world_draw(world, 2) == 0;
    if (world_draw(world, 2) == 0)
        lull.written = world->topics[world_draw(world, CHAOS_TOPICS)].name;
    world_say(world, SIM_ORDERS,
              "{\"verb\": \"pool.set\", \"args\": {\"agent_interval\": \"%llds\", "
              "\"agent_misses\": \"%d\"}}",
              (long long)world->silence_ms / 1000, lull.misses);
    // In the first interval Kafka is asked for the topics, in the second one for their ends. What a
    // leader cannot read is no silence.
    let_pass(world, &lull, 2 * interval_ms(world));
    if (world_draw(world, 2) == 0 && world_leading(world) != NULL) {
        world_deafen(world, world_leading(world)->name, interval_ms(world) * 3 / 2);
        let_pass(world, &lull, interval_ms(world) * 3 / 2);
    }
    let_pass(world, &lull, (lull.misses + 2) * interval_ms(world));
    judge(world, &lull);
    wake_up(world, &lull);
    world_say(world, SIM_ORDERS, "{\"verb\": \"pool.reset\"}");
    world_run(world, 1000);
}
