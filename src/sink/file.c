// SPDX-License-Identifier: Apache-2.0
//
// The sink 'file': JSON lines appended to a file that one process at a time writes (it is locked).
// A record is taken when write(2) has returned for its whole line.
//
// Happy path: encode lines up to the size of a rotation -> write -> done; rotate when the next line
// would not fit. Failures: a full disk takes half a line -> the file is cut back to its last whole
// line, which also frees the space -> the rest is offered again later. A predecessor that was
// killed inside a write left half a line -> cut off when the file is opened: it was never
// committed.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "sink/driver.h"
#include "sink/line.h"
#include "sink/rotate.h"

#define WRITE_BYTES_MAX (1 << 20) // lines that go into one write(2), or one line if it is longer
#define TAIL_BYTES 4096           // looked back at a time for the last line end

struct file_sink {
    struct sink sink;
    char *path; // owned
    int64_t rotate_bytes;
    int64_t rotate_count;
    int fd;       // -1 while a rotation could not be finished
    int64_t size; // of whole lines
    bool is_torn; // behind them lies a part of a line
    struct buffer lines;
    uint32_t *ends; // end of each line in `lines`
    uint32_t end_capacity;
};

static enum status fail(struct buffer *fault, const struct file_sink *file, const char *what)
{
    buffer_print(fault, "cannot %s '%s': %s", what, file->path, strerror(errno));
    return STATUS_FAILED;
}

// Where the last line that was begun in a file of `size` bytes starts.
static enum status find_last_line(const struct file_sink *file, int64_t size, struct buffer *fault,
                                  int64_t *ret_start)
{
    char bytes[TAIL_BYTES];
    for (int64_t end = size; end > 0;) {
        int64_t start = end > TAIL_BYTES ? end - TAIL_BYTES : 0;
        ssize_t count = pread(file->fd, bytes, (size_t)(end - start), start);
        if (count != end - start)
            return fail(fault, file, "read");
        char *found = memrchr(bytes, '\n', (size_t)count);
        if (found != NULL) {
            *ret_start = start + (found - bytes) + 1;
            return STATUS_OK;
        }
        end = start;
    }
    *ret_start = 0;
    return STATUS_OK;
}

// Cuts off a line of ours that a predecessor could not finish; anything else gets its line end.
static enum status mend_tail(struct file_sink *file, struct buffer *fault)
{
    char begin[sizeof(LINE_BEGIN) - 1];
    int64_t start = 0;
    enum status status = find_last_line(file, file->size, fault, &start);
    if (status != STATUS_OK || start == file->size)
        return status;
    int64_t left = file->size - start;
    size_t wanted = left < (int64_t)sizeof(begin) ? (size_t)left : sizeof(begin);
    if (pread(file->fd, begin, wanted, start) != (ssize_t)wanted)
        return fail(fault, file, "read");
    if (memcmp(begin, LINE_BEGIN, wanted) != 0) {
        if (write(file->fd, "\n", 1) != 1)
            return fail(fault, file, "write");
        file->size++;
        return STATUS_OK;
    }
    if (ftruncate(file->fd, start) != 0)
        return fail(fault, file, "truncate");
    file->size = start;
    return STATUS_OK;
}

static enum status open_file(struct file_sink *file, struct buffer *fault)
{
    struct stat found;
    file->fd = open(file->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (file->fd < 0)
        return fail(fault, file, "open");
    enum status status = STATUS_OK;
    if (fstat(file->fd, &found) != 0) {
        status = fail(fault, file, "look at");
    } else if (!S_ISREG(found.st_mode)) {
        buffer_print(fault, "'%s' is not a regular file: use the sink 'stdout' for pipes",
                     file->path);
        status = STATUS_INVALID;
    } else if (flock(file->fd, LOCK_EX | LOCK_NB) != 0) {
        buffer_print(fault, "'%s' is written by another process: give each collector its own file",
                     file->path);
        status = STATUS_EXISTS;
    } else {
        file->size = found.st_size;
        file->is_torn = false;
        status = mend_tail(file, fault);
    }
    if (status != STATUS_OK) {
        close(file->fd);
        file->fd = -1;
    }
    return status;
}

static void file_destroy(struct sink *sink)
{
    struct file_sink *file = (struct file_sink *)sink;
    if (file->fd >= 0)
        close(file->fd);
    buffer_finish(&file->lines);
    memory_release(file->ends);
    memory_release(file->path);
    memory_release(file);
}

static enum status file_create(const struct sink_options *options, struct buffer *fault,
                               struct sink **ret_sink)
{
    if (options->path == NULL || options->path[0] == '\0') {
        buffer_add_string(fault, "the sink 'file' needs a path: set 'sink.file.path'");
        return STATUS_INVALID;
    }
    if (options->rotate_bytes < 0 || (options->rotate_bytes > 0 && options->rotate_count < 1)) {
        buffer_add_string(fault, "a rotation needs a size and at least one file to keep");
        return STATUS_INVALID;
    }
    struct file_sink *file = memory_get(sizeof(*file));
    file->sink = (struct sink){.driver = &sink_driver_file, .wait_fd = -1};
    file->path = text_copy(text_of(options->path));
    file->rotate_bytes = options->rotate_bytes;
    file->rotate_count = options->rotate_count;
    enum status status = open_file(file, fault);
    if (status == STATUS_OK)
        *ret_sink = &file->sink;
    else
        file_destroy(&file->sink);
    return status;
}

// A file that can be written to, with nothing torn at its end.
static enum status make_ready(struct file_sink *file)
{
    if (file->fd < 0)
        return open_file(file, &file->sink.fault);
    if (!file->is_torn)
        return STATUS_OK;
    if (ftruncate(file->fd, file->size) != 0)
        return fail(&file->sink.fault, file, "truncate");
    file->is_torn = false;
    return STATUS_OK;
}

static enum status begin_anew(struct file_sink *file)
{
    close(file->fd);
    file->fd = -1;
    return open_file(file, &file->sink.fault);
}

static enum status rotate(struct file_sink *file)
{
    enum status status = rotate_files(file->path, file->rotate_count, &file->sink.fault);
    return status == STATUS_OK ? begin_anew(file) : status;
}

static bool fits(const struct file_sink *file, int64_t size)
{
    return file->rotate_bytes == 0 || size <= file->rotate_bytes;
}

// Encodes records from the first on until a write is full or the file is. Returns how many; 0 means
// that the first one needs a rotation.
static uint32_t encode(struct file_sink *file, const struct sink_record *records, uint32_t count)
{
    uint32_t next = 0;
    buffer_clear(&file->lines);
    file->ends = array_reserve(file->ends, &file->end_capacity, count, sizeof(*file->ends));
    while (next < count && file->lines.size < WRITE_BYTES_MAX) {
        size_t before = file->lines.size;
        line_add(&file->lines, &records[next]);
        int64_t grown = file->size + (int64_t)file->lines.size;
        bool is_first_of_file = file->size == 0 && before == 0;
        if (!fits(file, grown) && !is_first_of_file) {
            file->lines.size = before;
            break;
        }
        file->ends[next++] = (uint32_t)file->lines.size;
    }
    return next;
}

// Writes the lines; `*ret_taken` is how many are out as a whole.
static enum status write_lines(struct file_sink *file, uint32_t count, struct instant until,
                               uint32_t *ret_taken)
{
    size_t written = 0;
    enum status status = STATUS_OK;
    while (written < file->lines.size && status == STATUS_OK) {
        if (!sink_may_begin(until)) {
            status = STATUS_AGAIN;
            break;
        }
        ssize_t some = write(file->fd, file->lines.data + written, file->lines.size - written);
        if (some >= 0)
            written += (size_t)some;
        else if (errno != EINTR)
            status = fail(&file->sink.fault, file, "write to");
    }
    uint32_t taken = 0;
    while (taken < count && file->ends[taken] <= written)
        taken++;
    size_t whole = taken ? file->ends[taken - 1] : 0;
    file->size += (int64_t)whole;
    file->is_torn = written > whole;
    if (file->is_torn && ftruncate(file->fd, file->size) == 0)
        file->is_torn = false;
    *ret_taken = taken;
    return status;
}

static enum status file_write(struct sink *sink, const struct sink_record *records, uint32_t count,
                              struct instant until, enum sink_verdict *verdicts)
{
    struct file_sink *file = (struct file_sink *)sink;
    enum status status = make_ready(file);
    uint32_t next = 0;
    while (status == STATUS_OK && next < count) {
        uint32_t taken = 0;
        uint32_t encoded = encode(file, records + next, count - next);
        if (encoded == 0) {
            status = sink_may_begin(until) ? rotate(file) : STATUS_AGAIN;
            continue;
        }
        status = write_lines(file, encoded, until, &taken);
        for (uint32_t i = 0; i < taken; i++)
            verdicts[next++] = SINK_DONE;
    }
    return status;
}

// Somebody else, as logrotate does, has taken the file away: its name is free, or another file's.
static bool is_moved_away(const struct file_sink *file)
{
    struct stat ours, named;
    if (stat(file->path, &named) != 0)
        return errno == ENOENT;
    return fstat(file->fd, &ours) == 0 &&
           (ours.st_ino != named.st_ino || ours.st_dev != named.st_dev);
}

// An empty file stays: rotating it would push an older one out.
static enum status file_rotate(struct sink *sink)
{
    struct file_sink *file = (struct file_sink *)sink;
    enum status status = make_ready(file);
    if (status != STATUS_OK)
        return status;
    if (is_moved_away(file))
        return begin_anew(file);
    return file->size == 0 ? STATUS_OK : rotate(file);
}

const struct sink_driver sink_driver_file = {"file", file_create, file_write, file_destroy,
                                             file_rotate};
