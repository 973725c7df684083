// SPDX-License-Identifier: Apache-2.0

#include "conf/fault.h"

#include "test.h"

typedef const char *fault_function(struct text value);

static bool is_good(fault_function *fault, const char *value)
{
    return fault(text_of(value)) == NULL;
}

static void names_follow_the_rule_of_names(void)
{
    CHECK(is_good(fault_name, "edge-1_a.b"));
    CHECK(!is_good(fault_name, ""));
    CHECK(!is_good(fault_name, "a/b"));
    CHECK(is_good(fault_name_or_empty, ""));
    CHECK(!is_good(fault_name_or_empty, "a b"));
}

static void addresses_have_host_and_port(void)
{
    CHECK(is_good(fault_address_or_empty, ""));
    CHECK(is_good(fault_address_or_empty, "127.0.0.1:8600"));
    CHECK(is_good(fault_address_or_empty, "[::1]:0"));
    CHECK(is_good(fault_address_or_empty, "host:65535"));
    CHECK(!is_good(fault_address_or_empty, "host"));
    CHECK(!is_good(fault_address_or_empty, "host:"));
    CHECK(!is_good(fault_address_or_empty, ":8600"));
    CHECK(!is_good(fault_address_or_empty, "host:65536"));
    CHECK(!is_good(fault_address_or_empty, "host:-1"));
    CHECK(!is_good(fault_address_or_empty, "::1:8600"));
    CHECK(!is_good(fault_address_or_empty, "a b:8600"));
}

static void urls_are_plain_http(void)
{
    CHECK(is_good(fault_url_or_empty, ""));
    CHECK(is_good(fault_url_or_empty, "http://host:8600"));
    CHECK(is_good(fault_url_or_empty, "http://host/muster"));
    CHECK(!is_good(fault_url_or_empty, "https://host"));
    CHECK(!is_good(fault_url_or_empty, "host:8600"));
    CHECK(!is_good(fault_url_or_empty, "http://"));
    CHECK(!is_good(fault_url_or_empty, "http:///path"));
    CHECK(!is_good(fault_url_or_empty, "http://a b"));
}

static void brokers_are_named_as_librdkafka_takes_them(void)
{
    CHECK(is_good(fault_server, "broker"));
    CHECK(is_good(fault_server, "broker:9092"));
    CHECK(is_good(fault_server, "[::1]:9092"));
    CHECK(is_good(fault_server, "[::1]"));
    CHECK(!is_good(fault_server, ""));
    CHECK(!is_good(fault_server, "broker:"));
    CHECK(!is_good(fault_server, "broker:x"));
    CHECK(!is_good(fault_server, "broker 9092"));
}

static void labels_have_a_name_and_a_value(void)
{
    CHECK(is_good(fault_label, "zone=a"));
    CHECK(is_good(fault_label, "zone="));
    CHECK(!is_good(fault_label, "zone"));
    CHECK(!is_good(fault_label, "=a"));
    CHECK(!is_good(fault_label, ""));
    CHECK(!is_good(fault_label, "a b=c"));
}

static const struct test tests[] = {
    TEST(names_follow_the_rule_of_names),
    TEST(addresses_have_host_and_port),
    TEST(urls_are_plain_http),
    TEST(brokers_are_named_as_librdkafka_takes_them),
    TEST(labels_have_a_name_and_a_value),
};

TEST_MAIN("conf/fault", tests)
