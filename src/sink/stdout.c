// SPDX-License-Identifier: Apache-2.0
//
// The sink 'stdout': JSON lines to a descriptor that somebody else gave us. It may be a pipe whose
// reader is slow, and the collector must go on beating, so nothing here waits: a pipe is asked
// first whether it takes what POSIX lets us write to it in one piece. A line that was begun is
// always finished before anything else.
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "sink/driver.h"
#include "sink/line.h"

struct stdout_sink {
    struct sink sink;
    int output; // borrowed
    bool is_regular;
    bool is_socket;
    struct buffer line;  // of the record being written
    size_t written;      // bytes of it that are out
    struct buffer topic; // whose line it is: cluster, '\0', topic
    int32_t partition;
    int64_t offset;
};

static enum status stdout_create(const struct sink_options *options, struct buffer *fault,
                                 struct sink **ret_sink)
{
    struct stat status;
    if (fstat(options->output, &status) != 0) {
        buffer_print(fault, "cannot write to stdout: %s", strerror(errno));
        return STATUS_FAILED;
    }
    struct stdout_sink *out = memory_get(sizeof(*out));
    out->sink = (struct sink){.driver = &sink_driver_stdout, .wait_fd = options->output};
    out->output = options->output;
    out->is_regular = S_ISREG(status.st_mode);
    out->is_socket = S_ISSOCK(status.st_mode);
    *ret_sink = &out->sink;
    return STATUS_OK;
}

static void stdout_destroy(struct sink *sink)
{
    struct stdout_sink *out = (struct stdout_sink *)sink;
    buffer_finish(&out->line);
    buffer_finish(&out->topic);
    memory_release(out);
}

// One write that does not wait: bytes written, or -1 with errno.
static ssize_t write_some(const struct stdout_sink *out, const char *bytes, size_t size)
{
    if (out->is_regular)
        return write(out->output, bytes, size);
    if (out->is_socket)
        return send(out->output, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    struct pollfd ready = {.fd = out->output, .events = POLLOUT};
    if (poll(&ready, 1, 0) == 0) {
        errno = EAGAIN;
        return -1;
    }
    return write(out->output, bytes, size < PIPE_BUF ? size : PIPE_BUF);
}

// Writes the rest of the line that was begun.
static enum status finish_line(struct stdout_sink *out, struct instant until)
{
    while (out->written < out->line.size) {
        if (!sink_may_begin(until))
            return STATUS_AGAIN;
        ssize_t count =
            write_some(out, out->line.data + out->written, out->line.size - out->written);
        if (count >= 0) {
            out->written += (size_t)count;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return STATUS_AGAIN;
        } else if (errno != EINTR) {
            // A pipe without a reader never gets one again.
            enum status status = errno == EPIPE ? STATUS_CLOSED : STATUS_FAILED;
            buffer_print(&out->sink.fault, "cannot write to stdout: %s", strerror(errno));
            return status;
        }
    }
    return STATUS_OK;
}

static bool is_begun(const struct stdout_sink *out, const struct sink_record *record)
{
    struct text topic = buffer_text(&out->topic);
    size_t size = record->cluster.size;
    return out->offset == record->offset && out->partition == record->partition &&
           topic.size == size + 1 + record->topic.size &&
           text_equal((struct text){topic.data, size}, record->cluster) &&
           text_equal((struct text){topic.data + size + 1, record->topic.size}, record->topic);
}

static void begin_line(struct stdout_sink *out, const struct sink_record *record)
{
    buffer_clear(&out->line);
    line_add(&out->line, record);
    out->written = 0;
    buffer_clear(&out->topic);
    buffer_add_text(&out->topic, record->cluster);
    buffer_add_char(&out->topic, '\0');
    buffer_add_text(&out->topic, record->topic);
    out->partition = record->partition;
    out->offset = record->offset;
}

static enum status stdout_write(struct sink *sink, const struct sink_record *records,
                                uint32_t count, struct instant until, enum sink_verdict *verdicts)
{
    struct stdout_sink *out = (struct stdout_sink *)sink;
    bool is_resumed = out->written < out->line.size;
    enum status status = finish_line(out, until);
    uint32_t next = 0;
    if (status == STATUS_OK && is_resumed && is_begun(out, &records[0]))
        verdicts[next++] = SINK_DONE;
    for (; status == STATUS_OK && next < count; next++) {
        begin_line(out, &records[next]);
        status = finish_line(out, until);
        if (status == STATUS_OK) {
            verdicts[next] = SINK_DONE;
        } else if (out->written == 0) {
            buffer_clear(&out->line); // nothing of it is out: it was never begun
            break;
        }
    }
    return status;
}

const struct sink_driver sink_driver_stdout = {"stdout", stdout_create, stdout_write,
                                               stdout_destroy, NULL};
