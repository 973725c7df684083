// SPDX-License-Identifier: Apache-2.0
//
// Writing, and what a record looks like when it is read back.
#include "kafka_room.h"
#include "test.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"

static struct kafka_room room;

static void open_topics(void)
{
    kafka_room_open(&room, 1);
    REQUIRE(kafka_mock_create_topic(room.mock, T("a"), 3) == STATUS_OK);
}

static struct kafka_delivery take_delivery(struct kafka_producer *producer)
{
    struct kafka_delivery delivery;
    while (kafka_producer_poll(producer, &delivery, 1) == 0)
        fd_wait(kafka_producer_fd(producer));
    return delivery;
}

// The first record of a/0.
static struct kafka_record read_first(struct kafka_consumer *consumer)
{
    struct kafka_assignment assignment = {T("a"), 0, 0, 1};
    struct kafka_record record;
    REQUIRE(kafka_consumer_assign(consumer, &assignment, 1) == STATUS_OK);
    while (kafka_consumer_poll(consumer, &record, 1) == 0)
        fd_wait(kafka_consumer_fd(consumer));
    return record;
}

static void result_comes_back_under_its_number(void)
{
    open_topics();
    struct kafka_producer *producer = kafka_room_producer(&room);
    struct kafka_message message = {.topic = T("a"), .partition = 2, .value = T("x")};
    CHECK_INT(kafka_producer_send(producer, &message, UINT64_MAX), STATUS_OK);
    CHECK_INT(kafka_producer_send(producer, &message, 7), STATUS_OK);
    CHECK_INT(kafka_producer_pending(producer), 2);
    struct kafka_delivery first = take_delivery(producer);
    struct kafka_delivery second = take_delivery(producer);
    CHECK(first.number == UINT64_MAX);
    CHECK_INT(first.status, STATUS_OK);
    CHECK_INT(first.offset, 0);
    CHECK_INT(first.partition, 2);
    CHECK_INT(second.number, 7);
    CHECK_INT(second.offset, 1);
    CHECK_INT(kafka_producer_pending(producer), 0);
    CHECK_INT(kafka_producer_destroy(producer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

// Sends one message and returns it as read.
static struct kafka_record round_trip(struct kafka_consumer *consumer,
                                      const struct kafka_message *message)
{
    struct kafka_producer *producer = kafka_room_producer(&room);
    REQUIRE(kafka_producer_send(producer, message, 1) == STATUS_OK);
    REQUIRE(take_delivery(producer).status == STATUS_OK);
    CHECK_INT(kafka_producer_destroy(producer, PATIENCE), STATUS_OK);
    return read_first(consumer);
}

static void null_differs_from_empty(void)
{
    struct kafka_message messages[] = {
        {.topic = T("a"), .is_key_null = true, .is_value_null = true},
        {.topic = T("a")},
        {.topic = T("a"), .key = T("k"), .value = T("v"), .is_value_null = true},
    };
    for (int i = 0; i < 3; i++) {
        open_topics();
        struct kafka_consumer *consumer = kafka_room_consumer(&room, false);
        struct kafka_record record = round_trip(consumer, &messages[i]);
        CHECK_INT(record.kind, KAFKA_RECORD);
        CHECK_INT(record.is_key_null, messages[i].is_key_null);
        CHECK_INT(record.is_value_null, messages[i].is_value_null);
        CHECK(text_equal(record.key, messages[i].key));
        CHECK_INT(record.value.size, 0);
        CHECK(record.timestamp_ms > INT64_C(1600000000000));
        kafka_consumer_release(consumer, &record, 1);
        CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
        kafka_room_close(&room);
    }
}

static void headers_keep_order_repetition_and_null(void)
{
    open_topics();
    struct kafka_header headers[] = {{T("n"), T("1"), false},
                                     {T("n"), T("2"), false},
                                     {T(""), T(""), false},
                                     {T("x"), T(""), true}};
    struct kafka_message message = {
        .topic = T("a"), .value = T("v"), .headers = headers, .header_count = 4};
    struct kafka_consumer *consumer = kafka_room_consumer(&room, false);
    struct kafka_record record = round_trip(consumer, &message);
    struct kafka_header read[4];
    CHECK_INT(kafka_record_headers(&record, read, 1), 4); // one filled in, four there are
    REQUIRE(kafka_record_headers(&record, read, 4) == 4);
    for (int i = 0; i < 4; i++) {
        CHECK(text_equal(read[i].name, headers[i].name));
        CHECK(text_equal(read[i].value, headers[i].value));
        CHECK_INT(read[i].is_null, headers[i].is_null);
    }
    kafka_consumer_release(consumer, &record, 1);
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void large_value_and_many_headers_are_read(void)
{
    open_topics();
    struct kafka_header headers[KAFKA_HEADERS_MAX];
    size_t size = 900000;
    char *value = memory_get(size);
    memset(value, 'z', size);
    for (int i = 0; i < KAFKA_HEADERS_MAX; i++)
        headers[i] = (struct kafka_header){T("name"), T("value"), false};
    struct kafka_message message = {.topic = T("a"),
                                    .value = {value, size},
                                    .headers = headers,
                                    .header_count = KAFKA_HEADERS_MAX};
    struct kafka_consumer *consumer = kafka_room_consumer(&room, false);
    struct kafka_record record = round_trip(consumer, &message);
    CHECK_INT(record.value.size, size);
    CHECK_INT(kafka_record_headers(&record, headers, 3), KAFKA_HEADERS_MAX);
    kafka_consumer_release(consumer, &record, 1);
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    memory_release(value);
    kafka_room_close(&room);
}

static void what_cannot_be_sent_is_refused(void)
{
    open_topics();
    struct kafka_producer *producer = kafka_room_producer(&room);
    struct kafka_header header = {T("n"), T("v"), false};
    struct kafka_message message = {.topic = T("a b"), .value = T("x")};
    CHECK_INT(kafka_producer_send(producer, &message, 1), STATUS_INVALID);
    message.topic = T("a");
    message.partition = -2;
    CHECK_INT(kafka_producer_send(producer, &message, 1), STATUS_INVALID);
    message.partition = 0;
    message.headers = &header;
    message.header_count = KAFKA_HEADERS_MAX + 1;
    CHECK_INT(kafka_producer_send(producer, &message, 1), STATUS_TOO_LARGE);
    message.header_count = 1;
    size_t size = 2000000;
    char *large = memory_get(size);
    message.value = (struct text){large, size};
    CHECK_INT(kafka_producer_send(producer, &message, 1), STATUS_TOO_LARGE);
    memory_release(large);
    CHECK_INT(kafka_producer_pending(producer), 0);
    CHECK_INT(kafka_producer_destroy(producer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void full_queue_says_again_until_results_are_taken(void)
{
    open_topics();
    struct kafka_producer_options options = {.queue_messages = 3};
    struct kafka_producer *producer;
    struct buffer fault = {0};
    REQUIRE(kafka_producer_create(&room.settings, &options, &fault, &producer) == STATUS_OK);
    struct kafka_message message = {.topic = T("a"), .value = T("x")};
    for (uint64_t i = 0; i < 3; i++)
        CHECK_INT(kafka_producer_send(producer, &message, i), STATUS_OK);
    CHECK_INT(kafka_producer_send(producer, &message, 3), STATUS_AGAIN);
    CHECK_INT(take_delivery(producer).number, 0);
    CHECK_INT(kafka_producer_send(producer, &message, 3), STATUS_OK);
    // The rest comes one by one, because the fd stays readable.
    for (uint64_t i = 1; i < 4; i++) {
        fd_wait(kafka_producer_fd(producer));
        CHECK_INT(take_delivery(producer).number, i);
    }
    CHECK_INT(kafka_producer_destroy(producer, PATIENCE), STATUS_OK);
    buffer_finish(&fault);
    kafka_room_close(&room);
}

static void passing_errors_are_ridden_out_in_order(void)
{
    open_topics();
    struct kafka_producer *producer = kafka_room_producer(&room);
    kafka_mock_fail(room.mock, 0, 7, 2);    // produce: request timed out
    kafka_mock_fail(room.mock, 0, -195, 1); // produce: connection cut
    struct kafka_message message = {.topic = T("a"), .value = T("x")};
    for (uint64_t i = 0; i < 5; i++)
        CHECK_INT(kafka_producer_send(producer, &message, i), STATUS_OK);
    for (uint64_t i = 0; i < 5; i++) {
        struct kafka_delivery delivery = take_delivery(producer);
        CHECK_INT(delivery.number, i);
        CHECK_INT(delivery.status, STATUS_OK);
        CHECK_INT(delivery.offset, i);
    }
    CHECK_INT(kafka_producer_destroy(producer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void lasting_refusal_is_a_result(void)
{
    open_topics();
    struct kafka_producer *producer = kafka_room_producer(&room);
    kafka_mock_fail(room.mock, 0, 29, 1); // topic authorization failed
    struct kafka_message message = {.topic = T("a"), .value = T("x")};
    CHECK_INT(kafka_producer_send(producer, &message, 1), STATUS_OK);
    struct kafka_delivery delivery = take_delivery(producer);
    CHECK_INT(delivery.status, STATUS_DENIED);
    CHECK_INT(delivery.offset, -1);
    CHECK(strlen(delivery.text) > 0);
    CHECK_INT(kafka_producer_destroy(producer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void unreached_cluster_ends_in_results_and_a_sentence(void)
{
    open_topics();
    kafka_mock_set_down(room.mock, 1);
    struct kafka_producer_options options = {.timeout_ms = 300};
    struct kafka_producer *producer;
    struct buffer text = {0};
    REQUIRE(kafka_producer_create(&room.settings, &options, &text, &producer) == STATUS_OK);
    struct kafka_message message = {.topic = T("a"), .value = T("x")};
    CHECK_INT(kafka_producer_send(producer, &message, 9), STATUS_OK);
    struct kafka_delivery delivery = take_delivery(producer);
    CHECK_INT(delivery.number, 9);
    CHECK_INT(delivery.status, STATUS_TIMEOUT);
    CHECK_INT(kafka_watch_reach(room.watch, &text), STATUS_UNREACHABLE);
    CHECK(strstr(buffer_string(&text), "cannot reach Kafka at '127.0.0.1:") != NULL);
    CHECK(strstr(buffer_string(&text), "(connection refused, ") != NULL);
    CHECK_INT(kafka_producer_destroy(producer, PATIENCE), STATUS_OK);
    buffer_finish(&text);
    kafka_room_close(&room);
}

// A socket that takes connections and never says a word; its address is `*ret_servers`.
static int listen_silently(char ret_servers[32])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 8) == 0);
    REQUIRE(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    snprintf(ret_servers, 32, "127.0.0.1:%d", ntohs(address.sin_port));
    return fd;
}

static void attempt_that_we_end_has_not_failed(void)
{
    char servers[32];
    int listener = listen_silently(servers);
    kafka_room_join(&room, servers);
    struct kafka_producer *producer = kafka_room_producer(&room);
    kafka_producer_prepare(producer, T("a"));
    fd_wait(listener);
    int connection = accept(listener, NULL, NULL);
    fd_wait(connection); // it asks for the versions, so it is connected, and not up
    CHECK_INT(kafka_producer_destroy(producer, PATIENCE), STATUS_OK);
    struct buffer text = {0};
    CHECK_INT(kafka_watch_reach(room.watch, &text), STATUS_OK);
    CHECK_TEXT(buffer_string(&text), "");
    buffer_finish(&text);
    close(connection);
    close(listener);
    kafka_room_close(&room);
}

static void destroy_drops_what_has_no_result(void)
{
    open_topics();
    kafka_mock_set_down(room.mock, 1);
    struct kafka_producer *producer = kafka_room_producer(&room);
    struct kafka_message message = {.topic = T("a"), .value = T("x")};
    for (uint64_t i = 0; i < 100; i++)
        CHECK_INT(kafka_producer_send(producer, &message, i), STATUS_OK);
    CHECK_INT(kafka_producer_flush(producer, span_of_ms(50)), STATUS_TIMEOUT);
    CHECK_INT(kafka_producer_destroy(producer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void key_chooses_the_partition_as_kafka_does(void)
{
    open_topics();
    struct kafka_producer *producer = kafka_room_producer(&room);
    // base/hash is checked against the Java client.
    static const char *const keys[] = {"a", "b", "c", "collector-17"};
    for (uint64_t i = 0; i < 4; i++) {
        struct kafka_message message = {
            .topic = T("a"), .partition = KAFKA_BY_KEY, .key = text_of(keys[i])};
        CHECK_INT(kafka_producer_send(producer, &message, i), STATUS_OK);
        int32_t expected = (int32_t)((hash_murmur2(text_of(keys[i])) & 0x7fffffff) % 3);
        CHECK_INT(take_delivery(producer).partition, expected);
    }
    CHECK_INT(kafka_producer_destroy(producer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static const struct test tests[] = {
    TEST(result_comes_back_under_its_number),
    TEST(null_differs_from_empty),
    TEST(headers_keep_order_repetition_and_null),
    TEST(large_value_and_many_headers_are_read),
    TEST(what_cannot_be_sent_is_refused),
    TEST(full_queue_says_again_until_results_are_taken),
    TEST(passing_errors_are_ridden_out_in_order),
    TEST(lasting_refusal_is_a_result),
    TEST(unreached_cluster_ends_in_results_and_a_sentence),
    TEST(attempt_that_we_end_has_not_failed),
    TEST(destroy_drops_what_has_no_result),
    TEST(key_chooses_the_partition_as_kafka_does),
};
TEST_MAIN("kafka/producer", tests)
