// SPDX-License-Identifier: Apache-2.0

#include "base/nearest.h"

#include <string.h>

#include "test.h"

static size_t distance(const char *a, const char *b)
{
    return edit_distance(text_of(a), text_of(b));
}

static void distance_counts_letters_to_change(void)
{
    CHECK_INT(distance("", ""), 0);
    CHECK_INT(distance("pool", "pool"), 0);
    CHECK_INT(distance("", "pool"), 4);
    CHECK_INT(distance("pool", ""), 4);
    CHECK_INT(distance("kitten", "sitting"), 3);
    CHECK_INT(distance("pool", "pol"), 1);
}

static void neighbours_that_changed_places_count_once(void)
{
    CHECK_INT(distance("topic", "tpoic"), 1);
    CHECK_INT(distance("ab", "ba"), 1);
}

static void long_texts_are_far_from_everything(void)
{
    char text[201];
    memset(text, 'a', 200);
    text[200] = '\0';
    CHECK_INT(distance(text, text), 200);
    CHECK_INT(distance("a", text), 200);
}

static void the_first_of_equals_wins(void)
{
    struct nearest nearest = nearest_to(TEXT_LITERAL("lost"));
    nearest_offer(&nearest, "last");
    nearest_offer(&nearest, "list");
    CHECK_TEXT(nearest.word, "last");
}

static void what_is_too_far_is_no_suggestion(void)
{
    struct nearest nearest = nearest_to(TEXT_LITERAL("drain"));
    nearest_offer(&nearest, "list");
    nearest_offer(&nearest, "show");
    CHECK(nearest.word == NULL);
    nearest_offer(&nearest, "drains");
    CHECK_TEXT(nearest.word, "drains");
}

static const struct test tests[] = {
    TEST(distance_counts_letters_to_change),  TEST(neighbours_that_changed_places_count_once),
    TEST(long_texts_are_far_from_everything), TEST(the_first_of_equals_wins),
    TEST(what_is_too_far_is_no_suggestion),
};

TEST_MAIN("base/nearest", tests)
