// SPDX-License-Identifier: Apache-2.0
//
// MR-27 by facts: a command is for the life that the state gave it to, which begins it once, behind
// those before it; and the state strikes it out only when it is carried out, or that life is over.
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "control/view.h"
#include "proto/key.h"
#include "sim/check.h"
#include "wire/wire.h"

struct given {
    int64_t number;
    char incarnation[33];
    bool is_begun, is_done, is_struck_out;
};

struct mailbox {
    char pool[32], id[32], incarnation[33]; // admitted by the newest state
    int64_t number;                         // of the last command, as it says
    struct given *items;                    // of this lineage, by number
    uint32_t count, capacity;
};

void mailboxes_finish(struct checks *checks)
{
    for (uint32_t i = 0; i < checks->mailboxes_count; i++)
        memory_release(checks->mailboxes[i].items);
    memory_release(checks->mailboxes);
    checks->mailboxes = NULL;
    checks->mailboxes_count = checks->mailboxes_capacity = 0;
}

static struct mailbox *mailbox_of(struct checks *checks, struct text pool, struct text id)
{
    for (uint32_t i = 0; i < checks->mailboxes_count; i++)
        if (text_equals(id, checks->mailboxes[i].id) &&
            text_equals(pool, checks->mailboxes[i].pool))
            return &checks->mailboxes[i];
    checks->mailboxes = array_reserve(checks->mailboxes, &checks->mailboxes_capacity,
                                      checks->mailboxes_count + 1, sizeof(*checks->mailboxes));
    struct mailbox *mailbox = &checks->mailboxes[checks->mailboxes_count++];
    *mailbox = (struct mailbox){0};
    snprintf(mailbox->pool, sizeof(mailbox->pool), "%.*s", TEXT_ARGS(pool));
    snprintf(mailbox->id, sizeof(mailbox->id), "%.*s", TEXT_ARGS(id));
    return mailbox;
}

static struct given *given_find(struct mailbox *mailbox, int64_t number)
{
    for (uint32_t i = mailbox->count; i-- > 0;)
        if (mailbox->items[i].number == number)
            return &mailbox->items[i];
    return NULL;
}

// ---- The state.

static bool is_listed(const struct state_collector *record, int64_t number)
{
    for (uint32_t i = 0; i < record->commands_count; i++)
        if (record->commands[i].number == number)
            return true;
    return false;
}

static void strike_out(struct world *world, struct mailbox *mailbox,
                       const struct state_collector *record)
{
    for (uint32_t i = 0; i < mailbox->count; i++) {
        struct given *given = &mailbox->items[i];
        if (given->is_struck_out || is_listed(record, given->number))
            continue;
        given->is_struck_out = true;
        if (!given->is_done && text_equals(record->incarnation, given->incarnation))
            world_fail(world, "MR-27", "command %lld of '%s' is struck out and not carried out",
                       (long long)given->number, mailbox->id);
    }
}

// What was given in the same transaction to a life that ended in it is not seen.
static void take_new(struct world *world, struct mailbox *mailbox,
                     const struct state_collector *record)
{
    bool is_same = text_equals(record->incarnation, mailbox->incarnation);
    int64_t last = mailbox->number;
    for (uint32_t i = 0; i < record->commands_count; i++) {
        int64_t number = record->commands[i].number;
        const struct given *given = given_find(mailbox, number);
        if (given != NULL &&
            (given->is_struck_out || !text_equals(record->incarnation, given->incarnation)))
            world_fail(world, "MR-27", "command %lld of '%s' is given once more", (long long)number,
                       mailbox->id);
        if (given != NULL)
            continue;
        if (number <= last || (is_same && number > last + 1))
            world_fail(world, "MR-27", "'%s' is given command %lld behind command %lld",
                       mailbox->id, (long long)number, (long long)last);
        last = number;
        mailbox->items = array_reserve(mailbox->items, &mailbox->capacity, mailbox->count + 1,
                                       sizeof(*mailbox->items));
        struct given *row = &mailbox->items[mailbox->count++];
        *row = (struct given){.number = number};
        snprintf(row->incarnation, sizeof(row->incarnation), "%.*s",
                 TEXT_ARGS(record->incarnation));
    }
}

void mailboxes_take(struct world *world, const struct batch_item *item)
{
    struct wire_record decoded = {0};
    struct state_key key;
    enum status status = state_key_parse(item->key, &key);
    ensure(status == STATUS_OK);
    if (key.kind != RECORD_STATE_COLLECTOR)
        return;
    struct mailbox *mailbox = mailbox_of(world->checks, key.pool, key.name);
    struct state_collector none = {0};
    const struct state_collector *record = &none; // forgotten: its numbers begin anew
    if (item->value.data != NULL) {
        arena_clear(&world->checks->arena);
        status = wire_decode(item->value, &world->checks->arena, NULL, &decoded, NULL);
        ensure(status == STATUS_OK);
        record = decoded.record;
    }
    if (item->value.data != NULL && record->command_number < mailbox->number)
        world_fail(world, "MR-27", "the commands of '%s' begin anew behind %lld with %lld",
                   mailbox->id, (long long)mailbox->number, (long long)record->command_number);
    strike_out(world, mailbox, record);
    take_new(world, mailbox, record);
    mailbox->number = record->command_number;
    snprintf(mailbox->incarnation, sizeof(mailbox->incarnation), "%.*s",
             TEXT_ARGS(record->incarnation));
    if (item->value.data == NULL)
        mailbox->count = 0;
}

// ---- The collectors.

// A life of another lineage has what nobody knows any more.
static struct given *given_to(struct world *world, const struct process *process, uint64_t number)
{
    struct text lineage = collect_lineage(process->collect);
    if (!text_equals(lineage, world->checks->lineage))
        return NULL;
    struct mailbox *mailbox =
        mailbox_of(world->checks, text_of(process->pool), text_of(process->id));
    struct given *given = given_find(mailbox, (int64_t)number);
    if (given == NULL || strcmp(given->incarnation, process->incarnation) != 0) {
        world_fail(world, "MR-27", "'%s' carries out command %llu, which it was never given",
                   process->name, (unsigned long long)number);
        return NULL;
    }
    for (uint32_t i = 0; i < mailbox->count; i++)
        if (mailbox->items[i].number < given->number && !mailbox->items[i].is_done &&
            strcmp(mailbox->items[i].incarnation, process->incarnation) == 0)
            world_fail(world, "MR-27", "'%s' carries out command %llu before command %lld",
                       process->name, (unsigned long long)number,
                       (long long)mailbox->items[i].number);
    return given;
}

void check_command_begun(struct world *world, const struct process *process, uint64_t number)
{
    struct given *given = given_to(world, process, number);
    if (given == NULL)
        return;
    if (given->is_begun)
        world_fail(world, "MR-27", "'%s' carries out command %llu once more", process->name,
                   (unsigned long long)number);
    given->is_begun = true;
}

void check_command_done(struct world *world, const struct process *process, uint64_t number)
{
    struct given *given = given_to(world, process, number);
    if (given != NULL)
        given->is_done = true;
}

const char *commands_waiting(struct world *world)
{
    const struct process *leader = world_leading(world);
    struct collector_view collector;
    uint32_t cursor = 0;
    buffer_clear(&world->answer);
    while (leader != NULL &&
           control_next_collector(leader->control, world->now, &cursor, &collector)) {
        if (collector.commands == 0)
            continue;
        buffer_add_text(&world->answer, collector.id);
        return buffer_string(&world->answer);
    }
    return NULL;
}
