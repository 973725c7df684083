// SPDX-License-Identifier: Apache-2.0
//
// A file that is looked at. What tells a change is what stat(2) says of it: that also sees a file
// that was replaced, and needs nothing that a container or a network file system lacks.

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "discover/discover.h"
#include "discover/lines.h"

#define FILE_BYTES_MAX (256L * 1024 * 1024)

// What tells one state of a file from another.
struct print {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified;
};

struct file {
    char *path;
    struct print seen;  // at the look before
    struct print taken; // of what was said last
    bool has_seen;
    bool has_taken;
};

static bool print_equal(const struct print *a, const struct print *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified.tv_sec == b->modified.tv_sec && a->modified.tv_nsec == b->modified.tv_nsec;
}

static struct print print_of(const struct stat *stat)
{
    return (struct print){stat->st_dev, stat->st_ino, stat->st_size, stat->st_mtim};
}

static enum status trouble(const struct file *file, struct buffer *fault, int error)
{
    char reason[100] = "";
    // The GNU form, which may answer with memory of its own.
    const char *text = strerror_r(error, reason, sizeof(reason));
    buffer_print(fault, "cannot read '%s': %c%s", file->path, tolower((unsigned char)text[0]),
                 text[0] ? text + 1 : "");
    return error == ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED;
}

static enum status bytes_read(const struct file *file, int fd, struct buffer *bytes,
                              struct buffer *fault)
{
    char block[65536];
    for (;;) {
        ssize_t got = read(fd, block, sizeof(block));
        if (got == 0)
            return STATUS_OK;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return trouble(file, fault, errno);
        buffer_add(bytes, block, (size_t)got);
        if (bytes->size > FILE_BYTES_MAX) {
            buffer_print(fault, "'%s' is larger than 256 MiB", file->path);
            return STATUS_TOO_LARGE;
        }
    }
}

// Reads and parses the open file; `*ret_print` is its state when all was read.
static enum status open_file_take(struct file *file, int fd, struct discover_set *set,
                                  struct buffer *fault, struct print *ret_print)
{
    struct buffer bytes = {0};
    struct buffer why = {0};
    struct stat stat;
    enum status status = bytes_read(file, fd, &bytes, fault);
    if (status == STATUS_OK && fstat(fd, &stat) != 0)
        status = trouble(file, fault, errno);
    if (status == STATUS_OK) {
        *ret_print = print_of(&stat);
        status = lines_parse(buffer_text(&bytes), set, &why);
        if (status != STATUS_OK)
            buffer_print(fault, "'%s', %s", file->path, buffer_string(&why));
    }
    buffer_finish(&bytes);
    buffer_finish(&why);
    return status;
}

static enum status file_take(struct file *file, struct discover_set *set, struct buffer *fault)
{
    struct print print = {0};
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return trouble(file, fault, errno);
    enum status status = open_file_take(file, fd, set, fault, &print);
    close(fd);
    if (status != STATUS_OK)
        return status;
    // It went on changing: the next look has the rest.
    if (!print_equal(&print, &file->seen)) {
        file->seen = print;
        return STATUS_AGAIN;
    }
    file->taken = print;
    file->has_taken = true;
    return STATUS_OK;
}

static enum status file_look(void *state, struct discover_set *set, struct buffer *fault)
{
    struct file *file = state;
    struct stat stat_now;
    if (stat(file->path, &stat_now) != 0) {
        file->has_seen = false;
        file->has_taken = false;
        return trouble(file, fault, errno);
    }
    if (!S_ISREG(stat_now.st_mode)) {
        buffer_print(fault, "'%s' is not a regular file", file->path);
        return STATUS_INVALID;
    }
    struct print now = print_of(&stat_now);
    bool has_rested = file->has_seen && print_equal(&now, &file->seen);
    file->seen = now;
    file->has_seen = true;
    if (!has_rested || (file->has_taken && print_equal(&now, &file->taken)))
        return STATUS_AGAIN;
    return file_take(file, set, fault);
}

static void file_destroy(void *state)
{
    struct file *file = state;
    memory_release(file->path);
    memory_release(file);
}

static const struct discover_driver driver = {"file", file_look, file_destroy};

struct discover *discover_file_create(const char *path)
{
    struct file *file = memory_get(sizeof(*file));
    file->path = text_copy(text_of(path));
    return discover_create(&driver, file);
}
