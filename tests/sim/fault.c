// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong with processes and brokers.
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "sim/check.h"
#include "sim/world.h"

void world_stall(struct world *world, const char *name, int64_t ms)
{
    world_tell(world, "what %s writes is stuck for %lld ms", name, (long long)ms);
    world_find(world, name)->stalled_until = instant_add(world->now, span_of_ms(ms));
}

void world_deafen(struct world *world, const char *name, int64_t ms)
{
    world_tell(world, "%s can read nothing for %lld ms", name, (long long)ms);
    world_find(world, name)->deaf_until = instant_add(world->now, span_of_ms(ms));
}

void world_hold_acks(struct world *world, const char *name, int64_t ms)
{
    world_tell(world, "acknowledgements to %s are stuck for %lld ms", name, (long long)ms);
    world_find(world, name)->acks_stalled_until = instant_add(world->now, span_of_ms(ms));
}

void world_cut(struct world *world, const char *name, int64_t ms, bool is_losing)
{
    struct process *process = world_find(world, name);
    world_tell(world, "%s is cut off for %lld ms%s", name, (long long)ms,
               is_losing ? ", and gives up half of what it sends" : "");
    process->stalled_until = process->deaf_until = instant_add(world->now, span_of_ms(ms));
    process->is_losing = is_losing;
}

void world_delay(struct world *world, const char *name, int64_t ms, int64_t late_ms)
{
    struct process *process = world_find(world, name);
    world_tell(world, "%s reads %lld ms late for %lld ms", name, (long long)late_ms, (long long)ms);
    process->late_until = instant_add(world->now, span_of_ms(ms));
    process->late_ms = late_ms;
}

void world_stick_sink(struct world *world, const char *name, int64_t ms)
{
    world_tell(world, "the sink of %s is stuck for %lld ms", name, (long long)ms);
    world_find(world, name)->sink_stuck_until = instant_add(world->now, span_of_ms(ms));
}

void world_fail_unit(struct world *world, const char *name)
{
    struct process *process = world_find(world, name);
    if (!process_is_running(process) || process->is_coordinator || process->units_count == 0)
        return;
    process_fail_unit(world, process, &process->units[world_draw(world, process->units_count)]);
}

// The newest record under a key of the state, or NULL.
static const struct log_record *standing(const struct log *log, struct text key)
{
    for (uint32_t i = log->count; i-- > log->start;)
        if (!log->items[i].is_compacted && text_equal(log->items[i].key, key))
            return &log->items[i];
    return NULL;
}

static bool is_readable(struct log *log, const struct log_record *record)
{
    struct wire_record decoded;
    return log_decode(log, (uint32_t)(record - log->items), &decoded) == STATUS_OK;
}

void world_spoil(struct world *world, struct text key, bool is_later)
{
    struct log *log = &world->logs[SIM_STATE];
    const struct log_record *before = standing(log, key);
    struct text value = before != NULL ? before->value : (struct text){0};
    for (uint32_t i = world->spoiled_count; before != NULL && i-- > 0;)
        if (text_equal(world->spoiled[i].key, key) && !is_readable(log, before)) {
            value = world->spoiled[i].value;
            break;
        }
    world->spoiled = array_reserve(world->spoiled, &world->spoiled_capacity,
                                   world->spoiled_count + 1, sizeof(*world->spoiled));
    struct spoiled *spoiled = &world->spoiled[world->spoiled_count++];
    *spoiled = (struct spoiled){.at = world->now, .key = {text_copy(key), key.size}};
    if (value.data != NULL)
        spoiled->value = (struct text){text_copy(value), value.size};
    world_tell(world, "a stranger spoils '%.*s' in the state", TEXT_ARGS(key));
    struct log_record record = {.at = world->now, .refused = -1, .key = spoiled->key};
    record.value = is_later ? TEXT_LITERAL("\303\001\377\377\377\377\377\377\377\377later")
                            : TEXT_LITERAL("nobody can read this");
    spoiled->offset = broker_append(world, SIM_STATE, &record);
}

void world_unspoil(struct world *world)
{
    struct log *log = &world->logs[SIM_STATE];
    for (uint32_t i = 0; i < world->spoiled_count; i++) {
        const struct spoiled *spoiled = &world->spoiled[i];
        const struct log_record *found = standing(log, spoiled->key);
        if (found == NULL || found - log->items != spoiled->offset ||
            found->at.us != spoiled->at.us || is_readable(log, found))
            continue;
        world_tell(world, "an operator puts back '%.*s' in the state", TEXT_ARGS(spoiled->key));
        struct log_record record = {
            .at = world->now, .refused = -1, .key = spoiled->key, .value = spoiled->value};
        broker_append(world, SIM_STATE, &record);
    }
}

void world_install(struct world *world, int64_t level)
{
    if (world->options.level == level)
        return;
    world->options.level = level;
    world_tell(world, "binaries that know level %lld are installed", (long long)level);
}

// Kafka ends the transactions of those that are gone.
static void nobody_leads(struct world *world)
{
    ensure(world_leading(world) == NULL);
    world->txn_epoch++;
}

void world_expire_unread(struct world *world, enum sim_topic topic, uint32_t below)
{
    nobody_leads(world);
    log_expire(&world->logs[topic], below);
    world_tell(world, "topic %s begins at %u now", topic == SIM_CONTROL ? "control" : "orders",
               world->logs[topic].start);
    check_lost(world, topic, false);
}

void world_make_anew(struct world *world, enum sim_topic topic)
{
    nobody_leads(world);
    log_finish(&world->logs[topic]);
    world_tell(world, "topic %s is deleted and made again",
               topic == SIM_CONTROL ? "control" : "orders");
    check_lost(world, topic, true);
}

void world_go_back(struct world *world, const struct backup *backup)
{
    nobody_leads(world);
    log_truncate(&world->logs[SIM_STATE], backup->end);
    world_tell(world, "the state is put back to what it was at generation %lld",
               (long long)backup->generation);
    world->checks->has_gone_back = true;
    for (int i = 0; i < world->process_count; i++)
        if (world->processes[i].is_coordinator && world->processes[i].is_up)
            process_look_later(world, &world->processes[i]);
}

void world_lose_state(struct world *world)
{
    nobody_leads(world);
    log_finish(&world->logs[SIM_STATE]);
    world_tell(world, "state is deleted");
    check_new_lineage(world);
}

void world_new_lineage(struct world *world)
{
    nobody_leads(world);
    log_finish(&world->logs[SIM_STATE]);
    for (int i = 0; i < SIM_ASSIGNMENTS_PARTITIONS; i++)
        log_finish(&world->logs[SIM_ASSIGNMENTS + i]);
    world_tell(world, "state and assignments are deleted");
    check_new_lineage(world);
    for (int i = 0; i < world->process_count; i++) {
        struct process *process = &world->processes[i];
        process->facts.read_to = 0;
        process->facts.is_other_log = process->positions[SIM_ASSIGNMENTS + process->partition] > 0;
    }
}

void world_stick_topic(struct world *world, int topic, int64_t ms)
{
    static const char *const names[] = {"control", "orders",     "members", "reports",
                                        "state",   "deadletter", "events",  "assignments"};
    world_tell(world, "the broker of topic %s is away for %lld ms", names[topic], (long long)ms);
    world->topic_stuck_until[topic] = instant_add(world->now, span_of_ms(ms));
}

void world_trip(struct world *world, const char *name, enum sim_trip trip, uint32_t effects,
                int64_t ms)
{
    struct process *process = world_find(world, name);
    process->trip = trip;
    process->trip_in = effects;
    process->trip_ms = ms;
}

// The supervisor of the world's machines: whoever is frozen wakes up, whoever is killed is started.
static void later(struct world *world, const struct process *process, struct thing thing,
                  int64_t ms)
{
    thing.at = instant_add(world->now, span_of_ms(ms));
    thing.process = process->number;
    thing.life = process->life;
    queue_push(&world->queue, thing);
}

void world_freeze(struct world *world, const char *name, int64_t ms)
{
    struct process *process = world_find(world, name);
    if (!process_is_running(process))
        return;
    world_pause(world, name);
    later(world, process, (struct thing){.kind = THING_WAKE, .number = process->freeze}, ms);
}

void world_kill(struct world *world, const char *name, int64_t ms, bool replaces)
{
    struct process *process = world_find(world, name);
    if (!process->is_up)
        return;
    world_crash(world, name);
    later(world, process, (struct thing){.kind = THING_RESTART, .number = replaces}, ms);
}

bool process_trips(struct world *world, struct process *process)
{
    if (process->trip_in == 0 || --process->trip_in > 0)
        return false;
    if (process->trip == SIM_TRIP_CRASH) {
        world_kill(world, process->name, process->trip_ms, world_draw(world, 2) == 0);
    } else {
        world_freeze(world, process->name, process->trip_ms);
        process->has_rest = true;
    }
    return true;
}

void world_drift(struct world *world, const char *name, int64_t ppm, int64_t wall_jump_ms)
{
    struct process *process = world_find(world, name);
    process->clock_us = process_clock(world, process).us;
    process->clock_since = world->now;
    process->drift_ppm = ppm;
    process->wall_jump_ms = wall_jump_ms;
    world_tell(world, "the clock of %s runs by %lld ppm too fast, its wall clock is %lld s off",
               name, (long long)ppm, (long long)wall_jump_ms / 1000);
}

void world_reread(struct world *world, const char *name)
{
    struct process *process = world_find(world, name);
    int topic = SIM_ASSIGNMENTS + process->partition;
    if (!process_is_running(process) || process->is_coordinator || process->positions[topic] == 0)
        return;
    process->positions[topic] = (int64_t)world_draw(world, (uint64_t)process->positions[topic] + 1);
    world_tell(world, "%s reads its assignments again from %lld on", name,
               (long long)process->positions[topic]);
    process_look_later(world, process);
}

void world_heal(struct world *world)
{
    struct instant soon = instant_add(world->now, span_of_ms(1));
    world->unknown_percent = world->abort_percent = 0;
    for (int i = 0; i < SIM_GROUPS_MAX; i++)
        world->stranger_until[i] = world->now;
    queue_hasten(&world->queue, soon);
    for (int topic = 0; topic < SIM_TOPIC_COUNT; topic++)
        world->topic_stuck_until[topic] = world->now;
    for (int i = 0; i < world->process_count; i++) {
        struct process *process = &world->processes[i];
        process->stalled_until = process->deaf_until = process->late_until = world->now;
        process->acks_stalled_until = world->now;
        process->last_append = soon;
        process->is_losing = false;
        process->trip_in = 0;
        world_resume(world, process->name);
    }
}
