// SPDX-License-Identifier: Apache-2.0
//
// The values and who asks for them.

#include "conf/conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "conf/store.h"
#include "conf/value.h"

static const char kafka_prefix[] = "kafka.";

static void value_finish(struct conf_value *value)
{
    memory_release(value->name);
    memory_release(value->text);
    memory_release(value->shown);
    memory_release(value->origin);
}

static char *origin_text(const struct conf_where *where)
{
    struct buffer buffer = {0};
    switch (where->source) {
    case CONF_DEFAULT:
        buffer_add_string(&buffer, "default");
        break;
    case CONF_ENVIRONMENT:
        buffer_print(&buffer, "environment %s", where->place);
        break;
    case CONF_FLAG:
        buffer_print(&buffer, "flag %s", where->place);
        break;
    default:
        buffer_print(&buffer, "%s:%u", where->place, where->line);
    }
    char *text = text_copy(buffer_text(&buffer));
    buffer_finish(&buffer);
    return text;
}

static char *shown_text(const struct setting *row, struct text value, int64_t number)
{
    bool is_number = row && (row->type == SETTING_INTEGER || row->type == SETTING_DURATION ||
                             row->type == SETTING_SIZE);
    if (row && row->is_secret && value.size)
        return text_copy(TEXT_LITERAL("(hidden)"));
    if (!is_number)
        return text_copy(value);
    struct buffer buffer = {0};
    buffer_add_int64(&buffer, number);
    char *text = text_copy(buffer_text(&buffer));
    buffer_finish(&buffer);
    return text;
}

static void value_set(struct conf_value *value, const struct conf_where *where, struct text text,
                      int64_t number)
{
    memory_release(value->text);
    memory_release(value->shown);
    memory_release(value->origin);
    value->text = text_copy(text);
    value->shown = shown_text(value->row, text, number);
    value->origin = origin_text(where);
    value->number = number;
    value->source = where->source;
    value->line = where->line;
}

struct conf *conf_create(void)
{
    struct conf *conf = memory_get(sizeof(*conf));
    while (setting_at(conf->value_count))
        conf->value_count++;
    conf->values = memory_get(conf->value_count * sizeof(*conf->values));
    struct conf_where where = {.source = CONF_DEFAULT};
    struct buffer problem = {0};
    for (size_t i = 0; i < conf->value_count; i++) {
        const struct setting *row = setting_at(i);
        int64_t number = 0;
        conf->values[i].row = row;
        ensure(value_parse(row, text_of(row->initial), &number, &problem) == STATUS_OK);
        value_set(&conf->values[i], &where, text_of(row->initial), number);
    }
    buffer_finish(&problem);
    return conf;
}

void conf_destroy(struct conf *conf)
{
    if (!conf)
        return;
    for (size_t i = 0; i < conf->value_count; i++)
        value_finish(&conf->values[i]);
    for (uint32_t i = 0; i < conf->extra_count; i++)
        value_finish(&conf->extras[i]);
    memory_release(conf->values);
    memory_release(conf->extras);
    memory_release(conf->credentials_path);
    buffer_finish(&conf->problems);
    memory_release(conf);
}

enum status conf_refuse(struct conf *conf, const struct conf_where *where, const char *format, ...)
{
    conf->problem_count++;
    if (conf->problem_count > CONF_PROBLEMS_MAX)
        return STATUS_INVALID;
    struct buffer text = {0};
    char words[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    if (where->place) {
        char *origin = origin_text(where);
        buffer_print(
            &text, "%s: ", where->line || where->source > CONF_CONFIG_FILE ? origin : where->place);
        memory_release(origin);
    }
    buffer_add_string(&text, words);
    // One line a problem, whatever the input holds.
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
            text.data[i] = '?';
    buffer_add_char(&text, '\n');
    buffer_add_text(&conf->problems, buffer_text(&text));
    buffer_finish(&text);
    return STATUS_INVALID;
}

const char *conf_problems(const struct conf *conf)
{
    return buffer_string(&conf->problems);
}

uint32_t conf_problem_count(const struct conf *conf)
{
    return conf->problem_count;
}

const struct conf_value *conf_value_get(const struct conf *conf, const char *name)
{
    const struct setting *row = setting_find(text_of(name));
    ensure(row);
    return &conf->values[row - setting_at(0)];
}

const char *conf_text(const struct conf *conf, const char *name)
{
    const struct conf_value *value = conf_value_get(conf, name);
    enum setting_type type = value->row->type;
    ensure(type == SETTING_TEXT || type == SETTING_CHOICE || type == SETTING_LIST);
    return value->text;
}

int64_t conf_int(const struct conf *conf, const char *name)
{
    const struct conf_value *value = conf_value_get(conf, name);
    enum setting_type type = value->row->type;
    ensure(type == SETTING_INTEGER || type == SETTING_DURATION || type == SETTING_SIZE);
    return value->number;
}

bool conf_bool(const struct conf *conf, const char *name)
{
    const struct conf_value *value = conf_value_get(conf, name);
    ensure(value->row->type == SETTING_BOOLEAN);
    return value->number != 0;
}

struct span conf_span(const struct conf *conf, const char *name)
{
    ensure(conf_value_get(conf, name)->row->type == SETTING_DURATION);
    return span_of_ms(conf_int(conf, name));
}

struct text conf_list_item(const struct conf *conf, const char *name, size_t index)
{
    const struct conf_value *value = conf_value_get(conf, name);
    struct text item = {0};
    ensure(value->row->type == SETTING_LIST);
    if (!list_item(text_of(value->text), index, &item))
        return (struct text){0};
    return item;
}

static struct text value_name(const struct conf_value *value)
{
    return text_of(value->row ? value->row->name : value->name);
}

// Index of the first extra that is not before `name`.
static uint32_t extra_index(const struct conf *conf, struct text name)
{
    uint32_t low = 0;
    uint32_t high = conf->extra_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (text_compare(text_of(conf->extras[middle].name), name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct conf_value *extra_get(struct conf *conf, struct text name)
{
    uint32_t index = extra_index(conf, name);
    if (index < conf->extra_count && text_equals(name, conf->extras[index].name))
        return &conf->extras[index];
    if (conf->extra_count == CONF_EXTRAS_MAX)
        return NULL;
    conf->extras = array_reserve(conf->extras, &conf->extra_capacity, conf->extra_count + 1,
                                 sizeof(*conf->extras));
    struct conf_value *extra = &conf->extras[index];
    memmove(extra + 1, extra, (conf->extra_count - index) * sizeof(*extra));
    *extra = (struct conf_value){.name = text_copy(name), .text = text_copy((struct text){0})};
    conf->extra_count++;
    return extra;
}

// Keeps a checked value unless a stronger source has spoken; the same key twice in one file is a
// slip.
static enum status value_keep(struct conf *conf, struct conf_value *value,
                              const struct conf_where *where, struct text text, int64_t number)
{
    if (value->source > where->source)
        return STATUS_OK;
    if (value->source == where->source && where->line)
        return conf_refuse(conf, where, "'%.*s' is there twice, first in line %u",
                           TEXT_ARGS(value_name(value)), value->line);
    value_set(value, where, text, number);
    return STATUS_OK;
}

// Which properties exist, and which are not the user's to set, is known where librdkafka is.
static enum status assign_extra(struct conf *conf, const struct conf_where *where, struct text name,
                                struct text text)
{
    if (name.size == sizeof(kafka_prefix) - 1)
        return conf_refuse(conf, where, "'kafka.' has no property behind it: write kafka.NAME");
    struct conf_value *extra = extra_get(conf, name);
    if (!extra)
        return conf_refuse(conf, where, "more than %d kafka.* properties", CONF_EXTRAS_MAX);
    return value_keep(conf, extra, where, text, 0);
}

static enum status assign_row(struct conf *conf, const struct conf_where *where,
                              const struct setting *row, struct text text)
{
    struct buffer problem = {0};
    int64_t number = 0;
    enum status status = value_parse(row, text, &number, &problem);
    if (status == STATUS_OK)
        status = value_keep(conf, &conf->values[row - setting_at(0)], where, text, number);
    else
        status = conf_refuse(conf, where, "%s: %s", row->name, buffer_string(&problem));
    buffer_finish(&problem);
    return status;
}

// NAME.file, NAME.fd and NAME.credential of a row that is a secret: gives the row and how.
static const struct setting *secret_find(struct text name, struct text *ret_how)
{
    const char *dot = name.size ? memrchr(name.data, '.', name.size) : NULL;
    if (!dot)
        return NULL;
    size_t size = (size_t)(dot - name.data);
    *ret_how = (struct text){dot + 1, name.size - size - 1};
    if (!text_equals(*ret_how, "file") && !text_equals(*ret_how, "fd") &&
        !text_equals(*ret_how, "credential"))
        return NULL;
    const struct setting *row = setting_find((struct text){name.data, size});
    return row && row->is_secret ? row : NULL;
}

static enum status assign_secret(struct conf *conf, const struct conf_where *where,
                                 const struct setting *row, struct text how, struct text text)
{
    struct buffer secret = {0};
    struct buffer problem = {0};
    enum status status = secret_read(conf, how, text, &secret, &problem);
    if (status == STATUS_OK)
        status =
            value_keep(conf, &conf->values[row - setting_at(0)], where, buffer_text(&secret), 0);
    else
        status = conf_refuse(conf, where, "%s.%.*s: %s", row->name, TEXT_ARGS(how),
                             buffer_string(&problem));
    if (secret.size)
        explicit_bzero(secret.data, secret.size);
    buffer_finish(&secret);
    buffer_finish(&problem);
    return status;
}

enum status conf_assign(struct conf *conf, const struct conf_where *where, struct text name,
                        struct text text)
{
    const struct setting *row = setting_find(name);
    struct text how;
    if (row && row->is_secret)
        return conf_refuse(conf, where,
                           "'%s' is a secret and is not written down: use %s.file, %s.fd or "
                           "%s.credential",
                           row->name, row->name, row->name, row->name);
    if (row)
        return assign_row(conf, where, row, text);
    row = secret_find(name, &how);
    if (row)
        return assign_secret(conf, where, row, how, text);
    if (text_has_prefix(name, text_of(kafka_prefix)))
        return assign_extra(conf, where, name, text);
    // Behind the last problem that is listed, nobody reads a suggestion.
    row = conf->problem_count < CONF_PROBLEMS_MAX ? setting_nearest(name) : NULL;
    return conf_refuse(conf, where, "unknown setting '%.*s'%s%s%s", TEXT_ARGS(name),
                       row ? ": did you mean '" : ": 'muster config show' lists them",
                       row ? row->name : "", row ? "'?" : "");
}

enum status conf_set(struct conf *conf, const char *flag, const char *name, const char *value)
{
    struct conf_where where = {.source = CONF_FLAG, .place = flag};
    return conf_assign(conf, &where, text_of(name), text_of(value));
}

// Merges the two sorted lists: the next value in the order of names at `*cursor`.
static const struct conf_value *value_next(const struct conf *conf, size_t *cursor)
{
    size_t row = 0;
    uint32_t extra = 0;
    const struct conf_value *value = NULL;
    for (size_t i = 0; i <= *cursor; i++) {
        bool has_row = row < conf->value_count;
        bool has_extra = extra < conf->extra_count;
        if (!has_row && !has_extra)
            return NULL;
        if (has_row && (!has_extra || text_compare(value_name(&conf->values[row]),
                                                   value_name(&conf->extras[extra])) < 0))
            value = &conf->values[row++];
        else
            value = &conf->extras[extra++];
    }
    ++*cursor;
    return value;
}

bool conf_kafka_next(const struct conf *conf, size_t *cursor, const char **ret_name,
                     const char **ret_value)
{
    const struct conf_value *value;
    while ((value = value_next(conf, cursor))) {
        struct text name = value_name(value);
        if (!text_has_prefix(name, text_of(kafka_prefix)) || !value->text[0])
            continue;
        *ret_name = name.data + sizeof(kafka_prefix) - 1;
        *ret_value = value->text;
        return true;
    }
    return false;
}

bool conf_row_next(const struct conf *conf, size_t *cursor, struct conf_row *ret_row)
{
    const struct conf_value *value = value_next(conf, cursor);
    if (!value)
        return false;
    *ret_row = (struct conf_row){
        .name = value_name(value).data,
        .value = value->shown,
        .origin = value->origin,
        .is_default = value->source == CONF_DEFAULT,
        .help = value->row ? value->row->help : "",
    };
    return true;
}
