// SPDX-License-Identifier: Apache-2.0
//
// The lines of a workload file, one by one.
#include "cli/workload_line.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "plan/plan.h"
#include "test.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct workload_line line;
static struct buffer problem;

static void reset(void)
{
    workload_line_finish(&line);
    buffer_finish(&problem);
    line = (struct workload_line){0};
}

static void good(const char *text, enum workload_kind kind)
{
    CHECK_INT(workload_line_read(&line, text_of(text), &problem), STATUS_OK);
    CHECK_TEXT(buffer_string(&problem), "");
    CHECK_INT(line.kind, kind);
}

static void wrong(const char *text, const char *why)
{
    CHECK_INT(workload_line_read(&line, text_of(text), &problem), STATUS_INVALID);
    CHECK_TEXT(buffer_string(&problem), why);
}

static void check_text(struct text text, const char *expected)
{
    char *copy = text_copy(text);
    CHECK_TEXT(copy, expected);
    memory_release(copy);
}

static void topic_has_its_defaults(void)
{
    good("{\"topic\": {\"name\": \"t1\"}}", WORKLOAD_TOPIC);
    check_text(line.id, "t1");
    CHECK_INT(line.weight, 1);
    CHECK_INT(line.partitions, 1);
    CHECK(!line.is_split);
    CHECK_INT(line.labels_count, 0);
    good("{\"topic\": {\"name\": \"t1\", \"weight\": null, \"partitions\": null, \"split\": null,"
         " \"labels\": null}}",
         WORKLOAD_TOPIC);
    CHECK_INT(line.weight, 1);
    reset();
}

static void topic_says_all_there_is(void)
{
    good("{\"topic\":{\"labels\":{\"csp\":\"aws\",\"z\":\"\"},\"split\":true,\"partitions\":1e2,"
         "\"weight\":5.0,\"name\":\"a\\u002db\"}}",
         WORKLOAD_TOPIC);
    check_text(line.id, "a-b");
    CHECK_INT(line.weight, 5);
    CHECK_INT(line.partitions, 100);
    CHECK(line.is_split);
    CHECK_INT(line.labels_count, 2);
    check_text(line.labels[0].key, "csp");
    check_text(line.labels[0].value, "aws");
    // What the line before said is gone.
    good("{\"topic\": {\"name\": \"t1\"}}", WORKLOAD_TOPIC);
    CHECK_INT(line.labels_count, 0);
    CHECK_INT(line.weight, 1);
    CHECK(!line.is_split);
    reset();
}

static void collector_has_a_capacity_in_two_ways(void)
{
    good("{\"collector\": {\"id\": \"c1\"}}", WORKLOAD_COLLECTOR);
    CHECK_INT(line.units_max, 0);
    CHECK_INT(line.weight_max, 0);
    good("{\"collector\": {\"id\": \"c1\", \"capacity\": 500}}", WORKLOAD_COLLECTOR);
    CHECK_INT(line.units_max, 0);
    CHECK_INT(line.weight_max, 500);
    good("{\"collector\": {\"id\": \"c1\", \"capacity\": {\"units\": 7}}}", WORKLOAD_COLLECTOR);
    CHECK_INT(line.units_max, 7);
    CHECK_INT(line.weight_max, 0);
    good("{\"collector\": {\"id\": \"c1\", \"capacity\": {\"units\": 7, \"weight\": 9},"
         " \"labels\": {\"zone\": \"a\"}}}",
         WORKLOAD_COLLECTOR);
    CHECK_INT(line.weight_max, 9);
    check_text(line.labels[0].value, "a");
    good("{\"collector\": {\"id\": \"c1\", \"capacity\": null}}", WORKLOAD_COLLECTOR);
    CHECK_INT(line.weight_max, 0);
    reset();
}

static void short_lines_name_one_thing(void)
{
    good("{\"leave\": \"c1\"}", WORKLOAD_LEAVE);
    check_text(line.id, "c1");
    good(" { \"drain\" : \"c2\" } \r\n", WORKLOAD_DRAIN);
    check_text(line.id, "c2");
    good("{\"withdraw\": \"t\"}", WORKLOAD_WITHDRAW);
    check_text(line.id, "t");
    good("{\"at_ms\": 60000}", WORKLOAD_AT);
    CHECK_INT(line.at_ms, 60000);
    good("{\"settle\": true}", WORKLOAD_SETTLE);
    reset();
}

static void loads_are_numbers_by_name(void)
{
    good("{\"load\": {\"t1\": 5000, \"t2/3\": 0.6, \"t3\": 0}}", WORKLOAD_LOAD);
    CHECK_INT(line.loads_count, 3);
    check_text(line.loads[1].name, "t2/3");
    CHECK_INT(line.loads[1].value, 1);
    CHECK_INT(line.loads[2].value, 0);
    good("{\"load\": {}}", WORKLOAD_LOAD);
    CHECK_INT(line.loads_count, 0);
    reset();
}

static void policy_is_text_whatever_it_was(void)
{
    good("{\"pool\": {\"name\": \"edge\", \"tolerance\": 1e-05, \"isolated\": false,"
         " \"groups\": [\"aws\", \"gcp\"], \"match\": [\"name=a*\", \"agent=b\"],"
         " \"max_topics_per_collector\": 5.0, \"other\": null, \"mode\": \"\"}}",
         WORKLOAD_POOL);
    check_text(line.id, "edge");
    CHECK_INT(line.labels_count, 7);
    check_text(line.labels[0].value, "0.00001");
    check_text(line.labels[1].value, "false");
    check_text(line.labels[2].value, "aws,gcp");
    check_text(line.labels[3].value, "name=a* agent=b");
    check_text(line.labels[4].value, "5");
    CHECK(line.labels[5].value.data == NULL);
    CHECK(line.labels[6].value.data != NULL);
    good("{\"policy\": {\"name\": \"x\", \"groups\": []}}", WORKLOAD_POLICY);
    CHECK_INT(line.labels_count, 2);
    CHECK(line.labels[1].value.data != NULL);
    reset();
}

static void unknown_keys_are_refused_with_the_nearest(void)
{
    wrong("{\"topics\": {}}", "unknown key 'topics' in the line: did you mean 'topic'?");
    wrong("{\"topic\": {\"name\": \"t\", \"wieght\": 3}}",
          "unknown key 'wieght' in topic: did you mean 'weight'?");
    wrong("{\"collector\": {\"id\": \"c\", \"host\": \"x\"}}", "unknown key 'host' in collector");
    wrong("{\"collector\": {\"id\": \"c\", \"capacity\": {\"unit\": 3}}}",
          "unknown key 'unit' in capacity: did you mean 'units'?");
    wrong("{\"\\u001b[1m\": 1}", "unknown key '\\x1b[1m' in the line");
    reset();
}

// "'weight' is not a whole number from 1 to ...", borrowed until the next call.
static const char *out_of_range(const char *what)
{
    static char text[100];
    bool is_load = strcmp(what, "load") == 0;
    snprintf(text, sizeof(text), "'%s' is not a %snumber from %d to %lld", what,
             is_load ? "" : "whole ", is_load ? 0 : 1, (long long)PLAN_WEIGHT_MAX);
    return text;
}

// CB-8, and the bad input of weights and capacities.
static void wrong_numbers_are_refused(void)
{
    static const char *const weights[] = {"0",     "-1",   "1.5", "1e300", "1000000000001",
                                          "\"5\"", "true", "[]"};
    for (size_t i = 0; i < COUNT(weights); i++) {
        struct buffer text = {0};
        buffer_print(&text, "{\"topic\": {\"name\": \"t\", \"weight\": %s}}", weights[i]);
        wrong(buffer_string(&text), out_of_range("weight"));
        buffer_clear(&text);
        buffer_print(&text, "{\"collector\": {\"id\": \"c\", \"capacity\": %s}}", weights[i]);
        wrong(buffer_string(&text), out_of_range("capacity"));
        buffer_finish(&text);
    }
    wrong("{\"topic\": {\"name\": \"t\", \"weight\": NaN}}", "not JSON: a value is missing");
    wrong("{\"topic\": {\"name\": \"t\", \"weight\": Infinity}}", "not JSON: a value is missing");
    wrong("{\"topic\": {\"name\": \"t\", \"partitions\": 0}}",
          "'partitions' is not a whole number from 1 to 1000000");
    wrong("{\"topic\": {\"name\": \"t\", \"partitions\": 1000001}}",
          "'partitions' is not a whole number from 1 to 1000000");
    wrong("{\"collector\": {\"id\": \"c\", \"capacity\": {\"units\": 0}}}",
          "'capacity in units' is not a whole number from 1 to 1000000000");
    wrong("{\"load\": {\"t\": -0.4}}", out_of_range("load"));
    wrong("{\"load\": {\"t\": null}}", out_of_range("load"));
    wrong("{\"at_ms\": -1}", "'at_ms' is not a whole number from 0 to 9007199254740992");
    reset();
}

static void wrong_types_are_refused(void)
{
    wrong("[]", "a line is an object: {\"topic\": {...}}");
    wrong("{}", "the object is empty");
    wrong("{\"topic\": \"t\"}", "'topic' is not an object");
    wrong("{\"topic\": {\"name\": 5}}", "'name' is not a text");
    wrong("{\"topic\": {\"name\": \"t\", \"split\": 1}}", "'split' is not true or false");
    wrong("{\"topic\": {\"name\": \"t\", \"labels\": {\"a\": 1}}}", "'label' is not a text");
    wrong("{\"collector\": {\"labels\": {}}}", "collector without 'id'");
    wrong("{\"topic\": {\"weight\": 1}}", "topic without 'name'");
    wrong("{\"leave\": null}", "'leave' is not a text");
    wrong("{\"settle\": false}", "'settle' can only be true");
    wrong("{\"settle\": null}", "'settle' is not true or false");
    wrong("{\"pool\": {\"groups\": {}}}", "policy key 'groups' has an object as its value");
    wrong("{\"pool\": {\"affinity\": [\"a\", \"b\"]}}",
          "policy key 'affinity' has one value, not a list");
    wrong("{\"pool\": {\"group_by\": true}}", "policy key 'group_by' has a text as its value");
    wrong("{\"policy\": {\"spread_by\": 5}}", "policy key 'spread_by' has a text as its value");
    wrong("{\"pool\": {\"groups\": [1]}}", "'a value of the list' is not a text");
    reset();
}

static void wrong_names_are_refused(void)
{
    wrong("{\"topic\": {\"name\": \"a/b\"}}",
          "topic 'a/b' has a character that is not a letter, a digit, '.', '_' or '-'");
    wrong("{\"topic\": {\"name\": \"\"}}", "topic '' is empty");
    wrong("{\"collector\": {\"id\": \"a b\"}}",
          "collector 'a b' has a character that is not a letter, a digit, '.', '_' or '-'");
    wrong("{\"pool\": {\"name\": \"\"}}", "pool '' is empty");
    wrong("{\"topic\": {\"name\": \"t\", \"labels\": {\"\": \"x\"}}}",
          "label '' is empty or longer than 200 bytes");
    reset();
}

static void keys_that_are_there_twice_are_refused(void)
{
    wrong("{\"topic\": {\"name\": \"t\", \"weight\": 1, \"weight\": 2}}",
          "key 'weight' is there twice");
    wrong("{\"topic\": {\"name\": \"t\", \"labels\": {\"a\": \"1\", \"a\": \"2\"}}}",
          "label 'a' is there twice");
    wrong("{\"pool\": {\"name\": \"a\", \"name\": \"b\"}}", "key 'name' is there twice");
    wrong("{\"load\": {\"t\": 5, \"u\": 5, \"t\": 6}}", "load of 't' is there twice");
    reset();
}

static void what_is_not_json_is_refused(void)
{
    wrong("", "a line is an object: {\"topic\": {...}}");
    wrong("{", "not JSON: a key is missing");
    wrong("{\"settle\": true", "not JSON: '}' is missing");
    wrong("{\"settle\": true} x", "something stands behind the object");
    wrong("{\"settle\": true, \"at_ms\": 1}",
          "a line says one thing: what follows belongs on its own line");
    wrong("{\"leave\": \"x}", "not JSON: a string has no end");
    wrong("{\"leave\" \"x\"}", "not JSON: ':' is missing");
    wrong("{\"topic\": {\"name\": \"t\" \"weight\": 1}}", "not JSON: ',' or '}' is missing");
    wrong("{\"leave\": \"\xff\"}", "not JSON: a string that is not UTF-8");
    reset();
}

static void too_many_labels_are_refused(void)
{
    struct buffer text = {0};
    buffer_add_string(&text, "{\"topic\": {\"name\": \"t\", \"labels\": {");
    for (int i = 0; i <= WORKLOAD_LABELS_MAX; i++)
        buffer_print(&text, "%s\"l%d\": \"\"", i ? "," : "", i);
    buffer_add_string(&text, "}}}");
    wrong(buffer_string(&text), "more than 64 labels");
    buffer_finish(&text);
    reset();
}

static const struct test tests[] = {
    TEST(topic_has_its_defaults),
    TEST(topic_says_all_there_is),
    TEST(collector_has_a_capacity_in_two_ways),
    TEST(short_lines_name_one_thing),
    TEST(loads_are_numbers_by_name),
    TEST(policy_is_text_whatever_it_was),
    TEST(unknown_keys_are_refused_with_the_nearest),
    TEST(wrong_numbers_are_refused),
    TEST(wrong_types_are_refused),
    TEST(wrong_names_are_refused),
    TEST(keys_that_are_there_twice_are_refused),
    TEST(what_is_not_json_is_refused),
    TEST(too_many_labels_are_refused),
};

TEST_MAIN("cli/workload_line", tests)
