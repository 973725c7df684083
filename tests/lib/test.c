// SPDX-License-Identifier: Apache-2.0
//
// CUnit keeps the tests and their failures; this file only says what is printed and when.

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_test(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failure)
{
    (void)suite;
    printf("%s %s\n", failure ? "FAIL" : "ok  ", test->pName);
    for (const CU_FailureRecord *record = failure; record; record = record->pNext)
        if (record->pTest == test)
            printf("     %s:%u: %s\n", record->strFileName ? record->strFileName : "?",
                   record->uiLineNumber, record->strCondition ? record->strCondition : "?");
    fflush(stdout);
}

static int is_wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return 1;
    return argc < 2;
}

static size_t tests_add(CU_pSuite suite, const struct test *tests, size_t count, int argc,
                        char **argv)
{
    size_t added = 0;
    for (size_t i = 0; i < count; i++)
        if (is_wanted(tests[i].name, argc, argv) &&
            CU_add_test(suite, tests[i].name, tests[i].function))
            added++;
    return added;
}

int test_run(const char *suite, const struct test *tests, size_t count, int argc, char **argv)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    CU_pSuite added_suite = CU_add_suite(suite, NULL, NULL);
    size_t added = added_suite ? tests_add(added_suite, tests, count, argc, argv) : 0;
    size_t wanted = argc > 1 ? (size_t)(argc - 1) : count;
    if (added != wanted) {
        fprintf(stderr, "%s: %zu tests asked for, %zu found; the tests are:\n", suite, wanted,
                added);
        for (size_t i = 0; i < count; i++)
            fprintf(stderr, "  %s\n", tests[i].name);
        CU_cleanup_registry();
        return 2;
    }
    CU_set_test_complete_handler(print_test);
    CU_set_error_action(CUEA_IGNORE);
    int is_run = CU_run_all_tests() == CUE_SUCCESS;
    unsigned failed = CU_get_number_of_tests_failed();
    unsigned assertions = CU_get_number_of_asserts();
    printf("%s: %u passed, %u failed (%u assertions)\n", suite,
           CU_get_number_of_tests_run() - failed, failed, assertions);
    CU_cleanup_registry();
    return is_run && failed == 0 ? 0 : 1;
}

// CUnit copies the text, so it may live on this stack.
static void report(int is_good, const char *text, const char *file, int line)
{
    CU_assertImplementation(is_good ? CU_TRUE : CU_FALSE, (unsigned)line, text, file, "", CU_FALSE);
}

void test_check_int(int64_t actual, int64_t expected, const char *what, const char *file, int line)
{
    char text[512];
    snprintf(text, sizeof text, "%s is %lld, expected %lld", what, (long long)actual,
             (long long)expected);
    report(actual == expected, text, file, line);
}

void test_check_text(const char *actual, const char *expected, const char *what, const char *file,
                     int line)
{
    int is_good = actual && expected ? strcmp(actual, expected) == 0 : actual == expected;
    if (is_good) {
        report(1, what, file, line);
        return;
    }
    char *text = NULL;
    if (asprintf(&text, "%s is\n%s\n     expected\n%s", what, actual ? actual : "NULL",
                 expected ? expected : "NULL") < 0)
        text = NULL;
    report(0, text ? text : what, file, line);
    free(text);
}

static void print_hex(char *text, size_t text_size, const unsigned char *bytes, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < size && used + 4 < text_size; i++)
        used += (size_t)snprintf(text + used, text_size - used, "%02x", bytes[i]);
}

void test_check_bytes(const void *actual, const void *expected, size_t size, const char *file,
                      int line)
{
    char actual_hex[1024];
    char expected_hex[1024];
    char text[2200];
    print_hex(actual_hex, sizeof actual_hex, actual, size);
    print_hex(expected_hex, sizeof expected_hex, expected, size);
    snprintf(text, sizeof text, "bytes are %s, expected %s", actual_hex, expected_hex);
    report(size == 0 || memcmp(actual, expected, size) == 0, text, file, line);
}

char *test_file_read(const char *path_under_tests, size_t *ret_size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", TESTS_FOLDER, path_under_tests);
    FILE *file = fopen(path, "rb");
    size_t size = 0;
    size_t room = 4096;
    char *data = calloc(1, room);
    while (file && data) {
        size += fread(data + size, 1, room - size - 1, file);
        if (size < room - 1)
            break;
        room *= 2;
        char *grown = realloc(data, room);
        if (!grown)
            abort();
        data = grown;
    }
    if (file)
        fclose(file);
    else
        report(0, path, __FILE__, __LINE__);
    if (!data)
        abort();
    data[size] = '\0';
    if (ret_size)
        *ret_size = size;
    return data;
}
