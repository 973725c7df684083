// SPDX-License-Identifier: Apache-2.0
//
// The text form of units: one text for one unit, and nothing else is one.
#include "proto/unit.h"

#include <string.h>

#include "test.h"

static bool is_unit(const char *text)
{
    struct unit_name name;
    return unit_name_parse(text_of(text), &name) == STATUS_OK;
}

static void unit_has_cluster_topic_and_partition(void)
{
    struct unit_name name = {0};

    REQUIRE(unit_name_parse(TEXT_LITERAL("c1:orders.v1/17"), &name) == STATUS_OK);
    CHECK(text_equals(name.cluster, "c1"));
    CHECK(text_equals(name.topic, "orders.v1"));
    CHECK_INT(name.partition, 17);
    CHECK(text_equals(unit_topic(TEXT_LITERAL("c1:orders.v1/17"), name), "c1:orders.v1"));
    REQUIRE(unit_name_parse(TEXT_LITERAL("orders"), &name) == STATUS_OK);
    CHECK_INT(name.cluster.size, 0);
    CHECK(text_equals(name.topic, "orders"));
    CHECK_INT(name.partition, -1);
    CHECK(text_equals(unit_topic(TEXT_LITERAL("orders"), name), "orders"));
}

static void unit_prints_to_what_it_was_parsed_from(void)
{
    static const char *const texts[] = {"t",         "t/0",         "c:t",  "c:t/2147483647",
                                        "a.b-c_D/9", "c.1:..x/100", "0:0/0"};
    struct buffer buffer = {0};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct unit_name name;
        REQUIRE(unit_name_parse(text_of(texts[i]), &name) == STATUS_OK);
        buffer_clear(&buffer);
        unit_name_print(name, &buffer);
        CHECK_TEXT(buffer_string(&buffer), texts[i]);
    }
    buffer_finish(&buffer);
}

static void anything_else_is_refused(void)
{
    static const char *const texts[] = {
        "",     "/",    "/1",    "t/",      "t/-1",   "t/+1",         "t/01",
        "t/00", "t/1 ", "t/ 1",  "t/1/2",   "t/x",    "t/2147483648", "t/99999999999999999999",
        ":t",   "c:",   "c:d:t", "c:t:1",   ".",      "..",           "c:..",
        "c:.",  "a b",  "t\n",   "t\x01",   "c/t:1",  "\xc3\xa4",     "c d:t",
        ":",    "c:/1", "t/1:2", "t\xff/1", "t/0x10", "c:t/1e3",      "t/-0"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (is_unit(texts[i]))
            CHECK_TEXT("accepted", texts[i]);
    struct unit_name name;
    CHECK_INT(unit_name_parse((struct text){0}, &name), STATUS_INVALID);
    CHECK_INT(unit_name_parse((struct text){"a\0b", 3}, &name), STATUS_INVALID);
}

static void lengths_are_those_of_names(void)
{
    char text[600];

    memset(text, 'a', sizeof(text));
    struct unit_name name;
    CHECK_INT(unit_name_parse((struct text){text, 249}, &name), STATUS_OK);
    CHECK_INT(unit_name_parse((struct text){text, 250}, &name), STATUS_INVALID);
    text[200] = ':';
    CHECK_INT(unit_name_parse((struct text){text, 201 + 249}, &name), STATUS_OK);
    CHECK_INT(name.cluster.size, 200);
    text[200] = 'a';
    text[201] = ':';
    CHECK_INT(unit_name_parse((struct text){text, 202 + 249}, &name), STATUS_INVALID);
}

static void bucket_is_murmur2_of_the_text(void)
{
    // murmur2 of these is in the tests of Kafka's own clients: -790332482, -973932308, -985981536.
    CHECK_INT(unit_bucket(TEXT_LITERAL("foobar")), 14);
    CHECK_INT(unit_bucket(TEXT_LITERAL("21")), 12);
    CHECK_INT(unit_bucket(TEXT_LITERAL("a-little-bit-long-string")), 0);
}

static void units_spread_over_all_buckets(void)
{
    uint32_t counts[BUCKET_COUNT] = {0};
    struct buffer buffer = {0};

    for (int i = 0; i < 16000; i++) {
        buffer_clear(&buffer);
        buffer_print(&buffer, "telemetry-%d", i);
        uint32_t bucket = unit_bucket(buffer_text(&buffer));
        REQUIRE(bucket < BUCKET_COUNT);
        counts[bucket]++;
    }
    for (int i = 0; i < BUCKET_COUNT; i++)
        CHECK(counts[i] > 800 && counts[i] < 1200);
    buffer_finish(&buffer);
}

static void partition_of_a_collector_is_that_of_its_key(void)
{
    char pool[200];
    char collector[200];

    // As for a record with the key "default/c1" written by any Kafka client's murmur2 partitioner.
    CHECK_INT(assignments_partition(TEXT_LITERAL("default"), TEXT_LITERAL("c1"), 4), 2);
    CHECK_INT(assignments_partition(TEXT_LITERAL("default"), TEXT_LITERAL("c1"), 1), 0);
    memset(pool, 'p', sizeof(pool));
    memset(collector, 'c', sizeof(collector));
    int32_t partition =
        assignments_partition((struct text){pool, 200}, (struct text){collector, 200}, INT32_MAX);
    CHECK(partition >= 0);
}

static const struct test tests[] = {
    TEST(unit_has_cluster_topic_and_partition),
    TEST(unit_prints_to_what_it_was_parsed_from),
    TEST(anything_else_is_refused),
    TEST(lengths_are_those_of_names),
    TEST(bucket_is_murmur2_of_the_text),
    TEST(units_spread_over_all_buckets),
    TEST(partition_of_a_collector_is_that_of_its_key),
};

TEST_MAIN("proto/unit", tests)
