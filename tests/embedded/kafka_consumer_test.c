// SPDX-License-Identifier: Apache-2.0
//
// Reading chosen partitions on the embedded broker.
#include "kafka_room.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static struct kafka_room room;

static void open_topics(void)
{
    kafka_room_open(&room, 1);
    REQUIRE(kafka_mock_create_topic(room.mock, T("a"), 2) == STATUS_OK);
    REQUIRE(kafka_mock_create_topic(room.mock, T("b"), 1) == STATUS_OK);
}

static enum status assign(struct kafka_consumer *consumer, struct text topic, int32_t partition,
                          int64_t offset)
{
    struct kafka_assignment assignment = {topic, partition, offset, (uint64_t)partition + 1};
    return kafka_consumer_assign(consumer, &assignment, 1);
}

static enum status unassign(struct kafka_consumer *consumer, struct text topic, int32_t partition)
{
    struct kafka_partition one = {topic, partition};
    return kafka_consumer_unassign(consumer, &one, 1);
}

static void records_of_all_assigned_partitions_come_with_their_tags(void)
{
    open_topics();
    kafka_room_fill(&room, T("a"), 0, 10);
    kafka_room_fill(&room, T("a"), 1, 20);
    kafka_room_fill(&room, T("b"), 0, 30);
    struct kafka_consumer *consumer = kafka_room_consumer(&room, true);
    struct kafka_assignment assignments[] = {
        {T("a"), 1, 0, 11}, {T("b"), 0, KAFKA_START, 12}, {T("a"), 0, 5, 10}};
    CHECK_INT(kafka_consumer_assign(consumer, assignments, 3), STATUS_OK);
    CHECK_INT(kafka_consumer_partition_count(consumer), 3);
    CHECK_INT(kafka_consumer_topic_count(consumer), 2);
    struct taken taken = {0};
    consumer_take(consumer, &taken, 55, 3);
    CHECK_INT(taken.records, 55);
    CHECK_INT(taken.tags, 7 << 10);
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void end_event_names_the_next_offset(void)
{
    open_topics();
    kafka_room_fill(&room, T("b"), 0, 7);
    struct kafka_consumer *consumer = kafka_room_consumer(&room, true);
    CHECK_INT(assign(consumer, T("b"), 0, KAFKA_END), STATUS_OK);
    struct kafka_record record;
    fd_wait(kafka_consumer_fd(consumer));
    while (kafka_consumer_poll(consumer, &record, 1) == 0)
        fd_wait(kafka_consumer_fd(consumer));
    CHECK_INT(record.kind, KAFKA_END_OF_PARTITION);
    CHECK_INT(record.offset, 7);
    CHECK_INT(record.partition, 0);
    CHECK(text_equals(record.topic, "b"));
    kafka_consumer_release(consumer, &record, 1);
    kafka_consumer_release(consumer, &record, 1); // a second time is harmless
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void assign_of_an_assigned_partition_changes_nothing(void)
{
    open_topics();
    struct kafka_consumer *consumer = kafka_room_consumer(&room, false);
    CHECK_INT(assign(consumer, T("a"), 0, 0), STATUS_OK);
    struct kafka_assignment assignments[] = {{T("b"), 0, 0, 1}, {T("a"), 0, 0, 2}};
    CHECK_INT(kafka_consumer_assign(consumer, assignments, 2), STATUS_EXISTS);
    CHECK_INT(kafka_consumer_partition_count(consumer), 1);
    struct kafka_assignment twice[] = {{T("b"), 0, 0, 1}, {T("b"), 0, 0, 2}};
    CHECK_INT(kafka_consumer_assign(consumer, twice, 2), STATUS_EXISTS);
    CHECK_INT(assign(consumer, T("b"), 0, 0), STATUS_OK);
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void unassign_of_a_stranger_changes_nothing(void)
{
    open_topics();
    kafka_room_fill(&room, T("a"), 0, 3);
    struct kafka_consumer *consumer = kafka_room_consumer(&room, true);
    CHECK_INT(assign(consumer, T("a"), 0, 0), STATUS_OK);
    struct kafka_partition some[] = {{T("a"), 0}, {T("b"), 0}};
    CHECK_INT(kafka_consumer_unassign(consumer, some, 2), STATUS_NOT_FOUND);
    struct kafka_partition twice[] = {{T("a"), 0}, {T("a"), 0}};
    CHECK_INT(kafka_consumer_unassign(consumer, twice, 2), STATUS_NOT_FOUND);
    struct taken taken = {0};
    consumer_take(consumer, &taken, 3, 1);
    CHECK_INT(taken.records, 3);
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void check_refused(struct kafka_consumer *consumer, enum status actual, enum status expected,
                          const char *why)
{
    CHECK_INT(actual, expected);
    CHECK_TEXT(kafka_consumer_fault(consumer), why);
    CHECK_INT(kafka_consumer_partition_count(consumer), 1);
}

// TG-2, TG-3: a change that names what is there, what is not there, a thing twice or nothing is
// refused as a whole, with the offender; what is read is read on, and nothing else.
static void refused_change_names_the_offender_and_changes_nothing(void)
{
    open_topics();
    kafka_room_fill(&room, T("a"), 0, 3);
    kafka_room_fill(&room, T("b"), 0, 3);
    struct kafka_consumer *consumer = kafka_room_consumer(&room, true);
    CHECK_INT(assign(consumer, T("a"), 0, 0), STATUS_OK);
    CHECK_TEXT(kafka_consumer_fault(consumer), "");
    struct kafka_assignment owned[] = {{T("b"), 0, 0, 1}, {T("a"), 0, 0, 2}};
    struct kafka_assignment twice[] = {{T("b"), 0, 0, 1}, {T("b"), 0, 0, 2}};
    struct kafka_assignment empty[] = {{T("b"), 0, 0, 1}, {T(""), 0, 0, 2}};
    check_refused(consumer, kafka_consumer_assign(consumer, owned, 2), STATUS_EXISTS,
                  "'a/0' is assigned already");
    check_refused(consumer, kafka_consumer_assign(consumer, twice, 2), STATUS_EXISTS,
                  "'b/0' is assigned already");
    check_refused(consumer, kafka_consumer_assign(consumer, empty, 2), STATUS_INVALID,
                  "'/0' has no topic's name, partition or offset");
    struct kafka_partition unowned[] = {{T("a"), 0}, {T("a"), 1}};
    struct kafka_partition again[] = {{T("a"), 0}, {T("a"), 0}};
    struct kafka_partition nameless[] = {{T("a"), 0}, {T(""), 0}};
    check_refused(consumer, kafka_consumer_unassign(consumer, unowned, 2), STATUS_NOT_FOUND,
                  "'a/1' is not assigned");
    check_refused(consumer, kafka_consumer_unassign(consumer, again, 2), STATUS_NOT_FOUND,
                  "'a/0' is named twice");
    check_refused(consumer, kafka_consumer_unassign(consumer, nameless, 2), STATUS_NOT_FOUND,
                  "'/0' is not assigned");
    struct taken taken = {0};
    consumer_take(consumer, &taken, 3, 1);
    kafka_room_fill(&room, T("a"), 0, 2);
    consumer_take(consumer, &taken, 5, 2);
    CHECK_INT(taken.records, 5);
    CHECK_INT(taken.faults, 0);
    CHECK_INT(taken.tags, 1 << 1);
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

// Whoever reads a partition from elsewhere gets nothing of what was fetched before, records or
// ends.
static void what_was_fetched_before_a_new_assignment_is_not_handed_out(void)
{
    struct kafka_record records[100];
    open_topics();
    kafka_room_fill(&room, T("b"), 0, 50);
    struct kafka_consumer *consumer = kafka_room_consumer(&room, true);
    for (int round = 0; round < 20; round++) {
        CHECK_INT(assign(consumer, T("b"), 0, 45), STATUS_OK);
        while (round % 4 > 0 && kafka_consumer_poll(consumer, records, 1) == 0)
            fd_wait(kafka_consumer_fd(consumer));
        if (round % 4 > 0)
            kafka_consumer_release(consumer, records, 1);
        CHECK_INT(unassign(consumer, T("b"), 0), STATUS_OK);
        CHECK_INT(assign(consumer, T("b"), 0, 0), STATUS_OK);
        int64_t next = 0;
        while (next <= 50) {
            fd_wait(kafka_consumer_fd(consumer));
            uint32_t count = kafka_consumer_poll(consumer, records, 100);
            for (uint32_t i = 0; i < count; i++)
                CHECK_INT(records[i].offset, next++);
            kafka_consumer_release(consumer, records, count);
        }
        CHECK_INT(unassign(consumer, T("b"), 0), STATUS_OK);
    }
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void unassign_stops_only_its_own(void)
{
    open_topics();
    struct kafka_consumer *consumer = kafka_room_consumer(&room, true);
    CHECK_INT(assign(consumer, T("a"), 0, 0), STATUS_OK);
    CHECK_INT(assign(consumer, T("a"), 1, 0), STATUS_OK);
    CHECK_INT(assign(consumer, T("b"), 0, 0), STATUS_OK);
    struct taken taken = {0};
    consumer_take(consumer, &taken, 0, 3);
    kafka_room_fill(&room, T("a"), 0, 5);
    CHECK_INT(unassign(consumer, T("a"), 0), STATUS_OK);
    kafka_room_fill(&room, T("a"), 1, 5);
    kafka_room_fill(&room, T("b"), 0, 5);
    taken = (struct taken){0};
    consumer_take(consumer, &taken, 10, 0);
    CHECK_INT(taken.records, 10);
    CHECK_INT(taken.tags,
              1 << 2 | 1 << 1); // b/0 has tag 1 as a/0 had; a/0's five are not among them
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void unassigned_partition_is_not_handed_out_from_the_queue(void)
{
    open_topics();
    kafka_room_fill(&room, T("a"), 0, 50);
    struct kafka_consumer *consumer = kafka_room_consumer(&room, false);
    CHECK_INT(assign(consumer, T("a"), 0, 0), STATUS_OK);
    struct kafka_record record;
    fd_wait(kafka_consumer_fd(consumer));
    while (kafka_consumer_poll(consumer, &record, 1) == 0)
        fd_wait(kafka_consumer_fd(consumer));
    CHECK_INT(unassign(consumer, T("a"), 0), STATUS_OK);
    // What was handed out stays valid; the rest does not come, and what comes next starts anew.
    CHECK(text_equals(record.value, "0"));
    CHECK_INT(assign(consumer, T("a"), 0, 40), STATUS_OK);
    struct taken taken = {0};
    consumer_take(consumer, &taken, 10, 0);
    CHECK_INT(taken.records, 10);
    CHECK_TEXT(taken.last_value, "49");
    kafka_consumer_release(consumer, &record, 1);
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void fd_stays_readable_until_everything_is_taken(void)
{
    open_topics();
    kafka_room_fill(&room, T("a"), 0, 200);
    struct kafka_consumer *consumer = kafka_room_consumer(&room, true);
    CHECK_INT(assign(consumer, T("a"), 0, 0), STATUS_OK);
    struct kafka_record few[7];
    uint32_t records = 0;
    bool is_at_end = false;
    while (!is_at_end) {
        fd_wait(kafka_consumer_fd(consumer));
        uint32_t got = kafka_consumer_poll(consumer, few, 7);
        for (uint32_t i = 0; i < got; i++) {
            records += few[i].kind == KAFKA_RECORD;
            is_at_end |= few[i].kind == KAFKA_END_OF_PARTITION;
        }
        kafka_consumer_release(consumer, few, got);
    }
    CHECK_INT(records, 200);
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void lost_offset_is_told_and_stops_the_partition_alone(void)
{
    open_topics();
    kafka_room_fill(&room, T("a"), 0, 5);
    kafka_room_fill(&room, T("a"), 1, 5);
    struct kafka_consumer *consumer = kafka_room_consumer(&room, false);
    CHECK_INT(assign(consumer, T("a"), 0, 1000), STATUS_OK);
    struct taken taken = {0};
    consumer_take(consumer, &taken, 1, 0);
    CHECK_INT(taken.faults, 1);
    CHECK_INT(taken.last_fault, KAFKA_OFFSET_LOST);
    CHECK_INT(assign(consumer, T("a"), 1, 0), STATUS_OK);
    taken = (struct taken){0};
    consumer_take(consumer, &taken, 5, 0);
    CHECK_INT(taken.records, 5);
    CHECK_INT(unassign(consumer, T("a"), 0), STATUS_OK);
    CHECK_INT(assign(consumer, T("a"), 0, 2), STATUS_OK);
    consumer_take(consumer, &taken, 8, 0);
    CHECK_INT(taken.records, 8);
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void bad_names_partitions_and_offsets_are_refused(void)
{
    open_topics();
    struct kafka_consumer *consumer = kafka_room_consumer(&room, false);
    CHECK_INT(assign(consumer, T(""), 0, 0), STATUS_INVALID);
    CHECK_INT(assign(consumer, T(".."), 0, 0), STATUS_INVALID);
    CHECK_INT(assign(consumer, T("a/b"), 0, 0), STATUS_INVALID);
    CHECK_INT(assign(consumer, T("a"), -1, 0), STATUS_INVALID);
    CHECK_INT(assign(consumer, T("a"), 0, -3), STATUS_INVALID);
    CHECK_INT(kafka_consumer_prepare(consumer, T("a b")), STATUS_INVALID);
    CHECK_INT(kafka_consumer_partition_count(consumer), 0);
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void topics_of_a_handle_are_limited(void)
{
    kafka_room_open(&room, 1);
    struct kafka_consumer *consumer = kafka_room_consumer(&room, false);
    char name[16];
    for (int i = 0; i < KAFKA_CONSUMER_TOPICS_MAX; i++) {
        snprintf(name, sizeof name, "t%d", i);
        REQUIRE(kafka_consumer_prepare(consumer, text_of(name)) == STATUS_OK);
    }
    CHECK_INT(kafka_consumer_prepare(consumer, T("t0")), STATUS_OK);
    CHECK_INT(kafka_consumer_prepare(consumer, T("one-more")), STATUS_TOO_LARGE);
    CHECK_INT(assign(consumer, T("one-more"), 0, 0), STATUS_TOO_LARGE);
    CHECK_INT(kafka_consumer_topic_count(consumer), KAFKA_CONSUMER_TOPICS_MAX);
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

// The embedded broker does not say what it was asked, but librdkafka tells what it asks, and why.
// Of lines that differ in their numbers only the watch keeps the first.
static void take_log(struct buffer *log)
{
    buffer_clear(log);
    while (kafka_watch_next(room.watch, log))
        buffer_add_string(log, "\n");
}

static void new_topics_of_a_running_reader_are_asked_for_together(void)
{
    enum { TOPICS = 60 };
    char names[TOPICS][16];
    struct kafka_assignment assignments[TOPICS];
    open_topics();
    kafka_settings_add(&room.settings, T("debug"), T("metadata"));
    struct kafka_consumer *consumer = kafka_room_consumer(&room, true);
    CHECK_INT(assign(consumer, T("a"), 0, 0), STATUS_OK);
    struct taken taken = {0};
    consumer_take(consumer, &taken, 0, 1);
    struct buffer log = {0};
    take_log(&log);
    for (int i = 0; i < TOPICS; i++) {
        snprintf(names[i], sizeof names[i], "t%d", i);
        assignments[i] = (struct kafka_assignment){text_of(names[i]), 0, 0, 1};
        REQUIRE(kafka_mock_create_topic(room.mock, text_of(names[i]), 1) == STATUS_OK);
        CHECK_INT(kafka_consumer_prepare(consumer, text_of(names[i])), STATUS_OK);
    }
    kafka_consumer_ask(consumer);
    CHECK_INT(kafka_consumer_assign(consumer, assignments, TOPICS), STATUS_OK);
    consumer_take(consumer, &taken, 0, 1 + TOPICS);
    take_log(&log);
    CHECK(strstr(buffer_string(&log), "for 60/60 topics: query partition leaders") != NULL);
    CHECK(strstr(buffer_string(&log), "topics: leader query") == NULL); // of one alone
    buffer_finish(&log);
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void destroy_is_bounded_when_the_cluster_is_gone(void)
{
    open_topics();
    struct kafka_consumer *consumer = kafka_room_consumer(&room, true);
    CHECK_INT(assign(consumer, T("a"), 0, 0), STATUS_OK);
    struct taken taken = {0};
    consumer_take(consumer, &taken, 0, 1);
    kafka_mock_set_down(room.mock, 1);
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void wrong_settings_are_told(void)
{
    struct kafka_settings settings = {0};
    struct kafka_consumer_options options = {0};
    struct kafka_consumer *consumer = NULL;
    struct buffer fault = {0};
    CHECK_INT(kafka_consumer_create(&settings, &options, &fault, &consumer), STATUS_INVALID);
    CHECK(strstr(buffer_string(&fault), "bootstrap.servers") != NULL);
    kafka_settings_add(&settings, T("bootstrap.servers"), T("127.0.0.1:1"));
    kafka_settings_add(&settings, T("group.id"), T("x"));
    buffer_clear(&fault);
    CHECK_INT(kafka_consumer_create(&settings, &options, &fault, &consumer), STATUS_INVALID);
    CHECK_TEXT(buffer_string(&fault), "'kafka.group.id' is set by muster itself; leave it out");
    CHECK(consumer == NULL);
    buffer_finish(&fault);
    kafka_settings_finish(&settings);
}

static const struct test tests[] = {
    TEST(records_of_all_assigned_partitions_come_with_their_tags),
    TEST(end_event_names_the_next_offset),
    TEST(assign_of_an_assigned_partition_changes_nothing),
    TEST(unassign_of_a_stranger_changes_nothing),
    TEST(refused_change_names_the_offender_and_changes_nothing),
    TEST(what_was_fetched_before_a_new_assignment_is_not_handed_out),
    TEST(unassign_stops_only_its_own),
    TEST(unassigned_partition_is_not_handed_out_from_the_queue),
    TEST(fd_stays_readable_until_everything_is_taken),
    TEST(lost_offset_is_told_and_stops_the_partition_alone),
    TEST(bad_names_partitions_and_offsets_are_refused),
    TEST(topics_of_a_handle_are_limited),
    TEST(new_topics_of_a_running_reader_are_asked_for_together),
    TEST(destroy_is_bounded_when_the_cluster_is_gone),
    TEST(wrong_settings_are_told),
};
TEST_MAIN("kafka/consumer", tests)
