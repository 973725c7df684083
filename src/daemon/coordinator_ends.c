// SPDX-License-Identifier: Apache-2.0
//
// Where the logs of silent agents end, asked for in batches. What the group has committed is asked
// first, where it is wanted: the end is then never older. One question is under way at a time, and
// every one is answered, if only by "nobody can say".
#include "base/memory.h"
#include "daemon/coordinator_inner.h"

// The partitions of the question; with `only_committed` those whose commit is wanted.
static uint32_t partitions_list(const struct ends *ends, bool only_committed,
                                struct kafka_partition *ret)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ends->count; i++) {
        const struct ends_item *item = &ends->items[i];
        for (int32_t k = 0; k < item->partition_count; k++)
            if (item->wants_committed || !only_committed)
                ret[count++] = (struct kafka_partition){item->topic, item->first + k};
    }
    return count;
}

// Puts the question of the stage; false = it cannot be put, or nothing is wanted.
static bool stage_ask(struct coordinator *coordinator)
{
    struct ends *ends = &coordinator->ends;
    struct kafka_partition *partitions =
        memory_get((ends->partition_count + 1) * sizeof(*partitions));
    bool is_first = ends->stage == ENDS_COMMITTED;
    uint32_t count = partitions_list(ends, is_first, partitions);
    struct kafka_ask ask = {.number = ASK_ENDS | ++ends->serial << ASK_KIND_BITS,
                            .patience = span_of_ms(ASK_TIMEOUT_MS)};
    enum status status = STATUS_INVALID;
    if (count > 0 && is_first)
        status = kafka_admin_find_group_committed(coordinator->admin, ask, ends->group, partitions,
                                                  count);
    else if (count > 0)
        status = kafka_admin_find_offsets(coordinator->admin, ask, KAFKA_END, partitions, count);
    memory_release(partitions);
    return status == STATUS_OK;
}

static void stages_ask(struct coordinator *coordinator)
{
    struct ends *ends = &coordinator->ends;
    while (ends->stage < ENDS_READY && !stage_ask(coordinator))
        ends->stage++;
}

void ends_ask(struct coordinator *coordinator, const struct control_effect *effect)
{
    struct ends *ends = &coordinator->ends;
    arena_clear(&ends->arena);
    ends->stage = ENDS_COMMITTED;
    ends->number = effect->ends.number;
    ends->count = effect->ends.count;
    ends->partition_count = 0;
    ends->items = arena_get(&ends->arena, ends->count * sizeof(*ends->items));
    struct buffer group = {0};
    buffer_print(&group, "%s.%.*s", conf_text(coordinator->conf, "prefix"),
                 TEXT_ARGS(effect->ends.pool));
    ends->group = arena_text(&ends->arena, buffer_text(&group));
    buffer_finish(&group);
    for (uint32_t i = 0; i < ends->count; i++) {
        const struct control_end_question *asked = &effect->ends.items[i];
        bool is_whole = asked->partition < 0;
        ends->items[i] = (struct ends_item){
            .topic = arena_text(&ends->arena, asked->topic),
            .first = is_whole ? 0 : asked->partition,
            .partition_count = is_whole ? asked->partitions : 1,
            .answer = {.partition = asked->partition, .end = -1, .committed = -1},
            .wants_committed = asked->wants_committed};
        ends->items[i].answer.topic = ends->items[i].topic;
        ends->partition_count += (uint32_t)ends->items[i].partition_count;
    }
    stages_ask(coordinator);
}

// Sums the offsets of each item; −1 as soon as one is not known.
static void stage_take(struct ends *ends, const struct kafka_reply *reply)
{
    bool is_first = ends->stage == ENDS_COMMITTED;
    uint32_t at = 0;
    for (uint32_t i = 0; i < ends->count; i++) {
        struct ends_item *item = &ends->items[i];
        if (is_first && !item->wants_committed)
            continue;
        int64_t sum = 0;
        for (int32_t k = 0; k < item->partition_count; k++, at++) {
            bool is_known = at < reply->offset_count && reply->offsets[at].status == STATUS_OK &&
                            reply->offsets[at].offset >= 0;
            sum = is_known && sum >= 0 ? sum + reply->offsets[at].offset : -1;
        }
        *(is_first ? &item->answer.committed : &item->answer.end) = sum;
    }
}

void ends_reply(struct coordinator *coordinator, const struct kafka_reply *reply)
{
    struct ends *ends = &coordinator->ends;
    if (reply->number >> ASK_KIND_BITS != ends->serial || ends->stage >= ENDS_READY)
        return;
    if (reply->status == STATUS_OK)
        stage_take(ends, reply);
    ends->stage++;
    stages_ask(coordinator);
}

void ends_answer(struct coordinator *coordinator)
{
    struct ends *ends = &coordinator->ends;
    if (ends->stage != ENDS_READY)
        return;
    ends->stage = ENDS_NONE;
    struct control_end_answer *items = memory_get((ends->count + 1) * sizeof(*items));
    for (uint32_t i = 0; i < ends->count; i++)
        items[i] = ends->items[i].answer;
    struct control_event event = {.kind = CONTROL_ENDS_ANSWERED};
    event.ends.number = ends->number;
    event.ends.items = items;
    event.ends.count = ends->count;
    coordinator_step(coordinator, &event);
    memory_release(items);
}
