// SPDX-License-Identifier: Apache-2.0

#include "conf/conf.h"

#include <stdio.h>
#include <string.h>

#include "conf/settings.h"
#include "test.h"

static void load(struct conf *conf, const char *text)
{
    REQUIRE(conf_load_text(conf, CONF_CONFIG_FILE, "m.conf", text_of(text)) == STATUS_OK);
}

static struct conf_row row_of(const struct conf *conf, const char *name)
{
    struct conf_row row = {0};
    size_t cursor = 0;
    while (conf_row_next(conf, &cursor, &row))
        if (strcmp(row.name, name) == 0)
            return row;
    CU_FAIL("no such row");
    return (struct conf_row){.value = "", .origin = ""};
}

static void defaults_hold_without_any_source(void)
{
    struct conf *conf = conf_create();
    CHECK_INT(conf_int(conf, "beat.interval.ms"), 1000);
    CHECK_INT(conf_int(conf, "lease.ms"), 15000);
    CHECK_INT(conf_int(conf, "leader.timeout.ms"), 5000);
    CHECK_INT(conf_int(conf, "revoke.flush.ms"), 1000);
    CHECK_INT(conf_int(conf, "revoke.timeout.ms"), 10000);
    CHECK_INT(conf_int(conf, "sink.start.margin.ms"), 500);
    CHECK_INT(conf_int(conf, "publish.interval.ms"), 5000);
    CHECK_INT(conf_int(conf, "agent.topics.max"), 10000);
    CHECK_INT(conf_span(conf, "lease.ms").us, 15000000);
    CHECK_TEXT(conf_text(conf, "prefix"), "muster");
    CHECK_TEXT(conf_text(conf, "pool"), "default");
    CHECK(conf_bool(conf, "topics.create"));
    CHECK_TEXT(conf_problems(conf), "");
    CHECK_INT(conf_check(conf), STATUS_OK);
    conf_destroy(conf);
}

static void values_are_read_in_the_unit_of_the_name(void)
{
    struct conf *conf = conf_create();
    load(conf, "lease.ms = 30s\nqueued.max.messages.kbytes = 64 MiB\nbatch.max.bytes = 2MiB\n"
               "topics.create = false\nsink.type = file\n");
    CHECK_INT(conf_int(conf, "lease.ms"), 30000);
    CHECK_INT(conf_int(conf, "queued.max.messages.kbytes"), 65536);
    CHECK_INT(conf_int(conf, "batch.max.bytes"), 2097152);
    CHECK(!conf_bool(conf, "topics.create"));
    CHECK_TEXT(conf_text(conf, "sink.type"), "file");
    CHECK_TEXT(row_of(conf, "lease.ms").value, "30000");
    conf_destroy(conf);
}

static void lists_are_read_item_by_item(void)
{
    struct conf *conf = conf_create();
    load(conf, "kafka.bootstrap.servers = a:1, b:2\n");
    CHECK(text_equals(conf_list_item(conf, "kafka.bootstrap.servers", 0), "a:1"));
    CHECK(text_equals(conf_list_item(conf, "kafka.bootstrap.servers", 1), "b:2"));
    CHECK(conf_list_item(conf, "kafka.bootstrap.servers", 2).data == NULL);
    CHECK(conf_list_item(conf, "collector.labels", 0).data == NULL);
    conf_destroy(conf);
}

static void kafka_properties_pass_through_in_order(void)
{
    struct conf *conf = conf_create();
    const char *name = NULL;
    const char *value = NULL;
    size_t cursor = 0;
    load(conf, "kafka.security.protocol = SASL_SSL\nkafka.client.rack = a#1\n"
               "kafka.bootstrap.servers = b:9092\nkafka.debug =\n");
    REQUIRE(conf_kafka_next(conf, &cursor, &name, &value));
    CHECK_TEXT(name, "bootstrap.servers");
    CHECK_TEXT(value, "b:9092");
    REQUIRE(conf_kafka_next(conf, &cursor, &name, &value));
    CHECK_TEXT(name, "client.rack");
    CHECK_TEXT(value, "a#1");
    REQUIRE(conf_kafka_next(conf, &cursor, &name, &value));
    CHECK_TEXT(name, "security.protocol");
    CHECK_TEXT(value, "SASL_SSL");
    CHECK(!conf_kafka_next(conf, &cursor, &name, &value));
    conf_destroy(conf);
}

static void rows_come_sorted_with_their_origin(void)
{
    struct conf *conf = conf_create();
    struct conf_row row;
    size_t cursor = 0;
    size_t count = 0;
    char last[100] = "";
    load(conf, "\nlease.ms = 20s\nkafka.aaa = 1\nkafka.zzz = 1\n");
    while (conf_row_next(conf, &cursor, &row)) {
        CHECK(strcmp(last, row.name) < 0);
        snprintf(last, sizeof(last), "%s", row.name);
        count++;
    }
    CHECK(setting_at(count - 3) && !setting_at(count - 2)); // all settings and two of librdkafka's
    CHECK_TEXT(row_of(conf, "lease.ms").origin, "m.conf:2");
    CHECK(!row_of(conf, "lease.ms").is_default);
    CHECK_TEXT(row_of(conf, "pool").origin, "default");
    CHECK(row_of(conf, "pool").is_default);
    CHECK_TEXT(row_of(conf, "kafka.zzz").origin, "m.conf:4");
    conf_destroy(conf);
}

static void a_program_may_set_what_a_flag_may(void)
{
    struct conf *conf = conf_create();
    CHECK_INT(conf_set(conf, "demo", "sink.type", "file"), STATUS_OK);
    CHECK_TEXT(row_of(conf, "sink.type").origin, "flag demo");
    CHECK_INT(conf_set(conf, "demo", "sink.type", "fil"), STATUS_INVALID);
    CHECK_TEXT(conf_problems(conf), "flag demo: sink.type: 'fil' is not one of stdout, file\n");
    CHECK_TEXT(conf_text(conf, "sink.type"), "file");
    conf_destroy(conf);
}

static const struct test tests[] = {
    TEST(defaults_hold_without_any_source),   TEST(values_are_read_in_the_unit_of_the_name),
    TEST(lists_are_read_item_by_item),        TEST(kafka_properties_pass_through_in_order),
    TEST(rows_come_sorted_with_their_origin), TEST(a_program_may_set_what_a_flag_may),
};

TEST_MAIN("conf/conf", tests)
