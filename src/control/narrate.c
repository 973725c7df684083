// SPDX-License-Identifier: Apache-2.0
//
// Effects, trace lines and events.
#include <stdarg.h>
#include <stdio.h>

#include "base/memory.h"
#include "control/core.h"

void control_effects_finish(struct control_effects *effects)
{
    memory_release(effects->items);
    *effects = (struct control_effects){0};
}

struct control_effect *effect_add(struct control *control, enum control_effect_kind kind)
{
    struct control_effects *effects = control->effects;
    effects->items = array_reserve(effects->items, &effects->capacity, effects->count + 1,
                                   sizeof(*effects->items));
    struct control_effect *effect = &effects->items[effects->count++];
    *effect = (struct control_effect){.kind = kind};
    return effect;
}

static void line_add(struct control *control, enum control_effect_kind kind, const char *format,
                     va_list arguments)
{
    char words[512];
    struct buffer line = {0};
    vsnprintf(words, sizeof(words), format, arguments);
    buffer_print(&line, "[%lld.%06lld] %s", (long long)(control->now.us / 1000000),
                 (long long)(control->now.us % 1000000), words);
    effect_add(control, kind)->text = arena_text(&control->effect_arena, buffer_text(&line));
    buffer_finish(&line);
}

void trace(struct control *control, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    line_add(control, EFFECT_TRACE, format, arguments);
    va_end(arguments);
}

void alarm_raise(struct control *control, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    line_add(control, EFFECT_ALARM, format, arguments);
    va_end(arguments);
}

// ---- Events.

static const char *keep(struct control *control, const char *string)
{
    if (string == NULL || string[0] == '\0')
        return "";
    return arena_text(&control->batch_arena, text_of(string)).data;
}

void event_tell(struct control *control, const struct event_draft *draft)
{
    bool is_answer = draft->id != NULL && draft->id[0] != '\0';
    if ((!control->events_enabled && !is_answer) || control->phase != PHASE_LEADING)
        return;
    control->events = array_reserve(control->events, &control->events_capacity,
                                    control->events_count + 1, sizeof(*control->events));
    control->events[control->events_count++] =
        (struct event_row){.kind = draft->kind,
                           .pool = draft->pool,
                           .subject = keep(control, draft->subject),
                           .text = keep(control, draft->text),
                           .id = keep(control, draft->id),
                           .answer = draft->answer ? draft->answer : "",
                           .from = keep(control, draft->from),
                           .to = keep(control, draft->to),
                           .rule = draft->rule ? draft->rule : "",
                           .at_ms = control->wall_ms};
    control->tables.dirty_bytes += 256;
}

static void event_keep(struct control *control, const struct event_row *row)
{
    struct event_kept *kept = &control->kept[control->kept_next];
    struct arena *arena = &kept->arena;
    arena_clear(arena);
    kept->record = (struct event_record){
        .at_ms = row->at_ms,
        .generation = control->generation,
        .epoch = control->epoch,
        .kind = text_of(row->kind),
        .pool = text_of(row->pool == NONE ? "" : control->tables.pools[row->pool]->name),
        .subject = arena_text(arena, text_of(row->subject)),
        .rule = text_of(row->rule),
        .text = arena_text(arena, text_of(row->text)),
        .id = arena_text(arena, text_of(row->id)),
        .answer = text_of(row->answer),
        .from = arena_text(arena, text_of(row->from)),
        .to = arena_text(arena, text_of(row->to)),
    };
    kept->record.pool = arena_text(arena, kept->record.pool);
    control->kept_next = (control->kept_next + 1) % EVENTS_KEPT;
    if (control->kept_count < EVENTS_KEPT)
        control->kept_count++;
}

void events_keep(struct control *control)
{
    uint32_t first = control->events_count > EVENTS_KEPT ? control->events_count - EVENTS_KEPT : 0;
    for (uint32_t i = first; i < control->events_count; i++)
        event_keep(control, &control->events[i]);
    events_drop(control);
}

void events_drop(struct control *control)
{
    control->events_count = 0;
    // A storm has room for those of its next batch; when it is over, nobody needs it.
    if (control->is_caught_up && control->events_capacity > EVENTS_KEPT) {
        memory_release(control->events);
        control->events = NULL;
        control->events_capacity = 0;
    }
    arena_clear(&control->batch_arena);
}
