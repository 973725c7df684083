// SPDX-License-Identifier: Apache-2.0
//
// The blocking client against our server and against strangers.
#include "net/http_client.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http_process.h"
#include "net/loop.h"
#include "test.h"

struct fetched {
    enum status status;
    struct http_client_answer answer;
    struct buffer error;
};

static void fetched_finish(struct fetched *fetched)
{
    http_client_answer_finish(&fetched->answer);
    buffer_finish(&fetched->error);
}

static struct fetched fetch(struct http_client_request request, const char *address,
                            const char *target)
{
    struct fetched fetched = {0};
    struct buffer url = {0};
    buffer_print(&url, "http://%s%s", address, target);
    request.url = buffer_string(&url);
    fetched.status = http_client_fetch(&request, &fetched.answer, &fetched.error);
    buffer_finish(&url);
    return fetched;
}

// An empty request: GET with the defaults.
static const struct http_client_request get = {0};

static void answers_of_any_code_are_read(void)
{
    struct http_process process = http_process_start((struct http_server_options){0});
    struct fetched fetched = fetch(get, process.address, "/echo/a/b?x=1");
    CHECK_INT(fetched.status, STATUS_OK);
    CHECK_INT(fetched.answer.code, 200);
    CHECK_TEXT(fetched.answer.content_type, "application/json");
    CHECK(strstr(buffer_string(&fetched.answer.body), "\"query\":[\"x\",\"1\"]") != NULL);
    fetched_finish(&fetched);
    fetched = fetch(get, process.address, "");
    CHECK_INT(fetched.status, STATUS_OK);
    CHECK_INT(fetched.answer.code, 404);
    fetched_finish(&fetched);
    fetched = fetch(get, process.address, "/big");
    CHECK_INT(fetched.answer.body.size, HTTP_PROCESS_BIG_BYTES);
    fetched_finish(&fetched);
    http_process_stop(&process);
}

static void a_body_is_posted(void)
{
    struct http_process process = http_process_start((struct http_server_options){0});
    struct text body = TEXT_LITERAL("hello");
    struct fetched fetched =
        fetch((struct http_client_request){.body = &body}, process.address, "/echo");
    CHECK_INT(fetched.answer.code, 200);
    CHECK(strstr(buffer_string(&fetched.answer.body), "\"body\":\"hello\"") != NULL);
    fetched_finish(&fetched);
    http_process_stop(&process);
}

static void an_answer_has_a_size_limit_and_a_deadline(void)
{
    struct http_process process = http_process_start((struct http_server_options){0});
    struct fetched fetched =
        fetch((struct http_client_request){.body_bytes_max = 1000}, process.address, "/big");
    CHECK_INT(fetched.status, STATUS_TOO_LARGE);
    CHECK(strstr(buffer_string(&fetched.error), "is larger than the limit") != NULL);
    fetched_finish(&fetched);
    fetched =
        fetch((struct http_client_request){.timeout = span_of_ms(50)}, process.address, "/never");
    CHECK_INT(fetched.status, STATUS_TIMEOUT);
    CHECK(strstr(buffer_string(&fetched.error), "' within 0.05 s: is it overloaded") != NULL);
    fetched_finish(&fetched);
    http_process_stop(&process);
}

static void wrong_urls_are_refused_with_their_reason(void)
{
    static const struct {
        const char *url;
        const char *reason;
    } rows[] = {
        {"https://a", "'https://a' does not begin with http://: give http://HOST:PORT"},
        {"localhost:80", "does not begin with http://"},
        {"", "does not begin with http://"},
        {"http://", "names no host"},
        {"http:///x", "names no host"},
        {"http://:80", "names no host"},
        {"http://user@host", "names no host"},
        {"http://a:0", "has no valid port"},
        {"http://a:65536", "has no valid port"},
        {"http://a:b/", "has no valid port"},
        {"http://a:", "has no valid port"},
        {"http://a b", "has a blank or control character"},
        {"http://a/\r\nX: y", "has a blank or control character"},
        {"http://::1]/", "has a misplaced ']'"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct http_client_request request = {.url = rows[i].url};
        struct fetched fetched = {0};
        CHECK_INT(http_client_fetch(&request, &fetched.answer, &fetched.error), STATUS_INVALID);
        CHECK(strstr(buffer_string(&fetched.error), rows[i].reason) != NULL);
        fetched_finish(&fetched);
    }
}

// A socket that is bound to a free port of the loopback; listens where asked to.
static int bound_socket(bool is_listening, char *ret_address, size_t size)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
    REQUIRE(!is_listening || listen(fd, 8) == 0);
    REQUIRE(getsockname(fd, (struct sockaddr *)&at, &length) == 0);
    snprintf(ret_address, size, "127.0.0.1:%u", ntohs(at.sin_port));
    return fd;
}

static void nobody_there_is_unreachable(void)
{
    char address[32];
    int fd = bound_socket(false, address, sizeof(address));
    struct fetched fetched = fetch(get, address, "/");
    CHECK_INT(fetched.status, STATUS_UNREACHABLE);
    CHECK(strstr(buffer_string(&fetched.error), "(connection refused): is it running there?") !=
          NULL);
    fetched_finish(&fetched);
    fetched = fetch(get, "nowhere.invalid", "/");
    CHECK_INT(fetched.status, STATUS_UNREACHABLE);
    fetched_finish(&fetched);
    close(fd);
}

// What a stranger that sends these bytes and hangs up makes of a request.
static void check_stranger(const char *bytes, enum status expected, const char *reason)
{
    char address[32];
    int fd = bound_socket(true, address, sizeof(address));
    pid_t child = fork();
    if (child == 0) {
        char request[4096];
        int peer = accept(fd, NULL, NULL);
        ssize_t size = recv(peer, request, sizeof(request), 0);
        size = size > 0 ? send(peer, bytes, strlen(bytes), MSG_NOSIGNAL) : -1;
        _exit(size < 0);
    }
    struct fetched fetched = fetch(get, address, "/");
    CHECK_INT(fetched.status, expected);
    CHECK(strstr(buffer_string(&fetched.error), reason) != NULL);
    fetched_finish(&fetched);
    waitpid(child, NULL, 0);
    close(fd);
}

static void strangers_are_recognised(void)
{
    check_stranger("220 mail ESMTP\r\n", STATUS_UNREACHABLE,
                   "does not speak HTTP: is it another program?");
    check_stranger("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", STATUS_FAILED,
                   "was cut off: try again");
    check_stranger("", STATUS_UNREACHABLE, "does not speak HTTP: is it another program?");
}

static void texts_are_escaped_for_paths_and_queries(void)
{
    struct buffer out = {0};
    http_escape(&out, TEXT_LITERAL("aZ9-._~/:?&= \xc3\xbc\0"));
    CHECK_TEXT(buffer_string(&out), "aZ9-._~%2F%3A%3F%26%3D%20%C3%BC%00");
    buffer_finish(&out);
}

static const struct test tests[] = {
    TEST(answers_of_any_code_are_read),
    TEST(a_body_is_posted),
    TEST(an_answer_has_a_size_limit_and_a_deadline),
    TEST(wrong_urls_are_refused_with_their_reason),
    TEST(nobody_there_is_unreachable),
    TEST(strangers_are_recognised),
    TEST(texts_are_escaped_for_paths_and_queries),
};
TEST_MAIN("net/http_client", tests)
