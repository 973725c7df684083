// SPDX-License-Identifier: Apache-2.0
//
// A child process that runs an HTTP server with a small handler, so that a test can talk to it with
// blocking sockets. Its routes:
//
//     GET /echo/{a}/{b}   JSON of what was parsed        POST /echo     the same with the body
//     GET /later          answered by the next GET /release, GET /never  answered at the end of the
//     process GET /stats          "requests refused expired connections waiting" GET /big 8 MiB,
//     GET /empty nothing, GET /refuse a 409
#ifndef HTTP_PROCESS_H
#define HTTP_PROCESS_H

#include <sys/types.h>

#include "net/http_server.h"

struct http_process {
    pid_t pid;
    char address[80]; // "127.0.0.1:PORT"
};

#define HTTP_PROCESS_BIG_BYTES (8 << 20)

// Handler, ctx, routes and port of the options are set by this. Ends the test if it fails.
struct http_process http_process_start(struct http_server_options options);

// Stops it by SIGTERM; a leak or another fault in it fails the test.
void http_process_stop(const struct http_process *process);

// A connected socket to it whose reads and writes fail after 20 s.
int http_process_connect(const struct http_process *process);

// Sends the bytes and reads to the end of the connection: a text that the caller releases.
char *http_process_ask(const struct http_process *process, const char *bytes);

#endif
