// SPDX-License-Identifier: Apache-2.0
#include "cell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "control/view.h"
#include "proto/key.h"
#include "test.h"
#include "wire/wire.h"

static const char life_own[] = "0123456789abcdef0123456789abcdef";

// ---- Writes.

static void writes_finish(struct cell_writes *writes)
{
    for (uint32_t i = 0; i < writes->count; i++) {
        memory_release((char *)(uintptr_t)writes->items[i].key.data);
        memory_release((char *)(uintptr_t)writes->items[i].value.data);
    }
    memory_release(writes->items);
    *writes = (struct cell_writes){0};
}

static void writes_add(struct cell_writes *writes, struct cell_write write)
{
    writes->items =
        array_reserve(writes->items, &writes->capacity, writes->count + 1, sizeof(write));
    write.key.data = text_copy(write.key);
    if (write.value.data != NULL)
        write.value.data = text_copy(write.value);
    writes->items[writes->count++] = write;
}

static void head_note(struct cell *cell, const struct control_write *write)
{
    struct assignment_key key;
    REQUIRE(assignment_key_parse(write->key, &key) == STATUS_OK);
    int number = key.collector.data[1] - '0';
    if (key.bucket < 0 && number >= 0 && number < CELL_COLLECTORS)
        cell->heads[number] = write->record ? ((const struct head *)write->record)->generation : 0;
}

static void writes_draw(struct cell *cell)
{
    struct control_write write;
    writes_finish(&cell->writes);
    while (control_next_write(cell->control, &write)) {
        struct buffer value = {0};
        struct cell_write copy = {.target = write.target, .key = write.key, .kind = write.kind};
        if (write.record != NULL)
            wire_encode_avro(write.kind, write.record, &value);
        copy.value = buffer_text(&value);
        if (write.record == NULL)
            copy.value = (struct text){0};
        writes_add(&cell->writes, copy);
        if (write.target == WRITE_STATE)
            writes_add(&cell->log, copy);
        if (write.target == WRITE_ASSIGNMENT)
            head_note(cell, &write);
        buffer_finish(&value);
    }
}

// ---- Events and effects.

static void ends_note(struct cell *cell, const struct control_effect *effect)
{
    REQUIRE(effect->ends.count <= CELL_ENDS);
    cell->ends_number = effect->ends.number;
    cell->ends_count = effect->ends.count;
    for (uint32_t i = 0; i < effect->ends.count; i++) {
        snprintf(cell->ends[i].topic, sizeof(cell->ends[i].topic), "%.*s",
                 TEXT_ARGS(effect->ends.items[i].topic));
        cell->ends[i].partition = effect->ends.items[i].partition;
        cell->ends[i].wants_committed = effect->ends.items[i].wants_committed;
    }
}

static void carry_out(struct cell *cell, const struct control_effect *effect)
{
    switch (effect->kind) {
    case EFFECT_SEND_BEAT:
        cell->seq = effect->beat->seq;
        break;
    case EFFECT_CLAIM_LEADERSHIP:
        cell->is_claiming = true;
        cell->claim = effect->claim;
        snprintf(cell->claim_life, sizeof(cell->claim_life), "%.*s",
                 TEXT_ARGS(effect->claim.incarnation));
        break;
    case EFFECT_CHECK_LOGS:
        cell->wants_logs = true;
        break;
    case EFFECT_READ_INPUTS:
        memcpy(cell->reads, effect->positions, sizeof(cell->reads));
        break;
    case EFFECT_REFUSE_INPUT:
        snprintf(cell->reason, sizeof(cell->reason), "%.*s", TEXT_ARGS(effect->refusal.reason));
        break;
    case EFFECT_COMMIT:
        cell->wants_commit = true;
        break;
    case EFFECT_ASK_TOPICS:
        cell->asked = effect->topics.count;
        break;
    case EFFECT_ASK_ENDS:
        ends_note(cell, effect);
        break;
    case EFFECT_EXIT:
        cell->has_exited = true;
        break;
    case EFFECT_ALARM:
        cell->was_alarmed = true;
        break;
    default:
        break;
    }
}

void cell_step(struct cell *cell, struct control_event event)
{
    cell->now.us += 1000;
    event.at = cell->now;
    event.wall_ms = cell->now.us / 1000;
    control_step(cell->control, &event, &cell->effects);
    for (uint32_t i = 0; i < cell->effects.count; i++)
        carry_out(cell, &cell->effects.items[i]);
    if (!cell->options.is_large || event.kind == CONTROL_BATCH_ENDED)
        control_check(cell->control);
}

bool cell_commit(struct cell *cell)
{
    writes_finish(&cell->writes);
    cell_step(cell, (struct control_event){.kind = CONTROL_BATCH_ENDED,
                                           .caught_up = !cell->options.is_behind});
    if (!cell->wants_commit)
        return false;
    cell->wants_commit = false;
    cell->commits++;
    writes_draw(cell);
    cell_step(cell,
              (struct control_event){.kind = CONTROL_COMMIT_ANSWERED, .outcome = COMMIT_DONE});
    return true;
}

void cell_hear_peer(struct cell *cell, int64_t level)
{
    struct beat beat = {.role = TEXT_LITERAL("coordinator"),
                        .id = TEXT_LITERAL("south"),
                        .incarnation = TEXT_LITERAL("5555555555555555aaaaaaaaaaaaaaaa"),
                        .seq = ++cell->peer_seq,
                        .state = TEXT_LITERAL("standby"),
                        .lease_ms = 5000,
                        .level = level};
    cell_step(cell, (struct control_event){.kind = CONTROL_BEAT_RECEIVED, .beat = &beat});
}

void cell_hear_own(struct cell *cell)
{
    struct beat own = {.role = TEXT_LITERAL("coordinator"),
                       .id = text_of(cell->options.id ? cell->options.id : "north"),
                       .incarnation = text_of(life_own),
                       .seq = cell->seq,
                       .state = TEXT_LITERAL("leading")};
    cell_step(cell, (struct control_event){.kind = CONTROL_BEAT_RECEIVED, .beat = &own});
}

static void create(struct cell *cell, const struct cell_options *options)
{
    *cell = (struct cell){.options = *options, .now = {1000000}};
    struct control_options made = {
        .prefix = TEXT_LITERAL("muster"),
        .id = text_of(options->id ? options->id : "north"),
        .incarnation = text_of(life_own),
        .lineage = TEXT_LITERAL("11111111111111111111111111111111"),
        .cluster_id = TEXT_LITERAL("kafka"),
        .default_pool = TEXT_LITERAL("default"),
        .hash_seed = options->hash_seed,
        .beat_interval = span_of_ms(1000),
        .leader_timeout = span_of_ms(options->leader_ms ? options->leader_ms : 5000),
        .publish_interval = span_of_ms(5000),
        .lease_ms = 15000,
        .agent_topics_max = options->agent_topics_max ? options->agent_topics_max : 10,
        .level_max = options->level,
        .assignments_partitions = 4,
        .events_enabled = !options->is_large};
    cell->control = control_create(&made);
    cell_step(cell, (struct control_event){.kind = CONTROL_STARTED, .is_past = options->has_past});
    if (options->past != NULL)
        cell_step(cell, (struct control_event){
                            .kind = CONTROL_BEAT_RECEIVED, .is_past = true, .beat = options->past});
    if (options->peer > 0)
        cell_hear_peer(cell, options->peer);
}

void cell_claim_committed(struct cell *cell)
{
    cell_step(cell, (struct control_event){.kind = CONTROL_CLAIM_ANSWERED, .done = true});
    struct state_marker marker = {.incarnation = text_of(cell->claim_life), .seq = cell->claim.seq};
    struct control_event event = {.kind = CONTROL_STATE_RECEIVED};
    event.state.key = TEXT_LITERAL("marker");
    event.state.kind = RECORD_STATE_MARKER;
    event.state.record = &marker;
    cell_step(cell, event);
}

// From the end of the state to the first commit as leader.
static void lead(struct cell *cell)
{
    cell_step(cell, (struct control_event){.kind = CONTROL_STATE_ENDED});
    REQUIRE(cell->is_claiming);
    cell_claim_committed(cell);
    REQUIRE(cell->wants_logs);
    struct control_event checked = {.kind = CONTROL_LOGS_CHECKED};
    for (int i = 0; i < INPUT_LOG_COUNT; i++)
        checked.checked.logs[i] = (struct control_log){
            .end = INT64_MAX, .anchor_found = true, .anchor_time_ms = 7, .anchor_crc = 7};
    if (cell->options.logs != NULL)
        memcpy(checked.checked.logs, cell->options.logs, sizeof(checked.checked.logs));
    cell_step(cell, checked);
    cell_hear_own(cell);
    REQUIRE(cell_commit(cell));
}

void cell_begin(struct cell *cell, const struct cell_options *options)
{
    create(cell, options);
    lead(cell);
}

static void restore_one(struct cell *cell, const struct cell_write *write)
{
    struct control_event event = {.kind = CONTROL_STATE_RECEIVED};
    struct wire_record decoded = {0};
    struct arena arena = {0};
    if (write->value.data != NULL)
        REQUIRE(wire_decode(write->value, &arena, NULL, &decoded, NULL) == STATUS_OK);
    event.state.key = write->key;
    event.state.kind = decoded.kind;
    event.state.record = decoded.record;
    cell_step(cell, event);
    arena_finish(&arena);
}

static bool is_newest(const struct cell_writes *log, uint32_t at)
{
    for (uint32_t i = at + 1; i < log->count; i++)
        if (text_equal(log->items[i].key, log->items[at].key))
            return false;
    return true;
}

void cell_restore(struct cell *cell, const struct cell_options *options, const struct cell *from,
                  uint64_t shuffle_seed)
{
    uint32_t *order = memory_get((from->log.count + 1) * sizeof(*order));
    create(cell, options);
    for (uint32_t i = 0; i < from->log.count; i++) {
        uint32_t k = shuffle_seed == 0 ? i : (uint32_t)(shuffle_seed % (i + 1));
        shuffle_seed = shuffle_seed * 6364136223846793005u + (shuffle_seed != 0);
        order[i] = order[k];
        order[k] = i;
    }
    for (uint32_t i = 0; i < from->log.count; i++)
        if (shuffle_seed == 0 || is_newest(&from->log, order[i]))
            restore_one(cell, &from->log.items[order[i]]);
    memory_release(order);
    cell->now = from->now;
    memcpy(cell->offsets, from->offsets, sizeof(cell->offsets));
    memcpy(cell->heads, from->heads, sizeof(cell->heads));
    memcpy(cell->seqs, from->seqs, sizeof(cell->seqs));
    lead(cell);
    cell->now = (struct instant){from->now.us + 1000000};
}

void cell_follow(struct cell *cell, const struct cell_options *options, const struct cell *from)
{
    create(cell, options);
    for (uint32_t i = 0; i < from->log.count; i++)
        restore_one(cell, &from->log.items[i]);
}

void cell_end(struct cell *cell)
{
    control_destroy(cell->control);
    control_effects_finish(&cell->effects);
    writes_finish(&cell->writes);
    writes_finish(&cell->log);
}

void cell_say(struct cell *cell, enum input_log log, const char *json)
{
    struct wire_record decoded = {0};
    struct buffer why = {0};
    struct arena arena = {0};
    struct wire_input input = {log == INPUT_CONTROL ? RECORD_ANNOUNCEMENT : RECORD_ORDER,
                               text_of(json)};
    struct wire_limits limits = {1 << 20, 100000};
    enum status status = wire_decode_input(input, &arena, &limits, &decoded, &why);
    struct control_event event = {.kind = CONTROL_INPUT_RECEIVED};
    event.input = (struct control_input){.log = log,
                                         .offset = cell->offsets[log]++,
                                         .time_ms = 7,
                                         .crc = 7,
                                         .is_refused = status != STATUS_OK,
                                         .kind = decoded.kind,
                                         .record = decoded.record,
                                         .refusal = buffer_text(&why),
                                         .unknown_fields = decoded.unknown_fields};
    cell->reason[0] = '\0';
    cell_step(cell, event);
    arena_finish(&arena);
    buffer_finish(&why);
}

void cell_beat(struct cell *cell, int number, int life, const char *state, int64_t applied)
{
    cell_beat_in(cell, "default", number, life, state, applied);
}

void cell_beat_in(struct cell *cell, const char *pool, int number, int life, const char *state,
                  int64_t applied)
{
    char id[8], incarnation[33];
    snprintf(id, sizeof(id), "c%d", number);
    snprintf(incarnation, sizeof(incarnation), "%016x%016x", 0xc0 + number, life);
    static const char *const csp[] = {"aws", "gcp", "aws"};
    static const char *const places[] = {"h0", "h1", "h2", "h0", "h1", "h2", "h0", "h1"};
    struct label labels[] = {{TEXT_LITERAL("csp"), text_of(csp[number % 3])},
                             {TEXT_LITERAL("host"), text_of(places[number])},
                             {TEXT_LITERAL("zone"), text_of(number % 2 ? "west" : "east")}};
    struct beat beat = {.role = TEXT_LITERAL("collector"),
                        .pool = text_of(pool),
                        .id = text_of(id),
                        .incarnation = text_of(incarnation),
                        .seq = ++cell->seqs[number],
                        .state = text_of(state),
                        .lease_ms = 15000,
                        .capacity = cell->options.capacity,
                        .labels = labels,
                        .labels_count = 3,
                        .applied_generation = applied,
                        .commands_done = cell->commands_done,
                        .lineage = TEXT_LITERAL("11111111111111111111111111111111"),
                        .level = RECORD_LEVEL};
    cell_step(cell, (struct control_event){.kind = CONTROL_BEAT_RECEIVED, .beat = &beat});
}

void cell_settle(struct cell *cell, int collectors)
{
    for (int round = 0; round < 20; round++) {
        bool has_written = cell_commit(cell);
        for (int i = 0; i < collectors; i++)
            cell_beat(cell, i, 1, "active", cell->heads[i]);
        if (!has_written && !cell_commit(cell))
            return;
    }
    CU_FAIL("it does not come to rest");
}

// ---- Looking.

const char *cell_keys(const struct cell *cell, enum write_target target)
{
    static char keys[8192];
    size_t used = 0;
    keys[0] = '\0';
    for (uint32_t i = 0; i < cell->writes.count; i++)
        if (cell->writes.items[i].target == target)
            used += (size_t)snprintf(keys + used, sizeof(keys) - used, "%s%.*s%s",
                                     used > 0 ? " " : "", TEXT_ARGS(cell->writes.items[i].key),
                                     cell->writes.items[i].value.data == NULL ? "(-)" : "");
    return keys;
}

const void *cell_value(const struct cell *cell, const char *key)
{
    static struct arena arena;
    struct wire_record decoded;
    arena_finish(&arena);
    for (uint32_t i = 0; i < cell->writes.count; i++) {
        const struct cell_write *write = &cell->writes.items[i];
        if (!text_equals(write->key, key) || write->value.data == NULL)
            continue;
        if (wire_decode(write->value, &arena, NULL, &decoded, NULL) == STATUS_OK)
            return decoded.record;
    }
    return NULL;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(a, b);
}

const char *cell_owners(const struct cell *cell)
{
    static char text[8192];
    char lines[256][64];
    struct unit_view unit;
    uint32_t cursor = 0, count = 0;
    size_t used = 0;
    while (count < 256 && control_next_unit(cell->control, &cursor, &unit))
        if (unit.owner.size > 0)
            snprintf(lines[count++], sizeof(lines[0]), "%.*s:%.*s", TEXT_ARGS(unit.owner),
                     TEXT_ARGS(unit.name));
    qsort(lines, count, sizeof(lines[0]), compare_lines);
    text[0] = '\0';
    for (uint32_t i = 0; i < count; i++)
        used +=
            (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i > 0 ? " " : "", lines[i]);
    return text;
}
