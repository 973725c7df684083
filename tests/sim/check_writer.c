// SPDX-License-Identifier: Apache-2.0
//
// One writer: every batch of a leader carries the cell; an epoch has one author; generations rise
// by one at most, and only with them assignments are written.
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "sim/check.h"
#include "wire/wire.h"

void check_append(struct world *world, int topic, uint32_t offset)
{
    if (topic >= SIM_ASSIGNMENTS)
        books_take(world, topic, offset);
}

static void check_cell(struct world *world, const struct state_cell *cell, bool has_assignments)
{
    struct checks *checks = world->checks;
    bool is_same_author = text_equals(cell->leader_incarnation, checks->leader);
    if (cell->epoch < checks->epoch || (cell->epoch == checks->epoch && !is_same_author))
        world_fail(world, "epoch %lld of '%.*s' follows %lld of '%s' (MR-22)",
                   (long long)cell->epoch, TEXT_ARGS(cell->leader), (long long)checks->epoch,
                   checks->leader);
    if (cell->generation < checks->generation || cell->generation > checks->generation + 1)
        world_fail(world, "generation %lld follows %lld (PD-19)", (long long)cell->generation,
                   (long long)checks->generation);
    if (has_assignments && cell->generation == checks->generation)
        world_fail(world, "assignments are written without a new generation");
    checks->epoch = cell->epoch;
    checks->generation = cell->generation;
    snprintf(checks->leader, sizeof(checks->leader), "%.*s", TEXT_ARGS(cell->leader_incarnation));
}

void check_batch(struct world *world, const struct batch *batch)
{
    const struct batch_item *cell = NULL;
    struct wire_record decoded = {0};
    struct arena arena = {0};
    bool has_assignments = false;
    if (batch->is_claim)
        return;
    for (uint32_t i = 0; i < batch->count; i++) {
        has_assignments = has_assignments || batch->items[i].topic >= SIM_ASSIGNMENTS;
        if (batch->items[i].topic == SIM_STATE && text_equals(batch->items[i].key, "cell"))
            cell = &batch->items[i];
    }
    if (cell == NULL) {
        world_fail(world, "a batch without the cell and its positions");
        return;
    }
    enum status status = wire_decode(cell->value, &arena, NULL, &decoded, NULL);
    ensure(status == STATUS_OK);
    check_cell(world, decoded.record, has_assignments);
    arena_finish(&arena);
}
