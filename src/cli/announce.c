// SPDX-License-Identifier: Apache-2.0

#include "cli/announce.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/name.h"
#include "daemon/kafka_settings.h"
#include "net/reason.h"
#include "wire/wire.h"

#define FILE_BYTES_MAX (256L * 1024 * 1024)

struct text announce_agent(const struct conf *conf, char host[256])
{
    const char *agent = conf_text(conf, "agent.id");
    if (agent[0])
        return text_of(agent);
    memset(host, 0, 256);
    if (gethostname(host, 255) != 0)
        return TEXT_LITERAL("localhost");
    return text_of(host);
}

// ---- Checking.

static enum status fault_say(struct buffer *problem, const char *what, struct text name,
                             const char *fault)
{
    struct buffer shown = {0};
    output_escape(&shown, name);
    buffer_print(problem, "%s '%s' %s", what, buffer_string(&shown), fault);
    buffer_finish(&shown);
    return STATUS_INVALID;
}

static enum status topic_check(const struct announcement_topic *topic, struct buffer *problem)
{
    const char *fault = name_topic_fault(topic->name);
    if (fault)
        return fault_say(problem, "topic", topic->name, fault);
    if (text_has_prefix(topic->name, TEXT_LITERAL("__")))
        return fault_say(problem, "topic", topic->name, "is one of Kafka's own");
    if (topic->cluster.size && (fault = name_fault(topic->cluster)) != NULL)
        return fault_say(problem, "cluster", topic->cluster, fault);
    if (topic->weight < 1)
        return fault_say(problem, "topic", topic->name, "has a weight below 1");
    if (topic->partitions < 0)
        return fault_say(problem, "topic", topic->name, "has a negative number of partitions");
    return STATUS_OK;
}

static enum status announcement_check(const struct announcement *announcement,
                                      struct buffer *problem)
{
    struct text mode = announcement->mode;
    const char *fault = name_fault(announcement->agent);
    if (fault)
        return fault_say(problem, "agent", announcement->agent, fault);
    if (announcement->source.size && (fault = name_fault(announcement->source)) != NULL)
        return fault_say(problem, "source", announcement->source, fault);
    if (announcement->pool.size && (fault = name_fault(announcement->pool)) != NULL)
        return fault_say(problem, "pool", announcement->pool, fault);
    if (!text_equals(mode, "set") && !text_equals(mode, "add") && !text_equals(mode, "remove"))
        return fault_say(problem, "mode", mode, "is none of set, add, remove");
    if (announcement->ttl_ms < 0)
        return fault_say(problem, "agent", announcement->agent, "has a negative ttl_ms");
    for (uint32_t i = 0; i < announcement->topics_count; i++)
        if (topic_check(&announcement->topics[i], problem) != STATUS_OK)
            return STATUS_INVALID;
    return STATUS_OK;
}

enum status announce_add(struct exchange *exchange, const struct announcement *announcement,
                         struct buffer *problem)
{
    struct announcement said = *announcement;
    struct buffer id = {0};
    struct buffer value = {0};
    enum status status = announcement_check(announcement, problem);
    if (status == STATUS_OK) {
        if (said.id.size == 0 && exchange->is_awaited)
            exchange_id_draw(&id);
        if (id.size)
            said.id = buffer_text(&id);
        wire_encode_avro(RECORD_ANNOUNCEMENT, &said, &value);
        status = exchange_add(exchange, said.agent, said.id, buffer_text(&value));
        if (status == STATUS_EXISTS) {
            fault_say(problem, "id", said.id, "is there twice");
            status = STATUS_INVALID;
        }
    }
    buffer_finish(&id);
    buffer_finish(&value);
    return status;
}

// ---- A file.

static enum status line_add(struct exchange *exchange, struct text line, struct buffer *problem)
{
    struct arena arena = {0};
    struct wire_record decoded;
    struct wire_input input = {.expected = RECORD_ANNOUNCEMENT, .bytes = line};
    enum status status = wire_decode_json(input, &arena, NULL, &decoded, problem);
    if (status == STATUS_OK)
        status = announce_add(exchange, decoded.record, problem);
    arena_finish(&arena);
    return status == STATUS_OK ? status : STATUS_INVALID;
}

static bool is_blank(struct text line)
{
    for (size_t i = 0; i < line.size; i++)
        if (!strchr(" \t\r", line.data[i]))
            return false;
    return true;
}

// Takes the lines of an open file; `bytes` counts down.
static enum status stream_add(struct exchange *exchange, FILE *in, const char *path,
                              struct buffer *problem)
{
    char *line = NULL;
    size_t capacity = 0;
    long number = 0;
    long bytes = FILE_BYTES_MAX;
    enum status status = STATUS_OK;
    ssize_t size;
    while (status == STATUS_OK && (size = getline(&line, &capacity, in)) >= 0) {
        struct text text = {line, (size_t)size};
        struct buffer why = {0};
        number++;
        bytes -= size;
        if (text.size && text.data[text.size - 1] == '\n')
            text.size--;
        if (bytes < 0) {
            buffer_print(&why, "the file is larger than 256 MiB: announce it in parts");
            status = STATUS_INVALID;
        } else if (!is_blank(text)) {
            status = line_add(exchange, text, &why);
        }
        if (status != STATUS_OK)
            buffer_print(problem, "%s:%ld: %s", path, number, buffer_string(&why));
        buffer_finish(&why);
    }
    if (status == STATUS_OK && ferror(in)) {
        buffer_print(problem, "cannot read '%s'", path);
        status = STATUS_FAILED;
    }
    free(line);
    return status;
}

enum status announce_add_file(struct exchange *exchange, const char *path, FILE *in,
                              struct buffer *problem)
{
    char reason[100];
    if (strcmp(path, "-") == 0)
        return stream_add(exchange, in, "stdin", problem);
    FILE *file = fopen(path, "re");
    if (!file) {
        buffer_print(problem, "cannot read '%s': %s", path,
                     reason_text(errno, reason, sizeof(reason)));
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED;
    }
    enum status status = stream_add(exchange, file, path, problem);
    fclose(file);
    return status;
}

// ---- Words.

enum exit_code announce_words(const struct invocation *invocation, struct announcement *draft,
                              const struct announcement_topic *model)
{
    struct exchange exchange = {.topic = "control",
                                .is_awaited = invocation_switch(invocation, "wait")};
    size_t count = invocation->argument_count;
    struct announcement_topic *topics = memory_get(count * sizeof(*topics));
    struct buffer problem = {0};
    char host[256];
    for (size_t i = 0; i < count; i++) {
        topics[i] = *model;
        topics[i].name = text_of(invocation->arguments[i]);
    }
    draft->agent = announce_agent(invocation->conf, host);
    draft->pool = pool_wanted(invocation->conf);
    draft->source = text_of(invocation_flag(invocation, "source"));
    draft->topics = topics;
    draft->topics_count = (uint32_t)count;
    enum status status = announce_add(&exchange, draft, &problem);
    enum exit_code code = status == STATUS_OK ? exchange_run(&exchange, invocation)
                                              : invocation_fail(invocation, exit_code_of(status),
                                                                "%s", buffer_string(&problem));
    memory_release(topics);
    exchange_finish(&exchange);
    buffer_finish(&problem);
    return code;
}
