// SPDX-License-Identifier: Apache-2.0
//
// What agents and operators say, good and bad, and what becomes of it. CB-19, CB-20, CB-21, CB-23,
// CB-7, CB-8, PD-1, PD-2, PD-13, PD-14.
#include "tale.h"

// CB-21: refused as a whole, the former set stands, the next record is taken.
static void refused_into_the_dead_letter(void)
{
    struct world *world = tale_with(1, 2);
    world_say(world, SIM_CONTROL, "{\"agent\": \"agent\", \"topics\": [{\"name\": \"t1\"");
    world_say(world, SIM_CONTROL,
              "{\"agent\": \"agent\", \"mode\": \"set\", \"id\": \"no-1\", \"topics\": "
              "[{\"name\": \"t3\", \"partitions\": 1}, {\"name\": \"__x\"}]}");
    world_say(world, SIM_CONTROL,
              "{\"agent\": \"other\", \"mode\": \"add\", \"id\": \"yes-1\", \"topics\": "
              "[{\"name\": \"t4\", \"partitions\": 1}]}");
    world_run(world, 1000);
    TALE(
        world,
        "input > refused -> dead letter: the record is not JSON: ',' or '}' is missing at byte 43\n"
        "input > refused -> dead letter: topic '__x' is reserved\n"
        "dead letter: the record is not JSON: ',' or '}' is missing at byte 43\n"
        "dead letter: topic '__x' is reserved\n"
        "event announcement.taken other: taken as a whole [yes-1: done]\n"
        "event unit.placed t4 ->a: placed where the load is least (rule 2)\n"
        "default/a@a0010001 > head 3 of epoch 1 is a whole (active units 2) -> applied, active "
        "units 3 (S2)\n");
    CHECK_TEXT(world_reading(world), "a: t1 t2 t4\n");
    CHECK_INT(world->logs[SIM_DEADLETTER].count, 2);
    tale_end(world);
}

// A refused record stands in the dead letter topic once, whatever becomes of the transaction.
static void refused_once(void)
{
    struct world *world = tale_with(1, 1);
    world->next_outcome = SIM_UNKNOWN_LOST;
    world_say(world, SIM_CONTROL, "nonsense");
    world_run(world, 6000);
    CHECK_INT(world->logs[SIM_DEADLETTER].count, 1);
    world->next_outcome = SIM_UNKNOWN_COMMITTED;
    world_say(world, SIM_CONTROL, "more nonsense");
    world_run(world, 6000);
    CHECK_INT(world->logs[SIM_DEADLETTER].count, 2);
    tale_end(world);
}

// CB-19: log order decides, also within one batch.
static void log_order_decides(void)
{
    struct world *world = tale_with(1, 1);
    world_announce(world, "agent", "add", "x");
    world_announce(world, "agent", "remove", "x");
    world_announce(world, "agent", "remove", "y");
    world_announce(world, "agent", "add", "y");
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a: t1 y\n");
    tale_end(world);
}

// CB-20: nothing to take away; nothing happens.
static void unknown_removed(void)
{
    struct world *world = tale_with(1, 1);
    world_announce(world, "nobody", "remove", "t1 t7");
    world_announce(world, "agent", "remove", "t7");
    world_announce(world, "nobody", "set", "");
    world_run(world, 2000);
    TALE(world, "");
    CHECK_TEXT(world_reading(world), "a: t1\n");
    tale_end(world);
}

// PD-1, PD-13, CB-23: a topic stands while one statement of anybody holds it.
static void held_by_two(void)
{
    struct world *world = tale_with(1, 1);
    world_announce(world, "a_b", "add", "t1");
    world_announce(world, "a", "add", "t1");
    world_announce(world, "agent", "set", "");
    world_announce(world, "a", "remove", "t1");
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a: t1\n");
    CHECK_INT(world->moves, 0);
    world_announce(world, "a_b", "remove", "t1");
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a:\n");
    tale_end(world);
}

// What an agent says as one of its sources.
static void say_as(struct world *world, const char *agent, const char *source, const char *topics)
{
    world_say(world, SIM_CONTROL, "{\"agent\": \"%s\", \"source\": \"%s\", \"topics\": [%s]}",
              agent, source, topics);
}

// PD-14: a set that is said under another name too, of a source or of an agent, and then under that
// one alone, is read on as if nothing had been; whoever leads, and whatever dies in between.
static void renamed_or_said_twice_it_is_read_on(void)
{
    const char *topics =
        "{\"name\": \"t1\", \"partitions\": 1}, {\"name\": \"t2\", \"partitions\": "
        "1}, {\"name\": \"t3\", \"partitions\": 1}";
    struct world *world = tale_with(2, 3);
    uint32_t before = world->logs[SIM_ASSIGNMENTS].count;
    say_as(world, "agent", "disk", topics);
    world_run(world, 2000);
    world_announce(world, "agent", "set", "");
    world_run(world, 2000);
    say_as(world, "host", "disk", topics);
    say_as(world, "agent", "disk", "");
    say_as(world, "host", "copy", topics);
    world_run(world, 2000);
    say_as(world, "host", "disk", "");
    TALE(world, "");
    CHECK_INT(world->logs[SIM_ASSIGNMENTS].count, before);
    CHECK_INT(world->moves, 0);
    // The new name is known to the next leader as well, and the old one is gone from what it knows.
    world_crash(world, "north");
    world_restart(world, "north", false);
    world_run(world, 8000);
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t2\n");
    CHECK_INT(world->moves, 0);
    say_as(world, "host", "copy", "");
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a:\nb:\n");
    tale_end(world);
}

// CB-1, CB-7: over the cap topics are pending and say why; raised, they are placed and nobody
// moves; lowered, only the excess goes.
static void cap_and_pending(void)
{
    struct world *world = tale_with(2, 4);
    world_order(world, "pool.set", "max_topics_per_collector", "2");
    world_announce(world, "agent", "add", "t5 t6");
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a: t1 t3\nb: t2 t4\n");
    CHECK_TEXT(world_unit(world, "t5"),
               "pending: every collector has all that max_topics_per_collector or isolated allow; "
               "start another one, "
               "or raise the cap");
    world_order(world, "pool.set", "max_topics_per_collector", "3");
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a: t1 t3 t5\nb: t2 t4 t6\n");
    CHECK_INT(world->moves, 0);
    world_order(world, "pool.set", "max_topics_per_collector", "1");
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a: t1\nb: t2\n");
    world_collector(world, "c");
    world_run(world, 3000);
    CHECK_TEXT(world_reading(world), "a: t1\nb: t2\nc: t5\n");
    CHECK_INT(world->moves, 1);
    world_order(world, "pool.set", "max_topics_per_collector", "none");
    world_run(world, 3000);
    tale_end(world);
}

// CB-8: refused, and the old value stays in force.
static void wrong_orders_are_refused(void)
{
    struct world *world = tale_with(1, 1);
    world_order(world, "pool.set", "max_topics_per_collector", "1");
    world_run(world, 1000);
    tale_skip(world);
    world_order(world, "pool.set", "max_topics_per_collector", "0");
    world_order(world, "pool.set", "max_topics_per_collector", "two");
    world_order(world, "pool.set", "balance", "mood");
    world_order(world, "pool.swap", "balance", "count");
    world_announce(world, "agent", "add", "t2");
    world_run(world, 1000);
    TALE(world, "input > refused -> dead letter: order 'pool.set': "
                "max_topics_per_collector: '0' is not a whole number of 1 or more\n"
                "input > refused -> dead letter: order 'pool.set': "
                "max_topics_per_collector: 'two' is not a whole number of 1 or more\n"
                "input > refused -> dead letter: order 'pool.set': balance: 'mood' is not "
                "count, weight or load\n"
                "input > refused -> dead letter: order 'pool.swap': there is no such verb\n"
                "dead letter: order 'pool.set': max_topics_per_collector: '0' is not a "
                "whole number of 1 or more\n"
                "dead letter: order 'pool.set': max_topics_per_collector: 'two' is not a "
                "whole number of 1 or more\n"
                "dead letter: order 'pool.set': balance: 'mood' is not count, weight or "
                "load\n"
                "dead letter: order 'pool.swap': there is no such verb\n"
                "event pool.creating default: 1 of 2 collectors are in: 2 topics / 1 per collector "
                "= 2\n");
    world_order(world, "pool.reset", "", "");
    world_run(world, 1000);
    tale_end(world);
}

// A statement with a time-to-live goes when it is not repeated, and only when an own marker proves
// that nothing of it is on its way.
static void time_to_live(void)
{
    struct world *world = tale_with(1, 1);
    world_say(world, SIM_CONTROL,
              "{\"agent\": \"brief\", \"mode\": \"set\", \"ttl_ms\": 5000, \"topics\": "
              "[{\"name\": \"t2\", \"partitions\": 1}]}");
    world_run(world, 4000);
    world_say(world, SIM_CONTROL,
              "{\"agent\": \"brief\", \"mode\": \"set\", \"ttl_ms\": 5000, \"topics\": "
              "[{\"name\": \"t2\", \"partitions\": 1}]}");
    world_run(world, 4500);
    CHECK_TEXT(world_reading(world), "a: t1 t2\n");
    tale_skip(world);
    world_stall(world, "north", 4000);
    world_run(world, 3900);
    CHECK_TEXT(world_reading(world), "a: t1 t2\n");
    world_run(world, 8000);
    TALE(world, "what north writes is stuck for 4000 ms\n"
                "brief > not repeated within 5000 ms -> its statement is withdrawn (S4)\n"
                "event statement.expired brief: it was not repeated within its ttl (S4)\n"
                "event unit.revoked t2 a->: no agent announces the topic any more\n"
                "default/a@a0010001 > head 4 of epoch 1 is a whole (active units 2) -> applied, "
                "active units 2 (S2)\n"
                "default/a@a0010001 > 't2' stopped after 1 ms, committed -> acks 4 (S2)\n"
                "a acked generation 4 -> what it let go of is free (S2)\n");
    CHECK_TEXT(world_reading(world), "a: t1\n");
    tale_end_unsettled(world);
}

static void split_topic_grows(void)
{
    struct world *world = tale_with(2, 2);
    world_topic(world, "s", 2);
    world_say(world, SIM_CONTROL,
              "{\"agent\": \"big\", \"mode\": \"set\", \"topics\": "
              "[{\"name\": \"s\", \"partitions\": 2, \"split\": true}]}");
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a: s/0 t1\nb: s/1 t2\n");
    world_topic(world, "s", 4);
    world_say(world, SIM_CONTROL,
              "{\"agent\": \"big\", \"mode\": \"set\", \"topics\": "
              "[{\"name\": \"s\", \"partitions\": 4, \"split\": true}]}");
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a: s/0 s/2 t1\nb: s/1 s/3 t2\n");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

static void announce_split(struct world *world, int partitions)
{
    world_say(world, SIM_CONTROL,
              "{\"agent\": \"big\", \"mode\": \"set\", \"topics\": "
              "[{\"name\": \"s\", \"partitions\": %d, \"split\": true}]}",
              partitions);
}

// Announced with more partitions than there are: those that are there are read on, nothing is tried
// again and again, and the others begin when Kafka has them.
static void split_topic_is_shorter_than_announced(void)
{
    struct world *world = tale_with(2, 0);
    world_topic(world, "s", 2);
    announce_split(world, 4);
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a: s/0\nb: s/1\n");
    tale_skip(world);
    world_report_all(world, "a");
    world_run(world, 60000);
    announce_split(world, 4);
    world_run(world, 2000);
    TALE(world, "");
    CHECK_TEXT(world_reading(world), "a: s/0\nb: s/1\n");
    world_topic(world, "s", 3);
    world_run(world, 7000);
    CHECK_TEXT(world_reading(world), "a: s/0 s/2\nb: s/1\n");
    world_topic(world, "s", 4);
    world_run(world, 7000);
    CHECK_TEXT(world_reading(world), "a: s/0 s/2\nb: s/1 s/3\n");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

// S1: made again with fewer partitions it is read by those who have the parts that are there, under
// the next leader too.
static void split_topic_is_made_again_shorter(void)
{
    struct world *world = tale_with(2, 0);
    world_topic(world, "s", 4);
    announce_split(world, 4);
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a: s/0 s/2\nb: s/1 s/3\n");
    world_topic(world, "s", 0);
    world_topic(world, "s", 2);
    world_report_all(world, "a");
    world_report_all(world, "b");
    world_run(world, 3000);
    CHECK_TEXT(world_reading(world), "a: s/0\nb: s/1\n");
    world_crash(world, "north");
    world_restart(world, "north", false);
    world_run(world, 20000);
    CHECK_TEXT(world_reading(world), "a: s/0\nb: s/1\n");
    world_topic(world, "s", 4);
    world_run(world, 7000);
    CHECK_TEXT(world_reading(world), "a: s/0 s/2\nb: s/1 s/3\n");
    tale_end(world);
}

// S1: joined again, the partitions are let go everywhere before the whole begins.
static void split_topic_becomes_whole(void)
{
    struct world *world = tale_with(2, 0);
    world_say(world, SIM_CONTROL,
              "{\"agent\": \"big\", \"mode\": \"set\", \"topics\": "
              "[{\"name\": \"s\", \"partitions\": 2, \"split\": true}]}");
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a: s/0\nb: s/1\n");
    world_deafen(world, "b", 2000);
    world_announce(world, "big", "set", "s");
    world_run(world, 1000);
    CHECK_TEXT(world_reading(world), "a:\nb: s/1\n");
    world_run(world, 3000);
    CHECK_TEXT(world_reading(world), "a: s\nb:\n");
    tale_end(world);
}

// A topic that Kafka does not have is missing, is asked for again, and starts when it appears;
// also under the next leader.
static void missing_topic_appears(void)
{
    struct world *world = tale_with(1, 1);
    world_say(world, SIM_CONTROL,
              "{\"agent\": \"early\", \"mode\": \"set\", \"topics\": [{\"name\": \"later\"}]}");
    world_run(world, 2000);
    CHECK_TEXT(world_unit(world, "later"),
               "missing: Kafka has no such topic; it is read when somebody creates it");
    world_crash(world, "north");
    world_restart(world, "north", false);
    world_run(world, 8000);
    CHECK_TEXT(world_unit(world, "later"),
               "missing: Kafka has no such topic; it is read when somebody creates it");
    world_topic(world, "later", 3);
    world_run(world, 6000);
    CHECK_TEXT(world_reading(world), "a: later t1\n");
    tale_end(world);
}

// Announced with its partitions it is believed, and taken back when the owner finds nothing.
static void believed_topic_is_missing(void)
{
    struct world *world = tale_with(1, 1);
    world_topic(world, "ghost", 0);
    world_announce(world, "agent", "add", "ghost");
    world_run(world, 2000);
    CHECK_TEXT(world_unit(world, "ghost"),
               "missing: Kafka has no such topic; it is read when somebody creates it");
    CHECK_TEXT(world_reading(world), "a: t1\n");
    world_topic(world, "ghost", 1);
    world_run(world, 7000);
    CHECK_TEXT(world_reading(world), "a: ghost t1\n");
    tale_end(world);
}

static const struct test tests[] = {
    TEST(refused_into_the_dead_letter),
    TEST(refused_once),
    TEST(log_order_decides),
    TEST(unknown_removed),
    TEST(held_by_two),
    TEST(renamed_or_said_twice_it_is_read_on),
    TEST(cap_and_pending),
    TEST(wrong_orders_are_refused),
    TEST(time_to_live),
    TEST(split_topic_grows),
    TEST(split_topic_is_shorter_than_announced),
    TEST(split_topic_is_made_again_shorter),
    TEST(split_topic_becomes_whole),
    TEST(missing_topic_appears),
    TEST(believed_topic_is_missing),
};

TEST_MAIN("story/intake", tests)
