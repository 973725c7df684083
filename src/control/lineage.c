// SPDX-License-Identifier: Apache-2.0
//
// S1 when the state is lost: whoever begins a lineage knows nothing of the lives that read by
// another one, and a life hears of the new one only when its head says so. Until then it reads on,
// as long as its lease runs.
//
// So a leader of whose lineage nobody was ever admitted admits nobody before
//     1. an own beat, sent since it leads, has come back: whoever was named by another lineage was
//        heard before that, and so was the leader that named it;
//     2. where there was another lineage, own beats prove that it leads, and that nobody beat under
//        another lineage, or none, for longer than the longest lease that anybody promised (S4). A
//        life that has read no head names none: one that admits it may be on its way to it.
// That there was one is known from beats, of collectors and coordinators, and from what this
// process has read itself. Where `members` is too long to be read from its beginning there may have
// been one. Who may go on under it is told by a head that names nobody, again and again, because a
// log that was made anew and has grown may be read from its middle; and is never admitted.
#include "control/core.h"

#include <string.h>

// Who has read no head names none, and may still read one of a former lineage that admits it.
bool lineage_is_foreign(const struct control *control, struct text lineage)
{
    if (lineage.size == 0)
        return control->has_past && !control->admits;
    return control->lineage != NULL && !text_equals(lineage, control->lineage);
}

// Two names are two lineages, whichever of them is the present one.
static void note(struct control *control, struct text lineage)
{
    if (lineage.size == 0 || lineage.size >= sizeof(control->lineage_heard))
        return;
    if (control->lineage_heard[0] == '\0')
        memcpy(control->lineage_heard, lineage.data, lineage.size);
    else if (!text_equals(lineage, control->lineage_heard))
        control->has_past = true;
}

void lineage_hear(struct control *control, const struct beat *beat, bool is_past)
{
    note(control, beat->lineage);
    if (!text_equals(beat->role, "collector"))
        return;
    if (beat->lease_ms > control->lease_longest_ms)
        control->lease_longest_ms = beat->lease_ms;
    // One that names none counts also before anything is known of a former lineage.
    if (!is_past && (control->lineage == NULL || !text_equals(beat->lineage, control->lineage)))
        control->foreign_heard = control->now;
}

void lineage_begin(struct control *control)
{
    const struct tables *tables = &control->tables;
    note(control, text_of(control->lineage));
    control->leading_since = control->now;
    control->admits = control->is_waiting_told = false;
    for (uint32_t i = 0; i < tables->collectors_count; i++)
        if (tables->collectors[i] != NULL && tables->collectors[i]->admitted > 0)
            control->admits = true;
}

static void waiting_tell(struct control *control)
{
    if (!control->is_waiting_told)
        alarm_raise(control,
                    "%s > nobody was ever admitted, and there was another lineage, or may have "
                    "been -> admits nobody for a lease of %lld ms (S1)",
                    control->id, (long long)control->lease_longest_ms);
    control->is_waiting_told = true;
}

void lineage_judge(struct control *control)
{
    struct span lease = span_of_ms(control->lease_longest_ms);
    if (control->admits || instant_is_before(control->evidence.proved, control->leading_since))
        return;
    // Deadlines count from the beginning of the lead at the earliest.
    if (control->has_past && !evidence_proves(&control->evidence, control->foreign_heard, lease)) {
        waiting_tell(control);
        return;
    }
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
    alarm_raise(
        control,
        "collector '%s' may go on under another lineage -> its head names nobody, it is not "
        "admitted (S7)",
        collector->id);
    collector_change(&control->tables, collector->handle, -1, true);
    control->is_assignment_changed = true;
}
