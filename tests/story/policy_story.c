// SPDX-License-Identifier: Apache-2.0
//
// Pools under policies, from the order to the readers: who reads what, who waits and what is said
// of it, after changes at run time and after restarts too.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/view.h"
#include "tale.h"

static void set(struct world *world, const char *args)
{
    world_say(world, SIM_ORDERS, "{\"verb\": \"pool.set\", \"args\": {%s}}", args);
}

// One topic of an agent, with labels and weight as JSON members behind it.
static void announce(struct world *world, const char *agent, const char *topic, const char *more)
{
    world_say(world, SIM_CONTROL,
              "{\"agent\": \"%s\", \"mode\": \"set\", \"topics\": [{\"name\": \"%s\", "
              "\"partitions\": 1%s}]}",
              agent, topic, more);
}

// Number of topics that a collector reads.
static int count(struct world *world, const char *id)
{
    return (int)world_find(world, id)->units_count;
}

static const char *const providers[] = {"alibaba",   "aws",    "azure", "cloudit",
                                        "cloudtwin", "docker", "gcp",   "openstack"};

static struct world *csp_begin(void)
{
    struct world *world = tale_begin();
    char said[64];
    set(world, "\"preset\": \"csp\"");
    for (int i = 0; i < 8; i++) {
        snprintf(said, sizeof(said), "csp=%s", providers[i]);
        world_collector_with(world, providers[i], said);
    }
    world_collector_with(world, "other", "csp=other");
    return world;
}

// CB-10, CB-12, CB-23: each provider's agents are read by its own collector, whatever the case;
// who has another one is read by `other`, and so is an id that only seems to end in one.
static void providers_are_kept_apart(void)
{
    struct world *world = csp_begin();
    char agent[64], topic[64];
    for (int i = 0; i < 8; i++) {
        snprintf(agent, sizeof(agent), i % 2 ? "ns_vm%d_%s" : "ns_VM%d_%s", i, providers[i]);
        for (char *c = agent; i % 2 && *c != '\0'; c++)
            *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
        snprintf(topic, sizeof(topic), "t%d", i);
        announce(world, agent, topic, "");
    }
    announce(world, "ns_vm8_ibm", "t8", "");
    announce(world, "ns_vmaws", "t9", "");
    announce(world, "ns_vm_a_ws", "t10", "");
    world_run(world, 5000);
    CHECK_TEXT(world_reading(world), "alibaba: t0\naws: t1\nazure: t2\ncloudit: t3\n"
                                     "cloudtwin: t4\ndocker: t5\ngcp: t6\nopenstack: t7\n"
                                     "other: t10 t8 t9\n");
    tale_end(world);
}

// CB-11, CB-13: twenty agents in the first batch are twenty; said four times they are the same; one
// goodbye of nobody does not stop the others.
static void first_batch_is_whole(void)
{
    struct world *world = csp_begin();
    char agent[64], topic[64];
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 20; i++) {
            snprintf(agent, sizeof(agent), "ns_vm%d_%s", i, providers[i % 8]);
            snprintf(topic, sizeof(topic), "t%d", i);
            announce(world, agent, topic, "");
        }
        world_run(world, 5000);
        CHECK_TEXT(world_unsettled(world), NULL);
        for (int i = 0; i < 8; i++)
            CHECK_INT(count(world, providers[i]), i < 4 ? 3 : 2);
    }
    world_announce(world, "ns_vm0_alibaba", "set", "");
    world_announce(world, "nobody_aws", "remove", "t1");
    world_announce(world, "ns_vm2_azure", "set", "");
    world_run(world, 3000);
    CHECK_INT(count(world, "alibaba"), 2);
    CHECK_INT(count(world, "aws"), 3);
    CHECK_INT(count(world, "azure"), 2);
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

// CB-14: the list is the operator's, and a cap splits one group over several collectors, never into
// another's.
static void cap_splits_a_group(void)
{
    struct world *world = tale_begin();
    set(world, "\"group_by\": \"site\", \"groups\": \"north,south\", "
               "\"max_topics_per_collector\": \"2\"");
    world_collector_with(world, "a", "site=north");
    world_collector_with(world, "b", "site=north");
    world_collector_with(world, "c", "site=south");
    for (int i = 0; i < 5; i++) {
        char agent[32], topic[32];
        snprintf(agent, sizeof(agent), "agent%d", i);
        snprintf(topic, sizeof(topic), "t%d", i);
        announce(world, agent, topic, ", \"labels\": {\"site\": \"north\"}");
    }
    announce(world, "agent9", "t9", ", \"labels\": {\"site\": \"west\"}");
    world_run(world, 5000);
    CHECK_TEXT(world_reading(world), "a: t0 t2\nb: t1 t3\nc:\n");
    CHECK_TEXT(world_unit(world, "t4"),
               "pending: every collector has all that max_topics_per_collector or isolated allow; "
               "start another one, "
               "or raise the cap");
    CHECK_TEXT(world_unit(world, "t9"),
               "pending: no collector serves its group; start one with that label");
    tale_end_unsettled(world);
}

// The agent says another group of itself, and its topic goes there; so does a collector's new life.
static void labels_change(void)
{
    struct world *world = tale_begin();
    set(world, "\"group_by\": \"site\"");
    world_collector_with(world, "a", "site=north");
    world_collector_with(world, "b", "site=south");
    for (int i = 0; i < 2; i++) {
        world_say(
            world, SIM_CONTROL,
            "{\"agent\": \"x\", \"labels\": {\"site\": \"%s\"}, \"mode\": \"set\", \"topics\": "
            "[{\"name\": \"t1\", \"partitions\": 1}]}",
            i == 0 ? "north" : "south");
        world_run(world, 4000);
        CHECK_TEXT(world_reading(world), i == 0 ? "a: t1\nb:\n" : "a:\nb: t1\n");
    }
    CHECK_TEXT(world_unit(world, "t1"), "owned: its former owner serves another group");
    tale_end(world);
}

// CB-15: one collector per agent; the collector of a deleted one is free for the next.
static void isolated(void)
{
    struct world *world = tale_with(3, 3);
    set(world, "\"isolated\": \"true\"");
    world_announce(world, "agent", "add", "t4");
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a: t1\nb: t2\nc: t3\n");
    CHECK_TEXT(world_unit(world, "t4"),
               "pending: every collector has all that max_topics_per_collector or isolated allow; "
               "start another one, "
               "or raise the cap");
    world_announce(world, "agent", "remove", "t2");
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a: t1\nb: t4\nc: t3\n");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

// CB-16: every policy after every other; whatever fits is read, and nothing is lost.
static void policies_change_live(void)
{
    static const char *const policies[] = {
        "\"group_by\": \"csp\", \"other\": \"aws\"",
        "\"group_by\": \"none\", \"other\": \"none\", \"mode\": \"pack\", "
        "\"max_topics_per_collector\": \"4\"",
        "\"mode\": \"even\", \"max_topics_per_collector\": \"none\", \"affinity\": \"zone\"",
        "\"spread_by\": \"zone\", \"spread_max\": \"6\"",
        "\"balance\": \"weight\"",
        "\"balance\": \"none\", \"spread_by\": \"none\", \"spread_max\": \"none\", \"preset\": "
        "\"csp\""};
    struct world *world = tale_begin();
    world_collector_with(world, "a", "csp=aws zone=east");
    world_collector_with(world, "b", "csp=gcp zone=east");
    world_collector_with(world, "c", "csp=other zone=west");
    for (int i = 0; i < 9; i++) {
        char agent[32], topic[32];
        snprintf(agent, sizeof(agent), "agent%d", i);
        snprintf(topic, sizeof(topic), "t%d", i);
        announce(world, agent, topic,
                 i % 3 == 0   ? ", \"labels\": {\"csp\": \"aws\", \"zone\": \"east\"}"
                 : i % 3 == 1 ? ", \"labels\": {\"csp\": \"gcp\"}, \"weight\": 3"
                              : ", \"labels\": {\"zone\": \"west\"}");
    }
    world_run(world, 5000);
    for (size_t i = 0; i < 2 * sizeof(policies) / sizeof(policies[0]); i++) {
        set(world, policies[i % 6]);
        world_run(world, 4000);
        CHECK_TEXT(world_unsettled(world), NULL);
        CHECK_INT(count(world, "a") + count(world, "b") + count(world, "c"), 9);
    }
    world_order(world, "pool.reset", "", "");
    world_run(world, 4000);
    for (int i = 0; i < 3; i++)
        CHECK_INT(count(world, i == 0 ? "a" : i == 1 ? "b" : "c"), 3);
    tale_end(world);
}

// CB-17: use the fewest and even out are two modes; a change from one to the other is asked for.
static void packed_or_even(void)
{
    struct world *world = tale_with(3, 0);
    set(world, "\"max_topics_per_collector\": \"5\", \"mode\": \"pack\"");
    world_announce(world, "agent", "set", "t1 t2 t3 t4 t5 t6 t7 t8 t9 t10 t11");
    world_run(world, 3000);
    CHECK_INT(count(world, "a"), 5);
    CHECK_INT(count(world, "b"), 5);
    CHECK_INT(count(world, "c"), 1);
    world_announce(world, "agent", "remove", "t11");
    world_run(world, 3000);
    CHECK_INT(count(world, "c"), 0);
    world_announce(world, "agent", "add", "t11");
    world_run(world, 3000);
    CHECK_INT(world->moves, 0);
    set(world, "\"mode\": \"even\"");
    world_run(world, 3000);
    CHECK_INT(count(world, "a"), 4);
    CHECK_INT(count(world, "b"), 4);
    CHECK_INT(count(world, "c"), 3);
    CHECK_INT(world->moves, 2);
    tale_end(world);
}

// MR-24, MR-25: one of a group per host; with two hosts the third member waits and says why, also
// after a takeover; a third host lets it in.
static void one_per_host(void)
{
    struct world *world = tale_begin();
    set(world, "\"group_by\": \"job\", \"spread_by\": \"host\", \"spread_max\": \"1\"");
    world_collector_with(world, "a", "job=db host=h1");
    world_collector_with(world, "b", "job=db host=h1");
    world_collector_with(world, "c", "job=db host=h2");
    for (int i = 1; i <= 3; i++) {
        char topic[32];
        snprintf(topic, sizeof(topic), "t%d", i);
        announce(world, topic, topic, ", \"labels\": {\"job\": \"db\"}");
    }
    world_run(world, 5000);
    for (int life = 0; life < 2; life++) {
        CHECK_INT(count(world, "a") + count(world, "b"), 1);
        CHECK_INT(count(world, "c"), 1);
        CHECK_TEXT(world_unit(world, "t3"),
                   "pending: every host has spread_max topics of its group; start a collector on "
                   "another host, or raise spread_max");
        if (life == 0) {
            world_crash(world, "north");
            world_restart(world, "north", false);
            world_run(world, 10000);
        }
    }
    world_collector_with(world, "d", "job=db host=h3");
    world_run(world, 4000);
    CHECK_INT(count(world, "d"), 1);
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

// MR-26: a topic goes only where its weight fits; what fits nowhere waits and is not dropped.
static void weight_fits_or_waits(void)
{
    struct world *world = tale_begin();
    set(world, "\"balance\": \"weight\"");
    world_collector_with(world, "a", "weight=10");
    world_collector_with(world, "b", "weight=4 units=2");
    world_run(world, 3000);
    announce(world, "x", "heavy", ", \"weight\": 8");
    world_run(world, 1000);
    announce(world, "y", "light", ", \"weight\": 3");
    world_run(world, 1000);
    announce(world, "z", "medium", ", \"weight\": 5");
    world_run(world, 3000);
    CHECK_TEXT(world_reading(world), "a: heavy\nb: light\n");
    CHECK_TEXT(
        world_unit(world, "medium"),
        "pending: no collector has room for it; start another one, or raise what they may have");
    world_announce(world, "x", "set", "");
    world_run(world, 3000);
    CHECK_TEXT(world_reading(world), "a: medium\nb: light\n");
    CHECK_INT(world->moves, 0);
    tale_end(world);
}

// A dead collector's topics wait for it as long as the pool says; the same id has them back without
// a move, and behind that time others take them.
static void bounce_delay(void)
{
    struct world *world = tale_with(2, 4);
    set(world, "\"bounce_delay\": \"10s\"");
    world_run(world, 1000);
    world_crash(world, "b");
    world_death(world, "b", 0);
    world_run(world, 5000);
    CHECK_TEXT(world_reading(world), "a: t1 t3\n");
    world_announce(world, "agent", "add", "t5");
    world_run(world, 1000);
    CHECK_TEXT(world_reading(world), "a: t1 t3 t5\n");
    world_restart(world, "b", false);
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a: t1 t3 t5\nb: t2 t4\n");
    CHECK_INT(world->moves, 0);
    world_crash(world, "b");
    world_death(world, "b", 0);
    world_run(world, 12000);
    CHECK_TEXT(world_reading(world), "a: t1 t2 t3 t4 t5\n");
    tale_end(world);
}

// A collector that joins gets its share at the pace that the pool allows; a death is not held back.
static void move_budget(void)
{
    struct world *world = tale_with(2, 12);
    set(world, "\"move_budget\": \"2\"");
    world_run(world, 1000);
    world_collector(world, "c");
    world_run(world, 10000);
    CHECK_INT(world->moves, 2);
    world_run(world, 60000);
    CHECK_INT(world->moves, 4);
    CHECK_INT(count(world, "c"), 4);
    world_crash(world, "c");
    world_death(world, "c", 0);
    world_run(world, 5000);
    CHECK_INT(world->moves, 8);
    tale_end(world);
}

// A topic is read in its own zone while there is room, elsewhere when there is none, and comes
// back.
static void affinity_spills_over(void)
{
    struct world *world = tale_begin();
    set(world, "\"affinity\": \"zone\", \"max_topics_per_collector\": \"2\"");
    world_collector_with(world, "a", "zone=east");
    world_collector_with(world, "b", "zone=west");
    world_run(world, 3000);
    for (int i = 1; i <= 3; i++) {
        char topic[32];
        snprintf(topic, sizeof(topic), "t%d", i);
        announce(world, topic, topic, ", \"labels\": {\"zone\": \"east\"}");
    }
    world_run(world, 3000);
    CHECK_TEXT(world_reading(world), "a: t1 t2\nb: t3\n");
    world_announce(world, "t1", "set", "");
    world_run(world, 3000);
    CHECK_TEXT(world_reading(world), "a: t2 t3\nb:\n");
    CHECK_TEXT(world_unit(world, "t3"), "owned: a collector of its own zone has room");
    tale_end(world);
}

static void pinned(void)
{
    struct world *world = tale_with(2, 2);
    announce(world, "x", "p1", ", \"labels\": {\"pin\": \"b\"}");
    announce(world, "y", "p2", ", \"labels\": {\"pin\": \"z\"}");
    world_run(world, 2000);
    CHECK_TEXT(world_reading(world), "a: t1\nb: p1 t2\n");
    CHECK_TEXT(world_unit(world, "p2"),
               "pending: the collector it is pinned to is not in its pool and group; start it, or "
               "take the label pin away");
    world_announce(world, "y", "set", "");
    world_run(world, 1000);
    tale_end(world);
}

static const struct test tests[] = {
    TEST(providers_are_kept_apart),
    TEST(first_batch_is_whole),
    TEST(cap_splits_a_group),
    TEST(labels_change),
    TEST(isolated),
    TEST(policies_change_live),
    TEST(packed_or_even),
    TEST(one_per_host),
    TEST(weight_fits_or_waits),
    TEST(bounce_delay),
    TEST(move_budget),
    TEST(affinity_spills_over),
    TEST(pinned),
};

TEST_MAIN("story/policy", tests)
