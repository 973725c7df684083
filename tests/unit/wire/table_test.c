// SPDX-License-Identifier: Apache-2.0
//
// The generated tables fit the structs, and every released schema still reads what was written with
// it.
#include "wire/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "samples.h"
#include "test.h"
#include "wire/tables.h"

static void list_is_found_in_its_record(void)
{
    struct text topics[2] = {TEXT_LITERAL("a"), TEXT_LITERAL("b")};
    struct beat beat = {.sink_topics = topics, .sink_topics_count = 2};
    const struct wire_table *table = wire_current[RECORD_BEAT].table;
    const char *items = NULL;

    for (uint32_t i = 0; i < table->count; i++) {
        if (!text_equals(table->fields[i].name, "sink_topics"))
            continue;
        CHECK_INT(table->fields[i].type, WIRE_STRINGS);
        CHECK_INT(wire_item_size(&table->fields[i]), sizeof(struct text));
        CHECK_INT(wire_list_of(&table->fields[i], &beat, &items), 2);
    }
    CHECK(items == (const char *)topics);
}

static void schemas_lie_by_rising_fingerprint(void)
{
    for (int i = 1; i < WIRE_SCHEMA_COUNT; i++)
        CHECK(wire_schemas[i - 1].fingerprint < wire_schemas[i].fingerprint);
}

static void each_kind_has_its_own_schema_among_all(void)
{
    for (int kind = 0; kind < RECORD_KIND_COUNT; kind++) {
        int found = 0;
        CHECK_INT(wire_current[kind].kind, kind);
        for (int i = 0; i < WIRE_SCHEMA_COUNT; i++)
            found += wire_schemas[i].fingerprint == wire_current[kind].fingerprint;
        CHECK_INT(found, 1);
    }
}

static void check_sample(const struct wire_schema *schema)
{
    char path[64];
    size_t avro_size;
    size_t json_size;
    struct arena arena = {0};
    struct buffer why = {0};
    struct wire_record from_json = {0};

    snprintf(path, sizeof(path), "golden/wire/%016llx.avro",
             (unsigned long long)schema->fingerprint);
    char *avro = test_file_read(path, &avro_size);
    strcpy(strchr(path, '.'), ".json");
    char *json = test_file_read(path, &json_size);
    struct wire_record from_avro = sample_decode((struct text){avro, avro_size}, &arena);
    CHECK_INT(from_avro.kind, schema->kind);
    CHECK_INT(from_avro.level, schema->level);
    struct wire_input input = {schema->kind, {json, json_size}};
    CHECK_INT(wire_decode_json(input, &arena, NULL, &from_json, &why), STATUS_OK);
    CHECK_TEXT(buffer_string(&why), "");
    if (from_json.record)
        CHECK(sample_equal(wire_current[schema->kind].table, from_avro.record, from_json.record));
    buffer_finish(&why);
    arena_finish(&arena);
    free(avro);
    free(json);
}

static void every_released_schema_reads_its_sample(void)
{
    for (int i = 0; i < WIRE_SCHEMA_COUNT; i++)
        check_sample(&wire_schemas[i]);
}

static const struct test tests[] = {
    TEST(list_is_found_in_its_record),
    TEST(schemas_lie_by_rising_fingerprint),
    TEST(each_kind_has_its_own_schema_among_all),
    TEST(every_released_schema_reads_its_sample),
};

TEST_MAIN("wire/table", tests)
