// SPDX-License-Identifier: Apache-2.0
//
// Time-to-live of statements. It is guarded by own markers in control (S4): a statement has expired
// only when a marker that was sent later than its deadline has been read back, so an agent whose
// announcements are stuck in the broker, or in our own backlog, loses nothing.
#include "base/memory.h"
#include "control/core.h"

// ---- A heap of deadlines, earliest on top.

static void timed_swap(struct timed *a, struct timed *b)
{
    struct timed kept = *a;
    *a = *b;
    *b = kept;
}

static void timed_push(struct control *control, struct timed row)
{
    control->timed = array_reserve(control->timed, &control->timed_capacity,
                                   control->timed_count + 1, sizeof(*control->timed));
    uint32_t at = control->timed_count++;
    control->timed[at] = row;
    while (at > 0 && instant_is_before(control->timed[at].due, control->timed[(at - 1) / 2].due)) {
        timed_swap(&control->timed[at], &control->timed[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static struct timed timed_pop(struct control *control)
{
    struct timed top = control->timed[0];
    control->timed[0] = control->timed[--control->timed_count];
    uint32_t at = 0;
    for (;;) {
        uint32_t least = at;
        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < control->timed_count &&
                instant_is_before(control->timed[child].due, control->timed[least].due))
                least = child;
        if (least == at)
            return top;
        timed_swap(&control->timed[at], &control->timed[least]);
        at = least;
    }
}

// ---- Statements.

static struct instant statement_due(const struct control *control, const struct statement *row)
{
    return evidence_deadline(&control->marker_evidence, row->heard, span_of_ms(row->ttl_ms));
}

static void statement_time(struct control *control, uint32_t statement)
{
    struct statement *row = &control->tables.statements[statement];
    if (row->ttl_ms <= 0 || row->timed_stamp != 0)
        return;
    row->timed_stamp = ++control->timed_stamp;
    timed_push(control, (struct timed){statement_due(control, row), statement, row->timed_stamp});
    if (control->next_marker.us == INT64_MAX)
        control->next_marker = control->now;
}

void statement_heard(struct control *control, uint32_t statement, int64_t ttl_ms)
{
    struct statement *row = &control->tables.statements[statement];
    row->heard = control->now;
    if (row->ttl_ms != ttl_ms) {
        row->ttl_ms = ttl_ms;
        row->timed_stamp = 0;
        for (uint32_t c = row->claims; c != NONE; c = control->tables.claims[c].next)
            claim_touch(&control->tables, c);
    }
    statement_time(control, statement);
}

void statements_time_all(struct control *control)
{
    for (uint32_t s = 0; s < control->tables.statements_count; s++) {
        struct statement *row = &control->tables.statements[s];
        if (row->source == NULL)
            continue;
        row->heard = control->now;
        row->timed_stamp = 0;
        statement_time(control, s);
    }
}

void statement_forget(struct control *control, uint32_t statement)
{
    uint32_t agent = control->tables.statements[statement].agent;
    statement_remove(&control->tables, statement);
    if (control->tables.agents[agent].statements == NONE)
        agent_remove(&control->tables, agent, true);
}

void statement_withdraw(struct control *control, uint32_t statement)
{
    struct tables *tables = &control->tables;
    struct handles claims = {0};
    for (uint32_t c = tables->statements[statement].claims; c != NONE; c = tables->claims[c].next)
        handles_add(&claims, c);
    handles_sort(&claims, tables, claim_before);
    for (uint32_t i = 0; i < claims.count; i++) {
        uint32_t topic = tables->claims[claims.items[i]].topic;
        claim_remove(tables, claims.items[i], true);
        topic_reconcile(control, topic);
    }
    handles_finish(&claims);
    statement_forget(control, statement);
}

static void statement_expire(struct control *control, uint32_t statement)
{
    const struct statement *row = &control->tables.statements[statement];
    const struct agent *agent = &control->tables.agents[row->agent];
    trace(control, "%s > not repeated within %lld ms -> its statement is withdrawn (S4)", agent->id,
          (long long)row->ttl_ms);
    event_tell(control, &(struct event_draft){.kind = "statement.expired",
                                              .pool = agent->pool,
                                              .subject = agent->id,
                                              .text = "it was not repeated within its ttl",
                                              .rule = "S4"});
    statement_withdraw(control, statement);
}

// Those whose time is over and who were not heard meanwhile.
static void statements_collect(struct control *control, struct handles *ret_over)
{
    while (control->timed_count > 0 &&
           instant_is_before(control->timed[0].due, control->marker_evidence.proved)) {
        struct timed top = timed_pop(control);
        struct statement *row = &control->tables.statements[top.statement];
        if (row->source == NULL || row->timed_stamp != top.stamp)
            continue;
        row->timed_stamp = 0;
        if (evidence_proves(&control->marker_evidence, row->heard, span_of_ms(row->ttl_ms)))
            handles_add(ret_over, top.statement);
        else
            statement_time(control, top.statement);
    }
}

void statements_expire(struct control *control)
{
    struct handles over = {0};
    statements_collect(control, &over);
    handles_sort(&over, &control->tables, statement_before);
    for (uint32_t i = 0; i < over.count; i++)
        statement_expire(control, over.items[i]);
    handles_finish(&over);
    if (control->timed_count == 0 && !silence_is_counted(control)) {
        control->next_marker = INSTANT_NEVER;
        return;
    }
    if (!instant_has_come(control->next_marker, control->now))
        return;
    control->next_marker = instant_add(control->now, control->beat_interval);
    evidence_sent(&control->marker_evidence, ++control->marker_seq, control->now);
    effect_add(control, EFFECT_SEND_MARKER)->marker =
        (struct marker){.epoch = control->epoch, .seq = control->marker_seq};
}
