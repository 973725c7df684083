// SPDX-License-Identifier: Apache-2.0
//
// Texts that come and go, beside a plain array of them.
#include "base/store.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

enum { TEXTS = 5000 };

// A text of that size which no other number gives.
static struct text text_made(char *bytes, uint32_t number, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(number >> 8 * (i % 4));
    return (struct text){bytes, size};
}

static void what_was_added_is_found_until_it_is_removed(void)
{
    static uint32_t numbers[TEXTS];
    static size_t sizes[TEXTS];
    char bytes[STORE_TEXT_MAX];
    struct store store = {0};
    srand(1);
    for (int round = 0; round < 50000; round++) {
        uint32_t i = (uint32_t)rand() % TEXTS;
        if (numbers[i] != 0) {
            CHECK(text_equal(store_text(&store, numbers[i]), text_made(bytes, i, sizes[i])));
            store_remove(&store, numbers[i]);
            numbers[i] = 0;
        } else {
            sizes[i] = (size_t)rand() % (i % 3 == 0 ? STORE_TEXT_MAX + 1 : 40);
            numbers[i] = store_add(&store, text_made(bytes, i, sizes[i]));
            CHECK(numbers[i] != 0);
        }
    }
    for (uint32_t i = 0; i < TEXTS; i++)
        if (numbers[i] != 0)
            CHECK(text_equal(store_text(&store, numbers[i]), text_made(bytes, i, sizes[i])));
    store_finish(&store);
}

// PD-3: else names of one size after another would each keep their most.
static void blocks_without_a_text_serve_other_sizes(void)
{
    static uint32_t numbers[TEXTS];
    char bytes[STORE_TEXT_MAX];
    struct store store = {0};
    uint32_t most = 0;
    for (size_t size = STORE_TEXT_MAX; size > 0; size -= 73) {
        for (uint32_t i = 0; i < TEXTS; i++)
            numbers[i] = store_add(&store, text_made(bytes, i, size));
        if (most == 0)
            most = store.count;
        for (uint32_t i = 0; i < TEXTS; i++)
            store_remove(&store, numbers[(i * 7u + 3) % TEXTS]);
    }
    CHECK_INT(store.count, most);
    store_finish(&store);
}

static const struct test tests[] = {TEST(what_was_added_is_found_until_it_is_removed),
                                    TEST(blocks_without_a_text_serve_other_sizes)};

TEST_MAIN("base/store", tests)
