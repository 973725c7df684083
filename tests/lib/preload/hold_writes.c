// SPDX-License-Identifier: Apache-2.0
//
// A disk that hangs: stands before the C library's write(2) and writev(2) in a process that a
// test starts with LD_PRELOAD.
//
//     HOLD_WRITES_OF=PATH      the file whose writes are meant, as /proc/self/fd shows it
//     HOLD_WRITES_WHILE=LOCK   a write waits while another process holds an exclusive flock of this
//
// A write that had to wait takes half of its bytes, as one may that was interrupted. Each write of
// the file is a line of LOCK.log before it goes on: "held BYTES", or "free BYTES".
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int is_meant(int fd)
{
    char link[64], path[PATH_MAX];
    const char *wanted = getenv("HOLD_WRITES_OF");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = wanted ? readlink(link, path, sizeof path - 1) : -1;
    return size > 0 && (size_t)size == strlen(wanted) && memcmp(path, wanted, (size_t)size) == 0;
}

static void note(const char *lock, const char *what, size_t size)
{
    char path[PATH_MAX], line[64];
    snprintf(path, sizeof path, "%s.log", lock);
    int length = snprintf(line, sizeof line, "%s %zu\n", what, size);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (syscall(SYS_write, fd, line, (size_t)length) != length)
        abort();
    close(fd);
}

// How many of the bytes may be written, once they may.
static size_t await(int fd, size_t size)
{
    const char *lock = getenv("HOLD_WRITES_WHILE");
    if (lock == NULL || !is_meant(fd))
        return size;
    int lock_fd = open(lock, O_RDONLY | O_CLOEXEC);
    int is_held = lock_fd >= 0 && flock(lock_fd, LOCK_SH | LOCK_NB) != 0;
    note(lock, is_held ? "held" : "free", size);
    if (is_held && flock(lock_fd, LOCK_SH) != 0)
        abort();
    if (lock_fd >= 0)
        close(lock_fd);
    return is_held && size > 1 ? size / 2 : size;
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    return syscall(SYS_write, fd, bytes, await(fd, size));
}

static size_t size_of(const struct iovec *parts, int count)
{
    size_t size = 0;
    for (int i = 0; i < count; i++)
        size += parts[i].iov_len;
    return size;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    (void)await(fd, size_of(parts, count));
    return syscall(SYS_writev, fd, parts, count);
}
