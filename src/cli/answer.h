// SPDX-License-Identifier: Apache-2.0
//
// Reads what a coordinator's API answered: {"schema": ..., "items": [{...}], "next": ..., "total":
// n}. The columns of a command say which members an item has; others are skipped, so that an older
// command reads a newer coordinator.
#ifndef MUSTER_CLI_ANSWER_H
#define MUSTER_CLI_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"
#include "cli/output.h"
#include "wire/json_lexer.h"

// Where items go and what is known behind them.
struct answer {
    const struct output_table *table;
    struct output *output; // gets a row an item
    size_t limit;          // rows at most, the others are only counted; 0 = no limit
    size_t count;          // items so far, over several pages
    struct buffer next;    // where the next page begins; empty = there is none
    // Changes the values of an item before its row goes out, or NULL; new texts go into the arena.
    void (*amend)(void *context, struct value *values, struct arena *arena);
    void *context;
};

void answer_finish(struct answer *answer);

// Reads one page. STATUS_INVALID: it is not such an answer; `problem` says what is wrong. Rows that
// came before the fault have gone out.
enum status answer_read(struct answer *answer, struct text body, struct buffer *problem) MUST_CHECK;

// Appends the message of a refusal: {"error": {"message": ...}}. False, and nothing appended, if
// the body is anything else.
bool answer_read_error(struct text body, struct buffer *ret_message);

// Goes to the value of that member of the object at the lexer. False if there is none, or no
// object.
bool answer_find(struct json_lexer *lexer, struct arena *arena, const char *name);

#endif
