// SPDX-License-Identifier: Apache-2.0
//
// The runner itself: what it accepts as equal, and how it reads files. That a failed assertion
// turns the exit code is seen in tests/check/runner.py.
#include "test.h"

#include <stdlib.h>
#include <string.h>

static void equal_values_pass(void)
{
    CHECK_INT(INT64_MIN, INT64_MIN);
    CHECK_TEXT("a", "a");
    CHECK_TEXT(NULL, NULL);
    CHECK_BYTES("ab", "abc", 2);
    CHECK(1);
    REQUIRE(1);
}

static void file_is_read_whole(void)
{
    size_t size = 0;
    char *text = test_file_read("unit/lib/test_test.c", &size);
    CHECK_INT(strlen(text), size);
    CHECK_INT(strncmp(text, "// SPDX", 7), 0);
    free(text);
}

static const struct test tests[] = {TEST(equal_values_pass), TEST(file_is_read_whole)};
TEST_MAIN("lib/test", tests)
