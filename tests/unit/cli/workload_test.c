// SPDX-License-Identifier: Apache-2.0
//
// A workload, line by line: what it makes of topics and collectors that come, go and change, and
// which lines it refuses.
#include "cli/workload_inner.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

struct run {
    struct workload *workload;
    struct buffer out;
    struct buffer problem;
};

static struct run begin(uint32_t units_max)
{
    struct workload_options options = {.units_max = units_max, .owners = true};
    return (struct run){.workload = workload_create(&options)};
}

static void end(struct run *run)
{
    workload_destroy(run->workload);
    buffer_finish(&run->out);
    buffer_finish(&run->problem);
}

static void take(struct run *run, const char *line)
{
    CHECK_INT(workload_take(run->workload, text_of(line), &run->out, &run->problem), STATUS_OK);
    CHECK_TEXT(buffer_string(&run->problem), "");
}

static void refuse(struct run *run, const char *line, const char *why)
{
    CHECK_INT(workload_take(run->workload, text_of(line), &run->out, &run->problem),
              STATUS_INVALID);
    CHECK_TEXT(buffer_string(&run->problem), why);
    CHECK_INT(run->out.size, 0);
}

// Settles, and compares with "assigned/pending/moves {owners}".
static void settle(struct run *run, const char *expected)
{
    struct buffer shown = {0};
    long long numbers[5];
    take(run, "{\"settle\":true}");
    const char *text = buffer_string(&run->out);
    CHECK_INT(sscanf(text, "{\"step\":%lld,\"assigned\":%lld,\"pending\":%lld,\"moves\":%lld",
                     &numbers[0], &numbers[1], &numbers[2], &numbers[3]),
              4);
    const char *owners = strstr(text, "\"owners\":");
    REQUIRE(owners != NULL);
    buffer_print(&shown, "%lld/%lld/%lld %s", numbers[1], numbers[2], numbers[3], owners + 9);
    shown.size -= 2; // the end of the object and of the line
    shown.data[shown.size] = '\0';
    CHECK_TEXT(buffer_string(&shown), expected);
    buffer_finish(&shown);
    buffer_clear(&run->out);
}

// Settles, and compares the numbers of moves; −1 = null.
static void moves(struct run *run, long long expected, long long least)
{
    long long seen[2] = {-1, -1};
    take(run, "{\"settle\":true}");
    const char *text = buffer_string(&run->out);
    const char *first = strrchr(text, '{'); // of the last line, before its owners
    while (first > text && first[-1] != '\n')
        first--;
    first = strstr(first, "\"moves\":");
    REQUIRE(first != NULL);
    sscanf(first, "\"moves\":%lld,\"moves_min\":%lld", &seen[0], &seen[1]);
    CHECK_INT(seen[0], expected);
    CHECK_INT(seen[1], least);
    buffer_clear(&run->out);
}

static void topic_that_goes_and_comes_in_one_step_is_what_was_said_last(void)
{
    struct run run = begin(100);
    take(&run, "{\"pool\":{}}");
    take(&run, "{\"collector\":{\"id\":\"a\"}}");
    take(&run, "{\"topic\":{\"name\":\"t\"}}");
    take(&run, "{\"withdraw\":\"t\"}");
    take(&run, "{\"topic\":{\"name\":\"t\",\"partitions\":2,\"split\":true}}");
    take(&run, "{\"topic\":{\"name\":\"u\"}}");
    settle(&run, "3/0/0 {\"t/0\":\"a\",\"t/1\":\"a\",\"u\":\"a\"}");
    take(&run, "{\"withdraw\":\"t\"}");
    take(&run, "{\"topic\":{\"name\":\"v\"}}");
    refuse(&run, "{\"load\":{\"t\":1}}", "topic 't' is not there");
    refuse(&run, "{\"load\":{\"t/1\":1}}", "topic 't/1' is not there");
    refuse(&run, "{\"withdraw\":\"t\"}", "topic 't' is not there");
    settle(&run, "2/0/0 {\"u\":\"a\",\"v\":\"a\"}");
    // The rows that are free now are used again.
    take(&run, "{\"topic\":{\"name\":\"w\",\"partitions\":2,\"split\":true}}");
    settle(&run, "4/0/0 {\"w/0\":\"a\",\"w/1\":\"a\",\"u\":\"a\",\"v\":\"a\"}");
    end(&run);
}

// What is printed before and after tells of the same unit, so nothing may move that is not counted.
static void units_that_survive_a_step_keep_their_collectors(void)
{
    struct run run = begin(100);
    take(&run, "{\"pool\":{}}");
    take(&run, "{\"collector\":{\"id\":\"a\"}}");
    take(&run, "{\"collector\":{\"id\":\"b\"}}");
    take(&run, "{\"topic\":{\"name\":\"x\"}}");
    take(&run, "{\"topic\":{\"name\":\"t\",\"partitions\":4,\"split\":true}}");
    settle(&run, "5/0/0 {\"x\":\"a\",\"t/0\":\"b\",\"t/1\":\"a\",\"t/2\":\"b\",\"t/3\":\"a\"}");
    // Fewer partitions.
    take(&run, "{\"topic\":{\"name\":\"t\",\"partitions\":2,\"split\":true,\"weight\":2}}");
    settle(&run, "3/0/0 {\"x\":\"a\",\"t/0\":\"b\",\"t/1\":\"a\"}");
    // Withdrawn and announced again.
    take(&run, "{\"withdraw\":\"t\"}");
    take(&run, "{\"withdraw\":\"x\"}");
    take(&run, "{\"topic\":{\"name\":\"t\",\"partitions\":3,\"split\":true}}");
    take(&run, "{\"topic\":{\"name\":\"x\"}}");
    settle(&run, "4/0/0 {\"x\":\"a\",\"t/0\":\"b\",\"t/1\":\"a\",\"t/2\":\"b\"}");
    // Joined and split again; joined for good, it is another unit.
    take(&run, "{\"topic\":{\"name\":\"t\"}}");
    take(&run, "{\"topic\":{\"name\":\"t\",\"partitions\":2,\"split\":true}}");
    settle(&run, "3/0/0 {\"x\":\"a\",\"t/0\":\"b\",\"t/1\":\"a\"}");
    take(&run, "{\"topic\":{\"name\":\"t\",\"partitions\":7}}");
    settle(&run, "2/0/0 {\"x\":\"a\",\"t\":\"b\"}");
    end(&run);
}

static void collector_that_leaves_and_joins_in_one_step_keeps_its_topics(void)
{
    struct run run = begin(100);
    take(&run, "{\"pool\":{}}");
    take(&run, "{\"collector\":{\"id\":\"a\"}}");
    take(&run, "{\"collector\":{\"id\":\"b\"}}");
    take(&run, "{\"topic\":{\"name\":\"t\"}}");
    take(&run, "{\"topic\":{\"name\":\"u\"}}");
    settle(&run, "2/0/0 {\"t\":\"a\",\"u\":\"b\"}");
    take(&run, "{\"leave\":\"a\"}");
    take(&run, "{\"collector\":{\"id\":\"a\"}}");
    settle(&run, "2/0/0 {\"t\":\"a\",\"u\":\"b\"}");
    take(&run, "{\"leave\":\"a\"}");
    settle(&run, "2/0/1 {\"t\":\"b\",\"u\":\"b\"}");
    end(&run);
}

static void collector_that_joins_again_says_anew_what_it_can(void)
{
    struct run run = begin(100);
    take(&run, "{\"pool\":{\"group_by\":\"g\",\"bounce_delay\":\"1s\"}}");
    take(&run, "{\"collector\":{\"id\":\"a\",\"labels\":{\"g\":\"x\"}}}");
    take(&run, "{\"topic\":{\"name\":\"t\",\"labels\":{\"g\":\"x\"}}}");
    settle(&run, "1/0/0 {\"t\":\"a\"}");
    take(&run, "{\"leave\":\"a\"}");
    take(&run, "{\"collector\":{\"id\":\"a\",\"labels\":{\"g\":\"y\"}}}");
    settle(&run, "0/1/0 {\"t\":null}");
    end(&run);
}

static void units_of_one_that_left_wait_for_it(void)
{
    struct run run = begin(100);
    take(&run, "{\"pool\":{\"bounce_delay\":1000}}");
    take(&run, "{\"collector\":{\"id\":\"a\"}}");
    take(&run, "{\"collector\":{\"id\":\"b\"}}");
    take(&run, "{\"topic\":{\"name\":\"t\"}}");
    take(&run, "{\"topic\":{\"name\":\"u\"}}");
    settle(&run, "2/0/0 {\"t\":\"a\",\"u\":\"b\"}");
    take(&run, "{\"at_ms\":500}");
    take(&run, "{\"leave\":\"b\"}");
    take(&run, "{\"at_ms\":600}");
    take(&run, "{\"leave\":\"a\"}");
    settle(&run, "0/2/0 {\"t\":null,\"u\":null}");
    refuse(&run, "{\"leave\":\"a\"}", "collector 'a' has not joined");
    take(&run, "{\"collector\":{\"id\":\"c\"}}");
    take(&run, "{\"at_ms\":1500}"); // b is given up, a is not
    settle(&run, "1/1/0 {\"t\":null,\"u\":\"c\"}");
    take(&run, "{\"at_ms\":1599}");
    settle(&run, "1/1/0 {\"t\":null,\"u\":\"c\"}");
    take(&run, "{\"at_ms\":1600}");
    settle(&run, "2/0/0 {\"t\":\"c\",\"u\":\"c\"}");
    end(&run);
}

// The owners that are printed tell of a move or not, and so do `moves` and `moves_min`.
static void what_waited_for_one_that_left_has_not_moved(void)
{
    struct run run = begin(100);
    take(&run, "{\"pool\":{\"bounce_delay\":1000}}");
    take(&run, "{\"collector\":{\"id\":\"a\"}}");
    take(&run, "{\"collector\":{\"id\":\"b\"}}");
    take(&run, "{\"topic\":{\"name\":\"t\",\"partitions\":6,\"split\":true}}");
    take(&run, "{\"settle\":true}");
    take(&run, "{\"leave\":\"b\"}");
    moves(&run, 0, 0);
    take(&run, "{\"collector\":{\"id\":\"b\"}}"); // back, all of its own
    moves(&run, 0, 0);
    take(&run, "{\"leave\":\"b\"}");
    moves(&run, 0, 0);
    // Three of b are placed, and nothing has to go from a.
    take(&run, "{\"at_ms\":1000}");
    take(&run, "{\"collector\":{\"id\":\"c\"}}");
    moves(&run, 0, 0);
    take(&run, "{\"leave\":\"c\"}");
    moves(&run, 0, 0);
    // Let go, and a new one: two that waited are placed with each, and one more goes from a.
    take(&run, "{\"at_ms\":2000}");
    take(&run, "{\"collector\":{\"id\":\"d\"}}");
    take(&run, "{\"collector\":{\"id\":\"e\"}}");
    moves(&run, 1, 1);
    // Gone and given up between two steps, it was seen with its units: they move.
    take(&run, "{\"leave\":\"e\"}");
    take(&run, "{\"at_ms\":3000}");
    moves(&run, 2, 2);
    end(&run);
}

// It was emptied on purpose: nobody waits for it.
static void one_that_drained_is_not_waited_for(void)
{
    struct run run = begin(100);
    take(&run, "{\"pool\":{\"bounce_delay\":1000}}");
    take(&run, "{\"collector\":{\"id\":\"a\"}}");
    take(&run, "{\"topic\":{\"name\":\"t\"}}");
    settle(&run, "1/0/0 {\"t\":\"a\"}");
    take(&run, "{\"drain\":\"a\"}");
    take(&run, "{\"leave\":\"a\"}");
    take(&run, "{\"collector\":{\"id\":\"b\"}}");
    settle(&run, "1/0/1 {\"t\":\"b\"}");
    end(&run);
}

static void other_labels_are_put_to_use_at_once(void)
{
    struct run run = begin(100);
    take(&run, "{\"pool\":{}}");
    take(&run, "{\"collector\":{\"id\":\"a\",\"labels\":{\"g\":\"x\"}}}");
    take(&run, "{\"collector\":{\"id\":\"b\",\"labels\":{\"g\":\"y\"}}}");
    take(&run, "{\"topic\":{\"name\":\"t\",\"labels\":{\"g\":\"y\"}}}");
    take(&run, "{\"topic\":{\"name\":\"u\",\"labels\":{\"g\":\"x\"}}}");
    settle(&run, "2/0/0 {\"t\":\"a\",\"u\":\"b\"}");
    take(&run, "{\"policy\":{\"group_by\":\"g\"}}");
    // Said behind the policy in the same step.
    take(&run, "{\"topic\":{\"name\":\"v\",\"labels\":{\"g\":\"x\"}}}");
    settle(&run, "3/0/2 {\"t\":\"b\",\"u\":\"a\",\"v\":\"a\"}");
    // What goes behind the policy is there when the policy comes.
    take(&run, "{\"policy\":{\"group_by\":null}}");
    take(&run, "{\"withdraw\":\"u\"}");
    take(&run, "{\"topic\":{\"name\":\"w\",\"labels\":{\"g\":\"x\"}}}");
    take(&run, "{\"policy\":{\"group_by\":\"g\"}}");
    settle(&run, "3/0/0 {\"t\":\"b\",\"v\":\"a\",\"w\":\"a\"}");
    take(&run, "{\"withdraw\":\"w\"}");
    take(&run, "{\"topic\":{\"name\":\"u\",\"labels\":{\"g\":\"x\"}}}");
    // What is announced again has the labels that it says now.
    take(&run, "{\"topic\":{\"name\":\"v\",\"labels\":{\"g\":\"y\"}}}");
    settle(&run, "3/0/1 {\"t\":\"b\",\"u\":\"a\",\"v\":\"b\"}");
    end(&run);
}

static void key_that_is_null_is_taken_back(void)
{
    struct run run = begin(100);
    take(&run, "{\"pool\":{\"preset\":\"csp\",\"other\":\"none\",\"AGENTCOUNT\":1}}");
    take(&run, "{\"collector\":{\"id\":\"a\",\"labels\":{\"csp\":\"other\"}}}");
    take(&run, "{\"topic\":{\"name\":\"t\"}}");
    take(&run, "{\"topic\":{\"name\":\"u\"}}");
    settle(&run, "0/2/0 {\"t\":null,\"u\":null}");
    take(&run, "{\"policy\":{\"other\":null}}"); // what the preset says holds again
    settle(&run, "1/1/0 {\"t\":\"a\",\"u\":null}");
    take(&run, "{\"policy\":{\"MaxAgentHost\":null,\"mode\":null}}");
    settle(&run, "2/0/0 {\"t\":\"a\",\"u\":\"a\"}");
    end(&run);
}

static void loads_go_to_topics_and_their_parts(void)
{
    struct run run = begin(100);
    take(&run, "{\"pool\":{\"balance\":\"load\",\"min_gain\":0}}");
    take(&run, "{\"collector\":{\"id\":\"a\"}}");
    take(&run, "{\"topic\":{\"name\":\"t\",\"partitions\":3,\"split\":true}}");
    take(&run, "{\"load\":{\"t\":11,\"t/1\":100}}");
    take(&run, "{\"settle\":true}");
    // 4 + 100 + 3
    CHECK(strstr(buffer_string(&run.out), "\"max\":107,\"min\":107,\"mean\":107,") != NULL);
    buffer_clear(&run.out);
    refuse(&run, "{\"load\":{\"t/3\":1}}", "topic 't/3' is not there");
    refuse(&run, "{\"load\":{\"t/x\":1}}", "topic 't/x' is not there");
    refuse(&run, "{\"load\":{\"u\":1}}", "topic 'u' is not there");
    refuse(&run, "{\"load\":{\"\":1}}", "topic '' is not there");
    end(&run);
}

static void lines_that_fit_nothing_are_refused(void)
{
    struct run run = begin(100);
    refuse(&run, "{\"collector\":{\"id\":\"a\"}}", "the pool comes first: {\"pool\": {}}");
    refuse(&run, "{\"pool\":{\"AGENTCOUNT\":5,\"MaxAgentHost\":5}}",
           "max_topics_per_collector is set twice");
    CHECK(!workload_has_pool(run.workload));
    take(&run, "{\"pool\":{\"name\":\"edge\"}}");
    CHECK(workload_has_pool(run.workload));
    refuse(&run, "{\"pool\":{}}", "the pool is there already: 'policy' changes it");
    refuse(&run, "{\"policy\":{\"name\":\"x\"}}", "unknown policy key 'name'");
    refuse(&run, "{\"policy\":{\"colour\":null}}", "unknown policy key 'colour'");
    refuse(&run, "{\"policy\":{\"groups\":[\"a\"]}}",
           "groups without group_by: say which label has them");
    refuse(&run, "{\"policy\":{\"mode\":\"\"}}", "mode: '' is not even or pack");
    refuse(&run, "{\"withdraw\":\"t\"}", "topic 't' is not there");
    refuse(&run, "{\"drain\":\"a\"}", "collector 'a' has not joined");
    refuse(&run, "{\"leave\":\"\\u001b\"}", "collector '\\x1b' has not joined");
    take(&run, "{\"collector\":{\"id\":\"a\"}}");
    refuse(&run, "{\"collector\":{\"id\":\"a\"}}", "collector 'a' has joined already");
    take(&run, "{\"at_ms\":5}");
    take(&run, "{\"at_ms\":5}");
    refuse(&run, "{\"at_ms\":4}", "at_ms goes back: it was 5 already");
    end(&run);
}

// CB-8: the policy of before holds on.
static void policy_that_is_refused_changes_nothing(void)
{
    struct run run = begin(100);
    take(&run, "{\"pool\":{\"max_topics_per_collector\":1}}");
    take(&run, "{\"collector\":{\"id\":\"a\"}}");
    take(&run, "{\"topic\":{\"name\":\"t\"}}");
    take(&run, "{\"topic\":{\"name\":\"u\"}}");
    refuse(&run, "{\"policy\":{\"max_topics_per_collector\":2,\"isolated\":true}}",
           "isolated means one topic per collector, max_topics_per_collector means more");
    settle(&run, "1/1/0 {\"t\":\"a\",\"u\":null}");
    end(&run);
}

// A topic with a million of the heaviest units.
static const char *heavy(int number)
{
    static char line[120];
    snprintf(line, sizeof(line),
             "{\"topic\":{\"name\":\"t%d\",\"weight\":%lld,\"partitions\":1e6,\"split\":true}}",
             number, (long long)PLAN_WEIGHT_MAX);
    return line;
}

static void sizes_have_limits(void)
{
    struct run run = begin(5);
    take(&run, "{\"pool\":{}}");
    take(&run, "{\"topic\":{\"name\":\"t\",\"partitions\":4,\"split\":true}}");
    refuse(&run, "{\"topic\":{\"name\":\"u\",\"partitions\":2,\"split\":true}}",
           "more than 5 topics and partitions");
    take(&run, "{\"topic\":{\"name\":\"u\",\"partitions\":1000}}");
    refuse(&run, "{\"topic\":{\"name\":\"v\"}}", "more than 5 topics and partitions");
    // Announced again it takes the place that it has.
    take(&run, "{\"topic\":{\"name\":\"t\",\"partitions\":4,\"split\":true,\"weight\":7}}");
    take(&run, "{\"withdraw\":\"u\"}");
    take(&run, "{\"topic\":{\"name\":\"v\"}}");
    end(&run);
}

static void weights_have_a_greatest_sum(void)
{
    int most = (int)(WORKLOAD_WEIGHT_SUM_MAX / PLAN_WEIGHT_MAX / 1000000);
    struct run run = begin(3000000);
    take(&run, "{\"pool\":{}}");
    run.workload->weight_sum = (most - 1) * PLAN_WEIGHT_MAX * 1000000; // of others
    take(&run, heavy(0));
    refuse(&run, heavy(1), "topic 't1' makes the sum of all weights too large");
    take(&run, "{\"topic\":{\"name\":\"t0\",\"partitions\":1e6,\"split\":true}}");
    CHECK_INT(run.workload->weight_sum, (most - 1) * PLAN_WEIGHT_MAX * 1000000 + 1000000);
    refuse(&run, heavy(1), "topic 't1' makes the sum of all weights too large");
    take(&run, "{\"withdraw\":\"t0\"}");
    take(&run, heavy(1));
    end(&run);
}

static const struct test tests[] = {
    TEST(topic_that_goes_and_comes_in_one_step_is_what_was_said_last),
    TEST(units_that_survive_a_step_keep_their_collectors),
    TEST(collector_that_leaves_and_joins_in_one_step_keeps_its_topics),
    TEST(collector_that_joins_again_says_anew_what_it_can),
    TEST(units_of_one_that_left_wait_for_it),
    TEST(what_waited_for_one_that_left_has_not_moved),
    TEST(one_that_drained_is_not_waited_for),
    TEST(other_labels_are_put_to_use_at_once),
    TEST(key_that_is_null_is_taken_back),
    TEST(loads_go_to_topics_and_their_parts),
    TEST(lines_that_fit_nothing_are_refused),
    TEST(policy_that_is_refused_changes_nothing),
    TEST(sizes_have_limits),
    TEST(weights_have_a_greatest_sum),
};

TEST_MAIN("cli/workload", tests)
