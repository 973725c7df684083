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

static const char evict[] = "{\"verb\": \"collector.evict\", \"args\": {\"collector\": \"c0\"}}";

static bool names_nobody(const struct cell *cell)
{
    const struct head *head = cell_value(cell, "default/c0");
    REQUIRE(head != NULL);
    return head->incarnation.size == 0;
}

// S5: what it lets go of is free when it has left, whatever it acknowledges before; and it is given
// nothing any more. A leader that is restored meanwhile holds to that.
static void ack_of_an_evicted_life_frees_nothing(void)
{
    struct cell cell, next;
    begin(&cell);
    beat(&cell, cell.heads[0]);
    cell_beat(&cell, 1, 1, "active", 0);
    cell_settle(&cell, 0);
    int64_t revoked = cell.heads[0]; // one of the two
    cell_say(&cell, INPUT_ORDERS, evict);
    CHECK_TEXT(cell.reason, "");
    CHECK(cell_commit(&cell));
    CHECK(names_nobody(&cell));
    beat(&cell, revoked);
    CHECK_TEXT(cell_owners(&cell), "c0:t1 c0:t2");
    for (uint64_t seed = 0; seed < 3; seed++) {
        cell_restore(&next, &(struct cell_options){0}, &cell, seed);
        next.heads[1] = cell.heads[1];
        cell_beat(&next, 0, 1, "draining", revoked);
        cell_beat(&next, 1, 1, "active", cell.heads[1]);
        cell_say(&next, INPUT_CONTROL,
                 "{\"agent\": \"y\", \"topics\": [{\"name\": \"t3\", \"partitions\": 1}]}");
        cell_settle(&next, 0);
        CHECK_TEXT(cell_owners(&next), "c0:t1 c0:t2 c1:t3");
        cell_say(&next, INPUT_ORDERS,
                 "{\"verb\": \"pool.set\", \"args\": {\"start\": \"latest\"}}");
        CHECK(cell_commit(&next));
        CHECK(names_nobody(&next));
        cell_beat(&next, 0, 1, "leaving", revoked);
        cell_settle(&next, 0);
        CHECK_TEXT(cell_owners(&next), "c1:t1 c1:t2 c1:t3");
        cell_end(&next);
    }
    cell_end(&cell);
}

// A life that does not know that it is admitted would not end by a head that names nobody.
static void who_was_not_named_is_not_evicted(void)
{
    struct cell cell;
    begin(&cell);
    cell_say(&cell, INPUT_ORDERS, evict);
    CHECK_TEXT(cell.reason, "order 'collector.evict': it has not acknowledged yet that it is "
                            "admitted: try again");
    beat(&cell, cell.heads[0]);
    for (int times = 0; times < 2; times++) {
        cell_say(&cell, INPUT_ORDERS, evict);
        CHECK_TEXT(cell.reason, "");
    }
    CHECK(cell_commit(&cell));
    CHECK(names_nobody(&cell));
    cell_beat(&cell, 0, 1, "leaving", cell.heads[0]);
    cell_say(&cell, INPUT_ORDERS, evict);
    CHECK_TEXT(cell.reason, "order 'collector.evict': it does not live: there is nothing to evict");
    cell_beat(&cell, 0, 2, "joining", 0);
    CHECK(cell_commit(&cell));
    CHECK(!names_nobody(&cell));
    CHECK_TEXT(cell_owners(&cell), "c0:t1 c0:t2");
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
    TEST(ack_of_an_evicted_life_frees_nothing),
    TEST(who_was_not_named_is_not_evicted),
    TEST(who_owes_an_ack_is_given_all_anew),
    TEST(next_leader_waits_as_long),
};

TEST_MAIN("control/ack", tests)
