// SPDX-License-Identifier: Apache-2.0

#include "daemon/agent_say.h"

#include <stdio.h>

#include "base/hash.h"
#include "base/memory.h"
#include "wire/wire.h"

static uint32_t part_of(const struct announcement_topic *topic)
{
    return hash_murmur2(topic->name) % AGENT_PARTS;
}

static struct announcement draft_of(const struct agent_saying *saying)
{
    return (struct announcement){.pool = saying->pool,
                                 .agent = saying->agent,
                                 .mode = TEXT_LITERAL("set"),
                                 .ttl_ms = saying->ttl_ms,
                                 .sent_at_ms = saying->sent_at_ms};
}

static enum status draft_send(const struct announcement *draft, agent_sender *send, void *ctx,
                              size_t bytes_max)
{
    struct buffer value = {0};
    wire_encode_avro(RECORD_ANNOUNCEMENT, draft, &value);
    enum status status = STATUS_OK;
    if (value.size > bytes_max)
        status = STATUS_TOO_LARGE;
    else if (!send(ctx, buffer_text(&value)))
        status = STATUS_AGAIN;
    buffer_finish(&value);
    return status;
}

// The topics of one part, or none.
static enum status part_send(const struct agent_saying *saying, uint32_t part, bool is_empty,
                             agent_sender *send, void *ctx)
{
    struct announcement draft = draft_of(saying);
    struct announcement_topic *topics = memory_get((saying->count + 1) * sizeof(*topics));
    char source[16];
    snprintf(source, sizeof(source), "part-%u", part);
    draft.source = text_of(source);
    draft.topics = topics;
    for (uint32_t i = 0; i < saying->count && !is_empty; i++)
        if (part_of(&saying->topics[i]) == part)
            topics[draft.topics_count++] = saying->topics[i];
    enum status status = draft_send(&draft, send, ctx, AGENT_RECORD_BYTES_MAX);
    memory_release(topics);
    return status;
}

static enum status parts_send(const struct agent_saying *saying, bool is_empty, agent_sender *send,
                              void *ctx)
{
    enum status status = STATUS_OK;
    for (uint32_t part = 0; part < AGENT_PARTS && status == STATUS_OK; part++)
        status = part_send(saying, part, is_empty, send, ctx);
    return status;
}

static enum status whole_send(const struct agent_saying *saying, bool is_empty, agent_sender *send,
                              void *ctx)
{
    struct announcement draft = draft_of(saying);
    draft.topics = (struct announcement_topic *)(uintptr_t)saying->topics;
    draft.topics_count = is_empty ? 0 : saying->count;
    return draft_send(&draft, send, ctx, AGENT_RECORD_BYTES_MAX);
}

enum status agent_say(const struct agent_saying *saying, agent_sender *send, void *ctx,
                      bool *ret_spread)
{
    enum status status = whole_send(saying, false, send, ctx);
    *ret_spread = status == STATUS_TOO_LARGE;
    if (*ret_spread) {
        status = parts_send(saying, false, send, ctx);
        if (status == STATUS_OK && saying->was_whole)
            status = whole_send(saying, true, send, ctx);
    } else if (status == STATUS_OK && saying->was_spread) {
        status = parts_send(saying, true, send, ctx);
    }
    return status;
}
