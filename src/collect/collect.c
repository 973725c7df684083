// SPDX-License-Identifier: Apache-2.0
//
// The door: one step looks at the lease, takes the event, and then does what has come due, always
// in the same order.
#include "collect/collect.h"

#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "collect/internal.h"

struct collect *collect_create(const struct collect_options *options)
{
    const struct beat *beat = options->beat;
    ensure(beat->id.size > 0 && beat->incarnation.size > 0 && beat->lease_ms > 0);
    ensure(options->beat_interval_ms > 0 && options->beat_interval_ms < beat->lease_ms);
    ensure(options->revoke_flush_ms >= 0 && options->revoke_timeout_ms > 0);
    ensure(options->stop_timeout_ms >= 0 && options->leave_timeout_ms > 0);
    ensure(options->start_margin_ms >= 0);
    struct collect *collect = memory_get(sizeof(*collect));
    collect->options = *options;
    collect->beat = *beat;
    collect->beat.role = TEXT_LITERAL("collector");
    collect->reading.position = -1;
    collect->acks_good_since = (struct instant){INT64_MIN};
    collect->waiting_since = INSTANT_NEVER;
    size_t shown = beat->incarnation.size < 8 ? beat->incarnation.size : 8;
    memcpy(collect->who, beat->incarnation.data, shown);
    return collect;
}

void collect_destroy(struct collect *collect)
{
    if (collect == NULL)
        return;
    collect_units_finish(collect);
    collect_heads_finish(collect);
    collect_commands_finish(collect);
    memory_release(collect->effects);
    arena_finish(&collect->texts);
    buffer_finish(&collect->line);
    memory_release(collect);
}

static void take_event(struct collect *collect, const struct collect_event *event)
{
    switch (event->kind) {
    case COLLECT_STARTED:
    case COLLECT_TICKED:
    case COLLECT_UNIT_STARTED:
        break;
    case COLLECT_BEAT_ACKED:
        collect_beats_take_answer(collect, event->seq, true);
        break;
    case COLLECT_BEAT_FAILED:
        collect_beats_take_answer(collect, event->seq, false);
        break;
    case COLLECT_HEAD_RECEIVED:
        collect_heads_take_head(collect, event->head);
        break;
    case COLLECT_BUCKET_RECEIVED:
        collect_heads_take_bucket(collect, event->bucket_index, event->bucket);
        break;
    case COLLECT_END_ANSWERED:
    case COLLECT_END_FAILED:
        collect_reading_take_answer(collect, event);
        break;
    case COLLECT_READ_TO:
        collect_reading_take_position(collect, event->offset);
        break;
    case COLLECT_READ_ANEW:
        collect_reading_forget(collect);
        break;
    case COLLECT_UNIT_STOPPED:
        collect_units_take_stopped(collect, event);
        break;
    case COLLECT_UNIT_FAILED:
        collect_units_take_failed(collect, event->run);
        break;
    case COLLECT_COMMITS_REFUSED:
        if (!collect->are_commits_refused)
            collect_trace(collect, true, "commits are refused -> positions go with the acks (S6)");
        collect->are_commits_refused = true;
        collect->are_commits_taken = false;
        break;
    case COLLECT_COMMITS_TAKEN:
        if (collect->are_commits_refused)
            collect_trace(collect, false, "commits are taken again");
        collect->are_commits_refused = false;
        collect->are_commits_taken = true;
        collect_units_forget_told(collect);
        break;
    case COLLECT_INCUMBENT_HEARD:
        collect_goodbye_take_incumbent(collect, event->incarnation);
        break;
    case COLLECT_COMMAND_DONE:
        collect_commands_take_done(collect, event->number);
        break;
    case COLLECT_STOP_REQUESTED:
        collect_goodbye_request(collect);
        break;
    }
}

// S3: nothing comes before this, whatever the event says.
static void end_by_lease(struct collect *collect)
{
    collect_trace(collect, true,
                  "no beat acknowledged that was sent less than %lld ms ago -> life is over (S3)",
                  (long long)collect->beat.lease_ms);
    collect_goodbye_life_over(collect);
}

void collect_step(struct collect *collect, const struct collect_event *event,
                  struct collect_effects *ret_effects)
{
    ensure(event->at.us >= collect->now.us);
    collect->now = event->at;
    collect->effect_count = 0;
    arena_clear(&collect->texts);
    if (collect->state != COLLECT_OVER && collect_lease_is_over(collect))
        end_by_lease(collect);
    if (collect->state != COLLECT_OVER)
        take_event(collect, event);
    if (collect->state != COLLECT_OVER) {
        collect_goodbye_proceed(collect);
        collect_units_retry_due(collect);
        collect_reading_ask_if_due(collect);
        if (collect->seq > 0 || collect->reading.has_been_fresh)
            collect_beats_send_if_due(collect);
    }
    *ret_effects = (struct collect_effects){collect->effects, collect->effect_count};
}

struct instant collect_deadline(const struct collect *collect)
{
    if (collect->state == COLLECT_OVER)
        return INSTANT_NEVER;
    struct instant deadline =
        instant_earlier(collect_beats_deadline(collect), collect_reading_deadline(collect));
    deadline = instant_earlier(deadline, collect_units_deadline(collect));
    deadline = instant_earlier(deadline, collect_goodbye_deadline(collect));
    if (collect->seq > 0)
        deadline = instant_earlier(
            deadline, instant_add(collect->lease_from, span_of_ms(collect->beat.lease_ms)));
    return deadline;
}

enum collect_state collect_state(const struct collect *collect)
{
    return collect->state;
}

const char *collect_state_name(enum collect_state state)
{
    static const char *const names[] = {"joining", "active", "draining", "leaving", "over"};
    return names[state];
}

struct span collect_lease_left(const struct collect *collect, struct instant now)
{
    struct span lease = span_of_ms(collect->beat.lease_ms);
    if (collect->state == COLLECT_OVER)
        return (struct span){0};
    if (collect->seq == 0)
        return lease;
    struct span left = {lease.us - instant_since(now, collect->lease_from).us};
    return left.us > 0 ? left : (struct span){0};
}

bool collect_may_write(const struct collect *collect, struct instant now)
{
    bool is_reader = collect->state == COLLECT_ACTIVE || collect->state == COLLECT_DRAINING;
    return is_reader && collect->was_named &&
           collect_lease_left(collect, now).us > span_of_ms(collect->options.start_margin_ms).us;
}

int64_t collect_applied_generation(const struct collect *collect)
{
    return collect_beats_acked_generation(collect);
}

struct text collect_lineage(const struct collect *collect)
{
    return text_of(collect->lineage);
}

static struct text policy_of(const char *policy)
{
    return policy ? text_of(policy) : TEXT_LITERAL("earliest");
}

struct text collect_start_policy(const struct collect *collect)
{
    return policy_of(collect->start_policy);
}

struct text collect_gap_policy(const struct collect *collect)
{
    return policy_of(collect->gap_policy);
}

size_t collect_unit_count(const struct collect *collect)
{
    return collect->active_count;
}

bool collect_is_named(const struct collect *collect)
{
    return collect->was_named && collect->state != COLLECT_OVER;
}

static void check_unit(const struct collect *collect, const struct unit *unit)
{
    bool is_active = unit->state == UNIT_RUNNING || unit->state == UNIT_STOPPING;
    ensure((unit->run != 0) == is_active);
    ensure(!unit->is_revoking || unit->state == UNIT_STOPPING);
    ensure(unit->state != UNIT_RUNNING || unit->is_wanted);
    ensure(unit->state != UNIT_FAILED || unit->is_wanted);
    ensure(unit->state != UNIT_GONE || collect->state != COLLECT_ACTIVE);
}

void collect_check(const struct collect *collect)
{
    uint32_t active_count = 0;
    uint32_t failed_count = 0;
    uint32_t revoking_count = 0;
    for (uint32_t i = 0; i < collect->unit_end; i++) {
        const struct unit *unit = collect->units[i];
        if (unit == NULL)
            continue;
        check_unit(collect, unit);
        active_count += unit->run != 0;
        failed_count += unit->state == UNIT_FAILED;
        revoking_count += unit->is_revoking;
    }
    ensure(active_count == collect->active_count);
    ensure(failed_count == collect->failed_count);
    int64_t before = INT64_MIN;
    for (const struct unit *unit = collect->revokes_first; unit != NULL; unit = unit->next) {
        ensure(unit->before >= before && unit->is_revoking && revoking_count > 0);
        before = unit->before;
        revoking_count--;
    }
    ensure(revoking_count == 0);
    ensure(collect->command_begun == 0 || collect->command_begun > collect->commands_done);
    ensure(collect->state != COLLECT_ACTIVE || collect->was_named);
    ensure(collect->state != COLLECT_LEAVING || collect->active_count == 0);
}
