// SPDX-License-Identifier: Apache-2.0
//
// S4 and S5 by facts: when the state says that a life has ended, or that another one of the same id
// is admitted, then the life before has said goodbye, has died, or its lease is over.
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "proto/key.h"
#include "sim/check.h"
#include "wire/wire.h"

struct life {
    char pool[32], id[32], incarnation[33];
    bool is_former; // of a lineage that is no more: that nobody is admitted says nothing of it
};

static struct life *life_of(struct checks *checks, struct text pool, struct text id)
{
    for (uint32_t i = 0; i < checks->lives_count; i++)
        if (text_equals(id, checks->lives[i].id) && text_equals(pool, checks->lives[i].pool))
            return &checks->lives[i];
    checks->lives = array_reserve(checks->lives, &checks->lives_capacity, checks->lives_count + 1,
                                  sizeof(*checks->lives));
    struct life *life = &checks->lives[checks->lives_count++];
    *life = (struct life){0};
    snprintf(life->pool, sizeof(life->pool), "%.*s", TEXT_ARGS(pool));
    snprintf(life->id, sizeof(life->id), "%.*s", TEXT_ARGS(id));
    return life;
}

static const struct process *process_of(const struct world *world, const char *incarnation)
{
    for (int i = 0; i < world->process_count; i++)
        if (world->processes[i].is_up && !world->processes[i].is_coordinator &&
            strcmp(world->processes[i].incarnation, incarnation) == 0)
            return &world->processes[i];
    return NULL;
}

static void judge(struct world *world, const struct life *life, struct text next)
{
    const struct process *process = process_of(world, life->incarnation);
    if (process == NULL || process->facts.has_left)
        return;
    int64_t left_us = fact_lease_left_us(world, process);
    if (left_us <= 0)
        return;
    if (next.size > 0)
        world_fail(world, "S5", "%.*s is admitted beside '%s', which holds a lease for %lld ms",
                   TEXT_ARGS(next), process->name, (long long)left_us / 1000);
    else
        world_fail(world, "S4", "'%s' is declared dead and holds a lease for %lld ms",
                   process->name, (long long)left_us / 1000);
}

void lives_take(struct world *world, const struct batch_item *item)
{
    struct wire_record decoded = {0};
    struct state_key key;
    enum status status = state_key_parse(item->key, &key);
    ensure(status == STATUS_OK);
    if (key.kind != RECORD_STATE_COLLECTOR || item->value.data == NULL)
        return;
    arena_clear(&world->checks->arena);
    status = wire_decode(item->value, &world->checks->arena, NULL, &decoded, NULL);
    ensure(status == STATUS_OK);
    const struct state_collector *record = decoded.record;
    struct life *life = life_of(world->checks, key.pool, key.name);
    if (text_equals(record->incarnation, life->incarnation) ||
        (life->is_former && record->incarnation.size == 0))
        return;
    life->is_former = false;
    if (life->incarnation[0] != '\0')
        judge(world, life, record->incarnation);
    snprintf(life->incarnation, sizeof(life->incarnation), "%.*s", TEXT_ARGS(record->incarnation));
}

void lives_outdate(struct checks *checks)
{
    for (uint32_t i = 0; i < checks->lives_count; i++)
        checks->lives[i].is_former = true;
}

bool life_is_admitted(const struct world *world, const struct process *process)
{
    const struct checks *checks = world->checks;
    if (process->is_coordinator || !process->is_up || fact_lease_left_us(world, process) <= 0)
        return false;
    for (uint32_t i = 0; i < checks->lives_count; i++)
        if (strcmp(checks->lives[i].incarnation, process->incarnation) == 0)
            return true;
    return false;
}
