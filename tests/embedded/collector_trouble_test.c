// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong around a collector on an embedded broker: the disk, positions, fences, the group,
// foreign clusters.
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "collector_room.h"
#include "test.h"

#define API_OFFSET_COMMIT 8
#define ERROR_COORDINATOR_LOAD_IN_PROGRESS 14
#define ERROR_UNKNOWN_MEMBER_ID 25

static void make_topic(struct collector_room *room, const char *topic)
{
    REQUIRE(kafka_mock_create_topic(room->kafka.mock, text_of(topic), 1) == STATUS_OK);
}

static void check_each_once(struct collector_room *room, const char *topic, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        CHECK_INT(room_count(room, topic, i), 1);
}

static uint32_t count_said(struct collector_room *room, const char *text)
{
    uint32_t count = 0;
    for (const char *at = strstr(room->err_text, text); at; at = strstr(at + 1, text))
        count++;
    return count;
}

static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

// Holds, alarms once, resumes, loses nothing; nothing is committed that the file does not have
// (CB-31, CB-32).
static void full_disk_holds_and_loses_nothing(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a");
    signal(SIGXFSZ, SIG_IGN);
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 1}}, 1);
    limit_file_size(1000);
    room_produce(&room, "a", 0, 0, 100);
    room_await_said(&room, "sink takes nothing");
    uint32_t lines = room_lines(&room);
    CHECK(lines < 20);
    char *text = room_file(&room);
    CHECK(text[0] == '\0' || text[strlen(text) - 1] == '\n');
    free(text);
    for (int i = 0; i < 60; i++)
        room_step(&room);
    CHECK(room_committed(&room, "a", 0, NULL) <= lines);
    CHECK(room_look(&room).is_held);
    CHECK_INT(count_said(&room, "sink takes nothing"), 1);
    limit_file_size(RLIM_INFINITY);
    room_await_lines(&room, 100);
    CHECK(!room_look(&room).is_held);
    CHECK_INT(count_said(&room, "sink takes records again"), 1);
    check_each_once(&room, "a", 100);
    collector_room_close(&room);
}

static bool is_a_second_behind(struct collector_room *room)
{
    return room->report.units_count == 1 && room->report.units[0].oldest_unprocessed_ms > 1000;
}

static bool is_all_taken(struct collector_room *room)
{
    return room->reported_lag == 0;
}

// USERS: producer silent, collector behind: seconds go on growing.
static void seconds_grow_while_the_sink_takes_nothing(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a");
    signal(SIGXFSZ, SIG_IGN);
    room_set(&room, "report.full.interval.ms", "3600000");
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 1}}, 1);
    limit_file_size(10);
    room_produce(&room, "a", 0, 0, 10);
    room_await_said(&room, "sink takes nothing");
    room_await(&room, is_a_second_behind);
    CHECK_INT(room.reported_lag, 10);
    CHECK(strncmp(room.reported, "sink refuses: cannot write to", 29) == 0);
    limit_file_size(RLIM_INFINITY);
    room_await(&room, is_all_taken);
    CHECK_TEXT(room.reported, "reading");
    collector_room_close(&room);
}

// S2: a revoke with a sink that takes nothing drops the rest uncommitted and lets go in time.
static void revoke_under_a_full_disk_lets_go(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a");
    signal(SIGXFSZ, SIG_IGN);
    room_set(&room, "revoke.flush.ms", "100");
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 1}}, 1);
    limit_file_size(10);
    room_produce(&room, "a", 0, 0, 10);
    room_await_said(&room, "sink takes nothing");
    room_publish(&room, room_look(&room).incarnation, NULL, 0);
    room_await_beat(&room, "active", room.generation);
    CHECK_INT(room_committed(&room, "a", 0, NULL), 0);
    CHECK(room_look(&room).records_dropped > 0);
    limit_file_size(RLIM_INFINITY);
    collector_room_close(&room);
}

// EE-6: what was taken is committed, the rest is read again by somebody else, and the code says so.
static void reader_of_stdout_that_goes_ends_the_process(void)
{
    struct collector_room room;
    int pipes[2];
    REQUIRE(pipe(pipes) == 0);
    collector_room_open(&room);
    make_topic(&room, "a");
    room_set(&room, "sink.type", "stdout");
    room.output = pipes[1];
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 1}}, 1);
    room_produce(&room, "a", 0, 0, 1);
    while (room_look(&room).records_taken == 0)
        room_step(&room);
    close(pipes[0]);
    room_produce(&room, "a", 0, 1, 1);
    room_await_said(&room, "the sink's reader is gone: cannot write to stdout: Broken pipe");
    room_await_beat(&room, "leaving", 0);
    room_publish(&room, "", NULL, 0);
    CHECK_INT(room_await_end(&room), 9);
    CHECK_INT(room_committed(&room, "a", 0, NULL), 1);
    collector_room_close(&room);
    close(pipes[1]);
}

static bool is_committed(struct collector_room *room)
{
    return room_committed(room, "a", 0, NULL) == 10;
}

// PD-24: reading ends first, what was read goes to the sink, its position is committed, the goodbye
// is said: each waits for the one before.
static void stop_goes_from_reading_to_the_goodbye_in_this_order(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a");
    room_set(&room, "batch.max.records", "10");
    room_set(&room, "commit.interval.ms", "3600000");
    room_produce(&room, "a", 0, 0, 100);
    signal(SIGXFSZ, SIG_IGN);
    room_start(&room);
    limit_file_size(10);
    room_admit(&room, (struct room_unit[]){{"a", 1}}, 1);
    room_await_said(&room, "sink takes nothing");
    kafka_mock_fail(room.kafka.mock, API_OFFSET_COMMIT, ERROR_COORDINATOR_LOAD_IN_PROGRESS, 20);
    collector_stop(room.collector);
    room_await_beat(&room, "draining", 0);
    CHECK_INT(room_look(&room).partitions, 0);
    for (int i = 0; i < 20; i++)
        room_step(&room);
    CHECK(text_equals(room.beat.state, "draining"));
    CHECK_INT(room_lines(&room), 0);
    limit_file_size(RLIM_INFINITY);
    while (!text_equals(room.beat.state, "leaving")) {
        bool was_committed = is_committed(&room);
        CHECK(!was_committed || room_lines(&room) == 10);
        room_step(&room);
    }
    CHECK(is_committed(&room));
    check_each_once(&room, "a", 10);
    CHECK_INT(room_look(&room).records_taken, 10);
    room_publish(&room, "", NULL, 0);
    CHECK_INT(room_await_end(&room), 0);
    collector_room_close(&room);
}

// EE-14: a position that the log does not have: one warning with the range, then on by the pool's
// on_gap.
static void lost_position_goes_on_by_policy_with_one_warning(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a");
    room_produce(&room, "a", 0, 0, 10);
    room_commit(&room, "a", 0, 500, "");
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 3}}, 1);
    room_await_lines(&room, 10);
    check_each_once(&room, "a", 10);
    CHECK_INT(
        count_said(&room, "'a/0' ends at 10 before position 500, it was made anew: goes on at 0"),
        1);
    collector_room_close(&room);
}

static bool is_holding(struct collector_room *room)
{
    return strcmp(room->reported, "holding") == 0;
}

static void lost_position_is_held_until_the_policy_changes(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a");
    room_produce(&room, "a", 0, 0, 10);
    room_commit(&room, "a", 0, 500, "");
    room.on_gap = "hold";
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 3}}, 1);
    room_await(&room, is_holding);
    CHECK_INT(room_lines(&room), 0);
    room.on_gap = "earliest";
    room_publish(&room, room_look(&room).incarnation, (struct room_unit[]){{"a", 3}}, 1);
    room_await_lines(&room, 10);
    check_each_once(&room, "a", 10);
    collector_room_close(&room);
}

// A unit that had an owner before and has no committed position: where a pool starts is for new
// units, so nothing is skipped, and it is told once and counted (EE-14).
static void expired_position_is_never_taken_for_a_new_unit(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a");
    room_produce(&room, "a", 0, 0, 10);
    room.is_begun = true;
    room.start = "latest";
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 3}}, 1);
    room_await_lines(&room, 10);
    check_each_once(&room, "a", 10);
    CHECK_INT(count_said(&room, "'a/0' was read before and has no committed position any more, its "
                                "log has offsets 0 to 9: goes on at 0"),
              1);
    while (room.report.units_count == 0 || room.report.units[0].positions_lost == 0)
        room_step(&room);
    CHECK_INT(room.report.units[0].positions_lost, 1);
    CHECK_INT(room_committed(&room, "a", 0, NULL), 10);
    collector_room_close(&room);
}

static void expired_position_is_held_where_the_pool_says_so(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a");
    room_produce(&room, "a", 0, 0, 10);
    room.is_begun = true;
    room.start = "latest";
    room.on_gap = "hold";
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 3}}, 1);
    room_await(&room, is_holding);
    CHECK_INT(room_lines(&room), 0);
    CHECK_INT(room_committed(&room, "a", 0, NULL), -1);
    int64_t lost = room.report.units[0].positions_lost;
    CHECK(lost > 0);
    room.on_gap = "latest";
    room_publish(&room, room_look(&room).incarnation, (struct room_unit[]){{"a", 3}}, 1);
    while (room_committed(&room, "a", 0, NULL) != 10)
        room_step(&room);
    CHECK_INT(room_lines(&room), 0);
    room_produce(&room, "a", 0, 10, 2);
    room_await_lines(&room, 2);
    CHECK_INT(room.report.units[0].positions_lost, lost); // each is counted once
    collector_room_close(&room);
}

// Partitions behind all that are committed have come while nobody read: they are new, and whole.
static void partitions_that_came_unread_are_read_from_their_start(void)
{
    struct collector_room room;
    collector_room_open(&room);
    REQUIRE(kafka_mock_create_topic(room.kafka.mock, TEXT_LITERAL("a"), 4) == STATUS_OK);
    for (int32_t i = 0; i < 4; i++)
        room_produce(&room, "a", i, 10 * (uint32_t)i, 10);
    room_commit(&room, "a", 0, 5, "");
    room_commit(&room, "a", 1, 10, "");
    room.is_begun = true;
    room.start = "latest";
    room.on_gap = "hold";
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 3}}, 1);
    room_await_lines(&room, 25);
    for (uint32_t i = 0; i < 40; i++)
        CHECK_INT(room_count(&room, "a", i), (i >= 5 && i < 10) || i >= 20);
    CHECK_INT(count_said(&room, "any more"), 0);
    collector_room_close(&room);
}

static void pool_may_start_at_the_end(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a");
    room.start = "latest";
    room_produce(&room, "a", 0, 0, 10);
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 3}}, 1);
    room_await_said(&room, "applied, active units 1");
    while (room_look(&room).partitions == 0)
        room_step(&room);
    CHECK_INT(room_committed(&room, "a", 0, NULL), 10); // its first act
    room_produce(&room, "a", 0, 10, 5);
    room_await_lines(&room, 5);
    for (uint32_t i = 0; i < 15; i++)
        CHECK_INT(room_count(&room, "a", i), i >= 10);
    collector_room_close(&room);
}

static bool is_failed(struct collector_room *room)
{
    return strcmp(room->reported, "failed") == 0;
}

// S6: a higher fence of the same lineage in the commit says that this owner is the former one.
static void higher_fence_in_the_commit_keeps_the_unit_off(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a");
    room_produce(&room, "a", 0, 0, 10);
    room_commit(&room, "a", 0, 4, "{\"fence\":99,\"lineage\":\"L1\"}");
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 3}}, 1);
    room_await(&room, is_failed);
    CHECK_INT(room_lines(&room), 0);
    CHECK_INT(room_committed(&room, "a", 0, NULL), 4);
    CHECK(strstr(room.err_text, "fence 99 has committed to it, this grant has only 3") != NULL);
    collector_room_close(&room);
}

static bool is_whole(struct collector_room *room)
{
    return room_committed(room, "a", 0, NULL) == 10;
}

// Reads ten records with fence 3 and commits them; then somebody else commits position 4.
static void commit_over_it(struct collector_room *room, const char *metadata)
{
    collector_room_open(room);
    room_set(room, "report.interval.ms", "100");
    room_set(room, "report.full.interval.ms", "100");
    make_topic(room, "a");
    room_produce(room, "a", 0, 0, 10);
    room_start(room);
    room_admit(room, (struct room_unit[]){{"a", 3}}, 1);
    room_await(room, is_whole);
    room_commit(room, "a", 0, 4, metadata);
}

// S6: what a former owner's client sends late lies over the position until it is looked at.
static void late_commit_of_a_former_owner_is_committed_over(void)
{
    struct collector_room room;
    struct buffer metadata = {0};
    commit_over_it(&room, "{\"fence\":2,\"lineage\":\"L1\"}");
    room_await_said(&room, "was committed by fence 2, lower than 3: commits again");
    room_await(&room, is_whole);
    room_committed(&room, "a", 0, &metadata);
    CHECK_TEXT(buffer_string(&metadata), "{\"fence\":3,\"lineage\":\"L1\"}");
    buffer_finish(&metadata);
    collector_room_close(&room);
}

static void higher_fence_while_it_reads_ends_the_unit(void)
{
    struct collector_room room;
    commit_over_it(&room, "{\"fence\":99,\"lineage\":\"L1\"}");
    room_await(&room, is_failed);
    CHECK(strstr(room.err_text, "an owner with a higher fence commits to it") != NULL);
    CHECK_INT(room_committed(&room, "a", 0, NULL), 4);
    collector_room_close(&room);
}

// Fences of another lineage, and commits of other tools, only say where to begin.
static void fence_of_another_lineage_says_nothing(void)
{
    struct collector_room room;
    struct buffer metadata = {0};
    collector_room_open(&room);
    make_topic(&room, "a");
    make_topic(&room, "b");
    room_produce(&room, "a", 0, 0, 10);
    room_produce(&room, "b", 0, 0, 10);
    room_commit(&room, "a", 0, 4, "{\"fence\":99,\"lineage\":\"L0\"}");
    room_commit(&room, "b", 0, 7, "reset by hand");
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 3}, {"b", 3}}, 2);
    room_await_lines(&room, 9);
    CHECK_INT(room_count(&room, "a", 3), 0);
    CHECK_INT(room_count(&room, "a", 4), 1);
    CHECK_INT(room_count(&room, "b", 6), 0);
    CHECK_INT(room_count(&room, "b", 7), 1);
    room_committed(&room, "a", 0, &metadata);
    CHECK_TEXT(buffer_string(&metadata), "{\"fence\":3,\"lineage\":\"L1\"}");
    buffer_finish(&metadata);
    collector_room_close(&room);
}

static bool is_acked(struct collector_room *room)
{
    return room->beat_count > 0 && room->beat.applied_generation == room->generation;
}

// What was handed over is where reading begins, unless more has been committed since: an old
// bucket, read again by the next life, never takes it back.
static void handed_position_is_the_least(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a");
    room_produce(&room, "a", 0, 0, 10);
    room_start(&room);
    room.from = 7;
    room_admit(&room, (struct room_unit[]){{"a", 3}}, 1);
    room_await_lines(&room, 3); // 7, 8, 9
    room_publish(&room, room_look(&room).incarnation, NULL, 0);
    room_await(&room, is_acked);
    CHECK_INT(room_committed(&room, "a", 0, NULL), 10);
    room_produce(&room, "a", 0, 10, 2);
    room_publish(&room, room_look(&room).incarnation, (struct room_unit[]){{"a", 5}}, 1);
    room_await_lines(&room, 5); // 10 and 11, nothing twice
    room_publish(&room, room_look(&room).incarnation, NULL, 0);
    room_await(&room, is_acked);
    CHECK_INT(room_lines(&room), 5);
    CHECK_INT(room_committed(&room, "a", 0, NULL), 12);
    collector_room_close(&room);
}

static bool has_handed(struct collector_room *room)
{
    return room->beat_count > 0 && room->beat.handed_count > 0;
}

// Commits refused because of a stranger in the group: reading goes on, positions go with the
// acknowledgement.
static void refused_commits_hand_the_position_over(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a");
    room_start(&room);
    kafka_mock_fail(room.kafka.mock, API_OFFSET_COMMIT, ERROR_UNKNOWN_MEMBER_ID, 1000);
    room_admit(&room, (struct room_unit[]){{"a", 3}}, 1);
    room_produce(&room, "a", 0, 0, 10);
    room_await_lines(&room, 10);
    CHECK_INT(count_said(&room, "Kafka refuses commits to group 'muster.default'"), 1);
    room_publish(&room, room_look(&room).incarnation, NULL, 0);
    room_await(&room, has_handed);
    CHECK(text_equals(room.beat.handed[0].unit, "a"));
    CHECK_INT(room.beat.handed[0].partition, 0);
    CHECK_INT(room.beat.handed[0].position, 10);
    CHECK_INT(room.beat.applied_generation, room.generation);
    collector_room_close(&room);
}

// This collector knows one Kafka cluster only; the others' units are visible as failed, its own are
// read.
static void unit_of_another_cluster_fails_alone(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a");
    room_produce(&room, "a", 0, 0, 10);
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"west:a", 3}, {"a", 3}}, 2);
    room_await_said(&room, "unit 'west:a' is taken off");
    room_await_lines(&room, 10);
    check_each_once(&room, "a", 10);
    collector_room_close(&room);
}

static bool is_lag_zero(struct collector_room *room)
{
    return strcmp(room->reported, "reading") == 0 && room->reported_lag == 0 &&
           room->report.units[0].parts_count == 1 && room->report.units[0].parts[0].position == 10;
}

static void reports_say_where_each_unit_stands(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a");
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 3}}, 1);
    room_produce(&room, "a", 0, 0, 10);
    room_await(&room, is_lag_zero);
    const struct report_unit *unit = &room.report.units[0];
    CHECK(text_equals(room.report.id, "c1"));
    CHECK(text_equals(room.report.incarnation, room_look(&room).incarnation));
    CHECK(text_equals(unit->unit, "a"));
    CHECK_INT(unit->parts[0].end, 10);
    CHECK_INT(unit->oldest_unprocessed_ms, 0);
    collector_room_close(&room);
}

// Rotation happens between whole lines.
static void batches_are_bounded_and_files_rotate(void)
{
    struct collector_room room;
    collector_room_open(&room);
    make_topic(&room, "a");
    room_set(&room, "batch.max.records", "7");
    room_set(&room, "sink.file.rotate.bytes", "4096");
    room_set(&room, "sink.file.rotate.count", "100");
    room_produce(&room, "a", 0, 0, 200);
    room_start(&room);
    room_admit(&room, (struct room_unit[]){{"a", 3}}, 1);
    while (room_look(&room).records_taken < 200)
        room_step(&room);
    CHECK(room_lines(&room) < 200);
    FILE *rotated = fopen(room_path(&room, "out.1"), "r");
    CHECK(rotated != NULL);
    if (rotated != NULL)
        fclose(rotated);
    collector_room_close(&room);
}

static const struct test tests[] = {
    TEST(full_disk_holds_and_loses_nothing),
    TEST(seconds_grow_while_the_sink_takes_nothing),
    TEST(revoke_under_a_full_disk_lets_go),
    TEST(reader_of_stdout_that_goes_ends_the_process),
    TEST(stop_goes_from_reading_to_the_goodbye_in_this_order),
    TEST(lost_position_goes_on_by_policy_with_one_warning),
    TEST(lost_position_is_held_until_the_policy_changes),
    TEST(expired_position_is_never_taken_for_a_new_unit),
    TEST(expired_position_is_held_where_the_pool_says_so),
    TEST(partitions_that_came_unread_are_read_from_their_start),
    TEST(pool_may_start_at_the_end),
    TEST(higher_fence_in_the_commit_keeps_the_unit_off),
    TEST(late_commit_of_a_former_owner_is_committed_over),
    TEST(higher_fence_while_it_reads_ends_the_unit),
    TEST(fence_of_another_lineage_says_nothing),
    TEST(handed_position_is_the_least),
    TEST(refused_commits_hand_the_position_over),
    TEST(unit_of_another_cluster_fails_alone),
    TEST(reports_say_where_each_unit_stands),
    TEST(batches_are_bounded_and_files_rotate),
};

TEST_MAIN("collector/trouble", tests)
