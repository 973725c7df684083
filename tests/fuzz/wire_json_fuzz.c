// SPDX-License-Identifier: Apache-2.0
//
// Any bytes at the front door, as the kind that the first byte names ('A' is the first): refused
// with a reason, or read, and then what is read can be written as JSON and as Avro and read again
// without loss.
#include "base/ensure.h"
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(struct wire_record record, struct arena *arena)
{
    struct buffer json = {0};
    struct buffer avro = {0};
    struct buffer avro_again = {0};
    struct wire_record again;

    wire_encode_json(record.kind, record.record, &json);
    wire_encode_avro(record.kind, record.record, &avro);
    struct wire_input input = {record.kind, buffer_text(&json)};
    struct wire_limits limits = {(size_t)16 << 20, 131072};
    ensure(wire_decode_input(input, arena, &limits, &again, NULL) == STATUS_OK);
    ensure(again.unknown_fields == 0);
    wire_encode_avro(again.kind, again.record, &avro_again);
    ensure(text_equal(buffer_text(&avro), buffer_text(&avro_again)));
    buffer_finish(&avro_again);
    buffer_finish(&avro);
    buffer_finish(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct buffer why = {0};
    struct wire_record record;

    if (size == 0)
        return 0;
    struct wire_input input = {(enum record_kind)((data[0] - 'A') & 0xff) % RECORD_KIND_COUNT,
                               {(const char *)data + 1, size - 1}};
    enum status status = wire_decode_input(input, &arena, NULL, &record, &why);
    ensure((status == STATUS_OK) == (why.size == 0));
    ensure(text_is_utf8(buffer_text(&why)));
    if (status == STATUS_OK)
        check_again(record, &arena);
    buffer_finish(&why);
    arena_finish(&arena);
    return 0;
}
