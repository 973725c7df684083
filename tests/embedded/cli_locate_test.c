// SPDX-License-Identifier: Apache-2.0
//
// A command without --api finds a coordinator by its beats. The address that it then cannot connect
// to tells which one it took.

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "kafka/mock.h"
#include "kafka/producer.h"
#include "test.h"
#include "wire/wire.h"

#define BEAT_INTERVAL_MS 20

// A command in a thread of its own; what it has said when it is over.
struct command_run {
    pthread_t thread;
    char servers[200];
    const char *timeout;
    char *errors;
    size_t errors_size;
    int code;
};

static void *run_command(void *context)
{
    struct command_run *run = context;
    char words[][200] = {"muster", "topic", "list", "-b", "", "--timeout", ""};
    char *argv[7];
    for (size_t i = 0; i < 7; i++)
        argv[i] = words[i];
    snprintf(words[4], sizeof(words[4]), "%s", run->servers);
    snprintf(words[6], sizeof(words[6]), "%s", run->timeout);
    FILE *err = open_memstream(&run->errors, &run->errors_size);
    struct cli cli = {
        .argc = 7, .argv = argv, .in = stdin, .out = stdout, .err = err, .system_path = ""};
    run->code = cli_run(&cli);
    fclose(err);
    return NULL;
}

static bool run_is_over(struct command_run *run)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += BEAT_INTERVAL_MS * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return pthread_timedjoin_np(run->thread, NULL, &until) == 0;
}

struct cell {
    struct kafka_mock *mock;
    struct kafka_producer *producer;
    uint64_t sends;
};

static void cell_create(struct cell *cell)
{
    struct kafka_settings settings = {0};
    struct kafka_producer_options options = {0};
    struct buffer fault = {0};
    *cell = (struct cell){0};
    REQUIRE(kafka_mock_create(1, &fault, &cell->mock) == STATUS_OK);
    kafka_settings_add(&settings, TEXT_LITERAL("bootstrap.servers"),
                       kafka_mock_servers(cell->mock));
    REQUIRE(kafka_mock_create_topic(cell->mock, TEXT_LITERAL("muster.members"), 1) == STATUS_OK);
    REQUIRE(kafka_producer_create(&settings, &options, &fault, &cell->producer) == STATUS_OK);
    kafka_settings_finish(&settings);
    buffer_finish(&fault);
}

static void cell_destroy(struct cell *cell)
{
    CHECK_INT(kafka_producer_destroy(cell->producer, span_of_ms(5000)), STATUS_OK);
    kafka_mock_destroy(cell->mock);
}

static void send_bytes(struct cell *cell, struct text bytes)
{
    struct kafka_message message = {
        .topic = TEXT_LITERAL("muster.members"), .is_key_null = true, .value = bytes};
    struct kafka_delivery deliveries[100];
    kafka_producer_poll(cell->producer, deliveries, 100);
    CHECK_INT(kafka_producer_send(cell->producer, &message, ++cell->sends), STATUS_OK);
}

static void send_beat(struct cell *cell, const char *role, const char *state, const char *address)
{
    struct buffer bytes = {0};
    struct beat beat = {
        .role = text_of(role),
        .id = TEXT_LITERAL("k"),
        .incarnation = TEXT_LITERAL("0123456789abcdef0123456789abcdef"),
        .seq = 1,
        .state = text_of(state),
        .lease_ms = 15000,
        .info.address = text_of(address),
    };
    wire_encode_avro(RECORD_BEAT, &beat, &bytes);
    send_bytes(cell, buffer_text(&bytes));
    buffer_finish(&bytes);
}

static void run_begin(struct command_run *run, const struct cell *cell, const char *timeout)
{
    struct text servers = kafka_mock_servers(cell->mock);
    *run = (struct command_run){.timeout = timeout};
    snprintf(run->servers, sizeof(run->servers), "%.*s", TEXT_ARGS(servers));
    REQUIRE(pthread_create(&run->thread, NULL, run_command, run) == 0);
}

static void the_leader_is_asked_before_a_standby(void)
{
    struct cell cell;
    struct command_run run;
    cell_create(&cell);
    run_begin(&run, &cell, "20s");
    while (!run_is_over(&run)) {
        send_bytes(&cell, TEXT_LITERAL("not a beat"));
        send_beat(&cell, "collector", "active", "127.0.0.1:5");
        send_beat(&cell, "coordinator", "standby", "127.0.0.1:2");
        send_beat(&cell, "coordinator", "leading", "127.0.0.1:1");
    }
    CHECK_INT(run.code, EXIT_UNREACHABLE);
    CHECK(strstr(run.errors, "'http://127.0.0.1:1'") != NULL);
    free(run.errors);
    cell_destroy(&cell);
}

static void a_standby_is_asked_where_no_leader_is_heard(void)
{
    struct cell cell;
    struct command_run run;
    cell_create(&cell);
    run_begin(&run, &cell, "20s");
    while (!run_is_over(&run)) {
        send_beat(&cell, "coordinator", "leading", "");
        send_beat(&cell, "coordinator", "leaving", "127.0.0.1:1");
        send_beat(&cell, "coordinator", "standby", "127.0.0.1:2");
    }
    CHECK_INT(run.code, EXIT_UNREACHABLE);
    CHECK(strstr(run.errors, "'http://127.0.0.1:2'") != NULL);
    free(run.errors);
    cell_destroy(&cell);
}

static void a_cell_without_coordinators_is_not_reached(void)
{
    struct cell cell;
    struct command_run run;
    cell_create(&cell);
    run_begin(&run, &cell, "1s");
    while (!run_is_over(&run))
        send_beat(&cell, "collector", "active", "127.0.0.1:5");
    CHECK_INT(run.code, EXIT_UNREACHABLE);
    CHECK(strstr(run.errors, "no coordinator of the cell 'muster' was heard") != NULL);
    free(run.errors);
    cell_destroy(&cell);
}

static const struct test tests[] = {
    TEST(the_leader_is_asked_before_a_standby),
    TEST(a_standby_is_asked_where_no_leader_is_heard),
    TEST(a_cell_without_coordinators_is_not_reached),
};

TEST_MAIN("cli/locate", tests)
