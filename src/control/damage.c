// SPDX-License-Identifier: Apache-2.0
//
// Records of the state that the leader has not written. It has one writer, so what a stranger put
// under a key is not true, and compaction may have taken away what was.
//
//     leader    it knows what it has written: the key is written again as memory has it
//     standby   what nobody can read changes nothing: what was known stays known, and the key is
//               written again should this one lead
//     restoring it may be that what stood there was compacted away. Who does not know it must not
//               lead; somebody else may, or the key is written as it was
//
// A readable record under such a key, or its deletion, ends the damage: it is younger.
#include <string.h>

#include "base/memory.h"
#include "control/core.h"
#include "proto/key.h"

void damage_finish(struct control *control)
{
    for (uint32_t i = 0; i < control->damage.count; i++)
        memory_release(control->damage.rows[i].key);
    memory_release(control->damage.rows);
    control->damage = (struct damage){0};
}

// A key that is none of ours may hold anything, and is not said.
static void damage_tell(struct control *control, struct text key, const char *what)
{
    struct state_key parsed;
    control->foreign++;
    if (state_key_parse(key, &parsed) != STATUS_OK)
        alarm_raise(control, "somebody else has written to the state, under a key that is none");
    else
        alarm_raise(control, "somebody else has written to the state, under key '%.*s': %s",
                    TEXT_ARGS(key), what);
}

// ---- Not leading.

static struct damage_row *row_find(struct control *control, struct text key)
{
    for (uint32_t i = 0; i < control->damage.count; i++)
        if (text_equals(key, control->damage.rows[i].key))
            return &control->damage.rows[i];
    return NULL;
}

// Whether memory has what stood there: all of it was read, or at least this.
static bool is_known(struct control *control, const struct state_key *key)
{
    return control->is_restored || restore_row(control, key) != NONE;
}

void damage_note(struct control *control, struct text text, bool is_later)
{
    struct damage *damage = &control->damage;
    struct state_key key;
    if (state_key_parse(text, &key) != STATUS_OK || key.kind == RECORD_STATE_MARKER) {
        damage_tell(control, text, "nobody waits for it");
        return;
    }
    struct damage_row *row = row_find(control, text);
    if (row == NULL && damage->count == DAMAGE_MAX) {
        damage->is_more = true;
        damage_tell(control, text,
                    "that is too much: this coordinator does not lead until it is mended and this "
                    "one started again");
        return;
    }
    if (row == NULL) {
        damage->rows = array_reserve(damage->rows, &damage->capacity, damage->count + 1,
                                     sizeof(*damage->rows));
        row = &damage->rows[damage->count++];
        *row = (struct damage_row){text_copy(text), is_known(control, &key)};
    }
    row->is_known = row->is_known && !is_later;
    if (row->is_known)
        damage_tell(control, text, "it changes nothing, and is written over by who leads");
    else
        damage_tell(control, text,
                    is_later ? "it may be of a later version, so this one must not lead"
                             : "what was there is not known here, so this one must not lead. Who "
                               "knows it may; else write there what was, or null for nothing");
}

void damage_end(struct control *control, struct text key)
{
    struct damage *damage = &control->damage;
    struct damage_row *row = damage->count > 0 ? row_find(control, key) : NULL;
    if (row == NULL)
        return;
    memory_release(row->key);
    *row = damage->rows[--damage->count];
    trace(control, "%s > a readable record under key '%.*s' -> it counts again", control->id,
          TEXT_ARGS(key));
}

bool damage_bars(const struct control *control)
{
    bool bars = control->damage.is_more;
    for (uint32_t i = 0; i < control->damage.count; i++)
        bars = bars || !control->damage.rows[i].is_known;
    return bars;
}

// ---- Leading.

static void row_touch(struct control *control, enum record_kind kind, uint32_t row)
{
    struct tables *tables = &control->tables;
    if (kind == RECORD_STATE_CELL)
        control->cell_is_dirty = true;
    else if (kind == RECORD_STATE_POOL)
        pool_touch(tables, row);
    else if (kind == RECORD_STATE_AGENT)
        agent_touch(tables, row);
    else if (kind == RECORD_STATE_CLAIM)
        claim_touch(tables, row);
    else if (kind == RECORD_STATE_UNIT)
        unit_touch(tables, row);
    else
        collector_touch(tables, row);
}

// What the key names is written as memory has it; what is not there is deleted.
static void mend(struct control *control, struct text text)
{
    struct state_key key;
    bool is_ours = state_key_parse(text, &key) == STATUS_OK;
    uint32_t row = is_ours ? restore_row(control, &key) : NONE;
    if (row != NONE) {
        row_touch(control, key.kind, row);
    } else if (is_ours) {
        tombstone_add(&control->tables, text);
        // A collector's goes with its head.
        control->is_assignment_changed |= key.kind == RECORD_STATE_COLLECTOR;
    }
}

void damage_mend(struct control *control)
{
    for (uint32_t i = 0; i < control->damage.count; i++)
        mend(control, text_of(control->damage.rows[i].key));
    damage_finish(control);
}

// What is behind another one's marker is a successor's, it seems: a commit will tell.
void damage_found(struct control *control, struct text text)
{
    struct state_key key;
    if (state_key_parse(text, &key) == STATUS_OK && key.kind == RECORD_STATE_MARKER) {
        control->damage.is_succeeded = true;
        control->cell_is_dirty = true;
        return;
    }
    if (!control->damage.is_succeeded)
        damage_tell(control, text, "it is written over");
    mend(control, text);
}

void damage_committed(struct control *control)
{
    control->damage.is_succeeded = false;
}
