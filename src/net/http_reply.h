// SPDX-License-Identifier: Apache-2.0
//
// Parses the answer of an HTTP/1.x server as it arrives (RFC 9112): status line, headers, and a
// body that ends by Content-Length, by its last chunk or with the connection. Bounded; no sockets
// here.
#ifndef MUSTER_NET_HTTP_REPLY_H
#define MUSTER_NET_HTTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

#define HTTP_REPLY_LINE_MAX 8192 // bytes of one line
#define HTTP_REPLY_LINES_MAX 200 // of headers and trailers

enum http_reply_state {
    HTTP_REPLY_STATUS_LINE,
    HTTP_REPLY_HEADERS,
    HTTP_REPLY_BODY,       // `left` bytes, or to the end of the connection
    HTTP_REPLY_CHUNK_SIZE, // the line before a chunk
    HTTP_REPLY_CHUNK,      // `left` bytes of it
    HTTP_REPLY_CHUNK_END,  // the empty line behind it
    HTTP_REPLY_TRAILERS,
    HTTP_REPLY_DONE,
};

// Zeroed but for the first two, which the caller sets.
struct http_reply {
    struct buffer *body;   // borrowed
    size_t body_bytes_max; // STATUS_TOO_LARGE above
    int code;              // of the final answer: 1xx ones are passed over
    char content_type[100];
    enum http_reply_state state;
    struct buffer line; // the begun line
    uint32_t line_count;
    uint64_t left;   // bytes of the body or the chunk
    bool has_length; // Content-Length was given
    bool is_chunked;
};

void http_reply_finish(struct http_reply *reply);

// Takes the next bytes. STATUS_OK: the answer is complete; STATUS_AGAIN: more is needed;
// STATUS_INVALID: not HTTP; STATUS_TOO_LARGE.
enum status http_reply_take(struct http_reply *reply, struct text bytes) MUST_CHECK;

// Nothing more comes. STATUS_OK: the answer is complete; STATUS_CLOSED: it was cut off.
enum status http_reply_end(struct http_reply *reply) MUST_CHECK;

#endif
