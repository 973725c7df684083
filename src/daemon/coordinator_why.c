// SPDX-License-Identifier: Apache-2.0
//
// Why a topic is where it is and a collector has what it has, line by line: what the state says,
// what the owner says, who announced it, what the placement beat, and the event that caused it.
#include "daemon/coordinator_api.h"

static void why_state(struct json *json, const struct unit_view *unit)
{
    struct buffer line = {0};
    if (unit->owner.size > 0)
        buffer_print(&line, "%.*s by '%.*s' (fence %lld)", TEXT_ARGS(unit->state),
                     TEXT_ARGS(unit->owner), (long long)unit->fence);
    else
        buffer_print(&line, "%.*s: nobody reads it", TEXT_ARGS(unit->state));
    buffer_print(&line, ": %.*s", TEXT_ARGS(unit->reason));
    if (unit->rule.size > 0)
        buffer_print(&line, " (%.*s)", TEXT_ARGS(unit->rule));
    json_text(json, buffer_text(&line));
    buffer_clear(&line);
    if (text_equals(unit->state, "revoking")) {
        buffer_print(&line, "waits for '%.*s' to let go of it, or to be dead (S2, S4)",
                     TEXT_ARGS(unit->owner));
        json_text(json, buffer_text(&line));
    } else if (unit->previous.size > 0 && !text_equal(unit->previous, unit->owner)) {
        buffer_print(&line, "before, '%.*s' read it", TEXT_ARGS(unit->previous));
        json_text(json, buffer_text(&line));
    }
    buffer_finish(&line);
}

static void why_reader(struct json *json, const struct unit_view *unit)
{
    struct buffer line = {0};
    if (unit->owner.size > 0 && unit->reader_state.size == 0)
        buffer_print(&line, "its owner has not reported on it yet");
    else if (unit->owner.size > 0 && unit->lag >= 0)
        buffer_print(&line, "its owner says '%.*s', %lld offsets behind",
                     TEXT_ARGS(unit->reader_state), (long long)unit->lag);
    if (line.size > 0 && unit->sink_answer.size > 0)
        buffer_print(&line, ": %.*s", TEXT_ARGS(unit->sink_answer));
    if (line.size > 0)
        json_text(json, buffer_text(&line));
    buffer_finish(&line);
}

static void why_claims(struct api_list *list, const struct unit_view *unit)
{
    struct claim_view claim;
    uint32_t cursor = 0;
    struct buffer line = {0};
    while (cursor < 10 &&
           control_next_claim(list->control, unit->pool, unit->name, &cursor, &claim)) {
        buffer_clear(&line);
        buffer_print(&line, "announced by agent '%.*s'", TEXT_ARGS(claim.agent));
        if (claim.source.size > 0)
            buffer_print(&line, " (source '%.*s')", TEXT_ARGS(claim.source));
        if (claim.order >= 0)
            buffer_print(&line, ", record %lld of control", (long long)claim.order);
        else
            buffer_print(&line, ", in a former log of control");
        json_text(&list->json, buffer_text(&line));
    }
    buffer_finish(&line);
}

// ---- What caused it, as far as the newest events go back; the topic of events has the others.

// The newest event of the unit; of a move the revoke, with which it began, unless what it is given
// for is another reason.
static const struct event_record *event_of(const struct api_list *list, struct text pool,
                                           struct text name)
{
    const struct event_record *event, *newest = NULL;
    for (uint32_t cursor = 0; control_next_event(list->control, &cursor, &event);) {
        if (!text_equal(event->subject, name) || !text_equal(event->pool, pool))
            continue;
        if (newest == NULL)
            newest = event;
        bool is_end_of_move = text_equals(newest->kind, "unit.moved");
        if (newest != event && is_end_of_move && text_equals(event->kind, "unit.revoked"))
            return text_equal(event->text, newest->text) ? event : newest;
        if (newest != event || !is_end_of_move)
            break;
    }
    return newest;
}

// What else was decided in the pool in that generation: a collector came or went, an order.
static const struct event_record *cause_of(const struct api_list *list,
                                           const struct event_record *effect)
{
    const struct event_record *event;
    for (uint32_t cursor = 0; control_next_event(list->control, &cursor, &event);)
        if (event->generation == effect->generation && text_equal(event->pool, effect->pool) &&
            !text_has_prefix(event->kind, TEXT_LITERAL("unit.")))
            return event;
    return NULL;
}

static int64_t why_event(struct api_list *list, const struct unit_view *unit)
{
    struct buffer name = {0}, line = {0};
    api_unit_name(unit, &name);
    const struct event_record *event = event_of(list, unit->pool, buffer_text(&name));
    if (event != NULL) {
        buffer_print(&line, "decided in generation %lld: %.*s, %.*s", (long long)event->generation,
                     TEXT_ARGS(event->kind), TEXT_ARGS(event->text));
        json_text(&list->json, buffer_text(&line));
        const struct event_record *cause = cause_of(list, event);
        buffer_clear(&line);
        if (cause != NULL)
            buffer_print(&line, "because of %.*s '%.*s': %.*s", TEXT_ARGS(cause->kind),
                         TEXT_ARGS(cause->subject), TEXT_ARGS(cause->text));
    }
    if (line.size > 0)
        json_text(&list->json, buffer_text(&line));
    buffer_finish(&name);
    buffer_finish(&line);
    return event != NULL ? event->generation : -1;
}

// ---- What the planner says.

static void lines_print(struct json *json, const struct buffer *lines)
{
    struct text rest = buffer_text(lines);
    for (size_t i = 0; i < rest.size;) {
        if (rest.data[i] != '\n') {
            i++;
            continue;
        }
        json_text(json, (struct text){rest.data, i});
        rest = (struct text){rest.data + i + 1, rest.size - i - 1};
        i = 0;
    }
}

int64_t api_print_why(struct api_list *list, const struct unit_view *unit, uint32_t cursor)
{
    struct buffer lines = {0};
    why_state(&list->json, unit);
    why_reader(&list->json, unit);
    int64_t generation = why_event(list, unit);
    control_explain_unit(list->control, cursor, &lines);
    lines_print(&list->json, &lines);
    why_claims(list, unit);
    buffer_finish(&lines);
    return generation;
}

void api_print_collector_why(struct api_list *list, const struct collector_view *collector)
{
    struct buffer lines = {0};
    if (collector->drained)
        buffer_print(&lines, "an operator drains it: it gets nothing (rule 1)\n");
    control_explain_collector(list->control, collector->pool, collector->id, &lines);
    lines_print(&list->json, &lines);
    buffer_finish(&lines);
}
