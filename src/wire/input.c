// SPDX-License-Identifier: Apache-2.0
//
// The front door: which encoding the bytes are in, by their first bytes.
#include "wire/decoder.h"
#include "wire/tables.h"

static enum status decode_avro_as(struct wire_input input, struct decoder *decoder,
                                  const struct wire_limits *limits, struct wire_record *ret_record)
{
    struct wire_record record;

    enum status status = wire_decode(input.bytes, decoder->arena, limits, &record, decoder->why);
    if (status != STATUS_OK)
        return status;
    if (record.kind != input.expected)
        return decoder_refuse(decoder, STATUS_INVALID, "is of kind '%s', not '%s'",
                              wire_kind_name(record.kind).data,
                              wire_kind_name(input.expected).data);
    *ret_record = record;
    return STATUS_OK;
}

// The first byte that is no blank, -1 if there is none.
static int first_byte(struct text bytes)
{
    for (size_t i = 0; i < bytes.size; i++)
        if (bytes.data[i] != ' ' && bytes.data[i] != '\n' && bytes.data[i] != '\r' &&
            bytes.data[i] != '\t')
            return (unsigned char)bytes.data[i];
    return -1;
}

enum status wire_decode_input(struct wire_input input, struct arena *arena,
                              const struct wire_limits *limits, struct wire_record *ret_record,
                              struct buffer *ret_why)
{
    struct decoder decoder;

    enum status status = decoder_init(&decoder, input.bytes, arena, limits, ret_why);
    if (status != STATUS_OK)
        return status;
    if (input.bytes.data == NULL)
        return decoder_refuse(&decoder, STATUS_INVALID, "has no value");
    if (first_byte(input.bytes) == '{')
        return wire_decode_json(input, arena, limits, ret_record, ret_why);
    if (input.bytes.size == 0 || first_byte(input.bytes) < 0)
        return decoder_refuse(&decoder, STATUS_INVALID, "is empty");
    switch ((unsigned char)input.bytes.data[0]) {
    case 0xc3:
        return decode_avro_as(input, &decoder, limits, ret_record);
    case 0x00:
        return decoder_refuse(&decoder, STATUS_UNSUPPORTED,
                              "is framed for a schema registry (first byte 00), which is not "
                              "supported: send JSON or Avro single-object");
    case 0xef:
        return decoder_refuse(&decoder, STATUS_INVALID,
                              "does not begin with '{': is there a byte order mark before it?");
    default:
        break;
    }
    return decoder_refuse(&decoder, STATUS_INVALID,
                          "is neither JSON (first byte '{') nor Avro single-object (C3 01): its "
                          "first byte is %02X",
                          (unsigned)(unsigned char)input.bytes.data[0]);
}

struct text wire_kind_name(enum record_kind kind)
{
    return wire_current[kind].table->name;
}
