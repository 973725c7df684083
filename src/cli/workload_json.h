// SPDX-License-Identifier: Apache-2.0
//
// Reading JSON whose shape is known, along tables of keys, with words for people when it is another
// one. For workload_line.c.
//
// The functions take what is next and return whether it was that; if not, the reason is in
// `problem`. The first reason is the one that stays.
#ifndef MUSTER_CLI_WORKLOAD_JSON_H
#define MUSTER_CLI_WORKLOAD_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "wire/json_lexer.h"

struct reader {
    struct json_lexer lexer;
    struct arena *arena; // of texts that had escapes
    struct buffer *problem;
    void *target; // what is read into; for the functions of the tables
};

// A key of an object.
struct field {
    const char *name;
    bool is_optional; // may be left out, or be null
    bool (*read)(struct reader *reader);
};

// An object that is read along a table.
struct known {
    const char *what; // "topic"
    const struct field *fields;
    size_t count;   // at most 32
    uint32_t given; // bit per field
};

// Complain, and return false.
bool reader_refuse(struct reader *reader, const char *why);
bool reader_refuse_name(struct reader *reader, const char *what, struct text name,
                        const char *fault);
bool reader_refuse_json(struct reader *reader); // with what the lexer says

// The same about a value of the wrong type, which is next.
bool reader_refuse_type(struct reader *reader, const char *what, const char *fault);

bool reader_text(struct reader *reader, const char *what, struct text *ret_text);
bool reader_bool(struct reader *reader, const char *what, bool *ret_value);
bool reader_null(struct reader *reader);

// A number from `min` to `max`; one with a fraction only if it may be rounded.
bool reader_number(struct reader *reader, const char *what, bool is_rounded, int64_t min,
                   int64_t max, int64_t *ret_value);

// Takes `"key":`.
bool reader_key(struct reader *reader, struct text *ret_key);

// Takes an object; `member` is called for each member, with its key taken, and reads the value.
bool reader_object(struct reader *reader, const char *what,
                   bool (*member)(struct reader *reader, struct text key, void *context),
                   void *context);

// A member of a known object, for read_object: no other keys, none twice.
bool reader_field(struct reader *reader, struct text key, void *known);

// Takes an object that has these keys and no others.
bool reader_known(struct reader *reader, const char *what, const struct field *fields,
                  size_t count);

#endif
