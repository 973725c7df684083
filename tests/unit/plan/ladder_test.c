// SPDX-License-Identifier: Apache-2.0
//
// Collectors by load: ends of the chain, steps, and ranks that shift.
#include "plan/ladder.h"

#include "test.h"

static struct ladder ladder_with(uint32_t width)
{
    struct ladder ladder;
    ladder_init(&ladder);
    for (uint32_t i = 0; i < width; i++)
        ladder_place_insert(&ladder, i);
    return ladder;
}

static void least_and_most_are_at_the_ends(void)
{
    struct ladder ladder = ladder_with(4);
    ladder_add(&ladder, 2, 5, LADDER_NONE);
    ladder_add(&ladder, 1, 9, LADDER_NONE);
    ladder_add(&ladder, 0, 7, ladder.highest);
    ladder_add(&ladder, 3, 5, ladder.highest);
    CHECK_INT(ladder_first(&ladder), 2);
    CHECK_INT(ladder_last(&ladder), 1);
    CHECK_INT(ladder.levels[ladder.lowest].load, 5);
    CHECK_INT(ladder.levels[ladder.lowest].count, 2);
    CHECK_INT(ladder.levels[ladder.highest].load, 9);
    ladder_finish(&ladder);
}

static void a_level_without_collectors_is_used_again(void)
{
    struct ladder ladder = ladder_with(2);
    uint32_t level = ladder_add(&ladder, 0, 0, LADDER_NONE);
    for (uint32_t load = 1; load < 1000; load++) {
        uint32_t next = ladder_add(&ladder, 0, load, level);
        ladder_remove(&ladder, 0, level);
        level = next;
    }
    CHECK_INT(ladder.levels[ladder.lowest].load, 999);
    CHECK_INT(ladder.used, 2);
    ladder_remove(&ladder, 0, level);
    CHECK_INT(ladder.lowest, LADDER_NONE);
    CHECK_INT(ladder.highest, LADDER_NONE);
    ladder_finish(&ladder);
}

static void a_level_from_the_middle_leaves_the_chain_whole(void)
{
    struct ladder ladder = ladder_with(3);
    ladder_add(&ladder, 0, 1, LADDER_NONE);
    uint32_t middle = ladder_add(&ladder, 1, 2, LADDER_NONE);
    ladder_add(&ladder, 2, 3, LADDER_NONE);
    ladder_remove(&ladder, 1, middle);
    CHECK_INT(ladder.levels[ladder.lowest].higher, ladder.highest);
    CHECK_INT(ladder.levels[ladder.highest].lower, ladder.lowest);
    ladder_finish(&ladder);
}

static void ranks_shift_with_those_who_come_and_go(void)
{
    struct ladder ladder = ladder_with(2);
    ladder_add(&ladder, 0, 3, LADDER_NONE);
    uint32_t level = ladder_add(&ladder, 1, 4, LADDER_NONE);
    ladder_place_insert(&ladder, 1);
    CHECK_INT(ladder_first(&ladder), 0);
    CHECK_INT(ladder_last(&ladder), 2);
    ladder_remove(&ladder, 2, level);
    ladder_place_remove(&ladder, 2);
    CHECK_INT(ladder_last(&ladder), 0);
    CHECK_INT(ladder.width, 2);
    ladder_finish(&ladder);
}

static void the_lowest_rise_together(void)
{
    struct ladder ladder = ladder_with(3);
    ladder_add(&ladder, 0, 1, LADDER_NONE);
    ladder_add(&ladder, 2, 1, LADDER_NONE);
    ladder_add(&ladder, 1, 3, LADDER_NONE);
    ladder_lowest_raise(&ladder, 1);
    CHECK_INT(ladder.levels[ladder.lowest].load, 2);
    CHECK_INT(ladder.levels[ladder.lowest].count, 2);
    ladder_finish(&ladder);
}

static const struct test tests[] = {
    TEST(least_and_most_are_at_the_ends),
    TEST(a_level_without_collectors_is_used_again),
    TEST(a_level_from_the_middle_leaves_the_chain_whole),
    TEST(ranks_shift_with_those_who_come_and_go),
    TEST(the_lowest_rise_together),
};

TEST_MAIN("plan/ladder", tests)
