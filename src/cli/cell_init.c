// SPDX-License-Identifier: Apache-2.0
//
// Creates what is missing of the cell's eight topics and looks at what is there: the same table
// that a coordinator checks by.

#include "cli/site.h"

static const struct output_table table = {"muster.cell_init/1", site_columns, false};

static const struct flag flags[] = {
    FLAG_ROW_SETTING("partitions", "N", "assignments.partitions",
                     "partitions of the topic assignments"),
    FLAG_ROW_SWITCH("dry-run", "say what would be created"),
    FLAG_ROW_SWITCH("wait", "wait until it is done: it always does"),
    FLAG_ROW_END,
};

static uint32_t partitions_wanted(const struct site *site, int topic)
{
    return topic == KAFKA_CELL_ASSIGNMENTS
               ? (uint32_t)conf_int(site->invocation->conf, "assignments.partitions")
               : 1;
}

// What is there has to be as a coordinator wants it.
static enum exit_code topics_check(struct site *site, const struct kafka_reply *described)
{
    struct buffer fault = {0};
    enum exit_code code = EXIT_DONE;
    for (int i = 0; i < KAFKA_CELL_TOPICS; i++) {
        struct text name = buffer_text(&site->names[i]);
        uint32_t has = site->partitions[i];
        uint32_t wanted = i == KAFKA_CELL_ASSIGNMENTS ? has : 1;
        if (has == 0)
            continue;
        buffer_clear(&fault);
        if (kafka_layout_check((enum kafka_cell_topic)i, name, wanted, has, &fault) != STATUS_OK ||
            kafka_layout_check_settings((enum kafka_cell_topic)i, name, described, &fault) !=
                STATUS_OK)
            code = invocation_fail(site->invocation, EXIT_PROBLEM, "%s", buffer_string(&fault));
    }
    buffer_finish(&fault);
    return code;
}

static enum exit_code topics_describe(struct site *site)
{
    struct text names[KAFKA_CELL_TOPICS];
    uint32_t count = 0;
    enum exit_code code = EXIT_DONE;
    for (int i = 0; i < KAFKA_CELL_TOPICS; i++)
        if (site->partitions[i] > 0)
            names[count++] = buffer_text(&site->names[i]);
    if (count == 0)
        return EXIT_DONE;
    struct kafka_reply *reply = site_reply(
        site, kafka_admin_describe_topics(site->admin, site_ask(site), names, count), &code);
    if (reply != NULL)
        code = topics_check(site, reply);
    kafka_reply_release(reply);
    return code;
}

// A topic that somebody else has made meanwhile is there, which is what was wanted.
static enum exit_code created_print(const struct site *site, const struct kafka_reply *reply,
                                    struct output *output)
{
    enum exit_code code = EXIT_DONE;
    for (uint32_t i = 0; i < reply->topic_count; i++) {
        const struct kafka_topic *topic = &reply->topics[i];
        bool is_there = topic->status == STATUS_OK || topic->status == STATUS_EXISTS;
        site_print(output, "topic", topic->name,
                   topic->status == STATUS_OK ? "created"
                   : is_there                 ? "exists"
                                              : "failed",
                   is_there ? text_of("") : topic->text);
        if (!is_there)
            code = invocation_fail(site->invocation, exit_code_of(topic->status),
                                   "cannot create topic '%.*s': %.*s", TEXT_ARGS(topic->name),
                                   TEXT_ARGS(topic->text));
    }
    return code;
}

static enum exit_code topics_create(struct site *site, struct output *output)
{
    struct kafka_new_topic topics[KAFKA_CELL_TOPICS];
    bool is_dry = invocation_switch(site->invocation, "dry-run");
    enum exit_code code = EXIT_DONE;
    uint32_t count = 0;
    for (int i = 0; i < KAFKA_CELL_TOPICS; i++) {
        struct text name = buffer_text(&site->names[i]);
        if (site->partitions[i] > 0 || is_dry) {
            site_print(output, "topic", name,
                       site->partitions[i] > 0 ? "exists" : "would be created", (struct text){0});
            continue;
        }
        topics[count] = kafka_layout_plan((enum kafka_cell_topic)i, name);
        topics[count++].partitions = partitions_wanted(site, i);
    }
    if (count == 0)
        return EXIT_DONE;
    struct kafka_reply *reply = site_reply(
        site, kafka_admin_create_topics(site->admin, site_ask(site), topics, count), &code);
    if (reply != NULL)
        code = created_print(site, reply, output);
    kafka_reply_release(reply);
    return code;
}

static enum exit_code run(struct invocation *invocation)
{
    struct site site;
    enum exit_code code = site_open(&site, invocation);
    if (code == EXIT_DONE)
        code = topics_describe(&site);
    if (code == EXIT_DONE) {
        struct output *output = invocation_answer(invocation);
        code = topics_create(&site, output);
        code = invocation_answered(output, code);
    }
    site_close(&site);
    return code;
}

const struct command command_cell_init = {
    .noun = "cell",
    .verb = "init",
    .arguments = "",
    .flags = flags,
    .output = &table,
    .help = "create the topics of a cell, or look whether they are as they have to be",
    .example = "muster cell init --prefix muster",
    .run = run,
};
