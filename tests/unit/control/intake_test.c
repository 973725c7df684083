// SPDX-License-Identifier: Apache-2.0
//
// Announcements that are refused, each with its reason; the former set stands and the next record
// is taken (CB-21).
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "cell.h"
#include "test.h"

static const struct {
    const char *json;
    const char *reason;
} bad[] = {
    {"{\"agent\": \"\", \"topics\": []}", "agent is empty"},
    {"{\"agent\": \"a/b\", \"topics\": []}",
     "agent has a character that is not a letter, a digit, '.', '_' or '-'"},
    {"{\"agent\": \"a\", \"source\": \"s s\", \"topics\": []}",
     "source has a character that is not a letter, a digit, '.', '_' or '-'"},
    {"{\"agent\": \"a\", \"mode\": \"replace\", \"topics\": []}",
     "mode is none of set, add, remove"},
    {"{\"agent\": \"a\", \"ttl_ms\": -1, \"topics\": []}",
     "ttl_ms is negative or longer than a year"},
    {"{\"agent\": \"a\", \"topics\": [{\"name\": \"\"}]}", "'topics[0].name' is empty"},
    {"{\"agent\": \"a\", \"topics\": [{\"name\": \".\"}]}", "'topics[0].name' is '.' or '..'"},
    {"{\"agent\": \"a\", \"topics\": [{\"name\": \"..\"}]}", "'topics[0].name' is '.' or '..'"},
    {"{\"agent\": \"a\", \"topics\": [{\"name\": \"x/y\"}]}",
     "'topics[0].name' has a character that is not a letter, a digit, '.', '_' or '-'"},
    {"{\"agent\": \"a\", \"topics\": [{\"name\": \"x\\u0007y\"}]}",
     "'topics[0].name' has a character that is not a letter, a digit, '.', '_' or '-'"},
    {"{\"agent\": \"a\", \"topics\": [{\"name\": \"__x\"}]}", "topic '__x' is reserved"},
    {"{\"agent\": \"a\", \"topics\": [{\"name\": \"muster.state\"}]}",
     "topic 'muster.state' is reserved"},
    {"{\"agent\": \"a\", \"topics\": [{\"name\": \"x\", \"cluster\": \"no cluster\"}]}",
     "topic 'x' is on data cluster 'no cluster', which this cell does not know"},
    {"{\"agent\": \"a\", \"topics\": [{\"name\": \"x\"}, {\"name\": \"y\"}, {\"name\": \"x\"}]}",
     "topic 'x' is named twice"},
    {"{\"agent\": \"a\", \"topics\": [{\"name\": \"x\", \"partitions\": -1}]}",
     "topic 'x': partitions is not between 0 and 100000"},
    {"{\"agent\": \"a\", \"topics\": [{\"name\": \"x\", \"partitions\": 100001}]}",
     "topic 'x': partitions is not between 0 and 100000"},
    {"{\"agent\": \"a\", \"topics\": [{\"name\": \"x\", \"weight\": 0}]}",
     "topic 'x': weight is not between 1 and 100000000000"},
    {"{\"agent\": \"a\", \"topics\": [{\"name\": \"x\", \"weight\": NaN}]}",
     "'topics[0].weight' is not a whole number"},
    {"{\"agent\": \"a\", \"topics\": [{\"name\": \"x\", \"weight\": 1.5}]}",
     "'topics[0].weight' is not a whole number"},
    {"{\"agent\": \"a\", \"topics\": [{\"name\": \"x\", \"labels\": {\"\": \"y\"}}]}",
     "a label is empty or longer than 1024 bytes"},
    {"{\"agent\": \"a\", \"pool\": \"elsewhere\", \"topics\": [{\"name\": \"x\"}]}",
     "there is no pool 'elsewhere'"},
    {"{\"agent\": \"a\", \"topics\": [{\"name\": \"0\"}, {\"name\": \"1\"}, {\"name\": \"2\"}, "
     "{\"name\": \"3\"}, {\"name\": \"4\"}, {\"name\": \"5\"}, {\"name\": \"6\"}, {\"name\": "
     "\"7\"}, {\"name\": \"8\"}, {\"name\": \"9\"}, {\"name\": \"10\"}]}",
     "agent 'a' would have more topics than agent.topics.max"},
    {"{\"agent\": \"a\", \"topics\": null}",
     "'topics' is null, a field without a value is left out"},
    {"{\"agent\": \"a\", \"agent\": \"b\"}", "'agent' is there twice"},
    {"[]", "the record is neither JSON (first byte '{') nor Avro single-object (C3 01): its first "
           "byte is 5B"},
    {"{\"agent\": \"a\"", "the record is not JSON: ',' or '}' is missing at byte 13"},
};

static void good_one(struct cell *cell)
{
    cell_say(cell, INPUT_CONTROL,
             "{\"agent\": \"a\", \"topics\": [{\"name\": \"t1\", \"partitions\": 1}]}");
    CHECK_TEXT(cell->reason, "");
}

static void each_is_refused_with_its_reason(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    cell_beat(&cell, 0, 1, "joining", 0);
    good_one(&cell);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cell_say(&cell, INPUT_CONTROL, bad[i].json);
        CHECK_TEXT(cell.reason, bad[i].reason);
    }
    good_one(&cell);
    cell_settle(&cell, 1);
    CHECK_TEXT(cell_owners(&cell), "c0:t1");
    cell_end(&cell);
}

static void name_of_250_bytes_is_refused(void)
{
    struct cell cell;
    char json[400], name[251];
    memset(name, 'x', sizeof(name) - 1);
    name[250] = '\0';
    cell_begin(&cell, &(struct cell_options){0});
    snprintf(json, sizeof(json), "{\"agent\": \"a\", \"topics\": [{\"name\": \"%s\"}]}", name);
    cell_say(&cell, INPUT_CONTROL, json);
    CHECK(strstr(cell.reason, "249") != NULL);
    name[249] = '\0';
    snprintf(json, sizeof(json), "{\"agent\": \"a\", \"topics\": [{\"name\": \"%s\"}]}", name);
    cell_say(&cell, INPUT_CONTROL, json);
    CHECK_TEXT(cell.reason, "");
    cell_end(&cell);
}

// A hundred thousand topics in one record are counted before anything is done with them.
static void too_many_topics_are_refused_at_once(void)
{
    struct cell cell;
    struct buffer json = {0};
    cell_begin(&cell, &(struct cell_options){0});
    buffer_add_string(&json, "{\"agent\": \"a\", \"topics\": [");
    for (int i = 0; i < 20000; i++)
        buffer_print(&json, "%s{\"name\": \"t%d\"}", i > 0 ? "," : "", i);
    buffer_add_string(&json, "]}");
    cell_say(&cell, INPUT_CONTROL, buffer_string(&json));
    CHECK_TEXT(cell.reason, "agent 'a' would have more topics than agent.topics.max");
    buffer_finish(&json);
    cell_end(&cell);
}

// The topics of all of an agent's statements count, a set's own former ones do not.
static void limit_counts_all_statements(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    cell_say(
        &cell, INPUT_CONTROL,
        "{\"agent\": \"a\", \"source\": \"s\", \"topics\": [{\"name\": \"1\"}, {\"name\": "
        "\"2\"}, {\"name\": \"3\"}, {\"name\": \"4\"}, {\"name\": \"5\"}, {\"name\": \"6\"}]}");
    CHECK_TEXT(cell.reason, "");
    cell_say(&cell, INPUT_CONTROL,
             "{\"agent\": \"a\", \"topics\": [{\"name\": \"1\"}, {\"name\": \"2\"}, {\"name\": "
             "\"3\"}, {\"name\": \"4\"}, {\"name\": \"5\"}]}");
    CHECK_TEXT(cell.reason, "agent 'a' would have more topics than agent.topics.max");
    cell_say(
        &cell, INPUT_CONTROL,
        "{\"agent\": \"a\", \"source\": \"s\", \"topics\": [{\"name\": \"7\"}, {\"name\": "
        "\"8\"}, {\"name\": \"3\"}, {\"name\": \"4\"}, {\"name\": \"5\"}, {\"name\": \"6\"}]}");
    CHECK_TEXT(cell.reason, "");
    cell_end(&cell);
}

// An announcement that no longer says how many partitions there are takes nothing away: the units
// stay where they are while Kafka is asked.
static void placed_stays_while_kafka_is_asked(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    cell_beat(&cell, 0, 1, "active", 0);
    cell_say(&cell, INPUT_CONTROL,
             "{\"agent\": \"a\", \"topics\": [{\"name\": \"t\", \"partitions\": 1}, "
             "{\"name\": \"s\", \"partitions\": 3, \"split\": true}]}");
    cell_settle(&cell, 1);
    CHECK_TEXT(cell_owners(&cell), "c0:s c0:s c0:s c0:t");
    cell_say(&cell, INPUT_CONTROL,
             "{\"agent\": \"a\", \"topics\": [{\"name\": \"t\"}, "
             "{\"name\": \"s\", \"split\": true}]}");
    cell_settle(&cell, 1);
    CHECK_TEXT(cell_owners(&cell), "c0:s c0:s c0:s c0:t");
    CHECK_INT(cell.asked, 2);
    cell_end(&cell);
}

static const struct test tests[] = {
    TEST(each_is_refused_with_its_reason),     TEST(name_of_250_bytes_is_refused),
    TEST(too_many_topics_are_refused_at_once), TEST(limit_counts_all_statements),
    TEST(placed_stays_while_kafka_is_asked),
};

TEST_MAIN("control/intake", tests)
