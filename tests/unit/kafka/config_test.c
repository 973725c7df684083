// SPDX-License-Identifier: Apache-2.0
#include "kafka/config.h"

#include <string.h>

#include "test.h"

#define T(literal) TEXT_LITERAL(literal)

// Checks settings of one property beside the servers; "" if they are fine. Static memory.
static const char *fault_of(struct text name, struct text value)
{
    static char copy[1024];
    struct kafka_settings settings = {0};
    struct buffer fault = {0};
    kafka_settings_add(&settings, T("bootstrap.servers"), T("127.0.0.1:9092"));
    kafka_settings_add(&settings, name, value);
    enum status status = kafka_settings_check(&settings, &fault);
    CHECK_INT(status, fault.size ? STATUS_INVALID : STATUS_OK);
    strncpy(copy, buffer_string(&fault), sizeof copy - 1);
    buffer_finish(&fault);
    kafka_settings_finish(&settings);
    return copy;
}

static void known_properties_are_taken(void)
{
    CHECK_TEXT(fault_of(T("socket.timeout.ms"), T("30000")), "");
    CHECK_TEXT(fault_of(T("security.protocol"), T("sasl_ssl")), "");
    CHECK_TEXT(fault_of(T("compression.codec"), T("lz4")), "");
    CHECK_TEXT(fault_of(T("socket.nagle.disable"), T("false")), ""); // a preset may be changed
}

static void unknown_property_is_named(void)
{
    CHECK(strstr(fault_of(T("bootstrap.server"), T("x")), "'kafka.bootstrap.server = x'") != NULL);
    CHECK(strstr(fault_of(T("linger.ms"), T("soon")), "'kafka.linger.ms = soon'") != NULL);
    CHECK(strstr(fault_of(T("linger.ms"), T("-1")), "linger.ms") != NULL);
}

static void what_muster_sets_is_refused(void)
{
    CHECK_TEXT(fault_of(T("enable.idempotence"), T("false")),
               "'kafka.enable.idempotence' is set by muster itself; leave it out");
    CHECK(strlen(fault_of(T("isolation.level"), T("read_uncommitted"))) > 0);
    CHECK(strlen(fault_of(T("transactional.id"), T("mine"))) > 0);
    CHECK(strlen(fault_of(T("allow.auto.create.topics"), T("true"))) > 0);
}

static void zero_bytes_are_refused(void)
{
    CHECK(strstr(fault_of(T("client.id"), T("a\0b")), "zero byte") != NULL);
    CHECK(strstr(fault_of(T("client.id\0x"), T("a")), "zero byte") != NULL);
}

static void servers_are_required(void)
{
    struct kafka_settings settings = {0};
    struct buffer fault = {0};
    CHECK_INT(kafka_settings_check(&settings, &fault), STATUS_INVALID);
    kafka_settings_add(&settings, T("bootstrap.servers"), T(""));
    CHECK_INT(kafka_settings_check(&settings, &fault), STATUS_INVALID);
    kafka_settings_add(&settings, T("bootstrap.servers"), T("127.0.0.1:9092"));
    CHECK_INT(kafka_settings_check(&settings, &fault), STATUS_OK);
    CHECK(strlen(kafka_library_version()) > 0);
    buffer_finish(&fault);
    kafka_settings_finish(&settings);
}

static const struct test tests[] = {
    TEST(known_properties_are_taken),  TEST(unknown_property_is_named),
    TEST(what_muster_sets_is_refused), TEST(zero_bytes_are_refused),
    TEST(servers_are_required),
};
TEST_MAIN("kafka/config", tests)
