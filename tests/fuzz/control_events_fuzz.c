// SPDX-License-Identifier: Apache-2.0
//
// Any sequence of events to the coordinator's deciding part, in any phase: two bytes are an event,
// more follow where it has numbers. The shell's promises are kept (control/control.h): while a
// commit is under way only time passes. Every invariant is checked after each step.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "control/control.h"
#include "wire/wire.h"

enum { EVENTS_MAX = 400 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct shell {
    const uint8_t *data;
    size_t size;
    struct control *control;
    struct control_effects effects;
    struct instant now;
    int64_t offsets[INPUT_LOG_COUNT], seq, claim, beat_seq;
    bool is_committing, is_claiming, is_checking, has_exited;
};

static uint8_t byte(struct shell *shell)
{
    if (shell->size == 0)
        return 0;
    shell->size--;
    return *shell->data++;
}

static void step(struct shell *shell, struct control_event event)
{
    struct control_write write;
    bool wants_commit = false;
    event.at = shell->now;
    event.wall_ms = shell->now.us / 1000;
    control_step(shell->control, &event, &shell->effects);
    for (uint32_t i = 0; i < shell->effects.count; i++) {
        const struct control_effect *effect = &shell->effects.items[i];
        wants_commit = wants_commit || effect->kind == EFFECT_COMMIT;
        shell->has_exited = shell->has_exited || effect->kind == EFFECT_EXIT;
        if (effect->kind == EFFECT_SEND_BEAT)
            shell->beat_seq = effect->beat->seq;
        if (effect->kind == EFFECT_CHECK_LOGS)
            shell->is_checking = true;
        if (effect->kind == EFFECT_CLAIM_LEADERSHIP) {
            shell->is_claiming = true;
            shell->claim = effect->claim.seq;
        }
    }
    while (wants_commit && control_next_write(shell->control, &write)) {
        struct buffer bytes = {0};
        if (write.record != NULL)
            wire_encode_avro(write.kind, write.record, &bytes);
        buffer_finish(&bytes);
    }
    shell->is_committing = shell->is_committing || wants_commit;
    control_check(shell->control);
}

// ---- Records from few bytes, so that they meet each other.

static struct text pick(uint8_t value, const char *const *names, size_t count)
{
    return text_of(names[value % count]);
}

static const char *const ids[] = {"a", "b", "c", ""};
static const char *const lives[] = {"00000000000000000000000000000001",
                                    "00000000000000000000000000000002",
                                    "00000000000000000000000000000003", "short"};
static const char *const pools[] = {"default", "default", "other", ""};

static void say_beat(struct shell *shell, uint8_t value)
{
    static const char *const states[] = {"joining", "active", "draining", "leaving", "leading"};
    struct label label = {TEXT_LITERAL("zone"), pick(value >> 3, ids, 3)};
    struct beat beat = {.role = text_of(value & 1 ? "collector" : "coordinator"),
                        .labels = &label,
                        .labels_count = value & 8 ? 1 : 0,
                        .capacity = {.units = value & 16 ? 3 : 0, .weight = value & 32 ? 6 : 0},
                        .pool = pick(value >> 1, pools, 2),
                        .id = pick(value >> 2, ids, 4),
                        .incarnation = pick(value >> 4, lives, 4),
                        .seq = ++shell->seq,
                        .state = pick(byte(shell), states, 5),
                        .lease_ms = value & 64 ? 15000 : 1000,
                        .replaces = pick(byte(shell), lives, 4),
                        .applied_generation = byte(shell) % 32,
                        .epoch = value & 128 ? 3 : 1,
                        .lineage = text_of("f0000000000000000000000000000000"),
                        .level = RECORD_LEVEL};
    step(shell, (struct control_event){.kind = CONTROL_BEAT_RECEIVED, .beat = &beat});
}

static void say_own_beat(struct shell *shell)
{
    struct beat beat = {.role = TEXT_LITERAL("coordinator"),
                        .id = TEXT_LITERAL("own"),
                        .incarnation = TEXT_LITERAL("0123456789abcdef0123456789abcdef"),
                        .seq = shell->beat_seq,
                        .state = TEXT_LITERAL("leading")};
    step(shell, (struct control_event){.kind = CONTROL_BEAT_RECEIVED, .beat = &beat});
}

static void say_death(struct shell *shell, uint8_t value)
{
    struct death death = {.role = text_of(value & 1 ? "collector" : "coordinator"),
                          .pool = TEXT_LITERAL("default"),
                          .id = pick(value >> 2, ids, 4),
                          .incarnation = pick(value >> 4, lives, 4),
                          .hold_ms = value & 128 ? 700 : 0};
    step(shell, (struct control_event){.kind = CONTROL_DEATH_RECEIVED, .death = &death});
}

static void say_input(struct shell *shell, enum input_log log, enum record_kind kind,
                      const void *record)
{
    struct control_event event = {.kind = CONTROL_INPUT_RECEIVED};
    event.input = (struct control_input){.log = log,
                                         .offset = shell->offsets[log]++,
                                         .is_refused = record == NULL,
                                         .kind = kind,
                                         .record = record,
                                         .refusal = TEXT_LITERAL("unreadable")};
    step(shell, event);
}

static void announce(struct shell *shell, uint8_t value)
{
    static const char *const modes[] = {"set", "add", "remove", "no"};
    static const char *const names[] = {"t1", "t2", "t3", "t4", "t5", "t6", "__x", ""};
    struct announcement_topic topics[3];
    uint8_t shape = byte(shell);
    for (int i = 0; i < 3; i++)
        topics[i] = (struct announcement_topic){.name = text_of(names[(value + i * 3) & 7]),
                                                .partitions = (shape >> (2 * i)) & 3,
                                                .split = (shape & 64) != 0,
                                                .weight = shape & 128 ? 5 : 1};
    struct label label = {TEXT_LITERAL("zone"), pick(shape, ids, 3)};
    for (int i = 0; i < 3; i++) {
        topics[i].labels = &label;
        topics[i].labels_count = shape & 32 ? 1 : 0;
    }
    struct announcement said = {.pool = pick(value >> 6, pools, 4),
                                .agent = pick(value >> 3, ids, 4),
                                .mode = pick(byte(shell), modes, 4),
                                .topics = topics,
                                .topics_count = byte(shell) & 3,
                                .ttl_ms = value & 32 ? 3000 : 0};
    say_input(shell, INPUT_CONTROL, RECORD_ANNOUNCEMENT, &said);
}

static struct label policy_pick(uint8_t value)
{
    static const char *const policies[][2] = {
        {"group_by", "zone"}, {"group_by", "none"},    {"balance", "weight"},
        {"balance", "load"},  {"balance", "count"},    {"mode", "pack"},
        {"mode", "even"},     {"affinity", "zone"},    {"affinity", "none"},
        {"preset", "csp"},    {"preset", "none"},      {"other", "a"},
        {"isolated", "true"}, {"isolated", "none"},    {"bounce_delay", "3s"},
        {"move_budget", "1"}, {"move_budget", "none"}, {"stabilization", "1s"},
        {"AGENTCOUNT", "2"},  {"collectors_min", "2"}};
    size_t at = value % (sizeof(policies) / sizeof(policies[0]));
    return (struct label){text_of(policies[at][0]), text_of(policies[at][1])};
}

static void order(struct shell *shell, uint8_t value)
{
    static const char *const verbs[] = {"pool.set",        "collector.rotate",  "pool.reset",
                                        "collector.drain", "collector.undrain", "agent.forget",
                                        "pool.create",     "collector.evict"};
    static const char *const keys[] = {"max_topics_per_collector", "start", "collector", "agent"};
    static const char *const values[] = {"1", "2", "none", "latest", "a", "b", "c", "0"};
    struct label arg = {pick(value >> 3, keys, 4), pick(byte(shell), values, 8)};
    // An eighth bit asks for a policy instead; its key and value are taken from one table.
    if (value & 128)
        arg = policy_pick(byte(shell));
    struct order said = {.pool = pick(value >> 5, pools, 4),
                         .verb = pick(value, verbs, 8),
                         .args = &arg,
                         .args_count = 1};
    say_input(shell, INPUT_ORDERS, RECORD_ORDER, &said);
}

static void answer_topics(struct shell *shell, uint8_t value)
{
    struct control_topic_answer items[] = {{.topic = TEXT_LITERAL("t1"), .partitions = value & 3},
                                           {.topic = TEXT_LITERAL("t4"), .partitions = value >> 6},
                                           {.topic = TEXT_LITERAL("t5"), .partitions = -1}};
    struct control_event event = {.kind = CONTROL_TOPICS_ANSWERED};
    event.topics.items = items;
    event.topics.count = 3;
    step(shell, event);
}

static void say_missing(struct shell *shell, uint8_t value)
{
    static const char *const units[] = {"t1", "t2", "t3/0", "t3/1", "t4", "/", "t5/x", ""};
    struct report_unit unit = {.unit = pick(value, units, 8),
                               .bytes_per_s = value & 128 ? 5000 : 0,
                               .records_per_s = value & 64,
                               .state = text_of(value & 192 ? "reading" : "missing")};
    struct report report = {.pool = TEXT_LITERAL("default"),
                            .id = pick(value >> 3, ids, 4),
                            .incarnation = pick(value >> 5, lives, 4),
                            .units = &unit,
                            .units_count = 1};
    step(shell, (struct control_event){.kind = CONTROL_REPORT_RECEIVED, .report = &report});
}

// ---- The shell's answers.

static void answer(struct shell *shell, uint8_t value)
{
    static const enum commit_outcome outcomes[] = {COMMIT_DONE, COMMIT_DONE, COMMIT_UNKNOWN,
                                                   COMMIT_FENCED};
    if (shell->is_committing) {
        shell->is_committing = false;
        step(shell, (struct control_event){.kind = CONTROL_COMMIT_ANSWERED,
                                           .outcome = outcomes[value >= 250 ? value & 3 : 0]});
    } else if (shell->is_claiming) {
        struct state_marker marker = {TEXT_LITERAL("0123456789abcdef0123456789abcdef"),
                                      shell->claim};
        struct control_event event = {.kind = CONTROL_STATE_RECEIVED};
        event.state.key = TEXT_LITERAL("marker");
        event.state.kind = RECORD_STATE_MARKER;
        event.state.record = &marker;
        shell->is_claiming = false;
        if (value & 1)
            step(shell, event);
        step(shell, (struct control_event){.kind = CONTROL_CLAIM_ANSWERED, .done = value < 250});
        step(shell, event);
    } else if (shell->is_checking) {
        shell->is_checking = false;
        struct control_event event = {.kind = CONTROL_LOGS_CHECKED};
        event.checked.logs[0].end = event.checked.logs[1].end = value & 1 ? INT64_MAX : 0;
        event.checked.published = value >> 4;
        step(shell, event);
    } else {
        step(shell, (struct control_event){.kind = CONTROL_STATE_ENDED});
    }
}

// Somebody else writes into the state, and what stands there is none of ours or cannot be read.
static void spoil(struct shell *shell, uint8_t value)
{
    static const char *const keys[] = {"cell",          "pool/default",     "agent/default/a",
                                       "claim/?",       "unit/default/t1",  "collector/default/a",
                                       "unit/west/t/3", "collector/west/v", "marker"};
    bool is_leader_told = value & 16;
    struct control_event event = {.kind = is_leader_told ? CONTROL_STATE_FOREIGN
                                                         : CONTROL_STATE_RECEIVED};
    event.state.key = text_of(keys[value % 9]);
    event.state.is_unreadable = value & 96;
    event.state.is_later = value & 64;
    event.state.kind = RECORD_STATE_CELL;
    step(shell, event);
}

static void pass_time(struct shell *shell, uint8_t value)
{
    shell->now.us += value < 128 ? value * 1000 : (value - 127) * 200000;
    step(shell, (struct control_event){.kind = CONTROL_TICKED});
}

static void event(struct shell *shell)
{
    uint8_t kind = byte(shell), value = byte(shell);
    if (kind % 16 == 0 || (kind % 16 == 1 && shell->is_committing))
        answer(shell, value);
    else if (kind % 16 == 1)
        step(shell, (struct control_event){.kind = CONTROL_BATCH_ENDED, .caught_up = value & 1});
    else if (kind % 16 == 2)
        pass_time(shell, value);
    else if (kind == 255)
        step(shell, (struct control_event){.kind = CONTROL_STOP_REQUESTED});
    else if (shell->is_committing)
        return;
    else if (kind % 16 < 6)
        announce(shell, value);
    else if (kind % 16 < 10)
        say_beat(shell, value);
    else if (kind % 16 == 10)
        order(shell, value);
    else if (kind % 16 == 11)
        answer_topics(shell, value);
    else if (kind % 16 == 12)
        say_death(shell, value);
    else if (kind % 16 == 13)
        say_missing(shell, value);
    else if (kind == 14)
        spoil(shell, value);
    else if (kind % 16 == 14)
        say_own_beat(shell);
    else
        say_input(shell, value & 1 ? INPUT_CONTROL : INPUT_ORDERS, RECORD_ANNOUNCEMENT, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct shell shell = {.data = data, .size = size, .now = {1000000}};
    struct control_options options = {.prefix = TEXT_LITERAL("muster"),
                                      .id = TEXT_LITERAL("own"),
                                      .incarnation =
                                          TEXT_LITERAL("0123456789abcdef0123456789abcdef"),
                                      .lineage = TEXT_LITERAL("f0000000000000000000000000000000"),
                                      .cluster_id = TEXT_LITERAL("kafka"),
                                      .default_pool = TEXT_LITERAL("default"),
                                      .beat_interval = span_of_ms(1000),
                                      .leader_timeout = span_of_ms(5000),
                                      .publish_interval = span_of_ms(5000),
                                      .lease_ms = 15000,
                                      .agent_topics_max = 100,
                                      .assignments_partitions = 4,
                                      .events_enabled = true};
    shell.control = control_create(&options);
    step(&shell, (struct control_event){.kind = CONTROL_STARTED});
    for (int i = 0; i < EVENTS_MAX && shell.size > 0 && !shell.has_exited; i++)
        event(&shell);
    control_destroy(shell.control);
    control_effects_finish(&shell.effects);
    return 0;
}
