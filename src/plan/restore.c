// SPDX-License-Identifier: Apache-2.0
//
// From owners and numbers back to lists: the restored units, which came in any order, are sorted by
// number (a radix sort, least digit first, over as many digits as the numbers have) and appended
// to their lists. So the lists are those of the plan that was stored.
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "plan/state.h"

#define DIGIT_BITS 11
#define DIGITS (1U << DIGIT_BITS)

struct sortable {
    uint64_t number;
    uint32_t unit;
};

static uint32_t digit(uint64_t number, uint32_t shift)
{
    return (uint32_t)(number >> shift) & (DIGITS - 1);
}

// One stable pass by one digit.
static void sort_digit(const struct sortable *from, struct sortable *to, uint32_t count,
                       uint32_t shift)
{
    uint32_t starts[DIGITS] = {0};
    for (uint32_t i = 0; i < count; i++)
        starts[digit(from[i].number, shift)]++;
    uint32_t start = 0;
    for (uint32_t i = 0; i < DIGITS; i++) {
        uint32_t size = starts[i];
        starts[i] = start;
        start += size;
    }
    for (uint32_t i = 0; i < count; i++)
        to[starts[digit(from[i].number, shift)]++] = from[i];
}

// Sorts plan->restored by number.
static void restored_sort(struct plan *plan)
{
    uint32_t count = plan->restored_count;
    struct sortable *from = memory_resize(NULL, count * sizeof(*from));
    struct sortable *to = memory_resize(NULL, count * sizeof(*to));
    uint64_t greatest = 0;
    for (uint32_t i = 0; i < count; i++) {
        from[i] = (struct sortable){unit_at(plan, plan->restored[i])->number, plan->restored[i]};
        if (from[i].number > greatest)
            greatest = from[i].number;
    }
    for (uint32_t shift = 0; shift < 64 && greatest >> shift; shift += DIGIT_BITS) {
        sort_digit(from, to, count, shift);
        struct sortable *swap = from;
        from = to;
        to = swap;
    }
    for (uint32_t i = 0; i < count; i++)
        plan->restored[i] = from[i].unit;
    memory_release(from);
    memory_release(to);
}

static enum status restored_link(struct plan *plan)
{
    for (uint32_t i = 0; i < plan->restored_count; i++) {
        uint32_t unit = plan->restored[i];
        const struct unit *it = unit_at(plan, unit);
        if (i > 0 && it->number == unit_at(plan, plan->restored[i - 1])->number)
            return STATUS_INVALID;
        list_append(plan,
                    it->owner == PLAN_NOBODY ? &plan->waiting : &plan->collectors[it->owner].units,
                    unit);
        if (it->number >= plan->number_next)
            plan->number_next = it->number + 1;
    }
    return STATUS_OK;
}

enum status plan_restore_end(struct plan *plan)
{
    if (plan->restored_count)
        restored_sort(plan);
    enum status status = restored_link(plan);
    if (status)
        return status;
    for (uint32_t i = 0; i < plan->order_count; i++)
        collector_file(plan, plan->order[i]);
    memory_release(plan->restored);
    plan->restored = NULL;
    plan->restored_count = plan->restored_capacity = 0;
    return STATUS_OK;
}
