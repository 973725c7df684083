// SPDX-License-Identifier: Apache-2.0
//
// Reading a policy: what each key means, and everything that is refused.
#include "plan/policy.h"

#include <string.h>

#include "base/memory.h"
#include "policy_text.h"
#include "test.h"

static struct buffer why;

// The policy of "key=value;key=value", which must be a good one.
static struct plan_policy good(const char *text)
{
    struct plan_policy policy = {0};
    CHECK_TEXT(policy_of(text, &why, &policy), NULL);
    return policy;
}

static void refused(const char *text, const char *reason)
{
    struct plan_policy policy = {.spread_max = 77};
    CHECK_TEXT(policy_of(text, &why, &policy), reason);
    CHECK_INT(policy.spread_max, 77);
    buffer_finish(&why);
}

static void without_keys_it_is_the_default(void)
{
    struct plan_policy policy = good("");
    CHECK_INT(policy.balance, PLAN_BALANCE_COUNT);
    CHECK_INT(policy.tolerance_ppm, 10000);
    CHECK_INT(policy.min_gain_ppm, 0);
    CHECK_INT(policy.move_budget, 0);
    CHECK_INT(policy_cap(&policy), 0);
    CHECK_INT(policy.collectors_max, 0);
    CHECK(!policy.is_packed && !policy.isolated && !policy.start_latest);
    CHECK_TEXT(policy.on_gap, "earliest");
    CHECK_INT(policy.agent_interval_ms, 0);
    CHECK_INT(policy.agent_misses, 3);
    CHECK(!policy.group_by && !policy.groups && !policy.other && !policy.match);
    policy_finish(&policy);
}

static void every_key_says_what_it_says(void)
{
    struct plan_policy policy =
        good("balance=weight;mode=pack;tolerance=2.5%;min_gain=0.1;max_topics_per_collector=7;"
             "group_by=csp;groups=aws, gcp;other=rest;label_suffix=--;affinity=zone;"
             "spread_by=host;spread_max=2;move_budget=60;bounce_delay=30s;stabilization=5m;"
             "collectors_min=0;collectors_max=9;match=name=a* agent=b;start=latest;on_gap=hold;"
             "agent_interval=1m;agent_misses=5");
    CHECK_INT(policy.balance, PLAN_BALANCE_WEIGHT);
    CHECK(policy.is_packed);
    CHECK_INT(policy.tolerance_ppm, 25000);
    CHECK_INT(policy.min_gain_ppm, 100000);
    CHECK_INT(policy_cap(&policy), 7);
    CHECK_TEXT(policy.group_by, "csp");
    CHECK_TEXT(policy.groups, "aws,gcp");
    CHECK_TEXT(policy.other, "rest");
    CHECK_TEXT(policy.label_suffix, "--");
    CHECK_TEXT(policy.affinity, "zone");
    CHECK_TEXT(policy.spread_by, "host");
    CHECK_INT(policy.spread_max, 2);
    CHECK_INT(policy.move_budget, 60);
    CHECK_INT(policy.bounce_delay_ms, 30000);
    CHECK_INT(policy.stabilization_ms, 300000);
    CHECK_INT(policy.collectors_min, 0);
    CHECK_INT(policy.collectors_max, 9);
    CHECK_TEXT(policy.match, "name=a* agent=b");
    CHECK(policy.start_latest);
    CHECK_TEXT(policy.on_gap, "hold");
    CHECK_INT(policy.agent_interval_ms, 60000);
    CHECK_INT(policy.agent_misses, 5);
    policy_finish(&policy);
}

static void gain_is_asked_for_where_loads_are_measured(void)
{
    CHECK_INT(good("balance=load").min_gain_ppm, 50000);
    CHECK_INT(good("balance=load;min_gain=none").min_gain_ppm, 50000);
    CHECK_INT(good("balance=load;min_gain=0").min_gain_ppm, 0);
    CHECK_INT(good("balance=weight").min_gain_ppm, 0);
}

// CB-1: AGENTCOUNT and MaxAgentHost are the cap.
static void cap_has_its_old_names(void)
{
    CHECK_INT(good("AGENTCOUNT=5").max_topics_per_collector, 5);
    CHECK_INT(good("MaxAgentHost=6").max_topics_per_collector, 6);
    CHECK(text_equals(policy_key(TEXT_LITERAL("MaxAgentHost")), "max_topics_per_collector"));
    CHECK(text_equals(policy_key(TEXT_LITERAL("x")), "x"));
}

static void isolated_is_a_cap_of_one(void)
{
    struct plan_policy policy = good("isolated=true");
    CHECK_INT(policy_cap(&policy), 1);
    policy = good("isolated=true;max_topics_per_collector=1");
    CHECK_INT(policy_cap(&policy), 1);
    policy = good("isolated=false;max_topics_per_collector=3");
    CHECK_INT(policy_cap(&policy), 3);
}

static void none_takes_a_key_back(void)
{
    struct plan_policy policy =
        good("balance=none;mode=none;tolerance=none;max_topics_per_collector=none;group_by=none;"
             "groups=none;bounce_delay=none;match=none;on_gap=none;preset=none;"
             "agent_interval=none;agent_misses=none");
    struct plan_policy standard = good("");
    CHECK_INT(policy.tolerance_ppm, standard.tolerance_ppm);
    CHECK(policy_labels_equal(&policy, &standard));
    CHECK_TEXT(policy.on_gap, standard.on_gap);
    CHECK_INT(policy.agent_interval_ms, standard.agent_interval_ms);
    CHECK_INT(policy.agent_misses, standard.agent_misses);
    CHECK(!policy.match);
}

// CB-14: the list of providers is configuration.
static void preset_stands_for_its_keys(void)
{
    struct plan_policy policy = good("preset=csp");
    CHECK_TEXT(policy.group_by, "csp");
    CHECK_TEXT(policy.groups, "alibaba,aws,azure,cloudit,cloudtwin,docker,gcp,openstack");
    CHECK_TEXT(policy.other, "other");
    CHECK_TEXT(policy.label_suffix, "_");
    policy_finish(&policy);

    policy = good("groups=aws,ibm;preset=csp;other=none;max_topics_per_collector=2");
    CHECK_TEXT(policy.group_by, "csp");
    CHECK_TEXT(policy.groups, "aws,ibm");
    CHECK_TEXT(policy.other, NULL);
    CHECK_TEXT(policy.label_suffix, "_");
    CHECK_INT(policy_cap(&policy), 2);
    policy_finish(&policy);
}

static void other_is_written_as_the_list_writes_it(void)
{
    struct plan_policy policy = good("group_by=csp;groups=aws,Rest;other=REST");
    CHECK_TEXT(policy.other, "Rest");
    policy_finish(&policy);
}

static void copy_shares_nothing(void)
{
    struct plan_policy policy = good("preset=csp;match=name=a;affinity=zone");
    struct plan_policy copy = policy_copy(&policy);
    CHECK(policy_labels_equal(&policy, &copy));
    policy_finish(&policy);
    CHECK_TEXT(copy.group_by, "csp");
    CHECK_TEXT(copy.match, "name=a");
    CHECK(copy.spread_by == NULL);
    policy_finish(&copy);
    policy_finish(&copy);
    policy_finish(NULL);
}

static void policies_differ_where_their_labels_do(void)
{
    struct plan_policy a = good("group_by=csp;groups=aws,gcp");
    static const char *const same[] = {
        "groups=aws,gcp;group_by=csp",
        "group_by=csp;groups=aws,gcp;balance=weight;max_topics_per_collector=4;match=name=x",
    };
    static const char *const other[] = {
        "group_by=csp",
        "group_by=zone;groups=aws,gcp",
        "group_by=csp;groups=aws,gcp;other=rest",
        "group_by=csp;groups=aws,gcp;label_suffix=_",
        "group_by=csp;groups=aws,gcp;affinity=zone",
        "group_by=csp;groups=aws,gcp;spread_by=host;spread_max=1",
        "",
    };
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        struct plan_policy b = good(same[i]);
        CHECK(policy_labels_equal(&a, &b));
        policy_finish(&b);
    }
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        struct plan_policy b = good(other[i]);
        CHECK(!policy_labels_equal(&a, &b));
        policy_finish(&b);
    }
    policy_finish(&a);
}

// CB-8
static void wrong_numbers_are_refused(void)
{
    refused("max_topics_per_collector=0",
            "max_topics_per_collector: '0' is not a whole number of 1 or more");
    refused("AGENTCOUNT=-1", "AGENTCOUNT: '-1' is not a whole number of 1 or more");
    refused("MaxAgentHost=five", "MaxAgentHost: 'five' is not a whole number of 1 or more");
    refused("spread_by=h;spread_max=1.5", "spread_max: '1.5' is not a whole number of 1 or more");
    refused("move_budget=NaN", "move_budget: 'NaN' is not a whole number of 1 or more");
    refused("move_budget=0", "move_budget: '0' is not a whole number of 1 or more");
    refused("collectors_max=", "collectors_max: '' is not a whole number of 1 or more");
    refused("collectors_min=-1", "collectors_min: '-1' is not a whole number of 0 or more");
    refused("max_topics_per_collector=1000000001",
            "max_topics_per_collector: '1000000001' is more than 1000000000");
    refused("max_topics_per_collector=99999999999999999999999",
            "max_topics_per_collector: '99999999999999999999999' is more than 1000000000");
    refused("max_topics_per_collector=1e3",
            "max_topics_per_collector: '1e3' is not a whole number of 1 or more");
}

// CB-8
static void unknown_words_are_refused(void)
{
    refused("balance=even", "balance: 'even' is not count, weight or load");
    refused("balance=Count", "balance: 'Count' is not count, weight or load");
    refused("mode=spread", "mode: 'spread' is not even or pack");
    refused("isolated=yes", "isolated: 'yes' is not true or false");
    refused("start=now", "start: 'now' is not earliest or latest");
    refused("agent_misses=0", "agent_misses: '0' is not a whole number of 1 or more");
    refused("load=cpu", "load: 'cpu' is not bytes, records or lag");
    refused("on_gap=ignore", "on_gap: 'ignore' is not earliest, latest or hold");
    refused("preset=aws", "preset: 'aws' is not csp, the only preset");
    refused("bounce_delay=soon", "bounce_delay: 'soon' is not a duration such as 500ms, 30s, 5m or "
                                 "1h");
    refused("tolerance=1.5", "tolerance: '1.5' is more than 100%");
}

// CB-8
static void unknown_keys_are_refused_with_the_nearest(void)
{
    refused("blance=count", "unknown policy key 'blance': did you mean 'balance'?");
    refused("max_topic_per_collector=1", "unknown policy key 'max_topic_per_collector': did you "
                                         "mean 'max_topics_per_collector'?");
    refused("colour=red", "unknown policy key 'colour'");
    refused("\033[31m=red", "unknown policy key '?[31m'");
    refused("Balance=count", "unknown policy key 'Balance': did you mean 'balance'?");
}

static void key_that_is_set_twice_is_refused(void)
{
    refused("mode=even;mode=even", "mode is set twice");
    refused("AGENTCOUNT=5;max_topics_per_collector=5", "max_topics_per_collector is set twice");
    refused("MaxAgentHost=none;AGENTCOUNT=5", "max_topics_per_collector is set twice");
}

static void contradictions_are_refused_with_the_reason(void)
{
    refused("spread_by=host", "spread_by without spread_max: say how many topics of a group one "
                              "place may have");
    refused("spread_by=host;spread_max=none", "spread_by without spread_max: say how many topics "
                                              "of a group one place may have");
    refused("spread_max=1", "spread_max without spread_by: say which label of the collectors is "
                            "their place");
    refused("groups=aws", "groups without group_by: say which label has them");
    refused("other=x", "other without group_by: say which label it is about");
    refused("label_suffix=_", "label_suffix without group_by: say which label the suffix stands "
                              "for");
    refused("preset=csp;group_by=none", "groups without group_by: say which label has them");
    refused("isolated=true;max_topics_per_collector=2",
            "isolated means one topic per collector, max_topics_per_collector means more");
    refused("mode=pack;balance=load", "mode = pack with balance = load: what is packed by measured "
                                      "loads would never rest");
    refused("group_by=zone;affinity=zone", "affinity and group_by are one label: collectors of "
                                           "another group get nothing anyway");
    refused("preset=csp;spread_by=csp;spread_max=1",
            "spread_by and group_by are one label: a group would have only one place");
    refused("collectors_min=3;collectors_max=2", "collectors_min is more than collectors_max");
}

// What contradicts itself may fit what was set before.
static void keys_can_be_looked_at_alone(void)
{
    struct label keys[] = {{TEXT_LITERAL("spread_max"), TEXT_LITERAL("2")},
                           {TEXT_LITERAL("AGENTCOUNT"), TEXT_LITERAL("abc")}};
    CHECK_TEXT(policy_check(keys, 1, &why), NULL);
    CHECK(policy_check(keys, 2, &why) != NULL);
    CHECK(strstr(buffer_string(&why), "AGENTCOUNT: 'abc' ") != NULL);
    buffer_finish(&why);
}

static void long_values_are_cut_in_the_reason(void)
{
    char text[400] = "mode=";
    memset(text + strlen(text), 'x', 300);
    refused(text, "mode: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...' is not "
                  "even or pack");
}

static const struct test tests[] = {
    TEST(without_keys_it_is_the_default),
    TEST(every_key_says_what_it_says),
    TEST(gain_is_asked_for_where_loads_are_measured),
    TEST(cap_has_its_old_names),
    TEST(isolated_is_a_cap_of_one),
    TEST(none_takes_a_key_back),
    TEST(preset_stands_for_its_keys),
    TEST(other_is_written_as_the_list_writes_it),
    TEST(copy_shares_nothing),
    TEST(policies_differ_where_their_labels_do),
    TEST(wrong_numbers_are_refused),
    TEST(unknown_words_are_refused),
    TEST(unknown_keys_are_refused_with_the_nearest),
    TEST(key_that_is_set_twice_is_refused),
    TEST(contradictions_are_refused_with_the_reason),
    TEST(keys_can_be_looked_at_alone),
    TEST(long_values_are_cut_in_the_reason),
};

TEST_MAIN("plan/policy", tests)
