// SPDX-License-Identifier: Apache-2.0
//
// Silence of agents: what counts as a sign of life, that k intervals are exactly k, and that what
// nobody can say is no silence. CB-24, CB-25, CB-32, CB-33, CB-34, CB-35, MR-12.
#include <stdio.h>
#include <string.h>

#include "cell.h"
#include "control/view.h"
#include "test.h"

enum { TOPICS = 4, INTERVAL_MS = 10000 };

// What Kafka has, as the test says: topics t0, t1, ...
struct kafka {
    int64_t ends[TOPICS], committed[TOPICS];
    bool is_away; // nobody can say where logs end
    bool are_markers_lost;
};

static void answer_ends(struct cell *cell, const struct kafka *kafka)
{
    struct control_end_answer items[CELL_ENDS];
    struct control_event event = {.kind = CONTROL_ENDS_ANSWERED};
    for (uint32_t i = 0; i < cell->ends_count; i++) {
        int topic = cell->ends[i].topic[1] - '0';
        items[i] = (struct control_end_answer){
            .topic = text_of(cell->ends[i].topic),
            .partition = cell->ends[i].partition,
            .end = kafka->is_away ? -1 : kafka->ends[topic],
            .committed = cell->ends[i].wants_committed ? kafka->committed[topic] : -1};
    }
    event.ends.number = cell->ends_number;
    event.ends.items = items;
    event.ends.count = cell->ends_count;
    cell->ends_count = 0;
    cell_step(cell, event);
}

static void marker_back(struct cell *cell, const struct marker *marker)
{
    struct control_event event = {.kind = CONTROL_INPUT_RECEIVED};
    event.input = (struct control_input){.log = INPUT_CONTROL,
                                         .offset = cell->offsets[INPUT_CONTROL]++,
                                         .kind = RECORD_MARKER,
                                         .record = marker};
    cell_step(cell, event);
}

// Commits what there is, and answers every question.
static void work(struct cell *cell, const struct kafka *kafka)
{
    for (int round = 0; round < 8; round++) {
        bool has_written = cell_commit(cell);
        bool has_asked = cell->ends_count > 0;
        if (has_asked)
            answer_ends(cell, kafka);
        for (int i = 0; i < 2 && has_written; i++)
            if (cell->heads[i] > 0)
                cell_beat(cell, i, 1, "active", cell->heads[i]);
        if (!has_written && !has_asked)
            return;
    }
}

// Lets a second pass, in which a marker goes out and comes back.
static void second(struct cell *cell, const struct kafka *kafka)
{
    struct marker marker = {.epoch = -1};
    cell->now.us += 1000000;
    for (int i = 0; i < 2; i++)
        if (cell->heads[i] > 0)
            cell_beat(cell, i, 1, "active", cell->heads[i]);
    cell_step(cell, (struct control_event){.kind = CONTROL_TICKED});
    for (uint32_t i = 0; i < cell->effects.count; i++)
        if (cell->effects.items[i].kind == EFFECT_SEND_MARKER)
            marker = cell->effects.items[i].marker;
    if (marker.epoch >= 0 && !kafka->are_markers_lost)
        marker_back(cell, &marker);
    work(cell, kafka);
}

// Lets an interval pass, to the moment when it is judged.
static void interval(struct cell *cell, const struct kafka *kafka)
{
    for (int i = 0; i < INTERVAL_MS / 1000 + 2; i++)
        second(cell, kafka);
}

// The owner of a topic has delivered all of it up to `position`.
static void report(struct cell *cell, int collector, const char *topic, int64_t position,
                   int64_t end)
{
    char id[8], life[33];
    snprintf(id, sizeof(id), "c%d", collector);
    snprintf(life, sizeof(life), "%016x%016x", 0xc0 + collector, 1);
    struct report_part part = {0, position, position, end};
    struct report_unit unit = {.unit = text_of(topic),
                               .parts = &part,
                               .parts_count = 1,
                               .lag = end - position,
                               .state = TEXT_LITERAL("reading")};
    struct report said = {.pool = TEXT_LITERAL("default"),
                          .id = text_of(id),
                          .incarnation = text_of(life),
                          .units = &unit,
                          .units_count = 1};
    cell_step(cell, (struct control_event){.kind = CONTROL_REPORT_RECEIVED, .report = &said});
}

static void announce(struct cell *cell, const char *agent, const char *topics)
{
    char json[512], names[256] = "";
    size_t used = 0;
    for (const char *t = topics; *t != '\0'; t++)
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s{\"name\": \"t%c\"}",
                                 used > 0 ? ", " : "", *t);
    snprintf(json, sizeof(json), "{\"agent\": \"%s\", \"topics\": [%s]}", agent, names);
    cell_say(cell, INPUT_CONTROL, json);
}

static void topics_there(struct cell *cell)
{
    static const char *const names[TOPICS] = {"t0", "t1", "t2", "t3"};
    struct control_topic_answer items[TOPICS];
    struct control_event event = {.kind = CONTROL_TOPICS_ANSWERED};
    for (int i = 0; i < TOPICS; i++)
        items[i] = (struct control_topic_answer){.topic = text_of(names[i]), .partitions = 1};
    event.topics.items = items;
    event.topics.count = TOPICS;
    cell_step(cell, event);
}

// Two agents, "a" with t0 and t1, "b" with t2; all is read by c0, who has said so.
static void begin(struct cell *cell, const struct kafka *kafka, const char *misses)
{
    char order[160];
    cell_begin(cell, &(struct cell_options){0});
    snprintf(order, sizeof(order),
             "{\"verb\": \"pool.set\", \"args\": {\"agent_interval\": \"10s\"%s%s}}",
             misses[0] != '\0' ? ", \"agent_misses\": " : "", misses);
    cell_say(cell, INPUT_ORDERS, order);
    cell_beat(cell, 0, 1, "active", 0);
    announce(cell, "a", "01");
    announce(cell, "b", "2");
    cell_settle(cell, 1);
    topics_there(cell);
    cell_settle(cell, 1);
    CHECK_TEXT(cell_owners(cell), "c0:t0 c0:t1 c0:t2");
    report(cell, 0, "t0", kafka->ends[0], kafka->ends[0]);
    report(cell, 0, "t1", kafka->ends[1], kafka->ends[1]);
    report(cell, 0, "t2", kafka->ends[2], kafka->ends[2]);
    interval(cell, kafka);
}

// "healthy 0"
static const char *health(const struct cell *cell, const char *id)
{
    static char text[64];
    struct agent_view agent;
    text[0] = '\0';
    for (uint32_t cursor = 0; control_next_agent(cell->control, &cursor, &agent);)
        if (text_equals(agent.id, id))
            snprintf(text, sizeof(text), "%.*s %lld", TEXT_ARGS(agent.health),
                     (long long)agent.misses);
    return text;
}

static const char *state(const struct cell *cell, const char *name)
{
    static char text[160];
    struct unit_view unit;
    text[0] = '\0';
    for (uint32_t cursor = 0; control_next_unit(cell->control, &cursor, &unit);)
        if (text_equals(unit.name, name))
            snprintf(text, sizeof(text), "%.*s", TEXT_ARGS(unit.state));
    return text;
}

// CB-34: the k-th interval, not the one before; its topics go, and nobody else's. CB-35: the other
// agent lives by its records.
static void after_exactly_k(int k, const char *misses)
{
    struct cell cell;
    struct kafka kafka = {.ends = {5, 0, 100, 0}};
    begin(&cell, &kafka, misses);
    CHECK_TEXT(health(&cell, "a"), "healthy 0");
    for (int i = 1; i <= k; i++) {
        char expected[32];
        CHECK_TEXT(cell_owners(&cell), "c0:t0 c0:t1 c0:t2");
        kafka.ends[2]++;
        report(&cell, 0, "t2", kafka.ends[2], kafka.ends[2]);
        interval(&cell, &kafka);
        snprintf(expected, sizeof(expected), "%s %d", i < k ? "silent" : "unhealthy", i);
        CHECK_TEXT(health(&cell, "a"), expected);
        CHECK_TEXT(health(&cell, "b"), "healthy 0");
    }
    CHECK_TEXT(cell_owners(&cell), "c0:t2");
    CHECK_TEXT(state(&cell, "t0"), "dormant");
    CHECK_TEXT(state(&cell, "t1"), "dormant");
    cell_end(&cell);
}

static void after_exactly_three_by_default(void)
{
    after_exactly_k(3, "");
}

static void after_exactly_as_many_as_the_pool_says(void)
{
    after_exactly_k(1, "\"1\"");
    after_exactly_k(5, "\"5\"");
}

// CB-34: one message, of either kind, and the count begins again.
static void one_message_resets_the_count(void)
{
    struct cell cell;
    struct kafka kafka = {.ends = {5, 0, 100, 0}};
    begin(&cell, &kafka, "");
    interval(&cell, &kafka);
    interval(&cell, &kafka);
    CHECK_TEXT(health(&cell, "a"), "silent 2");
    announce(&cell, "a", "01");
    CHECK_TEXT(health(&cell, "a"), "healthy 0");
    interval(&cell, &kafka);
    CHECK_TEXT(health(&cell, "a"), "healthy 0");
    CHECK_TEXT(health(&cell, "b"), "unhealthy 3");
    interval(&cell, &kafka);
    interval(&cell, &kafka);
    CHECK_TEXT(health(&cell, "a"), "silent 2");
    kafka.ends[1]++; // nobody has reported it: Kafka says so
    interval(&cell, &kafka);
    CHECK_TEXT(health(&cell, "a"), "healthy 0");
    report(&cell, 0, "t1", 1, 1);
    interval(&cell, &kafka);
    CHECK_TEXT(health(&cell, "a"), "silent 1");
    cell_end(&cell);
}

// CB-24: a record, or an announcement, and it is read again; nobody has to do anything.
static void comes_back_by_itself(void)
{
    struct cell cell;
    struct kafka kafka = {.ends = {5, 0, 100, 0}};
    begin(&cell, &kafka, "");
    for (int i = 0; i < 3; i++)
        interval(&cell, &kafka);
    CHECK_TEXT(cell_owners(&cell), "");
    CHECK_TEXT(state(&cell, "t2"), "dormant");
    interval(&cell, &kafka);
    CHECK_TEXT(state(&cell, "t2"), "dormant");
    kafka.ends[0]++;
    interval(&cell, &kafka);
    CHECK_TEXT(health(&cell, "a"), "healthy 0");
    CHECK_TEXT(cell_owners(&cell), "c0:t0 c0:t1");
    announce(&cell, "b", "2");
    work(&cell, &kafka);
    CHECK_TEXT(health(&cell, "b"), "healthy 0");
    CHECK_TEXT(cell_owners(&cell), "c0:t0 c0:t1 c0:t2");
    cell_end(&cell);
}

// CB-25: who leaves while unhealthy is gone, and so is whom an operator forgets.
static void leaves_while_unhealthy(void)
{
    struct cell cell;
    struct kafka kafka = {.ends = {5, 0, 100, 0}};
    begin(&cell, &kafka, "");
    for (int i = 0; i < 3; i++)
        interval(&cell, &kafka);
    announce(&cell, "a", "");
    work(&cell, &kafka);
    CHECK_TEXT(health(&cell, "a"), "");
    CHECK_TEXT(state(&cell, "t0"), "");
    cell_say(&cell, INPUT_ORDERS, "{\"verb\": \"agent.forget\", \"args\": {\"agent\": \"b\"}}");
    work(&cell, &kafka);
    CHECK_TEXT(health(&cell, "b"), "");
    CHECK_TEXT(state(&cell, "t2"), "");
    cell_end(&cell);
}

// CB-33: ten intervals in which Kafka answers nothing, or in which own markers do not come back.
static void nobody_is_silent_while_kafka_is_away(void)
{
    struct cell cell;
    struct kafka kafka = {.ends = {5, 0, 100, 0}};
    begin(&cell, &kafka, "");
    interval(&cell, &kafka);
    interval(&cell, &kafka);
    kafka.is_away = true;
    for (int i = 0; i < 10; i++)
        interval(&cell, &kafka);
    CHECK_TEXT(health(&cell, "a"), "silent 2");
    kafka.is_away = false;
    kafka.are_markers_lost = true;
    for (int i = 0; i < 10; i++)
        interval(&cell, &kafka);
    CHECK_TEXT(health(&cell, "a"), "silent 2");
    CHECK_TEXT(cell_owners(&cell), "c0:t0 c0:t1 c0:t2");
    kafka.are_markers_lost = false;
    interval(&cell, &kafka);
    CHECK_TEXT(health(&cell, "a"), "unhealthy 3");
    cell_end(&cell);
}

// CB-32: the sink takes nothing for ten intervals; what waits for it keeps the agent.
static void nobody_is_silent_while_a_sink_is_down(void)
{
    struct cell cell;
    struct kafka kafka = {.ends = {5, 0, 100, 0}};
    begin(&cell, &kafka, "");
    kafka.ends[0] = 8;
    for (int i = 0; i < 10; i++) {
        report(&cell, 0, "t0", 5, 8);
        interval(&cell, &kafka);
    }
    CHECK_TEXT(health(&cell, "a"), "healthy 0");
    CHECK_TEXT(cell_owners(&cell), "c0:t0 c0:t1");
    report(&cell, 0, "t0", 8, 8);
    for (int i = 0; i < 3; i++)
        interval(&cell, &kafka);
    CHECK_TEXT(health(&cell, "a"), "unhealthy 3");
    cell_end(&cell);
}

// A topic that a live agent announces too stays.
static void held_by_a_live_one_it_stays(void)
{
    struct cell cell;
    struct kafka kafka = {.ends = {5, 0, 100, 0}};
    begin(&cell, &kafka, "");
    for (int i = 0; i < 4; i++) {
        announce(&cell, "c", "1");
        interval(&cell, &kafka);
    }
    CHECK_TEXT(health(&cell, "a"), "unhealthy 3");
    CHECK_TEXT(health(&cell, "c"), "healthy 0");
    CHECK_TEXT(cell_owners(&cell), "c0:t1");
    announce(&cell, "c", "");
    work(&cell, &kafka);
    CHECK_TEXT(state(&cell, "t1"), "dormant");
    cell_end(&cell);
}

// MR-12: another leader keeps what is dormant, counts anew what is not, and knows from the commits
// of the group whether something was written while nobody led.
static void another_leader_goes_on(void)
{
    struct cell cell, next, third;
    struct kafka kafka = {.ends = {5, 0, 100, 0}, .committed = {5, 0, 100, 0}};
    begin(&cell, &kafka, "");
    announce(&cell, "d", "3");
    for (int i = 0; i < 3; i++)
        interval(&cell, &kafka);
    CHECK_TEXT(state(&cell, "t0"), "dormant");
    CHECK_TEXT(health(&cell, "d"), "healthy 0"); // Kafka's word on t3 is not there yet
    cell_restore(&next, &(struct cell_options){.hash_seed = 7}, &cell, 12345);
    for (int i = 0; i < 3; i++)
        interval(&next, &kafka);
    CHECK_TEXT(health(&next, "a"), "unhealthy 3");
    CHECK_TEXT(state(&next, "t0"), "dormant");
    kafka.ends[2]++;
    cell_restore(&third, &(struct cell_options){.hash_seed = 8}, &cell, 54321);
    interval(&third, &kafka);
    CHECK_TEXT(health(&third, "a"), "unhealthy 3");
    CHECK_TEXT(health(&third, "b"), "healthy 0");
    cell_end(&third);
    cell_end(&next);
    cell_end(&cell);
}

static void another_leader_counts_anew(void)
{
    struct cell cell, next;
    struct kafka kafka = {.ends = {5, 0, 100, 0}};
    begin(&cell, &kafka, "");
    interval(&cell, &kafka);
    interval(&cell, &kafka);
    CHECK_TEXT(health(&cell, "a"), "silent 2");
    cell_restore(&next, &(struct cell_options){.hash_seed = 7}, &cell, 12345);
    CHECK_TEXT(health(&next, "a"), "healthy 0");
    interval(&next, &kafka);
    CHECK_TEXT(health(&next, "a"), "healthy 0"); // the ends were not known before
    report(&next, 0, "t0", 5, 5);
    report(&next, 0, "t1", 0, 0);
    for (int i = 1; i <= 3; i++)
        interval(&next, &kafka);
    CHECK_TEXT(health(&next, "a"), "unhealthy 3");
    cell_end(&next);
    cell_end(&cell);
}

// Switched off, everybody is as if nothing had been counted.
static void switched_off_all_come_back(void)
{
    struct cell cell;
    struct kafka kafka = {.ends = {5, 0, 100, 0}};
    begin(&cell, &kafka, "");
    for (int i = 0; i < 3; i++)
        interval(&cell, &kafka);
    CHECK_TEXT(cell_owners(&cell), "");
    cell_say(&cell, INPUT_ORDERS, "{\"verb\": \"pool.reset\"}");
    work(&cell, &kafka);
    CHECK_TEXT(cell_owners(&cell), "c0:t0 c0:t1 c0:t2");
    CHECK_TEXT(health(&cell, "a"), "healthy 0");
    cell_say(&cell, INPUT_ORDERS, "{\"verb\": \"pool.set\", \"args\": {\"agent_misses\": \"0\"}}");
    CHECK_TEXT(cell.reason,
               "order 'pool.set': agent_misses: '0' is not a whole number of 1 or more");
    cell_end(&cell);
}

// A leader that has just begun does not know whether the first report tells of something new.
static void first_report_is_no_silence(void)
{
    struct cell cell, next;
    struct kafka kafka = {.ends = {5, 0, 100, 0}};
    begin(&cell, &kafka, "\"1\"");
    cell_restore(&next, &(struct cell_options){0}, &cell, 31);
    kafka.ends[0]++;
    report(&next, 0, "t0", 6, 6);
    report(&next, 0, "t1", 0, 0);
    interval(&next, &kafka);
    CHECK_TEXT(health(&next, "a"), "healthy 0");
    interval(&next, &kafka);
    CHECK_TEXT(health(&next, "a"), "unhealthy 1");
    cell_end(&next);
    cell_end(&cell);
}

static const struct test tests[] = {
    TEST(first_report_is_no_silence),
    TEST(after_exactly_three_by_default),
    TEST(after_exactly_as_many_as_the_pool_says),
    TEST(one_message_resets_the_count),
    TEST(comes_back_by_itself),
    TEST(leaves_while_unhealthy),
    TEST(nobody_is_silent_while_kafka_is_away),
    TEST(nobody_is_silent_while_a_sink_is_down),
    TEST(held_by_a_live_one_it_stays),
    TEST(another_leader_goes_on),
    TEST(another_leader_counts_anew),
    TEST(switched_off_all_come_back),
};

TEST_MAIN("control/silence", tests)
