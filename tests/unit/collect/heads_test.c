// SPDX-License-Identifier: Apache-2.0
//
// Which heads count and when a set of records is a whole (S7). Each story is a file in stories/
// with its wants inline.
#include "life.h"
#include "test.h"

static void joins_and_reads(void)
{
    story_check("joins_and_reads");
}

static void only_a_whole_is_applied(void)
{
    story_check("only_a_whole_is_applied");
}

static void older_heads_are_ignored(void)
{
    story_check("older_heads_are_ignored");
}

static void lineage_before_the_first_beat(void)
{
    story_check("lineage_before_the_first_beat");
}

// MR-27
static void commands_are_carried_out_in_order(void)
{
    story_check("commands_are_carried_out_in_order");
}

static void commands_are_reported_done(void)
{
    story_check("commands_are_reported_done");
}

static void newer_level(void)
{
    story_check("newer_level");
}

static void newer_level_and_a_head_behind_it(void)
{
    story_check("newer_level_and_a_head_behind_it");
}

static const struct test tests[] = {
    TEST(joins_and_reads),
    TEST(only_a_whole_is_applied),
    TEST(older_heads_are_ignored),
    TEST(lineage_before_the_first_beat),
    TEST(commands_are_carried_out_in_order),
    TEST(commands_are_reported_done),
    TEST(newer_level),
    TEST(newer_level_and_a_head_behind_it),
};

TEST_MAIN("collect/heads", tests)
