// SPDX-License-Identifier: Apache-2.0
//
// The strict front of the JSON decoder: takes RFC 8259 apart token by token, straight from the
// bytes. There is no tree, so nothing is allocated for what nobody asked for; numbers stay text, so
// none loses digits; nothing is skipped unchecked. For this room, and for cli,
// which reads the answers of the API.
#ifndef MUSTER_WIRE_JSON_LEXER_H
#define MUSTER_WIRE_JSON_LEXER_H

#include "base/arena.h"
#include "base/text.h"

// How deep a value that is skipped may nest.
enum { LEXER_DEPTH_MAX = 32 };

struct json_lexer {
    const char *start;
    const char *at; // next byte
    const char *end;
    const char *fault; // what is wrong at `at`, for people; NULL = nothing yet. Static memory
};

void lexer_init(struct json_lexer *lexer, struct text bytes);

// Passes over blanks and gives the next byte without taking it; '\0' at the end.
char lexer_peek(struct json_lexer *lexer);

// Passes over blanks and takes this byte if it is the next one.
bool lexer_take(struct json_lexer *lexer, char c);

// The functions below return false with `fault` set when the bytes are not JSON.

// Takes a string. The text is a view of the bytes, or lies in the arena if it had escapes. It is
// UTF-8 without zero bytes.
bool lexer_string(struct json_lexer *lexer, struct arena *arena, struct text *ret_text);

// Takes a number: its text, and whether it is whole (neither fraction nor exponent).
bool lexer_number(struct json_lexer *lexer, struct text *ret_text, bool *ret_is_whole);

// Takes a literal: true, false or null.
bool lexer_literal(struct json_lexer *lexer, struct text literal);

// Takes any value and checks it all the way. Without recursion, nothing is kept.
bool lexer_skip(struct json_lexer *lexer);

#endif
