// SPDX-License-Identifier: Apache-2.0
//
// Views of bytes and the growable buffer that is written to. A `struct text` owns nothing; it may
// hold any byte, also zero, and is not terminated.
#ifndef MUSTER_BASE_TEXT_H
#define MUSTER_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct text {
    const char *data; // borrowed; NULL only when size is 0
    size_t size;      // bytes
};

// For printf's "%.*s": TEXT_ARGS(text).
#define TEXT_ARGS(text) (int)(text).size, (text).data ? (text).data : ""
#define TEXT_LITERAL(literal) ((struct text){"" literal, sizeof(literal) - 1})

// A view of a terminated string; NULL gives the empty text.
struct text text_of(const char *string);

bool text_equal(struct text a, struct text b);
bool text_equals(struct text a, const char *string);
bool text_has_prefix(struct text text, struct text prefix);

// Order by unsigned bytes, shorter first: <0, 0, >0. The total order of all tie-breaks.
int text_compare(struct text a, struct text b);

// A terminated copy that the caller releases with memory_release. Zero bytes stay inside.
char *text_copy(struct text text);

// Parses a whole decimal number with optional '-'. STATUS_INVALID for anything else, blanks too,
// STATUS_TOO_LARGE outside int64_t; `*ret_value` is then untouched.
enum status text_parse_int64(struct text text, int64_t *ret_value) MUST_CHECK;

// Whether the bytes are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).
bool text_is_utf8(struct text text);

// Size of the well-formed UTF-8 sequence at the start of the text, 0 if there is none.
size_t text_utf8_size(struct text text);

// The value of a hexadecimal digit of either case, −1 for any other byte.
int text_hex_digit(char c);

// A growable byte buffer, always terminated behind its end once anything was written.
// `= {0}` is an empty one.
struct buffer {
    char *data; // owned
    size_t size;
    size_t capacity;
};

void buffer_finish(struct buffer *buffer);
void buffer_clear(struct buffer *buffer);

// Adds `size` bytes that the caller fills before the next write.
char *buffer_extend(struct buffer *buffer, size_t size);
void buffer_add(struct buffer *buffer, const void *bytes, size_t size);
void buffer_add_text(struct buffer *buffer, struct text text);
void buffer_add_string(struct buffer *buffer, const char *string);
void buffer_add_char(struct buffer *buffer, char c);
void buffer_add_int64(struct buffer *buffer, int64_t value);

// Microseconds as a decimal number of seconds without trailing zeros: 2, -1.5, 0.000001.
void buffer_add_seconds(struct buffer *buffer, int64_t us);

// printf at the end of the buffer.
void buffer_print(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// The bytes so far, borrowed until the next write.
struct text buffer_text(const struct buffer *buffer);

// The bytes so far as a terminated string, "" when empty; borrowed until the next write.
const char *buffer_string(const struct buffer *buffer);

#endif
