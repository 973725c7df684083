// SPDX-License-Identifier: Apache-2.0
//
// Limits, reasons, lists and defaults of the decoders.
#include "wire/decoder.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "wire/string.h"

enum status decoder_init(struct decoder *decoder, struct text bytes, struct arena *arena,
                         const struct wire_limits *limits, struct buffer *why)
{
    struct wire_limits in_force = limits ? *limits : WIRE_LIMITS_DEFAULT;

    ensure(arena);
    *decoder = (struct decoder){.arena = arena,
                                .why = why,
                                .items_left = in_force.items_max,
                                .items_max = in_force.items_max};
    if (bytes.size > in_force.bytes_max)
        return decoder_refuse(decoder, STATUS_TOO_LARGE, "has %zu bytes, the limit is %zu",
                              bytes.size, in_force.bytes_max);
    return STATUS_OK;
}

static void path_print(const struct decoder *decoder, struct buffer *buffer)
{
    buffer_add_char(buffer, '\'');
    for (uint32_t i = 0; i < decoder->depth; i++) {
        if (i)
            buffer_add_char(buffer, '.');
        buffer_add_text(buffer, decoder->steps[i].field->name);
        if (decoder->steps[i].index != UINT32_MAX)
            buffer_print(buffer, "[%u]", (unsigned)decoder->steps[i].index);
    }
    buffer_add_string(buffer, "' ");
}

enum status decoder_refuse(const struct decoder *decoder, enum status status, const char *format,
                           ...)
{
    char reason[256];
    va_list arguments;

    if (decoder->why == NULL)
        return status;
    va_start(arguments, format);
    vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    // A reason may quote what came in, cut at any byte.
    for (char *c = reason; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    if (decoder->depth)
        path_print(decoder, decoder->why);
    else
        buffer_add_string(decoder->why, "the record ");
    wire_string_add_clean(decoder->why, text_of(reason));
    return status;
}

enum status decoder_take(struct decoder *decoder, uint64_t count)
{
    if (count > decoder->items_left)
        return decoder_refuse(decoder, STATUS_TOO_LARGE,
                              "is too long: a record holds at most %u items in all",
                              (unsigned)decoder->items_max);
    decoder->items_left -= (uint32_t)count;
    return STATUS_OK;
}

void decoder_list_reserve(struct decoder_list *list, struct arena *arena, uint32_t count)
{
    ensure(count <= UINT32_MAX / 4 - list->count);
    uint32_t needed = list->count + count;
    if (needed <= list->capacity)
        return;
    // Doubling keeps many small blocks linear; the first one is taken as it is.
    uint32_t capacity = list->capacity * 2 > needed ? list->capacity * 2 : needed;
    char *items = arena_get(arena, (size_t)capacity * list->item_size);
    if (list->count)
        memcpy(items, list->items, (size_t)list->count * list->item_size);
    list->items = items;
    list->capacity = capacity;
}

void *decoder_list_add(struct decoder_list *list, struct arena *arena)
{
    if (list->count == list->capacity)
        decoder_list_reserve(list, arena, list->count ? list->count : 4);
    return list->items + (size_t)list->count++ * list->item_size;
}

void decoder_list_store(const struct decoder_list *list, const struct wire_field *field,
                        void *record)
{
    memcpy(field_at(record, field), &list->items, sizeof(list->items));
    memcpy((char *)record + field->count_offset, &list->count, sizeof(list->count));
}

static int text_order(const void *a, const void *b)
{
    return text_compare(*(const struct text *)a, *(const struct text *)b);
}

enum status decoder_labels_check(const struct decoder *decoder, const struct label *labels,
                                 uint32_t count)
{
    enum { FEW = 8 };
    struct text few[FEW];

    if (count < 2)
        return STATUS_OK;
    struct text *keys = few;
    if (count > FEW)
        keys = arena_get(decoder->arena, (size_t)count * sizeof(*keys));
    for (uint32_t i = 0; i < count; i++)
        keys[i] = labels[i].key;
    qsort(keys, count, sizeof(*keys), text_order);
    for (uint32_t i = 1; i < count; i++)
        if (text_equal(keys[i - 1], keys[i]))
            return decoder_refuse(decoder, STATUS_INVALID, "has the key '%.60s' twice",
                                  keys[i].size ? (char *)arena_text(decoder->arena, keys[i]).data
                                               : "");
    return STATUS_OK;
}

void decoder_default(const struct wire_table *table, void *record, uint64_t seen)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const struct wire_field *field = &table->fields[i];
        void *at = field_at(record, field);
        if (seen & (UINT64_C(1) << i) || field->is_required)
            continue;
        switch (field->type) {
        case WIRE_BOOLEAN:
            *(bool *)at = field->number != 0;
            break;
        case WIRE_INT:
        case WIRE_LONG:
            *(int64_t *)at = field->number;
            break;
        case WIRE_STRING:
            *(struct text *)at = field->string;
            break;
        case WIRE_RECORD:
            decoder_default(field->table, at, 0);
            break;
        case WIRE_STRINGS:
        case WIRE_LONGS:
        case WIRE_RECORDS:
        case WIRE_LABELS:
            break; // empty, as the arena gave it
        }
    }
}
