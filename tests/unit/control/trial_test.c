// SPDX-License-Identifier: Apache-2.0
//
// `pool set --dry-run`: what a policy would do, answered by any coordinator, and nothing is
// changed.
#include "control/trial.h"

#include <stdio.h>
#include <string.h>

#include "cell.h"
#include "control/view.h"
#include "test.h"

// Three collectors with three topics each, of weights 1 to 9.
static void begin(struct cell *cell)
{
    char json[256];
    cell_begin(cell, &(struct cell_options){0});
    cell_settle(cell, 3);
    for (int i = 1; i <= 9; i++) {
        snprintf(json, sizeof(json),
                 "{\"agent\": \"x%d\", \"topics\": [{\"name\": \"t%d\", \"partitions\": 1, "
                 "\"weight\": %d, \"labels\": {\"csp\": \"%s\"}}]}",
                 i, i, i, i <= 4 ? "gcp" : "aws");
        cell_say(cell, INPUT_CONTROL, json);
    }
    cell_settle(cell, 3);
    CHECK_TEXT(cell_owners(cell), "c0:t1 c0:t4 c0:t7 c1:t2 c1:t5 c1:t8 c2:t3 c2:t6 c2:t9");
}

// What the keys would do; "" or why they are refused.
static const char *try(const struct cell *cell, const char *pool, const struct label *keys,
                       uint32_t count, struct trial_view *ret)
{
    static struct buffer why;
    struct control_trial *trial;
    memset(ret, 0, sizeof(*ret));
    buffer_clear(&why);
    if (control_trial_create(cell->control, text_of(pool), keys, count, &why, &trial) ==
        STATUS_OK) {
        control_trial_decide(trial);
        control_trial_view(trial, ret);
    }
    control_trial_destroy(trial);
    static char words[200];
    snprintf(words, sizeof(words), "%s", buffer_string(&why));
    buffer_finish(&why);
    return words;
}

static const struct label cap[] = {{{"AGENTCOUNT", 10}, {"2", 1}}};
static const struct label csp[] = {{{"group_by", 8}, {"csp", 3}}};

static void said_is_what_would_happen(void)
{
    struct cell cell;
    struct trial_view view;
    begin(&cell);
    CHECK_TEXT(try(&cell, "default", cap, 1, &view), "");
    CHECK_INT(view.before.assigned, 9);
    CHECK_INT(view.before.pending, 0);
    CHECK_INT(view.before.burden_max, 3);
    CHECK_INT(view.before.wanted, -1);
    CHECK_INT(view.moves, 0);
    CHECK_INT(view.unplaced, 3);
    CHECK_INT(view.after.assigned, 6);
    CHECK_INT(view.after.pending, 3);
    CHECK_INT(view.after.burden_max, 2);
    CHECK_INT(view.after.wanted, 5);
    CHECK_INT(view.collectors_changed, 3);
    CHECK(view.publish_bytes > 0);

    // c1 alone serves gcp: t1 to t4 go there, what it has of aws goes to the two others.
    CHECK_TEXT(try(&cell, "default", csp, 1, &view), "");
    CHECK_INT(view.moves, 5);
    CHECK_INT(view.placed + view.unplaced, 0);
    cell_say(&cell, INPUT_ORDERS, "{\"verb\": \"pool.set\", \"args\": {\"group_by\": \"csp\"}}");
    cell_settle(&cell, 3);
    struct cell_view counts;
    control_view_cell(cell.control, &counts);
    CHECK_INT(counts.moves, 5);
    CHECK_TEXT(cell_owners(&cell), "c0:t5 c0:t7 c0:t8 c1:t1 c1:t2 c1:t3 c1:t4 c2:t6 c2:t9");
    cell_end(&cell);
}

static void nothing_is_changed(void)
{
    struct cell cell;
    struct trial_view view;
    begin(&cell);
    uint32_t writes = cell.log.count;
    CHECK_TEXT(try(&cell, "default", csp, 1, &view), "");
    CHECK_TEXT(try(&cell, "default", cap, 1, &view), "");
    control_check(cell.control);
    CHECK(!cell_commit(&cell));
    CHECK_INT(cell.log.count, writes);
    CHECK_TEXT(cell_owners(&cell), "c0:t1 c0:t4 c0:t7 c1:t2 c1:t5 c1:t8 c2:t3 c2:t6 c2:t9");
    struct pool_view pool;
    uint32_t cursor = 0;
    CHECK(control_next_pool(cell.control, &cursor, &pool));
    CHECK_INT(pool.policy_count, 0);
    cell_end(&cell);
}

// CB-8: with the words of the order's refusal.
static void wrong_keys_are_refused(void)
{
    static const struct label zero[] = {{{"max_topics_per_collector", 24}, {"0", 1}}};
    struct cell cell;
    struct trial_view view;
    begin(&cell);
    CHECK_TEXT(try(&cell, "default", zero, 1, &view),
               "max_topics_per_collector: '0' is not a whole number of 1 or more");
    CHECK_TEXT(try(&cell, "default", zero, 0, &view), "nothing to set");
    CHECK_TEXT(try(&cell, "elsewhere", cap, 1, &view), "there is no such pool");
    cell_end(&cell);
}

static void a_standby_says_the_same(void)
{
    struct cell leader, standby;
    struct trial_view views[2];
    begin(&leader);
    cell_follow(&standby, &(struct cell_options){.hash_seed = 7}, &leader);
    CHECK_TEXT(try(&standby, "default", csp, 1, &views[1]), "the state is being restored");
    cell_step(&standby, (struct control_event){.kind = CONTROL_STATE_ENDED});
    const struct label *keys[] = {cap, csp};
    for (int i = 0; i < 2; i++) {
        CHECK_TEXT(try(&leader, "default", keys[i], 1, &views[0]), "");
        CHECK_TEXT(try(&standby, "default", keys[i], 1, &views[1]), "");
        views[0].pool = views[1].pool = (struct text){0};
        CHECK(memcmp(&views[0], &views[1], sizeof(views[0])) == 0);
    }
    cell_end(&leader);
    cell_end(&standby);
}

static const struct label gap[] = {{{"on_gap", 6}, {"hold", 4}}};
static const char cap_set[] = "{\"verb\": \"pool.set\", \"args\": {\"AGENTCOUNT\": \"2\"}}";

static int64_t moves(const struct cell *cell)
{
    struct cell_view counts;
    control_view_cell(cell->control, &counts);
    return counts.moves;
}

// A fourth collector has come, and gets nothing for the sake of balance.
static void frozen_stays_frozen(void)
{
    struct cell cell;
    struct trial_view view;
    begin(&cell);
    cell_say(&cell, INPUT_ORDERS, "{\"verb\": \"pool.freeze\"}");
    cell_settle(&cell, 4);
    CHECK_TEXT(try(&cell, "default", gap, 1, &view), "");
    CHECK_INT(view.moves + view.placed + view.unplaced, 0);
    CHECK_INT(view.before.burden_max, 3);
    CHECK_INT(view.after.burden_max, 3);
    CHECK_INT(view.after.burden_min, 0);
    CHECK_TEXT(try(&cell, "default", cap, 1, &view), "");
    CHECK_INT(view.moves, 2);
    CHECK_INT(view.unplaced, 1);
    cell_say(&cell, INPUT_ORDERS, cap_set);
    cell_settle(&cell, 4);
    CHECK_INT(moves(&cell), 2);
    cell_end(&cell);
}

static void paused_does_nothing_yet(void)
{
    struct cell cell;
    struct trial_view view;
    begin(&cell);
    cell_say(&cell, INPUT_ORDERS, "{\"verb\": \"pool.pause\"}");
    cell_settle(&cell, 3);
    CHECK_TEXT(cell_owners(&cell), "");
    CHECK_TEXT(try(&cell, "default", cap, 1, &view), "");
    CHECK_INT(view.moves + view.placed + view.unplaced, 0);
    CHECK_INT(view.publish_bytes, 0);
    CHECK_INT(view.before.assigned, 0);
    CHECK_INT(view.after.assigned, 0);
    CHECK_INT(view.after.pending, 9);
    CHECK_INT(view.after.burden_max, 0);
    CHECK_INT(view.after.wanted, 5);
    cell_end(&cell);
}

// Two units are to go to the fourth collector. One of them waits for the budget, whatever is tried.
static void what_is_held_back_is_not_the_doing_of_the_change(void)
{
    struct cell cell;
    struct trial_view view;
    begin(&cell);
    cell_say(&cell, INPUT_ORDERS, "{\"verb\": \"pool.set\", \"args\": {\"move_budget\": \"1\"}}");
    cell_settle(&cell, 4);
    CHECK_INT(moves(&cell), 1);
    CHECK_TEXT(try(&cell, "default", gap, 1, &view), "");
    CHECK_INT(view.moves, 0);
    CHECK_INT(view.before.burden_min, 2);
    CHECK_INT(view.after.burden_min, 2);
    CHECK_TEXT(try(&cell, "default", cap, 1, &view), "");
    CHECK_INT(view.moves, 0);
    CHECK_INT(view.unplaced, 1);
    cell_end(&cell);
}

static const struct test tests[] = {
    TEST(said_is_what_would_happen),
    TEST(nothing_is_changed),
    TEST(wrong_keys_are_refused),
    TEST(a_standby_says_the_same),
    TEST(frozen_stays_frozen),
    TEST(paused_does_nothing_yet),
    TEST(what_is_held_back_is_not_the_doing_of_the_change),
};

TEST_MAIN("control/trial", tests)
