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
    {"{\"verb\": \"pool.swap\"}", "order 'pool.swap' refused: there is no such verb"},
    {"{\"verb\": \"pool.set\", \"args\": {\"max_topics_per_collector\": \"0\"}}",
     "order 'pool.set' refused: max_topics_per_collector is neither a number of 1 or more nor "
     "'none'"},
    {"{\"verb\": \"pool.set\", \"args\": {\"max_topics_per_collector\": \"-1\"}}",
     "order 'pool.set' refused: max_topics_per_collector is neither a number of 1 or more nor "
     "'none'"},
    {"{\"verb\": \"pool.set\", \"args\": {\"max_topics_per_collector\": \"five\"}}",
     "order 'pool.set' refused: max_topics_per_collector is neither a number of 1 or more nor "
     "'none'"},
    {"{\"verb\": \"pool.set\", \"args\": {\"max_topics_per_collector\": \"99999999999999999999\"}}",
     "order 'pool.set' refused: max_topics_per_collector is neither a number of 1 or more nor "
     "'none'"},
    {"{\"verb\": \"pool.set\", \"args\": {\"balance\": \"mood\"}}",
     "order 'pool.set' refused: balance is not 'count'"},
    {"{\"verb\": \"pool.set\", \"args\": {\"on_gap\": \"jump\"}}",
     "order 'pool.set' refused: on_gap is none of 'earliest', 'latest', 'hold'"},
    {"{\"verb\": \"pool.set\", \"args\": {\"start\": \"middle\"}}",
     "order 'pool.set' refused: start is neither 'earliest' nor 'latest'"},
    {"{\"verb\": \"pool.set\", \"args\": {\"colour\": \"red\"}}",
     "order 'pool.set' refused: no such policy key: it is one of balance, "
     "max_topics_per_collector, on_gap, start"},
    {"{\"verb\": \"pool.set\"}", "order 'pool.set' refused: nothing to set"},
    {"{\"verb\": \"pool.set\", \"pool\": \"elsewhere\", \"args\": {\"start\": \"latest\"}}",
     "order 'pool.set' refused: there is no such pool"},
    {"{\"verb\": \"pool.create\", \"pool\": \"default\"}",
     "order 'pool.create' refused: the pool exists already"},
    {"{\"verb\": \"pool.create\", \"pool\": \"a::b\"}",
     "order 'pool.create' refused: the name of the pool is not a name"},
    {"{\"verb\": \"pool.create\", \"pool\": \"p\", \"args\": {\"colour\": \"red\"}}",
     "order 'pool.create' refused: no such policy key: it is one of balance, "
     "max_topics_per_collector, on_gap, start"},
    {"{\"verb\": \"collector.drain\", \"args\": {\"collector\": \"nobody\"}}",
     "order 'collector.drain' refused: there is no such collector"},
    {"{\"verb\": \"agent.forget\", \"args\": {\"agent\": \"nobody\"}}",
     "order 'agent.forget' refused: there is no such agent"},
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
    TEST(policy_reaches_the_heads),
    TEST(agent_forgotten),
};

TEST_MAIN("control/order", tests)
