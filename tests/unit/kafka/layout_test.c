// SPDX-License-Identifier: Apache-2.0
#include "kafka/layout.h"

#include <string.h>

#include "test.h"

static void names_have_the_prefix(void)
{
    struct buffer name = {0};
    kafka_layout_print(KAFKA_CELL_STATE, TEXT_LITERAL("muster"), &name);
    CHECK_TEXT(buffer_string(&name), "muster.state");
    CHECK_TEXT(kafka_layout_name(KAFKA_CELL_DEADLETTER), "deadletter");
    buffer_finish(&name);
}

static const struct kafka_property *planned(enum kafka_cell_topic topic, const char *name)
{
    struct kafka_new_topic plan = kafka_layout_plan(topic, TEXT_LITERAL("x"));
    for (uint32_t i = 0; i < plan.setting_count; i++)
        if (text_equals(plan.settings[i].name, name))
            return &plan.settings[i];
    return NULL;
}

static void only_state_and_assignments_are_compacted(void)
{
    for (int topic = 0; topic < KAFKA_CELL_TOPICS; topic++) {
        int is_truth = topic == KAFKA_CELL_STATE || topic == KAFKA_CELL_ASSIGNMENTS;
        const struct kafka_property *policy =
            planned((enum kafka_cell_topic)topic, "cleanup.policy");
        CHECK(text_equals(policy->value, is_truth ? "compact" : "delete"));
        CHECK_INT(planned((enum kafka_cell_topic)topic, "retention.ms") == NULL, is_truth);
        CHECK(planned((enum kafka_cell_topic)topic, "message.timestamp.type") != NULL);
    }
}

static void assignments_have_four_partitions_and_the_rest_one(void)
{
    for (int topic = 0; topic < KAFKA_CELL_TOPICS; topic++)
        CHECK_INT(kafka_layout_plan((enum kafka_cell_topic)topic, TEXT_LITERAL("x")).partitions,
                  topic == KAFKA_CELL_ASSIGNMENTS ? 4 : 1);
}

static void wrong_partition_count_is_refused_with_a_sentence(void)
{
    struct buffer fault = {0};
    struct text name = TEXT_LITERAL("m.assignments");
    CHECK_INT(kafka_layout_check(KAFKA_CELL_ASSIGNMENTS, name, 4, 4, &fault), STATUS_OK);
    CHECK_INT(kafka_layout_check(KAFKA_CELL_ASSIGNMENTS, name, 4, 6, &fault), STATUS_INVALID);
    CHECK_TEXT(buffer_string(&fault),
               "topic 'm.assignments' has 6 partitions and must have 4; a cell's partitions cannot "
               "be changed once it was created");
    buffer_finish(&fault);
}

static void state_that_is_not_compacted_is_refused_with_the_remedy(void)
{
    struct text name = TEXT_LITERAL("m.state");
    struct kafka_topic_setting settings[] = {
        {TEXT_LITERAL("other"), TEXT_LITERAL("cleanup.policy"), TEXT_LITERAL("compact"), false},
        {name, TEXT_LITERAL("cleanup.policy"), TEXT_LITERAL("compact"), false},
        {name, TEXT_LITERAL("message.timestamp.type"), TEXT_LITERAL("LogAppendTime"), false},
        {name, TEXT_LITERAL("unclean.leader.election.enable"), TEXT_LITERAL("false"), true},
    };
    struct kafka_reply described = {.settings = settings, .setting_count = 4};
    struct buffer fault = {0};
    CHECK_INT(kafka_layout_check_settings(KAFKA_CELL_STATE, name, &described, &fault), STATUS_OK);
    CHECK_INT(kafka_layout_check_settings(KAFKA_CELL_CONTROL, name, &described, &fault),
              STATUS_INVALID);
    buffer_clear(&fault);
    settings[1].value = TEXT_LITERAL("delete");
    CHECK_INT(kafka_layout_check_settings(KAFKA_CELL_STATE, name, &described, &fault),
              STATUS_INVALID);
    CHECK_TEXT(buffer_string(&fault),
               "topic 'm.state' has cleanup.policy=delete and must have compact; set it with "
               "kafka-configs.sh --alter --topic m.state --add-config cleanup.policy=compact");
    described.setting_count = 3; // nobody said how leaders are elected
    settings[1].value = TEXT_LITERAL("compact");
    buffer_clear(&fault);
    CHECK_INT(kafka_layout_check_settings(KAFKA_CELL_STATE, name, &described, &fault),
              STATUS_INVALID);
    CHECK(strstr(buffer_string(&fault), "(unknown)") != NULL);
    buffer_finish(&fault);
}

static const struct test tests[] = {
    TEST(names_have_the_prefix),
    TEST(only_state_and_assignments_are_compacted),
    TEST(assignments_have_four_partitions_and_the_rest_one),
    TEST(wrong_partition_count_is_refused_with_a_sentence),
    TEST(state_that_is_not_compacted_is_refused_with_the_remedy),
};
TEST_MAIN("kafka/layout", tests)
