// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as Avro single-object: refused with a reason, or read, and then what is read can be
// written and read again without loss.
#include "base/ensure.h"
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct buffer why = {0};
    struct buffer once = {0};
    struct buffer twice = {0};
    struct wire_record record;
    struct wire_record again;

    enum status status =
        wire_decode((struct text){(const char *)data, size}, &arena, NULL, &record, &why);
    ensure((status == STATUS_OK) == (why.size == 0));
    if (status == STATUS_OK) {
        wire_encode_avro(record.kind, record.record, &once);
        ensure(wire_decode(buffer_text(&once), &arena, NULL, &again, NULL) == STATUS_OK);
        wire_encode_avro(again.kind, again.record, &twice);
        ensure(text_equal(buffer_text(&once), buffer_text(&twice)));
    }
    // What an input may take of memory stays in proportion to the limits.
    ensure(arena.used < (size_t)64 << 20);
    buffer_finish(&twice);
    buffer_finish(&once);
    buffer_finish(&why);
    arena_finish(&arena);
    return 0;
}
