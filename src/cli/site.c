// SPDX-License-Identifier: Apache-2.0

#include "cli/site.h"

#include "cli/kafka_tell.h"
#include "daemon/kafka_settings.h"

const struct column site_columns[] = {
    {"KIND", "kind", COLUMN_TEXT, false, false, "topic or group"},
    {"NAME", "name", COLUMN_TEXT, false, false, "its name in Kafka"},
    {"ANSWER", "answer", COLUMN_TEXT, false, false,
     "created, exists, deleted, absent or failed; with --dry-run would be created or deleted"},
    {"TEXT", "text", COLUMN_TEXT, false, true, "why it failed"},
    {0},
};

void site_print(struct output *output, const char *kind, struct text name, const char *answer,
                struct text text)
{
    struct value row[] = {value_string(kind), value_text(name), value_string(answer),
                          text.size > 0 ? value_text(text) : value_null()};
    output_row(output, row, sizeof(row) / sizeof(row[0]));
}

struct kafka_ask site_ask(const struct site *site)
{
    return (struct kafka_ask){.patience = conf_span(site->invocation->conf, "timeout.ms")};
}

struct kafka_settings site_settings(const struct site *site)
{
    struct kafka_settings settings = {.watch = site->watch};
    kafka_settings_load(&settings, site->invocation->conf);
    return settings;
}

struct kafka_reply *site_reply(struct site *site, enum status status, enum exit_code *ret_code)
{
    struct kafka_reply *reply =
        status == STATUS_OK ? kafka_admin_wait(site->admin, site_ask(site).patience) : NULL;
    if (status == STATUS_OK)
        status = reply ? reply->status : STATUS_TIMEOUT;
    if (status == STATUS_OK)
        return reply;
    *ret_code = kafka_tell_trouble(site->invocation, site->watch, status,
                                   reply ? reply->text : (struct text){0});
    kafka_reply_release(reply);
    return NULL;
}

// Takes what was found; a topic that cannot be looked at ends the command.
static enum exit_code topics_take(struct site *site, const struct kafka_reply *reply)
{
    site->found = 0;
    for (uint32_t i = 0; i < reply->topic_count; i++) {
        const struct kafka_topic *topic = &reply->topics[i];
        if (topic->status != STATUS_OK && topic->status != STATUS_NOT_FOUND)
            return invocation_fail(site->invocation, exit_code_of(topic->status),
                                   "cannot look at topic '%.*s': %.*s", TEXT_ARGS(topic->name),
                                   TEXT_ARGS(topic->text));
        site->partitions[i] = topic->status == STATUS_OK ? topic->partitions : 0;
        site->found += topic->status == STATUS_OK;
    }
    return EXIT_DONE;
}

enum exit_code site_open(struct site *site, const struct invocation *invocation)
{
    const struct conf *conf = invocation->conf;
    struct text names[KAFKA_CELL_TOPICS];
    struct buffer problem = {0};
    *site = (struct site){.invocation = invocation, .watch = kafka_watch_open(conf)};
    for (int i = 0; i < KAFKA_CELL_TOPICS; i++) {
        kafka_layout_print((enum kafka_cell_topic)i, text_of(conf_text(conf, "prefix")),
                           &site->names[i]);
        names[i] = buffer_text(&site->names[i]);
    }
    struct kafka_settings settings = site_settings(site);
    enum status status =
        kafka_admin_create(&settings, &(struct kafka_admin_options){0}, &problem, &site->admin);
    kafka_settings_finish(&settings);
    enum exit_code code = EXIT_DONE;
    if (status != STATUS_OK)
        code = kafka_tell_trouble(invocation, site->watch, status, buffer_text(&problem));
    buffer_finish(&problem);
    if (code != EXIT_DONE)
        return code;
    struct kafka_reply *reply = site_reply(
        site, kafka_admin_find_topics(site->admin, site_ask(site), names, KAFKA_CELL_TOPICS),
        &code);
    if (reply != NULL)
        code = topics_take(site, reply);
    kafka_reply_release(reply);
    return code;
}

void site_close(struct site *site)
{
    // The command is over in a moment, so nobody waits for the handle to end.
    if (site->admin != NULL)
        (void)kafka_admin_destroy(site->admin, span_of_ms(100));
    kafka_watch_destroy(site->watch);
    for (int i = 0; i < KAFKA_CELL_TOPICS; i++)
        buffer_finish(&site->names[i]);
}
