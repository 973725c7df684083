// SPDX-License-Identifier: Apache-2.0
//
// The set of ranks beside a plain array of truth values.
#include "plan/bitset.h"

#include <string.h>

#include "test.h"

#define SIZE 9000

struct pair {
    struct bitset set;
    bool members[SIZE];
    uint32_t count; // places in use
    uint64_t random;
};

static uint32_t draw(struct pair *pair, uint32_t limit)
{
    pair->random = pair->random * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)((pair->random >> 33) % limit);
}

static void compare(const struct pair *pair)
{
    uint32_t first = BITSET_NONE;
    uint32_t last = BITSET_NONE;
    uint32_t differences = 0;
    uint32_t at = bitset_first(&pair->set);
    for (uint32_t i = 0; i < SIZE; i++) {
        differences += bitset_has(&pair->set, i) != pair->members[i];
        if (!pair->members[i])
            continue;
        first = first == BITSET_NONE ? i : first;
        last = i;
        differences += at != i;
        at = bitset_next(&pair->set, i);
    }
    CHECK_INT(at, BITSET_NONE);
    CHECK_INT(differences, 0);
    CHECK_INT(bitset_first(&pair->set), first);
    CHECK_INT(bitset_last(&pair->set), last);
}

static void place_insert(struct pair *pair)
{
    uint32_t at = draw(pair, pair->count + 1);
    pair->count++;
    bitset_reserve(&pair->set, pair->count);
    bitset_place_insert(&pair->set, at);
    memmove(pair->members + at + 1, pair->members + at, pair->count - at - 1);
    pair->members[at] = false;
}

static void place_remove(struct pair *pair)
{
    uint32_t at = draw(pair, pair->count);
    pair->count--;
    bitset_place_remove(&pair->set, at);
    memmove(pair->members + at, pair->members + at + 1, pair->count - at);
    pair->members[pair->count] = false;
}

static void does_what_an_array_does(void)
{
    static struct pair pair;
    pair = (struct pair){.random = 99};
    for (uint32_t step = 0; step < 30000; step++) {
        uint32_t kind = draw(&pair, 4);
        if (kind == 0 && pair.count < SIZE - 1)
            place_insert(&pair);
        else if (kind == 1 && pair.count > 0 && draw(&pair, 3) == 0)
            place_remove(&pair);
        else if (pair.count > 0) {
            uint32_t at = draw(&pair, pair.count);
            pair.members[at] = kind == 2;
            if (kind == 2)
                bitset_add(&pair.set, at);
            else
                bitset_remove(&pair.set, at);
        }
        if (step % 500 == 0)
            compare(&pair);
    }
    compare(&pair);
    CHECK(pair.count > 4100); // the summary has more than one word
    bitset_finish(&pair.set);
}

static void empty_one_has_no_members(void)
{
    struct bitset set = {0};
    CHECK_INT(bitset_first(&set), BITSET_NONE);
    CHECK_INT(bitset_last(&set), BITSET_NONE);
    CHECK(!bitset_has(&set, 0));
    bitset_place_remove(&set, 3);
    bitset_finish(&set);
}

static const struct test tests[] = {
    TEST(does_what_an_array_does),
    TEST(empty_one_has_no_members),
};

TEST_MAIN("plan/bitset", tests)
