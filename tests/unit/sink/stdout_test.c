// SPDX-License-Identifier: Apache-2.0
//
// The sink 'stdout' never waits for its reader and never leaves half a line between two others.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "folder.h"
#include "sink/sink.h"
#include "test.h"

static struct sink *make(int output)
{
    struct buffer fault = {0};
    struct sink *sink = NULL;
    REQUIRE(sink_create(&(struct sink_options){.type = "stdout", .output = output}, &fault,
                        &sink) == STATUS_OK);
    buffer_finish(&fault);
    return sink;
}

static void read_all(int fd, struct buffer *got)
{
    char bytes[65536];
    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (ssize_t count = read(fd, bytes, sizeof bytes); count > 0;
         count = read(fd, bytes, sizeof bytes))
        buffer_add(got, bytes, (size_t)count);
}

static void records_become_lines(void)
{
    int pipes[2];
    struct buffer got = {0};
    struct buffer expected = {0};
    enum sink_verdict verdicts[2];
    REQUIRE(pipe(pipes) == 0);
    struct sink *sink = make(pipes[1]);
    struct sink_record records[] = {record_of(1, "a"), record_of(2, "b")};
    CHECK_INT(sink_write(sink, records, 2, INSTANT_NEVER, verdicts), STATUS_OK);
    CHECK_INT(verdicts[0], SINK_DONE);
    CHECK_INT(verdicts[1], SINK_DONE);
    read_all(pipes[0], &got);
    line_of(1, "a", &expected);
    line_of(2, "b", &expected);
    CHECK_TEXT(buffer_string(&got), buffer_string(&expected));
    sink_destroy(sink);
    close(pipes[0]);
    close(pipes[1]);
    buffer_finish(&got);
    buffer_finish(&expected);
}

// Writes records of 3,000 bytes until the descriptor is full, reads, and goes on with what was not
// done, until `total` are out.
static void write_against(int output, int input, int64_t total)
{
    char value[3001];
    struct buffer got = {0};
    struct buffer expected = {0};
    struct sink *sink = make(output);
    int busy = 0;
    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    for (int64_t next = 0; next < total;) {
        struct sink_record records[10];
        enum sink_verdict verdicts[10];
        for (int i = 0; i < 10; i++)
            records[i] = record_of(next + i, value);
        uint32_t count = total - next < 10 ? (uint32_t)(total - next) : 10;
        enum status status = sink_write(sink, records, count, INSTANT_NEVER, verdicts);
        REQUIRE(status == STATUS_OK || status == STATUS_AGAIN);
        for (uint32_t i = 0; i < count && verdicts[i] == SINK_DONE; i++)
            line_of(next++, value, &expected);
        if (status == STATUS_AGAIN) {
            CHECK_INT(sink_wait_fd(sink), output);
            busy++;
            read_all(input, &got);
        }
    }
    read_all(input, &got);
    CHECK(busy > 1);
    CHECK_INT(got.size, expected.size);
    CHECK(strcmp(buffer_string(&got), buffer_string(&expected)) == 0);
    sink_destroy(sink);
    buffer_finish(&got);
    buffer_finish(&expected);
}

static void slow_pipe_is_busy_and_loses_nothing(void)
{
    int pipes[2];
    REQUIRE(pipe(pipes) == 0);
    write_against(pipes[1], pipes[0], 100);
    close(pipes[0]);
    close(pipes[1]);
}

static void slow_socket_is_busy_and_loses_nothing(void)
{
    int sockets[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    write_against(sockets[1], sockets[0], 300);
    close(sockets[0]);
    close(sockets[1]);
}

static void begun_line_is_finished_before_another_record(void)
{
    int pipes[2];
    char value[100001];
    struct buffer got = {0};
    struct buffer expected = {0};
    enum sink_verdict verdict;
    REQUIRE(pipe(pipes) == 0);
    struct sink *sink = make(pipes[1]);
    memset(value, 'w', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    struct sink_record large = record_of(1, value);
    struct sink_record other = record_of(2, "b");
    CHECK_INT(sink_write(sink, &large, 1, INSTANT_NEVER, &verdict), STATUS_AGAIN);
    CHECK_INT(verdict, SINK_RETRY);
    read_all(pipes[0], &got);
    CHECK_INT(sink_write(sink, &other, 1, INSTANT_NEVER, &verdict), STATUS_OK);
    CHECK_INT(verdict, SINK_DONE);
    read_all(pipes[0], &got);
    line_of(1, value, &expected);
    line_of(2, "b", &expected);
    CHECK(strcmp(buffer_string(&got), buffer_string(&expected)) == 0);
    sink_destroy(sink);
    close(pipes[0]);
    close(pipes[1]);
    buffer_finish(&got);
    buffer_finish(&expected);
}

// S3
static void no_write_begins_when_its_time_is_over(void)
{
    int pipes[2];
    struct buffer got = {0};
    enum sink_verdict verdict;
    REQUIRE(pipe(pipes) == 0);
    struct sink *sink = make(pipes[1]);
    struct sink_record record = record_of(1, "a"), other = record_of(2, "b");
    CHECK_INT(sink_write(sink, &record, 1, (struct instant){0}, &verdict), STATUS_AGAIN);
    CHECK_INT(verdict, SINK_RETRY);
    CHECK_INT(sink_write(sink, &other, 1, INSTANT_NEVER, &verdict), STATUS_OK);
    read_all(pipes[0], &got);
    CHECK(strstr(buffer_string(&got), "\"offset\":1") == NULL);
    sink_destroy(sink);
    buffer_finish(&got);
    close(pipes[0]);
    close(pipes[1]);
}

static void full_device_fails_with_the_reason(void)
{
    int full = open("/dev/full", O_WRONLY);
    enum sink_verdict verdict;
    REQUIRE(full >= 0);
    struct sink *sink = make(full);
    struct sink_record record = record_of(1, "a");
    CHECK_INT(sink_write(sink, &record, 1, INSTANT_NEVER, &verdict), STATUS_FAILED);
    CHECK_INT(verdict, SINK_RETRY);
    CHECK_TEXT(sink_fault(sink), "cannot write to stdout: No space left on device");
    sink_destroy(sink);
    close(full);
}

static void pipe_without_a_reader_is_closed_for_good(void)
{
    int pipes[2];
    enum sink_verdict verdict;
    REQUIRE(pipe(pipes) == 0);
    signal(SIGPIPE, SIG_IGN);
    struct sink *sink = make(pipes[1]);
    struct sink_record record = record_of(1, "a");
    close(pipes[0]);
    CHECK_INT(sink_write(sink, &record, 1, INSTANT_NEVER, &verdict), STATUS_CLOSED);
    CHECK_INT(verdict, SINK_RETRY);
    CHECK_TEXT(sink_fault(sink), "cannot write to stdout: Broken pipe");
    sink_destroy(sink);
    close(pipes[1]);
}

static const struct test tests[] = {
    TEST(records_become_lines),
    TEST(slow_pipe_is_busy_and_loses_nothing),
    TEST(slow_socket_is_busy_and_loses_nothing),
    TEST(begun_line_is_finished_before_another_record),
    TEST(no_write_begins_when_its_time_is_over),
    TEST(full_device_fails_with_the_reason),
    TEST(pipe_without_a_reader_is_closed_for_good),
};

TEST_MAIN("sink/stdout", tests)
