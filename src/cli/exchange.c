// SPDX-License-Identifier: Apache-2.0
//
// Happy path: the topics are there → listen → send everything → Kafka has taken it → the answers →
// print. Failures: Kafka away (the watch knows why), the topics are missing, Kafka refuses a
// record, the coordinator refuses it, nobody answers in time.

#include "cli/exchange.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/ensure.h"
#include "base/hash.h"
#include "base/memory.h"
#include "cli/await.h"
#include "cli/kafka_tell.h"
#include "daemon/kafka_settings.h"
#include "kafka/producer.h"
#include "net/loop.h"

#define DELIVERIES_MAX 256
#define FULL_WAIT_MS 50 // until there is room again in the producer's queue

const struct column exchange_columns[] = {
    {"SUBJECT", "subject", COLUMN_TEXT, false, false, "agent, pool or collector that it is about"},
    {"ANSWER", "answer", COLUMN_TEXT, false, false,
     "sent (taken by Kafka), done, refused, not found, failed, or none (no answer in time)"},
    {"TEXT", "text", COLUMN_TEXT, false, true, "the answer in words"},
    {"OFFSET", "offset", COLUMN_INTEGER, true, true, "where the record lies in its topic"},
    {"ID", "id", COLUMN_TEXT, true, true, "the id that the answer echoes"},
    {0},
};

void exchange_id_draw(struct buffer *id)
{
    unsigned char bytes[16];
    ensure(getrandom(bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++)
        buffer_print(id, "%02x", bytes[i]);
}

static bool id_is_known(const struct exchange *exchange, struct text id, uint64_t hash)
{
    uint32_t at;
    for (uint32_t i = index_find(&exchange->index, hash, &at); i != INDEX_NONE;
         i = index_next(&exchange->index, hash, &at))
        if (text_equals(id, exchange->items[i].id))
            return true;
    return false;
}

enum status exchange_add(struct exchange *exchange, struct text subject, struct text id,
                         struct text value)
{
    ensure(id.size > 0 || !exchange->is_awaited);
    uint64_t hash = hash_keyed(id, 0);
    if (id.size > 0 && id_is_known(exchange, id, hash))
        return STATUS_EXISTS;
    exchange->items = array_reserve(exchange->items, &exchange->capacity, exchange->count + 1,
                                    sizeof(*exchange->items));
    struct exchange_item *item = &exchange->items[exchange->count];
    *item = (struct exchange_item){.subject = text_copy(subject),
                                   .id = id.size > 0 ? text_copy(id) : NULL,
                                   .value = memory_copy(value.data, value.size),
                                   .size = value.size,
                                   .offset = -1};
    if (id.size > 0)
        index_add(&exchange->index, hash, exchange->count);
    exchange->count++;
    return STATUS_OK;
}

void exchange_finish(struct exchange *exchange)
{
    for (uint32_t i = 0; i < exchange->count; i++) {
        struct exchange_item *item = &exchange->items[i];
        memory_release(item->subject);
        memory_release(item->id);
        memory_release(item->value);
        memory_release(item->text);
    }
    memory_release(exchange->items);
    index_finish(&exchange->index);
}

// ---- Sending.

static void deliveries_take(struct exchange *exchange, struct kafka_producer *producer)
{
    struct kafka_delivery deliveries[DELIVERIES_MAX];
    uint32_t count;
    while ((count = kafka_producer_poll(producer, deliveries, DELIVERIES_MAX)) > 0) {
        for (uint32_t i = 0; i < count; i++) {
            struct exchange_item *item = &exchange->items[deliveries[i].number];
            bool is_taken = deliveries[i].status == STATUS_OK;
            item->offset = deliveries[i].offset;
            item->state = is_taken ? EXCHANGE_SENT : EXCHANGE_FAILED;
            if (!is_taken)
                item->text = text_copy(text_of(deliveries[i].text));
        }
    }
}

static void item_send(struct exchange *exchange, uint32_t number, struct kafka_producer *producer,
                      struct text topic)
{
    struct exchange_item *item = &exchange->items[number];
    struct kafka_message message = {
        .topic = topic, .key = text_of(item->subject), .value = {item->value, item->size}};
    enum status status = kafka_producer_send(producer, &message, number);
    while (status == STATUS_AGAIN) {
        // The queue is full: results make room. A message has one after timeout.ms at the latest.
        enum status flushed = kafka_producer_flush(producer, span_of_ms(FULL_WAIT_MS));
        if (flushed != STATUS_OK && flushed != STATUS_TIMEOUT)
            break;
        deliveries_take(exchange, producer);
        status = kafka_producer_send(producer, &message, number);
    }
    if (status != STATUS_OK) {
        item->state = EXCHANGE_FAILED;
        item->text = text_copy(text_of(status_text(status)));
    }
    memory_release(item->value);
    item->value = NULL;
}

static enum status all_send(struct exchange *exchange, const struct kafka_settings *settings,
                            const struct conf *conf, struct buffer *problem)
{
    struct span patience = conf_span(conf, "timeout.ms");
    struct kafka_producer_options options = {.timeout_ms = (uint32_t)span_ms(patience)};
    struct kafka_producer *producer = NULL;
    struct buffer topic = {0};
    enum status status = kafka_producer_create(settings, &options, problem, &producer);
    if (status != STATUS_OK)
        return status;
    buffer_print(&topic, "%s.%s", conf_text(conf, "prefix"), exchange->topic);
    kafka_producer_prepare(producer, buffer_text(&topic));
    for (uint32_t i = 0; i < exchange->count; i++)
        item_send(exchange, i, producer, buffer_text(&topic));
    // A message fails by itself after timeout.ms; the second more is for its result to come.
    status = kafka_producer_flush(producer, span_of_ms(span_ms(patience) + 1000));
    deliveries_take(exchange, producer);
    (void)kafka_producer_destroy(producer, span_of_ms(100));
    buffer_finish(&topic);
    return status;
}

// ---- Telling.

static const char *state_word(const struct exchange_item *item, bool is_awaited)
{
    switch (item->state) {
    case EXCHANGE_SENT:
        return is_awaited ? "none" : "sent";
    case EXCHANGE_DONE:
        return "done";
    case EXCHANGE_REFUSED:
        return "refused";
    case EXCHANGE_UNKNOWN:
        return "not found";
    case EXCHANGE_READY:
    case EXCHANGE_FAILED:
        break;
    }
    return "failed";
}

static void item_print(const struct exchange_item *item, bool is_awaited, struct output *output)
{
    struct value row[] = {
        value_string(item->subject),
        value_string(state_word(item, is_awaited)),
        item->text && item->text[0] ? value_string(item->text) : value_null(),
        item->offset >= 0 ? value_integer(item->offset) : value_null(),
        item->id ? value_string(item->id) : value_null(),
    };
    output_row(output, row, sizeof(row) / sizeof(row[0]));
}

// The exit code of one item, with a line for people if it went wrong.
static enum exit_code item_judge(const struct exchange_item *item, bool is_awaited,
                                 const struct invocation *invocation)
{
    struct buffer line = {0};
    enum exit_code code = EXIT_FAILED;
    output_escape(&line, text_of(item->text ? item->text : "not sent"));
    if (item->state == EXCHANGE_DONE || (item->state == EXCHANGE_SENT && !is_awaited))
        code = EXIT_DONE;
    else if (item->state == EXCHANGE_SENT)
        code = invocation_fail(invocation, EXIT_TIMEOUT,
                               "'%s': Kafka has it, but no coordinator has answered within "
                               "%lld ms: it is carried out as soon as one leads, 'muster "
                               "coordinator list' tells whether one does",
                               item->subject, (long long)conf_int(invocation->conf, "timeout.ms"));
    else if (item->state == EXCHANGE_REFUSED || item->state == EXCHANGE_UNKNOWN)
        code = invocation_fail(invocation,
                               item->state == EXCHANGE_UNKNOWN ? EXIT_NOT_FOUND : EXIT_FAILED,
                               "'%s' is refused: %s", item->subject, buffer_string(&line));
    else
        invocation_fail(invocation, code, "'%s' was not taken by Kafka: %s", item->subject,
                        buffer_string(&line));
    buffer_finish(&line);
    return code;
}

static enum exit_code all_tell(const struct exchange *exchange, const struct invocation *invocation)
{
    struct output *output = invocation_answer(invocation);
    enum exit_code code = EXIT_DONE;
    for (uint32_t i = 0; i < exchange->count; i++)
        item_print(&exchange->items[i], exchange->is_awaited, output);
    // What has failed says more than what was not answered.
    for (uint32_t i = 0; i < exchange->count; i++) {
        enum exit_code one = item_judge(&exchange->items[i], exchange->is_awaited, invocation);
        if (code == EXIT_DONE || one == EXIT_FAILED)
            code = one == EXIT_DONE ? code : one;
    }
    return invocation_answered(output, code);
}

static bool nothing_was_taken(const struct exchange *exchange)
{
    for (uint32_t i = 0; i < exchange->count; i++)
        if (exchange->items[i].state != EXCHANGE_FAILED)
            return false;
    return exchange->count > 0;
}

enum exit_code exchange_run(struct exchange *exchange, const struct invocation *invocation)
{
    const struct conf *conf = invocation->conf;
    struct instant deadline = instant_add(loop_now(), conf_span(conf, "timeout.ms"));
    struct kafka_settings settings = {.watch = kafka_watch_open(conf)};
    struct await *await = NULL;
    struct buffer problem = {0};
    struct buffer reach = {0};
    enum exit_code code;
    kafka_settings_load(&settings, conf);
    enum status status = await_open(&settings, invocation, exchange, &problem, &await);
    if (status == STATUS_OK)
        status = all_send(exchange, &settings, conf, &problem);
    if (status == STATUS_OK && nothing_was_taken(exchange))
        status = kafka_watch_explain(settings.watch, &reach);
    if (status == STATUS_OK && exchange->is_awaited)
        await_answers(await, exchange, deadline);
    if (status == STATUS_OK)
        code = all_tell(exchange, invocation);
    else
        code = kafka_tell_trouble(invocation, settings.watch, status, buffer_text(&problem));
    kafka_tell_log(invocation, settings.watch);
    await_close(await);
    kafka_watch_destroy(settings.watch);
    kafka_settings_finish(&settings);
    buffer_finish(&problem);
    buffer_finish(&reach);
    return code;
}
