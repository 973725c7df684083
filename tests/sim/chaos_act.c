// SPDX-License-Identifier: Apache-2.0
//
// What happens in a world of faults: one table of actions, and how often each comes in a theme.
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "sim/chaos.h"
#include "sim/check.h"
#include "wire/wire.h"

// ---- Whom it happens to, and for how long.

const struct process *draw_process(struct world *world, bool is_coordinator)
{
    const struct process *found = NULL;
    uint64_t count = 0;
    if (is_coordinator && world_draw(world, 2) == 0)
        found = world_leading(world);
    if (found != NULL)
        return found;
    for (int i = 0; i < world->process_count; i++)
        if (world->processes[i].is_coordinator == is_coordinator && world_draw(world, ++count) == 0)
            found = &world->processes[i];
    return found;
}

static const char *draw_collector(struct world *world)
{
    return draw_process(world, false)->name;
}

static const char *draw_leader(struct world *world)
{
    return draw_process(world, true)->name;
}

static const char *draw_any(struct world *world)
{
    bool is_coordinator = world_draw(world, 3) == 0;
    return draw_process(world, is_coordinator)->name;
}

// Short, or near the lease, where rules decide, or anything up to three of them.
static int64_t draw_ms(struct world *world)
{
    int64_t lease_ms = world->options.lease_ms;
    switch (world_draw(world, 4)) {
    case 0:
        return 50 + (int64_t)world_draw(world, 600);
    case 1:
        return lease_ms * 7 / 10 + (int64_t)world_draw(world, (uint64_t)lease_ms * 6 / 10);
    case 2:
        return 100 + (int64_t)world_draw(world, (uint64_t)lease_ms);
    default:
        return lease_ms + (int64_t)world_draw(world, (uint64_t)lease_ms * 2);
    }
}

// ---- What happens to topics of data.

static void act_topic(struct world *world)
{
    char name[16];
    unsigned number = (unsigned)world_draw(world, CHAOS_TOPICS);
    snprintf(name, sizeof(name), "t%u", number);
    world_topic(world, name, world_draw(world, 3) == 0 ? 0 : (int32_t)(1 + world_draw(world, 4)));
}

static void act_write(struct world *world)
{
    struct sim_data_topic *topic = &world->topics[world_draw(world, CHAOS_TOPICS)];
    if (topic->partitions > 0)
        world_write(world, topic->name, 1 + (int64_t)world_draw(world, 3));
}

static void act_report(struct world *world)
{
    world_report_all(world, draw_collector(world));
}

// A record that nobody can take; then somebody has done something about it, and says so.
static void act_poison(struct world *world)
{
    const char *name = world->topics[world_draw(world, CHAOS_TOPICS)].name;
    bool is_poisoned = world_draw(world, 3) > 0;
    world_poison(world, name, is_poisoned);
    if (!is_poisoned || world_draw(world, 4) == 0)
        world_order(world, "topic.retry", "topic", name);
}

// One record, which goes when retention has taken it or somebody has.
static void act_poison_record(struct world *world)
{
    struct sim_data_topic *topic = &world->topics[world_draw(world, CHAOS_TOPICS)];
    if (topic->has_poison) {
        world_poison(world, topic->name, false);
        world_order(world, "topic.retry", "topic", topic->name);
    } else if (topic->partitions > 0) {
        world_write_poison(world, topic->name);
    }
}

static void act_offsets(struct world *world)
{
    world_lose_offsets(world, world->topics[world_draw(world, CHAOS_TOPICS)].name);
}

// ---- What happens to processes.

// What is drawn is drawn in statements of its own: compilers take arguments in any order, and a
// seed is the same run with all of them.
static void act_crash(struct world *world)
{
    const char *name = draw_any(world);
    int64_t ms = draw_ms(world);
    world_kill(world, name, ms, world_draw(world, 2) == 0);
}

static void act_crash_leader(struct world *world)
{
    const char *name = draw_leader(world);
    world_kill(world, name, draw_ms(world), false);
}

// Whoever has waited for the process says so.
static void act_death(struct world *world)
{
    const char *name = draw_any(world);
    int64_t ms = draw_ms(world);
    world_kill(world, name, ms, world_draw(world, 2) == 0);
    if (!world_find(world, name)->is_up)
        world_death(world, name, (int64_t)world_draw(world, 3) * 700);
}

static void trip(struct world *world, const char *name, uint64_t effects_max)
{
    enum sim_trip trip = world_draw(world, 2) == 0 ? SIM_TRIP_CRASH : SIM_TRIP_PAUSE;
    uint32_t effects = 1 + (uint32_t)world_draw(world, effects_max);
    world_trip(world, name, trip, effects, draw_ms(world));
}

static void act_trip(struct world *world)
{
    trip(world, draw_any(world), 12);
}

static void act_trip_leader(struct world *world)
{
    trip(world, draw_leader(world), 6);
}

static void act_freeze(struct world *world)
{
    const char *name = draw_any(world);
    world_freeze(world, name, draw_ms(world));
}

static void act_stop(struct world *world)
{
    world_stop(world, draw_any(world));
}

static void act_restart(struct world *world)
{
    const char *name = draw_any(world);
    world_restart(world, name, world_draw(world, 2) == 0);
}

static void act_stall(struct world *world)
{
    const char *name = draw_any(world);
    world_stall(world, name, draw_ms(world));
}

static void act_deafen(struct world *world)
{
    const char *name = draw_any(world);
    world_deafen(world, name, draw_ms(world));
}

static void act_acks(struct world *world)
{
    const char *name = draw_collector(world);
    world_hold_acks(world, name, draw_ms(world));
}

static void act_cut(struct world *world)
{
    const char *name = draw_any(world);
    int64_t ms = draw_ms(world);
    world_cut(world, name, ms, world_draw(world, 2) == 0);
}

static void late(struct world *world, const char *name)
{
    int64_t ms = draw_ms(world);
    world_delay(world, name, ms, 100 + (int64_t)world_draw(world, 4000));
}

static void act_late(struct world *world)
{
    late(world, draw_any(world));
}

static void act_late_leader(struct world *world)
{
    late(world, draw_leader(world));
}

static void act_drift(struct world *world)
{
    static const int64_t jumps_ms[] = {0, -5000, 90000, 31536000000, -31536000000};
    int64_t ppm = (int64_t)world_draw(world, 2 * SIM_DRIFT_MAX) - SIM_DRIFT_MAX;
    const char *name = draw_any(world);
    world_drift(world, name, ppm, jumps_ms[world_draw(world, 5)]);
}

static void act_sink(struct world *world)
{
    const char *name = draw_collector(world);
    world_stick_sink(world, name, 2 * draw_ms(world));
}

static void act_unit(struct world *world)
{
    world_fail_unit(world, draw_collector(world));
}

static void act_commits(struct world *world)
{
    const char *pool = draw_process(world, false)->pool;
    world_join_group(world, pool, 3 * draw_ms(world));
}

static void act_reread(struct world *world)
{
    world_reread(world, draw_collector(world));
}

static void act_impostor(struct world *world)
{
    static const char *const names[] = {"a2", "b2"};
    static const char *const ids[] = {"a", "b"};
    uint64_t which = world_draw(world, 2);
    for (int i = 0; i < world->process_count; i++)
        if (strcmp(world->processes[i].name, names[which]) == 0) {
            world_restart(world, names[which], false);
            return;
        }
    world_impostor(world, names[which], ids[which]);
}

// ---- What happens to Kafka.

static void act_stick(struct world *world)
{
    static const int topics[] = {SIM_MEMBERS, SIM_MEMBERS, SIM_MEMBERS, SIM_CONTROL,
                                 SIM_STATE,   SIM_REPORTS, SIM_ORDERS,  SIM_ASSIGNMENTS};
    int64_t ms =
        world_draw(world, 2) == 0 ? 8000 + (int64_t)world_draw(world, 4000) : draw_ms(world);
    world_stick_topic(world, topics[world_draw(world, 8)], ms);
}

// Nobody leads for so long that control or orders loses what was not read yet, or it is made anew
// meanwhile.
static void act_outage(struct world *world)
{
    enum sim_topic topic = world_draw(world, 3) == 0 ? SIM_ORDERS : SIM_CONTROL;
    for (int i = 0; i < world->process_count; i++)
        if (world->processes[i].is_coordinator)
            world_kill(world, world->processes[i].name, 2000 + (int64_t)world_draw(world, 9000),
                       false);
    for (uint64_t times = world_draw(world, 4); times > 0; times--)
        topic == SIM_CONTROL ? say_announce(world) : say_order(world);
    // One that is made anew and then expired up to where the former one was read is as that one.
    if (world->checks->is_gap_due[topic] || world_draw(world, 2) == 0)
        world_make_anew(world, topic);
    else
        world_expire_unread(world, topic, world->logs[topic].count);
    for (uint64_t times = world_draw(world, 4); times > 0; times--)
        say_announce(world);
}

// Tombstones go when every coordinator has read them.
static void compact(struct world *world, int topic, uint32_t below)
{
    uint32_t tombstones = 0;
    if (topic == SIM_STATE && below == world->logs[topic].count)
        tombstones = below;
    for (int i = 0; i < world->process_count; i++)
        if (world->processes[i].is_coordinator && world->processes[i].is_up &&
            world->processes[i].positions[SIM_STATE] < tombstones)
            tombstones = (uint32_t)world->processes[i].positions[SIM_STATE];
    if (topic == SIM_STATE)
        memset(world->checks->backups, 0, sizeof(world->checks->backups));
    log_compact(&world->logs[topic], below, tombstones);
}

// A collector falls behind while its topics come and go, and the cleaner reaches into what it has
// not read yet, maybe between a bucket and its head.
static void act_compact_ahead(struct world *world)
{
    const struct process *process = draw_process(world, false);
    int topic = SIM_ASSIGNMENTS + process->partition;
    world_deafen(world, process->name, 2000 + (int64_t)world_draw(world, 4000));
    for (uint64_t times = 2 + world_draw(world, 3); times > 0; times--) {
        say_announce(world);
        world_run(world, 100 + (int64_t)world_draw(world, 600));
    }
    int64_t rest = world->logs[topic].count - process->positions[topic];
    if (process->is_up && rest > 0)
        compact(
            world, topic,
            (uint32_t)(process->positions[topic] + 1 + (int64_t)world_draw(world, (uint64_t)rest)));
}

static void act_compact(struct world *world)
{
    int topic = SIM_STATE;
    if (world_draw(world, 3) > 0)
        topic = SIM_ASSIGNMENTS + (int)world_draw(world, SIM_ASSIGNMENTS_PARTITIONS);
    uint32_t below = world->logs[topic].count;
    if (world_draw(world, 2) == 0)
        below -= (uint32_t)world_draw(world, below < 40 ? below + 1 : 40);
    compact(world, topic, below);
}

// ---- The table.

static const struct {
    void (*act)(struct world *world); // NULL = a stranger's beat
    uint8_t weights[THEME_COUNT];     // as the themes stand in chaos.h
} actions[] = {
    {say_announce, {20, 12, 12, 12, 20, 12, 20, 8, 12, 12, 8, 12, 12}},
    {say_ttl, {2, 0, 0, 2, 0, 0, 0, 30, 0, 0, 0, 0, 0}},
    {say_sign, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 1, 0}},
    {say_order, {5, 1, 3, 1, 6, 3, 12, 1, 8, 2, 2, 4, 16}},
    {say_interval, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0}},
    {say_pool, {2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 2}},
    {say_level, {1, 1, 1, 0, 0, 1, 0, 0, 0, 2, 0, 6, 0}},
    {act_topic, {5, 1, 2, 1, 3, 2, 20, 2, 1, 2, 2, 3, 1}},
    {act_write, {6, 2, 3, 2, 2, 2, 3, 0, 4, 1, 16, 2, 40}},
    {act_report, {3, 0, 0, 0, 0, 0, 1, 0, 4, 0, 30, 1, 6}},
    {act_poison, {2, 0, 0, 0, 0, 0, 0, 0, 8, 0, 1, 1, 0}},
    {act_poison_record, {1, 0, 0, 0, 0, 0, 1, 0, 6, 0, 3, 1, 0}},
    {act_offsets, {1, 0, 0, 0, 0, 0, 1, 0, 2, 0, 4, 1, 1}},
    {act_compact, {4, 3, 2, 1, 16, 2, 3, 2, 1, 2, 1, 2, 2}},
    {act_compact_ahead, {2, 1, 1, 1, 12, 1, 2, 1, 1, 1, 0, 1, 1}},
    {act_crash, {4, 2, 8, 3, 3, 6, 3, 3, 4, 3, 2, 3, 3}},
    {act_crash_leader, {2, 8, 1, 1, 2, 1, 2, 3, 1, 1, 2, 2, 1}},
    {act_death, {3, 2, 8, 1, 1, 5, 2, 1, 2, 2, 1, 2, 3}},
    {act_trip, {5, 2, 8, 2, 4, 5, 4, 2, 4, 2, 1, 2, 4}},
    {act_trip_leader, {4, 12, 2, 1, 3, 2, 4, 3, 1, 1, 2, 3, 1}},
    {act_freeze, {5, 6, 10, 5, 5, 8, 3, 3, 5, 3, 2, 3, 4}},
    {act_stop, {3, 4, 6, 1, 2, 4, 2, 1, 4, 2, 1, 3, 12}},
    {act_restart, {4, 3, 4, 3, 3, 4, 3, 2, 3, 3, 2, 3, 8}},
    {act_stall, {4, 4, 4, 10, 2, 4, 1, 4, 2, 2, 2, 2, 3}},
    {act_deafen, {4, 4, 4, 6, 6, 4, 1, 5, 2, 2, 1, 2, 3}},
    {act_acks, {4, 0, 4, 12, 2, 4, 1, 0, 2, 2, 1, 1, 2}},
    {act_cut, {4, 4, 4, 10, 2, 4, 1, 3, 2, 2, 2, 2, 3}},
    {act_late, {4, 3, 3, 5, 12, 2, 2, 4, 1, 2, 2, 2, 2}},
    {act_late_leader, {2, 8, 1, 3, 4, 1, 1, 6, 1, 1, 12, 1, 1}},
    {act_drift, {3, 2, 3, 4, 1, 1, 1, 2, 1, 1, 1, 1, 1}},
    {act_sink, {3, 0, 2, 1, 1, 1, 3, 0, 16, 1, 2, 1, 4}},
    {act_unit, {3, 0, 2, 1, 1, 1, 3, 0, 10, 1, 1, 1, 4}},
    {act_commits, {2, 0, 1, 1, 1, 1, 1, 0, 8, 1, 0, 1, 14}},
    {act_outage, {1, 2, 0, 0, 1, 0, 1, 1, 0, 0, 1, 1, 0}},
    {act_reread, {3, 0, 2, 1, 12, 1, 2, 0, 1, 1, 0, 1, 2}},
    {act_impostor, {3, 1, 3, 1, 1, 20, 1, 0, 1, 2, 0, 1, 2}},
    {act_stick, {3, 3, 2, 12, 2, 2, 2, 4, 1, 1, 2, 1, 2}},
    {stranger_speaks, {2, 1, 1, 1, 1, 1, 2, 2, 1, 20, 1, 1, 0}},
    {stranger_assigns, {1, 0, 0, 0, 1, 0, 0, 0, 0, 8, 0, 0, 0}},
    {stranger_spoils, {1, 2, 0, 0, 2, 0, 0, 0, 0, 8, 0, 0, 0}},
    {NULL, {2, 1, 2, 1, 1, 1, 1, 1, 1, 20, 1, 1, 1}},
};

void chaos_act(struct world *world, enum chaos_theme theme, uint64_t times)
{
    uint64_t sum = 0;
    size_t count = sizeof(actions) / sizeof(actions[0]);
    for (size_t i = 0; i < count; i++)
        sum += actions[i].weights[theme];
    uint64_t dice = world_draw(world, sum);
    size_t which = 0;
    for (; dice >= actions[which].weights[theme]; which++)
        dice -= actions[which].weights[theme];
    if (actions[which].act != NULL)
        actions[which].act(world);
    else
        stranger_beats(world, times + 1);
}

// Beats and reports go after two minutes, announcements and orders once they are taken; the
// compacted topics are cleaned now and then.
void chaos_expire(struct world *world)
{
    static const int topics[] = {SIM_MEMBERS, SIM_REPORTS, SIM_EVENTS, SIM_DEADLETTER};
    struct instant before = {world->now.us - 120 * 1000000};
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
        log_expire(&world->logs[topics[i]], log_end_at(&world->logs[topics[i]], before));
    if (world_draw(world, 2) == 0)
        return;
    compact(world, SIM_STATE, world->logs[SIM_STATE].count);
    for (int i = 0; i < SIM_ASSIGNMENTS_PARTITIONS; i++)
        compact(world, SIM_ASSIGNMENTS + i, world->logs[SIM_ASSIGNMENTS + i].count);
    log_expire(&world->logs[SIM_CONTROL], (uint32_t)world_draw(world, truth_next(world) + 1));
    log_expire(&world->logs[SIM_ORDERS],
               (uint32_t)world_draw(world, (uint64_t)world->checks->inputs_next[SIM_ORDERS] + 1));
}
