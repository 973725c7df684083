// SPDX-License-Identifier: Apache-2.0
//
// What --why says of a topic: the rule that decided, what spoke against others, and of one that
// waits what would really help.
#include <stdarg.h>
#include <string.h>

#include "cli/workload_inner.h"
#include "test.h"

// Plays lines, the last argument NULL, and gives back the last step.
static const char *play(struct buffer *out, const char *line, ...)
{
    struct workload_options options = {.units_max = 1000, .why = true};
    struct workload *workload = workload_create(&options);
    struct buffer problem = {0};
    va_list lines;
    va_start(lines, line);
    for (; line; line = va_arg(lines, const char *)) {
        buffer_clear(out);
        CHECK_INT(workload_take(workload, text_of(line), out, &problem), STATUS_OK);
        CHECK_TEXT(buffer_string(&problem), "");
    }
    va_end(lines);
    workload_destroy(workload);
    buffer_finish(&problem);
    return buffer_string(out);
}

// Plays lines that end in NULL and wants the last step to say `words` of a topic.
#define SAYS(words, ...)                                                                           \
    do {                                                                                           \
        struct buffer out = {0};                                                                   \
        bool is_said = strstr(play(&out, __VA_ARGS__, SETTLE, (char *)NULL), words) != NULL;       \
        if (!is_said)                                                                              \
            CHECK_TEXT(buffer_string(&out), words);                                                \
        CHECK(is_said);                                                                            \
        buffer_finish(&out);                                                                       \
    } while (0)

#define SETTLE "{\"settle\":true}"
#define COLLECTOR(id, more) "{\"collector\":{\"id\":\"" id "\"" more "}}"
#define TOPIC(name, more) "{\"topic\":{\"name\":\"" name "\"" more "}}"
#define PARTS(count) ",\"split\":true,\"partitions\":" #count
#define ZONE(name) ",\"labels\":{\"zone\":\"" name "\"}"
#define PIN(id) ",\"labels\":{\"pin\":\"" id "\"}"

// MR-1: b is as empty as a was: the order decides, and nobody would have more.
static void a_tie_is_told_as_a_tie(void)
{
    SAYS("placed on a: it had no owner (rule 2); not b: would have as much, and is later in the "
         "order (rule 5)",
         "{\"pool\":{}}", COLLECTOR("a", ""), COLLECTOR("b", ""), TOPIC("t", ""));
    SAYS("\"u\":\"placed on b: it had no owner (rule 2); not a: would have more than the owner "
         "(rule 4)",
         "{\"pool\":{}}", COLLECTOR("a", ""), COLLECTOR("b", ""), TOPIC("t", ""), TOPIC("u", ""));
    SAYS("not b: would have as much, and is later in the order (rule 5)",
         "{\"pool\":{\"balance\":\"weight\"}}", COLLECTOR("a", ""), COLLECTOR("b", ""),
         TOPIC("t", ",\"weight\":7"));
    // a lost one since: it would have as much as b, and comes first, but t/1 is on b.
    SAYS("\"t/2\":\"placed on b: it had no owner (rule 2); not a: would do no worse, but that "
         "would be a move (rule 3)",
         "{\"pool\":{}}", COLLECTOR("a", ""), COLLECTOR("b", ""), TOPIC("u", ""),
         TOPIC("t", PARTS(3)), SETTLE, "{\"withdraw\":\"u\"}");
}

static void what_is_packed_is_told_as_packed(void)
{
    SAYS("placed on a: it had no owner (rule 2); not b: is empty, and not needed (rule 4)",
         "{\"pool\":{\"mode\":\"pack\"}}", COLLECTOR("a", ""), COLLECTOR("b", ""),
         TOPIC("t", PARTS(3)));
    SAYS("\"t/0\":\"placed on a: it had no owner (rule 2); not b: has less than the owner, and the "
         "fullest is filled first (rule 4)",
         "{\"pool\":{\"mode\":\"pack\",\"max_topics_per_collector\":3}}", COLLECTOR("a", ""),
         COLLECTOR("b", ""), TOPIC("t", PARTS(4)));
}

// A topic that is pinned waits for what is wrong with that one collector.
static void a_pinned_topic_is_told_what_is_wrong_with_its_collector(void)
{
    SAYS("pending: the collector it is pinned to drains or is away (rule 1); undrain it",
         "{\"pool\":{}}", COLLECTOR("a", ""), TOPIC("t", PIN("a")), "{\"drain\":\"a\"}");
    SAYS("pending: the collector it is pinned to drains or is away (rule 1); undrain it or start "
         "it again",
         "{\"pool\":{\"bounce_delay\":1000}}", COLLECTOR("a", ""), "{\"leave\":\"a\"}",
         TOPIC("t", PIN("a")));
    SAYS("pending: the host of the collector it is pinned to has spread_max topics (rule 1); raise "
         "spread_max",
         "{\"pool\":{\"spread_by\":\"zone\",\"spread_max\":1}}", COLLECTOR("a", ZONE("z")),
         TOPIC("s", PIN("a")), SETTLE, TOPIC("t", PIN("a")));
    SAYS("pending: the collector it is pinned to can take no more (rule 1)", "{\"pool\":{}}",
         COLLECTOR("a", ",\"capacity\":{\"units\":1}"), TOPIC("s", PIN("a")), SETTLE,
         TOPIC("t", PIN("a")));
    SAYS("pending: the collector it is pinned to is not in its pool and group (rule 1)",
         "{\"pool\":{}}", COLLECTOR("a", ""), TOPIC("t", PIN("b")));
}

static void a_topic_without_the_label_is_told_so(void)
{
    SAYS("pending: it has no value of the label that group_by names, and every collector has one",
         "{\"pool\":{\"group_by\":\"zone\"}}", COLLECTOR("a", ZONE("z")), TOPIC("t", ""));
    SAYS("placed on b", "{\"pool\":{\"group_by\":\"zone\"}}", COLLECTOR("a", ZONE("z")),
         COLLECTOR("b", ""), TOPIC("t", ""));
    SAYS("pending: no collector serves its group (rule 1); start one with that label",
         "{\"pool\":{\"group_by\":\"zone\"}}", COLLECTOR("a", ZONE("z")), TOPIC("t", ZONE("y")));
}

static void a_topic_that_nobody_can_carry_is_told_so(void)
{
    SAYS("pending: it weighs more than any collector may have (rule 1); start one with a larger "
         "capacity",
         "{\"pool\":{\"balance\":\"weight\"}}", COLLECTOR("a", ",\"capacity\":10"),
         COLLECTOR("b", ",\"capacity\":20"), TOPIC("t", ",\"weight\":21"));
    SAYS("pending: no collector has room for it", "{\"pool\":{\"balance\":\"weight\"}}",
         COLLECTOR("a", ",\"capacity\":10"), TOPIC("s", ",\"weight\":5"), SETTLE,
         TOPIC("t", ",\"weight\":10"));
}

// The one that it would have been without the zone is not among the first three by id.
static void the_closest_others_are_told(void)
{
    SAYS("placed on e: it had no owner (rule 2); not f: would have as much, and is later in the "
         "order (rule 5), a: is of another zone (rule 4), b: is of another zone (rule 4), and 2 "
         "more",
         "{\"pool\":{\"affinity\":\"zone\"}}", COLLECTOR("a", ZONE("y")), COLLECTOR("b", ZONE("y")),
         COLLECTOR("c", ZONE("y")), COLLECTOR("d", ZONE("y")), COLLECTOR("e", ZONE("z")),
         COLLECTOR("f", ZONE("z")), TOPIC("t", ZONE("z")));
}

// A move on one host does not make it fuller, and is not told as if it did.
static void a_full_host_is_no_reason_against_its_own(void)
{
    SAYS("\"t/0\":\"placed on a: it had no owner (rule 2); not b: would have as much, and is later "
         "in the order (rule 5)",
         "{\"pool\":{\"spread_by\":\"zone\",\"spread_max\":3}}", COLLECTOR("a", ZONE("z")),
         COLLECTOR("b", ZONE("z")), TOPIC("t", PARTS(3)));
}

static const struct test tests[] = {
    TEST(a_tie_is_told_as_a_tie),
    TEST(what_is_packed_is_told_as_packed),
    TEST(a_pinned_topic_is_told_what_is_wrong_with_its_collector),
    TEST(a_topic_without_the_label_is_told_so),
    TEST(a_topic_that_nobody_can_carry_is_told_so),
    TEST(the_closest_others_are_told),
    TEST(a_full_host_is_no_reason_against_its_own),
};

TEST_MAIN("cli/workload_why", tests)
