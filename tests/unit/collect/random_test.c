// SPDX-License-Identifier: Apache-2.0
//
// Many generations against an honest leader, in random order: grants, revokes, slow stops,
// failures, lost and late answers, records that compaction took. Whatever happens, a beat
// acknowledges a generation only when no unit that it took away is read any more (S2), and no unit
// is read twice (TG-5). The seeds are fixed: every run is the same.
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "collect/collect.h"
#include "test.h"

#define UNITS 40
#define STEPS 4000
#define ASKS_MAX 256

enum grant { FREE, GRANTED, REVOKED };

struct world {
    uint64_t random;
    struct instant now;
    struct collect *collect;
    struct beat beat;

    // The leader.
    int64_t generation;
    enum grant grants[UNITS];
    int64_t revoked_at[UNITS]; // generation
    int64_t fences[UNITS];
    int64_t buckets[COLLECT_BUCKETS];
    bool is_dirty[COLLECT_BUCKETS];
    bool is_held_back; // the last batch was not delivered: compaction takes it

    // The shell.
    uint64_t runs[UNITS]; // being read or stopping
    bool is_stopping[UNITS];
    int64_t acked;
    int64_t beats[ASKS_MAX]; // without an answer
    uint32_t beat_count;
    uint64_t question; // without an answer; 0 = none
    uint32_t starts;
    uint32_t stops;
};

static uint32_t draw(struct world *world, uint32_t below)
{
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return (uint32_t)(world->random >> 33) % below;
}

static uint32_t bucket_of(uint32_t unit)
{
    return unit % COLLECT_BUCKETS;
}

static void name_unit(uint32_t unit, char name[16])
{
    memcpy(name, "unit-00", 8);
    name[5] = (char)('0' + unit / 10);
    name[6] = (char)('0' + unit % 10);
}

static uint32_t number_of(struct text name)
{
    return (uint32_t)(name.data[5] - '0') * 10 + (uint32_t)(name.data[6] - '0');
}

// What a beat says must be true: nothing that its generation took away is read.
static void check_ack(struct world *world, int64_t applied)
{
    CHECK(applied >= world->acked);
    world->acked = applied;
    for (uint32_t i = 0; i < UNITS; i++) {
        if (world->grants[i] != REVOKED || world->revoked_at[i] > applied)
            continue;
        REQUIRE(world->runs[i] == 0);
        world->grants[i] = FREE;
    }
}

static void take_effect(struct world *world, const struct collect_effect *effect)
{
    uint32_t unit = effect->unit.size ? number_of(effect->unit) : 0;
    switch (effect->kind) {
    case COLLECT_SEND_BEAT:
        check_ack(world, effect->beat->applied_generation);
        if (world->beat_count < ASKS_MAX)
            world->beats[world->beat_count++] = effect->beat->seq;
        break;
    case COLLECT_ASK_END:
        world->question = effect->number;
        break;
    case COLLECT_START_UNIT:
        REQUIRE(world->runs[unit] == 0);
        REQUIRE(world->grants[unit] != FREE);
        world->runs[unit] = effect->run;
        world->is_stopping[unit] = false;
        world->starts++;
        break;
    case COLLECT_STOP_UNIT:
        REQUIRE(world->runs[unit] == effect->run);
        world->is_stopping[unit] = true;
        world->stops++;
        break;
    case COLLECT_RAISE_FENCE:
    case COLLECT_TRACE:
        break;
    default:
        REQUIRE(!"this life has no reason to end");
    }
}

static void give(struct world *world, struct collect_event event)
{
    struct collect_effects effects;
    event.at = world->now;
    collect_step(world->collect, &event, &effects);
    collect_check(world->collect);
    for (size_t i = 0; i < effects.count; i++)
        take_effect(world, &effects.items[i]);
}

// The leader changes its mind about some units: a new batch.
static void decide(struct world *world)
{
    world->generation++;
    for (uint32_t i = draw(world, 6); i > 0; i--) {
        uint32_t unit = draw(world, UNITS);
        if (world->grants[unit] == FREE) {
            world->grants[unit] = GRANTED;
            world->fences[unit] = world->generation;
        } else if (world->grants[unit] == GRANTED) {
            world->grants[unit] = REVOKED;
            world->revoked_at[unit] = world->generation;
        } else {
            continue;
        }
        world->is_dirty[bucket_of(unit)] = true;
    }
    for (uint32_t i = 0; i < COLLECT_BUCKETS; i++) {
        bool is_empty = true;
        for (uint32_t unit = 0; unit < UNITS; unit++)
            is_empty &= bucket_of(unit) != i || world->grants[unit] != GRANTED;
        if (world->is_dirty[i])
            world->buckets[i] = is_empty ? 0 : world->generation;
    }
}

static void deliver_bucket(struct world *world, uint32_t index)
{
    struct bucket_unit units[UNITS] = {{.fence = 0}};
    char names[UNITS][16];
    struct bucket bucket = {world->buckets[index], units, 0};
    for (uint32_t unit = 0; unit < UNITS; unit++) {
        if (bucket_of(unit) != index || world->grants[unit] != GRANTED)
            continue;
        name_unit(unit, names[unit]);
        units[bucket.units_count++] =
            (struct bucket_unit){.unit = {names[unit], 7}, .fence = world->fences[unit]};
    }
    give(world, (struct collect_event){.kind = COLLECT_BUCKET_RECEIVED,
                                       .bucket_index = index,
                                       .bucket = world->buckets[index] ? &bucket : NULL});
}

// Delivers the batch, unless compaction takes it; then its buckets come with the next one.
static void publish(struct world *world)
{
    decide(world);
    world->is_held_back = draw(world, 4) == 0;
    if (world->is_held_back)
        return;
    for (uint32_t i = 0; i < COLLECT_BUCKETS; i++) {
        bool is_tombstone_lost = world->buckets[i] == 0 && draw(world, 2) == 0;
        if (world->is_dirty[i] && !is_tombstone_lost)
            deliver_bucket(world, i);
        world->is_dirty[i] = false;
    }
    struct head head = {
        .lineage = TEXT_LITERAL("L"),
        .level = 1,
        .epoch = 1,
        .generation = world->generation,
        .incarnation = TEXT_LITERAL("aaaa"),
        .buckets = world->buckets,
        .buckets_count = COLLECT_BUCKETS,
    };
    give(world, (struct collect_event){.kind = COLLECT_HEAD_RECEIVED, .head = &head});
}

static void end_some_run(struct world *world)
{
    uint32_t unit = draw(world, UNITS);
    uint64_t run = world->runs[unit];
    if (run == 0 || (!world->is_stopping[unit] && draw(world, 20) != 0))
        return;
    world->runs[unit] = 0;
    give(world, (struct collect_event){.kind = world->is_stopping[unit] ? COLLECT_UNIT_STOPPED
                                                                        : COLLECT_UNIT_FAILED,
                                       .run = run,
                                       .is_committed = draw(world, 2) == 0});
}

static void answer(struct world *world)
{
    if (world->question != 0) {
        struct collect_event event = {.kind = COLLECT_END_ANSWERED, .number = world->question};
        world->question = 0;
        give(world, event);
    }
    while (world->beat_count > 0 && draw(world, 3) != 0) {
        bool is_lost = draw(world, 10) == 0;
        give(world,
             (struct collect_event){.kind = is_lost ? COLLECT_BEAT_FAILED : COLLECT_BEAT_ACKED,
                                    .seq = world->beats[--world->beat_count]});
    }
}

static void run_seed(uint64_t seed)
{
    struct world *world = memory_get(sizeof(*world));
    world->random = seed;
    world->beat = (struct beat){.pool = TEXT_LITERAL("p"),
                                .id = TEXT_LITERAL("c"),
                                .incarnation = TEXT_LITERAL("aaaa"),
                                .lease_ms = 1000000000};
    world->collect = collect_create(&(struct collect_options){.beat = &world->beat,
                                                              .beat_interval_ms = 100,
                                                              .revoke_timeout_ms = 500000000,
                                                              .stop_timeout_ms = 100,
                                                              .leave_timeout_ms = 100});
    give(world, (struct collect_event){.kind = COLLECT_STARTED});
    give(world, (struct collect_event){.kind = COLLECT_READ_TO, .offset = 1});
    answer(world);
    for (int i = 0; i < STEPS; i++) {
        world->now.us += draw(world, 40000);
        switch (draw(world, 4)) {
        case 0:
            publish(world);
            break;
        case 1:
            answer(world);
            break;
        default:
            end_some_run(world);
        }
        if (instant_has_come(collect_deadline(world->collect), world->now))
            give(world, (struct collect_event){.kind = COLLECT_TICKED});
    }
    CHECK(world->starts > 300 && world->stops > 200);
    CHECK(world->acked > world->generation - 200);
    collect_destroy(world->collect);
    memory_release(world);
}

static void acks_are_true_whatever_the_order(void)
{
    for (uint64_t seed = 1; seed <= 40; seed++)
        run_seed(seed * UINT64_C(0x9e3779b97f4a7c15));
}

static const struct test tests[] = {
    TEST(acks_are_true_whatever_the_order),
};

TEST_MAIN("collect/random", tests)
