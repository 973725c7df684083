// SPDX-License-Identifier: Apache-2.0
//
// The runner of our C tests, on CUnit. A test file is one suite:
//
//     static void newcomer_takes_the_excess(void) { CHECK_INT(moves, 3); }
//     static const struct test tests[] = {TEST(newcomer_takes_the_excess)};
//     TEST_MAIN("plan/balance", tests)
//
// The program prints a line for each test and each failed assertion and exits with 1 if any failed,
// with 2 on wrong usage. Its arguments, if any, are the names of the tests to run. CUnit's own
// CU_ASSERT_... macros work too.

#ifndef TEST_H
#define TEST_H

#include <CUnit/CUnit.h>
#include <stddef.h>
#include <stdint.h>

struct test {
    const char *name; // the behaviour it proves
    void (*function)(void);
};

#define TEST(function)                                                                             \
    {                                                                                              \
#function, function                                                                        \
    }

// Defines main() for one suite.
#define TEST_MAIN(suite, tests)                                                                    \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        return test_run(suite, tests, sizeof(tests) / sizeof(tests)[0], argc, argv);               \
    }

// Runs the suite and returns the program's exit code.
int test_run(const char *suite, const struct test *tests, size_t count, int argc, char **argv);

// The assertions below go on after a failure; they end the test instead where the name begins with
// REQUIRE.
#define CHECK(condition) CU_ASSERT(condition)
#define REQUIRE(condition) CU_ASSERT_FATAL(condition)

// Integers of any type up to 64 bits; a failure shows both values.
#define CHECK_INT(actual, expected)                                                                \
    test_check_int((int64_t)(actual), (int64_t)(expected), #actual, __FILE__, __LINE__)

// Zero-terminated strings, either may be NULL; a failure shows both texts.
#define CHECK_TEXT(actual, expected) test_check_text(actual, expected, #actual, __FILE__, __LINE__)

// `size` bytes at both addresses; a failure shows both in hexadecimal.
#define CHECK_BYTES(actual, expected, size)                                                        \
    test_check_bytes(actual, expected, size, __FILE__, __LINE__)

// The functions behind the macros; call the macros.
void test_check_int(int64_t actual, int64_t expected, const char *what, const char *file, int line);
void test_check_text(const char *actual, const char *expected, const char *what, const char *file,
                     int line);
void test_check_bytes(const void *actual, const void *expected, size_t size, const char *file,
                      int line);

// The whole file under tests/ as a zero-terminated string that the caller frees; a file that cannot
// be read fails the test and gives an empty string. `ret_size` (may be NULL) is the number of bytes
// before the zero.
char *test_file_read(const char *path_under_tests, size_t *ret_size);

#endif
