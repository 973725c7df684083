// SPDX-License-Identifier: Apache-2.0
//
// How a life ends: asked to stop, named no longer, or beside another life of the same id (S5).
//
// Asked to stop:  ACTIVE ──all told to stop──▶ DRAINING ──all stopped──▶ LEAVING ──confirmed──▶
// exit `leaving` is said only after the last unit has stopped reading and writing for good, and
// again in every beat until a head names this life no longer. If a deadline passes on the way, what
// is left is dropped uncommitted: the next owner reads it again.
//
// Named no longer: everything stops at once, without a flush. If the head names nobody, whoever
// leads still waits for this life: it says `leaving` too, so that nobody has to prove its silence.
#include "base/memory.h"
#include "collect/internal.h"

#define WAITING_LEASES 2 // so long a process waits beside a live incumbent

static int exit_code(const struct collect *collect)
{
    if (collect->is_evicted)
        return EXIT_IN_USE_CODE;
    return collect->is_work_left ? EXIT_WORK_LEFT_CODE : EXIT_DONE_CODE;
}

static const char *exit_reason(const struct collect *collect)
{
    if (collect->is_evicted)
        return "named no longer: evicted, or the id is in use";
    return collect->is_work_left ? "stopped with work left uncommitted" : "stopped";
}

static void begin_leaving(struct collect *collect)
{
    if (collect->seq == 0) {
        collect_effect_exit(collect, exit_code(collect), exit_reason(collect));
        return;
    }
    collect->state = COLLECT_LEAVING;
    collect->is_beat_wanted = true;
    collect->leave_until = instant_add(collect->now, span_of_ms(collect->options.leave_timeout_ms));
    collect_trace(collect, false, "everything has stopped%s -> leaving (S5)",
                  collect->is_work_left ? ", work left uncommitted" : "");
}

void collect_goodbye_request(struct collect *collect)
{
    if (collect->state != COLLECT_JOINING && collect->state != COLLECT_ACTIVE)
        return;
    collect_trace(collect, false, "asked to stop (active units %u) -> drains for at most %lld ms",
                  collect->active_count, (long long)collect->options.stop_timeout_ms);
    collect->state = COLLECT_DRAINING;
    collect->is_beat_wanted = true;
    collect->waiting_since = INSTANT_NEVER;
    collect->drain_until = instant_add(collect->now, span_of_ms(collect->options.stop_timeout_ms));
    collect_units_drain(collect);
}

static void finish_drain(struct collect *collect)
{
    if (collect->active_count > 0 && instant_has_come(collect->drain_until, collect->now)) {
        collect_trace(collect, true, "units not stopped in time (%u) -> dropped uncommitted",
                      collect->active_count);
        collect->is_work_left = true;
        collect_effect_stop_all(collect);
    }
    if (collect->active_count == 0)
        begin_leaving(collect);
}

static void finish_leaving(struct collect *collect)
{
    // The leader of an evicted life may have ended it before, and has nothing to confirm then.
    if ((!collect->was_named || collect->is_evicted) && collect->is_leaving_acked) {
        collect_effect_exit(collect, exit_code(collect), exit_reason(collect));
        return;
    }
    if (!instant_has_come(collect->leave_until, collect->now))
        return;
    collect->is_work_left |= collect->handed_count > 0; // nobody may have taken the positions
    collect_trace(collect, true, "goodbye not confirmed within %lld ms -> exits all the same",
                  (long long)collect->options.leave_timeout_ms);
    collect_effect_exit(collect, exit_code(collect), exit_reason(collect));
}

static void finish_waiting(struct collect *collect)
{
    struct span limit = span_of_ms(WAITING_LEASES * collect->beat.lease_ms);
    if (collect->waiting_since.us == INSTANT_NEVER.us || collect->seq == 0 ||
        instant_since(collect->now, collect->waiting_since).us < limit.us)
        return;
    bool is_live = collect->has_heard_incumbent &&
                   instant_since(collect->now, collect->incumbent_heard_at).us <
                       span_of_ms(collect->beat.lease_ms).us;
    if (!is_live)
        return;
    collect_trace(collect, true, "waited %lld ms beside live incarnation '%s' -> exits (S5)",
                  (long long)span_ms(instant_since(collect->now, collect->waiting_since)),
                  collect->incumbent);
    collect_effect_exit(collect, EXIT_IN_USE_CODE, "id in use: another live collector has it");
}

void collect_goodbye_proceed(struct collect *collect)
{
    if (collect->state == COLLECT_DRAINING)
        finish_drain(collect);
    else if (collect->state == COLLECT_JOINING)
        finish_waiting(collect);
    if (collect->state == COLLECT_LEAVING)
        finish_leaving(collect);
}

void collect_goodbye_named_no_longer(struct collect *collect, bool is_replaced)
{
    if (collect->state == COLLECT_LEAVING) {
        collect_trace(collect, false, "head names '%s' -> goodbye confirmed, exits (S5)",
                      collect->incumbent ? collect->incumbent : "");
        collect_effect_exit(collect, exit_code(collect), exit_reason(collect));
        return;
    }
    collect_trace(collect, true, "head names '%s' instead of this life -> ends at once (S5)",
                  collect->incumbent ? collect->incumbent : "");
    collect->is_evicted = collect->state != COLLECT_DRAINING;
    collect->is_work_left |= collect->active_count > 0;
    collect_effect_stop_all(collect);
    if (is_replaced)
        collect_effect_exit(collect, exit_code(collect), exit_reason(collect));
    else
        begin_leaving(collect);
}

// Whoever was asked to stop does not begin another life.
void collect_goodbye_life_over(struct collect *collect)
{
    bool is_stopping = collect->state == COLLECT_DRAINING || collect->state == COLLECT_LEAVING;
    collect->is_work_left |= collect->active_count > 0;
    collect_effect_stop_all(collect);
    if (is_stopping)
        collect_effect_exit(collect, exit_code(collect), exit_reason(collect));
    else
        collect_effect_restart(collect);
}

void collect_goodbye_wait_beside(struct collect *collect)
{
    if (collect->incumbent == NULL) {
        collect->waiting_since = INSTANT_NEVER;
        return;
    }
    if (collect->waiting_since.us != INSTANT_NEVER.us || collect->state != COLLECT_JOINING)
        return;
    collect->waiting_since = collect->now;
    collect_trace(collect, false, "head names incarnation '%s' -> waits (S5)", collect->incumbent);
    if (!collect->is_watching)
        collect_effect_add(collect, COLLECT_WATCH_INCUMBENT);
    collect->is_watching = true;
}

void collect_goodbye_take_incumbent(struct collect *collect, struct text incarnation)
{
    if (collect->incumbent == NULL || !text_equals(incarnation, collect->incumbent))
        return;
    collect->has_heard_incumbent = true;
    collect->incumbent_heard_at = collect->now;
}

struct instant collect_goodbye_deadline(const struct collect *collect)
{
    if (collect->state == COLLECT_DRAINING)
        return collect->drain_until;
    if (collect->state == COLLECT_LEAVING)
        return collect->leave_until;
    return INSTANT_NEVER; // waiting ends in an event of the incumbent or at a beat
}
