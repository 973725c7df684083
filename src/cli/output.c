// SPDX-License-Identifier: Apache-2.0
//
// The forms. JSON, YAML and plain lines leave row by row; a table waits for its first 1,000 rows to
// know its widths, and what comes later is printed with them.

#include "cli/output.h"

#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "base/json.h"
#include "base/memory.h"
#include "cli/cell.h"
#include "cli/schema.h"

#define WIDTH_ROWS_MAX 1000
#define COLUMN_GAP 2

struct output {
    FILE *stream; // borrowed
    enum output_form form;
    const struct output_table *table;
    unsigned options;
    size_t column_count;
    size_t row_count;
    struct buffer line; // being written
    struct json json;
    char **cells; // owned; cells of the rows that wait for their widths, row by row
    uint32_t cell_count;
    uint32_t cell_capacity;
    size_t widths[OUTPUT_COLUMNS_MAX];
    bool has_widths;
};

enum status output_form_parse(const char *word, enum output_form *ret_form)
{
    static const char *const words[] = {"table", "wide", "json", "yaml", "plain", "schema"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(word, words[i]) != 0)
            continue;
        *ret_form = (enum output_form)i;
        return STATUS_OK;
    }
    return STATUS_INVALID;
}

static void line_flush(struct output *output)
{
    if (output->line.size)
        fwrite(output->line.data, 1, output->line.size, output->stream);
    buffer_clear(&output->line);
}

static bool is_shown(const struct output *output, size_t index)
{
    return output->form == OUTPUT_WIDE || output->table->is_card ||
           !output->table->columns[index].is_wide;
}

static bool is_right_aligned(const struct column *column)
{
    return column->type == COLUMN_INTEGER || column->type == COLUMN_DURATION ||
           column->type == COLUMN_BYTES;
}

static bool is_table(const struct output *output)
{
    return output->form == OUTPUT_TABLE || output->form == OUTPUT_WIDE;
}

static void widen(struct output *output, size_t index, const char *text)
{
    size_t width = cell_width(text_of(text));
    if (width > output->widths[index])
        output->widths[index] = width;
}

static void add_blanks(struct buffer *buffer, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_add_char(buffer, ' ');
}

struct output *output_create(FILE *stream, enum output_form form, const struct output_table *table,
                             unsigned options)
{
    struct output *output = memory_get(sizeof(*output));
    output->stream = stream;
    output->form = form;
    output->table = table;
    output->options = options;
    while (table->columns[output->column_count].heading)
        output->column_count++;
    ensure(output->column_count > 0 && output->column_count <= OUTPUT_COLUMNS_MAX);
    if (form == OUTPUT_SCHEMA) {
        schema_print(&output->line, table);
        line_flush(output);
    } else if (form == OUTPUT_JSON) {
        json_begin(&output->json, &output->line);
        json_object_begin(&output->json);
        json_member_string(&output->json, "schema", table->schema);
        json_key(&output->json, "items");
        json_array_begin(&output->json);
    } else if (form == OUTPUT_YAML) {
        buffer_print(&output->line, "schema: \"%s\"\nitems:", table->schema);
    }
    return output;
}

static void json_row(struct output *output, const struct value *values)
{
    buffer_add_char(&output->line, '\n');
    json_object_begin(&output->json);
    for (size_t i = 0; i < output->column_count; i++) {
        json_key(&output->json, output->table->columns[i].key);
        cell_write_json(&output->json, &output->table->columns[i], &values[i]);
    }
    json_object_end(&output->json);
    line_flush(output);
}

static void yaml_row(struct output *output, const struct value *values)
{
    if (output->row_count == 0)
        buffer_add_char(&output->line, '\n');
    for (size_t i = 0; i < output->column_count; i++) {
        struct json json;
        buffer_print(&output->line, "%s%s: ", i ? "    " : "  - ", output->table->columns[i].key);
        json_begin(&json, &output->line);
        cell_write_json(&json, &output->table->columns[i], &values[i]);
        json_end(&json);
        buffer_add_char(&output->line, '\n');
    }
    line_flush(output);
}

static void plain_row(struct output *output, const struct value *values)
{
    for (size_t i = 0; i < output->column_count; i++) {
        if (i)
            buffer_add_char(&output->line, '\t');
        cell_print_plain(&output->line, &output->table->columns[i], &values[i]);
    }
    buffer_add_char(&output->line, '\n');
    line_flush(output);
}

static size_t card_indent(const struct output *output)
{
    size_t width = 0;
    for (size_t i = 0; i < output->column_count; i++) {
        size_t heading = cell_width(text_of(output->table->columns[i].heading));
        if (is_shown(output, i) && heading > width)
            width = heading;
    }
    return width + COLUMN_GAP;
}

// A list takes a line for each of its items.
static void card_value(struct output *output, const struct column *column,
                       const struct value *value, size_t indent)
{
    bool is_lines = column->type == COLUMN_LIST && value->kind == VALUE_ITEMS && value->count > 1;
    if (!is_lines)
        cell_print_human(&output->line, column, value);
    for (size_t i = 0; is_lines && i < value->count; i++) {
        buffer_add_string(&output->line, i ? "\n" : "");
        add_blanks(&output->line, i ? indent : 0);
        output_escape(&output->line, value->items[i]);
    }
}

// Whether the value stands behind the one before it, on the same line.
static bool is_sequel(const struct column *column)
{
    return column->heading && strcmp(column->heading, OUTPUT_SEQUEL) == 0;
}

static void card_row(struct output *output, const struct value *values)
{
    bool is_colored = output->options & OUTPUT_COLOR;
    size_t indent = card_indent(output);
    if (output->row_count)
        buffer_add_char(&output->line, '\n');
    for (size_t i = 0; i < output->column_count; i++) {
        const struct column *column = &output->table->columns[i];
        if (!is_shown(output, i))
            continue;
        if (is_sequel(column)) {
            buffer_print(&output->line, " %s ", OUTPUT_SEQUEL);
        } else {
            buffer_print(&output->line, "%s%s%s", is_colored ? "\033[1m" : "", column->heading,
                         is_colored ? "\033[0m" : "");
            add_blanks(&output->line, indent - cell_width(text_of(column->heading)));
        }
        card_value(output, column, &values[i], indent);
        if (!is_sequel(column + 1))
            buffer_add_char(&output->line, '\n');
    }
    line_flush(output);
}

// One line from a row of cells, one for each column of the table.
static void table_line(struct output *output, char *const *cells)
{
    size_t pending = 0;
    bool is_first = true;
    for (size_t i = 0; i < output->column_count; i++) {
        if (!is_shown(output, i))
            continue;
        size_t width = cell_width(text_of(cells[i]));
        size_t blanks = output->widths[i] > width ? output->widths[i] - width : 0;
        bool is_right = is_right_aligned(&output->table->columns[i]);
        add_blanks(&output->line, pending + (is_first ? 0 : COLUMN_GAP) + (is_right ? blanks : 0));
        buffer_add_string(&output->line, cells[i]);
        pending = is_right ? 0 : blanks;
        is_first = false;
    }
    buffer_add_char(&output->line, '\n');
    line_flush(output);
}

static void table_heading(struct output *output)
{
    char *headings[OUTPUT_COLUMNS_MAX];
    for (size_t i = 0; i < output->column_count; i++) {
        headings[i] = text_copy(text_of(output->table->columns[i].heading));
        widen(output, i, headings[i]);
    }
    if (output->options & OUTPUT_COLOR)
        fputs("\033[1m", output->stream);
    table_line(output, headings);
    if (output->options & OUTPUT_COLOR)
        fputs("\033[0m", output->stream);
    for (size_t i = 0; i < output->column_count; i++)
        memory_release(headings[i]);
}

static void cells_release(struct output *output)
{
    for (uint32_t i = 0; i < output->cell_count; i++)
        memory_release(output->cells[i]);
    output->cell_count = 0;
}

// The widths are known: prints heading and waiting rows.
static void table_begin(struct output *output)
{
    uint32_t columns = (uint32_t)output->column_count;
    output->has_widths = true;
    table_heading(output);
    for (uint32_t i = 0; i < output->cell_count; i += columns)
        table_line(output, output->cells + i);
    cells_release(output);
}

static void table_row(struct output *output, const struct value *values)
{
    uint32_t needed = output->cell_count + (uint32_t)output->column_count;
    output->cells =
        array_reserve(output->cells, &output->cell_capacity, needed, sizeof(*output->cells));
    char **row = output->cells + output->cell_count;
    for (size_t i = 0; i < output->column_count; i++) {
        struct buffer cell = {0};
        cell_print_human(&cell, &output->table->columns[i], &values[i]);
        row[i] = text_copy(buffer_text(&cell));
        buffer_finish(&cell);
        if (!output->has_widths)
            widen(output, i, row[i]);
    }
    output->cell_count = needed;
    if (output->has_widths) {
        table_line(output, row);
        cells_release(output);
    } else if (output->row_count + 1 == WIDTH_ROWS_MAX) {
        table_begin(output);
    }
}

void output_row(struct output *output, const struct value *values, size_t count)
{
    ensure(count == output->column_count);
    for (size_t i = 0; i < count; i++)
        ensure(cell_fits(&output->table->columns[i], &values[i]));
    if (output->form == OUTPUT_JSON)
        json_row(output, values);
    else if (output->form == OUTPUT_YAML)
        yaml_row(output, values);
    else if (output->form == OUTPUT_PLAIN)
        plain_row(output, values);
    else if (is_table(output) && output->table->is_card)
        card_row(output, values);
    else if (is_table(output))
        table_row(output, values);
    output->row_count++;
}

static void output_end(struct output *output)
{
    if (output->form == OUTPUT_JSON) {
        buffer_add_string(&output->line, output->row_count ? "\n" : "");
        json_array_end(&output->json);
        json_object_end(&output->json);
        json_end(&output->json);
        buffer_add_char(&output->line, '\n');
    } else if (output->form == OUTPUT_YAML && output->row_count == 0) {
        buffer_add_string(&output->line, " []\n");
    } else if (is_table(output) && !output->table->is_card && !output->has_widths) {
        table_begin(output);
    }
    line_flush(output);
}

enum status output_destroy(struct output *output)
{
    if (!output)
        return STATUS_OK;
    output_end(output);
    enum status status =
        fflush(output->stream) || ferror(output->stream) ? STATUS_FAILED : STATUS_OK;
    cells_release(output);
    memory_release(output->cells);
    buffer_finish(&output->line);
    memory_release(output);
    return status;
}
