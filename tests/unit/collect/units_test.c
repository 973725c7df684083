// SPDX-License-Identifier: Apache-2.0
//
// Units start and stop each for itself (S2). Each story is a file in stories/ with its wants
// inline.
#include "life.h"
#include "test.h"

static void revoke_then_ack(void)
{
    story_check("revoke_then_ack");
}

static void revokes_are_pipelined(void)
{
    story_check("revokes_are_pipelined");
}

static void taken_and_given_back(void)
{
    story_check("taken_and_given_back");
}

static void more_positions_than_a_beat_has(void)
{
    story_check("more_positions_than_a_beat_has");
}

static void commits_taken_before_a_position_is_told(void)
{
    story_check("commits_taken_before_a_position_is_told");
}

static void commits_refused(void)
{
    story_check("commits_refused");
}

static void unit_fails_and_is_tried_again(void)
{
    story_check("unit_fails_and_is_tried_again");
}

static void begun_units(void)
{
    story_check("begun_units");
}

static const struct test tests[] = {
    TEST(revoke_then_ack),
    TEST(revokes_are_pipelined),
    TEST(taken_and_given_back),
    TEST(commits_refused),
    TEST(commits_taken_before_a_position_is_told),
    TEST(more_positions_than_a_beat_has),
    TEST(unit_fails_and_is_tried_again),
    TEST(begun_units),
};

TEST_MAIN("collect/units", tests)
