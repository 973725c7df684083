// SPDX-License-Identifier: Apache-2.0
//
// The listening socket of the HTTP server, made by hand so that a failure has its reason.
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ensure.h"
#include "net/http_internal.h"
#include "net/reason.h"

#define LISTEN_BACKLOG 128

static enum status listen_error(int error)
{
    switch (error) {
    case EADDRINUSE:
        return STATUS_EXISTS;
    case EACCES:
    case EPERM:
        return STATUS_DENIED;
    case EADDRNOTAVAIL:
        return STATUS_INVALID;
    default:
        return STATUS_FAILED;
    }
}

// A listening socket, or −1 with errno. TCP_NODELAY is inherited by what it accepts.
static int listen_on(const struct addrinfo *where)
{
    int yes = 1;
    int fd = socket(where->ai_family, where->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    where->ai_protocol);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) == 0 &&
        bind(fd, where->ai_addr, where->ai_addrlen) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

enum status http_listen(const struct http_server_options *options, int *ret_fd,
                        struct buffer *error)
{
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char port[8];

    snprintf(port, sizeof(port), "%u", options->port);
    int failure = getaddrinfo(options->address, port, &hints, &found);
    if (failure) {
        buffer_print(error, "cannot listen on '%s' (%s): give an address of this machine",
                     options->address, gai_strerror(failure));
        return STATUS_INVALID;
    }
    int fd = -1;
    for (const struct addrinfo *at = found; at && fd < 0; at = at->ai_next)
        fd = listen_on(at);
    char text[80];
    int reason = errno;
    freeaddrinfo(found);
    *ret_fd = fd;
    if (fd >= 0)
        return STATUS_OK;
    buffer_print(error, "cannot listen on '%s' port %u (%s): choose another address or port",
                 options->address, options->port, reason_text(reason, text, sizeof(text)));
    return listen_error(reason);
}

void http_listen_address(int fd, char *out, size_t size)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof(address);
    char host[64] = "";
    char port[8] = "";
    ensure(getsockname(fd, (struct sockaddr *)&address, &length) == 0);
    ensure(getnameinfo((struct sockaddr *)&address, length, host, sizeof(host), port, sizeof(port),
                       NI_NUMERICHOST | NI_NUMERICSERV) == 0);
    snprintf(out, size, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}
