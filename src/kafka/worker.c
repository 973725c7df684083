// SPDX-License-Identifier: Apache-2.0
//
// Two lists under one lock: `queued` for the thread, `done` for the owner. The worker's memory has
// two holders, the owner and the thread; whoever lets go last frees it, so that neither a hanging
// thread nor an owner in a hurry can pull it away from the other.
#include "kafka/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/ensure.h"
#include "base/memory.h"

#define IDLE_MS 1000

struct job_list {
    struct kafka_job *first;
    struct kafka_job **end; // where the next one is hung in
};

struct kafka_worker {
    pthread_mutex_t lock;
    pthread_cond_t changed; // of CLOCK_MONOTONIC
    struct job_list queued;
    struct job_list done;
    struct kafka_worker_role role;
    void *context;
    int fd;
    unsigned holders; // 2: owner and thread
    bool is_stopping;
    bool is_over; // the thread has finished everything
    pthread_t thread;
};

static void list_init(struct job_list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

static void list_add(struct job_list *list, struct kafka_job *job)
{
    job->next = NULL;
    *list->end = job;
    list->end = &job->next;
}

static struct kafka_job *list_take(struct job_list *list)
{
    struct kafka_job *job = list->first;
    if (!job)
        return NULL;
    list->first = job->next;
    if (!list->first)
        list->end = &list->first;
    return job;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// With the lock held; waits until something changes or `ms` have passed.
static bool worker_wait(struct kafka_worker *worker, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + (ms % 1000) * 1000000;
    until.tv_sec += (time_t)(ms / 1000 + ns / 1000000000);
    until.tv_nsec = (long)(ns % 1000000000);
    return pthread_cond_timedwait(&worker->changed, &worker->lock, &until) == 0;
}

static void worker_release(struct kafka_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    bool is_last = --worker->holders == 0;
    pthread_mutex_unlock(&worker->lock);
    if (!is_last)
        return;
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->lock);
    memory_release(worker);
}

static void worker_drop_all(struct kafka_worker *worker, struct job_list *list)
{
    for (struct kafka_job *job; (job = list_take(list));)
        if (worker->role.drop)
            worker->role.drop(worker->context, job);
}

// With the lock held. Lists a done job and makes the fd readable, unless the owner has left.
static void worker_hand_back(struct kafka_worker *worker, struct kafka_job *job)
{
    list_add(&worker->done, job);
    if (worker->fd >= 0)
        eventfd_write(worker->fd, 1);
}

// With the lock held, and again after it; without it in between.
static void worker_do(struct kafka_worker *worker, struct kafka_job *job)
{
    pthread_mutex_unlock(&worker->lock);
    if (job && worker->role.run)
        worker->role.run(worker->context, job);
    else if (!job && worker->role.idle)
        worker->role.idle(worker->context);
    pthread_mutex_lock(&worker->lock);
    if (job)
        worker_hand_back(worker, job);
}

static void *worker_main(void *argument)
{
    struct kafka_worker *worker = argument;
    pthread_mutex_lock(&worker->lock);
    while (!worker->is_stopping) {
        struct kafka_job *job = list_take(&worker->queued);
        if (job || !worker_wait(worker, IDLE_MS))
            worker_do(worker, job);
    }
    pthread_mutex_unlock(&worker->lock);
    // The owner touches no list once it has set is_stopping.
    worker_drop_all(worker, &worker->queued);
    worker_drop_all(worker, &worker->done);
    if (worker->role.finish)
        worker->role.finish(worker->context);
    pthread_mutex_lock(&worker->lock);
    worker->is_over = true;
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    worker_release(worker);
    return NULL;
}

struct kafka_worker *kafka_worker_create(const struct kafka_worker_role *role, void *context)
{
    struct kafka_worker *worker = memory_get(sizeof *worker);
    worker->role = *role;
    worker->context = context;
    worker->holders = 2;
    list_init(&worker->queued);
    list_init(&worker->done);
    worker->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    ensure(worker->fd >= 0);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&worker->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&worker->lock, NULL);
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    ensure(pthread_create(&worker->thread, NULL, worker_main, worker) == 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return worker;
}

enum status kafka_worker_destroy(struct kafka_worker *worker, struct span patience)
{
    int64_t until_ms = now_ms() + span_ms(patience);
    pthread_t thread = worker->thread;
    pthread_mutex_lock(&worker->lock);
    worker->is_stopping = true;
    pthread_cond_broadcast(&worker->changed);
    close(worker->fd);
    worker->fd = -1;
    while (!worker->is_over) {
        int64_t left_ms = until_ms - now_ms();
        if (left_ms <= 0)
            break;
        worker_wait(worker, left_ms);
    }
    bool is_over = worker->is_over;
    pthread_mutex_unlock(&worker->lock);
    worker_release(worker);
    if (is_over)
        pthread_join(thread, NULL);
    else
        pthread_detach(thread);
    return is_over ? STATUS_OK : STATUS_TIMEOUT;
}

void kafka_worker_submit(struct kafka_worker *worker, struct kafka_job *job)
{
    pthread_mutex_lock(&worker->lock);
    list_add(&worker->queued, job);
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
}

struct kafka_job *kafka_worker_take(struct kafka_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    struct kafka_job *job = list_take(&worker->done);
    if (!worker->done.first) {
        eventfd_t ignored;
        (void)eventfd_read(worker->fd, &ignored);
    }
    pthread_mutex_unlock(&worker->lock);
    return job;
}

int kafka_worker_fd(const struct kafka_worker *worker)
{
    return worker->fd;
}

bool kafka_worker_is_stopping(struct kafka_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    bool is_stopping = worker->is_stopping;
    pthread_mutex_unlock(&worker->lock);
    return is_stopping;
}

static bool is_never(void *ctx)
{
    (void)ctx;
    return false;
}

void kafka_worker_pause(struct kafka_worker *worker, int ms)
{
    (void)kafka_worker_await(worker, is_never, NULL, ms);
}

void kafka_worker_enter(struct kafka_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
}

void kafka_worker_leave(struct kafka_worker *worker)
{
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
}

bool kafka_worker_await(struct kafka_worker *worker, bool (*is_true)(void *ctx), void *ctx, int ms)
{
    bool is_answered;
    pthread_mutex_lock(&worker->lock);
    int64_t until_ms = now_ms() + ms;
    while (!(is_answered = is_true(ctx)) && !worker->is_stopping && now_ms() < until_ms)
        worker_wait(worker, until_ms - now_ms());
    pthread_mutex_unlock(&worker->lock);
    return is_answered;
}
