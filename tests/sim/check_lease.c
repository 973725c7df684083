// SPDX-License-Identifier: Apache-2.0
//
// S3 and S8 by facts: the world notes when a beat was sent, when its sender heard of the
// acknowledgement, and what it had read then; nothing is taken from the collector's own memory.
#include <string.h>

#include "sim/check.h"

void fact_beat_sent(struct world *world, struct process *process, const struct beat *beat)
{
    struct sim_facts *facts = &process->facts;
    (void)world;
    facts->sent[beat->seq % SIM_SENT_MAX].seq = beat->seq;
    facts->sent[beat->seq % SIM_SENT_MAX].at = process->step_at;
    facts->lease_ms = beat->lease_ms;
    facts->applied = beat->applied_generation;
    facts->beaten = beat->seq;
    facts->has_left = facts->has_left || text_equals(beat->state, "leaving");
    if (facts->has_beaten)
        return;
    facts->has_beaten = true;
    facts->lease_end = instant_add(process->step_at, span_of_ms(beat->lease_ms));
}

// When nobody can tell a slow collector from a slow Kafka, revokes are not counted (S8).
static void look_for_late(const struct world *world, struct process *process, struct instant now)
{
    struct sim_facts *facts = &process->facts;
    for (int i = 0; i < SIM_SENT_MAX; i++)
        if (facts->sent[i].seq != 0 &&
            instant_since(now, facts->sent[i].at).us > span_of_ms(world->options.beat_ms).us)
            facts->late_at = now;
}

void fact_beat_answered(struct world *world, struct process *process, int64_t seq, bool is_acked)
{
    struct sim_facts *facts = &process->facts;
    look_for_late(world, process, process_clock(world, process));
    if (is_acked && fact_lease_left_us(world, process) <= 0)
        facts->is_over = true;
    if (facts->sent[seq % SIM_SENT_MAX].seq != seq)
        return;
    facts->sent[seq % SIM_SENT_MAX].seq = 0;
    struct instant end =
        instant_add(facts->sent[seq % SIM_SENT_MAX].at, span_of_ms(facts->lease_ms));
    if (is_acked && instant_is_before(facts->lease_end, end))
        facts->lease_end = end;
}

void fact_unit_started(struct process *process, uint32_t name)
{
    struct sim_facts *facts = &process->facts;
    for (uint32_t i = 0; i < facts->failed_count; i++)
        if (facts->failed[i] == name) {
            facts->failed[i] = facts->failed[--facts->failed_count];
            return;
        }
}

void fact_unit_failed(struct process *process, uint32_t name)
{
    struct sim_facts *facts = &process->facts;
    if (!fact_is_failed(process, name) && facts->failed_count < SIM_FAILED_MAX)
        facts->failed[facts->failed_count++] = name;
}

bool fact_is_failed(const struct process *process, uint32_t name)
{
    for (uint32_t i = 0; i < process->facts.failed_count; i++)
        if (process->facts.failed[i] == name)
            return true;
    return false;
}

int64_t fact_lease_left_us(const struct world *world, const struct process *process)
{
    const struct sim_facts *facts = &process->facts;
    if (facts->is_over)
        return 0;
    if (!facts->has_beaten)
        return INT64_MAX;
    return instant_since(facts->lease_end, process_clock(world, process)).us;
}

void fact_end_asked(struct world *world, struct process *process, uint64_t number)
{
    (void)world;
    process->facts.ends[number % SIM_ENDS_MAX].number = number;
    process->facts.ends[number % SIM_ENDS_MAX].asked_at = process->step_at;
    process->facts.ends[number % SIM_ENDS_MAX].end = -1;
}

void fact_end_answered(struct world *world, struct process *process, uint64_t number, int64_t end)
{
    if (process->facts.ends[number % SIM_ENDS_MAX].number == number)
        process->facts.ends[number % SIM_ENDS_MAX].end = end;
    fact_read(world, process);
}

void fact_read(struct world *world, struct process *process)
{
    struct sim_facts *facts = &process->facts;
    int64_t position = process->positions[SIM_ASSIGNMENTS + process->partition];
    (void)world;
    if (facts->is_other_log)
        return;
    if (facts->read_to < position)
        facts->read_to = position;
    for (int i = 0; i < SIM_ENDS_MAX; i++) {
        if (facts->ends[i].number == 0 || facts->ends[i].end < 0 ||
            facts->ends[i].end > facts->read_to)
            continue;
        if (!facts->has_read || instant_is_before(facts->read_at, facts->ends[i].asked_at))
            facts->read_at = facts->ends[i].asked_at;
        facts->has_read = true;
        facts->ends[i].number = 0;
    }
}

static void check_reading(struct world *world, const struct process *process,
                          const struct beat *beat)
{
    const struct sim_facts *facts = &process->facts;
    int64_t age_ms = span_ms(instant_since(process->step_at, facts->read_at));
    if (!facts->has_read)
        world_fail(world, "S8", "'%s' beats and has never read its assignments to an end",
                   process->name);
    else if (age_ms >= beat->lease_ms && !text_equals(beat->state, "leaving"))
        world_fail(world, "S8", "'%s' beats and has not read its assignments for %lld ms",
                   process->name, (long long)age_ms);
}

static void check_holding(struct world *world, struct process *process, const struct beat *beat)
{
    const struct sim_unit *oldest = NULL;
    for (uint32_t i = 0; i < process->units_count; i++)
        if (process->units[i].is_revoked &&
            (oldest == NULL || instant_is_before(process->units[i].revoked_at, oldest->revoked_at)))
            oldest = &process->units[i];
    if (oldest == NULL || !text_equals(beat->state, "active"))
        return;
    look_for_late(world, process, process->step_at);
    struct instant from = oldest->revoked_at;
    if (instant_is_before(from, process->facts.late_at))
        from = process->facts.late_at;
    if (instant_since(process->step_at, from).us > span_of_ms(SIM_REVOKE_MS).us)
        world_fail(world, "S8", "'%s' beats and has not let go of '%s' for %lld ms", process->name,
                   names_text(&world->names, oldest->name),
                   (long long)span_ms(instant_since(process->step_at, oldest->revoked_at)));
}

void check_beat(struct world *world, struct process *process, const struct beat *beat)
{
    check_reading(world, process, beat);
    check_holding(world, process, beat);
    books_check_beat(world, process, beat);
    if (beat->applied_generation < process->facts.applied)
        world_fail(world, "S7", "'%s' acknowledges %lld after %lld", process->name,
                   (long long)beat->applied_generation, (long long)process->facts.applied);
}

void check_life(struct world *world, const struct process *process)
{
    if (process->has_woken)
        return;
    int64_t left_us = fact_lease_left_us(world, process);
    if (process->units_count > 0 && left_us <= 0)
        world_fail(world, "S3", "'%s' reads '%s' and its lease is over since %lld us",
                   process->name, names_text(&world->names, process->units[0].name),
                   (long long)-left_us);
    if (left_us <= SIM_MARGIN_MS * 1000 &&
        collect_may_write(process->collect, process_clock(world, process)))
        world_fail(world, "S3", "'%s' would begin a write with %lld ms left of its lease",
                   process->name, (long long)left_us / 1000);
}
