// SPDX-License-Identifier: Apache-2.0
//
// A world of faults from its first to its last moment: whoever lives in it, its troubles, and the
// calm at the end, in which everything must come right within a bound.
#include "sim/chaos.h"

#include <stdio.h>
#include <string.h>

#include "control/view.h"
#include "sim/check.h"

static const char *const names[2][5] = {{"north", "south", "east", "", ""},
                                        {"a", "b", "c", "d", "e"}};

static const char *const pools[] = {"west", "side"};

static const char *const labels[5] = {"csp=aws host=h0 zone=east", "csp=gcp host=h1 zone=west",
                                      "csp=aws host=h1 zone=west", "csp=gcp host=h2 zone=east",
                                      "host=h0"};

static const struct {
    int64_t lease_ms, beat_ms, leader_ms;
} patiences[] = {
    {15000, 3000, 5000}, {15000, 5000, 8000}, {20000, 5000, 8000}, {10000, 2500, 5000}};

// "west" has rules of its own, "side" comes and goes, each with one collector.
static void make_pools(struct world *world)
{
    world->has_pools = true;
    for (size_t i = 0; i < 2; i++)
        world_order_pool(world, pools[i], "pool.create");
    world_collector_in(world, "west", "w");
    world_collector_in(world, "side", "s");
    for (int i = 0; i < 4; i++) {
        char name[24];
        snprintf(name, sizeof(name), "s%d", i);
        world_topic(world, name, 1);
    }
}

struct world *chaos_world(uint64_t seed, const struct chaos *chaos)
{
    struct world_options options = {
        .seed = seed, .is_random = true, .is_timed = chaos->is_timed, .is_quiet = chaos->is_quiet};
    struct world *world = world_create(&options);
    uint64_t patience = world_draw(world, sizeof(patiences) / sizeof(patiences[0]));
    world->options.lease_ms = patiences[patience].lease_ms;
    world->options.beat_ms = patiences[patience].beat_ms;
    world->options.leader_ms = patiences[patience].leader_ms;
    static const int numbers[] = {1, 2, 2, 2, 3, 3};
    int coordinators = numbers[world_draw(world, 6)];
    int collectors = 2 + (int)world_draw(world, 3);
    world->options.level = 1 + (int64_t)world_draw(world, 2);
    world->silence_ms = 5000 + 1000 * (int64_t)world_draw(world, 10);
    bool has_pools = world_draw(world, 4) == 0;
    world_tell(world,
               "the world has %d coordinators and %d collectors; a lease is %lld ms, a beat comes "
               "every %lld ms, a leader is missed for %lld ms",
               coordinators, collectors, (long long)world->options.lease_ms,
               (long long)world->options.beat_ms, (long long)world->options.leader_ms);
    for (int i = 0; i < CHAOS_TOPICS; i++) {
        char name[24];
        snprintf(name, sizeof(name), "t%d", i);
        world_topic(world, name, 1 + i % 3);
    }
    for (int i = 0; i < coordinators; i++)
        world_coordinator(world, names[0][i]);
    for (int i = 0; i < collectors; i++)
        world_collector_with(world, names[1][i], labels[i]);
    if (has_pools)
        make_pools(world);
    return world;
}

static void trouble(struct world *world, struct instant end, uint64_t *times)
{
    static const int64_t pauses_ms[] = {300, 1500, 1500, 5000, 5000, 15000};
    enum chaos_theme theme = (enum chaos_theme)world_draw(world, THEME_COUNT);
    int64_t pause_ms = pauses_ms[world_draw(world, 6)];
    int64_t ms = 10000 + (int64_t)world_draw(world, 30) * pause_ms;
    struct instant until = instant_earlier(end, instant_add(world->now, span_of_ms(ms)));
    world->unknown_percent = world_draw(world, 2) == 0 ? (int)world_draw(world, 6) : 0;
    world->abort_percent = world_draw(world, 3) == 0 ? (int)world_draw(world, 20) : 0;
    world->is_calm = false;
    world_tell(world, "---- trouble");
    while (world->fault == NULL && instant_is_before(world->now, until)) {
        chaos_act(world, theme, (*times)++);
        world_run(world, 10 + (int64_t)world_draw(world, (uint64_t)(2 * pause_ms)));
    }
    chaos_expire(world);
}

// ---- The calm.

// S8 bounds how long a stuck revoke can last; then come the deaths of those that were replaced.
static int64_t bound_ms(const struct world *world)
{
    return 4 * world->options.lease_ms + 2 * world->options.leader_ms + 20000;
}

// Who knows less than the level of the cell is replaced by a newer binary.
static void start_all(struct world *world)
{
    for (int i = 0; i < world->process_count; i++) {
        const struct process *process = &world->processes[i];
        if (process->is_impostor)
            continue;
        if (process->level < world->checks->level)
            world_crash(world, process->name);
        world_restart(world, process->name, false);
    }
}

static void retry_all(struct world *world)
{
    const struct process *leader = world_leading(world);
    struct unit_view unit;
    uint32_t cursor = 0;
    while (world->has_failures && leader != NULL &&
           control_next_unit(leader->control, &cursor, &unit))
        if (text_equals(unit.state, "quarantined"))
            world_say(world, SIM_ORDERS,
                      "{\"pool\": \"%.*s\", \"verb\": \"topic.retry\", \"args\": "
                      "{\"topic\": \"%.*s\"}}",
                      TEXT_ARGS(unit.pool), TEXT_ARGS(unit.name));
}

// Operators make again what is gone, and have what is in quarantine tried again, until it is so.
static void put_right(struct world *world)
{
    for (int i = 0; i < world->process_count; i++)
        if (!world->processes[i].is_coordinator)
            collector_look(world, &world->processes[i]);
    const struct process *leader = world_leading(world);
    if (leader == NULL)
        world_unspoil(world);
    for (size_t i = 0; world->has_pools && leader != NULL && i < 2; i++)
        if (!control_has_pool(leader->control, text_of(pools[i])))
            world_order_pool(world, pools[i], "pool.create");
    retry_all(world);
}

// May have units again, and has two things to do at once.
static void tell_collector(struct world *world, const char *collector)
{
    static const char *const verbs[] = {"collector.undrain", "collector.rotate",
                                        "collector.report"};
    for (size_t i = 0; i < 3; i++)
        world_order(world, verbs[i], "collector", collector);
}

static void make_peace(struct world *world)
{
    world_tell(world, "---- calm");
    world->is_calm = true;
    world_heal(world);
    for (int i = 0; i < world->process_count; i++)
        if (world->processes[i].is_impostor)
            world_crash(world, world->processes[i].name);
    for (int i = 0; i < CHAOS_MORTALS * 2; i++)
        world_say(world, SIM_CONTROL,
                  "{\"agent\": \"mortal%d\", \"source\": \"%s\", \"topics\": []}", i / 2,
                  i % 2 == 0 ? "" : "x");
    world_say(world, SIM_ORDERS, "{\"verb\": \"pool.reset\"}");
    world_order_pool(world, "default", "pool.resume");
    for (size_t i = 0; world->has_pools && i < 2; i++)
        world_order_pool(world, pools[i], "pool.resume");
    for (int i = 0; i < world->process_count; i++)
        if (!world->processes[i].is_coordinator && !world->processes[i].is_impostor)
            tell_collector(world, world->processes[i].name);
    for (uint32_t i = 0; i < world->topics_count; i++) {
        world_reshape(&world->topics[i], 1 + (int32_t)i % 3);
        world_poison(world, world->topics[i].name, false);
    }
    world_install(world, 2);
}

// The collector that no head names, or that is about to go; NULL if there is none (S9).
static const char *unnamed(const struct world *world)
{
    for (int i = 0; i < world->process_count; i++) {
        const struct process *process = &world->processes[i];
        if (process->is_impostor || process->is_coordinator)
            continue;
        if (!process->is_up || collect_state(process->collect) != COLLECT_ACTIVE)
            return process->name;
    }
    return NULL;
}

// Lets time pass until everything is right and stays so for a while.
static void settle(struct world *world)
{
    enum { QUIET = 3, PUT_RIGHT_MS = 4000 };
    int quiet = 0;
    for (int64_t ms = 0; world->fault == NULL && quiet < QUIET; ms += 1000) {
        start_all(world);
        if (ms % PUT_RIGHT_MS == PUT_RIGHT_MS / 2)
            put_right(world);
        world_run(world, 1000);
        bool is_late = ms >= bound_ms(world);
        const char *unsettled = is_late || unnamed(world) == NULL ? world_unsettled(world) : "";
        bool is_right =
            unsettled == NULL && unnamed(world) == NULL && commands_waiting(world) == NULL;
        quiet = is_right ? quiet + 1 : 0;
        if (is_right || world->fault != NULL || !is_late)
            continue;
        if (unnamed(world) != NULL)
            world_fail(world, "S9", "%lld ms after the last fault no head names '%s'",
                       (long long)ms, unnamed(world));
        else if (unsettled == NULL)
            world_fail(world, "MR-27", "%lld ms after the last fault '%s' has commands to do",
                       (long long)ms, commands_waiting(world));
        else
            world_fail(world, "convergence",
                       "%lld ms after the last fault there are topics that are not read once: %s",
                       (long long)ms, unsettled);
    }
}

static void compare(struct world *world)
{
    enum { TURNS_MAX = 1000 };
    for (int i = 0; world->fault == NULL && i < TURNS_MAX; i++) {
        const struct process *leader = world_leading(world);
        if (leader != NULL && !leader->is_committing)
            break;
        world_run(world, 3);
    }
    for (int i = 0; i < world->process_count; i++)
        if (process_is_running(&world->processes[i]) && !world->processes[i].is_coordinator)
            collector_commit(world, &world->processes[i]);
    // By now everybody has heard of what was missing.
    for (uint32_t i = 0; i < world->topics_count; i++)
        world->topics[i].is_unclear = false;
    if (world->fault == NULL)
        check_positions(world);
    if (world->fault == NULL)
        check_truth(world);
    if (world->fault == NULL && world_draw(world, 2) == 0)
        check_state(world);
}

// CB-42, CB-44, MR-13, PD-10: whoever leads next moves nothing and stops nothing, not even for a
// moment.
static void take_over(struct world *world)
{
    int64_t starts = world->starts;
    char leader[32];
    snprintf(leader, sizeof(leader), "%s", world_leader(world));
    if (world->fault != NULL || leader[0] == '\0')
        return;
    if (world_draw(world, 2) == 0)
        world_kill(world, leader, 1000 + (int64_t)world_draw(world, 20000), false);
    else
        world_stop(world, leader);
    world_run(world, 1000 + (int64_t)world_draw(world, 10000));
    settle(world);
    if (world->fault == NULL && world->starts != starts)
        world_fail(world, "CB-42", "a change of leader in a quiet world began %lld units anew",
                   (long long)(world->starts - starts));
}

// CB-40: what a collector read is read by others after its lease, 1 % and 200 ms for the clocks,
// and half a second for everybody's delays; with a proof of its death at once.
static void lose_collector(struct world *world)
{
    struct process *lost = NULL;
    uint64_t count = 0;
    bool is_proved = world_draw(world, 2) == 0;
    int64_t ms = is_proved ? 500 : world->options.lease_ms * 102 / 100 + 200 + 500;
    for (int i = 0; i < world->process_count; i++)
        if (strcmp(world->processes[i].pool, "default") == 0 && world->processes[i].is_up &&
            world_draw(world, ++count) == 0)
            lost = &world->processes[i];
    // A second life of the same id that was heard a moment ago would be given the units, dead or
    // not.
    world_run(world, world->options.lease_ms * 102 / 100);
    if (world->fault != NULL || count < 2)
        return;
    lost->is_lost = true;
    world_crash(world, lost->name);
    if (is_proved)
        world_death(world, lost->name, 0);
    world_run(world, ms);
    const char *unsettled = world_unsettled(world);
    if (world->fault == NULL && unsettled != NULL)
        world_fail(world, "CB-40", "%lld ms after the death of '%s' topics are not read again: %s",
                   (long long)ms, lost->name, unsettled);
    lost->is_lost = false;
    settle(world);
}

void chaos_run(struct world *world, const struct chaos *chaos)
{
    struct instant end = instant_add(world->now, span_of_ms(chaos->ms));
    uint64_t times = 0;
    world_run(world, 2000);
    while (world->fault == NULL && instant_is_before(world->now, end)) {
        trouble(world, end, &times);
        if (world->fault != NULL)
            break;
        make_peace(world);
        settle(world);
        compare(world);
        uint64_t dice = world_draw(world, 11);
        if (dice < 2)
            lose_collector(world);
        else if (dice < 6)
            take_over(world);
        else if (dice < 9) {
            dice == 6 ? chaos_lull(world) : chaos_handed(world);
            settle(world);
        }
    }
    if (world->fault != NULL)
        return;
    uint64_t dice = world_draw(world, 3);
    if (dice == 0)
        chaos_lost(world);
    else if (dice == 1 || !chaos_back(world))
        return;
    make_peace(world);
    settle(world);
    compare(world);
}
