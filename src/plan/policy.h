// SPDX-License-Identifier: Apache-2.0
//
// The policy of a pool: what the planner is asked for. It is given as keys and values, as in `pool
// set`, in the state and in a workload file, and always looked at as a whole: a wrong value, an
// unknown key or two keys that contradict each other are refused with the reason.
//
//     key                        value                      default
//     balance                    count | weight | load      count
//     load                       bytes | records | lag      bytes
//     mode                       even | pack                even
//     tolerance                  ratio: 1% or 0.01, to 100% 1%
//     min_gain                   ratio                      0, under balance = load 5%
//     max_topics_per_collector   1 or more                  no cap      (AGENTCOUNT, MaxAgentHost)
//     isolated                   true | false               false
//     group_by                   label
//     groups                     values, comma between
//     other                      value
//     label_suffix               characters, such as _
//     preset                     csp: group_by, groups, other and label_suffix for the eight
//                                providers, each of which may still be set by itself
//     affinity                   label
//     spread_by                  label
//     spread_max                 1 or more
//     move_budget                moves a minute             no limit
//     bounce_delay               duration                   0
//     stabilization              duration                   0
//     collectors_min             0 or more                  0
//     collectors_max             1 or more                  no limit
//     match                      rules, see policy_matches
//     start                      earliest | latest          earliest
//     on_gap                     earliest | latest | hold   earliest
//     agent_interval             duration                   0: silence of agents is not counted
//     agent_misses               1 or more                  3
//     quarantine_after           1 or more                  3
//
// The value `none` takes a key back to its default, under a preset too. Whole numbers go to 10^9,
// durations are in ms, or end in ms, s, m or h, and go to a year; names and values of labels have 1
// to 200 printable bytes.
#ifndef MUSTER_PLAN_POLICY_H
#define MUSTER_PLAN_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/label.h"
#include "base/text.h"

enum plan_balance { PLAN_BALANCE_COUNT, PLAN_BALANCE_WEIGHT, PLAN_BALANCE_LOAD };

// What is measured as a load, by whoever tells the planner the numbers: bytes or records a second,
// or records that are still to be read.
enum plan_load { PLAN_LOAD_BYTES, PLAN_LOAD_RECORDS, PLAN_LOAD_LAG };

// What nothing was said for is 0; the defaults are those of policy_parse without keys.
struct plan_policy {
    enum plan_balance balance;
    enum plan_load load;
    bool is_packed;                    // mode = pack: the fewest collectors, instead of even
    bool isolated;                     // one unit per collector
    bool start_latest;                 // new topics are read from their end
    uint32_t max_topics_per_collector; // hard cap on units, 0 = none
    uint32_t tolerance_ppm;            // millionths of the even share
    uint32_t min_gain_ppm;             // millionths of the greatest load
    uint32_t spread_max;               // units of a group per value of spread_by, 0 = no limit
    uint32_t move_budget;              // moves a minute for the sake of balance, 0 = no limit
    uint32_t collectors_min;
    uint32_t collectors_max; // 0 = no limit
    int64_t bounce_delay_ms;
    int64_t stabilization_ms;
    int64_t agent_interval_ms; // in which an agent is to be heard, 0 = silence is not counted
    uint32_t quarantine_after; // owners in a row that fail on a unit
    uint32_t agent_misses;     // intervals of silence after which an agent is unhealthy
    const char *on_gap;        // static
    char *group_by;            // owned from here on; NULL = not set
    char *groups;              // "aws,gcp"
    char *other;
    char *label_suffix;
    char *affinity;
    char *spread_by;
    char *match;
};

void policy_finish(struct plan_policy *policy);

// A deep copy, to be finished by the caller.
struct plan_policy policy_copy(const struct plan_policy *policy);

// The policy that these keys and values make, over the defaults. Returns NULL and a policy that the
// caller finishes, or why it is refused (lower case, no full stop: "spread_max without spread_by");
// borrowed from `why`, which the caller clears and finishes; `*ret_policy` is then untouched. An
// alias counts as the key it stands for, also when looking for a key that is set twice.
const char *policy_parse(const struct label *given, uint32_t count, struct buffer *why,
                         struct plan_policy *ret_policy);

// Whether each key is known and its value one of its own, whatever the keys mean together, which
// takes those that were set before: NULL, or why it is refused, as above.
const char *policy_check(const struct label *given, uint32_t count, struct buffer *why);

// The keys one by one, from index 0; NULL behind the last.
const char *policy_key_at(size_t index);

// The key that this one is an alias of (AGENTCOUNT -> max_topics_per_collector), or itself.
struct text policy_key(struct text key);

// The cap on units that holds for every collector: the lower of isolated and
// max_topics_per_collector, 0 = none.
uint32_t policy_cap(const struct plan_policy *policy);

// Whether two policies put the same labels to use, so that no unit or collector has to be looked at
// anew.
bool policy_labels_equal(const struct plan_policy *a, const struct plan_policy *b);

// What the labels of a unit or collector are worth under a policy. Views into the labels, the name,
// the policy, or static memory.
struct policy_place {
    struct text group; // value of group_by; of a unit possibly derived from its name, or `other`
    struct text zone;  // value of affinity, empty = none
    struct text host;  // value of spread_by, of a collector; empty = none
    struct text pin;   // the one collector that may have it: the label `pin`; empty = any
    bool is_listed;    // the group is one of `groups` or is `other`
    bool has_group;    // the label was there, or could be derived
};

// Of a unit: its labels first, then those of its agent, then its name's and then its agent's suffix
// behind the last label_suffix, if that is among the groups or is `other` (or there is no list;
// then it is taken as it stands). With a list groups are compared without case and given as the
// list writes them; without one they are compared exactly, and the planner sends a value to `other`
// while no collector in the pool serves it. A value that is in no list goes to `other` where that
// is set, and so does a unit without any value. A label that is empty counts as missing.
struct policy_unit {
    struct text name;  // of the topic
    struct text agent; // maybe empty
    const struct label *labels;
    uint32_t labels_count;
    const struct label *agent_labels;
    uint32_t agent_labels_count;
};
struct policy_place policy_unit_place(const struct plan_policy *policy,
                                      const struct policy_unit *unit);

// Of a collector: its labels alone; without the label its group is the empty value. One of another
// group than the listed ones serves that one, not `other`.
struct policy_place policy_collector_place(const struct plan_policy *policy,
                                           const struct label *labels, uint32_t labels_count);

// Whether an announcement that names no pool belongs into the pool: one of its match rules holds.
// Rules are separated by blanks; `name=PATTERN` looks at the topic, `agent=PATTERN` at the agent,
// `label.KEY=PATTERN` at a label of the topic or of the agent; in a pattern * stands for any
// characters and ? for one. What is not there matches nothing. O(rules × length).
bool policy_matches(const struct plan_policy *policy, const struct policy_unit *unit);

#endif
