// SPDX-License-Identifier: Apache-2.0
//
// An agent on an embedded broker: what it says about the file that it watches.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "daemon/agent.h"
#include "kafka_room.h"
#include "net/loop.h"
#include "test.h"
#include "wire/wire.h"

struct agent_room {
    struct kafka_room kafka;
    struct kafka_consumer *control;
    struct conf *conf;
    char folder[64];
    char path[96];
    struct loop *loop;
    struct loop_timer *timer; // looks at the condition
    struct agent *agent;
    FILE *err;
    char *err_text;
    size_t err_size;
    struct instant deadline;
    char heard[2000];    // every announcement: "topics,...;", of a part that has many "...;"
    const char *awaited; // part of what is heard, or of what is said
    bool is_found;
};

static void room_set(struct agent_room *room, const char *name, const char *value)
{
    REQUIRE(conf_set(room->conf, "test", name, value) == STATUS_OK);
}

static void room_write(struct agent_room *room, const char *text)
{
    FILE *file = fopen(room->path, "w");
    REQUIRE(file != NULL);
    fputs(text, file);
    REQUIRE(fclose(file) == 0);
}

static void announcement_hear(struct agent_room *room, const struct kafka_record *record)
{
    struct arena arena = {0};
    struct wire_record decoded;
    struct buffer line = {0};
    REQUIRE(record->kind == KAFKA_RECORD);
    REQUIRE(wire_decode(record->value, &arena, NULL, &decoded, NULL) == STATUS_OK);
    const struct announcement *said = decoded.record;
    CHECK(text_equals(said->agent, "a1"));
    CHECK_INT(said->ttl_ms, 60000);
    for (uint32_t i = 0; i < said->topics_count && line.size < 100; i++)
        buffer_print(&line, "%s%.*s", i ? "," : "", TEXT_ARGS(said->topics[i].name));
    size_t size = strlen(room->heard);
    snprintf(room->heard + size, sizeof(room->heard) - size, "%s;",
             line.size < 100 ? buffer_string(&line) : "...");
    arena_finish(&arena);
    buffer_finish(&line);
}

static void look(void *ctx)
{
    struct agent_room *room = ctx;
    struct kafka_record records[64];
    uint32_t count = kafka_consumer_poll(room->control, records, 64);
    for (uint32_t i = 0; i < count; i++)
        announcement_hear(room, &records[i]);
    kafka_consumer_release(room->control, records, count);
    fflush(room->err);
    room->is_found = room->awaited &&
                     (strstr(room->heard, room->awaited) || strstr(room->err_text, room->awaited));
    if (room->is_found || instant_has_come(room->deadline, loop_now()))
        loop_stop(room->loop);
    loop_timer_set(room->timer, instant_add(loop_now(), span_of_ms(5)));
}

// Lets the agent work until `text` was heard on control or said to people.
static void room_await(struct agent_room *room, const char *text)
{
    room->awaited = text;
    room->is_found = false;
    room->deadline = instant_add(loop_now(), PATIENCE);
    loop_run(room->loop);
    if (!room->is_found)
        printf("    heard: %s\n    said: %s\n", room->heard, room->err_text);
    REQUIRE(room->is_found);
}

static void room_open(struct agent_room *room)
{
    struct kafka_assignment control = {.topic = T("muster.control")};
    *room = (struct agent_room){0};
    kafka_room_open(&room->kafka, 1);
    REQUIRE(kafka_mock_create_topic(room->kafka.mock, control.topic, 1) == STATUS_OK);
    room->control = kafka_room_consumer(&room->kafka, false);
    REQUIRE(kafka_consumer_assign(room->control, &control, 1) == STATUS_OK);
    snprintf(room->folder, sizeof(room->folder), "/tmp/muster-agent-XXXXXX");
    REQUIRE(mkdtemp(room->folder) != NULL);
    snprintf(room->path, sizeof(room->path), "%s/topics", room->folder);
    char *servers = text_copy(kafka_mock_servers(room->kafka.mock));
    room->conf = conf_create();
    room_set(room, "kafka.bootstrap.servers", servers);
    room_set(room, "agent.id", "a1");
    room_set(room, "agent.file", room->path);
    room_set(room, "agent.ttl.ms", "60000");
    room_set(room, "agent.interval.ms", "3600000");
    free(servers);
    room->err = open_memstream(&room->err_text, &room->err_size);
    room->loop = loop_create();
    room->timer = loop_timer_create(room->loop, look, room);
    loop_timer_set(room->timer, loop_now());
}

static void room_start(struct agent_room *room)
{
    struct agent_setup setup = {.conf = room->conf, .err = room->err};
    struct buffer fault = {0};
    REQUIRE(agent_create(room->loop, &setup, &fault, &room->agent) == STATUS_OK);
    buffer_finish(&fault);
}

static void room_close(struct agent_room *room)
{
    agent_destroy(room->agent);
    loop_destroy(room->loop);
    conf_destroy(room->conf);
    CHECK_INT(kafka_consumer_destroy(room->control, PATIENCE), STATUS_OK);
    kafka_room_close(&room->kafka);
    fclose(room->err);
    free(room->err_text);
    unlink(room->path);
    rmdir(room->folder);
}

static void a_change_of_the_file_is_announced(void)
{
    struct agent_room room;
    room_open(&room);
    room_write(&room, "t1\nt2\n");
    room_start(&room);
    room_await(&room, "t1,t2;");
    room_write(&room, "t2\n# t1 is away\nt3\n");
    room_await(&room, "t1,t2;t2,t3;");
    room_close(&room);
}

static void the_set_is_repeated(void)
{
    struct agent_room room;
    room_open(&room);
    room_set(&room, "agent.interval.ms", "100");
    room_write(&room, "t1\n");
    room_start(&room);
    room_await(&room, "t1;t1;t1;");
    room_close(&room);
}

static void the_stop_withdraws_everything(void)
{
    struct agent_room room;
    room_open(&room);
    room_write(&room, "t1\n");
    room_start(&room);
    room_await(&room, "t1;");
    agent_stop(room.agent);
    room.awaited = NULL;
    room.deadline = instant_add(loop_now(), PATIENCE);
    loop_run(room.loop);
    CHECK_INT(agent_exit_code(room.agent), 0);
    // What it said last may still be on its way to the test.
    agent_destroy(room.agent);
    room.agent = NULL;
    room_await(&room, "t1;;");
    room_close(&room);
}

// PD-12
static void an_unreadable_file_takes_nothing_away(void)
{
    struct agent_room room;
    room_open(&room);
    room_set(&room, "agent.interval.ms", "100");
    room_write(&room, "t1\n");
    room_start(&room);
    room_await(&room, "t1;");
    unlink(room.path);
    room_await(&room, "no such file or directory: what was announced before stands");
    CHECK(strstr(room.heard, ";;") == NULL);
    room_write(&room, "t4\n");
    room_await(&room, "t4;");
    CHECK(strstr(room.heard, ";;") == NULL);
    room_close(&room);
}

// A set that has grown is said in parts, and its old form is taken away by a record of its own,
// which may be lost like any other.
static void a_former_form_that_was_not_taken_away_is_taken_away_again(void)
{
    struct agent_room room;
    struct buffer many = {0};
    room_open(&room);
    room_write(&room, "t1\n");
    room_start(&room);
    room_await(&room, "t1;");
    for (int i = 0; i < 6000; i++)
        buffer_print(&many, "%0200d\n", i);
    kafka_mock_set_down(room.kafka.mock, 1);
    room_write(&room, buffer_string(&many));
    room_await(&room, "was not taken");
    kafka_mock_set_up(room.kafka.mock, 1);
    room_await(&room, "...;;");
    buffer_finish(&many);
    room_close(&room);
}

#define API_INIT_PRODUCER_ID 22
#define ERROR_CLUSTER_AUTHORIZATION_FAILED 31

static void an_agent_that_can_write_no_more_ends(void)
{
    struct agent_room room;
    room_open(&room);
    kafka_mock_fail(room.kafka.mock, API_INIT_PRODUCER_ID, ERROR_CLUSTER_AUTHORIZATION_FAILED, 100);
    room_write(&room, "t1\n");
    room_start(&room);
    room.deadline = instant_add(loop_now(), PATIENCE);
    loop_run(room.loop);
    CHECK_INT(agent_exit_code(room.agent), 1);
    fflush(room.err);
    CHECK(strstr(room.err_text, "cannot write any more") != NULL);
    room_close(&room);
}

static void a_missing_file_is_waited_for(void)
{
    struct agent_room room;
    room_open(&room);
    room_start(&room);
    room_await(&room, "nothing is announced");
    room_write(&room, "t1\n");
    room_await(&room, "t1;");
    CHECK_TEXT(room.heard, "t1;");
    room_close(&room);
}

static void kafka_may_come_later(void)
{
    struct agent_room room;
    room_open(&room);
    kafka_mock_set_down(room.kafka.mock, 1);
    room_write(&room, "t1\n");
    room_start(&room);
    room_await(&room, "is it running? it is tried again for ever");
    kafka_mock_set_up(room.kafka.mock, 1);
    room_await(&room, "t1;");
    room_close(&room);
}

static void without_a_file_it_is_not_made(void)
{
    struct agent_room room;
    struct agent_setup setup;
    struct buffer fault = {0};
    room_open(&room);
    room_set(&room, "agent.file", "");
    setup = (struct agent_setup){.conf = room.conf, .err = room.err};
    CHECK_INT(agent_create(room.loop, &setup, &fault, &room.agent), STATUS_INVALID);
    CHECK(strstr(buffer_string(&fault), "agent.file is not set") != NULL);
    buffer_finish(&fault);
    room_close(&room);
}

static const struct test tests[] = {
    TEST(a_change_of_the_file_is_announced),
    TEST(the_set_is_repeated),
    TEST(the_stop_withdraws_everything),
    TEST(an_unreadable_file_takes_nothing_away),
    TEST(a_missing_file_is_waited_for),
    TEST(kafka_may_come_later),
    TEST(without_a_file_it_is_not_made),
    TEST(a_former_form_that_was_not_taken_away_is_taken_away_again),
    TEST(an_agent_that_can_write_no_more_ends),
};

TEST_MAIN("embedded/agent", tests)
