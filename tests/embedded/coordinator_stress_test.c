// SPDX-License-Identifier: Apache-2.0
// label: threaded
//
// PD-23, MR-8: agents that announce, an operator who changes the policy, readers of the API and a
// coordinator that is stopped and killed, all at once and at random, under the sanitizers. What is
// read is never half of a statement, and in the end the coordinator knows what was said last.
// MUSTER_STRESS_MS=600000 does it for ten minutes; each second is a cell of its own, because the
// embedded broker keeps little.

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "control/view.h"
#include "coordinator_cell.h"
#include "daemon/coordinator_inner.h"
#include "kafka_room.h"
#include "net/http_client.h"
#include "test.h"

#ifdef __SANITIZE_THREAD__
// Records lie in what librdkafka has fetched, and the count by which it knows when they were given
// back is not seen (see lib/tsan.supp). What is read too late is the address sanitizer's to find.
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race_top:free\n";
}
#endif

enum { AGENTS = 2, READERS = 2, LAST = 5, CELL_MS = 1000, LIFE_MS = 300 };

struct cell_room;

// One who works on a thread of its own, with its own random numbers.
struct worker {
    struct cell_room *room;
    pthread_t thread;
    uint32_t number;
    uint64_t seed;
};

struct cell_room {
    struct kafka_room kafka;
    struct conf *conf;
    FILE *err;
    struct loop *loop;
    struct coordinator *coordinator;
    uint64_t seed;
    struct worker agents[AGENTS], readers[READERS], operator;
    atomic_bool is_over;
    atomic_uint whole, torn; // answers
    pthread_mutex_t lock;    // of the address
    char address[64];        // of the coordinator that lives, "" = none
};

static uint32_t draw(uint64_t *seed, uint32_t below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % below;
}

// ---- On threads of their own.

static void value_send(struct kafka_producer *producer, const char *topic, const char *value)
{
    struct kafka_delivery delivery;
    struct kafka_message message = {
        .topic = text_of(topic), .is_key_null = true, .value = text_of(value)};
    ensure(kafka_producer_send(producer, &message, 1) == STATUS_OK);
    ensure(kafka_producer_flush(producer, PATIENCE) == STATUS_OK);
    ensure(kafka_producer_poll(producer, &delivery, 1) == 1 && delivery.status == STATUS_OK);
}

static struct kafka_producer *producer_make(struct worker *worker)
{
    struct kafka_producer *producer = NULL;
    struct buffer fault = {0};
    ensure(kafka_producer_create(&worker->room->kafka.settings, &(struct kafka_producer_options){0},
                                 &fault, &producer) == STATUS_OK);
    return producer;
}

static void pair_say(struct worker *worker, struct kafka_producer *producer, uint32_t version)
{
    char value[200];
    snprintf(value, sizeof(value),
             "{\"agent\":\"a%u\",\"topics\":[{\"name\":\"t%u.%u.l\",\"partitions\":1},"
             "{\"name\":\"t%u.%u.r\",\"partitions\":1}]}",
             worker->number, worker->number, version, worker->number, version);
    value_send(producer, "muster.control", value);
}

// Says one pair of topics instead of another, over and over, and at the end one of its own.
static void *announce(void *ctx)
{
    struct worker *worker = ctx;
    struct kafka_producer *producer = producer_make(worker);
    while (!atomic_load(&worker->room->is_over))
        pair_say(worker, producer, draw(&worker->seed, LAST));
    pair_say(worker, producer, LAST);
    ensure(kafka_producer_destroy(producer, PATIENCE) == STATUS_OK);
    return NULL;
}

// Changes the policy, every other time by what cannot be read.
static void *order(void *ctx)
{
    struct worker *worker = ctx;
    struct kafka_producer *producer = producer_make(worker);
    while (!atomic_load(&worker->room->is_over)) {
        char value[200];
        snprintf(value, sizeof(value),
                 "{\"verb\":\"pool.set\",\"args\":{\"max_topics_per_collector\":\"%d\"}}",
                 (int)draw(&worker->seed, 20) - 10);
        value_send(producer, "muster.orders", value);
    }
    ensure(kafka_producer_destroy(producer, PATIENCE) == STATUS_OK);
    return NULL;
}

static bool has_topic(const char *body, uint32_t agent, uint32_t version, char side)
{
    char name[32];
    snprintf(name, sizeof(name), "\"t%u.%u.%c\"", agent, version, side);
    return strstr(body, name) != NULL;
}

static bool is_whole(const char *body)
{
    for (uint32_t agent = 0; agent < AGENTS; agent++)
        for (uint32_t version = 0; version <= LAST; version++)
            if (has_topic(body, agent, version, 'l') != has_topic(body, agent, version, 'r'))
                return false;
    return true;
}

static void *look(void *ctx)
{
    struct worker *worker = ctx;
    struct cell_room *room = worker->room;
    while (!atomic_load(&room->is_over)) {
        struct http_client_answer answer = {0};
        struct buffer url = {0}, error = {0};
        pthread_mutex_lock(&room->lock);
        buffer_print(&url, "http://%s/api/v1/topics?limit=10000", room->address);
        pthread_mutex_unlock(&room->lock);
        struct http_client_request request = {.url = buffer_string(&url)};
        if (http_client_fetch(&request, &answer, &error) == STATUS_OK && answer.code == 200)
            atomic_fetch_add(is_whole(buffer_string(&answer.body)) ? &room->whole : &room->torn, 1);
        http_client_answer_finish(&answer);
        buffer_finish(&url);
        buffer_finish(&error);
    }
    return NULL;
}

// ---- The coordinator's lives.

static void address_set(struct cell_room *room, const char *address)
{
    pthread_mutex_lock(&room->lock);
    snprintf(room->address, sizeof(room->address), "%s", address);
    pthread_mutex_unlock(&room->lock);
}

static void loop_end(void *ctx)
{
    loop_stop(ctx);
}

static void stop_ask(void *ctx)
{
    struct cell_room *room = ctx;
    coordinator_stop(room->coordinator);
}

static void run_for(struct cell_room *room, uint32_t ms)
{
    struct loop_timer *timer = loop_timer_create(room->loop, loop_end, room->loop);
    loop_timer_set(timer, instant_add(loop_now(), span_of_ms(ms)));
    loop_run(room->loop);
    loop_timer_destroy(timer);
}

static void life_begin(struct cell_room *room)
{
    struct coordinator_setup setup = {.conf = room->conf, .err = room->err};
    struct buffer fault = {0};
    REQUIRE(coordinator_create(room->loop, &setup, &fault, &room->coordinator) == STATUS_OK);
    address_set(room, http_server_address(room->coordinator->http));
}

// Killed, or asked to stop: then it says goodbye and ends by itself.
static void life_end(struct cell_room *room, bool is_killed)
{
    address_set(room, "127.0.0.1:1");
    if (!is_killed) {
        struct loop_timer *timer = loop_timer_create(room->loop, stop_ask, room);
        loop_timer_set(timer, loop_now());
        run_for(room, 30000);
        loop_timer_destroy(timer);
    }
    CHECK_INT(coordinator_exit_code(room->coordinator), 0);
    coordinator_destroy(room->coordinator);
}

static bool knows_what_was_said_last(const struct cell_room *room)
{
    struct unit_view unit;
    uint32_t count = 0;
    struct cell_view cell = {0};
    if (room->coordinator->control == NULL)
        return false;
    control_view_cell(room->coordinator->control, &cell);
    for (uint32_t cursor = 0; control_next_unit(room->coordinator->control, &cursor, &unit);)
        for (uint32_t agent = 0; agent < AGENTS; agent++) {
            char left[32], right[32];
            snprintf(left, sizeof(left), "t%u.%d.l", agent, LAST);
            snprintf(right, sizeof(right), "t%u.%d.r", agent, LAST);
            count += text_equals(unit.name, left) || text_equals(unit.name, right);
        }
    return cell.topics == (int64_t)2 * AGENTS && count == 2 * AGENTS;
}

static void last_life(struct cell_room *room)
{
    struct instant deadline = instant_add(loop_now(), PATIENCE);
    life_begin(room);
    while (!knows_what_was_said_last(room) && !instant_has_come(deadline, loop_now()))
        run_for(room, 20);
    CHECK(knows_what_was_said_last(room));
    life_end(room, false);
}

// ---- One cell.

static void room_open(struct cell_room *room, uint64_t seed)
{
    *room = (struct cell_room){.seed = seed, .address = "127.0.0.1:1"};
    pthread_mutex_init(&room->lock, NULL);
    kafka_room_open(&room->kafka, 1);
    room->conf = coordinator_cell_create(room->kafka.mock);
    coordinator_cell_set(room->conf, "kafka.fetch.wait.max.ms", "5");
    coordinator_cell_set(room->conf, "api.listen", "127.0.0.1:0");
    coordinator_cell_set(room->conf, "beat.interval.ms", "20");
    coordinator_cell_set(room->conf, "leader.timeout.ms", "100");
    room->err = fopen("/dev/null", "w");
    room->loop = loop_create();
}

static void room_close(struct cell_room *room)
{
    loop_destroy(room->loop);
    fclose(room->err);
    conf_destroy(room->conf);
    kafka_room_close(&room->kafka);
    pthread_mutex_destroy(&room->lock);
}

static void worker_start(struct cell_room *room, struct worker *worker, uint32_t number,
                         void *(*work)(void *))
{
    *worker =
        (struct worker){.room = room, .number = number, .seed = draw(&room->seed, UINT32_MAX)};
    REQUIRE(pthread_create(&worker->thread, NULL, work, worker) == 0);
}

static void cell_play(uint64_t seed, uint32_t ms)
{
    static struct cell_room room;
    room_open(&room, seed);
    for (uint32_t i = 0; i < AGENTS; i++)
        worker_start(&room, &room.agents[i], i, announce);
    for (uint32_t i = 0; i < READERS; i++)
        worker_start(&room, &room.readers[i], i, look);
    worker_start(&room, &room.operator, 0, order);
    struct instant end = instant_add(loop_now(), span_of_ms(ms));
    while (!instant_has_come(end, loop_now()) || atomic_load(&room.whole) == 0) {
        life_begin(&room);
        run_for(&room, 1 + draw(&room.seed, LIFE_MS));
        life_end(&room, draw(&room.seed, 2) == 0);
    }
    atomic_store(&room.is_over, true);
    for (uint32_t i = 0; i < AGENTS; i++)
        pthread_join(room.agents[i].thread, NULL);
    for (uint32_t i = 0; i < READERS; i++)
        pthread_join(room.readers[i].thread, NULL);
    pthread_join(room.operator.thread, NULL);
    last_life(&room);
    CHECK_INT(atomic_load(&room.torn), 0);
    room_close(&room);
}

static void announcing_ordering_reading_and_stopping_disturb_nobody(void)
{
    const char *asked = getenv("MUSTER_STRESS_MS");
    int64_t ms = asked ? atoll(asked) : CELL_MS;
    uint64_t seed = (uint64_t)loop_wall_ms();
    printf("     seed %llu\n", (unsigned long long)seed);
    for (int64_t played = 0; played < ms; played += CELL_MS)
        cell_play(seed++, CELL_MS);
}

static const struct test tests[] = {
    TEST(announcing_ordering_reading_and_stopping_disturb_nobody),
};

TEST_MAIN("embedded/coordinator_stress", tests)
