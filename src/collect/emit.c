// SPDX-License-Identifier: Apache-2.0
//
// The effects of one step, in the order in which they were decided, and the trace lines among them.
#include "base/memory.h"
#include "collect/internal.h"

struct collect_effect *collect_effect_add(struct collect *collect, enum collect_effect_kind kind)
{
    collect->effects = array_reserve(collect->effects, &collect->effect_capacity,
                                     collect->effect_count + 1, sizeof(*collect->effects));
    struct collect_effect *effect = &collect->effects[collect->effect_count++];
    *effect = (struct collect_effect){.kind = kind, .deadline = INSTANT_NEVER};
    return effect;
}

struct buffer *collect_trace_begin(struct collect *collect)
{
    const struct beat *beat = collect->options.beat;
    int64_t ms = collect->now.us / 1000;
    buffer_clear(&collect->line);
    buffer_print(&collect->line, "[%lld.%03lld] %.*s/%.*s@%s > ", (long long)(ms / 1000),
                 (long long)(ms % 1000), TEXT_ARGS(beat->pool), TEXT_ARGS(beat->id), collect->who);
    return &collect->line;
}

void collect_trace_end(struct collect *collect, bool is_alarm)
{
    struct collect_effect *effect = collect_effect_add(collect, COLLECT_TRACE);
    effect->reason = arena_text(&collect->texts, buffer_text(&collect->line));
    effect->is_alarm = is_alarm;
}

void collect_effect_exit(struct collect *collect, int code, const char *reason)
{
    struct collect_effect *effect = collect_effect_add(collect, COLLECT_EXIT);
    effect->code = code;
    effect->reason = arena_text(&collect->texts, text_of(reason));
    collect->state = COLLECT_OVER;
}

void collect_effect_restart(struct collect *collect)
{
    collect_effect_add(collect, COLLECT_RESTART);
    collect->state = COLLECT_OVER;
}

void collect_effect_stop_all(struct collect *collect)
{
    collect_effect_add(collect, COLLECT_STOP_ALL_NOW);
    collect_units_forget_all(collect);
}
