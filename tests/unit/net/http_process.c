// SPDX-License-Identifier: Apache-2.0
//
// The child process of http_process.h.
#include "http_process.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ensure.h"
#include "base/json.h"
#include "base/memory.h"
#include "test.h"

enum { ECHO_PATH, ECHO_BODY, LATER, RELEASE, NEVER, STATS, BIG, EMPTY, REFUSE };

static const struct http_route routes[] = {
    {HTTP_GET, "/big", BIG, "a large answer"},
    {HTTP_GET, "/echo/{a}/{b}", ECHO_PATH, "what was parsed"},
    {HTTP_POST, "/echo", ECHO_BODY, "what was parsed"},
    {HTTP_GET, "/empty", EMPTY, "no bytes"},
    {HTTP_GET, "/later", LATER, "answered by release"},
    {HTTP_GET, "/never", NEVER, "answered at the end"},
    {HTTP_GET, "/refuse", REFUSE, "a conflict"},
    {HTTP_GET, "/release", RELEASE, "answers what waits"},
    {HTTP_GET, "/stats", STATS, "counters"},
};

struct child {
    struct loop *loop;
    struct http_server *server;
    struct http_request *later[64];
    uint32_t later_count;
    struct http_request *never[64];
    uint32_t never_count;
    char *big;
};

static void add_call(struct json *json, const struct http_call *call)
{
    json_object_begin(json);
    json_member_text(json, "path", call->path);
    json_key(json, "captures");
    json_array_begin(json);
    for (uint32_t i = 0; i < call->capture_count; i++)
        json_text(json, call->captures[i]);
    json_array_end(json);
    json_key(json, "query");
    json_array_begin(json);
    for (uint32_t i = 0; i < call->parameter_count; i++) {
        json_text(json, call->parameters[i].name);
        json_text(json, call->parameters[i].value);
    }
    json_array_end(json);
    json_member_text(json, "accept", call->accept);
    json_member_text(json, "body", call->body);
    json_object_end(json);
}

static void answer_echo(struct http_request *request, const struct http_call *call)
{
    struct buffer body = {0};
    struct json json;
    json_begin(&json, &body);
    add_call(&json, call);
    json_end(&json);
    http_request_answer(request, 200, "application/json", &body);
}

static void answer_stats(struct child *child, struct http_request *request)
{
    struct http_server_stats stats = http_server_stats(child->server);
    struct buffer body = {0};
    buffer_print(&body, "requests %llu refused %llu expired %llu connections %u waiting %u",
                 (unsigned long long)stats.requests, (unsigned long long)stats.refused,
                 (unsigned long long)stats.expired, stats.connections, stats.waiting);
    http_request_answer(request, 200, "text/plain", &body);
}

static void answer_all(struct http_request **requests, uint32_t *count)
{
    for (uint32_t i = 0; i < *count; i++)
        http_request_answer_constant(requests[i], "text/plain", TEXT_LITERAL("at last"));
    *count = 0;
}

static void handle(void *ctx, struct http_request *request, const struct http_call *call)
{
    struct child *child = ctx;
    struct text big = {child->big, HTTP_PROCESS_BIG_BYTES};
    switch (call->route) {
    case ECHO_PATH:
    case ECHO_BODY:
        answer_echo(request, call);
        break;
    case LATER:
        child->later[child->later_count++] = request;
        break;
    case NEVER:
        child->never[child->never_count++] = request;
        break;
    case RELEASE:
        answer_all(child->later, &child->later_count);
        http_request_answer_constant(request, "text/plain", TEXT_LITERAL("released"));
        break;
    case STATS:
        answer_stats(child, request);
        break;
    case BIG:
        http_request_answer_constant(request, "text/plain", big);
        break;
    case EMPTY:
        http_request_answer(request, 200, "text/plain", &(struct buffer){0});
        break;
    default:
        http_request_refuse(request, 409, "say \"why\"");
    }
}

static void stop(void *ctx, int signal)
{
    (void)signal;
    loop_stop(ctx);
}

// Runs in the child until SIGTERM.
static void child_run(struct http_server_options options, int address_fd)
{
    struct child child = {.loop = loop_create(), .big = memory_get(HTTP_PROCESS_BIG_BYTES)};
    struct buffer error = {0};

    memset(child.big, 'b', HTTP_PROCESS_BIG_BYTES);
    options.routes = routes;
    options.route_count = sizeof(routes) / sizeof(routes[0]);
    options.handler = handle;
    options.ctx = &child;
    ensure(http_server_create(child.loop, &options, &child.server, &error) == STATUS_OK);
    loop_watch_signal(child.loop, SIGTERM, stop, child.loop);
    const char *address = http_server_address(child.server);
    ensure(write(address_fd, address, strlen(address)) > 0);
    close(address_fd);
    loop_run(child.loop);
    answer_all(child.never, &child.never_count);
    http_server_destroy(child.server);
    loop_destroy(child.loop);
    memory_release(child.big);
    buffer_finish(&error);
}

struct http_process http_process_start(struct http_server_options options)
{
    struct http_process process = {0};
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    process.pid = fork();
    if (process.pid == 0) {
        close(ends[0]);
        prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that dies leaves nothing behind
        child_run(options, ends[1]);
        exit(0);
    }
    close(ends[1]);
    REQUIRE(read(ends[0], process.address, sizeof(process.address) - 1) > 0);
    close(ends[0]);
    return process;
}

void http_process_stop(const struct http_process *process)
{
    int outcome = -1;
    kill(process->pid, SIGTERM);
    waitpid(process->pid, &outcome, 0);
    CHECK_INT(outcome, 0);
}

int http_process_connect(const struct http_process *process)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    struct timeval patience = {.tv_sec = 20};
    to.sin_port = htons((uint16_t)atoi(strrchr(process->address, ':') + 1));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    REQUIRE(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
    return fd;
}

char *http_process_ask(const struct http_process *process, const char *bytes)
{
    struct buffer answer = {0};
    char part[4096];
    int fd = http_process_connect(process);
    ssize_t size = send(fd, bytes, strlen(bytes), MSG_NOSIGNAL);
    CHECK_INT(size, strlen(bytes));
    while ((size = recv(fd, part, sizeof(part), 0)) > 0)
        buffer_add(&answer, part, (size_t)size);
    close(fd);
    char *text = text_copy(buffer_text(&answer));
    buffer_finish(&answer);
    return text;
}
