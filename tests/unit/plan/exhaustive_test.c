// SPDX-License-Identifier: Apache-2.0
//
// Every small pool: three collectors with any loads, caps and state, and some units without an
// owner; the planner's moves beside the fewest that a search over all outcomes finds. The closed
// formula of world.c is thereby proved by trying, too.
#include "base/ensure.h"
#include "test.h"
#include "unit/plan/pool.h"

#define COLLECTORS 3
#define LOAD_MAX 5
#define CAPS 4 // none, 1, 3, drained

struct situation {
    uint32_t loads[COLLECTORS];
    uint32_t caps[COLLECTORS]; // effective, 0 for the drained
    uint32_t fresh;
    bool is_packed;
};

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

// Rule 4: even, or with as few collectors in use as hold so many units.
static bool is_shaped(const struct situation *before, const uint32_t *loads, uint32_t assigned)
{
    uint32_t most = 0;
    uint32_t used = 0;
    uint32_t cap = 0;
    for (uint32_t i = 0; i < COLLECTORS; i++) {
        most = loads[i] > most ? loads[i] : most;
        used += loads[i] > 0;
        cap = before->caps[i] > cap ? before->caps[i] : cap;
    }
    if (before->is_packed)
        return used == 0 || assigned > (used - 1) * cap;
    for (uint32_t i = 0; i < COLLECTORS; i++)
        if (loads[i] < before->caps[i] && loads[i] + 1 < most)
            return false;
    return true;
}

// Rules 1, 2 and 4 for loads that would come out.
static bool is_allowed(const struct situation *before, const uint32_t *loads)
{
    uint32_t units = before->fresh;
    uint32_t assigned = 0;
    bool has_room = false;
    for (uint32_t i = 0; i < COLLECTORS; i++) {
        if (loads[i] > before->caps[i])
            return false;
        units += before->loads[i];
        assigned += loads[i];
        has_room |= loads[i] < before->caps[i];
    }
    if (assigned > units || (assigned < units && has_room))
        return false;
    return is_shaped(before, loads, assigned);
}

static uint32_t moves_to(const struct situation *before, const uint32_t *loads)
{
    uint32_t incoming = 0;
    for (uint32_t i = 0; i < COLLECTORS; i++)
        incoming += loads[i] - least(loads[i], before->loads[i]);
    return incoming - least(incoming, before->fresh);
}

static uint32_t fewest_moves(const struct situation *before)
{
    uint32_t limit = before->fresh + COLLECTORS * LOAD_MAX;
    uint32_t fewest = UINT32_MAX;
    uint32_t loads[COLLECTORS];
    for (loads[0] = 0; loads[0] <= least(limit, before->caps[0]); loads[0]++)
        for (loads[1] = 0; loads[1] <= least(limit, before->caps[1]); loads[1]++)
            for (loads[2] = 0; loads[2] <= least(limit, before->caps[2]); loads[2]++)
                if (is_allowed(before, loads))
                    fewest = least(fewest, moves_to(before, loads));
    return fewest;
}

static uint32_t planner_moves(const struct situation *before)
{
    static const char *const ids[COLLECTORS] = {"a", "b", "c"};
    struct pool pool;
    uint32_t unit = 0;
    pool_init(&pool, 0);
    if (before->is_packed)
        pool_pack(&pool, 0);
    for (uint32_t i = 0; i < COLLECTORS; i++) {
        struct plan_collector_options options = {.units_max =
                                                     before->caps[i] > 99 ? 0 : before->caps[i],
                                                 .is_draining = before->caps[i] == 0};
        uint32_t collector = plan_collector_join(pool.plan, text_of(ids[i]), &options);
        for (uint32_t k = 0; k < before->loads[i]; k++, unit++)
            plan_unit_restore(pool.plan, unit, collector, unit,
                              &(struct plan_unit_options){.weight = 1});
    }
    ensure(plan_restore_end(pool.plan) == STATUS_OK);
    for (uint32_t k = 0; k < before->fresh; k++)
        plan_unit_add(pool.plan, unit++, &(struct plan_unit_options){.weight = 1});
    uint32_t moves = pool_moves(&pool);
    uint32_t loads[COLLECTORS];
    for (uint32_t i = 0; i < COLLECTORS; i++)
        loads[i] = plan_collector_load(pool.plan, plan_collector_at(pool.plan, i));
    ensure(is_allowed(before, loads));
    pool_finish(&pool);
    return moves;
}

static void no_small_pool_could_be_settled_with_fewer_moves(void)
{
    static const uint32_t caps[CAPS] = {100, 1, 3, 0};
    uint32_t tried = 0;
    uint32_t wrong = 0;
    for (uint32_t state = 0; state < 6 * 6 * 6 * CAPS * CAPS * CAPS * 3; state++) {
        struct situation before = {0};
        uint32_t rest = state;
        for (uint32_t i = 0; i < COLLECTORS; i++) {
            before.loads[i] = rest % (LOAD_MAX + 1);
            rest /= LOAD_MAX + 1;
            before.caps[i] = caps[rest % CAPS];
            rest /= CAPS;
        }
        before.fresh = rest * 2;
        wrong += planner_moves(&before) != fewest_moves(&before);
        tried++;
    }
    CHECK_INT(wrong, 0);
    CHECK_INT(tried, 41472);
}

// One cap for all, and who drains has none.
static void no_small_pool_could_be_packed_with_fewer_moves(void)
{
    static const uint32_t caps[] = {2, 3, 5, 7};
    uint32_t wrong = 0;
    for (uint32_t state = 0; state < 6 * 6 * 6 * 2 * 2 * 2 * 4 * 3; state++) {
        struct situation before = {.is_packed = true};
        uint32_t rest = state;
        uint32_t cap = caps[rest % 4];
        rest /= 4;
        for (uint32_t i = 0; i < COLLECTORS; i++) {
            before.loads[i] = rest % (LOAD_MAX + 1);
            rest /= LOAD_MAX + 1;
            before.caps[i] = rest % 2 ? cap : 0;
            rest /= 2;
        }
        before.fresh = rest * 2;
        wrong += planner_moves(&before) != fewest_moves(&before);
    }
    CHECK_INT(wrong, 0);
}

static const struct test tests[] = {
    TEST(no_small_pool_could_be_settled_with_fewer_moves),
    TEST(no_small_pool_could_be_packed_with_fewer_moves),
};

TEST_MAIN("plan/exhaustive", tests)
