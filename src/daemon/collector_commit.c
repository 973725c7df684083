// SPDX-License-Identifier: Apache-2.0
//
// Positions go to the Kafka group `<prefix>.<pool>` without membership, behind what the sink has
// taken and nothing else, with the fence in the metadata (S6): {"fence":N,"lineage":"..."}.
//
// One commit at a time, so that no older position overtakes a newer one. A commit is due for: a
// partition that begins (its first act; where nothing is committed it is waited for), one of a unit
// that stops, a fence that rose, everything that moved every commit.interval.ms, and everything
// unchanged once a day. What is committed is
// read back every report.full.interval.ms: a late commit of a former owner has a lower fence and is
// repeated over; a higher one says that this owner is the former.
#include <string.h>

#include "base/memory.h"
#include "daemon/collector_inner.h"

#define STOP_RETRY_MS 100 // a stop waits for its commit, so that is tried again soon

bool part_is_committed(const struct part *part)
{
    return part->committed == part->taken && part->committed_fence == part->unit->fence;
}

static struct text lineage_of(const struct collector *collector)
{
    return collect_lineage(collector->collect);
}

static void print_metadata(const struct collector *collector, int64_t fence, struct buffer *buffer)
{
    buffer_print(buffer, "{\"fence\":%lld,\"lineage\":\"%.*s\"}", (long long)fence,
                 TEXT_ARGS(lineage_of(collector)));
}

int64_t commits_fence_of(const struct collector *collector, struct text metadata)
{
    static const char begin[] = "{\"fence\":";
    struct text prefix = TEXT_LITERAL("{\"fence\":");
    struct buffer expected = {0};
    int64_t fence = 0;
    if (!text_has_prefix(metadata, prefix))
        return 0;
    const char *digits = metadata.data + sizeof(begin) - 1;
    const char *comma = memchr(digits, ',', metadata.size - prefix.size);
    if (comma == NULL ||
        text_parse_int64((struct text){digits, (size_t)(comma - digits)}, &fence) != STATUS_OK)
        return 0;
    print_metadata(collector, fence, &expected);
    if (!text_equal(buffer_text(&expected), metadata))
        fence = 0; // of another lineage, or of somebody else: it says nothing about this one
    buffer_finish(&expected);
    return fence;
}

static bool is_due(const struct collector *collector, const struct part *part, bool is_round)
{
    if (part->state == PART_BEGIN)
        return true;
    if (!part->has_begun)
        return false;
    bool is_moved = !part_is_committed(part);
    if (part->unit->phase == UNIT_PHASE_STOPPING)
        return is_moved && part->pending == 0 && !part->unit->is_refused;
    if (part->committed_fence < part->unit->fence && part->committed >= 0)
        return true;
    return is_round && (is_moved || instant_since(collector->now, part->committed_at).us >=
                                        span_of_ms(RECOMMIT_MS).us);
}

struct commit_draft {
    struct kafka_offset *offsets;
    uint32_t capacity;
    struct arena arena;
};

static void draft_add(struct collector *collector, struct commit_draft *draft, struct part *part)
{
    struct question *commit = &collector->intake.commit;
    struct buffer metadata = {0};
    print_metadata(collector, part->unit->fence, &metadata);
    draft->offsets =
        array_reserve(draft->offsets, &draft->capacity, commit->count + 1, sizeof(*draft->offsets));
    draft->offsets[commit->count] = (struct kafka_offset){
        .topic = text_of(part->unit->topic),
        .partition = part->partition,
        .offset = part->taken,
        .metadata = arena_text(&draft->arena, buffer_text(&metadata)),
    };
    buffer_finish(&metadata);
    question_add(commit, part->id);
    part->is_in_commit = true;
    part->in_commit = part->taken;
    part->in_commit_fence = part->unit->fence;
    if (part->state == PART_BEGIN)
        part_move(&collector->intake, part, PART_BEGINNING);
}

// The commit did not go out, or failed as a whole.
static void undo(struct collector *collector)
{
    struct intake *intake = &collector->intake;
    for (uint32_t i = 0; i < intake->commit.count; i++) {
        struct part *part = intake_part_find(intake, intake->commit.ids[i]);
        if (part == NULL)
            continue;
        part->is_in_commit = false;
        if (part->state == PART_BEGINNING)
            part_move(intake, part, PART_BEGIN);
    }
}

static bool is_wanted(const struct intake *intake, bool is_round)
{
    return is_round || intake->is_commit_due || intake->has_stopping ||
           intake->lists[PART_BEGIN].count > 0;
}

static void send_commit(struct collector *collector, bool is_round)
{
    struct intake *intake = &collector->intake;
    struct question *commit = &intake->commit;
    struct commit_draft draft = {0};
    bool is_all = is_round || intake->is_commit_due || intake->has_stopping;
    commit->count = 0;
    if (is_all) {
        for (uint32_t i = 0; i < intake->part_end; i++)
            if (intake->parts[i] != NULL && is_due(collector, intake->parts[i], is_round))
                draft_add(collector, &draft, intake->parts[i]);
    } else {
        while (intake->lists[PART_BEGIN].first != NULL)
            draft_add(collector, &draft, intake->lists[PART_BEGIN].first);
    }
    intake->is_commit_due = false;
    if (commit->count > 0) {
        commit->number = ++intake->question_number;
        struct kafka_ask ask = {commit->number, span_of_ms(ASK_PATIENCE_MS)};
        enum status status = kafka_admin_commit(intake->group, ask, draft.offsets, commit->count);
        if (!question_gone(collector, commit, status))
            undo(collector);
    }
    memory_release(draft.offsets);
    arena_finish(&draft.arena);
}

static void ask_check(struct collector *collector)
{
    struct intake *intake = &collector->intake;
    if (!instant_has_come(intake->check_at, collector->now) ||
        !question_may_go(&intake->check, collector->now))
        return;
    intake->check_at =
        instant_add(collector->now, conf_span(collector->setup.conf, "report.full.interval.ms"));
    uint32_t count = intake->lists[PART_READING].count;
    if (count == 0)
        return;
    struct kafka_partition *partitions = memory_get(count * sizeof(*partitions));
    intake->check.count = 0;
    for (const struct part *part = intake->lists[PART_READING].first; part; part = part->next) {
        partitions[intake->check.count] =
            (struct kafka_partition){text_of(part->unit->topic), part->partition};
        question_add(&intake->check, part->id);
    }
    intake->check.number = ++intake->question_number;
    struct kafka_ask ask = {intake->check.number, span_of_ms(ASK_PATIENCE_MS)};
    question_gone(collector, &intake->check,
                  kafka_admin_find_committed(intake->group, ask, partitions, count));
    memory_release(partitions);
}

void commits_run(struct collector *collector)
{
    struct intake *intake = &collector->intake;
    bool is_round = instant_has_come(intake->commit_at, collector->now);
    if (question_may_go(&intake->commit, collector->now) && is_wanted(intake, is_round)) {
        if (is_round)
            intake->commit_at =
                instant_add(collector->now, conf_span(collector->setup.conf, "commit.interval.ms"));
        send_commit(collector, is_round);
    }
    ask_check(collector);
}

static void tell_refusal(struct collector *collector, bool is_refused, struct text why)
{
    struct intake *intake = &collector->intake;
    if (intake->is_told && intake->are_commits_refused == is_refused)
        return;
    bool is_first_success = !intake->is_told && !is_refused;
    intake->is_told = true;
    intake->are_commits_refused = is_refused;
    if (is_first_success)
        return;
    if (is_refused)
        collector_log(collector, LOG_WARNING,
                      "Kafka refuses commits to group '%s.%s' (%.*s): is a consumer in that group?",
                      collector->prefix, collector->pool, TEXT_ARGS(why));
    collector_give(collector, &(struct collect_event){.kind = is_refused ? COLLECT_COMMITS_REFUSED
                                                                         : COLLECT_COMMITS_TAKEN});
}

static void take_part(struct collector *collector, struct part *part, enum status status)
{
    struct intake *intake = &collector->intake;
    bool is_refused = status == STATUS_DENIED;
    part->is_in_commit = false;
    if (status == STATUS_OK) {
        part->committed = part->in_commit;
        part->committed_fence = part->in_commit_fence;
        part->committed_at = collector->now;
        part->unit->is_begun = true;
    } else if (is_refused && part->unit->phase == UNIT_PHASE_STOPPING) {
        part->unit->is_refused = true;
    } else if (status == STATUS_NOT_FOUND) {
        part->committed = part->in_commit; // the topic is gone, and its positions with it
        part->committed_fence = part->in_commit_fence;
    }
    if (part->state != PART_BEGINNING)
        return;
    // Who is refused reads nevertheless: the acknowledgement will carry the position.
    bool is_begun = status == STATUS_OK || is_refused;
    part_move(intake, part, is_begun ? PART_READY : PART_BEGIN);
}

static bool is_refusal(const struct kafka_reply *reply)
{
    if (reply->status == STATUS_DENIED)
        return true;
    for (uint32_t i = 0; reply->status == STATUS_OK && i < reply->offset_count; i++)
        if (reply->offsets[i].status == STATUS_DENIED)
            return true;
    return false;
}

void commits_take(struct collector *collector, const struct kafka_reply *reply)
{
    struct intake *intake = &collector->intake;
    bool is_refused = is_refusal(reply);
    bool has_failed = false;
    for (uint32_t i = 0; i < intake->commit.count; i++) {
        struct part *part = intake_part_find(intake, intake->commit.ids[i]);
        enum status status = reply->status == STATUS_OK ? reply->offsets[i].status : reply->status;
        has_failed |= status != STATUS_OK;
        if (part != NULL)
            take_part(collector, part, status);
    }
    if (has_failed && !is_refused) {
        intake->commit.again_at = instant_add(collector->now, span_of_ms(STOP_RETRY_MS));
        intake->is_commit_due = true;
        collector_log(collector, LOG_DEBUG, "commit failed: %.*s", TEXT_ARGS(reply->text));
    }
    if (!has_failed || is_refused)
        tell_refusal(collector, is_refused, reply->text);
}

static void tell_overwritten(struct collector *collector, const struct part *part, int64_t offset,
                             int64_t fence)
{
    if (offset < 0)
        collector_log(collector, LOG_WARNING,
                      "'%s/%d' has no committed position any more: commits again",
                      part->unit->topic, part->partition);
    else
        collector_log(collector, LOG_WARNING,
                      "'%s/%d' was committed by fence %lld, lower than %lld: commits again",
                      part->unit->topic, part->partition, (long long)fence,
                      (long long)part->unit->fence);
}

void commits_check_taken(struct collector *collector, const struct kafka_reply *reply)
{
    struct intake *intake = &collector->intake;
    for (uint32_t i = 0; reply->status == STATUS_OK && i < intake->check.count; i++) {
        struct part *part = intake_part_find(intake, intake->check.ids[i]);
        const struct kafka_offset *found = &reply->offsets[i];
        if (part == NULL || part->state != PART_READING || part->unit->phase != UNIT_PHASE_OPEN ||
            found->status != STATUS_OK)
            continue;
        int64_t fence = commits_fence_of(collector, found->metadata);
        if (fence > part->unit->fence) {
            intake_fail(collector, part->unit, "an owner with a higher fence commits to it");
        } else if (fence < part->unit->fence && part->committed >= 0 && !part->is_in_commit) {
            tell_overwritten(collector, part, found->offset, fence);
            part->committed_fence = fence;
            intake->is_commit_due = true;
        } else if (fence == part->unit->fence && found->offset < part->committed &&
                   !part->is_in_commit) {
            // A commit that was given up and came late, or this answer is older than the last one.
            part->committed = found->offset;
            intake->is_commit_due = true;
        }
    }
}

struct instant commits_deadline(const struct collector *collector)
{
    const struct intake *intake = &collector->intake;
    struct instant deadline = intake->check_at;
    if (intake->commit.is_out)
        return deadline; // the answer wakes
    bool is_paused = instant_is_before(collector->now, intake->commit.again_at);
    bool is_urgent = intake->is_commit_due || intake->lists[PART_BEGIN].count > 0 ||
                     (intake->has_stopping && is_paused);
    struct instant at = is_urgent ? collector->now : intake->commit_at;
    if (is_paused && instant_is_before(at, intake->commit.again_at))
        at = intake->commit.again_at;
    return instant_earlier(deadline, at);
}
