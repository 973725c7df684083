// SPDX-License-Identifier: Apache-2.0
//
// Takes a whole cell away: its eight topics, by name, and the consumer group of each pool that the
// state names. Data topics are never touched. The groups go first, because the state that names
// them is among the topics: whoever is interrupted says it again.

#include "cli/site.h"

#include "base/memory.h"

static const struct output_table table = {"muster.cell_clean/1", site_columns, false};

static const struct flag flags[] = {
    FLAG_ROW_SWITCH("yes", "it is meant: every record of the cell goes for good"),
    FLAG_ROW_SWITCH("dry-run", "say what would be deleted"),
    FLAG_ROW_SWITCH("wait", "wait until it is done: it always does"),
    FLAG_ROW_END,
};

static enum exit_code deleted_print(struct site *site, const struct kafka_reply *reply,
                                    const char *kind, struct output *output)
{
    enum exit_code code = EXIT_DONE;
    for (uint32_t i = 0; i < reply->topic_count; i++) {
        const struct kafka_topic *one = &reply->topics[i];
        bool is_gone = one->status == STATUS_OK || one->status == STATUS_NOT_FOUND;
        site_print(output, kind, one->name,
                   one->status == STATUS_OK ? "deleted"
                   : is_gone                ? "absent"
                                            : "failed",
                   is_gone ? text_of("") : one->text);
        if (!is_gone)
            code = invocation_fail(site->invocation, exit_code_of(one->status),
                                   "cannot delete %s '%.*s': %.*s", kind, TEXT_ARGS(one->name),
                                   TEXT_ARGS(one->text));
    }
    return code;
}

static enum exit_code groups_delete(struct site *site, const struct site_pools *pools,
                                    struct output *output)
{
    struct buffer *names = memory_get((pools->count + 1) * sizeof(*names));
    struct text *texts = memory_get((pools->count + 1) * sizeof(*texts));
    enum exit_code code = EXIT_DONE;
    bool is_dry = invocation_switch(site->invocation, "dry-run");
    for (uint32_t i = 0; i < pools->count; i++) {
        buffer_print(&names[i], "%s.%s", conf_text(site->invocation->conf, "prefix"),
                     buffer_string(&pools->names[i]));
        texts[i] = buffer_text(&names[i]);
        if (is_dry)
            site_print(output, "group", texts[i], "would be deleted", (struct text){0});
    }
    if (!is_dry && pools->count > 0) {
        struct kafka_reply *reply = site_reply(
            site, kafka_admin_delete_groups(site->admin, site_ask(site), texts, pools->count),
            &code);
        if (reply != NULL)
            code = deleted_print(site, reply, "group", output);
        kafka_reply_release(reply);
    }
    for (uint32_t i = 0; i < pools->count; i++)
        buffer_finish(&names[i]);
    memory_release(names);
    memory_release(texts);
    return code;
}

static enum exit_code topics_delete(struct site *site, struct output *output)
{
    struct text names[KAFKA_CELL_TOPICS];
    bool is_dry = invocation_switch(site->invocation, "dry-run");
    enum exit_code code = EXIT_DONE;
    uint32_t count = 0;
    for (int i = 0; i < KAFKA_CELL_TOPICS; i++) {
        struct text name = buffer_text(&site->names[i]);
        if (site->partitions[i] == 0 || is_dry)
            site_print(output, "topic", name,
                       site->partitions[i] == 0 ? "absent" : "would be deleted", (struct text){0});
        else
            names[count++] = name;
    }
    if (count == 0)
        return EXIT_DONE;
    struct kafka_reply *reply = site_reply(
        site, kafka_admin_delete_topics(site->admin, site_ask(site), names, count), &code);
    if (reply != NULL)
        code = deleted_print(site, reply, "topic", output);
    kafka_reply_release(reply);
    return code;
}

static enum exit_code cell_delete(struct site *site, const struct site_pools *pools)
{
    struct output *output = invocation_answer(site->invocation);
    enum exit_code code = groups_delete(site, pools, output);
    if (code == EXIT_DONE)
        code = topics_delete(site, output);
    return invocation_answered(output, code);
}

static enum exit_code run(struct invocation *invocation)
{
    struct site site;
    struct site_pools pools = {0};
    if (!invocation_switch(invocation, "yes") && !invocation_switch(invocation, "dry-run"))
        return invocation_fail(invocation, EXIT_USAGE,
                               "'cell clean' takes every record of the cell '%s' away for good: "
                               "say it with --yes, or look first with --dry-run",
                               conf_text(invocation->conf, "prefix"));
    enum exit_code code = site_open(&site, invocation);
    if (code == EXIT_DONE && site.found == 0)
        code = invocation_fail(invocation, EXIT_NOT_FOUND,
                               "there is no cell '%s': none of its topics is there",
                               conf_text(invocation->conf, "prefix"));
    if (code == EXIT_DONE && site.partitions[KAFKA_CELL_MEMBERS] > 0)
        code = site_listen(&site);
    if (code == EXIT_DONE && site.partitions[KAFKA_CELL_STATE] > 0)
        code = site_read_pools(&site, &pools);
    if (code == EXIT_DONE)
        code = cell_delete(&site, &pools);
    site_pools_finish(&pools);
    site_close(&site);
    return code;
}

const struct command command_cell_clean = {
    .noun = "cell",
    .verb = "clean",
    .arguments = "",
    .flags = flags,
    .output = &table,
    .help = "delete the topics and groups of a cell that nobody uses, and nothing else",
    .example = "muster cell clean --prefix muster --dry-run",
    .run = run,
};
