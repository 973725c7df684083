// SPDX-License-Identifier: Apache-2.0
//
// The play. Each step begins when the one before is done and not before its share of the time, does
// one thing, and is done when what it leads to can be seen. Then the end: agents stop, what they
// have produced is collected, collectors drain, the coordinator says goodbye.
//
//     start → announce → kill → join → late (plain JSON) → withdraw → cap → live ... → end

#include "daemon/demo_inner.h"

#define PATIENCE_MS 30000  // for what a step leads to
#define SECONDS_ENDLESS 60 // the pace of a play without an end
#define END_MS 1500        // how long before its time the play begins to end

struct step {
    int share; // percent of the time, before which it does not begin
    void (*begin)(struct demo *demo, struct instant now);
    bool (*is_done)(struct demo *demo, struct instant now);
    const char *awaited; // for who waited in vain
};

static const int VICTIM = 1;                     // c2
static const int NEWCOMER = DEMO_COLLECTORS - 1; // c4

// Every announced topic has a collector that runs.
static bool is_all_assigned(const struct demo *demo)
{
    for (uint32_t i = 0; i < demo->count; i++) {
        const struct demo_topic *topic = &demo->topics[i];
        if (topic->is_announced && (!topic->is_owned || topic->owner == DEMO_NOBODY ||
                                    demo->children[topic->owner].pid <= 0))
            return false;
    }
    return true;
}

static uint32_t announced_count(const struct demo *demo)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < demo->count; i++)
        count += demo->topics[i].is_announced;
    return count;
}

// ---- Steps.

static void start_begin(struct demo *demo, struct instant now)
{
    (void)now;
    demo_tell(demo, "embedded broker at %.*s, one coordinator, three collectors",
              TEXT_ARGS(kafka_mock_servers(demo->mock)));
    demo_tell(demo, "page at http://127.0.0.1:%d/", demo->port);
    demo_child_start(demo, DEMO_COLLECTORS);
    for (int i = 0; i < NEWCOMER; i++)
        demo_child_start(demo, i);
}

static bool start_is_done(struct demo *demo, struct instant now)
{
    (void)now;
    return demo_collectors_named(demo) == (uint32_t)NEWCOMER;
}

static void announce_begin(struct demo *demo, struct instant now)
{
    demo_tell(demo, "%u agents announce a topic each: this machine, told from /proc once a second",
              demo->count - 1);
    demo->next_sample = now;
    for (uint32_t i = 0; i < demo->count; i++)
        if (i != demo->late)
            demo_agent_announce(demo, i);
}

static bool announce_is_done(struct demo *demo, struct instant now)
{
    if (!is_all_assigned(demo))
        return false;
    demo_tell(demo, "all assigned after %.1f s: %u, %u and %u",
              (double)instant_since(now, demo->step_deadline).us / 1e6 + PATIENCE_MS / 1e3,
              demo_cell_owned(demo, 0), demo_cell_owned(demo, 1), demo_cell_owned(demo, 2));
    return true;
}

static void kill_begin(struct demo *demo, struct instant now)
{
    char incarnation[33];
    uint32_t count = demo_cell_owned(demo, VICTIM);
    demo_tell(demo,
              "kill -9 of collector '%s', which reads %u topics; its parent publishes the "
              "death",
              demo->children[VICTIM].name, count);
    // What it has written until now was read by itself.
    demo_files_read(demo);
    for (uint32_t i = 0; i < demo->count; i++)
        demo->topics[i].is_awaited = demo->topics[i].owner == VICTIM;
    demo->killed = now;
    demo->result.moves_minimum += count;
    demo_child_kill(demo, VICTIM, incarnation);
    demo_death_publish(demo, VICTIM, incarnation);
}

static bool kill_is_done(struct demo *demo, struct instant now)
{
    for (uint32_t i = 0; i < demo->count; i++)
        if (demo->topics[i].is_awaited)
            return false;
    if (!is_all_assigned(demo))
        return false;
    demo->result.read_again_us = instant_since(now, demo->killed).us;
    demo_tell(demo, "all of its topics are read again, after %.2f s",
              (double)demo->result.read_again_us / 1e6);
    return true;
}

static void join_begin(struct demo *demo, struct instant now)
{
    (void)now;
    demo_tell(demo, "collector '%s' joins", demo->children[NEWCOMER].name);
    demo->result.moves_minimum += announced_count(demo) / (demo_collectors_running(demo) + 1);
    demo_child_start(demo, NEWCOMER);
}

static bool join_is_done(struct demo *demo, struct instant now)
{
    (void)now;
    uint32_t running = demo_collectors_running(demo);
    uint32_t share = announced_count(demo) / running;
    if (demo_collectors_named(demo) != running || !is_all_assigned(demo) ||
        demo_cell_owned(demo, NEWCOMER) < share)
        return false;
    demo_tell(demo, "it has its share, %u topics; nobody else has noticed", share);
    return true;
}

static void late_begin(struct demo *demo, struct instant now)
{
    (void)now;
    demo_tell(demo,
              "topic '%s' is announced by a plain JSON record:", demo->topics[demo->late].name);
    demo->topics[demo->late].is_awaited = true;
    demo_agent_announce_plain(demo, demo->late);
}

static bool late_is_done(struct demo *demo, struct instant now)
{
    (void)now;
    const struct demo_topic *topic = &demo->topics[demo->late];
    if (!topic->is_owned || topic->is_awaited)
        return false;
    demo_tell(demo, "collector '%s' reads it", demo->children[topic->owner].name);
    return true;
}

static void withdraw_begin(struct demo *demo, struct instant now)
{
    (void)now;
    demo_tell(demo, "the agent of '%s' stops, and withdraws its topic once it is read to its end",
              demo->topics[demo->early].name);
    demo->topics[demo->early].is_producing = false;
}

// One topic less may leave a collector with two more than another: that is one move.
static int64_t withdraw_moves(const struct demo *demo)
{
    uint32_t least = UINT32_MAX;
    uint32_t most = 0;
    for (int i = 0; i < DEMO_COLLECTORS; i++) {
        if (demo->children[i].pid <= 0)
            continue;
        uint32_t count = demo_cell_owned(demo, i) - (demo->topics[demo->early].owner == i);
        least = count < least ? count : least;
        most = count > most ? count : most;
    }
    return most > least + 1;
}

static bool withdraw_is_done(struct demo *demo, struct instant now)
{
    (void)now;
    struct demo_topic *topic = &demo->topics[demo->early];
    if (topic->is_announced) {
        if (topic->in_flight == 0 && demo_tally_is_settled(demo->tally, demo->early)) {
            demo->result.moves_minimum += withdraw_moves(demo);
            demo_agent_withdraw(demo, demo->early);
        }
        return false;
    }
    if (topic->is_known)
        return false;
    demo_tell(demo, "it is gone");
    return true;
}

static void cap_begin(struct demo *demo, struct instant now)
{
    (void)now;
    uint32_t running = demo_collectors_running(demo);
    demo->cap_wanted = (announced_count(demo) + running - 1) / running + 2;
    demo_tell(demo, "muster pool set " DEMO_POOL " max_topics_per_collector=%lld",
              (long long)demo->cap_wanted);
    demo_cap_order(demo, demo->cap_wanted);
}

static bool cap_is_done(struct demo *demo, struct instant now)
{
    (void)now;
    if (demo->cap != demo->cap_wanted || !is_all_assigned(demo))
        return false;
    demo_tell(demo, "the pool has it, and there is room for every topic");
    return true;
}

static const struct step steps[] = {
    {0, start_begin, start_is_done, "three collectors that are known to the coordinator"},
    {0, announce_begin, announce_is_done, "all topics to be assigned"},
    {25, kill_begin, kill_is_done, "the topics of the dead collector to be read again"},
    {40, join_begin, join_is_done, "the newcomer to have its share"},
    {50, late_begin, late_is_done, "the topic announced by hand to be read"},
    {60, withdraw_begin, withdraw_is_done, "the withdrawn topic to go"},
    {70, cap_begin, cap_is_done, "the pool to have its new limit"},
};

enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

// ---- The end.

enum { END_NOT_YET, END_AGENTS, END_COLLECTORS, END_COORDINATOR, END_DONE };

static void end_begin(struct demo *demo, struct instant now)
{
    struct demo_result *result = &demo->result;
    result->announced = announced_count(demo);
    result->collectors = demo_collectors_named(demo);
    for (uint32_t i = 0; i < demo->count; i++)
        result->assigned += demo->topics[i].is_announced && demo->topics[i].is_owned;
    result->pending = result->announced - result->assigned;
    for (uint32_t i = 0; i < demo->count; i++)
        demo->topics[i].is_producing = false;
    demo_tell(demo, "the end: agents stop, collectors drain");
    demo->ending = END_AGENTS;
    demo->step_deadline = instant_add(now, span_of_ms(PATIENCE_MS / 3));
}

// All that was produced is in the files; what is not after a while is lost, and counted.
static bool agents_are_done(const struct demo *demo)
{
    for (uint32_t i = 0; i < demo->count; i++)
        if (demo->topics[i].in_flight > 0 || !demo_tally_is_settled(demo->tally, i))
            return false;
    return true;
}

static void end_turn(struct demo *demo, struct instant now)
{
    bool is_late = instant_has_come(demo->step_deadline, now);
    if (demo->ending == END_AGENTS && (agents_are_done(demo) || is_late)) {
        for (int i = 0; i < DEMO_COLLECTORS; i++)
            demo_child_terminate(demo, i);
        demo->ending = END_COLLECTORS;
        demo->step_deadline = instant_add(now, span_of_ms(PATIENCE_MS));
    } else if (demo->ending == END_COLLECTORS && demo_collectors_running(demo) == 0) {
        demo_child_terminate(demo, DEMO_COLLECTORS);
        demo->ending = END_COORDINATOR;
        demo->step_deadline = instant_add(now, span_of_ms(PATIENCE_MS));
    } else if (demo->ending == END_COORDINATOR && demo->children[DEMO_COLLECTORS].pid <= 0) {
        demo->ending = END_DONE;
        loop_stop(demo->loop);
    } else if (is_late) {
        demo_fail(demo, "waited %d s in vain for the processes to end", PATIENCE_MS / 1000);
    }
}

// ---- The turn.

static struct instant share_at(const struct demo *demo, int percent)
{
    int64_t seconds = demo->setup->seconds ? demo->setup->seconds : SECONDS_ENDLESS;
    return instant_add(demo->started, span_of_ms(seconds * 10 * percent));
}

static void step_turn(struct demo *demo, struct instant now)
{
    const struct step *step = &steps[demo->step];
    if (!demo->is_step_begun) {
        if (!instant_has_come(share_at(demo, step->share), now))
            return;
        demo->is_step_begun = true;
        demo->step_deadline = instant_add(now, span_of_ms(PATIENCE_MS));
        step->begin(demo, now);
        return;
    }
    if (step->is_done(demo, now)) {
        demo->step++;
        demo->is_step_begun = false;
    } else if (instant_has_come(demo->step_deadline, now)) {
        demo_fail(demo, "waited %d s in vain for %s", PATIENCE_MS / 1000, step->awaited);
    }
}

void demo_script_turn(struct demo *demo, struct instant now)
{
    if (demo->ending != END_NOT_YET) {
        end_turn(demo, now);
        return;
    }
    // What is under way is not left half done, but for who wants the end.
    bool is_over = demo->setup->seconds && demo->step == STEPS &&
                   instant_has_come(instant_add(share_at(demo, 100), span_of_ms(-END_MS)), now);
    if (is_over || demo->is_stopping)
        end_begin(demo, now);
    else if (demo->step < STEPS)
        step_turn(demo, now);
}
