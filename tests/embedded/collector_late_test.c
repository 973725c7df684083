// SPDX-License-Identifier: Apache-2.0
//
// What a collector makes of answers and words that come late, or from somewhere else.
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "collector_room.h"
#include "daemon/collector_inner.h"
#include "test.h"

#define API_FETCH 1
#define API_INIT_PRODUCER_ID 22
#define ERROR_OFFSET_OUT_OF_RANGE 1
#define ERROR_CLUSTER_AUTHORIZATION_FAILED 31

static void make_topic(struct collector_room *room, const char *topic, uint32_t partitions)
{
    REQUIRE(kafka_mock_create_topic(room->kafka.mock, text_of(topic), partitions) == STATUS_OK);
}

static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static struct collect_effect start_of(const char *unit, uint64_t run)
{
    return (struct collect_effect){
        .kind = COLLECT_START_UNIT, .unit = text_of(unit), .run = run, .fence = 3};
}

// Each life counts its runs from the same number.
static void answer_to_a_former_life_is_about_none_of_the_next_ones_units(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a", 3);
    make_topic(&room, "b", 1);
    room_start(&room);
    room_admit(&room, NULL, 0);
    struct collect_effect a = start_of("a", 77), b = start_of("b", 77);
    intake_start(room.collector, &a);
    intake_ask(room.collector);
    CHECK(room.collector->intake.find.is_out);
    intake_stop_all(room.collector);
    intake_start(room.collector, &b);
    const struct intake_unit *unit = intake_unit_find(&room.collector->intake, 77);
    while (unit->part_count == 0)
        room_step(&room);
    CHECK_INT(unit->part_count, 1);
    collector_room_close(&room);
}

// S9: no silence. A pool that does not exist answers nobody.
static void who_gets_no_head_says_so_once(void)
{
    struct collector_room room;
    collector_room_open(&room);
    room_start(&room);
    room_await_said(&room, "no head yet: is there a pool 'default'");
    for (int i = 0; i < 20; i++)
        room_step(&room);
    const char *first = strstr(room.err_text, "no head yet");
    REQUIRE(first != NULL);
    CHECK(strstr(first + 1, "no head yet") == NULL);
    room_admit(&room, NULL, 0);
    CHECK(room_look(&room).is_named);
    collector_room_close(&room);
}

static bool is_lost(struct collector_room *room)
{
    return room->collector->intake.lists[PART_GAP].count > 0;
}

// CB-31: where a position that was lost goes on is asked only when the sink has what was read; and
// one that is in the log after all is gone on with, also where the policy is to skip.
static void position_said_to_be_lost_skips_nothing_that_is_there(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a", 1);
    room.on_gap = "latest";
    room_set(&room, "batch.max.records", "10");
    room_produce(&room, "a", 0, 0, 100);
    signal(SIGXFSZ, SIG_IGN);
    room_start(&room);
    limit_file_size(10);
    room_admit(&room, (struct room_unit[]){{"a", 3}}, 1);
    room_await_said(&room, "sink takes nothing");
    // Nothing is drained while the sink takes nothing, so the word is given by hand.
    struct intake *intake = &room.collector->intake;
    struct part *part = intake->lists[PART_READING].first;
    REQUIRE(part != NULL && part->pending == 10);
    part_move(intake, part, PART_LOST);
    room_await(&room, is_lost);
    for (int i = 0; i < 20; i++)
        room_step(&room);
    CHECK_INT(room_committed(&room, "a", 0, NULL), 0); // its first act
    CHECK(is_lost(&room));
    limit_file_size(RLIM_INFINITY);
    room_await_lines(&room, 100);
    for (uint32_t i = 0; i < 100; i++)
        CHECK_INT(room_count(&room, "a", i), 1);
    CHECK(strstr(room.err_text, "'a/0' was said to have lost position 10, its log has offsets 0 to "
                                "99: goes on at 10") != NULL);
    collector_room_close(&room);
}

// S7: its positions are of one cluster, and another one has topics of the same names.
static void another_cluster_at_the_same_address_ends_it(void)
{
    struct collector_room room;
    struct kafka_mock *other;
    struct buffer servers = {0};
    collector_room_open(&room);
    REQUIRE(kafka_mock_create(1, &servers, &other) == STATUS_OK);
    kafka_mock_set_down(other, 1);
    buffer_print(&servers, "%.*s,%.*s", TEXT_ARGS(kafka_mock_servers(room.kafka.mock)),
                 TEXT_ARGS(kafka_mock_servers(other)));
    room_set(&room, "kafka.bootstrap.servers", buffer_string(&servers));
    make_topic(&room, "a", 1);
    room_produce(&room, "a", 0, 0, 10);
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 3}}, 1);
    room_await_lines(&room, 10);
    kafka_mock_set_down(room.kafka.mock, 1);
    kafka_mock_set_up(other, 1);
    CHECK_INT(room_await_end(&room), 1);
    CHECK(strstr(room.err_text, "another Kafka cluster ('") != NULL);
    kafka_mock_set_up(room.kafka.mock, 1);
    kafka_mock_destroy(other);
    buffer_finish(&servers);
    collector_room_close(&room);
}

// No life of the process could ever beat.
static void client_that_writes_no_more_ends_it(void)
{
    struct collector_room room;
    collector_room_open(&room);
    kafka_mock_fail(room.kafka.mock, API_INIT_PRODUCER_ID, ERROR_CLUSTER_AUTHORIZATION_FAILED, 100);
    room_start(&room);
    CHECK_INT(room_await_end(&room), 1);
    CHECK(strstr(room.err_text, "cannot beat any more: its Kafka client has ended") != NULL);
    collector_room_close(&room);
}

static const struct test tests[] = {
    TEST(who_gets_no_head_says_so_once),
    TEST(answer_to_a_former_life_is_about_none_of_the_next_ones_units),
    TEST(position_said_to_be_lost_skips_nothing_that_is_there),
    TEST(another_cluster_at_the_same_address_ends_it),
    TEST(client_that_writes_no_more_ends_it),
};

TEST_MAIN("embedded/collector_late", tests)
