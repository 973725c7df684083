// SPDX-License-Identifier: Apache-2.0
//
// The door: one event goes to the file that it concerns.
#include "control/control.h"

#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "control/scratch.h"

struct control *control_create(const struct control_options *options)
{
    struct control *control = memory_get(sizeof(*control));
    tables_init(&control->tables, options->hash_seed);
    control->peeked = memory_get(sizeof(struct scratch *));
    control->prefix = text_copy(options->prefix);
    control->id = text_copy(options->id);
    control->new_lineage = text_copy(options->lineage);
    control->cluster_id = text_copy(options->cluster_id);
    control->default_pool = text_copy(options->default_pool);
    ensure(options->incarnation.size == 32);
    memcpy(control->incarnation, options->incarnation.data, 32);
    control->info = options->info;
    control->info.host.data = text_copy(options->info.host);
    control->info.version.data = text_copy(options->info.version);
    control->info.address.data = text_copy(options->info.address);
    control->beat_interval = options->beat_interval;
    control->leader_timeout = options->leader_timeout;
    control->publish_interval = options->publish_interval;
    control->lease_ms = control->lease_longest_ms = options->lease_ms;
    control->agent_topics_max = options->agent_topics_max;
    control->level_max = options->level_max > 0 ? options->level_max : RECORD_LEVEL;
    control->assignments_partitions = options->assignments_partitions;
    control->events_enabled = options->events_enabled;
    for (int i = 0; i < INPUT_LOG_COUNT; i++)
        control->positions[i].anchor_offset = -1;
    return control;
}

static void cell_forget(struct control *control)
{
    char **texts[] = {&control->lineage, &control->leader, &control->leader_incarnation,
                      &control->cell_cluster_id};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        memory_release(*texts[i]);
        *texts[i] = NULL;
    }
    control->level = control->epoch = control->generation = control->moves = 0;
    control->state_partitions = 0;
    control->resigned = control->cell_is_dirty = false;
    for (int i = 0; i < INPUT_LOG_COUNT; i++)
        control->positions[i] = (struct state_position){.anchor_offset = -1};
}

void lead_forget(struct control *control)
{
    uint64_t seed = control->tables.hash_seed;
    scratch_destroy(*control->peeked);
    *control->peeked = NULL;
    lag_finish(control);
    control->listens_since = control->now;
    tables_finish(&control->tables);
    tables_init(&control->tables, seed);
    plan_units_destroy(control->plan_units);
    control->plan_units = NULL;
    memory_release(control->numbers);
    control->numbers = NULL;
    control->numbers_capacity = 0;
    handles_finish(&control->loose);
    control->publishing.count = 0;
    control->timed_count = 0;
    control->next_marker = INSTANT_NEVER;
    control->ask_again = INSTANT_NEVER;
    silence_finish(control);
    control->sampling = (struct sampling){.question = control->sampling.question};
    handed_finish(control);
    control->is_asking = control->is_assignment_changed = control->has_more_changes = false;
    control->is_restored = false;
    control->resigned_seen = INSTANT_NEVER;
    events_drop(control);
    damage_finish(control);
    cell_forget(control);
}

void control_destroy(struct control *control)
{
    if (control == NULL)
        return;
    lead_forget(control);
    memory_release(control->peeked);
    handles_finish(&control->publishing);
    for (int i = 0; i < COORDINATORS_MAX; i++) {
        memory_release(control->peers[i].id);
        memory_release((char *)control->peers[i].info.host.data);
        memory_release((char *)control->peers[i].info.version.data);
        memory_release((char *)control->peers[i].info.address.data);
    }
    for (int i = 0; i < EVENTS_KEPT; i++)
        arena_finish(&control->kept[i].arena);
    arena_finish(&control->batch_arena);
    arena_finish(&control->effect_arena);
    arena_finish(&control->drawing.arena);
    buffer_finish(&control->drawing.key);
    buffer_finish(&control->line);
    memory_release(control->events);
    memory_release(control->timed);
    char *texts[] = {control->prefix,
                     control->id,
                     control->new_lineage,
                     control->cluster_id,
                     control->default_pool,
                     (char *)control->info.host.data,
                     (char *)control->info.version.data,
                     (char *)control->info.address.data};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        memory_release(texts[i]);
    memory_release(control);
}

static bool takes_state(const struct control *control)
{
    return control->phase != PHASE_LEADING && control->phase != PHASE_CHECKING;
}

// Whether the state is not the one that was read to its end before: another lineage, or an older
// copy. A log in which such a record follows is taken as it stands.
static bool is_other_state(const struct control *control, const struct state_cell *record)
{
    return control->is_restored && control->lineage != NULL &&
           (!text_equals(record->lineage, control->lineage) ||
            record->generation < control->generation);
}

// Nothing that was read counts any more, the own marker neither.
static void state_lost(struct control *control)
{
    lead_forget(control);
    control->marker_claim = 0;
}

// Whether it is a record of ours, under a key of its kind.
static bool is_sound(const struct control_event *event, struct state_key *ret_key)
{
    return !event->state.is_unreadable && state_key_parse(event->state.key, ret_key) == STATUS_OK &&
           (event->state.record == NULL || event->state.kind == ret_key->kind);
}

// A record of the state counts until the own marker has come back; then memory leads.
static void take_state(struct control *control, const struct control_event *event)
{
    if (!takes_state(control))
        return;
    struct state_key key;
    if (!is_sound(event, &key)) {
        damage_note(control, event->state.key, event->state.is_later);
        return;
    }
    if (event->state.kind == RECORD_STATE_CELL && event->state.record != NULL &&
        is_other_state(control, event->state.record)) {
        state_lost(control);
        effect_add(control, EFFECT_RESTORE);
        return;
    }
    if (event->state.kind == RECORD_STATE_MARKER) {
        if (event->state.record != NULL)
            lead_marker_received(control, event->state.record);
        return;
    }
    control->state_taken++;
    damage_end(control, event->state.key);
    restore_record(control, &key, event->state.record);
    if (event->state.kind == RECORD_STATE_CELL)
        lead_state_received(control);
}

static void take_batch(struct control *control, bool caught_up)
{
    control->is_caught_up = caught_up;
    if (control->phase != PHASE_LEADING || control->is_committing)
        return;
    silence_judge(control);
    publish_batch(control);
}

static void take_outcome(struct control *control, enum commit_outcome outcome)
{
    if (!control->is_committing)
        return;
    if (outcome != COMMIT_DONE) {
        lead_lost(control, outcome);
        return;
    }
    events_keep(control);
    lead_committed(control);
}

static void take_time(struct control *control)
{
    lead_tick(control);
    if (!control->is_committing)
        sample_run(control);
    if (control->phase == PHASE_LEADING && !control->is_committing)
        statements_expire(control);
}

static void take(struct control *control, const struct control_event *event)
{
    bool is_leading = control->phase == PHASE_LEADING;
    switch (event->kind) {
    case CONTROL_STARTED:
        control->listens_since = control->now;
        control->has_past = event->is_past;
        lead_start(control);
        break;
    case CONTROL_TICKED:
        take_time(control);
        break;
    case CONTROL_BEAT_RECEIVED:
        member_beat(control, event->beat, event->is_past);
        break;
    case CONTROL_DEATH_RECEIVED:
        if (!event->is_past)
            member_death(control, event->death);
        break;
    case CONTROL_REPORT_RECEIVED:
        lag_report(control, event->report);
        break;
    case CONTROL_STATE_RECEIVED:
        take_state(control, event);
        break;
    case CONTROL_STATE_LOST:
        if (takes_state(control))
            state_lost(control);
        break;
    case CONTROL_STATE_FOREIGN:
        if (is_leading)
            damage_found(control, event->state.key);
        break;
    case CONTROL_STATE_ENDED:
        control->is_restored = true;
        if (!is_leading)
            lead_state_received(control);
        break;
    case CONTROL_INPUT_RECEIVED:
        if (is_leading)
            intake_input(control, &event->input);
        break;
    case CONTROL_BATCH_ENDED:
        take_batch(control, event->caught_up);
        break;
    case CONTROL_CLAIM_ANSWERED:
        lead_claim_answered(control, event->done);
        break;
    case CONTROL_LOGS_CHECKED:
        lead_logs_checked(control, &event->checked);
        break;
    case CONTROL_COMMIT_ANSWERED:
        take_outcome(control, event->outcome);
        break;
    case CONTROL_TOPICS_ANSWERED:
        if (is_leading)
            topics_answered(control, event->topics.items, event->topics.count);
        break;
    case CONTROL_ENDS_ANSWERED:
        sample_answered(control, event);
        if (is_leading)
            silence_ends_answered(control, event);
        break;
    case CONTROL_STOP_REQUESTED:
        lead_stop(control);
        break;
    }
}

void control_step(struct control *control, const struct control_event *event,
                  struct control_effects *effects)
{
    effects->count = 0;
    arena_clear(&control->effect_arena);
    control->effects = effects;
    control->now = event->at;
    control->wall_ms = event->wall_ms;
    take(control, event);
    control->effects = NULL;
}

struct instant control_deadline(const struct control *control)
{
    struct instant deadline = instant_earlier(lead_deadline(control), publish_deadline(control));
    if (!control->is_committing)
        deadline = instant_earlier(deadline, sample_deadline(control));
    if (control->phase != PHASE_LEADING || control->is_committing)
        return deadline;
    if (silence_is_busy(control))
        return control->now;
    deadline = instant_earlier(deadline, control->next_marker);
    deadline = instant_earlier(deadline, pools_deadline(control));
    return instant_earlier(deadline, control->ask_again);
}

int64_t control_level(const struct control *control)
{
    return upgrade_level(control);
}

size_t control_batch_bytes(const struct control *control)
{
    return control->tables.dirty_bytes;
}
