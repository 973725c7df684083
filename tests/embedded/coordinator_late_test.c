// SPDX-License-Identifier: Apache-2.0
//
// Answers that come when something else is asked already, or from somewhere else, and logs that
// have gone on without this coordinator.

#include <stdlib.h>
#include <string.h>

#include "coordinator_cell.h"
#include "daemon/coordinator_inner.h"
#include "kafka_room.h"
#include "test.h"
#include "wire/wire.h"

static void ask(struct coordinator *coordinator, const char *topic)
{
    struct control_topic_question question = {.topic = text_of(topic)};
    struct control_effect effect = {.kind = EFFECT_ASK_TOPICS};
    effect.topics.items = &question;
    effect.topics.count = 1;
    coordinator->effects = (struct control_effects){.items = &effect, .count = 1};
    effects_carry_out(coordinator);
}

// A leader that lost the lead and has it again asks before the last answer of its former term.
static void answer_of_a_former_term_is_about_nothing_that_is_asked_now(void)
{
    struct kafka_room room;
    struct coordinator coordinator = {0};
    kafka_room_open(&room, 1);
    REQUIRE(kafka_mock_create_topic(room.mock, T("one"), 1) == STATUS_OK);
    REQUIRE(kafka_mock_create_topic(room.mock, T("three"), 3) == STATUS_OK);
    coordinator.admin = kafka_room_admin(&room, "");
    ask(&coordinator, "one");
    ask(&coordinator, "three");
    for (int i = 0; i < 2; i++) {
        struct kafka_reply *reply = kafka_admin_wait(coordinator.admin, PATIENCE);
        REQUIRE(reply != NULL);
        effects_reply(&coordinator, reply);
        CHECK_INT(coordinator.asked_reply != NULL, i == 1);
    }
    REQUIRE(coordinator.asked_reply != NULL && coordinator.asked_reply->topic_count == 1);
    CHECK(text_equals(coordinator.asked_reply->topics[0].name, "three"));
    CHECK_INT(coordinator.asked_reply->topics[0].partitions, 3);
    effects_asked_forget(&coordinator);
    CHECK_INT(kafka_admin_destroy(coordinator.admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

// Whoever was away for longer than the members are kept would hear no beat ever again.
static void coordinator_that_missed_beats_for_good_ends(void)
{
    struct kafka_room room;
    struct coordinator coordinator = {.err = stderr, .id = "k1"};
    struct control_options options = {.prefix = T("muster"),
                                      .id = T("k1"),
                                      .incarnation = T("0123456789abcdef0123456789abcdef"),
                                      .lineage = T("L1"),
                                      .default_pool = T("default")};
    struct kafka_assignment members = {
        .topic = T("muster.members"), .offset = 500, .tag = KAFKA_CELL_MEMBERS};
    kafka_room_open(&room, 1);
    REQUIRE(kafka_mock_create_topic(room.mock, members.topic, 1) == STATUS_OK);
    coordinator.loop = loop_create();
    coordinator.control = control_create(&options);
    coordinator.members = kafka_room_consumer(&room, true);
    coordinator.state = kafka_room_consumer(&room, true);
    REQUIRE(kafka_consumer_assign(coordinator.members, &members, 1) == STATUS_OK);
    while (coordinator.exit_code == 0) {
        fd_wait(kafka_consumer_fd(coordinator.members));
        feed_turn(&coordinator);
    }
    CHECK_INT(coordinator.exit_code, 1);
    CHECK_INT(kafka_consumer_destroy(coordinator.members, PATIENCE), STATUS_OK);
    CHECK_INT(kafka_consumer_destroy(coordinator.state, PATIENCE), STATUS_OK);
    control_destroy(coordinator.control);
    loop_destroy(coordinator.loop);
    kafka_room_close(&room);
}

// ---- A whole one.

struct coordinator_room {
    struct kafka_room kafka;
    struct kafka_mock *other; // of another cluster, down at first
    struct conf *conf;
    struct loop *loop;
    struct loop_timer *timer;
    struct coordinator *coordinator;
    FILE *err;
    char *err_text;
    size_t err_size;
    const char *awaited;
    struct instant deadline;
};

static bool has_said(struct coordinator_room *room)
{
    fflush(room->err);
    return strstr(room->err_text, room->awaited) != NULL;
}

static void look(void *ctx)
{
    struct coordinator_room *room = ctx;
    room->coordinator->ground.again = loop_now(); // asks Kafka again and again
    if (has_said(room) || instant_has_come(room->deadline, loop_now()))
        loop_stop(room->loop);
    loop_timer_set(room->timer, instant_add(loop_now(), span_of_ms(5)));
}

// Lets it work until it has said so.
static void room_await(struct coordinator_room *room, const char *text)
{
    room->awaited = text;
    room->deadline = instant_add(loop_now(), PATIENCE);
    loop_run(room->loop);
    if (!has_said(room))
        fputs(room->err_text, stderr);
    REQUIRE(has_said(room));
}

static void room_open(struct coordinator_room *room)
{
    struct buffer servers = {0}, fault = {0};
    *room = (struct coordinator_room){0};
    kafka_room_open(&room->kafka, 1);
    REQUIRE(kafka_mock_create(1, &fault, &room->other) == STATUS_OK);
    kafka_mock_set_down(room->other, 1);
    buffer_print(&servers, "%.*s,%.*s", TEXT_ARGS(kafka_mock_servers(room->kafka.mock)),
                 TEXT_ARGS(kafka_mock_servers(room->other)));
    room->conf = coordinator_cell_create(room->kafka.mock);
    coordinator_cell_set(room->conf, "kafka.bootstrap.servers", buffer_string(&servers));
    coordinator_cell_set(room->conf, "kafka.reconnect.backoff.max.ms", "100");
    room->err = open_memstream(&room->err_text, &room->err_size);
    room->loop = loop_create();
    struct coordinator_setup setup = {.conf = room->conf, .err = room->err};
    REQUIRE(coordinator_create(room->loop, &setup, &fault, &room->coordinator) == STATUS_OK);
    room->timer = loop_timer_create(room->loop, look, room);
    loop_timer_set(room->timer, loop_now());
    buffer_finish(&servers);
}

static void room_close(struct coordinator_room *room)
{
    coordinator_destroy(room->coordinator);
    loop_timer_destroy(room->timer);
    loop_destroy(room->loop);
    conf_destroy(room->conf);
    fclose(room->err);
    free(room->err_text);
    kafka_mock_destroy(room->other);
    kafka_room_close(&room->kafka);
}

// S7: what it knows is of one cluster, and must not be written into another. It says so by name,
// but for a reader that has met the other's topics and not yet heard its name.
static void another_cluster_at_the_same_address_ends_it(void)
{
    struct coordinator_room room;
    room_open(&room);
    room_await(&room, "leads: epoch 1");
    kafka_mock_set_down(room.kafka.mock, 1);
    kafka_mock_set_up(room.other, 1);
    room_await(&room, "error: coordinator 'k1': ");
    CHECK(strstr(room.err_text, "another Kafka cluster ('") != NULL ||
          strstr(room.err_text, "is gone from the log") != NULL);
    CHECK_INT(coordinator_exit_code(room.coordinator), 1);
    kafka_mock_set_up(room.kafka.mock, 1);
    room_close(&room);
}

// Who is not ready for long says what it waits for.
static void coordinator_that_is_not_ready_says_why(void)
{
    enum { INIT_PRODUCER_ID = 22, NOT_AVAILABLE = 15 };
    struct coordinator_room room;
    room_open(&room);
    coordinator_cell_set(room.conf, "leader.timeout.ms", "250");
    kafka_mock_fail(room.kafka.mock, INIT_PRODUCER_ID, NOT_AVAILABLE, 100);
    room_await(&room, "waits for the transaction that claims leadership");
    CHECK_INT(coordinator_exit_code(room.coordinator), 0);
    room_close(&room);
}

// A leader whose beats and commits go on while it hears nothing says so, and when it hears again.
static void leader_that_cannot_read_its_inputs_says_so(void)
{
    enum { LIST_OFFSETS = 2, NOT_LEADER = 6 };
    struct coordinator_room room;
    room_open(&room);
    coordinator_cell_set(room.conf, "leader.timeout.ms", "1000");
    room_await(&room, "leads: epoch 1");
    kafka_mock_fail(room.kafka.mock, LIST_OFFSETS, NOT_LEADER, 100);
    room_await(&room, "leads, but has not read 'muster.control'");
    room_await(&room, "'muster.control' is read to its end again");
    room_close(&room);
}

// What the newest record of a kind in a topic says; it lives as long as the arena.
static void *newest_read(struct coordinator_room *room, const char *topic, enum record_kind kind,
                         struct arena *arena)
{
    struct kafka_consumer *consumer = kafka_room_consumer(&room->kafka, true);
    struct kafka_assignment assignment = {.topic = text_of(topic)};
    void *newest = NULL;
    bool is_ended = false;
    REQUIRE(kafka_consumer_assign(consumer, &assignment, 1) == STATUS_OK);
    while (!is_ended) {
        struct kafka_record record;
        struct wire_record decoded;
        fd_wait(kafka_consumer_fd(consumer));
        if (kafka_consumer_poll(consumer, &record, 1) == 0)
            continue;
        is_ended = record.kind == KAFKA_END_OF_PARTITION;
        if (!is_ended && !record.is_value_null &&
            wire_decode(arena_text(arena, record.value), arena, NULL, &decoded, NULL) ==
                STATUS_OK &&
            decoded.kind == kind)
            newest = decoded.record;
        kafka_consumer_release(consumer, &record, 1);
    }
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    REQUIRE(newest != NULL);
    return newest;
}

static void stop_ask(void *ctx)
{
    struct coordinator_room *room = ctx;
    coordinator_stop(room->coordinator);
}

// PD-24: what it decided is committed before it says goodbye, and the goodbye is written before it
// ends.
static void stop_ends_with_a_transaction_and_then_a_goodbye(void)
{
    struct coordinator_room room;
    struct arena arena = {0};
    room_open(&room);
    room_await(&room, "leads: epoch 1");
    struct loop_timer *timer = loop_timer_create(room.loop, stop_ask, &room);
    loop_timer_set(timer, loop_now());
    room.awaited = "never said";
    room.deadline = instant_add(loop_now(), PATIENCE);
    loop_run(room.loop);
    CHECK_INT(coordinator_exit_code(room.coordinator), 0);
    const struct beat *beat = newest_read(&room, "muster.members", RECORD_BEAT, &arena);
    const struct state_cell *cell = newest_read(&room, "muster.state", RECORD_STATE_CELL, &arena);
    CHECK(text_equals(beat->state, "leaving"));
    CHECK(cell->resigned);
    CHECK_INT(beat->applied_generation, cell->generation);
    loop_timer_destroy(timer);
    arena_finish(&arena);
    room_close(&room);
}

static const struct test tests[] = {
    TEST(answer_of_a_former_term_is_about_nothing_that_is_asked_now),
    TEST(coordinator_that_missed_beats_for_good_ends),
    TEST(another_cluster_at_the_same_address_ends_it),
    TEST(coordinator_that_is_not_ready_says_why),
    TEST(leader_that_cannot_read_its_inputs_says_so),
    TEST(stop_ends_with_a_transaction_and_then_a_goodbye),
};

TEST_MAIN("embedded/coordinator_late", tests)
