// SPDX-License-Identifier: Apache-2.0
//
// max_topics_per_collector by the statements of acceptance, among them the churn that moved 105.9
// agents per change elsewhere.
#include "test.h"
#include "unit/plan/pool.h"
#include "unit/plan/world.h"

#include <stdlib.h>

static uint32_t wanted_count(const struct pool *pool)
{
    struct plan_wanted wanted;
    plan_wanted_get(pool->plan, UINT32_MAX, &wanted);
    return wanted.count;
}

static int64_t load_max(const struct pool *pool)
{
    struct plan_counts counts;
    plan_counts_get(pool->plan, &counts);
    return counts.burden_max;
}

// CB-1, CB-2
static void topic_n_plus_1_wants_collector_2_and_nobody_exceeds_n(void)
{
    struct pool pool;
    pool_init(&pool, 5);
    CHECK_INT(wanted_count(&pool), 0);
    pool_join(&pool, "a");
    pool_add(&pool, 1, 5);
    pool_settle(&pool);
    CHECK_INT(wanted_count(&pool), 1);
    pool_add(&pool, 6, 6);
    pool_settle(&pool);
    CHECK_INT(wanted_count(&pool), 2);
    CHECK_TEXT(pool_owners(&pool), "a: 1 2 3 4 5 | pending: 6");
    pool_join(&pool, "b");
    pool_settle(&pool);
    CHECK_INT(load_max(&pool), 3);
    pool_remove(&pool, 1, 6);
    pool_settle(&pool);
    CHECK_INT(wanted_count(&pool), 0);
    CHECK_TEXT(pool_loads(&pool), "a 0, b 0");
    pool_finish(&pool);
}

// CB-5
static void one_more_where_there_is_room_wants_nobody_and_moves_nobody(void)
{
    struct pool pool;
    pool_init(&pool, 5);
    pool_join(&pool, "a b");
    pool_add(&pool, 1, 8);
    pool_moves(&pool);
    pool_add(&pool, 9, 9);
    CHECK_INT(pool_moves(&pool), 0);
    CHECK_INT(wanted_count(&pool), 2);
    pool_finish(&pool);
}

// CB-6: 1,000 agents, cap 5, random single adds and removes, as many collectors as are wanted. A
// change that adds or ends a collector moves at most the cap, and on average at most one unit
// moves.
static void churn_moves_at_most_one_on_average(void)
{
    struct pool pool;
    uint32_t collectors = 0;
    uint32_t moves = 0;
    uint32_t changes = 2000;
    uint32_t worst = 0;
    bool is_in[2000] = {false};
    uint64_t random = 12345;
    pool_init(&pool, 5);
    pool_add(&pool, 0, 999);
    for (uint32_t i = 0; i < 1000; i++)
        is_in[i] = true;
    for (uint32_t i = 0; i <= changes; i++) {
        if (i > 0) {
            random = random * 6364136223846793005ULL + 1442695040888963407ULL;
            uint32_t unit = (uint32_t)(random >> 33) % 2000;
            is_in[unit] = !is_in[unit];
            if (is_in[unit])
                plan_unit_add(pool.plan, unit, &(struct plan_unit_options){.weight = 1});
            else
                plan_unit_remove(pool.plan, unit);
        }
        for (; collectors < wanted_count(&pool); collectors++) {
            char id[] = {'c', (char)('a' + collectors / 26), (char)('a' + collectors % 26), 0};
            pool_join(&pool, id);
        }
        for (; collectors > wanted_count(&pool); collectors--) {
            char id[] = {'c', (char)('a' + (collectors - 1) / 26),
                         (char)('a' + (collectors - 1) % 26), 0};
            pool_leave(&pool, id);
        }
        uint32_t moved = pool_moves(&pool);
        moves += moved;
        worst = moved > worst ? moved : worst;
        CU_ASSERT_FATAL(load_max(&pool) <= 5);
    }
    CHECK(moves <= changes);
    CHECK(worst <= 5);
    pool_finish(&pool);
}

// CB-7
static void a_lower_cap_moves_the_excess_only_and_a_higher_one_nothing(void)
{
    struct pool pool;
    pool_init(&pool, 10);
    pool_join(&pool, "a b");
    pool_add(&pool, 1, 14);
    pool_moves(&pool);
    pool_join(&pool, "c");
    plan_settle(pool.plan, 0);
    CHECK_TEXT(pool_loads(&pool), "a 7, b 7, c 0");
    pool_cap(&pool, 5);
    CHECK_INT(pool_moves(&pool), 4);
    CHECK_TEXT(pool_loads(&pool), "a 5, b 5, c 4");
    pool_cap(&pool, 50);
    CHECK_INT(pool_moves(&pool), 0);
    pool_finish(&pool);
}

// CB-9: the same events give the same, whichever rows of the table and handles are used.
static void the_same_events_give_the_same(void)
{
    struct pool pools[2];
    for (uint32_t i = 0; i < 2; i++) {
        struct pool *pool = &pools[i];
        pool_init(pool, 7);
        if (i == 1) { // other handles, other memory
            plan_units_reserve(pool->units, 100000);
            pool_join(pool, "x y z");
            pool_settle(pool);
            pool_leave(pool, "y x z");
            pool_settle(pool);
            pool_changes(pool);
        }
        pool_join(pool, "a b c d e f");
        pool_add(pool, 1, 40);
        pool_settle(pool);
        pool_leave(pool, "c");
        pool_remove(pool, 11, 19);
        pool_join(pool, "aa");
        pool_settle(pool);
        pool_changes(pool);
        pool_drain(pool, "e");
        pool_settle(pool);
    }
    char *first = text_copy(text_of(pool_owners(&pools[0])));
    CHECK_TEXT(pool_owners(&pools[1]), first);
    free(first);
    first = text_copy(text_of(pool_changes(&pools[0])));
    CHECK_TEXT(pool_changes(&pools[1]), first);
    free(first);
    pool_finish(&pools[0]);
    pool_finish(&pools[1]);
}

static void twenty_in_the_first_batch_are_twenty_assigned(void)
{
    struct pool pool;
    pool_init(&pool, 5);
    pool_add(&pool, 1, 20);
    pool_join(&pool, "a b c d");
    pool_settle(&pool);
    CHECK_TEXT(pool_loads(&pool), "a 5, b 5, c 5, d 5");
    pool_finish(&pool);
}

// CB-17, even-out
static void eleven_on_three_are_4_4_3(void)
{
    struct pool pool;
    pool_init(&pool, 5);
    pool_join(&pool, "a b c");
    pool_add(&pool, 1, 11);
    pool_settle(&pool);
    CHECK_TEXT(pool_loads(&pool), "a 4, b 4, c 3");
    pool_finish(&pool);
}

static const struct test tests[] = {
    TEST(topic_n_plus_1_wants_collector_2_and_nobody_exceeds_n),
    TEST(one_more_where_there_is_room_wants_nobody_and_moves_nobody),
    TEST(churn_moves_at_most_one_on_average),
    TEST(a_lower_cap_moves_the_excess_only_and_a_higher_one_nothing),
    TEST(the_same_events_give_the_same),
    TEST(twenty_in_the_first_batch_are_twenty_assigned),
    TEST(eleven_on_three_are_4_4_3),
};

TEST_MAIN("plan/cap", tests)
