// SPDX-License-Identifier: Apache-2.0
//
// The lease (S3) and the silence of a stuck collector (S8). Each story is a file in stories/ with
// its wants inline.
#include "life.h"
#include "test.h"

static void lease_runs_out(void)
{
    story_check("lease_runs_out");
}

static void late_first_ack_begins_nothing(void)
{
    story_check("late_first_ack_begins_nothing");
}

static void frozen_process_wakes(void)
{
    story_check("frozen_process_wakes");
}

static void cannot_read_falls_silent(void)
{
    story_check("cannot_read_falls_silent");
}

static void reads_again_in_time(void)
{
    story_check("reads_again_in_time");
}

static void stuck_revoke_silences(void)
{
    story_check("stuck_revoke_silences");
}

static void stuck_revoke_is_not_counted_while_acks_stall(void)
{
    story_check("stuck_revoke_is_not_counted_while_acks_stall");
}

static void lease_by_the_head(void)
{
    story_check("lease_by_the_head");
}

static void log_made_anew(void)
{
    story_check("log_made_anew");
}

static void end_of_a_log_that_is_gone(void)
{
    story_check("end_of_a_log_that_is_gone");
}

static const struct test tests[] = {
    TEST(lease_runs_out),
    TEST(late_first_ack_begins_nothing),
    TEST(frozen_process_wakes),
    TEST(cannot_read_falls_silent),
    TEST(reads_again_in_time),
    TEST(stuck_revoke_silences),
    TEST(stuck_revoke_is_not_counted_while_acks_stall),
    TEST(lease_by_the_head),
    TEST(log_made_anew),
    TEST(end_of_a_log_that_is_gone),
};

TEST_MAIN("collect/beats", tests)
