// SPDX-License-Identifier: Apache-2.0
//
// The collector end to end on an embedded broker: what it is given it reads, what it reads reaches
// the file, what the file has is committed.
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector_room.h"
#include "daemon/collector_inner.h"
#include "test.h"

static void make_topic(struct collector_room *room, const char *topic, uint32_t partitions)
{
    REQUIRE(kafka_mock_create_topic(room->kafka.mock, text_of(topic), partitions) == STATUS_OK);
}

static void check_each_once(struct collector_room *room, const char *topic, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        CHECK_INT(room_count(room, topic, i), 1);
}

static const char *sought_topic;
static int64_t sought_offset;

static bool is_committed(struct collector_room *room)
{
    return room_committed(room, sought_topic, 0, NULL) == sought_offset;
}

static void await_committed(struct collector_room *room, const char *topic, int64_t offset)
{
    sought_topic = topic;
    sought_offset = offset;
    room_await(room, is_committed);
}

// CB-27, CB-31: exactly the topics of the assignment; offsets with the fence, only behind the sink.
static void reads_what_it_was_given_and_nothing_else(void)
{
    struct collector_room room;
    struct buffer metadata = {0};
    collector_room_open(&room);
    make_topic(&room, "mine", 2);
    make_topic(&room, "other", 1);
    room_produce(&room, "mine", 0, 0, 20);
    room_produce(&room, "mine", 1, 20, 20);
    room_produce(&room, "other", 0, 0, 5);
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"mine", 7}}, 1);
    room_await_lines(&room, 40);
    check_each_once(&room, "mine", 40);
    CHECK_INT(room_count(&room, "other", 0), 0);
    await_committed(&room, "mine", 20);
    CHECK_INT(room_committed(&room, "mine", 1, &metadata), 20);
    CHECK_TEXT(buffer_string(&metadata), "{\"fence\":7,\"lineage\":\"L1\"}");
    CHECK_INT(room_look(&room).records_taken, 40);
    char *text = room_file(&room);
    CHECK(strstr(text, "\"topic\":\"mine\",\"partition\":1,\"offset\":0,\"fence\":7,") != NULL);
    free(text);
    buffer_finish(&metadata);
    collector_room_close(&room);
}

// A split topic's unit is one partition of it; its first act is to commit where it starts.
static void partition_of_a_split_topic_is_read_alone(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "big", 3);
    for (int32_t partition = 0; partition < 3; partition++)
        room_produce(&room, "big", partition, (uint32_t)partition * 10, 10);
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"big/1", 2}}, 1);
    room_await_lines(&room, 10);
    for (uint32_t i = 0; i < 30; i++)
        CHECK_INT(room_count(&room, "big", i), i >= 10 && i < 20);
    CHECK_INT(room_committed(&room, "big", 0, NULL), -1);
    collector_room_close(&room);
}

// The end of the assignments is asked for as soon as there is somebody to ask, and the first beat
// goes out with its answer (S8): with an interval that no test lives to see.
static void first_beat_waits_for_no_interval(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a", 1);
    room_produce(&room, "a", 0, 0, 5);
    room_set(&room, "beat.interval.ms", "600000");
    room_set(&room, "lease.ms", "3600000");
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 1}}, 1);
    room_await_lines(&room, 5);
    collector_room_close(&room);
}

// S2, CB-28, TG-1: the acknowledgement comes when what the sink has is committed; the other unit is
// not touched.
static void revoke_is_acknowledged_after_the_commit(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a", 1);
    make_topic(&room, "b", 1);
    room_set(&room, "commit.interval.ms", "3600000");
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 1}, {"b", 1}}, 2);
    room_produce(&room, "a", 0, 0, 30);
    room_produce(&room, "b", 0, 0, 30);
    room_await_lines(&room, 60);
    CHECK_INT(room_committed(&room, "a", 0, NULL), 0);
    room_publish(&room, room_look(&room).incarnation, (struct room_unit[]){{"b", 1}}, 1);
    room_await_beat(&room, "active", room.generation);
    CHECK_INT(room_committed(&room, "a", 0, NULL), 30);
    CHECK_INT(room_committed(&room, "b", 0, NULL), 0);
    CHECK_INT(room_look(&room).units, 1);
    CHECK_INT(room_look(&room).partitions, 1);

    // TG-4: nothing of it is left in here or reaches the sink any more, and the other goes on.
    const struct intake *intake = &room.collector->intake;
    uint32_t parts = 0;
    for (int state = 0; state < PART_STATES; state++)
        parts += intake->lists[state].count;
    CHECK_INT(intake->unit_count, 1);
    CHECK_INT(parts, 1);
    CHECK_INT(room.collector->readers.items[0]->unit_count, 1);
    CHECK_INT(room.collector->batch.count, 0);
    room_produce(&room, "a", 0, 30, 5);
    room_produce(&room, "b", 0, 30, 5);
    room_await_lines(&room, 65);
    CHECK_INT(room_count(&room, "a", 30), 0);
    check_each_once(&room, "b", 35);

    // Given back, it goes on exactly where it stopped (CB-28).
    room_publish(&room, room_look(&room).incarnation, (struct room_unit[]){{"a", 3}, {"b", 1}}, 2);
    room_await_lines(&room, 70);
    check_each_once(&room, "a", 35);
    check_each_once(&room, "b", 35);
    collector_room_close(&room);
}

// CB-30: heads and buckets that say what is read already: nothing is read again, and nothing stops.
static void assignment_said_again_reads_nothing_again(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a", 1);
    make_topic(&room, "b", 1);
    room_produce(&room, "a", 0, 0, 20);
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 1}}, 1);
    for (uint32_t round = 0; round < 10; round++) {
        room_await_lines(&room, 20 + round);
        struct room_unit both[] = {{"a", 1}, {"b", room.generation + 1}};
        room_publish(&room, room_look(&room).incarnation, both, 1 + round % 2);
        room_await_beat(&room, "active", room.generation);
        room_produce(&room, "a", 0, 20 + round, 1);
    }
    room_await_lines(&room, 30);
    check_each_once(&room, "a", 30);
    CHECK_INT(room_look(&room).records_read, 30);
    collector_room_close(&room);
}

static bool has_done_two(struct collector_room *room)
{
    return room->beat.commands_done == 2;
}

static bool has_reported_ten(struct collector_room *room)
{
    return room->report.units_count == 1 && room->report.units[0].parts_count == 1 &&
           room->report.units[0].parts[0].position == 10;
}

// MR-27: told to do two things at once, it does each once and then says so; nothing else would have
// begun a new file or have been reported so soon.
static void told_two_things_at_once_it_does_both_once(void)
{
    struct collector_room room;
    struct head_command commands[] = {{1, TEXT_LITERAL("rotate"), NULL, 0},
                                      {2, TEXT_LITERAL("report"), NULL, 0}};
    collector_room_open(&room);
    make_topic(&room, "a", 1);
    room_set(&room, "report.interval.ms", "60000");
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 1}}, 1);
    room_produce(&room, "a", 0, 0, 10);
    room_await_lines(&room, 10);
    room.commands = commands;
    room.commands_count = 2;
    room_publish(&room, room_look(&room).incarnation, (struct room_unit[]){{"a", 1}}, 1);
    room_await(&room, has_done_two);
    room_await(&room, has_reported_ten);
    CHECK_INT(room_lines(&room), 0);
    CHECK_INT(access(room_path(&room, "out.1"), F_OK), 0);

    room_produce(&room, "a", 0, 10, 5);
    room_await_lines(&room, 5);
    room_publish(&room, room_look(&room).incarnation, (struct room_unit[]){{"a", 1}}, 1);
    room_await_beat(&room, "active", room.generation);
    room_produce(&room, "a", 0, 15, 1);
    room_await_lines(&room, 6);
    CHECK_INT(access(room_path(&room, "out.2"), F_OK), -1);
    CHECK_INT(room.beat.commands_done, 2);
    collector_room_close(&room);
}

// What cannot be carried out is tried until it can, and not said to be done before.
static void rotation_that_fails_is_not_done_yet(void)
{
    struct collector_room room;
    struct head_command rotate = {2, TEXT_LITERAL("rotate"), NULL, 0};
    collector_room_open(&room);
    make_topic(&room, "a", 1);
    room_set(&room, "sink.file.rotate.count", "1");
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 1}}, 1);
    room_produce(&room, "a", 0, 0, 10);
    room_await_lines(&room, 10);
    REQUIRE(mkdir(room_path(&room, "out.1"), 0700) == 0);
    room.commands = &rotate;
    room.commands_count = 1;
    room_publish(&room, room_look(&room).incarnation, (struct room_unit[]){{"a", 1}}, 1);
    room_await_said(&room, "sink cannot begin a new file: cannot rename");
    room_await_beat(&room, "active", room.generation);
    CHECK_INT(room.beat.commands_done, 0);
    REQUIRE(rmdir(room_path(&room, "out.1")) == 0);
    room_await(&room, has_done_two);
    CHECK_INT(room_lines(&room), 0);
    collector_room_close(&room);
}

// EE-12, S5: after a crash the successor proves by the lock that the old life is dead; nothing is
// missing.
static void crash_is_followed_by_a_life_that_replaces_it(void)
{
    struct collector_room room;
    char before[64];
    collector_room_open(&room);
    make_topic(&room, "a", 1);
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 1}}, 1);
    room_produce(&room, "a", 0, 0, 50);
    room_await_lines(&room, 50);
    snprintf(before, sizeof before, "%s", room_look(&room).incarnation);
    room_kill(&room);
    room_produce(&room, "a", 0, 50, 50);

    room_start(&room);
    CHECK(strcmp(before, room_look(&room).incarnation) != 0);
    room_await_beat(&room, "joining", 0);
    CHECK(text_equals(room.beat.replaces, before));
    CHECK_INT(room_look(&room).units, 0); // a waiting one reads nothing
    room_admit(&room, (struct room_unit[]){{"a", 1}}, 1);
    await_committed(&room, "a", 100);
    for (uint32_t i = 0; i < 100; i++)
        CHECK(room_count(&room, "a", i) >= 1);
    for (uint32_t i = 50; i < 100; i++)
        CHECK_INT(room_count(&room, "a", i), 1);
    collector_room_close(&room);
}

static bool has_read_thirty(struct collector_room *room)
{
    return room_look(room).records_read >= 30;
}

// CB-51: drain, commit, `leaving` until the head confirms it, exit 0.
static void asked_to_stop_it_drains_commits_and_leaves(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a", 1);
    room_set(&room, "commit.interval.ms", "3600000");
    room_set(&room, "flush.interval.ms", "600000");
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 1}}, 1);
    room_produce(&room, "a", 0, 0, 30);
    room_await(&room, has_read_thirty);
    CHECK_INT(room_lines(&room), 0); // EE-1: nothing goes out before its time
    collector_stop(room.collector);
    room_await_beat(&room, "leaving", 0);
    CHECK_INT(room_look(&room).units, 0);
    check_each_once(&room, "a", 30);
    CHECK_INT(room_committed(&room, "a", 0, NULL), 30);
    room_publish(&room, "", NULL, 0);
    CHECK_INT(room_await_end(&room), 0);
    collector_room_close(&room);
}

// S5, CB-38: named no longer: it ends at once with its own code.
static void evicted_it_ends_with_its_own_code(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a", 1);
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 1}}, 1);
    room_publish(&room, "", (struct room_unit[]){{"a", 1}}, 1);
    CHECK_INT(room_await_end(&room), 8);
    CHECK_INT(room_look(&room).units, 0);
    CHECK_INT(room_look(&room).partitions, 0);
    collector_room_close(&room);
}

// S3: when no beat is acknowledged any more, reading ends with the lease; a new life follows when
// Kafka is back.
static void lost_lease_ends_the_life_and_begins_another(void)
{
    struct collector_room room;
    char before[64];
    collector_room_open(&room);
    make_topic(&room, "a", 1);
    room_set(&room, "lease.ms", "1500");
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 1}}, 1);
    snprintf(before, sizeof before, "%s", room_look(&room).incarnation);
    kafka_mock_set_down(room.kafka.mock, 1);
    room_await_said(&room, "life is over (S3)");
    CHECK_INT(room_look(&room).units, 0);
    CHECK_INT(room_look(&room).partitions, 0);
    CHECK(strcmp(before, room_look(&room).incarnation) != 0);
    kafka_mock_set_up(room.kafka.mock, 1);
    room_await_beat(&room, "joining", 0);
    CHECK(text_equals(room.beat.replaces, before));
    room_admit(&room, (struct room_unit[]){{"a", 1}}, 1);
    room_produce(&room, "a", 0, 0, 10);
    room_await_lines(&room, 10);
    check_each_once(&room, "a", 10);
    collector_room_close(&room);
}

// A running process has its state file: the second one is told so at once (S5).
static void second_process_with_the_state_file_is_refused(void)
{
    struct collector_room room;
    struct buffer fault = {0};
    struct collector *second = NULL;
    collector_room_open(&room);
    room_start(&room);
    struct loop *loop = loop_create();
    struct collector_setup setup = {.conf = room.conf, .err = room.err, .output = 1};
    CHECK_INT(collector_create(loop, &setup, &fault, &second), STATUS_EXISTS);
    CHECK(strstr(buffer_string(&fault), "is held by a running collector") != NULL);
    loop_destroy(loop);
    buffer_finish(&fault);
    collector_room_close(&room);
}

// S5: without a common state file it waits beside the live one for two leases, then gives up.
static void id_of_a_live_collector_is_in_use(void)
{
    struct collector_room room;
    struct collector_room second;
    collector_room_open(&room);
    room_set(&room, "lease.ms", "1000");
    room_start(&room);
    room_admit(&room, NULL, 0);

    int code = -1;
    struct instant deadline = instant_add(loop_now(), PATIENCE);
    room_neighbour(&room, &second);
    room_set(&second, "lease.ms", "1000");
    room_start(&second);
    while (!collector_has_ended(second.collector, &code)) {
        room_step(&room);
        room_step(&second);
        REQUIRE(instant_is_before(loop_now(), deadline));
    }
    CHECK_INT(code, 8);
    CHECK(!collector_has_ended(room.collector, &code));
    CHECK(strstr(second.err_text, "id in use") != NULL);
    room_neighbour_close(&second);
    collector_room_close(&room);
}

static uint32_t entries(const char *path)
{
    uint32_t count = 0;
    DIR *folder = opendir(path);
    REQUIRE(folder != NULL);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

// TG-6: taking a unit away and giving it back leaves no thread and no descriptor behind.
static void units_that_come_and_go_leave_nothing_behind(void)
{
    struct collector_room room;
    uint32_t threads = 0;
    uint32_t descriptors = 0;
    collector_room_open(&room);
    make_topic(&room, "a", 1);
    make_topic(&room, "b", 1);
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"b", 1}}, 1);
    for (int64_t round = 0; round < 60; round++) {
        struct room_unit both[] = {{"b", 1}, {"a", room.generation + 1}};
        room_publish(&room, room_look(&room).incarnation, both, 2);
        room_produce(&room, "a", 0, (uint32_t)round, 1);
        room_await_lines(&room, (uint32_t)round + 1);
        room_publish(&room, room_look(&room).incarnation, both, 1);
        room_await_beat(&room, "active", room.generation);
        CHECK_INT(room_look(&room).partitions, 1);
        if (round == 5) {
            threads = entries("/proc/self/task");
            descriptors = entries("/proc/self/fd");
        }
    }
    check_each_once(&room, "a", 60);
    CHECK_INT(entries("/proc/self/task"), threads);
    CHECK_INT(entries("/proc/self/fd"), descriptors);
    collector_room_close(&room);
}

static const struct test tests[] = {
    TEST(units_that_come_and_go_leave_nothing_behind),
    TEST(reads_what_it_was_given_and_nothing_else),
    TEST(partition_of_a_split_topic_is_read_alone),
    TEST(first_beat_waits_for_no_interval),
    TEST(revoke_is_acknowledged_after_the_commit),
    TEST(assignment_said_again_reads_nothing_again),
    TEST(told_two_things_at_once_it_does_both_once),
    TEST(rotation_that_fails_is_not_done_yet),
    TEST(crash_is_followed_by_a_life_that_replaces_it),
    TEST(asked_to_stop_it_drains_commits_and_leaves),
    TEST(evicted_it_ends_with_its_own_code),
    TEST(lost_lease_ends_the_life_and_begins_another),
    TEST(second_process_with_the_state_file_is_refused),
    TEST(id_of_a_live_collector_is_in_use),
};

TEST_MAIN("collector/collector", tests)
