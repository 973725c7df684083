// SPDX-License-Identifier: Apache-2.0
//
// Keys of the compacted topics: what prints is what parses, and nothing else parses.
#include "proto/key.h"

#include <string.h>

#include "test.h"

static void state_keys_print_to_what_they_were_parsed_from(void)
{
    static const struct {
        const char *text;
        enum record_kind kind;
        const char *pool, *name, *source, *unit;
    } rows[] = {
        {"cell", RECORD_STATE_CELL, "", "", "", ""},
        {"marker", RECORD_STATE_MARKER, "", "", "", ""},
        {"pool/default", RECORD_STATE_POOL, "default", "", "", ""},
        {"agent/p/a.1", RECORD_STATE_AGENT, "p", "a.1", "", ""},
        {"claim/p/a/s/t", RECORD_STATE_CLAIM, "p", "a", "s", "t"},
        {"claim/p/a//t", RECORD_STATE_CLAIM, "p", "a", "", "t"},
        {"claim/p/a//c:t", RECORD_STATE_CLAIM, "p", "a", "", "c:t"},
        {"unit/p/t", RECORD_STATE_UNIT, "p", "", "", "t"},
        {"unit/p/c:t/12", RECORD_STATE_UNIT, "p", "", "", "c:t/12"},
        {"collector/p/c-1", RECORD_STATE_COLLECTOR, "p", "c-1", "", ""},
    };
    struct buffer buffer = {0};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct state_key key;
        REQUIRE(state_key_parse(text_of(rows[i].text), &key) == STATUS_OK);
        CHECK_INT(key.kind, rows[i].kind);
        CHECK(text_equals(key.pool, rows[i].pool));
        CHECK(text_equals(key.name, rows[i].name));
        CHECK(text_equals(key.source, rows[i].source));
        CHECK(text_equals(key.unit, rows[i].unit));
        buffer_clear(&buffer);
        state_key_print(key, &buffer);
        CHECK_TEXT(buffer_string(&buffer), rows[i].text);
    }
    buffer_finish(&buffer);
}

static void other_state_keys_are_refused(void)
{
    static const char *const texts[] = {"",
                                        "/",
                                        "cell/",
                                        "cells",
                                        "Cell",
                                        "marker/1",
                                        "pool",
                                        "pool/",
                                        "pool/a/b",
                                        "pool/a b",
                                        "agent/p",
                                        "agent/p/",
                                        "agent//a",
                                        "agent/p/a/",
                                        "claim/p/a/t",
                                        "claim/p/a/s/",
                                        "claim/p//s/t",
                                        "claim/p/a/s/t/1",
                                        "claim/p/a/s/t/",
                                        "claim//a/s/t",
                                        "claim/p/a/s/c:",
                                        "unit/p",
                                        "unit/p/",
                                        "unit/p/t/",
                                        "unit/p/t/x",
                                        "unit//t",
                                        "unit/p/t/1/2",
                                        "collector/p",
                                        "collector/p/c/0",
                                        "collector/p/c:1",
                                        "head/p/c",
                                        "unit/p/..",
                                        " cell",
                                        "cell ",
                                        "cell\n",
                                        "claim/p/a/../t/1",
                                        "unit/p/c:t/-1",
                                        "announcement",
                                        "unit/p/t/01",
                                        "pool/\xc3\xa4"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct state_key key;
        if (state_key_parse(text_of(texts[i]), &key) != STATUS_INVALID)
            CHECK_TEXT("accepted", texts[i]);
    }
    struct state_key key;
    CHECK_INT(state_key_parse((struct text){0}, &key), STATUS_INVALID);
    CHECK_INT(state_key_parse((struct text){"cell\0", 5}, &key), STATUS_INVALID);
    CHECK_INT(state_key_parse((struct text){"pool/a\0", 7}, &key), STATUS_INVALID);
}

static void assignment_keys_print_to_what_they_were_parsed_from(void)
{
    struct buffer buffer = {0};

    for (int bucket = -1; bucket < 16; bucket++) {
        buffer_clear(&buffer);
        assignment_key_print(
            (struct assignment_key){TEXT_LITERAL("pool.1"), TEXT_LITERAL("c-1"), bucket}, &buffer);
        struct assignment_key key;
        REQUIRE(assignment_key_parse(buffer_text(&buffer), &key) == STATUS_OK);
        CHECK(text_equals(key.pool, "pool.1"));
        CHECK(text_equals(key.collector, "c-1"));
        CHECK_INT(key.bucket, bucket);
    }
    CHECK_TEXT(buffer_string(&buffer), "pool.1/c-1/15");
    buffer_finish(&buffer);
}

static void other_assignment_keys_are_refused(void)
{
    static const char *const texts[] = {
        "",       "p",      "p/",     "/c",      "p/c/",   "p/c/16", "p/c/-1", "p/c/00",
        "p/c/01", "p/c/x",  "p/c/1/", "p/c/1/2", "p//1",   "//",     "p/c d",  "p/c/+1",
        "p/c/ 1", "p/c/1 ", "p/c:1",  "p/c/100", "p/c/-0", "p\n/c",  "p/c/1\n"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct assignment_key key;
        if (assignment_key_parse(text_of(texts[i]), &key) != STATUS_INVALID)
            CHECK_TEXT("accepted", texts[i]);
    }
    struct assignment_key key;
    CHECK_INT(assignment_key_parse((struct text){0}, &key), STATUS_INVALID);
}

static void names_in_keys_may_be_as_long_as_names(void)
{
    char text[600] = "agent/";
    struct state_key key;

    memset(text + 6, 'a', 200);
    text[206] = '/';
    memset(text + 207, 'b', 300);
    CHECK_INT(state_key_parse((struct text){text, 407}, &key), STATUS_OK);
    CHECK_INT(state_key_parse((struct text){text, 408}, &key), STATUS_INVALID);
}

static const struct test tests[] = {
    TEST(state_keys_print_to_what_they_were_parsed_from),
    TEST(other_state_keys_are_refused),
    TEST(assignment_keys_print_to_what_they_were_parsed_from),
    TEST(other_assignment_keys_are_refused),
    TEST(names_in_keys_may_be_as_long_as_names),
};

TEST_MAIN("proto/key", tests)
