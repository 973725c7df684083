// SPDX-License-Identifier: Apache-2.0
//
// What both decoders share: the limits that are left, the place where they are (for reasons), and
// arrays that grow in the arena. Inside the room only.
#ifndef MUSTER_WIRE_DECODER_H
#define MUSTER_WIRE_DECODER_H

#include "base/arena.h"
#include "wire/table.h"
#include "wire/wire.h"

// Records nest as deep as the schemas say and no deeper; the generator refuses what is deeper.
enum { DECODER_DEPTH_MAX = 6 };

// One step of the way from the record to the value being read: a field and an item of it.
struct decoder_step {
    const struct wire_field *field;
    uint32_t index; // of the item, UINT32_MAX = the field itself
};

struct decoder {
    struct arena *arena;
    struct buffer *why; // NULL = nobody asks
    uint32_t items_left;
    uint32_t items_max;
    uint32_t depth; // steps taken
    struct decoder_step steps[DECODER_DEPTH_MAX];
};

// Checks the size of the whole against the limits (NULL = default). STATUS_TOO_LARGE.
enum status decoder_init(struct decoder *decoder, struct text bytes, struct arena *arena,
                         const struct wire_limits *limits, struct buffer *why) MUST_CHECK;

// Says why, behind the name of the place ("'topics[3].weight' " or "the record "), and returns
// `status`. The format is printf's.
enum status decoder_refuse(const struct decoder *decoder, enum status status, const char *format,
                           ...) __attribute__((format(printf, 3, 4), cold));

static inline void decoder_enter(struct decoder *decoder, const struct wire_field *field)
{
    decoder->steps[decoder->depth++] = (struct decoder_step){field, UINT32_MAX};
}

static inline void decoder_leave(struct decoder *decoder)
{
    decoder->depth--;
}

// Says which item of the array or map is being read.
static inline void decoder_at_item(struct decoder *decoder, uint32_t index)
{
    decoder->steps[decoder->depth - 1].index = index;
}

static inline void decoder_at_field(struct decoder *decoder)
{
    decoder->steps[decoder->depth - 1].index = UINT32_MAX;
}

// Takes `count` items off the limit. STATUS_TOO_LARGE.
enum status decoder_take(struct decoder *decoder, uint64_t count) MUST_CHECK;

// An array that grows in the arena: `= {.item_size = ...}`.
struct decoder_list {
    char *items;
    uint32_t count;
    uint32_t capacity;
    uint32_t item_size;
};

// Makes room for `count` more items, which lie zeroed behind the last one.
void decoder_list_reserve(struct decoder_list *list, struct arena *arena, uint32_t count);

// Adds one zeroed item.
void *decoder_list_add(struct decoder_list *list, struct arena *arena);

// Puts a list into its field of the record.
void decoder_list_store(const struct decoder_list *list, const struct wire_field *field,
                        void *record);

// Refuses a key that occurs twice. O(n log n).
enum status decoder_labels_check(const struct decoder *decoder, const struct label *labels,
                                 uint32_t count) MUST_CHECK;

// Gives each field whose bit (its index in the table) is not in `seen` its default. Fields without
// one stay as they are.
void decoder_default(const struct wire_table *table, void *record, uint64_t seen);

// Reads the body of an Avro record, written along `table`, into today's struct, which is zeroed.
enum status decoder_avro_body(struct decoder *decoder, const struct wire_table *table,
                              struct text body, void *record) MUST_CHECK;

// The place of a field in the record.
static inline void *field_at(void *record, const struct wire_field *field)
{
    return (char *)record + field->offset;
}

#endif
