// SPDX-License-Identifier: Apache-2.0
//
// The loop: order of callbacks and turn, timers, descriptors, signals.
#include "net/loop.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "test.h"

// What a test's callbacks write down.
struct notes {
    struct loop *loop;
    char text[200];
    int fd;
    struct loop_watch *watch;
    struct loop_timer *timer;
    struct loop_timer *other;
    int turns;
    int turns_max;
    struct instant next; // what the turn returns
};

static void note(struct notes *notes, const char *word)
{
    strncat(notes->text, word, sizeof(notes->text) - strlen(notes->text) - 1);
}

static struct instant turn(void *ctx, struct instant now)
{
    struct notes *notes = ctx;
    CHECK(!instant_is_before(loop_now(), now));
    note(notes, "turn ");
    if (++notes->turns >= notes->turns_max)
        loop_stop(notes->loop);
    return notes->next;
}

static struct notes notes_init(int turns_max, struct instant next)
{
    return (struct notes){.loop = loop_create(), .turns_max = turns_max, .next = next};
}

static void fd_ready(void *ctx)
{
    struct notes *notes = ctx;
    uint64_t count;
    note(notes, "fd ");
    CHECK(read(notes->fd, &count, sizeof(count)) == sizeof(count));
}

static void fd_ready_once(void *ctx)
{
    struct notes *notes = ctx;
    fd_ready(notes);
    loop_unwatch(notes->watch);
}

static void timer_due(void *ctx)
{
    note(ctx, "timer ");
}

static void other_due(void *ctx)
{
    note(ctx, "other ");
}

static void one_turn_follows_the_callbacks_of_a_wake_up(void)
{
    struct notes notes = notes_init(2, INSTANT_NEVER);
    struct loop_timer *timer = loop_timer_create(notes.loop, timer_due, &notes);
    notes.fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
    loop_watch_fd(notes.loop, notes.fd, fd_ready, &notes);
    loop_timer_set(timer, loop_now());
    loop_set_turn(notes.loop, turn, &notes);
    loop_run(notes.loop);
    CHECK_TEXT(notes.text, "turn fd timer turn ");
    close(notes.fd);
    loop_destroy(notes.loop);
}

static void a_turn_is_called_when_it_wants(void)
{
    struct notes notes = notes_init(3, (struct instant){0});
    loop_set_turn(notes.loop, turn, &notes);
    loop_run(notes.loop);
    CHECK_TEXT(notes.text, "turn turn turn ");

    struct instant later = instant_add(loop_now(), span_of_ms(5));
    notes.turns = 0;
    notes.turns_max = 2;
    notes.next = later;
    loop_run(notes.loop);
    CHECK(instant_has_come(later, loop_now()));
    loop_destroy(notes.loop);
}

static void timers_go_off_in_order_and_once(void)
{
    struct notes notes = notes_init(INT32_MAX, INSTANT_NEVER);
    struct instant start = loop_now();
    struct loop_timer *late = loop_timer_create(notes.loop, timer_due, &notes);
    struct loop_timer *early = loop_timer_create(notes.loop, other_due, &notes);
    struct loop_timer *never = loop_timer_create(notes.loop, other_due, &notes);
    loop_timer_set(late, start);
    loop_timer_set(early, (struct instant){start.us - 10});
    loop_timer_set(never, start);
    loop_timer_set(never, INSTANT_NEVER);
    notes.turns_max = 2;
    notes.next = instant_add(start, span_of_ms(2));
    loop_set_turn(notes.loop, turn, &notes);
    loop_run(notes.loop);
    CHECK_TEXT(notes.text, "turn other timer turn ");
    notes.turns_max = 4;
    notes.next = (struct instant){0};
    loop_run(notes.loop);
    CHECK_TEXT(notes.text, "turn other timer turn turn turn ");
    loop_timer_destroy(early);
    loop_destroy(notes.loop);
}

// Sets itself into the past again and does away with the other timer.
static void timer_repeats(void *ctx)
{
    struct notes *notes = ctx;
    note(notes, "again ");
    loop_timer_set(notes->timer, (struct instant){1});
    loop_timer_destroy(notes->other);
    notes->other = NULL;
}

static void a_timer_may_set_itself_and_destroy_others(void)
{
    struct notes notes = notes_init(4, INSTANT_NEVER);
    notes.timer = loop_timer_create(notes.loop, timer_repeats, &notes);
    notes.other = loop_timer_create(notes.loop, other_due, &notes);
    loop_timer_set(notes.timer, (struct instant){1});
    loop_timer_set(notes.other, (struct instant){2});
    loop_set_turn(notes.loop, turn, &notes);
    loop_run(notes.loop);
    CHECK_TEXT(notes.text, "turn again turn again turn again turn ");
    loop_destroy(notes.loop);
}

static void a_watch_may_end_itself(void)
{
    struct notes notes = notes_init(3, (struct instant){0});
    notes.fd = eventfd(2, EFD_NONBLOCK | EFD_CLOEXEC | EFD_SEMAPHORE);
    notes.watch = loop_watch_fd(notes.loop, notes.fd, fd_ready_once, &notes);
    loop_set_turn(notes.loop, turn, &notes);
    loop_run(notes.loop);
    CHECK_TEXT(notes.text, "turn fd turn turn ");
    loop_unwatch(NULL);
    close(notes.fd);
    loop_destroy(notes.loop);
}

static void timer_kills(void *ctx)
{
    (void)ctx;
    raise(SIGPIPE);
    raise(SIGHUP);
    raise(SIGTERM);
}

static void signal_came(void *ctx, int signal)
{
    struct notes *notes = ctx;
    note(notes, signal == SIGTERM ? "term " : "hup ");
    if (signal == SIGTERM)
        loop_stop(notes->loop);
}

static void signals_are_callbacks_and_a_broken_pipe_is_nothing(void)
{
    struct notes notes = notes_init(INT32_MAX, INSTANT_NEVER);
    struct loop_timer *timer = loop_timer_create(notes.loop, timer_kills, &notes);
    loop_watch_signal(notes.loop, SIGTERM, signal_came, &notes);
    loop_watch_signal(notes.loop, SIGHUP, signal_came, &notes);
    loop_timer_set(timer, loop_now());
    loop_run(notes.loop);
    CHECK(strstr(notes.text, "term ") != NULL);
    CHECK(strstr(notes.text, "hup ") != NULL);
    loop_destroy(notes.loop);
}

// A closed terminal asks for the orderly stop too, but not under nohup.
static void hangup_is_a_stop_unless_it_was_ignored(void)
{
    for (int is_ignored = 0; is_ignored < 2; is_ignored++) {
        struct notes notes = notes_init(INT32_MAX, INSTANT_NEVER);
        struct loop_watch *watches[LOOP_STOPS];
        struct loop_timer *timer = loop_timer_create(notes.loop, timer_kills, &notes);
        signal(SIGHUP, is_ignored ? SIG_IGN : SIG_DFL);
        loop_watch_stops(notes.loop, signal_came, &notes, watches);
        loop_timer_set(timer, loop_now());
        loop_run(notes.loop);
        CHECK(strstr(notes.text, "term ") != NULL);
        CHECK_INT(strstr(notes.text, "hup ") == NULL, is_ignored);
        loop_unwatch_stops(watches);
        loop_destroy(notes.loop);
    }
    signal(SIGHUP, SIG_DFL);
}

static void a_loop_may_run_again_and_stop_at_once(void)
{
    struct notes notes = notes_init(1, INSTANT_NEVER);
    loop_set_turn(notes.loop, turn, &notes);
    loop_run(notes.loop);
    loop_run(notes.loop);
    CHECK_TEXT(notes.text, "turn turn ");
    loop_destroy(notes.loop);
    loop_destroy(NULL);
}

static void the_wall_clock_counts_milliseconds_since_1970(void)
{
    CHECK(loop_wall_ms() > INT64_C(1700000000000));
    CHECK(loop_wall_ms() < INT64_C(100000000000000));
}

static const struct test tests[] = {
    TEST(one_turn_follows_the_callbacks_of_a_wake_up),
    TEST(a_turn_is_called_when_it_wants),
    TEST(timers_go_off_in_order_and_once),
    TEST(a_timer_may_set_itself_and_destroy_others),
    TEST(a_watch_may_end_itself),
    TEST(signals_are_callbacks_and_a_broken_pipe_is_nothing),
    TEST(hangup_is_a_stop_unless_it_was_ignored),
    TEST(a_loop_may_run_again_and_stop_at_once),
    TEST(the_wall_clock_counts_milliseconds_since_1970),
};
TEST_MAIN("net/loop", tests)
