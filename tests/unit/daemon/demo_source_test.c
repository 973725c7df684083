// SPDX-License-Identifier: Apache-2.0
//
// The sources of the machine that the test runs on, whichever it is.

#include "daemon/demo_source.h"

#include <string.h>

#include "base/name.h"
#include "test.h"

static void every_machine_has_enough_to_tell(void)
{
    struct demo_sources *sources = demo_sources_create();
    CHECK(demo_sources_count(sources) >= DEMO_SOURCES_MIN);
    CHECK(demo_sources_count(sources) <= DEMO_SOURCES_MAX);
    demo_sources_destroy(sources);
}

static void each_source_is_a_topic_of_its_own(void)
{
    struct demo_sources *sources = demo_sources_create();
    uint32_t count = demo_sources_count(sources);
    for (uint32_t i = 0; i < count; i++) {
        CHECK(name_topic_fault(text_of(demo_source_name(sources, i))) == NULL);
        for (uint32_t k = i + 1; k < count; k++)
            CHECK(strcmp(demo_source_name(sources, i), demo_source_name(sources, k)) != 0);
    }
    demo_sources_destroy(sources);
}

static void each_source_gives_a_small_record(void)
{
    struct demo_sources *sources = demo_sources_create();
    struct buffer record = {0};
    struct buffer begin = {0};
    for (uint32_t i = 0; i < demo_sources_count(sources); i++) {
        buffer_clear(&record);
        buffer_clear(&begin);
        demo_source_sample(sources, i, (struct instant){1}, 1234, &record);
        buffer_print(&begin, "{\"source\":\"%s\",\"time_ms\":1234", demo_source_name(sources, i));
        CHECK(text_has_prefix(buffer_text(&record), buffer_text(&begin)));
        CHECK(record.size < 1024);
    }
    buffer_finish(&record);
    buffer_finish(&begin);
    demo_sources_destroy(sources);
}

static const struct test tests[] = {
    TEST(every_machine_has_enough_to_tell),
    TEST(each_source_is_a_topic_of_its_own),
    TEST(each_source_gives_a_small_record),
};

TEST_MAIN("daemon/demo_source", tests)
