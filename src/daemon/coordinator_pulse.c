// SPDX-License-Identifier: Apache-2.0
//
// Does the leader still read what it is told? Its beats and transactions go to other topics, maybe
// through other brokers, so they say nothing about control and orders.
//
// Happy path: ask for the end of each of both logs, once a while -> it is read up to there.
// Failures: neither that nor any record of it for leader.timeout.ms -> a warning, a metric, and
// word when it reads again. It goes on leading: its successor would have to read the same logs
// before it led, and where nobody can reach them there would be no leader at all.
#include "daemon/coordinator_inner.h"

enum { PULSE_PART = 4 }; // of leader.timeout.ms, between two questions

static const enum ask_kind kinds[INPUT_LOG_COUNT] = {ASK_CONTROL_PULSE, ASK_ORDERS_PULSE};

static struct span patience(const struct coordinator *coordinator)
{
    return conf_span(coordinator->conf, "leader.timeout.ms");
}

void pulse_start(struct coordinator *coordinator, const struct state_position *positions)
{
    for (int log = 0; log < INPUT_LOG_COUNT; log++) {
        struct pulse *pulse = &coordinator->pulses[log];
        bool is_asked = pulse->is_asked; // its answer is still to come, and counts as no end
        *pulse = (struct pulse){
            .is_asked = is_asked, .is_late = is_asked, .position = positions[log].next};
    }
}

void pulse_read(struct coordinator *coordinator, enum input_log log, int64_t position,
                bool is_record)
{
    struct pulse *pulse = &coordinator->pulses[log];
    pulse->position = position;
    if (is_record)
        pulse->waiting_since = coordinator->now;
}

void pulse_reply(struct coordinator *coordinator, enum input_log log,
                 const struct kafka_reply *reply)
{
    struct pulse *pulse = &coordinator->pulses[log];
    bool is_end = !pulse->is_late && reply->status == STATUS_OK && reply->offset_count == 1 &&
                  reply->offsets[0].status == STATUS_OK;
    pulse->is_asked = pulse->is_late = false;
    if (!is_end)
        return;
    pulse->has_end = true;
    pulse->end = reply->offsets[0].offset;
}

static void ask(struct coordinator *coordinator, enum input_log log, struct instant now)
{
    struct pulse *pulse = &coordinator->pulses[log];
    struct kafka_partition one = {text_of(coordinator->topics[input_topic(log)]), 0};
    struct kafka_ask question = {.number = kinds[log], .patience = patience(coordinator)};
    pulse->again = instant_add(now, (struct span){patience(coordinator).us / PULSE_PART});
    if (!pulse->is_waiting)
        pulse->waiting_since = now;
    pulse->is_waiting = true;
    pulse->is_asked =
        kafka_admin_find_offsets(coordinator->admin, question, KAFKA_END, &one, 1) == STATUS_OK;
}

static void judge(struct coordinator *coordinator, enum input_log log, struct instant now)
{
    struct pulse *pulse = &coordinator->pulses[log];
    const char *topic = coordinator->topics[input_topic(log)];
    if (pulse->has_end && pulse->position >= pulse->end) {
        if (pulse->is_told)
            coordinator_log(coordinator, "info", "'%s' is read to its end again", topic);
        pulse->is_waiting = pulse->has_end = pulse->is_told = false;
    }
    if (pulse->is_told || pulse_unread(coordinator, log, now).us <= patience(coordinator).us)
        return;
    pulse->is_told = true;
    coordinator_log(coordinator, "warning",
                    "leads, but has not read '%s' to an end asked for, nor any record of it, for "
                    "%lld ms: what is said there is not heard",
                    topic, (long long)span_ms(pulse_unread(coordinator, log, now)));
}

struct span pulse_unread(const struct coordinator *coordinator, enum input_log log,
                         struct instant now)
{
    const struct pulse *pulse = &coordinator->pulses[log];
    if (!coordinator->is_reading_inputs || !pulse->is_waiting)
        return (struct span){0};
    return instant_since(now, pulse->waiting_since);
}

void pulse_turn(struct coordinator *coordinator, struct instant now)
{
    if (!coordinator->is_reading_inputs || coordinator->check.stage != CHECK_NONE)
        return;
    for (enum input_log log = 0; log < INPUT_LOG_COUNT; log++) {
        judge(coordinator, log, now);
        if (!coordinator->pulses[log].is_asked && !coordinator->pulses[log].has_end &&
            instant_has_come(coordinator->pulses[log].again, now))
            ask(coordinator, log, now);
    }
}
