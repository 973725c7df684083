// SPDX-License-Identifier: Apache-2.0
//
// S1 when the state is lost: whoever begins a lineage knows nothing of the lives that read by
// another one, and a life hears of the new one only when its head says so. Until then it reads on,
// as long as its lease runs.
//
// So a leader of whose lineage nobody was ever admitted admits nobody before
//     1. an own beat, sent since it leads, has come back: whoever was named by another lineage was
//        heard before that;
//     2. where there may have been another lineage, own beats prove that it leads, and that nobody
//        beat under another lineage, for longer than the longest lease that anybody promised (S4).
// There may have been one if somebody had beaten before this process listened, or is heard under
// it, or if it is what this process has read itself. Who goes on under it is told by a head that
// names nobody, again and again, because a log that was made anew and has grown may be read from
// its middle; and is never admitted.
#include "control/core.h"

#include <string.h>

bool lineage_is_foreign(const struct control *control, struct text lineage)
{
    return control->lineage != NULL && lineage.size > 0 && !text_equals(lineage, control->lineage);
}

void lineage_hear(struct control *control, const struct beat *beat)
{
    if (beat->lease_ms > control->lease_longest_ms)
        control->lease_longest_ms = beat->lease_ms;
    if (!lineage_is_foreign(control, beat->lineage))
        return;
    control->has_past = true;
    control->foreign_heard = control->now;
}

// Deadlines count from the beginning of the lead at the earliest.
static bool is_proved_over(const struct control *control)
{
    struct span lease = span_of_ms(control->lease_longest_ms);
    if (instant_is_before(control->evidence.proved, control->leading_since))
        return false;
    return !control->has_past || evidence_proves(&control->evidence, control->foreign_heard, lease);
}

void lineage_begin(struct control *control)
{
    const struct tables *tables = &control->tables;
    control->leading_since = control->now;
    control->admits = false;
    for (uint32_t i = 0; i < tables->collectors_count; i++)
        if (tables->collectors[i] != NULL && tables->collectors[i]->admitted > 0)
            control->admits = true;
    if (!control->admits && control->has_past)
        alarm_raise(control,
                    "%s > nobody was ever admitted, and another lineage may have been before -> "
                    "admits nobody for a lease of %lld ms (S1)",
                    control->id, (long long)control->lease_longest_ms);
}

void lineage_judge(struct control *control)
{
    if (control->admits || !is_proved_over(control))
        return;
    control->admits = true;
    if (control->has_past)
        trace(control, "%s > nobody is left of another lineage -> admits collectors (S1)",
              control->id);
    members_admit(control);
}

void lineage_tell(struct control *control, struct collector *collector)
{
    struct span lease = span_of_ms(control->lease_ms);
    if (collector->is_changed || instant_since(control->now, collector->published).us < lease.us)
        return;
    alarm_raise(control,
                "collector '%s' goes on under another lineage -> its head says so, it is not "
                "admitted (S7)",
                collector->id);
    collector_change(&control->tables, collector->handle, -1, true);
    control->is_assignment_changed = true;
}
