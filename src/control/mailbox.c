// SPDX-License-Identifier: Apache-2.0
//
// What operators tell collectors to do. A command goes to the life that is admitted, gets the next
// number of its collector, and stands in the state and in every head until a beat of that life says
// that it is done; or the life ends, and the command with it. Numbers go on from life to life, and
// a new one begins with an empty mailbox, so no two lives ever carry out the same command.
#include <stdio.h>

#include "base/memory.h"
#include "control/core.h"

enum { COMMANDS_MAX = 16 }; // that a collector has not carried out

static void command_add(struct collector *collector, int64_t number, struct text verb)
{
    collector->commands =
        array_reserve(collector->commands, &collector->commands_capacity,
                      collector->commands_count + 1, sizeof(*collector->commands));
    collector->commands[collector->commands_count++] =
        (struct command_row){.number = number, .verb = text_copy(verb)};
}

static void command_narrate(struct control *control, const struct collector *collector,
                            const struct command_row *command, const char *kind, const char *what)
{
    char text[160];
    snprintf(text, sizeof(text), "command %lld '%s' %s", (long long)command->number, command->verb,
             what);
    trace(control, "%s > %s -> %s", collector->id, kind, text);
    event_tell(control,
               &(struct event_draft){
                   .kind = kind, .pool = collector->pool, .subject = collector->id, .text = text});
}

const char *command_give(struct control *control, const struct order_call *call)
{
    const struct order *order = call->order;
    const size_t noun = sizeof("collector.") - 1;
    struct collector *collector = order_collector(control, call);
    if (collector == NULL)
        return no_collector;
    if (!member_is_alive(collector))
        return "it does not live: a command is for the life that is admitted";
    if (collector->commands_count >= COMMANDS_MAX)
        return "it has 16 commands that it has not carried out yet";
    command_add(collector, ++collector->command_number,
                (struct text){order->verb.data + noun, order->verb.size - noun});
    command_narrate(control, collector, &collector->commands[collector->commands_count - 1],
                    "command.given", "waits for it in its head");
    collector_touch(&control->tables, collector->handle);
    collector_change(&control->tables, collector->handle, -1, true);
    control->is_assignment_changed = true;
    return NULL;
}

// Takes the first `count` out; the others move up.
static void commands_remove(struct collector *collector, uint32_t count)
{
    for (uint32_t i = 0; i < collector->commands_count; i++) {
        if (i < count)
            memory_release(collector->commands[i].verb);
        else
            collector->commands[i - count] = collector->commands[i];
    }
    collector->commands_count -= count;
}

// As an ack, the word counts only for this lineage and for what was given.
void commands_heard(struct control *control, struct collector *collector, const struct beat *beat)
{
    uint32_t done = 0;
    if (!text_equals(beat->lineage, control->lineage ? control->lineage : ""))
        return;
    if (beat->commands_done > collector->command_number) {
        if (beat->epoch > control->epoch)
            return;
        control->ignored++;
        alarm_raise(control,
                    "collector '%s' has carried out command %lld, which it was never given",
                    collector->id, (long long)beat->commands_done);
        return;
    }
    for (; done < collector->commands_count &&
           collector->commands[done].number <= beat->commands_done;
         done++)
        command_narrate(control, collector, &collector->commands[done], "command.done",
                        "is carried out");
    if (done == 0)
        return;
    commands_remove(collector, done);
    collector_touch(&control->tables, collector->handle);
}

void commands_end(struct control *control, struct collector *collector)
{
    for (uint32_t i = 0; i < collector->commands_count; i++)
        command_narrate(control, collector, &collector->commands[i], "command.dropped",
                        "ends with the life that it was for");
    commands_remove(collector, collector->commands_count);
}

void commands_restore(struct collector *collector, const struct state_collector *record)
{
    int64_t last = 0;
    commands_remove(collector, collector->commands_count);
    collector->command_number = record->command_number > 0 ? record->command_number : 0;
    for (uint32_t i = 0; member_is_alive(collector) && i < record->commands_count; i++) {
        const struct state_command *command = &record->commands[i];
        if (command->number <= last || command->number > collector->command_number)
            continue;
        command_add(collector, command->number, command->verb);
        last = command->number;
    }
}

void commands_fill_state(const struct collector *collector, struct arena *arena,
                         struct state_collector *ret)
{
    ret->command_number = collector->command_number;
    ret->commands = arena_get(arena, collector->commands_count * sizeof(*ret->commands));
    ret->commands_count = collector->commands_count;
    for (uint32_t i = 0; i < collector->commands_count; i++)
        ret->commands[i] = (struct state_command){.number = collector->commands[i].number,
                                                  .verb = text_of(collector->commands[i].verb)};
}

void commands_fill_head(const struct collector *collector, struct arena *arena, struct head *ret)
{
    ret->commands = arena_get(arena, collector->commands_count * sizeof(*ret->commands));
    ret->commands_count = collector->commands_count;
    for (uint32_t i = 0; i < collector->commands_count; i++)
        ret->commands[i] = (struct head_command){.number = collector->commands[i].number,
                                                 .verb = text_of(collector->commands[i].verb)};
}
