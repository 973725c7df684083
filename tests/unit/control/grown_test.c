// SPDX-License-Identifier: Apache-2.0
//
// Partitions that come to a split topic which is known: whoever is given one first begins at its
// beginning, under start = latest too, until somebody has committed to it.
#include <stdio.h>

#include "cell.h"
#include "proto/unit.h"
#include "test.h"

static void announce(struct cell *cell, int partitions)
{
    char json[160];
    snprintf(json, sizeof(json),
             "{\"agent\": \"a\", \"topics\": [{\"name\": \"s\", \"partitions\": %d, "
             "\"split\": true}]}",
             partitions);
    cell_say(cell, INPUT_CONTROL, json);
}

// Where the bucket of s/<partition>, as written in the last commit, tells c<collector> to begin; -1
// = where it thinks right, -2 = it was not written.
static int64_t begins_at(const struct cell *cell, int collector, int partition)
{
    char key[32], name[8];
    snprintf(name, sizeof(name), "s/%d", partition);
    snprintf(key, sizeof(key), "default/c%d/%u", collector, unit_bucket(text_of(name)));
    const struct bucket *bucket = cell_value(cell, key);
    for (uint32_t i = 0; bucket != NULL && i < bucket->units_count; i++) {
        const struct bucket_unit *unit = &bucket->units[i];
        if (!text_equals(unit->unit, name))
            continue;
        return unit->from_count == 1 && unit->from[0].partition == partition
                   ? unit->from[0].position
                   : -1;
    }
    return -2;
}

static void begin(struct cell *cell)
{
    cell_begin(cell, &(struct cell_options){0});
    cell_beat(cell, 0, 1, "active", 0);
    cell_settle(cell, 1);
    announce(cell, 2);
    cell_commit(cell);
    CHECK_INT(begins_at(cell, 0, 0), -1);
    CHECK_INT(begins_at(cell, 0, 1), -1);
    cell_settle(cell, 1);
}

// c0 says of s/2 how far it has committed.
static void report(struct cell *cell, int64_t committed)
{
    struct report_part part = {.partition = 2, .position = 5, .committed = committed, .end = 5};
    struct report_unit unit = {.unit = TEXT_LITERAL("s/2"),
                               .parts = &part,
                               .parts_count = 1,
                               .state = TEXT_LITERAL("reading")};
    struct report said = {.pool = TEXT_LITERAL("default"),
                          .id = TEXT_LITERAL("c0"),
                          .incarnation = TEXT_LITERAL("00000000000000c00000000000000001"),
                          .units = &unit,
                          .units_count = 1};
    cell_step(cell, (struct control_event){.kind = CONTROL_REPORT_RECEIVED, .report = &said});
}

// c1 takes the place of c0.
static void replace(struct cell *cell)
{
    cell_beat(cell, 1, 1, "active", 0);
    cell_commit(cell);
    cell_beat(cell, 0, 1, "leaving", cell->heads[0]);
    cell_commit(cell);
    CHECK_TEXT(cell_owners(cell), "c1:s c1:s c1:s");
}

static void a_partition_that_comes_later_begins_at_its_beginning(void)
{
    struct cell cell;
    begin(&cell);
    announce(&cell, 3);
    cell_commit(&cell);
    CHECK_INT(begins_at(&cell, 0, 2), 0);
    cell_settle(&cell, 1);
    report(&cell, -1);
    replace(&cell);
    CHECK_INT(begins_at(&cell, 1, 2), 0);
    CHECK_INT(begins_at(&cell, 1, 1), -1);
    cell_end(&cell);
}

// What is committed is what the next owner goes on from, and what is lost then is told as lost.
static void once_committed_it_is_as_any_other(void)
{
    struct cell cell;
    begin(&cell);
    announce(&cell, 3);
    cell_settle(&cell, 1);
    report(&cell, 4);
    replace(&cell);
    CHECK_INT(begins_at(&cell, 1, 2), -1);
    cell_end(&cell);
}

// The leader that knew of it has gone before anybody was given the partition.
static void the_state_knows_it(void)
{
    struct cell cell, next;
    begin(&cell);
    cell_beat(&cell, 0, 1, "leaving", cell.heads[0]);
    cell_settle(&cell, 0);
    announce(&cell, 3);
    cell_settle(&cell, 0);
    cell_restore(&next, &(struct cell_options){.hash_seed = 3}, &cell, 7);
    cell_beat(&next, 1, 1, "active", 0);
    cell_commit(&next);
    CHECK_TEXT(cell_owners(&next), "c1:s c1:s c1:s");
    CHECK_INT(begins_at(&next, 1, 2), 0);
    CHECK_INT(begins_at(&next, 1, 1), -1);
    cell_end(&next);
    cell_end(&cell);
}

static const struct test tests[] = {
    TEST(a_partition_that_comes_later_begins_at_its_beginning),
    TEST(once_committed_it_is_as_any_other),
    TEST(the_state_knows_it),
};

TEST_MAIN("control/grown", tests)
