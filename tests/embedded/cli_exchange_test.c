// SPDX-License-Identifier: Apache-2.0
//
// Commands that write, against an embedded broker on which the test plays the coordinator: it reads
// what they send and answers, or not.

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "kafka_room.h"
#include "test.h"
#include "wire/wire.h"

#define WORDS_MAX 24

// A command in a thread of its own; what it has said when it is over.
struct command_run {
    pthread_t thread;
    char *argv[WORDS_MAX];
    int argc;
    const char *in; // its stdin
    char *out;
    char *err;
    size_t out_size, err_size;
    int code;
};

struct cell {
    struct kafka_room room;
    struct kafka_producer *producer;
    struct kafka_consumer *inputs; // control and orders from their start
    struct arena arena;
    uint64_t sent;
    const char *refusal; // NULL = everything is done
    const char *word;    // of the answer that refuses; NULL = "refused"
    char last[512];      // what came last, in words
    uint32_t count;      // records taken
};

static void cell_open(struct cell *cell)
{
    static const char *const topics[] = {"muster.control", "muster.orders", "muster.events"};
    const struct kafka_assignment inputs[] = {{.topic = T("muster.control"), .tag = 1},
                                              {.topic = T("muster.orders"), .tag = 2}};
    *cell = (struct cell){0};
    kafka_room_open(&cell->room, 1);
    for (size_t i = 0; i < 3; i++)
        REQUIRE(kafka_mock_create_topic(cell->room.mock, text_of(topics[i]), 1) == STATUS_OK);
    cell->producer = kafka_room_producer(&cell->room);
    cell->inputs = kafka_room_consumer(&cell->room, false);
    REQUIRE(kafka_consumer_assign(cell->inputs, inputs, 2) == STATUS_OK);
}

static void cell_close(struct cell *cell)
{
    CHECK_INT(kafka_consumer_destroy(cell->inputs, PATIENCE), STATUS_OK);
    CHECK_INT(kafka_producer_destroy(cell->producer, PATIENCE), STATUS_OK);
    arena_finish(&cell->arena);
    kafka_room_close(&cell->room);
}

static void answer(struct cell *cell, struct text id, const char *word, const char *text)
{
    struct buffer value = {0};
    struct event_record event = {
        .at_ms = 1, .kind = T("test"), .id = id, .answer = text_of(word), .text = text_of(text)};
    wire_encode_json(RECORD_EVENT, &event, &value);
    struct kafka_message message = {
        .topic = T("muster.events"), .is_key_null = true, .value = buffer_text(&value)};
    CHECK_INT(kafka_producer_send(cell->producer, &message, ++cell->sent), STATUS_OK);
    buffer_finish(&value);
}

// What was said, in words, and its id.
static struct text record_tell(struct cell *cell, const struct wire_record *decoded)
{
    if (decoded->kind == RECORD_ANNOUNCEMENT) {
        const struct announcement *said = decoded->record;
        snprintf(cell->last, sizeof(cell->last), "%.*s %.*s %u %.*s weight %lld ttl %lld",
                 TEXT_ARGS(said->agent), TEXT_ARGS(said->mode), said->topics_count,
                 TEXT_ARGS(said->topics[0].name), (long long)said->topics[0].weight,
                 (long long)said->ttl_ms);
        return said->id;
    }
    const struct order *order = decoded->record;
    int used = snprintf(cell->last, sizeof(cell->last), "%.*s %.*s", TEXT_ARGS(order->pool),
                        TEXT_ARGS(order->verb));
    if (order->args_count > 0)
        snprintf(cell->last + used, sizeof(cell->last) - (size_t)used, " %.*s=%.*s",
                 TEXT_ARGS(order->args[0].key), TEXT_ARGS(order->args[0].value));
    return order->id;
}

static void record_take(struct cell *cell, const struct kafka_record *record, bool is_answered)
{
    struct wire_record decoded;
    struct wire_input input = {record->tag == 1 ? RECORD_ANNOUNCEMENT : RECORD_ORDER,
                               record->value};
    REQUIRE(record->kind == KAFKA_RECORD);
    REQUIRE(wire_decode_input(input, &cell->arena, NULL, &decoded, NULL) == STATUS_OK);
    struct text id = record_tell(cell, &decoded);
    cell->count++;
    if (!is_answered)
        return;
    answer(cell, T("of somebody else"), "refused", "not yours");
    const char *word = cell->word ? cell->word : "refused";
    answer(cell, id, cell->refusal ? word : "done", cell->refusal ? cell->refusal : "taken");
}

static void cell_turn(struct cell *cell, bool is_answered)
{
    struct kafka_record records[64];
    struct kafka_delivery deliveries[64];
    struct pollfd fd = {.fd = kafka_consumer_fd(cell->inputs), .events = POLLIN};
    poll(&fd, 1, 20);
    uint32_t count = kafka_consumer_poll(cell->inputs, records, 64);
    for (uint32_t i = 0; i < count; i++)
        record_take(cell, &records[i], is_answered);
    kafka_consumer_release(cell->inputs, records, count);
    kafka_producer_poll(cell->producer, deliveries, 64);
}

static void *run_thread(void *context)
{
    struct command_run *run = context;
    FILE *in = run->in ? fmemopen((void *)(uintptr_t)run->in, strlen(run->in), "r") : NULL;
    FILE *out = open_memstream(&run->out, &run->out_size);
    FILE *err = open_memstream(&run->err, &run->err_size);
    struct cli cli = {.argc = run->argc,
                      .argv = run->argv,
                      .in = in ? in : stdin,
                      .out = out,
                      .err = err,
                      .system_path = ""};
    run->code = cli_run(&cli);
    fclose(out);
    fclose(err);
    if (in)
        fclose(in);
    return NULL;
}

// Runs "muster LINE -b ..." while the cell answers, or not.
static void run_command(struct cell *cell, struct command_run *run, const char *line, bool answers)
{
    struct text servers = kafka_mock_servers(cell->room.mock);
    char *words = NULL;
    REQUIRE(asprintf(&words, "muster %s -b %.*s", line, TEXT_ARGS(servers)) > 0);
    for (char *word = strtok(words, " "); word && run->argc < WORDS_MAX; word = strtok(NULL, " "))
        run->argv[run->argc++] = word;
    REQUIRE(pthread_create(&run->thread, NULL, run_thread, run) == 0);
    while (pthread_tryjoin_np(run->thread, NULL) != 0)
        cell_turn(cell, answers);
    free(words);
}

static void run_finish(struct command_run *run)
{
    free(run->out);
    free(run->err);
}

static bool said(const char *text, const char *what)
{
    if (strstr(text, what))
        return true;
    printf("    said: %s\n", text);
    return false;
}

// One command and what it leads to.
struct expected {
    const char *line;
    const char *refusal, *word;
    bool answers;
    int code;
    const char *sent; // what the coordinator has read
    const char *out;  // part of stdout
    const char *err;  // part of stderr, NULL = nothing
};

static void check_command(const struct expected *expected, const char *in)
{
    struct cell cell;
    struct command_run run = {.in = in};
    cell_open(&cell);
    cell.refusal = expected->refusal;
    cell.word = expected->word;
    run_command(&cell, &run, expected->line, expected->answers);
    while (expected->sent && cell.count == 0)
        cell_turn(&cell, false);
    CHECK_INT(run.code, expected->code);
    CHECK_TEXT(cell.last, expected->sent ? expected->sent : "");
    CHECK(said(run.out, expected->out));
    CHECK(expected->err ? said(run.err, expected->err) : run.err[0] == '\0');
    run_finish(&run);
    cell_close(&cell);
}

static void an_announcement_is_answered_done(void)
{
    check_command(&(struct expected){.line = "topic announce t1 t2 --agent a --weight 3 --ttl 5s "
                                             "--wait --timeout 20s --json",
                                     .answers = true,
                                     .code = EXIT_DONE,
                                     .sent = "a add 2 t1 weight 3 ttl 5000",
                                     .out = "\"subject\":\"a\",\"answer\":\"done\""},
                  NULL);
}

static void a_refused_announcement_says_why(void)
{
    check_command(&(struct expected){.line = "topic withdraw t1 --agent a --wait --timeout 20s",
                                     .refusal = "agent is too loud",
                                     .answers = true,
                                     .code = EXIT_FAILED,
                                     .sent = "a remove 1 t1 weight 1 ttl 0",
                                     .out = "refused",
                                     .err = "muster: 'a' is refused: agent is too loud\n"},
                  NULL);
}

static void without_wait_it_is_sent(void)
{
    check_command(&(struct expected){.line = "topic announce t1 --agent a -o plain",
                                     .code = EXIT_DONE,
                                     .sent = "a add 1 t1 weight 1 ttl 0",
                                     .out = "a\tsent\t-\t0\t-\n"},
                  NULL);
}

static void who_gets_no_answer_times_out(void)
{
    check_command(&(struct expected){.line = "topic announce t1 --agent a --wait --timeout 1s",
                                     .code = EXIT_TIMEOUT,
                                     .sent = "a add 1 t1 weight 1 ttl 0",
                                     .out = "none",
                                     .err = "no coordinator has answered within 1000 ms: it is "
                                            "carried out as soon as one leads"},
                  NULL);
}

static void each_line_of_a_file_is_an_announcement(void)
{
    check_command(
        &(struct expected){.line = "topic announce --file - --wait --timeout 20s -o plain",
                           .answers = true,
                           .code = EXIT_DONE,
                           .sent = "b set 1 t2 weight 2 ttl 0",
                           .out = "a\tdone\ttaken\t0\tx1\nb\tdone\ttaken\t1\t"},
        "{\"agent\":\"a\",\"topics\":[{\"name\":\"t1\"}],\"id\":\"x1\"}\n\n"
        "{\"agent\":\"b\",\"topics\":[{\"name\":\"t2\",\"weight\":2}]}\n");
}

static void a_wrong_line_sends_nothing(void)
{
    check_command(&(struct expected){.line = "topic announce --file -",
                                     .code = EXIT_USAGE,
                                     .out = "",
                                     .err = "muster: stdin:2: topic 't/1' has a character"},
                  "{\"agent\":\"a\",\"topics\":[{\"name\":\"t1\"}]}\n"
                  "{\"agent\":\"a\",\"topics\":[{\"name\":\"t/1\"}]}\n");
}

// More than the queue of a producer holds.
static void a_long_file_is_sent_as_a_whole(void)
{
    enum { LINES = 120000 };
    struct buffer in = {0};
    struct cell cell;
    struct command_run run = {0};
    size_t sent = 0;
    for (int i = 0; i < LINES; i++)
        buffer_print(&in, "{\"agent\":\"a%d\",\"topics\":[{\"name\":\"t%d\"}]}\n", i, i);
    cell_open(&cell);
    REQUIRE(kafka_consumer_unassign(cell.inputs,
                                    &(struct kafka_partition){.topic = T("muster.control")},
                                    1) == STATUS_OK);
    run.in = buffer_string(&in);
    run_command(&cell, &run, "topic announce --file - --timeout 60s -o plain", false);
    CHECK_INT(run.code, EXIT_DONE);
    // Line by line: under the sanitizer each strstr would look at all that follows.
    const char *end;
    for (const char *line = run.out; (end = strchr(line, '\n')) != NULL; line = end + 1)
        sent += memmem(line, (size_t)(end - line), "\tsent\t", 6) != NULL;
    CHECK_INT(sent, LINES);
    CHECK_TEXT(run.err, "");
    run_finish(&run);
    cell_close(&cell);
    buffer_finish(&in);
}

static void an_order_waits_for_its_answer(void)
{
    check_command(&(struct expected){.line = "pool set edge max_topics_per_collector=7 "
                                             "--timeout 20s -o plain",
                                     .answers = true,
                                     .code = EXIT_DONE,
                                     .sent = "edge pool.set max_topics_per_collector=7",
                                     .out = "edge\tdone\ttaken\t0\t"},
                  NULL);
}

static void a_refused_order_fails(void)
{
    check_command(&(struct expected){.line = "collector drain c9 --pool edge --timeout 20s",
                                     .refusal = "there is no such collector",
                                     .answers = true,
                                     .code = EXIT_FAILED,
                                     .sent = "edge collector.drain collector=c9",
                                     .out = "refused",
                                     .err = "'c9' is refused: there is no such collector"},
                  NULL);
}

static void a_command_for_a_collector_is_an_order(void)
{
    check_command(&(struct expected){.line = "collector rotate c9 --pool edge --timeout 20s "
                                             "-o plain",
                                     .answers = true,
                                     .code = EXIT_DONE,
                                     .sent = "edge collector.rotate collector=c9",
                                     .out = "c9\tdone\ttaken\t0\t"},
                  NULL);
}

// MR-4: what is not there has a code of its own.
static void an_order_about_nothing_is_not_found(void)
{
    check_command(&(struct expected){.line = "pool pause edge --timeout 20s",
                                     .refusal = "there is no such pool",
                                     .word = "not found",
                                     .answers = true,
                                     .code = EXIT_NOT_FOUND,
                                     .sent = "edge pool.pause",
                                     .out = "not found",
                                     .err = "'edge' is refused: there is no such pool"},
                  NULL);
}

static void an_order_need_not_be_waited_for(void)
{
    check_command(&(struct expected){.line = "agent forget a1 --yes --no-wait",
                                     .code = EXIT_DONE,
                                     .sent = "default agent.forget agent=a1",
                                     .out = "sent"},
                  NULL);
}

static const struct test tests[] = {
    TEST(an_announcement_is_answered_done),
    TEST(a_refused_announcement_says_why),
    TEST(without_wait_it_is_sent),
    TEST(who_gets_no_answer_times_out),
    TEST(each_line_of_a_file_is_an_announcement),
    TEST(a_wrong_line_sends_nothing),
    TEST(a_long_file_is_sent_as_a_whole),
    TEST(an_order_waits_for_its_answer),
    TEST(a_refused_order_fails),
    TEST(a_command_for_a_collector_is_an_order),
    TEST(an_order_about_nothing_is_not_found),
    TEST(an_order_need_not_be_waited_for),
};

TEST_MAIN("embedded/cli_exchange", tests)
