// SPDX-License-Identifier: Apache-2.0
//
// The client: find the address, connect, send, read to the end. Every wait is a poll up to the one
// deadline; only the name look-up is the resolver's own. It asks for "Connection: close", so the
// answer ends by its length, by its last chunk or with the connection.
//
// Failures: no such host, refused by every address, nobody answers in time, cut off, not HTTP, too
// large.
#include "net/http_client.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "net/http_reply.h"
#include "net/loop.h"
#include "net/reason.h"

#define READ_BYTES 65536

// One exchange under way.
struct exchange {
    const struct http_client_request *request;
    struct text host; // without brackets
    char port[6];
    struct text target;    // path and query; empty = "/"
    struct text authority; // host and port as in the URL
    struct instant deadline;
    struct span timeout;
    int fd; // −1 = not connected
    struct buffer *error;
};

static enum status url_error(struct exchange *exchange, const char *why)
{
    buffer_print(exchange->error, "'%s' %s: give http://HOST:PORT", exchange->request->url, why);
    return STATUS_INVALID;
}

// Splits "[host]:port", "host:port" or "host".
static enum status authority_split(struct exchange *exchange)
{
    struct text host = exchange->authority;
    struct text port = TEXT_LITERAL("80");
    int64_t number = 0;
    const char *bracket = memchr(host.data, ']', host.size);
    const char *from = bracket ? bracket : host.data;
    const char *colon = memchr(from, ':', (size_t)(host.data + host.size - from));

    if (colon) {
        port = (struct text){colon + 1, (size_t)(host.data + host.size - colon - 1)};
        host.size = (size_t)(colon - host.data);
    }
    if (bracket && host.data[0] == '[' && bracket == host.data + host.size - 1)
        host = (struct text){host.data + 1, host.size - 2};
    else if (bracket)
        return url_error(exchange, "has a misplaced ']'");
    if (host.size == 0 || memchr(host.data, '@', host.size))
        return url_error(exchange, "names no host");
    if (text_parse_int64(port, &number) || number < 1 || number > 65535)
        return url_error(exchange, "has no valid port");
    snprintf(exchange->port, sizeof(exchange->port), "%d", (int)number);
    exchange->host = host;
    return STATUS_OK;
}

static enum status url_split(struct exchange *exchange)
{
    struct text url = text_of(exchange->request->url);
    struct text scheme = TEXT_LITERAL("http://");

    for (size_t i = 0; i < url.size; i++)
        if ((unsigned char)url.data[i] <= ' ' || url.data[i] == 0x7f)
            return url_error(exchange, "has a blank or control character");
    if (!text_has_prefix(url, scheme))
        return url_error(exchange, "does not begin with http://");
    struct text rest = {url.data + scheme.size, url.size - scheme.size};
    size_t end = 0;
    while (end < rest.size && rest.data[end] != '/' && rest.data[end] != '?')
        end++;
    if (end == 0)
        return url_error(exchange, "names no host");
    exchange->authority = (struct text){rest.data, end};
    exchange->target = (struct text){rest.data + end, rest.size - end};
    return authority_split(exchange);
}

static enum status unreachable(struct exchange *exchange, const char *why)
{
    buffer_print(exchange->error, "cannot reach 'http://%.*s' (%s): is it running there?",
                 TEXT_ARGS(exchange->authority), why);
    return STATUS_UNREACHABLE;
}

static enum status timed_out(struct exchange *exchange)
{
    buffer_print(exchange->error, "no answer from 'http://%.*s' within ",
                 TEXT_ARGS(exchange->authority));
    buffer_add_seconds(exchange->error, exchange->timeout.us);
    buffer_add_string(exchange->error, " s: is it overloaded, or another program?");
    return STATUS_TIMEOUT;
}

static enum status failed(struct exchange *exchange, const char *why)
{
    buffer_print(exchange->error, "the answer of 'http://%.*s' %s", TEXT_ARGS(exchange->authority),
                 why);
    return STATUS_FAILED;
}

static enum status strange(struct exchange *exchange)
{
    buffer_print(exchange->error, "'http://%.*s' does not speak HTTP: is it another program?",
                 TEXT_ARGS(exchange->authority));
    return STATUS_UNREACHABLE;
}

// Waits until the socket is ready for `events`. STATUS_TIMEOUT at the deadline, without an error
// text.
static enum status wait_ready(struct exchange *exchange, short events)
{
    struct pollfd ready = {.fd = exchange->fd, .events = events};
    for (;;) {
        struct span left = instant_since(exchange->deadline, loop_now());
        if (left.us <= 0)
            return STATUS_TIMEOUT;
        struct timespec wait = {left.us / 1000000, left.us % 1000000 * 1000};
        int count = ppoll(&ready, 1, &wait, NULL);
        if (count > 0)
            return STATUS_OK;
        if (count < 0 && errno != EINTR)
            return STATUS_FAILED;
    }
}

// Connects to one address. Returns 0 or an errno; ETIMEDOUT at the deadline.
static int connect_to(struct exchange *exchange, const struct addrinfo *where)
{
    int yes = 1;
    int error = 0;
    socklen_t size = sizeof(error);

    exchange->fd = socket(where->ai_family, where->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                          where->ai_protocol);
    if (exchange->fd < 0)
        return errno;
    if (connect(exchange->fd, where->ai_addr, where->ai_addrlen) != 0)
        error = errno;
    if (error == EINPROGRESS) {
        error = ETIMEDOUT;
        if (wait_ready(exchange, POLLOUT) == STATUS_OK &&
            getsockopt(exchange->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
            error = errno;
    }
    if (error == 0 && setsockopt(exchange->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) != 0)
        error = errno;
    if (error) {
        close(exchange->fd);
        exchange->fd = -1;
    }
    return error;
}

static enum status exchange_connect(struct exchange *exchange)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char *host = text_copy(exchange->host);
    char text[80];
    int error = ETIMEDOUT;

    int failure = getaddrinfo(host, exchange->port, &hints, &found);
    memory_release(host);
    if (failure)
        return unreachable(exchange,
                           failure == EAI_NONAME ? "no such host" : gai_strerror(failure));
    for (const struct addrinfo *at = found; at && exchange->fd < 0; at = at->ai_next) {
        error = connect_to(exchange, at);
        if (instant_has_come(exchange->deadline, loop_now()))
            break;
    }
    freeaddrinfo(found);
    return error ? unreachable(exchange, reason_text(error, text, sizeof(text))) : STATUS_OK;
}

static void request_print(const struct exchange *exchange, struct buffer *out)
{
    const struct http_client_request *request = exchange->request;
    buffer_add_string(out, request->body ? "POST " : "GET ");
    if (exchange->target.size == 0 || exchange->target.data[0] != '/')
        buffer_add_char(out, '/');
    buffer_add_text(out, exchange->target);
    buffer_print(out, " HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: muster/" MUSTER_VERSION "\r\n",
                 TEXT_ARGS(exchange->authority));
    buffer_add_string(out, "Accept: application/json, */*;q=0.5\r\nConnection: close\r\n");
    if (request->body) {
        buffer_print(out, "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                     request->content_type ? request->content_type : "application/json",
                     request->body->size);
        buffer_add_text(out, *request->body);
    } else {
        buffer_add_string(out, "\r\n");
    }
}

// Sends everything, or as much as the other side takes before it hangs up: it may have answered
// nevertheless.
static enum status exchange_send(struct exchange *exchange)
{
    struct buffer out = {0};
    enum status status = STATUS_OK;
    size_t sent = 0;

    request_print(exchange, &out);
    while (status == STATUS_OK && sent < out.size) {
        ssize_t size = send(exchange->fd, out.data + sent, out.size - sent, MSG_NOSIGNAL);
        if (size >= 0)
            sent += (size_t)size;
        else if (errno == EAGAIN || errno == EINTR)
            status = wait_ready(exchange, POLLOUT);
        else
            break;
    }
    buffer_finish(&out);
    return status == STATUS_TIMEOUT ? timed_out(exchange) : status;
}

static enum status exchange_read(struct exchange *exchange, struct http_client_answer *ret_answer)
{
    struct http_reply reply = {.body = &ret_answer->body,
                               .body_bytes_max = exchange->request->body_bytes_max};
    char *bytes = memory_get(READ_BYTES);
    enum status status = STATUS_AGAIN;

    if (reply.body_bytes_max == 0)
        reply.body_bytes_max = (size_t)64 << 20;
    while (status == STATUS_AGAIN) {
        if ((status = wait_ready(exchange, POLLIN)) != STATUS_OK)
            break;
        ssize_t size = recv(exchange->fd, bytes, READ_BYTES, 0);
        if (size > 0)
            status = http_reply_take(&reply, (struct text){bytes, (size_t)size});
        else if (size < 0 && (errno == EAGAIN || errno == EINTR))
            status = STATUS_AGAIN;
        else
            status = http_reply_end(&reply);
    }
    ret_answer->code = reply.code;
    snprintf(ret_answer->content_type, sizeof(ret_answer->content_type), "%s", reply.content_type);
    http_reply_finish(&reply);
    memory_release(bytes);
    return status;
}

static enum status exchange_run(struct exchange *exchange, struct http_client_answer *ret_answer)
{
    enum status status = url_split(exchange);
    if (status == STATUS_OK)
        status = exchange_connect(exchange);
    if (status == STATUS_OK)
        status = exchange_send(exchange);
    if (status)
        return status;
    switch (status = exchange_read(exchange, ret_answer)) {
    case STATUS_OK:
        return STATUS_OK;
    case STATUS_TIMEOUT:
        return timed_out(exchange);
    case STATUS_TOO_LARGE:
        (void)failed(exchange, "is larger than the limit: ask for fewer items");
        return status;
    case STATUS_CLOSED:
        // Whoever hangs up without a word has not understood the question.
        if (ret_answer->code == 0)
            return strange(exchange);
        return failed(exchange, "was cut off: try again");
    default:
        return strange(exchange);
    }
}

enum status http_client_fetch(const struct http_client_request *request,
                              struct http_client_answer *ret_answer, struct buffer *error)
{
    struct span timeout = request->timeout.us ? request->timeout : span_of_ms(5000);
    struct exchange exchange = {
        .request = request,
        .timeout = timeout,
        .deadline = instant_add(loop_now(), timeout),
        .fd = -1,
        .error = error,
    };
    *ret_answer = (struct http_client_answer){0};
    enum status status = exchange_run(&exchange, ret_answer);
    if (exchange.fd >= 0)
        close(exchange.fd);
    return status;
}

void http_client_answer_finish(struct http_client_answer *answer)
{
    if (answer)
        buffer_finish(&answer->body);
}

void http_escape(struct buffer *buffer, struct text text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (size_t i = 0; i < text.size; i++) {
        if (memchr(plain, text.data[i], sizeof(plain) - 1))
            buffer_add_char(buffer, text.data[i]);
        else
            buffer_print(buffer, "%%%02X", (unsigned char)text.data[i]);
    }
}
