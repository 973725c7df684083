// SPDX-License-Identifier: Apache-2.0
//
// A coordinator on an embedded broker: what it reads while it begins to lead.

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "control/view.h"
#include "coordinator_cell.h"
#include "daemon/coordinator_inner.h"
#include "kafka_room.h"
#include "test.h"

#define LATER 2 // announcements
#define FIRST "{\"agent\":\"a1\",\"topics\":[{\"name\":\"t1\",\"partitions\":1}]}"
#define SECOND "{\"agent\":\"a2\",\"topics\":[{\"name\":\"t2\",\"partitions\":1}]}"

struct coordinator_room {
    struct kafka_room kafka;
    struct kafka_producer *producer;
    struct kafka_consumer *reader; // of control
    struct taken taken;            // by it
    struct conf *conf;
    struct loop *loop;
    struct loop_timer *timer; // looks at the condition
    struct coordinator *coordinator;
    FILE *err;
    bool has_said_no_http;
    bool is_slow; // its ear lets Kafka be faster than the coordinator
    int64_t topics_wanted;
    struct instant deadline;
    bool is_found;
};

// What Kafka has acknowledged when it returns.
static void room_announce(struct coordinator_room *room, const char *value)
{
    struct kafka_message message = {
        .topic = T("muster.control"), .is_key_null = true, .value = text_of(value)};
    REQUIRE(kafka_producer_send(room->producer, &message, 1) == STATUS_OK);
    REQUIRE(kafka_producer_flush(room->producer, PATIENCE) == STATUS_OK);
}

// Whoever says that it leads has just begun to read its inputs. A slow ear lets go of it when
// others have read what came even later.
static ssize_t hear(void *ctx, const char *text, size_t size)
{
    struct coordinator_room *room = ctx;
    room->has_said_no_http |= memmem(text, size, "no HTTP: ", 9) != NULL;
    for (int i = 0; room->is_slow && i < LATER && memmem(text, size, " leads: ", 8); i++) {
        room_announce(room, FIRST);
        consumer_take(room->reader, &room->taken, room->taken.records + 1, 0);
    }
    return (ssize_t)size;
}

static void look(void *ctx)
{
    struct coordinator_room *room = ctx;
    struct coordinator *coordinator = room->coordinator;
    struct cell_view cell = {0};
    if (coordinator->control != NULL)
        control_view_cell(coordinator->control, &cell);
    room->is_found = cell.topics == room->topics_wanted;
    if (room->is_found || instant_has_come(room->deadline, loop_now()))
        loop_stop(room->loop);
    loop_timer_set(room->timer, instant_add(loop_now(), span_of_ms(5)));
}

// Lets the coordinator work until it knows so many topics.
static void room_await(struct coordinator_room *room, int64_t topics)
{
    room->topics_wanted = topics;
    room->deadline = instant_add(loop_now(), PATIENCE);
    loop_run(room->loop);
    REQUIRE(room->is_found);
}

static void room_open(struct coordinator_room *room)
{
    const struct kafka_assignment control = {.topic = T("muster.control"), .offset = KAFKA_START};
    *room = (struct coordinator_room){0};
    kafka_room_open(&room->kafka, 1);
    room->conf = coordinator_cell_create(room->kafka.mock);
    room->producer = kafka_room_producer(&room->kafka);
    room->reader = kafka_room_consumer(&room->kafka, false);
    REQUIRE(kafka_consumer_assign(room->reader, &control, 1) == STATUS_OK);
    coordinator_cell_set(room->conf, "beat.interval.ms", "50");
    coordinator_cell_set(room->conf, "leader.timeout.ms", "200");
    room->err = fopencookie(room, "w", (cookie_io_functions_t){.write = hear});
    REQUIRE(room->err != NULL);
    room->loop = loop_create();
    room->timer = loop_timer_create(room->loop, look, room);
    loop_timer_set(room->timer, loop_now());
}

static void room_start(struct coordinator_room *room)
{
    struct coordinator_setup setup = {.conf = room->conf, .err = room->err};
    struct buffer fault = {0};
    REQUIRE(coordinator_create(room->loop, &setup, &fault, &room->coordinator) == STATUS_OK);
    buffer_finish(&fault);
}

// Lets it work until it ends.
static void room_end(struct coordinator_room *room, int exit_code)
{
    room->topics_wanted = -1;
    room->deadline = instant_add(loop_now(), PATIENCE);
    loop_run(room->loop);
    CHECK_INT(coordinator_exit_code(room->coordinator), exit_code);
    coordinator_destroy(room->coordinator);
}

// Everything that it has taken is committed then.
static void room_stop(struct coordinator_room *room)
{
    coordinator_stop(room->coordinator);
    room_end(room, 0);
}

static void room_close(struct coordinator_room *room)
{
    loop_destroy(room->loop);
    fclose(room->err);
    conf_destroy(room->conf);
    CHECK_INT(kafka_producer_destroy(room->producer, PATIENCE), STATUS_OK);
    CHECK_INT(kafka_consumer_destroy(room->reader, PATIENCE), STATUS_OK);
    kafka_room_close(&room->kafka);
}

// CB-18: what is read behind the anchors belongs to the leader, however soon it arrives.
static void what_arrives_while_the_logs_are_compared_is_taken(void)
{
    struct coordinator_room room;
    room_open(&room);
    room_start(&room);
    room_announce(&room, FIRST);
    room_await(&room, 1);
    room_stop(&room);
    room_announce(&room, SECOND);
    consumer_take(room.reader, &room.taken, 2, 0);
    room.is_slow = true;
    room_start(&room);
    room_await(&room, 2);
    room_stop(&room);
    room_close(&room);
}

// EE-19
static void a_second_signal_ends_it_whatever_kafka_does(void)
{
    struct coordinator_room room;
    room_open(&room);
    room_start(&room);
    room_announce(&room, FIRST);
    room_await(&room, 1);
    kafka_mock_set_down(room.kafka.mock, 1);
    coordinator_stop(room.coordinator);
    coordinator_stop(room.coordinator);
    kafka_mock_set_up(room.kafka.mock, 1); // for the test, which else waits for Kafka
    room_end(&room, 1);
    room_close(&room);
}

// EE-20
static void data_goes_on_where_http_cannot(void)
{
    struct coordinator_room room;
    char address[32];
    struct sockaddr_in taken = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(taken);
    int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(bind(other, (struct sockaddr *)&taken, size) == 0 && listen(other, 1) == 0);
    REQUIRE(getsockname(other, (struct sockaddr *)&taken, &size) == 0);
    snprintf(address, sizeof(address), "127.0.0.1:%d", ntohs(taken.sin_port));
    room_open(&room);
    coordinator_cell_set(room.conf, "api.listen", address);
    room_start(&room);
    room_announce(&room, FIRST);
    room_await(&room, 1);
    CHECK(room.has_said_no_http);
    room_stop(&room);
    room_close(&room);
    close(other);
}

static const struct test tests[] = {
    TEST(what_arrives_while_the_logs_are_compared_is_taken),
    TEST(a_second_signal_ends_it_whatever_kafka_does),
    TEST(data_goes_on_where_http_cannot),
};

TEST_MAIN("embedded/coordinator", tests)
