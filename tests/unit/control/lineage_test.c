// SPDX-License-Identifier: Apache-2.0
//
// Who begins a lineage admits nobody while a life of another one may read (S1). Leases are 15 s.
#include "cell.h"
#include "test.h"

enum { LEASE_S = 15, PROVED_S = 17 };

static const char other[] = "22222222222222222222222222222222";

// A second, in which the own beat goes out and comes back, and what follows is committed.
static void second(struct cell *cell)
{
    cell->now.us += 1000000;
    cell_step(cell, (struct control_event){.kind = CONTROL_TICKED});
    cell_hear_own(cell);
    cell_commit(cell);
}

static void hear(struct cell *cell, const char *id, const char *lineage, int64_t lease_ms)
{
    static int64_t heard;
    struct beat beat = {.role = TEXT_LITERAL("collector"),
                        .pool = TEXT_LITERAL("default"),
                        .id = text_of(id),
                        .incarnation = TEXT_LITERAL("00000000000000ee00000000000000ee"),
                        .seq = ++heard,
                        .state = TEXT_LITERAL("active"),
                        .lease_ms = lease_ms,
                        .lineage = text_of(lineage),
                        .level = RECORD_LEVEL};
    cell_step(cell, (struct control_event){.kind = CONTROL_BEAT_RECEIVED, .beat = &beat});
}

// Whether the last commit has a head of c0 that names its life, or one that names nobody.
static bool is_named(const struct cell *cell)
{
    const struct head *head = cell_value(cell, "default/c0");
    return head != NULL && head->incarnation.size > 0;
}

static bool is_told(const struct cell *cell, const char *key)
{
    const struct head *head = cell_value(cell, key);
    return head != NULL && head->incarnation.size == 0;
}

// After how many seconds c0, which beats each second, is admitted.
static int admitted_after(struct cell *cell)
{
    for (int seconds = 0; seconds < 60; seconds++) {
        cell_beat(cell, 0, 1, "joining", 0);
        cell_commit(cell);
        if (is_named(cell))
            return seconds;
        second(cell);
        if (is_named(cell))
            return seconds + 1;
    }
    return -1;
}

static void where_nobody_was_before_everybody_is_admitted_at_once(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    CHECK_INT(admitted_after(&cell), 0);
    CHECK(!cell.was_alarmed);
    cell_end(&cell);
}

// The whole of what was said before is known: nobody has spoken of another lineage.
static void who_has_only_waited_before_is_not_waited_for(void)
{
    struct cell cell;
    struct beat beat = {.role = TEXT_LITERAL("collector"),
                        .pool = TEXT_LITERAL("default"),
                        .id = TEXT_LITERAL("c7"),
                        .incarnation = TEXT_LITERAL("00000000000000ee00000000000000ee"),
                        .seq = 1,
                        .state = TEXT_LITERAL("joining"),
                        .lease_ms = 15000,
                        .level = RECORD_LEVEL};
    cell_begin(&cell, &(struct cell_options){.past = &beat});
    CHECK_INT(admitted_after(&cell), 0);
    CHECK(cell_value(&cell, "default/c7") == NULL);
    cell_end(&cell);
    beat.lineage = text_of(other);
    cell_begin(&cell, &(struct cell_options){.past = &beat});
    CHECK(cell.was_alarmed);
    CHECK(admitted_after(&cell) > LEASE_S);
    cell_end(&cell);
}

static void who_was_not_heard_may_read_for_a_lease(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){.has_past = true});
    CHECK(cell.was_alarmed);
    int seconds = admitted_after(&cell);
    CHECK(seconds > LEASE_S && seconds <= PROVED_S);
    cell_end(&cell);
}

// It is told by a head of nobody, again after a lease, and is not admitted; the lease counts from
// its last beat, and the longest that anybody promised counts.
static void who_goes_on_by_another_lineage_is_told_and_waited_for(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){.has_past = true});
    hear(&cell, "c9", other, 20000);
    cell_commit(&cell);
    CHECK(is_told(&cell, "default/c9"));
    int tellings = 0;
    for (int seconds = 0; seconds < 40; seconds++) {
        cell_beat(&cell, 0, 1, "joining", 0);
        hear(&cell, "c9", other, 20000);
        second(&cell);
        CHECK(!is_named(&cell));
        tellings += is_told(&cell, "default/c9");
    }
    CHECK_INT(tellings, 2);
    int seconds = admitted_after(&cell);
    CHECK(seconds >= 20 && seconds <= 22);
    cell_end(&cell);
}

// Somebody was admitted by this lineage, so whoever was before it is over.
static void the_next_leader_need_not_wait(void)
{
    struct cell cell, next;
    cell_begin(&cell, &(struct cell_options){0});
    cell_beat(&cell, 0, 1, "active", 0);
    cell_settle(&cell, 1);
    cell_beat(&cell, 0, 1, "leaving", cell.heads[0]);
    cell_settle(&cell, 0);
    cell_restore(&next, &(struct cell_options){.has_past = true}, &cell, 4711);
    cell_beat(&next, 0, 2, "joining", 0);
    cell_commit(&next);
    CHECK(is_named(&next));
    hear(&next, "c9", other, 20000);
    cell_beat(&next, 1, 2, "joining", 0);
    cell_commit(&next);
    CHECK(cell_value(&next, "default/c1") != NULL);
    cell_end(&cell);
    cell_end(&next);
}

// The coordinator that began the lost one lives on: what it begins now is another one, and it knows
// that somebody was before.
static void what_was_begun_before_is_not_begun_again(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    cell_beat(&cell, 0, 1, "active", 0);
    cell_settle(&cell, 1);
    cell_say(&cell, INPUT_CONTROL, "{\"agent\": \"a\", \"topics\": []}");
    cell_step(&cell, (struct control_event){.kind = CONTROL_BATCH_ENDED, .caught_up = true});
    cell_step(&cell,
              (struct control_event){.kind = CONTROL_COMMIT_ANSWERED, .outcome = COMMIT_UNKNOWN});
    cell.wants_commit = cell.is_claiming = cell.wants_logs = false;
    cell_step(&cell, (struct control_event){.kind = CONTROL_STATE_ENDED});
    REQUIRE(cell.is_claiming);
    cell_claim_committed(&cell);
    REQUIRE(cell.wants_logs);
    cell_step(&cell, (struct control_event){.kind = CONTROL_LOGS_CHECKED});
    CHECK(cell_commit(&cell));
    const struct state_cell *record = cell_value(&cell, "cell");
    REQUIRE(record != NULL);
    CHECK(text_equals(record->lineage, "11111111111111110000000000000002"));
    CHECK_INT(admitted_after(&cell), -1); // for c0 says the former one
    cell_end(&cell);
}

static const struct test tests[] = {
    TEST(where_nobody_was_before_everybody_is_admitted_at_once),
    TEST(who_has_only_waited_before_is_not_waited_for),
    TEST(who_was_not_heard_may_read_for_a_lease),
    TEST(who_goes_on_by_another_lineage_is_told_and_waited_for),
    TEST(the_next_leader_need_not_wait),
    TEST(what_was_begun_before_is_not_begun_again),
};

TEST_MAIN("control/lineage", tests)
