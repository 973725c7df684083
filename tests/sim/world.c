// SPDX-License-Identifier: Apache-2.0
//
// Time: the next thing of the queue or the next deadline of a process, whichever comes first, and
// after it the checkers.
#include "sim/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/check.h"

struct world *world_create(const struct world_options *options)
{
    struct world *world = memory_get(sizeof(*world));
    world->options = *options;
    if (world->options.lease_ms == 0)
        world->options.lease_ms = 15000;
    if (world->options.beat_ms == 0)
        world->options.beat_ms = 1000;
    if (world->options.leader_ms == 0)
        world->options.leader_ms = 5000;
    world->random = options->seed * 0x9e3779b97f4a7c15u + 1;
    world->hash = options->seed;
    world->checks = checks_create();
    return world;
}

const char *world_end(struct world *world)
{
    static char fault[1200];
    snprintf(fault, sizeof(fault), "%s", world->fault ? world->fault : "");
    for (int i = 0; i < world->process_count; i++) {
        process_end(world, &world->processes[i], -1);
        memory_release(world->processes[i].held);
    }
    queue_finish(&world->queue);
    for (uint32_t i = 0; i < world->spoiled_count; i++) {
        memory_release((char *)world->spoiled[i].key.data);
        memory_release((char *)world->spoiled[i].value.data);
    }
    memory_release(world->spoiled);
    for (int i = 0; i < SIM_TOPIC_COUNT; i++)
        log_finish(&world->logs[i]);
    memory_release(world->places);
    buffer_finish(&world->story);
    buffer_finish(&world->answer);
    names_finish(&world->names);
    arena_finish(&world->scratch);
    checks_destroy(world->checks);
    memory_release(world->fault);
    memory_release(world);
    return fault[0] != '\0' ? fault : NULL;
}

void world_fail(struct world *world, const char *rule, const char *format, ...)
{
    char words[1000];
    va_list arguments;
    if (world->fault != NULL)
        return;
    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    struct buffer line = {0};
    buffer_print(&line, "seed %llu, %lld.%03d s: %s (%s)", (unsigned long long)world->options.seed,
                 (long long)(world->now.us / 1000000), (int)(world->now.us / 1000 % 1000), words,
                 rule);
    world->fault = text_copy(buffer_text(&line));
    world->rule = rule;
    buffer_finish(&line);
    world_tell(world, "FAULT %s (%s)", words, rule);
    if (!world->options.is_quiet)
        fprintf(stderr, "%s\n", world->fault);
}

// xorshift64*, Vigna 2016.
uint64_t world_draw(struct world *world, uint64_t below)
{
    world->random ^= world->random >> 12;
    world->random ^= world->random << 25;
    world->random ^= world->random >> 27;
    return (world->random * 0x2545f4914f6cdd1du >> 11) % below;
}

int64_t world_delay_us(struct world *world, int64_t up_to_ms)
{
    if (!world->options.is_random)
        return 1000;
    return 100 + (int64_t)world_draw(world, (uint64_t)up_to_ms * 1000);
}

static void tell_instant(struct world *world)
{
    if (world->options.is_timed)
        buffer_print(&world->story, "[%4lld.%06d] ", (long long)(world->now.us / 1000000),
                     (int)(world->now.us % 1000000));
}

void world_tell_line(struct world *world, struct text line)
{
    size_t skip = 0;
    while (line.size > 0 && line.data[0] == '[' && skip < line.size && line.data[skip] != ' ')
        skip++;
    skip += skip > 0;
    tell_instant(world);
    buffer_add_text(&world->story, (struct text){line.data + skip, line.size - skip});
    buffer_add_char(&world->story, '\n');
}

void world_tell(struct world *world, const char *format, ...)
{
    char words[768];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    tell_instant(world);
    buffer_print(&world->story, "%s\n", words);
}

static struct process *next_to_wake(struct world *world)
{
    struct process *next = NULL;
    for (int i = 0; i < world->process_count; i++) {
        struct process *process = &world->processes[i];
        if (!process_is_running(process))
            continue;
        if (next == NULL || instant_is_before(process->wake, next->wake))
            next = process;
    }
    return next;
}

static void process_take(struct world *world, struct thing *thing)
{
    struct process *process = &world->processes[thing->process];
    if (!process->is_up || process->life != thing->life)
        return;
    if (process->is_paused) {
        process->held = array_reserve(process->held, &process->held_capacity,
                                      process->held_count + 1, sizeof(*process->held));
        process->held[process->held_count++] = *thing;
        thing->key = thing->value = (struct text){0};
        return;
    }
    if (process->is_coordinator)
        coordinator_take(world, process, thing);
    else
        collector_take(world, process, thing);
}

static void supervisor_take(struct world *world, const struct thing *thing)
{
    const struct process *process = &world->processes[thing->process];
    if (thing->kind == THING_RESTART &&
        (process->is_lost || (process->is_impostor && world->is_calm)))
        return;
    if (thing->kind == THING_RESTART)
        world_restart(world, process->name, thing->number == 1 && process->exit_code < 0);
    else if (process->life == thing->life && process->freeze == thing->number)
        world_resume(world, process->name);
}

static void thing_take(struct world *world)
{
    struct thing thing = queue_pop(&world->queue);
    if (thing.kind >= THING_APPEND)
        broker_take(world, &thing);
    else if (thing.kind >= THING_WAKE)
        supervisor_take(world, &thing);
    else
        process_take(world, &thing);
    thing_finish(&thing);
}

// A world in which time stands still would run for ever.
static void advance(struct world *world, struct instant next)
{
    enum { STEPS_OF_INSTANT_MAX = 200000 };
    if (instant_is_before(world->now, next)) {
        world->now = next;
        world->steps_of_instant = 0;
    } else if (++world->steps_of_instant > STEPS_OF_INSTANT_MAX) {
        world_fail(world, "time", "time stands still: %d steps at one instant",
                   STEPS_OF_INSTANT_MAX);
    }
}

void world_run(struct world *world, int64_t ms)
{
    struct instant until = instant_add(world->now, span_of_ms(ms));
    while (world->fault == NULL) {
        const struct thing *thing = queue_peek(&world->queue);
        struct process *process = next_to_wake(world);
        struct instant next = thing ? thing->at : INSTANT_NEVER;
        bool is_tick = process != NULL && instant_is_before(process->wake, next);
        if (is_tick)
            next = process->wake;
        if (instant_is_before(until, next))
            break;
        advance(world, next);
        if (!is_tick)
            thing_take(world);
        else if (process->is_coordinator)
            coordinator_tick(world, process);
        else
            collector_tick(world, process);
        world->steps++;
        check_step(world);
    }
    world->now = until;
}
