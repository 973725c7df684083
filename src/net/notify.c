// SPDX-License-Identifier: Apache-2.0
//
// systemd's notify protocol: unconnected datagrams to a unix socket.
#include "net/notify.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/ensure.h"
#include "base/text.h"

#define STATUS_BYTES_MAX 500

enum status notify_init(struct notify *notify, const char *address)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct text path = text_of(address);

    notify->fd = -1;
    if (path.size == 0)
        return STATUS_OK;
    bool is_known_form = address[0] == '/' || address[0] == '@';
    if (!is_known_form || path.size < 2 || path.size >= sizeof(to.sun_path))
        return STATUS_INVALID;
    memcpy(to.sun_path, path.data, path.size);
    if (address[0] == '@')
        to.sun_path[0] = '\0'; // an abstract name, which is not terminated
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.size);

    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return STATUS_FAILED;
    if (connect(fd, (const struct sockaddr *)&to, size) != 0) {
        close(fd);
        return STATUS_FAILED;
    }
    notify->fd = fd;
    return STATUS_OK;
}

void notify_finish(struct notify *notify)
{
    if (notify_is_wanted(notify))
        close(notify->fd);
    notify->fd = -1;
}

bool notify_is_wanted(const struct notify *notify)
{
    return notify->fd >= 0;
}

static void notify_send(const struct notify *notify, const char *message)
{
    if (!notify_is_wanted(notify))
        return;
    ssize_t sent = send(notify->fd, message, strlen(message), MSG_NOSIGNAL);
    (void)sent; // see the header: nothing depends on one message
}

void notify_status(const struct notify *notify, const char *line)
{
    char message[STATUS_BYTES_MAX + 1];
    snprintf(message, sizeof(message), "STATUS=%s", line);
    for (char *c = message; *c; c++)
        if (*c == '\n' || *c == '\r')
            *c = ' ';
    notify_send(notify, message);
}

void notify_ready(const struct notify *notify)
{
    notify_send(notify, "READY=1");
}

void notify_reloading(const struct notify *notify)
{
    char message[80];
    struct timespec now;
    ensure(clock_gettime(CLOCK_MONOTONIC, &now) == 0); // the protocol wants this clock
    int64_t now_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)now_us);
    notify_send(notify, message);
}

void notify_stopping(const struct notify *notify)
{
    notify_send(notify, "STOPPING=1");
}

void notify_watchdog(const struct notify *notify)
{
    notify_send(notify, "WATCHDOG=1");
}

void notify_extend(const struct notify *notify, struct span span)
{
    char message[60];
    snprintf(message, sizeof(message), "EXTEND_TIMEOUT_USEC=%lld", (long long)span.us);
    notify_send(notify, message);
}

struct span notify_watchdog_interval(const char *watchdog_us)
{
    int64_t us = 0;
    if (text_parse_int64(text_of(watchdog_us), &us) || us < 0)
        return (struct span){0};
    return (struct span){us / 2};
}
