// SPDX-License-Identifier: Apache-2.0
//
// Writes JSON (RFC 8259) into a buffer as it comes, compact, with nothing kept in memory but the
// nesting. Wrong nesting is a broken invariant. Reading JSON is not done here.
//
//     struct json json;
//     json_begin(&json, &buffer);
//     json_object_begin(&json);
//     json_member_int64(&json, "units", 3);
//     json_object_end(&json);
//     json_end(&json);                        -> {"units":3}
#ifndef MUSTER_BASE_JSON_H
#define MUSTER_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/text.h"

#define JSON_DEPTH_MAX 64

struct json {
    struct buffer *out; // borrowed
    uint64_t objects;   // bit d: what is open at depth d + 1 is an object, else an array
    uint32_t depth;     // objects and arrays open
    bool has_items;     // the innermost one has an item, so a comma comes first
    bool has_key;       // a key waits for its value
    bool is_done;       // the one value of the document is complete
};

// Begins one document, that is one value, at the end of `out`; json_end checks that it is complete.
void json_begin(struct json *json, struct buffer *out);
void json_end(const struct json *json);

void json_object_begin(struct json *json);
void json_object_end(struct json *json);
void json_array_begin(struct json *json);
void json_array_end(struct json *json);

// The key of the next value, inside an object. Keeping keys unique is the caller's.
void json_key(struct json *json, const char *key);
void json_key_text(struct json *json, struct text key);

// A string; each byte that is not part of well-formed UTF-8 becomes U+FFFD.
void json_text(struct json *json, struct text value);
void json_string(struct json *json, const char *value); // NULL gives null
void json_int64(struct json *json, int64_t value);
void json_seconds(struct json *json, struct span value); // a number: 1.5, 0.000001
void json_bool(struct json *json, bool value);
void json_null(struct json *json);

// Bytes that are one valid JSON value already.
void json_raw(struct json *json, struct text value);

// A key with its value.
void json_member_text(struct json *json, const char *key, struct text value);
void json_member_string(struct json *json, const char *key, const char *value);
void json_member_int64(struct json *json, const char *key, int64_t value);
void json_member_bool(struct json *json, const char *key, bool value);
void json_member_null(struct json *json, const char *key);

#endif
