// SPDX-License-Identifier: Apache-2.0
//
// Keys are parts between '/'. A table says which parts each kind has; the last part may be a unit,
// which has a '/' of its own.
#include "proto/key.h"

#include <string.h>

#include "base/ensure.h"
#include "base/name.h"
#include "proto/unit.h"

enum part { PART_END, PART_POOL, PART_NAME, PART_SOURCE, PART_TOPIC, PART_UNIT };

static const struct shape {
    enum record_kind kind;
    struct text word;
    enum part parts[5]; // closed by PART_END
} shapes[] = {
    {RECORD_STATE_CELL, {"cell", 4}, {PART_END}},
    {RECORD_STATE_MARKER, {"marker", 6}, {PART_END}},
    {RECORD_STATE_POOL, {"pool", 4}, {PART_POOL, PART_END}},
    {RECORD_STATE_AGENT, {"agent", 5}, {PART_POOL, PART_NAME, PART_END}},
    {RECORD_STATE_CLAIM, {"claim", 5}, {PART_POOL, PART_NAME, PART_SOURCE, PART_TOPIC, PART_END}},
    {RECORD_STATE_UNIT, {"unit", 4}, {PART_POOL, PART_UNIT, PART_END}},
    {RECORD_STATE_COLLECTOR, {"collector", 9}, {PART_POOL, PART_NAME, PART_END}},
};

enum { SHAPE_COUNT = sizeof(shapes) / sizeof(shapes[0]) };

// Cuts the text up to the next '/' off the front of `rest`; false if nothing is left.
static bool part_next(struct text *rest, struct text *ret_part)
{
    if (rest->data == NULL)
        return false;
    const char *slash = rest->size ? memchr(rest->data, '/', rest->size) : NULL;
    size_t size = slash ? (size_t)(slash - rest->data) : rest->size;
    *ret_part = (struct text){rest->data, size};
    if (slash)
        *rest = (struct text){slash + 1, rest->size - size - 1};
    else
        *rest = (struct text){0};
    return true;
}

// The member of the key that holds a part.
static struct text *key_part(struct state_key *key, enum part part)
{
    switch (part) {
    case PART_POOL:
        return &key->pool;
    case PART_NAME:
        return &key->name;
    case PART_SOURCE:
        return &key->source;
    case PART_TOPIC:
    case PART_UNIT:
        return &key->unit;
    case PART_END:
        break;
    }
    return NULL;
}

// A topic ends at the next '/', so it cannot have a partition.
static bool part_is_fine(enum part part, struct text text)
{
    struct unit_name unit;

    if (part == PART_UNIT || part == PART_TOPIC)
        return unit_name_parse(text, &unit) == STATUS_OK;
    if (part == PART_SOURCE && text.size == 0)
        return true;
    return name_fault(text) == NULL;
}

static const struct shape *shape_of_word(struct text word)
{
    for (size_t i = 0; i < SHAPE_COUNT; i++)
        if (text_equal(shapes[i].word, word))
            return &shapes[i];
    return NULL;
}

static const struct shape *shape_of_kind(enum record_kind kind)
{
    for (size_t i = 0; i < SHAPE_COUNT; i++)
        if (shapes[i].kind == kind)
            return &shapes[i];
    return NULL;
}

enum status state_key_parse(struct text text, struct state_key *ret_key)
{
    struct text rest = text;
    struct text word;

    if (!part_next(&rest, &word))
        return STATUS_INVALID;
    const struct shape *shape = shape_of_word(word);
    if (shape == NULL)
        return STATUS_INVALID;
    struct state_key key = {.kind = shape->kind};
    for (size_t i = 0; shape->parts[i] != PART_END; i++) {
        struct text part;
        if (shape->parts[i] == PART_UNIT) {
            part = rest;
            rest = (struct text){0};
        } else if (!part_next(&rest, &part)) {
            return STATUS_INVALID;
        }
        if (!part_is_fine(shape->parts[i], part))
            return STATUS_INVALID;
        *key_part(&key, shape->parts[i]) = part;
    }
    if (rest.data != NULL)
        return STATUS_INVALID;
    *ret_key = key;
    return STATUS_OK;
}

void state_key_print(struct state_key key, struct buffer *buffer)
{
    const struct shape *shape = shape_of_kind(key.kind);

    ensure(shape);
    buffer_add_text(buffer, shape->word);
    for (size_t i = 0; shape->parts[i] != PART_END; i++) {
        buffer_add_char(buffer, '/');
        buffer_add_text(buffer, *key_part(&key, shape->parts[i]));
    }
}

// "0" to "15".
static bool bucket_parse(struct text text, int *ret_bucket)
{
    int64_t value = 0;
    if (text.size == 0 || text.size > 2 || (text.size == 2 && text.data[0] == '0'))
        return false;
    if (text_parse_int64(text, &value) != STATUS_OK || value < 0 || value >= BUCKET_COUNT)
        return false;
    *ret_bucket = (int)value;
    return text.data[0] != '-';
}

enum status assignment_key_parse(struct text text, struct assignment_key *ret_key)
{
    struct assignment_key key = {.bucket = -1};
    struct text rest = text;
    struct text bucket;

    if (!part_next(&rest, &key.pool) || name_fault(key.pool))
        return STATUS_INVALID;
    if (!part_next(&rest, &key.collector) || name_fault(key.collector))
        return STATUS_INVALID;
    if (part_next(&rest, &bucket) && !bucket_parse(bucket, &key.bucket))
        return STATUS_INVALID;
    if (rest.data != NULL)
        return STATUS_INVALID;
    *ret_key = key;
    return STATUS_OK;
}

void assignment_key_print(struct assignment_key key, struct buffer *buffer)
{
    buffer_add_text(buffer, key.pool);
    buffer_add_char(buffer, '/');
    buffer_add_text(buffer, key.collector);
    if (key.bucket >= 0) {
        buffer_add_char(buffer, '/');
        buffer_add_int64(buffer, key.bucket);
    }
}
