// SPDX-License-Identifier: Apache-2.0
//
// Positions that were handed over (S6). While Kafka refuses commits, because a stranger is in the
// group, whoever lets go of a unit says in its beats how far it has read, and the next owner's
// bucket says from where to go on. So does who leaves in one go: what nobody had asked it to let go
// of goes on at its positions too, in the same id's next life or elsewhere. A position is good
// until its owner has committed as far; should a leader die meanwhile, the next owner begins at
// what was committed, which is never later.
//
// A partition that its topic has grown by is handed over from its beginning, until somebody has
// committed to it.
#include "base/memory.h"
#include "control/core.h"
#include "proto/unit.h"

enum { HANDED_MAX = 100000, PARTITION_MAX = 100000 };

static void handed_drop(struct control *control, uint32_t at)
{
    control->handed[at] = control->handed[--control->handed_count];
}

void handed_forget(struct control *control, uint32_t unit)
{
    for (uint32_t i = control->handed_count; i-- > 0;)
        if (control->handed[i].unit == unit)
            handed_drop(control, i);
}

void handed_finish(struct control *control)
{
    memory_release(control->handed);
    control->handed = NULL;
    control->handed_count = control->handed_capacity = 0;
}

// False = there is no room.
static bool handed_keep(struct control *control, struct handed said)
{
    for (uint32_t i = 0; i < control->handed_count; i++) {
        struct handed *row = &control->handed[i];
        if (row->unit != said.unit || row->partition != said.partition)
            continue;
        // Who leaves may not know that it was given the unit again, and says where it was before.
        if (said.position > row->position)
            row->position = said.position;
        return true;
    }
    if (control->handed_count >= HANDED_MAX)
        return false;
    control->handed = array_reserve(control->handed, &control->handed_capacity,
                                    control->handed_count + 1, sizeof(*control->handed));
    control->handed[control->handed_count++] = said;
    return true;
}

// Whether the owner, by this beat, has let go of the unit, and of something that is still there.
static bool is_let_go(const struct tables *tables, uint32_t unit, bool is_leaving)
{
    const struct unit *row = &tables->units[unit];
    bool is_gone = row->reason == UNIT_ABSENT || tables->topics[row->topic].is_missing;
    return (row->state == UNIT_REVOKING || (is_leaving && row->state == UNIT_OWNED)) && !is_gone;
}

void handed_hear(struct control *control, const struct collector *owner, const struct beat *beat)
{
    const struct tables *tables = &control->tables;
    bool is_leaving = text_equals(beat->state, "leaving");
    uint32_t lost = 0;
    for (uint32_t i = 0; i < beat->handed_count; i++) {
        const struct beat_handed *said = &beat->handed[i];
        uint32_t unit = unit_of_owner(control, owner, said->unit);
        bool is_good =
            said->position >= 0 && said->partition >= 0 && said->partition < PARTITION_MAX;
        if (unit == NONE || !is_good || !is_let_go(tables, unit, is_leaving))
            continue;
        lost +=
            !handed_keep(control, (struct handed){unit, (int32_t)said->partition, said->position});
        // The next life of this id is given a head alone, and has to find the position.
        if (tables->units[unit].state == UNIT_OWNED)
            collector_change(&control->tables, owner->handle, (int)unit_bucket(said->unit), true);
    }
    if (lost > 0)
        alarm_raise(control,
                    "%u positions that '%s' hands over find no room: what it read there since its "
                    "last commit is read again",
                    lost, owner->id);
}

static void grown_reported(struct control *control, uint32_t unit, const struct report_unit *said)
{
    struct unit *row = &control->tables.units[unit];
    if (control->phase != PHASE_LEADING)
        return;
    for (uint32_t i = 0; row->is_grown && i < said->parts_count; i++) {
        if (said->parts[i].committed < 0)
            continue;
        row->is_grown = false;
        unit_touch(&control->tables, unit);
    }
}

void handed_reported(struct control *control, uint32_t unit, const struct report_unit *said)
{
    grown_reported(control, unit, said);
    for (uint32_t i = control->handed_count; i-- > 0;) {
        const struct handed *row = &control->handed[i];
        for (uint32_t k = 0; row->unit == unit && k < said->parts_count; k++) {
            const struct report_part *part = &said->parts[k];
            // A log that ends before it is another log.
            bool is_over =
                part->partition == row->partition &&
                (part->committed >= row->position || (part->end >= 0 && part->end < row->position));
            if (!is_over)
                continue;
            handed_drop(control, i);
            break;
        }
    }
}

void handed_fill(const struct control *control, struct arena *arena, uint32_t unit,
                 struct bucket_unit *ret)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < control->handed_count; i++)
        count += control->handed[i].unit == unit;
    if (count == 0 && control->tables.units[unit].is_grown) {
        ret->from = arena_get(arena, sizeof(*ret->from));
        ret->from[ret->from_count++] =
            (struct bucket_from){.partition = control->tables.units[unit].partition};
    }
    if (count == 0)
        return;
    ret->from = arena_get(arena, count * sizeof(*ret->from));
    // By number: the list has no order of its own.
    for (uint32_t i = 0; i < control->handed_count; i++) {
        const struct handed *row = &control->handed[i];
        if (row->unit != unit)
            continue;
        uint32_t at = ret->from_count++;
        for (; at > 0 && ret->from[at - 1].partition > row->partition; at--)
            ret->from[at] = ret->from[at - 1];
        ret->from[at] = (struct bucket_from){row->partition, row->position};
    }
}
