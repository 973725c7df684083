// SPDX-License-Identifier: Apache-2.0
//
// What labels are worth under a policy, and which announcements a pool wants.
#include "plan/policy.h"

#include <stdlib.h>
#include <string.h>

#include "policy_text.h"
#include "test.h"

#define LABELS_MAX 8

static struct plan_policy policy_good(const char *text)
{
    struct plan_policy policy = {0};
    struct buffer why = {0};
    CHECK_TEXT(policy_of(text, &why, &policy), NULL);
    buffer_finish(&why);
    return policy;
}

// A unit in one line: name, agent, labels, the agent's labels.
static struct policy_place unit_place(const struct plan_policy *policy, const char *name,
                                      const char *agent, const char *labels,
                                      const char *agent_labels)
{
    static struct label own[LABELS_MAX];
    static struct label agents[LABELS_MAX];
    struct policy_unit unit = {
        .name = text_of(name),
        .agent = text_of(agent),
        .labels = own,
        .labels_count = labels_of(labels, own, LABELS_MAX),
        .agent_labels = agents,
        .agent_labels_count = labels_of(agent_labels, agents, LABELS_MAX),
    };
    return policy_unit_place(policy, &unit);
}

static struct policy_place collector_place(const struct plan_policy *policy, const char *text)
{
    static struct label labels[LABELS_MAX];
    uint32_t count = labels_of(text, labels, LABELS_MAX);
    return policy_collector_place(policy, labels, count);
}

static void check_group(struct policy_place place, const char *group, bool has_group,
                        bool is_listed)
{
    char *text = strndup(place.group.data ? place.group.data : "", place.group.size);
    CHECK_TEXT(text, group);
    CHECK_INT(place.has_group, has_group);
    CHECK_INT(place.is_listed, is_listed);
    free(text);
}

// CB-10: for each of the eight providers, whatever the case.
static void suffix_names_the_provider(void)
{
    static const char *const providers[] = {"alibaba",   "aws",    "azure", "cloudit",
                                            "cloudtwin", "docker", "gcp",   "openstack"};
    struct plan_policy policy = policy_good("preset=csp");
    struct buffer name = {0};
    for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++) {
        buffer_clear(&name);
        buffer_print(&name, "ns_vm_%s", providers[i]);
        check_group(unit_place(&policy, buffer_string(&name), "", "", ""), providers[i], true,
                    true);
        for (size_t k = 6; k < name.size; k++)
            name.data[k] = (char)(name.data[k] - 'a' + 'A');
        check_group(unit_place(&policy, buffer_string(&name), "", "", ""), providers[i], true,
                    true);
        check_group(unit_place(&policy, "x", buffer_string(&name), "", ""), providers[i], true,
                    true);
        buffer_clear(&name);
        buffer_print(&name, "csp=%s", providers[i]);
        check_group(collector_place(&policy, buffer_string(&name)), providers[i], true, true);
    }
    buffer_finish(&name);
    policy_finish(&policy);
}

// CB-12
static void unknown_provider_goes_to_other(void)
{
    struct plan_policy policy = policy_good("preset=csp");
    check_group(unit_place(&policy, "vm_ibm", "", "", ""), "other", false, true);
    check_group(unit_place(&policy, "vm", "", "", ""), "other", false, true);
    check_group(unit_place(&policy, "vm_aws", "", "csp=ibm", ""), "other", true, true);
    check_group(unit_place(&policy, "vm_other", "", "", ""), "other", true, true);
    check_group(unit_place(&policy, "vm_awsx", "", "", ""), "other", false, true);
    policy_finish(&policy);

    policy = policy_good("preset=csp;other=none");
    check_group(unit_place(&policy, "vm_ibm", "", "", ""), "", false, false);
    check_group(unit_place(&policy, "vm", "", "csp=ibm", ""), "ibm", true, false);
    policy_finish(&policy);
}

// CB-23: the names differ only in where the mark falls.
static void only_what_is_behind_the_last_mark_counts(void)
{
    struct plan_policy policy = policy_good("preset=csp;other=none");
    check_group(unit_place(&policy, "ns_1_aws", "", "", ""), "aws", true, true);
    check_group(unit_place(&policy, "ns_1a_ws", "", "", ""), "", false, false);
    check_group(unit_place(&policy, "ns_1aws_", "", "", ""), "", false, false);
    check_group(unit_place(&policy, "gcp_aws", "", "", ""), "aws", true, true);
    check_group(unit_place(&policy, "aws", "", "", ""), "", false, false);
    check_group(unit_place(&policy, "_aws", "", "", ""), "aws", true, true);
    check_group(unit_place(&policy, "_", "", "", ""), "", false, false);
    check_group(unit_place(&policy, "", "", "", ""), "", false, false);
    policy_finish(&policy);
    policy = policy_good("preset=csp;label_suffix=--;other=none");
    check_group(unit_place(&policy, "vm---gcp", "", "", ""), "gcp", true, true);
    check_group(unit_place(&policy, "vm-gcp", "", "", ""), "", false, false);
    policy_finish(&policy);
}

static void nearer_label_wins(void)
{
    struct plan_policy policy = policy_good("preset=csp");
    check_group(unit_place(&policy, "t_gcp", "a_azure", "csp=AWS", "csp=docker"), "aws", true,
                true);
    check_group(unit_place(&policy, "t_gcp", "a_azure", "zone=z", "csp=docker"), "docker", true,
                true);
    check_group(unit_place(&policy, "t_gcp", "a_azure", "csp=", ""), "gcp", true, true);
    check_group(unit_place(&policy, "t_ibm", "a_azure", "", ""), "azure", true, true);
    policy_finish(&policy);
}

static void without_a_list_values_are_taken_as_they_are(void)
{
    struct plan_policy policy = policy_good("group_by=tenant;label_suffix=.");
    check_group(unit_place(&policy, "x.Blue", "", "", ""), "Blue", true, false);
    check_group(unit_place(&policy, "x", "", "tenant=RED", ""), "RED", true, false);
    check_group(unit_place(&policy, "x", "", "", ""), "", false, false);
    check_group(collector_place(&policy, "tenant=Blue"), "Blue", true, false);
    check_group(collector_place(&policy, ""), "", false, false);
    policy_finish(&policy);

    policy = policy_good("group_by=tenant;other=rest");
    check_group(unit_place(&policy, "x", "", "tenant=RED", ""), "RED", true, false);
    check_group(unit_place(&policy, "x", "", "tenant=rest", ""), "rest", true, true);
    check_group(unit_place(&policy, "x", "", "tenant=Rest", ""), "Rest", true, false);
    check_group(unit_place(&policy, "x", "", "", ""), "rest", false, true);
    check_group(collector_place(&policy, "tenant=rest"), "rest", true, true);
    policy_finish(&policy);
}

static void collectors_serve_what_they_say(void)
{
    struct plan_policy policy = policy_good("group_by=csp;groups=Aws,gcp;other=rest");
    check_group(collector_place(&policy, "csp=AWS;x=y"), "Aws", true, true);
    check_group(collector_place(&policy, "csp=REST"), "rest", true, true);
    check_group(collector_place(&policy, "csp=ibm"), "ibm", true, false);
    check_group(collector_place(&policy, "x=y"), "", false, false);
    check_group(collector_place(&policy, "csp="), "", false, false);
    policy_finish(&policy);
}

static void without_group_by_nothing_is_grouped(void)
{
    struct plan_policy policy = policy_good("");
    check_group(unit_place(&policy, "vm_aws", "a_aws", "csp=aws", "csp=aws"), "", false, false);
    check_group(collector_place(&policy, "csp=aws"), "", false, false);
    policy_finish(&policy);
}

static void zone_host_and_pin_are_labels(void)
{
    struct plan_policy policy = policy_good("affinity=zone;spread_by=rack;spread_max=1");
    struct policy_place unit = unit_place(&policy, "t", "a", "pin=c1", "zone=z1;pin=c2");
    CHECK(text_equals(unit.zone, "z1"));
    CHECK(text_equals(unit.pin, "c1"));
    CHECK_INT(unit.host.size, 0);
    unit = unit_place(&policy, "t", "a", "zone=z2", "pin=c2;rack=r");
    CHECK(text_equals(unit.zone, "z2"));
    CHECK(text_equals(unit.pin, "c2"));
    struct policy_place collector = collector_place(&policy, "zone=z;rack=r;pin=x");
    CHECK(text_equals(collector.zone, "z"));
    CHECK(text_equals(collector.host, "r"));
    CHECK_INT(collector.pin.size, 0);
    policy_finish(&policy);
    policy = policy_good("");
    collector = collector_place(&policy, "zone=z;rack=r");
    CHECK_INT(collector.zone.size, 0);
    CHECK_INT(collector.host.size, 0);
    policy_finish(&policy);
}

static bool matches(const char *rules, const char *name, const char *agent, const char *labels,
                    const char *agent_labels)
{
    struct label own[LABELS_MAX];
    struct label agents[LABELS_MAX];
    struct policy_unit unit = {
        .name = text_of(name),
        .agent = text_of(agent),
        .labels = own,
        .labels_count = labels_of(labels, own, LABELS_MAX),
        .agent_labels = agents,
        .agent_labels_count = labels_of(agent_labels, agents, LABELS_MAX),
    };
    struct plan_policy policy = {.match = (char *)rules};
    return policy_matches(&policy, &unit);
}

// CB-26
static void rules_sort_agents_of_clusters_from_those_of_machines(void)
{
    const char *clusters = "label.type=k8s agent=mck8s-*";
    const char *machines = "name=vm?_*";
    CHECK(matches(clusters, "t", "mck8s-7", "", ""));
    CHECK(matches(clusters, "t", "x", "type=k8s", ""));
    CHECK(matches(clusters, "t", "x", "", "type=k8s"));
    CHECK(!matches(clusters, "t", "xmck8s-7", "", ""));
    CHECK(!matches(clusters, "t", "x", "type=K8s", "type=k8"));
    CHECK(matches(machines, "vm1_aws", "", "", ""));
    CHECK(!matches(machines, "vm_aws", "", "", ""));
    CHECK(!matches(machines, "vm12_aws", "", "", ""));
}

static void pattern_holds_the_whole_text(void)
{
    CHECK(matches("name=*", "x", "", "", ""));
    CHECK(matches("name=a*b*c", "aXXbYbZc", "", "", ""));
    CHECK(!matches("name=a*b*c", "aXXbYbZcd", "", "", ""));
    CHECK(matches("name=*aab", "aaaaaab", "", "", ""));
    CHECK(matches("name=ab**", "ab", "", "", ""));
    CHECK(!matches("name=ab", "abc", "", "", ""));
    CHECK(!matches("name=abc", "ab", "", "", ""));
    CHECK(!matches("name=?", "", "", "", ""));
    CHECK(matches("label.a=?x", "", "", "a=üx", ""));
    CHECK(matches("label.a==b", "", "", "a==b", ""));
}

static void what_is_not_there_matches_nothing(void)
{
    CHECK(!matches("agent=*", "x", "", "", ""));
    CHECK(!matches("label.zone=*", "x", "a", "", ""));
    CHECK(matches("label.zone=*", "x", "a", "zone=", ""));
    struct plan_policy policy = {0};
    struct policy_unit unit = {.name = TEXT_LITERAL("x")};
    CHECK(!policy_matches(&policy, &unit));
}

static void rules_may_stand_far_apart(void)
{
    CHECK(matches("name=a   name=x ", "x", "", "", ""));
    CHECK(!matches("   ", "x", "", "", ""));
}

static const struct test tests[] = {
    TEST(suffix_names_the_provider),
    TEST(unknown_provider_goes_to_other),
    TEST(only_what_is_behind_the_last_mark_counts),
    TEST(nearer_label_wins),
    TEST(without_a_list_values_are_taken_as_they_are),
    TEST(collectors_serve_what_they_say),
    TEST(without_group_by_nothing_is_grouped),
    TEST(zone_host_and_pin_are_labels),
    TEST(rules_sort_agents_of_clusters_from_those_of_machines),
    TEST(pattern_holds_the_whole_text),
    TEST(what_is_not_there_matches_nothing),
    TEST(rules_may_stand_far_apart),
};

TEST_MAIN("plan/policy_place", tests)
