// SPDX-License-Identifier: Apache-2.0

#include <string.h>

#include "cli/announce.h"
#include "net/loop.h"

#define LABELS_MAX 64

static const struct output_table table = {"muster.topic_announce/1", exchange_columns, false};

static const struct flag flags[] = {
    ANNOUNCE_FLAGS,
    FLAG_ROW_TEXT("file", "FILE", "whole announcements instead, one JSON object a line; - = stdin"),
    FLAG_ROW_CHOICE("mode", "set|add|remove",
                    "set replaces what the agent said before; default: add"),
    FLAG_ROW_INTEGER("partitions", "COUNT", "how many the topics have; default: Kafka is asked"),
    FLAG_ROW_SWITCH("split", "let the partitions go to different collectors"),
    FLAG_ROW_INTEGER("weight", "NUMBER", "weight of each topic; default: 1"),
    FLAG_ROW_LIST("label", "NAME=VALUE", "label of the topics"),
    FLAG_ROW_DURATION("ttl", "DURATION", "how long it holds unless repeated; default: for ever"),
    FLAG_ROW_END,
};

// The labels of the flags; `labels` has room for LABELS_MAX.
static enum status labels_read(const struct invocation *invocation, struct label *labels,
                               uint32_t *ret_count, struct buffer *problem)
{
    const char *word;
    uint32_t count = 0;
    while ((word = invocation_flag_at(invocation, "label", count)) != NULL) {
        const char *equal = strchr(word, '=');
        if (!equal || equal == word || count == LABELS_MAX) {
            buffer_print(problem,
                         count == LABELS_MAX ? "more than 64 labels"
                                             : "--label: '%s' is not NAME=VALUE",
                         word);
            return STATUS_INVALID;
        }
        struct text name = {word, (size_t)(equal - word)};
        if (label_find(labels, count, name)) {
            buffer_print(problem, "--label: '%.*s' is there twice", TEXT_ARGS(name));
            return STATUS_INVALID;
        }
        labels[count++] = (struct label){name, text_of(equal + 1)};
    }
    *ret_count = count;
    return STATUS_OK;
}

static enum exit_code announce_flags(const struct invocation *invocation)
{
    struct label labels[LABELS_MAX];
    struct buffer problem = {0};
    const char *mode = invocation_flag(invocation, "mode");
    struct announcement_topic model = {
        .partitions = invocation_int(invocation, "partitions", 0),
        .split = invocation_switch(invocation, "split"),
        .weight = invocation_int(invocation, "weight", 1),
        .labels = labels,
    };
    struct announcement draft = {
        .mode = text_of(mode ? mode : "add"),
        .ttl_ms = invocation_int(invocation, "ttl", 0),
        .sent_at_ms = loop_wall_ms(),
    };
    enum exit_code code = EXIT_USAGE;
    if (labels_read(invocation, labels, &model.labels_count, &problem) == STATUS_OK)
        code = announce_words(invocation, &draft, &model);
    else
        invocation_fail(invocation, code, "%s", buffer_string(&problem));
    buffer_finish(&problem);
    return code;
}

// The first flag that says what a file says itself, or NULL.
static const char *flag_beside_file(const struct invocation *invocation)
{
    static const char *const names[] = {"agent",  "source", "mode",  "partitions",
                                        "weight", "label",  "split", "ttl"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (invocation_switch(invocation, names[i]))
            return names[i];
    return NULL;
}

static enum exit_code announce_file(const struct invocation *invocation, const char *path)
{
    struct exchange exchange = {.topic = "control",
                                .is_awaited = invocation_switch(invocation, "wait")};
    struct buffer problem = {0};
    const char *flag = flag_beside_file(invocation);
    if (flag)
        return invocation_fail(invocation, EXIT_USAGE,
                               "--file has whole announcements: --%s would not be heeded", flag);
    enum status status = announce_add_file(&exchange, path, invocation->cli->in, &problem);
    enum exit_code code;
    if (status != STATUS_OK)
        code = invocation_fail(invocation, exit_code_of(status), "%s", buffer_string(&problem));
    else
        code = exchange_run(&exchange, invocation);
    exchange_finish(&exchange);
    buffer_finish(&problem);
    return code;
}

static enum exit_code run(struct invocation *invocation)
{
    const char *path = invocation_flag(invocation, "file");
    if (path && invocation->argument_count > 0)
        return invocation_fail(invocation, EXIT_USAGE, "either names or --file, not both");
    if (path)
        return announce_file(invocation, path);
    if (invocation->argument_count == 0)
        return invocation_fail(invocation, EXIT_USAGE, "which topics? NAME... or --file FILE");
    return announce_flags(invocation);
}

const struct command command_topic_announce = {
    .noun = "topic",
    .verb = "announce",
    .arguments = "[NAME...]",
    .arguments_max = -1,
    .flags = flags,
    .output = &table,
    .help = "say that topics are there to be collected",
    .example = "muster topic announce edge.cpu0 edge.cpu1 --agent edge --wait",
    .run = run,
};
