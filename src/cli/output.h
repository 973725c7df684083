// SPDX-License-Identifier: Apache-2.0
//
// The one way a command prints its answer. A command declares its columns once; rows are then
// printed as a table, a wide table, JSON, YAML, tab-separated lines or as the JSON Schema of the
// JSON form. Memory is bounded: a table takes its widths from the first 1,000 rows.
//
//     struct output *output = output_create(stream, OUTPUT_TABLE, &table, 0);
//     struct value row[] = {value_string("cpu0"), value_integer(4), value_null()};
//     output_row(output, row, 3);
//     output_destroy(output);
#ifndef MUSTER_CLI_OUTPUT_H
#define MUSTER_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/text.h"

enum output_form {
    OUTPUT_TABLE,  // for people: columns that are not wide
    OUTPUT_WIDE,   // for people: all columns
    OUTPUT_JSON,   // {"schema": ..., "items": [...]}
    OUTPUT_YAML,   // the same document
    OUTPUT_PLAIN,  // all columns, tab between them, no heading
    OUTPUT_SCHEMA, // the JSON Schema of the JSON form; rows are ignored
};

enum column_type {
    COLUMN_TEXT,
    COLUMN_INTEGER,
    COLUMN_BOOLEAN,
    COLUMN_TIME,     // ms since 1970; tables show UTC
    COLUMN_DURATION, // ms; tables show 1m5s
    COLUMN_BYTES,    // tables show 1.5MiB
    COLUMN_LIST,     // of texts
    COLUMN_LABELS,   // names with their values, an object in JSON
};

// The heading of a column whose value stands in a card behind the one before it: "4 -> 2".
#define OUTPUT_SEQUEL "->"

struct column {
    const char *heading; // "LAG"; must be in capitals
    const char *key;     // JSON key, snake_case, unit last: "lag_records"
    enum column_type type;
    bool is_wide;     // in the wide table only
    bool is_nullable; // may have no value: null in JSON, '-' in tables
    const char *help; // one line, also the schema's description
};

// What a command prints.
struct output_table {
    const char *schema;           // "muster.topic_list/1"
    const struct column *columns; // a row with heading NULL ends them; at most OUTPUT_COLUMNS_MAX
    bool is_card;                 // tables print an item as lines of "HEADING  value", all columns
};

#define OUTPUT_COLUMNS_MAX 32

enum value_kind { VALUE_NULL, VALUE_TEXT, VALUE_INTEGER, VALUE_BOOLEAN, VALUE_ITEMS };

// One cell; everything in it is borrowed until output_row returns.
struct value {
    enum value_kind kind;
    struct text text;
    int64_t integer;
    const struct text *items; // list: its texts; labels: name, value, name, value, ...
    size_t count;             // texts in items
};

struct value value_null(void);
struct value value_text(struct text text);
struct value value_string(const char *string); // NULL gives null
struct value value_integer(int64_t integer);
struct value value_boolean(bool boolean);
struct value value_items(const struct text *items, size_t count);

enum output_option {
    OUTPUT_COLOR = 1, // headings in bold
};

struct output;

// Begins an answer on `stream`, which stays the caller's. `options` are of enum output_option.
struct output *output_create(FILE *stream, enum output_form form, const struct output_table *table,
                             unsigned options);

// Prints one item. `count` must be the number of columns, each value of its column's type or null
// where the column allows it.
void output_row(struct output *output, const struct value *values, size_t count);

// Ends the answer and frees. STATUS_FAILED if the stream could not take it all. NULL is fine.
enum status output_destroy(struct output *output);

// Finds a form by its word. STATUS_INVALID if there is none.
enum status output_form_parse(const char *word, enum output_form *ret_form) MUST_CHECK;

// Appends the text with control characters (C0, DEL, C1) and bytes that are not UTF-8 as \xNN,
// tab and line ends as \t \n \r, a backslash doubled: data cannot drive a terminal, and what is
// printed says exactly what it was.
void output_escape(struct buffer *buffer, struct text text);

#endif
