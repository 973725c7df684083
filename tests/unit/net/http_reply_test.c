// SPDX-License-Identifier: Apache-2.0
//
// Answers as they arrive: whole, byte by byte, cut off, and not HTTP.
#include "net/http_reply.h"

#include <string.h>

#include "test.h"

#define BODY_BYTES_MAX 32

struct outcome {
    enum status status;
    int code;
    char type[100];
    char body[BODY_BYTES_MAX + 1];
};

// Parses the bytes in pieces of `step`; with the end of the connection behind them where more is
// asked for.
static struct outcome parse(const char *bytes, size_t step)
{
    struct buffer body = {0};
    struct http_reply reply = {.body = &body, .body_bytes_max = BODY_BYTES_MAX};
    struct outcome outcome = {.status = STATUS_AGAIN};
    size_t size = strlen(bytes);
    for (size_t i = 0; i < size && outcome.status == STATUS_AGAIN; i += step) {
        size_t length = size - i < step ? size - i : step;
        outcome.status = http_reply_take(&reply, (struct text){bytes + i, length});
    }
    if (outcome.status == STATUS_AGAIN)
        outcome.status = http_reply_end(&reply);
    outcome.code = reply.code;
    memcpy(outcome.type, reply.content_type, sizeof(outcome.type));
    memcpy(outcome.body, buffer_string(&body), body.size);
    http_reply_finish(&reply);
    buffer_finish(&body);
    return outcome;
}

static void complete_answers_are_taken_in_any_pieces(void)
{
    static const struct {
        const char *bytes;
        int code;
        const char *type;
        const char *body;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Type:  text/x \r\nContent-Length: 3\r\n\r\nabc", 200, "text/x",
         "abc"},
        {"HTTP/1.0 200 OK\r\n\r\nto the end", 200, "", "to the end"},
        {"HTTP/1.1 404\ncontent-length:0\n\n", 404, "", ""},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n", 204, "", ""},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n"
         "0\r\nTrailer: x\r\n\r\n",
         200, "", "abc0123456789"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabmore", 200, "", "ab"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t step = 1; step <= strlen(rows[i].bytes); step++) {
            struct outcome outcome = parse(rows[i].bytes, step);
            CHECK_INT(outcome.status, STATUS_OK);
            CHECK_INT(outcome.code, rows[i].code);
            CHECK_TEXT(outcome.type, rows[i].type);
            CHECK_TEXT(outcome.body, rows[i].body);
        }
    }
}

static void wrong_answers_are_told_apart(void)
{
    static const struct {
        const char *bytes;
        enum status expected;
    } rows[] = {
        {"", STATUS_CLOSED},
        {"HTTP/1.1 200 OK\r\n", STATUS_CLOSED},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", STATUS_CLOSED},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", STATUS_CLOSED},
        {"SSH-2.0-OpenSSH_9.2\r\n", STATUS_INVALID},
        {"HTTP/2 200\r\n", STATUS_INVALID},
        {"HTTP/1.1 2000 OK\r\n", STATUS_INVALID},
        {"HTTP/1.1 -20 OK\r\n", STATUS_INVALID},
        {"HTTP/1.1 600 No\r\n", STATUS_INVALID},
        {"HTTP/1.1 200 OK\r\nno colon\r\n", STATUS_INVALID},
        {"HTTP/1.1 200 OK\r\n: x\r\n", STATUS_INVALID},
        {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", STATUS_INVALID},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", STATUS_INVALID},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", STATUS_INVALID},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", STATUS_INVALID},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", STATUS_INVALID},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", STATUS_INVALID},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n123456789\r\n", STATUS_INVALID},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: "
         "chunked\r\n\r\nff\r\n0123456789012345678901234567890"
         "123456789",
         STATUS_TOO_LARGE},
        {"HTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\n", STATUS_TOO_LARGE},
        {"HTTP/1.1 200 OK\r\n\r\n012345678901234567890123456789012", STATUS_TOO_LARGE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK_INT(parse(rows[i].bytes, 1).status, rows[i].expected);
        CHECK_INT(parse(rows[i].bytes, 4096).status, rows[i].expected);
    }
}

// Repeats the bytes after the beginning of an answer until the parser has had enough.
static enum status flood(const char *beginning, const char *bytes)
{
    struct buffer body = {0};
    struct http_reply reply = {.body = &body, .body_bytes_max = BODY_BYTES_MAX};
    enum status status = http_reply_take(&reply, text_of(beginning));
    for (int i = 0; i < 100000 && status == STATUS_AGAIN; i++)
        status = http_reply_take(&reply, text_of(bytes));
    http_reply_finish(&reply);
    buffer_finish(&body);
    return status;
}

static void lines_have_limits(void)
{
    CHECK_INT(flood("", "x"), STATUS_INVALID);
    CHECK_INT(flood("HTTP/1.1 200 OK\r\nA: ", "x"), STATUS_TOO_LARGE);
    CHECK_INT(flood("HTTP/1.1 200 OK\r\n", "A: x\r\n"), STATUS_TOO_LARGE);
    CHECK_INT(flood("", "HTTP/1.1 100 C\r\n\r\n"), STATUS_TOO_LARGE);
    CHECK_INT(flood("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "A: x\r\n"),
              STATUS_TOO_LARGE);
}

static const struct test tests[] = {
    TEST(complete_answers_are_taken_in_any_pieces),
    TEST(wrong_answers_are_told_apart),
    TEST(lines_have_limits),
};
TEST_MAIN("net/http_reply", tests)
