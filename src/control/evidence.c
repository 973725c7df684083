// SPDX-License-Identifier: Apache-2.0
//
// Send instants of the newest own records, and what their return proves.
#include "control/evidence.h"

void evidence_init(struct evidence *evidence, struct instant now)
{
    *evidence = (struct evidence){.proved = {INT64_MIN / 2}, .restarted = now};
    for (int i = 0; i < EVIDENCE_SENT_MAX; i++)
        evidence->sent[i].seq = -1;
}

void evidence_sent(struct evidence *evidence, int64_t seq, struct instant now)
{
    evidence->sent[seq % EVIDENCE_SENT_MAX].seq = seq;
    evidence->sent[seq % EVIDENCE_SENT_MAX].at = now;
}

void evidence_returned(struct evidence *evidence, int64_t seq, struct instant now,
                       struct span interval)
{
    if (seq < 0 || evidence->sent[seq % EVIDENCE_SENT_MAX].seq != seq)
        return;
    struct instant sent = evidence->sent[seq % EVIDENCE_SENT_MAX].at;
    if (instant_is_before(evidence->proved, sent))
        evidence->proved = sent;
    if (instant_since(now, sent).us > interval.us)
        evidence->restarted = now;
}

void evidence_restart(struct evidence *evidence, struct instant now)
{
    evidence->restarted = now;
}

struct instant evidence_deadline(const struct evidence *evidence, struct instant heard,
                                 struct span promised)
{
    struct instant from = heard;
    if (instant_is_before(from, evidence->restarted))
        from = evidence->restarted;
    struct span patience = {promised.us + promised.us / 100 + 200 * 1000};
    return instant_add(from, patience);
}

bool evidence_proves(const struct evidence *evidence, struct instant heard, struct span promised)
{
    return instant_is_before(evidence_deadline(evidence, heard, promised), evidence->proved);
}
