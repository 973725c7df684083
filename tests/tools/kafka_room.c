// SPDX-License-Identifier: Apache-2.0
//
// What the embedded broker cannot show of src/kafka: fencing, aborted transactions, admin calls,
// missing and deleted topics. Run by tests/system/kafka_room.py against a real Kafka whose address
// is in MUSTER_TEST_SERVERS; arguments are names of tests.
#include "embedded/kafka_room.c"

#include <stdlib.h>
#include <time.h>

#include "kafka/layout.h"

static struct kafka_room room;
static const struct kafka_ask ask = {7, {INT64_C(30000000)}};

static void room_open(void)
{
    const char *servers = getenv("MUSTER_TEST_SERVERS");
    REQUIRE(servers != NULL);
    kafka_room_join(&room, servers);
}

static struct kafka_reply *await(struct kafka_admin *admin)
{
    struct kafka_reply *reply = kafka_admin_wait(admin, PATIENCE);
    REQUIRE(reply != NULL);
    if (reply->status)
        printf("     %.*s\n", TEXT_ARGS(reply->text));
    return reply;
}

static void create_topic(struct kafka_admin *admin, const char *name, uint32_t partitions,
                         const struct kafka_property *settings, uint32_t setting_count)
{
    struct kafka_new_topic topic = {text_of(name), partitions, settings, setting_count};
    REQUIRE(kafka_admin_create_topics(admin, ask, &topic, 1) == STATUS_OK);
    struct kafka_reply *reply = await(admin);
    REQUIRE(reply->status == STATUS_OK);
    CHECK_INT(reply->topics[0].status, STATUS_OK);
    kafka_reply_release(reply);
    // A new topic is known to every broker a moment later.
    struct text text = text_of(name);
    for (uint32_t found = 0; found != partitions;) {
        REQUIRE(kafka_admin_find_topics(admin, ask, &text, 1) == STATUS_OK);
        reply = await(admin);
        found = reply->topics[0].partitions;
        kafka_reply_release(reply);
    }
}

static int64_t end_of(struct kafka_admin *admin, const char *topic)
{
    struct kafka_partition partition = {text_of(topic), 0};
    REQUIRE(kafka_admin_find_offsets(admin, ask, KAFKA_END, &partition, 1) == STATUS_OK);
    struct kafka_reply *reply = await(admin);
    CHECK_INT(reply->offsets[0].status, STATUS_OK);
    int64_t end = reply->offsets[0].offset;
    kafka_reply_release(reply);
    return end;
}

static void successor_fences_its_predecessor(void)
{
    room_open();
    struct kafka_admin *admin = kafka_room_admin(&room, "");
    create_topic(admin, "fence", 1, NULL, 0);
    struct kafka_message one = {.topic = T("fence"), .key = T("k"), .value = T("one")};
    struct kafka_message two = {.topic = T("fence"), .key = T("k"), .value = T("two")};
    struct kafka_transactor *old = kafka_room_transactor(&room, "fence.coordinator");
    struct kafka_transactor *new = kafka_room_transactor(&room, "fence.coordinator");
    CHECK_INT(transactor_init(old).outcome, KAFKA_READY);
    CHECK_INT(transactor_commit(old, &one, 1).outcome, KAFKA_COMMITTED);
    CHECK_INT(transactor_init(new).outcome, KAFKA_READY);
    struct kafka_answer answer = transactor_commit(old, &two, 1);
    CHECK_INT(answer.outcome, KAFKA_FENCED);
    CHECK_INT(answer.status, STATUS_FENCED);
    CHECK(strlen(answer.text) > 0);
    CHECK_INT(transactor_commit(new, &one, 1).outcome, KAFKA_COMMITTED);
    // And back again.
    CHECK_INT(transactor_init(old).outcome, KAFKA_READY);
    CHECK_INT(transactor_commit(old, &one, 1).outcome, KAFKA_COMMITTED);
    CHECK_INT(transactor_commit(new, &two, 1).outcome, KAFKA_FENCED);
    struct kafka_consumer *consumer = kafka_room_consumer(&room, true);
    struct kafka_assignment assignment = {T("fence"), 0, 0, 1};
    CHECK_INT(kafka_consumer_assign(consumer, &assignment, 1), STATUS_OK);
    struct taken taken = {0};
    consumer_take(consumer, &taken, 3, 1);
    CHECK_INT(taken.records, 3);
    CHECK_TEXT(taken.last_value, "one");
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    CHECK_INT(kafka_transactor_destroy(old, PATIENCE), STATUS_OK);
    CHECK_INT(kafka_transactor_destroy(new, PATIENCE), STATUS_OK);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

// The broker takes the first partition's message and refuses the second's, so the first is aborted.
static void aborted_batch_is_never_seen(void)
{
    room_open();
    struct kafka_admin *admin = kafka_room_admin(&room, "");
    struct kafka_property small = {T("max.message.bytes"), T("500")};
    create_topic(admin, "aborted", 1, NULL, 0);
    create_topic(admin, "small", 1, &small, 1);
    struct kafka_transactor *transactor = kafka_room_transactor(&room, "aborted.coordinator");
    CHECK_INT(transactor_init(transactor).outcome, KAFKA_READY);
    char large[2000];
    memset(large, 'x', sizeof large);
    struct kafka_message messages[] = {
        {.topic = T("aborted"), .key = T("k"), .value = T("never")},
        {.topic = T("small"), .key = T("k"), .value = {large, sizeof large}}};
    struct kafka_answer answer = transactor_commit(transactor, messages, 2);
    CHECK_INT(answer.outcome, KAFKA_FAILED);
    CHECK_INT(answer.status, STATUS_TOO_LARGE);
    messages[0].value = T("seen");
    CHECK_INT(transactor_commit(transactor, messages, 1).outcome, KAFKA_COMMITTED);
    struct kafka_consumer *consumer = kafka_room_consumer(&room, true);
    struct kafka_assignment assignment = {T("aborted"), 0, 0, 1};
    CHECK_INT(kafka_consumer_assign(consumer, &assignment, 1), STATUS_OK);
    struct taken taken = {0};
    consumer_take(consumer, &taken, 1, 1);
    CHECK_INT(taken.records, 1);
    CHECK_TEXT(taken.last_value, "seen");
    // Control records leave the end behind the last record's offset.
    CHECK(end_of(admin, "aborted") > 2);
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    CHECK_INT(kafka_transactor_destroy(transactor, PATIENCE), STATUS_OK);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void topics_are_created_described_and_deleted(void)
{
    room_open();
    struct kafka_admin *admin = kafka_room_admin(&room, "");
    struct kafka_property settings[] = {{T("cleanup.policy"), T("compact")},
                                        {T("segment.ms"), T("3600000")},
                                        {T("message.timestamp.type"), T("LogAppendTime")}};
    create_topic(admin, "made", 4, settings, 3);
    struct kafka_new_topic again = {T("made"), 4, settings, 3};
    CHECK_INT(kafka_admin_create_topics(admin, ask, &again, 1), STATUS_OK);
    struct kafka_reply *reply = await(admin);
    CHECK_INT(reply->status, STATUS_OK);
    CHECK_INT(reply->topics[0].status, STATUS_EXISTS);
    kafka_reply_release(reply);

    struct text names[] = {T("missing"), T("made")};
    CHECK_INT(kafka_admin_describe_topics(admin, ask, names, 2), STATUS_OK);
    reply = await(admin);
    CHECK_INT(reply->topics[0].status, STATUS_NOT_FOUND);
    CHECK_INT(reply->topics[1].status, STATUS_OK);
    int seen = 0;
    for (uint32_t i = 0; i < reply->setting_count; i++)
        for (int k = 0; k < 3; k++)
            if (text_equal(reply->settings[i].name, settings[k].name)) {
                CHECK(text_equal(reply->settings[i].value, settings[k].value));
                CHECK(!reply->settings[i].is_default);
                seen++;
            }
    CHECK_INT(seen, 3);
    kafka_reply_release(reply);

    CHECK_INT(kafka_admin_find_topics(admin, ask, names, 2), STATUS_OK);
    reply = await(admin);
    CHECK_INT(reply->topics[0].status, STATUS_NOT_FOUND);
    CHECK_INT(reply->topics[1].partitions, 4);
    kafka_reply_release(reply);

    CHECK_INT(kafka_admin_delete_topics(admin, ask, names, 2), STATUS_OK);
    reply = await(admin);
    CHECK_INT(reply->topics[0].status, STATUS_NOT_FOUND);
    CHECK_INT(reply->topics[1].status, STATUS_OK);
    kafka_reply_release(reply);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void wrong_topic_settings_are_told_one_by_one(void)
{
    room_open();
    struct kafka_admin *admin = kafka_room_admin(&room, "");
    struct kafka_property wrong = {T("cleanup.policy"), T("burn")};
    struct kafka_new_topic topics[] = {{T("wrong"), 1, &wrong, 1}, {T("right"), 1, NULL, 0}};
    CHECK_INT(kafka_admin_create_topics(admin, ask, topics, 2), STATUS_OK);
    struct kafka_reply *reply = await(admin);
    CHECK_INT(reply->status, STATUS_OK);
    CHECK_INT(reply->topics[0].status, STATUS_INVALID);
    CHECK(strstr(reply->topics[0].text.data, "burn") != NULL);
    CHECK_INT(reply->topics[1].status, STATUS_OK);
    kafka_reply_release(reply);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

// Asks until every topic is known to the broker that answers.
static struct kafka_reply *describe_new(struct kafka_admin *admin, const struct text *names,
                                        uint32_t count)
{
    for (;;) {
        REQUIRE(kafka_admin_describe_topics(admin, ask, names, count) == STATUS_OK);
        struct kafka_reply *reply = await(admin);
        uint32_t known = 0;
        for (uint32_t i = 0; i < reply->topic_count; i++)
            known += reply->topics[i].status == STATUS_OK;
        if (known == count)
            return reply;
        kafka_reply_release(reply);
    }
}

static void cell_is_laid_out_and_accepted(void)
{
    room_open();
    struct kafka_admin *admin = kafka_room_admin(&room, "");
    struct kafka_new_topic plans[KAFKA_CELL_TOPICS];
    struct text names[KAFKA_CELL_TOPICS];
    struct buffer buffers[KAFKA_CELL_TOPICS] = {0};
    struct buffer fault = {0};
    for (int i = 0; i < KAFKA_CELL_TOPICS; i++) {
        kafka_layout_print((enum kafka_cell_topic)i, T("cell"), &buffers[i]);
        names[i] = buffer_text(&buffers[i]);
        plans[i] = kafka_layout_plan((enum kafka_cell_topic)i, names[i]);
    }
    CHECK_INT(kafka_admin_create_topics(admin, ask, plans, KAFKA_CELL_TOPICS), STATUS_OK);
    struct kafka_reply *reply = await(admin);
    for (uint32_t i = 0; i < reply->topic_count; i++)
        CHECK_INT(reply->topics[i].status, STATUS_OK);
    kafka_reply_release(reply);
    reply = describe_new(admin, names, KAFKA_CELL_TOPICS);
    for (int i = 0; i < KAFKA_CELL_TOPICS; i++)
        CHECK_INT(kafka_layout_check_settings((enum kafka_cell_topic)i, names[i], reply, &fault),
                  STATUS_OK);
    CHECK_TEXT(buffer_string(&fault), "");
    kafka_reply_release(reply);
    for (int i = 0; i < KAFKA_CELL_TOPICS; i++)
        buffer_finish(&buffers[i]);
    buffer_finish(&fault);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void offsets_of_missing_topics_do_not_hold_up_the_others(void)
{
    room_open();
    struct kafka_admin *admin = kafka_room_admin(&room, "");
    create_topic(admin, "there", 2, NULL, 0);
    kafka_room_fill(&room, T("there"), 1, 9);
    struct kafka_partition partitions[] = {{T("gone"), 0}, {T("there"), 1}, {T("there"), 7}};
    struct timespec before;
    struct timespec after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    CHECK_INT(kafka_admin_find_offsets(admin, ask, KAFKA_END, partitions, 3), STATUS_OK);
    struct kafka_reply *reply = await(admin);
    clock_gettime(CLOCK_MONOTONIC, &after);
    printf("     three ends, two of them of nothing: %ld ms\n",
           (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000);
    CHECK_INT(reply->status, STATUS_OK);
    CHECK_INT(reply->offsets[0].status, STATUS_NOT_FOUND);
    CHECK_INT(reply->offsets[0].offset, -1);
    CHECK_INT(reply->offsets[1].status, STATUS_OK);
    CHECK_INT(reply->offsets[1].offset, 9);
    CHECK_INT(reply->offsets[2].status, STATUS_NOT_FOUND);
    kafka_reply_release(reply);
    CHECK_INT(kafka_admin_find_offsets(admin, ask, KAFKA_END, partitions, 1), STATUS_OK);
    reply = await(admin);
    CHECK_INT(reply->status, STATUS_OK);
    CHECK_INT(reply->offsets[0].status, STATUS_NOT_FOUND);
    kafka_reply_release(reply);
    // By time: from the beginning of time the first record, from the far future none.
    CHECK_INT(kafka_admin_find_offsets(admin, ask, 0, partitions + 1, 1), STATUS_OK);
    reply = await(admin);
    CHECK_INT(reply->offsets[0].offset, 0);
    kafka_reply_release(reply);
    CHECK_INT(kafka_admin_find_offsets(admin, ask, INT64_C(4000000000000), partitions + 1, 1),
              STATUS_OK);
    reply = await(admin);
    CHECK_INT(reply->offsets[0].offset, -1);
    kafka_reply_release(reply);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void offsets_of_a_group_survive_the_handle(void)
{
    room_open();
    struct kafka_admin *admin = kafka_room_admin(&room, "offsets.pool");
    create_topic(admin, "committed", 2, NULL, 0);
    struct kafka_offset offsets[] = {
        {.topic = T("committed"), .partition = 1, .offset = 5, .metadata = T("fence=3")},
        {.topic = T("gone"), .partition = 0, .offset = 5}};
    CHECK_INT(kafka_admin_commit(admin, ask, offsets, 2), STATUS_OK);
    struct kafka_reply *reply = await(admin);
    CHECK_INT(reply->status, STATUS_OK);
    CHECK_INT(reply->offsets[0].status, STATUS_OK);
    CHECK_INT(reply->offsets[1].status, STATUS_NOT_FOUND);
    kafka_reply_release(reply);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    admin = kafka_room_admin(&room, "offsets.pool");
    struct kafka_partition partitions[] = {
        {T("committed"), 0}, {T("committed"), 1}, {T("gone"), 0}};
    CHECK_INT(kafka_admin_find_committed(admin, ask, partitions, 3), STATUS_OK);
    reply = await(admin);
    CHECK_INT(reply->status, STATUS_OK);
    CHECK_INT(reply->offsets[0].offset, -1);
    CHECK_INT(reply->offsets[1].offset, 5);
    CHECK(text_equals(reply->offsets[1].metadata, "fence=3"));
    CHECK_INT(reply->offsets[2].offset, -1);
    kafka_reply_release(reply);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

// The group named in MUSTER_TEST_GROUP has a member that was here first.
static void commit_into_a_group_with_members_is_denied(void)
{
    room_open();
    const char *group = getenv("MUSTER_TEST_GROUP");
    REQUIRE(group != NULL);
    struct kafka_admin *admin = kafka_room_admin(&room, group);
    create_topic(admin, "strangers", 1, NULL, 0);
    struct kafka_offset offset = {.topic = T("strangers"), .offset = 1};
    CHECK_INT(kafka_admin_commit(admin, ask, &offset, 1), STATUS_OK);
    struct kafka_reply *reply = await(admin);
    CHECK_INT(reply->status, STATUS_DENIED);
    kafka_reply_release(reply);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void destroy_is_bounded_when_an_assigned_topic_is_deleted(void)
{
    room_open();
    struct kafka_admin *admin = kafka_room_admin(&room, "");
    create_topic(admin, "doomed", 1, NULL, 0);
    kafka_room_fill(&room, T("doomed"), 0, 3);
    struct kafka_consumer *consumer = kafka_room_consumer(&room, true);
    struct kafka_assignment assignment = {T("doomed"), 0, 0, 1};
    CHECK_INT(kafka_consumer_assign(consumer, &assignment, 1), STATUS_OK);
    struct taken taken = {0};
    consumer_take(consumer, &taken, 3, 1);
    struct text name = T("doomed");
    CHECK_INT(kafka_admin_delete_topics(admin, ask, &name, 1), STATUS_OK);
    kafka_reply_release(await(admin));
    // The consumer has heard of it once it reports a fault.
    taken = (struct taken){0};
    consumer_take(consumer, &taken, 1, 0);
    CHECK_INT(taken.last_fault, KAFKA_PARTITION_FAULT);
    enum status status = kafka_consumer_destroy(consumer, span_of_ms(3000));
    printf("     consumer of a deleted topic: %s\n", status_text(status));
    CHECK(status == STATUS_OK || status == STATUS_TIMEOUT);
    struct buffer line = {0};
    bool is_told = false;
    while (kafka_watch_next(room.watch, &line)) {
        is_told |= strstr(buffer_string(&line), "left behind") != NULL;
        buffer_clear(&line);
    }
    CHECK_INT(is_told, status == STATUS_TIMEOUT);
    buffer_finish(&line);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void new_topic_is_read_soon_after_it_is_assigned(void)
{
    room_open();
    struct kafka_admin *admin = kafka_room_admin(&room, "");
    struct kafka_consumer *consumer = kafka_room_consumer(&room, true);
    for (int i = 0; i < 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "soon-%d", i);
        create_topic(admin, name, 1, NULL, 0);
        kafka_room_fill(&room, text_of(name), 0, 1);
        struct kafka_assignment assignment = {text_of(name), 0, 0, 1};
        struct timespec before;
        struct timespec after;
        clock_gettime(CLOCK_MONOTONIC, &before);
        CHECK_INT(kafka_consumer_assign(consumer, &assignment, 1), STATUS_OK);
        struct taken taken = {0};
        consumer_take(consumer, &taken, 1, 0);
        clock_gettime(CLOCK_MONOTONIC, &after);
        printf("     assign to first record: %ld ms\n",
               (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000);
    }
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void transactions_take_a_few_milliseconds(void)
{
    room_open();
    struct kafka_admin *admin = kafka_room_admin(&room, "");
    create_topic(admin, "pace", 4, NULL, 0);
    struct kafka_transactor *transactor = kafka_room_transactor(&room, "pace.coordinator");
    CHECK_INT(transactor_init(transactor).outcome, KAFKA_READY);
    struct kafka_message messages[4];
    for (int i = 0; i < 4; i++)
        messages[i] = (struct kafka_message){
            .topic = T("pace"), .partition = i, .key = T("k"), .value = T("v")};
    int64_t sum_us = 0;
    for (int i = 0; i < 100; i++) {
        struct kafka_answer answer = transactor_commit(transactor, messages, 4);
        CHECK_INT(answer.outcome, KAFKA_COMMITTED);
        sum_us += answer.duration_us;
    }
    printf("     mean of 100 transactions over 4 partitions: %lld us\n", (long long)sum_us / 100);
    CHECK_INT(kafka_transactor_destroy(transactor, PATIENCE), STATUS_OK);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static const struct test tests[] = {
    TEST(successor_fences_its_predecessor),
    TEST(aborted_batch_is_never_seen),
    TEST(topics_are_created_described_and_deleted),
    TEST(wrong_topic_settings_are_told_one_by_one),
    TEST(cell_is_laid_out_and_accepted),
    TEST(offsets_of_missing_topics_do_not_hold_up_the_others),
    TEST(offsets_of_a_group_survive_the_handle),
    TEST(commit_into_a_group_with_members_is_denied),
    TEST(destroy_is_bounded_when_an_assigned_topic_is_deleted),
    TEST(new_topic_is_read_soon_after_it_is_assigned),
    TEST(transactions_take_a_few_milliseconds),
};
TEST_MAIN("kafka on a real cluster", tests)
