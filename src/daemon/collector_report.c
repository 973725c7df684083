// SPDX-License-Identifier: Apache-2.0
//
// What is said of the units: where they stand, how far it is to the end, how fast they go. The ends
// are asked for in one question for all partitions, right before the report; position is what the
// sink has, so what waits in here counts as lag. A unit is reported when its picture has changed,
// which that of one that is behind always has, for it is further behind in time; and each in its
// own turn within report.full.interval.ms.
#include "base/memory.h"
#include "daemon/collector_inner.h"

#define UNITS_MAX 400  // in one record
#define PARTS_MAX 4000 // more only if one unit has them
#define ANSWER_MAX 200 // bytes of what a sink says

static const char refused[] = "sink refuses";

// Offsets between what the sink has and the end; -1 if one of the ends is not known.
static int64_t lag_of(const struct intake_unit *unit)
{
    int64_t lag = 0;
    if (unit->part_count == 0)
        return -1;
    for (uint32_t i = 0; i < unit->part_count; i++) {
        const struct part *part = unit->parts[i];
        if (part->end < 0 || part->taken < 0)
            return -1;
        if (part->end > part->taken)
            lag += part->end - part->taken;
    }
    return lag;
}

static const char *unit_state_name(const struct collector *collector,
                                   const struct intake_unit *unit)
{
    switch (unit->phase) {
    case UNIT_PHASE_MISSING:
        return "missing";
    case UNIT_PHASE_STOPPING:
        return "stopping";
    case UNIT_PHASE_FAILED:
        return "failed";
    case UNIT_PHASE_FIND:
    case UNIT_PHASE_ASKED:
        return "starting";
    case UNIT_PHASE_OPEN:
        break;
    }
    for (uint32_t i = 0; i < unit->part_count; i++) {
        enum part_state state = unit->parts[i]->state;
        if (state == PART_HELD)
            return "holding";
        if (state != PART_READING)
            return "starting";
    }
    // Nothing is read either while the sink takes nothing.
    return collector->batch.is_held && lag_of(unit) != 0 ? refused : "reading";
}

// A sink that refuses has an answer that says why.
static struct text unit_state_text(const struct collector *collector, struct arena *arena,
                                   const char *name)
{
    struct buffer buffer = {0};
    const char *answer = sink_fault(collector->batch.sink);
    if (name != refused || answer[0] == '\0')
        return text_of(name);
    buffer_print(&buffer, "%s: %.*s", name, ANSWER_MAX, answer);
    struct text text = arena_text(arena, buffer_text(&buffer));
    buffer_finish(&buffer);
    return text;
}

static bool is_changed(const struct collector *collector, const struct intake_unit *unit)
{
    if (unit->reported_state != unit_state_name(collector, unit) ||
        unit->reported_records != unit->records || lag_of(unit) > 0)
        return true;
    for (uint32_t i = 0; i < unit->part_count; i++) {
        const struct part *part = unit->parts[i];
        if (part->taken != part->reported_taken || part->end != part->reported_end ||
            part->committed != part->reported_committed)
            return true;
    }
    return false;
}

// Age of the oldest record that the sink does not have. What is not in here yet is at most as old
// as the last one that the sink took.
static int64_t oldest_of(const struct intake_unit *unit, int64_t lag, int64_t wall_ms)
{
    int64_t oldest_ms = -1;
    if (lag == 0)
        return 0;
    for (uint32_t i = 0; i < unit->part_count; i++) {
        const struct part *part = unit->parts[i];
        if (part->pending > 0 && part->pending_ms >= 0 &&
            (oldest_ms < 0 || part->pending_ms < oldest_ms))
            oldest_ms = part->pending_ms;
    }
    if (oldest_ms < 0)
        oldest_ms = unit->last_ms;
    if (oldest_ms < 0)
        return -1;
    return wall_ms > oldest_ms ? wall_ms - oldest_ms : 0;
}

static int64_t rate_of(uint64_t now, uint64_t before, int64_t ms)
{
    return ms > 0 ? (int64_t)((now - before) * 1000 / (uint64_t)ms) : 0;
}

static void describe(struct collector *collector, struct intake_unit *unit, struct arena *arena,
                     struct report_unit *out)
{
    int64_t ms = span_ms(instant_since(collector->now, unit->reported_at));
    int64_t lag = lag_of(unit);
    const char *name = unit_state_name(collector, unit);
    *out = (struct report_unit){
        .unit = text_of(unit->name),
        .parts = arena_get(arena, unit->part_count * sizeof(*out->parts)),
        .parts_count = unit->part_count,
        .lag = lag,
        .oldest_unprocessed_ms = oldest_of(unit, lag, loop_wall_ms()),
        .records_per_s = rate_of(unit->records, unit->reported_records, ms),
        .bytes_per_s = rate_of(unit->bytes, unit->reported_bytes, ms),
        .state = unit_state_text(collector, arena, name),
        .positions_lost = unit->positions_lost,
    };
    for (uint32_t i = 0; i < unit->part_count; i++) {
        struct part *part = unit->parts[i];
        out->parts[i] =
            (struct report_part){part->partition, part->taken, part->committed, part->end};
        part->reported_taken = part->taken;
        part->reported_end = part->end;
        part->reported_committed = part->committed;
    }
    unit->reported_state = name;
    unit->reported_records = unit->records;
    unit->reported_bytes = unit->bytes;
    unit->reported_at = collector->now;
}

struct report_draft {
    struct report_unit units[UNITS_MAX];
    uint32_t count;
    uint32_t parts;
    struct arena arena;
};

static void draft_send(struct collector *collector, struct report_draft *draft)
{
    if (draft->count == 0)
        return;
    struct report report = {
        .pool = text_of(collector->pool),
        .id = text_of(collector->id),
        .incarnation = text_of(collector->incarnation),
        .units = draft->units,
        .units_count = draft->count,
    };
    link_send_report(collector, &report);
    draft->count = 0;
    draft->parts = 0;
    arena_clear(&draft->arena);
}

static void send_all(struct collector *collector)
{
    struct intake *intake = &collector->intake;
    const struct conf *conf = collector->setup.conf;
    int64_t interval_ms = conf_int(conf, "report.interval.ms");
    int64_t turns = conf_int(conf, "report.full.interval.ms") / interval_ms;
    struct reports *reports = &collector->reports;
    uint64_t turn = reports->turn++;
    struct report_draft *draft = memory_get(sizeof(*draft));
    for (uint32_t i = 0; i < intake->unit_end; i++) {
        struct intake_unit *unit = intake->units[i];
        bool is_its_turn = turns <= 1 || i % (uint64_t)turns == turn % (uint64_t)turns;
        bool is_due = is_its_turn || reports->is_wanted;
        if (unit == NULL || (!is_due && !is_changed(collector, unit)))
            continue;
        if (draft->count == UNITS_MAX || draft->parts + unit->part_count > PARTS_MAX)
            draft_send(collector, draft);
        describe(collector, unit, &draft->arena, &draft->units[draft->count++]);
        draft->parts += unit->part_count;
    }
    draft_send(collector, draft);
    reports->is_wanted = false;
    arena_finish(&draft->arena);
    memory_release(draft);
}

void reports_send_failed(struct collector *collector, const struct intake_unit *unit)
{
    struct report_unit failed = {
        .unit = text_of(unit->name),
        .lag = -1,
        .oldest_unprocessed_ms = -1,
        .state = TEXT_LITERAL("failed"),
    };
    struct report report = {
        .pool = text_of(collector->pool),
        .id = text_of(collector->id),
        .incarnation = text_of(collector->incarnation),
        .units = &failed,
        .units_count = 1,
    };
    link_send_report(collector, &report);
}

static void ask_ends(struct collector *collector)
{
    struct intake *intake = &collector->intake;
    struct question *ends = &intake->ends;
    struct kafka_partition *partitions = memory_get(intake->part_end * sizeof(*partitions));
    ends->count = 0;
    for (uint32_t i = 0; i < intake->part_end; i++) {
        const struct part *part = intake->parts[i];
        if (part == NULL || part->unit->phase != UNIT_PHASE_OPEN)
            continue;
        partitions[ends->count] =
            (struct kafka_partition){text_of(part->unit->topic), part->partition};
        question_add(ends, part->id);
    }
    ends->number = ++intake->question_number;
    struct kafka_ask ask = {ends->number, span_of_ms(ASK_PATIENCE_MS)};
    bool is_asked =
        ends->count > 0 && question_gone(collector, ends,
                                         kafka_admin_find_offsets(intake->topics, ask, KAFKA_END,
                                                                  partitions, ends->count));
    if (!is_asked)
        send_all(collector);
    memory_release(partitions);
}

void reports_run(struct collector *collector)
{
    struct reports *reports = &collector->reports;
    if (!instant_has_come(reports->next_at, collector->now) || collector->intake.ends.is_out ||
        !collect_is_named(collector->collect))
        return;
    reports->next_at =
        instant_add(collector->now, conf_span(collector->setup.conf, "report.interval.ms"));
    ask_ends(collector);
}

void reports_want(struct collector *collector)
{
    collector->reports.is_wanted = true;
    collector->reports.next_at = collector->now;
}

void reports_take_ends(struct collector *collector, const struct kafka_reply *reply)
{
    struct intake *intake = &collector->intake;
    for (uint32_t i = 0; reply->status == STATUS_OK && i < intake->ends.count; i++) {
        struct part *part = intake_part_find(intake, intake->ends.ids[i]);
        if (part != NULL && reply->offsets[i].status == STATUS_OK)
            part->end = reply->offsets[i].offset;
    }
    send_all(collector);
}
