// SPDX-License-Identifier: Apache-2.0
#include "sim/chaos.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "sim/check.h"

static const char *const names[2][6] = {{"north", "south", "east", "west", "", ""},
                                        {"a", "b", "c", "d", "e", "f"}};

static const char *const labels[6] = {"csp=aws host=h0 zone=east",
                                      "csp=gcp host=h1 zone=west",
                                      "csp=aws host=h1 zone=west",
                                      "csp=gcp host=h2 zone=east",
                                      "host=h0",
                                      "csp=aws host=h2 zone=east"};

static const char *draw_name(struct world *world, const struct chaos *chaos, bool is_coordinator)
{
    static const char *const apart[] = {"w", "s"};
    if (!is_coordinator && world_draw(world, 8) == 0)
        return apart[world_draw(world, 2)];
    int count = is_coordinator ? chaos->coordinators : chaos->collectors;
    return names[is_coordinator ? 0 : 1][world_draw(world, (uint64_t)count)];
}

// ---- What agents and operators do.

static void announce(struct world *world, const struct chaos *chaos)
{
    static const char *const modes[] = {"set", "set", "add", "add", "add", "remove"};
    static const char *const attributes[8] = {
        ", \"weight\": 7",
        ", \"labels\": {\"csp\": \"aws\"}",
        ", \"labels\": {\"csp\": \"gcp\", \"zone\": \"west\"}",
        ", \"weight\": 30, \"labels\": {\"zone\": \"east\"}",
        "",
        "",
        "",
        ""};
    struct buffer topics = {0};
    uint64_t first = world_draw(world, (uint64_t)chaos->topics);
    uint64_t count = world_draw(world, 6);
    for (uint64_t i = 0; i < count; i++) {
        unsigned number = (unsigned)((first + i * 3) % (uint64_t)chaos->topics);
        unsigned partitions = world_draw(world, 5) == 0 ? 0 : 1 + number % 3;
        buffer_print(&topics, "%s{\"name\": \"t%u\", \"partitions\": %u, \"split\": %s%s}",
                     i > 0 ? ", " : "", number, partitions,
                     number % 4 == 0 && world_draw(world, 4) > 0 ? "true" : "false",
                     attributes[world_draw(world, 8)]);
    }
    world_say(world, SIM_CONTROL,
              "{\"agent\": \"agent%d\", \"source\": \"%s\", \"mode\": \"%s\", \"topics\": [%s]}",
              (int)world_draw(world, 4), world_draw(world, 3) == 0 ? "x" : "",
              modes[world_draw(world, 6)], buffer_string(&topics));
    buffer_finish(&topics);
}

// The pools: "side" comes and goes, with what was announced for it; "west" takes by its rules from
// what names no pool; and all are paused and frozen.
static void order_pool(struct world *world)
{
    static const char *const verbs[] = {"pool.pause",  "pool.resume",   "pool.freeze",
                                        "pool.resume", "pool.unfreeze", "pool.rebalance"};
    static const char *const pools[] = {"default", "west", SIM_POOL_DELETED};
    static const char *const rules[] = {"name=t1*", "agent=agent2 name=t2?", "none"};
    switch (world_draw(world, 6)) {
    case 0:
        world_say(world, SIM_ORDERS,
                  "{\"pool\": \"%s\", \"verb\": \"pool.delete\", \"args\": {\"force\": \"%s\"}}",
                  SIM_POOL_DELETED, world_draw(world, 3) == 0 ? "false" : "true");
        break;
    case 1:
        world_order_pool(world, pools[1 + world_draw(world, 2)], "pool.create");
        break;
    case 2:
        world_say(world, SIM_ORDERS,
                  "{\"pool\": \"west\", \"verb\": \"pool.set\", \"args\": {\"match\": \"%s\"}}",
                  rules[world_draw(world, 3)]);
        break;
    case 3:
        world_say(world, SIM_CONTROL,
                  "{\"pool\": \"%s\", \"agent\": \"s%d\", \"topics\": [{\"name\": \"s%d\", "
                  "\"partitions\": 1}]}",
                  SIM_POOL_DELETED, (int)world_draw(world, 3), (int)world_draw(world, 4));
        break;
    default:
        world_order_pool(world, pools[world_draw(world, 3)], verbs[world_draw(world, 6)]);
    }
}

// Any policy, or none; of some only what does not contradict what is in force is taken.
static void policy(struct world *world)
{
    static const char *const policies[] = {
        "\"group_by\": \"csp\", \"other\": \"gcp\"",
        "\"group_by\": \"none\", \"other\": \"none\"",
        "\"affinity\": \"zone\"",
        "\"spread_by\": \"host\", \"spread_max\": \"5\"",
        "\"balance\": \"weight\", \"tolerance\": \"5%\"",
        "\"mode\": \"pack\", \"max_topics_per_collector\": \"4\"",
        "\"bounce_delay\": \"3s\"",
        "\"move_budget\": \"6\"",
        "\"isolated\": \"true\"",
        "\"balance\": \"load\", \"stabilization\": \"2s\""};
    uint64_t dice = world_draw(world, 14);
    if (dice < 10)
        world_say(world, SIM_ORDERS, "{\"verb\": \"pool.set\", \"args\": {%s}}", policies[dice]);
    else
        world_say(world, SIM_ORDERS, "{\"verb\": \"pool.reset\"}");
}

static void order(struct world *world, const struct chaos *chaos)
{
    static const char *const caps[] = {"1", "2", "5", "none", "0", "none"};
    switch (world_draw(world, 6)) {
    case 4:
    case 5:
        policy(world);
        break;
    case 0:
        world_order(world, "pool.set", "max_topics_per_collector", caps[world_draw(world, 6)]);
        break;
    case 1:
        world_order(world, "collector.drain", "collector", draw_name(world, chaos, false));
        break;
    case 2:
        world_order(world, "collector.undrain", "collector", draw_name(world, chaos, false));
        break;
    default:
        world_say(world, SIM_CONTROL, "{\"agent\": \"bad/name\", \"topics\": %d",
                  (int)world_draw(world, 10));
    }
}

static void topic(struct world *world, const struct chaos *chaos)
{
    char name[16];
    unsigned number = (unsigned)world_draw(world, (uint64_t)chaos->topics);
    snprintf(name, sizeof(name), "t%u", number);
    world_topic(world, name, world_draw(world, 4) == 0 ? 0 : (int32_t)(1 + number % 3));
}

// ---- What happens to processes.

static void hurt(struct world *world, const char *name)
{
    struct process *process = world_find(world, name);
    int64_t ms = (int64_t)world_draw(world, 2) == 0 ? 500 : 6000;
    ms = 100 + (int64_t)world_draw(world, (uint64_t)ms);
    switch (world_draw(world, 8)) {
    case 0:
    case 1:
        world_crash(world, name);
        break;
    case 2:
        if (process->is_up)
            world_pause(world, name);
        break;
    case 3:
        world_resume(world, name);
        break;
    case 4:
        world_stop(world, name);
        break;
    case 5:
        world_stall(world, name, ms);
        break;
    case 6:
        world_deafen(world, name, ms);
        break;
    default:
        world_hold_acks(world, name, ms);
    }
}

static void heal(struct world *world, const char *name)
{
    struct process *process = world_find(world, name);
    world_resume(world, name);
    if (process->is_up)
        return;
    if (world_draw(world, 3) == 0 && process->exit_code < 0)
        world_death(world, name, (int64_t)world_draw(world, 2) * 700);
    else
        world_restart(world, name, world_draw(world, 2) == 0);
}

static void act(struct world *world, const struct chaos *chaos)
{
    bool is_coordinator = world_draw(world, 4) == 0;
    uint64_t dice = world_draw(world, 100);
    if (dice < 35)
        announce(world, chaos);
    else if (dice < 41)
        order(world, chaos);
    else if (dice < 50)
        order_pool(world);
    else if (dice < 57)
        topic(world, chaos);
    else if (dice < 60)
        log_compact(&world->logs[SIM_STATE]);
    else if (dice < 63)
        log_compact(&world->logs[SIM_ASSIGNMENTS + world_draw(world, SIM_ASSIGNMENTS_PARTITIONS)]);
    else if (dice < 81)
        hurt(world, draw_name(world, chaos, is_coordinator));
    else
        heal(world, draw_name(world, chaos, is_coordinator));
}

// ---- The calm.

static void calm(struct world *world, const struct chaos *chaos)
{
    char name[16];
    world->unknown_percent = 0;
    for (int i = 0; i < world->process_count; i++) {
        struct process *process = &world->processes[i];
        process->stalled_until = process->deaf_until = process->acks_stalled_until = world->now;
        world_resume(world, process->name);
        world_restart(world, process->name, false);
    }
    world_say(world, SIM_ORDERS, "{\"verb\": \"pool.reset\"}");
    world_order_pool(world, "west", "pool.create");
    world_order_pool(world, "default", "pool.resume");
    world_order_pool(world, "west", "pool.resume");
    world_order_pool(world, SIM_POOL_DELETED, "pool.resume");
    for (int i = 0; i < chaos->collectors; i++)
        world_order(world, "collector.undrain", "collector", names[1][i]);
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof(name), "s%d", i);
        world_topic(world, name, 1);
    }
    for (int i = 0; i < chaos->topics; i++) {
        snprintf(name, sizeof(name), "t%d", i);
        world_topic(world, name, 1 + i % 3);
    }
    int64_t end_ms = chaos->calm_ms;
    for (; end_ms > 0 && world->fault == NULL; end_ms -= 1000) {
        world_run(world, 1000);
        for (int i = 0; i < world->process_count; i++)
            world_restart(world, world->processes[i].name, false);
    }
    if (world->fault != NULL)
        return;
    const char *unsettled = world_unsettled(world);
    if (unsettled != NULL)
        world_fail(world, "%lld ms after the last fault there are unread topics:\n%s",
                   (long long)chaos->calm_ms, unsettled);
    check_truth(world);
    check_state(world);
}

const char *chaos_run(uint64_t seed, const struct chaos *chaos)
{
    const char *told = getenv("SIM_TELL");
    struct world *world = world_create(&(struct world_options){.seed = seed,
                                                               .is_random = true,
                                                               .is_timed = told != NULL,
                                                               .lease_ms = 4000,
                                                               .beat_ms = 500,
                                                               .leader_ms = 2000});
    world->unknown_percent = (int)world_draw(world, 4);
    for (int i = 0; i < chaos->coordinators; i++)
        world_coordinator(world, names[0][i]);
    for (int i = 0; i < chaos->collectors; i++)
        world_collector_with(world, names[1][i], labels[i]);
    world_collector_in(world, "west", "w");
    world_collector_in(world, SIM_POOL_DELETED, "s");
    struct instant end =
        span_of_ms(chaos->ms).us > 0 ? instant_add(world->now, span_of_ms(chaos->ms)) : world->now;
    world_order_pool(world, "west", "pool.create");
    world_order_pool(world, SIM_POOL_DELETED, "pool.create");
    world_run(world, 2000);
    while (world->fault == NULL && instant_is_before(world->now, end)) {
        act(world, chaos);
        world_run(world, 10 + (int64_t)world_draw(world, 500));
    }
    if (world->fault == NULL)
        calm(world, chaos);
    if (chaos->ret_crc != NULL)
        *chaos->ret_crc = hash_crc32(buffer_text(&world->story));
    if (told != NULL || world->fault != NULL)
        fprintf(stderr, "%s", told != NULL ? buffer_string(&world->story) : "");
    return world_end(world);
}
