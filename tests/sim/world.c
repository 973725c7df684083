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
    world->checks = checks_create();
    return world;
}

const char *world_end(struct world *world)
{
    static char fault[1024];
    snprintf(fault, sizeof(fault), "%s", world->fault ? world->fault : "");
    for (int i = 0; i < world->process_count; i++) {
        process_end(world, &world->processes[i], -1);
        memory_release(world->processes[i].held);
    }
    queue_finish(&world->queue);
    for (int i = 0; i < SIM_TOPIC_COUNT; i++)
        log_finish(&world->logs[i]);
    buffer_finish(&world->story);
    buffer_finish(&world->answer);
    checks_destroy(world->checks);
    memory_release(world->fault);
    memory_release(world);
    return fault[0] != '\0' ? fault : NULL;
}

void world_fail(struct world *world, const char *format, ...)
{
    char words[768];
    va_list arguments;
    if (world->fault != NULL)
        return;
    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    struct buffer line = {0};
    buffer_print(&line, "seed %llu, %.3f s: %s", (unsigned long long)world->options.seed,
                 (double)world->now.us / 1e6, words);
    world->fault = text_copy(buffer_text(&line));
    buffer_finish(&line);
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
        buffer_print(&world->story, "%.3f ", (double)world->now.us / 1e6);
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
        if (!process->is_up || process->is_paused)
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

static void thing_take(struct world *world)
{
    struct thing thing = queue_pop(&world->queue);
    if (thing.kind >= THING_APPEND)
        broker_take(world, &thing);
    else
        process_take(world, &thing);
    thing_finish(&thing);
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
        if (instant_is_before(world->now, next))
            world->now = next;
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
