// SPDX-License-Identifier: Apache-2.0
//
// Carries out what the deciding part wants, in order.
#include "base/ensure.h"
#include "base/memory.h"
#include "control/view.h"
#include "daemon/coordinator_inner.h"
#include "wire/wire.h"

// Writes a record of ours outside of transactions. What cannot be queued is dropped: beats and
// markers are repeated, and their absence is what the others act on.
static void record_send(struct coordinator *coordinator, enum kafka_cell_topic topic,
                        struct text key, enum record_kind kind, const void *record)
{
    buffer_clear(&coordinator->value);
    wire_encode_avro_at(control_level(coordinator->control), kind, record, &coordinator->value);
    struct kafka_message message = {.topic = text_of(coordinator->topics[topic]),
                                    .partition = 0,
                                    .key = key,
                                    .is_key_null = key.size == 0,
                                    .value = buffer_text(&coordinator->value)};
    enum status status =
        kafka_producer_send(coordinator->producer, &message, ++coordinator->beats_sent);
    if (status == STATUS_CLOSED)
        coordinator_fail(coordinator, "cannot write any more: its Kafka client has ended");
    else if (status && coordinator->is_verbose)
        coordinator_log(coordinator, "debug", "a beat was not sent: %s", status_text(status));
}

// ---- Questions about topics. The deciding part has one under way at a time, and every one is
// answered, if only by "nobody can say". A new leader's may come while the last leader's, which it
// was itself, is not answered yet: an answer says which names it is about by the serial alone.

static void asked_keep(struct coordinator *coordinator, const struct control_effect *effect)
{
    coordinator->asked = memory_get(effect->topics.count * sizeof(*coordinator->asked));
    coordinator->asked_count = effect->topics.count;
    for (uint32_t i = 0; i < effect->topics.count; i++) {
        struct text name = effect->topics.items[i].topic;
        coordinator->asked[i] = (struct text){text_copy(name), name.size};
    }
}

void effects_asked_forget(struct coordinator *coordinator)
{
    for (uint32_t i = 0; i < coordinator->asked_count; i++)
        memory_release((char *)coordinator->asked[i].data);
    memory_release(coordinator->asked);
    coordinator->asked = NULL;
    coordinator->asked_count = 0;
    coordinator->has_ask_failed = false;
    kafka_reply_release(coordinator->asked_reply);
    coordinator->asked_reply = NULL;
}

static void topics_ask(struct coordinator *coordinator, const struct control_effect *effect)
{
    struct kafka_ask ask = {.number = ASK_TOPICS | ++coordinator->asked_serial << ASK_KIND_BITS,
                            .patience = span_of_ms(ASK_TIMEOUT_MS)};
    effects_asked_forget(coordinator);
    asked_keep(coordinator, effect);
    enum status status = kafka_admin_find_topics(coordinator->admin, ask, coordinator->asked,
                                                 coordinator->asked_count);
    coordinator->has_ask_failed = status != STATUS_OK;
}

static int32_t partitions_of(const struct kafka_topic *topic)
{
    if (topic->status == STATUS_OK)
        return (int32_t)topic->partitions;
    return topic->status == STATUS_NOT_FOUND ? 0 : -1;
}

static void asked_answer(struct coordinator *coordinator, const struct kafka_reply *reply)
{
    bool is_answered = reply != NULL && reply->topic_count == coordinator->asked_count;
    struct control_topic_answer *items =
        memory_get((coordinator->asked_count + 1) * sizeof(struct control_topic_answer));
    for (uint32_t i = 0; i < coordinator->asked_count; i++)
        items[i] = (struct control_topic_answer){
            .topic = coordinator->asked[i],
            .partitions = is_answered ? partitions_of(&reply->topics[i]) : -1};
    struct control_event event = {.kind = CONTROL_TOPICS_ANSWERED};
    event.topics.items = items;
    event.topics.count = coordinator->asked_count;
    coordinator_step(coordinator, &event);
    memory_release(items);
}

void effects_reply(struct coordinator *coordinator, struct kafka_reply *reply)
{
    if (reply->number >> ASK_KIND_BITS != coordinator->asked_serial) {
        kafka_reply_release(reply);
        return;
    }
    ensure(coordinator->asked_reply == NULL);
    coordinator->asked_reply = reply; // taken where no commit is under way
}

void effects_take_reply(struct coordinator *coordinator)
{
    struct kafka_reply *reply = coordinator->asked_reply;
    if (reply == NULL && !coordinator->has_ask_failed)
        return;
    coordinator->asked_reply = NULL;
    coordinator->has_ask_failed = false;
    asked_answer(coordinator, reply);
    kafka_reply_release(reply);
}

static void exit_in_order(struct coordinator *coordinator)
{
    if (kafka_producer_flush(coordinator->producer, span_of_ms(2000)) != STATUS_OK)
        coordinator_log(coordinator, "warning", "the goodbye did not reach Kafka");
    loop_stop(coordinator->loop);
}

static void leading_tell(struct coordinator *coordinator)
{
    struct cell_view cell;
    control_view_cell(coordinator->control, &cell);
    coordinator_log(coordinator, "info", "leads: epoch %lld, %lld topics", (long long)cell.epoch,
                    (long long)cell.topics);
}

static void carry_out(struct coordinator *coordinator, const struct control_effect *effect)
{
    switch (effect->kind) {
    case EFFECT_SEND_BEAT:
        record_send(coordinator, KAFKA_CELL_MEMBERS, effect->beat->id, RECORD_BEAT, effect->beat);
        break;
    case EFFECT_SEND_MARKER:
        record_send(coordinator, KAFKA_CELL_CONTROL, (struct text){0}, RECORD_MARKER,
                    &effect->marker);
        break;
    case EFFECT_CLAIM_LEADERSHIP:
        commit_claim(coordinator, &effect->claim);
        break;
    case EFFECT_CHECK_LOGS:
        check_start(coordinator, effect->positions);
        break;
    case EFFECT_READ_INPUTS:
        feed_state_stop(coordinator);
        feed_inputs_start(coordinator, effect->positions);
        pulse_start(coordinator, effect->positions);
        leading_tell(coordinator);
        break;
    case EFFECT_STOP_INPUTS:
        feed_inputs_stop(coordinator);
        strangers_forget(coordinator);
        coordinator_log(coordinator, "info", "leads no more");
        break;
    case EFFECT_REFUSE_INPUT:
        commit_refuse(coordinator, effect->refusal.reason, effect->refusal.id);
        break;
    case EFFECT_COMMIT:
        commit_start(coordinator);
        break;
    case EFFECT_ASK_TOPICS:
        topics_ask(coordinator, effect);
        break;
    case EFFECT_ASK_ENDS:
        ends_ask(coordinator, effect);
        break;
    case EFFECT_RESTORE:
        feed_state_from(coordinator, 0);
        break;
    case EFFECT_RESIGN:
        commit_drop(coordinator);
        break;
    case EFFECT_EXIT:
        exit_in_order(coordinator);
        break;
    case EFFECT_TRACE:
        if (coordinator->is_verbose)
            coordinator_log(coordinator, "debug", "%.*s", TEXT_ARGS(effect->text));
        break;
    case EFFECT_ALARM:
        coordinator_log(coordinator, "warning", "%.*s", TEXT_ARGS(effect->text));
        break;
    }
}

void effects_carry_out(struct coordinator *coordinator)
{
    for (uint32_t i = 0; i < coordinator->effects.count; i++)
        carry_out(coordinator, &coordinator->effects.items[i]);
}
