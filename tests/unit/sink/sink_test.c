// SPDX-License-Identifier: Apache-2.0
//
// Sinks are chosen by name, and a wrong choice says what there is (EE-16).
#include "sink/sink.h"

#include <unistd.h>

#include "test.h"

static void unknown_type_names_the_known_ones(void)
{
    struct buffer fault = {0};
    struct sink *sink = NULL;
    CHECK_INT(sink_create(&(struct sink_options){.type = "tape"}, &fault, &sink), STATUS_NOT_FOUND);
    CHECK_TEXT(buffer_string(&fault), "no sink of type 'tape': there are stdout, file");
    CHECK(sink == NULL);
    buffer_finish(&fault);
}

static void file_without_a_path_is_refused(void)
{
    struct buffer fault = {0};
    struct sink *sink = NULL;
    CHECK_INT(sink_create(&(struct sink_options){.type = "file", .path = ""}, &fault, &sink),
              STATUS_INVALID);
    CHECK_TEXT(buffer_string(&fault), "the sink 'file' needs a path: set 'sink.file.path'");
    buffer_finish(&fault);
}

static void closed_descriptor_is_refused(void)
{
    struct buffer fault = {0};
    struct sink *sink = NULL;
    int closed = dup(1);
    close(closed);
    CHECK_INT(
        sink_create(&(struct sink_options){.type = "stdout", .output = closed}, &fault, &sink),
        STATUS_FAILED);
    CHECK_TEXT(buffer_string(&fault), "cannot write to stdout: Bad file descriptor");
    buffer_finish(&fault);
}

static void nothing_can_be_destroyed(void)
{
    sink_destroy(NULL);
}

static const struct test tests[] = {
    TEST(unknown_type_names_the_known_ones),
    TEST(file_without_a_path_is_refused),
    TEST(closed_descriptor_is_refused),
    TEST(nothing_can_be_destroyed),
};

TEST_MAIN("sink/sink", tests)
