// SPDX-License-Identifier: Apache-2.0
//
// Which strings go over the wire.
#include "wire/string.h"

#include <string.h>

#include "base/memory.h"
#include "test.h"

static void ascii_of_any_length_is_fine(void)
{
    for (size_t size = 0; size < 40; size++) {
        char *text = memory_get(size + 1);
        memset(text, 'x', size);
        CHECK(wire_string_is_fine((struct text){text, size}));
        memory_release(text);
    }
    CHECK(wire_string_is_fine((struct text){0}));
}

static void one_bad_byte_is_found_at_every_place(void)
{
    static const char bad[] = {'\0', '\x80', '\xff', '\xc3'};
    char text[24];

    for (size_t at = 0; at < sizeof(text); at++)
        for (size_t i = 0; i < sizeof(bad); i++) {
            memset(text, '\x01', sizeof(text));
            text[at] = bad[i];
            CHECK(!wire_string_is_fine((struct text){text, sizeof(text)}));
        }
}

static void utf8_is_fine_and_lookalikes_are_not(void)
{
    CHECK(wire_string_is_fine(text_of("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 and more of it")));
    CHECK(!wire_string_is_fine(text_of("\xc0\xaf")));         // overlong '/'
    CHECK(!wire_string_is_fine(text_of("\xed\xa0\x80")));     // half of a surrogate pair
    CHECK(!wire_string_is_fine(text_of("\xf4\x90\x80\x80"))); // above U+10FFFF
    CHECK(!wire_string_is_fine(text_of("\xe2\x82")));         // cut off
}

static void cleaning_replaces_bad_bytes_only(void)
{
    struct buffer buffer = {0};

    wire_string_add_clean(&buffer, (struct text){"a\0b\xff\xc3\xa4\xe2\x82", 8});
    CHECK_TEXT(buffer_string(&buffer), "a?b?\xc3\xa4??");
    buffer_clear(&buffer);
    wire_string_add_clean(&buffer, TEXT_LITERAL("as it is"));
    CHECK_TEXT(buffer_string(&buffer), "as it is");
    buffer_finish(&buffer);
}

static const struct test tests[] = {
    TEST(ascii_of_any_length_is_fine),
    TEST(one_bad_byte_is_found_at_every_place),
    TEST(utf8_is_fine_and_lookalikes_are_not),
    TEST(cleaning_replaces_bad_bytes_only),
};

TEST_MAIN("wire/string", tests)
