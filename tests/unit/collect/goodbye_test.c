// SPDX-License-Identifier: Apache-2.0
//
// How a life ends (S5). Each story is a file in stories/ with its wants inline.
#include "life.h"
#include "test.h"

static void named_no_longer(void)
{
    story_check("named_no_longer");
}

static void forgotten_by_a_tombstone(void)
{
    story_check("forgotten_by_a_tombstone");
}

static void evicted(void)
{
    story_check("evicted");
}

static void evicted_in_a_drain(void)
{
    story_check("evicted_in_a_drain");
}

static void waits_beside_an_incumbent(void)
{
    story_check("waits_beside_an_incumbent");
}

static void incumbent_dies(void)
{
    story_check("incumbent_dies");
}

static void asked_to_stop(void)
{
    story_check("asked_to_stop");
}

static void handed_in_a_drain(void)
{
    story_check("handed_in_a_drain");
}

static void no_room_in_a_drain(void)
{
    story_check("no_room_in_a_drain");
}

static void stop_with_work_left(void)
{
    story_check("stop_with_work_left");
}

static void stop_before_anything(void)
{
    story_check("stop_before_anything");
}

static void stop_while_waiting(void)
{
    story_check("stop_while_waiting");
}

static void dropped_in_a_drain(void)
{
    story_check("dropped_in_a_drain");
}

static const struct test tests[] = {
    TEST(named_no_longer),
    TEST(evicted),
    TEST(evicted_in_a_drain),
    TEST(forgotten_by_a_tombstone),
    TEST(waits_beside_an_incumbent),
    TEST(incumbent_dies),
    TEST(asked_to_stop),
    TEST(stop_with_work_left),
    TEST(handed_in_a_drain),
    TEST(no_room_in_a_drain),
    TEST(stop_before_anything),
    TEST(stop_while_waiting),
    TEST(dropped_in_a_drain),
};

TEST_MAIN("collect/goodbye", tests)
