// SPDX-License-Identifier: Apache-2.0
//
// The mailbox. Every head that names this life lists all commands that the leader has not heard of
// as done. They are taken by their numbers, one at a time: the next one begins when the shell has
// carried out the one before, and only then the beats say so. A command that is heard of again is
// one that is done or under way. None outlives the life that it was given to, so two lives never
// carry out the same one.
#include "base/arena.h"
#include "collect/internal.h"

static const char *const verbs[] = {
    [COLLECT_ROTATE] = "rotate",
    [COLLECT_REPORT] = "report",
};

#define VERB_COUNT (sizeof(verbs) / sizeof(verbs)[0])

static bool verb_find(struct text text, enum collect_command *ret_command)
{
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (text_equals(text, verbs[i])) {
            *ret_command = (enum collect_command)i;
            return true;
        }
    return false;
}

// The one with the smallest number of those that are not done; NULL = none.
static const struct head_command *find_next(const struct collect *collect)
{
    const struct head_command *next = NULL;
    for (uint32_t i = 0; i < collect->commands_count; i++) {
        const struct head_command *command = &collect->commands[i];
        if (command->number > collect->commands_done &&
            (next == NULL || command->number < next->number))
            next = command;
    }
    return next;
}

static void set_done(struct collect *collect, int64_t number)
{
    collect->commands_done = number;
    collect->is_beat_wanted = true;
}

static void begin_next(struct collect *collect)
{
    const struct head_command *next;
    enum collect_command command;
    // Who has stopped for good carries out nothing more.
    if (collect->command_begun != 0 || collect->state == COLLECT_LEAVING)
        return;
    while ((next = find_next(collect)) != NULL && !verb_find(next->verb, &command)) {
        collect_trace(collect, false, "command %lld '%.*s' is not known here -> reported done",
                      (long long)next->number, TEXT_ARGS(next->verb));
        set_done(collect, next->number);
    }
    if (next == NULL)
        return;
    collect_trace(collect, false, "command %lld '%s' -> begun", (long long)next->number,
                  verbs[command]);
    collect->command_begun = next->number;
    struct collect_effect *effect = collect_effect_add(collect, COLLECT_CARRY_OUT);
    effect->number = (uint64_t)next->number;
    effect->command = command;
}

void collect_commands_take(struct collect *collect, const struct head *head)
{
    arena_clear(&collect->mailbox);
    collect->commands_count = head->commands_count;
    collect->commands =
        arena_get(&collect->mailbox, head->commands_count * sizeof(*collect->commands));
    for (uint32_t i = 0; i < head->commands_count; i++)
        collect->commands[i] =
            (struct head_command){.number = head->commands[i].number,
                                  .verb = arena_text(&collect->mailbox, head->commands[i].verb)};
    begin_next(collect);
}

void collect_commands_take_done(struct collect *collect, uint64_t number)
{
    if (collect->command_begun == 0 || number != (uint64_t)collect->command_begun)
        return;
    collect_trace(collect, false, "command %lld is carried out -> reported done",
                  (long long)collect->command_begun);
    set_done(collect, collect->command_begun);
    collect->command_begun = 0;
    begin_next(collect);
}

void collect_commands_finish(struct collect *collect)
{
    arena_finish(&collect->mailbox);
}
