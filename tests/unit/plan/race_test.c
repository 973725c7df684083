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
        struct race_winner winner = race_winner(&race);
        for (uint32_t turn = 0; turn < 10 * count; turn++) {
            uint32_t least = least_of(loads, count);
            CHECK_INT(winner.load, loads[least]);
            if (loads[least] == RACE_OUT)
                break;
            CHECK_INT(winner.rank, least);
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            loads[least] = random % 19 == 0 ? RACE_OUT : loads[least] + (int64_t)(random % 4);
            winner = race_go_on(&race, winner, loads[least]);
        }
    }
    race_finish(&race);
}

// The greatest load is told from those that are out, and from a lower one by its last unit.
static void the_greatest_load_still_races(void)
{
    for (uint32_t count = 1; count <= MOST; count++) {
        struct race race = {0};
        int64_t most = race_load_max(count);
        race_reset(&race, count);
        race_set(&race, count - 1, most);
        race_begin(&race);
        struct race_winner winner = race_winner(&race);
        CHECK_INT(winner.rank, count - 1);
        CHECK_INT(winner.load, most);
        winner = race_go_on(&race, winner, most - 1);
        CHECK_INT(winner.load, most - 1);
        CHECK_INT(race_go_on(&race, winner, RACE_OUT).load, RACE_OUT);
        race_finish(&race);
    }
}

static const struct test tests[] = {
    TEST(the_greatest_load_still_races),
    TEST(the_first_of_those_with_least_wins),
};

TEST_MAIN("plan/race", tests)
