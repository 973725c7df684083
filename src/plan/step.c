// SPDX-License-Identifier: Apache-2.0
//
// Deciding: the groups one after the other in the order of their values, so that numbers are given
// out in the same order anywhere; and what time allows: the account of what may move in a minute.
#include "base/ensure.h"
#include "plan/state.h"

// Where all units weigh one, a capacity by weight is one by number, and the group may be even.
static void group_weigh(struct plan *plan, struct group *group)
{
    bool is_light = group->heavy == 0;
    if (group->is_light == is_light)
        return;
    for (uint32_t i = 0; i < group->order_count; i++)
        collector_tally(plan, &plan->collectors[group->order[i]], false);
    group->is_light = is_light;
    for (uint32_t i = 0; i < group->order_count; i++)
        collector_admit(plan, group->order[i]);
}

// Groups that have become mixed or even are sorted anew first.
static void groups_sort(struct plan *plan)
{
    regroup_end(plan);
    groups_follow(plan);
    for (uint32_t i = 0; i < plan->groups_count; i++)
        if (plan->groups[i])
            group_weigh(plan, plan->groups[i]);
    for (uint32_t i = 0; i < plan->groups_count; i++) {
        const struct group *group = plan->groups[i];
        if (group && group->is_mixed != group_wants_mixed(plan, group)) {
            regroup_begin(plan, false);
            regroup_end(plan);
            return;
        }
    }
}

static bool group_settle(struct plan *plan, uint32_t handle, uint64_t *moves_left)
{
    struct group *group = plan->groups[handle];
    group->kinds++; // stays although its last collector may go
    group->owes_room = false;
    bool is_whole = group->is_mixed ? mixed_settle(plan, group, moves_left)
                                    : even_settle(plan, group, moves_left);
    is_whole &= !group->owes_room;
    group->is_settled = is_whole;
    group->kinds--;
    return is_whole;
}

static bool groups_settle(struct plan *plan, uint64_t moves_max)
{
    uint64_t moves_left = moves_max;
    bool is_whole = true;
    change_retire(plan);
    groups_sort(plan);
    for (uint32_t i = 0; i < plan->group_order_count; i++) {
        uint32_t group = plan->group_order[i];
        if (!plan->groups[group]->is_settled)
            is_whole &= group_settle(plan, group, &moves_left);
        group_release(plan, group);
        // The next one has moved up if this one was given back.
        if (!plan->groups[group])
            i--;
    }
    plan->moves_made = moves_max - moves_left;
    return is_whole;
}

bool plan_settle(struct plan *plan, uint64_t moves_max)
{
    plan->is_frozen = moves_max == 0;
    bool is_whole = groups_settle(plan, moves_max);
    plan->is_frozen = false;
    return is_whole;
}

// ---- Pace.

enum { MINUTE_MS = 60000 };

// Moves that the account allows now. It holds at most a minute's worth and begins full, but empty
// where another planner may just have used it up.
static uint64_t budget_moves(struct plan *plan, int64_t now_ms)
{
    int64_t brought = plan->policy.move_budget; // by a millisecond
    int64_t most = MINUTE_MS * brought;
    if (!brought)
        return PLAN_UNLIMITED;
    if (!plan->has_budget)
        plan->budget_ms = plan->is_recalled ? 0 : most;
    else if (now_ms > plan->budget_at_ms)
        plan->budget_ms +=
            (now_ms - plan->budget_at_ms < MINUTE_MS ? now_ms - plan->budget_at_ms : MINUTE_MS) *
            brought;
    if (plan->budget_ms > most)
        plan->budget_ms = most;
    plan->has_budget = true;
    plan->budget_at_ms = now_ms;
    return (uint64_t)(plan->budget_ms / MINUTE_MS);
}

// Settles with what the policy lets move now.
static bool policy_settle(struct plan *plan, int64_t now_ms)
{
    uint64_t moves = budget_moves(plan, now_ms);
    const struct plan_policy *policy = &plan->policy;
    bool is_load = policy->balance == PLAN_BALANCE_LOAD;
    int64_t calm_until = plan->balanced_at_ms + policy->stabilization_ms;
    bool is_calm = is_load && plan->has_balanced && now_ms < calm_until;
    bool is_whole = groups_settle(plan, is_calm ? 0 : moves);
    if (policy->move_budget)
        plan->budget_ms -= (int64_t)plan->moves_made * MINUTE_MS;
    if (plan->moves_made > 0) {
        plan->has_balanced = true;
        plan->balanced_at_ms = now_ms;
    }
    if (!is_whole && is_calm)
        plan->deadline_ms = calm_until;
    else if (!is_whole && policy->move_budget)
        plan->deadline_ms = now_ms + MINUTE_MS / policy->move_budget + 1;
    return is_whole;
}

bool plan_settle_paced(struct plan *plan, enum plan_pace pace, int64_t now_ms)
{
    bool is_whole;
    plan->deadline_ms = INT64_MAX;
    plan->now_ms = now_ms;
    if (pace == PLAN_PACE_POLICY)
        is_whole = policy_settle(plan, now_ms);
    else if (pace == PLAN_PACE_CALM)
        is_whole = groups_settle(plan, 0);
    else
        is_whole = plan_settle(plan, pace == PLAN_PACE_FROZEN ? 0 : PLAN_UNLIMITED);
    wanted_note(plan);
    plan->is_recalled = false;
    return is_whole;
}

bool plan_settle_at(struct plan *plan, int64_t now_ms)
{
    return plan_settle_paced(plan, PLAN_PACE_POLICY, now_ms);
}

int64_t plan_deadline_ms(const struct plan *plan)
{
    int64_t wanted_ms = wanted_deadline_ms(plan);
    return wanted_ms < plan->deadline_ms ? wanted_ms : plan->deadline_ms;
}
