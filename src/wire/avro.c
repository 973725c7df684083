// SPDX-License-Identifier: Apache-2.0
//
// Reads Avro single-object along the tables. It checks every length against the
// bytes that are left before it believes it; how deep it goes is what the schemas nest.
#include <string.h>

#include "wire/decoder.h"
#include "wire/string.h"
#include "wire/tables.h"
#include "wire/wire.h"

enum { HEADER_SIZE = 10 };

struct avro_reader {
    const unsigned char *at;
    const unsigned char *end;
    struct decoder *decoder;
};

static enum status refuse(const struct avro_reader *reader, const char *reason)
{
    return decoder_refuse(reader->decoder, STATUS_INVALID, "%s", reason);
}

static size_t bytes_left(const struct avro_reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

// Zigzag, seven bits a byte, at most ten bytes.
static enum status long_read_slowly(struct avro_reader *reader, int64_t *ret_value)
{
    uint64_t bits = 0;

    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (reader->at == reader->end)
            return refuse(reader, "is cut off");
        uint64_t byte = *reader->at++;
        if (shift == 63 && byte > 1)
            break;
        bits |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret_value = (int64_t)(bits >> 1 ^ (0 - (bits & 1)));
            return STATUS_OK;
        }
    }
    return refuse(reader, "is a number of more than 64 bits");
}

// Most numbers and lengths are one byte.
static inline enum status long_read(struct avro_reader *reader, int64_t *ret_value)
{
    if (reader->at == reader->end || *reader->at >= 0x80)
        return long_read_slowly(reader, ret_value);
    uint64_t bits = *reader->at++;
    *ret_value = (int64_t)(bits >> 1 ^ (0 - (bits & 1)));
    return STATUS_OK;
}

static enum status int_read(struct avro_reader *reader, int64_t *ret_value)
{
    enum status status = long_read(reader, ret_value);
    if (status == STATUS_OK && (*ret_value < INT32_MIN || *ret_value > INT32_MAX))
        return refuse(reader, "is a number of more than 32 bits");
    return status;
}

static enum status string_read(struct avro_reader *reader, struct text *ret_text)
{
    int64_t size;
    enum status status = long_read(reader, &size);

    if (status != STATUS_OK)
        return status;
    if (size < 0)
        return refuse(reader, "has a negative length");
    if ((uint64_t)size > bytes_left(reader))
        return refuse(reader, "is cut off");
    *ret_text = (struct text){(const char *)reader->at, (size_t)size};
    reader->at += size;
    if (!wire_string_is_fine(*ret_text))
        return refuse(reader, "is not UTF-8 without zero bytes");
    return STATUS_OK;
}

static enum status boolean_read(struct avro_reader *reader, bool *ret_value)
{
    if (reader->at == reader->end)
        return refuse(reader, "is cut off");
    if (*reader->at > 1)
        return refuse(reader, "is not true or false");
    *ret_value = *reader->at++ == 1;
    return STATUS_OK;
}

static enum status record_read(struct avro_reader *reader, const struct wire_table *table,
                               void *record);

// One item of an array or map. `item` NULL = it is dropped.
static enum status item_read(struct avro_reader *reader, const struct wire_field *field, void *item)
{
    union {
        struct text text;
        int64_t number;
        struct label label;
    } dropped;
    void *to = item ? item : &dropped;

    switch (field->type) {
    case WIRE_STRINGS:
        return string_read(reader, to);
    case WIRE_LONGS:
        return long_read(reader, to);
    case WIRE_RECORDS:
        return record_read(reader, field->table, item);
    default:
        break;
    }
    struct label *label = to;
    enum status status = string_read(reader, &label->key);
    return status == STATUS_OK ? string_read(reader, &label->value) : status;
}

// The head of a block: how many items, and where it must end if it says so (else NULL).
static enum status block_begin(struct avro_reader *reader, const struct wire_field *field,
                               int64_t *ret_count, const unsigned char **ret_end)
{
    int64_t size;
    uint64_t item_bytes_min = 1;
    enum status status = long_read(reader, ret_count);

    *ret_end = NULL;
    if (status == STATUS_OK && *ret_count < 0) {
        if (*ret_count == INT64_MIN)
            return refuse(reader, "has a block of a negative size");
        *ret_count = -*ret_count;
        status = long_read(reader, &size);
        if (status == STATUS_OK && (size < 0 || (uint64_t)size > bytes_left(reader)))
            return refuse(reader, "has a block that is cut off");
        if (status == STATUS_OK)
            *ret_end = reader->at + size;
    }
    if (status != STATUS_OK)
        return status;
    if (field->type == WIRE_RECORDS)
        item_bytes_min = field->table->bytes_min;
    else if (field->type == WIRE_LABELS)
        item_bytes_min = 2;
    if ((uint64_t)*ret_count > bytes_left(reader) / item_bytes_min)
        return refuse(reader, "has a block that is cut off");
    return decoder_take(reader->decoder, (uint64_t)*ret_count);
}

// The items of one block of `count`, which must end at `end` unless that is NULL.
static enum status block_read(struct avro_reader *reader, const struct wire_field *field,
                              struct decoder_list *list, int64_t count, const unsigned char *end)
{
    struct decoder *decoder = reader->decoder;
    bool is_dropped = list->item_size == 0;

    if (!is_dropped)
        decoder_list_reserve(list, decoder->arena, (uint32_t)count);
    for (int64_t i = 0; i < count; i++) {
        decoder_at_item(decoder, list->count);
        void *item = is_dropped ? NULL : list->items + (size_t)list->count * list->item_size;
        list->count++;
        enum status status = item_read(reader, field, item);
        if (status != STATUS_OK)
            return status;
    }
    decoder_at_field(decoder);
    if (end && end != reader->at)
        return refuse(reader, "has a block of another size than it says");
    return STATUS_OK;
}

// `record` NULL = the items are dropped.
static enum status list_read(struct avro_reader *reader, const struct wire_field *field,
                             void *record)
{
    struct decoder_list list = {.item_size = record ? wire_item_size(field) : 0};
    const unsigned char *end;
    int64_t count;
    enum status status;

    while ((status = block_begin(reader, field, &count, &end)) == STATUS_OK && count > 0) {
        status = block_read(reader, field, &list, count, end);
        if (status != STATUS_OK)
            return status;
    }
    if (status != STATUS_OK || record == NULL)
        return status;
    decoder_list_store(&list, field, record);
    if (field->type == WIRE_LABELS)
        return decoder_labels_check(reader->decoder, (struct label *)(void *)list.items,
                                    list.count);
    return STATUS_OK;
}

// One field. `record` NULL = it is dropped.
static enum status field_read(struct avro_reader *reader, const struct wire_field *field,
                              void *record)
{
    union {
        struct text text;
        int64_t number;
        bool boolean;
    } dropped;
    void *to = record ? field_at(record, field) : &dropped;

    switch (field->type) {
    case WIRE_BOOLEAN:
        return boolean_read(reader, to);
    case WIRE_INT:
        return int_read(reader, to);
    case WIRE_LONG:
        return long_read(reader, to);
    case WIRE_STRING:
        return string_read(reader, to);
    case WIRE_RECORD:
        return record_read(reader, field->table, record ? to : NULL);
    case WIRE_STRINGS:
    case WIRE_LONGS:
    case WIRE_RECORDS:
    case WIRE_LABELS:
        break;
    }
    return list_read(reader, field, record);
}

static enum status record_read(struct avro_reader *reader, const struct wire_table *table,
                               void *record)
{
    if (record && table->newer)
        decoder_default(table->newer, record, 0);
    for (uint32_t i = 0; i < table->count; i++) {
        const struct wire_field *field = &table->fields[i];
        decoder_enter(reader->decoder, field);
        enum status status = field_read(reader, field, field->is_gone ? NULL : record);
        if (status != STATUS_OK)
            return status;
        decoder_leave(reader->decoder);
    }
    return STATUS_OK;
}

enum status decoder_avro_body(struct decoder *decoder, const struct wire_table *table,
                              struct text body, void *record)
{
    struct avro_reader reader = {.at = (const unsigned char *)body.data,
                                 .end = (const unsigned char *)body.data + body.size,
                                 .decoder = decoder};

    enum status status = record_read(&reader, table, record);
    if (status == STATUS_OK && reader.at != reader.end)
        return decoder_refuse(decoder, STATUS_INVALID, "goes on for %zu bytes after its end",
                              bytes_left(&reader));
    return status;
}

// The schema named by the header, or NULL.
static const struct wire_schema *schema_find(struct text bytes, uint64_t *ret_fingerprint)
{
    uint32_t low = 0;
    uint32_t high = WIRE_SCHEMA_COUNT;
    uint64_t fingerprint = 0;

    for (unsigned i = 0; i < 8; i++)
        fingerprint |= (uint64_t)(unsigned char)bytes.data[2 + i] << (8 * i);
    *ret_fingerprint = fingerprint;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (wire_schemas[middle].fingerprint == fingerprint)
            return &wire_schemas[middle];
        if (wire_schemas[middle].fingerprint < fingerprint)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool has_magic(struct text bytes)
{
    return bytes.size >= 2 && memcmp(bytes.data, "\xc3\x01", 2) == 0;
}

enum status wire_decode(struct text bytes, struct arena *arena, const struct wire_limits *limits,
                        struct wire_record *ret_record, struct buffer *ret_why)
{
    struct decoder decoder;
    uint64_t fingerprint;

    enum status status = decoder_init(&decoder, bytes, arena, limits, ret_why);
    if (status != STATUS_OK)
        return status;
    if (!has_magic(bytes))
        return decoder_refuse(&decoder, STATUS_INVALID,
                              "is not Avro single-object: it does not begin with C3 01");
    if (bytes.size < HEADER_SIZE)
        return decoder_refuse(&decoder, STATUS_INVALID, "is cut off in the Avro header");
    const struct wire_schema *schema = schema_find(bytes, &fingerprint);
    if (schema == NULL)
        return decoder_refuse(&decoder, STATUS_UNSUPPORTED,
                              "is of an Avro schema that is not known here, fingerprint %016llx",
                              (unsigned long long)fingerprint);
    struct text body = {bytes.data + HEADER_SIZE, bytes.size - HEADER_SIZE};
    void *record = arena_get(arena, wire_current[schema->kind].table->size);
    status = decoder_avro_body(&decoder, schema->table, body, record);
    if (status != STATUS_OK)
        return status;
    *ret_record =
        (struct wire_record){.kind = schema->kind, .level = schema->level, .record = record};
    return STATUS_OK;
}

bool wire_kind(struct text bytes, enum record_kind *ret_kind)
{
    uint64_t fingerprint;

    if (!has_magic(bytes) || bytes.size < HEADER_SIZE)
        return false;
    const struct wire_schema *schema = schema_find(bytes, &fingerprint);
    if (schema)
        *ret_kind = schema->kind;
    return schema != NULL;
}
