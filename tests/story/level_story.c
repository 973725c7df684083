// SPDX-License-Identifier: Apache-2.0
//
// Levels, not edges: what a collector shall read stands in the assignments as a whole, whatever has
// been lost of them. Who beats and cannot acknowledge is given all of it anew. CB-27.
#include <stdio.h>
#include <string.h>

#include "proto/unit.h"
#include "tale.h"

static struct log *assignments_of(struct world *world, const char *name)
{
    return &world->logs[SIM_ASSIGNMENTS + world_find(world, name)->partition];
}

// What only the leader may write stands there as nobody can read it, and compaction does the rest.
static void garble(struct world *world, const char *name, const char *topic)
{
    char key[32];
    snprintf(key, sizeof(key), "default/%s/%u", name, unit_bucket(text_of(topic)));
    struct log_record record = {.at = world->now,
                                .refused = -1,
                                .key = text_of(key),
                                .value = TEXT_LITERAL("nobody can read this")};
    broker_append(world, SIM_ASSIGNMENTS + world_find(world, name)->partition, &record);
    struct log *log = assignments_of(world, name);
    log_compact(log, log->count, 0);
}

static void lost_bucket_comes_back_to_a_new_life(void)
{
    struct world *world = tale_with(2, 4);
    garble(world, "a", "t1");
    world_run(world, 3000);
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t2 t4\n");
    world_crash(world, "a");
    world_restart(world, "a", true);
    world_run(world, 5000);
    CHECK_TEXT(world_reading(world), "a:\nb: t2 t4\n");
    world_run(world, 15000);
    tale_has(world,
             "collector 'a' beats, but has not acknowledged generation 3 for longer than its "
             "lease: all that it shall read is written anew");
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t2 t4\n");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

// The record of a change is lost on its way to a life that reads on.
static void lost_bucket_comes_back_to_a_life(void)
{
    struct world *world = tale_with(2, 4);
    world_deafen(world, "a", 3000);
    world_announce(world, "other", "set", "t5 t6");
    world_run(world, 1000);
    garble(world, "a", "t5");
    world_run(world, 9000);
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t2 t4 t6\n");
    world_run(world, 10000);
    CHECK_TEXT(world_reading(world), "a: t1 t3 t5\nb: t2 t4 t6\n");
    tale_end(world);
}

static void delete_assignments(struct world *world)
{
    for (int i = 0; i < SIM_ASSIGNMENTS_PARTITIONS; i++)
        log_finish(&world->logs[SIM_ASSIGNMENTS + i]);
    for (int i = 0; i < world->process_count; i++) {
        world->processes[i].facts.read_to = 0;
        world->processes[i].facts.is_other_log = true;
    }
}

// The topic is deleted and made again: who reads on reads on, who begins anew is given all.
static void deleted_assignments_come_back(void)
{
    struct world *world = tale_with(2, 4);
    delete_assignments(world);
    world_crash(world, "a");
    world_restart(world, "a", true);
    world_run(world, 5000);
    CHECK_TEXT(world_reading(world), "a:\nb: t2 t4\n");
    world_run(world, 15000);
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t2 t4\n");
    world_announce(world, "other", "set", "t5 t6");
    world_run(world, 5000);
    CHECK_TEXT(world_reading(world), "a: t1 t3 t5\nb: t2 t4 t6\n");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

// Who acknowledges in time is given nothing twice, however much changes.
static void who_acknowledges_is_given_nothing_twice(void)
{
    struct world *world = tale_with(2, 4);
    for (int i = 0; i < 40; i++) {
        world_announce(world, "other", "set", i % 2 ? "t5" : "t5 t6 t7");
        world_run(world, 1000);
    }
    CHECK(strstr(buffer_string(&world->story), "written anew") == NULL);
    tale_end(world);
}

static const struct test tests[] = {
    TEST(lost_bucket_comes_back_to_a_new_life),
    TEST(lost_bucket_comes_back_to_a_life),
    TEST(deleted_assignments_come_back),
    TEST(who_acknowledges_is_given_nothing_twice),
};

TEST_MAIN("story/level", tests)
