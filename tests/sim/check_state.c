// SPDX-License-Identifier: Apache-2.0
//
// PD-20, CB-42: the state alone, compacted and in any order, restores what the leader has.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "base/hash.h"
#include "base/index.h"
#include "base/memory.h"
#include "control/view.h"
#include "sim/check.h"
#include "wire/wire.h"

struct line {
    char text[400];
};

static int compare_lines(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void line_print(struct line *line, const struct unit_view *unit)
{
    snprintf(line->text, sizeof(line->text),
             "%.*s/%lld %.*s owner=%.*s previous=%.*s fence=%lld %.*s", TEXT_ARGS(unit->name),
             (long long)unit->partition, TEXT_ARGS(unit->state), TEXT_ARGS(unit->owner),
             TEXT_ARGS(unit->previous), (long long)unit->fence, TEXT_ARGS(unit->reason));
}

// Every unit on a line, sorted. The reasons of pending units are the planner's, who is not there
// before a coordinator leads.
static struct line *lines_of(const struct control *control, uint32_t *ret_count)
{
    uint32_t count = 0, capacity = 0, cursor = 0;
    struct line *lines = NULL;
    struct unit_view unit;
    while (control_next_unit(control, &cursor, &unit)) {
        lines = array_reserve(lines, &capacity, count + 1, sizeof(*lines));
        line_print(&lines[count++], &unit);
    }
    if (count > 0)
        qsort(lines, count, sizeof(*lines), compare_lines);
    *ret_count = count;
    return lines;
}

static void feed(struct control *control, const struct log_record *record)
{
    struct control_effects effects = {0};
    struct control_event event = {.kind = CONTROL_STATE_RECEIVED};
    struct wire_record decoded = {0};
    struct arena arena = {0};
    if (record->value.data != NULL) {
        enum status status = wire_decode(record->value, &arena, NULL, &decoded, NULL);
        event.state.is_unreadable = status != STATUS_OK;
    }
    event.state.key = record->key;
    event.state.kind = decoded.kind;
    event.state.record = decoded.record;
    control_step(control, &event, &effects);
    control_effects_finish(&effects);
    arena_finish(&arena);
}

// The newest record of every key.
static uint32_t newest(const struct log *log, uint32_t *ret_offsets)
{
    struct index seen = {0};
    uint32_t count = 0;
    for (uint32_t i = log->count; i-- > 0;) {
        struct text key = log->items[i].key;
        uint64_t hash = hash_keyed(key, 0);
        uint32_t at;
        uint32_t found = log->items[i].is_compacted ? INDEX_NONE : index_find(&seen, hash, &at);
        if (log->items[i].is_compacted)
            continue;
        while (found != INDEX_NONE && !text_equal(log->items[found].key, key))
            found = index_next(&seen, hash, &at);
        if (found != INDEX_NONE)
            continue;
        index_add(&seen, hash, i);
        ret_offsets[count++] = i;
    }
    index_finish(&seen);
    return count;
}

static struct control *restored(struct world *world)
{
    struct log *log = &world->logs[SIM_STATE];
    struct control_options options = {.prefix = TEXT_LITERAL("muster"),
                                      .id = TEXT_LITERAL("reader"),
                                      .incarnation =
                                          TEXT_LITERAL("00000000000000000000000000000000"),
                                      .default_pool = TEXT_LITERAL("default"),
                                      .hash_seed = world_draw(world, UINT64_MAX),
                                      .beat_interval = span_of_ms(1000),
                                      .leader_timeout = span_of_ms(5000),
                                      .assignments_partitions = SIM_ASSIGNMENTS_PARTITIONS};
    struct control *control = control_create(&options);
    uint32_t *order = memory_get((log->count + 1) * sizeof(*order));
    uint32_t count = newest(log, order);
    for (uint32_t i = count; i-- > 1;) {
        uint32_t k = (uint32_t)world_draw(world, i + 1);
        uint32_t kept = order[i];
        order[i] = order[k];
        order[k] = kept;
    }
    for (uint32_t i = 0; i < count; i++)
        feed(control, &log->items[order[i]]);
    memory_release(order);
    struct control_effects effects = {0};
    control_step(control, &(struct control_event){.kind = CONTROL_STATE_ENDED}, &effects);
    control_effects_finish(&effects);
    return control;
}

void check_state(struct world *world)
{
    const struct process *leader = world_leading(world);
    if (leader == NULL || leader->is_committing)
        return;
    struct control *control = restored(world);
    uint32_t counts[2];
    struct line *lines[2] = {lines_of(leader->control, &counts[0]), lines_of(control, &counts[1])};
    control_check(control);
    if (counts[0] != counts[1])
        world_fail(world, "PD-20", "the state has %u units, the leader %u", counts[1], counts[0]);
    for (uint32_t i = 0; i < counts[0] && i < counts[1]; i++)
        if (strcmp(lines[0][i].text, lines[1][i].text) != 0)
            world_fail(world, "PD-20", "the leader has '%s', the state '%s'", lines[0][i].text,
                       lines[1][i].text);
    control_destroy(control);
    memory_release(lines[0]);
    memory_release(lines[1]);
}
