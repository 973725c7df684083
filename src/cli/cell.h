// SPDX-License-Identifier: Apache-2.0
//
// One value as the text of a cell.
#ifndef MUSTER_CLI_CELL_H
#define MUSTER_CLI_CELL_H

#include "base/json.h"
#include "base/text.h"
#include "cli/output.h"

// Appends a value as people read it (1m5s, 1.5MiB, UTC); '-' for null and for the empty text.
void cell_print_human(struct buffer *buffer, const struct column *column,
                      const struct value *value);

// Appends a value as programs cut it: numbers as they are, '-' for null.
void cell_print_plain(struct buffer *buffer, const struct column *column,
                      const struct value *value);

// Writes a value as JSON.
void cell_write_json(struct json *json, const struct column *column, const struct value *value);

// Whether a value may stand in a column.
bool cell_fits(const struct column *column, const struct value *value);

// Columns of a terminal that the text takes, one a code point.
size_t cell_width(struct text text);

#endif
