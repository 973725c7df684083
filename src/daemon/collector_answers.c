// SPDX-License-Identifier: Apache-2.0
//
// Questions about units and partitions, each kind one at a time and about everything that waits for
// it, and what their answers mean. A question that fails is asked again after a pause. Topics that
// are read are asked for again every report.full.interval.ms, so that new partitions are noticed.
#include "base/memory.h"
#include "daemon/collector_inner.h"

void question_add(struct question *question, uint64_t id)
{
    question->ids = array_reserve(question->ids, &question->capacity, question->count + 1,
                                  sizeof(*question->ids));
    question->ids[question->count++] = id;
}

bool question_may_go(const struct question *question, struct instant now)
{
    return !question->is_out && instant_has_come(question->again_at, now);
}

bool question_gone(struct collector *collector, struct question *question, enum status status)
{
    question->is_out = status == STATUS_OK;
    if (!question->is_out)
        question->again_at = instant_add(collector->now, span_of_ms(RETRY_MS));
    return question->is_out;
}

static struct kafka_ask next_ask(struct intake *intake, struct question *question)
{
    question->number = ++intake->question_number;
    return (struct kafka_ask){question->number, span_of_ms(ASK_PATIENCE_MS)};
}

static bool is_to_be_found(const struct intake_unit *unit, struct instant now)
{
    bool is_waiting = unit->phase == UNIT_PHASE_FIND || unit->phase == UNIT_PHASE_MISSING ||
                      unit->phase == UNIT_PHASE_OPEN;
    return is_waiting && instant_has_come(unit->again_at, now);
}

// Topics of new units, missing ones, and open ones that may have grown.
static void ask_topics(struct collector *collector)
{
    struct intake *intake = &collector->intake;
    struct question *find = &intake->find;
    if (!question_may_go(find, collector->now))
        return;
    find->count = 0;
    struct text *topics = NULL;
    uint32_t capacity = 0;
    for (uint32_t i = 0; i < intake->unit_end && find->count < KAFKA_ADMIN_TOPICS_MAX; i++) {
        struct intake_unit *unit = intake->units[i];
        if (unit == NULL || !is_to_be_found(unit, collector->now))
            continue;
        topics = array_reserve(topics, &capacity, find->count + 1, sizeof(*topics));
        topics[find->count] = text_of(unit->topic);
        question_add(find, unit->run);
        if (unit->phase == UNIT_PHASE_FIND)
            unit->phase = UNIT_PHASE_ASKED;
        intake->has_unplaced = true;
        unit->again_at = instant_add(collector->now, span_of_ms(RETRY_MS));
    }
    if (find->count > 0)
        question_gone(
            collector, find,
            kafka_admin_find_topics(intake->topics, next_ask(intake, find), topics, find->count));
    memory_release(topics);
}

// The parts of a list become a question; they move to the list of those asked about. One that lost
// its position waits until the sink has what was read of it: what goes there later would count as
// taken from where it goes on.
static struct kafka_partition *gather(struct intake *intake, struct question *question,
                                      enum part_state from, enum part_state to)
{
    struct kafka_partition *partitions =
        memory_get(intake->lists[from].count * sizeof(*partitions));
    struct part *next = NULL;
    question->count = 0;
    for (struct part *part = intake->lists[from].first; part != NULL; part = next) {
        next = part->next;
        if (part->pending > 0)
            continue;
        partitions[question->count] =
            (struct kafka_partition){text_of(part->unit->topic), part->partition};
        question_add(question, part->id);
        part_move(intake, part, to);
    }
    return partitions;
}

// After a question that failed: what was asked about waits again.
static void ungather(struct intake *intake, const struct question *question, enum part_state from,
                     enum part_state to)
{
    for (uint32_t i = 0; i < question->count; i++) {
        struct part *part = intake_part_find(intake, question->ids[i]);
        if (part != NULL && part->state == from)
            part_move(intake, part, to);
    }
}

static void ask_offsets(struct collector *collector, struct question *question,
                        enum part_state waiting, int64_t at)
{
    struct intake *intake = &collector->intake;
    enum part_state asked = (enum part_state)(waiting + 1);
    if (intake->lists[waiting].count == 0 || !question_may_go(question, collector->now))
        return;
    struct kafka_partition *partitions = gather(intake, question, waiting, asked);
    if (question->count == 0) {
        memory_release(partitions);
        return;
    }
    struct kafka_ask ask = next_ask(intake, question);
    enum status status =
        waiting == PART_UNKNOWN
            ? kafka_admin_find_committed(intake->group, ask, partitions, question->count)
            : kafka_admin_find_offsets(intake->topics, ask, at, partitions, question->count);
    if (!question_gone(collector, question, status))
        ungather(intake, question, asked, waiting);
    memory_release(partitions);
}

// What is held at a gap goes on when the policy says so.
static void release_held(struct collector *collector)
{
    struct intake *intake = &collector->intake;
    if (text_equals(collect_gap_policy(collector->collect), "hold"))
        return;
    while (intake->lists[PART_HELD].first != NULL)
        part_move(intake, intake->lists[PART_HELD].first, PART_GAP);
}

void intake_ask(struct collector *collector)
{
    struct intake *intake = &collector->intake;
    release_held(collector);
    bool is_latest = text_equals(collect_start_policy(collector->collect), "latest");
    ask_topics(collector);
    ask_offsets(collector, &intake->committed, PART_UNKNOWN, 0);
    ask_offsets(collector, &intake->fresh, PART_FRESH, is_latest ? KAFKA_END : KAFKA_START);
    ask_offsets(collector, &intake->gap, PART_GAP, KAFKA_START);
    ask_offsets(collector, &intake->gap_end, PART_GAP_END, KAFKA_END);
}

static void take_missing(struct collector *collector, struct intake_unit *unit)
{
    if (unit->phase != UNIT_PHASE_MISSING)
        collector_log(collector, LOG_WARNING,
                      "topic of unit '%s' is not there: asks again every %d ms", unit->name,
                      MISSING_RETRY_MS);
    intake_remove_parts(collector, unit);
    unit->phase = UNIT_PHASE_MISSING;
    unit->again_at = instant_add(collector->now, span_of_ms(MISSING_RETRY_MS));
}

static void take_topic(struct collector *collector, struct intake_unit *unit,
                       const struct kafka_topic *topic)
{
    bool is_there = topic->status == STATUS_OK && (int64_t)topic->partitions > unit->only &&
                    topic->partitions > 0;
    if (topic->status == STATUS_NOT_FOUND || (topic->status == STATUS_OK && !is_there)) {
        take_missing(collector, unit);
    } else if (topic->status == STATUS_DENIED) {
        intake_fail(collector, unit, "Kafka does not allow this collector to read the topic");
    } else if (is_there) {
        unit->phase = UNIT_PHASE_OPEN;
        collector->intake.has_unplaced = true;
        unit->again_at = instant_add(collector->now,
                                     conf_span(collector->setup.conf, "report.full.interval.ms"));
        intake_add_parts(collector, unit, topic->partitions);
    } else if (unit->phase == UNIT_PHASE_ASKED) {
        unit->phase = UNIT_PHASE_FIND; // asked again after the pause set with the question
    }
}

static void take_topics(struct collector *collector, const struct kafka_reply *reply)
{
    struct intake *intake = &collector->intake;
    for (uint32_t i = 0; i < intake->find.count; i++) {
        struct intake_unit *unit = intake_unit_find(intake, intake->find.ids[i]);
        if (unit == NULL || unit->phase >= UNIT_PHASE_STOPPING)
            continue;
        if (reply->status == STATUS_OK)
            take_topic(collector, unit, &reply->topics[i]);
        else if (unit->phase == UNIT_PHASE_ASKED)
            unit->phase = UNIT_PHASE_FIND;
    }
}

// Nothing is committed. `start` is for what nobody had before; else the position is lost: Kafka has
// let it expire, or somebody has deleted it.
static void take_uncommitted(struct collector *collector, struct part *part, int64_t handed)
{
    // Partitions only grow: those behind all that are committed are new, and all of them is to be
    // read.
    bool is_grown = part->is_grown || (part->unit->top >= 0 && part->partition > part->unit->top);
    if (handed >= 0 || is_grown) {
        part->taken = handed >= 0 ? handed : 0;
        part_move(&collector->intake, part, PART_BEGIN);
    } else {
        part_move(&collector->intake, part, part->unit->is_begun ? PART_GAP : PART_FRESH);
    }
}

static void take_committed(struct collector *collector, struct part *part,
                           const struct kafka_offset *offset)
{
    struct intake_unit *unit = part->unit;
    // What was handed over may be older than what has been committed since.
    int64_t handed = intake_position_handed(unit, part->partition);
    if (offset->offset < 0) {
        take_uncommitted(collector, part, handed);
        return;
    }
    int64_t fence = commits_fence_of(collector, offset->metadata);
    if (fence > unit->fence) {
        char why[160];
        snprintf(why, sizeof(why), "fence %lld has committed to it, this grant has only %lld",
                 (long long)fence, (long long)unit->fence);
        intake_fail(collector, unit, why);
        return;
    }
    part->taken = handed > offset->offset ? handed : offset->offset;
    // Should this one die before its own commit, the next one begins there as well: so it is read
    // meanwhile.
    part->committed = offset->offset;
    part->committed_fence = fence;
    collector->intake.is_commit_due = true;
    part_move(&collector->intake, part, PART_READY);
}

// What is missing, in words. Where the position was, if it is known, else all of the log may be.
static void gap_print(const struct part *part, int64_t end, struct buffer *line)
{
    int64_t start = part->log_start, lost = part->position;
    buffer_print(line, "'%s/%d' ", part->unit->topic, part->partition);
    if (lost < 0)
        buffer_print(line,
                     "was read before and has no committed position any more, its log has "
                     "offsets %lld to %lld",
                     (long long)start, (long long)end - 1);
    else if (lost < start)
        buffer_print(line, "has lost offsets %lld to %lld, which were not read", (long long)lost,
                     (long long)start - 1);
    else if (lost <= end)
        buffer_print(line, "was said to have lost position %lld, its log has offsets %lld to %lld",
                     (long long)lost, (long long)start, (long long)end - 1);
    else
        buffer_print(line, "ends at %lld before position %lld, it was made anew", (long long)end,
                     (long long)lost);
}

// Where reading goes on by the policy. A word about a grant before, or of a broker that was behind,
// may have ended reading where nothing is missing: then "latest" would skip what nobody has read.
// It is no proof that the log is the same one, so "earliest" begins anew, and twice is better than
// never.
static int64_t next_after_gap(const struct part *part, struct text policy, int64_t end)
{
    bool is_there = part->position >= part->log_start && part->position <= end;
    if (!text_equals(policy, "latest"))
        return part->log_start;
    return is_there && !part->was_held ? part->position : end;
}

// Where reading goes on after the position was lost: told once, with what is missing.
static void resolve_gap(struct collector *collector, struct part *part, int64_t end)
{
    struct text policy = collect_gap_policy(collector->collect);
    bool is_held = text_equals(policy, "hold");
    int64_t next = next_after_gap(part, policy, end);
    struct buffer line = {0};
    gap_print(part, end, &line);
    if (is_held)
        buffer_print(&line, ": holds until the pool's on_gap says where to go on");
    else
        buffer_print(&line, ": goes on at %lld", (long long)next);
    collector_log(collector, LOG_WARNING, "%s", buffer_string(&line));
    buffer_finish(&line);
    part->unit->positions_lost += !part->was_held;
    part->was_held = is_held;
    part->end = end;
    if (is_held) {
        part_move(&collector->intake, part, PART_HELD);
        return;
    }
    part->taken = next;
    part->eof = -1;
    part_move(&collector->intake, part, PART_BEGIN);
}

static void take_offset(struct collector *collector, struct part *part,
                        const struct kafka_offset *offset)
{
    switch (part->state) {
    case PART_ASKED:
        take_committed(collector, part, offset);
        break;
    case PART_FRESH_ASKED:
        part->taken = offset->offset < 0 ? 0 : offset->offset;
        part_move(&collector->intake, part, PART_BEGIN);
        break;
    case PART_GAP_ASKED:
        part->log_start = offset->offset < 0 ? 0 : offset->offset;
        part_move(&collector->intake, part, PART_GAP_END);
        break;
    case PART_GAP_END_ASKED:
        resolve_gap(collector, part, offset->offset < 0 ? 0 : offset->offset);
        break;
    default:
        break; // stopped meanwhile
    }
}

// The partitions of a unit are asked about together, so the highest one with a commit is known
// before any of them is judged.
static void find_tops(struct intake *intake, const struct question *question,
                      const struct kafka_reply *reply)
{
    for (uint32_t i = 0; i < question->count; i++) {
        const struct part *part = intake_part_find(intake, question->ids[i]);
        if (part != NULL && reply->offsets[i].status == STATUS_OK &&
            reply->offsets[i].offset >= 0 && part->partition > part->unit->top)
            part->unit->top = part->partition;
    }
}

static void take_offsets(struct collector *collector, struct question *question,
                         enum part_state waiting, const struct kafka_reply *reply)
{
    struct intake *intake = &collector->intake;
    enum part_state asked = (enum part_state)(waiting + 1);
    question->is_out = false;
    bool has_failed = reply->status != STATUS_OK;
    if (asked == PART_ASKED && !has_failed)
        find_tops(intake, question, reply);
    for (uint32_t i = 0; i < question->count; i++) {
        struct part *part = intake_part_find(intake, question->ids[i]);
        if (part == NULL || part->state != asked)
            continue;
        if (reply->status == STATUS_OK && reply->offsets[i].status == STATUS_OK) {
            take_offset(collector, part, &reply->offsets[i]);
            continue;
        }
        part_move(intake, part, waiting);
        has_failed = true;
    }
    if (!has_failed)
        return;
    question->again_at = instant_add(collector->now, span_of_ms(RETRY_MS));
    collector_log(collector, LOG_DEBUG, "offsets are not known yet: %.*s", TEXT_ARGS(reply->text));
}

static void take_reply(struct collector *collector, const struct kafka_reply *reply)
{
    struct intake *intake = &collector->intake;
    const struct {
        struct question *question;
        enum part_state waiting;
    } offsets[] = {{&intake->committed, PART_UNKNOWN},
                   {&intake->fresh, PART_FRESH},
                   {&intake->gap, PART_GAP},
                   {&intake->gap_end, PART_GAP_END}};
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
        if (offsets[i].question->is_out && reply->number == offsets[i].question->number)
            take_offsets(collector, offsets[i].question, offsets[i].waiting, reply);
    if (intake->find.is_out && reply->number == intake->find.number) {
        intake->find.is_out = false;
        take_topics(collector, reply);
    } else if (intake->commit.is_out && reply->number == intake->commit.number) {
        intake->commit.is_out = false;
        commits_take(collector, reply);
    } else if (intake->check.is_out && reply->number == intake->check.number) {
        intake->check.is_out = false;
        commits_check_taken(collector, reply);
    } else if (intake->ends.is_out && reply->number == intake->ends.number) {
        intake->ends.is_out = false;
        reports_take_ends(collector, reply);
    }
}

void intake_poll(struct collector *collector)
{
    struct kafka_admin *admins[] = {collector->intake.group, collector->intake.topics};
    for (size_t i = 0; i < 2; i++) {
        struct kafka_reply *reply;
        while ((reply = kafka_admin_poll(admins[i])) != NULL) {
            if (collector_knows_cluster(collector, reply))
                take_reply(collector, reply);
            kafka_reply_release(reply);
        }
    }
}
