// SPDX-License-Identifier: Apache-2.0
//
// Orders: wrong ones are refused with their reason and what was in force stays (CB-8, MR-3, MR-4,
// MR-30); a partial change leaves the other keys, a reset takes all back (CB-47).
#include "cell.h"
#include "control/view.h"
#include "test.h"

static const struct {
    const char *json;
    const char *reason;
} bad[] = {
    {"{\"verb\": \"pool.swap\"}", "order 'pool.swap': there is no such verb"},
    {"{\"verb\": \"pool.set\", \"args\": {\"max_topics_per_collector\": \"0\"}}",
     "order 'pool.set': max_topics_per_collector: '0' is not a whole number of 1 or more"},
    {"{\"verb\": \"pool.set\", \"args\": {\"max_topics_per_collector\": \"-1\"}}",
     "order 'pool.set': max_topics_per_collector: '-1' is not a whole number of 1 or more"},
    {"{\"verb\": \"pool.set\", \"args\": {\"max_topics_per_collector\": \"five\"}}",
     "order 'pool.set': max_topics_per_collector: 'five' is not a whole number of 1 or "
     "more"},
    {"{\"verb\": \"pool.set\", \"args\": {\"max_topics_per_collector\": \"99999999999999999999\"}}",
     "order 'pool.set': max_topics_per_collector: '99999999999999999999' is more than "
     "1000000000"},
    {"{\"verb\": \"pool.set\", \"args\": {\"AGENTCOUNT\": \"0\"}}",
     "order 'pool.set': AGENTCOUNT: '0' is not a whole number of 1 or more"},
    {"{\"verb\": \"pool.set\", \"args\": {\"AGENTCOUNT\": \"3\", \"max_topics_per_collector\": "
     "\"4\"}}",
     "order 'pool.set': max_topics_per_collector is set twice"},
    {"{\"verb\": \"pool.set\", \"args\": {\"balance\": \"mood\"}}",
     "order 'pool.set': balance: 'mood' is not count, weight or load"},
    {"{\"verb\": \"pool.set\", \"args\": {\"on_gap\": \"jump\"}}",
     "order 'pool.set': on_gap: 'jump' is not earliest, latest or hold"},
    {"{\"verb\": \"pool.set\", \"args\": {\"start\": \"middle\"}}",
     "order 'pool.set': start: 'middle' is not earliest or latest"},
    {"{\"verb\": \"pool.set\", \"args\": {\"colour\": \"red\"}}",
     "order 'pool.set': unknown policy key 'colour'"},
    {"{\"verb\": \"pool.set\", \"args\": {\"spread_max\": \"2\"}}",
     "order 'pool.set': spread_max without spread_by: say which label of the collectors is "
     "their place"},
    {"{\"verb\": \"pool.set\", \"args\": {\"isolated\": \"true\"}}",
     "order 'pool.set': isolated means one topic per collector, max_topics_per_collector "
     "means more"},
    {"{\"verb\": \"pool.set\", \"args\": {\"balance\": \"weight\", \"tolerance\": \"a lot\"}}",
     "order 'pool.set': tolerance: 'a lot' is not a ratio such as 1% or 0.01"},
    {"{\"verb\": \"pool.set\"}", "order 'pool.set': nothing to set"},
    {"{\"verb\": \"pool.set\", \"pool\": \"elsewhere\", \"args\": {\"start\": \"latest\"}}",
     "order 'pool.set': there is no such pool"},
    {"{\"verb\": \"pool.create\", \"pool\": \"default\"}",
     "order 'pool.create': the pool exists already"},
    {"{\"verb\": \"pool.create\", \"pool\": \"a::b\"}",
     "order 'pool.create': the name of the pool is not a name"},
    {"{\"verb\": \"pool.create\", \"pool\": \"p\", \"args\": {\"colour\": \"red\"}}",
     "order 'pool.create': unknown policy key 'colour'"},
    {"{\"verb\": \"collector.drain\", \"args\": {\"collector\": \"nobody\"}}",
     "order 'collector.drain': there is no such collector"},
    {"{\"verb\": \"collector.evict\", \"args\": {\"collector\": \"nobody\"}}",
     "order 'collector.evict': there is no such collector"},
    {"{\"verb\": \"agent.forget\", \"args\": {\"agent\": \"nobody\"}}",
     "order 'agent.forget': there is no such agent"},
};

static const char *policy(const struct cell *cell, const char *key)
{
    struct pool_view pool;
    uint32_t cursor = 0;
    if (!control_next_pool(cell->control, &cursor, &pool))
        return NULL;
    const struct label *found = label_find(pool.policy, pool.policy_count, text_of(key));
    return found ? found->value.data : NULL;
}

static void each_is_refused_with_its_reason(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    cell_say(&cell, INPUT_ORDERS,
             "{\"verb\": \"pool.set\", \"args\": {\"max_topics_per_collector\": \"5\"}}");
    CHECK_TEXT(cell.reason, "");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cell_say(&cell, INPUT_ORDERS, bad[i].json);
        CHECK_TEXT(cell.reason, bad[i].reason);
        CHECK_TEXT(policy(&cell, "max_topics_per_collector"), "5");
    }
    cell_end(&cell);
}

// CB-47
static void set_merges_and_reset_takes_back(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    cell_say(&cell, INPUT_ORDERS,
             "{\"verb\": \"pool.set\", \"args\": {\"max_topics_per_collector\": \"5\"}}");
    cell_say(&cell, INPUT_ORDERS,
             "{\"verb\": \"pool.set\", \"args\": {\"start\": \"latest\", \"on_gap\": \"hold\"}}");
    CHECK_TEXT(policy(&cell, "max_topics_per_collector"), "5");
    CHECK_TEXT(policy(&cell, "on_gap"), "hold");
    cell_say(&cell, INPUT_ORDERS,
             "{\"verb\": \"pool.set\", \"args\": {\"max_topics_per_collector\": \"none\"}}");
    CHECK_TEXT(policy(&cell, "max_topics_per_collector"), NULL);
    CHECK_TEXT(policy(&cell, "on_gap"), "hold");
    cell_say(&cell, INPUT_ORDERS, "{\"verb\": \"pool.reset\"}");
    CHECK_TEXT(policy(&cell, "on_gap"), NULL);
    CHECK_TEXT(policy(&cell, "start"), NULL);
    cell_end(&cell);
}

// CB-1: under its old names too; what is kept has the one name.
static void an_alias_is_the_key(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    cell_say(&cell, INPUT_ORDERS, "{\"verb\": \"pool.set\", \"args\": {\"AGENTCOUNT\": \"5\"}}");
    CHECK_TEXT(policy(&cell, "max_topics_per_collector"), "5");
    cell_say(&cell, INPUT_ORDERS, "{\"verb\": \"pool.set\", \"args\": {\"MaxAgentHost\": \"7\"}}");
    CHECK_TEXT(policy(&cell, "max_topics_per_collector"), "7");
    CHECK_TEXT(policy(&cell, "AGENTCOUNT"), NULL);
    cell_say(&cell, INPUT_ORDERS, "{\"verb\": \"pool.set\", \"args\": {\"AGENTCOUNT\": \"none\"}}");
    CHECK_TEXT(policy(&cell, "max_topics_per_collector"), NULL);
    cell_end(&cell);
}

// What a preset sets can be taken back alone, and that is not forgotten.
static void none_under_a_preset_is_kept(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    cell_say(&cell, INPUT_ORDERS,
             "{\"verb\": \"pool.set\", \"args\": {\"preset\": \"csp\", \"other\": \"none\"}}");
    CHECK_TEXT(cell.reason, "");
    CHECK_TEXT(policy(&cell, "other"), "none");
    cell_say(&cell, INPUT_ORDERS, "{\"verb\": \"pool.set\", \"args\": {\"preset\": \"none\"}}");
    CHECK_TEXT(policy(&cell, "other"), NULL);
    CHECK_TEXT(policy(&cell, "preset"), NULL);
    cell_end(&cell);
}

static void policy_reaches_the_heads(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    cell_settle(&cell, 1);
    cell_say(&cell, INPUT_ORDERS, "{\"verb\": \"pool.set\", \"args\": {\"start\": \"latest\"}}");
    CHECK(cell_commit(&cell));
    const struct head *head = cell_value(&cell, "default/c0");
    REQUIRE(head != NULL);
    CHECK(text_equals(head->start, "latest"));
    CHECK(text_equals(head->on_gap, "earliest"));
    cell_end(&cell);
}

// CB-46: an operator takes away all that an agent has said.
static void agent_forgotten(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    cell_say(&cell, INPUT_CONTROL,
             "{\"agent\": \"x\", \"topics\": [{\"name\": \"t1\", \"partitions\": 1}]}");
    cell_settle(&cell, 1);
    cell_say(&cell, INPUT_ORDERS, "{\"verb\": \"agent.forget\", \"args\": {\"agent\": \"x\"}}");
    cell_settle(&cell, 1);
    CHECK_TEXT(cell_owners(&cell), "");
    cell_end(&cell);
}

static const struct test tests[] = {
    TEST(each_is_refused_with_its_reason),
    TEST(set_merges_and_reset_takes_back),
    TEST(an_alias_is_the_key),
    TEST(none_under_a_preset_is_kept),
    TEST(policy_reaches_the_heads),
    TEST(agent_forgotten),
};

TEST_MAIN("control/order", tests)
