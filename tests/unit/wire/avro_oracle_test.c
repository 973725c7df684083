// SPDX-License-Identifier: Apache-2.0
//
// avro-c as a second opinion: it reads what we write, by the schemas that were released, and writes
// what we read. Only well-formed records are shown to it: it believes the lengths it is told.
#include <avro.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "samples.h"
#include "test.h"
#include "wire/tables.h"

enum { HEADER_SIZE = 10 };

static avro_schema_t schema_of(const struct wire_schema *schema)
{
    char path[64];
    size_t size;
    avro_schema_t parsed = NULL;

    snprintf(path, sizeof(path), "../schemas/released/%016llx.avsc",
             (unsigned long long)schema->fingerprint);
    char *text = test_file_read(path, &size);
    CHECK_INT(avro_schema_from_json_length(text, size, &parsed), 0);
    free(text);
    REQUIRE(parsed != NULL);
    return parsed;
}

// What avro-c reads from the bytes and writes again.
static void write_again(avro_schema_t schema, struct text bytes, struct buffer *ret_bytes)
{
    avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
    avro_value_t value;
    size_t size = bytes.size - HEADER_SIZE;
    char *written = malloc(bytes.size * 2 + 64);

    REQUIRE(iface != NULL && written != NULL);
    REQUIRE(avro_generic_value_new(iface, &value) == 0);
    avro_reader_t reader = avro_reader_memory(bytes.data + HEADER_SIZE, (int64_t)size);
    avro_writer_t writer = avro_writer_memory(written, (int64_t)bytes.size * 2 + 64);
    CHECK_INT(avro_value_read(reader, &value), 0);
    CHECK_INT(avro_value_write(writer, &value), 0);
    buffer_clear(ret_bytes);
    buffer_add(ret_bytes, bytes.data, HEADER_SIZE);
    buffer_add(ret_bytes, written, (size_t)avro_writer_tell(writer));
    avro_writer_free(writer);
    avro_reader_free(reader);
    avro_value_decref(&value);
    avro_value_iface_decref(iface);
    free(written);
}

static void avro_c_reads_what_we_write_and_writes_what_we_read(void)
{
    struct dice dice = {31};
    struct buffer ours = {0};
    struct buffer theirs = {0};

    for (int kind = 0; kind < RECORD_KIND_COUNT; kind++) {
        avro_schema_t schema = schema_of(&wire_current[kind]);
        for (int round = 0; round < 60; round++) {
            struct arena arena = {0};
            void *sent = sample_make(&dice, (enum record_kind)kind, &arena);
            buffer_clear(&ours);
            wire_encode_avro((enum record_kind)kind, sent, &ours);
            write_again(schema, buffer_text(&ours), &theirs);
            struct wire_record record = sample_decode(buffer_text(&theirs), &arena);
            CHECK(sample_equal(wire_current[kind].table, sent, record.record));
            arena_finish(&arena);
        }
        avro_schema_decref(schema);
    }
    buffer_finish(&ours);
    buffer_finish(&theirs);
}

static const struct test tests[] = {
    TEST(avro_c_reads_what_we_write_and_writes_what_we_read),
};

TEST_MAIN("wire/avro_oracle", tests)
