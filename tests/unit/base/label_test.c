// SPDX-License-Identifier: Apache-2.0
//
// Looking up labels.
#include "base/label.h"

#include "test.h"

static const struct label labels[] = {
    {{"zone", 4}, {"a", 1}},
    {{"", 0}, {"none", 4}},
    {{"csp", 3}, {"", 0}},
};

static void label_is_found_by_its_whole_key(void)
{
    CHECK(label_find(labels, 3, TEXT_LITERAL("zone")) == &labels[0]);
    CHECK(label_find(labels, 3, TEXT_LITERAL("zon")) == NULL);
    CHECK(label_find(labels, 3, TEXT_LITERAL("zone2")) == NULL);
    CHECK(label_find(labels, 3, TEXT_LITERAL("Zone")) == NULL);
    CHECK(label_find(labels, 3, TEXT_LITERAL("")) == &labels[1]);
}

static void no_labels_hold_nothing(void)
{
    CHECK(label_find(NULL, 0, TEXT_LITERAL("zone")) == NULL);
    CHECK_INT(label_value(NULL, 0, TEXT_LITERAL("zone")).size, 0);
}

static void value_is_empty_when_label_is_not_there(void)
{
    CHECK(text_equals(label_value(labels, 3, TEXT_LITERAL("zone")), "a"));
    CHECK_INT(label_value(labels, 3, TEXT_LITERAL("csp")).size, 0);
    CHECK_INT(label_value(labels, 3, TEXT_LITERAL("x")).size, 0);
}

static const struct test tests[] = {
    TEST(label_is_found_by_its_whole_key),
    TEST(no_labels_hold_nothing),
    TEST(value_is_empty_when_label_is_not_there),
};

TEST_MAIN("base/label", tests)
