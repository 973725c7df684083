// SPDX-License-Identifier: Apache-2.0
//
// Why a topic is where it is, why a collector has what it has, and how many are wanted: in words,
// on the leader and on a standby.
#include <stdio.h>
#include <string.h>

#include "cell.h"
#include "control/view.h"
#include "test.h"

static void say(struct cell *cell, const char *topic, const char *labels)
{
    char json[256];
    snprintf(json, sizeof(json),
             "{\"agent\": \"%s\", \"topics\": [{\"name\": \"%s\", \"partitions\": 1%s}]}", topic,
             topic, labels);
    cell_say(cell, INPUT_CONTROL, json);
}

static const char *unit(const struct cell *cell, const char *name)
{
    static char words[2048];
    struct unit_view view;
    struct buffer lines = {0};
    for (uint32_t cursor = 0; control_next_unit(cell->control, &cursor, &view);)
        if (text_equals(view.name, name))
            control_explain_unit(cell->control, cursor, &lines);
    snprintf(words, sizeof(words), "%s", buffer_string(&lines));
    buffer_finish(&lines);
    return words;
}

static const char *collector(const struct cell *cell, const char *id)
{
    static char words[2048];
    struct buffer lines = {0};
    control_explain_collector(cell->control, TEXT_LITERAL("default"), text_of(id), &lines);
    snprintf(words, sizeof(words), "%s", buffer_string(&lines));
    buffer_finish(&lines);
    return words;
}

// c0, c2, c3 and c5 are of aws, c1 and c4 of gcp.
static void begin(struct cell *cell)
{
    cell_begin(cell, &(struct cell_options){0});
    cell_say(cell, INPUT_ORDERS,
             "{\"verb\": \"pool.set\", \"args\": {\"group_by\": \"csp\", "
             "\"max_topics_per_collector\": \"2\"}}");
    cell_settle(cell, 6);
    for (int i = 0; i < 5; i++) {
        char topic[16];
        snprintf(topic, sizeof(topic), "g%d", i);
        say(cell, topic, ", \"labels\": {\"csp\": \"gcp\"}");
        snprintf(topic, sizeof(topic), "a%d", i);
        say(cell, topic, ", \"labels\": {\"csp\": \"aws\"}");
    }
    cell_settle(cell, 6);
    CHECK_TEXT(cell_owners(cell), "c0:a0 c0:a4 c1:g0 c1:g2 c2:a1 c3:a2 c4:g1 c4:g3 c5:a3");
}

static void alternatives_are_grouped(void)
{
    struct cell cell;
    begin(&cell);
    CHECK_TEXT(unit(&cell, "a1"), "belongs to group 'aws' (group_by = csp)\n"
                                  "2 others would have more than the owner (rule 4): 'c3', 'c5'\n"
                                  "'c0': has as many topics as it may (rule 1)\n"
                                  "2 others serve another group (rule 1): 'c1', 'c4'\n");
    CHECK_TEXT(unit(&cell, "g4"), "belongs to group 'gcp' (group_by = csp)\n"
                                  "2 others have as many topics as they may (rule 1): 'c1', 'c4'\n"
                                  "4 others serve another group (rule 1): 'c0', 'c2', 'c3', ...\n");
    cell_end(&cell);
}

static void collector_is_explained(void)
{
    struct cell cell;
    begin(&cell);
    CHECK_TEXT(collector(&cell, "c0"), "serves group 'aws' (group_by = csp), beside 3 others\n"
                                       "has 2 topics, an even share is 1: 1 more (rule 4)\n"
                                       "may have 2 topics (rule 1: the pool's policy)\n"
                                       "2 of its topics: placed where the load is least (rule 2)\n"
                                       "if it left, its topics would go to c2, c3, c5\n");
    CHECK_TEXT(collector(&cell, "c1"),
               "serves group 'gcp' (group_by = csp), beside 1 other\n"
               "has 2 topics, which is an even share (rule 4)\n"
               "may have 2 topics (rule 1: the pool's policy)\n"
               "2 of its topics: placed where the load is least (rule 2)\n"
               "if it left, its topics would go to c4, who have room for 0: the rest would be "
               "pending\n");
    cell_end(&cell);
}

static void wanted_by_pool_and_group(void)
{
    struct cell cell;
    struct wanted_view view;
    uint32_t cursor = 0;
    begin(&cell);
    control_view_wanted(cell.control, TEXT_LITERAL("default"), &view);
    CHECK_INT(view.wanted, 6);
    CHECK_INT(view.actual, 6);
    CHECK_TEXT(view.reason, "sum over 2 groups = 6");
    CHECK(control_next_wanted(cell.control, TEXT_LITERAL("default"), &cursor, &view));
    CHECK(text_equals(view.group, "aws"));
    CHECK_INT(view.wanted, 3);
    CHECK_INT(view.actual, 4);
    CHECK_TEXT(view.reason, "5 topics / 2 per collector = 3");
    CHECK(text_equals(view.victim, "c5"));
    CHECK(control_next_wanted(cell.control, TEXT_LITERAL("default"), &cursor, &view));
    CHECK(text_equals(view.group, "gcp"));
    CHECK_INT(view.wanted, 3);
    CHECK_INT(view.actual, 2);
    CHECK(!control_next_wanted(cell.control, TEXT_LITERAL("default"), &cursor, &view));
    control_view_wanted(cell.control, TEXT_LITERAL("elsewhere"), &view);
    CHECK_INT(view.wanted, -1);
    cell_end(&cell);
}

static void a_standby_says_the_same(void)
{
    struct cell leader, standby;
    struct wanted_view views[2];
    char words[2048];
    begin(&leader);
    cell_follow(&standby, &(struct cell_options){.hash_seed = 7}, &leader);
    CHECK_TEXT(unit(&standby, "a1"), "belongs to group 'aws' (group_by = csp)\n");
    control_view_wanted(standby.control, TEXT_LITERAL("default"), &views[1]);
    CHECK_INT(views[1].wanted, -1);
    cell_step(&standby, (struct control_event){.kind = CONTROL_STATE_ENDED});
    snprintf(words, sizeof(words), "%s", unit(&leader, "g4"));
    CHECK_TEXT(unit(&standby, "g4"), words);
    snprintf(words, sizeof(words), "%s", collector(&leader, "c0"));
    CHECK_TEXT(collector(&standby, "c0"), words);
    control_view_wanted(leader.control, TEXT_LITERAL("default"), &views[0]);
    control_view_wanted(standby.control, TEXT_LITERAL("default"), &views[1]);
    CHECK_INT(views[1].wanted, views[0].wanted);
    CHECK_TEXT(views[1].reason, views[0].reason);
    cell_end(&leader);
    cell_end(&standby);
}

static const struct test tests[] = {
    TEST(alternatives_are_grouped),
    TEST(collector_is_explained),
    TEST(wanted_by_pool_and_group),
    TEST(a_standby_says_the_same),
};

TEST_MAIN("control/explain", tests)
