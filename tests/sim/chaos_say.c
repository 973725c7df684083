// SPDX-License-Identifier: Apache-2.0
//
// What agents, operators and strangers say in a world of faults.
#include <stdio.h>
#include <string.h>

#include "sim/chaos.h"
#include "sim/check.h"
#include "wire/wire.h"

// ---- Agents.

static void announce_topics(struct world *world, const char *agent, int64_t ttl_ms)
{
    static const char *const modes[] = {"set", "set", "add", "add", "add", "remove"};
    static const char *const attributes[8] = {
        ", \"weight\": 7",
        ", \"labels\": {\"csp\": \"aws\"}",
        ", \"labels\": {\"csp\": \"gcp\", \"zone\": \"west\"}",
        ", \"weight\": 30, \"labels\": {\"zone\": \"east\"}",
        "",
        "",
        "",
        ""};
    struct buffer topics = {0};
    uint64_t first = world_draw(world, CHAOS_TOPICS);
    uint64_t count = world_draw(world, 6);
    for (uint64_t i = 0; i < count; i++) {
        unsigned number = (unsigned)((first + i * 3) % CHAOS_TOPICS);
        unsigned partitions = world_draw(world, 5) == 0 ? 0 : 1 + number % 3;
        bool is_split = number % 4 == 0 && world_draw(world, 4) > 0;
        buffer_print(&topics, "%s{\"name\": \"t%u\", \"partitions\": %u, \"split\": %s%s}",
                     i > 0 ? ", " : "", number, partitions, is_split ? "true" : "false",
                     attributes[world_draw(world, 8)]);
    }
    const char *source = world_draw(world, 3) == 0 ? "x" : "";
    const char *mode = modes[world_draw(world, 6)];
    world_say(world, SIM_CONTROL,
              "{\"agent\": \"%s\", \"source\": \"%s\", \"mode\": \"%s\", \"ttl_ms\": %lld, "
              "\"topics\": [%s]}",
              agent, source, mode, (long long)ttl_ms, buffer_string(&topics));
    buffer_finish(&topics);
}

void say_announce(struct world *world)
{
    char agent[16];
    snprintf(agent, sizeof(agent), "agent%d", (int)world_draw(world, CHAOS_AGENTS));
    announce_topics(world, agent, 0);
}

// Agents that are heard now and then, maybe too late.
void say_ttl(struct world *world)
{
    char agent[16];
    int number = (int)world_draw(world, CHAOS_MORTALS);
    snprintf(agent, sizeof(agent), "mortal%d", number);
    announce_topics(world, agent, 4000 + number * 7000);
}

// Agents that say no more than that they live. What follows it in the log decides nothing.
void say_sign(struct world *world)
{
    world_say(world, SIM_CONTROL, "{\"agent\": \"agent%d\", \"mode\": \"add\", \"topics\": []}",
              (int)world_draw(world, CHAOS_AGENTS));
}

// ---- Operators.

// Any policy, or none; of some only what does not contradict what is in force is taken.
static void order_policy(struct world *world)
{
    static const char *const policies[] = {
        "\"group_by\": \"csp\", \"other\": \"gcp\"",
        "\"group_by\": \"none\", \"other\": \"none\"",
        "\"affinity\": \"zone\"",
        "\"spread_by\": \"host\", \"spread_max\": \"5\"",
        "\"balance\": \"weight\", \"tolerance\": \"5%\"",
        "\"mode\": \"pack\", \"max_topics_per_collector\": \"4\"",
        "\"bounce_delay\": \"3s\"",
        "\"move_budget\": \"6\"",
        "\"isolated\": \"true\"",
        "\"balance\": \"load\", \"stabilization\": \"2s\"",
        "\"quarantine_after\": \"1\"",
        "\"quarantine_after\": \"2\"",
        "\"quarantine_after\": \"5\""};
    uint64_t dice = world_draw(world, 17);
    if (dice < 13)
        world_say(world, SIM_ORDERS, "{\"verb\": \"pool.set\", \"args\": {%s}}", policies[dice]);
    else
        world_say(world, SIM_ORDERS, "{\"verb\": \"pool.reset\"}");
}

void say_order(struct world *world)
{
    static const char *const caps[] = {"1", "2", "5", "none", "0", "none"};
    static const char *const verbs[] = {"pool.pause",  "pool.resume",   "pool.freeze",
                                        "pool.resume", "pool.unfreeze", "pool.rebalance"};
    static const char *const commands[] = {"collector.rotate", "collector.report"};
    uint64_t dice = world_draw(world, 10);
    if (dice == 9)
        world_order(world, "collector.evict", "collector", draw_process(world, false)->id);
    else if (dice >= 7)
        world_order(world, commands[dice - 7], "collector", draw_process(world, false)->id);
    else if (dice >= 5)
        order_policy(world);
    else if (dice >= 3)
        world_order_pool(world, "default", verbs[world_draw(world, 6)]);
    else if (dice == 0)
        world_order(world, "pool.set", "max_topics_per_collector", caps[world_draw(world, 6)]);
    else
        world_order(world, dice == 1 ? "collector.drain" : "collector.undrain", "collector",
                    draw_process(world, false)->id);
}

// Agents are to be heard in the interval of this world.
void say_interval(struct world *world)
{
    static const int counts[] = {1, 1, 1, 2, 3};
    int misses = counts[world_draw(world, 5)];
    world_say(world, SIM_ORDERS,
              "{\"verb\": \"pool.set\", \"args\": {\"agent_interval\": \"%llds\", "
              "\"agent_misses\": \"%d\"}}",
              (long long)world->silence_ms / 1000, misses);
}

// "west" takes by its rules from what names no pool; "side" comes and goes, with what was announced
// for it; all are paused and frozen.
void say_pool(struct world *world)
{
    static const char *const verbs[] = {"pool.pause",  "pool.resume",   "pool.freeze",
                                        "pool.resume", "pool.unfreeze", "pool.rebalance"};
    static const char *const pools[] = {"default", "west", "side"};
    static const char *const rules[] = {"name=t1*", "agent=agent2 name=t2?", "agent=agent1",
                                        "none"};
    uint64_t dice = world_draw(world, 6);
    const char *pool = pools[world_draw(world, 3)];
    if (!world->has_pools || dice > 4) {
        say_order(world);
    } else if (dice == 0) {
        world_say(world, SIM_ORDERS,
                  "{\"pool\": \"side\", \"verb\": \"pool.delete\", \"args\": {\"force\": \"%s\"}}",
                  world_draw(world, 3) == 0 ? "false" : "true");
    } else if (dice == 1) {
        world_order_pool(world, pool, "pool.create");
    } else if (dice == 2) {
        pool = pools[1 + world_draw(world, 2)];
        world_say(world, SIM_ORDERS,
                  "{\"pool\": \"%s\", \"verb\": \"pool.set\", \"args\": {\"match\": \"%s\"}}", pool,
                  rules[world_draw(world, 4)]);
    } else if (dice == 3) {
        int agent = (int)world_draw(world, 3);
        world_say(world, SIM_CONTROL,
                  "{\"pool\": \"side\", \"agent\": \"s%d\", \"topics\": [{\"name\": \"s%d\", "
                  "\"partitions\": 1}]}",
                  agent, (int)world_draw(world, 4));
    } else {
        world_order_pool(world, pool, verbs[world_draw(world, 6)]);
    }
}

// New binaries are installed, or the old ones again: whoever starts from now on is one of them. And
// an operator would like the cell to be what the newest can read.
void say_level(struct world *world)
{
    uint64_t dice = world_draw(world, 3);
    if (dice == 0)
        world_order(world, "cell.upgrade", "to", "next");
    else
        world_install(world, dice == 1 ? 2 : 1);
}

// ---- Strangers.

// A collector, or who speaks for it, acknowledges what it was never given.
static bool lie_as(const struct world *world, const struct process *process, struct beat *beat)
{
    if (!process->is_up || process->facts.beaten == 0 || !text_equals(beat->pool, process->pool))
        return false;
    *beat = process->promise;
    beat->role = TEXT_LITERAL("collector");
    beat->state = TEXT_LITERAL("active");
    beat->seq = process->facts.beaten + 1;
    beat->lineage = text_of(world->checks->lineage);
    beat->level = process->level;
    beat->applied_generation = 1000000000;
    return true;
}

void stranger_beats(struct world *world, uint64_t times)
{
    static const char *const states[] = {"joining", "active", "draining", "leaving", "?"};
    struct buffer value = {0};
    struct beat beat = {.role = TEXT_LITERAL("collector"),
                        .pool = TEXT_LITERAL("default"),
                        .id = TEXT_LITERAL("z"),
                        .incarnation = TEXT_LITERAL("feed0000000000000000000000000000"),
                        .seq = (int64_t)times};
    if (world_draw(world, 9) == 0)
        beat.role = TEXT_LITERAL("dancer");
    if (world_draw(world, 9) == 0)
        beat.pool = TEXT_LITERAL("nowhere");
    const struct process *process = world_draw(world, 3) == 0 ? draw_process(world, false) : NULL;
    if (process != NULL)
        beat.id = text_of(process->name);
    if (world_draw(world, 6) == 0)
        beat.incarnation = TEXT_LITERAL("none");
    beat.state = text_of(states[world_draw(world, 5)]);
    beat.lease_ms = 1000 + (int64_t)world_draw(world, 4000);
    beat.applied_generation = (int64_t)world_draw(world, 400);
    beat.epoch = (int64_t)world_draw(world, 9);
    beat.level = 1 + (int64_t)world_draw(world, 2);
    bool is_lie = process != NULL && times % 2 == 0 && lie_as(world, process, &beat);
    wire_encode_avro(RECORD_BEAT, &beat, &value);
    if (world_draw(world, 5) == 0 && !is_lie)
        value.size -= 1 + (size_t)world_draw(world, value.size - 1);
    world_say_bytes(world, SIM_MEMBERS, buffer_text(&value));
    buffer_finish(&value);
}

// Under keys that are nobody's: what is under a collector's key is the leader's alone.
void stranger_assigns(struct world *world)
{
    static const char *const keys[] = {
        "", "default", "default/nobody", "default/nobody/3", "default/a/16", "a/b/c/d"};
    struct log_record record = {.at = world->now, .refused = -1};
    record.key = text_of(keys[world_draw(world, sizeof(keys) / sizeof(keys[0]))]);
    if (world_draw(world, 4) > 0)
        record.value = TEXT_LITERAL("\303\001\377\377\377\377\377\377\377\377later");
    broker_append(world, SIM_ASSIGNMENTS + (int)world_draw(world, SIM_ASSIGNMENTS_PARTITIONS),
                  &record);
}

// Under a key that something stands at, or that could be.
void stranger_spoils(struct world *world)
{
    static const char *const keys[] = {"unit/default/t1",
                                       "unit/default/t99/7",
                                       "agent/side/x",
                                       "collector/west/v",
                                       "claim/default/a//t",
                                       "pool/nowhere",
                                       "collector/default",
                                       "marker",
                                       "?"};
    const struct log *log = &world->logs[SIM_STATE];
    struct text key = text_of(keys[world_draw(world, sizeof(keys) / sizeof(keys[0]))]);
    uint32_t at = log->start + (uint32_t)world_draw(world, log->count - log->start + 1);
    if (at < log->count && !log->items[at].is_compacted && world_draw(world, 4) > 0)
        key = log->items[at].key;
    world_spoil(world, key, world_draw(world, 4) == 0);
}

void stranger_speaks(struct world *world)
{
    static const char *const words[] = {
        "{\"agent\": \"bad/name\", \"topics\": []}",
        "{\"agent\": \"agent1\"",
        "{\"agent\": \"agent1\", \"mode\": \"set\"}",
        "{\"agent\": \"agent1\", \"topics\": [{\"name\": \"__consumer_offsets\"}]}",
        "{\"agent\": \"agent1\", \"topics\": [{\"name\": \"t1\"}, {\"name\": \"t1\"}]}",
        "{\"agent\": \"agent1\", \"topics\": [{\"name\": \"t1\", \"partitions\": -1}]}",
        "{\"verb\": \"dance\", \"args\": {}}",
        "\001\002\003",
        "\303\001somebody's",
        "",
    };
    const char *said = words[world_draw(world, sizeof(words) / sizeof(words[0]))];
    enum sim_topic topic = world_draw(world, 3) == 0 ? SIM_ORDERS : SIM_CONTROL;
    world_say_bytes(world, topic, text_of(said));
}
