// SPDX-License-Identifier: Apache-2.0
// label: threaded
//
// Questions to the embedded cluster, which makes every topic that is asked for and knows no admin
// calls; tests/system/kafka_room.py asks a real Kafka the rest.
#include "kafka_room.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static struct kafka_room room;
static const struct kafka_ask ask = {7, {INT64_C(30000000)}};

static void open_topics(void)
{
    kafka_room_open(&room, 3);
    REQUIRE(kafka_mock_create_topic(room.mock, T("a"), 2) == STATUS_OK);
    REQUIRE(kafka_mock_create_topic(room.mock, T("b"), 5) == STATUS_OK);
}

static struct kafka_reply *await(struct kafka_admin *admin)
{
    struct kafka_reply *reply = kafka_admin_wait(admin, PATIENCE);
    REQUIRE(reply != NULL);
    return reply;
}

static void cluster_says_its_id_and_brokers(void)
{
    open_topics();
    struct kafka_admin *admin = kafka_room_admin(&room, "");
    CHECK_INT(kafka_admin_describe_cluster(admin, ask), STATUS_OK);
    fd_wait(kafka_admin_fd(admin));
    struct kafka_reply *reply = kafka_admin_poll(admin);
    REQUIRE(reply != NULL);
    CHECK_INT(reply->number, 7);
    CHECK_INT(reply->request, KAFKA_DESCRIBE_CLUSTER);
    CHECK_INT(reply->status, STATUS_OK);
    CHECK_INT(reply->broker_count, 3);
    CHECK(reply->cluster_id.size > 0);
    CHECK(kafka_admin_poll(admin) == NULL);
    kafka_reply_release(reply);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void topics_are_found_in_the_order_asked(void)
{
    open_topics();
    struct kafka_admin *admin = kafka_room_admin(&room, "");
    struct text names[] = {T("b"), T("a"), T("b")};
    CHECK_INT(kafka_admin_find_topics(admin, ask, names, 3), STATUS_OK);
    struct kafka_reply *reply = await(admin);
    CHECK_INT(reply->status, STATUS_OK);
    REQUIRE(reply->topic_count == 3);
    CHECK_INT(reply->topics[0].partitions, 5);
    CHECK_INT(reply->topics[1].partitions, 2);
    CHECK_INT(reply->topics[2].partitions, 5);
    CHECK(text_equals(reply->topics[1].name, "a"));
    kafka_reply_release(reply);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void many_topics_are_found_over_several_requests(void)
{
    static char names[3000][24];
    static struct text texts[3000];
    open_topics();
    for (int i = 0; i < 3000; i++) {
        snprintf(names[i], sizeof names[i], "many-%d", i);
        texts[i] = text_of(names[i]);
        REQUIRE(kafka_mock_create_topic(room.mock, texts[i], 1) == STATUS_OK);
    }
    struct kafka_admin *admin = kafka_room_admin(&room, "");
    CHECK_INT(kafka_admin_find_topics(admin, ask, texts, 1001), STATUS_TOO_LARGE);
    static const uint32_t firsts[] = {0, 1000, 2000, 1990, 1500}; // all, few, many of them new
    static const uint32_t counts[] = {1000, 1000, 1000, 20, 700};
    for (int i = 0; i < 5; i++)
        CHECK_INT(kafka_admin_find_topics(admin, ask, texts + firsts[i], counts[i]), STATUS_OK);
    for (int i = 0; i < 5; i++) {
        struct kafka_reply *reply = await(admin);
        CHECK_INT(reply->status, STATUS_OK);
        uint32_t found = 0;
        for (uint32_t k = 0; k < reply->topic_count; k++)
            found += reply->topics[k].status == STATUS_OK && reply->topics[k].partitions == 1;
        CHECK_INT(found, counts[i]);
        kafka_reply_release(reply);
    }
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void ends_and_starts_are_found_for_many_partitions_at_once(void)
{
    open_topics();
    kafka_room_fill(&room, T("a"), 1, 12);
    kafka_room_fill(&room, T("b"), 4, 5);
    struct kafka_admin *admin = kafka_room_admin(&room, "");
    struct kafka_partition partitions[] = {{T("b"), 4}, {T("a"), 0}, {T("a"), 1}};
    static const int64_t ends[] = {5, 0, 12};
    CHECK_INT(kafka_admin_find_offsets(admin, ask, KAFKA_END, partitions, 3), STATUS_OK);
    CHECK_INT(kafka_admin_find_offsets(admin, ask, KAFKA_START, partitions, 3), STATUS_OK);
    struct kafka_reply *end = await(admin);
    struct kafka_reply *start = await(admin);
    REQUIRE(end->status == STATUS_OK && end->offset_count == 3);
    REQUIRE(start->status == STATUS_OK && start->offset_count == 3);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(end->offsets[i].status, STATUS_OK);
        CHECK_INT(end->offsets[i].offset, ends[i]);
        CHECK_INT(end->offsets[i].partition, partitions[i].partition);
        CHECK_INT(start->offsets[i].offset, 0);
    }
    kafka_reply_release(end);
    kafka_reply_release(start);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void commit_is_found_again_with_its_metadata(void)
{
    open_topics();
    struct kafka_admin *admin = kafka_room_admin(&room, "muster.default");
    struct kafka_offset offsets[] = {
        {.topic = T("a"), .partition = 0, .offset = 42, .metadata = T("fence=17")},
        {.topic = T("b"), .partition = 3, .offset = 0},
    };
    CHECK_INT(kafka_admin_commit(admin, ask, offsets, 2), STATUS_OK);
    struct kafka_reply *reply = await(admin);
    CHECK_INT(reply->status, STATUS_OK);
    CHECK_INT(reply->offsets[0].status, STATUS_OK);
    CHECK_INT(reply->offsets[1].status, STATUS_OK);
    kafka_reply_release(reply);
    struct kafka_partition partitions[] = {{T("b"), 3}, {T("a"), 0}, {T("a"), 1}};
    CHECK_INT(kafka_admin_find_committed(admin, ask, partitions, 3), STATUS_OK);
    reply = await(admin);
    CHECK_INT(reply->status, STATUS_OK);
    CHECK_INT(reply->offsets[0].offset, 0);
    CHECK_INT(reply->offsets[1].offset, 42);
    CHECK(text_equals(reply->offsets[1].metadata, "fence=17"));
    CHECK_INT(reply->offsets[2].offset, -1);
    CHECK_INT(reply->offsets[2].metadata.size, 0);
    kafka_reply_release(reply);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void another_group_is_asked_about(void)
{
    open_topics();
    struct kafka_admin *admin = kafka_room_admin(&room, "muster.default");
    struct kafka_admin *other = kafka_room_admin(&room, "");
    struct kafka_offset offset = {.topic = T("a"), .partition = 1, .offset = 17};
    CHECK_INT(kafka_admin_commit(admin, ask, &offset, 1), STATUS_OK);
    kafka_reply_release(await(admin));
    const struct kafka_partition asked[] = {{T("a"), 1}, {T("a"), 0}};
    CHECK_INT(kafka_admin_find_group_committed(other, ask, T("muster.default"), asked, 2),
              STATUS_OK);
    struct kafka_reply *reply = await(other);
    CHECK_INT(reply->status, STATUS_OK);
    CHECK_INT(reply->offsets[0].offset, 17);
    CHECK_INT(reply->offsets[1].offset, -1);
    kafka_reply_release(reply);
    CHECK_INT(kafka_admin_find_group_committed(other, ask, T(""), asked, 2), STATUS_INVALID);
    CHECK_INT(kafka_admin_destroy(other, PATIENCE), STATUS_OK);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void refused_commit_says_denied(void)
{
    open_topics();
    struct kafka_admin *admin = kafka_room_admin(&room, "muster.default");
    struct kafka_offset offset = {.topic = T("a"), .offset = 1};
    kafka_mock_fail(room.mock, 8, 25,
                    1); // offset commit: unknown member, as with a stranger in the group
    CHECK_INT(kafka_admin_commit(admin, ask, &offset, 1), STATUS_OK);
    struct kafka_reply *reply = await(admin);
    CHECK_INT(reply->status, STATUS_DENIED);
    CHECK(reply->text.size > 0);
    kafka_reply_release(reply);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void bad_requests_are_refused_at_once(void)
{
    open_topics();
    struct kafka_admin *admin = kafka_room_admin(&room, "");
    struct text names[] = {T("a"), T("a/b")};
    struct kafka_partition partition = {T("a"), -1};
    struct kafka_offset offset = {.topic = T("a"), .offset = 1};
    struct kafka_new_topic topic = {.name = T("a"), .partitions = 0};
    CHECK_INT(kafka_admin_find_topics(admin, ask, names, 2), STATUS_INVALID);
    CHECK_INT(kafka_admin_find_topics(admin, ask, names, 0), STATUS_INVALID);
    CHECK_INT(kafka_admin_find_offsets(admin, ask, KAFKA_END, &partition, 1), STATUS_INVALID);
    CHECK_INT(kafka_admin_find_offsets(admin, ask, -3, &partition, 1), STATUS_INVALID);
    CHECK_INT(kafka_admin_commit(admin, ask, &offset, 1), STATUS_INVALID); // no group
    CHECK_INT(kafka_admin_create_topics(admin, ask, &topic, 1), STATUS_INVALID);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    admin = kafka_room_admin(&room, "g");
    offset.offset = -1;
    CHECK_INT(kafka_admin_commit(admin, ask, &offset, 1), STATUS_INVALID);
    offset.offset = 1;
    offset.metadata = T("a\0b");
    CHECK_INT(kafka_admin_commit(admin, ask, &offset, 1), STATUS_INVALID);
    char filled[5000];
    memset(filled, 'x', sizeof filled);
    offset.metadata = (struct text){filled, sizeof filled};
    CHECK_INT(kafka_admin_commit(admin, ask, &offset, 1), STATUS_TOO_LARGE);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void requests_are_bounded(void)
{
    open_topics();
    kafka_mock_set_down(room.mock, 1);
    kafka_mock_set_down(room.mock, 2);
    kafka_mock_set_down(room.mock, 3);
    struct kafka_admin *admin = kafka_room_admin(&room, "");
    struct kafka_ask brief = {1, span_of_ms(300)};
    for (int i = 0; i < KAFKA_ADMIN_REQUESTS_MAX; i++)
        CHECK_INT(kafka_admin_describe_cluster(admin, brief), STATUS_OK);
    CHECK_INT(kafka_admin_describe_cluster(admin, brief), STATUS_AGAIN);
    for (int i = 0; i < KAFKA_ADMIN_REQUESTS_MAX; i++) {
        struct kafka_reply *reply = await(admin);
        CHECK(reply->status == STATUS_UNREACHABLE || reply->status == STATUS_TIMEOUT);
        CHECK(strstr(reply->text.data, "cannot reach Kafka at") != NULL);
        kafka_reply_release(reply);
    }
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void create_that_nobody_answers_ends_at_its_deadline(void)
{
    open_topics();
    struct kafka_admin *admin = kafka_room_admin(&room, "");
    struct kafka_new_topic topic = {.name = T("new"), .partitions = 1};
    struct kafka_ask brief = {1, span_of_ms(300)};
    CHECK_INT(kafka_admin_create_topics(admin, brief, &topic, 1), STATUS_OK);
    struct kafka_reply *reply = await(admin);
    CHECK(reply->status != STATUS_OK);
    CHECK(reply->text.size > 0);
    kafka_reply_release(reply);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void replies_not_taken_end_with_the_admin(void)
{
    open_topics();
    struct kafka_admin *admin = kafka_room_admin(&room, "");
    for (int i = 0; i < 10; i++)
        CHECK_INT(kafka_admin_describe_cluster(admin, ask), STATUS_OK);
    fd_wait(kafka_admin_fd(admin));
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static const struct test tests[] = {
    TEST(cluster_says_its_id_and_brokers),
    TEST(topics_are_found_in_the_order_asked),
    TEST(many_topics_are_found_over_several_requests),
    TEST(ends_and_starts_are_found_for_many_partitions_at_once),
    TEST(commit_is_found_again_with_its_metadata),
    TEST(another_group_is_asked_about),
    TEST(refused_commit_says_denied),
    TEST(bad_requests_are_refused_at_once),
    TEST(requests_are_bounded),
    TEST(create_that_nobody_answers_ends_at_its_deadline),
    TEST(replies_not_taken_end_with_the_admin),
};
TEST_MAIN("kafka/admin", tests)
