// SPDX-License-Identifier: Apache-2.0
//
// The HTTP server as a client sees it: parsing, answers now and later, refusals, and every limit.
#include "net/http_server.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "http_process.h"
#include "test.h"

#define GET_1_0(path) "GET " path " HTTP/1.0\r\n\r\n"

// Whether the answer has the code in its first line and the text anywhere.
static bool answer_is(const char *answer, int code, const char *part)
{
    char wanted[16];
    snprintf(wanted, sizeof(wanted), " %d ", code);
    const char *line_end = strstr(answer, "\r\n");
    const char *found = strstr(answer, wanted);
    bool is_right = line_end && found && found < line_end && strstr(answer, part);
    if (!is_right)
        fprintf(stderr, "expected %d with '%s', got: %.600s\n", code, part, answer);
    return is_right;
}

static void check_answer(const struct http_process *process, const char *bytes, int code,
                         const char *part)
{
    char *answer = http_process_ask(process, bytes);
    CHECK(answer_is(answer, code, part));
    memory_release(answer);
}

// Reads until the bytes so far hold `part`; false at the end of the connection.
static bool read_until(int fd, struct buffer *answer, const char *part)
{
    char bytes[65536];
    while (strstr(buffer_string(answer), part) == NULL) {
        ssize_t size = recv(fd, bytes, sizeof(bytes), 0);
        if (size <= 0)
            return false;
        buffer_add(answer, bytes, (size_t)size);
    }
    return true;
}

static void send_string(int fd, const char *bytes)
{
    CHECK_INT(send(fd, bytes, strlen(bytes), MSG_NOSIGNAL), strlen(bytes));
}

static void path_query_and_body_are_parsed(void)
{
    struct http_process process = http_process_start((struct http_server_options){0});
    check_answer(&process, GET_1_0("/echo/a%2Fb/c+d?x=1%202&y=%C3%BC+z&&flag&=v"), 200,
                 "\r\n\r\n{\"path\":\"/echo/a%2Fb/c+d\",\"captures\":[\"a/b\",\"c+d\"],\"query\":"
                 "[\"x\",\"1 2\",\"y\",\"\xc3\xbc z\",\"flag\",\"\",\"\",\"v\"],\"accept\":\"\","
                 "\"body\":\"\"}");
    check_answer(&process,
                 "POST /echo HTTP/1.0\r\nAccept: text/x\r\nContent-Length: 5\r\n\r\nhello", 200,
                 "\"accept\":\"text/x\",\"body\":\"hello\"");
    http_process_stop(&process);
}

static void every_response_forbids_what_it_can(void)
{
    struct http_process process = http_process_start((struct http_server_options){0});
    check_answer(&process, GET_1_0("/empty"), 200, "default-src 'self'");
    check_answer(&process, GET_1_0("/empty"), 200, "X-Content-Type-Options: nosniff");
    check_answer(&process, GET_1_0("/nowhere"), 404, "frame-ancestors 'none'");
    http_process_stop(&process);
}

static void what_fits_no_route_is_refused_in_json(void)
{
    struct http_process process = http_process_start((struct http_server_options){0});
    check_answer(&process, GET_1_0("/nowhere"), 404,
                 "{\"error\":{\"code\":404,\"name\":\"not_found\",\"message\":\"no such path\"}}");
    check_answer(&process, GET_1_0("/echo/a"), 404, "no such path");
    check_answer(&process, GET_1_0("/echo//b"), 404, "no such path");
    check_answer(&process, GET_1_0("/big/"), 404, "no such path");
    http_process_stop(&process);
}

static void wrong_methods_are_told_the_right_ones(void)
{
    struct http_process process = http_process_start((struct http_server_options){0});
    check_answer(&process, GET_1_0("/echo"), 405, "Allow: POST\r\n");
    check_answer(&process, "POST /big HTTP/1.0\r\nContent-Length: 0\r\n\r\n", 405,
                 "Allow: GET, HEAD\r\n");
    check_answer(&process, "DELETE /big HTTP/1.0\r\n\r\n", 405, "\"method_not_allowed\"");
    check_answer(&process, "DELETE /nowhere HTTP/1.0\r\n\r\n", 404, "\"not_found\"");
    http_process_stop(&process);
}

static void head_is_get_without_the_body(void)
{
    struct http_process process = http_process_start((struct http_server_options){0});
    char *answer = http_process_ask(&process, "HEAD /big HTTP/1.0\r\n\r\n");
    CHECK(answer_is(answer, 200, "Content-Length: 8388608\r\n"));
    CHECK_TEXT(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
    memory_release(answer);
    http_process_stop(&process);
}

static void wrong_escapes_and_too_many_parameters_are_refused(void)
{
    struct http_process process = http_process_start((struct http_server_options){0});
    check_answer(&process, GET_1_0("/echo/a%2/b"), 400, "the path has a wrong escape");
    check_answer(&process, GET_1_0("/echo/a/%00"), 400, "the path has a wrong escape");
    check_answer(&process, GET_1_0("/big?a=%zz"), 400, "the query is malformed");
    check_answer(&process, GET_1_0("/big?1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17"), 400,
                 "too many parameters");
    http_process_stop(&process);
}

static void bodies_and_headers_have_a_limit(void)
{
    struct http_process process =
        http_process_start((struct http_server_options){.body_bytes_max = 10});
    struct buffer request = {0};
    check_answer(&process, "POST /echo HTTP/1.0\r\nContent-Length: 10\r\n\r\n0123456789", 200,
                 "\"body\":\"0123456789\"");
    check_answer(&process, "POST /echo HTTP/1.0\r\nContent-Length: 11\r\n\r\n0123456789a", 413,
                 "\"too_large\"");
    check_answer(&process,
                 "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                 "Content-Length: 99999999\r\n\r\n",
                 413, "");
    buffer_add_string(&request, "GET /big HTTP/1.1\r\nHost: a\r\nX: ");
    for (int i = 0; i < HTTP_HEADERS_MAX; i++)
        buffer_add_char(&request, 'x');
    buffer_add_string(&request, "\r\nConnection: close\r\n\r\n");
    check_answer(&process, buffer_string(&request), 400, "");
    buffer_finish(&request);
    http_process_stop(&process);
}

static void what_is_not_http_is_refused(void)
{
    struct http_process process = http_process_start((struct http_server_options){0});
    check_answer(&process, "\x16\x03\x01 hello\r\n\r\n", 400, "");
    check_answer(&process, "GET / HTTP/1.0\r\nno colon\r\n\r\n", 400, "");
    check_answer(&process, GET_1_0("/empty"), 200, "");
    http_process_stop(&process);
}

static void posts_from_pages_of_other_sites_are_refused(void)
{
    struct http_process process = http_process_start((struct http_server_options){0});
    check_answer(&process,
                 "POST /echo HTTP/1.0\r\nHost: here:1\r\nOrigin: http://evil\r\n"
                 "Content-Length: 0\r\n\r\n",
                 403, "\"forbidden\"");
    check_answer(&process,
                 "POST /echo HTTP/1.0\r\nHost: here:1\r\nOrigin: null\r\n"
                 "Content-Length: 0\r\n\r\n",
                 403, "\"forbidden\"");
    check_answer(&process,
                 "POST /echo HTTP/1.0\r\nHost: here:1\r\nOrigin: http://here:1\r\n"
                 "Content-Length: 0\r\n\r\n",
                 200, "");
    http_process_stop(&process);
}

static void a_handler_may_refuse(void)
{
    struct http_process process = http_process_start((struct http_server_options){0});
    check_answer(
        &process, GET_1_0("/refuse"), 409,
        "{\"error\":{\"code\":409,\"name\":\"conflict\",\"message\":\"say \\\"why\\\"\"}}");
    http_process_stop(&process);
}

static void a_connection_is_kept_and_requests_may_follow_each_other_at_once(void)
{
    struct http_process process = http_process_start((struct http_server_options){0});
    struct buffer answer = {0};
    int fd = http_process_connect(&process);
    send_string(fd, "GET /echo/1/1 HTTP/1.1\r\nHost: a\r\n\r\n"
                    "GET /echo/2/2 HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(read_until(fd, &answer, "[\"2\",\"2\"]"));
    CHECK(strstr(buffer_string(&answer), "[\"1\",\"1\"]") != NULL);
    send_string(fd, "GET /stats HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(read_until(fd, &answer, "requests 3 refused 0 expired 0 connections 1 waiting 1"));
    close(fd);
    buffer_finish(&answer);
    http_process_stop(&process);
}

static void an_answer_may_come_later(void)
{
    struct http_process process = http_process_start((struct http_server_options){0});
    struct buffer answer = {0};
    int fd = http_process_connect(&process);
    send_string(fd, "GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET /empty HTTP/1.1\r\nHost: a\r\n\r\n");
    // The other connection's request may be first: ask until the answer has come.
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    do
        check_answer(&process, GET_1_0("/release"), 200, "released");
    while (poll(&ready, 1, 10) == 0);
    CHECK(read_until(fd, &answer, "at last"));
    CHECK(read_until(fd, &answer, "Content-Length: 0\r\n"));
    close(fd);
    buffer_finish(&answer);
    http_process_stop(&process);
}

static void a_client_that_has_gone_makes_no_difference_to_the_handler(void)
{
    struct http_process process =
        http_process_start((struct http_server_options){.answer = span_of_ms(20)});
    for (int i = 0; i < 20; i++) {
        int fd = http_process_connect(&process);
        send_string(fd, i % 2 ? "GET /later HTTP/1.1\r\n\r\n" : "GET /never HTTP/1.1\r\n\r\n");
        close(fd);
    }
    for (;;) {
        char *answer = http_process_ask(&process, GET_1_0("/stats"));
        bool is_over = strstr(answer, "connections 1 ") && strstr(answer, "requests 2") &&
                       strstr(answer, "waiting 21");
        memory_release(answer);
        if (is_over)
            break;
    }
    check_answer(&process, GET_1_0("/release"), 200, "released");
    check_answer(&process, GET_1_0("/stats"), 200, "waiting 11");
    http_process_stop(&process);
}

static void the_server_answers_for_a_handler_that_is_late(void)
{
    struct http_process process =
        http_process_start((struct http_server_options){.answer = span_of_ms(20)});
    check_answer(&process, GET_1_0("/later"), 503, "no answer in time");
    check_answer(&process, GET_1_0("/release"), 200, "released");
    check_answer(&process, GET_1_0("/stats"), 200, "expired 1 ");
    http_process_stop(&process);
}

static void waiting_requests_have_a_limit(void)
{
    struct http_process process =
        http_process_start((struct http_server_options){.waiting_max = 1});
    struct buffer answer = {0};
    int fd = http_process_connect(&process);
    send_string(fd, "GET /later HTTP/1.1\r\n\r\n");
    struct buffer second = {0};
    int other = http_process_connect(&process);
    // Refused as soon as the first one waits.
    while (strstr(buffer_string(&second), " 503 ") == NULL) {
        buffer_clear(&second);
        send_string(other, "GET /empty HTTP/1.1\r\n\r\n");
        REQUIRE(read_until(other, &second, "\r\n\r\n"));
    }
    CHECK(read_until(other, &second, "too many requests wait"));
    close(other);
    close(fd);
    buffer_finish(&second);
    buffer_finish(&answer);
    http_process_stop(&process);
}

static void a_client_that_drips_or_idles_is_cut_off(void)
{
    struct http_process process =
        http_process_start((struct http_server_options){.read = span_of_ms(50)});
    int idle = http_process_connect(&process);
    int dripping = http_process_connect(&process);
    struct pollfd ready = {.fd = dripping, .events = POLLIN};
    char byte;
    send_string(dripping, "GET /");
    while (poll(&ready, 1, 5) == 0)
        send(dripping, "x", 1, MSG_NOSIGNAL);
    CHECK(recv(dripping, &byte, 1, 0) <= 0);
    CHECK(recv(idle, &byte, 1, 0) == 0);
    close(dripping);
    close(idle);
    check_answer(&process, GET_1_0("/stats"), 200, "expired 2 connections 1 ");
    http_process_stop(&process);
}

static void a_client_that_does_not_read_is_cut_off(void)
{
    struct http_process process =
        http_process_start((struct http_server_options){.write = span_of_ms(50)});
    int fd = http_process_connect(&process);
    send_string(fd, "GET /big HTTP/1.1\r\n\r\n");
    for (bool is_over = false; !is_over;) {
        char *answer = http_process_ask(&process, GET_1_0("/stats"));
        is_over = strstr(answer, "expired 1 connections 1 ") != NULL;
        memory_release(answer);
    }
    close(fd);
    http_process_stop(&process);
}

static void large_answers_arrive_whole(void)
{
    struct http_process process = http_process_start((struct http_server_options){0});
    char *answer = http_process_ask(&process, GET_1_0("/big"));
    const char *body = strstr(answer, "\r\n\r\n");
    REQUIRE(body != NULL);
    CHECK_INT(strlen(body) - 4, HTTP_PROCESS_BIG_BYTES);
    memory_release(answer);
    http_process_stop(&process);
}

static void connections_in_all_have_a_limit(void)
{
    struct http_process process =
        http_process_start((struct http_server_options){.connections_max = 3});
    struct buffer answer = {0};
    int fds[6];
    for (int i = 0; i < 6; i++) {
        fds[i] = http_process_connect(&process);
        send_string(fds[i], "GET /stats HTTP/1.1\r\n\r\n");
    }
    for (int i = 0; i < 6; i++) { // the fourth is served when the first has gone
        buffer_clear(&answer);
        CHECK(read_until(fds[i], &answer, " waiting "));
        const char *count = strstr(buffer_string(&answer), "connections ");
        CHECK(count && count[12] >= '1' && count[12] <= '3' && count[13] == ' ');
        close(fds[i]);
    }
    buffer_finish(&answer);
    http_process_stop(&process);
}

static void connections_of_one_address_have_a_limit(void)
{
    struct http_process process =
        http_process_start((struct http_server_options){.connections_per_address_max = 2});
    struct buffer answer = {0};
    int first = http_process_connect(&process);
    int second = http_process_connect(&process);
    send_string(first, "GET /empty HTTP/1.1\r\n\r\n");
    send_string(second, "GET /empty HTTP/1.1\r\n\r\n");
    CHECK(read_until(first, &answer, " 200 "));
    buffer_clear(&answer);
    CHECK(read_until(second, &answer, " 200 "));
    int third = http_process_connect(&process);
    buffer_clear(&answer);
    CHECK(read_until(third, &answer, "too many connections from this address\"}}\n"));
    CHECK(!read_until(third, &answer, "more"));
    close(first);
    close(second);
    close(third);
    buffer_finish(&answer);
    http_process_stop(&process);
}

// The caller hears why and goes on.
static void a_failure_to_listen_is_a_status(void)
{
    static const struct http_route route = {HTTP_GET, "/", 0, "the page"};
    struct http_process process = http_process_start((struct http_server_options){0});
    struct loop *loop = loop_create();
    struct buffer error = {0};
    struct http_server *server;
    struct http_server_options options = {.routes = &route, .route_count = 1};

    int64_t port = 0;
    CHECK_INT(text_parse_int64(text_of(strrchr(process.address, ':') + 1), &port), STATUS_OK);
    options.port = (uint16_t)port;
    CHECK_INT(http_server_create(loop, &options, &server, &error), STATUS_EXISTS);
    CHECK(server == NULL);
    CHECK(strstr(buffer_string(&error), "(address already in use): choose another") != NULL);
    options.address = "192.0.2.1";
    CHECK_INT(http_server_create(loop, &options, &server, &error), STATUS_INVALID);
    options.address = "no such host";
    CHECK_INT(http_server_create(loop, &options, &server, &error), STATUS_INVALID);
    http_server_destroy(NULL);
    loop_destroy(loop);
    buffer_finish(&error);
    http_process_stop(&process);
}

static const struct test tests[] = {
    TEST(path_query_and_body_are_parsed),
    TEST(every_response_forbids_what_it_can),
    TEST(what_fits_no_route_is_refused_in_json),
    TEST(wrong_methods_are_told_the_right_ones),
    TEST(head_is_get_without_the_body),
    TEST(wrong_escapes_and_too_many_parameters_are_refused),
    TEST(bodies_and_headers_have_a_limit),
    TEST(what_is_not_http_is_refused),
    TEST(posts_from_pages_of_other_sites_are_refused),
    TEST(a_handler_may_refuse),
    TEST(a_connection_is_kept_and_requests_may_follow_each_other_at_once),
    TEST(an_answer_may_come_later),
    TEST(a_client_that_has_gone_makes_no_difference_to_the_handler),
    TEST(the_server_answers_for_a_handler_that_is_late),
    TEST(waiting_requests_have_a_limit),
    TEST(a_client_that_drips_or_idles_is_cut_off),
    TEST(a_client_that_does_not_read_is_cut_off),
    TEST(large_answers_arrive_whole),
    TEST(connections_in_all_have_a_limit),
    TEST(connections_of_one_address_have_a_limit),
    TEST(a_failure_to_listen_is_a_status),
};
TEST_MAIN("net/http_server", tests)
