// SPDX-License-Identifier: Apache-2.0
//
// The loop. One wake-up: libevent runs the callbacks of what is ready, then the timers that are due
// go off, then the turn. libevent's own timers follow CLOCK_MONOTONIC, which stops while a machine
// sleeps, so one timerfd on CLOCK_BOOTTIME stands for the earliest of our timers and of the turn.
#include "net/loop.h"

#include <event2/event.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/ensure.h"
#include "base/memory.h"

struct loop_watch {
    struct loop *loop;
    struct loop_watch *previous; // in the loop's list
    struct loop_watch *next;
    struct event *event;         // owned
    void (*on_ready)(void *ctx); // one of the two is NULL
    void (*on_signal)(void *ctx, int signal);
    void *ctx;
};

struct loop_timer {
    struct loop *loop;
    struct loop_timer *previous; // in the loop's list
    struct loop_timer *next;
    struct instant at; // INSTANT_NEVER = not set
    uint64_t pass;     // number of the pass in which it was set
    void (*callback)(void *ctx);
    void *ctx;
};

struct loop {
    struct event_base *base; // owned
    struct event *alarm;     // readiness of alarm_fd
    int alarm_fd;            // the timerfd
    struct instant alarm_at; // what it is set to
    struct loop_watch *watches;
    struct loop_timer *timers;
    uint64_t pass; // passes over the timers so far
    struct instant (*turn)(void *ctx, struct instant now);
    void *turn_ctx;
    struct instant turn_at; // when the turn wants to be called at the latest
    bool is_stopped;
};

struct instant loop_now(void)
{
    struct timespec now;
    ensure(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
    return (struct instant){(int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000};
}

int64_t loop_wall_ms(void)
{
    struct timespec now;
    ensure(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void log_nothing(int severity, const char *message)
{
    (void)severity;
    (void)message;
}

// The alarm's only purpose is to wake; what is due is found by looking at the clock.
static void alarm_rang(evutil_socket_t fd, short what, void *ctx)
{
    struct loop *loop = ctx;
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
        loop->alarm_at = INSTANT_NEVER;
}

struct loop *loop_create(void)
{
    struct loop *loop = memory_get(sizeof(*loop));
    struct event_config *config = event_config_new();
    ensure(config != NULL);
    ensure(event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) == 0);
    loop->base = event_base_new_with_config(config);
    ensure(loop->base != NULL);
    event_config_free(config);
    event_set_log_callback(log_nothing);

    loop->alarm_fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    ensure(loop->alarm_fd >= 0);
    loop->alarm = event_new(loop->base, loop->alarm_fd, EV_READ | EV_PERSIST, alarm_rang, loop);
    ensure(loop->alarm != NULL && event_add(loop->alarm, NULL) == 0);
    loop->alarm_at = INSTANT_NEVER;
    loop->turn_at = INSTANT_NEVER;
    ensure(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    return loop;
}

void loop_destroy(struct loop *loop)
{
    if (loop == NULL)
        return;
    while (loop->watches)
        loop_unwatch(loop->watches);
    while (loop->timers)
        loop_timer_destroy(loop->timers);
    event_free(loop->alarm);
    close(loop->alarm_fd);
    event_base_free(loop->base);
    memory_release(loop);
}

struct event_base *loop_base(struct loop *loop)
{
    return loop->base;
}

static void watch_fired(evutil_socket_t fd_or_signal, short what, void *ctx)
{
    struct loop_watch *watch = ctx;
    (void)what;
    if (watch->on_signal)
        watch->on_signal(watch->ctx, (int)fd_or_signal);
    else
        watch->on_ready(watch->ctx);
}

static struct loop_watch *watch_create(struct loop *loop, int fd_or_signal, short what)
{
    struct loop_watch *watch = memory_get(sizeof(*watch));
    watch->loop = loop;
    watch->event = event_new(loop->base, fd_or_signal, what, watch_fired, watch);
    ensure(watch->event != NULL && event_add(watch->event, NULL) == 0);
    watch->next = loop->watches;
    if (watch->next)
        watch->next->previous = watch;
    loop->watches = watch;
    return watch;
}

struct loop_watch *loop_watch_fd(struct loop *loop, int fd, void (*callback)(void *ctx), void *ctx)
{
    struct loop_watch *watch = watch_create(loop, fd, EV_READ | EV_PERSIST);
    watch->on_ready = callback;
    watch->ctx = ctx;
    return watch;
}

struct loop_watch *loop_watch_signal(struct loop *loop, int signal,
                                     void (*callback)(void *ctx, int signal), void *ctx)
{
    struct loop_watch *watch = watch_create(loop, signal, EV_SIGNAL | EV_PERSIST);
    watch->on_signal = callback;
    watch->ctx = ctx;
    return watch;
}

static bool is_ignored(int signal)
{
    struct sigaction action;
    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void loop_watch_stops(struct loop *loop, void (*callback)(void *ctx, int signal), void *ctx,
                      struct loop_watch *ret_watches[LOOP_STOPS])
{
    static const int signals[LOOP_STOPS] = {SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < LOOP_STOPS; i++)
        ret_watches[i] = signals[i] == SIGHUP && is_ignored(SIGHUP)
                             ? NULL
                             : loop_watch_signal(loop, signals[i], callback, ctx);
}

void loop_unwatch_stops(struct loop_watch *watches[LOOP_STOPS])
{
    for (size_t i = 0; i < LOOP_STOPS; i++)
        loop_unwatch(watches[i]);
}

void loop_unwatch(struct loop_watch *watch)
{
    if (watch == NULL)
        return;
    if (watch->previous)
        watch->previous->next = watch->next;
    else
        watch->loop->watches = watch->next;
    if (watch->next)
        watch->next->previous = watch->previous;
    event_free(watch->event);
    memory_release(watch);
}

struct loop_timer *loop_timer_create(struct loop *loop, void (*callback)(void *ctx), void *ctx)
{
    struct loop_timer *timer = memory_get(sizeof(*timer));
    timer->loop = loop;
    timer->at = INSTANT_NEVER;
    timer->callback = callback;
    timer->ctx = ctx;
    timer->next = loop->timers;
    if (timer->next)
        timer->next->previous = timer;
    loop->timers = timer;
    return timer;
}

void loop_timer_destroy(struct loop_timer *timer)
{
    if (timer == NULL)
        return;
    if (timer->previous)
        timer->previous->next = timer->next;
    else
        timer->loop->timers = timer->next;
    if (timer->next)
        timer->next->previous = timer->previous;
    memory_release(timer);
}

void loop_timer_set(struct loop_timer *timer, struct instant at)
{
    timer->at = at;
    timer->pass = timer->loop->pass;
}

// The earliest of the timers that were set before this pass and are due, or NULL.
static struct loop_timer *timer_due(const struct loop *loop, struct instant now)
{
    struct loop_timer *due = NULL;
    for (struct loop_timer *timer = loop->timers; timer; timer = timer->next) {
        if (timer->pass == loop->pass || !instant_has_come(timer->at, now))
            continue;
        if (due == NULL || instant_is_before(timer->at, due->at))
            due = timer;
    }
    return due;
}

static void run_timers(struct loop *loop)
{
    struct instant now = loop_now();
    loop->pass++;
    for (struct loop_timer *timer; (timer = timer_due(loop, now)) != NULL;) {
        timer->at = INSTANT_NEVER;
        timer->callback(timer->ctx);
    }
}

static void set_alarm(struct loop *loop, struct instant at)
{
    struct itimerspec when = {0};
    if (at.us == loop->alarm_at.us)
        return;
    if (at.us != INSTANT_NEVER.us) {
        when.it_value.tv_sec = at.us / 1000000;
        when.it_value.tv_nsec = at.us % 1000000 * 1000;
    }
    ensure(timerfd_settime(loop->alarm_fd, TFD_TIMER_ABSTIME, &when, NULL) == 0);
    loop->alarm_at = at;
}

// Waits until something happens or is due, and runs the callbacks of what happened.
static void wait_for_events(struct loop *loop)
{
    struct instant deadline = loop->turn_at;
    for (const struct loop_timer *timer = loop->timers; timer; timer = timer->next)
        deadline = instant_earlier(deadline, timer->at);
    if (instant_has_come(deadline, loop_now())) {
        // ONCE as well: NONBLOCK alone goes on for as long as some descriptor is readable.
        ensure(event_base_loop(loop->base, EVLOOP_ONCE | EVLOOP_NONBLOCK) >= 0);
        return;
    }
    set_alarm(loop, deadline);
    ensure(event_base_loop(loop->base, EVLOOP_ONCE) >= 0);
}

static void run_turn(struct loop *loop)
{
    loop->turn_at = loop->turn ? loop->turn(loop->turn_ctx, loop_now()) : INSTANT_NEVER;
}

void loop_set_turn(struct loop *loop, struct instant (*turn)(void *ctx, struct instant now),
                   void *ctx)
{
    loop->turn = turn;
    loop->turn_ctx = ctx;
    loop->turn_at = INSTANT_NEVER;
}

uint64_t loop_passes(const struct loop *loop)
{
    return loop->pass;
}

void loop_run(struct loop *loop)
{
    loop->is_stopped = false;
    run_turn(loop);
    while (!loop->is_stopped) {
        wait_for_events(loop);
        run_timers(loop);
        run_turn(loop);
    }
}

void loop_stop(struct loop *loop)
{
    loop->is_stopped = true;
}
