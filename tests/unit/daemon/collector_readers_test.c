// SPDX-License-Identifier: Apache-2.0

#include "daemon/collector_inner.h"
#include "test.h"

static void a_fetch_of_few_partitions_waits_little(void)
{
    CHECK_INT(readers_fetch_wait_ms(0), 40);
    CHECK_INT(readers_fetch_wait_ms(1), 40);
    CHECK_INT(readers_fetch_wait_ms(1000), 40);
}

static void no_collector_names_more_than_25000_partitions_a_second(void)
{
    for (uint32_t partitions = 1; partitions <= 10000; partitions++)
        CHECK(partitions * 1000 / readers_fetch_wait_ms(partitions) <= 25000);
}

static void a_fetch_of_very_many_partitions_waits_within_bounds(void)
{
    CHECK_INT(readers_fetch_wait_ms(10000), 400);
    CHECK_INT(readers_fetch_wait_ms(10001), 400);
    CHECK_INT(readers_fetch_wait_ms(UINT32_MAX), 400);
}

static const struct test tests[] = {
    TEST(a_fetch_of_few_partitions_waits_little),
    TEST(no_collector_names_more_than_25000_partitions_a_second),
    TEST(a_fetch_of_very_many_partitions_waits_within_bounds),
};

TEST_MAIN("daemon/collector_readers", tests)
