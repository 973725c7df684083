// SPDX-License-Identifier: Apache-2.0
//
// The end of events is asked for before anything is sent, and reading begins there: so no answer
// can come before the listener.

#include "cli/await.h"

#include <poll.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "kafka/admin.h"
#include "kafka/consumer.h"
#include "net/loop.h"
#include "wire/wire.h"

#define RECORDS_MAX 256

struct await {
    struct kafka_admin *admin;
    struct kafka_consumer *consumer; // NULL unless awaited
    struct arena arena;
    char *topics[2]; // the input topic and events, full names
};

static struct kafka_ask ask_of(const struct conf *conf)
{
    return (struct kafka_ask){.patience = conf_span(conf, "timeout.ms")};
}

// Waits for the reply to the question just asked; the caller releases it. NULL with the reason in
// `problem`, and `*ret_status`.
static struct kafka_reply *reply_take(struct await *await, struct kafka_ask ask,
                                      struct buffer *problem, enum status *ret_status)
{
    struct kafka_reply *reply = kafka_admin_wait(await->admin, ask.patience);
    *ret_status = reply ? reply->status : STATUS_TIMEOUT;
    if (*ret_status == STATUS_OK)
        return reply;
    if (reply && reply->text.size)
        buffer_add_text(problem, reply->text);
    kafka_reply_release(reply);
    return NULL;
}

static enum status topics_check(struct await *await, const struct conf *conf,
                                struct buffer *problem)
{
    struct text names[2] = {text_of(await->topics[0]), text_of(await->topics[1])};
    struct kafka_ask ask = ask_of(conf);
    enum status status = kafka_admin_find_topics(await->admin, ask, names, 2);
    if (status != STATUS_OK)
        return status;
    struct kafka_reply *reply = reply_take(await, ask, problem, &status);
    for (uint32_t i = 0; reply && i < reply->topic_count && status == STATUS_OK; i++) {
        status = reply->topics[i].status;
        if (status == STATUS_NOT_FOUND)
            buffer_print(problem,
                         "there is no topic '%.*s': 'muster coordinator run' creates the topics of "
                         "a cell, --prefix names another cell",
                         TEXT_ARGS(reply->topics[i].name));
        else if (status != STATUS_OK)
            buffer_print(problem, "cannot use the topic '%.*s': %.*s",
                         TEXT_ARGS(reply->topics[i].name), TEXT_ARGS(reply->topics[i].text));
    }
    kafka_reply_release(reply);
    return status;
}

static enum status end_find(struct await *await, const struct conf *conf, struct buffer *problem,
                            int64_t *ret_end)
{
    struct kafka_partition events = {.topic = text_of(await->topics[1])};
    struct kafka_ask ask = ask_of(conf);
    enum status status = kafka_admin_find_offsets(await->admin, ask, KAFKA_END, &events, 1);
    if (status != STATUS_OK)
        return status;
    struct kafka_reply *reply = reply_take(await, ask, problem, &status);
    if (reply && reply->offset_count == 1) {
        status = reply->offsets[0].status;
        *ret_end = reply->offsets[0].offset;
    }
    kafka_reply_release(reply);
    return status;
}

static enum status listen_begin(struct await *await, const struct kafka_settings *settings,
                                const struct conf *conf, struct buffer *problem)
{
    struct kafka_consumer_options options = {.fetch_wait_ms = 50};
    struct kafka_assignment events = {.topic = text_of(await->topics[1])};
    enum status status = end_find(await, conf, problem, &events.offset);
    if (status == STATUS_OK)
        status = kafka_consumer_create(settings, &options, problem, &await->consumer);
    if (status == STATUS_OK)
        status = kafka_consumer_assign(await->consumer, &events, 1);
    return status;
}

static char *topic_name(const struct conf *conf, const char *name)
{
    struct buffer topic = {0};
    buffer_print(&topic, "%s.%s", conf_text(conf, "prefix"), name);
    char *copy = text_copy(buffer_text(&topic));
    buffer_finish(&topic);
    return copy;
}

enum status await_open(const struct kafka_settings *settings, const struct invocation *invocation,
                       const struct exchange *exchange, struct buffer *problem,
                       struct await **ret_await)
{
    const struct conf *conf = invocation->conf;
    struct await *await = memory_get(sizeof(*await));
    await->topics[0] = topic_name(conf, exchange->topic);
    await->topics[1] = topic_name(conf, "events");
    enum status status =
        kafka_admin_create(settings, &(struct kafka_admin_options){0}, problem, &await->admin);
    if (status == STATUS_OK)
        status = topics_check(await, conf, problem);
    if (status == STATUS_OK && exchange->is_awaited)
        status = listen_begin(await, settings, conf, problem);
    if (status != STATUS_OK) {
        await_close(await);
        return status;
    }
    *ret_await = await;
    return STATUS_OK;
}

static struct exchange_item *item_find(struct exchange *exchange, struct text id)
{
    uint64_t hash = hash_keyed(id, 0);
    uint32_t at;
    for (uint32_t i = index_find(&exchange->index, hash, &at); i != INDEX_NONE;
         i = index_next(&exchange->index, hash, &at))
        if (text_equals(id, exchange->items[i].id))
            return &exchange->items[i];
    return NULL;
}

// An event: is it the answer to one of ours? Others are nobody's business here, whatever they are.
static bool event_take(struct await *await, struct exchange *exchange,
                       const struct kafka_record *record)
{
    struct wire_record decoded;
    struct wire_input input = {.expected = RECORD_EVENT, .bytes = record->value};
    if (record->kind != KAFKA_RECORD || record->is_value_null ||
        wire_decode_input(input, &await->arena, NULL, &decoded, NULL) != STATUS_OK)
        return false;
    const struct event_record *event = decoded.record;
    struct exchange_item *item = event->id.size ? item_find(exchange, event->id) : NULL;
    if (item == NULL || event->answer.size == 0 || item->state >= EXCHANGE_DONE)
        return false;
    item->state = text_equals(event->answer, "done")        ? EXCHANGE_DONE
                  : text_equals(event->answer, "not found") ? EXCHANGE_UNKNOWN
                                                            : EXCHANGE_REFUSED;
    item->text = text_copy(event->text);
    return true;
}

void await_answers(struct await *await, struct exchange *exchange, struct instant deadline)
{
    struct kafka_record records[RECORDS_MAX];
    uint32_t missing = 0;
    for (uint32_t i = 0; i < exchange->count; i++)
        missing += exchange->items[i].state == EXCHANGE_SENT;
    while (missing > 0) {
        int64_t left_ms = span_ms(instant_since(deadline, loop_now()));
        if (left_ms <= 0)
            return;
        struct pollfd fd = {.fd = kafka_consumer_fd(await->consumer), .events = POLLIN};
        poll(&fd, 1, left_ms > 1000 ? 1000 : (int)left_ms);
        uint32_t count = kafka_consumer_poll(await->consumer, records, RECORDS_MAX);
        for (uint32_t i = 0; i < count; i++)
            missing -= event_take(await, exchange, &records[i]);
        kafka_consumer_release(await->consumer, records, count);
        arena_clear(&await->arena);
    }
}

void await_close(struct await *await)
{
    if (await == NULL)
        return;
    // The command is over in a moment, so nobody waits for the handles to end.
    (void)kafka_consumer_destroy(await->consumer, span_of_ms(0));
    if (await->admin != NULL)
        (void)kafka_admin_destroy(await->admin, span_of_ms(100));
    for (size_t i = 0; i < 2; i++)
        memory_release(await->topics[i]);
    arena_finish(&await->arena);
    memory_release(await);
}
