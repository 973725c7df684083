// SPDX-License-Identifier: Apache-2.0
#include "kafka_room.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "test.h"

static void room_reach(struct kafka_room *room, struct text servers)
{
    room->watch = kafka_watch_create(servers);
    room->settings.watch = room->watch;
    kafka_settings_add(&room->settings, T("bootstrap.servers"), servers);
}

void kafka_room_open(struct kafka_room *room, uint32_t brokers)
{
    struct buffer fault = {0};
    *room = (struct kafka_room){0};
    REQUIRE(kafka_mock_create(brokers, &fault, &room->mock) == STATUS_OK);
    room_reach(room, kafka_mock_servers(room->mock));
    buffer_finish(&fault);
}

void kafka_room_join(struct kafka_room *room, const char *servers)
{
    *room = (struct kafka_room){0};
    room_reach(room, text_of(servers));
}

void kafka_room_close(struct kafka_room *room)
{
    kafka_mock_destroy(room->mock);
    kafka_settings_finish(&room->settings);
    kafka_watch_destroy(room->watch);
}

struct kafka_consumer *kafka_room_consumer(struct kafka_room *room, bool has_end_events)
{
    struct kafka_consumer_options options = {.has_end_events = has_end_events, .fetch_wait_ms = 10};
    struct kafka_consumer *consumer = NULL;
    struct buffer fault = {0};
    REQUIRE(kafka_consumer_create(&room->settings, &options, &fault, &consumer) == STATUS_OK);
    buffer_finish(&fault);
    return consumer;
}

struct kafka_producer *kafka_room_producer(struct kafka_room *room)
{
    struct kafka_producer_options options = {0};
    struct kafka_producer *producer = NULL;
    struct buffer fault = {0};
    REQUIRE(kafka_producer_create(&room->settings, &options, &fault, &producer) == STATUS_OK);
    buffer_finish(&fault);
    return producer;
}

struct kafka_transactor *kafka_room_transactor(struct kafka_room *room, const char *id)
{
    struct kafka_transactor_options options = {.id = text_of(id),
                                               .followed = TEXT_LITERAL("state")};
    struct kafka_transactor *transactor = NULL;
    struct buffer fault = {0};
    REQUIRE(kafka_transactor_create(&room->settings, &options, &fault, &transactor) == STATUS_OK);
    buffer_finish(&fault);
    return transactor;
}

struct kafka_admin *kafka_room_admin(struct kafka_room *room, const char *group)
{
    struct kafka_admin_options options = {.group = text_of(group)};
    struct kafka_admin *admin = NULL;
    struct buffer fault = {0};
    REQUIRE(kafka_admin_create(&room->settings, &options, &fault, &admin) == STATUS_OK);
    buffer_finish(&fault);
    return admin;
}

void fd_wait(int fd)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    REQUIRE(poll(&wanted, 1, (int)span_ms(PATIENCE)) == 1);
}

void kafka_room_fill(struct kafka_room *room, struct text topic, int32_t partition, uint32_t count)
{
    struct kafka_producer *producer = kafka_room_producer(room);
    char value[16];
    for (uint32_t i = 0; i < count; i++) {
        snprintf(value, sizeof value, "%u", i);
        struct kafka_message message = {
            .topic = topic, .partition = partition, .is_key_null = true, .value = text_of(value)};
        REQUIRE(kafka_producer_send(producer, &message, i) == STATUS_OK);
    }
    REQUIRE(kafka_producer_flush(producer, PATIENCE) == STATUS_OK);
    struct kafka_delivery deliveries[100];
    for (uint32_t got; (got = kafka_producer_poll(producer, deliveries, 100)) > 0;)
        for (uint32_t i = 0; i < got; i++)
            CHECK_INT(deliveries[i].status, STATUS_OK);
    CHECK_INT(kafka_producer_destroy(producer, PATIENCE), STATUS_OK);
}

static void take_one(struct taken *taken, const struct kafka_record *record)
{
    if (record->kind == KAFKA_END_OF_PARTITION) {
        taken->ends++;
    } else if (record->kind == KAFKA_RECORD) {
        taken->records++;
        taken->tags |= UINT64_C(1) << record->tag % 64;
        taken->is_last_value_null = record->is_value_null;
        snprintf(taken->last_value, sizeof taken->last_value, "%.*s", TEXT_ARGS(record->value));
    } else {
        taken->faults++;
        taken->last_fault = record->kind;
    }
}

void consumer_take(struct kafka_consumer *consumer, struct taken *taken, uint32_t records,
                   uint32_t ends)
{
    struct kafka_record batch[64];
    while (taken->records < records || taken->ends < ends) {
        fd_wait(kafka_consumer_fd(consumer));
        uint32_t got = kafka_consumer_poll(consumer, batch, 64);
        for (uint32_t i = 0; i < got; i++)
            take_one(taken, &batch[i]);
        kafka_consumer_release(consumer, batch, got);
        if (taken->faults > 0)
            return;
    }
}

struct kafka_answer transactor_answer(struct kafka_transactor *transactor)
{
    struct kafka_answer answer;
    while (!kafka_transactor_poll(transactor, &answer))
        fd_wait(kafka_transactor_fd(transactor));
    return answer;
}

struct kafka_answer transactor_init(struct kafka_transactor *transactor)
{
    REQUIRE(kafka_transactor_init(transactor, 1, PATIENCE) == STATUS_OK);
    return transactor_answer(transactor);
}

struct kafka_answer transactor_commit(struct kafka_transactor *transactor,
                                      const struct kafka_message *messages, uint32_t count)
{
    struct kafka_part whole = {.messages = messages, .count = count};
    REQUIRE(kafka_transactor_commit(transactor, 2, &whole) == STATUS_OK);
    return transactor_answer(transactor);
}
