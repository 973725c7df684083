// SPDX-License-Identifier: Apache-2.0

#include "cli/answer.h"

#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "wire/json_lexer.h"

#define ITEMS_MAX 100000 // texts in one list or labels of one item

struct reader {
    struct json_lexer lexer;
    struct arena arena; // texts of the item in hand
    struct answer *answer;
    struct buffer *problem;
};

void answer_finish(struct answer *answer)
{
    buffer_finish(&answer->next);
}

static bool refuse(struct reader *reader, const char *why, const char *key)
{
    if (reader->problem->size == 0)
        buffer_print(reader->problem, "%s%s%s%s", why, key ? " '" : "", key ? key : "",
                     key ? "'" : "");
    return false;
}

// Takes "key":
static bool read_key(struct reader *reader, struct text *ret_key)
{
    return lexer_string(&reader->lexer, &reader->arena, ret_key) && lexer_take(&reader->lexer, ':');
}

// A list of texts, or an object of texts as name, value, name, value, ...
static bool read_items(struct reader *reader, const struct column *column, struct value *ret_value)
{
    bool is_labels = column->type == COLUMN_LABELS;
    struct text *items = NULL;
    uint32_t capacity = 0;
    uint32_t count = 0;
    bool is_good = lexer_take(&reader->lexer, is_labels ? '{' : '[');
    bool is_over = lexer_take(&reader->lexer, is_labels ? '}' : ']');
    while (is_good && !is_over) {
        items = array_reserve(items, &capacity, count + 2, sizeof(*items));
        is_good = count < ITEMS_MAX && (!is_labels || read_key(reader, &items[count++])) &&
                  lexer_string(&reader->lexer, &reader->arena, &items[count++]);
        is_over = lexer_take(&reader->lexer, is_labels ? '}' : ']');
        is_good = is_good && (is_over || lexer_take(&reader->lexer, ','));
    }
    if (is_good && count) {
        struct text *kept = arena_get(&reader->arena, count * sizeof(*kept));
        memcpy(kept, items, count * sizeof(*kept));
        *ret_value = value_items(kept, count);
    } else if (is_good) {
        *ret_value = value_items(NULL, 0);
    }
    memory_release(items);
    return is_good;
}

static bool read_number(struct reader *reader, struct value *ret_value)
{
    struct text digits;
    bool is_whole = false;
    int64_t number = 0;
    if (!lexer_number(&reader->lexer, &digits, &is_whole) || !is_whole ||
        text_parse_int64(digits, &number) != STATUS_OK)
        return false;
    *ret_value = value_integer(number);
    return true;
}

static bool read_boolean(struct reader *reader, struct value *ret_value)
{
    bool is_true = lexer_peek(&reader->lexer) == 't';
    *ret_value = value_boolean(is_true);
    return lexer_literal(&reader->lexer, is_true ? TEXT_LITERAL("true") : TEXT_LITERAL("false"));
}

static bool read_value(struct reader *reader, const struct column *column, struct value *ret_value)
{
    bool is_good;
    struct text text;
    if (lexer_peek(&reader->lexer) == 'n') {
        *ret_value = value_null();
        is_good = column->is_nullable && lexer_literal(&reader->lexer, TEXT_LITERAL("null"));
    } else if (column->type == COLUMN_TEXT) {
        is_good = lexer_string(&reader->lexer, &reader->arena, &text);
        if (is_good)
            *ret_value = value_text(text);
    } else if (column->type == COLUMN_BOOLEAN) {
        is_good = read_boolean(reader, ret_value);
    } else if (column->type == COLUMN_LIST || column->type == COLUMN_LABELS) {
        is_good = read_items(reader, column, ret_value);
    } else {
        is_good = read_number(reader, ret_value);
    }
    return is_good || refuse(reader, "an item has a wrong value for", column->key);
}

// Index of the column with that key; the number of columns if there is none.
static size_t column_find(const struct output_table *table, struct text key)
{
    size_t index = 0;
    while (table->columns[index].heading && !text_equals(key, table->columns[index].key))
        index++;
    return index;
}

static bool read_member(struct reader *reader, struct value *values, bool *is_known)
{
    const struct output_table *table = reader->answer->table;
    struct text key;
    if (!read_key(reader, &key))
        return refuse(reader, "an item is not a JSON object", NULL);
    size_t index = column_find(table, key);
    if (!table->columns[index].heading)
        return lexer_skip(&reader->lexer);
    is_known[index] = true;
    return read_value(reader, &table->columns[index], &values[index]);
}

static bool read_item(struct reader *reader)
{
    struct answer *answer = reader->answer;
    const struct column *columns = answer->table->columns;
    struct value values[OUTPUT_COLUMNS_MAX] = {{0}};
    bool is_known[OUTPUT_COLUMNS_MAX] = {false};
    if (!lexer_take(&reader->lexer, '{'))
        return refuse(reader, "an item is not a JSON object", NULL);
    while (!lexer_take(&reader->lexer, '}')) {
        if (!read_member(reader, values, is_known))
            return refuse(reader, "an item is not JSON", NULL);
        lexer_take(&reader->lexer, ',');
    }
    size_t count = 0;
    for (; columns[count].heading; count++)
        if (!is_known[count] && !columns[count].is_nullable)
            return refuse(reader, "an item lacks", columns[count].key);
    if (answer->amend)
        answer->amend(answer->context, values, &reader->arena);
    if (answer->limit == 0 || answer->count < answer->limit)
        output_row(answer->output, values, count);
    answer->count++;
    arena_clear(&reader->arena);
    return true;
}

static bool read_all_items(struct reader *reader)
{
    if (!lexer_take(&reader->lexer, '['))
        return refuse(reader, "'items' is not a list", NULL);
    bool is_over = lexer_take(&reader->lexer, ']');
    while (!is_over) {
        if (!read_item(reader))
            return false;
        is_over = lexer_take(&reader->lexer, ']');
        if (!is_over && !lexer_take(&reader->lexer, ','))
            return refuse(reader, "'items' has no end", NULL);
    }
    return true;
}

// The token of the next page: a string, or null behind the last.
static bool read_next(struct reader *reader)
{
    struct text next;
    if (lexer_peek(&reader->lexer) == 'n')
        return lexer_literal(&reader->lexer, TEXT_LITERAL("null"));
    if (!lexer_string(&reader->lexer, &reader->arena, &next))
        return refuse(reader, "'next' is not a text", NULL);
    buffer_add_text(&reader->answer->next, next);
    return true;
}

static bool read_document(struct reader *reader)
{
    bool has_items = false;
    struct text key;
    if (!lexer_take(&reader->lexer, '{'))
        return refuse(reader, "it is not a JSON object", NULL);
    while (!lexer_take(&reader->lexer, '}')) {
        bool is_good = read_key(reader, &key);
        if (is_good && text_equals(key, "items")) {
            has_items = true;
            is_good = read_all_items(reader);
        } else if (is_good && text_equals(key, "next")) {
            is_good = read_next(reader);
        } else if (is_good) {
            is_good = lexer_skip(&reader->lexer);
        }
        if (!is_good)
            return refuse(reader, "it is not JSON", NULL);
        lexer_take(&reader->lexer, ',');
    }
    return has_items || refuse(reader, "it lacks 'items'", NULL);
}

enum status answer_read(struct answer *answer, struct text body, struct buffer *problem)
{
    struct reader reader = {.answer = answer, .problem = problem};
    lexer_init(&reader.lexer, body);
    buffer_clear(&answer->next);
    bool is_good = read_document(&reader);
    arena_finish(&reader.arena);
    return is_good ? STATUS_OK : STATUS_INVALID;
}

bool answer_find(struct json_lexer *lexer, struct arena *arena, const char *name)
{
    struct text key;
    if (!lexer_take(lexer, '{'))
        return false;
    while (!lexer_take(lexer, '}')) {
        if (!lexer_string(lexer, arena, &key) || !lexer_take(lexer, ':'))
            return false;
        if (text_equals(key, name))
            return true;
        if (!lexer_skip(lexer))
            return false;
        lexer_take(lexer, ',');
    }
    return false;
}

bool answer_read_error(struct text body, struct buffer *ret_message)
{
    struct json_lexer lexer;
    struct arena arena = {0};
    struct text message;
    lexer_init(&lexer, body);
    bool is_found = answer_find(&lexer, &arena, "error") &&
                    answer_find(&lexer, &arena, "message") &&
                    lexer_string(&lexer, &arena, &message);
    if (is_found)
        buffer_add_text(ret_message, message);
    arena_finish(&arena);
    return is_found;
}
