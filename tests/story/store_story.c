// SPDX-License-Identifier: Apache-2.0
//
// What a store keeps of a cell, played in the simulated world: the same scenarios as
// tests/system/store_test.py plays on a real Kafka. MR-9.
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "control/view.h"
#include "tale.h"

enum { SETTLE_MS = 2000, RESTART_MS = 9000, WORDS_MAX = 64 };

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// The words in their order, a space between them; releases them.
static void words_join(char **words, size_t count, struct buffer *line)
{
    qsort(words, count, sizeof(*words), compare);
    for (size_t i = 0; i < count; i++) {
        buffer_print(line, "%s%s", i > 0 ? " " : "", words[i]);
        memory_release(words[i]);
    }
}

static void units_print(struct world *world, struct buffer *line)
{
    struct unit_view unit;
    char *words[WORDS_MAX];
    size_t count = 0;
    for (uint32_t cursor = 0;
         control_next_unit(world_find(world, "north")->control, &cursor, &unit);) {
        struct buffer word = {0};
        buffer_print(&word, "%.*s/%.*s", TEXT_ARGS(unit.pool), TEXT_ARGS(unit.name));
        if (unit.partition >= 0)
            buffer_print(&word, "/%lld", (long long)unit.partition);
        REQUIRE(count < WORDS_MAX);
        words[count++] = word.data;
    }
    words_join(words, count, line);
}

static void pools_print(struct world *world, struct buffer *line)
{
    struct pool_view pool;
    char *words[WORDS_MAX];
    size_t count = 0;
    for (uint32_t cursor = 0;
         control_next_pool(world_find(world, "north")->control, &cursor, &pool);) {
        REQUIRE(count < WORDS_MAX);
        words[count++] = text_copy(pool.name);
    }
    words_join(words, count, line);
}

static void policy_print(struct world *world, struct buffer *line)
{
    struct pool_view pool;
    char *words[WORDS_MAX];
    size_t count = 0;
    for (uint32_t cursor = 0;
         control_next_pool(world_find(world, "north")->control, &cursor, &pool);)
        for (uint32_t i = 0; i < pool.policy_count && text_equals(pool.name, "default"); i++) {
            struct buffer word = {0};
            buffer_print(&word, "%.*s=%.*s", TEXT_ARGS(pool.policy[i].key),
                         TEXT_ARGS(pool.policy[i].value));
            REQUIRE(count < WORDS_MAX);
            words[count++] = word.data;
        }
    words_join(words, count, line);
}

static void check_line(struct world *world, void (*print)(struct world *, struct buffer *),
                       const char *expected)
{
    struct buffer line = {0};
    print(world, &line);
    CHECK_TEXT(buffer_string(&line), expected);
    buffer_finish(&line);
}

static void letters_print(struct world *world, struct buffer *line)
{
    buffer_print(line, "%u", world->logs[SIM_DEADLETTER].count);
}

static void restart(struct world *world, bool is_killed)
{
    if (is_killed)
        world_crash(world, "north");
    else
        world_stop(world, "north");
    world_run(world, SETTLE_MS);
    world_restart(world, "north", false);
    world_run(world, RESTART_MS);
    CHECK_TEXT(world_leader(world), "north");
}

static void step_play(struct world *world, const char *verb, const char *rest)
{
    if (strcmp(verb, "control") == 0)
        world_say(world, SIM_CONTROL, "%s", rest);
    else if (strcmp(verb, "orders") == 0)
        world_say(world, SIM_ORDERS, "%s", rest);
    world_run(world, SETTLE_MS);
    if (strcmp(verb, "knows") == 0)
        check_line(world, units_print, rest);
    else if (strcmp(verb, "pools") == 0)
        check_line(world, pools_print, rest);
    else if (strcmp(verb, "policy") == 0)
        check_line(world, policy_print, rest);
    else if (strcmp(verb, "letters") == 0)
        check_line(world, letters_print, rest);
    else if (strcmp(verb, "kill") == 0 || strcmp(verb, "stop") == 0)
        restart(world, verb[0] == 'k');
}

static void the_simulated_log_keeps_what_kafka_keeps(void)
{
    char *text = test_file_read("golden/store/keeps.txt", NULL);
    struct world *world = NULL;
    char *rest = NULL;
    uint32_t steps = 0;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *space = strchr(line, ' ');
        if (line[0] == '#')
            continue;
        if (space)
            *space++ = '\0';
        if (strcmp(line, "cell") == 0) {
            if (world)
                tale_end_unsettled(world);
            world = tale_begin();
        } else {
            step_play(world, line, space ? space : "");
        }
        steps++;
    }
    tale_end_unsettled(world);
    CHECK(steps > 50);
    free(text);
}

static const struct test tests[] = {TEST(the_simulated_log_keeps_what_kafka_keeps)};

TEST_MAIN("story/store", tests)
