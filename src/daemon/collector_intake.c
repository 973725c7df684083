// SPDX-License-Identifier: Apache-2.0
//
// The units of this collector and their partitions, as the shell sees them.
//
// A unit:  FIND -> ASKED -> OPEN -> STOPPING -> told and gone       (no such topic: MISSING, later
// FIND) A part:  UNKNOWN -> ASKED -> [FRESH -> FRESH_ASKED ->] BEGIN -> BEGINNING -> READY ->
// READING
//          -> LEAVING -> OFF       (position gone from the log: LOST -> GAP -> ... -> BEGIN or
//          HELD; not committed any more: ASKED -> GAP)
//
// A stop: leave the readers, write what is in the batch until the deadline, commit what the sink
// has, tell. Nothing of a unit waits for anything of another; questions are gathered, one of each
// kind at a time.
#include "base/ensure.h"
#include "base/memory.h"
#include "daemon/collector_inner.h"
#include "proto/unit.h"

#define SLOT_BITS 24
#define SLOT_MASK ((UINT64_C(1) << SLOT_BITS) - 1)
#define CLOSE_PATIENCE span_of_ms(2000)

enum status intake_open(struct collector *collector, struct buffer *fault)
{
    struct intake *intake = &collector->intake;
    struct buffer group = {0};
    buffer_print(&group, "%s.%s", collector->prefix, collector->pool);
    struct kafka_admin_options grouped = {.group = buffer_text(&group)};
    struct kafka_admin_options plain = {.group = {0}};
    enum status status = kafka_admin_create(&collector->settings, &grouped, fault, &intake->group);
    buffer_finish(&group);
    if (status == STATUS_OK)
        status = kafka_admin_create(&collector->settings, &plain, fault, &intake->topics);
    if (status != STATUS_OK)
        return status;
    intake->group_watch =
        loop_watch_fd(collector->loop, kafka_admin_fd(intake->group), collector_wake, collector);
    intake->topics_watch =
        loop_watch_fd(collector->loop, kafka_admin_fd(intake->topics), collector_wake, collector);
    intake->commit_at = collector->now;
    intake->check_at = collector->now;
    return STATUS_OK;
}

struct part *intake_part_find(const struct intake *intake, uint64_t id)
{
    uint64_t slot = id & SLOT_MASK;
    if (slot >= intake->part_end)
        return NULL;
    struct part *part = intake->parts[slot];
    return part != NULL && part->id == id ? part : NULL;
}

struct intake_unit *intake_unit_find(const struct intake *intake, uint64_t run)
{
    for (uint32_t i = 0; i < intake->unit_end; i++)
        if (intake->units[i] != NULL && intake->units[i]->run == run)
            return intake->units[i];
    return NULL;
}

static void list_remove(struct part_list *list, struct part *part)
{
    if (part->previous != NULL)
        part->previous->next = part->next;
    else
        list->first = part->next;
    if (part->next != NULL)
        part->next->previous = part->previous;
    else
        list->last = part->previous;
    part->previous = NULL;
    part->next = NULL;
    list->count--;
}

static void list_add(struct part_list *list, struct part *part)
{
    part->previous = list->last;
    if (list->last != NULL)
        list->last->next = part;
    else
        list->first = part;
    list->last = part;
    list->count++;
}

void part_move(struct intake *intake, struct part *part, enum part_state state)
{
    list_remove(&intake->lists[part->state], part);
    part->state = state;
    list_add(&intake->lists[state], part);
}

void part_take(struct part *part, int64_t next)
{
    if (next > part->taken)
        part->taken = next;
    // Behind the last record there may be control records, which nobody hands out.
    if (part->pending == 0 && part->eof >= part->position && part->eof > part->taken)
        part->taken = part->eof;
}

static struct part *part_create(struct intake *intake, struct intake_unit *unit, int32_t partition)
{
    struct part *part = memory_get(sizeof(*part));
    uint32_t slot;
    if (intake->free_count > 0) {
        slot = intake->free_parts[--intake->free_count];
    } else {
        ensure(intake->part_end < SLOT_MASK);
        intake->parts = array_reserve(intake->parts, &intake->part_capacity, intake->part_end + 1,
                                      sizeof(*intake->parts));
        slot = intake->part_end++;
    }
    intake->parts[slot] = part;
    *part = (struct part){
        .id = ++intake->part_counter << SLOT_BITS | slot,
        .unit = unit,
        .partition = partition,
        .state = PART_UNKNOWN,
        .position = -1,
        .taken = -1,
        .committed = -1,
        .end = -1,
        .eof = -1,
        .pending_ms = -1,
        .reported_taken = -2,
        .reported_end = -2,
    };
    list_add(&intake->lists[PART_UNKNOWN], part);
    return part;
}

static void part_destroy(struct intake *intake, struct part *part)
{
    ensure(part->pending == 0);
    ensure(part->state != PART_READING && part->state != PART_LEAVING);
    uint32_t slot = (uint32_t)(part->id & SLOT_MASK);
    list_remove(&intake->lists[part->state], part);
    intake->parts[slot] = NULL;
    intake->free_parts = array_reserve(intake->free_parts, &intake->free_capacity,
                                       intake->free_count + 1, sizeof(*intake->free_parts));
    intake->free_parts[intake->free_count++] = slot;
    memory_release(part);
}

int64_t intake_position_handed(const struct intake_unit *unit, int32_t partition)
{
    for (uint32_t i = 0; i < unit->from_count; i++)
        if (unit->from[i].partition == partition)
            return unit->from[i].position;
    return -1;
}

void intake_add_parts(struct collector *collector, struct intake_unit *unit, uint32_t count)
{
    struct intake *intake = &collector->intake;
    uint32_t first = unit->only >= 0 ? (uint32_t)unit->only : unit->part_count;
    uint32_t end = unit->only >= 0 ? first + (unit->part_count == 0) : count;
    bool is_grown = unit->part_count > 0;
    if (first >= end)
        return;
    unit->parts = array_reserve(unit->parts, &unit->part_capacity, unit->part_count + end - first,
                                sizeof(*unit->parts));
    for (uint32_t i = first; i < end; i++) {
        struct part *part = part_create(intake, unit, (int32_t)i);
        unit->parts[unit->part_count++] = part;
        part->is_grown = is_grown;
    }
}

// The parts must have left their reader.
static void destroy_parts(struct intake *intake, struct intake_unit *unit)
{
    for (uint32_t i = 0; i < unit->part_count; i++)
        part_destroy(intake, unit->parts[i]);
    unit->part_count = 0;
}

// No part of the unit is to be read any more; readers_run carries it out.
static void leave(struct intake *intake, struct intake_unit *unit)
{
    for (uint32_t i = 0; i < unit->part_count; i++) {
        struct part *part = unit->parts[i];
        bool is_assigned = part->state == PART_READING || part->state == PART_LOST;
        if (part->state != PART_LEAVING)
            part_move(intake, part, is_assigned ? PART_LEAVING : PART_OFF);
    }
}

void intake_remove_parts(struct collector *collector, struct intake_unit *unit)
{
    batch_drop_unit(collector, unit);
    leave(&collector->intake, unit);
    readers_run(collector);
    destroy_parts(&collector->intake, unit);
    readers_leave(collector, unit);
}

static void unit_destroy(struct collector *collector, struct intake_unit *unit)
{
    struct intake *intake = &collector->intake;
    intake_remove_parts(collector, unit);
    intake->units[unit->slot] = NULL;
    intake->unit_count--;
    memory_release(unit->name);
    memory_release(unit->topic);
    memory_release(unit->cluster);
    memory_release(unit->from);
    memory_release(unit->parts);
    memory_release(unit);
}

void intake_fail(struct collector *collector, struct intake_unit *unit, const char *why)
{
    if (unit->phase == UNIT_PHASE_FAILED)
        return;
    collector_log(collector, LOG_WARNING, "unit '%s' is taken off: %s", unit->name, why);
    unit->phase = UNIT_PHASE_FAILED;
    collector->intake.has_stopping = true;
}

static uint32_t take_unit_slot(struct intake *intake)
{
    for (uint32_t i = 0; intake->unit_count < intake->unit_end && i < intake->unit_end; i++)
        if (intake->units[i] == NULL)
            return i;
    intake->units = array_reserve(intake->units, &intake->unit_capacity, intake->unit_end + 1,
                                  sizeof(*intake->units));
    return intake->unit_end++;
}

void intake_start(struct collector *collector, const struct collect_effect *effect)
{
    struct intake *intake = &collector->intake;
    struct unit_name name = {.partition = -1};
    bool is_named = unit_name_parse(effect->unit, &name) == STATUS_OK;
    struct intake_unit *unit = memory_get(sizeof(*unit));
    *unit = (struct intake_unit){
        .run = effect->run,
        .slot = take_unit_slot(intake),
        .name = text_copy(effect->unit),
        .topic = text_copy(name.topic),
        .cluster = text_copy(name.cluster),
        .only = name.partition,
        .phase = UNIT_PHASE_FIND,
        .fence = effect->fence,
        .from = memory_copy(effect->from, effect->from_count * sizeof(*effect->from)),
        .from_count = (uint32_t)effect->from_count,
        .is_begun = effect->is_begun,
        .top = -1,
        .again_at = collector->now,
        .last_ms = -1,
        .reported_at = collector->now,
    };
    intake->units[unit->slot] = unit;
    intake->unit_count++;
    if (!is_named)
        intake_fail(collector, unit, "it is not a unit's name");
    else if (name.cluster.size > 0)
        intake_fail(collector, unit, "this collector reads its own cell's Kafka cluster only");
}

void intake_stop(struct collector *collector, const struct collect_effect *effect)
{
    struct intake *intake = &collector->intake;
    struct intake_unit *unit = intake_unit_find(intake, effect->run);
    if (unit == NULL || unit->phase == UNIT_PHASE_FAILED)
        return;
    unit->phase = UNIT_PHASE_STOPPING;
    unit->stop_at = effect->deadline;
    leave(intake, unit);
    intake->has_stopping = true;
    collector->batch.is_flush = true;
}

void intake_raise_fence(struct collector *collector, const struct collect_effect *effect)
{
    struct intake_unit *unit = intake_unit_find(&collector->intake, effect->run);
    if (unit == NULL)
        return;
    unit->fence = effect->fence;
    collector->intake.is_commit_due = true;
}

void intake_stop_all(struct collector *collector)
{
    struct intake *intake = &collector->intake;
    batch_drop_unit(collector, NULL);
    for (uint32_t i = 0; i < intake->unit_end; i++)
        if (intake->units[i] != NULL)
            leave(intake, intake->units[i]);
    readers_run(collector);
    for (uint32_t i = 0; i < intake->unit_end; i++)
        if (intake->units[i] != NULL)
            unit_destroy(collector, intake->units[i]);
    intake->unit_end = 0;
    intake->has_stopping = false;
    // The next life counts its runs anew: an answer that is still to come would find one of them.
    intake->find.is_out = false;
}

static bool has_pending(const struct intake_unit *unit)
{
    for (uint32_t i = 0; i < unit->part_count; i++)
        if (unit->parts[i]->pending > 0)
            return true;
    return false;
}

// Whether everything the sink took of a stopping unit is committed, or its commit was refused.
static bool is_committed(const struct intake_unit *unit)
{
    for (uint32_t i = 0; i < unit->part_count; i++) {
        const struct part *part = unit->parts[i];
        if (part->is_in_commit)
            return false;
        if (!unit->is_refused && part->has_begun && !part_is_committed(part))
            return false;
    }
    return true;
}

static void tell_stopped(struct collector *collector, struct intake_unit *unit)
{
    struct beat_handed *positions = memory_get(unit->part_count * sizeof(*positions));
    size_t count = 0;
    for (uint32_t i = 0; unit->is_refused && i < unit->part_count; i++)
        if (unit->parts[i]->has_begun)
            positions[count++] = (struct beat_handed){.partition = unit->parts[i]->partition,
                                                      .position = unit->parts[i]->taken};
    struct collect_event event = {
        .kind = COLLECT_UNIT_STOPPED,
        .run = unit->run,
        .is_committed = !unit->is_refused && !unit->is_rest_dropped,
        .positions = positions,
        .position_count = count,
    };
    unit_destroy(collector, unit);
    collector_give(collector, &event);
    memory_release(positions);
}

// Returns whether the unit is still here.
static bool settle_stopping(struct collector *collector, struct intake_unit *unit)
{
    bool is_late = instant_has_come(unit->stop_at, collector->now);
    if (has_pending(unit) && (is_late || collector->batch.is_closed)) {
        unit->is_rest_dropped = true;
        batch_drop_unit(collector, unit);
    }
    if (has_pending(unit) || !is_committed(unit))
        return true;
    tell_stopped(collector, unit);
    return false;
}

static void settle_unit(struct collector *collector, struct intake_unit *unit)
{
    uint64_t run = unit->run;
    if (unit->phase == UNIT_PHASE_FAILED) {
        reports_send_failed(collector, unit);
        unit_destroy(collector, unit);
        collector_give(collector, &(struct collect_event){.kind = COLLECT_UNIT_FAILED, .run = run});
    } else if (unit->phase == UNIT_PHASE_STOPPING && settle_stopping(collector, unit)) {
        collector->intake.has_stopping = true;
    }
}

void intake_settle(struct collector *collector)
{
    struct intake *intake = &collector->intake;
    if (!intake->has_stopping)
        return;
    intake->has_stopping = false;
    collector->batch.is_flush = false;
    for (uint32_t i = 0; i < intake->unit_end && collector->collect != NULL; i++)
        if (intake->units[i] != NULL)
            settle_unit(collector, intake->units[i]);
    collector->batch.is_flush = intake->has_stopping;
}

struct instant intake_deadline(const struct collector *collector)
{
    const struct intake *intake = &collector->intake;
    struct instant deadline = INSTANT_NEVER;
    for (uint32_t i = 0; i < intake->unit_end; i++) {
        const struct intake_unit *unit = intake->units[i];
        if (unit == NULL)
            continue;
        if (unit->phase == UNIT_PHASE_STOPPING)
            deadline = instant_earlier(deadline, unit->stop_at);
        else if (unit->phase == UNIT_PHASE_FAILED)
            return collector->now;
        else if (unit->phase != UNIT_PHASE_ASKED && !intake->find.is_out)
            deadline = instant_earlier(deadline, unit->again_at);
    }
    return deadline;
}

void intake_close(struct collector *collector)
{
    struct intake *intake = &collector->intake;
    intake_stop_all(collector);
    loop_unwatch(intake->group_watch);
    loop_unwatch(intake->topics_watch);
    // What cannot be closed in time is left to a thread of its own, and the watch has said so.
    if (intake->group != NULL)
        (void)kafka_admin_destroy(intake->group, CLOSE_PATIENCE);
    if (intake->topics != NULL)
        (void)kafka_admin_destroy(intake->topics, CLOSE_PATIENCE);
    struct question *questions[] = {&intake->find,  &intake->committed, &intake->fresh,
                                    &intake->gap,   &intake->gap_end,   &intake->commit,
                                    &intake->check, &intake->ends};
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
        memory_release(questions[i]->ids);
    memory_release(intake->units);
    memory_release(intake->parts);
    memory_release(intake->free_parts);
    *intake = (struct intake){0};
}
