// SPDX-License-Identifier: Apache-2.0
// label: threaded
//
// Transactions against the embedded broker, which takes them but neither fences nor hides what was
// aborted; tests/system/kafka_room.py shows those on a real Kafka.
#include "kafka_room.h"
#include "test.h"

#include <string.h>

#include "base/memory.h"

static struct kafka_room room;

static void open_topics(void)
{
    kafka_room_open(&room, 1);
    REQUIRE(kafka_mock_create_topic(room.mock, T("state"), 1) == STATUS_OK);
    REQUIRE(kafka_mock_create_topic(room.mock, T("assignments"), 4) == STATUS_OK);
}

static const struct kafka_message batch[] = {
    {.topic = {"state", 5}, .key = {"k1", 2}, .value = {"v1", 2}},
    {.topic = {"assignments", 11}, .partition = 3, .key = {"k2", 2}, .value = {"v2", 2}},
    {.topic = {"state", 5}, .key = {"k1", 2}, .is_value_null = true},
};
static struct kafka_part whole = {.messages = batch, .count = 3};

static void committed_batch_can_be_read_with_its_tombstone_last(void)
{
    open_topics();
    struct kafka_transactor *transactor = kafka_room_transactor(&room, "muster.coordinator");
    CHECK_INT(transactor_init(transactor).outcome, KAFKA_READY);
    struct kafka_answer answer = transactor_commit(transactor, batch, 3);
    CHECK_INT(answer.outcome, KAFKA_COMMITTED);
    CHECK_INT(answer.number, 2);
    CHECK_INT(answer.followed.first, 0);
    CHECK_INT(answer.followed.end, 2);
    CHECK_INT(answer.followed.gap, -1);
    CHECK_INT(answer.attempts, 1);
    CHECK(answer.duration_us > 0);
    CHECK_TEXT(answer.text, "");
    struct kafka_consumer *consumer = kafka_room_consumer(&room, false);
    struct kafka_assignment assignments[] = {{T("state"), 0, 0, 1}, {T("assignments"), 3, 0, 2}};
    CHECK_INT(kafka_consumer_assign(consumer, assignments, 1), STATUS_OK);
    struct taken taken = {0};
    consumer_take(consumer, &taken, 2, 0);
    CHECK(taken.is_last_value_null);
    CHECK_INT(kafka_consumer_assign(consumer, assignments + 1, 1), STATUS_OK);
    consumer_take(consumer, &taken, 3, 0);
    CHECK_TEXT(taken.last_value, "v2");
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    CHECK_INT(kafka_transactor_destroy(transactor, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void transactions_follow_one_another(void)
{
    open_topics();
    struct kafka_transactor *transactor = kafka_room_transactor(&room, "muster.coordinator");
    CHECK_INT(transactor_init(transactor).outcome, KAFKA_READY);
    for (int i = 0; i < 20; i++) {
        struct kafka_answer answer = transactor_commit(transactor, batch, 3);
        CHECK_INT(answer.outcome, KAFKA_COMMITTED);
        CHECK_INT(answer.followed.first, 2 * i);
    }
    CHECK_INT(kafka_transactor_destroy(transactor, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

// The embedded broker writes nothing at the end of a transaction.
static void what_others_write_lies_between(void)
{
    open_topics();
    struct kafka_transactor *transactor = kafka_room_transactor(&room, "muster.coordinator");
    struct kafka_producer *stranger = kafka_room_producer(&room);
    CHECK_INT(transactor_init(transactor).outcome, KAFKA_READY);
    CHECK_INT(transactor_commit(transactor, batch, 3).followed.end, 2);
    CHECK_INT(kafka_producer_send(stranger, batch, 1), STATUS_OK);
    CHECK_INT(kafka_producer_flush(stranger, PATIENCE), STATUS_OK);
    struct kafka_answer answer = transactor_commit(transactor, batch, 3);
    CHECK_INT(answer.followed.first, 3);
    CHECK_INT(answer.followed.end, 5);
    CHECK_INT(transactor_commit(transactor, batch + 1, 1).followed.first, -1);
    CHECK_INT(kafka_producer_destroy(stranger, PATIENCE), STATUS_OK);
    CHECK_INT(kafka_transactor_destroy(transactor, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void parts_make_one_batch(void)
{
    open_topics();
    struct kafka_transactor *transactor = kafka_room_transactor(&room, "muster.coordinator");
    CHECK_INT(transactor_init(transactor).outcome, KAFKA_READY);
    kafka_mock_fail(room.mock, 24, 29, 1); // add partitions: the parts are sent a second time
    struct kafka_part parts[] = {{.messages = batch, .count = 1},
                                 {.messages = batch + 1, .count = 2}};
    struct kafka_answer answer;
    CHECK_INT(kafka_transactor_begin(transactor, 7), STATUS_OK);
    CHECK_INT(kafka_transactor_begin(transactor, 8), STATUS_AGAIN);
    CHECK_INT(kafka_transactor_add(transactor, &parts[0]), STATUS_OK);
    CHECK(!kafka_transactor_poll(transactor, &answer));
    struct kafka_message bad = {.topic = T("a/b")};
    struct kafka_part refused = {.messages = &bad, .count = 1};
    CHECK_INT(kafka_transactor_add(transactor, &refused), STATUS_INVALID);
    CHECK_INT(kafka_transactor_add(transactor, &parts[1]), STATUS_OK);
    kafka_transactor_end(transactor);
    answer = transactor_answer(transactor);
    CHECK_INT(answer.outcome, KAFKA_COMMITTED);
    CHECK_INT(answer.number, 7);
    CHECK_INT(answer.attempts, 2);
    struct kafka_consumer *consumer = kafka_room_consumer(&room, false);
    struct kafka_assignment assignment = {T("assignments"), 3, 0, 2};
    CHECK_INT(kafka_consumer_assign(consumer, &assignment, 1), STATUS_OK);
    struct taken taken = {0};
    consumer_take(consumer, &taken, 1, 0);
    CHECK_TEXT(taken.last_value, "v2");
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    CHECK_INT(kafka_transactor_destroy(transactor, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

// A batch that is refused before its last part is there is answered behind its end, and one that
// has none when everything ends is no reason to hang.
static void unfinished_batch_has_no_answer(void)
{
    open_topics();
    struct kafka_transactor *transactor = kafka_room_transactor(&room, "muster.coordinator");
    CHECK_INT(transactor_init(transactor).outcome, KAFKA_READY);
    static const struct kafka_message nowhere = {.topic = {"state", 5}, .partition = 9};
    struct kafka_part parts[] = {{.messages = &nowhere, .count = 1},
                                 {.messages = batch, .count = 3}};
    CHECK_INT(kafka_transactor_begin(transactor, 2), STATUS_OK);
    CHECK_INT(kafka_transactor_add(transactor, &parts[0]), STATUS_OK);
    CHECK_INT(kafka_transactor_add(transactor, &parts[1]), STATUS_OK);
    kafka_transactor_end(transactor);
    CHECK_INT(transactor_answer(transactor).outcome, KAFKA_FAILED);
    CHECK_INT(kafka_transactor_begin(transactor, 3), STATUS_OK);
    CHECK_INT(kafka_transactor_add(transactor, &parts[1]), STATUS_OK);
    CHECK_INT(kafka_transactor_destroy(transactor, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void one_request_at_a_time_and_init_first(void)
{
    open_topics();
    struct kafka_transactor *transactor = kafka_room_transactor(&room, "muster.coordinator");
    CHECK_INT(kafka_transactor_commit(transactor, 1, &whole), STATUS_CLOSED);
    CHECK_INT(kafka_transactor_init(transactor, 1, PATIENCE), STATUS_OK);
    CHECK(kafka_transactor_is_busy(transactor));
    CHECK_INT(kafka_transactor_init(transactor, 2, PATIENCE), STATUS_AGAIN);
    CHECK_INT(kafka_transactor_commit(transactor, 2, &whole), STATUS_AGAIN);
    CHECK_INT(transactor_answer(transactor).number, 1);
    CHECK(!kafka_transactor_is_busy(transactor));
    struct kafka_message bad = {.topic = T("a/b")};
    struct kafka_part refused = {.messages = &bad, .count = 1};
    CHECK_INT(kafka_transactor_commit(transactor, 3, &refused), STATUS_INVALID);
    CHECK_INT(kafka_transactor_destroy(transactor, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void passing_errors_are_ridden_out(void)
{
    open_topics();
    struct kafka_transactor *transactor = kafka_room_transactor(&room, "muster.coordinator");
    kafka_mock_fail(room.mock, 22, 15, 2); // init: coordinator not available
    CHECK_INT(transactor_init(transactor).outcome, KAFKA_READY);
    kafka_mock_fail(room.mock, 24, 51, 2); // add partitions: the former transaction is not finished
    kafka_mock_fail(room.mock, 26, 16, 1); // end: not the coordinator
    kafka_mock_fail(room.mock, 0, -195, 1); // produce: connection cut
    struct kafka_answer answer = transactor_commit(transactor, batch, 3);
    CHECK_INT(answer.outcome, KAFKA_COMMITTED);
    CHECK_TEXT(answer.text, "");
    CHECK_INT(kafka_transactor_destroy(transactor, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void aborted_batch_is_sent_again_unchanged(void)
{
    open_topics();
    struct kafka_transactor *transactor = kafka_room_transactor(&room, "muster.coordinator");
    CHECK_INT(transactor_init(transactor).outcome, KAFKA_READY);
    kafka_mock_fail(room.mock, 24, 29, 1); // add partitions: topic not authorised, once
    struct kafka_answer answer = transactor_commit(transactor, batch, 3);
    CHECK_INT(answer.outcome, KAFKA_COMMITTED);
    CHECK_INT(answer.attempts, 2);
    CHECK_INT(kafka_transactor_destroy(transactor, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void batch_that_is_always_aborted_fails_and_the_id_stays_ours(void)
{
    open_topics();
    struct kafka_transactor *transactor = kafka_room_transactor(&room, "muster.coordinator");
    CHECK_INT(transactor_init(transactor).outcome, KAFKA_READY);
    kafka_mock_fail(room.mock, 24, 29, 3); // add partitions: topic not authorised
    struct kafka_answer answer = transactor_commit(transactor, batch, 3);
    CHECK_INT(answer.outcome, KAFKA_FAILED);
    CHECK_INT(answer.attempts, 3);
    CHECK(strlen(answer.text) > 0);
    CHECK_INT(transactor_commit(transactor, batch, 3).outcome, KAFKA_COMMITTED);
    CHECK_INT(kafka_transactor_destroy(transactor, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void message_that_is_too_large_fails_at_once(void)
{
    open_topics();
    struct kafka_transactor *transactor = kafka_room_transactor(&room, "muster.coordinator");
    CHECK_INT(transactor_init(transactor).outcome, KAFKA_READY);
    size_t size = 5000000; // above the client's own limit
    char *large = memory_get(size);
    struct kafka_message messages[] = {batch[0], batch[1]};
    messages[1].value = (struct text){large, size};
    struct kafka_answer answer = transactor_commit(transactor, messages, 2);
    CHECK_INT(answer.outcome, KAFKA_FAILED);
    CHECK_INT(answer.status, STATUS_TOO_LARGE);
    CHECK_INT(answer.attempts, 1);
    CHECK(strstr(answer.text, "'assignments'") != NULL);
    memory_release(large);
    CHECK_INT(transactor_commit(transactor, batch, 3).outcome, KAFKA_COMMITTED);
    CHECK_INT(kafka_transactor_destroy(transactor, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void fenced_transactor_takes_only_an_init(void)
{
    open_topics();
    struct kafka_transactor *transactor = kafka_room_transactor(&room, "muster.coordinator");
    CHECK_INT(transactor_init(transactor).outcome, KAFKA_READY);
    kafka_mock_fail(room.mock, 26, 90, 1); // end: fenced
    struct kafka_answer answer = transactor_commit(transactor, batch, 3);
    CHECK_INT(answer.outcome, KAFKA_FENCED);
    CHECK_INT(answer.status, STATUS_FENCED);
    CHECK_INT(kafka_transactor_commit(transactor, 3, &whole), STATUS_CLOSED);
    CHECK_INT(transactor_init(transactor).outcome, KAFKA_READY);
    CHECK_INT(transactor_commit(transactor, batch, 3).outcome, KAFKA_COMMITTED);
    CHECK_INT(kafka_transactor_destroy(transactor, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void unreached_cluster_fails_an_init_with_a_sentence(void)
{
    open_topics();
    kafka_mock_set_down(room.mock, 1);
    struct kafka_transactor *transactor = kafka_room_transactor(&room, "muster.coordinator");
    CHECK_INT(kafka_transactor_init(transactor, 5, span_of_ms(700)), STATUS_OK);
    struct kafka_answer answer = transactor_answer(transactor);
    CHECK_INT(answer.outcome, KAFKA_FAILED);
    CHECK_INT(answer.status, STATUS_UNREACHABLE);
    CHECK(strstr(answer.text, "cannot reach Kafka at '127.0.0.1:") != NULL);
    kafka_mock_set_up(room.mock, 1);
    CHECK_INT(transactor_init(transactor).outcome, KAFKA_READY);
    CHECK_INT(kafka_transactor_destroy(transactor, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void commit_without_an_answer_is_unknown(void)
{
    open_topics();
    struct kafka_transactor_options options = {.id = T("muster.coordinator"),
                                               .commit_timeout_ms = 600};
    struct kafka_transactor *transactor;
    struct buffer fault = {0};
    REQUIRE(kafka_transactor_create(&room.settings, &options, &fault, &transactor) == STATUS_OK);
    CHECK_INT(transactor_init(transactor).outcome, KAFKA_READY);
    CHECK_INT(transactor_commit(transactor, batch, 3).outcome, KAFKA_COMMITTED);
    kafka_mock_set_down(room.mock, 1);
    struct kafka_answer answer = transactor_commit(transactor, batch, 3);
    CHECK_INT(answer.outcome, KAFKA_UNKNOWN);
    CHECK(strlen(answer.text) > 0);
    CHECK_INT(kafka_transactor_commit(transactor, 3, &whole), STATUS_CLOSED);
    kafka_mock_set_up(room.mock, 1);
    CHECK_INT(transactor_init(transactor).outcome, KAFKA_READY);
    CHECK_INT(kafka_transactor_destroy(transactor, PATIENCE), STATUS_OK);
    buffer_finish(&fault);
    kafka_room_close(&room);
}

static void destroy_in_the_middle_of_a_commit_is_bounded(void)
{
    open_topics();
    struct kafka_transactor *transactor = kafka_room_transactor(&room, "muster.coordinator");
    CHECK_INT(transactor_init(transactor).outcome, KAFKA_READY);
    kafka_mock_set_down(room.mock, 1);
    CHECK_INT(kafka_transactor_commit(transactor, 3, &whole), STATUS_OK);
    CHECK_INT(kafka_transactor_destroy(transactor, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void large_batch_is_committed_whole(void)
{
    open_topics();
    enum { COUNT = 20000 };
    struct kafka_message *messages = memory_get(COUNT * sizeof *messages);
    for (int i = 0; i < COUNT; i++) {
        messages[i] = batch[i % 2];
        messages[i].value = T("forty bytes of a record that says little");
    }
    struct kafka_transactor *transactor = kafka_room_transactor(&room, "muster.coordinator");
    CHECK_INT(transactor_init(transactor).outcome, KAFKA_READY);
    CHECK_INT(transactor_commit(transactor, messages, COUNT).outcome, KAFKA_COMMITTED);
    memory_release(messages);
    struct kafka_consumer *consumer = kafka_room_consumer(&room, false);
    struct kafka_assignment assignment = {T("state"), 0, 0, 1};
    CHECK_INT(kafka_consumer_assign(consumer, &assignment, 1), STATUS_OK);
    struct taken taken = {0};
    consumer_take(consumer, &taken, COUNT / 2, 0);
    CHECK_INT(taken.records, COUNT / 2);
    CHECK_INT(kafka_consumer_destroy(consumer, PATIENCE), STATUS_OK);
    CHECK_INT(kafka_transactor_destroy(transactor, PATIENCE), STATUS_OK);
    kafka_room_close(&room);
}

static void id_is_required(void)
{
    kafka_room_open(&room, 1);
    struct kafka_transactor_options options = {0};
    struct kafka_transactor *transactor = NULL;
    struct buffer fault = {0};
    CHECK_INT(kafka_transactor_create(&room.settings, &options, &fault, &transactor),
              STATUS_INVALID);
    CHECK_TEXT(buffer_string(&fault), "a transactional id is missing");
    buffer_finish(&fault);
    kafka_room_close(&room);
}

static const struct test tests[] = {
    TEST(committed_batch_can_be_read_with_its_tombstone_last),
    TEST(transactions_follow_one_another),
    TEST(what_others_write_lies_between),
    TEST(parts_make_one_batch),
    TEST(unfinished_batch_has_no_answer),
    TEST(one_request_at_a_time_and_init_first),
    TEST(passing_errors_are_ridden_out),
    TEST(aborted_batch_is_sent_again_unchanged),
    TEST(batch_that_is_always_aborted_fails_and_the_id_stays_ours),
    TEST(message_that_is_too_large_fails_at_once),
    TEST(fenced_transactor_takes_only_an_init),
    TEST(unreached_cluster_fails_an_init_with_a_sentence),
    TEST(commit_without_an_answer_is_unknown),
    TEST(destroy_in_the_middle_of_a_commit_is_bounded),
    TEST(large_batch_is_committed_whole),
    TEST(id_is_required),
};
TEST_MAIN("kafka/transactor", tests)
