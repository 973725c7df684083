// SPDX-License-Identifier: Apache-2.0
//
// The state machine of an answer:
//
//     STATUS_LINE -> HEADERS -> BODY -> DONE
//         ^-- 1xx -----|  |
//                         `-> CHUNK_SIZE -> CHUNK -> CHUNK_END -> CHUNK_SIZE ... -> TRAILERS ->
//                         DONE
#include "net/http_reply.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void http_reply_finish(struct http_reply *reply)
{
    buffer_finish(&reply->line);
}

// "HTTP/1.1 200 OK": the reason may be absent.
static enum status take_status_line(struct http_reply *reply, struct text line)
{
    int64_t code = 0;
    bool is_http = text_has_prefix(line, TEXT_LITERAL("HTTP/1.")) && line.size >= 12 &&
                   line.data[8] == ' ' && (line.size == 12 || line.data[12] == ' ');
    if (!is_http || text_parse_int64((struct text){line.data + 9, 3}, &code))
        return STATUS_INVALID;
    if (code < 100 || code > 599)
        return STATUS_INVALID;
    reply->code = (int)code;
    reply->state = HTTP_REPLY_HEADERS;
    return STATUS_AGAIN;
}

static struct text trim(struct text text)
{
    while (text.size && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = (struct text){text.data + 1, text.size - 1};
    while (text.size && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
        text.size--;
    return text;
}

static bool equals_any_case(struct text text, const char *string)
{
    return text.size == strlen(string) && strncasecmp(text.data, string, text.size) == 0;
}

static enum status take_length(struct http_reply *reply, struct text value)
{
    int64_t length = 0;
    if (text_parse_int64(value, &length) || length < 0)
        return STATUS_INVALID;
    if (reply->has_length && reply->left != (uint64_t)length)
        return STATUS_INVALID;
    reply->has_length = true;
    reply->left = (uint64_t)length;
    return STATUS_AGAIN;
}

static enum status take_header(struct http_reply *reply, struct text line)
{
    const char *colon = memchr(line.data, ':', line.size);
    if (colon == NULL || colon == line.data)
        return STATUS_INVALID;
    struct text name = {line.data, (size_t)(colon - line.data)};
    struct text value = trim((struct text){colon + 1, line.size - name.size - 1});
    if (equals_any_case(name, "Content-Length"))
        return take_length(reply, value);
    if (equals_any_case(name, "Transfer-Encoding")) {
        reply->is_chunked = true;
        return equals_any_case(value, "chunked") ? STATUS_AGAIN : STATUS_INVALID;
    }
    if (equals_any_case(name, "Content-Type"))
        snprintf(reply->content_type, sizeof(reply->content_type), "%.*s", TEXT_ARGS(value));
    return STATUS_AGAIN;
}

// The empty line behind the headers decides how the body ends.
static enum status headers_end(struct http_reply *reply)
{
    if (reply->code < 200) {
        reply->state = HTTP_REPLY_STATUS_LINE;
        reply->has_length = false;
        reply->is_chunked = false;
        return STATUS_AGAIN;
    }
    bool is_empty = reply->code == 204 || reply->code == 304 ||
                    (reply->has_length && reply->left == 0 && !reply->is_chunked);
    if (is_empty) {
        reply->state = HTTP_REPLY_DONE;
        return STATUS_OK;
    }
    reply->state = reply->is_chunked ? HTTP_REPLY_CHUNK_SIZE : HTTP_REPLY_BODY;
    if (reply->state == HTTP_REPLY_BODY && reply->has_length && reply->left > reply->body_bytes_max)
        return STATUS_TOO_LARGE;
    return STATUS_AGAIN;
}

// "1a2b;extension": hexadecimal, up to 2^32 − 1.
static enum status take_chunk_size(struct http_reply *reply, struct text line)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t size = 0;
    size_t i = 0;
    for (; i < line.size && i < 8; i++) {
        char c = line.data[i];
        const char *digit = memchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c, 16);
        if (digit == NULL)
            break;
        size = size * 16 + (uint64_t)(digit - digits);
    }
    bool is_ended = i == line.size || line.data[i] == ';' || line.data[i] == ' ';
    if (i == 0 || !is_ended)
        return STATUS_INVALID;
    reply->left = size;
    reply->state = size ? HTTP_REPLY_CHUNK : HTTP_REPLY_TRAILERS;
    return STATUS_AGAIN;
}

static enum status take_line(struct http_reply *reply, struct text line)
{
    if (++reply->line_count > HTTP_REPLY_LINES_MAX && reply->state != HTTP_REPLY_CHUNK_SIZE &&
        reply->state != HTTP_REPLY_CHUNK_END)
        return STATUS_TOO_LARGE;
    switch (reply->state) {
    case HTTP_REPLY_STATUS_LINE:
        return take_status_line(reply, line);
    case HTTP_REPLY_HEADERS:
        return line.size ? take_header(reply, line) : headers_end(reply);
    case HTTP_REPLY_CHUNK_SIZE:
        return take_chunk_size(reply, line);
    case HTTP_REPLY_CHUNK_END:
        reply->state = HTTP_REPLY_CHUNK_SIZE;
        reply->line_count = 0;
        return line.size ? STATUS_INVALID : STATUS_AGAIN;
    default: // trailers
        if (line.size)
            return STATUS_AGAIN;
        reply->state = HTTP_REPLY_DONE;
        return STATUS_OK;
    }
}

// Takes bytes of the body off the front.
static enum status take_body(struct http_reply *reply, struct text *bytes)
{
    bool is_counted = reply->has_length || reply->is_chunked;
    size_t size = bytes->size;
    if (is_counted && reply->left < size)
        size = (size_t)reply->left;
    if (size > reply->body_bytes_max - reply->body->size)
        return STATUS_TOO_LARGE;
    buffer_add(reply->body, bytes->data, size);
    *bytes = (struct text){bytes->data + size, bytes->size - size};
    if (!is_counted || (reply->left -= size) > 0)
        return STATUS_AGAIN;
    if (reply->state == HTTP_REPLY_CHUNK) {
        reply->state = HTTP_REPLY_CHUNK_END;
        return STATUS_AGAIN;
    }
    reply->state = HTTP_REPLY_DONE;
    return STATUS_OK;
}

// Takes bytes up to the end of the line off the front, and the line when it is complete.
static enum status take_line_bytes(struct http_reply *reply, struct text *bytes)
{
    const char *end = memchr(bytes->data, '\n', bytes->size);
    size_t size = end ? (size_t)(end - bytes->data) + 1 : bytes->size;
    if (reply->line.size + size > HTTP_REPLY_LINE_MAX)
        return reply->state == HTTP_REPLY_STATUS_LINE ? STATUS_INVALID : STATUS_TOO_LARGE;
    buffer_add(&reply->line, bytes->data, size);
    *bytes = (struct text){bytes->data + size, bytes->size - size};
    if (end == NULL)
        return STATUS_AGAIN;
    struct text line = {reply->line.data, reply->line.size - 1};
    if (line.size && line.data[line.size - 1] == '\r')
        line.size--;
    enum status status = take_line(reply, line);
    buffer_clear(&reply->line);
    return status;
}

enum status http_reply_take(struct http_reply *reply, struct text bytes)
{
    enum status status = reply->state == HTTP_REPLY_DONE ? STATUS_OK : STATUS_AGAIN;
    while (status == STATUS_AGAIN && bytes.size) {
        if (reply->state == HTTP_REPLY_BODY || reply->state == HTTP_REPLY_CHUNK)
            status = take_body(reply, &bytes);
        else
            status = take_line_bytes(reply, &bytes);
    }
    return status;
}

enum status http_reply_end(struct http_reply *reply)
{
    bool is_to_the_end =
        reply->state == HTTP_REPLY_BODY && !reply->has_length && !reply->is_chunked;
    return is_to_the_end || reply->state == HTTP_REPLY_DONE ? STATUS_OK : STATUS_CLOSED;
}
