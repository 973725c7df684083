// SPDX-License-Identifier: Apache-2.0
//
// What an acknowledgement frees, and what becomes of one that does not come. S2, S4, CB-28.
#include <stdio.h>

#include "cell.h"
#include "test.h"

// Time goes on, an own beat a second, each of which comes back.
static void pass(struct cell *cell, int seconds)
{
    for (int i = 0; i < seconds; i++) {
        cell->now.us += 1000000;
        cell_step(cell, (struct control_event){.kind = CONTROL_TICKED});
        cell_hear_own(cell);
    }
}

// c0 beats, and acknowledges that generation; true = something is written because of it.
static bool beat(struct cell *cell, int64_t applied)
{
    cell_beat(cell, 0, 1, "active", applied);
    return cell_commit(cell);
}

// c0 reads t1 and t2.
static void begin(struct cell *cell)
{
    cell_begin(cell, &(struct cell_options){0});
    cell_beat(cell, 0, 1, "joining", 0);
    cell_say(cell, INPUT_CONTROL,
             "{\"agent\": \"x\", \"topics\": [{\"name\": \"t1\", \"partitions\": 1}, "
             "{\"name\": \"t2\", \"partitions\": 1}]}");
    CHECK(cell_commit(cell));
    CHECK_TEXT(cell_owners(cell), "c0:t1 c0:t2");
}

// A collector that lies: what it has to let go of is not free because of it.
static void ack_of_what_was_never_given_frees_nothing(void)
{
    struct cell cell;
    begin(&cell);
    beat(&cell, cell.heads[0]);
    cell_beat(&cell, 1, 1, "active", 0);
    cell_settle(&cell, 0);
    int64_t revoked = cell.heads[0]; // one of the two
    CHECK_TEXT(cell_owners(&cell), "c0:t1 c0:t2");
    cell.was_alarmed = false;
    beat(&cell, 1000000000);
    CHECK(cell.was_alarmed);
    CHECK_TEXT(cell_owners(&cell), "c0:t1 c0:t2");
    beat(&cell, revoked - 1);
    CHECK_TEXT(cell_owners(&cell), "c0:t1 c0:t2");
    beat(&cell, revoked);
    CHECK_TEXT(cell_owners(&cell), "c0:t1 c1:t2");
    cell_end(&cell);
}

// Behind its lease it is given all it shall read, and again behind another one.
static void who_owes_an_ack_is_given_all_anew(void)
{
    struct cell cell;
    begin(&cell);
    for (int round = 0; round < 2; round++) {
        int64_t before = cell.heads[0];
        for (int second = 0; second < 15; second++) {
            pass(&cell, 1);
            CHECK(!beat(&cell, 0));
        }
        cell.was_alarmed = false;
        pass(&cell, 1);
        CHECK(beat(&cell, 0));
        CHECK(cell.was_alarmed);
        CHECK_TEXT(cell_keys(&cell, WRITE_ASSIGNMENT), "default/c0/3 default/c0/12 default/c0");
        const struct head *head = cell_value(&cell, "default/c0");
        REQUIRE(head != NULL);
        CHECK_INT(head->generation, before + 1);
        for (uint32_t i = 0; i < head->buckets_count; i++)
            CHECK_INT(head->buckets[i], i == 3 || i == 12 ? head->generation : 0);
    }
    CHECK_TEXT(cell_owners(&cell), "c0:t1 c0:t2");
    beat(&cell, cell.heads[0]);
    pass(&cell, 14);
    beat(&cell, cell.heads[0]);
    pass(&cell, 14);
    CHECK(!beat(&cell, cell.heads[0]));
    cell_end(&cell);
}

// Who leads next gives everybody a lease too.
static void next_leader_waits_as_long(void)
{
    struct cell cell, next;
    begin(&cell);
    cell_restore(&next, &(struct cell_options){.hash_seed = 5}, &cell, 3);
    next.seqs[0] = cell.seqs[0];
    for (int second = 0; second < 15; second++) {
        pass(&next, 1);
        CHECK(!beat(&next, 0));
    }
    pass(&next, 2);
    CHECK(beat(&next, 0));
    CHECK_TEXT(cell_keys(&next, WRITE_ASSIGNMENT), "default/c0/3 default/c0/12 default/c0");
    cell_end(&next);
    cell_end(&cell);
}

static const struct test tests[] = {
    TEST(ack_of_what_was_never_given_frees_nothing),
    TEST(who_owes_an_ack_is_given_all_anew),
    TEST(next_leader_waits_as_long),
};

TEST_MAIN("control/ack", tests)
