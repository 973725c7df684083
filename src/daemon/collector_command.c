// SPDX-License-Identifier: Apache-2.0
//
// What the leader has told this life to do, one at a time: tried in the turn until it is carried
// out, and then told to the deciding part, which may give the next one.
#include "daemon/collector_inner.h"

void command_take(struct collector *collector, const struct collect_effect *effect)
{
    collector->command = (struct command_begun){
        .number = effect->number, .command = effect->command, .again_at = collector->now};
    if (effect->command == COLLECT_REPORT)
        reports_want(collector);
}

// A rotation that fails is tried again: who ordered it is told of it only when there is a new file.
static bool is_rotated(struct collector *collector)
{
    struct command_begun *begun = &collector->command;
    struct sink *sink = collector->batch.sink;
    if (!instant_has_come(begun->again_at, collector->now))
        return false;
    if (sink_rotate(sink) == STATUS_OK)
        return true;
    if (!begun->is_told)
        collector_log(collector, LOG_WARNING, "sink cannot begin a new file: %s; tries again",
                      sink_fault(sink));
    begun->is_told = true;
    begun->again_at = instant_add(collector->now, span_of_ms(RETRY_MS));
    return false;
}

static bool is_carried_out(struct collector *collector)
{
    switch (collector->command.command) {
    case COLLECT_ROTATE:
        return is_rotated(collector);
    case COLLECT_REPORT:
        return !collector->reports.is_wanted;
    }
    return true;
}

void command_run(struct collector *collector)
{
    while (collector->command.number != 0 && is_carried_out(collector)) {
        struct collect_event event = {.kind = COLLECT_COMMAND_DONE,
                                      .number = collector->command.number};
        collector->command.number = 0;
        collector_give(collector, &event);
    }
}

struct instant command_deadline(const struct collector *collector)
{
    const struct command_begun *begun = &collector->command;
    return begun->number != 0 && begun->command == COLLECT_ROTATE ? begun->again_at : INSTANT_NEVER;
}
