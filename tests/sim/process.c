// SPDX-License-Identifier: Apache-2.0
//
// Lives of processes: their clocks, starts, ends, pauses.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "sim/check.h"
#include "sim/world.h"
#include "wire/wire.h"

// A process's own clock: another boot, and a little too fast or too slow.
struct instant process_clock(const struct world *world, const struct process *process)
{
    int64_t us = world->now.us - process->clock_since.us;
    return (struct instant){process->clock_us + us + us * process->drift_ppm / 1000000};
}

bool process_is_running(const struct process *process)
{
    return process->is_up && !process->is_paused;
}

// First instant of the world at which the process's clock shows `local`, and not now.
void process_wake_at(struct world *world, struct process *process, struct instant local)
{
    struct instant now = process_clock(world, process);
    if (local.us == INSTANT_NEVER.us) {
        process->wake = INSTANT_NEVER;
        return;
    }
    int64_t rest = instant_is_before(now, local) ? local.us - now.us : 0;
    rest -= rest / 1000 * process->drift_ppm / 1000;
    process->wake = (struct instant){world->now.us + (rest > 0 ? rest + 10 : 10)};
}

void process_push(struct world *world, struct process *process, struct thing thing,
                  int64_t delay_us)
{
    thing.at = (struct instant){world->now.us + delay_us};
    thing.process = process->number;
    thing.life = process->life;
    queue_push(&world->queue, thing);
}

void process_look_later(struct world *world, struct process *process)
{
    if (process->is_turn_queued)
        return;
    int64_t delay_us = world_delay_us(world, 20);
    if (instant_is_before(world->now, process->deaf_until))
        delay_us += instant_since(process->deaf_until, world->now).us;
    else if (instant_is_before(world->now, process->late_until))
        delay_us += process->late_ms * 1000;
    process->is_turn_queued = true;
    process_push(world, process, (struct thing){.kind = THING_TURN}, delay_us);
}

// Where a topic ends for this process: it may read late.
int64_t process_sees(const struct world *world, const struct process *process, int topic)
{
    const struct log *log = &world->logs[topic];
    if (!instant_is_before(world->now, process->late_until))
        return log->count;
    return log_end_at(log, (struct instant){world->now.us - process->late_ms * 1000});
}

uint32_t world_name(struct world *world, struct text pool, struct text unit)
{
    struct buffer name = {0};
    if (text_equals(pool, "default"))
        return names_of(&world->names, unit);
    buffer_add_text(&name, pool);
    buffer_add_char(&name, ' ');
    buffer_add_text(&name, unit);
    uint32_t number = names_of(&world->names, buffer_text(&name));
    buffer_finish(&name);
    return number;
}

void process_drop_units(struct world *world, struct process *process)
{
    for (uint32_t i = 0; i < process->units_count; i++)
        names_read(&world->names, process->units[i].name, -1);
    process->units_count = 0;
}

struct process *world_find(struct world *world, const char *name)
{
    for (int i = 0; i < world->process_count; i++)
        if (strcmp(world->processes[i].name, name) == 0)
            return &world->processes[i];
    ensure_failed(__FILE__, __LINE__, name);
}

void process_start(struct world *world, struct process *process)
{
    ensure(!process->is_up);
    process->life++;
    process->is_up = true;
    process->is_paused = false;
    process->exit_code = -1;
    process->level = world->options.level > 0 ? world->options.level : RECORD_LEVEL;
    process->is_turn_queued = false;
    snprintf(process->incarnation, sizeof(process->incarnation), "%04x%04x%024x",
             0xa000 + process->number, process->life, 0);
    memset(process->positions, 0, sizeof(process->positions));
    process->clock_since = world->now;
    process->clock_us = world->now.us;
    process->has_rest = false;
    if (world->options.is_random) {
        process->clock_us += (int64_t)world_draw(world, 1000000000);
        process->drift_ppm = (int64_t)world_draw(world, 2 * SIM_DRIFT_MAX) - SIM_DRIFT_MAX;
    }
    if (process->is_coordinator)
        coordinator_start(world, process);
    else
        collector_start(world, process);
}

static int process_add(struct world *world, const char *name, const char *id, const char *pool)
{
    ensure(world->process_count < SIM_PROCESSES_MAX);
    struct process *process = &world->processes[world->process_count];
    process->number = world->process_count++;
    process->is_coordinator = pool == NULL;
    snprintf(process->name, sizeof(process->name), "%s", name);
    snprintf(process->id, sizeof(process->id), "%s", id);
    snprintf(process->pool, sizeof(process->pool), "%s", pool ? pool : "");
    process_start(world, process);
    return process->number;
}

int world_coordinator(struct world *world, const char *id)
{
    return process_add(world, id, id, NULL);
}

int world_collector(struct world *world, const char *id)
{
    return process_add(world, id, id, "default");
}

int world_collector_in(struct world *world, const char *pool, const char *id)
{
    return process_add(world, id, id, pool);
}

// Words KEY=VALUE into the labels and capacities of a process.
static void process_describe(struct process *process, const char *said)
{
    char *rest = NULL;
    snprintf(process->said, sizeof(process->said), "%s", said);
    for (char *word = strtok_r(process->said, " ", &rest); word;
         word = strtok_r(NULL, " ", &rest)) {
        char *equal = strchr(word, '=');
        ensure(equal != NULL);
        *equal = '\0';
        if (strcmp(word, "units") == 0) {
            process->capacity.units = atoll(equal + 1);
        } else if (strcmp(word, "weight") == 0) {
            process->capacity.weight = atoll(equal + 1);
        } else {
            ensure(process->labels_count < 4);
            process->labels[process->labels_count++] =
                (struct label){text_of(word), text_of(equal + 1)};
        }
    }
}

int world_collector_with(struct world *world, const char *id, const char *said)
{
    ensure(world->process_count < SIM_PROCESSES_MAX);
    process_describe(&world->processes[world->process_count], said);
    return process_add(world, id, id, "default");
}

int world_impostor(struct world *world, const char *name, const char *id)
{
    int number = process_add(world, name, id, "default");
    world->processes[number].is_impostor = true;
    return number;
}

void process_end(struct world *world, struct process *process, int exit_code)
{
    process->is_up = false;
    process->is_paused = false;
    process->exit_code = exit_code;
    process->trip_in = 0;
    control_destroy(process->control);
    control_effects_finish(&process->effects);
    collect_destroy(process->collect);
    batch_destroy(process->batch);
    process->control = NULL;
    process->collect = NULL;
    process->batch = NULL;
    process_drop_units(world, process);
    for (uint32_t i = 0; i < process->held_count; i++)
        thing_finish(&process->held[i]);
    process->held_count = 0;
}

void world_crash(struct world *world, const char *name)
{
    struct process *process = world_find(world, name);
    if (!process->is_up)
        return;
    world_tell(world, "%s is killed", name);
    process_end(world, process, -1);
}

void world_restart(struct world *world, const char *name, bool replaces)
{
    struct process *process = world_find(world, name);
    if (process->is_up)
        return;
    snprintf(process->replaces, sizeof(process->replaces), "%s",
             replaces ? process->incarnation : "");
    world_tell(world, "%s is started again", name);
    process_start(world, process);
}

void world_pause(struct world *world, const char *name)
{
    struct process *process = world_find(world, name);
    process->is_paused = true;
    process->freeze++;
    world_tell(world, "%s is frozen", name);
}

void world_resume(struct world *world, const char *name)
{
    struct process *process = world_find(world, name);
    if (!process->is_paused)
        return;
    world_tell(world, "%s wakes up", name);
    process->is_paused = false;
    for (uint32_t i = 0; i < process->held_count; i++) {
        process->held[i].at = world->now;
        queue_push(&world->queue, process->held[i]);
    }
    process->held_count = 0;
    if (!process->is_up)
        return;
    process->wake = world->now;
    if (!process->has_rest)
        return;
    process->has_rest = false;
    process->has_woken = true;
    if (process->is_coordinator) {
        coordinator_go_on(world, process);
        return;
    }
    collector_go_on(world, process);
    // It was reading, maybe, and reads on.
    if (process_is_running(process))
        process_look_later(world, process);
}

void world_stop(struct world *world, const char *name)
{
    struct process *process = world_find(world, name);
    if (!process->is_up || process->is_paused)
        return;
    world_tell(world, "%s is asked to stop", name);
    if (process->is_coordinator)
        coordinator_stop(world, process);
    else
        collector_stop(world, process);
    check_step(world);
}

void world_death(struct world *world, const char *name, int64_t hold_ms)
{
    struct process *process = world_find(world, name);
    struct buffer value = {0};
    ensure(!process->is_up);
    struct death death = {.role = process->is_coordinator ? TEXT_LITERAL("coordinator")
                                                          : TEXT_LITERAL("collector"),
                          .pool = text_of(process->pool),
                          .id = text_of(process->id),
                          .incarnation = text_of(process->incarnation),
                          .hold_ms = hold_ms};
    wire_encode_avro(RECORD_DEATH, &death, &value);
    struct log_record record = {
        .at = world->now, .key = text_of(process->id), .value = buffer_text(&value), .refused = -1};
    world_tell(world, "the death of %s is published", name);
    broker_append(world, SIM_MEMBERS, &record);
    buffer_finish(&value);
}
