// SPDX-License-Identifier: Apache-2.0
// label: threaded
#include "kafka/worker.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "base/memory.h"
#include "test.h"

#define PATIENCE ((struct span){INT64_C(30000000)})

struct number_job {
    struct kafka_job job;
    int number;
    int square;
};

// Shared by the tests' two threads.
struct context {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_open; // jobs run only while it is
    bool is_begun;
    bool is_finished;
    int dropped;
};

static void context_init(struct context *context, bool is_open)
{
    *context = (struct context){.is_open = is_open};
    pthread_mutex_init(&context->lock, NULL);
    pthread_cond_init(&context->changed, NULL);
}

static void context_set(struct context *context, bool *flag)
{
    pthread_mutex_lock(&context->lock);
    *flag = true;
    pthread_cond_broadcast(&context->changed);
    pthread_mutex_unlock(&context->lock);
}

static void context_wait(struct context *context, const bool *flag)
{
    pthread_mutex_lock(&context->lock);
    while (!*flag)
        pthread_cond_wait(&context->changed, &context->lock);
    pthread_mutex_unlock(&context->lock);
}

static void run(void *owned, struct kafka_job *job)
{
    struct context *context = owned;
    struct number_job *number = (struct number_job *)job;
    context_set(context, &context->is_begun);
    context_wait(context, &context->is_open);
    number->square = number->number * number->number;
}

static void drop(void *owned, struct kafka_job *job)
{
    struct context *context = owned;
    pthread_mutex_lock(&context->lock);
    context->dropped++;
    pthread_mutex_unlock(&context->lock);
    memory_release(job);
}

static void finish(void *owned)
{
    struct context *context = owned;
    context_set(context, &context->is_finished);
}

static const struct kafka_worker_role role = {.run = run, .drop = drop, .finish = finish};

static void submit(struct kafka_worker *worker, int number)
{
    struct number_job *job = memory_get(sizeof *job);
    job->number = number;
    kafka_worker_submit(worker, &job->job);
}

static int is_readable(int fd)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    return poll(&wanted, 1, 0) == 1;
}

static void jobs_come_back_in_order_through_the_fd(void)
{
    struct context context;
    context_init(&context, true);
    struct kafka_worker *worker = kafka_worker_create(&role, &context);
    for (int i = 0; i < 100; i++)
        submit(worker, i);
    for (int i = 0; i < 100; i++) {
        struct pollfd wanted = {.fd = kafka_worker_fd(worker), .events = POLLIN};
        REQUIRE(poll(&wanted, 1, 30000) == 1);
        struct number_job *job = (struct number_job *)kafka_worker_take(worker);
        REQUIRE(job != NULL);
        CHECK_INT(job->number, i);
        CHECK_INT(job->square, i * i);
        memory_release(job);
    }
    CHECK(kafka_worker_take(worker) == NULL);
    CHECK(!is_readable(kafka_worker_fd(worker)));
    CHECK_INT(kafka_worker_destroy(worker, PATIENCE), STATUS_OK);
    CHECK(context.is_finished);
    CHECK_INT(context.dropped, 0);
}

static void destroy_drops_what_nobody_took(void)
{
    struct context context;
    context_init(&context, true);
    struct kafka_worker *worker = kafka_worker_create(&role, &context);
    for (int i = 0; i < 10; i++)
        submit(worker, i);
    CHECK_INT(kafka_worker_destroy(worker, PATIENCE), STATUS_OK);
    CHECK_INT(context.dropped, 10);
}

static void thread_that_hangs_is_left_behind_and_cleans_up_when_it_returns(void)
{
    struct context context;
    context_init(&context, false);
    struct kafka_worker *worker = kafka_worker_create(&role, &context);
    submit(worker, 1);
    submit(worker, 2);
    context_wait(&context, &context.is_begun);
    CHECK_INT(kafka_worker_destroy(worker, span_of_ms(20)), STATUS_TIMEOUT);
    context_set(&context, &context.is_open);
    context_wait(&context, &context.is_finished);
    CHECK_INT(context.dropped, 2);
}

static void pause_ends_with_destroy(void)
{
    struct kafka_worker *worker = kafka_worker_create(&(struct kafka_worker_role){0}, NULL);
    CHECK(!kafka_worker_is_stopping(worker));
    kafka_worker_pause(worker, 1);
    CHECK_INT(kafka_worker_destroy(worker, PATIENCE), STATUS_OK);
}

static const struct test tests[] = {
    TEST(jobs_come_back_in_order_through_the_fd),
    TEST(destroy_drops_what_nobody_took),
    TEST(thread_that_hangs_is_left_behind_and_cleans_up_when_it_returns),
    TEST(pause_ends_with_destroy),
};
TEST_MAIN("kafka/worker", tests)
