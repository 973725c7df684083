// SPDX-License-Identifier: Apache-2.0

#include "daemon/agent_say.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "test.h"
#include "wire/wire.h"

#define RECORDS_MAX 200

// What was sent, as a reader sees it.
struct heard {
    uint32_t records;
    uint32_t topics[RECORDS_MAX];
    char sources[RECORDS_MAX][16];
    uint32_t room; // records that are taken; 0 = all
};

static bool hear(void *ctx, struct text value)
{
    struct heard *heard = ctx;
    struct arena arena = {0};
    struct wire_record decoded;
    if (heard->room && heard->records == heard->room)
        return false;
    REQUIRE(heard->records < RECORDS_MAX);
    REQUIRE(wire_decode(value, &arena, NULL, &decoded, NULL) == STATUS_OK);
    const struct announcement *said = decoded.record;
    CHECK(text_equals(said->agent, "a1"));
    CHECK(text_equals(said->mode, "set"));
    heard->topics[heard->records] = said->topics_count;
    snprintf(heard->sources[heard->records], 16, "%.*s", TEXT_ARGS(said->source));
    heard->records++;
    arena_finish(&arena);
    return true;
}

// `count` topics with names of 100 characters.
static struct announcement_topic *topics_make(uint32_t count, struct buffer *names)
{
    struct announcement_topic *topics = memory_get((count + 1) * sizeof(*topics));
    for (uint32_t i = 0; i < count; i++)
        buffer_print(names, "%0100u", i);
    for (uint32_t i = 0; i < count; i++)
        topics[i] =
            (struct announcement_topic){.name = {names->data + 100UL * i, 100}, .weight = 1};
    return topics;
}

struct asked {
    uint32_t count;
    bool was_spread, was_whole;
    uint32_t room;
};

static enum status say(struct asked asked, struct heard *heard, bool *ret_spread)
{
    struct buffer names = {0};
    struct announcement_topic *topics = topics_make(asked.count, &names);
    struct agent_saying saying = {.agent = TEXT_LITERAL("a1"),
                                  .topics = topics,
                                  .count = asked.count,
                                  .was_spread = asked.was_spread,
                                  .was_whole = asked.was_whole};
    *heard = (struct heard){.room = asked.room};
    enum status status = agent_say(&saying, hear, heard, ret_spread);
    memory_release(topics);
    buffer_finish(&names);
    return status;
}

static void a_set_that_fits_is_one_statement(void)
{
    struct heard heard;
    bool is_spread = true;
    CHECK_INT(say((struct asked){.count = 3}, &heard, &is_spread), STATUS_OK);
    CHECK(!is_spread);
    CHECK_INT(heard.records, 1);
    CHECK_INT(heard.topics[0], 3);
    CHECK_TEXT(heard.sources[0], "");
}

static void an_empty_set_is_a_goodbye(void)
{
    struct heard heard;
    bool is_spread = true;
    CHECK_INT(say((struct asked){.count = 0}, &heard, &is_spread), STATUS_OK);
    CHECK_INT(heard.records, 1);
    CHECK_INT(heard.topics[0], 0);
}

static void a_large_set_is_spread_before_the_whole_is_withdrawn(void)
{
    struct heard heard;
    bool is_spread = false;
    uint32_t sum = 0;
    CHECK_INT(say((struct asked){.count = 20000, .was_whole = true}, &heard, &is_spread),
              STATUS_OK);
    CHECK(is_spread);
    CHECK_INT(heard.records, AGENT_PARTS + 1);
    for (uint32_t i = 0; i < AGENT_PARTS; i++)
        sum += heard.topics[i];
    CHECK_INT(sum, 20000);
    CHECK_TEXT(heard.sources[0], "part-0");
    CHECK_TEXT(heard.sources[AGENT_PARTS], "");
    CHECK_INT(heard.topics[AGENT_PARTS], 0);
}

static void a_set_that_has_shrunk_withdraws_its_parts(void)
{
    struct heard heard;
    bool is_spread = true;
    CHECK_INT(say((struct asked){.count = 2, .was_spread = true}, &heard, &is_spread), STATUS_OK);
    CHECK(!is_spread);
    CHECK_INT(heard.records, 1 + AGENT_PARTS);
    CHECK_INT(heard.topics[0], 2);
    CHECK_TEXT(heard.sources[1], "part-0");
    CHECK_INT(heard.topics[1], 0);
}

static void where_there_is_no_room_it_is_to_be_said_again(void)
{
    struct heard heard;
    bool is_spread = false;
    CHECK_INT(say((struct asked){.count = 20000, .room = 5}, &heard, &is_spread), STATUS_AGAIN);
    CHECK(is_spread);
    CHECK_INT(heard.records, 5);
}

static const struct test tests[] = {
    TEST(a_set_that_fits_is_one_statement),
    TEST(an_empty_set_is_a_goodbye),
    TEST(a_large_set_is_spread_before_the_whole_is_withdrawn),
    TEST(a_set_that_has_shrunk_withdraws_its_parts),
    TEST(where_there_is_no_room_it_is_to_be_said_again),
};

TEST_MAIN("daemon/agent_say", tests)
