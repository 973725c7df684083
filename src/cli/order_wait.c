// SPDX-License-Identifier: Apache-2.0
//
// An order is done when its transaction is committed; what follows from it, handing topics over,
// takes as long as the collectors take. This looks at the pool or the collector, a few times a
// second, until it has come to what was wanted.

#include <poll.h>
#include <string.h>

#include "cli/answer.h"
#include "cli/locate.h"
#include "cli/order.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "wire/json_lexer.h"

#define LOOK_EVERY_MS 200

// What is looked at, and where.
struct kind {
    const char *noun;
    const char *path;
    const char *state, *owned; // members of its item
};

static const struct kind kind_pool = {"pool", "/api/v1/pools/", "status", "owned"};
static const struct kind kind_collector = {"collector", "/api/v1/collectors/", "state", "units"};

struct wait {
    const struct invocation *invocation;
    const struct kind *kind;
    enum order_goal goal;
    struct buffer base; // URL of the API
    struct instant deadline;
    struct buffer shown; // how it was when last looked at, for people
    struct buffer problem;
};

// Members of the item that the goals look at.
struct seen {
    bool is_there;
    bool is_running;
    int64_t owned, revoking;
    struct text status, why; // in the arena, or views of the body
};

static bool number_read(struct json_lexer *lexer, int64_t *ret_number)
{
    struct text digits;
    bool is_whole;
    return lexer_number(lexer, &digits, &is_whole) && is_whole &&
           text_parse_int64(digits, ret_number) == STATUS_OK;
}

static bool member_read(struct json_lexer *lexer, struct arena *arena, const struct kind *kind,
                        struct seen *seen)
{
    struct text key;
    if (!lexer_string(lexer, arena, &key) || !lexer_take(lexer, ':'))
        return false;
    if (text_equals(key, kind->state))
        return lexer_string(lexer, arena, &seen->status);
    if (text_equals(key, "why") && lexer_peek(lexer) == '"')
        return lexer_string(lexer, arena, &seen->why);
    if (text_equals(key, kind->owned))
        return number_read(lexer, &seen->owned);
    if (text_equals(key, "revoking"))
        return number_read(lexer, &seen->revoking);
    return lexer_skip(lexer);
}

// The first item of the answer.
static bool seen_read(struct text body, struct arena *arena, const struct kind *kind,
                      struct seen *seen)
{
    struct json_lexer lexer;
    lexer_init(&lexer, body);
    if (!answer_find(&lexer, arena, "items") || !lexer_take(&lexer, '[') ||
        !lexer_take(&lexer, '{'))
        return false;
    while (!lexer_take(&lexer, '}')) {
        if (!member_read(&lexer, arena, kind, seen))
            return false;
        lexer_take(&lexer, ',');
    }
    seen->is_there = true;
    seen->is_running = text_equals(seen->status, "RUNNING");
    return true;
}

static bool is_of_collector(enum order_goal goal)
{
    return goal == ORDER_DRAINED || goal == ORDER_EVICTED;
}

static bool is_reached(const struct seen *seen, enum order_goal goal)
{
    bool may_be_gone = goal == ORDER_GONE || is_of_collector(goal);
    if (goal == ORDER_GONE || !seen->is_there)
        return may_be_gone && !seen->is_there;
    if (goal == ORDER_EVICTED)
        return !text_equals(seen->status, "evicted");
    if (goal == ORDER_PAUSED || goal == ORDER_DRAINED)
        return seen->owned + seen->revoking == 0;
    return seen->is_running && seen->revoking == 0;
}

static void seen_print(const struct seen *seen, struct buffer *shown)
{
    buffer_clear(shown);
    if (!seen->is_there) {
        buffer_add_string(shown, "not there");
        return;
    }
    output_escape(shown, seen->status);
    buffer_print(shown, ", %lld owned and %lld revoking", (long long)seen->owned,
                 (long long)seen->revoking);
    if (seen->why.size > 0) {
        buffer_add_string(shown, ": ");
        output_escape(shown, seen->why);
    }
}

// Looks once. EXIT_DONE with `*ret_reached`, or what went wrong, told.
static enum exit_code look(struct wait *wait, const char *name, bool *ret_reached)
{
    struct http_client_answer reply = {0};
    struct buffer url = {0};
    struct arena arena = {0};
    struct seen seen = {0};
    enum exit_code code = EXIT_DONE;
    buffer_print(&url, "%s%s", buffer_string(&wait->base), wait->kind->path);
    http_escape(&url, text_of(name));
    if (wait->kind == &kind_collector) {
        buffer_add_string(&url, "?pool=");
        http_escape(&url, text_of(conf_text(wait->invocation->conf, "pool")));
    }
    struct http_client_request request = {.url = buffer_string(&url),
                                          .timeout = instant_since(wait->deadline, loop_now())};
    buffer_clear(&wait->problem);
    enum status status = http_client_fetch(&request, &reply, &wait->problem);
    if (status != STATUS_OK)
        code = invocation_fail(wait->invocation, exit_code_of(status), "%s",
                               buffer_string(&wait->problem));
    else if (reply.code != 404 &&
             (reply.code != 200 || !seen_read(buffer_text(&reply.body), &arena, wait->kind, &seen)))
        code = invocation_fail(wait->invocation, EXIT_FAILED,
                               "the coordinator at %s does not say how %s '%s' is (HTTP %d)",
                               buffer_string(&wait->base), wait->kind->noun, name, reply.code);
    *ret_reached = is_reached(&seen, wait->goal);
    seen_print(&seen, &wait->shown);
    http_client_answer_finish(&reply);
    buffer_finish(&url);
    arena_finish(&arena);
    return code;
}

static enum exit_code one_await(struct wait *wait, const char *name)
{
    for (;;) {
        bool is_there_now = false;
        int64_t left_ms = span_ms(instant_since(wait->deadline, loop_now()));
        if (left_ms <= 0)
            return invocation_fail(wait->invocation, EXIT_TIMEOUT,
                                   "%s '%s' is %s; it goes on, --timeout says how long to wait",
                                   wait->kind->noun, name, buffer_string(&wait->shown));
        enum exit_code code = look(wait, name, &is_there_now);
        if (code != EXIT_DONE || is_there_now)
            return code;
        (void)poll(NULL, 0, left_ms < LOOK_EVERY_MS ? (int)left_ms : LOOK_EVERY_MS);
    }
}

enum exit_code order_wait(const struct invocation *invocation, size_t count, enum order_goal goal)
{
    struct wait wait = {.invocation = invocation,
                        .kind = is_of_collector(goal) ? &kind_collector : &kind_pool,
                        .goal = goal,
                        .deadline =
                            instant_add(loop_now(), conf_span(invocation->conf, "timeout.ms"))};
    enum exit_code code = EXIT_DONE;
    if (!invocation_switch(invocation, "wait"))
        return EXIT_DONE;
    enum status status = locate_api(invocation, &wait.base, &wait.problem);
    if (status != STATUS_OK)
        code =
            invocation_fail(invocation, exit_code_of(status), "%s", buffer_string(&wait.problem));
    while (wait.base.size && wait.base.data[wait.base.size - 1] == '/')
        wait.base.data[--wait.base.size] = '\0';
    buffer_add_string(&wait.shown, "not looked at yet");
    for (size_t i = 0; i < count && code == EXIT_DONE; i++)
        code = one_await(&wait, invocation->arguments[i]);
    buffer_finish(&wait.base);
    buffer_finish(&wait.shown);
    buffer_finish(&wait.problem);
    return code;
}
