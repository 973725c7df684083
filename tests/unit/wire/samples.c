// SPDX-License-Identifier: Apache-2.0
//
// Random records.
#include "samples.h"

#include <string.h>

#include "base/memory.h"
#include "test.h"
#include "wire/tables.h"

uint64_t dice_roll(struct dice *dice)
{
    // splitmix64 (Steele, Lea, Flood).
    uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint32_t dice_below(struct dice *dice, uint32_t bound)
{
    return (uint32_t)(dice_roll(dice) % bound);
}

static struct text text_make(struct dice *dice, struct arena *arena)
{
    static const char *const pieces[] = {
        "a",    "topic-7",  "\"",           "\\", "\n",   "\x01", "/",
        "\x7f", "\xc3\xa4", "\xe2\x82\xac", ".",  "{}[]", "  ",   "\xf0\x9f\x98\x80"};
    struct buffer buffer = {0};

    for (uint32_t left = dice_below(dice, 8); left > 0; left--)
        buffer_add_string(&buffer, pieces[dice_below(dice, sizeof(pieces) / sizeof(pieces[0]))]);
    struct text text = arena_text(arena, buffer_text(&buffer));
    buffer_finish(&buffer);
    return text;
}

static int64_t number_make(struct dice *dice, bool is_int)
{
    uint64_t roll = dice_roll(dice);
    uint32_t shift = dice_below(dice, 64);

    switch (dice_below(dice, 8)) {
    case 0:
        return is_int ? INT32_MAX : INT64_MAX;
    case 1:
        return is_int ? INT32_MIN : INT64_MIN;
    default:
        return is_int ? (int64_t)(int32_t)(uint32_t)(roll >> shift) : (int64_t)roll >> shift;
    }
}

static void record_fill(struct dice *dice, const struct wire_table *table, void *record,
                        struct arena *arena);

static void item_fill(struct dice *dice, const struct wire_field *field, void *item,
                      struct arena *arena)
{
    switch (field->type) {
    case WIRE_STRINGS:
        *(struct text *)item = text_make(dice, arena);
        break;
    case WIRE_LONGS:
        *(int64_t *)item = number_make(dice, false);
        break;
    case WIRE_RECORDS:
        record_fill(dice, field->table, item, arena);
        break;
    default: {
        struct buffer key = {0};
        buffer_print(&key, "%llx", (unsigned long long)dice_roll(dice));
        ((struct label *)item)->key = arena_text(arena, buffer_text(&key));
        ((struct label *)item)->value = text_make(dice, arena);
        buffer_finish(&key);
    }
    }
}

static void list_fill(struct dice *dice, const struct wire_field *field, void *record,
                      struct arena *arena)
{
    uint32_t count = dice_below(dice, 5);
    uint32_t item_size = wire_item_size(field);
    char *items = count ? arena_get(arena, (size_t)count * item_size) : NULL;

    for (uint32_t i = 0; i < count; i++)
        item_fill(dice, field, items + (size_t)i * item_size, arena);
    memcpy((char *)record + field->offset, &items, sizeof(items));
    memcpy((char *)record + field->count_offset, &count, sizeof(count));
}

static void record_fill(struct dice *dice, const struct wire_table *table, void *record,
                        struct arena *arena)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const struct wire_field *field = &table->fields[i];
        void *at = (char *)record + field->offset;
        switch (field->type) {
        case WIRE_BOOLEAN:
            *(bool *)at = dice_below(dice, 2) != 0;
            break;
        case WIRE_INT:
        case WIRE_LONG:
            *(int64_t *)at = number_make(dice, field->type == WIRE_INT);
            break;
        case WIRE_STRING:
            *(struct text *)at = text_make(dice, arena);
            break;
        case WIRE_RECORD:
            record_fill(dice, field->table, at, arena);
            break;
        default:
            list_fill(dice, field, record, arena);
        }
    }
}

void *sample_make(struct dice *dice, enum record_kind kind, struct arena *arena)
{
    void *record = arena_get(arena, wire_current[kind].table->size);
    record_fill(dice, wire_current[kind].table, record, arena);
    return record;
}

static bool item_equal(const struct wire_field *field, const void *a, const void *b)
{
    const struct label *left = a;
    const struct label *right = b;

    switch (field->type) {
    case WIRE_STRINGS:
        return text_equal(*(const struct text *)a, *(const struct text *)b);
    case WIRE_LONGS:
        return *(const int64_t *)a == *(const int64_t *)b;
    case WIRE_RECORDS:
        return sample_equal(field->table, a, b);
    default:
        return text_equal(left->key, right->key) && text_equal(left->value, right->value);
    }
}

static bool list_equal(const struct wire_field *field, const void *a, const void *b)
{
    const char *a_items;
    const char *b_items;
    uint32_t count = wire_list_of(field, a, &a_items);
    size_t item_size = wire_item_size(field);

    if (count != wire_list_of(field, b, &b_items))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!item_equal(field, a_items + i * item_size, b_items + i * item_size))
            return false;
    return true;
}

static bool field_equal(const struct wire_field *field, const void *a, const void *b)
{
    const void *a_at = (const char *)a + field->offset;
    const void *b_at = (const char *)b + field->offset;

    switch (field->type) {
    case WIRE_BOOLEAN:
        return *(const bool *)a_at == *(const bool *)b_at;
    case WIRE_INT:
    case WIRE_LONG:
        return *(const int64_t *)a_at == *(const int64_t *)b_at;
    case WIRE_STRING:
        return text_equal(*(const struct text *)a_at, *(const struct text *)b_at);
    case WIRE_RECORD:
        return sample_equal(field->table, a_at, b_at);
    default:
        return list_equal(field, a, b);
    }
}

bool sample_equal(const struct wire_table *table, const void *a, const void *b)
{
    for (uint32_t i = 0; i < table->count; i++)
        if (!field_equal(&table->fields[i], a, b))
            return false;
    return true;
}

struct wire_record sample_decode(struct text bytes, struct arena *arena)
{
    struct wire_record record = {0};
    struct buffer why = {0};

    enum status status = wire_decode(bytes, arena, NULL, &record, &why);
    CHECK_TEXT(buffer_string(&why), "");
    buffer_finish(&why);
    REQUIRE(status == STATUS_OK);
    return record;
}

const char *refusal_of_avro(struct text bytes, struct buffer *why, enum status *ret_status)
{
    struct arena arena = {0};
    struct wire_record record;

    buffer_clear(why);
    // An exact copy, so that the address sanitizer sees a read past its end.
    char *copy = text_copy(bytes);
    *ret_status = wire_decode((struct text){copy, bytes.size}, &arena, NULL, &record, why);
    arena_finish(&arena);
    memory_release(copy);
    return buffer_string(why);
}

const char *refusal_of_input(enum record_kind expected, struct text bytes, struct buffer *why,
                             enum status *ret_status)
{
    struct arena arena = {0};
    struct wire_record record;

    buffer_clear(why);
    *ret_status =
        wire_decode_input((struct wire_input){expected, bytes}, &arena, NULL, &record, why);
    arena_finish(&arena);
    return buffer_string(why);
}
