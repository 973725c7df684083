// SPDX-License-Identifier: Apache-2.0
//
// The one loop of a daemon: file descriptors, timers and signals on a libevent base, and one turn
// after every wake-up. Callbacks only mark what has happened; the turn decides. Timers follow
// CLOCK_BOOTTIME, so a machine that slept finds its deadlines passed.
#ifndef MUSTER_NET_LOOP_H
#define MUSTER_NET_LOOP_H

#include <stdint.h>

#include "base/instant.h"

struct event_base; // libevent's
struct loop;
struct loop_watch;
struct loop_timer;

// The clock of all decisions (CLOCK_BOOTTIME); nothing else reads it.
struct instant loop_now(void);

// Milliseconds since 1970 by the wall clock: for records and people, never for a decision.
int64_t loop_wall_ms(void);

// A loop for the calling thread, which alone may use it. Makes the process ignore SIGPIPE and
// libevent silent.
struct loop *loop_create(void);

// Everything that was made on the loop must be gone, except watches and timers: those go with it.
void loop_destroy(struct loop *loop);

// libevent's base of the loop, for what else runs on it.
struct event_base *loop_base(struct loop *loop);

// Calls `callback` in every wake-up while `fd` (borrowed, non-blocking) is readable or hung up.
struct loop_watch *loop_watch_fd(struct loop *loop, int fd, void (*callback)(void *ctx), void *ctx);

// Calls `callback` after each signal that asks for an orderly stop: SIGTERM, SIGINT, and SIGHUP,
// which comes when a terminal is closed, often twice. A SIGHUP that was ignored when the process
// began (nohup) stays ignored.
#define LOOP_STOPS 3
void loop_watch_stops(struct loop *loop, void (*callback)(void *ctx, int signal), void *ctx,
                      struct loop_watch *ret_watches[LOOP_STOPS]);
void loop_unwatch_stops(struct loop_watch *watches[LOOP_STOPS]);

// Calls `callback` after the signal, which then no longer has its default effect. One loop of a
// process at most. Exec'd children get the default back.
struct loop_watch *loop_watch_signal(struct loop *loop, int signal,
                                     void (*callback)(void *ctx, int signal), void *ctx);

// Ends a watch, also from inside a callback; NULL is fine.
void loop_unwatch(struct loop_watch *watch);

// A timer that is not set. Few are expected: setting and firing cost O(timers of the loop).
struct loop_timer *loop_timer_create(struct loop *loop, void (*callback)(void *ctx), void *ctx);
void loop_timer_destroy(struct loop_timer *timer);

// Sets the timer to go off once at `at`, in the past = in the next wake-up, INSTANT_NEVER = not at
// all. Replaces what was set before.
void loop_timer_set(struct loop_timer *timer, struct instant at);

// `turn` is called once at the start of the run and once after the callbacks of each wake-up. It
// returns when it wants to be called at the latest (INSTANT_NEVER: only when something happens; in
// the past: at once, after a look at the descriptors). NULL takes it away.
void loop_set_turn(struct loop *loop, struct instant (*turn)(void *ctx, struct instant now),
                   void *ctx);

// How often it has woken up so far. A process that has nothing to do rests.
uint64_t loop_passes(const struct loop *loop);

// Runs until loop_stop, which a callback or the turn calls; the turn in progress is the last.
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
