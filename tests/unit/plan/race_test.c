// SPDX-License-Identifier: Apache-2.0
//
// Who has least, beside a search through all.
#include "plan/race.h"

#include "test.h"

enum { MOST = 70 };

static uint32_t least_of(const int64_t *loads, uint32_t count)
{
    uint32_t least = 0;
    for (uint32_t i = 1; i < count; i++)
        if (loads[i] < loads[least])
            least = i;
    return least;
}

static void the_first_of_those_with_least_wins(void)
{
    struct race race = {0};
    uint64_t random = 88172645463325252ULL;
    for (uint32_t count = 1; count <= MOST; count++) {
        int64_t loads[MOST];
        race_reset(&race, count);
        for (uint32_t i = 0; i < count; i++)
            race_set(&race, i, loads[i] = i % 3 ? i % 5 : RACE_OUT);
        race_begin(&race);
        for (uint32_t turn = 0; turn < 10 * count; turn++) {
            uint32_t least = least_of(loads, count);
            CHECK_INT(race_winner(&race).load, loads[least]);
            if (loads[least] == RACE_OUT)
                break;
            CHECK_INT(race_winner(&race).rank, least);
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            loads[least] = random % 19 == 0 ? RACE_OUT : loads[least] + (int64_t)(random % 4);
            race_go_on(&race, loads[least]);
        }
    }
    race_finish(&race);
}

static const struct test tests[] = {
    TEST(the_first_of_those_with_least_wins),
};

TEST_MAIN("plan/race", tests)
