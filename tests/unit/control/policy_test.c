// SPDX-License-Identifier: Apache-2.0
//
// What the planner is told: weights and shares of them, labels and their changes, loads and when
// they count; and what policies cost in moves and in what is published.
#include <stdio.h>
#include <string.h>

#include "cell.h"
#include "control/view.h"
#include "test.h"

static void set(struct cell *cell, const char *args)
{
    char json[256];
    snprintf(json, sizeof(json), "{\"verb\": \"pool.set\", \"args\": {%s}}", args);
    cell_say(cell, INPUT_ORDERS, json);
    CHECK_TEXT(cell->reason, "");
}

static void say(struct cell *cell, const char *mode, const char *topic, const char *more)
{
    char json[256];
    snprintf(json, sizeof(json),
             "{\"agent\": \"%s\", \"mode\": \"%s\", \"topics\": [{\"name\": \"%s\", "
             "\"partitions\": 1%s}]}",
             topic, mode, topic, more);
    cell_say(cell, INPUT_CONTROL, json);
    CHECK_TEXT(cell->reason, "");
}

static int64_t moves(const struct cell *cell)
{
    struct cell_view view;
    control_view_cell(cell->control, &view);
    return view.moves;
}

// ---- Weights.

static void weights_are_evened_out(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    cell_settle(&cell, 2);
    say(&cell, "set", "big", ", \"weight\": 300");
    for (int i = 0; i < 3; i++)
        say(&cell, "set", i == 0 ? "s0" : i == 1 ? "s1" : "s2", ", \"weight\": 100");
    cell_settle(&cell, 2);
    CHECK_TEXT(cell_owners(&cell), "c0:big c0:s1 c1:s0 c1:s2");
    set(&cell, "\"balance\": \"weight\"");
    cell_settle(&cell, 2);
    CHECK_TEXT(cell_owners(&cell), "c0:big c1:s0 c1:s1 c1:s2");
    CHECK_INT(moves(&cell), 1);
    // Another weight of a topic that stands is another balance.
    say(&cell, "set", "big", ", \"weight\": 100");
    cell_settle(&cell, 2);
    CHECK_INT(moves(&cell), 2);
    cell_end(&cell);
}

// Each part has the weight that was announced.
static void parts_have_the_weight_each(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    set(&cell, "\"balance\": \"weight\"");
    cell_settle(&cell, 2);
    cell_say(
        &cell, INPUT_CONTROL,
        "{\"agent\": \"x\", \"topics\": [{\"name\": \"p\", \"partitions\": 4, \"split\": true, "
        "\"weight\": 200}]}");
    say(&cell, "set", "w", ", \"weight\": 800");
    cell_settle(&cell, 2);
    CHECK_TEXT(cell_owners(&cell), "c0:w c1:p c1:p c1:p c1:p");
    cell_end(&cell);
}

// ---- Labels.

// On its way from c0 to c1 a topic goes to another group and back, and c0 lets go of it meanwhile:
// the planner has nothing new to say, and c1 gets it all the same.
static void there_and_back_while_it_moves(void)
{
    static const char aws[] = ", \"labels\": {\"csp\": \"aws\"}";
    static const char gcp[] = ", \"labels\": {\"csp\": \"gcp\"}";
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    set(&cell, "\"group_by\": \"csp\"");
    cell_settle(&cell, 2);
    say(&cell, "set", "t", aws);
    cell_settle(&cell, 2);
    CHECK_TEXT(cell_owners(&cell), "c0:t");
    say(&cell, "set", "t", gcp);
    CHECK(cell_commit(&cell));
    say(&cell, "set", "t", aws);
    say(&cell, "set", "t", gcp);
    cell_beat(&cell, 0, 1, "active", cell.heads[0]);
    cell_settle(&cell, 2);
    CHECK_TEXT(cell_owners(&cell), "c1:t");
    cell_end(&cell);
}

// ---- Loads.

static void report_lag(struct cell *cell, int owner, const char *topic, int64_t bytes,
                       int64_t records, int64_t lag)
{
    char id[8], life[33];
    snprintf(id, sizeof(id), "c%d", owner);
    snprintf(life, sizeof(life), "%016x%016x", 0xc0 + owner, 1);
    struct report_unit unit = {.unit = text_of(topic),
                               .lag = lag,
                               .records_per_s = records,
                               .bytes_per_s = bytes,
                               .state = TEXT_LITERAL("reading")};
    struct report said = {.pool = TEXT_LITERAL("default"),
                          .id = text_of(id),
                          .incarnation = text_of(life),
                          .units = &unit,
                          .units_count = 1};
    cell_step(cell, (struct control_event){.kind = CONTROL_REPORT_RECEIVED, .report = &said});
}

static void report(struct cell *cell, int owner, const char *topic, int64_t bytes, int64_t records)
{
    report_lag(cell, owner, topic, bytes, records, 0);
}

// Four topics on two collectors, of which c0 has the two that carry much.
static void loads_begin(struct cell *cell)
{
    cell_begin(cell, &(struct cell_options){0});
    cell_settle(cell, 2);
    for (int i = 0; i < 4; i++)
        say(cell, "set", i == 0 ? "a" : i == 1 ? "b" : i == 2 ? "c" : "d", "");
    cell_settle(cell, 2);
    CHECK_TEXT(cell_owners(cell), "c0:a c0:c c1:b c1:d");
    set(cell, "\"balance\": \"load\"");
    report(cell, 0, "a", 5000, 1);
    report(cell, 0, "c", 4000, 1);
    report(cell, 1, "b", 100, 1);
    report(cell, 1, "d", 0, 90);
    cell_settle(cell, 2);
}

// A coordinator that has just begun to hear moves nothing for what it may have heard in part; then
// the measured loads are evened out, and what hardly changes moves nobody.
static void loads_are_evened_out_once_all_are_known(void)
{
    struct cell cell;
    loads_begin(&cell);
    CHECK_INT(moves(&cell), 0);
    struct instant deadline = control_deadline(cell.control);
    CHECK(deadline.us <= 75000000);
    cell.now.us = 75000000;
    cell_settle(&cell, 2);
    CHECK_INT(moves(&cell), 1);
    CHECK_TEXT(cell_owners(&cell), "c0:a c1:b c1:c c1:d");
    report(&cell, 0, "a", 4800, 1);
    report(&cell, 1, "c", 4300, 1);
    cell_settle(&cell, 2);
    CHECK_INT(moves(&cell), 1);
    cell_end(&cell);
}

// What was heard while another balance was in force counts at once.
static void loads_heard_before_count(void)
{
    struct cell cell;
    loads_begin(&cell);
    set(&cell, "\"balance\": \"count\"");
    cell.now.us = 75000000;
    cell_settle(&cell, 2);
    CHECK_INT(moves(&cell), 0);
    set(&cell, "\"balance\": \"load\"");
    cell_settle(&cell, 2);
    CHECK_INT(moves(&cell), 1);
    cell_end(&cell);
}

// By bytes c0 has the heavy ones, by records and by lag c1 has; each can be asked for, live.
static void loads_are_what_the_pool_measures_by(void)
{
    static const char *const kinds[] = {"\"load\": \"records\"", "\"load\": \"lag\""};
    for (int i = 0; i < 2; i++) {
        struct cell cell;
        loads_begin(&cell);
        set(&cell, "\"balance\": \"count\"");
        cell.now.us = 75000000;
        report_lag(&cell, 0, "a", 5000, i == 0 ? 10 : 1, i == 0 ? 0 : 10);
        report_lag(&cell, 0, "c", 4000, i == 0 ? 10 : 1, i == 0 ? 0 : 10);
        report_lag(&cell, 1, "b", 100, i == 0 ? 9000 : 1, i == 0 ? 0 : 9000);
        report_lag(&cell, 1, "d", 100, i == 0 ? 7000 : 1, i == 0 ? 0 : 7000);
        set(&cell, kinds[i]);
        set(&cell, "\"balance\": \"load\"");
        cell_settle(&cell, 2);
        CHECK_TEXT(cell_owners(&cell), "c0:a c0:c c0:d c1:b");
        cell_end(&cell);
    }
}

// A topic whose lag nobody knows counts as its weight.
static void unknown_lag_is_no_load(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    set(&cell, "\"balance\": \"load\", \"load\": \"lag\"");
    cell_settle(&cell, 2);
    say(&cell, "set", "a", ", \"weight\": 700");
    say(&cell, "set", "b", "");
    say(&cell, "set", "c", "");
    say(&cell, "set", "d", "");
    cell_settle(&cell, 2);
    CHECK_TEXT(cell_owners(&cell), "c0:a c1:b c1:c c1:d");
    cell.now.us = 75000000;
    report_lag(&cell, 0, "a", 5000, 10, -1);
    report_lag(&cell, 1, "b", 5000, 10, -1);
    report_lag(&cell, 1, "c", 5000, 10, -1);
    report_lag(&cell, 1, "d", 5000, 10, -1);
    cell_settle(&cell, 2);
    CHECK_INT(moves(&cell), 0);
    cell_end(&cell);
}

// ---- How many collectors are wanted.

static int64_t wanted(const struct cell *cell)
{
    struct wanted_view view;
    control_view_wanted(cell->control, TEXT_LITERAL("default"), &view);
    return view.wanted;
}

// In a pool in which nothing happens the number falls by itself, frozen or not.
static void fewer_are_wanted_when_time_has_passed(void)
{
    for (int is_frozen = 0; is_frozen < 2; is_frozen++) {
        struct cell cell;
        cell_begin(&cell, &(struct cell_options){0});
        set(&cell, "\"AGENTCOUNT\": \"1\", \"stabilization\": \"2s\"");
        if (is_frozen)
            cell_say(&cell, INPUT_ORDERS, "{\"verb\": \"pool.freeze\"}");
        cell_settle(&cell, 1);
        for (int i = 0; i < 3; i++)
            say(&cell, "set", i == 0 ? "a" : i == 1 ? "b" : "c", "");
        cell_settle(&cell, 1);
        CHECK_INT(wanted(&cell), 3);
        cell.now.us += 60000000;
        say(&cell, "remove", "b", "");
        cell_settle(&cell, 1);
        CHECK_INT(wanted(&cell), 3);
        // What else waits for time comes before it.
        int64_t end_us = cell.now.us + 2000000;
        while (wanted(&cell) == 3 && cell.now.us < end_us) {
            struct instant deadline = control_deadline(cell.control);
            CU_ASSERT_FATAL(deadline.us <= end_us);
            cell.now.us = deadline.us > cell.now.us ? deadline.us : cell.now.us;
            cell_step(&cell, (struct control_event){.kind = CONTROL_TICKED});
            cell_settle(&cell, 1);
        }
        CHECK_INT(wanted(&cell), 2);
        cell_end(&cell);
    }
}

// Whoever takes over wants at first those who are there.
static void a_takeover_sends_nobody_home(void)
{
    struct cell cell, next;
    cell_begin(&cell, &(struct cell_options){0});
    set(&cell, "\"AGENTCOUNT\": \"5\", \"stabilization\": \"60s\"");
    cell_settle(&cell, 3);
    say(&cell, "set", "a", "");
    cell_settle(&cell, 3);
    CHECK_INT(wanted(&cell), 1);
    cell_restore(&next, &(struct cell_options){0}, &cell, 5);
    cell_settle(&next, 3);
    CHECK_INT(wanted(&next), 3);
    cell_end(&cell);
    cell_end(&next);
}

// ---- What it costs.

// CB-6, CB-2: eight collectors under a cap, random single adds and deletes: at most one move a
// change on average, and never one while there is room and balance.
static void churn_moves_little(void)
{
    struct cell cell;
    uint64_t dice = 1;
    bool is_there[40] = {false};
    cell_begin(&cell, &(struct cell_options){0});
    set(&cell, "\"AGENTCOUNT\": \"5\"");
    cell_settle(&cell, 8);
    for (int change = 0; change < 300; change++) {
        char topic[16];
        dice = dice * 6364136223846793005u + 1442695040888963407u;
        unsigned number = (unsigned)(dice >> 33) % 40;
        snprintf(topic, sizeof(topic), "t%u", number);
        int64_t before = moves(&cell);
        say(&cell, is_there[number] ? "remove" : "add", topic, "");
        is_there[number] = !is_there[number];
        cell_settle(&cell, 8);
        CHECK(moves(&cell) - before <= 1);
    }
    CHECK(moves(&cell) <= 300);
    int64_t there = 0;
    for (int i = 0; i < 40; i++)
        there += is_there[i];
    CHECK_INT(wanted(&cell), (there + 4) / 5);
    cell_end(&cell);
}

// PD-18: one of many topics under a policy of groups: one bucket and one head are published.
static void one_change_publishes_little(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    set(&cell, "\"group_by\": \"csp\", \"spread_by\": \"host\", \"spread_max\": \"100\"");
    cell_settle(&cell, 6);
    for (int i = 0; i < 60; i++) {
        char topic[16];
        snprintf(topic, sizeof(topic), "t%d", i);
        say(&cell, "set", topic,
            i % 3 ? ", \"labels\": {\"csp\": \"aws\"}" : ", \"labels\": {\"csp\": \"gcp\"}");
    }
    cell_settle(&cell, 6);
    say(&cell, "set", "one", ", \"labels\": {\"csp\": \"aws\"}");
    CHECK(cell_commit(&cell));
    uint32_t published = 0, changed = 0;
    for (uint32_t i = 0; i < cell.writes.count; i++) {
        published += cell.writes.items[i].target == WRITE_ASSIGNMENT;
        changed += cell.writes.items[i].kind == RECORD_STATE_UNIT;
    }
    CHECK_INT(published, 2);
    CHECK_INT(changed, 1);
    cell_end(&cell);
}

// A policy that nobody can read any more, in the state: whoever reads it does not lead.
static void unreadable_policy_bars(void)
{
    struct cell leader, standby;
    struct cell_view view;
    cell_begin(&leader, &(struct cell_options){0});
    cell_follow(&standby, &(struct cell_options){0}, &leader);
    struct label key = {TEXT_LITERAL("colour"), TEXT_LITERAL("red")};
    struct state_pool pool = {.policy = &key, .policy_count = 1};
    struct control_event event = {.kind = CONTROL_STATE_RECEIVED};
    event.state.key = TEXT_LITERAL("pool/default");
    event.state.kind = RECORD_STATE_POOL;
    event.state.record = &pool;
    cell_step(&standby, event);
    CHECK(standby.was_alarmed);
    cell_step(&standby, (struct control_event){.kind = CONTROL_STATE_ENDED});
    cell_step(&standby, (struct control_event){.kind = CONTROL_CLAIM_ANSWERED, .done = true});
    struct state_marker marker = {.incarnation = text_of(standby.claim_life),
                                  .seq = standby.claim.seq};
    event.state.key = TEXT_LITERAL("marker");
    event.state.kind = RECORD_STATE_MARKER;
    event.state.record = &marker;
    cell_step(&standby, event);
    control_view_cell(standby.control, &view);
    CHECK(view.is_barred);
    cell_end(&leader);
    cell_end(&standby);
}

static const struct test tests[] = {
    TEST(weights_are_evened_out),        TEST(parts_have_the_weight_each),
    TEST(there_and_back_while_it_moves), TEST(loads_are_evened_out_once_all_are_known),
    TEST(loads_heard_before_count),      TEST(loads_are_what_the_pool_measures_by),
    TEST(unknown_lag_is_no_load),        TEST(fewer_are_wanted_when_time_has_passed),
    TEST(a_takeover_sends_nobody_home),  TEST(churn_moves_little),
    TEST(one_change_publishes_little),   TEST(unreadable_policy_bars),
};

TEST_MAIN("control/policy", tests)
