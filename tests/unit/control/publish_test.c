// SPDX-License-Identifier: Apache-2.0
//
// Which writes a batch has and in which order. CB-9, CB-45, MR-5, PD-4, PD-5, PD-6, PD-17, PD-18,
// PD-19.
#include <stdio.h>
#include <string.h>

#include "cell.h"
#include "test.h"

// The state first, the cell behind it, a collector's buckets, last its head.
static void state_then_buckets_then_head(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    cell_beat(&cell, 0, 1, "joining", 0);
    cell_say(&cell, INPUT_CONTROL,
             "{\"agent\": \"x\", \"topics\": [{\"name\": \"t2\", \"partitions\": 1}, "
             "{\"name\": \"t1\", \"partitions\": 1}]}");
    CHECK(cell_commit(&cell));
    CHECK_TEXT(cell_keys(&cell, WRITE_STATE),
               "agent/default/x claim/default/x//t2 claim/default/x//t1 unit/default/t2 "
               "unit/default/t1 collector/default/c0 cell");
    CHECK_TEXT(cell_keys(&cell, WRITE_ASSIGNMENT), "default/c0/3 default/c0/12 default/c0");
    const struct head *head = cell_value(&cell, "default/c0");
    REQUIRE(head != NULL);
    CHECK_INT(head->generation, 1);
    CHECK_INT(head->admitted, 1);
    CHECK_INT(head->epoch, 1);
    CHECK_INT(head->lease_ms, 15000);
    for (uint32_t i = 0; i < head->buckets_count; i++)
        CHECK_INT(head->buckets[i], i == 3 || i == 12);
    cell_end(&cell);
}

// PD-4: a bucket that becomes empty is a tombstone, and 0 in the head.
static void empty_bucket_is_a_tombstone(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    cell_say(&cell, INPUT_CONTROL,
             "{\"agent\": \"x\", \"topics\": [{\"name\": \"t1\", \"partitions\": 1}]}");
    cell_settle(&cell, 1);
    cell_say(&cell, INPUT_CONTROL, "{\"agent\": \"x\", \"mode\": \"set\", \"topics\": []}");
    CHECK(cell_commit(&cell));
    CHECK_TEXT(cell_keys(&cell, WRITE_ASSIGNMENT), "default/c0/3(-) default/c0");
    const struct head *head = cell_value(&cell, "default/c0");
    REQUIRE(head != NULL);
    for (uint32_t i = 0; i < head->buckets_count; i++)
        CHECK_INT(head->buckets[i], 0);
    cell_beat(&cell, 0, 1, "active", head->generation);
    CHECK(cell_commit(&cell));
    CHECK_TEXT(cell_keys(&cell, WRITE_STATE), "unit/default/t1(-) cell");
    cell_end(&cell);
}

static void many(struct cell *cell)
{
    char json[1024];
    for (int agent = 0; agent < 20; agent++) {
        size_t used =
            (size_t)snprintf(json, sizeof(json), "{\"agent\": \"a%d\", \"topics\": [", agent);
        for (int i = 0; i < 10; i++)
            used += (size_t)snprintf(json + used, sizeof(json) - used,
                                     "%s{\"name\": \"t%d\", \"partitions\": 1}", i > 0 ? ", " : "",
                                     agent * 10 + i);
        snprintf(json + used, sizeof(json) - used, "]}");
        cell_say(cell, INPUT_CONTROL, json);
    }
    cell_settle(cell, 4);
}

// PD-18, MR-5, CB-45: one agent among many changes one bucket and one head.
static void one_change_writes_one_bucket(void)
{
    struct cell cell;
    struct assignment_writes {
        size_t bytes;
        uint32_t count;
    } written = {0};
    cell_begin(&cell, &(struct cell_options){0});
    many(&cell);
    cell_say(&cell, INPUT_CONTROL,
             "{\"agent\": \"late\", \"topics\": [{\"name\": \"t999\", \"partitions\": 1}]}");
    CHECK(cell_commit(&cell));
    for (uint32_t i = 0; i < cell.writes.count; i++)
        if (cell.writes.items[i].target == WRITE_ASSIGNMENT) {
            written.count++;
            written.bytes += cell.writes.items[i].value.size;
        }
    CHECK_INT(written.count, 2);
    CHECK(written.bytes < 400);
    CHECK_TEXT(cell_keys(&cell, WRITE_STATE),
               "agent/default/late claim/default/late//t999 unit/default/t999 collector/default/c0 "
               "cell");
    cell_end(&cell);
}

// CB-9: the same announcements give the same bytes on any node.
static void any_node_writes_the_same_bytes(void)
{
    struct cell a, b;
    cell_begin(&a, &(struct cell_options){.hash_seed = 1});
    cell_begin(&b, &(struct cell_options){.hash_seed = 0xfeedfacefeedface});
    many(&a);
    many(&b);
    CHECK_INT(a.log.count, b.log.count);
    for (uint32_t i = 0; i < a.log.count && i < b.log.count; i++)
        CHECK(text_equal(a.log.items[i].key, b.log.items[i].key) &&
              text_equal(a.log.items[i].value, b.log.items[i].value));
    CHECK_TEXT(cell_owners(&a), cell_owners(&b));
    cell_end(&a);
    cell_end(&b);
}

// PD-5: while the leader is behind, first placements of a collector wait for publish.interval.
static void storm_rewrites_a_bucket_once(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){.is_behind = true});
    cell_beat(&cell, 0, 1, "joining", 0);
    CHECK(cell_commit(&cell));
    uint32_t written = 0;
    char json[128];
    for (int i = 0; i < 100; i++) {
        snprintf(json, sizeof(json),
                 "{\"agent\": \"a%d\", \"topics\": [{\"name\": \"t%d\", \"partitions\": 1}]}", i,
                 i);
        cell_say(&cell, INPUT_CONTROL, json);
        CHECK(cell_commit(&cell));
        written += strlen(cell_keys(&cell, WRITE_ASSIGNMENT)) > 0;
    }
    CHECK_INT(written, 0);
    cell.now.us += 5000000;
    CHECK(cell_commit(&cell));
    CHECK(strlen(cell_keys(&cell, WRITE_ASSIGNMENT)) > 0);
    cell_end(&cell);
}

// PD-6: a change after quiet goes out with its own batch, in a storm it is one publication an
// interval.
static void change_after_quiet_goes_at_once_and_a_storm_by_the_interval(void)
{
    enum { STEP_MS = 100, STORM_MS = 20000, INTERVAL_MS = 5000 };
    struct cell cell;
    char json[128];
    cell_begin(&cell, &(struct cell_options){0});
    cell_beat(&cell, 0, 1, "joining", 0);
    CHECK(cell_commit(&cell));
    cell.now.us += 3600 * INT64_C(1000000);
    cell_say(&cell, INPUT_CONTROL,
             "{\"agent\": \"quiet\", \"topics\": [{\"name\": \"t\", \"partitions\": 1}]}");
    CHECK(cell_commit(&cell));
    CHECK_TEXT(cell_keys(&cell, WRITE_ASSIGNMENT), "default/c0/1 default/c0");
    cell.options.is_behind = true;
    uint32_t published = 0;
    for (int ms = 0; ms < STORM_MS; ms += STEP_MS) {
        cell.now.us += STEP_MS * 1000;
        snprintf(json, sizeof(json),
                 "{\"agent\": \"a%d\", \"topics\": [{\"name\": \"t%d\", \"partitions\": 1}]}", ms,
                 ms);
        cell_say(&cell, INPUT_CONTROL, json);
        CHECK(cell_commit(&cell));
        published += strlen(cell_keys(&cell, WRITE_ASSIGNMENT)) > 0;
    }
    CHECK_INT(published, STORM_MS / INTERVAL_MS);
    cell_end(&cell);
}

// Announces `count` topics of agent `agent` in one set; their names begin with `word`.
static void say_topics(struct cell *cell, const char *word, int agent, int count)
{
    struct buffer json = {0};
    buffer_print(&json, "{\"agent\": \"a%d\", \"topics\": [", agent);
    for (int i = 0; i < count; i++)
        buffer_print(&json, "%s{\"name\": \"%s%d.%d\", \"partitions\": 1}", i > 0 ? ", " : "", word,
                     agent, i);
    buffer_add_string(&json, "]}");
    cell_say(cell, INPUT_CONTROL, buffer_string(&json));
    buffer_finish(&json);
}

static uint32_t writes_of(const struct cell *cell, const char *prefix)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < cell->writes.count; i++)
        count += text_has_prefix(cell->writes.items[i].key, text_of(prefix));
    return count;
}

// What fills a batch is placed with it: no unit is written twice.
static void full_batch_is_placed_as_a_whole(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){.is_behind = true, .agent_topics_max = 1000});
    cell_beat(&cell, 0, 1, "joining", 0);
    CHECK(cell_commit(&cell));
    uint32_t topics = 0;
    for (int agent = 0; control_batch_bytes(cell.control) < CONTROL_BATCH_BYTES; agent++) {
        say_topics(&cell, "t", agent, 1000);
        topics += 1000;
    }
    CHECK(topics > 10000);
    CHECK(cell_commit(&cell));
    CHECK_INT(writes_of(&cell, "unit/"), topics);
    CHECK(!cell_commit(&cell));
    cell_end(&cell);
}

// PD-5: more than a transaction can place, and still a bucket is not rewritten with each of them.
static void buckets_wait_until_all_is_placed(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){.agent_topics_max = 1000});
    for (int agent = 0; agent < 120; agent++) {
        say_topics(&cell, "t", agent, 1000);
        if (agent % 20 == 19)
            CHECK(cell_commit(&cell));
    }
    cell_beat(&cell, 0, 1, "joining", 0);
    uint32_t commits = 0, heads = 0;
    for (; cell_commit(&cell); commits++)
        heads += writes_of(&cell, "default/c0") > 0;
    CHECK(commits > 2);
    CHECK_INT(heads, 2); // the admission, which does not wait, and the whole
    cell_end(&cell);
}

// The buckets of all collectors at the end of a storm are more than a transaction should hold.
static void end_of_a_storm_is_published_in_parts(void)
{
    struct cell cell;
    char word[200];
    memset(word, 'w', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    cell_begin(&cell, &(struct cell_options){.is_behind = true, .agent_topics_max = 1000});
    for (int number = 0; number < CELL_COLLECTORS; number++)
        cell_beat(&cell, number, 1, "joining", 0);
    CHECK(cell_commit(&cell));
    for (int agent = 0; agent < 60; agent++) {
        say_topics(&cell, word, agent, 1000);
        if (agent % 5 == 4)
            CHECK(cell_commit(&cell));
    }
    cell.options.is_behind = false;
    uint32_t parts = 0, buckets = 0;
    for (; cell_commit(&cell); parts++)
        buckets += writes_of(&cell, "default/c");
    CHECK_INT(parts, 2);
    CHECK_INT(buckets, CELL_COLLECTORS * 17);
    cell_end(&cell);
}

// Count, bytes and largest of the writes to the assignments in the last commit.
struct sizes {
    size_t bytes, largest;
    uint32_t count;
};

static void sizes_add(const struct cell *cell, struct sizes *sizes)
{
    for (uint32_t i = 0; i < cell->writes.count; i++) {
        const struct cell_write *write = &cell->writes.items[i];
        if (write->target != WRITE_ASSIGNMENT)
            continue;
        sizes->count++;
        sizes->bytes += write->value.size;
        if (write->value.size > sizes->largest)
            sizes->largest = write->value.size;
    }
}

// CB-45, PD-18: 100,000 topics are no large document, and one that goes concerns one bucket of one
// collector: not a fiftieth of what all of them read.
static void one_of_hundred_thousand_topics_writes_little(void)
{
    enum { AGENTS = 100, TOPICS = 1000 };
    struct cell cell;
    struct sizes all = {0}, one = {0};
    cell_begin(&cell, &(struct cell_options){.agent_topics_max = TOPICS});
    for (int number = 0; number < CELL_COLLECTORS; number++)
        cell_beat(&cell, number, 1, "joining", 0);
    for (int agent = 0; agent < AGENTS; agent++) {
        say_topics(&cell, "metrics.", agent, TOPICS);
        while (agent % 10 == 9 && cell_commit(&cell))
            sizes_add(&cell, &all);
    }
    CHECK(all.largest > 0 && all.largest < 512 * 1024);
    cell_settle(&cell, CELL_COLLECTORS);
    cell_say(
        &cell, INPUT_CONTROL,
        "{\"agent\": \"a7\", \"mode\": \"remove\", \"topics\": [{\"name\": \"metrics.7.7\"}]}");
    CHECK(cell_commit(&cell));
    sizes_add(&cell, &one);
    CHECK_INT(one.count, 2);
    CHECK(one.bytes * 50 < AGENTS * TOPICS * strlen("metrics.99.999"));
    cell_end(&cell);
}

// But what takes away goes out with the batch that decides it.
static void release_never_waits(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){.is_behind = true});
    cell_say(&cell, INPUT_CONTROL,
             "{\"agent\": \"x\", \"topics\": [{\"name\": \"t1\", \"partitions\": 1}]}");
    cell_settle(&cell, 1);
    cell.now.us += 5000000;
    cell_settle(&cell, 1);
    cell_say(&cell, INPUT_CONTROL, "{\"agent\": \"x\", \"mode\": \"set\", \"topics\": []}");
    CHECK(cell_commit(&cell));
    CHECK_TEXT(cell_keys(&cell, WRITE_ASSIGNMENT), "default/c0/3(-) default/c0");
    cell_end(&cell);
}

static const struct test tests[] = {
    TEST(state_then_buckets_then_head),
    TEST(empty_bucket_is_a_tombstone),
    TEST(one_change_writes_one_bucket),
    TEST(any_node_writes_the_same_bytes),
    TEST(storm_rewrites_a_bucket_once),
    TEST(release_never_waits),
    TEST(change_after_quiet_goes_at_once_and_a_storm_by_the_interval),
    TEST(full_batch_is_placed_as_a_whole),
    TEST(buckets_wait_until_all_is_placed),
    TEST(end_of_a_storm_is_published_in_parts),
    TEST(one_of_hundred_thousand_topics_writes_little),
};

TEST_MAIN("control/publish", tests)
