// SPDX-License-Identifier: Apache-2.0
#include "kafka/assigned.h"

#include "test.h"

static void partitions_are_found_whatever_their_order(void)
{
    static const int32_t numbers[] = {7, 0, INT32_MAX, 3, 12, 1};
    struct kafka_assigned assigned = {0};
    for (int i = 0; i < 6; i++)
        kafka_assigned_add(&assigned, numbers[i], (uint64_t)numbers[i] * 10);
    CHECK_INT(assigned.count, 6);
    for (int i = 0; i < 6; i++) {
        const struct kafka_assigned_partition *found = kafka_assigned_find(&assigned, numbers[i]);
        REQUIRE(found != NULL);
        CHECK_INT(found->tag, (int64_t)numbers[i] * 10);
    }
    CHECK(kafka_assigned_find(&assigned, 2) == NULL);
    CHECK(kafka_assigned_find(&assigned, 13) == NULL);
    kafka_assigned_finish(&assigned);
}

static void removed_partition_is_gone_and_the_others_stay(void)
{
    struct kafka_assigned assigned = {0};
    CHECK(kafka_assigned_find(&assigned, 0) == NULL);
    for (int32_t i = 0; i < 100; i++)
        kafka_assigned_add(&assigned, i, (uint64_t)i);
    for (int32_t i = 0; i < 100; i += 2)
        kafka_assigned_remove(&assigned, i);
    for (int32_t i = 0; i < 100; i++)
        CHECK_INT(kafka_assigned_find(&assigned, i) != NULL, i % 2);
    kafka_assigned_finish(&assigned);
    CHECK_INT(assigned.count, 0);
}

static const struct test tests[] = {
    TEST(partitions_are_found_whatever_their_order),
    TEST(removed_partition_is_gone_and_the_others_stay),
};
TEST_MAIN("kafka/assigned", tests)
