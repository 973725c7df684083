// SPDX-License-Identifier: Apache-2.0
//
// The beginnings of some worlds of random faults, under the sanitizers, with every checker on;
// whole hours of them, and fresh ones, are for `./dev sim`, which also tells what happens in one.
//
// Shown at every step: S1 to S8, one owner for every partition (CB-29, EE-13, TG-18), what is
// acknowledged is read (CB-27), silence of who cannot read (CB-39), one writer and rising
// generations (MR-22, PD-19), no decision from half a state (MR-12, PD-15), nothing shown that is
// not committed. After every transaction: the state is what the control log says (CB-18, CB-19,
// CB-20, CB-21, MR-6, MR-14). In the calm: S9, one owner for every topic (CB-40), the state as good
// as memory (CB-42, PD-20), a change of leader that nobody notices (CB-44, MR-13, PD-10).
#include "sim/chaos.h"
#include "test.h"

enum { WORLDS = 100, WORLD_MS = 15 * 60 * 1000 };

static uint64_t run(uint64_t seed, int64_t ms, const char **ret_fault)
{
    struct chaos chaos = {.ms = ms};
    struct world *world = chaos_world(seed, &chaos);
    chaos_run(world, &chaos);
    uint64_t hash = world->hash;
    *ret_fault = world_end(world);
    return hash;
}

static void every_world_comes_right(void)
{
    const char *fault;
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        run(seed, WORLD_MS, &fault);
        CHECK_TEXT(fault, NULL);
    }
}

static void a_seed_is_a_run(void)
{
    uint64_t hashes[3];
    const char *fault;
    for (int i = 0; i < 3; i++) {
        hashes[i] = run(i < 2 ? 7 : 8, 60 * 1000, &fault);
        CHECK_TEXT(fault, NULL);
    }
    CHECK(hashes[0] == hashes[1]);
    CHECK(hashes[0] != hashes[2]);
}

static const struct test tests[] = {
    TEST(every_world_comes_right),
    TEST(a_seed_is_a_run),
};

TEST_MAIN("story/random", tests)
