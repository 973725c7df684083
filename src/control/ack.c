// SPDX-License-Identifier: Apache-2.0
//
// Acknowledgements (S2), and what becomes of those that do not come.
//
// A collector acknowledges a head only when it holds every bucket at the generation that the head
// names. A record that was lost or garbled in the log, or a log that was deleted, keeps it from
// that for ever: its beats keep its lease, and nobody reads. So the leader remembers one generation
// that is owed. A life that beats, and owes it for longer than its lease by the leader's own beats
// (S4), is given all that it shall read anew, until it acknowledges. Who still lets go of a unit
// owes as well; that costs no more than some records written twice.
#include "control/core.h"

// An ack counts only from the life that the head names, for this lineage and for what was
// published.
static void ack_hear(struct control *control, struct collector *collector, const struct beat *beat)
{
    if (!text_equals(beat->lineage, control->lineage ? control->lineage : ""))
        return;
    // A standby may be behind with the state, and a leader may have a successor: no fault of the
    // collector's.
    if (beat->applied_generation > collector->generation) {
        if (control->phase != PHASE_LEADING || beat->epoch > control->epoch)
            return;
        control->ignored++;
        alarm_raise(control,
                    "collector '%s' acknowledged generation %lld, which it was never given",
                    collector->id, (long long)beat->applied_generation);
        return;
    }
    if (beat->applied_generation > collector->applied_generation)
        collector->applied_generation = beat->applied_generation;
}

static void assignment_renew(struct control *control, struct collector *collector)
{
    alarm_raise(
        control,
        "collector '%s' beats, but has not acknowledged generation %lld for longer than its "
        "lease: all that it shall read is written anew",
        collector->id, (long long)collector->owed);
    for (int bucket = 0; bucket < BUCKET_COUNT; bucket++)
        if (collector->buckets[bucket].count > 0)
            collector_change(&control->tables, collector->handle, bucket, true);
    collector_change(&control->tables, collector->handle, -1, true);
    control->is_assignment_changed = true;
    collector->owed_since = control->now;
}

void ack_take(struct control *control, struct collector *collector, const struct beat *beat)
{
    // Nor does it owe anything: its head names nobody.
    if (collector->is_evicted)
        return;
    ack_hear(control, collector, beat);
    if (control->phase != PHASE_LEADING)
        return;
    if (collector->applied_generation >= collector->owed) {
        collector->owed = collector->generation;
        collector->owed_since = control->now;
    } else if (evidence_proves(&control->evidence, collector->owed_since,
                               span_of_ms(collector->lease_ms))) {
        assignment_renew(control, collector);
    }
}
