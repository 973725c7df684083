// SPDX-License-Identifier: Apache-2.0
//
// Records to bytes and back. Everything that comes in is taken as hostile: it is checked against
// limits before anything is allocated, and a refusal comes with a reason for people.
//
// Encodings: Avro single-object (C3 01, the schema's CRC-64-AVRO fingerprint in little endian, the
// body: https://avro.apache.org/docs/1.11.1/specification/) and JSON (RFC 8259). Field names and
// defaults are those of schemas/*.avsc. Strings are UTF-8 without zero bytes, in both.
//
// Reasons are appended to `ret_why`, lower case, naming the field where there is one:
// "'topics[3].weight' is not a whole number". `ret_why` may be NULL.
#ifndef MUSTER_WIRE_WIRE_H
#define MUSTER_WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"
#include "proto/records.h"

// What a decoder may take. NULL where limits are asked for means WIRE_LIMITS_DEFAULT.
struct wire_limits {
    size_t bytes_max;   // size of the whole record
    uint32_t items_max; // items of all arrays and maps of the record together
};

// More items than the largest bucket, 512 KiB, can have.
#define WIRE_LIMITS_DEFAULT ((struct wire_limits){1024 * 1024, 131072})

// A decoded record. `record` points to the struct of its kind (proto/records.h) in the arena; its
// strings are views of the bytes it was decoded from or lie in the arena. Look at `kind` before
// you cast.
struct wire_record {
    enum record_kind kind;
    int level; // level of the schema it was written with; JSON: RECORD_LEVEL
    void *record;
    uint32_t
        unknown_fields; // fields that the schema does not know and that were ignored; JSON only
};

// Appends a record as Avro single-object, by today's schema; arrays and maps are one block. Bytes
// in strings that are no UTF-8, and zero bytes, become '?', so what was written can always be read.
// `record` is the struct of `kind`; fields of type int fit 32 bits.
void wire_encode_avro(enum record_kind kind, const void *record, struct buffer *buffer);

// The same for readers that know no higher level than this one: by the newest schema of the kind
// that was released up to it. What that schema does not have is left out, what it alone has gets
// its default. A level below 1 is 1.
void wire_encode_avro_at(int64_t level, enum record_kind kind, const void *record,
                         struct buffer *buffer);

// Appends a record as one JSON object on one line, without a line end, all fields in the order of
// the schema. Strings as above.
void wire_encode_json(enum record_kind kind, const void *record, struct buffer *buffer);

// Decodes Avro single-object of any kind, written with any released schema: fields that the writer
// did not have get their defaults. Errors: STATUS_INVALID, STATUS_TOO_LARGE (a limit), and
// STATUS_UNSUPPORTED for a fingerprint that no released schema has. `*ret_record` is untouched
// then, though the arena may have grown.
enum status wire_decode(struct text bytes, struct arena *arena, const struct wire_limits *limits,
                        struct wire_record *ret_record, struct buffer *ret_why) MUST_CHECK;

// Bytes and the kind of record that they must be.
struct wire_input {
    enum record_kind expected;
    struct text bytes; // data NULL = there was no value
};

// Decodes JSON. Unknown fields are ignored and counted; a field may not occur twice; missing ones
// get their defaults; null is no value. Errors as wire_decode.
enum status wire_decode_json(struct wire_input input, struct arena *arena,
                             const struct wire_limits *limits, struct wire_record *ret_record,
                             struct buffer *ret_why) MUST_CHECK;

// The front door for what strangers write: tells JSON ('{', blanks before it are fine) from Avro
// single-object (C3 01) by the first bytes. Confluent's framing (00) is STATUS_UNSUPPORTED, another
// kind than the expected one STATUS_INVALID. Errors as wire_decode.
enum status wire_decode_input(struct wire_input input, struct arena *arena,
                              const struct wire_limits *limits, struct wire_record *ret_record,
                              struct buffer *ret_why) MUST_CHECK;

// Whether the bytes begin as Avro single-object of a known schema, and of which kind: for topics
// that carry several. Says nothing of what follows.
bool wire_kind(struct text bytes, enum record_kind *ret_kind);

// A kind's name in its schema, "announcement".
struct text wire_kind_name(enum record_kind kind);

#endif
