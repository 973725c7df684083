// SPDX-License-Identifier: Apache-2.0
//
// The lease (S3) and the right to ask for more of it (S8).
//
// Happy path: ask for the end of the assignments -> read up to it -> send a beat -> it is
// acknowledged -> the lease runs anew from the instant of that send. Every interval again.
//
// Failures: acknowledgements stay out -> the lease runs out -> this life is over. The assignments
// cannot be read, or a revoke does not end -> no beat is sent -> the lease runs out -> over.
// An acknowledgement that comes after its lease revives nothing: the door looks at the lease first.
#include "collect/internal.h"

#include "base/ensure.h"

// A question without an answer is asked again after this part of the lease.
#define QUESTION_PART 3

static struct span lease_span(const struct collect *collect)
{
    return span_of_ms(collect->beat.lease_ms);
}

bool collect_lease_is_over(const struct collect *collect)
{
    return collect->seq > 0 &&
           instant_since(collect->now, collect->lease_from).us >= lease_span(collect).us;
}

static struct span interval_of(const struct collect *collect)
{
    return span_of_ms(collect->options.beat_interval_ms);
}

// Whether a beat has been under way for longer than an interval, which is when nobody can tell a
// slow collector from a slow Kafka.
static bool is_ack_late(const struct collect *collect)
{
    for (uint32_t i = 0; i < BEATS_OPEN_MAX; i++)
        if (collect->open_beats[i].seq != 0 &&
            instant_since(collect->now, collect->open_beats[i].sent_at).us >
                interval_of(collect).us)
            return true;
    return false;
}

void collect_beats_take_answer(struct collect *collect, int64_t seq, bool is_acked)
{
    if (seq <= 0)
        return;
    struct open_beat *open = &collect->open_beats[seq % BEATS_OPEN_MAX];
    if (open->seq != seq)
        return;
    if (is_ack_late(collect))
        collect->acks_good_since = collect->now;
    open->seq = 0;
    if (!is_acked)
        return;
    if (seq > collect->acked_seq)
        collect->acked_seq = seq;
    collect_units_forget_told(collect);
    if (instant_is_before(collect->lease_from, open->sent_at))
        collect->lease_from = open->sent_at;
    if (collect->leaving_seq != 0 && seq >= collect->leaving_seq)
        collect->is_leaving_acked = true;
}

static bool is_reading_fresh(const struct collect *collect)
{
    const struct reading *reading = &collect->reading;
    return reading->has_been_fresh &&
           instant_since(collect->now, reading->fresh_at).us < lease_span(collect).us;
}

// The oldest revoke under way, counted only while own beats are acknowledged in time.
static bool is_revoke_stuck(const struct collect *collect)
{
    const struct unit *oldest = collect->revokes_first;
    if (oldest == NULL)
        return false;
    struct instant from = oldest->revoked_at;
    if (instant_is_before(from, collect->acks_good_since))
        from = collect->acks_good_since;
    return instant_since(collect->now, from).us > span_of_ms(collect->options.revoke_timeout_ms).us;
}

bool collect_beats_are_allowed(const struct collect *collect)
{
    return is_reading_fresh(collect) && !is_revoke_stuck(collect);
}

static void tell_silence(struct collect *collect, bool is_silent)
{
    if (collect->is_silent == is_silent || (collect->seq == 0 && is_silent))
        return;
    collect->is_silent = is_silent;
    if (!is_silent)
        collect_trace(collect, false, "assignments read and revokes done -> beats again (S8)");
    else if (!is_reading_fresh(collect))
        collect_trace(collect, true,
                      "assignments not read to an end asked for within %lld ms -> silent (S8)",
                      (long long)collect->beat.lease_ms);
    else
        collect_trace(collect, true, "revoke of '%.*s' older than %lld ms -> silent (S8)",
                      TEXT_ARGS(collect->revokes_first->name),
                      (long long)collect->options.revoke_timeout_ms);
}

int64_t collect_beats_acked_generation(const struct collect *collect)
{
    if (collect->revokes_first != NULL)
        return collect->revokes_first->before;
    return collect->generation_whole;
}

// The pool's wish for the lease counts from the first beat on, where this life can keep it.
static void promise_lease(struct collect *collect)
{
    int64_t wish_ms = collect->lease_wish_ms;
    if (wish_ms > 2 * collect->options.beat_interval_ms &&
        wish_ms > 2 * collect->options.start_margin_ms)
        collect->beat.lease_ms = wish_ms;
}

static void send_beat(struct collect *collect)
{
    if (collect->seq == 0)
        promise_lease(collect);
    collect->seq++;
    struct open_beat *open = &collect->open_beats[collect->seq % BEATS_OPEN_MAX];
    if (open->seq != 0)
        collect->acks_good_since = collect->now;
    *open = (struct open_beat){collect->seq, collect->now};
    if (collect->seq == 1)
        collect->lease_from = collect->now;
    if (collect->state == COLLECT_LEAVING && collect->leaving_seq == 0)
        collect->leaving_seq = collect->seq;
    collect->beaten_at = collect->now;
    collect->is_beat_wanted = false;

    struct beat *beat = &collect->beat;
    beat->seq = collect->seq;
    beat->state = text_of(collect_state_name(collect->state));
    beat->applied_generation = collect_beats_acked_generation(collect);
    beat->epoch = collect->epoch_seen;
    beat->lineage = text_of(collect->lineage);
    beat->level = collect_level_max(collect);
    beat->commands_done = collect->commands_done;
    beat->handed = collect->handed;
    beat->handed_count = collect->handed_count;
    collect_effect_add(collect, COLLECT_SEND_BEAT)->beat = beat;
}

void collect_beats_send_if_due(struct collect *collect)
{
    if (collect->state == COLLECT_OVER)
        return;
    if (is_ack_late(collect))
        collect->acks_good_since = collect->now;
    bool is_due = collect->seq == 0 || collect->is_beat_wanted ||
                  instant_has_come(collect_beats_deadline(collect), collect->now);
    if (!is_due)
        return;
    // Who has stopped for good has nothing to be silent about.
    bool is_allowed = collect->state == COLLECT_LEAVING || collect_beats_are_allowed(collect);
    tell_silence(collect, !is_allowed);
    if (is_allowed)
        send_beat(collect);
}

struct instant collect_beats_deadline(const struct collect *collect)
{
    if (collect->seq == 0)
        return INSTANT_NEVER;
    struct instant due = instant_add(collect->beaten_at, interval_of(collect));
    // While silent the beat waits for what is missing, looked after once an interval.
    if (collect->is_silent && instant_has_come(due, collect->now) &&
        !collect_beats_are_allowed(collect))
        return instant_add(collect->now, interval_of(collect));
    return due;
}

void collect_reading_ask_if_due(struct collect *collect)
{
    struct reading *reading = &collect->reading;
    if (collect->state == COLLECT_OVER ||
        !instant_has_come(collect_reading_deadline(collect), collect->now))
        return;
    reading->is_asked = true;
    reading->is_answered = false;
    reading->asked_at = collect->now;
    reading->asked_position = reading->position;
    collect_effect_add(collect, COLLECT_ASK_END)->number = ++reading->number;
}

static void reach_end(struct collect *collect)
{
    struct reading *reading = &collect->reading;
    if (!reading->is_answered || reading->position < reading->end)
        return;
    reading->is_answered = false;
    reading->has_been_fresh = true;
    reading->fresh_at = reading->asked_at;
    collect_heads_judge_level(collect);
}

void collect_reading_take_answer(struct collect *collect, const struct collect_event *event)
{
    struct reading *reading = &collect->reading;
    if (!reading->is_asked || event->number != reading->number)
        return;
    reading->is_asked = false;
    // An end before what had been read by then is one of a while ago, or of a log that was cut.
    if (event->kind == COLLECT_END_FAILED || event->offset < reading->asked_position)
        return;
    reading->is_answered = true;
    reading->end = event->offset;
    reach_end(collect);
}

void collect_reading_take_position(struct collect *collect, int64_t offset)
{
    struct reading *reading = &collect->reading;
    if (offset > reading->position)
        reading->position = offset;
    reach_end(collect);
}

// What was asked and read of the log before says nothing about this one.
void collect_reading_forget(struct collect *collect)
{
    struct reading *reading = &collect->reading;
    reading->position = -1;
    reading->is_asked = reading->is_answered = false;
    collect->level_refused = 0;
}

struct instant collect_reading_deadline(const struct collect *collect)
{
    const struct reading *reading = &collect->reading;
    if (reading->number == 0)
        return collect->now;
    // An end that is not reached by then proves nothing any more; the log may be another one.
    if (reading->is_answered)
        return instant_add(reading->asked_at, lease_span(collect));
    struct span pause = interval_of(collect);
    if (reading->is_asked && pause.us < lease_span(collect).us / QUESTION_PART)
        pause.us = lease_span(collect).us / QUESTION_PART;
    return instant_add(reading->asked_at, pause);
}
