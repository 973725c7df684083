// SPDX-License-Identifier: Apache-2.0
//
// One HTTP request that blocks, for commands: http:// only, no redirects, a deadline for the whole
// and a limit on the size. Errors are sentences for people.
#ifndef MUSTER_NET_HTTP_CLIENT_H
#define MUSTER_NET_HTTP_CLIENT_H

#include <stddef.h>

#include "base/instant.h"
#include "base/status.h"
#include "base/text.h"

struct http_client_request {
    const char *url;          // "http://HOST[:PORT][/PATH[?QUERY]]"; the path is sent as it is
    const struct text *body;  // NULL = GET, else POST
    const char *content_type; // of the body; NULL = application/json
    struct span timeout;      // for everything; 0 = 5 s
    size_t body_bytes_max;    // of the answer; 0 = 64 MiB
};

struct http_client_answer {
    int code;               // 200, 404, ...
    char content_type[100]; // cut if longer, "" if absent
    struct buffer body;
};

void http_client_answer_finish(struct http_client_answer *answer);

// Sends the request and reads the answer, whatever its code, into `ret_answer` (fresh or finished;
// finish it in any case). STATUS_INVALID: the URL; STATUS_UNREACHABLE: no connection, or not HTTP;
// STATUS_TIMEOUT; STATUS_TOO_LARGE; STATUS_FAILED: cut off. `error` then names the
// address and says why.
enum status http_client_fetch(const struct http_client_request *request,
                              struct http_client_answer *ret_answer,
                              struct buffer *error) MUST_CHECK;

// Adds the text percent-encoded, so that it is one path segment or one query value.
void http_escape(struct buffer *buffer, struct text text);

#endif
