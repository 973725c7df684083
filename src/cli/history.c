// SPDX-License-Identifier: Apache-2.0
//
// Happy path: where the range begins → read from there → a record behind it, or the end.
#include "cli/history.h"

#include <poll.h>

#include "kafka/consumer.h"
#include "net/loop.h"
#include "wire/wire.h"

#define RECORDS_MAX 256

struct reading {
    struct site *site;
    enum kafka_cell_topic topic;
    const struct history_range *range;
    history_take *take;               // of events
    history_letter_take *letter_take; // of dead letters
    void *context;
    struct kafka_consumer *consumer;
    struct arena arena;
    bool is_over;
};

static const char *topic_name(const struct reading *reading)
{
    return buffer_string(&reading->site->names[reading->topic]);
}

enum exit_code history_open(struct history *history, const struct invocation *invocation)
{
    enum exit_code code = site_open(&history->site, invocation);
    history->is_open = true;
    return code;
}

void history_close(struct history *history)
{
    if (history->is_open)
        site_close(&history->site);
    history->is_open = false;
}

// Of the first record that may matter; KAFKA_END if there is none.
static enum exit_code offset_find(const struct reading *reading, int64_t *ret_offset)
{
    struct site *site = reading->site;
    struct kafka_partition partition = {.topic = text_of(topic_name(reading))};
    enum exit_code code = EXIT_DONE;
    enum status status = kafka_admin_find_offsets(site->admin, site_ask(site),
                                                  reading->range->from_ms, &partition, 1);
    struct kafka_reply *reply = site_reply(site, status, &code);
    bool is_found = reply != NULL && reply->offset_count == 1 && reply->offsets[0].offset >= 0;
    *ret_offset = is_found ? reply->offsets[0].offset : KAFKA_END;
    kafka_reply_release(reply);
    return code;
}

static enum exit_code reading_begin(struct reading *reading, int64_t offset)
{
    struct kafka_consumer_options options = {.has_end_events = true, .fetch_wait_ms = 50};
    struct kafka_assignment assignment = {.topic = text_of(topic_name(reading)), .offset = offset};
    struct kafka_settings settings = site_settings(reading->site);
    struct buffer problem = {0};
    enum status status = kafka_consumer_create(&settings, &options, &problem, &reading->consumer);
    if (status == STATUS_OK)
        status = kafka_consumer_assign(reading->consumer, &assignment, 1);
    enum exit_code code = EXIT_DONE;
    if (status != STATUS_OK)
        code = invocation_fail(reading->site->invocation, exit_code_of(status),
                               "cannot read '%s': %s", topic_name(reading),
                               problem.size > 0 ? buffer_string(&problem) : status_text(status));
    kafka_settings_finish(&settings);
    buffer_finish(&problem);
    return code;
}

// What is no event is nobody's business here.
static void event_take(struct reading *reading, const struct kafka_record *record)
{
    struct wire_input input = {.expected = RECORD_EVENT, .bytes = record->value};
    struct wire_record decoded;
    if (record->is_value_null ||
        wire_decode_input(input, &reading->arena, NULL, &decoded, NULL) != STATUS_OK)
        return;
    const struct event_record *event = decoded.record;
    if (event->at_ms > reading->range->until_ms)
        reading->is_over = true;
    else if (event->at_ms >= reading->range->from_ms)
        reading->take(reading->context, event);
}

static enum exit_code records_take(struct reading *reading)
{
    struct kafka_record records[RECORDS_MAX];
    enum exit_code code = EXIT_DONE;
    uint32_t count = kafka_consumer_poll(reading->consumer, records, RECORDS_MAX);
    for (uint32_t i = 0; i < count && !reading->is_over; i++) {
        if (records[i].kind == KAFKA_END_OF_PARTITION)
            reading->is_over = true;
        else if (records[i].kind == KAFKA_RECORD && reading->letter_take != NULL)
            reading->letter_take(reading->context, &records[i]);
        else if (records[i].kind == KAFKA_RECORD)
            event_take(reading, &records[i]);
        else if (records[i].kind == KAFKA_OFFSET_LOST)
            code = invocation_fail(reading->site->invocation, exit_code_of(records[i].status),
                                   "cannot read '%.*s': %.*s", TEXT_ARGS(records[i].topic),
                                   TEXT_ARGS(records[i].text));
        arena_clear(&reading->arena);
    }
    kafka_consumer_release(reading->consumer, records, count);
    return code;
}

static enum exit_code reading_run(struct reading *reading)
{
    struct span patience = conf_span(reading->site->invocation->conf, "timeout.ms");
    struct instant deadline = instant_add(loop_now(), patience);
    enum exit_code code = EXIT_DONE;
    while (code == EXIT_DONE && !reading->is_over) {
        int64_t left_ms = span_ms(instant_since(deadline, loop_now()));
        if (left_ms <= 0)
            return invocation_fail(reading->site->invocation, EXIT_TIMEOUT,
                                   "'%s' was not read to its end in time: --timeout gives it more",
                                   topic_name(reading));
        struct pollfd fd = {.fd = kafka_consumer_fd(reading->consumer), .events = POLLIN};
        (void)poll(&fd, 1, left_ms < 100 ? (int)left_ms : 100);
        code = records_take(reading);
    }
    return code;
}

static enum exit_code reading_go(struct reading *reading)
{
    int64_t offset = KAFKA_END;
    if (reading->site->partitions[reading->topic] == 0)
        return invocation_fail(reading->site->invocation, EXIT_NOT_FOUND, "there is no topic '%s'",
                               topic_name(reading));
    enum exit_code code = offset_find(reading, &offset);
    if (code == EXIT_DONE && offset == KAFKA_END)
        return EXIT_DONE;
    if (code == EXIT_DONE)
        code = reading_begin(reading, offset);
    if (code == EXIT_DONE)
        code = reading_run(reading);
    (void)kafka_consumer_destroy(reading->consumer, span_of_ms(0));
    arena_finish(&reading->arena);
    return code;
}

enum exit_code history_read(struct history *history, const struct history_range *range,
                            history_take *take, void *context)
{
    struct reading reading = {.site = &history->site,
                              .topic = KAFKA_CELL_EVENTS,
                              .range = range,
                              .take = take,
                              .context = context};
    return reading_go(&reading);
}

enum exit_code history_read_letters(struct history *history, history_letter_take *take,
                                    void *context)
{
    struct history_range all = {0, INT64_MAX};
    struct reading reading = {.site = &history->site,
                              .topic = KAFKA_CELL_DEADLETTER,
                              .range = &all,
                              .letter_take = take,
                              .context = context};
    return reading_go(&reading);
}
