// SPDX-License-Identifier: Apache-2.0
//
// Who leads. Safety never depends on it: the transactional producer fences whoever led before, and
// what counts is the state read back up to the own marker. This file only decides when to try.
//
//     standby --- no leader heard for leader.timeout + rank × 0.5 s (S4), or goodbye, or no state
//     ---> claiming    producer initialised, marker committed restoring   state is read until the
//     marker has come back checking    control and orders are compared with the remembered
//     positions leading     read, decide, write, for ever
//
// Out of it again: fenced -> everything is forgotten, standby until that other one's silence is
// proved, whomever the state still names; outcome unknown -> forgotten too, but the state will name
// us as leader and we claim again; SIGTERM -> goodbye in the last transaction, and out of it in any
// of these ways the life is over.
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "control/core.h"

enum { RANK_STEP_MS = 500, PEER_FORGET_MS = 60 * 1000, COMMIT_EVERY_MS = 3600 * 1000 };

static const char *phase_beat_text(const struct control *control)
{
    if (control->is_goodbye_sent)
        return "leaving";
    return control->phase == PHASE_LEADING ? "leading" : "standby";
}

// ---- Own beats.

// A leader that should commit and cannot has nothing to say: its silence lets another try.
static bool is_mute(const struct control *control)
{
    return control->is_committing &&
           instant_since(control->now, control->committing_since).us > control->leader_timeout.us;
}

// What is committed; while less of it is read, what is known to have been.
static int64_t generation_told(const struct control *control)
{
    if (newest_is_ahead(control))
        return control->newest.generation;
    return control->is_committing ? control->generation_before : control->generation;
}

static void beat_send(struct control *control)
{
    control->next_beat = instant_add(control->now, control->beat_interval);
    control->next_probe = INSTANT_NEVER;
    if (is_mute(control))
        return;
    control->next_probe = members_deadline(control);
    struct beat *beat = arena_get(&control->effect_arena, sizeof(*beat));
    *beat = (struct beat){
        .role = TEXT_LITERAL("coordinator"),
        .id = text_of(control->id),
        .incarnation = text_of(control->incarnation),
        .seq = ++control->seq,
        .state = text_of(phase_beat_text(control)),
        .lease_ms = span_ms(control->leader_timeout),
        .applied_generation = generation_told(control),
        .epoch = control->epoch,
        .lineage = text_of(control->lineage),
        .level = control->level_max,
        .info = control->info,
    };
    beat->info.uptime_ms = span_ms(instant_since(control->now, control->started));
    evidence_sent(&control->evidence, beat->seq, control->now);
    effect_add(control, EFFECT_SEND_BEAT)->beat = beat;
}

// ---- Peers.

static struct peer *peer_find(struct control *control, struct text id)
{
    for (int i = 0; i < COORDINATORS_MAX; i++)
        if (control->peers[i].id != NULL && text_equals(id, control->peers[i].id))
            return &control->peers[i];
    return NULL;
}

static void peer_drop(struct peer *peer)
{
    memory_release(peer->id);
    memory_release((char *)peer->info.host.data);
    memory_release((char *)peer->info.version.data);
    memory_release((char *)peer->info.address.data);
    *peer = (struct peer){0};
}

static struct peer *peer_add(struct control *control, struct text id)
{
    for (int i = 0; i < COORDINATORS_MAX; i++)
        if (control->peers[i].id == NULL) {
            control->peers[i].id = text_copy(id);
            return &control->peers[i];
        }
    return NULL;
}

static void peers_forget(struct control *control)
{
    for (int i = 0; i < COORDINATORS_MAX; i++) {
        struct peer *peer = &control->peers[i];
        if (peer->id != NULL &&
            evidence_proves(&control->evidence, peer->heard, span_of_ms(PEER_FORGET_MS)))
            peer_drop(peer);
    }
}

static void text_keep(char *room, size_t size, struct text text)
{
    memset(room, 0, size);
    memcpy(room, text.data ? text.data : "", text.size < size ? text.size : size - 1);
}

static void peer_note(struct control *control, struct peer *peer, const struct beat *beat)
{
    text_keep(peer->incarnation, sizeof(peer->incarnation), beat->incarnation);
    text_keep(peer->lineage, sizeof(peer->lineage), beat->lineage);
    text_keep(peer->state, sizeof(peer->state), beat->state);
    peer->seq = beat->seq;
    peer->epoch = beat->epoch;
    peer->applied_generation = beat->applied_generation;
    peer->level = beat->level;
    peer->heard = control->now;
    struct beat_info old = peer->info;
    peer->info = beat->info;
    peer->info.host.data = text_copy(beat->info.host);
    peer->info.version.data = text_copy(beat->info.version);
    peer->info.address.data = text_copy(beat->info.address);
    memory_release((char *)old.host.data);
    memory_release((char *)old.version.data);
    memory_release((char *)old.address.data);
}

// S7: whoever knows a later epoch follows a successor. In one of ours or before, nobody can have
// seen more than the leader.
static void peer_judge(struct control *control, const struct peer *peer, const struct beat *beat)
{
    if (control->phase != PHASE_LEADING || control->is_committing || control->lineage == NULL ||
        !text_equals(beat->lineage, control->lineage))
        return;
    if (beat->epoch <= control->epoch && beat->applied_generation <= control->generation)
        return;
    if (beat->epoch <= control->epoch) {
        control->is_barred = true;
        alarm_raise(control,
                    "state went back: coordinator '%s' has seen generation %lld, this leader "
                    "only %lld (S7)",
                    peer->id, (long long)beat->applied_generation, (long long)control->generation);
    }
    lead_lost(control, COMMIT_FENCED);
}

void lead_peer_beat(struct control *control, const struct beat *beat)
{
    if (text_equals(beat->incarnation, control->incarnation)) {
        evidence_returned(&control->evidence, beat->seq, control->now, control->beat_interval);
        lead_evidence(control);
        return;
    }
    struct peer *peer = peer_find(control, beat->id);
    if (text_equals(beat->state, "leaving")) {
        if (peer != NULL && text_equals(beat->incarnation, peer->incarnation))
            peer_drop(peer);
        return;
    }
    if (peer == NULL)
        peer = peer_add(control, beat->id);
    if (peer == NULL)
        return;
    peer_note(control, peer, beat);
    if (text_equals(beat->state, "leading") && beat->epoch >= control->epoch)
        control->leader_heard = control->now;
    peer_judge(control, peer, beat);
}

bool peer_is_alive(const struct control *control, const struct peer *peer)
{
    return peer->id != NULL &&
           !evidence_proves(&control->evidence, peer->heard, control->leader_timeout);
}

// Place among the live standbys: highest replayed generation first, then by id.
static int rank_own(const struct control *control)
{
    int rank = 0;
    for (int i = 0; i < COORDINATORS_MAX; i++) {
        const struct peer *peer = &control->peers[i];
        if (!peer_is_alive(control, peer) || strcmp(peer->state, "standby") != 0)
            continue;
        if (peer->applied_generation > control->generation ||
            (peer->applied_generation == control->generation &&
             text_compare(text_of(peer->id), text_of(control->id)) < 0))
            rank++;
    }
    return rank;
}

// ---- Claiming.

static struct span rank_wait(const struct control *control)
{
    return span_of_ms((int64_t)RANK_STEP_MS * rank_own(control));
}

static bool may_claim(const struct control *control)
{
    return control->phase == PHASE_STANDBY && control->is_restored && !control->is_barred &&
           !control->is_stopping && !damage_bars(control);
}

static bool is_leader_gone(const struct control *control)
{
    bool is_mine = control->lineage == NULL ||
                   (control->leader_incarnation != NULL &&
                    strcmp(control->leader_incarnation, control->incarnation) == 0);
    if (is_mine && !control->was_fenced)
        return true;
    struct span wait = rank_wait(control);
    if (control->resigned_seen.us != INT64_MAX &&
        instant_since(control->now, control->resigned_seen).us >= wait.us)
        return true;
    wait.us += control->leader_timeout.us;
    return evidence_proves(&control->evidence, control->leader_heard, wait);
}

static void claim_if_due(struct control *control)
{
    if (!may_claim(control) || !is_leader_gone(control))
        return;
    control->phase = PHASE_CLAIMING;
    control->claims++;
    newest_gather(control);
    trace(control, "%s > no leader -> claims leadership (S4)", control->id);
    struct control_effect *effect = effect_add(control, EFFECT_CLAIM_LEADERSHIP);
    effect->claim =
        (struct state_marker){.incarnation = text_of(control->incarnation), .seq = control->claims};
}

// ---- Restoring.

static void bar(struct control *control, const char *why)
{
    control->is_barred = true;
    control->phase = PHASE_STANDBY;
    effect_add(control, EFFECT_RESIGN);
    alarm_raise(control, "%s: this coordinator refuses to lead", why);
}

static void check_logs(struct control *control)
{
    control->phase = PHASE_CHECKING;
    struct control_effect *effect = effect_add(control, EFFECT_CHECK_LOGS);
    memcpy(effect->positions, control->positions, sizeof(effect->positions));
}

static const char went_back[] = "state went back: it is older than what was committed (S7)";
static const char too_high[] = "the state has records of a higher level than this binary knows";

// Everything that was committed before the claim has been read.
static void restored(struct control *control)
{
    control->is_restored = true;
    if (newest_is_ahead(control)) {
        bar(control, went_back);
        return;
    }
    if (control->level > control->level_max) {
        bar(control, too_high);
        return;
    }
    if (control->cell_cluster_id != NULL && control->cluster_id[0] != '\0' &&
        strcmp(control->cell_cluster_id, control->cluster_id) != 0) {
        bar(control, "the state belongs to another Kafka cluster (S7)");
        return;
    }
    if (control->state_partitions != 0 &&
        control->state_partitions != control->assignments_partitions) {
        bar(control, "topic assignments has another number of partitions than the state says");
        return;
    }
    for (uint32_t i = 0; i < control->tables.pools_count; i++)
        if (control->tables.pools[i]->is_unreadable) {
            bar(control, "the state has a policy that this binary does not know");
            return;
        }
    if (damage_bars(control)) {
        control->phase = PHASE_STANDBY;
        effect_add(control, EFFECT_RESIGN);
        alarm_raise(control, "the state is damaged: this coordinator does not lead until it is "
                             "mended");
        return;
    }
    check_logs(control);
}

// The marker may come back before the answer to the claim: two ways lead here from Kafka.
void lead_marker_received(struct control *control, const struct state_marker *marker)
{
    if (marker->seq != control->claims || !text_equals(marker->incarnation, control->incarnation))
        return;
    if (control->phase == PHASE_CLAIMING)
        control->marker_claim = marker->seq;
    else if (control->phase == PHASE_RESTORING)
        restored(control);
}

void lead_claim_answered(struct control *control, bool done)
{
    if (control->phase != PHASE_CLAIMING)
        return;
    control->phase = done ? PHASE_RESTORING : PHASE_STANDBY;
    control->was_fenced = !done;
    control->leader_heard = control->now;
    control->resigned_seen = INSTANT_NEVER;
    trace(control, "%s > claim %s -> %s", control->id, done ? "committed" : "failed",
          done ? "restores until its marker comes back" : "stands by");
    if (done && control->marker_claim == control->claims)
        restored(control);
}

void lead_state_received(struct control *control)
{
    bool is_dead = control->leader_incarnation != NULL && control->dead_leader[0] != '\0' &&
                   strcmp(control->leader_incarnation, control->dead_leader) == 0;
    if (!control->resigned && !is_dead)
        control->resigned_seen = INSTANT_NEVER;
    else if (control->resigned_seen.us == INT64_MAX)
        control->resigned_seen = control->now;
    if (control->level > control->level_max && !control->is_barred)
        bar(control, too_high);
    claim_if_due(control);
}

// ---- Leading.

// Where a log goes on. A log that differs from what is remembered is read from its start.
static void position_resume(struct control *control, enum input_log log,
                            const struct control_log *found)
{
    static const char *const names[] = {"control", "orders"};
    struct state_position *position = &control->positions[log];
    if (position->anchor_offset < 0 && position->next == 0) {
        position->next = found->start;
        return;
    }
    bool is_same = found->anchor_found && found->anchor_time_ms == position->anchor_time_ms &&
                   found->anchor_crc == position->anchor_crc;
    bool is_expired = !found->anchor_found && found->start > position->anchor_offset &&
                      found->start <= position->next;
    // After a gap, before anything was taken, there is nothing to know it by but where it begins.
    if (position->anchor_offset < 0)
        is_expired = found->start == position->next;
    if (found->end >= position->next && (is_same || is_expired))
        return;
    alarm_raise(control,
                "topic %s is not the log that was read before (next %lld, log %lld to %lld): "
                "reading it from its start",
                names[log], (long long)position->next, (long long)found->start,
                (long long)found->end);
    event_tell(control,
               &(struct event_draft){.kind = "control-gap",
                                     .pool = NONE,
                                     .subject = names[log],
                                     .text = "the log is not the one that was read before; "
                                             "it is read from its start"});
    if (log == INPUT_CONTROL && found->start < position->next)
        claims_age(&control->tables, position->next);
    *position = (struct state_position){.next = found->start, .anchor_offset = -1};
}

static void text_replace(char **slot, const char *string)
{
    memory_release(*slot);
    *slot = text_copy(text_of(string));
}

static void cell_create(struct control *control)
{
    // What this life has begun before is not begun again.
    if (strcmp(control->newest.lineage, control->new_lineage) == 0) {
        buffer_clear(&control->line);
        buffer_print(&control->line, "%.16s%016llx", control->new_lineage,
                     (unsigned long long)control->claims);
        text_replace(&control->new_lineage, buffer_string(&control->line));
    }
    text_replace(&control->lineage, control->new_lineage);
    control->level = upgrade_first_level(control);
    trace(control, "%s > state is empty -> creates lineage %s", control->id, control->lineage);
}

void lead_logs_checked(struct control *control, const struct control_checked *checked)
{
    if (control->phase != PHASE_CHECKING)
        return;
    newest_hear(control, checked->published);
    if (newest_is_ahead(control)) {
        bar(control, went_back);
        return;
    }
    control->phase = PHASE_LEADING;
    if (control->lineage == NULL)
        cell_create(control);
    for (int log = 0; log < INPUT_LOG_COUNT; log++)
        position_resume(control, (enum input_log)log, &checked->logs[log]);
    text_replace(&control->leader, control->id);
    text_replace(&control->leader_incarnation, control->incarnation);
    text_replace(&control->cell_cluster_id, control->cluster_id);
    control->state_partitions = control->assignments_partitions;
    control->resigned = false;
    control->epoch++;
    control->cell_is_dirty = true;
    control->last_commit = control->now;
    evidence_restart(&control->evidence, control->now);
    evidence_init(&control->marker_evidence, control->now);
    if (restore_end(control) != STATUS_OK) {
        bar(control, "the state contradicts itself");
        return;
    }
    trace(control, "%s > restored %u topics, %u collectors -> leads epoch %lld", control->id,
          control->tables.topics_live, control->tables.collectors_count, (long long)control->epoch);
    event_tell(control, &(struct event_draft){.kind = "leader.began",
                                              .pool = NONE,
                                              .subject = control->id,
                                              .text = "it leads from now on"});
    lineage_begin(control);
    damage_mend(control);
    struct control_effect *effect = effect_add(control, EFFECT_READ_INPUTS);
    memcpy(effect->positions, control->positions, sizeof(effect->positions));
    beat_send(control);
}

// ---- Losing it.

// This life has ended in order.
static void leave(struct control *control)
{
    control->is_goodbye_sent = true;
    beat_send(control);
    effect_add(control, EFFECT_EXIT);
    control->has_exited = true;
}

void lead_lost(struct control *control, enum commit_outcome outcome)
{
    trace(control, "%s > %s -> forgets everything and %s", control->id,
          outcome == COMMIT_FENCED ? "fenced" : "outcome of a commit unknown",
          control->is_stopping ? "leaves" : "stands by");
    control->phase = PHASE_STANDBY;
    control->is_committing = false;
    control->was_fenced = outcome == COMMIT_FENCED;
    effect_add(control, EFFECT_STOP_INPUTS);
    effect_add(control, EFFECT_RESIGN);
    effect_add(control, EFFECT_RESTORE);
    lead_forget(control);
    control->leader_heard = control->now;
    // Whoever is asked to stop does not lead again, so it has nothing to wait for.
    if (control->is_stopping)
        leave(control);
}

void lead_committed(struct control *control)
{
    control->is_committing = false;
    control->last_commit = control->now;
    control->commits++;
    newest_note(control);
    damage_committed(control);
    pools_buried(control);
    if (!control->is_goodbye_in_commit)
        return;
    effect_add(control, EFFECT_RESIGN);
    leave(control);
}

void lead_stop(struct control *control)
{
    if (control->is_stopping)
        return;
    control->is_stopping = true;
    if (control->phase == PHASE_LEADING) {
        control->resigned = true;
        control->cell_is_dirty = true;
        return;
    }
    leave(control);
}

// ---- Time.

void lead_start(struct control *control)
{
    control->started = control->now;
    control->leader_heard = control->now;
    control->resigned_seen = INSTANT_NEVER;
    control->ask_again = INSTANT_NEVER;
    control->next_marker = INSTANT_NEVER;
    evidence_init(&control->evidence, control->now);
    beat_send(control);
}

// An own beat has come back: what it proves is judged.
void lead_evidence(struct control *control)
{
    peers_forget(control);
    if (control->phase != PHASE_LEADING) {
        claim_if_due(control);
        return;
    }
    lineage_judge(control);
    members_judge(control);
}

// When the silence of the leader could be proved next.
static struct instant takeover_deadline(const struct control *control)
{
    if (!may_claim(control))
        return INSTANT_NEVER;
    struct span wait = rank_wait(control);
    struct instant deadline = INSTANT_NEVER;
    if (control->resigned_seen.us != INT64_MAX)
        deadline = instant_add(control->resigned_seen, wait);
    wait.us += control->leader_timeout.us;
    return instant_earlier(deadline,
                           evidence_deadline(&control->evidence, control->leader_heard, wait));
}

void lead_tick(struct control *control)
{
    if (control->has_exited)
        return;
    bool is_leading = control->phase == PHASE_LEADING;
    struct instant probe = is_leading ? control->next_probe : takeover_deadline(control);
    if (!is_leading)
        claim_if_due(control);
    else if (!control->is_committing)
        members_judge(control);
    if (is_leading &&
        instant_since(control->now, control->last_commit).us >= span_of_ms(COMMIT_EVERY_MS).us)
        control->cell_is_dirty = true;
    // A probe has to be sent after the deadline that it is to prove; a newer own beat will do.
    struct instant newest = control->evidence.sent[control->seq % EVIDENCE_SENT_MAX].at;
    bool is_probing = instant_is_before(probe, control->now) && !instant_is_before(probe, newest);
    if (instant_has_come(control->next_beat, control->now) || is_probing)
        beat_send(control);
}

struct instant lead_deadline(const struct control *control)
{
    if (control->has_exited)
        return INSTANT_NEVER;
    struct instant probe =
        control->phase == PHASE_LEADING ? control->next_probe : takeover_deadline(control);
    struct instant newest = control->evidence.sent[control->seq % EVIDENCE_SENT_MAX].at;
    struct instant deadline = control->next_beat;
    if (probe.us != INT64_MAX && !instant_is_before(probe, newest))
        deadline = instant_earlier(deadline, instant_add(probe, (struct span){1000}));
    return deadline;
}
