// SPDX-License-Identifier: Apache-2.0
#include "life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "collect/collect.h"
#include "test.h"

#define UNITS_MAX 64
#define WORDS_MAX 32

// A unit as the shell would see it: at most one run of a name at a time.
struct seen_unit {
    char name[64];
    uint64_t run; // 0 = stopped
};

struct life {
    struct beat beat;
    char replaces[40];
    struct collect *collect;
    struct buffer told;
    struct seen_unit units[UNITS_MAX];
    size_t unit_count;
    int is_over;
};

struct line {
    char *words[WORDS_MAX];
    size_t count;
    struct instant at;
};

static struct seen_unit *seen(struct life *life, const char *name, size_t size)
{
    for (size_t i = 0; i < life->unit_count; i++)
        if (strlen(life->units[i].name) == size && memcmp(life->units[i].name, name, size) == 0)
            return &life->units[i];
    REQUIRE(life->unit_count < UNITS_MAX && size < sizeof life->units[0].name);
    struct seen_unit *unit = &life->units[life->unit_count++];
    memcpy(unit->name, name, size);
    return unit;
}

static void tell_instant(struct buffer *told, struct instant at)
{
    if (at.us == INSTANT_NEVER.us)
        buffer_add_string(told, "never");
    else
        buffer_print(told, "%lld", (long long)(at.us / 1000));
}

static void tell_beat(struct buffer *told, const struct beat *beat)
{
    buffer_print(told, "beat %lld %.*s applied %lld", (long long)beat->seq, TEXT_ARGS(beat->state),
                 (long long)beat->applied_generation);
    if (beat->seq == 1)
        buffer_print(told, " lease %lld", (long long)beat->lease_ms);
    if (beat->replaces.size)
        buffer_print(told, " replaces %.*s", TEXT_ARGS(beat->replaces));
    if (beat->lineage.size)
        buffer_print(told, " lineage %.*s", TEXT_ARGS(beat->lineage));
    if (beat->commands_done)
        buffer_print(told, " done %lld", (long long)beat->commands_done);
    for (uint32_t i = 0, next; i < beat->handed_count; i = next) {
        const struct beat_handed *first = &beat->handed[i];
        for (next = i + 1; next < beat->handed_count; next++)
            if (!text_equal(beat->handed[next].unit, first->unit) ||
                beat->handed[next].position != first->position)
                break;
        buffer_print(told, " %.*s:%lld@%lld", TEXT_ARGS(first->unit), (long long)first->partition,
                     (long long)first->position);
        if (next > i + 1)
            buffer_print(told, "*%u", next - i);
    }
}

static void tell_effect(struct life *life, const struct collect_effect *effect)
{
    struct buffer *told = &life->told;
    struct seen_unit *unit =
        effect->unit.size ? seen(life, effect->unit.data, effect->unit.size) : NULL;
    CHECK(!life->is_over);
    buffer_add_string(told, "  ");
    switch (effect->kind) {
    case COLLECT_SEND_BEAT:
        tell_beat(told, effect->beat);
        break;
    case COLLECT_ASK_END:
        buffer_print(told, "ask %llu", (unsigned long long)effect->number);
        break;
    case COLLECT_START_UNIT:
        CHECK_INT(unit->run, 0); // one reader of a unit at any instant
        CHECK(effect->run != 0);
        unit->run = effect->run;
        buffer_print(told, "start %s fence %lld", unit->name, (long long)effect->fence);
        for (size_t i = 0; i < effect->from_count; i++)
            buffer_print(told, " from %lld@%lld", (long long)effect->from[i].partition,
                         (long long)effect->from[i].position);
        buffer_print(told, "%s", effect->is_begun ? " begun" : "");
        break;
    case COLLECT_STOP_UNIT:
        CHECK(effect->run == unit->run && unit->run != 0);
        buffer_print(told, "stop %s until ", unit->name);
        tell_instant(told, effect->deadline);
        break;
    case COLLECT_RAISE_FENCE:
        CHECK(effect->run == unit->run);
        buffer_print(told, "raise %s fence %lld", unit->name, (long long)effect->fence);
        break;
    case COLLECT_STOP_ALL_NOW:
        for (size_t i = 0; i < life->unit_count; i++)
            life->units[i].run = 0;
        buffer_add_string(told, "stop all now");
        break;
    case COLLECT_CARRY_OUT:
        buffer_print(told, "%s, command %llu",
                     effect->command == COLLECT_ROTATE ? "rotate" : "report",
                     (unsigned long long)effect->number);
        break;
    case COLLECT_WATCH_INCUMBENT:
        buffer_add_string(told, "watch incumbent");
        break;
    case COLLECT_RESTART:
        life->is_over = 1;
        buffer_add_string(told, "restart");
        break;
    case COLLECT_EXIT:
        life->is_over = 1;
        buffer_print(told, "exit %d: %.*s", effect->code, TEXT_ARGS(effect->reason));
        break;
    case COLLECT_TRACE:
        buffer_print(told, "%s%.*s", effect->is_alarm ? "ALARM " : "", TEXT_ARGS(effect->reason));
        break;
    }
    buffer_add_char(told, '\n');
}

static void give(struct life *life, const struct collect_event *event)
{
    struct collect_effects effects;
    collect_step(life->collect, event, &effects);
    collect_check(life->collect);
    for (size_t i = 0; i < effects.count; i++)
        tell_effect(life, &effects.items[i]);
}

static long long number(const char *word)
{
    char *end = NULL;
    long long value = strtoll(word, &end, 10);
    REQUIRE(end != word);
    return value;
}

// NAME=FENCE, with + behind it if it had an owner before; :PARTITION@POSITION was handed over
static void parse_bucket_unit(char *word, struct bucket_unit *unit, struct bucket_from *from)
{
    char *fence = strchr(word, '=');
    REQUIRE(fence != NULL);
    unit->unit = (struct text){word, (size_t)(fence - word)};
    unit->fence = number(fence + 1);
    unit->begun = strchr(fence, '+') != NULL;
    char *colon = strchr(fence, ':');
    if (colon == NULL)
        return;
    from->partition = number(colon + 1);
    from->position = number(strchr(colon, '@') + 1);
    unit->from = from;
    unit->from_count = 1;
}

static void give_bucket(struct life *life, const struct line *line)
{
    struct bucket_unit units[WORDS_MAX] = {{.fence = 0}};
    struct bucket_from froms[WORDS_MAX] = {{0}};
    struct bucket bucket = {number(line->words[3]), units, 0};
    for (size_t i = 4; i < line->count; i++, bucket.units_count++)
        parse_bucket_unit(line->words[i], &units[i - 4], &froms[i - 4]);
    give(life, &(struct collect_event){.kind = COLLECT_BUCKET_RECEIVED,
                                       .at = line->at,
                                       .bucket_index = (uint32_t)number(line->words[2]),
                                       .bucket = &bucket});
}

static void parse_head_word(struct head *head, char *word)
{
    char *value = strchr(word, '=');
    REQUIRE(value != NULL);
    *value++ = '\0';
    if (strcmp(word, "admitted") == 0)
        head->admitted = number(value);
    else if (strcmp(word, "lease") == 0)
        head->lease_ms = number(value);
    else if (strcmp(word, "level") == 0)
        head->level = number(value);
    else if (strcmp(word, "lineage") == 0)
        head->lineage = text_of(value);
    else if (strcmp(word, "gap") == 0)
        head->on_gap = text_of(value);
    else if (strcmp(word, "command") == 0) {
        head->commands[head->commands_count].number = number(value);
        head->commands[head->commands_count++].verb = text_of(strchr(value, ':') + 1);
    } else
        head->buckets[number(word)] = number(value);
}

static void give_head(struct life *life, const struct line *line)
{
    int64_t buckets[COLLECT_BUCKETS] = {0};
    struct head_command commands[8] = {{0}};
    struct head head = {
        .lineage = TEXT_LITERAL("L1"),
        .level = 1,
        .epoch = number(line->words[2]),
        .generation = number(line->words[3]),
        .incarnation = text_of(line->words[4]),
        .buckets = buckets,
        .buckets_count = COLLECT_BUCKETS,
        .commands = commands,
        .start = TEXT_LITERAL("earliest"),
        .on_gap = TEXT_LITERAL("earliest"),
    };
    if (text_equals(head.incarnation, "nobody"))
        head.incarnation = (struct text){0};
    for (size_t i = 5; i < line->count; i++)
        parse_head_word(&head, line->words[i]);
    give(life,
         &(struct collect_event){.kind = COLLECT_HEAD_RECEIVED, .at = line->at, .head = &head});
}

static void give_stopped(struct life *life, const struct line *line)
{
    struct seen_unit *unit = seen(life, line->words[2], strlen(line->words[2]));
    struct beat_handed positions[1000];
    struct collect_event event = {.kind = COLLECT_UNIT_STOPPED, .at = line->at, .run = unit->run};
    event.is_committed = strcmp(line->words[3], "committed") == 0;
    if (strcmp(line->words[3], "at") == 0) {
        const char *times = strchr(line->words[4], '*');
        event.positions = positions;
        event.position_count = times ? (size_t)number(times + 1) : 1;
        REQUIRE(event.position_count <= 1000);
        for (size_t i = 0; i < event.position_count; i++)
            positions[i] =
                (struct beat_handed){.partition = number(line->words[4]) + (long long)i,
                                     .position = number(strchr(line->words[4], '@') + 1)};
    }
    unit->run = 0;
    give(life, &event);
}

static void begin(struct life *life, const struct line *line)
{
    life->beat = (struct beat){
        .pool = TEXT_LITERAL("p"),
        .id = TEXT_LITERAL("c1"),
        .incarnation = TEXT_LITERAL("aaaa"),
        .lease_ms = number(line->words[2]),
    };
    if (line->count > 4) {
        snprintf(life->replaces, sizeof life->replaces, "%s", line->words[4]);
        life->beat.replaces = text_of(life->replaces);
    }
    life->collect = collect_create(&(struct collect_options){
        .beat = &life->beat,
        .beat_interval_ms = number(line->words[3]),
        .revoke_flush_ms = 1000,
        .revoke_timeout_ms = 3000,
        .stop_timeout_ms = 2000,
        .leave_timeout_ms = 1500,
        .start_margin_ms = 500,
    });
}

static void tell_left(struct life *life, struct instant now)
{
    buffer_print(&life->told, "  lease left %lld, %s write, %zu units, wakes at ",
                 (long long)span_ms(collect_lease_left(life->collect, now)),
                 collect_may_write(life->collect, now) ? "may" : "may not",
                 collect_unit_count(life->collect));
    tell_instant(&life->told, collect_deadline(life->collect));
    buffer_add_char(&life->told, '\n');
}

// Events that carry at most one number, unit or incarnation.
static void give_simple(struct life *life, const struct line *line)
{
    static const struct {
        const char *verb;
        enum collect_event_kind kind;
    } verbs[] = {
        {"start", COLLECT_STARTED},        {"tick", COLLECT_TICKED},
        {"ack", COLLECT_BEAT_ACKED},       {"lost", COLLECT_BEAT_FAILED},
        {"end", COLLECT_END_ANSWERED},     {"noend", COLLECT_END_FAILED},
        {"read", COLLECT_READ_TO},         {"anew", COLLECT_READ_ANEW},
        {"nohead", COLLECT_HEAD_RECEIVED}, {"nobucket", COLLECT_BUCKET_RECEIVED},
        {"failed", COLLECT_UNIT_FAILED},   {"refused", COLLECT_COMMITS_REFUSED},
        {"taken", COLLECT_COMMITS_TAKEN},  {"done", COLLECT_COMMAND_DONE},
        {"stop", COLLECT_STOP_REQUESTED},  {"incumbent", COLLECT_INCUMBENT_HEARD},
    };
    struct collect_event event = {.at = line->at};
    const char *argument = line->count > 2 ? line->words[2] : NULL;
    bool is_known = false;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i].verb, line->words[1]) == 0) {
            event.kind = verbs[i].kind;
            is_known = true;
        }
    REQUIRE(is_known);
    if (event.kind == COLLECT_UNIT_FAILED) {
        struct seen_unit *unit = seen(life, argument, strlen(argument));
        event.run = unit->run;
        unit->run = 0;
    } else if (event.kind == COLLECT_INCUMBENT_HEARD) {
        event.incarnation = text_of(argument);
    } else if (argument != NULL) {
        event.seq = event.offset = number(argument);
        event.number = (uint64_t)event.offset;
        event.bucket_index = (uint32_t)event.offset;
    }
    if (line->count > 3)
        event.offset = number(line->words[3]);
    give(life, &event);
}

static void run_line(struct life *life, struct line *line)
{
    const char *verb = line->words[1];
    if (strcmp(verb, "life") == 0)
        begin(life, line);
    else if (strcmp(verb, "bucket") == 0)
        give_bucket(life, line);
    else if (strcmp(verb, "head") == 0)
        give_head(life, line);
    else if (strcmp(verb, "stopped") == 0)
        give_stopped(life, line);
    else if (strcmp(verb, "left") == 0)
        tell_left(life, line->at);
    else
        give_simple(life, line);
}

static void run_text(struct life *life, char *text)
{
    char *rest = NULL;
    for (char *raw = strtok_r(text, "\n", &rest); raw != NULL; raw = strtok_r(NULL, "\n", &rest)) {
        if (raw[0] == ' ')
            continue;
        buffer_print(&life->told, "%s\n", raw);
        if (raw[0] == '#')
            continue;
        struct line line = {.count = 0};
        char *words = NULL;
        for (char *word = strtok_r(raw, " ", &words); word && line.count < WORDS_MAX;
             word = strtok_r(NULL, " ", &words))
            line.words[line.count++] = word;
        REQUIRE(line.count >= 2);
        line.at = (struct instant){number(line.words[0]) * 1000};
        run_line(life, &line);
    }
}

static void story_write(const char *path, const char *text)
{
    char full[4096];
    snprintf(full, sizeof full, "%s/%s", TESTS_FOLDER, path);
    FILE *file = fopen(full, "w");
    REQUIRE(file != NULL);
    fputs(text, file);
    fclose(file);
}

void story_check(const char *name)
{
    char path[256];
    struct life life = {.unit_count = 0};
    snprintf(path, sizeof path, "unit/collect/stories/%s.story", name);
    char *expected = test_file_read(path, NULL);
    char *text = strdup(expected);
    run_text(&life, text);
    if (getenv("MUSTER_STORY_WRITE"))
        story_write(path, buffer_string(&life.told));
    else
        CHECK_TEXT(buffer_string(&life.told), expected);
    collect_destroy(life.collect);
    buffer_finish(&life.told);
    free(text);
    free(expected);
}
